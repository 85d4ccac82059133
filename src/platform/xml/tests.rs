//! Tests of the tree, of canonicalization and of signing.

mod properties;

use openssl::pkey::PKey;
use openssl::rsa::Rsa;

use super::c14n::{C14nError, Method, canonicalize};
use super::signature::sign_enveloped;
use super::{Document, Limits, XmlError};

fn parse(text: &str) -> Document {
    Document::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn refuse(text: &str) -> XmlError {
    match Document::parse(text) {
        Ok(_) => panic!("accepted: {text:?}"),
        Err(error) => error,
    }
}

fn exclusive(text: &str) -> String {
    canonicalize(parse(text).root(), &Method::EXCLUSIVE, None).unwrap()
}

#[test]
fn a_document_is_read() {
    let doc = parse(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\" standalone='no' ?>\r\n<!-- a -->\
         <p:a xmlns:p=\"urn:p\" xmlns='urn:d' one='1' p:one=\"2&#x41;\r\n\tb&lt;\">\
         x<!--c-->y<![CDATA[<&]]>&amp;&#13;\r\nz<b/><p:b xmlns=''><c xml:lang='de'/></p:b></p:a>\n",
    );
    let root = doc.root();
    assert!(root.is("urn:p", "a"));
    assert_eq!((root.name(), root.qualified_name()), ("a", "p:a"));
    assert_eq!(root.attr("one"), Some("1"));
    assert_eq!(root.attr_ns("urn:p", "one"), Some("2A  b<"));
    assert_eq!(root.attr("two"), None);
    assert_eq!(root.text(), "xy<&&\r\nz");
    assert!(root.has_comments());
    let children: Vec<_> = root.children().map(|c| (c.namespace(), c.name())).collect();
    assert_eq!(children, [("urn:d", "b"), ("urn:p", "b")]);
    let c = root.descendants().last().unwrap();
    assert!(c.is("", "c"));
    assert_eq!(c.attr_ns(super::XML_NAMESPACE, "lang"), Some("de"));
    assert_eq!(c.lookup_prefix("p"), Some("urn:p"));
    assert_eq!(c.lookup_prefix(""), None);
    assert_eq!(root.lookup_prefix(""), Some("urn:d"));
    assert_eq!(c.parent().and_then(super::Node::parent), Some(root));
    assert!(root.contains(c) && !c.contains(root));
    assert_eq!(c.source(), "<c xml:lang='de'/>");
    assert_eq!(
        root.child("urn:p", "b").unwrap().source(),
        "<p:b xmlns=''><c xml:lang='de'/></p:b>"
    );
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for bad in [
        "",
        " ",
        "x",
        "<a>",
        "</a>",
        "<a></b>",
        "<a/><b/>",
        "<a/>x",
        "x<a/>",
        "<a/>&#32;",
        "&#32;<a/>",
        "<a/><![CDATA[]]>",
        "<![CDATA[ ]]><a/>",
        "<a b/>",
        "<a b=c/>",
        "<a b='c'd='e'/>",
        "<a b='c/>",
        "<a b=\"<\"/>",
        "<a b='&'/>",
        "<a b='&x'/>",
        "<a b='&lt'/>",
        "<a>&</a>",
        "<a>&lt</a>",
        "<a>&lt <b/>;</a>",
        "<a>]]></a>",
        "<a><!-- -- --></a>",
        "<a><!----->x</a>",
        "<a><!-- </a>",
        "<a><![CDATA[ </a>",
        "<a><![cdata[x]]></a>",
        "<a / >",
        "<a/ >",
        "< a/>",
        "</ a>",
        "<a></ a>",
        "<a></a b='c'>",
        "<a></a/>",
        "<a b='1' b='2'/>",
        "<a/>\u{feff}",
        "\u{feff}\u{feff}<a/>",
        "<?xml version='1.0'?>\u{feff}<a/>",
        "<a",
        "<a b",
        "<a b=",
        "<a b='",
        "<",
        "<>",
        "<a><></a>",
        "<a><!></a>",
        "<!a>",
        "<a b='c'\u{a0}d='e'/>",
        "<a\u{a0}b='c'/>",
    ] {
        refuse(bad);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn each_rule_has_its_own_error() {
    use XmlError as E;
    let named = |s: &str| s.to_owned();
    for (text, error) in [
        ("<a>\u{1}</a>", E::ForbiddenCharacter { offset: 3 }),
        ("<a b='\0'/>", E::ForbiddenCharacter { offset: 6 }),
        (
            "<a>&#1;</a>",
            E::ForbiddenReference {
                reference: named("#1"),
            },
        ),
        (
            "<a b='&#xFFFF;'/>",
            E::ForbiddenReference {
                reference: named("#xFFFF"),
            },
        ),
        (
            "<a>&nbsp;</a>",
            E::UndefinedEntity {
                entity: named("nbsp"),
            },
        ),
        ("<!DOCTYPE a><a/>", E::Doctype),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", E::Doctype),
        ("<!DOCTYPE a [<!ENTITY", E::Doctype),
        ("<a><!DOCTYPE a></a>", E::Doctype),
        ("<?xml-stylesheet href='x'?><a/>", E::ProcessingInstruction),
        ("<a><?x y?></a>", E::ProcessingInstruction),
        (" <?xml version='1.0'?><a/>", E::ProcessingInstruction),
        ("<a><?xml version='1.0'?></a>", E::ProcessingInstruction),
        ("<?xml version='1.1'?><a/>", E::Declaration),
        ("<?xml encoding='UTF-8'?><a/>", E::Declaration),
        ("<?xml encoding='UTF-8' version='1.0'?><a/>", E::Declaration),
        ("<?xml version='1.0' version='1.0'?><a/>", E::Declaration),
        (
            "<?xml version='1.0' standalone='maybe'?><a/>",
            E::Declaration,
        ),
        ("<?xml version='1.0'", E::Declaration),
        (
            "<?xml version='1.0' encoding='UTF-16'?><a/>",
            E::Encoding {
                encoding: named("UTF-16"),
            },
        ),
        (
            "<?xml version='1.0' encoding='US-ASCII'?><a>é</a>",
            E::Encoding {
                encoding: named("US-ASCII"),
            },
        ),
        ("<a:b/>", E::UnboundPrefix { prefix: named("a") }),
        ("<b a:c=''/>", E::UnboundPrefix { prefix: named("a") }),
        (
            "<x><y xmlns:a='urn:a'/><a:z/></x>",
            E::UnboundPrefix { prefix: named("a") },
        ),
        (
            "<xmlns:a/>",
            E::UnboundPrefix {
                prefix: named("xmlns"),
            },
        ),
        (
            "<a:b:c xmlns:a='urn:a'/>",
            E::BadName {
                name: named("a:b:c"),
            },
        ),
        ("<1/>", E::BadName { name: named("1") }),
        (
            "<a xmlns:='urn:a'/>",
            E::BadName {
                name: named("xmlns:"),
            },
        ),
        ("<a xmlns:p=''/>", E::EmptyNamespace { prefix: named("p") }),
        (
            "<a xmlns:xml='urn:x'/>",
            E::ReservedNamespace {
                declaration: named("xmlns:xml"),
            },
        ),
        (
            "<a xmlns:xmlns='urn:x'/>",
            E::ReservedNamespace {
                declaration: named("xmlns:xmlns"),
            },
        ),
        (
            "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>",
            E::ReservedNamespace {
                declaration: named("xmlns:p"),
            },
        ),
        (
            "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
            E::ReservedNamespace {
                declaration: named("xmlns"),
            },
        ),
        (
            "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
            E::ReservedNamespace {
                declaration: named("xmlns"),
            },
        ),
        ("<a xmlns='rel'/>", E::NamespaceUri { uri: named("rel") }),
        (
            "<a xmlns='urn:a' xmlns='urn:a'/>",
            E::DuplicateAttribute {
                name: named("xmlns"),
            },
        ),
        (
            "<a xmlns:p='urn:a' xmlns:p='urn:b'/>",
            E::DuplicateAttribute {
                name: named("xmlns:p"),
            },
        ),
        (
            "<a xmlns:p='urn:a' xmlns:q='urn:a' p:x='' q:x=''/>",
            E::DuplicateAttribute { name: named("q:x") },
        ),
    ] {
        assert_eq!(refuse(text), error, "{text}");
    }
}

#[test]
fn limits_hold_at_their_edge() {
    let nest = |n: usize| format!("{}{}", "<a>".repeat(n), "</a>".repeat(n));
    parse(&nest(64));
    assert_eq!(refuse(&nest(65)), XmlError::TooDeep { limit: 64 });
    let many = |n: usize| format!("<r>{}</r>", "<a/>".repeat(n));
    parse(&many(4095));
    assert_eq!(
        refuse(&many(4096)),
        XmlError::TooManyElements { limit: 4096 }
    );
    let wide = |n: usize| {
        let attributes: Vec<_> = (0..n).map(|i| format!(" a{i}=''")).collect();
        let attributes = attributes.concat();
        format!("<r{attributes}/>")
    };
    parse(&wide(64));
    assert_eq!(refuse(&wide(65)), XmlError::TooManyAttributes { limit: 64 });
    let spaces = |n: usize| {
        let tags: Vec<_> = (0..n).map(|i| format!("<a xmlns:p{i}='urn:a'>")).collect();
        let declarations = tags.concat();
        format!("{declarations}{}", "</a>".repeat(n))
    };
    parse(&spaces(64));
    let limits = Limits {
        depth: 100,
        ..Limits::MESSAGE
    };
    assert_eq!(
        Document::parse_within(&spaces(65), &limits).unwrap_err(),
        XmlError::TooManyNamespaces { limit: 64 }
    );
    let long = |n: usize| format!("<a>{}</a>", "x".repeat(n - 7));
    parse(&long(262_144));
    assert_eq!(
        refuse(&long(262_145)),
        XmlError::TooLarge {
            size: 262_145,
            limit: 262_144
        }
    );
}

#[test]
fn metadata_may_hold_processing_instructions_but_is_not_canonicalized_then() {
    let text = "<?xml-stylesheet href='x'?><a>b<?x?>c</a><?y?>";
    let doc = Document::parse_within(text, &Limits::METADATA).unwrap();
    assert_eq!(doc.root().text(), "bc");
    assert_eq!(
        canonicalize(doc.root(), &Method::EXCLUSIVE, None),
        Err(C14nError::Incomplete)
    );
    assert_eq!(
        Document::parse_within("<!DOCTYPE a><a/>", &Limits::METADATA).unwrap_err(),
        XmlError::Doctype
    );
}

#[test]
fn a_deep_document_is_read_and_dropped_without_recursion() {
    let limits = Limits {
        depth: usize::MAX,
        elements: usize::MAX,
        bytes: usize::MAX,
        ..Limits::MESSAGE
    };
    let n = 200_000;
    let text = format!("{}x{}", "<a>".repeat(n), "</a>".repeat(n));
    let doc = Document::parse_within(&text, &limits).unwrap();
    assert_eq!(doc.elements().count(), n);
    assert_eq!(
        canonicalize(doc.root(), &Method::EXCLUSIVE, None).unwrap(),
        text
    );
}

#[test]
fn canonical_forms() {
    for (text, canonical) in [
        ("<a/>", "<a></a>"),
        ("<a  c='1'\n b=\"2\" ></a >", "<a b=\"2\" c=\"1\"></a>"),
        (
            "<a>&lt;&gt;&amp;'\"&#13;\t\n<![CDATA[<]]><!--x--></a>",
            "<a>&lt;&gt;&amp;'\"&#xD;\t\n&lt;</a>",
        ),
        (
            "<a b='&lt;>&amp;&quot;&apos;&#13;&#9;&#10;'/>",
            "<a b=\"&lt;>&amp;&quot;'&#xD;&#x9;&#xA;\"></a>",
        ),
        // Unused declarations go, used ones stand where they are used.
        (
            "<a xmlns:p='urn:p' xmlns:q='urn:q'><p:b/></a>",
            "<a><p:b xmlns:p=\"urn:p\"></p:b></a>",
        ),
        // Sorted by prefix; attributes by namespace URI, not by prefix.
        (
            "<a xmlns:q='urn:1' xmlns:p='urn:2' p:x='' q:x='' z='' xml:lang='de'/>",
            "<a xmlns:p=\"urn:2\" xmlns:q=\"urn:1\" z=\"\" xml:lang=\"de\" q:x=\"\" p:x=\"\"></a>",
        ),
        // The default namespace is taken away where the output still has it.
        (
            "<a xmlns='urn:d'><b xmlns=''><c/></b></a>",
            "<a xmlns=\"urn:d\"><b xmlns=\"\"><c></c></b></a>",
        ),
        (
            "<p:a xmlns:p='urn:p'><b xmlns=''/></p:a>",
            "<p:a xmlns:p=\"urn:p\"><b></b></p:a>",
        ),
        // Rebinding, and coming back.
        (
            "<p:a xmlns:p='urn:1'><p:b xmlns:p='urn:2'/><p:c/></p:a>",
            "<p:a xmlns:p=\"urn:1\"><p:b xmlns:p=\"urn:2\"></p:b><p:c></p:c></p:a>",
        ),
        (
            "<p:a xmlns:p='urn:1'><p:b xmlns:p='urn:1'/></p:a>",
            "<p:a xmlns:p=\"urn:1\"><p:b></p:b></p:a>",
        ),
    ] {
        assert_eq!(exclusive(text), canonical, "{text}");
        assert_eq!(exclusive(canonical), canonical, "idempotent");
    }
}

#[test]
fn canonical_forms_of_a_subtree() {
    let doc = parse(
        "<r xmlns='urn:d' xmlns:p='urn:p' xmlns:q='urn:q'><p:a><!--c--><s>out</s><b q:x='1'/></p:a></r>",
    );
    let apex = doc.root().child("urn:p", "a").unwrap();
    let without = apex.child("urn:d", "s");
    let form = |uri: &str, list: &str, without| {
        let method = Method::from_uri(uri).unwrap().with_prefix_list(list);
        canonicalize(apex, &method, without).unwrap()
    };
    let exc = "http://www.w3.org/2001/10/xml-exc-c14n#";
    assert_eq!(
        form(exc, "", without),
        "<p:a xmlns:p=\"urn:p\"><b xmlns=\"urn:d\" xmlns:q=\"urn:q\" q:x=\"1\"></b></p:a>"
    );
    assert_eq!(
        form(&format!("{exc}WithComments"), " q\n#default ", without),
        "<p:a xmlns=\"urn:d\" xmlns:p=\"urn:p\" xmlns:q=\"urn:q\"><!--c--><b q:x=\"1\"></b></p:a>"
    );
    for inclusive in [
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2006/12/xml-c14n11",
    ] {
        assert_eq!(
            form(inclusive, "", without),
            "<p:a xmlns=\"urn:d\" xmlns:p=\"urn:p\" xmlns:q=\"urn:q\"><b q:x=\"1\"></b></p:a>"
        );
    }
    assert_eq!(
        canonicalize(apex, &Method::EXCLUSIVE, Some(apex)),
        Err(C14nError::Empty)
    );
}

#[test]
fn inclusive_methods_stop_at_inherited_xml_attributes() {
    let doc = parse("<r xml:lang='de'><a/></r>");
    let apex = doc.root().children().next().unwrap();
    let method = Method::from_uri("http://www.w3.org/2006/12/xml-c14n11").unwrap();
    assert_eq!(
        canonicalize(apex, &method, None),
        Err(C14nError::XmlAttributeInScope)
    );
    assert_eq!(
        canonicalize(apex, &Method::EXCLUSIVE, None).unwrap(),
        "<a></a>"
    );
    assert!(Method::from_uri("http://www.w3.org/TR/1999/REC-xslt-19991116").is_err());
}

#[test]
fn a_signature_stands_after_the_issuer_or_first() {
    let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    for (text, before) in [
        (
            "<r><a ID='x'><Issuer>i</Issuer>t</a></r>",
            "<r><a ID='x'><Issuer>i</Issuer>",
        ),
        ("<r><a ID='x' b='>'>t</a></r>", "<r><a ID='x' b='>'>"),
        ("<r><a ID='x' b='/>'/>u</r>", "<r><a ID='x' b='/>'>"),
    ] {
        let signed = sign_enveloped(text, "x", &key, None).unwrap();
        assert!(
            signed.starts_with(&format!("{before}<ds:Signature ")),
            "{signed}"
        );
        assert!(signed.ends_with("</r>"));
        parse(&signed);
    }
    assert!(sign_enveloped("<a ID='y'/>", "x", &key, None).is_err());
    assert!(sign_enveloped("<a ID='x'><b ID='x'/></a>", "x", &key, None).is_err());
}
