//! The document, `OpenAPI` 3.1.

use std::collections::BTreeSet;

use axum::http::header;
use serde_json::{Map, Value, json};

use super::{Api, By, fixture};
use crate::directory::Actor;

async fn document(api: &Api) -> Value {
    let reply = api.call(By::Nobody, "GET", "/openapi.json", None).await;
    assert_eq!(reply.header(header::CONTENT_TYPE), "application/json");
    reply.expect(200)
}

/// Every `$ref` below a value.
fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str));
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_is_whole() {
    let api = Api::new().await;
    let document = document(&api).await;
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"][0]["url"], super::ORIGIN);
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 100, "{}", found.len());
    for place in found {
        let place = place.strip_prefix('#').unwrap();
        assert!(document.pointer(place).is_some(), "{place} is not there");
    }
    let tags = document["tags"].as_array().unwrap();
    let tags: BTreeSet<&str> = tags.iter().map(|t| t["name"].as_str().unwrap()).collect();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let route = format!("{method} {path}");
            assert!(ids.insert(operation["operationId"].to_string()), "{route}");
            assert!(
                tags.contains(operation["tags"][0].as_str().unwrap()),
                "{route}"
            );
            assert!(
                operation["summary"].as_str().unwrap().ends_with('.'),
                "{route}"
            );
            check_parameters(path, operation, &route);
            check_responses(operation, &route);
        }
    }
}

fn check_parameters(path: &str, operation: &Value, route: &str) {
    let parameters = operation["parameters"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    for parameter in &parameters {
        assert!(parameter["description"].is_string(), "{route}: {parameter}");
        assert!(parameter["schema"].is_object(), "{route}: {parameter}");
        let in_path = parameter["in"] == "path";
        assert_eq!(
            parameter["required"] == true,
            in_path,
            "{route}: {parameter}"
        );
    }
    let named = |name: &str| {
        parameters
            .iter()
            .any(|p| p["name"] == name && p["in"] == "path")
    };
    for part in path.split('/').filter(|part| part.starts_with('{')) {
        assert!(named(part.trim_matches(['{', '}'])), "{route}: {part}");
    }
}

fn check_responses(operation: &Value, route: &str) {
    let responses = operation["responses"].as_object().unwrap();
    assert!(
        responses.keys().any(|status| status.starts_with('2')),
        "{route}"
    );
    for status in ["500", "503"] {
        assert!(responses.contains_key(status), "{route}: {status}");
    }
    for (status, response) in responses {
        let kinds = response["content"].as_object();
        let kind = kinds
            .and_then(|kinds| kinds.keys().next())
            .map(String::as_str);
        match status.as_str() {
            "204" => assert_eq!(kind, None, "{route}"),
            _ if route.contains(".jsonl") && status.starts_with('2') => {
                assert_eq!(kind, Some("application/jsonl"), "{route}");
            }
            _ if status.starts_with('2') => assert_eq!(kind, Some("application/json"), "{route}"),
            _ => assert!(
                kind == Some("application/problem+json") || response["$ref"].is_string(),
                "{route}: {status}"
            ),
        }
    }
    let body = operation["requestBody"].as_object();
    for content in body
        .into_iter()
        .flat_map(|body| body["content"].as_object().unwrap().values())
    {
        assert!(content["schema"]["$ref"].is_string(), "{route}");
    }
}

/// Whether what is sent has the keys that the document promises, and no other.
fn matches(document: &Value, schema: &str, sent: &Value) {
    let name = schema;
    let schema = &document["components"]["schemas"][schema];
    let keys = |map: Option<&Map<String, Value>>| -> BTreeSet<String> {
        map.into_iter()
            .flat_map(|map| map.keys().cloned())
            .collect()
    };
    let promised = keys(schema["properties"].as_object());
    let required: BTreeSet<String> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|key| key.as_str().unwrap().to_owned())
        .collect();
    let sent = keys(sent.as_object());
    assert!(!promised.is_empty(), "{name} is not described");
    assert!(sent.is_subset(&promised), "{name}: {sent:?} {promised:?}");
    assert!(required.is_subset(&sent), "{name}: {required:?} {sent:?}");
}

#[tokio::test]
async fn what_is_sent_is_what_was_promised() {
    let api = Api::new().await;
    let document = document(&api).await;
    let user = api.user(json!({"email": "ada@example.com"})).await;
    let provider = json!({
        "slug": "okta", "kind": "saml", "saml": {"metadata_xml": fixture("okta/metadata.xml")}
    });
    let made = api
        .admin("POST", "/providers", Some(provider))
        .await
        .expect(201);
    matches(&document, "ProviderShown", &made);
    matches(&document, "SamlSettings", &made["saml"]);
    matches(&document, "ProviderUrls", &made["urls"]);
    matches(&document, "Certificate", &made["certificates"][0]);
    let test = api
        .admin("POST", "/providers/okta/test", None)
        .await
        .expect(200);
    matches(&document, "ProviderTest", &test);
    matches(&document, "Check", &test["checks"][0]);
    let cookie = api.sign_in(&user).await;
    let me = api
        .call(By::Cookie(&cookie), "GET", "/me", None)
        .await
        .expect(200);
    matches(&document, "Session", &me["session"]);
    let token = json!({"name": "x", "scopes": ["users:read"]});
    let token = api.admin("POST", "/tokens", Some(token)).await.expect(201);
    assert!(token["token"].is_string());
    for (path, schema) in [
        (format!("/users/{user}"), "User"),
        ("/settings".to_owned(), "Settings"),
    ] {
        let shown = api.admin("GET", &path, None).await.expect(200);
        matches(&document, schema, &shown);
    }
    let webhook = json!({"url": "https://example.com/hook"});
    let webhook = api.admin("POST", "/webhooks", Some(webhook)).await;
    let webhook = webhook.expect(201);
    assert!(webhook["secret"].is_string());
    let at = format!("/webhooks/{}", webhook["id"].as_str().unwrap());
    let test = api.admin("POST", &format!("{at}/test"), None).await;
    matches(&document, "WebhookTest", &test.expect(202));
    let log = api.admin("GET", &format!("{at}/deliveries"), None).await;
    let log = log.expect(200);
    matches(&document, "WebhookDelivery", &log["items"][0]);
    api.directory
        .create_group("G".to_owned(), None, Actor::CommandLine)
        .await
        .unwrap();
    for (path, list, item) in [
        ("/groups", "GroupList", "Group"),
        ("/tokens", "TokenList", "Token"),
        ("/webhooks", "WebhookList", "Webhook"),
        ("/audit", "EventList", "Event"),
        ("/providers", "ProviderShownList", "ProviderShown"),
    ] {
        let shown = api.admin("GET", path, None).await.expect(200);
        matches(&document, list, &shown);
        matches(&document, item, &shown["items"][0]);
    }
    let problem = api
        .admin("POST", "/tokens", Some(json!({})))
        .await
        .problem(422);
    matches(&document, "Problem", &problem);
}

#[tokio::test]
async fn links_lead_to_operations_that_are_there() {
    let api = Api::new().await;
    let document = document(&api).await;
    let mut ids = BTreeSet::new();
    let mut links = Vec::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            ids.insert(operation["operationId"].as_str().unwrap());
            for response in operation["responses"].as_object().unwrap().values() {
                links.extend(response["links"].as_object().into_iter().flatten());
            }
        }
    }
    for (name, link) in &links {
        assert!(ids.contains(name.as_str()), "{name}");
        assert_eq!(link["operationId"], name.as_str());
    }
    let made = &document["paths"]["/api/v1/users"]["post"]["responses"]["201"]["links"];
    assert_eq!(
        made["users_deactivate"]["parameters"],
        json!({"id": "$response.body#/id"})
    );
    let listed = &document["paths"]["/api/v1/providers"]["get"]["responses"]["200"]["links"];
    assert_eq!(
        listed["providers_test"]["parameters"],
        json!({"slug": "$response.body#/items/0/slug"})
    );
}

/// The words of a closed list are those that are sent.
#[tokio::test]
async fn words_are_those_that_are_sent() {
    let api = Api::new().await;
    let schemas = &document(&api).await["components"]["schemas"];
    for (name, first) in [
        ("Scope", "admin"),
        ("Role", "admin"),
        ("Status", "active"),
        ("Field", "user_name"),
        ("ActorKind", "user"),
        ("TraceOutcome", "success"),
        ("RequestBinding", "redirect"),
        ("ManagedBy", "api"),
    ] {
        assert_eq!(schemas[name]["enum"][0], first, "{name}");
        let description = schemas[name]["description"].as_str().unwrap();
        assert!(description.ends_with(['.', ')']), "{name}: {description}");
    }
    for kind in ["command_line", "gateway"] {
        let all = schemas["ActorKind"]["enum"].as_array().unwrap();
        assert!(all.contains(&json!(kind)));
    }
}

#[tokio::test]
async fn the_page_is_made_of_the_document() {
    let api = Api::new().await;
    let request = axum::http::Request::get("/api/docs").header("accept", "text/html");
    let request = request.body(axum::body::Body::empty()).unwrap();
    let response = tower::ServiceExt::oneshot(api.router.clone(), request)
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'self'"),
        "{policy}"
    );
    let html = http_body_util::BodyExt::collect(response.into_body())
        .await
        .unwrap();
    let html = String::from_utf8(html.to_bytes().to_vec()).unwrap();
    let page = scraper::Html::parse_document(&html);
    let all = |selector: &str| {
        let selector = scraper::Selector::parse(selector).unwrap();
        let found = page.select(&selector);
        let ids = found.map(|e| {
            e.attr("id")
                .or(e.attr("href"))
                .unwrap_or_default()
                .to_owned()
        });
        ids.collect::<Vec<_>>()
    };
    assert!(all("script").is_empty() && all("[style]").is_empty());
    let ids: BTreeSet<String> = all("[id]").into_iter().collect();
    assert_eq!(ids.len(), all("[id]").len(), "an id stands twice");
    let document = document(&api).await;
    let mut operations = 0;
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            assert!(ids.contains(operation["operationId"].as_str().unwrap()));
            operations += 1;
        }
    }
    assert_eq!(
        all(".route pre[aria-label='Example with curl']").len(),
        operations
    );
    for schema in document["components"]["schemas"]
        .as_object()
        .unwrap()
        .keys()
    {
        assert!(ids.contains(&format!("schema-{schema}")), "{schema}");
    }
    assert!(html.contains("Bearer $TOKEN") && html.contains("__Host-doorward=$SESSION"));
    assert!(html.contains("<code>next_cursor</code>") && !html.contains('`'));
    for link in all("a") {
        let place = link.strip_prefix('#');
        assert!(
            place.is_none_or(|id| ids.contains(id)),
            "{link} leads nowhere"
        );
        assert!(link.starts_with(['#', '/']), "{link} leads elsewhere");
    }
}

#[tokio::test]
async fn a_patch_requires_nothing_and_clears_what_may_be_absent() {
    let api = Api::new().await;
    let document = document(&api).await;
    let patch = &document["components"]["schemas"]["ProviderPatch"];
    assert!(patch.get("required").is_none());
    let of = |place: &str| patch.pointer(place).unwrap();
    assert_eq!(of("/properties/label/type"), &json!(["string", "null"]));
    assert_eq!(of("/properties/slug/$ref"), "#/components/schemas/Slug");
    assert_eq!(
        of("/properties/saml/properties/force_authn/type"),
        &json!(["boolean", "null"])
    );
    assert_eq!(of("/properties/saml/additionalProperties"), &json!(false));
}
