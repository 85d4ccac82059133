//! An application behind the gateway as an admin describes it: the shape of
//! `POST /api/v1/applications`.

mod names;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::provider::Slug;
use super::user::words;
pub use names::{clean_host, is_loopback};
use names::{host_of, is_header_name, is_path_pattern, is_releasable, redirect_uri, web_address};

words!(
    /// How people get into an application.
    ApplicationKind {
        /// It signs people in through the gateway as its OpenID provider.
        Oidc = "oidc",
        /// A reverse proxy asks the gateway about each request.
        ForwardAuth = "forward_auth",
        /// Nothing to sign in to: a name, an address and who sees it.
        Link = "link",
    }
);

words!(
    /// Who may use an application.
    AccessRule {
        /// Every active user.
        Public = "public",
        /// Every active user but guests.
        Internal = "internal",
        /// Users and groups that are assigned, and nobody else.
        Private = "private",
    }
);

words!(
    /// What a client may ask the token endpoint for (RFC 6749 §1.3).
    GrantType {
        /// RFC 6749 §4.1.
        AuthorizationCode = "authorization_code",
        /// RFC 6749 §6.
        RefreshToken = "refresh_token",
    }
);

words!(
    /// How a client proves itself at the token endpoint (OpenID Connect Core §9).
    ClientAuthMethod {
        /// HTTP Basic with the client's secret.
        Basic = "client_secret_basic",
        /// The secret in the body.
        Post = "client_secret_post",
        /// A signed assertion (RFC 7523).
        PrivateKeyJwt = "private_key_jwt",
        /// Not at all: a public client.
        None = "none",
    }
);

words!(
    /// How tokens are signed (RFC 7518 §3.1).
    SigningAlg {
        /// RSASSA-PKCS1-v1_5 with SHA-256.
        Rs256 = "RS256",
        /// ECDSA on P-256 with SHA-256.
        Es256 = "ES256",
    }
);

words!(
    /// Which `sub` a client sees (OpenID Connect Core §8).
    SubjectType {
        /// The same for every client.
        Public = "public",
        /// Another one for each sector.
        Pairwise = "pairwise",
    }
);

words!(
    /// What forward-auth does with requests below a path.
    PathAccess {
        /// The application's access rule decides, as everywhere else.
        SignedIn = "signed_in",
        /// Everybody passes, signed in or not.
        Anonymous = "anonymous",
        /// Nobody passes.
        Deny = "deny",
    }
);

/// A rule for the paths of an application behind forward-auth. The first that
/// fits counts; where none fits, the application's access rule decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PathRule)]
pub struct PathRule {
    /// A path, `/health`, or with `/*` at its end everything below it and itself.
    #[schema(examples("/public/*"))]
    pub path: String,
    /// What happens there.
    pub access: PathAccess,
}

/// The scopes that the gateway knows.
pub const SCOPES: [&str; 6] = [
    "openid",
    "profile",
    "email",
    "groups",
    "phone",
    "offline_access",
];

/// The most seconds that a code may live; RFC 6749 §4.1.2 recommends ten minutes
/// at most.
pub const LONGEST_CODE_LIFETIME: u32 = 600;

/// One application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Application {
    /// Its name in URLs, and its `client_id`; it never changes.
    pub slug: Slug,
    /// What people call it.
    #[schema(min_length = 1, max_length = 120)]
    pub name: String,
    /// How people get in.
    #[serde(default = "default_kind")]
    pub kind: ApplicationKind,
    /// Who may use it.
    #[serde(default = "default_access")]
    pub access: AccessRule,
    /// Whether anybody gets in at all.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Where its tile leads.
    #[serde(default)]
    #[schema(format = "uri")]
    pub launch_url: Option<String>,
    /// The picture on its tile.
    #[serde(default)]
    #[schema(format = "uri")]
    pub logo_url: Option<String>,

    /// OpenID: where answers may go, compared octet by octet.
    #[serde(default)]
    #[schema(examples(json!(["https://app.example.com/callback"])))]
    pub redirect_uris: Vec<String>,
    /// OpenID: where the browser may go after signing out.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// OpenID: whether the client can keep a secret.
    #[serde(default = "yes")]
    pub confidential: bool,
    /// OpenID: what it may ask the token endpoint for.
    #[serde(default = "default_grants")]
    pub grant_types: BTreeSet<GrantType>,
    /// OpenID: what it may ask for.
    #[serde(default = "default_scopes")]
    pub scopes: BTreeSet<String>,
    /// OpenID: further claims, claim → field of the user, a custom attribute
    /// included.
    #[serde(default)]
    #[schema(examples(json!({"department": "department", "cost_center": "extensionAttribute1"})))]
    pub claims: BTreeMap<String, String>,
    /// OpenID: how long a code lives, in seconds.
    #[serde(default = "default_code_lifetime")]
    #[schema(minimum = 5, maximum = 600)]
    pub code_lifetime: u32,
    /// OpenID: whether every authorization request needs PKCE. Only a confidential
    /// client that is too old for it may go without.
    #[serde(default = "yes")]
    pub require_pkce: bool,
    /// OpenID: whether the client has to push its requests first (RFC 9126 §6).
    #[serde(default)]
    pub require_pushed_authorization_requests: bool,
    /// OpenID: how ID tokens for it are signed.
    #[serde(default = "default_alg")]
    pub id_token_signed_response_alg: SigningAlg,
    /// OpenID: how userinfo is signed; plain JSON when absent.
    #[serde(default)]
    pub userinfo_signed_response_alg: Option<SigningAlg>,
    /// OpenID: how the client proves itself; either form of secret when absent.
    #[serde(default)]
    pub token_endpoint_auth_method: Option<ClientAuthMethod>,
    /// OpenID: the client's public keys, for `private_key_jwt`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub jwks: Option<serde_json::Value>,
    /// OpenID: where the client publishes them.
    #[serde(default)]
    #[schema(format = "uri")]
    pub jwks_uri: Option<String>,
    /// OpenID: which `sub` it sees.
    #[serde(default = "default_subject")]
    pub subject_type: SubjectType,
    /// OpenID: the host under which pairwise subjects are made; that of the
    /// redirect URIs when absent.
    #[serde(default)]
    pub sector_identifier: Option<String>,
    /// OpenID: where it is told that somebody has signed out.
    #[serde(default)]
    #[schema(format = "uri")]
    pub backchannel_logout_uri: Option<String>,
    /// OpenID: whether it belongs to the company; people are asked for their
    /// consent to others only.
    #[serde(default = "yes")]
    pub first_party: bool,

    /// Forward-auth: its hosts, with the port where it is not the scheme's own.
    #[serde(default)]
    #[schema(examples(json!(["wiki.example.com"])))]
    pub hosts: Vec<String>,
    /// Forward-auth: rules for paths.
    #[serde(default)]
    pub path_rules: Vec<PathRule>,
    /// Forward-auth: headers beside the usual ones, header → field of the user.
    #[serde(default)]
    #[schema(examples(json!({"X-Department": "department"})))]
    pub headers: BTreeMap<String, String>,
    /// Forward-auth: what stands between the names of groups.
    #[serde(default = "default_separator")]
    #[schema(min_length = 1, max_length = 1)]
    pub group_separator: String,
    /// Forward-auth: whether CORS preflights pass, which carry no cookie.
    #[serde(default)]
    pub allow_cors_preflight: bool,
    /// Forward-auth: the OpenID applications (client ids) whose access tokens open
    /// it, as the person that a token is about. None when empty.
    #[serde(default)]
    #[schema(examples(json!(["command-line"])))]
    pub bearer_clients: BTreeSet<String>,
}

/// What is wrong with a value of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The place as a JSON Pointer.
    pub pointer: String,
    /// What is wrong.
    pub detail: String,
}

impl Application {
    /// A link of this name: what everything else starts from.
    #[must_use]
    pub fn new(slug: Slug, name: impl Into<String>) -> Self {
        Self {
            slug,
            name: name.into(),
            kind: default_kind(),
            access: default_access(),
            enabled: true,
            launch_url: None,
            logo_url: None,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            confidential: true,
            grant_types: default_grants(),
            scopes: default_scopes(),
            claims: BTreeMap::new(),
            code_lifetime: default_code_lifetime(),
            require_pkce: true,
            require_pushed_authorization_requests: false,
            id_token_signed_response_alg: default_alg(),
            userinfo_signed_response_alg: None,
            token_endpoint_auth_method: None,
            jwks: None,
            jwks_uri: None,
            subject_type: default_subject(),
            sector_identifier: None,
            backchannel_logout_uri: None,
            first_party: true,
            hosts: Vec::new(),
            path_rules: Vec::new(),
            headers: BTreeMap::new(),
            group_separator: default_separator(),
            allow_cors_preflight: false,
            bearer_clients: BTreeSet::new(),
        }
    }

    /// The name under which an OpenID client is known: the slug.
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.slug.as_str()
    }

    /// Whether the client proves itself by a secret that the gateway gave it.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        self.kind == ApplicationKind::Oidc
            && self.confidential
            && self.token_endpoint_auth_method != Some(ClientAuthMethod::PrivateKeyJwt)
    }

    /// Brings hosts into the form in which they are compared: lower case, without
    /// the port that the scheme has anyway.
    pub fn normalise(&mut self) {
        self.name = self.name.trim().to_owned();
        for host in &mut self.hosts {
            if let Some(clean) = clean_host(host) {
                *host = clean;
            }
        }
        self.hosts.sort();
        self.hosts.dedup();
    }

    /// Everything that is wrong with it.
    #[must_use]
    pub fn mistakes(&self) -> Vec<Mistake> {
        let mut found = Vec::new();
        self.check_texts(&mut found);
        match self.kind {
            ApplicationKind::Oidc => self.check_client(&mut found),
            ApplicationKind::ForwardAuth if self.hosts.is_empty() => {
                mistake(&mut found, "/hosts", "needs at least one host");
            }
            ApplicationKind::ForwardAuth | ApplicationKind::Link => {}
        }
        self.check_uris(&mut found);
        self.check_forward(&mut found);
        found
    }

    fn check_texts(&self, found: &mut Vec<Mistake>) {
        let length = self.name.trim().chars().count();
        if !(1..=120).contains(&length) || self.name.chars().any(char::is_control) {
            mistake(found, "/name", "must have 1 to 120 visible characters");
        }
        let links = [
            ("/launch_url", &self.launch_url),
            ("/logo_url", &self.logo_url),
            ("/jwks_uri", &self.jwks_uri),
            ("/backchannel_logout_uri", &self.backchannel_logout_uri),
        ];
        for (place, link) in links {
            if let Some(text) = link
                && let Err(problem) = web_address(text)
            {
                mistake(found, place, problem);
            }
        }
        for (map, fields) in [("claims", &self.claims), ("headers", &self.headers)] {
            for (name, source) in fields {
                let place = format!("/{map}/{}", escape(name));
                if !is_releasable(source) {
                    let detail = format!("`{source}` is no field of a user");
                    mistake(found, &place, detail);
                }
                if map == "claims" && RESERVED_CLAIMS.contains(&name.as_str()) {
                    mistake(found, &place, "is a claim that the gateway itself makes");
                }
                if map == "headers" && !is_header_name(name) {
                    let detail = "must be letters, digits and - in a header that is not the gateway's own or HTTP's";
                    mistake(found, &place, detail);
                }
                if name.is_empty() || name.len() > 128 || name.chars().any(char::is_control) {
                    mistake(found, &place, "must have 1 to 128 visible characters");
                }
            }
        }
    }

    fn check_client(&self, found: &mut Vec<Mistake>) {
        if self.redirect_uris.is_empty() {
            mistake(found, "/redirect_uris", "needs at least one URI");
        }
        if let Some(unknown) = self.scopes.iter().find(|s| !SCOPES.contains(&s.as_str())) {
            let known = SCOPES.join(", ");
            let detail = format!("`{unknown}` is not known; known are {known}");
            mistake(found, "/scopes", detail);
        }
        if !self.scopes.contains("openid") {
            mistake(found, "/scopes", "must hold `openid`");
        }
        if !self.grant_types.contains(&GrantType::AuthorizationCode) {
            mistake(found, "/grant_types", "must hold `authorization_code`");
        }
        if !(5..=LONGEST_CODE_LIFETIME).contains(&self.code_lifetime) {
            mistake(found, "/code_lifetime", "must be 5 to 600 seconds");
        }
        if !self.require_pkce && !self.confidential {
            let detail = "a public client cannot go without PKCE (RFC 7636)";
            mistake(found, "/require_pkce", detail);
        }
        let method = self.token_endpoint_auth_method;
        let place = "/token_endpoint_auth_method";
        match (self.confidential, method) {
            (true, Some(ClientAuthMethod::None)) => {
                mistake(
                    found,
                    place,
                    "`none` is for clients that are not confidential",
                );
            }
            (false, Some(method)) if method != ClientAuthMethod::None => {
                mistake(found, place, "a client that is not confidential has `none`");
            }
            _ => {}
        }
        if method == Some(ClientAuthMethod::PrivateKeyJwt)
            && self.jwks.is_none() == self.jwks_uri.is_none()
        {
            let detail =
                "private_key_jwt needs the client's keys: `jwks` or `jwks_uri`, one of them";
            mistake(found, "/jwks", detail);
        }
        let keys = self.jwks.as_ref().map(|jwks| jwks.get("keys"));
        if keys.is_some_and(|keys| keys.and_then(|k| k.as_array()).is_none_or(Vec::is_empty)) {
            mistake(
                found,
                "/jwks",
                "must be a JWK set with at least one key (RFC 7517 §5)",
            );
        }
        let hosts: BTreeSet<_> = self
            .redirect_uris
            .iter()
            .filter_map(|u| host_of(u))
            .collect();
        if self.subject_type == SubjectType::Pairwise
            && self.sector_identifier.is_none()
            && hosts.len() != 1
        {
            let detail = "pairwise subjects for redirect URIs of several hosts need a sector of their own (OpenID Connect Core §8.1)";
            mistake(found, "/sector_identifier", detail);
        }
    }

    fn check_uris(&self, found: &mut Vec<Mistake>) {
        let lists = [
            ("redirect_uris", &self.redirect_uris),
            ("post_logout_redirect_uris", &self.post_logout_redirect_uris),
        ];
        for (name, uris) in lists {
            if uris.len() > 100 {
                mistake(found, &format!("/{name}"), "holds more than 100 URIs");
            }
            for (at, uri) in uris.iter().enumerate() {
                if let Err(problem) = redirect_uri(uri, self.confidential) {
                    mistake(found, &format!("/{name}/{at}"), problem);
                }
            }
        }
    }

    fn check_forward(&self, found: &mut Vec<Mistake>) {
        if self.hosts.len() > 100 {
            mistake(found, "/hosts", "holds more than 100 hosts");
        }
        for (at, host) in self.hosts.iter().enumerate() {
            if clean_host(host).is_none() {
                let detail =
                    format!("{host:?} is no host: wiki.example.com, or wiki.example.com:8443");
                mistake(found, &format!("/hosts/{at}"), detail);
            }
        }
        for (at, rule) in self.path_rules.iter().enumerate() {
            if !is_path_pattern(&rule.path) {
                let detail = "must be a path, /health, or a path with /* at its end, /public/*";
                mistake(found, &format!("/path_rules/{at}/path"), detail);
            }
        }
        if self.bearer_clients.len() > 100 {
            mistake(found, "/bearer_clients", "holds more than 100 clients");
        }
        for (at, client) in self.bearer_clients.iter().enumerate() {
            if Slug::parse(client).is_none() {
                let detail = format!("{client:?} is no client id");
                mistake(found, &format!("/bearer_clients/{at}"), detail);
            }
        }
        let mut separator = self.group_separator.chars();
        let one = separator.next().filter(|_| separator.next().is_none());
        if one.is_none_or(|c| !matches!(c, ',' | ';' | '|' | ' ')) {
            mistake(
                found,
                "/group_separator",
                "must be one of , ; | and a blank",
            );
        }
    }
}

fn mistake(found: &mut Vec<Mistake>, pointer: &str, detail: impl Into<String>) {
    found.push(Mistake {
        pointer: pointer.to_owned(),
        detail: detail.into(),
    });
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Claims of OpenID Connect Core §2, RFC 7519 §4.1 and RFC 9068 that say who was
/// signed in, how, and for whom.
const RESERVED_CLAIMS: [&str; 17] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "jti",
    "nonce",
    "azp",
    "auth_time",
    "acr",
    "amr",
    "at_hash",
    "c_hash",
    "sid",
    "scope",
    "client_id",
];

const fn default_kind() -> ApplicationKind {
    ApplicationKind::Link
}

const fn default_access() -> AccessRule {
    AccessRule::Internal
}

const fn default_alg() -> SigningAlg {
    SigningAlg::Rs256
}

const fn default_subject() -> SubjectType {
    SubjectType::Public
}

const fn default_code_lifetime() -> u32 {
    60
}

const fn yes() -> bool {
    true
}

fn default_separator() -> String {
    ",".to_owned()
}

fn default_grants() -> BTreeSet<GrantType> {
    GrantType::ALL.iter().copied().collect()
}

fn default_scopes() -> BTreeSet<String> {
    SCOPES.iter().map(|scope| (*scope).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Application {
        let slug = Slug::parse("app").unwrap();
        Application {
            kind: ApplicationKind::Oidc,
            redirect_uris: vec!["https://app.example.com/cb".to_owned()],
            ..Application::new(slug, "App")
        }
    }

    fn places(application: &Application) -> Vec<String> {
        let mistakes = application.mistakes().into_iter();
        mistakes.map(|mistake| mistake.pointer).collect()
    }

    #[test]
    fn redirect_uris() {
        for (uri, confidential, good) in [
            ("https://app.example.com/cb", true, true),
            ("https://app.example.com/cb?x=1", true, true),
            ("http://intranet/cb", true, true),
            ("http://intranet/cb", false, false),
            ("http://127.0.0.1/cb", false, true),
            ("http://[::1]:7000/cb", false, true),
            ("com.example.app:/cb", false, true),
            ("com.example.app:/cb", true, false),
            ("https://app.example.com/cb#x", true, false),
            ("https://app.example.com/cb#", true, false),
            ("https://*.example.com/cb", true, false),
            ("/cb", true, false),
            ("//app.example.com/cb", true, false),
            ("javascript:alert(1)", true, false),
            ("javascript:alert(1)", false, false),
            ("data:text/html,x", false, false),
            ("https://user@app.example.com/cb", true, false),
            ("https://app.example.com/c b", true, false),
            ("https://app.example.com/\r\nx", true, false),
            ("", true, false),
        ] {
            assert_eq!(redirect_uri(uri, confidential).is_ok(), good, "{uri}");
        }
    }

    #[test]
    fn a_client_without_mistakes_has_none() {
        assert_eq!(client().mistakes(), []);
        let slug = Slug::parse("wiki").unwrap();
        assert_eq!(Application::new(slug, "Wiki").mistakes(), []);
    }

    #[test]
    fn every_mistake_has_its_place() {
        type Change = fn(&mut Application);
        let cases: [(Change, &str); 18] = [
            (|a| a.name = " ".to_owned(), "/name"),
            (|a| a.redirect_uris.clear(), "/redirect_uris"),
            (|a| a.redirect_uris.push("x".to_owned()), "/redirect_uris/1"),
            (
                |a| a.launch_url = Some("javascript:1".to_owned()),
                "/launch_url",
            ),
            (
                |a| a.logo_url = Some("data:image/png,x".to_owned()),
                "/logo_url",
            ),
            (
                |a| a.scopes = BTreeSet::from(["openid".to_owned(), "x".to_owned()]),
                "/scopes",
            ),
            (
                |a| a.scopes = BTreeSet::from(["email".to_owned()]),
                "/scopes",
            ),
            (|a| a.grant_types.clear(), "/grant_types"),
            (|a| a.code_lifetime = 601, "/code_lifetime"),
            (
                |a| {
                    a.confidential = false;
                    a.require_pkce = false;
                },
                "/require_pkce",
            ),
            (
                |a| a.token_endpoint_auth_method = Some(ClientAuthMethod::None),
                "/token_endpoint_auth_method",
            ),
            (
                |a| a.token_endpoint_auth_method = Some(ClientAuthMethod::PrivateKeyJwt),
                "/jwks",
            ),
            (
                |a| {
                    a.claims.insert("sub".to_owned(), "email".to_owned());
                },
                "/claims/sub",
            ),
            (
                |a| {
                    a.claims.insert("x".to_owned(), "password".to_owned());
                },
                "/claims/x",
            ),
            (
                |a| {
                    a.headers
                        .insert("Set-Cookie".to_owned(), "email".to_owned());
                },
                "/headers/Set-Cookie",
            ),
            (|a| a.hosts.push("a b".to_owned()), "/hosts/0"),
            (|a| a.group_separator = "\n".to_owned(), "/group_separator"),
            (
                |a| {
                    a.path_rules.push(PathRule {
                        path: "/../x".to_owned(),
                        access: PathAccess::Anonymous,
                    });
                },
                "/path_rules/0/path",
            ),
        ];
        for (change, place) in cases {
            let mut application = client();
            change(&mut application);
            assert_eq!(places(&application), [place]);
        }
        let mut forward = client();
        forward.kind = ApplicationKind::ForwardAuth;
        assert_eq!(places(&forward), ["/hosts"]);
        let mut pairwise = client();
        pairwise.subject_type = SubjectType::Pairwise;
        assert_eq!(places(&pairwise), [""; 0]);
        pairwise
            .redirect_uris
            .push("https://other.example.com/cb".to_owned());
        assert_eq!(places(&pairwise), ["/sector_identifier"]);
    }

    #[test]
    fn hosts_are_compared_in_one_form() {
        for (text, clean) in [
            ("Wiki.Example.COM", Some("wiki.example.com")),
            ("wiki.example.com:443", Some("wiki.example.com")),
            ("wiki.example.com:80", Some("wiki.example.com")),
            ("wiki.example.com:8443", Some("wiki.example.com:8443")),
            ("bücher.example", Some("xn--bcher-kva.example")),
            ("[::1]:8080", Some("[::1]:8080")),
            ("wiki.example.com/x", None),
            ("user@wiki.example.com", None),
            ("*.example.com", None),
            ("", None),
            ("wiki.example.com:99999", None),
            // What decoding and IDNA would make a wildcard, or another name.
            ("%2a.example.com", None),
            ("\u{ff0a}.example.com", None),
            ("wiki%2eexample.com", None),
            ("wi\tki.example.com", None),
            ("wiki.example.com;x", None),
            ("\"wiki\".example.com", None),
        ] {
            assert_eq!(clean_host(text).as_deref(), clean, "{text}");
        }
    }

    #[test]
    fn a_host_that_is_too_long_once_it_is_encoded_is_none() {
        let long = "b\u{fc}cher.".repeat(25) + "example";
        assert!(long.len() <= 255);
        assert_eq!(clean_host(&long), None);
    }

    proptest::proptest! {
        #[test]
        fn a_host_in_its_form_stays(text in "(\\PC|[a-z0-9.:%*_-]){0,40}") {
            if let Some(clean) = clean_host(&text) {
                proptest::prop_assert_eq!(clean_host(&clean), Some(clean));
            }
        }
    }

    #[test]
    fn the_defaults_are_those_of_the_shortest_body() {
        let short: Application =
            serde_json::from_str(r#"{"slug": "wiki", "name": "Wiki"}"#).unwrap();
        assert_eq!(
            short,
            Application::new(Slug::parse("wiki").unwrap(), "Wiki")
        );
        assert!(
            serde_json::from_str::<Application>(r#"{"slug": "a", "name": "A", "x": 1}"#).is_err()
        );
    }
}
