//! Ways out: what applications behind the gateway are given, each protocol in a
//! folder of its own.

pub mod forward_auth;
pub mod oidc;
