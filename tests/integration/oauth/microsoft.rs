//! Microsoft: one tenant and several, foreign administrators, guests, groups.

use serde_json::{Value, json};

use super::{existing, login, make, refuses, set_up};
use crate::harness::{Server, merge};
use crate::vendors::{
    Endpoint, FOREIGN_TENANT, Fault, Issuer, Kind, Person, TENANT, Vendor, Wrong,
};

on_both! {
    one_tenant_vouches_for_its_people
    the_vendors_own_issuer_without_discovery
    several_tenants_need_xms_edov
    a_foreign_administrator_takes_nobody_over
    only_tenants_on_the_list
    guests_and_upns
    who_has_no_address
    more_groups_than_a_token_carries
}

/// A vendor whose tenant is written so in the issuer (`common`, an id).
async fn tenancy(server: &Server, tenant: &str, more: Value) -> Vendor {
    let vendor = Vendor::start(Kind::Microsoft).await;
    vendor.add(Person::ada());
    let mut provider = vendor.provider("it");
    provider["oauth"]["issuer"] = json!(format!("{}/{tenant}/v2.0", vendor.url));
    merge(&mut provider, more);
    make(server, &vendor, provider).await;
    vendor
}

fn foreign(subject: &str, email: &str) -> Person {
    Person::new(subject, "For Eign", email).in_tenant(FOREIGN_TENANT)
}

async fn one_tenant_vouches_for_its_people(server: Server) {
    let vendor = set_up(&server, Kind::Microsoft, json!({})).await;
    let here = existing(&server, "ada@example.com").await;
    let outcome = login(&server, &vendor, "it", "ada-4711").await;
    assert_eq!(
        outcome.user()["id"],
        here["id"],
        "the own tenant's word counts"
    );
    // Renamed: known by oid, whatever the address.
    let mut renamed = Person::ada();
    renamed.email = "ada.king@example.com".to_owned();
    vendor.add(renamed);
    let outcome = login(&server, &vendor, "it", "ada-4711").await;
    assert_eq!(outcome.user()["id"], here["id"]);
    // `xms_edov: false` is believed even so.
    let unverified = Person::new("u-1", "Un Verified", "u@example.com");
    vendor.add(unverified.with("xms_edov", false));
    refuses(&server, &vendor, "u-1", "login.no_vouched_address").await;
    // The issuer is another tenant's.
    let other = format!("{}/{FOREIGN_TENANT}/v2.0", vendor.url);
    vendor.set_issuer(Issuer::Text(other));
    let outcome = login(&server, &vendor, "it", "ada-4711").await;
    assert!(outcome.me.is_none());
}

async fn the_vendors_own_issuer_without_discovery(server: Server) {
    let vendor = Vendor::start(Kind::Microsoft).await;
    vendor.add(Person::ada()).set_issuer(Issuer::Vendor);
    make(&server, &vendor, vendor.pinned_provider("it", TENANT)).await;
    let outcome = login(&server, &vendor, "it", "ada-4711").await;
    assert_eq!(outcome.user()["email"], "ada@example.com");
    assert_eq!(vendor.calls(Endpoint::Discovery).len(), 0);
    // A right signature with another tenant's issuer or tid.
    let foreign = format!("https://login.microsoftonline.com/{FOREIGN_TENANT}/v2.0");
    vendor.set_issuer(Issuer::Text(foreign));
    let outcome = login(&server, &vendor, "it", "ada-4711").await;
    assert!(outcome.me.is_none());
    vendor.set_issuer(Issuer::Vendor);
    vendor.add(Person::ada().with("tid", FOREIGN_TENANT));
    let outcome = login(&server, &vendor, "it", "ada-4711").await;
    assert!(outcome.me.is_none(), "tid and issuer differ");
    vendor.add(Person::ada().with("tid", Value::Null));
    let outcome = login(&server, &vendor, "it", "ada-4711").await;
    assert!(outcome.me.is_none(), "no tid");
}

async fn several_tenants_need_xms_edov(server: Server) {
    for tenant in ["common", "organizations"] {
        let vendor = tenancy(&server, tenant, json!({ "slug": format!("it-{tenant}") })).await;
        let slug = format!("it-{tenant}");
        vendor.allow(&server.url, &slug);
        let no_claim = login(&server, &vendor, &slug, "ada-4711").await;
        super::refused(&server, &no_claim, "login.no_vouched_address").await;
        for (value, in_) in [
            (json!(false), false),
            (json!("0"), false),
            (json!("perhaps"), false),
            (json!([true]), false),
            (json!(true), true),
            (json!("1"), true),
        ] {
            vendor.add(Person::ada().with("xms_edov", value.clone()));
            let outcome = login(&server, &vendor, &slug, "ada-4711").await;
            assert_eq!(outcome.me.is_some(), in_, "{tenant}: xms_edov {value}");
        }
    }
}

/// nOAuth: the administrator of any tenant writes any address into a profile.
async fn a_foreign_administrator_takes_nobody_over(server: Server) {
    let vendor = tenancy(&server, "common", json!({})).await;
    let victim = existing(&server, "victim@example.com").await;
    for attack in [
        foreign("mallory-1", "victim@example.com"),
        foreign("mallory-1", "victim@example.com").with("xms_edov", false),
        foreign("mallory-1", "victim@example.com").with("upn", "victim@example.com"),
        foreign("mallory-1", "victim@example.com").with("email", Value::Null),
        foreign("mallory-1", "victim@example.com").with("email_verified", true),
        // Somebody else's object id under one's own tenant.
        foreign("ada-4711", "victim@example.com"),
    ] {
        let subject = attack.subject.clone();
        vendor.add(attack);
        refuses(&server, &vendor, &subject, "login.no_vouched_address").await;
    }
    let after = server.api().user_by_email("victim@example.com").await;
    assert_eq!(after.unwrap()["external_ids"], victim["external_ids"]);
    // The same with one's own, verified address makes oneself, nobody else.
    vendor.add(foreign("mallory-2", "mallory@example.com").with("xms_edov", true));
    let outcome = login(&server, &vendor, "it", "mallory-2").await;
    assert_ne!(outcome.user()["id"], victim["id"]);
    // The same object id in another tenant is another person.
    vendor.add(Person::new("mallory-2", "Other One", "one@example.com").with("xms_edov", true));
    let other = login(&server, &vendor, "it", "mallory-2").await;
    assert_ne!(other.user()["id"], outcome.user()["id"]);
}

async fn only_tenants_on_the_list(server: Server) {
    let list = json!({ "oauth": { "allowed_tenants": [TENANT] } });
    let vendor = tenancy(&server, "organizations", list).await;
    vendor.add(Person::ada().with("xms_edov", true));
    login(&server, &vendor, "it", "ada-4711").await.user();
    vendor.add(foreign("f-1", "f@example.com").with("xms_edov", true));
    let trace = refuses(&server, &vendor, "f-1", "oauth.tenant_not_allowed").await;
    assert_eq!(trace["received"], json!([FOREIGN_TENANT]));
    assert_eq!(trace["outcome"], "refused");
}

async fn guests_and_upns(server: Server) {
    let settings = json!({ "oauth": { "upn_as_email": true } });
    let vendor = set_up(&server, Kind::Microsoft, settings).await;
    let upn = Person::new("upn-1", "U Pn", "x@example.com").with("email", Value::Null);
    vendor.add(upn.clone().with("upn", "upn@example.com"));
    let outcome = login(&server, &vendor, "it", "upn-1").await;
    assert_eq!(outcome.user()["email"], "upn@example.com");
    // A guest's UPN is the tenant's name for somebody else's employee.
    for guest in [
        "foo_other.example#EXT#@example.com",
        "foo_other.example#ext#@example.com",
    ] {
        let person = Person::new("guest-1", "Gu Est", "x@example.com");
        vendor.add(person.with("email", Value::Null).with("upn", guest));
        refuses(&server, &vendor, "guest-1", "login.no_vouched_address").await;
    }
    // `preferred_username` is never an address.
    let person = Person::new("pref-1", "P Ref", "pref@example.com");
    vendor.add(person.with("email", Value::Null));
    refuses(&server, &vendor, "pref-1", "login.no_vouched_address").await;
}

async fn who_has_no_address(server: Server) {
    let vendor = set_up(&server, Kind::Microsoft, json!({})).await;
    let upn = Person::ada().with("upn", "ada@example.com");
    vendor.add(upn.with("email", Value::Null));
    let trace = refuses(&server, &vendor, "ada-4711", "login.no_vouched_address").await;
    assert_eq!(trace["side"], "idp");
    assert!(trace["attributes"]["oid"].is_array(), "{trace}");
}

async fn more_groups_than_a_token_carries(server: Server) {
    let api = server.api();
    let group = json!({ "name": "engineers" });
    let group = api
        .expect("POST", "/api/v1/groups", Some(&group), 201)
        .await;
    let vendor = Vendor::start(Kind::Microsoft).await;
    let mut provider = vendor.provider("it");
    provider["oauth"]["graph_endpoint"] = json!(vendor.url);
    provider["group_map"] = json!({ "group-7": ["engineers"] });
    make(&server, &vendor, provider).await;
    let mut person = Person::ada();
    person.groups = vec!["group-7".to_owned()];
    vendor.add(person.clone());
    let members = format!("/api/v1/groups/{}", group["id"].as_str().unwrap());
    login(&server, &vendor, "it", "ada-4711").await.user();
    assert_eq!(api.get(&members).await["member_count"], 1);
    // The claim goes, and the membership with it.
    person.groups = vec!["group-8".to_owned()];
    vendor.add(person.clone());
    login(&server, &vendor, "it", "ada-4711").await.user();
    assert_eq!(api.get(&members).await["member_count"], 0);
    // Too many for the token: Graph says which.
    person.groups = (0..250).map(|n| format!("group-{n}")).collect();
    vendor.add(person.clone());
    login(&server, &vendor, "it", "ada-4711").await.user();
    assert_eq!(vendor.calls(Endpoint::Groups).len(), 1);
    assert_eq!(api.get(&members).await["member_count"], 1);
    // Graph is down: the person comes in, and the groups stay.
    vendor.fail(Fault::At(Endpoint::Groups, Wrong::Status(503)));
    login(&server, &vendor, "it", "ada-4711").await.user();
    assert_eq!(api.get(&members).await["member_count"], 1);
}
