//! The REST API, from the outside.

mod authorization;
mod providers;
mod schemathesis;
