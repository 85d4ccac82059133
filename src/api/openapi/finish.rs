//! What holds for every route is written into the document here, once.

use serde_json::{Map, Value, json};
use utoipa::PartialSchema as _;

use super::at;
use crate::api::auth::roles_for;
use crate::domain::Scope;
use crate::platform::web::Problem;

/// What the groups of routes are, in the order in which people read them.
const TAGS: [(&str, &str); 14] = [
    ("Session", "Who is signed in at this browser."),
    ("Users", "The people."),
    (
        "Passkeys",
        "Passkeys and security keys of users, and the links that activate them.",
    ),
    ("Groups", "Groups and who belongs to them."),
    (
        "Providers",
        "The identity providers through which people sign in.",
    ),
    (
        "Applications",
        "What people reach through the gateway, and who may.",
    ),
    ("Keys", "The keys that sign what applications are given."),
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
    (
        "Webhooks",
        "Addresses of yours that are told what happens here, signed (Standard Webhooks).",
    ),
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
    let mut document = to_value(collected);
    rename_lists(&mut document);
    let mut schemas = taken(&mut document, "/components/schemas");
    schemas.insert("Problem".to_owned(), to_value(Problem::schema()));
    let patches = [
        (
            "Provider",
            "A merge patch of a provider: what is left out stays.",
            json!([{"label": "SSO Login", "saml": {"force_authn": true}}]),
        ),
        (
            "Application",
            "A merge patch of an application: what is left out stays.",
            json!([{"access": "private", "code_lifetime": 30}]),
        ),
    ];
    for (name, description, examples) in patches {
        let Some(whole) = schemas.get(name) else {
            continue;
        };
        let mut patch = weakened(whole, &schemas);
        if let Value::Object(patch) = &mut patch {
            patch.insert("description".to_owned(), json!(description));
            patch.insert("examples".to_owned(), examples);
        }
        schemas.insert(format!("{name}Patch"), patch);
    }
    let mut paths = taken(&mut document, "/paths");
    for item in paths.values_mut() {
        let operations = item.as_object_mut().into_iter().flat_map(Map::iter_mut);
        for (method, operation) in operations {
            if let Value::Object(operation) = operation {
                complete(method, operation);
            }
        }
    }
    super::links::add(&mut paths);
    let tags = TAGS
        .iter()
        .map(|(name, description)| json!({"name": name, "description": description}));
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base",
        "info": {
            "title": "Doorward",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Users, groups, providers and logins of the gateway.",
            "description": DESCRIPTION,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": origin, "description": "This gateway."}],
        "tags": tags.collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": failures(),
            "securitySchemes": security(cookie),
        },
    })
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
    let header = |description: &str, kind: &str| json!({"description": description, "schema": {"type": kind}});
    let all = FAILURES.iter().map(|(name, status, description)| {
        let headers = match status {
            401 => json!({"WWW-Authenticate": header("RFC 6750.", "string")}),
            503 => json!({"Retry-After": header("Seconds to wait.", "integer")}),
            _ => json!({}),
        };
        let response = json!({
            "description": description,
            "headers": headers,
            "content": problem(),
        });
        ((*name).to_owned(), response)
    });
    Value::Object(all.collect())
}

/// What an error carries.
fn problem() -> Value {
    json!({"application/problem+json": {
        "schema": {"$ref": "#/components/schemas/Problem"},
    }})
}

/// Adds to one route what its kind entails.
fn complete(method: &str, operation: &mut Map<String, Value>) {
    let whole = Value::Object(operation.clone());
    let tag = text(at(&whole, "/tags/0")).to_lowercase();
    let id = format!("{tag}_{}", text(at(&whole, "/operationId")));
    operation.insert("operationId".to_owned(), json!(id));
    let scope = at(&whole, "/security/0/token/0").as_str();
    let scope = scope.and_then(Scope::parse);
    if let Some(scope) = scope {
        let roles = roles_for(scope, method == "get");
        let security = json!([{"token": [scope.as_str()]}, {"session": roles}]);
        operation.insert("security".to_owned(), security);
    }
    if let Some(Value::Array(parameters)) = operation.get_mut("parameters") {
        // The handlers' signatures name the parameters of paths too, but say
        // nothing of them.
        parameters.retain(|parameter| parameter["description"].is_string());
        for parameter in parameters.iter_mut().filter_map(Value::as_object_mut) {
            tidy(parameter);
        }
    }
    if let Some(Value::Object(body)) = operation.get_mut("requestBody") {
        body.insert("required".to_owned(), json!(true));
        // RFC 7396 has a media type of its own; plain JSON is taken as well.
        if let ("patch", Some(Value::Object(content))) = (method, body.get_mut("content")) {
            let plain = content.get("application/json").cloned().unwrap_or_default();
            content.insert("application/merge-patch+json".to_owned(), plain);
        }
    }
    let has = |place: &str| {
        let parameters = at(&whole, "/parameters").as_array();
        parameters.is_some_and(|all| all.iter().any(|one| one["in"] == place))
    };
    let has_body = at(&whole, "/requestBody").is_object();
    let may_come = |status: u16| match status {
        401 => at(&whole, "/security").is_array(),
        403 => scope.is_some(),
        404 => has("path"),
        400 | 413 | 415 => has_body,
        422 => has_body || has("query"),
        _ => true,
    };
    if let Some(Value::Object(responses)) = operation.get_mut("responses") {
        for (name, status, _) in FAILURES.iter().filter(|(_, status, _)| may_come(*status)) {
            let response = json!({"$ref": format!("#/components/responses/{name}")});
            responses.entry(status.to_string()).or_insert(response);
        }
        for (status, response) in responses.iter_mut() {
            carry_problem(status, response);
        }
    }
}

/// What a handler says of its own ways to fail is a problem all the same.
fn carry_problem(status: &str, response: &mut Value) {
    if let Value::Object(response) = response
        && status.starts_with(['4', '5'])
        && !response.contains_key("$ref")
    {
        response.entry("content").or_insert_with(problem);
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A parameter that may be left out is not `null`, and filters are not empty.
fn tidy(parameter: &mut Map<String, Value>) {
    let is_filter = parameter.get("in").is_some_and(|place| place == "query")
        && parameter.get("name").is_some_and(|name| name != "q");
    let schema = parameter.remove("schema").unwrap_or_default();
    let not_null = |choices: &Value| {
        let all = choices.as_array().into_iter().flatten();
        let mut others = all.filter(|one| *one != "null" && one["type"] != "null");
        others.next().cloned()
    };
    let schema = not_null(at(&schema, "/oneOf")).unwrap_or(schema);
    let Value::Object(mut schema) = schema else {
        return;
    };
    if let Some(kind) = schema.get("type").and_then(not_null) {
        schema.insert("type".to_owned(), kind);
    }
    let says_more = ["enum", "format", "pattern"];
    let is_plain = !says_more.iter().any(|key| schema.contains_key(*key));
    if is_filter && is_plain && schema.get("type").is_some_and(|kind| kind == "string") {
        schema.insert("minLength".to_owned(), json!(1));
    }
    parameter.insert("schema".to_owned(), Value::Object(schema));
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

fn or_null(schema: Value) -> Value {
    let is_nullable = |choices: &Value| {
        let all = choices.as_array();
        all.is_some_and(|all| all.iter().any(|one| one["type"] == "null" || one == "null"))
    };
    if is_nullable(at(&schema, "/oneOf")) || is_nullable(at(&schema, "/type")) {
        return schema;
    }
    match schema {
        Value::Object(mut object)
            if !object.contains_key("enum") && object.get("type").is_some_and(Value::is_string) =>
        {
            let kind = object.remove("type");
            object.insert("type".to_owned(), json!([kind, "null"]));
            Value::Object(object)
        }
        other => json!({"anyOf": [other, {"type": "null"}]}),
    }
}
