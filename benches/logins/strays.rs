//! Attempts that fail, beside logins that succeed: each leaves a trace.

use std::cell::Cell;
use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::client::{Connection, Request};
use crate::prepare::Idp;
use crate::server::Server;

/// How many a second.
const RATE: f64 = 5_000.0;
/// Connections over which they come: each waits until its trace is on the disk.
const CONNECTIONS: u32 = 24;

/// Responses to requests that nobody made, in turn.
pub struct Strays(Vec<Request>);

impl Strays {
    /// Makes a few, signed.
    pub fn new(idp: &Idp) -> Result<Self> {
        let made: Result<_> = (0..64).map(|_| idp.stray()).collect();
        Ok(Self(made?))
    }

    /// Sends them as long as `work` takes; how many a second were answered.
    pub async fn beside<T>(
        &self,
        server: &Server,
        work: impl Future<Output = Result<T>>,
    ) -> Result<(T, f64)> {
        let (over, answered) = (Cell::new(false), Cell::new(0_u32));
        let begin = Instant::now();
        let work = async {
            let done = work.await;
            over.set(true);
            done
        };
        let senders = futures_util::future::try_join_all(
            (0..CONNECTIONS).map(|_| self.send(server, begin, &over, &answered)),
        );
        let (done, _) = futures_util::future::try_join(work, senders).await?;
        Ok((
            done,
            f64::from(answered.get()) / begin.elapsed().as_secs_f64(),
        ))
    }

    async fn send(
        &self,
        server: &Server,
        begin: Instant,
        over: &Cell<bool>,
        answered: &Cell<u32>,
    ) -> Result<()> {
        let mut connection = Connection::open(server.address()).await?;
        let mut requests = self.0.iter().cycle();
        let pause = Duration::from_secs_f64(f64::from(CONNECTIONS) / RATE);
        let mut due = begin;
        while !over.get() {
            tokio::time::sleep_until(due.into()).await;
            due += pause;
            if let Some(request) = requests.next() {
                let answer = connection.send(request).await?;
                ensure!(answer.status == 403, "a stray: {}", answer.describe());
                answered.set(answered.get() + 1);
            }
        }
        Ok(())
    }
}
