//! Argon2id, a bounded number at a time.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::domain::Entropy;

/// Memory in KiB, passes, lanes: the OWASP cheat sheet's first choice for
/// Argon2id that is not short of memory bandwidth.
const PARAMS: (u32, u32, u32) = (19 * 1024, 2, 1);
/// How long somebody waits for their turn.
const TURN: Duration = Duration::from_secs(8);

/// Why a password was neither right nor wrong.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too many at once.
    #[error("too many passwords are being checked at once")]
    Busy,
    /// The library, or what the database holds.
    #[error("a password could not be hashed: {0}")]
    Broken(String),
}

/// What a password turned out to be.
#[derive(Debug)]
pub enum Verified {
    /// Right; with a new hash where the old one has other parameters.
    Right(Option<String>),
    /// Wrong.
    Wrong,
}

/// Hashes passwords. Clones share the bound.
#[derive(Clone)]
pub struct Hasher {
    turns: Arc<Semaphore>,
    /// The hash of no password at all, for people who are not here.
    nobody: Arc<str>,
    params: Params,
    entropy: Entropy,
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hasher").finish_non_exhaustive()
    }
}

impl Hasher {
    /// A hasher that uses as many cores at once as there are.
    #[must_use]
    pub fn new(entropy: Entropy) -> Self {
        Self::with(PARAMS, entropy)
    }

    fn with((memory, passes, lanes): (u32, u32, u32), entropy: Entropy) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let salt = STANDARD_NO_PAD.encode(entropy.bytes::<16>());
        let hash = STANDARD_NO_PAD.encode(entropy.bytes::<32>());
        let nobody = format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${hash}");
        Self {
            turns: Arc::new(Semaphore::new(cores)),
            nobody: nobody.into(),
            params: Params::new(memory, passes, lanes, None).unwrap_or_default(),
            entropy,
        }
    }

    /// The hash of a password, as a PHC string with a salt of its own.
    ///
    /// # Errors
    /// When there is no turn for it, or the library fails.
    pub async fn hash(&self, password: Zeroizing<String>) -> Result<String, HashError> {
        let hasher = self.clone();
        self.in_turn(move || hasher.hash_now(&password)).await
    }

    /// Whether a password belongs to a hash. Without a hash the same work is done,
    /// and the answer is no.
    ///
    /// # Errors
    /// When there is no turn for it, or the hash is none.
    pub async fn verify(
        &self,
        password: Zeroizing<String>,
        hash: Option<String>,
    ) -> Result<Verified, HashError> {
        let hasher = self.clone();
        self.in_turn(move || {
            let is_somebody = hash.is_some();
            let hash = hash.as_deref().unwrap_or(&hasher.nobody);
            let parsed = PasswordHash::new(hash).map_err(|e| HashError::Broken(e.to_string()))?;
            let argon = hasher.argon();
            let outcome: Result<(), _> = PasswordVerifier::<PasswordHash>::verify_password(
                &argon,
                password.as_bytes(),
                &parsed,
            );
            match outcome {
                Ok(()) if is_somebody => {
                    let is_old = !hash.starts_with(&hasher.prefix());
                    let anew = is_old.then(|| hasher.hash_now(&password)).transpose()?;
                    Ok(Verified::Right(anew))
                }
                Ok(()) | Err(argon2::password_hash::Error::PasswordInvalid) => Ok(Verified::Wrong),
                Err(error) => Err(HashError::Broken(error.to_string())),
            }
        })
        .await
    }

    fn argon(&self) -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone())
    }

    /// How a hash with our parameters begins.
    fn prefix(&self) -> String {
        let (memory, passes) = (self.params.m_cost(), self.params.t_cost());
        format!(
            "$argon2id$v=19$m={memory},t={passes},p={}$",
            self.params.p_cost()
        )
    }

    fn hash_now(&self, password: &str) -> Result<String, HashError> {
        let salt = self.entropy.bytes::<16>();
        let hash: Result<PasswordHash, _> = self
            .argon()
            .hash_password_with_salt(password.as_bytes(), &salt);
        hash.map(|hash| hash.to_string())
            .map_err(|e| HashError::Broken(e.to_string()))
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let turn = Arc::clone(&self.turns).acquire_owned();
        let Ok(Ok(turn)) = tokio::time::timeout(TURN, turn).await else {
            return Err(HashError::Busy);
        };
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        done.await.map_err(|e| HashError::Broken(e.to_string()))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_hash_is_argon2id_with_the_parameters_of_owasp() {
        let hasher = Hasher::new(Entropy::System);
        let hash = hasher.hash(secret("correct horse")).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert_ne!(hash, hasher.hash(secret("correct horse")).await.unwrap());
        let verify = |text: &str| hasher.verify(secret(text), Some(hash.clone()));
        assert!(matches!(
            verify("correct horse").await,
            Ok(Verified::Right(None))
        ));
        assert!(matches!(verify("correct horsE").await, Ok(Verified::Wrong)));
        let nobody = hasher.verify(secret("correct horse"), None).await;
        assert!(matches!(nobody, Ok(Verified::Wrong)));
        let broken = hasher.verify(secret("x"), Some("no hash".to_owned())).await;
        assert!(matches!(broken, Err(HashError::Broken(_))));
    }

    #[tokio::test]
    async fn other_parameters_are_replaced_when_the_password_is_right() {
        let old = Hasher::with((1024, 1, 1), Entropy::System);
        let hash = old.hash(secret("correct horse")).await.unwrap();
        let hasher = Hasher::with((2048, 1, 1), Entropy::System);
        let wrong = hasher.verify(secret("wrong"), Some(hash.clone())).await;
        assert!(matches!(wrong, Ok(Verified::Wrong)));
        let Ok(Verified::Right(Some(anew))) =
            hasher.verify(secret("correct horse"), Some(hash)).await
        else {
            panic!("not hashed anew");
        };
        assert!(anew.starts_with("$argon2id$v=19$m=2048,t=1,p=1$"), "{anew}");
        let again = hasher.verify(secret("correct horse"), Some(anew)).await;
        assert!(matches!(again, Ok(Verified::Right(None))));
    }
}
