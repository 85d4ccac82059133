//! A gateway of one's own for each test, a browser, identity providers.

mod browser;
mod idp;
mod server;

pub use browser::{Answer, Browser, encode};
pub use idp::{Idp, Outcome, SignIn, merge, refused};
pub use server::{Server, database_of_its_own, free_port};

pub use crate::support::forge::{Forge, Person, Scene};

/// The present moment.
pub fn now() -> doorward::domain::Timestamp {
    doorward::domain::Clock::System.now()
}

/// One test on both databases: `on_both!(name, body)` where `body` is an
/// `async fn(Server)`.
macro_rules! on_both {
    ($($(#[$doc:meta])* $name:ident)*) => {
        mod sqlite {
            $($(#[$doc])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::harness::Server::sqlite().await).await;
            })*
        }
        mod postgres {
            $($(#[$doc])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::harness::Server::postgres().await).await;
            })*
        }
    };
}

/// Passkeys belong to names: a gateway with this configuration is at `localhost`.
pub const NAMED: &str = "[passkeys]\nenabled = true\n";

/// The same at a name, where there can be passkeys.
macro_rules! on_both_named {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let named = crate::harness::NAMED;
                super::$name(crate::harness::Server::sqlite_with(named).await).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let (url, named) = (
                    crate::harness::database_of_its_own().await,
                    crate::harness::NAMED,
                );
                super::$name(crate::harness::Server::start(&url, named).await).await;
            })*
        }
    };
}
