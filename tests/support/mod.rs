//! What several test binaries share: a forge for SAML responses that knows
//! nothing of the product's own canonicalization or signer, and the catalogue
//! of attacks that is built with it.

pub mod attacks;
pub mod forge;
pub mod keys;
pub mod setting;
pub mod signature;
