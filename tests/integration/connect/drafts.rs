//! Providers whose identity provider nobody has described yet.

use serde_json::json;

use crate::harness::{Browser, Idp, Server};

on_both! {
    a_draft_has_its_addresses_and_nobody_comes_in
    a_draft_becomes_a_provider
}

fn draft() -> serde_json::Value {
    json!({ "slug": "okta", "kind": "saml", "enabled": false, "saml": {} })
}

async fn a_draft_has_its_addresses_and_nobody_comes_in(server: Server) {
    let api = server.api();
    // Switched on, it is none, whichever way.
    for wrong in [
        json!({ "slug": "okta", "kind": "saml" }),
        json!({ "slug": "okta", "kind": "saml", "saml": {} }),
        json!({ "slug": "okta", "kind": "saml", "enabled": true, "saml": {} }),
        json!({ "slug": "okta", "kind": "saml", "saml": { "metadata_xml": "  " } }),
        // What is there must be good, switched on or not.
        json!({ "slug": "okta", "kind": "saml", "enabled": false, "saml": { "metadata_xml": "<x/>" } }),
        json!({ "slug": "okta", "kind": "saml", "enabled": false,
                "saml": { "attributes": { "nothing": ["x"] } } }),
        json!({ "slug": "okta", "kind": "saml", "enabled": false }),
    ] {
        api.expect("POST", "/api/v1/providers", Some(&wrong), 422)
            .await;
    }
    let made = api
        .expect("POST", "/api/v1/providers", Some(&draft()), 201)
        .await;
    assert_eq!(made["relay_state"], "initiate-sp-login");
    assert_eq!(made["urls"]["acs"], format!("{}/saml/okta/acs", server.url));
    assert_eq!(made["certificates"], json!([]));
    let mut browser = Browser::new(&server);
    let metadata = browser.visit("/saml/okta/metadata").await;
    assert_eq!(metadata.status, 200);
    assert!(metadata.body.contains("AssertionConsumerService"));
    assert!(
        metadata.body.contains("X509Certificate"),
        "it has its keys already"
    );
    assert_eq!(browser.visit("/saml/okta/login").await.status, 404);
    let answer = browser
        .submit_elsewhere("/saml/okta/acs", &[("SAMLResponse", "PHg+")])
        .await;
    assert!(
        [400, 403, 404].contains(&answer.status),
        "{}",
        answer.status
    );
    let login = browser.visit("/login").await;
    assert!(!login.body.contains("/saml/okta/login"));
    // It stays as it is through a restart and a change of something else.
    let path = "/api/v1/providers/okta";
    api.expect("PATCH", path, Some(&json!({ "label": "Later" })), 200)
        .await;
    api.expect("PATCH", path, Some(&json!({ "enabled": true })), 422)
        .await;
    assert_eq!(api.get(path).await["enabled"], false);
}

async fn a_draft_becomes_a_provider(server: Server) {
    let api = server.api();
    let made = api
        .expect("POST", "/api/v1/providers", Some(&draft()), 201)
        .await;
    let idp = Idp::new();
    let patch = json!({
        "enabled": true,
        "allowed_domains": ["example.com"],
        "saml": { "metadata_xml": idp.metadata() },
    });
    let after = api
        .expect("PATCH", "/api/v1/providers/okta", Some(&patch), 200)
        .await;
    assert_eq!(after["urls"], made["urls"]);
    assert_eq!(
        after["keys"], made["keys"],
        "what the IdP was given stays good"
    );
    let mut browser = Browser::new(&server);
    let person = crate::harness::Person::named("ada");
    idp.login(&server, &mut browser, &person).await.user();
    // Back to a draft only when it is switched off.
    let blank = json!({ "saml": { "metadata_xml": null } });
    api.expect("PATCH", "/api/v1/providers/okta", Some(&blank), 422)
        .await;
    // The command on the machine says the same.
    let file = |enabled: bool| {
        format!(
            "[[provider]]\nslug = \"cli\"\nkind = \"saml\"\nenabled = {enabled}\n[provider.saml]\n"
        )
    };
    std::fs::write(server.path("draft.toml"), file(false)).unwrap();
    server.cli(&["provider", "apply", "draft.toml"], "");
    assert_eq!(api.get("/api/v1/providers/cli").await["enabled"], false);
}
