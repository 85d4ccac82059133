//! The portal against a real embedded database.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::middleware::from_fn_with_state;
use http_body_util::BodyExt as _;
use scraper::{Html, Selector};
use tower::ServiceExt as _;
use url::Url;

use super::*;
use crate::directory::Actor;
use crate::directory::providers::{ManagedBy, Save};
use crate::directory::reconcile::Mode;
use crate::directory::signing_keys::SigningKeys;
use crate::domain::{
    Channel, Clock, Entropy, ExternalIdentity, Field, Observation, Profile, Provider, Slug, User,
};
use crate::login::password::AccountsSettings;
use crate::login::saml::source::MetadataSource;
use crate::platform::crypto::{MasterKeys, Sealer};
use crate::platform::http::Outbound;
use crate::platform::mail::Outbox;
use crate::platform::storage::{Db, StorageError};
use crate::platform::web::{KitSettings, secure};
use crate::sessions::Lifetimes;
use crate::sessions::layer::{SessionState, session};
use crate::sessions::rows::{SignedIn, begin};

struct App {
    state: PortalState,
    router: Router,
    _folder: tempfile::TempDir,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn location(&self) -> &str {
        self.headers
            .get(header::LOCATION)
            .map_or("", |v| v.to_str().unwrap())
    }

    fn cookies(&self) -> Vec<&str> {
        self.headers
            .get_all(header::SET_COOKIE)
            .iter()
            .map(|v| v.to_str().unwrap())
            .collect()
    }

    fn all(&self, css: &str, attribute: &str) -> Vec<String> {
        Html::parse_document(&self.body)
            .select(&Selector::parse(css).unwrap())
            .map(|e| e.attr(attribute).unwrap_or_default().to_owned())
            .collect()
    }

    fn csrf(&self) -> String {
        self.all("input[name=csrf]", "value").remove(0)
    }

    #[track_caller]
    fn leads_to(&self, target: &str) {
        assert_eq!(
            (self.status.as_u16(), self.location()),
            (303, target),
            "{}",
            self.body
        );
    }
}

impl App {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doorward.db");
        let db = Db::open(&format!("sqlite://{}", path.display()))
            .await
            .unwrap();
        let (clock, entropy) = (Clock::System, Entropy::System);
        let kit = Kit::new(KitSettings::new(
            Url::parse("http://localhost:8080").unwrap(),
        ));
        let lifetimes = Lifetimes {
            lifetime: 3600,
            idle: 600,
            enforce_validity: true,
        };
        let sessions = Sessions::new(db.clone(), clock.clone(), entropy.clone(), lifetimes);
        let defaults = Settings {
            allowed_domains: vec![],
            home_realm_discovery: true,
            password_login: true,
            passkeys: true,
        };
        let directory = Directory::new(db, clock, entropy);
        let keys = MasterKeys::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        let sealer = Arc::new(Sealer::new(&keys, Entropy::System).unwrap());
        let outbound = Outbound::new(true).unwrap();
        let passkeys = Passkeys::new(
            directory.clone(),
            sessions.clone(),
            kit.clone(),
            defaults.clone(),
            [7; 32],
            Outbox::new(Arc::clone(&sealer), "Doorward", kit.origin(), true),
        );
        let state = PortalState {
            signing: SigningKeys::new(directory.clone(), Arc::clone(&sealer)),
            passkeys,
            accounts: Accounts::new(AccountsSettings {
                directory: directory.clone(),
                sessions: sessions.clone(),
                kit: kit.clone(),
                defaults: defaults.clone(),
                outbox: Outbox::new(Arc::clone(&sealer), "Doorward", kit.origin(), true),
                device_key: zeroize::Zeroizing::new([7; 32]),
                rate_limits: true,
            }),
            kit: kit.clone(),
            sessions: sessions.clone(),
            upstream: std::sync::Arc::new(|_| Box::pin(async { None })),
            defaults,
            providers: Providers {
                sealer,
                metadata: MetadataSource::new(directory.clone(), outbound.clone()),
                outbound,
                origin: kit.origin().to_owned(),
                directory: directory.clone(),
            },
            directory,
            limits: true,
        };
        let around = SessionState {
            kit: kit.clone(),
            sessions,
        };
        let inner = router(state.clone()).layer(from_fn_with_state(around, session));
        Self {
            state,
            router: secure(inner, &kit),
            _folder: folder,
        }
    }

    async fn provider(&self, slug: &str, domains: &[&str], enabled: bool) {
        let provider: Provider = serde_json::from_value(serde_json::json!({
            "slug": slug, "kind": "saml", "label": format!("Sign in with {slug}"),
            "enabled": enabled, "allowed_domains": domains, "saml": {},
        }))
        .unwrap();
        let save = Save {
            provider,
            secrets: String::new(),
            metadata: None,
            over: None,
            managed_by: ManagedBy::Api,
        };
        self.state
            .directory
            .save_provider(save, Actor::CommandLine)
            .await
            .unwrap();
    }

    async fn user(&self, name: &str) -> User {
        let profile = Profile::default()
            .with(Field::Name, name)
            .with(Field::Department, "Engines <&>")
            .with(Field::Email, format!("{}@example.com", name.to_lowercase()))
            .with(Field::PhotoUrl, "https://elsewhere.example/photo.png")
            .with(
                Field::ExtensionAttributes,
                r#"{"extensionAttribute1":"Building 7"}"#,
            );
        let mut observation = Observation::new(Channel::Manual, profile);
        observation.identity = Some(ExternalIdentity {
            provider: Slug::parse("okta").unwrap(),
            issuer: "https://idp.example.com".to_owned(),
            subject: format!("{name}-at-okta"),
        });
        self.state
            .directory
            .observe(observation, Actor::CommandLine, Mode::Apply)
            .await
            .unwrap()
            .user
    }

    /// Signs a user in; the cookie.
    async fn sign_in(&self, user: &User, user_agent: &str) -> String {
        let okta = Slug::parse("okta").unwrap();
        let now = self.state.kit.now();
        let mut signed_in = SignedIn::through(&user.id, &okta, None, now);
        user_agent.clone_into(&mut signed_in.user_agent);
        let lifetimes = self.state.sessions.lifetimes;
        let begun = self
            .state
            .sessions
            .db
            .write(move |tx| {
                let signed_in = signed_in.clone();
                Box::pin(async move {
                    begin(tx, &signed_in, lifetimes, None, now, &Entropy::System).await
                })
            })
            .await
            .map_err(|e: StorageError| e)
            .unwrap();
        format!("doorward={}", begun.secret)
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    async fn get(&self, uri: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn post(&self, uri: &str, cookie: &str, csrf: &str) -> Answer {
        let request = Request::post(uri)
            .header("cookie", cookie)
            .header("origin", "http://localhost:8080")
            .header("content-type", "application/x-www-form-urlencoded");
        let body = serde_urlencoded::to_string([("csrf", csrf)]).unwrap();
        self.send(request.body(Body::from(body)).unwrap()).await
    }
}

#[tokio::test]
async fn one_provider_is_no_choice() {
    let app = App::new().await;
    let none = app.get("/login", &[]).await;
    assert_eq!(none.status, 200);
    assert_eq!(none.all("form", "action"), ["/login/password"]);

    app.provider("okta", &["example.com"], true).await;
    app.provider("old", &["example.org"], false).await;
    app.get("/", &[]).await.leads_to("/login");
    app.get("/login", &[]).await.leads_to("/saml/okta/login");
    app.get("/login?rd=/wiki?a%3D1%26b", &[])
        .await
        .leads_to("/saml/okta/login?rd=%2Fwiki%3Fa%3D1%26b");
    // What is not safe, or goes in circles, is forgotten.
    for rd in [
        "//evil.com",
        "https://evil.com/",
        "javascript:alert(1)",
        "/logout",
        "/login?rd=/login",
    ] {
        app.get(&format!("/login?rd={rd}"), &[])
            .await
            .leads_to("/saml/okta/login");
    }
    // Neither who has just signed out nor who wants another account is sent on.
    let page = app
        .get("/login", &[("cookie", "doorward-signed-out=1")])
        .await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("You are signed out."));
    assert_eq!(page.all("a.button", "href"), ["/saml/okta/login"]);
    let page = app.get("/login?choose=1", &[]).await;
    assert_eq!(page.status, 200);

    app.get("/login?provider=okta&rd=/x", &[])
        .await
        .leads_to("/saml/okta/login?rd=%2Fx");
    for slug in ["old", "nope", "../x", ""] {
        let page = app.get(&format!("/login?provider={slug}"), &[]).await;
        assert_eq!(page.status, 404, "{slug}");
    }
    assert_eq!(app.get("/login?rd=/a&rd=/b", &[]).await.status, 400);
}

#[tokio::test]
async fn several_providers_are_offered_and_found_by_address() {
    let app = App::new().await;
    app.provider("okta", &["example.com"], true).await;
    app.provider("entra", &["*.example.org"], true).await;
    app.provider("off", &["example.net"], false).await;

    let page = app.get("/login?rd=/wiki", &[]).await;
    assert_eq!(page.status, 200);
    let hrefs = [
        "/saml/okta/login?rd=%2Fwiki",
        "/saml/entra/login?rd=%2Fwiki",
    ];
    assert_eq!(page.all("a.button", "href"), hrefs);
    for form in ["/login", "/login/password"] {
        let inside = |name: &str| format!("form[action='{form}'] input[name={name}]");
        assert_eq!(page.all(&inside("rd"), "value"), ["/wiki"]);
        assert_eq!(page.all(&inside("email"), "type"), ["email"]);
    }
    let csp = page.headers["content-security-policy"].to_str().unwrap();
    assert!(csp.contains("form-action 'self' https: http:"), "{csp}");
    assert!(!page.body.contains("Last used"));

    let page = app
        .get(
            "/login",
            &[("cookie", "doorward-last=entra"), ("accept-language", "de")],
        )
        .await;
    assert_eq!(
        page.all("a.button", "href"),
        ["/saml/entra/login", "/saml/okta/login"]
    );
    assert!(page.body.contains("Zuletzt verwendet"));

    app.get("/login?email=ADA%40Example.com&rd=/wiki", &[])
        .await
        .leads_to("/saml/okta/login?rd=%2Fwiki");
    app.get("/login?email=ada%40a.b.example.org", &[])
        .await
        .leads_to("/saml/entra/login");
    for (address, problem) in [
        ("ada%40example.net", "know a sign-in for this address"),
        ("ada", "look like an e-mail address"),
        ("%22%3E%3Cscript%3E", "look like an e-mail address"),
    ] {
        let page = app.get(&format!("/login?email={address}"), &[]).await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains(problem), "{address}");
        assert!(!page.body.contains("\"><script>"));
    }
}

#[tokio::test]
async fn who_is_signed_in_goes_where_they_wanted() {
    let app = App::new().await;
    app.provider("okta", &["example.com"], true).await;
    let ada = app.user("Ada").await;
    let cookie = app.sign_in(&ada, "Firefox/1 Linux").await;
    let cookie = &[("cookie", cookie.as_str())];
    app.get("/", cookie).await.leads_to("/account");
    app.get("/login", cookie).await.leads_to("/account");
    app.get("/login?rd=/wiki", cookie).await.leads_to("/wiki");
    app.get("/login?rd=//evil.com", cookie)
        .await
        .leads_to("/account");
    assert_eq!(app.get("/login?choose=1", cookie).await.status, 200);
    app.get("/account", &[("cookie", "doorward=forged")])
        .await
        .leads_to("/login?rd=%2Faccount");
}

#[tokio::test]
async fn what_an_application_wants_goes_on_to_the_provider() {
    let app = App::new().await;
    app.provider("okta", &["example.com"], true).await;
    let ada = app.user("Ada").await;
    let cookie = app.sign_in(&ada, "Firefox/1 Linux").await;
    for cookie in [&[("cookie", cookie.as_str())][..], &[]] {
        app.get("/login?prompt=login&rd=/wiki", cookie)
            .await
            .leads_to("/saml/okta/login?rd=%2Fwiki&prompt=login");
        app.get("/login?prompt=select_account", cookie)
            .await
            .leads_to("/saml/okta/login?prompt=select_account");
        let page = app.get("/login?prompt=login&choose=1", cookie).await;
        assert_eq!(
            page.all("a.button", "href"),
            ["/saml/okta/login?prompt=login"]
        );
        assert!(page.body.contains("sign in again"), "{}", page.body);
    }
    // Other words want nothing.
    let cookie = &[("cookie", cookie.as_str())];
    for word in ["none", "consent", "Login", ""] {
        app.get(&format!("/login?prompt={word}"), cookie)
            .await
            .leads_to("/account");
    }
    // An address that an application expects is routed, or filled in.
    app.provider("entra", &["example.org"], true).await;
    app.get("/login?login_hint=ada%40example.org&prompt=login", &[])
        .await
        .leads_to("/saml/entra/login?prompt=login");
    let page = app.get("/login?login_hint=ada%40example.net", &[]).await;
    assert_eq!(page.all("#password-email", "value"), ["ada@example.net"]);
    for hint in ["ada", "a%40b%E2%80%AEc", &"a".repeat(300)] {
        let page = app.get(&format!("/login?login_hint={hint}"), &[]).await;
        assert_eq!(page.all("#password-email", "value"), [""], "{hint}");
    }
}

#[tokio::test]
async fn the_account_shows_what_is_known() {
    let app = App::new().await;
    app.provider("okta", &["example.com"], true).await;
    let ada = app.user("Ada").await;
    let cookie = app
        .sign_in(&ada, "Mozilla/5.0 (X11; Linux) Firefox/1")
        .await;
    let page = app.get("/account", &[("cookie", &cookie)]).await;
    assert_eq!(page.status, 200);
    for shown in [
        "Ada",
        "ada@example.com",
        "Engines &#60;&#38;&#62;",
        "extensionAttribute1",
        "Building 7",
        "Sign in with okta",
        "Ada-at-okta",
        "Firefox on Linux",
        "This device",
        "entered by your IT team",
    ] {
        assert!(page.body.contains(shown), "no {shown} in {}", page.body);
    }
    assert!(!page.body.contains("photo.png"));
    assert_eq!(page.headers["cache-control"], "no-store");
    let secret = cookie.split_once('=').unwrap().1;
    assert!(!page.body.contains(secret));
}

#[tokio::test]
async fn devices_are_signed_out_one_by_one_or_all() {
    let app = App::new().await;
    let ada = app.user("Ada").await;
    let here = app.sign_in(&ada, "Firefox/1 Linux").await;
    let phone = app.sign_in(&ada, "CriOS/1 iPhone").await;
    let desk = app.sign_in(&ada, "Edg/1 Windows").await;
    let grace = app.user("Grace").await;
    let foreign = app.sign_in(&grace, "Safari/1 Macintosh").await;
    let alive = async |cookie: &str| app.get("/account", &[("cookie", cookie)]).await.status == 200;

    let page = app.get("/account", &[("cookie", &here)]).await;
    let csrf = page.csrf();
    let forms = page.all("form[action^='/account/sessions/']", "action");
    // One for each of the two others, and one for both.
    assert_eq!(forms.len(), 3);

    // A wrong token, or another session's, ends nothing.
    let others = app.get("/account", &[("cookie", &foreign)]).await.csrf();
    for wrong in ["", "x", &others] {
        let answer = app.post(&forms[0], &here, wrong).await;
        assert_eq!(answer.status, 403);
    }
    assert!(alive(&phone).await && alive(&desk).await);

    // Nobody ends a stranger's session, even with its key.
    let page = app.get("/account", &[("cookie", &here)]).await;
    let stolen = &app.state.sessions.of_user(&grace.id).await.unwrap()[0].id_hash;
    app.post(&format!("/account/sessions/{stolen}/end"), &here, &csrf)
        .await
        .leads_to("/account?done=unknown");
    assert!(alive(&foreign).await);

    // One of the two: they may have begun in the same millisecond.
    let end = &page.all("form[action^='/account/sessions/']", "action")[0];
    app.post(end, &here, &csrf)
        .await
        .leads_to("/account?done=ended");
    assert!(alive(&here).await && alive(&phone).await != alive(&desk).await);
    app.post("/account/sessions/others/end", &here, &csrf)
        .await
        .leads_to("/account?done=others-ended");
    assert!(alive(&here).await && alive(&foreign).await);
    assert!(!alive(&phone).await && !alive(&desk).await);
    let page = app
        .get("/account?done=others-ended", &[("cookie", &here)])
        .await;
    assert!(page.body.contains("All your other devices are signed out."));
    app.post("/account/sessions/others/end", "doorward=x", &csrf)
        .await
        .leads_to("/login?rd=%2Faccount");
}

#[tokio::test]
async fn signing_out() {
    let app = App::new().await;
    app.provider("okta", &["example.com"], true).await;
    let ada = app.user("Ada").await;

    for site in ["same-origin", "none"] {
        let cookie = app.sign_in(&ada, "").await;
        let answer = app
            .get("/logout", &[("cookie", &cookie), ("sec-fetch-site", site)])
            .await;
        answer.leads_to("/signed-out");
        assert!(
            answer
                .cookies()
                .contains(&"doorward=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
        );
        app.get("/account", &[("cookie", &cookie)])
            .await
            .leads_to("/login?rd=%2Faccount");
    }

    let cookie = app.sign_in(&ada, "").await;
    let mut csrf = String::new();
    for site in [&[][..], &[("sec-fetch-site", "cross-site")]] {
        let mut headers = vec![("cookie", cookie.as_str())];
        headers.extend(site);
        let page = app.get("/logout", &headers).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.all("main form button", "type").len(), 1);
        csrf = page.csrf();
    }
    assert_eq!(app.post("/logout", &cookie, "wrong").await.status, 403);
    assert_eq!(
        app.get("/account", &[("cookie", &cookie)]).await.status,
        200
    );
    app.post("/logout", &cookie, &csrf)
        .await
        .leads_to("/signed-out");
    app.get("/", &[("cookie", &cookie)])
        .await
        .leads_to("/login");

    // Signing out twice hurts nobody.
    app.post("/logout", &cookie, &csrf)
        .await
        .leads_to("/signed-out");
    app.get("/logout", &[]).await.leads_to("/signed-out");
    let page = app.get("/signed-out", &[]).await;
    assert_eq!(page.all("main a.button", "href"), ["/login?provider=okta"]);
}
