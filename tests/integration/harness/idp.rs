//! Identity providers that the forge plays.

use std::io::Read as _;
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use serde_json::{Value, json};

use super::{Answer, Browser, Forge, Person, Scene, Server, now};
use crate::support::forge::idp_metadata;
use crate::support::keys::{self, Key};

/// An identity provider.
#[derive(Clone)]
pub struct Idp {
    /// The provider's name at the gateway.
    pub slug: String,
    /// The entity ID.
    pub entity_id: String,
    /// Where `AuthnRequest`s go.
    pub sso_url: String,
    /// The signing key.
    pub key: &'static Key,
}

/// An `AuthnRequest` on its way.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Its ID.
    pub request_id: String,
    /// Its RelayState.
    pub relay_state: Option<String>,
    /// Its XML.
    pub request: String,
}

/// How a login ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The ACS's own answer.
    pub acs: Answer,
    /// The page at which the browser arrived.
    pub last: Answer,
    /// Who is signed in now.
    pub me: Option<Value>,
}

impl Outcome {
    /// The user, who must be signed in.
    pub fn user(&self) -> &Value {
        self.me.as_ref().unwrap_or_else(|| {
            panic!(
                "nobody is signed in; the ACS answered {}, the last page {} at {}:\n{}",
                self.acs.status, self.last.status, self.last.url, self.last.body
            )
        })
    }

    /// Nobody may be signed in, and the page must be calm. Its reference.
    pub fn refused(&self) -> String {
        assert!(self.me.is_none(), "signed in: {:?}", self.me);
        refused(&self.last)
    }
}

/// The answer must be a page that refuses, and say nothing of the inside. Its
/// reference.
pub fn refused(answer: &Answer) -> String {
    assert!(
        matches!(answer.status, 400 | 403 | 413),
        "status {} at {}:\n{}",
        answer.status,
        answer.url,
        answer.body
    );
    let reference = answer
        .reference()
        .unwrap_or_else(|| panic!("no reference on the page:\n{}", answer.body));
    for inside in ["saml.", "xml.", "panicked", "src/", "Error {", "backtrace"] {
        assert!(
            !answer.body.contains(inside),
            "the page speaks of {inside:?}:\n{}",
            answer.body
        );
    }
    reference
}

impl Idp {
    /// The ordinary IdP.
    pub fn new() -> Self {
        Self {
            slug: "okta".to_owned(),
            entity_id: "https://idp.example.com/entity".to_owned(),
            sso_url: "https://idp.example.com/sso".to_owned(),
            key: keys::idp(),
        }
    }

    /// Another IdP, with another key.
    pub fn other() -> Self {
        Self {
            slug: "other".to_owned(),
            entity_id: "https://other-idp.example.net/entity".to_owned(),
            sso_url: "https://other-idp.example.net/sso?idpid=C01".to_owned(),
            key: keys::other_idp(),
        }
    }

    /// Its metadata.
    pub fn metadata(&self) -> String {
        idp_metadata(
            &self.entity_id,
            &self.sso_url.replace('&', "&amp;"),
            &[&self.key.certificate_base64()],
        )
    }

    /// The provider as the API takes it.
    pub fn provider(&self) -> Value {
        json!({
            "slug": self.slug,
            "kind": "saml",
            "label": "SSO Login",
            "allowed_domains": ["example.com"],
            "saml": { "metadata_xml": self.metadata() },
        })
    }

    /// Makes the provider.
    pub async fn register(&self, server: &Server) -> Value {
        self.register_with(server, json!({})).await
    }

    /// Makes the provider with other settings.
    pub async fn register_with(&self, server: &Server, settings: Value) -> Value {
        let mut provider = self.provider();
        merge(&mut provider, settings);
        server
            .api()
            .expect("POST", "/api/v1/providers", Some(&provider), 201)
            .await
    }

    /// Where the gateway takes its answers.
    pub fn acs(&self) -> String {
        format!("/saml/{}/acs", self.slug)
    }

    /// The browser starts a login; what arrives here.
    pub async fn start(&self, browser: &mut Browser) -> SignIn {
        self.start_at(browser, &format!("/saml/{}/login", self.slug))
            .await
    }

    /// The same from another address of the gateway.
    pub async fn start_at(&self, browser: &mut Browser, address: &str) -> SignIn {
        let first = browser.click(address).await;
        let answer = browser.follow(first).await;
        assert_eq!(answer.status, 302, "{}", answer.body);
        let location = answer.location.unwrap();
        assert!(location.starts_with(&self.sso_url), "{location}");
        SignIn::from_redirect(&location)
    }

    /// The circumstances of the answer to this request.
    pub fn scene(&self, server: &Server, sign_in: &SignIn, person: &Person) -> Scene {
        static SERIAL: AtomicU32 = AtomicU32::new(1);
        Scene {
            idp_entity_id: self.entity_id.clone(),
            idp_key: self.key,
            sp_entity_id: format!("{}/saml/{}/metadata", server.url, self.slug),
            acs_url: format!("{}{}", server.url, self.acs()),
            request_id: sign_in.request_id.clone(),
            now: now(),
            serial: SERIAL.fetch_add(1, Ordering::SeqCst),
            person: person.clone(),
            canary: "http://127.0.0.1:9/canary".to_owned(),
        }
    }

    /// The browser brings an answer, whatever it is, and goes where it is
    /// sent.
    pub async fn answer(&self, browser: &mut Browser, sign_in: &SignIn, field: &str) -> Outcome {
        let mut form = vec![("SAMLResponse", field)];
        if let Some(relay_state) = &sign_in.relay_state {
            form.push(("RelayState", relay_state));
        }
        self.answer_with(browser, &form).await
    }

    /// The same with any form.
    pub async fn answer_with(&self, browser: &mut Browser, form: &[(&str, &str)]) -> Outcome {
        let acs = browser.submit_elsewhere(&self.acs(), form).await;
        let last = browser.follow(acs.clone()).await;
        let me = browser.me().await;
        Outcome { acs, last, me }
    }

    /// A whole login.
    pub async fn login(&self, server: &Server, browser: &mut Browser, person: &Person) -> Outcome {
        self.login_as(server, browser, person, |_| {}).await
    }

    /// Somebody called `name` who has a role, or none, and has signed in with it:
    /// the browser, and the user's id.
    pub async fn signed_in_with(
        &self,
        server: &Server,
        name: &str,
        role: Option<&str>,
    ) -> (Browser, String) {
        let mut browser = Browser::new(server);
        let person = Person::named(name);
        let outcome = self.login(server, &mut browser, &person).await;
        let id = outcome.user()["id"].as_str().unwrap().to_owned();
        if let Some(role) = role {
            let path = format!("/api/v1/users/{id}");
            let roles = json!({ "roles": [role] });
            server.api().expect("PATCH", &path, Some(&roles), 200).await;
            // The change has ended the session.
            self.login(server, &mut browser, &person).await.user();
        }
        (browser, id)
    }

    /// A whole login with the answer changed before it is signed.
    pub async fn login_as(
        &self,
        server: &Server,
        browser: &mut Browser,
        person: &Person,
        change: impl FnOnce(&mut Forge),
    ) -> Outcome {
        let sign_in = self.start(browser).await;
        let mut forge = self.scene(server, &sign_in, person).forge();
        change(&mut forge);
        self.answer(browser, &sign_in, &forge.base64()).await
    }
}

impl SignIn {
    /// Reads an `AuthnRequest` by HTTP-Redirect.
    pub fn from_redirect(location: &str) -> Self {
        let url = url::Url::parse(location).unwrap();
        let parameter = |name: &str| {
            let mut values = url.query_pairs().filter(|(n, _)| n == name);
            let value = values.next().map(|(_, value)| value.into_owned());
            assert!(values.next().is_none(), "{name} twice: {location}");
            value
        };
        let deflated = STANDARD.decode(parameter("SAMLRequest").unwrap()).unwrap();
        let mut request = String::new();
        DeflateDecoder::new(&deflated[..])
            .read_to_string(&mut request)
            .unwrap();
        Self::from_request(request, parameter("RelayState"))
    }

    /// Reads an `AuthnRequest` as XML.
    pub fn from_request(request: String, relay_state: Option<String>) -> Self {
        let at = request.find(" ID=\"").unwrap() + 5;
        let request_id = request[at..].split('"').next().unwrap().to_owned();
        Self {
            request_id,
            relay_state,
            request,
        }
    }
}

/// JSON Merge Patch (RFC 7396).
pub fn merge(target: &mut Value, patch: Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (key, value) in patch {
                if value.is_null() {
                    target.remove(&key);
                } else {
                    merge(target.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (target, patch) => *target = patch,
    }
}
