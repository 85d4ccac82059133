//! What a client calls a person and a session: nothing that another client
//! could compare, where the client is told pairwise names.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::OnceCell;
use url::Url;
use zeroize::Zeroizing;

use crate::directory::{Directory, DirectoryError};
use crate::domain::application::SubjectType;
use crate::domain::{Application, UserId};
use crate::platform::crypto::{Sealer, hmac_sha256, sha256};
use crate::platform::storage::{StorageError, params};

/// The key of the settings under which the secret stands, sealed.
const KEY: &str = "oidc.pairwise";
/// Where it is sealed.
const PLACE: (&str, &str) = ("settings", "value");

/// Makes subjects.
#[derive(Clone)]
pub struct Subjects {
    directory: Directory,
    sealer: Arc<Sealer>,
    secret: Arc<OnceCell<Zeroizing<Vec<u8>>>>,
}

impl std::fmt::Debug for Subjects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subjects").finish_non_exhaustive()
    }
}

impl Subjects {
    /// With the secret of this database, which is made when it is first needed.
    #[must_use]
    pub fn new(directory: Directory, sealer: Arc<Sealer>) -> Self {
        Self {
            directory,
            sealer,
            secret: Arc::default(),
        }
    }

    /// What the client calls the user (OpenID Connect Core §8).
    pub async fn of(
        &self,
        application: &Application,
        user: &UserId,
    ) -> Result<String, DirectoryError> {
        if application.subject_type == SubjectType::Public {
            return Ok(user.to_string());
        }
        let sector = sector(application);
        let secret = self.secret.get_or_try_init(|| self.secret()).await?;
        let text = format!("{}:{sector}:{user}", sector.len());
        let mac = hmac_sha256(secret, text.as_bytes()).map_err(|e| broken(&e))?;
        Ok(URL_SAFE_NO_PAD.encode(mac))
    }

    /// The secret under which pairwise names are made: of the database, not of
    /// the master key, which may change.
    async fn secret(&self) -> Result<Zeroizing<Vec<u8>>, DirectoryError> {
        let fresh = Zeroizing::new(self.directory.entropy.bytes::<32>());
        let sealed = self.sealer.seal(fresh.as_slice(), PLACE.0, PLACE.1, KEY);
        let sealed = sealed.map_err(|e| broken(&e))?;
        let kept: Result<String, StorageError> = self
            .directory
            .db
            .write(move |tx| {
                let sealed = sealed.clone();
                Box::pin(async move {
                    let sql = "INSERT INTO settings (key, value) VALUES ($1, $2) \
                               ON CONFLICT DO NOTHING";
                    tx.execute(sql, params![KEY, sealed]).await?;
                    let sql = "SELECT value FROM settings WHERE key = $1";
                    match tx.query_opt(sql, params![KEY]).await? {
                        Some(row) => row.reader().text(),
                        None => Err(StorageError::stale("the secret was not written")),
                    }
                })
            })
            .await;
        let opened = self.sealer.open(&kept?, PLACE.0, PLACE.1, KEY);
        opened.map_err(|e| broken(&e))
    }
}

fn broken(error: &dyn std::error::Error) -> DirectoryError {
    StorageError::Statement(format!("subjects cannot be made: {error}")).into()
}

/// The sector that a pairwise name is made for: the admin's word, else the host
/// of the redirect URIs, which is one then.
fn sector(application: &Application) -> String {
    if let Some(sector) = &application.sector_identifier {
        return sector.to_ascii_lowercase();
    }
    let first = application.redirect_uris.first();
    let url = first.and_then(|uri| Url::parse(uri).ok());
    let host = url.as_ref().and_then(Url::host_str);
    host.unwrap_or(application.slug.as_str()).to_owned()
}

/// What a client calls a browser session (`sid`): made of the session's hash, so
/// that nothing has to be kept, and another for each client.
#[must_use]
pub fn session_id(session_hash: &str, client_id: &str) -> String {
    let text = format!("doorward sid v1\0{client_id}\0{session_hash}");
    let digest = sha256(text.as_bytes());
    URL_SAFE_NO_PAD.encode(digest.get(..16).unwrap_or(&digest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Clock, Entropy, Slug, Timestamp};
    use crate::platform::crypto::MasterKeys;
    use crate::platform::storage::Db;

    #[tokio::test]
    async fn pairwise_names_differ_by_sector_and_stay() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/d.db", folder.path().display());
        let db = Db::open(&url).await.unwrap();
        let directory = Directory::new(db, Clock::System, Entropy::System);
        let keys = MasterKeys::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        let sealer = Arc::new(Sealer::new(&keys, Entropy::System).unwrap());
        let subjects = || Subjects::new(directory.clone(), Arc::clone(&sealer));
        let user = UserId::new(Timestamp(1), &Entropy::System);
        let app = |slug: &str, uri: &str| Application {
            subject_type: SubjectType::Pairwise,
            redirect_uris: vec![uri.to_owned()],
            ..Application::new(Slug::parse(slug).unwrap(), "App")
        };
        let (one, other) = (
            app("a", "https://a.example/cb"),
            app("b", "https://b.example/cb"),
        );
        let same = app("c", "https://a.example/other");
        let name = subjects().of(&one, &user).await.unwrap();
        assert_eq!(name.len(), 43);
        assert_eq!(subjects().of(&one, &user).await.unwrap(), name);
        assert_eq!(subjects().of(&same, &user).await.unwrap(), name);
        assert_ne!(subjects().of(&other, &user).await.unwrap(), name);
        let somebody = UserId::new(Timestamp(1), &Entropy::System);
        assert_ne!(subjects().of(&one, &somebody).await.unwrap(), name);
        let public = Application {
            subject_type: SubjectType::Public,
            ..one
        };
        assert_eq!(subjects().of(&public, &user).await.unwrap(), user.as_str());
        assert_ne!(session_id("abc", "a"), session_id("abc", "b"));
        assert_ne!(session_id("abc", "a"), session_id("abd", "a"));
    }
}
