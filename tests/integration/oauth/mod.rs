//! Logins through OAuth 2.0 and OpenID Connect, at imitations of the vendors.

mod checks;
mod imitations;
mod way;
