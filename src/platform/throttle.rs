//! Allowances that all replicas count together, in the database.
//!
//! Generic cell rate algorithm (ITU-T I.371): each key has a burst, which fills
//! up again at a steady rate. One number a key says it all, the *theoretical
//! arrival time*: the moment at which everything will be there again. Adding to
//! it is all that taking is, so that replicas add up without knowing each other.

use crate::domain::Timestamp;
use crate::platform::storage::{StorageError, Tx, params};

/// How much may be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// How often at once.
    pub burst: i64,
    /// After how many milliseconds once more.
    pub interval: i64,
}

impl Allowance {
    /// How far, in milliseconds, a key may be ahead of the steady rate.
    #[must_use]
    pub const fn tolerance(self) -> i64 {
        (self.burst - 1) * self.interval
    }

    /// After how many seconds a key with this arrival time may take again; `None`
    /// when it may take now.
    #[must_use]
    pub fn wait(self, arrival: i64, now: Timestamp) -> Option<u64> {
        let ahead = arrival - now.millis() - self.tolerance();
        let ahead = u64::try_from(ahead).ok().filter(|ahead| *ahead > 0)?;
        Some(ahead.div_ceil(1_000))
    }
}

/// Takes once of a key's allowance, for what must be counted before it is done,
/// such as the tries to sign in to one account; the error is after how many
/// seconds to come back. A key that has nothing left loses nothing by asking.
///
/// # Errors
/// What the database says.
pub async fn take(
    tx: &mut Tx,
    key: &str,
    allowance: Allowance,
    now: Timestamp,
) -> Result<Result<(), u64>, StorageError> {
    const TAKE: &str = "INSERT INTO throttles (key, arrival) VALUES ($1, $4) \
        ON CONFLICT (key) DO UPDATE SET arrival = \
        CASE WHEN throttles.arrival > $2 THEN throttles.arrival + $3 ELSE $4 END \
        WHERE throttles.arrival <= $5";
    let at = now.millis();
    let (first, latest) = (at + allowance.interval, at + allowance.tolerance());
    let row = params![key, at, allowance.interval, first, latest];
    if tx.execute(TAKE, row).await? == 1 {
        return Ok(Ok(()));
    }
    let sql = "SELECT arrival FROM throttles WHERE key = $1";
    let arrival = tx.count(sql, params![key]).await?;
    // It may have become possible since; the next try will see.
    Ok(Err(allowance.wait(arrival, now).unwrap_or(1)))
}

/// Gives back what [`take`] took, for a try that turned out not to be one of those
/// that are counted.
///
/// # Errors
/// What the database says.
pub async fn give_back(tx: &mut Tx, key: &str, allowance: Allowance) -> Result<(), StorageError> {
    let sql = "UPDATE throttles SET arrival = arrival - $2 WHERE key = $1";
    tx.execute(sql, params![key, allowance.interval])
        .await
        .map(|_| ())
}

/// Adds what was taken elsewhere to a key; answers its arrival time, with what the
/// others have added.
///
/// # Errors
/// What the database says.
pub async fn add(tx: &mut Tx, key: &str, millis: i64, now: Timestamp) -> Result<i64, StorageError> {
    const ADD: &str = "INSERT INTO throttles (key, arrival) VALUES ($1, $4) \
        ON CONFLICT (key) DO UPDATE SET arrival = \
        CASE WHEN throttles.arrival > $2 THEN throttles.arrival + $3 ELSE $4 END \
        RETURNING arrival";
    let at = now.millis();
    match tx
        .query_opt(ADD, params![key, at, millis, at + millis])
        .await?
    {
        Some(row) => row.reader().int(),
        None => Ok(at),
    }
}

/// Forgets the keys that have everything again.
///
/// # Errors
/// What the database says.
pub async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<(), StorageError> {
    tx.execute("DELETE FROM throttles WHERE arrival <= $1", params![now])
        .await
        .map(|_| ())
}
