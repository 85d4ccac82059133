//! Forward-auth, over HTTP: what nginx, Traefik, Caddy and Envoy send, header by
//! header, and what attackers send through them.

mod dialects;
mod ends;
mod hand_over;
mod identity;
#[path = "../../support/proxies.rs"]
mod process;
mod proxies;

use serde_json::{Value, json};

use crate::harness::{Browser, Idp, Person, Server, merge};

/// Believes the proxies of this machine.
const TRUSTING: &str = "trusted_proxies = [\"127.0.0.1/32\"]\n";

/// A gateway that believes this machine.
async fn gateway() -> Server {
    Server::start_behind("sqlite://data/doorward.db", TRUSTING, "").await
}

/// Makes an application behind forward-auth.
async fn application(server: &Server, slug: &str, more: Value) {
    let mut body = json!({
        "slug": slug, "name": format!("The {slug}"), "kind": "forward_auth", "access": "internal",
        "hosts": [format!("{slug}.example.com")],
    });
    merge(&mut body, more);
    server
        .api()
        .expect("POST", "/api/v1/applications", Some(&body), 201)
        .await;
}

/// Somebody who is signed in: the cookie header and the user's id.
async fn signed_in(server: &Server, name: &str) -> (String, String) {
    let idp = Idp::new();
    let path = format!("/api/v1/providers/{}", idp.slug);
    if server.api().call("GET", &path, None).await.0 == 404 {
        idp.register(server).await;
    }
    let mut browser = Browser::new(server);
    let outcome = idp.login(server, &mut browser, &Person::named(name)).await;
    let id = outcome.user()["id"].as_str().unwrap().to_owned();
    (format!("doorward={}", browser.session().unwrap()), id)
}

/// An answer: its status, its headers, its body.
struct Said {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: String,
}

impl Said {
    /// The one header of this name.
    fn get(&self, name: &str) -> &str {
        let values: Vec<_> = self.headers.get_all(name).iter().collect();
        assert_eq!(values.len(), 1, "{name}: {values:?} in {:?}", self.headers);
        values[0].to_str().unwrap()
    }

    fn has(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    /// Where to sign in, and where to go afterwards.
    fn rd(&self, server: &Server) -> Option<String> {
        let location = url::Url::parse(self.get("location")).unwrap();
        assert_eq!(location.origin().ascii_serialization(), server.url);
        assert_eq!(location.path(), "/login");
        let mut rd = location.query_pairs().filter(|(name, _)| name == "rd");
        rd.next().map(|(_, rd)| rd.into_owned())
    }
}

/// A request with exactly these headers.
async fn ask(server: &Server, method: &str, path: &str, headers: &[(&str, &str)]) -> Said {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = server
        .client
        .request(method, format!("{}{path}", server.url));
    for (name, value) in headers {
        let value = reqwest::header::HeaderValue::from_bytes(value.as_bytes()).unwrap();
        request = request.header(*name, value);
    }
    let answer = request.send().await.unwrap();
    Said {
        status: answer.status().as_u16(),
        headers: answer.headers().clone(),
        body: answer.text().await.unwrap(),
    }
}

/// What a browser says of a navigation.
const PERSON: [(&str, &str); 2] = [
    ("accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
    ("sec-fetch-mode", "navigate"),
];

/// The usual headers of the set.
const SET: [&str; 9] = [
    "remote-user",
    "remote-email",
    "remote-name",
    "remote-groups",
    "x-auth-request-user",
    "x-auth-request-email",
    "x-auth-request-preferred-username",
    "x-auth-request-groups",
    "x-doorward-assertion",
];
