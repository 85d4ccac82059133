//! The messages of single logout (SAML Core §3.7): writing ours. [`read`] has
//! those that come, [`error`] what may be wrong with them.
//!
//! They are always signed: by HTTP-Redirect over the query, by HTTP-POST inside.

pub mod error;
pub mod read;

use quick_xml::escape::escape;

use super::authn_request::allowed;
use super::metadata::{Endpoint, HTTP_POST, HTTP_REDIRECT, IdpMetadata};
use super::response::NameId;
use crate::domain::{Entropy, Timestamp};

pub use error::LogoutError;

/// Seconds that a request of ours may take to arrive (Core §3.7.1).
const LIFETIME: i64 = 300;

/// The status of an answer that says yes (Core §3.2.2.2).
pub const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

/// The binding by which a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// HTTP-Redirect.
    Redirect,
    /// HTTP-POST.
    Post,
}

impl Binding {
    const fn uri(self) -> &'static str {
        match self {
            Self::Redirect => HTTP_REDIRECT,
            Self::Post => HTTP_POST,
        }
    }
}

/// Where the IdP takes requests: by HTTP-Redirect where it does.
#[must_use]
pub fn request_endpoint(metadata: &IdpMetadata) -> Option<(Binding, &str)> {
    endpoint(metadata, Binding::Redirect).map(|(binding, found)| (binding, &*found.location))
}

/// Where the IdP takes answers (`ResponseLocation` counts before `Location`,
/// SAML Metadata §2.2.2): by the binding of its request, if it can be.
#[must_use]
pub fn response_endpoint(metadata: &IdpMetadata, asked_by: Binding) -> Option<(Binding, &str)> {
    endpoint(metadata, asked_by).map(|(binding, found)| {
        let elsewhere = found.response_location.as_deref();
        (binding, elsewhere.unwrap_or(&found.location))
    })
}

fn endpoint(metadata: &IdpMetadata, wanted: Binding) -> Option<(Binding, &Endpoint)> {
    let other = match wanted {
        Binding::Redirect => Binding::Post,
        Binding::Post => Binding::Redirect,
    };
    [wanted, other].into_iter().find_map(|binding| {
        let mut all = metadata.slo.iter();
        let found = all.find(|endpoint| endpoint.binding == binding.uri())?;
        Some((binding, found))
    })
}

/// A message, ready to be signed and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Its `ID`.
    pub id: String,
    /// The message, without an XML declaration.
    pub xml: String,
}

/// Between whom a message goes.
#[derive(Clone, Copy, Debug)]
pub struct Parties<'a> {
    /// Our entity ID for the provider.
    pub issuer: &'a str,
    /// The IdP's address that the message goes to.
    pub destination: &'a str,
}

/// A `LogoutRequest` (Core §3.7.1): this person, as the IdP named them to us, and
/// this session of theirs.
#[must_use]
pub fn request(
    parties: Parties<'_>,
    name_id: &NameId,
    session_index: Option<&str>,
    now: Timestamp,
    entropy: &Entropy,
) -> Outgoing {
    let attribute = |name: &str, value: Option<&str>| {
        value.map_or_else(String::new, |value| format!(" {name}=\"{}\"", text(value)))
    };
    let index = session_index.map_or_else(String::new, |index| {
        format!("<samlp:SessionIndex>{}</samlp:SessionIndex>", text(index))
    });
    let until = now.plus_seconds(LIFETIME).rfc3339();
    let content = format!(
        "<saml:NameID{}{}{}>{}</saml:NameID>{index}",
        attribute("Format", name_id.format.as_deref()),
        attribute("NameQualifier", name_id.name_qualifier.as_deref()),
        attribute("SPNameQualifier", name_id.sp_name_qualifier.as_deref()),
        text(&name_id.value),
    );
    let more =
        format!(" NotOnOrAfter=\"{until}\" Reason=\"urn:oasis:names:tc:SAML:2.0:logout:user\"");
    message("LogoutRequest", parties, &more, &content, now, entropy)
}

/// A `LogoutResponse` (Core §3.7.2) that says that it is done.
#[must_use]
pub fn response(
    parties: Parties<'_>,
    in_response_to: &str,
    now: Timestamp,
    entropy: &Entropy,
) -> Outgoing {
    let more = format!(" InResponseTo=\"{}\"", text(in_response_to));
    let status = format!(
        "<samlp:Status><samlp:StatusCode Value=\"{SUCCESS}\"></samlp:StatusCode></samlp:Status>"
    );
    message("LogoutResponse", parties, &more, &status, now, entropy)
}

fn message(
    name: &str,
    parties: Parties<'_>,
    more: &str,
    content: &str,
    now: Timestamp,
    entropy: &Entropy,
) -> Outgoing {
    let id = format!("_{}", entropy.hex::<20>());
    let xml = format!(
        "<samlp:{name} xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{id}\" Version=\"2.0\" \
         IssueInstant=\"{}\" Destination=\"{}\"{more}><saml:Issuer>{}</saml:Issuer>{content}\
         </samlp:{name}>",
        now.rfc3339(),
        text(parties.destination),
        text(parties.issuer),
    );
    Outgoing { id, xml }
}

/// Text for an element or for an attribute in double quotes.
fn text(value: &str) -> String {
    escape(allowed(value)).into_owned()
}

#[cfg(test)]
mod tests;
