//! Metadata of identity providers (SAML Metadata 2.0): what an admin uploads,
//! pastes, or lets us fetch.
//!
//! This module reads; it fetches nothing and trusts nothing: who may bring
//! metadata is decided elsewhere, and a signature on it is not looked at, since
//! no key is pinned before the metadata has been read. What it accepts is
//! enough to send a person to the IdP and to verify what comes back; what is
//! not enough is refused with a sentence for somebody who has never read the
//! standard.

mod describe;
mod error;
mod text;
mod value;

use std::collections::BTreeSet;

use super::certificates::Certificate;
use crate::domain::Timestamp;
use crate::platform::xml::{Document, Limits, Node};

pub use error::MetadataError;
pub use value::check_endpoint;

/// The largest document that is read, in bytes.
pub const LARGEST: usize = Limits::METADATA.bytes;

/// The namespace of SAML 2.0 metadata.
pub const NAMESPACE: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const MD: &str = NAMESPACE;
const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// HTTP-Redirect (SAML Bindings §3.4).
pub const HTTP_REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
/// HTTP-POST (SAML Bindings §3.5).
pub const HTTP_POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/// What is known of an IdP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdpMetadata {
    /// Its entity ID: the `Issuer` of whatever it says.
    pub entity_id: String,
    /// Its SSO address for HTTP-Redirect.
    pub sso_redirect: Option<String>,
    /// Its SSO address for HTTP-POST.
    pub sso_post: Option<String>,
    /// Its single logout endpoints of the two bindings, in document order.
    pub slo: Vec<Endpoint>,
    /// Whether it refuses `AuthnRequest`s that are not signed.
    pub want_authn_requests_signed: bool,
    /// The certificates whose keys may have signed: at least one.
    pub signing_certificates: Vec<Certificate>,
    /// The NameID formats that it offers, as URIs.
    pub name_id_formats: Vec<String>,
    /// When the metadata must no longer be used: the earliest moment that the
    /// entity, its role or what encloses them name.
    pub valid_until: Option<Timestamp>,
    /// How long, in seconds, the metadata may be kept before it is fetched
    /// again: the shortest duration that is named.
    pub cache_duration: Option<u64>,
    /// What to call it (MDUI `DisplayName`, else the organisation's).
    pub display_name: Option<String>,
    /// The organisation that runs it.
    pub organization: Option<String>,
    /// The domains that it speaks for (Shibboleth's `Scope`), regular
    /// expressions left out.
    pub scopes: Vec<String>,
    /// What an admin should know although it did not stand in the way, one
    /// sentence each.
    pub warnings: Vec<String>,
}

/// An endpoint of an IdP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The URI of its binding.
    pub binding: String,
    /// Where requests go.
    pub location: String,
    /// Where responses go, if elsewhere.
    pub response_location: Option<String>,
}

/// One of the IdPs that a document describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdpEntry {
    /// Its entity ID, for `saml.entity_id`.
    pub entity_id: String,
    /// What to call it.
    pub display_name: Option<String>,
}

/// Reads metadata as it was uploaded or fetched. `select` names the entity that
/// is meant; without it there must be exactly one IdP.
///
/// # Errors
/// See [`MetadataError`].
pub fn parse(
    metadata: &[u8],
    select: Option<&str>,
    now: Timestamp,
) -> Result<IdpMetadata, MetadataError> {
    let document = read(metadata)?;
    let idps = idps(&document)?;
    let chosen = match (select.map(str::trim), idps.as_slice()) {
        (Some(wanted), all) => all
            .iter()
            .find(|idp| idp.entity_id == wanted)
            .ok_or_else(|| MetadataError::EntityNotFound {
                wanted: wanted.to_owned(),
                available: names(all),
            })?,
        (None, [only]) => only,
        (None, several) => {
            return Err(MetadataError::SeveralIdps {
                available: names(several),
            });
        }
    };
    describe::describe(chosen, now)
}

/// The IdPs that a document describes, in document order, for an admin to
/// choose from. What [`parse`] makes of them is another question.
///
/// # Errors
/// See [`MetadataError`]: a document without any IdP is one.
pub fn list_idps(metadata: &[u8]) -> Result<Vec<IdpEntry>, MetadataError> {
    let document = read(metadata)?;
    let entry = |idp: &Idp<'_>| IdpEntry {
        entity_id: idp.entity_id.to_owned(),
        display_name: describe::display_name(idp).or_else(|| describe::organization(idp)),
    };
    Ok(idps(&document)?.iter().map(entry).collect())
}

fn read(metadata: &[u8]) -> Result<Document, MetadataError> {
    let text = text::prepared(metadata)?;
    let document =
        Document::parse_within(text, &Limits::METADATA).map_err(|e| text::refused(text, e))?;
    text::check_root(document.root())?;
    Ok(document)
}

/// An entity with an identity provider's role.
struct Idp<'d> {
    entity_id: &'d str,
    entity: Node<'d>,
    role: Node<'d>,
    /// Whether the entity has further roles of the same kind.
    further_roles: bool,
}

/// All IdPs of a document.
fn idps(document: &Document) -> Result<Vec<Idp<'_>>, MetadataError> {
    let entities: Vec<Node<'_>> = document
        .elements()
        .filter(|node| node.is(MD, "EntityDescriptor"))
        .collect();
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for entity in &entities {
        let mut roles = entity
            .children_named(MD, "IDPSSODescriptor")
            .filter(|role| speaks_saml2(*role));
        let Some(role) = roles.next() else {
            continue;
        };
        let entity_id = value::entity_id(*entity)?;
        if !seen.insert(entity_id) {
            return Err(MetadataError::DuplicateEntity {
                entity_id: entity_id.to_owned(),
            });
        }
        found.push(Idp {
            entity_id,
            entity: *entity,
            role,
            further_roles: roles.next().is_some(),
        });
    }
    if found.is_empty() {
        return Err(no_idp(&entities));
    }
    Ok(found)
}

/// Metadata §2.4.1: the protocols that a role supports.
fn speaks_saml2(role: Node<'_>) -> bool {
    role.attr("protocolSupportEnumeration")
        .is_some_and(|list| list.split_ascii_whitespace().any(|p| p == PROTOCOL))
}

/// Says what a document describes instead of an IdP.
fn no_idp(entities: &[Node<'_>]) -> MetadataError {
    let any = |name: &str| entities.iter().any(|e| e.child(MD, name).is_some());
    if any("IDPSSODescriptor") {
        MetadataError::NotSaml2
    } else if any("SPSSODescriptor") {
        MetadataError::ServiceProvider
    } else if any("RoleDescriptor") {
        MetadataError::OtherRolesOnly
    } else {
        MetadataError::NoIdp
    }
}

fn names(idps: &[Idp<'_>]) -> Vec<String> {
    idps.iter().map(|idp| idp.entity_id.to_owned()).collect()
}

#[cfg(test)]
mod tests;
