//! What a provider gets wrong attaches nothing to somebody who is here already;
//! clocks, and the ways in which the gateway proves who it is.

use serde_json::json;

use super::{existing, login, refuses, set_up};
use crate::harness::Server;
use crate::vendors::{Endpoint, Fault, Kind, Person};

on_both! {
    what_is_wrong_attaches_nothing
    clocks_may_differ_a_little
    each_client_authentication_works
}

async fn what_is_wrong_attaches_nothing(server: Server) {
    let vendor = set_up(&server, Kind::Oidc, json!({})).await;
    existing(&server, "ada@example.com").await;
    for (fault, code) in [
        (Fault::WrongSignature, "oauth.signature_invalid"),
        (Fault::AlgNone, "oauth.algorithm_not_allowed"),
        (Fault::HmacWithPublicKey, "oauth.algorithm_not_allowed"),
        (Fault::WrongIssuer, "oauth.issuer_mismatch"),
        (Fault::WrongAudience, "oauth.audience_mismatch"),
        (Fault::SeveralAudiences, "oauth.azp_mismatch"),
        (Fault::WrongAzp, "oauth.azp_mismatch"),
        (Fault::Expired, "oauth.token_expired"),
        (Fault::NoExpiry, "oauth.claim_missing"),
        (Fault::IssuedInFuture, "oauth.token_not_yet_valid"),
        (Fault::NotYetValid, "oauth.token_not_yet_valid"),
        (Fault::WrongNonce, "oauth.nonce_mismatch"),
        (Fault::NoNonce, "oauth.nonce_mismatch"),
        (Fault::WrongAtHash, "oauth.at_hash_mismatch"),
        (Fault::NoSubject, "oauth.claim_missing"),
        (Fault::NoIdToken, "oauth.id_token_missing"),
        (Fault::NotAJwt, "oauth.token_malformed"),
        (Fault::NoAccessToken, "oauth.token_failed"),
        (
            Fault::OtherSubjectInUserInfo,
            "oauth.userinfo_subject_mismatch",
        ),
        (Fault::MissingEmail, "login.no_vouched_address"),
        (Fault::Unverified, "login.no_vouched_address"),
        (Fault::AccessDenied, "oauth.access_denied"),
        (
            Fault::AuthorizeError("server_error"),
            "oauth.provider_error",
        ),
        (
            Fault::AuthorizeError("invalid_scope"),
            "oauth.request_refused",
        ),
        (Fault::WrongState, "oauth.state_unknown"),
        (Fault::NoState, "oauth.state_unknown"),
        (Fault::TwoCodes, "oauth.answer_malformed"),
        (Fault::WrongIssParameter, "oauth.response_issuer_mismatch"),
        (Fault::UnknownKid, "oauth.key_unknown"),
    ] {
        vendor.fail(fault.clone());
        eprintln!("{fault:?}");
        refuses(&server, &vendor, "ada-4711", code).await;
        vendor.heal();
    }
    let user = server.api().user_by_email("ada@example.com").await.unwrap();
    assert_eq!(user["external_ids"], json!({}), "nothing was linked");
    // What is unusual and right.
    for fault in [Fault::RightAzp, Fault::NoKid] {
        vendor.fail(fault.clone());
        eprintln!("{fault:?}");
        login(&server, &vendor, "it", "ada-4711").await.user();
        vendor.heal();
    }
}

async fn clocks_may_differ_a_little(server: Server) {
    let vendor = set_up(&server, Kind::Oidc, json!({})).await;
    // The test's gateway allows two minutes; a token lives an hour.
    for (seconds, code) in [
        (100, None),
        (200, Some("oauth.token_not_yet_valid")),
        (-3600 - 60, None),
        (-3600 - 200, Some("oauth.token_expired")),
    ] {
        vendor.set_clock(seconds);
        match code {
            None => drop(
                login(&server, &vendor, "it", "ada-4711")
                    .await
                    .user()
                    .clone(),
            ),
            Some(code) => drop(refuses(&server, &vendor, "ada-4711", code).await),
        }
    }
}

async fn each_client_authentication_works(server: Server) {
    for method in ["client_secret_basic", "client_secret_post"] {
        let vendor = crate::vendors::Vendor::start(Kind::Oidc).await;
        vendor.set_client_auth(method).add(Person::ada());
        let slug = method.replace('_', "-");
        super::register(&server, &vendor, &slug, json!({})).await;
        let outcome = login(&server, &vendor, &slug, "ada-4711").await;
        // The address is the same: two providers, two identities of one user.
        assert_eq!(outcome.user()["email"], "ada@example.com", "{method}");
        let call = &vendor.calls(Endpoint::Token)[0];
        let basic = call.authorization.is_some();
        assert_eq!(basic, method == "client_secret_basic");
        assert_eq!(basic, !call.parameters.contains_key("client_secret"));
    }
    // A wrong secret says so to the admin.
    let vendor = crate::vendors::Vendor::start(Kind::Oidc).await;
    vendor.add(Person::ada());
    let wrong = json!({ "oauth": { "client_secret": "guessed" } });
    super::register(&server, &vendor, "it", wrong).await;
    let trace = refuses(&server, &vendor, "ada-4711", "oauth.client_refused").await;
    assert!(!trace.to_string().contains("guessed"));
}
