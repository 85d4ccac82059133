//! The built gateway, over HTTP, with identity providers that the forge plays.
//!
//! `make test` starts PostgreSQL and says where it is (`DOORWARD_TEST_POSTGRES`);
//! without it the tests that need it fail and say so.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::assigning_clones,
    clippy::format_collect,
    clippy::format_push_string,
    reason = "tests and their tools stop at the first surprise"
)]

#[expect(
    dead_code,
    reason = "shared with the verifier's tests, which use the rest"
)]
#[path = "../support/mod.rs"]
mod support;

#[expect(dead_code, reason = "imitations answer more than every test asks")]
#[path = "../support/vendors/mod.rs"]
mod vendors;

#[macro_use]
mod harness;

mod account;
mod accounts;
mod admin;
mod api;
mod connect;
mod explain;
mod faults;
mod forward_auth;
mod newcomer;
mod oauth;
mod openid;
mod pages;
mod passkeys;
mod records;
mod saml;
mod webhooks;
