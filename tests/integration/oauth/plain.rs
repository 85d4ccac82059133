//! OAuth 2.0 without OpenID Connect: what userinfo says, on trust or not.

use serde_json::json;

use super::{existing, login, refuses, set_up};
use crate::harness::Server;
use crate::vendors::{Fault, Kind, Person};

on_both! {
    userinfo_says_who_it_is
    trust_is_the_admins
}

async fn userinfo_says_who_it_is(server: Server) {
    let vendor = set_up(&server, Kind::OAuth2, json!({})).await;
    let first = login(&server, &vendor, "it", "ada-4711").await;
    let id = first.user()["id"].clone();
    // A number as identifier, as code forges have it.
    let numbered = Person::new("n", "Num Bered", "n@example.com");
    vendor.add(numbered.with("sub", json!(null)).with("id", 583_231));
    let outcome = login(&server, &vendor, "it", "n").await;
    assert_ne!(outcome.user()["id"], id);
    vendor.add(Person::new("x", "X", "x@example.com").with("sub", json!(null)));
    refuses(&server, &vendor, "x", "oauth.subject_missing").await;
    // The same address with another subject is a case for an admin.
    vendor.add(Person::new("ada-again", "Ada Again", "ada@example.com"));
    refuses(&server, &vendor, "ada-again", "login.identity_conflict").await;
}

async fn trust_is_the_admins(server: Server) {
    let vendor = set_up(&server, Kind::OAuth2, json!({})).await;
    existing(&server, "ada@example.com").await;
    vendor.add(Person::ada().with("email_verified", json!(null)));
    refuses(&server, &vendor, "ada-4711", "login.no_vouched_address").await;
    let trust = json!({ "oauth": { "trust_email": true } });
    server
        .api()
        .expect("PATCH", "/api/v1/providers/it", Some(&trust), 200)
        .await;
    login(&server, &vendor, "it", "ada-4711").await.user();
    // What the provider itself denies is not trusted.
    vendor.fail(Fault::Unverified);
    refuses(&server, &vendor, "ada-4711", "login.no_vouched_address").await;
}
