//! (module)

pub mod attribute_map;
pub mod authn_request;
pub mod binding;
pub mod certificates;
pub mod metadata;
pub mod sp_metadata;
