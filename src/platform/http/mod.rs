//! (module http)
