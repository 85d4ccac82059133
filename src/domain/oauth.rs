//! What an OAuth 2.0 or OpenID Connect provider needs, as an admin writes it:
//! the `oauth` object of a provider.

use std::collections::BTreeMap;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use super::user::words;

/// What stands where a secret is: sent back, it keeps the secret.
pub const MASK: &str = "********";

/// What an OAuth 2.0 or OpenID Connect provider needs. The kinds `google`,
/// `microsoft` and `webex` fill in whatever is left out but the client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OauthSettings {
    /// The client id that the provider gave the gateway.
    pub client_id: String,
    /// The client secret. Write-only: it reads as `********`.
    #[schema(value_type = Option<String>, format = "password")]
    pub client_secret: Option<WriteOnly>,
    /// The issuer (OpenID Connect Discovery §3). With `{tenantid}`, `common` or
    /// `organizations` in its path it stands for many tenants of Microsoft.
    #[schema(format = "uri")]
    pub issuer: Option<String>,
    /// Microsoft's tenant: an id, a domain, `organizations` or `common`.
    pub tenant: Option<String>,
    /// Microsoft's tenants that may come in where `tenant` names several; empty
    /// admits all that `tenant` does.
    pub allowed_tenants: Vec<String>,
    /// Webex's organization (`orgId`) that may come in; unset admits all.
    pub organization: Option<String>,
    /// Where the browser goes (RFC 6749 §3.1).
    #[schema(format = "uri")]
    pub authorization_endpoint: Option<String>,
    /// Where codes are redeemed (RFC 6749 §3.2).
    #[schema(format = "uri")]
    pub token_endpoint: Option<String>,
    /// Where claims are asked for (OpenID Connect Core §5.3).
    #[schema(format = "uri")]
    pub userinfo_endpoint: Option<String>,
    /// Where the issuer publishes its keys (RFC 7517 §5).
    #[schema(format = "uri")]
    pub jwks_uri: Option<String>,
    /// Microsoft Graph: pictures, and groups that do not fit into a token.
    #[schema(format = "uri")]
    pub graph_endpoint: Option<String>,
    /// Where the browser is sent to sign out (OpenID Connect RP-Initiated Logout
    /// §2); unset: where discovery says.
    #[schema(format = "uri")]
    pub end_session_endpoint: Option<String>,
    /// Whether signing out here goes on to sign out at the provider. The provider
    /// has to know `urls.logged_out` as a post-logout redirect URI.
    pub single_logout: bool,
    /// How the gateway proves who it is at the token endpoint; unset: what the
    /// provider lists.
    pub token_endpoint_auth_method: Option<ClientAuth>,
    /// The scopes to ask for; a list, or one text with blanks in between.
    #[serde(deserialize_with = "words_or_list")]
    pub scopes: Vec<String>,
    /// Directory field → claim names to try in order. `sub`, `groups` and
    /// `scim_id` may be named too.
    #[serde(deserialize_with = "claim_names")]
    pub claims: BTreeMap<String, Vec<String>>,
    /// Google's `hd`: sent along, and compared with the claim.
    pub hosted_domain: Option<String>,
    /// Whether the UPN counts as a vouched address where no other one does.
    pub upn_as_email: bool,
    /// Whether addresses without `email_verified` count as vouched for.
    pub trust_email: bool,
}

words!(
    /// How the gateway proves who it is at the token endpoint (OpenID Connect
    /// Core §9).
    ClientAuth {
        /// `Authorization: Basic`.
        Basic = "client_secret_basic",
        /// The secret in the form.
        Post = "client_secret_post",
        /// No secret: PKCE alone.
        None = "none",
    }
);

/// A text that goes in and never comes out: it is written as [`MASK`] and
/// prints as nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct WriteOnly(zeroize::Zeroizing<String>);

impl WriteOnly {
    /// Keeps a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(zeroize::Zeroizing::new(text.into()))
    }

    /// The text, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it is only the mask: the secret that is there already.
    #[must_use]
    pub fn is_mask(&self) -> bool {
        self.0.as_str() == MASK
    }
}

impl std::fmt::Debug for WriteOnly {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(MASK)
    }
}

impl Serialize for WriteOnly {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

impl<'de> Deserialize<'de> for WriteOnly {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// A list of texts, or one text that is cut at blanks (RFC 6749 §3.3).
struct Words;

impl<'de> Visitor<'de> for Words {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of texts")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(text.split_whitespace().map(ToOwned::to_owned).collect())
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut words = Vec::new();
        while let Some(word) = items.next_element::<String>()? {
            words.push(word);
        }
        Ok(words)
    }
}

fn words_or_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    deserializer.deserialize_any(Words)
}

/// Names of a claim: a list, or one name (which may hold blanks).
#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Several(Vec<String>),
}

fn claim_names<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Vec<String>>, D::Error> {
    let named = Option::<BTreeMap<String, Names>>::deserialize(deserializer)?;
    let list = |names| match names {
        Names::One(name) => vec![name],
        Names::Several(all) => all,
    };
    Ok(named
        .into_iter()
        .flatten()
        .map(|(field, names)| (field, list(names)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_goes_in_and_never_comes_out() {
        let settings: OauthSettings =
            serde_json::from_str(r#"{"client_id": "id", "client_secret": "hush"}"#).unwrap();
        let secret = settings.client_secret.clone().unwrap();
        assert_eq!(secret.expose(), "hush");
        assert!(!secret.is_mask());
        assert!(!format!("{settings:?}").contains("hush"));
        let text = serde_json::to_string(&settings).unwrap();
        assert!(!text.contains("hush") && text.contains(MASK), "{text}");
        let again: OauthSettings = serde_json::from_str(&text).unwrap();
        assert!(again.client_secret.unwrap().is_mask());
    }

    #[test]
    fn scopes_and_claims_are_read_in_both_forms() {
        let read = |text: &str| serde_json::from_str::<OauthSettings>(text).unwrap();
        let wanted = vec!["openid".to_owned(), "email".to_owned()];
        assert_eq!(read(r#"{"scopes": ["openid", "email"]}"#).scopes, wanted);
        assert_eq!(read(r#"{"scopes": " openid  email "}"#).scopes, wanted);
        assert_eq!(read(r#"{"scopes": null}"#).scopes, Vec::<String>::new());
        let claims = read(r#"{"claims": {"sub": "uid", "email": ["mail", "e mail"]}}"#).claims;
        assert_eq!(claims["sub"], ["uid"]);
        assert_eq!(claims["email"], ["mail", "e mail"]);
        assert!(serde_json::from_str::<OauthSettings>(r#"{"clientid": "x"}"#).is_err());
    }
}
