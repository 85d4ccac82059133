//! The end of sessions, whatever ends them. There is no other way: with the rows
//! goes the notice that every application of the sessions is owed
//! (`session_apps`), in the same transaction.

use serde::{Deserialize, Serialize};

use crate::domain::user::words;
use crate::domain::{Slug, Timestamp, UserId};
use crate::platform::storage::{StorageError, Tx, Value, dialect};

words!(
    /// Why sessions end.
    Reason {
        /// The person signed out.
        SignedOut = "signed_out",
        /// The person's identity provider says so.
        Provider = "provider",
        /// Another sign-in in the same browser took its place.
        Replaced = "replaced",
        /// The user was deactivated or deleted, or lost or gained roles.
        Access = "access",
        /// An administrator ended them.
        Administrator = "administrator",
        /// They have run out.
        Expired = "expired",
    }
);

/// Which sessions end.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// The one under this hash.
    One(&'a str),
    /// The one under this hash, if it is this user's.
    OneOf(&'a str, &'a UserId),
    /// All of a user.
    OfUser(&'a UserId),
    /// All that began at this provider.
    Through(&'a Slug),
    /// Those whose time is over, or that nobody has used since.
    Over {
        /// The end of their time.
        now: Timestamp,
        /// The earliest use that keeps one alive.
        used: Timestamp,
    },
}

impl Which<'_> {
    fn condition(self) -> (&'static str, Vec<Value>) {
        match self {
            Self::One(hash) => ("id_hash = $1", vec![Value::from(hash)]),
            Self::OneOf(hash, user) => (
                "id_hash = $1 AND user_id = $2",
                vec![Value::from(hash), Value::from(user)],
            ),
            Self::OfUser(user) => ("user_id = $1", vec![Value::from(user)]),
            Self::Through(provider) => ("provider = $1", vec![Value::from(provider)]),
            Self::Over { now, used } => (
                "expires_at <= $1 OR last_seen_at <= $2",
                vec![Value::from(now), Value::from(used)],
            ),
        }
    }
}

/// Ends sessions; answers how many there were. What applications are told of it
/// is told once the transaction stands.
///
/// The sessions go first: whoever is just signing in to an application holds
/// the session until that is written, and so none is forgotten.
pub async fn end(tx: &mut Tx, which: Which<'_>, reason: Reason) -> Result<u64, StorageError> {
    let (condition, values) = which.condition();
    let sql = format!("DELETE FROM sessions WHERE {condition} RETURNING id_hash");
    let rows = tx.query(&sql, &values).await?;
    let hashes: Result<Vec<String>, StorageError> =
        rows.into_iter().map(|row| row.reader().text()).collect();
    let hashes = hashes?;
    for part in hashes.chunks(dialect::ANY_OF_MOST) {
        let (names, size) = dialect::any_of(2, part.len());
        let sql = format!(
            "UPDATE session_apps SET due_at = 0, reason = $1 \
             WHERE due_at IS NULL AND session_hash IN ({names})"
        );
        let mut values = vec![Value::from(reason.as_str())];
        let last = part.last().into_iter().cycle();
        values.extend(part.iter().chain(last).take(size).map(Value::from));
        tx.execute(&sql, &values).await?;
    }
    Ok(u64::try_from(hashes.len()).unwrap_or(u64::MAX))
}
