//! XML signatures (XML-DSig 1.1) of the enveloped kind, over one element that
//! an `ID` names.
//!
//! [`sign_enveloped`] makes them. [`Signature::read`] accepts the few shapes
//! that SAML allows and [`Signature::verify`] checks them against pinned
//! [`VerifyKey`]s, giving back the octets that were signed. What `KeyInfo` says
//! is never used as a key, nothing is fetched, and there is no transform but
//! enveloped-signature and canonicalization.

mod algorithm;
mod key;
mod sign;
mod verify;

#[cfg(test)]
mod tests;

pub use key::{KeyError, MINIMUM_RSA_BITS, VerifyKey};
pub use sign::{SignError, algorithm_of, sign_enveloped, sign_octets};
pub(in crate::platform::xml) use verify::decode_base64;
pub use verify::{Signature, verify_octets};

use super::c14n::C14nError;

/// The namespace of XML-DSig.
pub const DSIG_NAMESPACE: &str = "http://www.w3.org/2000/09/xmldsig#";

/// Why a signature is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A part is missing, doubled, in the wrong place or unreadable.
    #[error("the signature is malformed at its {part}")]
    Malformed {
        /// The element or attribute.
        part: &'static str,
    },
    /// A comment inside: nobody's signer writes one, attackers do.
    #[error("a comment stands inside the signature")]
    Comment,
    /// A `ds:Object` can carry anything.
    #[error("the signature holds an Object")]
    Object,
    /// The signature covers something other than the element that it stands in.
    #[error("the signature does not refer to the element that it stands in")]
    Reference {
        /// `#` and the element's ID.
        expected: String,
        /// The URI that came.
        received: Option<String>,
    },
    /// A transform or canonicalization other than the allowed ones.
    #[error("the signature uses the transform or canonicalization {uri:?}, which is not allowed")]
    Transform {
        /// Its URI.
        uri: String,
    },
    /// A signature or digest algorithm that is not on the allow-list.
    #[error("the signature uses the algorithm {uri:?}, which is not allowed")]
    Algorithm {
        /// Its URI.
        uri: String,
    },
    /// SHA-1, which this provider may not use.
    #[error("the signature uses SHA-1 ({uri}), which is not allowed for this provider")]
    Sha1 {
        /// The algorithm's URI.
        uri: String,
    },
    /// There is no canonical form.
    #[error(transparent)]
    Canonicalization(#[from] C14nError),
    /// There is no pinned key at all.
    #[error("there is no key to verify the signature with")]
    NoKey,
    /// An ECDSA signature and only RSA keys, or the other way round.
    #[error("the signature is of a kind that none of the pinned keys can have made")]
    KeyKind,
    /// No pinned key made it.
    #[error("the signature was made by none of the pinned keys")]
    Invalid {
        /// Fingerprints of the pinned keys.
        pinned: Vec<String>,
        /// Fingerprints of the certificates that came with it (unverified).
        received: Vec<String>,
    },
    /// The signature is genuine, but what it covers was changed afterwards.
    #[error("the signed content was changed after it was signed")]
    Digest,
}
