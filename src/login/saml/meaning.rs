//! What a verified assertion means, if it means anything here and now.
//!
//! The web browser SSO profile's rules (SAML Profiles §4.1.4.3) with pinned
//! expectations: who issued it, to whom, for which request, until when. Every
//! comparison is exact; every time is compared with the caller's.

use std::collections::HashMap;

use super::error::{Level, SamlError, Validity};
use super::gate::{ASSERTION, clip, trimmed};
use super::response::{Attribute, Expectations, NameId, Verified};
use super::time;
use crate::domain::Timestamp;
use crate::domain::address::is_deceptive;
use crate::platform::xml::Node;

const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
/// SAML Core §8.3.7 allows a persistent NameID 256 characters; addresses and
/// distinguished names are longer.
pub(super) const MAXIMUM_NAME_ID: usize = 1024;

/// Checks the response around the assertion. `signed` says whether the response
/// itself is covered by a signature; if it is not, these checks can only
/// refuse, and nothing of it is passed on.
pub(super) fn check_response(
    response: Node<'_>,
    signed: bool,
    expect: &Expectations<'_>,
) -> Result<(), SamlError> {
    let level = Level::Response;
    // SAML Profiles §4.1.4.2: a signed response must say who issued it.
    if signed || response.child(ASSERTION, "Issuer").is_some() {
        check_issuer(response, level, expect)?;
    }
    match response.attr("Destination") {
        // SAML Bindings §3.5.5.2.
        None if signed => Err(SamlError::DestinationMissing {
            expected: expect.acs_url.to_owned(),
        }),
        None => Ok(()),
        Some(destination) if destination == expect.acs_url => Ok(()),
        Some(destination) => Err(SamlError::DestinationMismatch {
            expected: expect.acs_url.to_owned(),
            received: clip(destination),
        }),
    }?;
    check_in_response_to(response.attr("InResponseTo"), level, expect)?;
    check_issue_instant(response, level, expect)
}

/// Reads an assertion whose octets were verified.
pub(super) fn read_assertion(
    assertion: Node<'_>,
    expect: &Expectations<'_>,
) -> Result<Verified, SamlError> {
    check_issuer(assertion, Level::Assertion, expect)?;
    check_issue_instant(assertion, Level::Assertion, expect)?;
    let subject = assertion
        .child(ASSERTION, "Subject")
        .ok_or(SamlError::SubjectMissing)?;
    let name_id = read_name_id(subject)?;
    let confirmed_until = check_confirmations(subject, expect)?;
    check_conditions(assertion, expect)?;
    let authn = read_authn(assertion, expect)?;
    check_authn(&authn, expect)?;
    Ok(Verified {
        assertion_id: assertion.attr("ID").unwrap_or_default().to_owned(),
        name_id,
        session_index: authn.session_index,
        session_not_on_or_after: authn.session_not_on_or_after,
        authn_instant: authn.instant,
        authn_context: authn.context,
        attributes: read_attributes(assertion)?,
        replay_until: confirmed_until.plus_seconds(expect.max_skew_seconds),
    })
}

fn check_issuer(node: Node<'_>, level: Level, expect: &Expectations<'_>) -> Result<(), SamlError> {
    let issuer = node
        .child(ASSERTION, "Issuer")
        .ok_or(SamlError::IssuerMissing { level })?;
    let received = trimmed(issuer);
    // SAML Core §8.3.6: an issuer's format is an entity identifier.
    let format = issuer.attr("Format");
    let is_entity = format.is_none_or(|f| f == "urn:oasis:names:tc:SAML:2.0:nameid-format:entity");
    let is_text = issuer.children().next().is_none();
    if received == expect.idp_entity_id && is_entity && is_text {
        return Ok(());
    }
    Err(SamlError::IssuerMismatch {
        level,
        expected: expect.idp_entity_id.to_owned(),
        received: clip(&received),
    })
}

fn check_in_response_to(
    received: Option<&str>,
    level: Level,
    expect: &Expectations<'_>,
) -> Result<(), SamlError> {
    match received {
        Some(id) if id == expect.in_response_to => Ok(()),
        Some(id) => Err(SamlError::InResponseToMismatch {
            level,
            expected: expect.in_response_to.to_owned(),
            received: clip(id),
        }),
        None => Err(SamlError::InResponseToMissing { level }),
    }
}

fn check_issue_instant(
    node: Node<'_>,
    level: Level,
    expect: &Expectations<'_>,
) -> Result<(), SamlError> {
    let received = required_time(node, "IssueInstant")?;
    let skew = expect.max_skew_seconds;
    if received < expect.request_issued_at.plus_seconds(-skew) {
        return Err(SamlError::IssueInstantPast {
            level,
            expected: expect.request_issued_at,
            received,
        });
    }
    if received > expect.now.plus_seconds(skew) {
        return Err(SamlError::IssueInstantFuture {
            level,
            now: expect.now,
            received,
        });
    }
    Ok(())
}

/// SAML Core §2.4.1: at most one identifier. `EncryptedID` and `BaseID` are not
/// understood, so an assertion about them is not either.
fn read_name_id(subject: Node<'_>) -> Result<Option<NameId>, SamlError> {
    let mut name_id = None;
    for child in subject.children() {
        match (child.namespace(), child.name()) {
            (ASSERTION, "SubjectConfirmation") => {}
            (ASSERTION, "NameID") if name_id.is_none() => name_id = Some(child),
            (ASSERTION, "EncryptedID" | "BaseID") => return Err(SamlError::SubjectUnsupported),
            (_, name) => {
                return Err(SamlError::Unexpected {
                    level: Level::Assertion,
                    name: clip(name),
                });
            }
        }
    }
    let Some(node) = name_id else {
        return Ok(None);
    };
    let value = trimmed(node);
    let ok = !value.is_empty()
        && value.chars().count() <= MAXIMUM_NAME_ID
        && !value.chars().any(is_deceptive)
        && node.children().next().is_none();
    if !ok {
        return Err(SamlError::NameIdInvalid {
            received: clip(&value),
        });
    }
    let attribute = |name| node.attr(name).map(str::to_owned);
    Ok(Some(NameId {
        value: value.into_owned(),
        format: attribute("Format"),
        name_qualifier: attribute("NameQualifier"),
        sp_name_qualifier: attribute("SPNameQualifier"),
    }))
}

/// SAML Profiles §4.1.4.3: one bearer confirmation that holds is enough. Says
/// until when one can.
fn check_confirmations(
    subject: Node<'_>,
    expect: &Expectations<'_>,
) -> Result<Timestamp, SamlError> {
    let mut methods = Vec::new();
    let mut first_error = None;
    let mut until: Option<Timestamp> = None;
    for confirmation in subject.children_named(ASSERTION, "SubjectConfirmation") {
        let method = confirmation.attr("Method").unwrap_or_default();
        if method != BEARER {
            methods.push(clip(method));
            continue;
        }
        match check_confirmation(confirmation, expect) {
            Ok(end) => until = until.max(Some(end)),
            Err(error) => {
                first_error.get_or_insert(error);
            }
        }
    }
    match (until, first_error) {
        (Some(until), _) => Ok(until),
        (None, Some(error)) => Err(error),
        (None, None) => Err(SamlError::NotBearer { received: methods }),
    }
}

fn check_confirmation(
    confirmation: Node<'_>,
    expect: &Expectations<'_>,
) -> Result<Timestamp, SamlError> {
    let mut all = confirmation.children_named(ASSERTION, "SubjectConfirmationData");
    let data = match (all.next(), all.next()) {
        (Some(data), None) => data,
        (None, _) => {
            return Err(SamlError::RecipientMissing {
                expected: expect.acs_url.to_owned(),
            });
        }
        _ => {
            return Err(SamlError::Unexpected {
                level: Level::Assertion,
                name: "SubjectConfirmationData".to_owned(),
            });
        }
    };
    match data.attr("Recipient") {
        Some(recipient) if recipient == expect.acs_url => {}
        Some(recipient) => {
            return Err(SamlError::RecipientMismatch {
                expected: expect.acs_url.to_owned(),
                received: clip(recipient),
            });
        }
        None => {
            return Err(SamlError::RecipientMissing {
                expected: expect.acs_url.to_owned(),
            });
        }
    }
    check_in_response_to(data.attr("InResponseTo"), Level::Assertion, expect)?;
    if data.attr("NotBefore").is_some() {
        return Err(SamlError::ConfirmationNotBefore);
    }
    let end = optional_time(data, "NotOnOrAfter")?.ok_or(SamlError::ConfirmationUnbounded)?;
    check_end(end, Validity::Confirmation, expect)?;
    Ok(end)
}

/// SAML Core §2.5.1: every condition holds, or the assertion is not valid.
fn check_conditions(assertion: Node<'_>, expect: &Expectations<'_>) -> Result<(), SamlError> {
    let conditions = assertion
        .child(ASSERTION, "Conditions")
        .ok_or(SamlError::ConditionsMissing)?;
    if let Some(received) = optional_time(conditions, "NotBefore")?
        && received > expect.now.plus_seconds(expect.max_skew_seconds)
    {
        return Err(SamlError::NotYetValid {
            what: Validity::Conditions,
            now: expect.now,
            received,
        });
    }
    if let Some(end) = optional_time(conditions, "NotOnOrAfter")? {
        check_end(end, Validity::Conditions, expect)?;
    }
    let mut restricted = false;
    for condition in conditions.children() {
        match (condition.namespace(), condition.name()) {
            (ASSERTION, "AudienceRestriction") => {
                check_audience(condition, expect)?;
                restricted = true;
            }
            // §2.5.1.5: every assertion is used once here, replay protection
            // sees to it. §2.5.1.6 speaks to those who assert further.
            (ASSERTION, "OneTimeUse" | "ProxyRestriction") => {}
            (_, name) => {
                return Err(SamlError::ConditionUnknown { name: clip(name) });
            }
        }
    }
    if restricted {
        return Ok(());
    }
    Err(SamlError::AudienceMissing {
        expected: expect.sp_entity_id.to_owned(),
    })
}

/// SAML Core §2.5.1.4: one of the audiences is us.
fn check_audience(restriction: Node<'_>, expect: &Expectations<'_>) -> Result<(), SamlError> {
    let mut others = Vec::new();
    for audience in restriction.children_named(ASSERTION, "Audience") {
        let received = trimmed(audience);
        if received == expect.sp_entity_id && audience.children().next().is_none() {
            return Ok(());
        }
        if others.len() < 16 {
            others.push(clip(&received));
        }
    }
    Err(SamlError::AudienceMismatch {
        expected: expect.sp_entity_id.to_owned(),
        received: others,
    })
}

/// What the authentication statements say.
struct Authn {
    session_index: Option<String>,
    session_not_on_or_after: Option<Timestamp>,
    instant: Timestamp,
    context: Option<String>,
}

/// SAML Core §2.7.2. The first statement speaks; of several session ends the
/// earliest counts.
fn read_authn(assertion: Node<'_>, expect: &Expectations<'_>) -> Result<Authn, SamlError> {
    let mut read: Option<Authn> = None;
    for statement in assertion.children_named(ASSERTION, "AuthnStatement") {
        let instant = required_time(statement, "AuthnInstant")?;
        if instant > expect.now.plus_seconds(expect.max_skew_seconds) {
            return Err(SamlError::AuthnInstantFuture {
                now: expect.now,
                received: instant,
            });
        }
        let end = optional_time(statement, "SessionNotOnOrAfter")?;
        if let Some(end) = end {
            check_end(end, Validity::Session, expect)?;
        }
        if let Some(first) = &mut read {
            first.session_not_on_or_after = match (first.session_not_on_or_after, end) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            continue;
        }
        let context = statement
            .child(ASSERTION, "AuthnContext")
            .and_then(|c| c.child(ASSERTION, "AuthnContextClassRef"));
        read = Some(Authn {
            session_index: statement.attr("SessionIndex").map(str::to_owned),
            session_not_on_or_after: end,
            instant,
            context: context.map(|c| trimmed(c).into_owned()),
        });
    }
    read.ok_or(SamlError::AuthnStatementMissing)
}

/// What was asked of the IdP, and how the person was authenticated instead.
///
/// SAML Core §3.3.2.2.1: an `exact` context is one of those that were named.
/// §3.4.1: with `ForceAuthn` an earlier authentication is not relied upon.
fn check_authn(authn: &Authn, expect: &Expectations<'_>) -> Result<(), SamlError> {
    let wanted = expect.demands.contexts;
    let context = authn.context.as_deref().unwrap_or_default();
    if !wanted.is_empty() && !wanted.iter().any(|class| class == context) {
        return Err(SamlError::AuthnContextMismatch {
            expected: wanted.to_vec(),
            received: authn.context.as_deref().map(clip),
        });
    }
    let asked = expect.request_issued_at;
    if expect.demands.fresh && authn.instant < asked.plus_seconds(-expect.max_skew_seconds) {
        return Err(SamlError::AuthnNotFresh {
            expected: asked,
            received: authn.instant,
        });
    }
    Ok(())
}

/// SAML Core §2.7.3. Attributes of the same name and format are one, wherever
/// they stand.
fn read_attributes(assertion: Node<'_>) -> Result<Vec<Attribute>, SamlError> {
    let mut attributes: Vec<Attribute> = Vec::new();
    let mut places: HashMap<(&str, Option<&str>), usize> = HashMap::new();
    let nodes = assertion
        .children_named(ASSERTION, "AttributeStatement")
        .flat_map(|statement| statement.children_named(ASSERTION, "Attribute"));
    for node in nodes {
        let name = node.attr("Name").unwrap_or_default();
        if name.is_empty() {
            return Err(SamlError::AttributeUnnamed);
        }
        let name_format = node.attr("NameFormat");
        let place = *places.entry((name, name_format)).or_insert_with(|| {
            attributes.push(Attribute {
                name: name.to_owned(),
                friendly_name: node.attr("FriendlyName").map(str::to_owned),
                name_format: name_format.map(str::to_owned),
                values: Vec::new(),
            });
            attributes.len() - 1
        });
        if let Some(attribute) = attributes.get_mut(place) {
            let values = node.children_named(ASSERTION, "AttributeValue");
            attribute.values.extend(values.filter_map(read_value));
        }
    }
    Ok(attributes)
}

/// The text of a value, or of the one NameID in it (eduPersonTargetedID).
/// Other markup has no text of its own, and half a value would be a lie: such
/// a value counts for nothing, and so does an empty one.
fn read_value(value: Node<'_>) -> Option<String> {
    let mut children = value.children();
    let text = match (children.next(), children.next()) {
        (None, _) => trimmed(value),
        (Some(name_id), None)
            if name_id.is(ASSERTION, "NameID")
                && trimmed(value).is_empty()
                && name_id.children().next().is_none() =>
        {
            trimmed(name_id)
        }
        _ => return None,
    };
    (!text.is_empty()).then(|| text.into_owned())
}

fn check_end(end: Timestamp, what: Validity, expect: &Expectations<'_>) -> Result<(), SamlError> {
    if expect.now.plus_seconds(-expect.max_skew_seconds) < end {
        return Ok(());
    }
    Err(SamlError::Expired {
        what,
        now: expect.now,
        received: end,
    })
}

fn optional_time(node: Node<'_>, field: &'static str) -> Result<Option<Timestamp>, SamlError> {
    let Some(text) = node.attr(field) else {
        return Ok(None);
    };
    match time::parse(text) {
        Some(at) => Ok(Some(at)),
        None => Err(SamlError::TimeInvalid {
            field,
            received: clip(text),
        }),
    }
}

fn required_time(node: Node<'_>, field: &'static str) -> Result<Timestamp, SamlError> {
    optional_time(node, field)?.ok_or(SamlError::TimeInvalid {
        field,
        received: String::new(),
    })
}
