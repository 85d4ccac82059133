//! The conflict queue: logins that were not attached to the user whom their
//! identifiers name. An admin decides.

use super::error::LinkConflict;
use crate::domain::{Entropy, Observation, Timestamp, ids};
use crate::platform::storage::{StorageError, Tx, params};

/// Files a refused link; one that lies there already is only dated anew.
pub async fn file(
    tx: &mut Tx,
    observation: &Observation,
    conflict: &LinkConflict,
    now: Timestamp,
    entropy: &Entropy,
) -> Result<(), StorageError> {
    const SQL: &str = "INSERT INTO conflicts (id, at, provider, issuer, subject, user_id, reason, \
        observed, status) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open') \
        ON CONFLICT (provider, issuer, subject, user_id, reason) DO UPDATE SET at = excluded.at, \
        observed = excluded.observed";
    let crate::domain::Channel::Login { provider, .. } = &observation.channel else {
        return Ok(());
    };
    let (issuer, subject) = observation.identity.as_ref().map_or(("", ""), |identity| {
        (identity.issuer.as_str(), identity.subject.as_str())
    });
    let observed = serde_json::to_string(&observation.profile).unwrap_or_else(|_| "{}".to_owned());
    let id = ids::uuid_v7(now, entropy);
    let row = params![
        id,
        now,
        provider,
        issuer,
        subject,
        conflict.user(),
        conflict.reason(),
        observed
    ];
    tx.execute(SQL, row).await.map(|_| ())
}
