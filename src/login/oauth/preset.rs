//! What is known of each vendor: filled in wherever an admin left it out.

use crate::domain::Field;
use crate::domain::oauth::{ClientAuth, OauthSettings};
use crate::domain::provider::ProviderKind;

/// Microsoft Graph in the public cloud.
const GRAPH: &str = "https://graph.microsoft.com";

/// What a kind of provider is known to be.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Where the browser goes; `None` where discovery says it.
    pub authorization_endpoint: Option<&'static str>,
    /// Where codes are redeemed; `None` where discovery says it.
    pub token_endpoint: Option<&'static str>,
    /// Where claims are asked for; `None` where discovery says it, or where
    /// the ID token says enough.
    pub userinfo_endpoint: Option<&'static str>,
    /// The scopes to ask for.
    pub scopes: &'static [&'static str],
    /// How the gateway proves who it is where nothing lists what is taken.
    pub client_auth: ClientAuth,
    /// Names of the claim that never changes.
    pub subject: &'static [&'static str],
}

impl Preset {
    /// What is known of a kind.
    #[must_use]
    pub const fn of(kind: ProviderKind) -> Self {
        let general = Self {
            authorization_endpoint: None,
            token_endpoint: None,
            userinfo_endpoint: None,
            scopes: &["openid", "profile", "email"],
            client_auth: ClientAuth::Basic,
            subject: &["sub"],
        };
        match kind {
            ProviderKind::Google => Self {
                client_auth: ClientAuth::Post,
                ..general
            },
            ProviderKind::Microsoft => Self {
                // For the picture; every registration may ask for it.
                scopes: &["openid", "profile", "email", "User.Read"],
                client_auth: ClientAuth::Post,
                // The same in all applications of the tenant, while `sub` is
                // another one in each.
                subject: &["oid", "sub"],
                ..general
            },
            ProviderKind::Webex => Self {
                authorization_endpoint: Some("https://webexapis.com/v1/authorize"),
                token_endpoint: Some("https://webexapis.com/v1/access_token"),
                userinfo_endpoint: Some("https://webexapis.com/v1/people/me"),
                scopes: &["spark:people_read"],
                client_auth: ClientAuth::Post,
                subject: &["id", "sub"],
            },
            ProviderKind::Oauth2 => Self {
                scopes: &[],
                subject: &["sub", "id"],
                ..general
            },
            ProviderKind::Oidc | ProviderKind::Saml => general,
        }
    }

    /// The scopes to ask for: the admin's, else the vendor's.
    #[must_use]
    pub fn scopes(&self, settings: &OauthSettings) -> Vec<String> {
        if settings.scopes.is_empty() {
            self.scopes.iter().map(|s| (*s).to_owned()).collect()
        } else {
            settings.scopes.clone()
        }
    }
}

/// Microsoft Graph's address, without a final slash.
#[must_use]
pub fn graph(settings: &OauthSettings) -> &str {
    let set = settings.graph_endpoint.as_deref().unwrap_or(GRAPH);
    let set = set.trim_end_matches('/');
    set.strip_suffix("/v1.0").unwrap_or(set)
}

/// The claims that hold a field, in the order in which they are tried.
#[must_use]
pub const fn claims(kind: ProviderKind, field: Field) -> &'static [&'static str] {
    match field {
        Field::Email => &["email", "mail", "emails"],
        // Microsoft's can be changed at will, and looks like an address.
        Field::UserName if matches!(kind, ProviderKind::Microsoft) => &[],
        Field::UserName => &["preferred_username", "login"],
        Field::Upn => &["upn"],
        Field::Name => &["name", "displayName", "display_name"],
        Field::GivenName => &["given_name", "givenName", "firstName"],
        Field::FamilyName => &["family_name", "surname", "lastName"],
        Field::Department => &["department"],
        Field::JobTitle => &["job_title", "jobTitle", "title"],
        Field::Phone => &["phone_number", "phoneNumbers"],
        Field::Mobile => &["mobile", "mobilePhone"],
        Field::Language => &["locale", "preferredLanguage"],
        Field::CostCenter => &["cost_center", "costCenter"],
        // Sets, times and pictures are nobody's standard claim.
        Field::ExtensionAttributes
        | Field::CustomAttributes
        | Field::PhotoUrl
        | Field::ValidFrom
        | Field::ValidTo => &[],
    }
}

/// The claims that hold group values.
pub const GROUPS: &[&str] = &["groups"];
