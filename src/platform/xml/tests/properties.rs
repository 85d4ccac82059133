//! What holds for every document, tried on generated ones.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::platform::xml::Node;

/// A document as it is meant, apart from how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Model {
    Element {
        local: &'static str,
        namespace: &'static str,
        attributes: Vec<(&'static str, &'static str, String)>,
        children: Vec<Model>,
    },
    Text(String),
}

fn text() -> impl Strategy<Value = String> {
    vec(
        select(
            "ab<>&\"'\r\n\t ]-\u{e9}\u{1f600}"
                .chars()
                .collect::<Vec<_>>(),
        ),
        1..8,
    )
    .prop_map(|chars| chars.into_iter().collect())
}

fn element(children: impl Strategy<Value = Vec<Model>>) -> impl Strategy<Value = Model> {
    let namespace = || select(vec!["", "urn:1", "urn:2", "http://a.b/c#"]);
    let local = || select(vec!["a", "b", "ID", "x-1", "\u{e9}"]);
    (
        local(),
        namespace(),
        vec((namespace(), local(), text()), 0..4),
        children,
    )
        .prop_map(|(local, namespace, mut attributes, children)| {
            attributes.sort();
            attributes.dedup_by(|a, b| (a.0, a.1) == (b.0, b.1));
            let mut merged: Vec<Model> = Vec::new();
            for child in children {
                match (merged.last_mut(), child) {
                    (Some(Model::Text(before)), Model::Text(after)) => before.push_str(&after),
                    (_, child) => merged.push(child),
                }
            }
            Model::Element {
                local,
                namespace,
                attributes,
                children: merged,
            }
        })
}

fn document() -> impl Strategy<Value = Model> {
    let leaf = prop_oneof![text().prop_map(Model::Text), element(Just(Vec::new()))];
    let tree = leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![text().prop_map(Model::Text), element(vec(inner, 0..4))]
    });
    element(vec(tree, 0..4))
}

/// Writes a model in one of many ways: `choice` turns at each fork.
struct Scribe {
    choices: Vec<u8>,
    at: usize,
}

impl Scribe {
    fn choose(&mut self, among: u8) -> u8 {
        let choice = self.choices.get(self.at % self.choices.len().max(1));
        self.at += 1;
        choice.copied().unwrap_or_default() % among
    }

    /// Every prefix is declared where it is used, under changing names.
    fn write(&mut self, model: &Model, out: &mut String) {
        let Model::Element {
            local,
            namespace,
            attributes,
            children,
        } = model
        else {
            let Model::Text(text) = model else { return };
            return self.characters(text, out);
        };
        let prefix = match (namespace.is_empty(), self.choose(2)) {
            (true, _) | (false, 0) => String::new(),
            (false, _) => format!("p{}:", self.choose(3)),
        };
        let name = format!("{prefix}{local}");
        let mut items = vec![match prefix.strip_suffix(':') {
            None => format!("xmlns='{namespace}'"),
            Some(prefix) => format!("xmlns:{prefix}=\"{namespace}\""),
        }];
        for (i, (namespace, local, value)) in attributes.iter().enumerate() {
            let mut item = String::new();
            if namespace.is_empty() {
                item.push_str(local);
            } else {
                items.push(format!("xmlns:q{i}='{namespace}'"));
                item = format!("q{i}:{local}");
            }
            let quote = if self.choose(2) == 0 { '"' } else { '\'' };
            put(&mut item, format_args!(" ={quote}"));
            for c in value.chars() {
                self.attribute_character(c, quote, &mut item);
            }
            item.push(quote);
            items.push(item);
        }
        let turn = usize::from(self.choose(4)) % items.len();
        items.rotate_left(turn);
        put(out, format_args!("<{name}"));
        for item in &items {
            out.push_str(if self.choose(2) == 0 { " " } else { "\r\n\t" });
            out.push_str(item);
        }
        if children.is_empty() && self.choose(2) == 0 {
            out.push_str("/>");
            return;
        }
        out.push('>');
        for child in children {
            self.write(child, out);
        }
        put(out, format_args!("</{name} >"));
    }

    fn characters(&mut self, text: &str, out: &mut String) {
        for c in text.chars() {
            match (c, self.choose(4)) {
                ('\n', 0) => out.push_str("\r\n"),
                ('\n', 1) => out.push('\n'),
                ('<', 0) => out.push_str("<![CDATA[<]]>"),
                ('<', _) => out.push_str("&lt;"),
                ('&', 0) => out.push_str("<![CDATA[&]]>"),
                ('&', _) => out.push_str("&amp;"),
                ('>' | '\r', _) | (_, 0) => put(out, format_args!("&#{};", u32::from(c))),
                (c, 1) => put(out, format_args!("&#x{:X};", u32::from(c))),
                (c, 2) => {
                    out.push(c);
                    out.push_str("<!-- - -->");
                }
                (c, _) => out.push(c),
            }
        }
    }

    fn attribute_character(&mut self, c: char, quote: char, out: &mut String) {
        let must = matches!(c, '<' | '&' | '\r' | '\n' | '\t') || c == quote;
        match (c, self.choose(3)) {
            (' ', 0) => out.push('\t'),
            (' ', 1) => out.push_str("\r\n"),
            (c, 0) if must => put(out, format_args!("&#x{:x};", u32::from(c))),
            (c, _) if must => put(out, format_args!("&#{};", u32::from(c))),
            (c, _) => out.push(c),
        }
    }
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    std::fmt::Write::write_fmt(out, text).unwrap();
}

/// What the tree says, as a model.
fn read(node: Node<'_>) -> Model {
    let names = |s: &str| -> &'static str {
        [
            "",
            "urn:1",
            "urn:2",
            "http://a.b/c#",
            "a",
            "b",
            "ID",
            "x-1",
            "\u{e9}",
        ]
        .into_iter()
        .find(|known| *known == s)
        .unwrap()
    };
    let mut attributes: Vec<_> = node
        .attributes()
        .map(|a| (names(a.namespace()), names(a.name()), a.value().to_owned()))
        .collect();
    attributes.sort();
    Model::Element {
        local: names(node.name()),
        namespace: names(node.namespace()),
        attributes,
        children: node.children().map(read).collect(),
    }
}

/// A model's elements alone; texts are compared by [`texts_of`].
fn elements_of(model: &Model) -> Model {
    match model {
        Model::Element {
            local,
            namespace,
            attributes,
            children,
        } => Model::Element {
            local,
            namespace,
            attributes: attributes.clone(),
            children: children
                .iter()
                .filter(|c| matches!(c, Model::Element { .. }))
                .map(elements_of)
                .collect(),
        },
        Model::Text(_) => model.clone(),
    }
}

/// The text directly inside each element, in document order.
fn texts_of(model: &Model, out: &mut Vec<String>) {
    if let Model::Element { children, .. } = model {
        out.push(
            children
                .iter()
                .filter_map(|c| match c {
                    Model::Text(text) => Some(text.as_str()),
                    Model::Element { .. } => None,
                })
                .collect(),
        );
        for child in children {
            texts_of(child, out);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_written_is_read(model in document(), choices in vec(any::<u8>(), 1..64)) {
        let mut text = String::new();
        Scribe { choices, at: 0 }.write(&model, &mut text);
        let doc = Document::parse(&text).unwrap();
        prop_assert_eq!(read(doc.root()), elements_of(&model), "{}", text);
        let mut expected = Vec::new();
        texts_of(&model, &mut expected);
        let texts: Vec<String> = doc.elements().map(|n| n.text().into_owned()).collect();
        prop_assert_eq!(texts, expected, "{}", text);
        for node in doc.elements() {
            // What an element's source says alone, it says in its place.
            prop_assert!(node.source().starts_with('<') && node.source().ends_with('>'));
        }
    }

    /// The canonical form says the same, and is its own canonical form.
    #[test]
    fn a_canonical_form_is_fixed(model in document(), choices in vec(any::<u8>(), 1..64)) {
        let mut text = String::new();
        Scribe { choices, at: 0 }.write(&model, &mut text);
        let doc = Document::parse(&text).unwrap();
        for uri in [
            "http://www.w3.org/2001/10/xml-exc-c14n#",
            "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        ] {
            let method = Method::from_uri(uri).unwrap();
            for apex in doc.elements() {
                let canonical = canonicalize(apex, &method, None).unwrap();
                let again = Document::parse(&canonical).unwrap();
                prop_assert_eq!(read(again.root()), read(apex));
                prop_assert_eq!(again.root().text(), apex.text());
                prop_assert_eq!(&canonicalize(again.root(), &method, None).unwrap(), &canonical);
                let rest: String = apex
                    .children()
                    .next()
                    .map_or_else(String::new, |c| canonicalize(apex, &method, Some(c)).unwrap());
                prop_assert!(rest.len() < canonical.len());
            }
        }
    }

    #[test]
    fn nothing_panics(
        pieces in vec(
            prop_oneof![
                select(vec![
                    "<", ">", "</", "/>", "<a", "</a>", "<a>", "<!--", "-->", "<![CDATA[", "]]>",
                    "<?xml version='1.0'?>", "<?", "?>", "<!DOCTYPE", "&", ";", "&#", "&lt;", "=",
                    "'", "\"", " ", "\r\n", ":", "xmlns", "xmlns:", "xml:", "urn:x", "a", "b='c'",
                    "\u{feff}", "\0", "\u{ffff}", "\u{e9}", "\u{1f600}",
                ]).prop_map(str::to_owned),
                "\\PC{0,4}",
            ],
            0..24,
        ),
    ) {
        let text = pieces.concat();
        if let Ok(doc) = Document::parse_within(&text, &Limits::METADATA) {
            for node in doc.elements() {
                let _ = canonicalize(node, &Method::EXCLUSIVE, doc.root().children().next());
                let _ = (node.text(), node.source(), node.attributes().count());
            }
        }
    }
}
