//! The imitations themselves: they let a right client through and no wrong one,
//! so that what the gateway is let through with, it did rightly.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::sha::sha256;
use openssl::sign::Verifier;
use serde_json::Value;

use crate::vendors::{
    Algorithm, CLIENT_ID, CLIENT_SECRET, Endpoint, FOREIGN_TENANT, Fault, Issuer, Kind, Person,
    TENANT, Vendor,
};

const GATEWAY: &str = "https://sso.example.com";
const CALLBACK: &str = "https://sso.example.com/oauth/it/callback";
const STATE: &str = "0123456789012345678901";
const NONCE: &str = "abcdefghijabcdefghijab";
const VERIFIER: &str = "0123456789012345678901234567890123456789012";

fn b64(octets: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

/// A client that does everything rightly, and whose parameters can be changed.
struct Client {
    asks: BTreeMap<&'static str, String>,
    redeems: BTreeMap<&'static str, String>,
}

impl Client {
    fn right() -> Self {
        let asks = [
            ("client_id", CLIENT_ID),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid profile email"),
            ("state", STATE),
            ("nonce", NONCE),
            ("code_challenge_method", "S256"),
        ];
        let redeems = [
            ("grant_type", "authorization_code"),
            ("client_id", CLIENT_ID),
            ("client_secret", CLIENT_SECRET),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let own = |(name, value): (&'static str, &str)| (name, value.to_owned());
        let mut asks: BTreeMap<_, _> = asks.into_iter().map(own).collect();
        asks.insert("code_challenge", b64(sha256(VERIFIER.as_bytes())));
        Self {
            asks,
            redeems: redeems.into_iter().map(own).collect(),
        }
    }

    fn address(&self, vendor: &Vendor, tenant: &str) -> String {
        let endpoint = address(vendor, tenant, "authorization_endpoint");
        url::Url::parse_with_params(&endpoint, &self.asks)
            .unwrap()
            .into()
    }

    async fn redeem(&self, vendor: &Vendor, tenant: &str, code: &str) -> (u16, Value) {
        let mut form = self.redeems.clone();
        form.insert("code", code.to_owned());
        let answer = reqwest::Client::default()
            .post(address(vendor, tenant, "token_endpoint"))
            .form(&form)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

fn address(vendor: &Vendor, tenant: &str, key: &str) -> String {
    let all = vendor.endpoints(tenant);
    let found = all.into_iter().find(|(name, _)| *name == key).unwrap();
    found.1.as_str().unwrap().to_owned()
}

fn parameter(location: &str, name: &str) -> Option<String> {
    let url = url::Url::parse(location).unwrap();
    let mut pairs = url.query_pairs();
    pairs.find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
}

/// The claims of a token, whose signature must be that of a key in the JWKS.
async fn verified(vendor: &Vendor, token: &str) -> Value {
    let parts: Vec<&str> = token.split('.').collect();
    let part = |at: usize| URL_SAFE_NO_PAD.decode(parts[at]).unwrap();
    let head: Value = serde_json::from_slice(&part(0)).unwrap();
    let jwks: Value = reqwest::get(address(vendor, TENANT, "jwks_uri"))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let keys = jwks["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["kid"] == head["kid"]).unwrap();
    let number = |name: &str| {
        let octets = URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap());
        BigNum::from_slice(&octets.unwrap()).unwrap()
    };
    let rsa = Rsa::from_public_components(number("n"), number("e")).unwrap();
    let key = PKey::from_rsa(rsa).unwrap();
    let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
    let input = format!("{}.{}", parts[0], parts[1]);
    assert!(verifier.verify_oneshot(&part(2), input.as_bytes()).unwrap());
    serde_json::from_slice(&part(1)).unwrap()
}

async fn start(kind: Kind) -> Vendor {
    let vendor = Vendor::start(kind).await;
    vendor.allow(GATEWAY, "it").add(Person::ada());
    vendor
}

#[tokio::test]
async fn a_right_client_is_served() {
    for kind in [Kind::Google, Kind::Microsoft, Kind::Oidc] {
        let vendor = start(kind).await;
        let client = Client::right();
        let address = client.address(&vendor, TENANT);
        let back = vendor.sign_in(&address, "ada-4711").await;
        assert!(back.starts_with(CALLBACK), "{back}");
        assert_eq!(parameter(&back, "state").as_deref(), Some(STATE));
        let code = parameter(&back, "code").unwrap();
        let (status, answer) = client.redeem(&vendor, TENANT, &code).await;
        assert_eq!(status, 200, "{answer}");
        let claims = verified(&vendor, answer["id_token"].as_str().unwrap()).await;
        assert_eq!(claims["nonce"], NONCE);
        assert_eq!(claims["aud"], CLIENT_ID);
        assert_eq!(claims["email"], "ada@example.com");
        // A code is good once.
        let (status, answer) = client.redeem(&vendor, TENANT, &code).await;
        assert_eq!((status, &answer["error"]), (400, &"invalid_grant".into()));
    }
}

#[tokio::test]
async fn a_wrong_request_is_refused_at_the_vendors_page() {
    let vendor = start(Kind::Oidc).await;
    for (name, value) in [
        ("client_id", "another"),
        ("redirect_uri", "https://sso.example.com/oauth/it/callback/"),
        ("response_type", "token"),
        ("scope", "profile email"),
        ("state", "short"),
        ("nonce", ""),
        ("code_challenge", "short"),
        ("code_challenge_method", "plain"),
        ("client_secret", CLIENT_SECRET),
    ] {
        let mut client = Client::right();
        client.asks.insert(name, value.to_owned());
        let address = client.address(&vendor, TENANT);
        let (status, back, page) = vendor.visit(&address, "ada-4711").await;
        assert_eq!((status, back), (400, None), "{name}: {page}");
    }
}

#[tokio::test]
async fn a_code_is_given_to_nobody_else() {
    let vendor = start(Kind::Oidc).await;
    for (name, value) in [
        ("client_id", "another"),
        ("client_secret", "guessed"),
        (
            "redirect_uri",
            "https://sso.example.com/oauth/other/callback",
        ),
        (
            "code_verifier",
            "another-verifier-of-more-than-43-characters",
        ),
        ("grant_type", "password"),
    ] {
        let mut client = Client::right();
        let address = client.address(&vendor, TENANT);
        let back = vendor.sign_in(&address, "ada-4711").await;
        client.redeems.insert(name, value.to_owned());
        let code = parameter(&back, "code").unwrap();
        let (status, answer) = client.redeem(&vendor, TENANT, &code).await;
        assert!(matches!(status, 400 | 401), "{name}: {status} {answer}");
        assert!(answer["error"].is_string(), "{answer}");
    }
}

#[tokio::test]
async fn microsoft_keeps_tenants_apart() {
    let vendor = start(Kind::Microsoft).await;
    vendor.set_issuer(Issuer::Vendor);
    vendor.add(Person::new("mallory", "Mallory M", "ada@example.com").in_tenant(FOREIGN_TENANT));
    let client = Client::right();
    let single = client.address(&vendor, TENANT);
    let (status, _, _) = vendor.visit(&single, "mallory").await;
    assert_eq!(status, 400, "the foreign tenant's user is none of this one");
    let common = client.address(&vendor, "common");
    let back = vendor.sign_in(&common, "mallory").await;
    let code = parameter(&back, "code").unwrap();
    let (_, answer) = client.redeem(&vendor, "common", &code).await;
    let claims = verified(&vendor, answer["id_token"].as_str().unwrap()).await;
    assert_eq!(claims["tid"], FOREIGN_TENANT);
    assert_eq!(
        claims["iss"],
        format!("https://login.microsoftonline.com/{FOREIGN_TENANT}/v2.0")
    );
    let document: Value = reqwest::get(format!(
        "{}/common/v2.0/.well-known/openid-configuration",
        vendor.url
    ))
    .await
    .unwrap()
    .json()
    .await
    .unwrap();
    assert_eq!(
        document["issuer"],
        "https://login.microsoftonline.com/{tenantid}/v2.0"
    );
}

#[tokio::test]
async fn keys_rotate_and_faults_come_and_go() {
    let vendor = start(Kind::Oidc).await;
    vendor.set_algorithm(Algorithm::Rs256).rotate_keys();
    let client = Client::right();
    let address = client.address(&vendor, TENANT);
    vendor.fail(Fault::AccessDenied);
    let back = vendor.sign_in(&address, "ada-4711").await;
    assert_eq!(parameter(&back, "error").as_deref(), Some("access_denied"));
    vendor.heal();
    let back = vendor.sign_in(&address, "ada-4711").await;
    let code = parameter(&back, "code").unwrap();
    let (_, answer) = client.redeem(&vendor, TENANT, &code).await;
    verified(&vendor, answer["id_token"].as_str().unwrap()).await;
    assert_eq!(vendor.calls(Endpoint::Authorize).len(), 2);
    assert_eq!(vendor.calls(Endpoint::Token).len(), 1);
}
