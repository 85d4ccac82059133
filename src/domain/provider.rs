//! An identity provider as an admin describes it: the shape of
//! `POST /api/v1/providers` and of `[[provider]]` in the configuration file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::oauth::OauthSettings;
use super::profile::Field;
use super::user::words;

/// A provider's or application's name in URLs: 1 to 63 characters of `a-z`,
/// `0-9` and `-`, with a letter or digit at both ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Slug(String);

impl Slug {
    /// Reads a slug; `None` when the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let ok = (1..=63).contains(&text.len())
            && text.chars().all(inner)
            && !text.starts_with('-')
            && !text.ends_with('-');
        ok.then(|| Self(text.to_owned()))
    }

    /// The slug as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Slug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Slug {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(
                "a slug has 1 to 63 characters of a-z, 0-9 and -, and does not start or end with -",
            )
        })
    }
}

words!(
    /// The protocol, or preset, that a provider speaks.
    ProviderKind {
        /// SAML 2.0.
        Saml = "saml",
        /// Google's OpenID provider.
        Google = "google",
        /// Microsoft Entra ID's OpenID provider.
        Microsoft = "microsoft",
        /// Webex: OAuth 2.0 with `people/me`.
        Webex = "webex",
        /// Any OpenID provider.
        Oidc = "oidc",
        /// Plain OAuth 2.0 with a userinfo endpoint.
        Oauth2 = "oauth2",
    }
);

impl ProviderKind {
    /// Whether the provider speaks OAuth 2.0, with or without OpenID Connect.
    #[must_use]
    pub const fn is_oauth(self) -> bool {
        !matches!(self, Self::Saml)
    }

    /// Whether the provider says who signed in by an ID token.
    #[must_use]
    pub const fn has_id_token(self) -> bool {
        matches!(self, Self::Google | Self::Microsoft | Self::Oidc)
    }

    /// Whether the vendor takes no client without a secret.
    #[must_use]
    pub const fn needs_secret(self) -> bool {
        matches!(self, Self::Google | Self::Microsoft | Self::Webex)
    }

    /// The start of this kind's addresses on the gateway: `saml` or `oauth`.
    #[must_use]
    pub const fn path(self) -> &'static str {
        if self.is_oauth() { "oauth" } else { "saml" }
    }
}

/// One identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Its name in URLs; it never changes.
    pub slug: Slug,
    /// The protocol.
    pub kind: ProviderKind,
    /// What stands on its button.
    #[serde(default = "default_label")]
    #[schema(min_length = 1, max_length = 80, examples("SSO Login"))]
    pub label: String,
    /// Whether people may sign in through it.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whose addresses may come in: exact domains, `*.example.com` for the
    /// levels below, `*` for all. Empty admits nobody.
    #[serde(default)]
    #[schema(examples(json!(["example.com", "*.example.com"])))]
    pub allowed_domains: Vec<String>,
    /// Just-in-time provisioning: the first login creates the user.
    #[serde(default = "yes")]
    pub jit: bool,
    /// The fields that every login refreshes.
    #[serde(default = "default_sync_fields")]
    pub sync_fields: Vec<Field>,
    /// Whether a login may attach itself to a user found by e-mail address.
    #[serde(default = "yes")]
    pub link_by_email: bool,
    /// Value of the `groups` attribute → names of internal groups.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub group_map: BTreeMap<String, Vec<String>>,
    /// What SAML needs; present exactly when `kind` is `saml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saml: Option<SamlSettings>,
    /// What OAuth 2.0 needs; present exactly when `kind` is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth: Option<OauthSettings>,
}

impl Provider {
    /// A provider that nobody has described yet, with the defaults; it is switched
    /// off.
    #[must_use]
    pub fn blank(slug: Slug, kind: ProviderKind, label: &str) -> Self {
        Self {
            slug,
            kind,
            label: label.to_owned(),
            enabled: false,
            allowed_domains: Vec::new(),
            jit: yes(),
            sync_fields: default_sync_fields(),
            link_by_email: yes(),
            group_map: BTreeMap::new(),
            saml: (!kind.is_oauth()).then(SamlSettings::default),
            oauth: kind.is_oauth().then(OauthSettings::default),
        }
    }

    /// Whether it is a draft: its addresses are there for the identity provider,
    /// which nobody has described to us yet. Nobody signs in through one.
    #[must_use]
    pub fn is_draft(&self) -> bool {
        !self.enabled && self.saml.as_ref().is_some_and(SamlSettings::is_blank)
    }

    /// Whether nobody chose what stands on the button.
    #[must_use]
    pub fn has_default_label(&self) -> bool {
        self.label == default_label()
    }
}

/// What a SAML provider needs.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the shape of the public interface"
)]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SamlSettings {
    /// The IdP's metadata as text.
    pub metadata_xml: Option<String>,
    /// Where the IdP publishes its metadata.
    #[schema(format = "uri")]
    pub metadata_url: Option<String>,
    /// Which entity of an `EntitiesDescriptor` is meant; may be left out when
    /// the metadata holds one IdP only.
    pub entity_id: Option<String>,
    /// Directory field → attribute names to try in order; a field that is not
    /// named keeps the built-in names. `groups` and `scim_id` may be named too.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// Whether `AuthnRequest`s are signed.
    pub sign_requests: bool,
    /// Whether an assertion in clear is refused.
    pub require_encryption: bool,
    /// How the `AuthnRequest` travels.
    pub request_binding: RequestBinding,
    /// The NameID format to ask for; none is asked for when absent.
    pub name_id_format: Option<NameIdFormat>,
    /// Whether the IdP must ask for the password again.
    pub force_authn: bool,
    /// `RequestedAuthnContext` class references to ask for; none by default
    /// (Entra refuses what it did not do: AADSTS75011).
    pub requested_authn_context: Vec<String>,
    /// Whether SHA-1 in signatures and digests is accepted.
    pub allow_sha1: bool,
    /// Whether signing out here leaves the session at the IdP alone, although
    /// the IdP offers single logout. What the IdP itself ends ends here too.
    pub local_logout: bool,
}

impl SamlSettings {
    /// Whether the identity provider is not described: neither metadata nor an
    /// address for it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        let blank = |text: &Option<String>| text.as_deref().is_none_or(|t| t.trim().is_empty());
        blank(&self.metadata_xml) && blank(&self.metadata_url)
    }
}

words!(
    /// How an `AuthnRequest` travels (SAML Bindings §3.4 and §3.5).
    RequestBinding {
        /// HTTP-Redirect.
        Redirect = "redirect",
        /// HTTP-POST.
        Post = "post",
    }
);

#[expect(
    clippy::derivable_impls,
    reason = "the macro writes the enum without attributes"
)]
impl Default for RequestBinding {
    fn default() -> Self {
        Self::Redirect
    }
}

words!(
    /// A NameID format to ask for (SAML Core §8.3).
    NameIdFormat {
        /// A stable pseudonym per service provider.
        Persistent = "persistent",
        /// The e-mail address.
        Email = "email",
        /// A new value each time; never an external id.
        Transient = "transient",
        /// The IdP's choice.
        Unspecified = "unspecified",
    }
);

impl NameIdFormat {
    /// The format's URI.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Persistent => "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
            Self::Email => "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
            Self::Transient => "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
            Self::Unspecified => "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
        }
    }
}

fn default_label() -> String {
    "SSO Login".to_owned()
}

const fn yes() -> bool {
    true
}

fn default_sync_fields() -> Vec<Field> {
    vec![
        Field::Name,
        Field::GivenName,
        Field::FamilyName,
        Field::Department,
        Field::JobTitle,
    ]
}
