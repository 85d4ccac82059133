//! Login traces: every attempt that reached us, what came of it, and, where it
//! failed, what an admin has to change.

mod counts;
mod document;
mod people;
mod shape;
mod strangers;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::error::DirectoryError;
use super::plan::Change;
use super::resolve::Matched;
use super::{Directory, Page, users, webhooks};
use crate::domain::user::words;
use crate::domain::{During, Reference, Slug, Timestamp, TraceId, UserId, ids};
use crate::platform::storage::{Reader, StorageError, Tx, Value, params};

pub use counts::{HourOfLogins, LoginCounts, Reason};
pub use document::TraceDocument;
pub use people::{MOST_PEOPLE, People};
pub use shape::TraceShape;
pub(super) use strangers::Strangers;

/// Traces that one transaction forgets: others wait for it.
const FORGET: i64 = 2_000;

words!(
    /// What came of an attempt.
    TraceOutcome {
        /// The person is in.
        Success = "success",
        /// A decision of ours: policy.
        Refused = "refused",
        /// A message that did not verify, or an upstream that broke.
        Failed = "failed",
    }
);

words!(
    /// Who has to change something.
    Side {
        /// The identity provider.
        Idp = "idp",
        /// This gateway's settings.
        Gateway = "gateway",
        /// The person.
        User = "user",
        /// What lies between.
        Network = "network",
    }
);

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginTrace {
    /// The trace's id.
    pub id: TraceId,
    /// When.
    pub at: Timestamp,
    /// The provider's slug.
    pub provider: String,
    /// `saml`, `oauth`, `metadata`, `discovery`, `test`.
    pub kind: String,
    /// What came of it.
    pub outcome: TraceOutcome,
    /// The reference that the person was shown.
    pub reference: Reference,
    /// The user, when one was found.
    pub user: Option<UserId>,
    /// The stable code; `ok` for a success.
    pub code: String,
    /// The rest.
    pub details: TraceDetails,
}

/// What a trace tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TraceDetails {
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
    /// The attributes or claims that came.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// The identifier that found the user.
    pub matched_by: Option<Matched>,
    /// What the login changed.
    pub changes: Vec<Change>,
    /// The message, redacted. It has a column of its own.
    #[serde(skip)]
    pub document: Option<TraceDocument>,
}

/// Writes a trace.
pub async fn record(tx: &mut Tx, trace: &LoginTrace) -> Result<(), StorageError> {
    const SQL: &str = "INSERT INTO login_traces (id, at, provider, kind, outcome, reference, \
        user_id, code, details, document, address) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    webhooks::emit::of_trace(tx, trace).await?;
    let details = serde_json::to_string(&trace.details).unwrap_or_else(|_| "{}".to_owned());
    let row = params![
        &trace.id,
        trace.at,
        &trace.provider,
        &trace.kind,
        trace.outcome.as_str(),
        &trace.reference,
        trace.user.as_ref(),
        &trace.code,
        details,
        trace.details.document.as_ref().map(TraceDocument::octets),
        people::address_of(trace)
    ];
    tx.execute(SQL, row).await.map(|_| ())
}

/// What a list of traces is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct TraceFilter {
    /// Only this provider.
    pub provider: Option<String>,
    /// Only this outcome.
    pub outcome: Option<TraceOutcome>,
    /// Only this user.
    pub user: Option<UserId>,
    /// Only this reference.
    pub reference: Option<String>,
    /// Only this code, `saml.audience_mismatch`.
    pub code: Option<String>,
    /// Only these kinds of attempt, `saml`.
    pub kind: Option<String>,
    /// Only what was tried then.
    pub during: During,
    /// Only attempts of these people.
    pub people: Option<People>,
}

impl Directory {
    /// Writes a trace in a transaction of its own.
    pub async fn trace(&self, trace: LoginTrace) -> Result<(), DirectoryError> {
        self.db
            .write(move |tx| {
                let trace = trace.clone();
                Box::pin(async move { Ok::<_, DirectoryError>(record(tx, &trace).await?) })
            })
            .await
    }

    /// Writes the trace of an attempt that anybody on the network could have
    /// made; answers the reference under which it stands. When there are too
    /// many of one kind it is an earlier one's.
    pub async fn trace_of_stranger(
        &self,
        trace: LoginTrace,
        network: IpAddr,
    ) -> Result<Reference, DirectoryError> {
        let (code, reference) = (trace.code.as_str(), trace.reference.clone());
        let shared = self.strangers.as_ref().and_then(|strangers| {
            strangers.share(network, &trace.provider, code, &reference, trace.at)
        });
        if let Some(shared) = shared {
            metrics::counter!("doorward_login_traces_shared_total").increment(1);
            return Ok(shared);
        }
        self.trace(trace).await?;
        Ok(reference)
    }

    /// The trace with this id.
    pub async fn login_trace(&self, id: &TraceId) -> Result<LoginTrace, DirectoryError> {
        let id = id.clone();
        let found = self
            .db
            .read(move |tx| {
                let id = id.clone();
                Box::pin(async move {
                    let sql = format!("SELECT {COLUMNS}, document FROM login_traces WHERE id = $1");
                    let row = tx.query_opt(&sql, params![&id]).await?;
                    row.map(|row| read(&mut row.reader(), true)).transpose()
                })
            })
            .await;
        let found: Option<LoginTrace> = found.map_err(|e: StorageError| e)?;
        found.ok_or(DirectoryError::NotFound("login trace"))
    }

    /// One page of traces, newest first.
    pub async fn login_traces(
        &self,
        filter: TraceFilter,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Page<LoginTrace>, DirectoryError> {
        self.page_of_traces(filter, cursor, limit, true).await
    }

    /// The same without the messages, which are many times larger than the rest.
    pub async fn login_traces_in_short(
        &self,
        filter: TraceFilter,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Page<LoginTrace>, DirectoryError> {
        self.page_of_traces(filter, cursor, limit, false).await
    }

    async fn page_of_traces(
        &self,
        filter: TraceFilter,
        cursor: Option<String>,
        limit: usize,
        documents: bool,
    ) -> Result<Page<LoginTrace>, DirectoryError> {
        let cursor = super::cursor(cursor)?;
        let texts = [
            &filter.provider,
            &filter.reference,
            &filter.code,
            &filter.kind,
        ];
        if texts.into_iter().flatten().any(|text| text.contains('\0')) {
            return Ok(Page::empty());
        }
        let traces = self
            .db
            .read(move |tx| {
                let (filter, cursor) = (filter.clone(), cursor.clone());
                Box::pin(async move {
                    let cursor = cursor.as_deref();
                    list(tx, &filter, cursor, limit, documents).await
                })
            })
            .await?;
        Ok(Page::cut(traces, limit, |trace: &LoginTrace| {
            trace.id.to_string()
        }))
    }

    /// Forgets the oldest traces of failures beyond the newest `most`: anybody
    /// can cause them, and a flood that lasts shall not fill the disk. Answers
    /// how many.
    pub async fn forget_failures_beyond(&self, most: i64) -> Result<u64, DirectoryError> {
        let mut forgotten = 0;
        loop {
            let part = self
                .db
                .write(move |tx| {
                    Box::pin(async move {
                        let sql = "DELETE FROM login_traces WHERE id IN \
                            (SELECT id FROM login_traces \
                             WHERE outcome = 'failed' AND outcome <> 'success' ORDER BY id DESC LIMIT $2 OFFSET $1)";
                        tx.execute(sql, params![most, FORGET]).await
                    })
                })
                .await?;
            forgotten += part;
            if part < FORGET.unsigned_abs() {
                return Ok(forgotten);
            }
        }
    }

    /// Forgets the traces of logins before this moment, a part at a time;
    /// answers how many.
    pub async fn forget_traces_before(&self, before: Timestamp) -> Result<u64, DirectoryError> {
        // Ids sort by time: the oldest id that is kept.
        let oldest = ids::floor(before);
        let mut forgotten = 0;
        loop {
            let oldest = oldest.clone();
            let part = self
                .db
                .write(move |tx| {
                    let oldest = oldest.clone();
                    Box::pin(async move {
                        let sql = "DELETE FROM login_traces WHERE id IN \
                            (SELECT id FROM login_traces WHERE id < $1 ORDER BY id LIMIT $2)";
                        tx.execute(sql, params![oldest, FORGET]).await
                    })
                })
                .await?;
            forgotten += part;
            if part < FORGET.unsigned_abs() {
                return Ok(forgotten);
            }
        }
    }
}

const COLUMNS: &str = "id, at, provider, kind, outcome, reference, user_id, code, details";

fn read(reader: &mut Reader, document: bool) -> Result<LoginTrace, StorageError> {
    let mut trace = LoginTrace {
        id: TraceId::from_row(reader.text()?),
        at: reader.time()?,
        provider: reader.text()?,
        kind: reader.text()?,
        outcome: reader.parsed(TraceOutcome::parse)?,
        reference: Reference::from_row(reader.text()?),
        user: reader.opt_text()?.map(UserId::from_row),
        code: reader.text()?,
        details: reader.json()?,
    };
    if document {
        trace.details.document = reader.opt_blob()?.map(TraceDocument::from_row);
    }
    Ok(trace)
}

/// The newest trace of a login, or of a test, through a provider that ended so.
pub(super) async fn newest(
    tx: &mut Tx,
    provider: &Slug,
    outcome: &str,
) -> Result<Option<LoginTrace>, StorageError> {
    let sql = format!(
        "SELECT {COLUMNS}, document FROM login_traces WHERE provider = $1 AND outcome = $2 AND \
         kind IN ('saml', 'oauth', 'test') ORDER BY id DESC LIMIT 1"
    );
    let row = tx.query_opt(&sql, params![provider, outcome]).await?;
    row.map(|row| read(&mut row.reader(), true)).transpose()
}

/// One row more than `limit`, where there are so many.
pub(super) async fn list(
    tx: &mut Tx,
    filter: &TraceFilter,
    cursor: Option<&str>,
    limit: usize,
    documents: bool,
) -> Result<Vec<LoginTrace>, StorageError> {
    let ids = match &filter.reference {
        Some(reference) => Some(referred(tx, reference).await?),
        None => None,
    };
    let ids = ids.as_deref();
    if ids.is_some_and(<[Value]>::is_empty) {
        return Ok(Vec::new());
    }
    let Some(people) = &filter.people else {
        return walk(tx, filter, (ids, None), cursor, limit, documents).await;
    };
    // One walk for each way to be found, each down its own index.
    let mut all = Vec::new();
    for way in people.ways() {
        all.extend(walk(tx, filter, (ids, Some(way)), cursor, limit, documents).await?);
    }
    all.sort_by(|a, b| b.id.cmp(&a.id));
    all.truncate(limit.saturating_add(1));
    Ok(all)
}

/// The ids of the traces under a reference, which are one, but for an accident.
async fn referred(tx: &mut Tx, reference: &str) -> Result<Vec<Value>, StorageError> {
    let reference = Reference::parse(reference)
        .map_or_else(|| reference.to_uppercase(), |found| found.to_string());
    let mut ids = Vec::new();
    // People read out the reference of what failed, and that has an index. A success
    // is found by reading through another one.
    for of_these in [" AND outcome <> 'success'", ""] {
        let sql = format!("SELECT id FROM login_traces WHERE reference = $1{of_these} LIMIT 50");
        if ids.is_empty() {
            let rows = tx.query(&sql, params![&reference]).await?;
            for row in rows {
                ids.push(Value::from(row.reader().text()?));
            }
        }
    }
    Ok(ids)
}

async fn walk(
    tx: &mut Tx,
    filter: &TraceFilter,
    (ids, way): (Option<&[Value]>, Option<people::Way<'_>>),
    cursor: Option<&str>,
    limit: usize,
    documents: bool,
) -> Result<Vec<LoginTrace>, StorageError> {
    let document = if documents { ", document" } else { "" };
    let mut values = vec![Value::from(ids::before(cursor, filter.during.to))];
    let mut sql = format!("SELECT {COLUMNS}{document} FROM login_traces WHERE id < $1");
    let outcome = filter.outcome.map(TraceOutcome::as_str);
    let conditions = [
        ("provider =", filter.provider.clone()),
        ("kind =", filter.kind.clone()),
        ("outcome =", outcome.map(ToOwned::to_owned)),
        ("user_id =", filter.user.as_ref().map(ToString::to_string)),
        ("code =", filter.code.clone()),
        ("id >=", filter.during.from.map(ids::floor)),
    ];
    for (condition, value) in conditions {
        if let Some(value) = value {
            values.push(Value::from(value));
            let _ = write!(sql, " AND {condition} ${}", values.len());
        }
    }
    if let Some(ids) = ids {
        let names = (1..=ids.len()).map(|at| format!("${}", values.len() + at));
        let _ = write!(sql, " AND id IN ({})", names.collect::<Vec<_>>().join(", "));
        values.extend_from_slice(ids);
    }
    // What the partial indexes are made for has to stand in the text. A person has
    // few attempts, and those are found by the person.
    let of_everybody = filter.user.is_none() && way.is_none() && ids.is_none();
    if of_everybody && filter.outcome.is_some_and(|o| o != TraceOutcome::Success) {
        sql.push_str(" AND outcome <> 'success'");
    }
    if of_everybody && filter.kind.as_ref().is_some_and(|kind| kind != "saml") {
        sql.push_str(" AND kind <> 'saml'");
    }
    if of_everybody && filter.code.as_ref().is_some_and(|code| code != "ok") {
        sql.push_str(" AND code <> 'ok'");
    }
    match way {
        Some(people::Way::Users(users)) => {
            let (names, ids) = users::any_of(values.len() + 1, users);
            values.extend(ids);
            let _ = write!(sql, " AND user_id IN ({names})");
        }
        Some(people::Way::Address(address)) => {
            values.push(Value::from(address));
            let _ = write!(sql, " AND address = ${}", values.len());
        }
        None => {}
    }
    values.push(Value::Int(
        i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1),
    ));
    let _ = write!(sql, " ORDER BY id DESC LIMIT ${}", values.len());
    let rows = tx.query(&sql, &values).await?;
    rows.into_iter()
        .map(|row| read(&mut row.reader(), documents))
        .collect()
}
