//! What one identity provider's role says of it.

use std::collections::BTreeSet;

use super::{Endpoint, HTTP_POST, HTTP_REDIRECT, Idp, IdpMetadata, MD, MetadataError, value};
use crate::domain::Timestamp;
use crate::login::saml::certificates::{Certificate, CertificateError};
use crate::platform::xml::signature::DSIG_NAMESPACE as DS;
use crate::platform::xml::{Node, XML_NAMESPACE};

/// The most signing certificates that are kept of one IdP.
const MOST_CERTIFICATES: usize = 16;

const MDUI: &str = "urn:oasis:names:tc:SAML:metadata:ui";
const SHIBMD: &str = "urn:mace:shibboleth:metadata:1.0";

pub(super) fn describe(idp: &Idp<'_>, now: Timestamp) -> Result<IdpMetadata, MetadataError> {
    let role = idp.role;
    let mut warnings = Vec::new();
    let valid_until = valid_until(role)?;
    if let Some(valid_until) = valid_until.filter(|end| *end <= now) {
        return Err(MetadataError::Expired { valid_until });
    }
    if idp.further_roles {
        warnings.push(
            "The entity has several IDPSSODescriptor elements; the first one is used.".to_owned(),
        );
    }
    let (sso_redirect, sso_post) = sso(role)?;
    let organization = organization(idp);
    Ok(IdpMetadata {
        entity_id: idp.entity_id.to_owned(),
        sso_redirect,
        sso_post,
        slo: slo(role)?,
        want_authn_requests_signed: role
            .attr("WantAuthnRequestsSigned")
            .is_some_and(|v| matches!(v.trim(), "true" | "1")),
        signing_certificates: signing_certificates(role, &mut warnings)?,
        name_id_formats: role
            .children_named(MD, "NameIDFormat")
            .map(|format| format.text().trim().to_owned())
            .filter(|format| !format.is_empty())
            .collect(),
        valid_until,
        cache_duration: cache_duration(role, &mut warnings),
        display_name: display_name(idp).or_else(|| organization.clone()),
        organization,
        scopes: scopes(idp),
        warnings,
    })
}

/// The role, the entity and every `EntitiesDescriptor` around it.
fn enclosing(role: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    std::iter::successors(Some(role), |node| node.parent())
}

/// Metadata §2.3.1, §2.3.2, §2.4.1: each level may name an end; the earliest
/// counts.
fn valid_until(role: Node<'_>) -> Result<Option<Timestamp>, MetadataError> {
    let mut earliest: Option<Timestamp> = None;
    for text in enclosing(role).filter_map(|node| node.attr("validUntil")) {
        let end = value::date_time(text).ok_or_else(|| MetadataError::BadDate {
            value: text.chars().take(64).collect(),
        })?;
        earliest = Some(earliest.map_or(end, |e| e.min(end)));
    }
    Ok(earliest)
}

/// A duration that cannot be read does no harm: metadata is then fetched as
/// often as any other.
fn cache_duration(role: Node<'_>, warnings: &mut Vec<String>) -> Option<u64> {
    let texts = enclosing(role).filter_map(|node| node.attr("cacheDuration"));
    let mut shortest: Option<u64> = None;
    for text in texts {
        match value::duration(text) {
            Some(seconds) => shortest = Some(shortest.map_or(seconds, |s| s.min(seconds))),
            None => warnings.push(format!(
                "The cacheDuration {:?} is no duration and is not used.",
                text.chars().take(64).collect::<String>()
            )),
        }
    }
    shortest
}

/// The SSO addresses for HTTP-Redirect and HTTP-POST. Other bindings are
/// passed over.
fn sso(role: Node<'_>) -> Result<(Option<String>, Option<String>), MetadataError> {
    let services: Vec<Node<'_>> = role.children_named(MD, "SingleSignOnService").collect();
    let first = |binding: &str| {
        let mut matching = services
            .iter()
            .filter(|s| s.attr("Binding") == Some(binding));
        matching
            .next()
            .map(|service| value::endpoint(service.attr("Location").unwrap_or_default()))
            .transpose()
    };
    let (redirect, post) = (first(HTTP_REDIRECT)?, first(HTTP_POST)?);
    if redirect.is_none() && post.is_none() {
        let bindings = services.iter().filter_map(|s| s.attr("Binding"));
        return Err(MetadataError::NoSsoService {
            bindings: bindings.map(str::to_owned).collect(),
        });
    }
    Ok((redirect, post))
}

fn slo(role: Node<'_>) -> Result<Vec<Endpoint>, MetadataError> {
    let services = role.children_named(MD, "SingleLogoutService");
    services
        .filter_map(|service| {
            let binding = service.attr("Binding")?;
            matches!(binding, HTTP_REDIRECT | HTTP_POST).then_some((service, binding))
        })
        .map(|(service, binding)| {
            Ok(Endpoint {
                binding: binding.to_owned(),
                location: value::endpoint(service.attr("Location").unwrap_or_default())?,
                response_location: service
                    .attr("ResponseLocation")
                    .map(value::endpoint)
                    .transpose()?,
            })
        })
        .collect()
}

/// Metadata §2.4.1.1: keys for signing are those that say so and those that
/// name no use. All of them are kept, so that a roll-over needs nobody.
///
/// One that cannot be used is reported and left out; it can sign nothing that
/// we would accept. Without any that can be used there is no IdP.
fn signing_certificates(
    role: Node<'_>,
    warnings: &mut Vec<String>,
) -> Result<Vec<Certificate>, MetadataError> {
    let keys: Vec<Node<'_>> = role
        .children_named(MD, "KeyDescriptor")
        .filter(|key| key.attr("use").is_none_or(|u| u.trim() == "signing"))
        .collect();
    if keys.is_empty() {
        return Err(MetadataError::NoSigningKey {
            encryption_only: role.child(MD, "KeyDescriptor").is_some(),
        });
    }
    let mut usable: Vec<Certificate> = Vec::new();
    let mut refused: Vec<CertificateError> = Vec::new();
    for data in keys.iter().flat_map(|key| x509_data(*key)) {
        let mut group: Vec<Certificate> = Vec::new();
        for certificate in data.children_named(DS, "X509Certificate") {
            match Certificate::from_base64(&certificate.text()) {
                Ok(certificate) => group.push(certificate),
                Err(error) => refused.push(error),
            }
        }
        for (at, certificate) in group.iter().enumerate() {
            if group.iter().any(|other| certificate.issued(other)) {
                warnings.push(format!(
                    "The certificate of {:?} only vouches for another one and is not used.",
                    certificate.subject
                ));
            } else if !usable.contains(certificate)
                && !group.iter().take(at).any(|c| c == certificate)
            {
                usable.push(certificate.clone());
            }
        }
    }
    if usable.is_empty() {
        return Err(match refused.into_iter().next() {
            None => MetadataError::KeyWithoutCertificate,
            Some(error) => MetadataError::from(error),
        });
    }
    warnings.extend(
        refused
            .iter()
            .map(|e| format!("A signing key is not used: {e}.")),
    );
    if usable.len() > MOST_CERTIFICATES {
        warnings.push(format!(
            "There are {} signing certificates; the first {MOST_CERTIFICATES} are used.",
            usable.len()
        ));
        usable.truncate(MOST_CERTIFICATES);
    }
    Ok(usable)
}

fn x509_data(key: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    key.children_named(DS, "KeyInfo")
        .flat_map(|info| info.children_named(DS, "X509Data"))
}

/// MDUI §2.1.2.
pub(super) fn display_name(idp: &Idp<'_>) -> Option<String> {
    let extensions = idp.role.child(MD, "Extensions")?;
    in_english(extensions.child(MDUI, "UIInfo")?, MDUI, "DisplayName")
}

/// Metadata §2.3.2.1: of the role, else of the entity.
pub(super) fn organization(idp: &Idp<'_>) -> Option<String> {
    let places = [idp.role, idp.entity];
    let organization = places.iter().find_map(|p| p.child(MD, "Organization"))?;
    in_english(organization, MD, "OrganizationDisplayName")
        .or_else(|| in_english(organization, MD, "OrganizationName"))
}

/// The English text among several, else the first.
fn in_english(parent: Node<'_>, namespace: &str, name: &str) -> Option<String> {
    let mut texts = parent
        .children_named(namespace, name)
        .filter_map(|node| Some((node, value::label(&node.text())?)));
    let first = texts.next()?;
    let english = |(node, _): &(Node<'_>, String)| {
        let language = node.attr_ns(XML_NAMESPACE, "lang").unwrap_or_default();
        language.eq_ignore_ascii_case("en") || language.to_ascii_lowercase().starts_with("en-")
    };
    if english(&first) {
        return Some(first.1);
    }
    Some(texts.find(english).unwrap_or(first).1)
}

fn scopes(idp: &Idp<'_>) -> Vec<String> {
    let places = [idp.role, idp.entity];
    let scopes = places
        .iter()
        .filter_map(|place| place.child(MD, "Extensions"))
        .flat_map(|extensions| extensions.children_named(SHIBMD, "Scope"))
        .filter(|scope| {
            !scope
                .attr("regexp")
                .is_some_and(|r| matches!(r.trim(), "true" | "1"))
        })
        .map(|scope| scope.text().trim().to_ascii_lowercase());
    let mut seen = BTreeSet::new();
    scopes
        .filter(|scope| !scope.is_empty() && seen.insert(scope.clone()))
        .collect()
}
