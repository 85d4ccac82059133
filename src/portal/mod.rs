//! The pages that employees see: signing in, the account, signing out.

mod device;
mod views;
