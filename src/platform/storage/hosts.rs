//! Ways to the PostgreSQL servers of one URL.
//!
//! The driver tries the hosts one after another, but waits for one that takes a
//! connection and then says nothing for as long as the caller does. Here each has
//! its share of the time, so that a server that hangs does not keep us from the
//! one that has taken over; and the one that answered last is asked first.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use deadpool_postgres::Connect;
use postgres_openssl::MakeTlsConnector;
use tokio::task::JoinHandle;
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, Error};

/// The half of a connection that somebody has to keep going.
pub(super) type Driven = tokio_postgres::Connection<
    tokio_postgres::Socket,
    postgres_openssl::TlsStream<tokio_postgres::Socket>,
>;

/// The way to each server that the URL names, in its order.
#[derive(Clone)]
pub(super) struct Hosts {
    ways: Arc<[Config]>,
    last: Arc<AtomicUsize>,
    each: Duration,
    tls: MakeTlsConnector,
}

impl Hosts {
    /// The hosts of a configuration, all of which together may take `time`.
    pub(super) fn of(config: &Config, time: Duration, tls: MakeTlsConnector) -> Self {
        let count = config.get_hosts().len().max(config.get_hostaddrs().len());
        let ways: Vec<Config> = (0..count.max(1)).map(|at| only(config, at)).collect();
        let each = time / u32::try_from(ways.len()).unwrap_or(1);
        Self {
            ways: ways.into(),
            last: Arc::default(),
            each,
            tls,
        }
    }

    /// The place of the host that answered last.
    pub(super) fn current(&self) -> usize {
        self.last.load(Ordering::Relaxed)
    }

    /// A connection to the host at this place has said nothing for too long: the next
    /// one is asked first, unless somebody has found another one meanwhile.
    pub(super) fn doubt(&self, at: usize) {
        let next = at.wrapping_add(1) % self.ways.len().max(1);
        let order = Ordering::Relaxed;
        let _ = self.last.compare_exchange(at, next, order, order);
    }

    async fn any(&self) -> Result<(Client, JoinHandle<()>), Error> {
        self.any_driven(|connection| {
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::warn!(%error, "a connection to the database ended");
                }
            })
        })
        .await
    }

    /// A connection to any of them, driven by a task of the caller's.
    pub(super) async fn any_driven(
        &self,
        drive: impl FnOnce(Driven) -> JoinHandle<()>,
    ) -> Result<(Client, JoinHandle<()>), Error> {
        let first = self.last.load(Ordering::Relaxed);
        let order = (0..self.ways.len()).map(|n| (first + n) % self.ways.len());
        let mut failure = None;
        for at in order {
            let Some(way) = self.ways.get(at) else {
                continue;
            };
            match tokio::time::timeout(self.each, way.connect(self.tls.clone())).await {
                Ok(Ok((client, connection))) => {
                    self.last.store(at, Ordering::Relaxed);
                    return Ok((client, drive(connection)));
                }
                Ok(Err(error)) => failure = Some(error),
                Err(_) => tracing::warn!(host = at + 1, "a database server does not answer"),
            }
        }
        match failure {
            Some(error) => Err(error),
            // The driver has no error to give for this; the pool's time is up too.
            None => std::future::pending().await,
        }
    }
}

impl Connect for Hosts {
    fn connect(
        &self,
        _: &Config,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + '_>>
    {
        Box::pin(self.any())
    }
}

/// The configuration with the host at this place alone.
fn only(config: &Config, at: usize) -> Config {
    let mut one = Config::new();
    if let Some(user) = config.get_user() {
        one.user(user);
    }
    if let Some(password) = config.get_password() {
        one.password(password);
    }
    if let Some(name) = config.get_dbname() {
        one.dbname(name);
    }
    if let Some(options) = config.get_options() {
        one.options(options);
    }
    if let Some(name) = config.get_application_name() {
        one.application_name(name);
    }
    match config.get_hosts().get(at) {
        Some(Host::Tcp(name)) => {
            one.host(name);
        }
        Some(Host::Unix(path)) => {
            one.host_path(path);
        }
        None => {}
    }
    if let Some(address) = config.get_hostaddrs().get(at) {
        one.hostaddr(*address);
    }
    let ports = config.get_ports();
    if let Some(port) = ports.get(at).or_else(|| ports.first()) {
        one.port(*port);
    }
    if let Some(time) = config.get_connect_timeout() {
        one.connect_timeout(*time);
    }
    if let Some(time) = config.get_tcp_user_timeout() {
        one.tcp_user_timeout(*time);
    }
    if let Some(time) = config.get_keepalives_interval() {
        one.keepalives_interval(time);
    }
    if let Some(count) = config.get_keepalives_retries() {
        one.keepalives_retries(count);
    }
    one.ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle())
        .target_session_attrs(config.get_target_session_attrs())
        .channel_binding(config.get_channel_binding())
        .load_balance_hosts(config.get_load_balance_hosts());
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_says_nothing_is_asked_last() {
        let config: Config = "postgres://ada@one,two,three/db".parse().unwrap();
        let tls = super::super::postgres::tls().unwrap();
        let hosts = Hosts::of(&config, Duration::from_secs(3), tls);
        assert_eq!(hosts.current(), 0);
        // All who waited for it say so; one step is enough.
        for _ in 0..16 {
            hosts.doubt(0);
        }
        assert_eq!(hosts.current(), 1);
        hosts.doubt(1);
        hosts.doubt(2);
        assert_eq!(hosts.clone().current(), 0);
    }

    #[test]
    fn each_host_has_its_own_way() {
        let url = "postgres://ada:secret@one:5433,two/db?target_session_attrs=read-write\
                   &options=-c%20search_path%3Dx";
        let config: Config = url.parse().unwrap();
        let tls = super::super::postgres::tls().unwrap();
        let hosts = Hosts::of(&config, Duration::from_secs(2), tls);
        assert_eq!(hosts.each, Duration::from_secs(1));
        let [one, two] = &hosts.ways[..] else {
            panic!()
        };
        assert_eq!(one.get_hosts(), [Host::Tcp("one".into())]);
        assert_eq!(one.get_ports(), [5433]);
        assert_eq!(two.get_hosts(), [Host::Tcp("two".into())]);
        assert_eq!(two.get_ports(), [5432]);
        for way in [one, two] {
            assert_eq!(way.get_user(), Some("ada"));
            assert_eq!(way.get_password(), Some(b"secret".as_slice()));
            assert_eq!(way.get_dbname(), Some("db"));
            assert_eq!(way.get_options(), Some("-c search_path=x"));
            assert_eq!(
                way.get_target_session_attrs(),
                config.get_target_session_attrs()
            );
        }
    }
}
