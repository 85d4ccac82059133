//! Login traces counted, for those who watch over them.

use super::{LoginTrace, read};
use crate::directory::{Directory, DirectoryError};
use crate::domain::{Timestamp, ids};
use crate::platform::storage::{StorageError, Tx, params};

const HOUR: i64 = 3_600_000;

/// The reasons that are told.
const REASONS: i64 = 5;

/// What came of the attempts since a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginCounts {
    /// Hour by hour; hours in which nobody tried are absent.
    pub hours: Vec<HourOfLogins>,
    /// Why people did not get in, the commonest reason first.
    pub reasons: Vec<Reason>,
}

/// The attempts of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourOfLogins {
    /// When it began.
    pub begins: Timestamp,
    /// Who came in.
    pub succeeded: i64,
    /// Who was refused, and what failed.
    pub others: i64,
}

/// A reason, and how often it was one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// How often.
    pub count: i64,
    /// The latest attempt that ended so.
    pub latest: LoginTrace,
}

impl Directory {
    /// Counts the attempts since a moment. Both statements read one index
    /// (`login_traces_by_day`), and no trace but the latest of each reason.
    pub async fn count_logins_since(
        &self,
        since: Timestamp,
    ) -> Result<LoginCounts, DirectoryError> {
        Ok(self
            .db
            .read(move |tx| Box::pin(async move { count(tx, since).await }))
            .await?)
    }
}

async fn count(tx: &mut Tx, since: Timestamp) -> Result<LoginCounts, StorageError> {
    // Metadata and discovery that fail, and tests, leave a trace, too, and are no logins.
    const SQL: &str = "SELECT at / 3600000, \
        COUNT(CASE outcome WHEN 'success' THEN 1 END), \
        COUNT(*) FROM login_traces WHERE id >= $1 AND kind NOT IN ('metadata', 'discovery', 'test') \
        GROUP BY at / 3600000 ORDER BY at / 3600000";
    const REASONS_SQL: &str = "SELECT code, COUNT(*), MAX(id) FROM login_traces \
        WHERE id >= $1 AND outcome <> 'success' AND kind <> 'test' \
        GROUP BY code ORDER BY COUNT(*) DESC, code LIMIT $2";
    let first = ids::floor(since);
    let mut hours = Vec::new();
    for row in tx.query(SQL, params![&first]).await? {
        let mut reader = row.reader();
        let begins = Timestamp(reader.int()?.saturating_mul(HOUR));
        let succeeded = reader.int()?;
        hours.push(HourOfLogins {
            begins,
            succeeded,
            others: reader.int()? - succeeded,
        });
    }
    let mut reasons = Vec::new();
    for row in tx.query(REASONS_SQL, params![&first, REASONS]).await? {
        let mut reader = row.reader();
        let _code = reader.text()?;
        let (count, latest) = (reader.int()?, reader.text()?);
        let sql = format!("SELECT {} FROM login_traces WHERE id = $1", super::COLUMNS);
        // One that was forgotten in between is no reason any more.
        if let Some(row) = tx.query_opt(&sql, params![&latest]).await? {
            let latest = read(&mut row.reader(), false)?;
            reasons.push(Reason { count, latest });
        }
    }
    Ok(LoginCounts { hours, reasons })
}
