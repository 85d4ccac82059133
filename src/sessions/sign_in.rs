//! Sign-ins under way: a row per request that went to an IdP, bound to the
//! browser that it was made for.
//!
//! The IdP's answer comes as a cross-site POST, to which a `SameSite=Lax`
//! cookie does not come along. So the answer is verified and kept under a
//! one-time code ([`answer`]), and a same-site GET of ours brings the code
//! together with the browser's cookie ([`take`]): a response to somebody else's
//! request signs nobody in.

use super::hash;
use super::in_hand::Held;
use crate::directory::test_logins::Tester;
use crate::domain::{Slug, Timestamp};
use crate::platform::storage::{Reader, StorageError, Tx, params};

/// Seconds that a sign-in may take.
pub const LIFETIME: i64 = 30 * 60;

/// A sign-in under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// The id of the request that went to the IdP.
    pub id: String,
    /// The provider that it went to.
    pub provider: Slug,
    /// The hash of the cookie of the browser that it was made for.
    pub browser_hash: String,
    /// Where to go afterwards: a path of ours or a registered host's URL.
    pub target: String,
    /// When it began.
    pub created_at: Timestamp,
    /// Whether it was answered already.
    pub answered: bool,
    /// The session (its hash) whose user connects the identity to the account,
    /// instead of signing in with it.
    pub link: Option<String>,
    /// What the protocol keeps for the answer, sealed.
    pub kept: Option<String>,
    /// For whom it is only tried out: nobody is signed in by it.
    pub test: Option<Tester>,
    /// Whether the provider was told to let the person sign in anew.
    pub anew: bool,
}

impl SignIn {
    /// Whether it was made for the browser with this cookie.
    #[must_use]
    pub fn is_of(&self, browser: Option<&str>) -> bool {
        let hashed = browser.map(hash).unwrap_or_default();
        crate::platform::crypto::constant_time_eq(hashed.as_bytes(), self.browser_hash.as_bytes())
    }
}

/// Begins a sign-in.
pub async fn start(
    tx: &mut Tx,
    id: &str,
    provider: &Slug,
    browser: &str,
    target: &str,
    now: Timestamp,
) -> Result<(), StorageError> {
    const SQL: &str = "INSERT INTO sign_in_transactions (id, provider, browser_hash, target, \
        details, created_at, expires_at) VALUES ($1, $2, $3, $4, '{}', $5, $6)";
    let expires = now.plus_seconds(LIFETIME);
    tx.execute(
        SQL,
        params![id, provider, hash(browser), target, now, expires],
    )
    .await
    .map(|_| ())
}

/// Turns a sign-in that has just begun into one that connects the identity to
/// the account of the user of this session (its hash).
pub async fn link_to(tx: &mut Tx, id: &str, session: &str) -> Result<(), StorageError> {
    add(tx, id, LINK, session).await
}

/// Keeps with a sign-in that has just begun what its answer will be checked
/// against. It is sealed: who reads the database shall not finish a sign-in.
pub async fn keep(tx: &mut Tx, id: &str, text: &str) -> Result<(), StorageError> {
    add(tx, id, KEPT, text).await
}

/// Turns a sign-in that has just begun into a test: its answer is shown, and
/// signs nobody in.
pub async fn try_out(tx: &mut Tx, id: &str, tester: &Tester) -> Result<(), StorageError> {
    let text = serde_json::to_string(tester).map_err(|e| StorageError::Statement(e.to_string()))?;
    add(tx, id, TEST, &text).await
}

/// Notes with a sign-in that has just begun that the provider was told to let the
/// person sign in anew: an answer that tells of an earlier time will not do.
pub async fn demand_anew(tx: &mut Tx, id: &str) -> Result<(), StorageError> {
    add(tx, id, ANEW, "1").await
}

async fn add(tx: &mut Tx, id: &str, name: &str, text: &str) -> Result<(), StorageError> {
    let sql = "SELECT details FROM sign_in_transactions WHERE id = $1";
    let Some(row) = tx.query_opt(sql, params![id]).await? else {
        return Err(StorageError::stale("the sign-in has gone"));
    };
    let mut details: Details = row.reader().json()?;
    details.insert(name.to_owned(), text.into());
    let details = serde_json::Value::Object(details).to_string();
    let sql = "UPDATE sign_in_transactions SET details = $2 WHERE id = $1";
    tx.execute(sql, params![id, details]).await.map(|_| ())
}

/// What else belongs to a sign-in, by name.
type Details = serde_json::Map<String, serde_json::Value>;

/// The name of the session under `details`.
const LINK: &str = "link";
/// The name of what a protocol keeps.
const KEPT: &str = "kept";
/// The name of the tester.
const TEST: &str = "test";
/// The name of the demand for a new sign-in.
const ANEW: &str = "anew";

const COLUMNS: &str = "id, provider, browser_hash, target, created_at, code_hash, details";

fn read(reader: &mut Reader) -> Result<SignIn, StorageError> {
    let mut sign_in = SignIn {
        id: reader.text()?,
        provider: reader.parsed(Slug::parse)?,
        browser_hash: reader.text()?,
        target: reader.text()?,
        created_at: reader.time()?,
        answered: reader.opt_text()?.is_some(),
        link: None,
        kept: None,
        test: None,
        anew: false,
    };
    let details: Details = reader.json()?;
    let text = |name| details.get(name).and_then(|text| text.as_str());
    sign_in.link = text(LINK).map(ToOwned::to_owned);
    sign_in.kept = text(KEPT).map(ToOwned::to_owned);
    sign_in.anew = text(ANEW).is_some();
    // A test that cannot be read must not become a login.
    sign_in.test = text(TEST)
        .map(|text| serde_json::from_str(text).map_err(|e| StorageError::Statement(e.to_string())))
        .transpose()?;
    Ok(sign_in)
}

/// The sign-in that a request's id names, unless it has run out.
pub async fn find(tx: &mut Tx, id: &str, now: Timestamp) -> Result<Option<SignIn>, StorageError> {
    let sql =
        format!("SELECT {COLUMNS} FROM sign_in_transactions WHERE id = $1 AND expires_at > $2");
    tx.query_opt(&sql, params![id, now])
        .await?
        .map(|row| read(&mut row.reader()))
        .transpose()
}

/// Keeps the verified answer under a one-time code. `false` when the request
/// was answered before: of two answers one wins.
pub async fn answer(
    tx: &mut Tx,
    id: &str,
    code: &str,
    outcome: &str,
) -> Result<bool, StorageError> {
    const SQL: &str = "UPDATE sign_in_transactions SET code_hash = $2, outcome = $3 \
        WHERE id = $1 AND code_hash IS NULL";
    Ok(tx.execute(SQL, params![id, hash(code), outcome]).await? == 1)
}

/// A verified answer and what it answers.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a> {
    /// The provider that it came from.
    pub provider: &'a Slug,
    /// The id of the message.
    pub message: &'a str,
    /// Until when the message is remembered.
    pub until: Timestamp,
    /// The id of the request.
    pub request: &'a str,
    /// The one-time code.
    pub code: &'a str,
    /// What the second hop will find.
    pub outcome: &'a str,
}

/// Whether an answer was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// It is.
    Kept,
    /// The message came before.
    Replayed,
    /// The request was answered before, or has gone.
    Answered,
}

/// Keeps a verified answer, once: the message is remembered, and the request
/// counts as answered.
pub async fn keep_answer(tx: &mut Tx, kept: &Kept<'_>) -> Result<Keeping, StorageError> {
    if !remember(tx, kept.provider, kept.message, kept.until).await? {
        return Ok(Keeping::Replayed);
    }
    Ok(
        if answer(tx, kept.request, kept.code, kept.outcome).await? {
            Keeping::Kept
        } else {
            Keeping::Answered
        },
    )
}

/// What became of an answer that was in hand ([`super::in_hand`]).
#[derive(Debug)]
pub enum Taking {
    /// It is used up; this is the sign-in that it answers.
    Used(Box<SignIn>),
    /// The message was used for another sign-in.
    Replayed,
    /// The sign-in has gone or was answered by another message.
    Gone,
}

/// Uses up the sign-in that an answer in hand belongs to, and remembers the
/// message. The row may have got the answer meanwhile.
pub async fn take_held<A>(
    tx: &mut Tx,
    held: &Held<A>,
    now: Timestamp,
) -> Result<Taking, StorageError> {
    let sql = format!(
        "DELETE FROM sign_in_transactions WHERE id = $1 AND expires_at > $2 \
         AND (code_hash IS NULL OR code_hash = $3) RETURNING {COLUMNS}"
    );
    let row = params![&held.request, now, hash(&held.code)];
    let Some(row) = tx.query_opt(&sql, row).await? else {
        return Ok(Taking::Gone);
    };
    let sign_in = read(&mut row.reader())?;
    // A row that has the answer remembered the message with it.
    let fresh = sign_in.answered || remember(tx, &held.provider, &held.message, held.until).await?;
    Ok(if fresh {
        Taking::Used(Box::new(sign_in))
    } else {
        Taking::Replayed
    })
}

/// Takes the answer that a code names; it is gone afterwards.
pub async fn take(
    tx: &mut Tx,
    code: &str,
    now: Timestamp,
) -> Result<Option<(SignIn, String)>, StorageError> {
    let sql = format!(
        "DELETE FROM sign_in_transactions WHERE code_hash = $1 AND expires_at > $2 \
         RETURNING {COLUMNS}, outcome"
    );
    let row = tx.query_opt(&sql, params![hash(code), now]).await?;
    row.map(|row| {
        let mut reader = row.reader();
        Ok((read(&mut reader)?, reader.text()?))
    })
    .transpose()
}

/// Uses a sign-in up whose answer comes with the browser's own cookie. `false`
/// when it was used before: of two answers one wins.
pub async fn claim(tx: &mut Tx, id: &str) -> Result<bool, StorageError> {
    let sql = "DELETE FROM sign_in_transactions WHERE id = $1 AND code_hash IS NULL";
    Ok(tx.execute(sql, params![id]).await? == 1)
}

/// Takes the sign-ins that have run out, and says which of them had been
/// answered without the browser ever coming back.
pub async fn take_expired(
    tx: &mut Tx,
    now: Timestamp,
) -> Result<Vec<(SignIn, String)>, StorageError> {
    let sql = "DELETE FROM sign_in_transactions WHERE expires_at <= $1 AND code_hash IS NULL";
    tx.execute(sql, params![now]).await?;
    let sql = format!(
        "DELETE FROM sign_in_transactions WHERE expires_at <= $1 RETURNING {COLUMNS}, outcome"
    );
    let rows = tx.query(&sql, params![now]).await?;
    rows.into_iter()
        .map(|row| {
            let mut reader = row.reader();
            Ok((read(&mut reader)?, reader.text()?))
        })
        .collect()
}

/// Remembers a message of an IdP until it could not be accepted any more
/// anyway. `false` when it came before.
pub async fn remember(
    tx: &mut Tx,
    provider: &Slug,
    message_id: &str,
    until: Timestamp,
) -> Result<bool, StorageError> {
    let sql = "INSERT INTO replay_memory (provider, message_id, expires_at) VALUES ($1, $2, $3) \
               ON CONFLICT DO NOTHING";
    Ok(tx
        .execute(sql, params![provider, message_id, until])
        .await?
        == 1)
}

/// Whether a message was remembered.
pub async fn remembers(tx: &mut Tx, provider: &Slug, id: &str) -> Result<bool, StorageError> {
    let sql = "SELECT COUNT(*) FROM replay_memory WHERE provider = $1 AND message_id = $2";
    Ok(tx.count(sql, params![provider, id]).await? > 0)
}
