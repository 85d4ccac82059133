//! `/providers` of the kinds that speak OAuth 2.0.

use serde_json::{Value, json};

use super::Api;

fn google() -> Value {
    json!({
        "slug": "google", "kind": "google", "allowed_domains": ["example.com"],
        "oauth": { "client_id": "id-1", "client_secret": "hush-hush" }
    })
}

/// The sealed secret as the database holds it.
async fn sealed(api: &Api, slug: &str) -> String {
    let slug = crate::domain::Slug::parse(slug).unwrap();
    api.directory.provider(&slug).await.unwrap().secrets
}

#[tokio::test]
async fn a_provider_is_read_back_without_its_secret() {
    let api = Api::new().await;
    let reply = api.admin("POST", "/providers", Some(google())).await;
    let made = reply.expect(201);
    assert_eq!(
        made["urls"],
        json!({
            "login": "https://sso.example.com/oauth/google/login",
            "callback": "https://sso.example.com/oauth/google/callback",
            "logged_out": "https://sso.example.com/oauth/google/logged-out",
            "backchannel_logout": "https://sso.example.com/oauth/google/backchannel-logout",
        })
    );
    assert_eq!(made["oauth"]["client_secret"], "********");
    assert_eq!(made["oauth"]["client_id"], "id-1");
    assert_eq!(made["oauth"]["scopes"], json!([]));
    assert_eq!(made["oauth"]["upn_as_email"], false);
    assert_eq!(made["label"], "SSO Login");
    assert_eq!(made["warnings"], json!([]));
    for absent in ["saml", "certificates", "relay_state"] {
        assert!(made.get(absent).is_none(), "{absent}");
    }
    let shown = api
        .admin("GET", "/providers/google", None)
        .await
        .expect(200);
    assert_eq!(shown, made);
    let list = api.admin("GET", "/providers", None).await.expect(200);
    assert!(!list.to_string().contains("hush-hush"));
    let audit = api.admin("GET", "/audit", None).await.expect(200);
    assert!(!audit.to_string().contains("hush-hush"));
    // It is sealed where it lies, too.
    let slug = crate::domain::Slug::parse("google").unwrap();
    let stored = api.directory.provider(&slug).await.unwrap();
    assert!(!format!("{stored:?}").contains("hush-hush"));
}

#[tokio::test]
async fn the_mask_keeps_the_secret_and_a_new_one_is_told_of() {
    let api = Api::new().await;
    let made = api
        .admin("POST", "/providers", Some(google()))
        .await
        .expect(201);
    let first = sealed(&api, "google").await;
    // What was read is sent back: nothing changes, whatever the method.
    for method in ["PATCH", "PUT"] {
        let same = api
            .admin(method, "/providers/google", Some(made.clone()))
            .await;
        assert_eq!(same.expect(200), made, "{method}");
        assert_eq!(sealed(&api, "google").await, first);
    }
    let patch = json!({ "oauth": { "hosted_domain": "example.com" } });
    let changed = api
        .admin("PATCH", "/providers/google", Some(patch))
        .await
        .expect(200);
    assert_eq!(changed["oauth"]["hosted_domain"], "example.com");
    assert_eq!(
        changed["oauth"]["client_id"], "id-1",
        "nested objects merge"
    );
    assert_eq!(sealed(&api, "google").await, first);
    // Events of one moment stand in no order.
    api.pass(1);
    let patch = json!({ "oauth": { "client_secret": "another" } });
    api.admin("PATCH", "/providers/google", Some(patch))
        .await
        .expect(200);
    assert_ne!(sealed(&api, "google").await, first);
    let audit = api.admin("GET", "/audit", None).await.expect(200);
    let told = &audit["items"][0]["changes"];
    assert!(told.to_string().contains("oauth.client_secret"), "{told}");
    assert!(!audit.to_string().contains("another\""), "{told}");
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn every_mistake_has_its_place_and_a_sentence() {
    let api = Api::new().await;
    let with = |kind: &str, oauth: Value| json!({ "slug": "x", "kind": kind, "allowed_domains": ["*"], "oauth": oauth });
    let id = json!({ "client_id": "i", "client_secret": "s" });
    let and = |more: Value| {
        let mut all = id.clone();
        all.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        all
    };
    let url = "https://id.example.com";
    for (kind, oauth, places) in [
        (
            "google",
            json!({}),
            &["/oauth/client_id", "/oauth/client_secret"][..],
        ),
        (
            "google",
            json!({ "client_id": "i", "client_secret": "" }),
            &["/oauth/client_secret"],
        ),
        (
            "google",
            json!({ "client_id": "i", "client_secret": "********" }),
            &["/oauth/client_secret"],
        ),
        (
            "google",
            json!({ "client_id": "ä", "client_secret": "s" }),
            &["/oauth/client_id"],
        ),
        ("oidc", id.clone(), &["/oauth/issuer"]),
        (
            "oauth2",
            id.clone(),
            &[
                "/oauth/authorization_endpoint",
                "/oauth/token_endpoint",
                "/oauth/userinfo_endpoint",
            ],
        ),
        (
            "oidc",
            and(json!({ "issuer": "ftp://id.example.com" })),
            &["/oauth/issuer"],
        ),
        (
            "oidc",
            and(json!({ "issuer": "javascript:alert(1)" })),
            &["/oauth/issuer"],
        ),
        (
            "oidc",
            and(json!({ "issuer": "https://id.example.com/?x=1" })),
            &["/oauth/issuer"],
        ),
        (
            "oidc",
            and(json!({ "issuer": "https://u:p@id.example.com" })),
            &["/oauth/issuer"],
        ),
        (
            "oidc",
            and(json!({ "issuer": url, "authorization_endpoint": "https://id.example.com/a#f" })),
            &["/oauth/authorization_endpoint"],
        ),
        (
            "oidc",
            and(json!({ "issuer": url, "scopes": ["email"] })),
            &["/oauth/scopes"],
        ),
        (
            "oidc",
            and(json!({ "issuer": url, "scopes": ["openid", "a b"] })),
            &["/oauth/scopes/1"],
        ),
        (
            "oidc",
            and(json!({ "issuer": url, "claims": { "mail": ["x"], "name": [] } })),
            &["/oauth/claims/mail", "/oauth/claims/name"],
        ),
        (
            "google",
            and(json!({ "tenant": "common" })),
            &["/oauth/tenant"],
        ),
        (
            "google",
            and(json!({ "hosted_domain": "a b" })),
            &["/oauth/hosted_domain"],
        ),
        (
            "microsoft",
            and(json!({ "hosted_domain": "example.com" })),
            &["/oauth/hosted_domain"],
        ),
        (
            "microsoft",
            and(json!({ "tenant": "a/b" })),
            &["/oauth/tenant"],
        ),
        (
            "microsoft",
            and(json!({ "allowed_tenants": ["contoso"] })),
            &["/oauth/allowed_tenants/0"],
        ),
        (
            "microsoft",
            and(json!({
                "tenant": "11111111-aaaa-4bbb-8ccc-222222222222",
                "issuer": "https://login.microsoftonline.com/99999999-dddd-4eee-8fff-888888888888/v2.0",
            })),
            &["/oauth/tenant"],
        ),
        (
            "oauth2",
            and(json!({ "jwks_uri": url })),
            &[
                "/oauth/authorization_endpoint",
                "/oauth/token_endpoint",
                "/oauth/userinfo_endpoint",
                "/oauth/jwks_uri",
            ],
        ),
        (
            "oidc",
            and(json!({ "issuer": url, "token_endpoint_auth_method": "none" })),
            &["/oauth/token_endpoint_auth_method"],
        ),
    ] {
        let body = with(kind, oauth);
        let reply = api.admin("POST", "/providers", Some(body.clone())).await;
        assert_eq!(reply.mistakes(422), places, "{body}");
    }
    let without = json!({ "slug": "x", "kind": "google", "allowed_domains": [] });
    assert_eq!(
        api.admin("POST", "/providers", Some(without))
            .await
            .mistakes(422),
        ["/oauth"]
    );
    let both = json!({
        "slug": "x", "kind": "google", "saml": { "metadata_xml": "<x/>" }, "oauth": id,
    });
    assert_eq!(
        api.admin("POST", "/providers", Some(both))
            .await
            .mistakes(422),
        ["/saml"]
    );
    let typo = with("google", and(json!({ "client_secrt": "s" })));
    assert_eq!(
        api.admin("POST", "/providers", Some(typo))
            .await
            .mistakes(422),
        ["/oauth/client_secrt"]
    );
}

#[tokio::test]
async fn a_public_client_has_no_secret() {
    let api = Api::new().await;
    let body = json!({
        "slug": "op", "kind": "oidc", "oauth": { "client_id": "i", "issuer": "https://id.example.com" }
    });
    let made = api
        .admin("POST", "/providers", Some(body))
        .await
        .expect(201);
    assert_eq!(made["oauth"]["client_secret"], Value::Null);
    assert_eq!(sealed(&api, "op").await, "");
    let patch = json!({ "oauth": { "client_secret": "now" } });
    api.admin("PATCH", "/providers/op", Some(patch))
        .await
        .expect(200);
    assert_ne!(sealed(&api, "op").await, "");
    let patch = json!({ "oauth": { "client_secret": null } });
    api.admin("PATCH", "/providers/op", Some(patch))
        .await
        .expect(200);
    assert_eq!(sealed(&api, "op").await, "");
}
