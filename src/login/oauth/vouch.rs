//! For which identifiers a provider vouches: the rules that keep one company's
//! administrator from taking over another company's accounts.

use super::claims::{Claims, truth};
use crate::domain::address::{domain_of, email_key};
use crate::domain::oauth::OauthSettings;
use crate::domain::provider::ProviderKind;

/// What marks the UPN of somebody else's employee at Microsoft.
const GUEST: &str = "#ext#";

/// What is known of the provider when its word is weighed.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// Its kind.
    pub kind: ProviderKind,
    /// The admin's settings.
    pub settings: &'a OauthSettings,
    /// Whether it is one tenant, the admin's own (Microsoft).
    pub is_one_tenant: bool,
}

/// What the provider says of a person's identifiers, weighed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vouched {
    /// The address, if one came.
    pub email: Option<String>,
    /// Whether the provider vouches for it.
    pub is_vouched: bool,
    /// Whether the address may find a user who is here already.
    pub may_link: bool,
    /// The UPN, if the provider vouches for it; others are not even kept.
    pub upn: Option<String>,
}

/// Weighs what came. `email` and `upn` are the values of the claims that are
/// mapped to them.
#[must_use]
pub fn vouch(
    standing: Standing<'_>,
    claims: &Claims,
    email: Option<&str>,
    upn: Option<&str>,
) -> Vouched {
    let email = email.filter(|text| email_key(text).is_some());
    let upn = upn.filter(|upn| vouches_for_upn(standing, upn));
    let vouched_email = email.filter(|_| vouches_for_email(standing, claims));
    let (address, is_vouched) = match (vouched_email, email) {
        (Some(address), _) => (Some(address), true),
        (None, present) => {
            let by_upn = upn.filter(|upn| standing.settings.upn_as_email && is_address(upn));
            match by_upn {
                Some(upn) => (Some(upn), true),
                None => (present, false),
            }
        }
    };
    Vouched {
        may_link: is_vouched && address.is_some_and(|a| may_link(standing, claims, a)),
        email: address.map(ToOwned::to_owned),
        is_vouched,
        upn: upn.map(ToOwned::to_owned),
    }
}

fn vouches_for_email(standing: Standing<'_>, claims: &Claims) -> bool {
    let verified = truth(claims, "email_verified");
    // A provider that says that it does not know is believed, whoever it is.
    if verified == Some(false) {
        return false;
    }
    let verified = verified == Some(true);
    match standing.kind {
        ProviderKind::Google => verified,
        // Work accounts carry no `email_verified`; an administrator of any
        // tenant writes what he likes into `email` (nOAuth).
        ProviderKind::Microsoft => truth(claims, "xms_edov")
            .unwrap_or(!claims.contains_key("xms_edov") && standing.is_one_tenant),
        ProviderKind::Webex => true,
        ProviderKind::Oidc | ProviderKind::Oauth2 => verified || standing.settings.trust_email,
        ProviderKind::Saml => false,
    }
}

/// Google itself says that whoever holds a private account with an address of
/// a company may have left it: such a one makes a user, and finds none.
fn may_link(standing: Standing<'_>, claims: &Claims, address: &str) -> bool {
    standing.kind != ProviderKind::Google
        || claims
            .get("hd")
            .is_some_and(|hd| hd.as_str().is_some_and(|hd| !hd.is_empty()))
        || domain_of(address).as_deref() == Some("gmail.com")
}

fn vouches_for_upn(standing: Standing<'_>, upn: &str) -> bool {
    if upn.to_ascii_lowercase().contains(GUEST) {
        return false;
    }
    match standing.kind {
        ProviderKind::Microsoft => standing.is_one_tenant,
        ProviderKind::Oidc | ProviderKind::Oauth2 => {
            standing.settings.upn_as_email || standing.settings.trust_email
        }
        ProviderKind::Google | ProviderKind::Webex | ProviderKind::Saml => false,
    }
}

fn is_address(upn: &str) -> bool {
    email_key(upn).is_some()
}

#[cfg(test)]
mod tests;
