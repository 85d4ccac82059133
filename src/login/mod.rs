//! Ways in for a person. Each folder is one protocol and ends in an
//! observation that `directory` resolves.

pub mod checks;
pub mod difference;
pub mod explain;
pub mod kinds;
pub mod letters;
pub mod linking;
pub mod oauth;
pub mod passkey;
pub mod password;
pub mod remedy;
pub mod saml;
pub mod setup;
pub mod testing;
