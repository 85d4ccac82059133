//! Providers by API, as far as SAML goes.

use serde_json::json;

use crate::harness::{Idp, Server};

#[tokio::test]
async fn life_of_a_provider() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    let api = server.api();
    let made = idp.register(&server).await;
    assert_eq!(made["slug"], "okta");
    assert_eq!(made["enabled"], true);
    assert_eq!(made["jit"], true);
    let path = "/api/v1/providers/okta";
    assert_eq!(api.get(path).await, made);

    // A second one of that name.
    api.expect("POST", "/api/v1/providers", Some(&idp.provider()), 409)
        .await;

    // PATCH is JSON Merge Patch: nested objects merge.
    let patched = api
        .expect(
            "PATCH",
            path,
            Some(&json!({ "label": "Sign in", "saml": { "force_authn": true } })),
            200,
        )
        .await;
    assert_eq!(patched["label"], "Sign in");
    assert_eq!(patched["saml"]["force_authn"], true);
    assert_eq!(
        patched["saml"]["metadata_xml"],
        made["saml"]["metadata_xml"]
    );

    // PUT sets the rest back to its defaults.
    let put = api.expect("PUT", path, Some(&idp.provider()), 200).await;
    assert_eq!(put["saml"]["force_authn"], false);

    // Nonsense is named, and changes nothing.
    for (patch, word) in [
        (json!({ "colour": "red" }), "colour"),
        (json!({ "saml": { "metadata": "x" } }), "metadata"),
        (
            json!({ "allowed_domains": "example.com" }),
            "allowed_domains",
        ),
        (
            json!({ "allowed_domains": ["exa mple.com"] }),
            "allowed_domains",
        ),
        (json!({ "kind": "ldap" }), "kind"),
        (json!({ "slug": "other" }), "slug"),
        (json!({ "enabled": "yes" }), "enabled"),
        (json!({ "sync_fields": ["roles"] }), "sync_fields"),
        (
            json!({ "saml": { "request_binding": "soap" } }),
            "request_binding",
        ),
        (
            json!({ "saml": { "name_id_format": "x" } }),
            "name_id_format",
        ),
        (json!({ "saml": null }), "saml"),
    ] {
        let (status, problem) = api.call("PATCH", path, Some(&patch)).await;
        assert_eq!(status, 422, "{patch}: {problem}");
        assert!(problem.to_string().contains(word), "{patch}: {problem}");
    }
    assert_eq!(api.get(path).await, put);

    for slug in ["", "-x", "x-", "Okta", "a/b", "ä", &"a".repeat(64)] {
        let mut provider = idp.provider();
        provider["slug"] = json!(slug);
        api.expect("POST", "/api/v1/providers", Some(&provider), 422)
            .await;
    }

    api.expect("DELETE", path, None, 204).await;
    api.expect("GET", path, None, 404).await;
    api.expect("DELETE", path, None, 404).await;
    assert!(api.list("/api/v1/providers").await.is_empty());
}

/// What is not JSON, or not meant for us, is a problem document and no page.
#[tokio::test]
async fn problems() {
    let server = Server::sqlite().await;
    let client = server.client.clone();
    for (body, content_type, status) in [
        ("{", "application/json", &[400_u16, 422][..]),
        ("[]", "application/json", &[400, 422]),
        ("{}", "text/plain", &[415]),
        ("", "application/json", &[400, 422]),
    ] {
        let answer = client
            .post(format!("{}/api/v1/providers", server.url))
            .bearer_auth(&server.token)
            .header("content-type", content_type)
            .body(body)
            .send()
            .await
            .unwrap();
        assert!(
            status.contains(&answer.status().as_u16()),
            "{body:?}: {}",
            answer.status()
        );
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    let answer = client
        .get(format!("{}/api/v1/nothing", server.url))
        .bearer_auth(&server.token)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
}
