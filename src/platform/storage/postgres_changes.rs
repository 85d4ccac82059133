//! The news on PostgreSQL: triggers notify when a transaction commits, and one
//! connection outside the pool listens. It has to answer a few times a second;
//! while it does not, nothing counts as current.

use std::time::{Duration, Instant};

use tokio_postgres::{AsyncMessage, Client};
use tokio_util::sync::CancellationToken;

use super::changes::{Change, Changes, EVERY};
use super::error::StorageError;
use super::hosts::Driven;
use super::postgres::PostgresDb;

/// How long the connection may take to answer.
const PATIENCE: Duration = Duration::from_millis(600);
/// How long a new connection may take.
const CONNECT: Duration = Duration::from_secs(2);
/// How long to wait before the next one.
const PAUSE: Duration = Duration::from_millis(300);

impl PostgresDb {
    /// Listens until it is stopped.
    pub(super) async fn follow(&self, stop: CancellationToken) {
        self.changes().begin();
        let mut has_told = false;
        while !stop.is_cancelled() {
            let ended = tokio::select! {
                () = stop.cancelled() => break,
                ended = listen(self) => ended,
            };
            self.changes().deaf();
            if let Err(error) = ended {
                // Once for each outage.
                if !std::mem::replace(&mut has_told, true) {
                    tracing::warn!(%error, "sessions are read from the database until it can be listened to");
                }
            } else {
                has_told = false;
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
        self.changes().deaf();
    }
}

/// Listens on one connection until it breaks; `Ok` when it had been heard.
async fn listen(db: &PostgresDb) -> Result<(), StorageError> {
    let (hosts, changes) = (db.hosts()?, db.changes());
    let news = changes.clone();
    let connecting = hosts.any_driven(move |connection| tokio::spawn(drive(connection, news)));
    let (client, _task) = tokio::time::timeout(CONNECT, connecting)
        .await
        .map_err(|_| silent())??;
    answered(client.batch_execute("LISTEN doorward_changes")).await?;
    // What was missed until now.
    changes.tell(&[Change::Everything]);
    let mut has_heard = false;
    loop {
        let asked = Instant::now();
        match alive(&client, changes).await {
            Ok(()) => changes.heard(asked),
            Err(error) if has_heard => {
                tracing::info!(%error, "the connection that listens is made anew");
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        has_heard = true;
        tokio::time::sleep(EVERY).await;
    }
}

/// Tells the others what they are still to hear, and makes sure that this is the
/// server that is written to.
async fn alive(client: &Client, changes: &Changes) -> Result<(), StorageError> {
    for text in changes.take_untold() {
        let sql = "SELECT pg_notify('doorward_changes', $1)";
        answered(client.execute(sql, &[&text])).await?;
    }
    let row = answered(client.query_one("SELECT pg_is_in_recovery()", &[])).await?;
    if row.try_get(0)? {
        return Err(StorageError::Unavailable(
            "the server has become a standby".to_owned(),
        ));
    }
    Ok(())
}

async fn answered<T>(
    asked: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, StorageError> {
    let answer = tokio::time::timeout(PATIENCE, asked).await;
    Ok(answer.map_err(|_| silent())??)
}

fn silent() -> StorageError {
    StorageError::Unavailable("no answer in time".to_owned())
}

/// Keeps the connection going. Notifications and answers come in one order: who
/// has the answer to a question has had the news of before it.
async fn drive(mut connection: Driven, changes: Changes) {
    loop {
        match std::future::poll_fn(|cx| connection.poll_message(cx)).await {
            Some(Ok(AsyncMessage::Notification(news))) => {
                changes.tell(&Change::list(news.payload()));
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                tracing::debug!(%error, "the connection that listens ended");
                return;
            }
            None => return,
        }
    }
}
