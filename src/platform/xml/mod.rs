//! (module xml)
