//! Canonical forms: what one is read again says the same as its document, and
//! is its own canonical form. The first octet chooses the method, the second
//! the element; what follows up to the end of the line is the `PrefixList`,
//! and after it comes the document.
#![no_main]

use doorward::platform::xml::c14n::{Method, canonicalize};
use doorward::platform::xml::{Document, Limits, Node};
use libfuzzer_sys::fuzz_target;

doorward_fuzz::structural_mutator!();

const METHODS: [&str; 6] = [
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2006/12/xml-c14n11#WithComments",
];

/// What an element says: its expanded name, its attributes in the order of
/// their names, its own text.
fn says<'d>(node: Node<'d>) -> (&'d str, &'d str, Vec<(&'d str, &'d str, &'d str)>, String) {
    let mut attributes: Vec<_> = node
        .attributes()
        .map(|a| (a.namespace(), a.name(), a.value()))
        .collect();
    attributes.sort_unstable();
    let text = node.text().into_owned();
    (node.namespace(), node.name(), attributes, text)
}

fn subtree(apex: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    std::iter::once(apex).chain(apex.descendants())
}

fuzz_target!(|data: &[u8]| {
    let (Some(method), Some(apex)) = (data.first(), data.get(1)) else {
        return;
    };
    let Ok(text) = std::str::from_utf8(&data[2..]) else {
        return;
    };
    let Some((prefixes, text)) = text.split_once('\n') else {
        return;
    };
    let Ok(document) = Document::parse_within(text, &Limits::MESSAGE) else {
        return;
    };
    let mut method = Method::from_uri(METHODS[usize::from(*method) % METHODS.len()]).unwrap();
    if method.is_exclusive() {
        method = method.with_prefix_list(prefixes);
    }
    let count = document.elements().count();
    let apex = document.elements().nth(usize::from(*apex) % count).unwrap();
    let Ok(octets) = canonicalize(apex, &method, None) else {
        return;
    };
    let larger = Limits {
        bytes: 64 * 1024 * 1024,
        ..Limits::MESSAGE
    };
    let again = Document::parse_within(&octets, &larger)
        .unwrap_or_else(|e| panic!("the canonical form cannot be read: {e}\n{octets}"));
    assert!(
        subtree(apex).map(says).eq(again.elements().map(says)),
        "the canonical form says something else: {octets}"
    );
    let once_more = canonicalize(again.root(), &method, None).unwrap();
    assert_eq!(once_more, octets, "the canonical form is not its own");
});
