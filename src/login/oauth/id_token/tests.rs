use super::*;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Signer};
use proptest::prelude::*;
use serde_json::json;
use std::sync::LazyLock;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const ISSUER: &str = "https://id.example.com";
const ACCESS: &str = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";

static RSA: LazyLock<PKey<Private>> =
    LazyLock::new(|| PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap());
static ED: LazyLock<PKey<Private>> = LazyLock::new(|| PKey::generate_ed25519().unwrap());

fn b64(octets: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

fn rsa_jwk(kid: &str, more: &Value) -> Value {
    let rsa = RSA.rsa().unwrap();
    let mut jwk = json!({
        "kty": "RSA", "kid": kid, "use": "sig",
        "n": b64(rsa.n().to_vec()), "e": b64(rsa.e().to_vec()),
    });
    jwk.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    jwk
}

fn keys() -> KeySet {
    let ed = json!({
        "kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": b64(ED.raw_public_key().unwrap()),
    });
    KeySet::read(&[rsa_jwk("rsa", &json!({})), ed])
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "client", "sub": "ada", "nonce": "n-1",
        "exp": 1_800_000_600, "iat": 1_800_000_000,
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

/// Signs whatever it is given, as `alg` says.
fn sign(header: &Value, payload: impl AsRef<[u8]>) -> String {
    let input = format!("{}.{}", b64(header.to_string()), b64(payload));
    let signature = match header["alg"].as_str().unwrap() {
        "EdDSA" => {
            let mut signer = Signer::new_without_digest(&ED).unwrap();
            signer.sign_oneshot_to_vec(input.as_bytes()).unwrap()
        }
        "none" => Vec::new(),
        "HS256" => {
            let public = RSA.public_key_to_pem().unwrap();
            let key = PKey::hmac(&public).unwrap();
            let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
            signer.sign_oneshot_to_vec(input.as_bytes()).unwrap()
        }
        name => {
            let digest = match &name[2..] {
                "384" => MessageDigest::sha384(),
                "512" => MessageDigest::sha512(),
                _ => MessageDigest::sha256(),
            };
            let mut signer = Signer::new(digest, &RSA).unwrap();
            if name.starts_with("PS") {
                signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
                signer
                    .set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)
                    .unwrap();
            }
            signer.sign_oneshot_to_vec(input.as_bytes()).unwrap()
        }
    };
    format!("{input}.{}", b64(signature))
}

fn token(claims: &Value) -> String {
    sign(
        &json!({ "alg": "RS256", "kid": "rsa", "typ": "JWT" }),
        claims.to_string(),
    )
}

fn check_with(token: &str, rule: &IssuerRule, keys: &KeySet) -> Result<Verified, TokenError> {
    let expected = Expected {
        issuer: rule,
        client_id: "client",
        nonce: "n-1",
        access_token: ACCESS,
        now: NOW,
        max_skew: 120,
    };
    Unverified::cut(token)?.verify(keys, &expected)
}

fn check(token: &str) -> Result<Verified, TokenError> {
    check_with(token, &IssuerRule::Exact(ISSUER.to_owned()), &keys())
}

fn code(token: &str) -> &'static str {
    check(token).map_or_else(|e| e.code(), |_| "ok")
}

#[test]
fn every_algorithm_of_the_list_and_no_other() {
    for alg in [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA",
    ] {
        let kid = if alg == "EdDSA" { "ed" } else { "rsa" };
        let header = json!({ "alg": alg, "kid": kid });
        let signed = sign(&header, claims().to_string());
        assert_eq!(code(&signed), "ok", "{alg}");
        // Another algorithm's name over the same signature.
        let (_, rest) = signed.split_once('.').unwrap();
        for other in ["RS256", "PS256", "PS512", "EdDSA"] {
            let header = json!({ "alg": other, "kid": kid });
            let renamed = format!("{}.{rest}", b64(header.to_string()));
            assert_ne!(
                code(&renamed),
                if other == alg { "-" } else { "ok" },
                "{alg} as {other}"
            );
        }
    }
    for alg in ["none", "HS256"] {
        let signed = sign(&json!({ "alg": alg, "kid": "rsa" }), claims().to_string());
        assert_eq!(code(&signed), "oauth.algorithm_not_allowed", "{alg}");
    }
    let rest = token(&claims());
    let (_, rest) = rest.split_once('.').unwrap();
    for alg in [
        "None", "NONE", "nOnE", "rs256", "RS1", "ES512", "ES256K", "dir", "", "RSA-OAEP",
    ] {
        let header = json!({ "alg": alg, "kid": "rsa" });
        let renamed = format!("{}.{rest}", b64(header.to_string()));
        assert_eq!(code(&renamed), "oauth.algorithm_not_allowed", "{alg}");
    }
}

#[test]
fn headers_that_are_not_understood() {
    for (more, expected) in [
        (json!({ "typ": "jwt" }), "ok"),
        (
            json!({ "jku": "https://attacker.example/jwks", "x5u": "https://attacker.example" }),
            "ok",
        ),
        (json!({ "jwk": { "kty": "oct", "k": "AA" } }), "ok"),
        (json!({ "typ": "at+jwt" }), "oauth.token_header"),
        (json!({ "typ": "logout+jwt" }), "oauth.token_header"),
        (
            json!({ "crit": ["b64"], "b64": false }),
            "oauth.token_header",
        ),
        (json!({ "crit": [] }), "oauth.token_header"),
        (json!({ "cty": "JWT" }), "oauth.token_header"),
        (json!({ "kid": "other" }), "oauth.key_unknown"),
        (json!({ "kid": "ed" }), "oauth.key_unknown"),
        (json!({ "kid": 5 }), "oauth.token_malformed"),
        (json!({ "alg": 5 }), "oauth.token_malformed"),
    ] {
        let mut header = json!({ "alg": "RS256", "kid": "rsa" });
        header
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let alg = header["alg"].as_str().map_or("RS256", |_| "RS256");
        let mut signed_header = header.clone();
        signed_header["alg"] = json!(alg);
        let signed = sign(&signed_header, claims().to_string());
        let (_, rest) = signed.split_once('.').unwrap();
        let signed = if header == signed_header {
            signed
        } else {
            format!("{}.{rest}", b64(header.to_string()))
        };
        assert_eq!(code(&signed), expected, "{more}");
    }
}

#[test]
fn claims_one_by_one() {
    for (more, expected) in [
        (json!({}), "ok"),
        (json!({ "aud": ["client"] }), "ok"),
        (json!({ "aud": ["client", "other"], "azp": "client" }), "ok"),
        (json!({ "azp": "client" }), "ok"),
        (json!({ "iss": null }), "oauth.claim_missing"),
        (
            json!({ "iss": "https://id.example.com/" }),
            "oauth.issuer_mismatch",
        ),
        (
            json!({ "iss": "https://id.example.com.attacker.example" }),
            "oauth.issuer_mismatch",
        ),
        (json!({ "iss": [ISSUER] }), "oauth.claim_missing"),
        (json!({ "aud": null }), "oauth.claim_missing"),
        (json!({ "aud": [] }), "oauth.audience_mismatch"),
        (json!({ "aud": "Client" }), "oauth.audience_mismatch"),
        (json!({ "aud": "client2" }), "oauth.audience_mismatch"),
        (json!({ "aud": { "client": true } }), "oauth.claim_missing"),
        (json!({ "aud": ["client", "other"] }), "oauth.azp_mismatch"),
        (
            json!({ "aud": ["client", "other"], "azp": "other" }),
            "oauth.azp_mismatch",
        ),
        (json!({ "azp": "other" }), "oauth.azp_mismatch"),
        (json!({ "azp": 5 }), "oauth.azp_mismatch"),
        (json!({ "nonce": null }), "oauth.nonce_mismatch"),
        (json!({ "nonce": "n-2" }), "oauth.nonce_mismatch"),
        (json!({ "nonce": ["n-1"] }), "oauth.nonce_mismatch"),
        (json!({ "sub": null }), "oauth.claim_missing"),
        (json!({ "sub": "" }), "oauth.claim_missing"),
        (json!({ "sub": 5 }), "oauth.claim_missing"),
        (json!({ "at_hash": 5 }), "oauth.at_hash_mismatch"),
        (json!({ "at_hash": "" }), "oauth.at_hash_mismatch"),
    ] {
        assert_eq!(code(&token(&and(&more))), expected, "{more}");
    }
}

#[test]
fn the_hash_of_the_access_token_is_the_algorithms_own() {
    let half = |digest| {
        let hash = openssl::hash::hash(digest, ACCESS.as_bytes()).unwrap();
        b64(&hash[..hash.len() / 2])
    };
    for (alg, digest) in [
        ("RS256", MessageDigest::sha256()),
        ("RS384", MessageDigest::sha384()),
        ("PS512", MessageDigest::sha512()),
        ("EdDSA", MessageDigest::sha512()),
    ] {
        let kid = if alg == "EdDSA" { "ed" } else { "rsa" };
        let header = json!({ "alg": alg, "kid": kid });
        let good = and(&json!({ "at_hash": half(digest) }));
        assert_eq!(code(&sign(&header, good.to_string())), "ok", "{alg}");
        let other = and(&json!({ "at_hash": half(MessageDigest::md5()) }));
        assert_eq!(
            code(&sign(&header, other.to_string())),
            "oauth.at_hash_mismatch",
            "{alg}"
        );
    }
}

#[test]
fn times_to_the_second() {
    let at = 1_800_000_000_i64;
    for (claim, value, expected) in [
        ("exp", json!(at - 119), "ok"),
        ("exp", json!(at - 120), "oauth.token_expired"),
        ("exp", json!(at - 121), "oauth.token_expired"),
        ("exp", json!(1_800_000_600.75), "ok"),
        ("iat", json!(at + 120), "ok"),
        ("iat", json!(at + 121), "oauth.token_not_yet_valid"),
        ("nbf", json!(at + 120), "ok"),
        ("nbf", json!(at + 121), "oauth.token_not_yet_valid"),
        ("exp", json!(253_402_300_799_i64), "ok"),
        ("exp", json!(253_402_300_800_i64), "oauth.claim_missing"),
        ("exp", json!(i64::MAX), "oauth.claim_missing"),
        ("exp", json!(u64::MAX), "oauth.claim_missing"),
        ("exp", json!(1e300), "oauth.claim_missing"),
        ("exp", json!(-1), "oauth.claim_missing"),
        ("exp", json!("1800000600"), "oauth.claim_missing"),
        ("iat", Value::Null, "oauth.claim_missing"),
        ("iat", json!(i64::MIN), "oauth.claim_missing"),
        ("nbf", json!("soon"), "oauth.claim_missing"),
    ] {
        let more = json!({ claim: value });
        assert_eq!(code(&token(&and(&more))), expected, "{more}");
    }
}

#[test]
fn what_is_no_token() {
    let good = token(&claims());
    for bad in [
        "",
        ".",
        "..",
        "...",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "not a token",
        &good[..good.len() - 1],
        &format!("{good}."),
        &format!("{good}="),
        &format!(" {good}"),
        &good.replacen('.', "..", 1),
        &"x".repeat(LONGEST + 1),
    ] {
        assert!(check(bad).is_err(), "{bad:.80}");
    }
    for payload in ["", "null", "[]", "\"x\"", "{", "{}x"] {
        let signed = sign(&json!({ "alg": "RS256", "kid": "rsa" }), payload);
        assert!(check(&signed).is_err(), "{payload}");
    }
}

#[test]
fn which_keys_count() {
    let rule = IssuerRule::Exact(ISSUER.to_owned());
    let good = token(&claims());
    let found = |set: &[Value]| {
        let set = KeySet::read(set);
        check_with(&good, &rule, &set).map_or_else(|e| e.code(), |_| "ok")
    };
    let more = |more: Value| found(&[rsa_jwk("rsa", &more)]);
    assert_eq!(more(json!({})), "ok");
    assert_eq!(more(json!({ "alg": "RS256" })), "ok");
    assert_eq!(more(json!({ "x5c": ["?"], "unheard": { "of": 1 } })), "ok");
    // A key for something else, or of somebody else.
    assert_eq!(more(json!({ "use": "enc" })), "oauth.signature_invalid");
    assert_eq!(more(json!({ "alg": "PS256" })), "oauth.signature_invalid");
    assert_eq!(more(json!({ "alg": "RSA-OAEP" })), "oauth.key_unknown");
    assert_eq!(more(json!({ "issuer": ISSUER })), "ok");
    assert_eq!(
        more(json!({ "issuer": "https://other.example" })),
        "oauth.key_of_another_issuer"
    );
    // Keys that can sign nothing here are passed over.
    let secret = json!({ "kty": "oct", "kid": "rsa", "k": b64(RSA.public_key_to_pem().unwrap()) });
    assert_eq!(found(&[secret]), "oauth.key_unknown");
    let short = Rsa::generate(1024).unwrap();
    let short = json!({ "kty": "RSA", "kid": "rsa", "n": b64(short.n().to_vec()), "e": "AQAB" });
    assert_eq!(found(std::slice::from_ref(&short)), "oauth.key_unknown");
    assert_eq!(
        found(&[json!(5), json!({}), short, rsa_jwk("rsa", &json!({}))]),
        "ok"
    );
    // Without names, each that fits is tried.
    let nameless = sign(&json!({ "alg": "RS256" }), claims().to_string());
    let other = Rsa::generate(2048).unwrap();
    let other = json!({ "kty": "RSA", "n": b64(other.n().to_vec()), "e": "AQAB" });
    let before = KeySet::read(std::slice::from_ref(&other));
    let set = KeySet::read(&[other, rsa_jwk("rsa", &json!({}))]);
    assert!(check_with(&nameless, &rule, &set).is_ok());
    // Before the rotation is heard of none of them has signed: look again.
    let read = Unverified::cut(&nameless).unwrap();
    assert!(!read.has_key_in(&before) && read.has_key_in(&set));
    // Two keys of one name, as in a careless rotation.
    let twin = json!({ "kty": "RSA", "kid": "rsa", "n": set_n(), "e": "AQAB" });
    let set = KeySet::read(&[twin, rsa_jwk("rsa", &json!({}))]);
    assert!(check_with(&good, &rule, &set).is_ok());
}

fn set_n() -> String {
    b64(Rsa::generate(2048).unwrap().n().to_vec())
}

#[test]
fn a_tenants_token_is_remembered_under_its_own_issuer() {
    let settings = crate::domain::oauth::OauthSettings::default();
    let rule = IssuerRule::of(crate::domain::ProviderKind::Microsoft, &settings);
    let rule = rule.unwrap().unwrap();
    let tid = "11111111-aaaa-4bbb-8ccc-222222222222";
    let issuer = format!("https://login.microsoftonline.com/{tid}/v2.0");
    let template = json!({ "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0" });
    let set = KeySet::read(&[rsa_jwk("rsa", &template)]);
    let good = token(&and(&json!({ "iss": issuer, "tid": tid })));
    assert_eq!(check_with(&good, &rule, &set).unwrap().issuer, issuer);
    let without = token(&and(&json!({ "iss": issuer })));
    assert_eq!(
        check_with(&without, &rule, &set).unwrap_err(),
        TokenError::Claim("tid")
    );
}

#[test]
fn every_error_can_be_told() {
    let errors = [
        TokenError::Algorithm("none".into()),
        TokenError::UnknownKey {
            kid: None,
            known: vec!["a".into()],
        },
        TokenError::Tenant {
            expected: "a".into(),
            received: None,
        },
        TokenError::Nonce,
    ];
    for error in errors {
        assert!(error.code().starts_with("oauth."));
        assert!(!error.to_string().is_empty());
        let _ = error.compared();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// One changed character anywhere: no token any more, and never a panic.
    #[test]
    fn every_character_counts(at in 0usize..2000, to in "[A-Za-z0-9_.-]") {
        let good = token(&claims());
        let mut changed: Vec<u8> = good.clone().into_bytes();
        let at = at % changed.len();
        changed[at] = to.as_bytes()[0];
        let changed = String::from_utf8(changed).unwrap();
        if changed != good {
            prop_assert!(check(&changed).is_err());
        }
    }

    #[test]
    fn anything_is_refused_in_peace(text in "\\PC{0,80}") {
        prop_assert!(check(&text).is_err());
    }
}
