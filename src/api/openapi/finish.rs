//! What holds for every route is written into the document here, once.

use serde_json::{Map, Value, json};
use utoipa::PartialSchema as _;

use crate::api::auth::roles_for;
use crate::domain::Scope;
use crate::platform::web::Problem;

/// What the groups of routes are, in the order in which people read them.
const TAGS: [(&str, &str); 10] = [
    ("Session", "Who is signed in at this browser."),
    ("Users", "The people."),
    ("Groups", "Groups and who belongs to them."),
    (
        "Providers",
        "The identity providers through which people sign in.",
    ),
    (
        "Logins",
        "What came of each attempt to sign in, and, where it failed, what to change.",
    ),
    (
        "Conflicts",
        "Logins that were not attached to the user whom their identifiers name. An admin decides.",
    ),
    ("Audit", "Who did what to whom."),
    ("Tokens", "API tokens."),
    ("Settings", "Settings that an admin changes."),
    ("Documents", "This API, described."),
];

const DESCRIPTION: &str = "REST with JSON. Times are RFC 3339 in UTC, ids are UUIDs. \
    Scripts send an API token as `Authorization: Bearer dwt_…`; people who are signed in may use \
    their session, and then send changes from this origin only. Errors are \
    `application/problem+json` (RFC 9457). Lists answer pages: give `next_cursor` back as `cursor`. \
    A parameter or key that is not known is an error.";

/// Completes the document that was collected from the handlers.
pub(super) fn finish(collected: &utoipa::openapi::OpenApi, origin: &str, cookie: &str) -> Value {
    let mut document = serde_json::to_value(collected).unwrap_or_default();
    rename_lists(&mut document);
    document["openapi"] = json!("3.1.0");
    document["jsonSchemaDialect"] = json!("https://spec.openapis.org/oas/3.1/dialect/base");
    document["info"] = json!({
        "title": "Doorward",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Users, groups, providers and logins of the gateway.",
        "description": DESCRIPTION,
        "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
    });
    document["servers"] = json!([{"url": origin, "description": "This gateway."}]);
    document["tags"] = TAGS
        .iter()
        .map(|(name, description)| json!({"name": name, "description": description}))
        .collect();
    let mut schemas = taken(&mut document, "/components/schemas");
    schemas.insert("Problem".to_owned(), to_value(Problem::schema()));
    if let Some(provider) = schemas.get("Provider") {
        let mut patch = weakened(provider, &schemas);
        patch["description"] = json!("A merge patch of a provider: what is left out stays.");
        patch["examples"] = json!([{"label": "SSO Login", "saml": {"force_authn": true}}]);
        schemas.insert("ProviderPatch".to_owned(), patch);
    }
    document["components"] = json!({
        "schemas": schemas,
        "responses": failures(),
        "securitySchemes": security(cookie),
    });
    let mut paths = taken(&mut document, "/paths");
    for item in paths.values_mut() {
        let operations = item.as_object_mut().into_iter().flat_map(Map::iter_mut);
        for (method, operation) in operations {
            complete(method, operation);
        }
    }
    super::links::add(&mut paths);
    document["paths"] = Value::Object(paths);
    document
}

fn to_value(schema: impl serde::Serialize) -> Value {
    serde_json::to_value(schema).unwrap_or_default()
}

/// What stands at a place, taken away from it.
fn taken(document: &mut Value, place: &str) -> Map<String, Value> {
    match document.pointer_mut(place).map(Value::take) {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

/// `List_User` is no name that people read: `UserList`.
fn rename_lists(document: &mut Value) {
    match document {
        Value::Object(object) => {
            let keys: Vec<String> = object.keys().cloned().collect();
            for key in keys {
                if let Some(of) = key.strip_prefix("List_")
                    && let Some(value) = object.remove(&key)
                {
                    object.insert(format!("{of}List"), value);
                }
            }
            if let Some(Value::String(place)) = object.get_mut("$ref")
                && let Some((before, of)) = place.split_once("/List_")
            {
                *place = format!("{before}/{of}List");
            }
            object.values_mut().for_each(rename_lists);
        }
        Value::Array(items) => items.iter_mut().for_each(rename_lists),
        _ => {}
    }
}

fn security(cookie: &str) -> Value {
    let scopes: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    let scopes = scopes.join("`, `");
    json!({
        "token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "dwt_…",
            "description": format!(
                "An API token. Its scopes are of `{scopes}`; `admin` includes all but `scim`, and \
                 writing includes reading. The names beside `token` in a route's `security` are the \
                 scope that it needs."
            ),
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": cookie,
            "description": "The session of somebody who is signed in. The names beside `session` in \
                 a route's `security` are the roles, one of which it needs.",
        },
    })
}

/// A way to fail: the name under which it stands, its status, what it means.
const FAILURES: [(&str, u16, &str); 9] = [
    ("Malformed", 400, "The request cannot be read."),
    (
        "Unauthenticated",
        401,
        "Nobody is signed in, or the token does not count.",
    ),
    (
        "Forbidden",
        403,
        "Whoever asks may not do this; the answer names what it takes.",
    ),
    ("NotFound", 404, "There is no such thing."),
    ("TooLarge", 413, "The body is too large."),
    ("UnsupportedMediaType", 415, "The body is not JSON."),
    (
        "Invalid",
        422,
        "Values cannot be taken: every mistake at once, in `errors`.",
    ),
    (
        "Unexpected",
        500,
        "A bug of ours; the log says more under the `reference`.",
    ),
    (
        "Unavailable",
        503,
        "The database is away; `Retry-After` says when to come back.",
    ),
];

fn failures() -> Value {
    let all = FAILURES.iter().map(|(name, status, description)| {
        let mut response = json!({
            "description": description,
            "content": {"application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
            }},
        });
        let header = |description: &str, kind: &str| json!({"description": description, "schema": {"type": kind}});
        match status {
            401 => {
                response["headers"]["WWW-Authenticate"] = header("RFC 6750.", "string");
            }
            503 => response["headers"]["Retry-After"] = header("Seconds to wait.", "integer"),
            _ => {}
        }
        ((*name).to_owned(), response)
    });
    Value::Object(all.collect())
}

/// Adds to one route what its kind entails.
fn complete(method: &str, operation: &mut Value) {
    let tag = operation["tags"][0]
        .as_str()
        .unwrap_or_default()
        .to_lowercase();
    let id = operation["operationId"].as_str().unwrap_or_default();
    operation["operationId"] = json!(format!("{tag}_{id}"));
    let scope = operation["security"][0]["token"][0]
        .as_str()
        .and_then(Scope::parse);
    if let Some(scope) = scope {
        operation["security"] = json!([
            {"token": [scope.as_str()]},
            {"session": roles_for(scope, method == "get")},
        ]);
    }
    let parameters = operation.get_mut("parameters");
    if let Some(parameters) = parameters.and_then(Value::as_array_mut) {
        // The handlers' signatures name the parameters of paths too, but say
        // nothing of them.
        parameters.retain(|parameter| parameter["description"].is_string());
        parameters.iter_mut().for_each(tidy);
    }
    let has = |place: &str| {
        let parameters = operation["parameters"].as_array();
        parameters.is_some_and(|all| all.iter().any(|one| one["in"] == place))
    };
    let (is_closed, has_path, has_query) =
        (operation["security"].is_array(), has("path"), has("query"));
    let has_body = operation["requestBody"].is_object();
    if has_body {
        operation["requestBody"]["required"] = json!(true);
        // RFC 7396 has a media type of its own; plain JSON is taken as well.
        if method == "patch" {
            let content = &mut operation["requestBody"]["content"];
            content["application/merge-patch+json"] = content["application/json"].clone();
        }
    }
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    for (name, status, _) in FAILURES {
        let may_come = match status {
            401 => is_closed,
            403 => scope.is_some(),
            404 => has_path,
            400 | 413 | 415 => has_body,
            422 => has_body || has_query,
            _ => true,
        };
        if may_come {
            let response = json!({"$ref": format!("#/components/responses/{name}")});
            responses.entry(status.to_string()).or_insert(response);
        }
    }
    for (status, response) in responses {
        // What a handler says of itself is a problem all the same.
        let is_bare = response.get("content").is_none() && response.get("$ref").is_none();
        if is_bare && status.starts_with(['4', '5']) {
            response["content"] = json!({"application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
            }});
        }
    }
}

/// A parameter that may be left out is not `null`, and filters are not empty.
fn tidy(parameter: &mut Value) {
    let (is_query, name) = (parameter["in"] == "query", parameter["name"].clone());
    let Some(schema) = parameter.get_mut("schema") else {
        return;
    };
    let choices = schema["oneOf"].as_array();
    let choice = choices.and_then(|all| all.iter().find(|one| one["type"] != "null"));
    if let Some(choice) = choice.cloned() {
        *schema = choice;
    }
    let kinds = schema["type"].as_array();
    let kind = kinds.and_then(|all| all.iter().find(|kind| *kind != "null"));
    if let Some(kind) = kind.cloned() {
        schema["type"] = kind;
    }
    let is_plain = ["enum", "format", "pattern"]
        .iter()
        .all(|key| schema.get(key).is_none());
    if is_query && is_plain && schema["type"] == "string" && name != "q" {
        schema["minLength"] = json!(1);
    }
}

/// The schema of a merge patch (RFC 7396) of what a schema describes: nothing
/// is required, what need not be there may be `null`, and objects merge.
fn weakened(schema: &Value, schemas: &Map<String, Value>) -> Value {
    let Some(mut object) = resolved(schema, schemas) else {
        return schema.clone();
    };
    let required = object.remove("required").unwrap_or_default();
    let is_required = |key: &str| {
        let all = required.as_array();
        all.is_some_and(|all| all.iter().any(|required| required == key))
    };
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        for (key, value) in properties {
            let weak = weakened(value, schemas);
            *value = if is_required(key) {
                weak
            } else {
                or_null(weak)
            };
        }
    }
    if let Some(of) = object
        .get("additionalProperties")
        .filter(|of| of.is_object())
    {
        let of = or_null(of.clone());
        object.insert("additionalProperties".to_owned(), of);
    }
    Value::Object(object)
}

/// The object that a schema describes, itself or through a reference, also one
/// that may be `null`.
fn resolved(schema: &Value, schemas: &Map<String, Value>) -> Option<Map<String, Value>> {
    let choices = schema["oneOf"].as_array();
    let schema = choices
        .and_then(|all| all.iter().find(|one| one["type"] != "null"))
        .unwrap_or(schema);
    let schema = match schema["$ref"].as_str() {
        Some(place) => schemas.get(place.rsplit('/').next()?)?,
        None => schema,
    };
    let is_object = schema["type"] == "object";
    schema.as_object().filter(|_| is_object).cloned()
}

fn or_null(mut schema: Value) -> Value {
    let is_nullable = |choices: &Value| {
        let all = choices.as_array();
        all.is_some_and(|all| all.iter().any(|one| one["type"] == "null" || one == "null"))
    };
    if is_nullable(&schema["oneOf"]) || is_nullable(&schema["type"]) {
        return schema;
    }
    match schema["type"].as_str() {
        Some(kind) if schema.get("enum").is_none() => {
            schema["type"] = json!([kind, "null"]);
            schema
        }
        _ => json!({"anyOf": [schema, {"type": "null"}]}),
    }
}
