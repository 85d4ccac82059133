//! XML signatures (XML-DSig 1.1) of the enveloped kind, over one element that
//! an `ID` names.
//!
//! [`sign_enveloped`] makes them.

mod sign;

pub use sign::{SignError, algorithm_of, sign_enveloped, sign_octets};

/// The namespace of XML-DSig.
pub const DSIG_NAMESPACE: &str = "http://www.w3.org/2000/09/xmldsig#";
