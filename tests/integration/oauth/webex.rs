//! Webex: `people/me`, its list of addresses, its organizations.

use serde_json::json;

use super::{existing, login, refuses, set_up};
use crate::harness::Server;
use crate::vendors::{Endpoint, FOREIGN_TENANT, Kind, Person, TENANT};

on_both! {
    people_me_says_who_it_is
    only_the_own_organization
}

async fn people_me_says_who_it_is(server: Server) {
    let vendor = set_up(&server, Kind::Webex, json!({})).await;
    let here = existing(&server, "ada@example.com").await;
    let outcome = login(&server, &vendor, "it", "ada-4711").await;
    assert_eq!(outcome.user()["id"], here["id"]);
    let asked = vendor.calls(Endpoint::UserInfo);
    assert!(
        asked[0]
            .authorization
            .as_ref()
            .unwrap()
            .starts_with("Bearer ")
    );
    // The first of several addresses counts.
    let several = json!(["two@example.com", "ada@example.com"]);
    vendor.add(Person::new("two", "T Wo", "").with("emails", several));
    let outcome = login(&server, &vendor, "it", "two").await;
    assert_eq!(outcome.user()["email"], "two@example.com");
    for (emails, code) in [
        (json!([]), "login.no_vouched_address"),
        (json!(null), "login.no_vouched_address"),
        (
            json!(["x@elsewhere.example", "y@example.com"]),
            "login.domain_not_allowed",
        ),
    ] {
        vendor.add(Person::new("no", "N O", "").with("emails", emails));
        refuses(&server, &vendor, "no", code).await;
    }
    let unverified = Person::new("uv", "U V", "uv@example.com").with("email_verified", false);
    vendor.add(unverified);
    refuses(&server, &vendor, "uv", "login.no_vouched_address").await;
    vendor.add(Person::new("anon", "A Non", "anon@example.com").with("id", json!(null)));
    refuses(&server, &vendor, "anon", "oauth.subject_missing").await;
}

async fn only_the_own_organization(server: Server) {
    let settings = json!({ "oauth": { "organization": TENANT } });
    let vendor = set_up(&server, Kind::Webex, settings).await;
    login(&server, &vendor, "it", "ada-4711").await.user();
    vendor.add(Person::new("f", "F", "f@example.com").in_tenant(FOREIGN_TENANT));
    let code = "oauth.organization_not_allowed";
    let trace = refuses(&server, &vendor, "f", code).await;
    assert_eq!(trace["received"], json!([FOREIGN_TENANT]));
    vendor.add(Person::new("f", "F", "f@example.com").with("orgId", json!(null)));
    refuses(&server, &vendor, "f", code).await;
}
