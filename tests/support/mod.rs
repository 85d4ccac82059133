//! What several test binaries share: a forge for SAML responses that knows
//! nothing of the product's own canonicalization or signer, the catalogue of
//! attacks that is built with it, and a mutator of documents.

pub mod attacks;
pub mod authenticator;
pub mod encrypt;
pub mod forge;
pub mod keys;
pub mod mutate;
pub mod publisher;
pub mod random;
pub mod setting;
pub mod signature;
