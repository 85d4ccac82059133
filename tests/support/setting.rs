//! Settings of a test run, from the environment.

/// The environment variable `name`, if it is set and not empty.
#[expect(
    clippy::disallowed_methods,
    reason = "the product reads platform::config; a test run has the environment only"
)]
pub fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The environment variable `name`; the test fails without it, because a
/// check that silently does not run is worse than none.
pub fn required(name: &str) -> String {
    optional(name).unwrap_or_else(|| {
        panic!("{name} is not set: run the tests with `make test`, which prepares what they need")
    })
}

/// A number from the environment, or `default`.
pub fn number(name: &str, default: usize) -> usize {
    optional(name).map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}"))
    })
}
