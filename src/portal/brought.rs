//! Metadata as forms bring it: a file, a text that was pasted, or an address; and
//! what is said of it.

use super::upload::{NotText, Sent};
use crate::login::kinds::{Brought, Found, Mistakes};
use crate::platform::web::Page;

/// The form for metadata, with what was typed and what is wrong.
#[derive(Clone, Debug, Default)]
pub(in crate::portal) struct MetadataForm {
    /// What was pasted.
    pub(in crate::portal) text: String,
    /// The address.
    pub(in crate::portal) url: String,
    /// Which of several entities is meant.
    pub(in crate::portal) entity_id: String,
    /// What is wrong, in our own words.
    pub(in crate::portal) problem: Option<String>,
    /// What is wrong, in English, as the reader of metadata says it.
    pub(in crate::portal) found_wrong: Vec<String>,
}

/// The longest text that comes back in a form.
const SHOWN: usize = 400_000;

impl MetadataForm {
    /// What was typed.
    pub(in crate::portal) fn of(sent: &Sent) -> Self {
        let file = match &sent.file {
            Some(Ok(text)) => text.trim(),
            _ => "",
        };
        let text = if file.is_empty() {
            sent.text("metadata_xml")
        } else {
            file
        };
        Self {
            text: if text.len() > SHOWN {
                String::new()
            } else {
                text.to_owned()
            },
            url: sent.text("metadata_url").to_owned(),
            entity_id: sent.text("entity_id").to_owned(),
            ..Self::default()
        }
    }

    /// Whether something is wrong.
    pub(in crate::portal) fn is_wrong(&self) -> bool {
        self.problem.is_some() || !self.found_wrong.is_empty()
    }

    /// The same with everything that is wrong.
    pub(in crate::portal) fn refused(mut self, mistakes: &Mistakes) -> Self {
        let all = mistakes.all.iter();
        self.found_wrong = all.map(|mistake| as_sentence(&mistake.sentence)).collect();
        self
    }
}

/// A clause as a sentence.
pub(in crate::portal) fn as_sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars
        .next()
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default();
    let stop = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}

/// What a form brings: a file goes before a text, and either is not to be mixed
/// with an address.
pub(in crate::portal) fn brought(page: &Page, sent: &Sent) -> Result<Brought, String> {
    let pasted = sent.text("metadata_xml");
    let url = sent.text("metadata_url");
    let document = match &sent.file {
        Some(Err(NotText::TooLarge)) => return Err(page.t("metadata-too-large")),
        Some(Err(NotText::Binary)) => return Err(page.t("metadata-no-text")),
        Some(Ok(text)) => text.as_str(),
        None => pasted,
    };
    let several = sent.file.is_some() && !pasted.is_empty() && sent.file != Some(Ok(pasted.into()));
    match (document.trim().is_empty(), url.is_empty()) {
        (true, true) => Err(page.t("metadata-nothing")),
        (false, false) => Err(page.t("metadata-both")),
        (false, true) if several => Err(page.t("metadata-both")),
        (false, true) => Ok(Brought::Document(document.to_owned())),
        (true, false) => Ok(Brought::Address(url.to_owned())),
    }
}

/// What metadata says, for a page.
#[derive(Clone, Debug)]
pub(in crate::portal) struct FoundRows {
    /// Who speaks.
    pub(in crate::portal) entity_id: String,
    /// What it calls itself, or whose product it looks like.
    pub(in crate::portal) name: Option<String>,
    /// Where people are sent.
    pub(in crate::portal) addresses: Vec<String>,
    /// The certificates.
    pub(in crate::portal) certificates: Vec<CertificateRow>,
    /// Until when the document may be used.
    pub(in crate::portal) valid_until: Option<String>,
    /// What an admin should know, in English.
    pub(in crate::portal) warnings: Vec<String>,
}

/// A certificate.
#[derive(Clone, Debug)]
pub(in crate::portal) struct CertificateRow {
    /// Its subject.
    pub(in crate::portal) subject: String,
    /// SHA-256 over the DER form.
    pub(in crate::portal) fingerprint: String,
    /// Until when it is valid, in words.
    pub(in crate::portal) until: String,
    /// `good`, `off`, `bad`.
    pub(in crate::portal) tone: &'static str,
}

/// A certificate's line.
pub(in crate::portal) fn certificate(
    page: &Page,
    (subject, fingerprint): (String, String),
    not_after: crate::domain::Timestamp,
    days_left: i64,
) -> CertificateRow {
    let moment = page.locale().moment(not_after);
    let days = days_left.to_string();
    let variables = [("moment", moment.as_str()), ("days", days.as_str())];
    let (id, tone) = match days_left {
        i64::MIN..0 => ("certificate-ended", "bad"),
        0..=30 => ("certificate-soon", "off"),
        _ => ("certificate-until", "good"),
    };
    CertificateRow {
        subject,
        fingerprint,
        until: page.t_with(id, &variables),
        tone,
    }
}

impl FoundRows {
    /// What was found.
    pub(in crate::portal) fn of(page: &Page, found: &Found) -> Self {
        let certificates = found.certificates.iter().map(|one| {
            let names = (one.subject.clone(), one.fingerprint.clone());
            certificate(page, names, one.not_after, one.days_left)
        });
        Self {
            entity_id: found.entity_id.clone(),
            name: found.name.clone(),
            addresses: found.addresses.clone(),
            certificates: certificates.collect(),
            valid_until: found.valid_until.map(|at| page.locale().moment(at)),
            warnings: found.warnings.clone(),
        }
    }
}
