//! How what was inspected is written for people.

use super::out;
use crate::domain::Timestamp;
use crate::login::difference::roughly;
use crate::login::saml::inspect::{
    CertificateShown, IdpShown, MetadataShown, OtherShown, ResponseShown, SignatureShown, Verdict,
};

/// Names and values, those without a value left out.
#[derive(Default)]
struct Pairs(Vec<(&'static str, String)>);

impl Pairs {
    fn add(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.push((name, value.into()));
    }

    fn maybe(&mut self, name: &'static str, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }

    fn time(&mut self, name: &'static str, at: Option<Timestamp>, now: Timestamp) {
        self.maybe(name, at.map(|at| when(at, now)));
    }

    /// The first with its name, the others below it.
    fn all(&mut self, name: &'static str, values: impl IntoIterator<Item = String>) {
        for (n, value) in values.into_iter().enumerate() {
            self.add(if n == 0 { name } else { "" }, value);
        }
    }

    fn print(&self) -> anyhow::Result<()> {
        out::pairs(&self.0)
    }
}

/// A moment, and how far it is away.
fn when(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.seconds_since(at);
    let far = match seconds {
        ..=-1 => format!("in {}", roughly(seconds)),
        0 => "now".to_owned(),
        _ => format!("{} ago", roughly(seconds)),
    };
    format!("{at} ({far})")
}

pub(super) fn metadata(shown: &MetadataShown, now: Timestamp) -> anyhow::Result<()> {
    if let Some(problem) = &shown.problem {
        return say("Metadata that this gateway cannot use", problem);
    }
    for (n, idp) in shown.idps.iter().enumerate() {
        if n > 0 {
            out::line("")?;
        }
        one_idp(idp, now)?;
    }
    if shown.idps.len() > 1 {
        out::line("")?;
        say(
            "There are several IdPs in it",
            "Name the one that is meant in saml.entity_id of the provider.",
        )?;
    }
    Ok(())
}

fn one_idp(idp: &IdpShown, now: Timestamp) -> anyhow::Result<()> {
    out::line("Metadata of an identity provider")?;
    let mut pairs = Pairs::default();
    pairs.add("entity id", idp.entity_id.clone());
    pairs.maybe("name", idp.display_name.clone());
    pairs.maybe("product", idp.vendor);
    pairs.time("valid until", idp.valid_until, now);
    let kept = idp.cache_duration.and_then(|s| i64::try_from(s).ok());
    pairs.maybe("to be kept for", kept.map(roughly));
    let endpoint = |(binding, url): &(&str, String)| format!("{url} ({binding})");
    pairs.all("sign-in", idp.sign_in.iter().map(endpoint));
    pairs.all("sign-out", idp.sign_out.iter().map(endpoint));
    if idp.wants_signed_requests {
        pairs.add(
            "requests",
            "must be signed, which this gateway does by itself",
        );
    }
    pairs.all("identifiers", idp.name_id_formats.iter().map(|f| short(f)));
    if !idp.scopes.is_empty() {
        pairs.add("domains", idp.scopes.join(", "));
    }
    pairs.all(
        "certificate",
        idp.certificates.iter().flat_map(|c| certificate(c, now)),
    );
    pairs.all("note", idp.warnings.iter().cloned());
    pairs.add(
        "verdict",
        match &idp.refused {
            None => "this gateway can use it".to_owned(),
            Some(why) => format!("refused: {why}"),
        },
    );
    pairs.print()
}

fn certificate(shown: &CertificateShown, now: Timestamp) -> Vec<String> {
    let mut lines = vec![
        format!("{} ({})", shown.subject, shown.key),
        format!(
            "  valid {} until {}",
            shown.not_before,
            when(shown.not_after, now)
        ),
        format!("  SHA-256 {}", shown.fingerprint_sha256),
    ];
    match shown.pinned {
        Some(true) => lines.push("  the provider here has it".to_owned()),
        Some(false) => lines.push("  the provider here does not have it".to_owned()),
        None => {}
    }
    lines
}

pub(super) fn response(shown: &ResponseShown, now: Timestamp) -> anyhow::Result<()> {
    out::line("An answer of an identity provider (SAML response); this is what it claims:")?;
    let mut pairs = Pairs::default();
    pairs.maybe("from", shown.issuer.clone());
    pairs.maybe("sent to", shown.destination.clone());
    match &shown.in_response_to {
        Some(id) => pairs.add("answers", id.clone()),
        None => pairs.add("answers", "no request: it was started at the IdP"),
    }
    pairs.time("made", shown.issued_at, now);
    pairs.add("status", shown.status.clone());
    if let Some(how) = &shown.encryption {
        let opened = match shown.decrypted {
            Some(true) => "opened with a key of the provider's",
            Some(false) => "no key of the provider's opens it",
            None => "not opened: no provider is known",
        };
        pairs.add("encrypted", format!("{how}; {opened}"));
    }
    pairs.maybe("person", shown.name_id.clone());
    pairs.maybe("identifier", shown.name_id_format.as_deref().map(short));
    pairs.maybe("for address", shown.recipient.clone());
    pairs.all("for service", shown.audiences.iter().cloned());
    pairs.time("deliver until", shown.deliver_until, now);
    pairs.time("holds from", shown.not_before, now);
    pairs.time("holds until", shown.not_on_or_after, now);
    pairs.time("signed in at", shown.authenticated_at, now);
    pairs.maybe("signed in by", shown.context.clone());
    pairs.maybe("session", shown.session_index.clone());
    pairs.time("session until", shown.session_until, now);
    if shown.signatures.is_empty() {
        pairs.add("signature", "none");
    }
    pairs.all(
        "signature",
        shown.signatures.iter().flat_map(|s| signature(s, now)),
    );
    pairs.print()?;
    attributes(shown)?;
    verdicts(shown, now)
}

fn signature(shown: &SignatureShown, now: Timestamp) -> Vec<String> {
    let algorithm = |uri: &Option<String>| uri.as_deref().map_or("none".to_owned(), short);
    let mut lines = vec![format!(
        "of the {}: {}, digest {}",
        shown.of,
        algorithm(&shown.algorithm),
        algorithm(&shown.digest)
    )];
    lines.extend(shown.certificate.iter().flat_map(|c| certificate(c, now)));
    lines
}

fn attributes(shown: &ResponseShown) -> anyhow::Result<()> {
    out::line("")?;
    if shown.attributes.is_empty() {
        return out::line("No attributes.");
    }
    let rows: Vec<Vec<String>> = shown
        .attributes
        .iter()
        .map(|attribute| {
            let fields = match (attribute.fields.as_slice(), &shown.provider) {
                ([], None) => String::new(),
                ([], Some(_)) => "-".to_owned(),
                (some, _) => some.join(", "),
            };
            vec![attribute.name.clone(), attribute.values.join(" | "), fields]
        })
        .collect();
    out::table(&["ATTRIBUTE", "VALUES", "FIELD HERE"], &rows)
}

fn verdicts(shown: &ResponseShown, now: Timestamp) -> anyhow::Result<()> {
    out::line("")?;
    let Some(slug) = &shown.provider else {
        return out::line("No verdict: no provider here has this IdP. Name one with --provider.");
    };
    out::line(&format!("What the provider {slug} says to it:"))?;
    let mut pairs = Pairs::default();
    let verdicts = [
        ("now", &shown.now),
        ("when it was made", &shown.when_issued),
    ];
    for (name, verdict) in verdicts {
        if let Some(verdict) = verdict {
            one_verdict(&mut pairs, name, verdict);
        }
    }
    let _ = now;
    pairs.print()
}

fn one_verdict(pairs: &mut Pairs, name: &'static str, verdict: &Verdict) {
    if verdict.accepted {
        pairs.add(name, format!("accepted. {}", verdict.summary));
        return;
    }
    pairs.add(
        name,
        format!("refused ({}). {}", verdict.code, verdict.summary),
    );
    pairs.maybe("", verdict.remedy.clone());
}

pub(super) fn other(shown: &OtherShown) -> anyhow::Result<()> {
    out::line(&format!("{}: {}", shown.element, shown.what))?;
    let mut rows: Vec<Vec<String>> = shown
        .attributes
        .iter()
        .map(|(name, value)| vec![name.clone(), value.clone()])
        .collect();
    rows.extend(
        shown
            .issuer
            .iter()
            .map(|issuer| vec!["issuer".to_owned(), issuer.clone()]),
    );
    out::table(&["NAME", "VALUE"], &rows)
}

fn say(heading: &str, text: &str) -> anyhow::Result<()> {
    out::line(heading)?;
    out::pairs(&[("verdict", text.to_owned())])
}

/// The last part of a URI, which is what people know.
fn short(uri: &str) -> String {
    let last = uri.rsplit(['#', '/', ':']).next().unwrap_or(uri);
    if last.is_empty() || last == uri {
        uri.to_owned()
    } else {
        format!("{last} ({uri})")
    }
}
