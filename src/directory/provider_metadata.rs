//! Metadata that is fetched, in the database: the last good copy of each
//! provider, who fetches it next, and how that goes. What a document says is
//! for the protocol's own folder to read.
//!
//! Several replicas share the work by leases: whoever takes one has the
//! provider for itself until the lease ends, and only what is settled under
//! that very lease counts.

use super::Directory;
use super::error::DirectoryError;
use crate::domain::{Slug, Timestamp};
use crate::platform::storage::{Reader, StorageError, Tx, params};

/// Seconds that a lease lasts: longer than a call to the network may.
const LEASE: i64 = 60;

/// How a provider's metadata stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Where it comes from.
    pub url: String,
    /// The last good copy.
    pub document: Option<String>,
    /// When it was fetched, or was found to be still the same.
    pub fetched_at: Option<Timestamp>,
    /// When it is fetched again.
    pub next_at: Timestamp,
    /// Since when it cannot be fetched, and the code of the reason.
    pub failing: Option<(Timestamp, String)>,
}

/// The columns of [`Standing`] after those of a provider.
pub(super) const COLUMNS: &str =
    "m.url, m.document, m.fetched_at, m.next_at, m.failing_since, m.failure_code";

pub(super) fn read(reader: &mut Reader) -> Result<Option<Standing>, StorageError> {
    let url = reader.opt_text()?;
    let document = reader.opt_text()?;
    let fetched_at = reader.opt_time()?;
    let next_at = reader.opt_time()?;
    let since = reader.opt_time()?;
    let code = reader.opt_text()?;
    Ok(url.map(|url| Standing {
        url,
        document,
        fetched_at,
        next_at: next_at.unwrap_or_default(),
        failing: since.map(|since| (since, code.unwrap_or_default())),
    }))
}

/// A copy that is good, to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoodCopy {
    /// Where it comes from.
    pub url: String,
    /// The document.
    pub document: String,
    /// Of whom it speaks.
    pub entity_id: String,
    /// Until when it may be used.
    pub valid_until: Option<Timestamp>,
    /// `ETag` of the answer.
    pub etag: Option<String>,
    /// `Last-Modified` of the answer.
    pub last_modified: Option<String>,
    /// When to fetch again.
    pub next_at: Timestamp,
}

/// A provider whose metadata somebody fetches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The provider.
    pub slug: Slug,
    /// Where its metadata is.
    pub url: String,
    /// Of whom the last good copy speaks; none while there is no copy.
    pub entity_id: Option<String>,
    /// Until when that copy may be used.
    pub valid_until: Option<Timestamp>,
    /// What the server called it.
    pub etag: Option<String>,
    /// When the server last changed it.
    pub last_modified: Option<String>,
    /// How often fetching has failed in a row.
    pub failures: i64,
    /// The code of the last failure.
    pub failure_code: Option<String>,
    /// When a failure was last told.
    pub traced_at: Option<Timestamp>,
    /// Names the lease.
    until: Timestamp,
}

/// The providers whose metadata is to be fetched now, the longest overdue
/// first.
pub async fn due(tx: &mut Tx, now: Timestamp, most: i64) -> Result<Vec<Slug>, StorageError> {
    let sql = "SELECT provider FROM provider_metadata WHERE next_at <= $1 AND leased_until <= $1 \
               ORDER BY next_at LIMIT $2";
    let rows = tx.query(sql, params![now, most]).await?;
    rows.into_iter()
        .map(|row| row.reader().parsed(Slug::parse))
        .collect()
}

/// Takes the lease of a provider: `None` when somebody else has it, when there
/// is nothing to fetch, or when it is not yet time (unless `at_once`).
pub async fn lease(
    tx: &mut Tx,
    slug: &Slug,
    now: Timestamp,
    at_once: bool,
) -> Result<Option<Lease>, StorageError> {
    let until = now.plus_seconds(LEASE);
    let sql = "UPDATE provider_metadata SET leased_until = $2 \
               WHERE provider = $1 AND leased_until <= $3 AND (next_at <= $3 OR $4)";
    let taken = tx.execute(sql, params![slug, until, now, at_once]).await?;
    if taken != 1 {
        return Ok(None);
    }
    let sql = "SELECT url, entity_id, valid_until, etag, last_modified, failures, failure_code, \
               traced_at FROM provider_metadata WHERE provider = $1";
    let row = tx.query_opt(sql, params![slug]).await?;
    row.map(|row| {
        let mut reader = row.reader();
        Ok(Lease {
            slug: slug.clone(),
            url: reader.text()?,
            entity_id: reader.opt_text()?,
            valid_until: reader.opt_time()?,
            etag: reader.opt_text()?,
            last_modified: reader.opt_text()?,
            failures: reader.int()?,
            failure_code: reader.opt_text()?,
            traced_at: reader.opt_time()?,
            until,
        })
    })
    .transpose()
}

/// The copy is the one that stands. `false`: the lease is not ours any more.
pub async fn settle_same(
    tx: &mut Tx,
    lease: &Lease,
    next_at: Timestamp,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let sql = "UPDATE provider_metadata SET fetched_at = $4, next_at = $5, leased_until = 0, \
               failures = 0, failure_code = NULL, failing_since = NULL, traced_at = NULL \
               WHERE provider = $1 AND url = $2 AND leased_until = $3";
    let row = params![&lease.slug, &lease.url, lease.until, now, next_at];
    Ok(tx.execute(sql, row).await? == 1)
}

/// Another copy takes the place of the one that stands, and the provider is of
/// a new version. `false`: the lease is not ours any more.
pub async fn settle_changed(
    tx: &mut Tx,
    lease: &Lease,
    copy: &GoodCopy,
    now: Timestamp,
) -> Result<bool, StorageError> {
    if !settle_same(tx, lease, copy.next_at, now).await? {
        return Ok(false);
    }
    write(tx, &lease.slug, copy, now).await?;
    let sql = "UPDATE providers SET version = version + 1 WHERE slug = $1";
    Ok(tx.execute(sql, params![&lease.slug]).await? == 1)
}

/// Nothing good came. `told`: a trace is written with it. `false`: the lease is
/// not ours any more.
pub async fn settle_failed(
    tx: &mut Tx,
    lease: &Lease,
    (code, told): (&str, bool),
    next_at: Timestamp,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let sql = "UPDATE provider_metadata SET next_at = $4, leased_until = 0, \
               failures = failures + 1, failure_code = $5, \
               failing_since = COALESCE(failing_since, $6), traced_at = $7 \
               WHERE provider = $1 AND url = $2 AND leased_until = $3";
    let traced_at = if told { Some(now) } else { lease.traced_at };
    let row = params![
        &lease.slug,
        &lease.url,
        lease.until,
        next_at,
        code,
        now,
        traced_at
    ];
    Ok(tx.execute(sql, row).await? == 1)
}

/// Keeps a copy that came with a change of the provider.
pub(super) async fn put(
    tx: &mut Tx,
    slug: &Slug,
    copy: &GoodCopy,
    now: Timestamp,
) -> Result<(), StorageError> {
    expect(tx, slug, &copy.url, now).await?;
    write(tx, slug, copy, now).await
}

/// Makes sure that the metadata at this address is fetched: the copy of another
/// address is forgotten.
pub(super) async fn expect(
    tx: &mut Tx,
    slug: &Slug,
    url: &str,
    now: Timestamp,
) -> Result<(), StorageError> {
    let sql = "DELETE FROM provider_metadata WHERE provider = $1 AND url <> $2";
    tx.execute(sql, params![slug, url]).await?;
    let sql = "INSERT INTO provider_metadata (provider, url, next_at, leased_until, failures) \
               VALUES ($1, $2, $3, 0, 0) ON CONFLICT DO NOTHING";
    tx.execute(sql, params![slug, url, now]).await.map(|_| ())
}

/// The provider has no address for its metadata any more.
pub(super) async fn forget(tx: &mut Tx, slug: &Slug) -> Result<(), StorageError> {
    let sql = "DELETE FROM provider_metadata WHERE provider = $1";
    tx.execute(sql, params![slug]).await.map(|_| ())
}

async fn write(
    tx: &mut Tx,
    slug: &Slug,
    copy: &GoodCopy,
    now: Timestamp,
) -> Result<(), StorageError> {
    let sql = "UPDATE provider_metadata SET document = $2, entity_id = $3, valid_until = $4, \
               etag = $5, last_modified = $6, fetched_at = $7, next_at = $8, leased_until = 0, \
               failures = 0, failure_code = NULL, failing_since = NULL, traced_at = NULL \
               WHERE provider = $1";
    let row = params![
        slug,
        &copy.document,
        &copy.entity_id,
        copy.valid_until,
        copy.etag.as_deref(),
        copy.last_modified.as_deref(),
        now,
        copy.next_at
    ];
    tx.execute(sql, row).await.map(|_| ())
}

/// Something that ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The provider.
    pub slug: Slug,
    /// What it is: a certificate's fingerprint, or `metadata`.
    pub what: String,
    /// When it ends.
    pub ends_at: Timestamp,
    /// How many days ahead is told.
    pub days: i64,
}

/// Notes that an alarm is raised. `false`: it was raised before.
pub async fn raise(tx: &mut Tx, ending: &Ending, now: Timestamp) -> Result<bool, StorageError> {
    let sql = "INSERT INTO expiry_alarms (provider, what, ends_at, days, raised_at) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    let row = params![&ending.slug, &ending.what, ending.ends_at, ending.days, now];
    Ok(tx.execute(sql, row).await? == 1)
}

impl Directory {
    /// Lets the metadata of every provider be fetched now.
    pub async fn fetch_all_metadata(&self) -> Result<(), DirectoryError> {
        let now = self.now();
        Ok(self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let sql = "UPDATE provider_metadata SET next_at = $1 WHERE next_at > $1";
                    tx.execute(sql, params![now]).await.map(|_| ())
                })
            })
            .await?)
    }
}
