//! Doorward: a self-hosted SSO identity gateway.
//!
//! The modules stand in layer order. A module imports from layers above it in
//! this list, never from one below; folders of the same layer do not import
//! each other, `sessions` → `directory` excepted. `tests/architecture.rs`
//! holds the tree to it.

// Layer 1: the vocabulary. No I/O.
pub mod domain;

// Layer 2: means that know nothing of logins.
pub mod platform;

// Layer 3: the core: who is who, what may change, who is signed in.
pub mod directory;
pub mod sessions;

// Layer 4: ways in, and ways out.
pub mod apps;
pub mod login;

// Layer 5: what people and scripts see. Fuzz targets ask for nothing from here
// on, and instrumented it takes minutes to build.
#[cfg(not(fuzzing))]
pub mod api;
#[cfg(not(fuzzing))]
pub mod portal;

// Composition: the only place that knows all of the above.
#[cfg(not(fuzzing))]
pub mod app;
#[cfg(not(fuzzing))]
pub mod cli;
