//! XML for messages that strangers send: a strict tree, canonicalization and
//! signatures. It knows nothing of logins.
//!
//! One parser decides the structure, the signed octets and the meaning, so that
//! no two readers can disagree about a document. There is no resolver, no
//! entity, no XSLT, no XPath and no I/O here; nothing recurses.
//!
//! * [`tree`]: what a document says, as an arena of nodes.
//! * [`c14n`]: canonical octets (Canonical XML 1.0, 1.1, exclusive).
//! * [`signature`]: enveloped XML signatures, made and verified.
//! * [`encryption`]: encrypted elements, decrypted.

mod build;
pub mod c14n;
mod chars;
pub mod encryption;
pub mod error;
pub mod signature;
mod tag;
#[cfg(test)]
mod tests;
pub mod tree;

pub use error::XmlError;
pub use tree::{Attribute, Document, Limits, Node};

/// The namespace to which the prefix `xml` is bound (Namespaces in XML §3).
pub const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";
/// The namespace to which the prefix `xmlns` is bound (Namespaces in XML §3).
pub const XMLNS_NAMESPACE: &str = "http://www.w3.org/2000/xmlns/";
