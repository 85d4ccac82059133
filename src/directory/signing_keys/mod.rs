//! The keys that sign what applications are given: ID tokens, the assertions of
//! forward-auth, logout tokens.
//!
//! A key is *next* (published, so that everybody has it when it is needed),
//! *current* (it signs) or *retired* (what it signed can still be verified).
//! Which of them it is follows from the clock and the moments in the database
//! alone, so that all replicas agree without talking. Keys are made once per
//! fleet, under a lock; each replica decodes them once and looks every few
//! seconds whether there are others.

pub mod schedule;

use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;
use serde_json::{Value, json};

use super::Directory;
use super::audit::{self, Actor, Target};
use super::error::DirectoryError;
use super::plan::Change;
use crate::domain::Timestamp;
use crate::platform::crypto::jwt::{Algorithm, JwtError, SigningKey};
use crate::platform::crypto::{SealError, Sealer};
use crate::platform::storage::{StorageError, Tx, UnitError, params};
use schedule::{Dated, State};

/// Seconds after which a replica looks again whether there are other keys.
const LOOK: i64 = 5;
/// The lock under which keys come and go.
const LOCK: &str = "directory.signing_keys";
/// Where a private key is sealed: the table and the column.
const PLACE: (&str, &str) = ("signing_keys", "private_key");

/// What can go wrong with the keys that sign.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The database.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The seal.
    #[error("a signing key cannot be opened: {0}")]
    Seal(#[from] SealError),
    /// OpenSSL.
    #[error(transparent)]
    Jwt(#[from] JwtError),
    /// There is no key that signs.
    #[error("there is no key for {0}")]
    None(&'static str),
}

impl SigningKeyError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Directory(error) => error.code(),
            Self::Seal(_) => "signing_key.sealed",
            Self::Jwt(_) => "signing_key.unusable",
            Self::None(_) => "signing_key.missing",
        }
    }
}

impl From<StorageError> for SigningKeyError {
    fn from(error: StorageError) -> Self {
        Self::Directory(error.into())
    }
}

impl UnitError for SigningKeyError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Directory(error) if error.is_conflict())
    }
}

/// A key with its moments.
#[derive(Clone, Debug)]
struct Held {
    key: Arc<SigningKey>,
    dates: Dated,
}

/// What an admin sees of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEntry {
    /// Its name.
    pub kid: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// What it is now.
    pub state: State,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it begins, or began, to sign.
    pub active_from: Timestamp,
}

struct Loaded {
    at: Timestamp,
    keys: Arc<Vec<Held>>,
}

struct Inner {
    directory: Directory,
    sealer: Arc<Sealer>,
    loaded: RwLock<Option<Loaded>>,
    /// One looks, the others go on with what they have.
    looking: tokio::sync::Mutex<()>,
}

/// The keys of this gateway. Clones share them.
#[derive(Clone)]
pub struct SigningKeys(Arc<Inner>);

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKeys").finish_non_exhaustive()
    }
}

impl SigningKeys {
    /// The keys in the directory's database. None is made before one is needed.
    #[must_use]
    pub fn new(directory: Directory, sealer: Arc<Sealer>) -> Self {
        Self(Arc::new(Inner {
            directory,
            sealer,
            loaded: RwLock::new(None),
            looking: tokio::sync::Mutex::new(()),
        }))
    }

    /// Signs claims with the current key of an algorithm. `typ` keeps the kinds
    /// of tokens apart: `JWT` for ID tokens, `logout+jwt`, one of its own for
    /// whatever else.
    pub async fn sign(
        &self,
        algorithm: Algorithm,
        typ: &str,
        claims: &(impl Serialize + Sync),
    ) -> Result<String, SigningKeyError> {
        let key = self.current(algorithm).await?;
        Ok(key.sign(typ, claims)?)
    }

    /// The key of an algorithm that signs now. Decoded already: to have it costs
    /// nothing.
    pub async fn current(&self, algorithm: Algorithm) -> Result<Arc<SigningKey>, SigningKeyError> {
        let keys = self.keys().await?;
        let now = self.0.directory.now();
        let dates: Vec<Dated> = keys.iter().map(|held| held.dates.clone()).collect();
        let kid = schedule::current(&dates, algorithm, now).map(|dated| dated.kid.clone());
        keys.iter()
            .find(|held| Some(held.key.kid()) == kid.as_deref())
            .map(|held| Arc::clone(&held.key))
            .ok_or(SigningKeyError::None(algorithm.name()))
    }

    /// All public keys as a JWK set (RFC 7517 §5): those that sign, those that
    /// will, and those whose tokens may still be about.
    pub async fn jwks(&self) -> Result<Value, SigningKeyError> {
        let keys = self.keys().await?;
        let keys: Vec<&Value> = keys.iter().map(|held| held.key.public_jwk()).collect();
        Ok(json!({ "keys": keys }))
    }

    /// The keys as an admin sees them, the newest first.
    pub async fn entries(&self) -> Result<Vec<KeyEntry>, SigningKeyError> {
        let keys = self.load().await?;
        let now = self.0.directory.now();
        let dates: Vec<Dated> = keys.iter().map(|held| held.dates.clone()).collect();
        let entry = |dated: &Dated| KeyEntry {
            kid: dated.kid.clone(),
            algorithm: dated.algorithm,
            state: schedule::state(&dates, dated, now),
            created_at: dated.created_at,
            active_from: dated.active_from,
        };
        Ok(dates.iter().rev().map(entry).collect())
    }

    /// Makes the keys that are due and deletes those whose time is over. To be
    /// called now and then.
    pub async fn keep(&self) -> Result<(), SigningKeyError> {
        let dates = self.dates().await?;
        let now = self.0.directory.now();
        for algorithm in Algorithm::ALL {
            let plan = schedule::plan(&dates, algorithm, now);
            if plan.is_empty() {
                continue;
            }
            let made = match plan.make {
                Some(_) => Some(self.make(algorithm).await?),
                None => None,
            };
            self.carry_out(algorithm, made, Due::Schedule, Actor::Gateway)
                .await?;
        }
        Ok(())
    }

    /// Changes the keys by an admin's hand. In the ordinary way the new ones are
    /// published first and sign a day later; `at_once` is for keys that somebody
    /// else may have: the new ones sign now, and what the old ones signed is
    /// worth nothing any more. `false` when nothing was done, since others sign
    /// within a day anyway.
    pub async fn rotate(&self, at_once: bool, actor: Actor) -> Result<bool, SigningKeyError> {
        let due = if at_once { Due::Now } else { Due::Soon };
        let mut any = false;
        for algorithm in Algorithm::ALL {
            let made = self.make(algorithm).await?;
            any |= self
                .carry_out(algorithm, Some(made), due, actor.clone())
                .await?;
        }
        self.load().await?;
        Ok(any)
    }

    /// The keys, looked up again when that is due. While the database is away
    /// those that are known go on signing.
    async fn keys(&self) -> Result<Arc<Vec<Held>>, SigningKeyError> {
        let now = self.0.directory.now();
        let known = {
            let loaded = self.0.loaded.read().unwrap_or_else(PoisonError::into_inner);
            loaded.as_ref().map(|l| (l.at, Arc::clone(&l.keys)))
        };
        match known {
            Some((at, keys)) if (0..LOOK).contains(&now.seconds_since(at)) => Ok(keys),
            Some((_, keys)) => {
                let Ok(_turn) = self.0.looking.try_lock() else {
                    return Ok(keys);
                };
                match self.load().await {
                    Ok(keys) => Ok(keys),
                    Err(error) => {
                        tracing::warn!(%error, "signing goes on with the keys that are known");
                        self.remember(now, Arc::clone(&keys));
                        Ok(keys)
                    }
                }
            }
            None => {
                let _turn = self.0.looking.lock().await;
                let keys = self.load().await?;
                let now = self.0.directory.now();
                if signs_everything(&keys, now) {
                    return Ok(keys);
                }
                self.keep().await?;
                self.load().await
            }
        }
    }

    fn remember(&self, at: Timestamp, keys: Arc<Vec<Held>>) {
        let mut loaded = self
            .0
            .loaded
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *loaded = Some(Loaded { at, keys });
    }

    /// Reads the keys, decoding those that are new here.
    async fn load(&self) -> Result<Arc<Vec<Held>>, SigningKeyError> {
        let now = self.0.directory.now();
        let known: Vec<Held> = {
            let loaded = self.0.loaded.read().unwrap_or_else(PoisonError::into_inner);
            loaded.as_ref().map(|l| l.keys.to_vec()).unwrap_or_default()
        };
        let rows = self
            .0
            .directory
            .db
            .look_up(|tx| Box::pin(read(tx)))
            .await
            .map_err(|error: StorageError| error)?;
        let mut keys = Vec::with_capacity(rows.len());
        for (dates, sealed) in rows {
            let decoded = known.iter().find(|held| held.dates.kid == dates.kid);
            let key = if let Some(held) = decoded {
                Arc::clone(&held.key)
            } else {
                let pem = self.0.sealer.open(&sealed, PLACE.0, PLACE.1, &dates.kid)?;
                Arc::new(SigningKey::from_pem(&pem)?)
            };
            keys.push(Held { key, dates });
        }
        let keys = Arc::new(keys);
        // While the first keys are being made, nobody goes by half of them.
        if signs_everything(&keys, now) {
            self.remember(now, Arc::clone(&keys));
        }
        Ok(keys)
    }

    async fn dates(&self) -> Result<Vec<Dated>, SigningKeyError> {
        let rows = self
            .0
            .directory
            .db
            .read(|tx| Box::pin(read(tx)))
            .await
            .map_err(|error: StorageError| error)?;
        Ok(rows.into_iter().map(|(dates, _)| dates).collect())
    }

    /// A new key, sealed: its name and its text. Made off the threads that
    /// serve.
    async fn make(&self, algorithm: Algorithm) -> Result<(String, String), SigningKeyError> {
        let sealer = Arc::clone(&self.0.sealer);
        let made = tokio::task::spawn_blocking(move || {
            let key = SigningKey::generate(algorithm)?;
            let text = sealer.seal(&key.to_pem()?, PLACE.0, PLACE.1, key.kid())?;
            Ok::<_, SigningKeyError>((key.kid().to_owned(), text))
        });
        made.await
            .unwrap_or(Err(SigningKeyError::None(algorithm.name())))
    }

    /// Does under the lock what is still due then: of several replicas that
    /// made a key, one keeps it. `false` when nothing was due any more.
    async fn carry_out(
        &self,
        algorithm: Algorithm,
        made: Option<(String, String)>,
        due: Due,
        actor: Actor,
    ) -> Result<bool, SigningKeyError> {
        let directory = self.0.directory.clone();
        self.0
            .directory
            .db
            .write(move |tx| {
                let (directory, made, actor) = (directory.clone(), made.clone(), actor.clone());
                Box::pin(async move {
                    let work = Work {
                        directory: &directory,
                        algorithm,
                        made: made.as_ref(),
                        due,
                        actor: &actor,
                    };
                    work.carry_out(tx).await
                })
            })
            .await
    }
}

/// Why keys change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Schedule,
    Soon,
    Now,
}

struct Work<'a> {
    directory: &'a Directory,
    algorithm: Algorithm,
    made: Option<&'a (String, String)>,
    due: Due,
    actor: &'a Actor,
}

impl Work<'_> {
    async fn carry_out(&self, tx: &mut Tx) -> Result<bool, SigningKeyError> {
        tx.lock(LOCK).await?;
        let now = self.directory.now();
        let rows = read(tx).await?;
        let dates: Vec<Dated> = rows.into_iter().map(|(dates, _)| dates).collect();
        let mut plan = schedule::plan(&dates, self.algorithm, now);
        match self.due {
            Due::Schedule => {}
            Due::Soon => {
                let from = now.plus_seconds(schedule::BY_HAND);
                let is_coming = dates.iter().any(|dated| {
                    dated.algorithm == self.algorithm
                        && (now < dated.active_from && dated.active_from <= from)
                });
                plan.make = (!is_coming).then_some(from);
            }
            Due::Now => {
                plan.make = Some(now);
                let ours = |dated: &&Dated| dated.algorithm == self.algorithm;
                plan.drop = dates
                    .iter()
                    .filter(ours)
                    .map(|dated| dated.kid.clone())
                    .collect();
            }
        }
        if let Some((active_from, (kid, sealed))) = plan.make.zip(self.made) {
            let sql = "INSERT INTO signing_keys (kid, alg, private_key, created_at, active_from) \
                       VALUES ($1, $2, $3, $4, $5)";
            let row = params![kid, self.algorithm.name(), sealed, now, active_from];
            tx.execute(sql, row).await?;
            let added = |field: &str, after: String| Change {
                field: field.to_owned(),
                before: None,
                after: Some(after),
            };
            let changes = [
                added("alg", self.algorithm.name().to_owned()),
                added("active_from", active_from.rfc3339()),
            ];
            self.record(tx, "signing_key.created", kid, &changes)
                .await?;
        }
        for kid in &plan.drop {
            let sql = "DELETE FROM signing_keys WHERE kid = $1";
            tx.execute(sql, params![kid]).await?;
            self.record(tx, "signing_key.deleted", kid, &[]).await?;
        }
        Ok(plan.make.is_some())
    }

    async fn record(
        &self,
        tx: &mut Tx,
        action: &'static str,
        kid: &str,
        changes: &[Change],
    ) -> Result<(), StorageError> {
        let target = Target {
            kind: "signing_key",
            id: kid,
            name: kid,
        };
        let at = (self.directory.now(), &self.directory.entropy);
        audit::record(tx, at, self.actor, action, target, changes).await
    }
}

/// Whether there is a key that signs for each algorithm.
fn signs_everything(keys: &[Held], now: Timestamp) -> bool {
    Algorithm::ALL.into_iter().all(|algorithm| {
        keys.iter()
            .any(|held| held.dates.algorithm == algorithm && held.dates.active_from <= now)
    })
}

/// All keys with their sealed private halves, the oldest first.
async fn read(tx: &mut Tx) -> Result<Vec<(Dated, String)>, StorageError> {
    let sql = "SELECT kid, alg, created_at, active_from, private_key FROM signing_keys \
               ORDER BY active_from, created_at, kid";
    tx.query(sql, &[])
        .await?
        .into_iter()
        .map(|row| {
            let mut reader = row.reader();
            let dated = Dated {
                kid: reader.text()?,
                algorithm: reader.parsed(Algorithm::parse)?,
                created_at: reader.time()?,
                active_from: reader.time()?,
            };
            Ok((dated, reader.text()?))
        })
        .collect()
}

#[cfg(test)]
mod tests;
