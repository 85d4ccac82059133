//! The attack catalogue: every document that the gateway must refuse, by name,
//! with the code of the check that must refuse it.
//!
//! An attack is a recipe, not a document: it is cooked for the [`Scene`] of the
//! moment, so that the same catalogue serves the library tests (a clock that
//! stands still) and the tests over HTTP (a live sign-in transaction).

mod bombs;
mod meaning;
mod signature;
mod wrapping;
mod xml;

use super::forge::{Scene, encode};

/// The most that clocks may differ, as the tests configure it, in seconds.
pub const SKEW: i64 = 120;

/// One attack.
pub struct Attack {
    /// Its name in test output.
    pub name: String,
    /// The code of the check that refuses it.
    pub code: &'static str,
    /// Cooks the document.
    make: Box<dyn Fn(&Scene) -> Payload + Send + Sync>,
}

impl Attack {
    /// The value of the form field `SAMLResponse`.
    pub fn field(&self, scene: &Scene) -> String {
        match (self.make)(scene) {
            Payload::Document(octets) => encode(&octets),
            Payload::Field(text) => text,
        }
    }

    /// The XML as text, where the attack is XML at all.
    pub fn document(&self, scene: &Scene) -> Option<String> {
        match (self.make)(scene) {
            Payload::Document(octets) => String::from_utf8(octets).ok(),
            Payload::Field(_) => None,
        }
    }
}

/// What an attack posts.
pub enum Payload {
    /// A document, which travels in base64.
    Document(Vec<u8>),
    /// The field's text as it is.
    Field(String),
}

impl From<String> for Payload {
    fn from(text: String) -> Self {
        Self::Document(text.into_bytes())
    }
}

impl From<Vec<u8>> for Payload {
    fn from(octets: Vec<u8>) -> Self {
        Self::Document(octets)
    }
}

/// A list of attacks under construction.
#[derive(Default)]
pub struct Catalogue(Vec<Attack>);

impl Catalogue {
    fn add<P: Into<Payload>>(
        &mut self,
        name: impl Into<String>,
        code: &'static str,
        make: impl Fn(&Scene) -> P + Send + Sync + 'static,
    ) {
        self.0.push(Attack {
            name: name.into(),
            code,
            make: Box::new(move |scene| make(scene).into()),
        });
    }
}

/// "Signature and structure".
pub fn signature_and_structure() -> Vec<Attack> {
    let mut list = Catalogue::default();
    wrapping::add(&mut list);
    signature::add(&mut list);
    finish(list)
}

/// "XML".
pub fn xml() -> Vec<Attack> {
    let mut list = Catalogue::default();
    xml::add(&mut list);
    bombs::add(&mut list);
    finish(list)
}

/// "Meaning", as far as one document can show it.
pub fn meaning() -> Vec<Attack> {
    let mut list = Catalogue::default();
    meaning::add(&mut list);
    finish(list)
}

/// The whole catalogue.
pub fn all() -> Vec<Attack> {
    let mut attacks = signature_and_structure();
    attacks.extend(xml());
    attacks.extend(meaning());
    attacks
}

/// Names tell attacks apart in the output, so no two may be alike.
fn finish(list: Catalogue) -> Vec<Attack> {
    let mut names = std::collections::BTreeSet::new();
    for attack in &list.0 {
        assert!(names.insert(attack.name.clone()), "twice: {}", attack.name);
    }
    list.0
}

/// URLs that resemble `url` and are not it.
pub fn near_misses(url: &str) -> Vec<(&'static str, String)> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    // Capitals, where the host has letters; the same address in other words,
    // where it has none.
    let respelt = match host.strip_prefix("127.0.0.1") {
        Some(port) => format!("localhost{port}"),
        None => host.to_uppercase(),
    };
    let other_scheme = if scheme == "https" { "http" } else { "https" };
    vec![
        ("empty", String::new()),
        ("slash appended", format!("{url}/")),
        ("query appended", format!("{url}?")),
        ("fragment appended", format!("{url}#")),
        ("suffix", format!("{url}x")),
        ("cut", url.get(..url.len() - 1).unwrap_or("").to_owned()),
        (
            "host in another spelling",
            format!("{scheme}://{respelt}/{path}"),
        ),
        (
            "path in capitals",
            format!("{scheme}://{host}/{}", path.to_uppercase()),
        ),
        (
            "scheme in capitals",
            format!("{}://{rest}", scheme.to_uppercase()),
        ),
        ("other scheme", format!("{other_scheme}://{rest}")),
        (
            "default port spelt out",
            format!("{scheme}://{host}:443/{path}"),
        ),
        ("host with a dot", format!("{scheme}://{host}./{path}")),
        (
            "user info",
            format!("{scheme}://{host}@evil.example/{path}"),
        ),
        (
            "host as prefix",
            format!("{scheme}://{host}.evil.example/{path}"),
        ),
        ("doubled slash", format!("{scheme}://{host}//{path}")),
        ("dot segment", format!("{scheme}://{host}/./{path}")),
        (
            "percent-encoded",
            format!("{scheme}://{host}/%73{}", path.get(1..).unwrap_or("")),
        ),
        ("another host", format!("{scheme}://evil.example/{path}")),
        (
            "as a parameter",
            format!("{scheme}://evil.example/?u={url}"),
        ),
        ("doubled", format!("{url} {url}")),
    ]
}
