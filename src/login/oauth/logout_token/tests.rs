use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use serde_json::json;

use super::*;
use crate::login::oauth::issuer::IssuerRule;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const ISSUER: &str = "https://id.example.com";

static ED: LazyLock<PKey<Private>> = LazyLock::new(|| PKey::generate_ed25519().unwrap());
static OTHER: LazyLock<PKey<Private>> = LazyLock::new(|| PKey::generate_ed25519().unwrap());

fn b64(octets: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

fn keys() -> KeySet {
    let x = b64(ED.raw_public_key().unwrap());
    KeySet::read(&[json!({ "kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": x })])
}

fn sign_with(key: &PKey<Private>, header: &Value, claims: &Value) -> String {
    let input = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
    let mut signer = Signer::new_without_digest(key).unwrap();
    let signature = signer.sign_oneshot_to_vec(input.as_bytes()).unwrap();
    format!("{input}.{}", b64(signature))
}

fn header() -> Value {
    json!({ "alg": "EdDSA", "kid": "ed", "typ": "logout+jwt" })
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "client", "iat": 1_800_000_000, "exp": 1_800_000_120,
        "jti": "j-1", "sub": "ada", "sid": "s-1", "events": { EVENT: {} },
    })
}

fn and(more: &Value) -> Value {
    let mut all = claims();
    for (name, value) in more.as_object().unwrap() {
        if value.is_null() {
            all.as_object_mut().unwrap().remove(name);
        } else {
            all[name] = value.clone();
        }
    }
    all
}

fn check(token: &str) -> Result<LogoutToken, LogoutTokenError> {
    let rule = IssuerRule::Exact(ISSUER.to_owned());
    let expected = Expected {
        issuer: &rule,
        client_id: "client",
        nonce: "",
        access_token: "",
        now: NOW,
        max_skew: 120,
    };
    verify(token, &keys(), &expected)
}

fn code(token: &str) -> &'static str {
    check(token).map_or_else(|error| error.code(), |_| "ok")
}

#[test]
fn what_a_good_one_says() {
    let said = check(&sign_with(&ED, &header(), &claims())).unwrap();
    assert_eq!(said.issuer, ISSUER);
    assert_eq!(
        (said.sid.as_deref(), said.jti.as_str()),
        (Some("s-1"), "j-1")
    );
    assert_eq!(said.replay_until, NOW.plus_seconds(OLDEST + 120));
    for typ in [json!("JWT"), json!("LOGOUT+JWT"), Value::Null] {
        let mut header = header();
        header["typ"] = typ.clone();
        if typ.is_null() {
            header.as_object_mut().unwrap().remove("typ");
        }
        assert_eq!(code(&sign_with(&ED, &header, &claims())), "ok", "{typ}");
    }
    for (more, expected) in [
        (json!({ "sid": null }), "ok"),
        (json!({ "sub": null }), "ok"),
        (json!({ "aud": ["client"] }), "ok"),
        (json!({ "events": { EVENT: { "more": 1 } } }), "ok"),
    ] {
        assert_eq!(code(&sign_with(&ED, &header(), &and(&more))), expected);
    }
}

#[test]
fn each_check_fails_by_itself() {
    for (more, expected) in [
        (
            json!({ "iss": "https://evil.example" }),
            "oauth.issuer_mismatch",
        ),
        (json!({ "iss": null }), "oauth.claim_missing"),
        (json!({ "aud": "another" }), "oauth.audience_mismatch"),
        (
            json!({ "aud": ["client", "another"] }),
            "oauth.azp_mismatch",
        ),
        (json!({ "aud": null }), "oauth.claim_missing"),
        (json!({ "exp": 1_799_999_880 }), "oauth.token_expired"),
        (json!({ "exp": null }), "oauth.claim_missing"),
        (json!({ "iat": 1_800_000_121 }), "oauth.token_not_yet_valid"),
        (json!({ "iat": null }), "oauth.claim_missing"),
        (
            json!({ "iat": 1_800_000_000 - 15 * 60 - 120, "exp": 1_900_000_000 }),
            "oauth.logout_old",
        ),
        (json!({ "jti": null }), "oauth.claim_missing"),
        (json!({ "jti": "" }), "oauth.claim_missing"),
        (json!({ "jti": 1 }), "oauth.claim_missing"),
        (json!({ "jti": "x".repeat(513) }), "oauth.claim_missing"),
        (json!({ "sub": ["ada"] }), "oauth.claim_missing"),
        (json!({ "sid": {} }), "oauth.claim_missing"),
        (json!({ "sub": null, "sid": null }), "oauth.logout_nobody"),
        (json!({ "nonce": "n" }), "oauth.logout_nonce"),
        (json!({ "nonce": "" }), "oauth.logout_nonce"),
        (json!({ "events": null }), "oauth.logout_event"),
        (json!({ "events": {} }), "oauth.logout_event"),
        (json!({ "events": [EVENT] }), "oauth.logout_event"),
        (json!({ "events": { EVENT: true } }), "oauth.logout_event"),
        (
            json!({ "events": { "http://schemas.openid.net/event/backchannel-logout/": {} } }),
            "oauth.logout_event",
        ),
    ] {
        assert_eq!(
            code(&sign_with(&ED, &header(), &and(&more))),
            expected,
            "{more}"
        );
    }
    for (header, expected) in [
        (
            json!({ "alg": "EdDSA", "kid": "ed", "typ": "at+jwt" }),
            "oauth.token_header",
        ),
        (
            json!({ "alg": "none", "typ": "logout+jwt" }),
            "oauth.algorithm_not_allowed",
        ),
        (
            json!({ "alg": "HS256", "kid": "ed" }),
            "oauth.algorithm_not_allowed",
        ),
        (
            json!({ "alg": "EdDSA", "kid": "other" }),
            "oauth.key_unknown",
        ),
        (
            json!({ "alg": "EdDSA", "kid": "ed", "crit": ["x"] }),
            "oauth.token_header",
        ),
    ] {
        assert_eq!(
            code(&sign_with(&ED, &header, &claims())),
            expected,
            "{header}"
        );
    }
    let forged = sign_with(&OTHER, &header(), &claims());
    assert_eq!(code(&forged), "oauth.signature_invalid");
    for text in ["", "a.b.c", "....", "not a token", &"x".repeat(300_000)] {
        assert_eq!(code(text), "oauth.token_malformed");
    }
}

#[test]
fn its_words_speak_of_what_it_is() {
    let error = check(&sign_with(&ED, &header(), &and(&json!({ "aud": "x" })))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the logout token is made out to another client"
    );
}
