//! `/api/docs`: the document of [`super::openapi`] as a page that people read.
//!
//! It is made from the document alone, so that it says nothing else, and once,
//! when somebody asks for the first time. It needs no script and nothing of other
//! origins. It is in English as the API is.

use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value};

use super::openapi::{Document, at};
use crate::platform::i18n::Locale;
use crate::platform::web::{Kit, Page};

#[derive(Clone)]
struct Docs {
    document: Arc<Document>,
    kit: Kit,
    html: Arc<OnceLock<Bytes>>,
    /// The same, packed.
    packed: Arc<OnceLock<Bytes>>,
}

/// The page's route. It is no part of the API, so the document does not have it.
pub(super) fn router(document: Arc<Document>, kit: Kit) -> Router {
    let docs = Docs {
        document,
        kit,
        html: Arc::default(),
        packed: Arc::default(),
    };
    Router::new().route("/api/docs", get(show)).with_state(docs)
}

/// Whether a browser takes gzip (RFC 9110 §12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let wanted = headers.get(header::ACCEPT_ENCODING);
    let wanted = wanted.and_then(|value| value.to_str().ok()).unwrap_or("");
    wanted.split(',').any(|entry| {
        let (name, quality) = entry.split_once(';').unwrap_or((entry, ""));
        let quality = quality.trim().strip_prefix("q=");
        let is_refused = quality.is_some_and(|q| q.trim_matches(['0', '.', ' ']).is_empty());
        name.trim().eq_ignore_ascii_case("gzip") && !is_refused
    })
}

/// The page holds nothing of whoever reads it, so that packing it tells nothing.
fn pack(html: &[u8]) -> Bytes {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    let packed = gzip.write_all(html).and_then(|()| gzip.finish());
    packed.unwrap_or_default().into()
}

async fn show(State(docs): State<Docs>, headers: HeaderMap) -> Response {
    let html = docs.html.get_or_init(|| {
        let page = DocsPage::new(&docs.document.value(), docs.kit.page(Locale::En));
        page.render().unwrap_or_default().into()
    });
    if html.is_empty() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let vary = (header::VARY, HeaderValue::from_static("accept-encoding"));
    if takes_gzip(&headers) {
        let packed = docs.packed.get_or_init(|| pack(html));
        if !packed.is_empty() {
            let coding = HeaderValue::from_static("gzip");
            let told = [
                (header::CONTENT_TYPE, kind),
                (header::CONTENT_ENCODING, coding),
                vary,
            ];
            return (told, packed.clone()).into_response();
        }
    }
    ([(header::CONTENT_TYPE, kind), vary], html.clone()).into_response()
}

#[derive(Template)]
#[template(path = "api-docs.html")]
struct DocsPage {
    page: Page,
    version: String,
    intro: String,
    token: String,
    groups: Vec<Group>,
    schemas: Vec<Shape>,
    failures: Vec<Answer>,
}

/// The routes of one tag.
struct Group {
    name: String,
    description: String,
    routes: Vec<Route>,
}

struct Route {
    id: String,
    method: String,
    path: String,
    summary: String,
    description: String,
    scope: Option<String>,
    roles: String,
    open: bool,
    parameters: Vec<Row>,
    body: Option<Kind>,
    answers: Vec<Answer>,
    curl: String,
}

/// A parameter or a key.
struct Row {
    name: String,
    place: String,
    required: bool,
    kind: Kind,
    description: String,
}

/// What a value is: in words, and where the words lead.
#[derive(Default)]
struct Kind {
    text: String,
    bounds: String,
    schema: Option<String>,
}

struct Answer {
    status: String,
    description: String,
    kind: Kind,
}

struct Shape {
    name: String,
    description: String,
    kind: Kind,
    rows: Vec<Row>,
    example: Option<String>,
}

/// Where the body of a route is described.
const BODY: &str = "/requestBody/content/application~1json";

/// The ways to fail that every closed route has; they stand once.
const COMMON: [&str; 8] = ["400", "401", "403", "404", "413", "415", "500", "503"];

impl DocsPage {
    fn new(document: &Value, page: Page) -> Self {
        let tags = document["tags"].as_array().into_iter().flatten();
        let groups = tags.map(|tag| Group {
            name: text(&tag["name"]),
            description: text(&tag["description"]),
            routes: routes(document, &tag["name"]),
        });
        let components = &document["components"];
        let schemas = components["schemas"].as_object().into_iter().flatten();
        let mut failures: Vec<Answer> = Vec::new();
        for response in components["responses"].as_object().into_iter().flatten() {
            failures.push(Answer {
                status: status_of(document, response.0),
                description: text(&response.1["description"]),
                kind: Kind::default(),
            });
        }
        failures.sort_by(|a, b| a.status.cmp(&b.status));
        Self {
            page,
            version: text(at(document, "/info/version")),
            intro: text(at(document, "/info/description")),
            token: text(at(components, "/securitySchemes/token/description")),
            groups: groups.filter(|group| !group.routes.is_empty()).collect(),
            schemas: schemas.map(|(name, schema)| shape(name, schema)).collect(),
            failures,
        }
    }
}

/// The status under which a way to fail comes.
fn status_of(document: &Value, name: &str) -> String {
    let place = format!("#/components/responses/{name}");
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(_, item)| item.as_object().into_iter().flatten());
    let mut responses = operations
        .flat_map(|(_, operation)| operation["responses"].as_object().into_iter().flatten());
    let found = responses.find(|(_, response)| response["$ref"] == place.as_str());
    found.map(|(status, _)| status.clone()).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().replace('\n', " ")
}

fn routes(document: &Value, tag: &Value) -> Vec<Route> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        // In the order in which one thinks of them.
        for method in ["get", "post", "put", "patch", "delete"] {
            let operation = &item[method];
            if at(operation, "/tags/0") == tag {
                found.push(route(document, path, method, operation));
            }
        }
    }
    found
}

fn route(document: &Value, path: &str, method: &str, operation: &Value) -> Route {
    let security = &operation["security"];
    let scope = at(security, "/0/token/0").as_str().map(ToOwned::to_owned);
    let roles = security.as_array().into_iter().flatten();
    let roles = roles.flat_map(|one| one["session"].as_array().into_iter().flatten());
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let content = at(operation, BODY);
    let responses = operation["responses"].as_object().into_iter().flatten();
    Route {
        id: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        description: text(&operation["description"]),
        open: !security.is_array(),
        roles: roles.map(text).collect::<Vec<_>>().join(", "),
        parameters: parameters
            .map(|parameter| Row {
                name: text(&parameter["name"]),
                place: text(&parameter["in"]),
                required: parameter["required"] == true,
                kind: kind(&parameter["schema"]),
                description: text(&parameter["description"]),
            })
            .collect(),
        body: content.is_object().then(|| kind(&content["schema"])),
        answers: responses
            .filter(|(status, response)| {
                !(COMMON.contains(&status.as_str()) && response["$ref"].is_string())
            })
            .map(|(status, response)| answer(document, status, response))
            .collect(),
        curl: curl(document, path, method, operation, scope.is_some()),
        scope,
    }
}

fn answer(document: &Value, status: &str, response: &Value) -> Answer {
    let place = response["$ref"].as_str().and_then(|p| p.strip_prefix('#'));
    let response = place
        .and_then(|place| document.pointer(place))
        .unwrap_or(response);
    Answer {
        status: status.to_owned(),
        description: text(&response["description"]),
        kind: kind(at(response, "/content/application~1json/schema")),
    }
}

/// A call that works once the values are one's own.
fn curl(document: &Value, path: &str, method: &str, operation: &Value, closed: bool) -> String {
    let origin = text(at(document, "/servers/0/url"));
    let address = path
        .replace("{slug}", "okta")
        .replace("{id}", "$ID")
        .replace("{user}", "$USER_ID");
    let mut call = "curl".to_owned();
    if !matches!(method, "get") {
        call.push_str(" -X ");
        call.push_str(&method.to_uppercase());
    }
    if closed {
        call.push_str(" -H \"Authorization: Bearer $TOKEN\"");
    } else if operation["security"].is_array() {
        let cookie = text(at(document, "/components/securitySchemes/session/name"));
        call.push_str(" -b \"");
        call.push_str(&cookie);
        call.push_str("=$SESSION\"");
    }
    let schema = at(at(operation, BODY), "/schema/$ref").as_str();
    let example = schema
        .and_then(|place| document.pointer(place.trim_start_matches('#')))
        .map(|schema| at(schema, "/examples/0"));
    if let Some(example) = example {
        let kind = match method {
            "patch" => "application/merge-patch+json",
            _ => "application/json",
        };
        call.push_str(" \\\n  -H \"Content-Type: ");
        call.push_str(kind);
        call.push_str("\" \\\n  -d '");
        call.push_str(&example.to_string());
        call.push('\'');
    }
    format!("{call} \\\n  \"{origin}{address}\"")
}

fn shape(name: &str, schema: &Value) -> Shape {
    let example = Some(at(schema, "/examples/0")).filter(|example| example.is_object());
    Shape {
        name: name.to_owned(),
        description: text(&schema["description"]),
        kind: kind(schema),
        rows: rows(schema),
        example: example.and_then(|example| serde_json::to_string_pretty(example).ok()),
    }
}

fn rows(schema: &Value) -> Vec<Row> {
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let mut rows: Vec<Row> = parts.flat_map(rows).collect();
    let required = schema["required"].as_array();
    let properties = schema["properties"].as_object().into_iter().flatten();
    rows.extend(properties.map(|(name, property)| Row {
        name: name.clone(),
        place: String::new(),
        required: required.is_some_and(|all| all.iter().any(|key| key == name)),
        kind: kind(property),
        description: text(&property["description"]),
    }));
    rows
}

/// What a schema takes, in words.
fn kind(schema: &Value) -> Kind {
    let Some(object) = schema.as_object() else {
        return Kind::default();
    };
    for key in ["oneOf", "anyOf"] {
        let choices = object.get(key).and_then(Value::as_array);
        let choices = choices.into_iter().flatten();
        let (nulls, choices): (Vec<&Value>, Vec<&Value>) =
            choices.partition(|choice| choice["type"] == "null");
        if let Some(choice) = choices.first() {
            let mut kind = kind(choice);
            let or = if nulls.is_empty() {
                " or empty"
            } else {
                " or null"
            };
            kind.text.push_str(or);
            return kind;
        }
    }
    if let Some(place) = object.get("$ref").and_then(Value::as_str) {
        let name = place.rsplit('/').next().unwrap_or_default();
        return Kind {
            text: name.to_owned(),
            bounds: String::new(),
            schema: Some(name.to_owned()),
        };
    }
    let mut kind = named(object);
    kind.bounds = bounds(object);
    kind
}

fn named(object: &Map<String, Value>) -> Kind {
    let of = |key: &str| object.get(key).map(self::kind).unwrap_or_default();
    let (names, nullable): (Vec<String>, bool) = match object.get("type") {
        Some(Value::String(one)) => (vec![one.clone()], false),
        Some(Value::Array(several)) => {
            let names = several.iter().map(text).filter(|name| name != "null");
            (names.collect(), several.iter().any(|name| name == "null"))
        }
        _ => (vec!["any value".to_owned()], false),
    };
    let mut kind = match names.first().map(String::as_str) {
        Some("array") => {
            let items = of("items");
            Kind {
                text: format!("list of {}", items.text),
                ..items
            }
        }
        Some("object")
            if object
                .get("additionalProperties")
                .is_some_and(Value::is_object) =>
        {
            let values = of("additionalProperties");
            Kind {
                text: format!("object of {}", values.text),
                ..values
            }
        }
        Some("string") => Kind {
            text: "text".to_owned(),
            ..Kind::default()
        },
        _ => Kind {
            text: names.join(" or "),
            ..Kind::default()
        },
    };
    if nullable {
        kind.text.push_str(" or null");
    }
    kind
}

fn bounds(object: &Map<String, Value>) -> String {
    let mut all = Vec::new();
    if let Some(words) = object.get("enum").and_then(Value::as_array) {
        let words: Vec<String> = words.iter().map(text).collect();
        all.push(words.join(", "));
    }
    if let Some(format) = object.get("format") {
        all.push(text(format));
    }
    for (key, words) in [
        ("minLength", "at least # characters"),
        ("maxLength", "at most # characters"),
        ("minimum", "from #"),
        ("maximum", "up to #"),
        ("minItems", "at least #"),
        ("maxItems", "at most #"),
        ("default", "# by default"),
    ] {
        if let Some(bound) = object.get(key).filter(|bound| !bound.is_null()) {
            all.push(words.replace('#', &bound.to_string()));
        }
    }
    all.join("; ")
}

/// A text in parts; those between backticks are code.
fn parts(text: &str) -> impl Iterator<Item = (bool, &str)> {
    let parts = text.split('`').enumerate();
    parts.map(|(n, part)| (n % 2 == 1, part))
}

impl Kind {
    /// Where the schema stands on the page.
    fn href(&self) -> Option<String> {
        self.schema.as_ref().map(|name| format!("#schema-{name}"))
    }
}
