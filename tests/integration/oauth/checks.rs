//! Each check on an OpenID provider's answer, broken once: nobody is signed in,
//! nobody is made, the page is readable, and the trace says which check it was.

use serde_json::{Value, json};

use super::way::{Way, callback, refused, sign_in};
use crate::harness::Browser;
use crate::vendors::{Algorithm, Fault, Issuer, Kind, Person, Vendor};

const NOT_VERIFIED: u16 = 403;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_check_of_the_id_token_broken_once() {
    let way = Way::new(Kind::Oidc).await;
    for (fault, status, code) in [
        (
            Fault::WrongSignature,
            NOT_VERIFIED,
            "oauth.signature_invalid",
        ),
        (Fault::UnknownKid, NOT_VERIFIED, "oauth.key_unknown"),
        (Fault::AlgNone, NOT_VERIFIED, "oauth.algorithm_not_allowed"),
        (
            Fault::HmacWithPublicKey,
            NOT_VERIFIED,
            "oauth.algorithm_not_allowed",
        ),
        (Fault::WrongIssuer, NOT_VERIFIED, "oauth.issuer_mismatch"),
        (
            Fault::WrongAudience,
            NOT_VERIFIED,
            "oauth.audience_mismatch",
        ),
        (Fault::SeveralAudiences, NOT_VERIFIED, "oauth.azp_mismatch"),
        (Fault::WrongAzp, NOT_VERIFIED, "oauth.azp_mismatch"),
        (Fault::Expired, NOT_VERIFIED, "oauth.token_expired"),
        (Fault::NoExpiry, NOT_VERIFIED, "oauth.claim_missing"),
        (
            Fault::IssuedInFuture,
            NOT_VERIFIED,
            "oauth.token_not_yet_valid",
        ),
        (
            Fault::NotYetValid,
            NOT_VERIFIED,
            "oauth.token_not_yet_valid",
        ),
        (Fault::WrongNonce, NOT_VERIFIED, "oauth.nonce_mismatch"),
        (Fault::NoNonce, NOT_VERIFIED, "oauth.nonce_mismatch"),
        (Fault::WrongAtHash, NOT_VERIFIED, "oauth.at_hash_mismatch"),
        (Fault::NoSubject, NOT_VERIFIED, "oauth.claim_missing"),
        (Fault::NoIdToken, NOT_VERIFIED, "oauth.id_token_missing"),
        (Fault::NotAJwt, NOT_VERIFIED, "oauth.token_malformed"),
        (
            Fault::OtherSubjectInUserInfo,
            NOT_VERIFIED,
            "oauth.userinfo_subject_mismatch",
        ),
        (Fault::NoAccessToken, 502, "oauth.token_failed"),
        (
            Fault::WrongIssParameter,
            NOT_VERIFIED,
            "oauth.response_issuer_mismatch",
        ),
        (Fault::WrongState, NOT_VERIFIED, "oauth.state_unknown"),
        (Fault::NoState, NOT_VERIFIED, "oauth.state_unknown"),
        (Fault::TwoCodes, 400, "oauth.answer_malformed"),
        (Fault::AccessDenied, NOT_VERIFIED, "oauth.access_denied"),
        (
            Fault::AuthorizeError("login_required"),
            NOT_VERIFIED,
            "oauth.access_denied",
        ),
        (
            Fault::AuthorizeError("server_error"),
            502,
            "oauth.provider_error",
        ),
        (
            Fault::AuthorizeError("invalid_scope"),
            502,
            "oauth.request_refused",
        ),
        (Fault::Unverified, NOT_VERIFIED, "login.no_vouched_address"),
        (
            Fault::MissingEmail,
            NOT_VERIFIED,
            "login.no_vouched_address",
        ),
    ] {
        way.vendor.heal().fail(fault.clone());
        let mut browser = Browser::new(&way.server);
        let answer = sign_in(&way.vendor, &mut browser, "op", "ada-4711").await;
        assert_eq!(answer.status, status, "{fault:?}: {}", answer.body);
        refused(&way.server, &mut browser, &answer, code).await;
    }
    way.vendor.heal();
    let mut browser = Browser::new(&way.server);
    let answer = sign_in(&way.vendor, &mut browser, "op", "ada-4711").await;
    assert_eq!(
        answer.status, 303,
        "the provider is well again: {}",
        answer.body
    );
    assert!(browser.me().await.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_right_though_it_looks_odd() {
    let way = Way::new(Kind::Oidc).await;
    for fault in [Fault::RightAzp, Fault::NoKid] {
        way.vendor.heal().fail(fault.clone());
        let mut browser = Browser::new(&way.server);
        let answer = sign_in(&way.vendor, &mut browser, "op", "ada-4711").await;
        assert_eq!(answer.status, 303, "{fault:?}: {}", answer.body);
    }
    way.vendor.heal().set_algorithm(Algorithm::Es256).send_iss();
    // Clocks that differ by less than may be.
    for seconds in [-100, 100] {
        way.vendor.set_clock(seconds);
        let mut browser = Browser::new(&way.server);
        let answer = sign_in(&way.vendor, &mut browser, "op", "ada-4711").await;
        assert_eq!(answer.status, 303, "{seconds}: {}", answer.body);
    }
    for (seconds, code) in [
        (-3800, "oauth.token_expired"),
        (200, "oauth.token_not_yet_valid"),
    ] {
        way.vendor.set_clock(seconds);
        let mut browser = Browser::new(&way.server);
        let answer = sign_in(&way.vendor, &mut browser, "op", "ada-4711").await;
        assert_eq!(answer.status, 403, "{seconds}: {}", answer.body);
        let trace = way.server.api().last_trace().await;
        assert_eq!(trace["code"], code);
        assert_eq!(trace["side"], "gateway", "{trace}");
        assert!(trace["expected"].is_string() && trace["received"][0].is_string());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_counts_once_and_in_its_own_browser() {
    let way = Way::new(Kind::Oidc).await;
    let mut ada = Browser::new(&way.server);
    let back = callback(&way.vendor, &mut ada, "op", "ada-4711").await;
    // Another browser, with and without a cookie of its own.
    let mut stranger = Browser::new(&way.server);
    let answer = stranger.click_elsewhere(&back).await;
    refused(&way.server, &mut stranger, &answer, "oauth.other_browser").await;
    stranger.visit("/oauth/op/login").await;
    let answer = stranger.click_elsewhere(&back).await;
    refused(&way.server, &mut stranger, &answer, "oauth.other_browser").await;
    // It is not used up by that.
    let answer = ada.click_elsewhere(&back).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let session = ada.session();
    // Once more, in the same browser: nothing, and the session stays.
    let answer = ada.click_elsewhere(&back).await;
    assert_eq!(answer.status, 403, "{}", answer.body);
    assert_eq!(
        way.server.api().last_trace().await["code"],
        "oauth.state_unknown"
    );
    assert_eq!(ada.session(), session);
    assert!(ada.me().await.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_answers_at_once_one_wins() {
    let way = Way::new(Kind::Oidc).await;
    way.vendor.fail(Fault::TakesCodesTwice);
    let mut browser = Browser::new(&way.server);
    let back = callback(&way.vendor, &mut browser, "op", "ada-4711").await;
    let (mut one, mut other) = (browser.clone(), browser.clone());
    let (one, other) = tokio::join!(one.click_elsewhere(&back), other.click_elsewhere(&back));
    let mut found = [one.status, other.status];
    found.sort_unstable();
    assert_eq!(found, [303, 403]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_and_states_of_two_sign_ins_do_not_mix() {
    let way = Way::new(Kind::Oidc).await;
    let mallory = Person::new("mallory-1", "Mallory", "mallory@example.com");
    way.vendor.add(mallory);
    // The attacker's code in the victim's answer (code injection): PKCE and
    // nonce are the victim's.
    let mut attacker = Browser::new(&way.server);
    let stolen = callback(&way.vendor, &mut attacker, "op", "mallory-1").await;
    let mut victim = Browser::new(&way.server);
    let own = callback(&way.vendor, &mut victim, "op", "ada-4711").await;
    let mixed = with(&own, "code", &parameter(&stolen, "code"));
    let answer = victim.click_elsewhere(&mixed).await;
    refused(&way.server, &mut victim, &answer, "oauth.code_refused").await;
    // The attacker's whole answer in the victim's browser (login CSRF).
    let answer = victim.click_elsewhere(&stolen).await;
    refused(&way.server, &mut victim, &answer, "oauth.other_browser").await;
    // A state that nobody gave out, and one that is far too long.
    for (state, code, status) in [
        ("guessed".to_owned(), "oauth.state_unknown", 403),
        ("x".repeat(9000), "oauth.answer_malformed", 400),
    ] {
        let answer = victim.click_elsewhere(&with(&own, "state", &state)).await;
        assert_eq!(answer.status, status);
        refused(&way.server, &mut victim, &answer, code).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_providers_do_not_mix() {
    let way = Way::new(Kind::Oidc).await;
    let other = Vendor::start(Kind::Oidc).await;
    other.allow(&way.server.url, "other").add(Person::ada());
    way.register(&other.provider("other")).await;
    // The answer of one at the address of the other (mix-up).
    let mut browser = Browser::new(&way.server);
    let back = callback(&way.vendor, &mut browser, "op", "ada-4711").await;
    let swapped = back.replace("/oauth/op/callback", "/oauth/other/callback");
    let answer = browser.click_elsewhere(&swapped).await;
    refused(&way.server, &mut browser, &answer, "oauth.other_provider").await;
    // A state of one with a code of the other.
    let at_other = callback(&other, &mut browser, "other", "ada-4711").await;
    let mixed = with(&at_other, "state", &parameter(&back, "state"));
    let answer = browser.click_elsewhere(&mixed).await;
    refused(&way.server, &mut browser, &answer, "oauth.other_provider").await;
    // An ID token of the other: another issuer, other keys.
    way.vendor.set_issuer(Issuer::Text(other.url.clone()));
    let answer = sign_in(&way.vendor, &mut browser, "op", "ada-4711").await;
    refused(&way.server, &mut browser, &answer, "oauth.issuer_mismatch").await;
    let trace = way.server.api().last_trace().await;
    assert_eq!(trace["expected"], way.vendor.url.as_str());
    assert_eq!(trace["received"], json!([other.url]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_sign_ins_at_once_in_one_browser_and_over_a_restart() {
    let mut way = Way::new(Kind::Oidc).await;
    let mut browser = Browser::new(&way.server);
    let mut backs = Vec::new();
    for target in [
        "/account?a=1",
        "/account?a=2",
        "https://evil.example/",
        "//evil.example",
    ] {
        let rd: String = url::form_urlencoded::byte_serialize(target.as_bytes()).collect();
        let start = browser.click(&format!("/oauth/op/login?rd={rd}")).await;
        let location = start.location.unwrap();
        backs.push(way.vendor.sign_in(&location, "ada-4711").await);
    }
    way.server.restart().await;
    backs.reverse();
    for (back, target) in backs.iter().zip(["/", "/", "/account?a=2", "/account?a=1"]) {
        let answer = browser.click_elsewhere(back).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        assert_eq!(answer.location.as_deref(), Some(target));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_rotated_without_a_restart() {
    let way = Way::new(Kind::Oidc).await;
    for round in 0..3 {
        let mut browser = Browser::new(&way.server);
        let answer = sign_in(&way.vendor, &mut browser, "op", "ada-4711").await;
        assert_eq!(answer.status, 303, "round {round}: {}", answer.body);
        way.vendor.rotate_keys();
    }
    let asked = || way.vendor.calls(crate::vendors::Endpoint::Jwks).len();
    assert_eq!(asked(), 3, "once, and once for each new key");
    // Whoever names keys that nobody has does not make us ask for ever.
    way.vendor.fail(Fault::UnknownKid);
    for _ in 0..10 {
        let mut browser = Browser::new(&way.server);
        let answer = sign_in(&way.vendor, &mut browser, "op", "ada-4711").await;
        assert_eq!(answer.status, 403);
    }
    assert!(asked() <= 3 + 4, "{}", asked());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_request_is_what_the_standards_ask_for() {
    let way = Way::new(Kind::Oidc).await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let mut browser = Browser::new(&way.server);
        let start = browser
            .click("/oauth/op/login?email=ada%40example.com")
            .await;
        assert_eq!(start.status, 302);
        assert_eq!(start.header("cache-control"), Some("no-store"));
        let location = start.location.unwrap();
        for (name, expected) in [
            ("response_type", "code"),
            ("code_challenge_method", "S256"),
            ("scope", "openid profile email"),
            ("login_hint", "ada@example.com"),
            (
                "redirect_uri",
                &format!("{}/oauth/op/callback", way.server.url),
            ),
        ] {
            assert_eq!(parameter(&location, name), expected);
        }
        for name in ["state", "nonce", "code_challenge"] {
            let value = parameter(&location, name);
            assert_eq!(value.len(), 43, "256 bits: {name}");
            assert!(seen.insert(value), "{name} is new each time");
        }
    }
    // Nothing of it lies in the database as it travels.
    let (status, _) = way.server.api().call("GET", "/api/v1/logins", None).await;
    assert_eq!(status, 200);
    let log = way.server.log();
    assert!(seen.iter().all(|secret| !log.contains(secret.as_str())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_is_off_or_not_there() {
    let way = Way::new(Kind::Oidc).await;
    let mut browser = Browser::new(&way.server);
    let back = callback(&way.vendor, &mut browser, "op", "ada-4711").await;
    let off = json!({ "enabled": false });
    way.server
        .api()
        .expect("PATCH", "/api/v1/providers/op", Some(&off), 200)
        .await;
    for address in [
        "/oauth/op/login",
        "/oauth/nobody/login",
        "/oauth/Nobody!/callback?state=x",
        &back,
    ] {
        let answer = browser.click_elsewhere(address).await;
        assert_eq!(answer.status, 404, "{address}");
        assert!(answer.reference().is_some());
    }
    assert!(browser.me().await.is_none());
    let traces = way.server.api().list("/api/v1/logins").await;
    assert_eq!(traces, Vec::<Value>::new());
}

/// The value of a parameter of a URL.
fn parameter(address: &str, name: &str) -> String {
    let url = url::Url::parse(address).unwrap();
    let found = url.query_pairs().find(|(key, _)| key == name);
    found
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// The URL with another value for a parameter.
fn with(address: &str, name: &str, value: &str) -> String {
    let mut url = url::Url::parse(address).unwrap();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    url.query_pairs_mut().clear().extend_pairs(
        pairs
            .iter()
            .map(|(key, old)| (key.as_str(), if key == name { value } else { old.as_str() })),
    );
    url.into()
}
