//! `/providers`.

use axum::body::Body;
use axum::http::header;
use serde_json::{Value, json};

use super::{Api, By, NOW, column, fixture};
use crate::directory::Actor;
use crate::directory::providers::{ManagedBy, Save};
use crate::domain::{Provider, Slug};

fn okta() -> Value {
    json!({
        "slug": "okta", "kind": "saml", "label": "Okta", "allowed_domains": ["example.com"],
        "saml": {"metadata_xml": fixture("okta/metadata.xml")}
    })
}

#[tokio::test]
async fn a_provider_is_read_back_with_what_the_idp_needs() {
    let api = Api::new().await;
    let reply = api.admin("POST", "/providers", Some(okta())).await;
    assert_eq!(reply.header(header::LOCATION), "/api/v1/providers/okta");
    assert_eq!(reply.header(header::ETAG), "\"1\"");
    let made = reply.expect(201);
    assert_eq!(
        made["urls"],
        json!({
            "login": "https://sso.example.com/saml/okta/login",
            "entity_id": "https://sso.example.com/saml/okta/metadata",
            "acs": "https://sso.example.com/saml/okta/acs",
            "metadata": "https://sso.example.com/saml/okta/metadata",
            "slo": "https://sso.example.com/saml/okta/slo",
        })
    );
    assert_eq!(made["relay_state"], "initiate-sp-login");
    assert_eq!(made["managed_by"], "api");
    assert_eq!(made["created_at"], NOW.rfc3339());
    assert_eq!(made["warnings"], json!([]));
    let certificate = &made["certificates"][0];
    assert!(
        certificate["subject"].as_str().unwrap().contains("CN"),
        "{certificate}"
    );
    assert!(certificate["days_left"].as_i64().unwrap() > 365);
    assert!(certificate["not_after"].as_str().unwrap().starts_with("20"));
    let print = certificate["fingerprint_sha256"].as_str().unwrap();
    assert!(print.len() >= 64, "{print}");
    // The defaults of the interface.
    assert_eq!(
        (&made["enabled"], &made["jit"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(made["sync_fields"].as_array().unwrap().len(), 5);
    assert_eq!(made["saml"]["request_binding"], "redirect");

    let shown = api.admin("GET", "/providers/okta", None).await;
    assert_eq!(shown.header(header::ETAG), "\"1\"");
    assert_eq!(shown.expect(200), made);
    let list = api.admin("GET", "/providers", None).await.expect(200);
    assert_eq!(list, json!({"items": [made], "next_cursor": null}));
    // What was read can be sent back, and changes nothing.
    for method in ["PATCH", "PUT"] {
        let same = api
            .admin(method, "/providers/okta", Some(made.clone()))
            .await;
        assert_eq!(same.header(header::ETAG), "\"1\"", "{method}");
        assert_eq!(same.expect(200), made);
    }
    assert_eq!(
        api.admin("POST", "/providers", Some(okta()))
            .await
            .code(409),
        "taken"
    );
}

#[tokio::test]
async fn providers_are_patched_replaced_and_deleted() {
    let api = Api::new().await;
    let put = api.admin("PUT", "/providers/okta", Some(okta())).await;
    assert_eq!(put.expect(201)["label"], "Okta");
    let patch = |body: Value| api.admin("PATCH", "/providers/okta", Some(body));
    let patched = patch(json!({
        "label": null, "jit": false, "group_map": {"a": ["A"]},
        "saml": {"attributes": {"department": ["dept"]}, "force_authn": true}
    }));
    let patched = patched.await.expect(200);
    assert_eq!(
        (&patched["label"], &patched["jit"]),
        (&json!("SSO Login"), &json!(false))
    );
    assert_eq!(patched["allowed_domains"], json!(["example.com"]));
    assert_eq!(
        patched["saml"]["attributes"],
        json!({"department": ["dept"]})
    );
    assert_eq!(patched["certificates"].as_array().unwrap().len(), 1);
    let patched = patch(json!({"saml": {"attributes": {"department": null, "upn": ["u"]}}}));
    let patched = patched.await.expect(200);
    assert_eq!(patched["saml"]["attributes"], json!({"upn": ["u"]}));
    assert_eq!(patched["saml"]["force_authn"], true);

    let secrets = || async {
        let slug = Slug::parse("okta").unwrap();
        api.directory.provider(&slug).await.unwrap().secrets
    };
    let keys = secrets().await;
    assert!(!keys.is_empty(), "a provider has keys of its own");

    // PUT leaves nothing of what stood, and the path may name the provider.
    let mut body = okta();
    body.as_object_mut().unwrap().remove("slug");
    let replaced = api
        .admin("PUT", "/providers/okta", Some(body.clone()))
        .await
        .expect(200);
    assert_eq!(replaced["jit"], true);
    assert_eq!(replaced["saml"]["attributes"], json!({}));
    assert_eq!(secrets().await, keys, "which an IdP may know already");
    body["slug"] = json!("other");
    for method in ["PUT", "PATCH"] {
        let reply = api
            .admin(method, "/providers/okta", Some(body.clone()))
            .await;
        assert_eq!(reply.mistakes(422), ["/slug"]);
    }
    api.admin("DELETE", "/providers/okta", None)
        .await
        .expect(204);
    for method in ["GET", "DELETE"] {
        api.admin(method, "/providers/okta", None)
            .await
            .problem(404);
    }
    patch(json!({})).await.problem(404);
    api.admin("POST", "/providers/okta/test", None)
        .await
        .problem(404);
    api.admin("GET", "/providers/Not_A_Slug", None)
        .await
        .problem(404);
}

#[tokio::test]
async fn a_version_can_be_named() {
    let api = Api::new().await;
    api.admin("POST", "/providers", Some(okta()))
        .await
        .expect(201);
    let send = |method: &'static str, tag: &'static str, body: Value| {
        let request = api
            .request(By::Token(&api.admin), method, "/providers/okta")
            .header("if-match", tag)
            .header("content-type", "application/merge-patch+json")
            .body(Body::from(body.to_string()));
        api.send(request.unwrap())
    };
    let label = |text: &str| json!({"label": text});
    assert_eq!(
        send("PATCH", "\"1\"", label("A"))
            .await
            .header(header::ETAG),
        "\"2\""
    );
    assert_eq!(
        send("PATCH", "\"1\"", label("B")).await.code(412),
        "changed"
    );
    send("DELETE", "\"1\"", json!({})).await.problem(412);
    send("PUT", "W/\"2\"", okta()).await.problem(412);
    send("PATCH", "\"7\", \"2\"", label("C")).await.expect(200);
    send("PUT", "*", okta()).await.expect(200);
    send("DELETE", "\"4\"", json!({})).await.expect(204);
    send("PUT", "*", okta()).await.problem(412);
}

#[tokio::test]
async fn mistakes_are_told_with_their_places() {
    let api = Api::new().await;
    for (change, place) in [
        (json!({"alowed_domains": []}), "/alowed_domains"),
        (
            json!({"saml": {"metadata_xml": "x", "sing_requests": true}}),
            "/saml/sing_requests",
        ),
        (json!({"kind": "smal"}), "/kind"),
        (json!({"slug": "Not A Slug"}), "/slug"),
        (json!({"sync_fields": ["nmae"]}), "/sync_fields/0"),
        (json!({"enabled": "yes"}), "/enabled"),
        (
            json!({"saml": {"metadata_url": "https://127.0.0.1:1/m"}}),
            "/saml/metadata_url",
        ),
        (json!({"saml": {}}), "/saml"),
        (json!({"saml": {"metadata_xml": " "}}), "/saml"),
        (json!({"group_map": {"a.b/c": [""]}}), "/group_map/a.b~1c"),
    ] {
        let mut body = okta();
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        let reply = api.admin("POST", "/providers", Some(body)).await;
        assert_eq!(reply.mistakes(422), [place], "{change}");
    }
    let mut body = okta();
    body["label"] = json!("");
    body["allowed_domains"] = json!(["example.com", "**"]);
    body["saml"] = json!({"metadata_xml": "<html></html>"});
    let mistakes = api
        .admin("POST", "/providers", Some(body))
        .await
        .mistakes(422);
    assert_eq!(
        mistakes,
        ["/label", "/allowed_domains/1", "/saml/metadata_xml"]
    );
    let mut body = okta();
    body.as_object_mut().unwrap().remove("saml");
    assert_eq!(
        api.admin("POST", "/providers", Some(body))
            .await
            .mistakes(422),
        ["/saml"]
    );
    let unknown = json!({"alowed_domains": []});
    api.admin("POST", "/providers", Some(okta()))
        .await
        .expect(201);
    let problem = api
        .admin("PATCH", "/providers/okta", Some(unknown))
        .await
        .problem(422);
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("did you mean `allowed_domains`"),
        "{detail}"
    );
}

#[tokio::test]
async fn metadata_that_cannot_be_used_is_refused_with_a_sentence() {
    let api = Api::new().await;
    let folder = format!(
        "{}/idp-metadata-fixtures/hostile",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut tried = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let mut body = okta();
        body["saml"]["metadata_xml"] = json!(fixture(&format!("hostile/{name}")));
        let problem = api
            .admin("POST", "/providers", Some(body))
            .await
            .problem(422);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.len() > 30, "{name}: {detail}");
        assert_ne!(problem["code"], "request.invalid", "{name}");
        tried += 1;
    }
    assert!(tried > 30);
    let stored = api.admin("GET", "/providers", None).await.expect(200);
    assert_eq!(stored["items"], json!([]));
    // A stored provider is not replaced by one that cannot be used.
    api.admin("POST", "/providers", Some(okta()))
        .await
        .expect(201);
    let broken = json!({"saml": {"metadata_xml": fixture("hostile/no-signing-key.xml")}});
    api.admin("PATCH", "/providers/okta", Some(broken))
        .await
        .problem(422);
    let shown = api.admin("GET", "/providers/okta", None).await.expect(200);
    assert_eq!(shown["certificates"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn ten_megabytes_are_refused_with_a_sentence() {
    let api = Api::new().await;
    let mut body = okta();
    body["saml"]["metadata_xml"] = json!("x".repeat(10 * 1024 * 1024));
    let problem = api
        .admin("POST", "/providers", Some(body))
        .await
        .problem(422);
    assert_eq!(problem["code"], "request.too_large");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("EntityDescriptor")
    );
    // More than other routes take is fine here.
    let mut body = okta();
    let padded = format!(
        "{}<!--{}-->",
        fixture("okta/metadata.xml"),
        "x".repeat(1024 * 1024)
    );
    body["saml"]["metadata_xml"] = json!(padded);
    api.admin("POST", "/providers", Some(body))
        .await
        .expect(201);
}

#[tokio::test]
async fn a_federation_needs_a_choice() {
    let api = Api::new().await;
    let mut body = okta();
    body["saml"]["metadata_xml"] = json!(fixture("hostile/several-idps.xml"));
    let problem = api
        .admin("POST", "/providers", Some(body.clone()))
        .await
        .problem(422);
    let detail = problem["detail"].as_str().unwrap().to_owned();
    let wanted = detail.split('"').find(|part| part.starts_with("http"));
    let wanted = wanted.or(detail.split(' ').find(|word| word.starts_with("http")));
    let wanted = wanted
        .unwrap_or_else(|| panic!("{detail}"))
        .trim_end_matches([',', '.', ')', ';']);
    body["saml"]["entity_id"] = json!(wanted);
    api.admin("POST", "/providers", Some(body))
        .await
        .expect(201);
}

#[tokio::test]
async fn the_file_keeps_its_own() {
    let api = Api::new().await;
    let provider: Provider = serde_json::from_value(okta()).unwrap();
    let save = Save {
        provider,
        secrets: String::new(),
        metadata: None,
        over: None,
        managed_by: ManagedBy::File,
    };
    api.directory
        .save_provider(save, Actor::Gateway)
        .await
        .unwrap();
    let shown = api.admin("GET", "/providers/okta", None).await.expect(200);
    assert_eq!(shown["managed_by"], "file");
    for (method, body) in [
        ("PUT", Some(okta())),
        ("PATCH", Some(json!({"label": "Mine"}))),
        ("DELETE", None),
    ] {
        let reply = api.admin(method, "/providers/okta", body).await;
        assert_eq!(reply.code(409), "provider.managed_by_file", "{method}");
    }
    api.admin("POST", "/providers/okta/test", None)
        .await
        .expect(200);
}

#[tokio::test]
async fn a_test_looks_at_what_is_stored() {
    let api = Api::new().await;
    let test = || api.admin("POST", "/providers/okta/test", None);
    api.admin("POST", "/providers", Some(okta()))
        .await
        .expect(201);
    let fine = test().await.expect(200);
    assert_eq!(fine["ok"], true, "{fine}");
    let names = [
        "metadata",
        "endpoints",
        "certificates",
        "expiry",
        "keys",
        "allowed_domains",
        "enabled",
    ];
    let said: Vec<_> = fine["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["name"])
        .collect();
    assert_eq!(said, names);

    let patch = json!({"allowed_domains": []});
    api.admin("PATCH", "/providers/okta", Some(patch))
        .await
        .expect(200);
    let nobody = test().await.expect(200);
    assert_eq!(
        (&nobody["ok"], &nobody["checks"][5]["ok"]),
        (&json!(false), &json!(false))
    );

    // Time goes on: the certificate is about to end, and ends.
    let end = api.admin("GET", "/providers/okta", None).await.expect(200);
    let days = end["certificates"][0]["days_left"].as_i64().unwrap();
    let day = 86_400;
    api.pass((days - 20) * day);
    let soon = test().await.expect(200);
    assert_eq!(soon["checks"][3]["ok"], false);
    assert!(
        soon["checks"][3]["summary"]
            .as_str()
            .unwrap()
            .contains("in 20 days"),
        "{soon}"
    );
    api.pass(22 * day);
    let over = test().await.expect(200);
    assert!(
        over["checks"][3]["summary"]
            .as_str()
            .unwrap()
            .contains("expired"),
        "{over}"
    );
    let shown = api.admin("GET", "/providers/okta", None).await.expect(200);
    assert!(shown["certificates"][0]["days_left"].as_i64().unwrap() < 0);
    assert!(
        shown["warnings"][0].as_str().unwrap().contains("expired"),
        "{shown}"
    );
}

#[tokio::test]
async fn metadata_that_ran_out_after_it_was_stored_shows() {
    let api = Api::new().await;
    let mut body = okta();
    body["saml"]["metadata_xml"] = json!(fixture("google-workspace/metadata.xml"));
    api.admin("POST", "/providers", Some(body))
        .await
        .expect(201);
    api.pass(2_000_000_000);
    let tested = api
        .admin("POST", "/providers/okta/test", None)
        .await
        .expect(200);
    assert_eq!(
        (&tested["ok"], &tested["checks"][0]["ok"]),
        (&json!(false), &json!(false))
    );
    let shown = api.admin("GET", "/providers/okta", None).await.expect(200);
    assert!(
        shown["warnings"][0]
            .as_str()
            .unwrap()
            .starts_with("nobody can sign in")
    );
    assert_eq!(shown["certificates"], json!([]));
}

#[tokio::test]
async fn lists_can_be_cut() {
    let api = Api::new().await;
    for slug in ["a", "b", "c"] {
        let mut body = okta();
        body["slug"] = json!(slug);
        api.admin("POST", "/providers", Some(body))
            .await
            .expect(201);
    }
    let page = api
        .admin("GET", "/providers?limit=2", None)
        .await
        .expect(200);
    assert_eq!(column(&page, "slug"), ["a", "b"]);
    let next = format!(
        "/providers?limit=2&cursor={}",
        page["next_cursor"].as_str().unwrap()
    );
    let page = api.admin("GET", &next, None).await.expect(200);
    assert_eq!(
        (column(&page, "slug"), &page["next_cursor"]),
        (vec!["c".into()], &Value::Null)
    );
}
