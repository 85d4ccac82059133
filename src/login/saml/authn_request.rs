//! The `AuthnRequest` that starts a login (SAML Core §3.4.1).
//!
//! It asks for as little as possible, because IdPs refuse what they do not do:
//! no `Subject` (Entra ID), a `NameIDPolicy` only when configured (AD FS,
//! MSIS7070), a `RequestedAuthnContext` only when configured and then
//! `exact` (Entra ID, AADSTS75011). How it travels is `binding`'s matter.
//!
//! The message is written with samael's schema types. Of those, attributes
//! escape their values and texts do not, so every text is escaped here.

use chrono::{DateTime, Utc};
use quick_xml::escape::escape;
use samael::schema::{
    AuthnContextClassRef, AuthnContextComparison, AuthnRequest as Message, Issuer, NameIdPolicy,
    RequestedAuthnContext,
};
use samael::traits::ToXml as _;

use crate::domain::provider::NameIdFormat;
use crate::domain::{Entropy, Timestamp};

/// The longest URI that is sent (SAML Core §8.3.6 for entity identifiers).
const LONGEST_URI: usize = 1024;

/// What a request asks for.
#[derive(Clone, Copy, Debug)]
pub struct Params<'a> {
    /// The IdP's SSO address for the binding that is used.
    pub destination: &'a str,
    /// Our entity ID for the provider.
    pub issuer: &'a str,
    /// Where the response must be posted to.
    pub acs_url: &'a str,
    /// The NameID format to ask for.
    pub name_id_format: Option<NameIdFormat>,
    /// Whether the IdP must ask for the password again.
    pub force_authn: bool,
    /// The authentication context classes of which one must hold.
    pub requested_authn_context: &'a [String],
}

/// A request, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthnRequest {
    /// Its `ID`: `_`, the milliseconds since the epoch and 160 random bits in
    /// hexadecimal. The response names it in `InResponseTo`.
    pub id: String,
    /// The message, without an XML declaration.
    pub xml: String,
}

/// The request could not be written down.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the AuthnRequest could not be written: {0}")]
pub struct AuthnRequestError(String);

impl AuthnRequest {
    /// A new request, made at `now`.
    ///
    /// # Errors
    /// None that is known: the message is written to memory.
    pub fn new(
        params: &Params<'_>,
        now: Timestamp,
        entropy: &Entropy,
    ) -> Result<Self, AuthnRequestError> {
        // Core §1.3.4 wants 128 bits and a form that is an xs:ID: Entra refuses
        // one that begins with a digit. Rows of one time stand side by side.
        let id = format!("_{:011x}{}", now.millis(), entropy.hex::<20>());
        let xml = message(params, &id, now)
            .to_string()
            .map_err(|e| AuthnRequestError(e.to_string()))?;
        // The declaration says nothing that is not so without it, and it would
        // be in the way where the message is signed.
        let start = xml.find("<saml2p:AuthnRequest").unwrap_or(0);
        let xml = xml.get(start..).unwrap_or_default().to_owned();
        Ok(Self { id, xml })
    }
}

fn message(params: &Params<'_>, id: &str, now: Timestamp) -> Message {
    Message {
        id: id.to_owned(),
        version: "2.0".to_owned(),
        issue_instant: DateTime::<Utc>::from_timestamp_millis(now.millis())
            .unwrap_or(DateTime::UNIX_EPOCH),
        destination: Some(allowed(params.destination)),
        consent: None,
        issuer: Some(Issuer {
            value: Some(text(params.issuer)),
            ..Issuer::default()
        }),
        signature: None,
        subject: None,
        name_id_policy: params.name_id_format.map(policy),
        conditions: None,
        requested_authn_context: context(params.requested_authn_context),
        force_authn: params.force_authn.then_some(true),
        is_passive: None,
        assertion_consumer_service_index: None,
        assertion_consumer_service_url: Some(allowed(params.acs_url)),
        protocol_binding: Some(samael::metadata::HTTP_POST_BINDING.to_owned()),
        attribute_consuming_service_index: None,
        provider_name: None,
    }
}

fn policy(format: NameIdFormat) -> NameIdPolicy {
    NameIdPolicy {
        format: Some(format.uri().to_owned()),
        sp_name_qualifier: None,
        // Core §3.4.1.1: whether the IdP may make a new identifier. A transient
        // one is always new, and the attribute must not stand beside it.
        allow_create: (format != NameIdFormat::Transient).then_some(true),
    }
}

fn context(classes: &[String]) -> Option<RequestedAuthnContext> {
    let refs = classes.iter().map(|class| AuthnContextClassRef {
        value: Some(text(class)),
    });
    (!classes.is_empty()).then(|| RequestedAuthnContext {
        authn_context_class_refs: Some(refs.collect()),
        authn_context_decl_refs: None,
        comparison: Some(AuthnContextComparison::Exact),
    })
}

/// A text without the characters that XML has no way to write (XML 1.0 §2.2).
pub(super) fn allowed(value: &str) -> String {
    value
        .chars()
        .filter(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..))
        .collect()
}

/// A text node's content.
fn text(value: &str) -> String {
    escape(allowed(value)).into_owned()
}

/// Checks an entry of `requested_authn_context`.
///
/// # Errors
/// A sentence that says what an entry must be like.
pub fn check_context_class(class: &str) -> Result<(), &'static str> {
    let scheme = class.split_once(':').is_some_and(|(scheme, rest)| {
        !rest.is_empty() && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
    });
    let characters = class.bytes().all(|b| b.is_ascii_graphic());
    if scheme && characters && class.len() <= LONGEST_URI {
        Ok(())
    } else {
        Err(
            "must be the URI of an authentication context class, such as \
             urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
        )
    }
}

#[cfg(test)]
mod tests;
