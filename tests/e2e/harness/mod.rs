//! What the tests stand on: processes, a gateway, a browser, identity providers.

pub mod app;
pub mod browser;
mod emulate;
pub mod gateway;
pub mod idp;
pub mod openid;
pub mod process;

/// A setting that `make test` makes.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are set up by their environment"
)]
pub fn setting(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: run the tests with `make test`"))
}
