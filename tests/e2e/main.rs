//! People sign in with a real browser, through real identity providers, to the
//! built binary.
//!
//! `make test` installs and prepares what this needs and says where it is
//! through environment variables.

#[cfg(test)]
mod harness;

#[cfg(test)]
mod applications;
#[cfg(test)]
mod connect;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod invitations;
#[cfg(test)]
#[expect(
    dead_code,
    reason = "shared with the integration tests, which use the rest"
)]
#[path = "../integration/accounts/mail_server.rs"]
mod mail_server;
#[cfg(test)]
mod nginx;
#[cfg(test)]
mod oidc_provider;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod passkeys;
#[cfg(test)]
#[path = "../support/proxies.rs"]
mod proxy_process;
#[cfg(test)]
mod pysaml2;
#[cfg(test)]
mod simplesamlphp;
