//! Google, Microsoft, Webex and others, imitated for tests over real HTTP on a
//! port of their own.
//!
//! They check the client as the real ones do (client id and secret, exact
//! redirect URI, PKCE, one use of a code), so that a client that does it wrongly
//! fails; they remember what they were asked; and they answer wrongly on demand
//! ([`Fault`]).

mod claims;
mod endpoints;
mod fault;
mod jwt;
mod person;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;

pub use fault::{Endpoint, Fault, Wrong};
pub use jwt::{Algorithm, SigningKey};
pub use person::Person;

/// The client id that every imitation knows.
pub const CLIENT_ID: &str = "doorward-client";
/// Its secret: with characters that must be percent-encoded in `Authorization:
/// Basic` (RFC 6749 §2.3.1).
pub const CLIENT_SECRET: &str = "s3cret+with/odd:chars%20";

/// Microsoft's tenant of the company in most tests.
pub const TENANT: &str = "11111111-aaaa-4bbb-8ccc-222222222222";
/// Another company's tenant at Microsoft.
pub const FOREIGN_TENANT: &str = "99999999-dddd-4eee-8fff-888888888888";

/// Whom the imitation imitates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Google's OpenID provider.
    Google,
    /// Microsoft Entra ID v2.0, all tenants at one origin.
    Microsoft,
    /// Webex: OAuth 2.0 with `people/me`.
    Webex,
    /// Plain OAuth 2.0 with a userinfo endpoint and no ID token.
    OAuth2,
    /// Any OpenID provider.
    Oidc,
}

/// Which `iss` the tokens carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// The imitation's own address.
    Local,
    /// The vendor's own.
    Vendor,
    /// This text. `{tenantid}` stands for the person's tenant.
    Text(String),
}

/// What an endpoint was asked.
#[derive(Clone, Debug)]
pub struct Call {
    /// Which one.
    pub endpoint: Endpoint,
    /// The query's or the form's parameters.
    pub parameters: BTreeMap<String, String>,
    /// The `Authorization` header.
    pub authorization: Option<String>,
}

/// A code that was given out.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub person: String,
    pub redirect_uri: String,
    pub scope: BTreeSet<String>,
    pub nonce: Option<String>,
    pub challenge: String,
    pub tenant: String,
    pub used: bool,
}

pub(crate) struct State {
    pub kind: Kind,
    pub url: String,
    pub issuer: Issuer,
    pub redirect_uris: BTreeSet<String>,
    pub people: BTreeMap<String, Person>,
    pub grants: HashMap<String, Grant>,
    /// Access token → person, scope.
    pub tokens: HashMap<String, (String, BTreeSet<String>)>,
    pub faults: Vec<Fault>,
    pub algorithm: Algorithm,
    pub keys: Vec<SigningKey>,
    pub calls: Vec<Call>,
    /// Seconds by which the imitation's clock is fast.
    pub clock: i64,
    /// Whether answers carry `iss` (RFC 9207).
    pub sends_iss: bool,
    /// How clients authenticate: `client_secret_post`, `client_secret_basic`.
    pub client_auth: Vec<&'static str>,
    pub serial: u64,
}

pub(crate) type Shared = Arc<Mutex<State>>;

/// A running imitation. It ends when it is dropped.
pub struct Vendor {
    /// Its origin.
    pub url: String,
    state: Shared,
    client: reqwest::Client,
    task: JoinHandle<()>,
}

impl Vendor {
    /// Starts one on a free port.
    #[expect(
        clippy::disallowed_methods,
        reason = "the test is the outside; platform::http is the gateway's way out"
    )]
    pub async fn start(kind: Kind) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = State {
            kind,
            url: url.clone(),
            issuer: Issuer::Local,
            redirect_uris: BTreeSet::new(),
            people: BTreeMap::new(),
            grants: HashMap::new(),
            tokens: HashMap::new(),
            faults: Vec::new(),
            algorithm: Algorithm::Rs256,
            keys: vec![SigningKey::first_rsa(), SigningKey::first_ec()],
            calls: Vec::new(),
            clock: 0,
            sends_iss: false,
            client_auth: vec!["client_secret_post", "client_secret_basic"],
            serial: 0,
        };
        let state = Arc::new(Mutex::new(state));
        let router = endpoints::router(Arc::clone(&state));
        let task = tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .no_proxy()
            .build()
            .unwrap();
        Self {
            url,
            state,
            client,
            task,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Registers the gateway's callback for this provider.
    pub fn allow(&self, gateway: &str, slug: &str) -> &Self {
        let callback = format!("{gateway}/oauth/{slug}/callback");
        self.lock().redirect_uris.insert(callback);
        self
    }

    /// Adds a person, or changes one.
    pub fn add(&self, person: Person) -> &Self {
        self.lock().people.insert(person.subject.clone(), person);
        self
    }

    /// Lets it answer wrongly from now on.
    pub fn fail(&self, fault: Fault) -> &Self {
        self.lock().faults.push(fault);
        self
    }

    /// Lets it answer rightly again.
    pub fn heal(&self) -> &Self {
        self.lock().faults.clear();
        self
    }

    /// Changes the `iss` of its tokens.
    pub fn set_issuer(&self, issuer: Issuer) -> &Self {
        self.lock().issuer = issuer;
        self
    }

    /// Signs with this algorithm from now on.
    pub fn set_algorithm(&self, algorithm: Algorithm) -> &Self {
        self.lock().algorithm = algorithm;
        self
    }

    /// Sets its clock fast (negative: slow) by this many seconds.
    pub fn set_clock(&self, seconds: i64) -> &Self {
        self.lock().clock = seconds;
        self
    }

    /// Sends `iss` with its answers (RFC 9207), and says so in discovery.
    pub fn send_iss(&self) -> &Self {
        self.lock().sends_iss = true;
        self
    }

    /// Takes only this way of client authentication.
    pub fn set_client_auth(&self, method: &'static str) -> &Self {
        self.lock().client_auth = vec![method];
        self
    }

    /// Replaces its keys by new ones; the old ones are gone from the JWKS.
    pub fn rotate_keys(&self) -> &Self {
        let mut state = self.lock();
        state.serial += 1;
        let serial = state.serial;
        state.keys = vec![SigningKey::new_rsa(serial), SigningKey::new_ec(serial)];
        drop(state);
        self
    }

    /// Any claims, signed as its ID tokens are.
    pub fn signed(&self, claims: &Value) -> String {
        self.lock().sign(claims)
    }

    /// What it was asked so far.
    pub fn calls(&self, endpoint: Endpoint) -> Vec<Call> {
        let state = self.lock();
        let of_it = state.calls.iter().filter(|call| call.endpoint == endpoint);
        of_it.cloned().collect()
    }

    /// Stops answering: connections are refused.
    pub async fn stop(&mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }

    /// A person at the vendor's page, whither the gateway sent the browser.
    /// Where the vendor sends the browser back to.
    ///
    /// # Panics
    /// When the vendor refuses the request with a page of its own.
    pub async fn sign_in(&self, location: &str, person: &str) -> String {
        match self.visit(location, person).await {
            (_, Some(back), _) => back,
            (status, None, page) => panic!("{location}: {status} {page}"),
        }
    }

    /// The same, whatever comes: status, `Location`, page.
    pub async fn visit(&self, location: &str, person: &str) -> (u16, Option<String>, String) {
        let answer = self
            .client
            .get(location)
            .header("cookie", format!("person={person}"))
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let back = answer.headers().get("location");
        let back = back.map(|value| value.to_str().unwrap().to_owned());
        (status, back, answer.text().await.unwrap())
    }

    /// The provider as the API takes it, found by discovery at the imitation's
    /// own address (not for OAuth 2.0 and Webex, which have none).
    pub fn provider(&self, slug: &str) -> Value {
        let mut provider = self.bare_provider(slug);
        let oauth = &mut provider["oauth"];
        let kind = self.lock().kind;
        match kind {
            Kind::Google | Kind::Oidc => oauth["issuer"] = json!(self.url),
            Kind::Microsoft => {
                oauth["issuer"] = json!(format!("{}/{TENANT}/v2.0", self.url));
            }
            Kind::Webex | Kind::OAuth2 => {
                if kind == Kind::OAuth2 {
                    oauth["scopes"] = json!(["read_user"]);
                }
                for (key, value) in self.endpoints(TENANT) {
                    oauth[key] = value;
                }
            }
        }
        provider
    }

    /// The provider with the vendor's own issuer, and the endpoints here: no
    /// discovery takes place.
    pub fn pinned_provider(&self, slug: &str, tenant: &str) -> Value {
        let mut provider = self.bare_provider(slug);
        for (key, value) in self.endpoints(tenant) {
            provider["oauth"][key] = value;
        }
        if self.lock().kind == Kind::Microsoft {
            provider["oauth"]["tenant"] = json!(tenant);
        }
        provider
    }

    fn bare_provider(&self, slug: &str) -> Value {
        let kind = match self.lock().kind {
            Kind::Google => "google",
            Kind::Microsoft => "microsoft",
            Kind::Webex => "webex",
            Kind::OAuth2 => "oauth2",
            Kind::Oidc => "oidc",
        };
        json!({
            "slug": slug,
            "kind": kind,
            "label": "SSO Login",
            "allowed_domains": ["example.com"],
            "oauth": { "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET },
        })
    }

    /// The endpoints, by the keys of the provider's settings.
    pub fn endpoints(&self, tenant: &str) -> Vec<(&'static str, Value)> {
        endpoints::addresses(&self.lock(), tenant)
            .into_iter()
            .map(|(key, url)| (key, json!(url)))
            .collect()
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl State {
    pub(crate) fn has(&self, fault: &Fault) -> bool {
        self.faults.contains(fault)
    }

    pub(crate) fn wrong(&self, endpoint: Endpoint) -> Option<Wrong> {
        self.faults.iter().find_map(|fault| match fault {
            Fault::At(at, wrong) if *at == endpoint => Some(wrong.clone()),
            _ => None,
        })
    }

    pub(crate) fn now(&self) -> i64 {
        doorward::domain::Clock::System.now().millis() / 1000 + self.clock
    }
}

/// A random text for codes and tokens.
pub(crate) fn random() -> String {
    doorward::domain::Entropy::System.base64url::<24>()
}
