//! Pictures of people in the database: small, made by us, one per user.

use super::audit::Actor;
use super::reconcile::{self, Context, Mode};
use super::{Directory, DirectoryError};
use crate::domain::{Channel, Field, Observation, Profile, Timestamp, UserId};
use crate::platform::storage::{StorageError, Tx, params};

/// What is known of a user's picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// What it was made from.
    pub source: String,
    /// When the provider was last asked.
    pub checked_at: Timestamp,
}

/// A picture to keep, or that there is none.
#[derive(Clone, Debug)]
pub struct NewPhoto {
    /// The user.
    pub user: UserId,
    /// What it was made from.
    pub source: String,
    /// The picture as JPEG; `None` when the provider has none.
    pub octets: Option<Vec<u8>>,
    /// The origin that its address begins with.
    pub origin: String,
}

impl Directory {
    /// What is known of a user's picture.
    pub async fn known_photo(&self, user: &UserId) -> Result<Option<Known>, DirectoryError> {
        let user = user.clone();
        let found: Result<Option<Known>, StorageError> = self
            .db
            .read(move |tx| {
                let user = user.clone();
                Box::pin(async move {
                    let sql = "SELECT source, checked_at FROM user_photos WHERE user_id = $1";
                    let row = tx.query_opt(sql, params![&user]).await?;
                    row.map(|row| {
                        let mut reader = row.reader();
                        Ok(Known {
                            source: reader.text()?,
                            checked_at: reader.time()?,
                        })
                    })
                    .transpose()
                })
            })
            .await;
        Ok(found?)
    }

    /// The picture of this name.
    pub async fn photo(&self, id: &str) -> Result<Option<Vec<u8>>, DirectoryError> {
        let id = id.to_owned();
        let found: Result<Option<Vec<u8>>, StorageError> = self
            .db
            .read(move |tx| {
                let id = id.clone();
                Box::pin(async move {
                    let sql = "SELECT octets FROM user_photos WHERE photo_id = $1 \
                               AND octets IS NOT NULL";
                    let row = tx.query_opt(sql, params![id]).await?;
                    row.map(|row| row.reader().blob()).transpose()
                })
            })
            .await;
        Ok(found?)
    }

    /// Keeps a picture, and lets the user's profile point to it, as far as no
    /// other channel keeps that field.
    pub async fn keep_photo(
        &self,
        photo: NewPhoto,
        channel: Channel,
    ) -> Result<(), DirectoryError> {
        let directory = self.clone();
        self.db
            .write(move |tx| {
                let (directory, photo) = (directory.clone(), photo.clone());
                let channel = channel.clone();
                Box::pin(async move { store(tx, &directory, &photo, channel).await })
            })
            .await
    }
}

async fn store(
    tx: &mut Tx,
    directory: &Directory,
    photo: &NewPhoto,
    channel: Channel,
) -> Result<(), DirectoryError> {
    const SQL: &str = "INSERT INTO user_photos (user_id, photo_id, source, octets, checked_at) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id) DO UPDATE SET \
        photo_id = excluded.photo_id, source = excluded.source, octets = excluded.octets, \
        checked_at = excluded.checked_at";
    let (now, entropy) = (directory.now(), &directory.entropy);
    let id = photo.octets.as_ref().map(|_| entropy.base64url::<16>());
    let row = params![
        &photo.user,
        id.clone(),
        &photo.source,
        photo.octets.clone(),
        now
    ];
    tx.execute(SQL, row).await?;
    let Some(id) = id else { return Ok(()) };
    let address = format!("{}/photos/{id}", photo.origin);
    let profile = Profile::default().with(Field::PhotoUrl, address);
    let mut observation = Observation::new(channel, profile);
    observation.target = Some(photo.user.clone());
    let context = Context {
        actor: &Actor::Gateway,
        policy: None,
        mode: Mode::Apply,
        now,
        entropy,
    };
    reconcile::reconcile(tx, &observation, &context).await?;
    Ok(())
}

impl Directory {
    /// Notes that the picture is still the one that is known.
    pub async fn photo_unchanged(&self, user: &UserId) -> Result<(), DirectoryError> {
        let (user, now) = (user.clone(), self.now());
        self.db
            .write(move |tx| {
                let user = user.clone();
                Box::pin(async move {
                    let sql = "UPDATE user_photos SET checked_at = $2 WHERE user_id = $1";
                    tx.execute(sql, params![&user, now]).await?;
                    Ok(())
                })
            })
            .await
    }
}
