//! Logins that were tried out: what arrived, and what would have happened. They
//! sign nobody in and write nobody; what is kept of them is for whoever asked
//! for the test, and for the provider's page, for a bounded time.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Directory;
use super::error::DirectoryError;
use super::plan::Change;
use super::resolve::Matched;
use super::traces::{Side, TraceDocument, TraceOutcome};
use crate::domain::user::words;
use crate::domain::{Entropy, Reference, Slug, Timestamp, ids};
use crate::platform::storage::{Reader, StorageError, Tx, params};

/// How many results are kept of one provider.
const MOST: i64 = 10;
/// How long a result is kept, in seconds.
pub const KEPT: i64 = 30 * 24 * 3600;

/// For whom a login is tried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tester {
    /// A signed-in admin: the hash of the session.
    Session(String),
    /// The holder of a set-up link: its id.
    Link(String),
}

words!(
    /// How a step of a test ended.
    StepState {
        /// As it should be.
        Passed = "passed",
        /// Not as it should be.
        Failed = "failed",
        /// It was not come to, or did not concern this login.
        Skipped = "skipped",
    }
);

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its stable name, `signature`.
    pub name: String,
    /// How it ended.
    pub state: StepState,
    /// The value that was looked at, if one was.
    pub detail: String,
}

/// An attribute or claim that arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrived {
    /// Its name.
    pub name: String,
    /// Its values.
    pub values: Vec<String>,
    /// The fields here that it fills.
    pub fields: Vec<String>,
}

/// The user that it would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The user's id; none of somebody who would be new.
    pub id: Option<String>,
    /// What to call the person.
    pub name: String,
    /// The identifier that found the user.
    pub matched_by: Option<Matched>,
}

/// What came of a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestReport {
    /// `success` when the person would get in.
    pub outcome: TraceOutcome,
    /// The stable code.
    pub code: String,
    /// One sentence for an admin.
    pub summary: String,
    /// The value that was expected, where values were compared.
    pub expected: Option<String>,
    /// The values that came.
    pub received: Vec<String>,
    /// Who has to change something.
    pub side: Option<Side>,
    /// What to change, and where.
    pub remedy: Option<String>,
    /// What was checked, in order.
    pub steps: Vec<Step>,
    /// What arrived.
    pub arrived: Vec<Arrived>,
    /// Which user it would be.
    pub who: Option<Who>,
    /// What would be written of the user.
    pub changes: Vec<Change>,
    /// The identifier that would be connected to the user.
    pub attaches: Option<String>,
    /// The internal groups that the login speaks of.
    pub groups: Option<BTreeSet<String>>,
    /// What was left out, and why.
    pub notes: Vec<String>,
    /// The reference of the login trace.
    pub reference: Reference,
    /// The message, redacted.
    pub document: Option<TraceDocument>,
}

impl TestReport {
    /// Whether the person would get in.
    #[must_use]
    pub const fn gets_in(&self) -> bool {
        matches!(self.outcome, TraceOutcome::Success)
    }
}

/// A test, with what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestLogin {
    /// Its id.
    pub id: String,
    /// The provider.
    pub provider: Slug,
    /// When.
    pub at: Timestamp,
    /// For whom.
    pub tester: Tester,
    /// What to call them.
    pub tester_name: String,
    /// The hash of the browser's own cookie.
    pub browser_hash: String,
    /// What came of it.
    pub report: TestReport,
}

impl TestLogin {
    /// Whether the browser with this cookie tried it out.
    #[must_use]
    pub fn is_of(&self, browser_hash: &str) -> bool {
        let (ours, theirs) = (self.browser_hash.as_bytes(), browser_hash.as_bytes());
        crate::platform::crypto::constant_time_eq(ours, theirs)
    }
}

/// A new id.
#[must_use]
pub fn new_id(now: Timestamp, entropy: &Entropy) -> String {
    ids::uuid_v7(now, entropy)
}

/// Keeps what came of a test, and forgets those before the last few.
pub async fn keep(tx: &mut Tx, test: &TestLogin) -> Result<(), StorageError> {
    let sql = "INSERT INTO test_logins (id, provider, at, tester, tester_name, browser_hash, \
               report) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let json = |text: Result<String, serde_json::Error>| {
        text.map_err(|e| StorageError::Statement(e.to_string()))
    };
    let row = params![
        &test.id,
        &test.provider,
        test.at,
        json(serde_json::to_string(&test.tester))?,
        &test.tester_name,
        &test.browser_hash,
        json(serde_json::to_string(&test.report))?
    ];
    tx.execute(sql, row).await?;
    let sql = "DELETE FROM test_logins WHERE id IN (SELECT id FROM test_logins \
               WHERE provider = $1 ORDER BY id DESC LIMIT 1000 OFFSET $2)";
    tx.execute(sql, params![&test.provider, MOST]).await?;
    Ok(())
}

/// Forgets the tests that are too old.
pub async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<(), StorageError> {
    let sql = "DELETE FROM test_logins WHERE at <= $1";
    tx.execute(sql, params![now.plus_seconds(-KEPT)])
        .await
        .map(|_| ())
}

const COLUMNS: &str = "id, provider, at, tester, tester_name, browser_hash, report";

fn read(reader: &mut Reader) -> Result<TestLogin, StorageError> {
    Ok(TestLogin {
        id: reader.text()?,
        provider: reader.parsed(Slug::parse)?,
        at: reader.time()?,
        tester: reader.json()?,
        tester_name: reader.text()?,
        browser_hash: reader.text()?,
        report: reader.json()?,
    })
}

impl Directory {
    /// The test with this id.
    pub async fn test_login(&self, id: &str) -> Result<Option<TestLogin>, DirectoryError> {
        let id = id.to_owned();
        let found = self.db.read(move |tx| {
            let id = id.clone();
            Box::pin(async move {
                let sql = format!("SELECT {COLUMNS} FROM test_logins WHERE id = $1");
                let row = tx.query_opt(&sql, params![id]).await?;
                row.map(|row| read(&mut row.reader())).transpose()
            })
        });
        let found: Result<_, StorageError> = found.await;
        Ok(found?)
    }

    /// The last test of a provider; with `link`, the last that this link's holder
    /// made.
    pub async fn last_test(
        &self,
        provider: &Slug,
        link: Option<&str>,
    ) -> Result<Option<TestLogin>, DirectoryError> {
        let slug = provider.clone();
        let found = self.db.read(move |tx| {
            let slug = slug.clone();
            Box::pin(async move {
                let sql = format!(
                    "SELECT {COLUMNS} FROM test_logins WHERE provider = $1 ORDER BY id DESC"
                );
                let rows = tx.query(&sql, params![&slug]).await?;
                let all = rows.into_iter().map(|row| read(&mut row.reader()));
                all.collect::<Result<Vec<_>, _>>()
            })
        });
        let found: Result<_, StorageError> = found.await;
        let wanted = |test: &TestLogin| match link {
            None => true,
            Some(link) => matches!(&test.tester, Tester::Link(id) if id == link),
        };
        Ok(found?.into_iter().find(wanted))
    }
}
