//! Sign-in by SAML 2.0.

mod attacks;
mod binding;
mod encryption;
mod happy;
mod linking;
mod metadata;
mod metadata_url;
mod policy;
mod relay_state;
mod replay;
mod rollover;
pub mod slo;
mod targets;
mod transport;
mod values;
