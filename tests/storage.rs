//! The conformance suite of storage and directory: one suite, run on SQLite and
//! on PostgreSQL. Each test is given a database of its own.
//!
//! `DOORWARD_TEST_POSTGRES` names a PostgreSQL server whose user may create
//! databases; `make test` starts one. Without it the PostgreSQL half fails.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[macro_use]
#[path = "storage/place.rs"]
mod place;

#[path = "storage/admins.rs"]
mod admins;
#[path = "storage/applications.rs"]
mod applications;
#[path = "storage/cache.rs"]
mod cache;
#[path = "storage/edits.rs"]
mod edits;
#[path = "storage/groups.rs"]
mod groups;
#[path = "storage/identifiers.rs"]
mod identifiers;
#[path = "storage/linking.rs"]
mod linking;
#[path = "storage/metadata.rs"]
mod metadata;
#[path = "storage/migrations.rs"]
mod migrations;
#[path = "storage/people.rs"]
mod people;
#[path = "storage/policy.rs"]
mod policy;
#[path = "storage/properties.rs"]
mod properties;
#[path = "storage/providers.rs"]
mod providers;
#[path = "support/publisher.rs"]
mod publisher;
#[path = "storage/races.rs"]
mod races;
#[path = "storage/records.rs"]
mod records;
#[path = "storage/sessions.rs"]
mod sessions;
#[path = "storage/setup_links.rs"]
mod setup_links;
#[path = "storage/throttles.rs"]
mod throttles;
#[path = "storage/tokens.rs"]
mod tokens;
#[path = "storage/units.rs"]
mod units;
#[path = "storage/values.rs"]
mod values;
