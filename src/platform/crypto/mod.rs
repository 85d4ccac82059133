//! (module crypto)
