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
