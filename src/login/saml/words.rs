//! What an admin reads of a SAML error: what happened, and what to change
//! where. For somebody who has never read the standard.
//!
//! [`SamlError`] itself speaks of responses, assertions and recipients; here
//! the IdP sends an *answer*. Its code and the values that were compared stand
//! beside these sentences in the trace.

mod status;

use super::error::{Level, SamlError, Side, Validity};
use super::provider::SamlProvider;
use super::vendor::{Setting, Vendor};
use crate::login::difference::{between, lasting, roughly};
use crate::platform::xml::signature::SignatureError;

pub use status::Cause;

/// What is said of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// What happened.
    pub summary: String,
    /// Who has to change something.
    pub side: Side,
    /// What to change, and where.
    pub remedy: String,
}

/// Where the settings are that may have to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Whose console.
    pub vendor: Vendor,
    /// The provider's name here.
    pub slug: String,
    /// The address of our own metadata for it.
    pub metadata: String,
    /// What stood in its metadata and is not used, one sentence each.
    pub notes: Vec<String>,
}

impl Place {
    /// The settings of a provider.
    #[must_use]
    pub fn of(provider: &SamlProvider) -> Self {
        Self {
            vendor: Vendor::of(&provider.metadata),
            slug: provider.provider.slug.to_string(),
            metadata: provider.urls.entity_id.clone(),
            notes: provider.metadata.warnings.clone(),
        }
    }

    /// Of a provider that is not known.
    #[must_use]
    pub const fn unknown() -> Self {
        Self {
            vendor: Vendor::Other,
            slug: String::new(),
            metadata: String::new(),
            notes: Vec::new(),
        }
    }

    /// `At Okta, in "Single sign-on URL" (…)`.
    #[must_use]
    pub fn at(&self, setting: Setting) -> String {
        format!("At {}, {}", self.vendor.name(), self.vendor.place(setting))
    }

    fn exactly(&self, setting: Setting, value: &str) -> String {
        format!(
            "At {}, set {} to {value}, to the letter.",
            self.vendor.name(),
            self.vendor.place(setting)
        )
    }

    /// What is to be known of the metadata beside.
    fn said(&self) -> String {
        let notes = self.notes.iter().map(String::as_str);
        std::iter::once("")
            .chain(notes)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// How to bring new metadata.
    fn renew(&self) -> String {
        format!(
            "Take the IdP's current metadata ({}: {}) and apply it to the provider {:?} here \
             (saml.metadata_xml, or `doorward provider apply`).",
            self.vendor.name(),
            self.vendor.place(Setting::Metadata),
            self.slug
        )
    }
}

/// Explains an error.
#[must_use]
pub fn explain(error: &SamlError, place: &Place) -> Words {
    let (summary, remedy) = match error {
        SamlError::Status(refusal) => return status::explain(refusal, place),
        SamlError::Signature { level, error } => signature(*level, error, place),
        SamlError::IssueInstantPast { .. }
        | SamlError::IssueInstantFuture { .. }
        | SamlError::AuthnInstantFuture { .. }
        | SamlError::NotYetValid { .. }
        | SamlError::Expired { .. } => time(error),
        SamlError::EncryptedAssertionUnsupported
        | SamlError::Encryption(_)
        | SamlError::Decryption => encryption(error, place),
        SamlError::NotEncrypted
        | SamlError::AuthnContextMismatch { .. }
        | SamlError::AuthnNotFresh { .. } => demands(error, place),
        SamlError::DestinationMismatch { expected, received }
        | SamlError::RecipientMismatch { expected, received } => address(expected, received, place),
        SamlError::AudienceMismatch { expected, received } => audience(expected, received, place),
        SamlError::DestinationMissing { expected } | SamlError::RecipientMissing { expected } => (
            "The IdP's answer does not say for which address it was made.".to_owned(),
            place.exactly(Setting::Acs, expected),
        ),
        SamlError::AudienceMissing { expected } => (
            "The IdP's answer does not say for which service it was made.".to_owned(),
            place.exactly(Setting::Audience, expected),
        ),
        SamlError::IssuerMismatch {
            expected, received, ..
        } => issuer(expected, received, place),
        SamlError::SignatureMissing => (
            "The IdP's answer is not signed, so anybody could have written it.".to_owned(),
            format!(
                "Let the IdP sign its answers. {}.",
                place.at(Setting::Signing)
            ),
        ),
        _ => other(error, place),
    };
    Words {
        summary,
        side: error.side(),
        remedy,
    }
}

fn address(expected: &str, received: &str, place: &Place) -> (String, String) {
    let summary = match between(expected, received) {
        Some(words) => format!(
            "The IdP made its answer for another address than this gateway's: {received} {words}."
        ),
        None => format!(
            "The IdP made its answer for {received}, and this gateway takes answers at {expected} only."
        ),
    };
    let ours = format!(
        "If {received} is the address that people really use, public_url in config.toml is what \
         is wrong."
    );
    (
        summary,
        format!("{} {ours}", place.exactly(Setting::Acs, expected)),
    )
}

fn audience(expected: &str, received: &[String], place: &Place) -> (String, String) {
    let named = match received {
        [] => "nobody".to_owned(),
        some => some.join(", "),
    };
    let difference = match received {
        [one] => between(expected, one).map(|words| format!(" It {words}.")),
        _ => None,
    };
    let summary = format!(
        "The IdP made its answer for another service: for {named}, not for {expected}.{}",
        difference.unwrap_or_default()
    );
    (summary, place.exactly(Setting::Audience, expected))
}

fn issuer(expected: &str, received: &str, place: &Place) -> (String, String) {
    let difference = between(expected, received)
        .map(|words| format!(" The one that came {words}."))
        .unwrap_or_default();
    (
        format!(
            "The answer comes from another IdP than the one whose metadata this provider has: from \
             {received}, not from {expected}.{difference} Often the one is a test system and the \
             other the real one, or they are two tenants, realms or applications of one product."
        ),
        format!(
            "If {received} is the right one: {} Otherwise people are sent to the wrong IdP: correct \
             the address or the link with which they start.",
            place.renew()
        ),
    )
}

fn signature(level: Level, error: &SignatureError, place: &Place) -> (String, String) {
    let strange = || {
        (
            format!("The IdP's answer is not accepted as it is signed: {error}."),
            format!(
                "Let the IdP sign in one of the usual ways (RSA or ECDSA with SHA-256). {}. If it \
                 comes from no genuine sign-in, somebody tried something; nobody was let in.",
                place.at(Setting::Signing)
            ),
        )
    };
    match error {
        SignatureError::Invalid { received, .. } => {
            let came = match received.as_slice() {
                [] => String::new(),
                some => format!(" It says that its certificate is {}.", some.join(", ")),
            };
            (
                format!(
                    "The IdP's answer is signed with a key that is none of those in the metadata of this \
                     provider: the IdP's certificate was renewed, or the metadata is another IdP's.{came}{}",
                    place.said()
                ),
                place.renew(),
            )
        }
        SignatureError::NoKey | SignatureError::KeyKind => (
            format!(
                "The IdP's answer is signed with a kind of key that the metadata of this provider does not hold ({error}).{}",
                place.said()
            ),
            place.renew(),
        ),
        SignatureError::Sha1 { .. } => (
            "The IdP's answer is signed with SHA-1, which can be forged and is refused.".to_owned(),
            format!(
                "Switch the IdP to SHA-256. {}. For an IdP that cannot, set saml.allow_sha1 of the provider {:?} to true.",
                place.at(Setting::Signing),
                place.slug
            ),
        ),
        SignatureError::Algorithm { uri } => (
            format!("The IdP's answer is signed with an algorithm that is refused: {uri}."),
            format!(
                "Switch the IdP to RSA or ECDSA with SHA-256. {}.",
                place.at(Setting::Signing)
            ),
        ),
        SignatureError::Digest => (
            format!("The {level} was changed after the IdP signed it."),
            "Look for what rewrites requests between the browser and this gateway (a proxy, a filter, \
             a browser extension), or for an IdP extension that changes answers after they are signed. \
             If it comes from no genuine sign-in, somebody tried something; nobody was let in."
                .to_owned(),
        ),
        SignatureError::Malformed { .. }
        | SignatureError::Comment
        | SignatureError::Object
        | SignatureError::Reference { .. }
        | SignatureError::Transform { .. }
        | SignatureError::Canonicalization(_) => strange(),
    }
}

/// How far, in which direction, and what that usually means.
fn time(error: &SamlError) -> (String, String) {
    const CLOCKS: &str = "Compare both clocks with the true time and switch their synchronisation (NTP) on: \
        `timedatectl` on this machine, `w32tm /query /status` on Windows. max_clock_skew forgives two \
        minutes at most.";
    match error {
        SamlError::IssueInstantFuture { now, received, .. }
        | SamlError::AuthnInstantFuture { now, received }
        | SamlError::NotYetValid { now, received, .. } => {
            let off = roughly(received.seconds_since(*now));
            (
                format!(
                    "The IdP's clock is ahead of this gateway's by about {off}: the answer is of \
                     {received}, and here it is {now}."
                ),
                CLOCKS.to_owned(),
            )
        }
        SamlError::IssueInstantPast {
            expected, received, ..
        } => {
            let off = roughly(expected.seconds_since(*received));
            (
                format!(
                    "The IdP's clock is behind this gateway's by about {off}: the answer is of \
                     {received}, and the sign-in was begun here at {expected}."
                ),
                CLOCKS.to_owned(),
            )
        }
        SamlError::Expired {
            what: Validity::Session,
            received,
            ..
        } => (
            format!("The person's session at the IdP was over at {received}, before the answer arrived."),
            "Let the person sign out at the IdP and sign in again. If it happens to everybody, compare \
             the two clocks, and the length of sessions at the IdP."
                .to_owned(),
        ),
        SamlError::Expired { now, received, .. } => {
            let late = lasting(now.seconds_since(*received));
            (
                format!(
                    "The IdP's answer came too late by {late}: it was good until {received}, and here it \
                     is {now}. The person took long, or this gateway's clock is ahead of the IdP's."
                ),
                format!("Let the person start again. If it happens to everybody: {CLOCKS}"),
            )
        }
        _ => (error.to_string(), CLOCKS.to_owned()),
    }
}

fn encryption(error: &SamlError, place: &Place) -> (String, String) {
    let summary = match error {
        SamlError::Decryption => {
            "The IdP's answer is encrypted, and either not for a key of this provider's, or not signed \
             inside."
                .to_owned()
        }
        SamlError::EncryptedAssertionUnsupported => {
            "The IdP's answer is encrypted, and this provider has no key to open it.".to_owned()
        }
        other => format!("{}.", capital(&other.to_string())),
    };
    (
        summary,
        format!(
            "Give the IdP the present certificate of this provider, from {}, and let it sign the \
             assertion before it encrypts; AES-GCM with RSA-OAEP is best. {}. Or switch encryption off there.",
            place.metadata,
            place.at(Setting::Encryption)
        ),
    )
}

/// What the provider's settings ask beyond the standard's own rules.
fn demands(error: &SamlError, place: &Place) -> (String, String) {
    let remedy = match error {
        SamlError::NotEncrypted => format!(
            "Switch the encryption of assertions on, for the certificate of this provider, from {}. \
             {}. Or set saml.require_encryption of the provider {:?} to false.",
            place.metadata,
            place.at(Setting::Encryption),
            place.slug
        ),
        SamlError::AuthnContextMismatch { expected, .. } => format!(
            "Let {} authenticate people for this application by {}, or take that out of \
             saml.requested_authn_context of the provider {:?}.",
            place.vendor.name(),
            expected.join(" or "),
            place.slug
        ),
        _ => format!(
            "Let {} honour ForceAuthn in requests and ask for the password again, or set \
             saml.force_authn of the provider {:?} to false. If AuthnInstant is wrong by little, \
             compare the two clocks.",
            place.vendor.name(),
            place.slug
        ),
    };
    (format!("{}.", capital(&error.to_string())), remedy)
}

fn other(error: &SamlError, place: &Place) -> (String, String) {
    let summary = match error {
        SamlError::TooLarge { .. }
        | SamlError::Base64
        | SamlError::Utf8
        | SamlError::Xml(_)
        | SamlError::NotAResponse { .. } => {
            format!("What came cannot be read as an answer of an IdP: {error}.")
        }
        SamlError::SubjectMissing
        | SamlError::SubjectUnsupported
        | SamlError::NameIdInvalid { .. } => {
            format!("The IdP's answer does not say properly who the person is: {error}.")
        }
        SamlError::InResponseToMissing { .. } | SamlError::InResponseToMismatch { .. } => {
            format!("The IdP's answer does not belong to the sign-in that is under way: {error}.")
        }
        _ => format!("The IdP's answer is not as it must be: {error}."),
    };
    let remedy = match error {
        SamlError::TooLarge { .. } => format!(
            "Let the IdP send fewer attributes, above all fewer groups. {}.",
            place.at(Setting::Attributes)
        ),
        SamlError::Base64 | SamlError::Utf8 | SamlError::Xml(_) => {
            "The answer was damaged on the way, or none of an IdP. If it happens at every sign-in, \
             look for a proxy or filter that rewrites requests."
                .to_owned()
        }
        SamlError::NotAResponse { .. } => format!(
            "Let the IdP send SAML 2.0 responses to this address, and everything else elsewhere. {}.",
            place.at(Setting::Acs)
        ),
        SamlError::SubjectMissing
        | SamlError::SubjectUnsupported
        | SamlError::NameIdInvalid { .. } => format!(
            "Let the IdP send one plain identifier of the person. {}.",
            place.at(Setting::NameId)
        ),
        SamlError::InResponseToMissing { .. } | SamlError::InResponseToMismatch { .. } => {
            "Let the person start again. If it happens to everybody, the IdP does not repeat the id of \
             the request that it answers, which it must."
                .to_owned()
        }
        SamlError::TimeInvalid { .. }
        | SamlError::Version { .. }
        | SamlError::IssuerMissing { .. }
        | SamlError::StatusMissing
        | SamlError::AssertionMissing
        | SamlError::NotBearer { .. }
        | SamlError::ConfirmationUnbounded
        | SamlError::ConfirmationNotBefore
        | SamlError::ConditionsMissing
        | SamlError::ConditionUnknown { .. }
        | SamlError::AuthnStatementMissing
        | SamlError::AttributeUnnamed => {
            "The IdP does not write what SAML 2.0's web browser sign-in asks for. Use its ordinary \
             SAML 2.0 application with its default settings, and show its maker this trace."
                .to_owned()
        }
        _ => "No genuine IdP writes such an answer. If it comes from genuine sign-ins, show the IdP's \
              maker this trace; if not, somebody tried something, and nobody was let in."
            .to_owned(),
    };
    (summary, remedy)
}

/// The sentence with its first letter as at the beginning of one.
fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
