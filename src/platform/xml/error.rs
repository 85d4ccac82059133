//! Why a text is not a document that we read.

/// Why a text is refused. Offsets count bytes of the text after its BOM.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// The text is longer than the caller reads.
    #[error("the XML document has {size} bytes; the limit is {limit}")]
    TooLarge {
        /// Its length in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// XML 1.0 §2.2: the character may not stand in a document.
    #[error("a character that XML forbids stands at byte {offset}")]
    ForbiddenCharacter {
        /// Where.
        offset: usize,
    },
    /// A character reference names no character, or one that XML forbids.
    #[error("the reference &{reference}; stands for no character that XML allows")]
    ForbiddenReference {
        /// What stands between `&` and `;`.
        reference: String,
    },
    /// An entity that XML itself does not define (§4.6).
    #[error("the entity &{entity}; is not defined; only amp, lt, gt, apos and quot are")]
    UndefinedEntity {
        /// Its name.
        entity: String,
    },
    /// A document type declaration: never read, whatever it says.
    #[error("the document has a DOCTYPE; documents with one are never read")]
    Doctype,
    /// A processing instruction other than the XML declaration.
    #[error("the document holds a processing instruction")]
    ProcessingInstruction,
    /// The XML declaration is not `version="1.0"` with its other parts in order.
    #[error("the XML declaration is malformed, or of a version other than 1.0")]
    Declaration,
    /// The declared encoding is not UTF-8 (or its subset US-ASCII).
    #[error("the document says that its encoding is {encoding}; only UTF-8 is read")]
    Encoding {
        /// The declared name.
        encoding: String,
    },
    /// XML 1.0's grammar is broken.
    #[error("the XML is not well-formed at byte {offset}: {reason}")]
    NotWellFormed {
        /// What is wrong.
        reason: &'static str,
        /// Where, in bytes.
        offset: usize,
    },
    /// A name is not a qualified name (Namespaces in XML §4).
    #[error("{name:?} is not a qualified XML name")]
    BadName {
        /// The name.
        name: String,
    },
    /// A prefix is used without a declaration in scope.
    #[error("the namespace prefix {prefix:?} is not declared")]
    UnboundPrefix {
        /// The prefix.
        prefix: String,
    },
    /// `xmlns:p=""`: Namespaces in XML 1.0 has no way to undeclare a prefix.
    #[error("the namespace prefix {prefix:?} is bound to nothing")]
    EmptyNamespace {
        /// The prefix.
        prefix: String,
    },
    /// The prefixes `xml` and `xmlns` and their namespaces belong together.
    #[error("a reserved namespace or prefix is declared: {declaration:?}")]
    ReservedNamespace {
        /// The attribute that does so.
        declaration: String,
    },
    /// A namespace name that is not an absolute URI of bearable length, which
    /// Canonical XML §1.3 cannot process.
    #[error("the namespace {uri:?} is not an absolute URI, or is too long")]
    NamespaceUri {
        /// The namespace name.
        uri: String,
    },
    /// Two attributes of one element have the same expanded name.
    #[error("the attribute {name:?} stands twice on one element")]
    DuplicateAttribute {
        /// The second one's qualified name.
        name: String,
    },
    /// Elements are nested more deeply than the caller reads.
    #[error("elements are nested more than {limit} deep")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// There are more elements than the caller reads.
    #[error("the document has more than {limit} elements")]
    TooManyElements {
        /// The limit.
        limit: usize,
    },
    /// One element has more attributes than the caller reads.
    #[error("an element has more than {limit} attributes")]
    TooManyAttributes {
        /// The limit.
        limit: usize,
    },
    /// More namespace declarations are in scope than the caller reads.
    #[error("more than {limit} namespace declarations are in scope at one element")]
    TooManyNamespaces {
        /// The limit.
        limit: usize,
    },
}

impl XmlError {
    pub(super) const fn malformed(reason: &'static str, offset: usize) -> Self {
        Self::NotWellFormed { reason, offset }
    }
}
