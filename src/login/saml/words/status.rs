//! The IdP's own no: which of the usual causes it is.
//!
//! The standard's status codes are few and coarse (SAML Core §3.2.2.2); the
//! products' own words, in `StatusMessage`, often say more. Both are looked at,
//! for words only.

use super::{Place, Words};
use crate::login::saml::error::{Side, StatusRefusal};
use crate::login::saml::vendor::Setting;

/// Why an IdP refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The person may not use this application.
    NotAssigned,
    /// The person did not prove who they are, or broke off.
    NotAuthenticated,
    /// The kind of identifier that we ask for is not to be had.
    NameId,
    /// The way of proving oneself that we ask for is not to be had.
    Context,
    /// Our requests have to be signed, or are signed with an unknown key.
    Unsigned,
    /// Something else about our request.
    Request,
    /// Something at the IdP.
    Fault,
}

/// Words of products that say more than the code: the beginning of Entra's and
/// AD FS's error numbers, and what others write.
const TOLD: [(&str, Cause); 14] = [
    ("aadsts50105", Cause::NotAssigned),
    ("aadsts50011", Cause::Request),
    ("aadsts75011", Cause::Context),
    ("aadsts76021", Cause::Unsigned),
    ("aadsts900144", Cause::Request),
    ("msis7070", Cause::NameId),
    ("msis7065", Cause::Request),
    ("msis3200", Cause::Request),
    ("msis5007", Cause::NotAssigned),
    ("not assigned", Cause::NotAssigned),
    ("not allowed to access", Cause::NotAssigned),
    ("not signed", Cause::Unsigned),
    ("must be signed", Cause::Unsigned),
    ("signature", Cause::Unsigned),
];

impl Cause {
    /// Of a refusal.
    #[must_use]
    pub fn of(refusal: &StatusRefusal) -> Self {
        let words = refusal.message.as_deref().unwrap_or_default();
        let words = words.to_lowercase();
        if let Some((_, cause)) = TOLD.iter().find(|(told, _)| words.contains(told)) {
            return *cause;
        }
        match refusal.reason() {
            "RequestDenied" | "UnknownPrincipal" => Self::NotAssigned,
            "AuthnFailed" | "NoPassive" => Self::NotAuthenticated,
            "InvalidNameIDPolicy" => Self::NameId,
            "NoAuthnContext" => Self::Context,
            "Requester"
            | "RequestUnsupported"
            | "VersionMismatch"
            | "UnsupportedBinding"
            | "RequestVersionTooHigh"
            | "RequestVersionTooLow"
            | "RequestVersionDeprecated" => Self::Request,
            _ => Self::Fault,
        }
    }
}

pub(super) fn explain(refusal: &StatusRefusal, place: &Place) -> Words {
    let own = refusal.message.as_ref().map_or_else(
        || format!(" (it says {:?})", refusal.reason()),
        |words| format!(" (it says {:?}: {words:?})", refusal.reason()),
    );
    let slug = &place.slug;
    let (what, side, remedy) = match Cause::of(refusal) {
        Cause::NotAssigned => (
            "The IdP knows the person and does not let them use this application",
            Side::Idp,
            format!(
                "Assign the person, or a group of theirs, to the application. {}.",
                place.at(Setting::Assignment)
            ),
        ),
        Cause::NotAuthenticated => (
            "The person did not get through the IdP's own sign-in, or broke it off",
            Side::User,
            "Let the person try again. If it lasts, the IdP's sign-in log says what was missing: the \
             password, the second factor, the right device."
                .to_owned(),
        ),
        Cause::NameId => (
            "The IdP does not offer the kind of identifier that this provider asks for",
            Side::Gateway,
            format!(
                "Remove saml.name_id_format from the provider {slug:?}, so that the IdP may choose; or let \
                 the IdP issue that kind. {}.",
                place.at(Setting::NameId)
            ),
        ),
        Cause::Context => (
            "The IdP cannot do the kind of sign-in that this provider asks for",
            Side::Gateway,
            format!(
                "Remove saml.requested_authn_context from the provider {slug:?}; force_authn asks for a \
                 fresh sign-in without saying how."
            ),
        ),
        Cause::Unsigned => (
            "The IdP wants our requests signed with a certificate that it knows",
            Side::Gateway,
            format!(
                "Set saml.sign_requests of the provider {slug:?} to true, and give the IdP the \
                 certificate from {}. {}.",
                place.metadata,
                place.at(Setting::RequestSignatures)
            ),
        ),
        Cause::Request => (
            "The IdP does not accept our request",
            Side::Idp,
            format!(
                "Give the IdP this provider's metadata anew, {}. Usual causes: it wants signed \
                 requests (saml.sign_requests), it does not know our entity ID or address ({}; {}), or \
                 name_id_format asks for something that it does not have. Its own log says which.",
                place.metadata,
                place.vendor.place(Setting::Audience),
                place.vendor.place(Setting::Acs)
            ),
        ),
        Cause::Fault => (
            "The IdP had a problem of its own and signed nobody in",
            Side::Idp,
            "Look into the IdP's own log at this time; nothing here can tell more. If it happens to \
             everybody, give the IdP this provider's metadata anew."
                .to_owned(),
        ),
    };
    Words {
        summary: format!("{what}{own}."),
        side,
        remedy,
    }
}
