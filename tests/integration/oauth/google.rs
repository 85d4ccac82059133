//! Google: two forms of the issuer, `hd`, private accounts, pictures.

use serde_json::json;

use super::{existing, login, make, refuses, set_up};
use crate::harness::Server;
use crate::vendors::{Endpoint, Issuer, Kind, Person, Vendor};

on_both! {
    a_person_signs_in_and_stays_in_step
    both_forms_of_the_issuer
    the_hosted_domain_must_be_the_claim
    a_private_account_finds_nobody
    gmail_is_googles_own
    an_address_must_be_verified
}

async fn a_person_signs_in_and_stays_in_step(server: Server) {
    let vendor = set_up(&server, Kind::Google, json!({})).await;
    let outcome = login(&server, &vendor, "it", "ada-4711").await;
    let first = outcome.user().clone();
    assert_eq!(first["email"], "ada@example.com");
    assert_eq!(first["name"], "Ada Lovelace");
    // Another name, and another address of the same person.
    let mut person = Person::ada().named("Augusta Lovelace");
    person.email = "augusta@example.com".to_owned();
    vendor.add(person);
    let outcome = login(&server, &vendor, "it", "ada-4711").await;
    assert_eq!(outcome.user()["id"], first["id"], "known by sub");
    assert_eq!(outcome.user()["name"], "Augusta Lovelace");
    let trace = server.api().last_trace().await;
    assert_eq!(trace["matched_by"], "external_id");
    assert_eq!(trace["kind"], "oauth");
    assert_eq!(server.api().users().await.len(), 1);
    // What was asked of the vendor: never more than is needed.
    let asked = &vendor.calls(Endpoint::Authorize)[0].parameters;
    assert_eq!(asked["code_challenge_method"], "S256");
    assert!(!asked.contains_key("hd"));
    assert_eq!(vendor.calls(Endpoint::Jwks).len(), 1, "the keys are kept");
    assert_eq!(vendor.calls(Endpoint::Discovery).len(), 1);
}

async fn both_forms_of_the_issuer(server: Server) {
    let vendor = Vendor::start(Kind::Google).await;
    vendor.add(Person::ada()).set_issuer(Issuer::Vendor);
    make(&server, &vendor, vendor.pinned_provider("it", "")).await;
    let first = login(&server, &vendor, "it", "ada-4711").await;
    let id = first.user()["id"].clone();
    vendor.set_issuer(Issuer::Text("accounts.google.com".to_owned()));
    let second = login(&server, &vendor, "it", "ada-4711").await;
    assert_eq!(second.user()["id"], id, "one person under both forms");
    for near in [
        "http://accounts.google.com",
        "https://accounts.google.com/",
        "accounts.google.com.attacker.example",
        "Accounts.google.com",
    ] {
        vendor.set_issuer(Issuer::Text(near.to_owned()));
        let trace = refuses(&server, &vendor, "ada-4711", "oauth.issuer_mismatch").await;
        assert_eq!(trace["received"], json!([near]));
    }
    assert_eq!(vendor.calls(Endpoint::Discovery).len(), 0);
}

async fn the_hosted_domain_must_be_the_claim(server: Server) {
    let settings = json!({ "oauth": { "hosted_domain": "example.com" } });
    let vendor = set_up(&server, Kind::Google, settings).await;
    let private = Person::new("private-1", "Pri Vate", "pri@example.com");
    vendor.add(private.with("hd", serde_json::Value::Null));
    let other = Person::new("other-1", "O Ther", "o@example.com");
    vendor.add(other.with("hd", "example.org"));
    login(&server, &vendor, "it", "ada-4711").await.user();
    let asked = &vendor.calls(Endpoint::Authorize)[0].parameters;
    assert_eq!(asked["hd"], "example.com");
    let code = "oauth.organization_not_allowed";
    let trace = refuses(&server, &vendor, "private-1", code).await;
    assert_eq!(trace["outcome"], "refused");
    let trace = refuses(&server, &vendor, "other-1", code).await;
    assert_eq!(trace["received"], json!(["example.org"]));
}

/// A private Google account with an address of the company.
async fn a_private_account_finds_nobody(server: Server) {
    let vendor = set_up(&server, Kind::Google, json!({})).await;
    let victim = existing(&server, "victim@example.com").await;
    let nobody = serde_json::Value::Null;
    let private = Person::new("private-1", "Mal Lory", "victim@example.com");
    vendor.add(private.with("hd", nobody.clone()));
    refuses(&server, &vendor, "private-1", "login.identity_conflict").await;
    let after = server.api().user_by_email("victim@example.com").await;
    assert_eq!(after.unwrap()["external_ids"], victim["external_ids"]);
    // It may make a user of its own.
    let fresh = Person::new("private-2", "Fre Sh", "fresh@example.com");
    vendor.add(fresh.with("hd", nobody));
    let outcome = login(&server, &vendor, "it", "private-2").await;
    assert_eq!(outcome.user()["email"], "fresh@example.com");
    // A Workspace account finds its user.
    vendor.add(Person::new("work-1", "Vic Tim", "victim@example.com"));
    let outcome = login(&server, &vendor, "it", "work-1").await;
    assert_eq!(outcome.user()["id"], victim["id"]);
}

async fn gmail_is_googles_own(server: Server) {
    let vendor = set_up(
        &server,
        Kind::Google,
        json!({ "allowed_domains": ["gmail.com"] }),
    )
    .await;
    let here = existing(&server, "ada@gmail.com").await;
    vendor.add(Person::new("gmail-1", "Ada Private", "ada@gmail.com"));
    let outcome = login(&server, &vendor, "it", "gmail-1").await;
    assert_eq!(outcome.user()["id"], here["id"]);
    // The company's are now outside.
    refuses(&server, &vendor, "ada-4711", "login.domain_not_allowed").await;
}

async fn an_address_must_be_verified(server: Server) {
    let vendor = set_up(&server, Kind::Google, json!({})).await;
    existing(&server, "ada@example.com").await;
    for value in [
        json!(false),
        json!("false"),
        json!(null),
        json!("maybe"),
        json!(2),
    ] {
        let mut person = Person::ada();
        person.claims.insert("email_verified".to_owned(), value);
        vendor.add(person);
        refuses(&server, &vendor, "ada-4711", "login.no_vouched_address").await;
    }
}
