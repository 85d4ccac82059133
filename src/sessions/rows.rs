//! Sessions in the database.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cache::{Live, Person};
use super::{Lifetimes, Sessions, hash};
use crate::directory::endings::{self, Reason, Which};
use crate::directory::users::{self, Belongings};
use crate::directory::{DirectoryError, policy};
use crate::domain::ids::PasskeyId;
use crate::domain::{Entropy, ExternalIdentity, Slug, Timestamp, User, UserId};
use crate::platform::storage::{Row, StorageError, Tx, params};

/// A subject's identifier as a SAML IdP issued it (SAML Core §2.2.3): a logout
/// has to name the person in the same words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NameId {
    /// The identifier without the white space around it, else verbatim.
    pub value: String,
    /// The URI of its format.
    pub format: Option<String>,
    /// The domain that qualifies it.
    pub name_qualifier: Option<String>,
    /// The service provider that qualifies it.
    pub sp_name_qualifier: Option<String>,
}

/// How long a request waits at most for the note that its session is in use.
const NOTE: Duration = Duration::from_millis(300);

/// How a person signed in: what the session remembers of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// The user.
    pub user: String,
    /// The provider; `None` for a local way in.
    pub provider: Option<Slug>,
    /// The issuer of the login, for single logout.
    pub issuer: Option<String>,
    /// The NameID or subject, for single logout.
    pub subject: Option<String>,
    /// The NameID as it was issued, a transient one too.
    #[serde(default)]
    pub name_id: Option<NameId>,
    /// The IdP's own session (SAML `SessionIndex`, OpenID Connect `sid`).
    pub session_index: Option<String>,
    /// When the person signed in here, milliseconds since the epoch.
    pub authenticated_at: i64,
    /// When the person proved to the provider who they are, where the provider says
    /// so: its own session may be older than ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven_at: Option<i64>,
    /// Whether the provider was told to let the person sign in anew, and did.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anew: bool,
    /// How, in the IdP's words (`AuthnContextClassRef`).
    pub context: Option<String>,
    /// By which methods (RFC 8176 values): ours for a local way in, the IdP's own
    /// for a login through it, none where it named none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// The passkey, where it was one: sessions end with the key that began them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passkey: Option<String>,
    /// The browser's description of itself.
    pub user_agent: String,
    /// The address that the browser came from.
    pub address: String,
}

impl SignedIn {
    /// What a login through a provider leaves behind.
    #[must_use]
    pub fn through(
        user: &UserId,
        provider: &Slug,
        identity: Option<&ExternalIdentity>,
        now: Timestamp,
    ) -> Self {
        Self {
            user: user.to_string(),
            provider: Some(provider.clone()),
            issuer: identity.map(|i| i.issuer.clone()),
            subject: identity.map(|i| i.subject.clone()),
            name_id: None,
            session_index: None,
            authenticated_at: now.millis(),
            proven_at: None,
            anew: false,
            context: None,
            amr: Vec::new(),
            passkey: None,
            user_agent: String::new(),
            address: String::new(),
        }
    }

    /// Takes over when the provider says that the person proved who they are;
    /// `anew` when it was told to let them do so for this very sign-in, which has
    /// been checked against that moment.
    pub fn prove(&mut self, at: Option<Timestamp>, anew: bool) {
        /// Milliseconds within which it was this sign-in: people take their time,
        /// and clocks differ.
        const JUST_NOW: i64 = 60_000;
        self.anew = anew;
        let now = self.authenticated_at;
        self.proven_at = at.filter(|_| !anew).map(|at| {
            if at.millis() > now - JUST_NOW {
                now
            } else {
                at.millis()
            }
        });
    }

    /// When the person proved who they are, as far as is known.
    #[must_use]
    pub fn proven(&self) -> Timestamp {
        Timestamp(self.proven_at.unwrap_or(self.authenticated_at))
    }

    /// What a local way in leaves behind: `methods` are those by which the person
    /// proved who they are, in the words of RFC 8176 (`pwd`, `hwk`, `user`).
    #[must_use]
    pub fn here(user: &UserId, methods: &[&str], now: Timestamp) -> Self {
        Self {
            user: user.to_string(),
            provider: None,
            issuer: None,
            subject: None,
            name_id: None,
            session_index: None,
            authenticated_at: now.millis(),
            proven_at: None,
            anew: false,
            context: None,
            amr: methods.iter().map(|&method| method.to_owned()).collect(),
            passkey: None,
            user_agent: String::new(),
            address: String::new(),
        }
    }
}

impl SignedIn {
    /// What the provider calls the person when it signs them out.
    #[must_use]
    pub fn upstream_subject(&self) -> Option<&str> {
        let name_id = self.name_id.as_ref().map(|id| id.value.as_str());
        name_id.or(self.subject.as_deref())
    }
}

/// A session that has begun: the secret for the cookie, and how long it lasts.
#[derive(Debug)]
pub struct Begun {
    /// The secret; only the cookie gets it.
    pub secret: String,
    /// Seconds until the session ends at the latest.
    pub max_age: i64,
}

/// Ends the session that a browser has so far, inside the sign-in's transaction:
/// the new one takes its place, and nobody holds two by one cookie.
pub async fn end_before_next(tx: &mut Tx, id_hash: &str) -> Result<(), StorageError> {
    endings::end(tx, Which::One(id_hash), Reason::Replaced)
        .await
        .map(|_| ())
}

/// Begins a session inside the sign-in's transaction. `not_after` is the IdP's
/// own limit (SAML `SessionNotOnOrAfter`).
///
/// # Errors
/// A conflict when the user has gone or was shut out since the unit read the
/// user: run again, it will see so.
pub async fn begin(
    tx: &mut Tx,
    signed_in: &SignedIn,
    lifetimes: Lifetimes,
    not_after: Option<Timestamp>,
    now: Timestamp,
    entropy: &Entropy,
) -> Result<Begun, StorageError> {
    const SQL: &str = "INSERT INTO sessions (id_hash, user_id, provider, data, created_at, \
        last_seen_at, expires_at, subject_key, index_key) \
        VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8)";
    if !users::hold(tx, &UserId::from_row(signed_in.user.clone())).await? {
        return Err(StorageError::stale("the user was shut out in the meantime"));
    }
    let is_known = is_known_by_it(tx, signed_in).await?;
    let secret = entropy.base64url::<32>();
    let ours = now.plus_seconds(lifetimes.lifetime);
    let expires_at = not_after.map_or(ours, |theirs| theirs.min(ours));
    let data = serde_json::json!({ super::store::SIGNED_IN: signed_in }).to_string();
    let provider = signed_in.provider.as_ref().map_or("", Slug::as_str);
    // SAML's logout requests name the person, always (Core §3.7.1).
    let is_saml = signed_in.name_id.is_some();
    let index = signed_in.session_index.as_deref().filter(|_| !is_saml);
    // Whoever is known by this name anyway is found by it.
    let subject = signed_in.upstream_subject();
    let subject = subject.filter(|_| !is_known);
    let row = params![
        hash(&secret),
        &signed_in.user,
        provider,
        data,
        now,
        expires_at,
        subject.map(hash),
        index.map(hash)
    ];
    tx.execute(SQL, row).await?;
    Ok(Begun {
        secret,
        max_age: expires_at.seconds_since(now),
    })
}

/// Whether the name by which the provider would sign the person out is an identity
/// of the user. The sessions of an identity end with it.
async fn is_known_by_it(tx: &mut Tx, signed_in: &SignedIn) -> Result<bool, StorageError> {
    let (Some(provider), Some(issuer), Some(subject)) = (
        &signed_in.provider,
        &signed_in.issuer,
        signed_in.upstream_subject(),
    ) else {
        return Ok(false);
    };
    let sql = "SELECT COUNT(*) FROM external_identities \
               WHERE provider = $1 AND issuer = $2 AND subject = $3 AND user_id = $4";
    let row = params![provider, issuer, subject, &signed_in.user];
    Ok(tx.count(sql, row).await? > 0)
}

/// A session as the database holds it, with its user.
struct Stored {
    id_hash: String,
    data: String,
    last_seen_at: Timestamp,
    expires_at: Timestamp,
    user: User,
}

impl Stored {
    /// `None` for a session of which nobody knows how it began.
    fn live(self, belongings: Belongings) -> Result<Option<Live>, StorageError> {
        let data = serde_json::from_str(&self.data)
            .map_err(|e| StorageError::Statement(format!("a session that is no JSON: {e}")))?;
        let times = (self.last_seen_at, self.expires_at);
        let person = Person::new(self.user, belongings);
        Ok(Live::new(self.id_hash, data, times, person))
    }
}

fn read(id_hash: &str, row: Row) -> Result<Stored, StorageError> {
    let mut reader = row.reader();
    Ok(Stored {
        id_hash: id_hash.to_owned(),
        data: reader.text()?,
        last_seen_at: reader.time()?,
        expires_at: reader.time()?,
        user: users::read(&mut reader)?,
    })
}

async fn find(tx: &mut Tx, id_hash: &str) -> Result<Option<Stored>, StorageError> {
    let sql = format!(
        "SELECT s.data, s.last_seen_at, s.expires_at, {} FROM sessions s \
         JOIN users u ON u.id = s.user_id WHERE s.id_hash = $1",
        users::columns()
    );
    let row = tx.query_opt(&sql, params![id_hash]).await?;
    row.map(|row| read(id_hash, row)).transpose()
}

/// Ends the sessions of a user that were begun with an identity, but for one.
/// Called inside the unit that takes the identity off.
pub async fn end_through(
    tx: &mut Tx,
    user: &UserId,
    identity: &ExternalIdentity,
    except: &str,
) -> Result<(), StorageError> {
    let sql = "SELECT id_hash, data FROM sessions WHERE user_id = $1 AND provider = $2";
    for row in tx.query(sql, params![user, &identity.provider]).await? {
        let mut reader = row.reader();
        let id_hash = reader.text()?;
        let data: super::store::Data = reader.json()?;
        let Some(signed_in) = super::store::signed_in(&data) else {
            continue;
        };
        let through = signed_in.issuer.as_ref() == Some(&identity.issuer)
            && signed_in.subject.as_ref() == Some(&identity.subject);
        if through && id_hash != except {
            endings::end(tx, Which::One(&id_hash), Reason::SignedOut).await?;
        } else if signed_in.upstream_subject() == Some(&identity.subject) {
            // The provider's logout found it by the identity, and shall go on finding it.
            let sql = "UPDATE sessions SET subject_key = $2 WHERE id_hash = $1";
            tx.execute(sql, params![id_hash, hash(&identity.subject)])
                .await?;
        }
    }
    Ok(())
}

/// Ends the sessions of a user that were begun with a passkey, but for one.
pub async fn end_with_passkey(
    tx: &mut Tx,
    user: &UserId,
    passkey: &PasskeyId,
    except: Option<&str>,
) -> Result<(), StorageError> {
    let sql = "SELECT id_hash, data FROM sessions WHERE user_id = $1 AND provider = ''";
    for row in tx.query(sql, params![user]).await? {
        let mut reader = row.reader();
        let id_hash = reader.text()?;
        let data: super::store::Data = reader.json()?;
        let with = super::store::signed_in(&data)
            .is_some_and(|signed_in| signed_in.passkey.as_deref() == Some(passkey.as_str()));
        if with && Some(id_hash.as_str()) != except {
            let sql = "DELETE FROM sessions WHERE id_hash = $1";
            tx.execute(sql, params![id_hash]).await?;
        }
    }
    Ok(())
}

/// One session in a person's list.
#[derive(Clone, Debug)]
pub struct SessionEntry {
    /// The row's key: not the secret, and of no use as one.
    pub id_hash: String,
    /// How the person signed in.
    pub signed_in: SignedIn,
    /// When.
    pub created_at: Timestamp,
    /// The last request, to the minute.
    pub last_seen_at: Timestamp,
}

impl Sessions {
    /// The live session under this hash and its user, and notes that it is in use.
    /// A session whose user may not be signed in is none.
    ///
    /// # Errors
    /// The database does not say.
    pub async fn live(&self, id_hash: &str) -> Result<Option<Arc<Live>>, StorageError> {
        let at_hand = self.cache.get(id_hash);
        let live = match at_hand.filter(|live| self.is_good(live)) {
            Some(live) => live,
            // What has run out here may have been used at another replica.
            None => match self.stored(id_hash).await? {
                Some(live) => live,
                None => return Ok(None),
            },
        };
        let (seen, now) = (live.last_seen_at(), self.clock.now());
        if now.seconds_since(seen) >= 60 && live.seen(seen, now) {
            // Reading goes on while writing does not: the session is good, and
            // nobody waits long for the note.
            let (sessions, noted) = (self.clone(), Arc::clone(&live));
            let note = tokio::spawn(async move {
                if let Err(error) = sessions.touch(&noted.id_hash, now).await {
                    noted.seen(now, seen);
                    tracing::warn!(%error, "a session's use could not be noted");
                }
            });
            drop(tokio::time::timeout(NOTE, note).await);
        }
        Ok(Some(live))
    }

    /// The live session under this hash, if that is known without asking the
    /// database and nothing has to be noted.
    #[must_use]
    pub fn at_hand(&self, id_hash: &str) -> Option<Arc<Live>> {
        let live = self.cache.get(id_hash)?;
        let is_noted = self.clock.now().seconds_since(live.last_seen_at()) < 60;
        (is_noted && self.is_good(&live)).then_some(live)
    }

    async fn stored(&self, id_hash: &str) -> Result<Option<Arc<Live>>, StorageError> {
        let (moment, key) = (self.cache.moment(), id_hash.to_owned());
        let found = self
            .db
            .look_up(move |tx| {
                let key = key.clone();
                Box::pin(async move {
                    let Some(stored) = find(tx, &key).await? else {
                        return Ok(None);
                    };
                    let user = [stored.user.id.clone()];
                    let belongings = users::belongings(tx, &user).await?;
                    Ok::<_, StorageError>(Some((stored, belongings)))
                })
            })
            .await?;
        let Some((stored, belongings)) = found.filter(|(stored, _)| self.is_live(stored)) else {
            return Ok(None);
        };
        let live = stored.live(belongings.into_values().next().unwrap_or_default())?;
        Ok(live.map(|live| self.cache.put(moment, live)))
    }

    /// The user of the live session under this hash, inside a unit.
    pub async fn user_of(&self, tx: &mut Tx, id_hash: &str) -> Result<Option<User>, StorageError> {
        let found = find(tx, id_hash).await?;
        let live = found.filter(|stored| self.is_live(stored));
        Ok(live.map(|stored| stored.user))
    }

    fn is_live(&self, stored: &Stored) -> bool {
        self.lives(stored.expires_at, stored.last_seen_at, &stored.user)
    }

    fn is_good(&self, live: &Live) -> bool {
        self.lives(live.expires_at, live.last_seen_at(), &live.person.user)
    }

    fn lives(&self, expires_at: Timestamp, last_seen_at: Timestamp, user: &User) -> bool {
        let now = self.clock.now();
        now < expires_at
            && now.seconds_since(last_seen_at) < self.lifetimes.idle
            && policy::may_sign_in(user, now, self.lifetimes.enforce_validity).is_ok()
    }

    /// Notes that a session is in use.
    async fn touch(&self, id_hash: &str, now: Timestamp) -> Result<(), StorageError> {
        let id_hash = id_hash.to_owned();
        self.db
            .write(move |tx| {
                let id_hash = id_hash.clone();
                Box::pin(async move {
                    let sql = "UPDATE sessions SET last_seen_at = $2 WHERE id_hash = $1";
                    tx.execute(sql, params![id_hash, now]).await.map(|_| ())
                })
            })
            .await
    }

    /// Ends the session under this hash; of this user only, when one is given.
    pub async fn end(&self, id_hash: &str, of: Option<&UserId>) -> Result<bool, StorageError> {
        let (id_hash, of) = (id_hash.to_owned(), of.cloned());
        self.db
            .write(move |tx| {
                let (id_hash, of) = (id_hash.clone(), of.clone());
                Box::pin(async move {
                    let which = match &of {
                        Some(user) => Which::OneOf(&id_hash, user),
                        None => Which::One(&id_hash),
                    };
                    let ended = endings::end(tx, which, Reason::SignedOut).await?;
                    Ok::<_, StorageError>(ended > 0)
                })
            })
            .await
    }

    /// The live sessions of a user, the newest first.
    pub async fn of_user(&self, user: &UserId) -> Result<Vec<SessionEntry>, DirectoryError> {
        let (user, now, idle) = (user.clone(), self.clock.now(), self.lifetimes.idle);
        Ok(self
            .db
            .read(move |tx| {
                let user = user.clone();
                Box::pin(async move { entries(tx, &user, now, idle).await })
            })
            .await?)
    }
}

async fn entries(
    tx: &mut Tx,
    user: &UserId,
    now: Timestamp,
    idle: i64,
) -> Result<Vec<SessionEntry>, StorageError> {
    const SQL: &str = "SELECT id_hash, data, created_at, last_seen_at FROM sessions \
        WHERE user_id = $1 AND expires_at > $2 AND last_seen_at > $3 \
        ORDER BY created_at DESC, id_hash";
    let rows = tx
        .query(SQL, params![user, now, now.plus_seconds(-idle)])
        .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let mut reader = row.reader();
        let id_hash = reader.text()?;
        let data: super::store::Data = reader.json()?;
        let (created_at, last_seen_at) = (reader.time()?, reader.time()?);
        if let Some(signed_in) = super::store::signed_in(&data) {
            found.push(SessionEntry {
                id_hash,
                signed_in,
                created_at,
                last_seen_at,
            });
        }
    }
    Ok(found)
}

/// Deletes what has run out: sessions and the memory of messages. Sign-ins under
/// way go by [`take_expired`](super::sign_in::take_expired), which leaves traces.
pub async fn sweep(tx: &mut Tx, lifetimes: Lifetimes, now: Timestamp) -> Result<(), StorageError> {
    let idle_since = now.plus_seconds(-lifetimes.idle);
    let over = Which::Over {
        now,
        used: idle_since,
    };
    endings::end(tx, over, Reason::Expired).await?;
    // Nobody gets in by these any more; their applications shall hear of it.
    if lifetimes.enforce_validity {
        for user in no_longer_valid(tx, lifetimes, now).await? {
            endings::end(tx, Which::OfUser(&user), Reason::Expired).await?;
        }
    }
    super::logout::sweep(tx, now).await?;
    super::host::sweep(tx, now).await?;
    tx.execute(
        "DELETE FROM replay_memory WHERE expires_at <= $1",
        params![now],
    )
    .await?;
    Ok(())
}

/// Users with sessions whose `valid_to` has passed, since the oldest session may have
/// begun.
async fn no_longer_valid(
    tx: &mut Tx,
    lifetimes: Lifetimes,
    now: Timestamp,
) -> Result<Vec<UserId>, StorageError> {
    const DAY: i64 = 24 * 3600;
    const SQL: &str = "SELECT u.id, u.valid_to FROM users u WHERE u.valid_to >= $1 \
        AND u.valid_to < $2 AND EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id)";
    // Channels may have written offsets; the days around hold whatever they mean.
    let day = |at: Timestamp| at.rfc3339().chars().take(10).collect::<String>();
    let since = day(now.plus_seconds(-lifetimes.lifetime - DAY));
    let until = day(now.plus_seconds(2 * DAY));
    let mut found = Vec::new();
    for row in tx.query(SQL, params![since, until]).await? {
        let mut reader = row.reader();
        let (id, valid_to) = (reader.text()?, reader.text()?);
        if Timestamp::parse_rfc3339(&valid_to).is_some_and(|end| now > end) {
            found.push(UserId::from_row(id));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Clock;

    #[test]
    fn a_provider_may_have_known_the_person_before() {
        let now = Timestamp(1_800_000_000_000);
        let user = UserId::new(now, &Entropy::System);
        let okta = Slug::parse("okta").unwrap();
        let proven = |seconds: Option<i64>, anew| {
            let mut signed_in = SignedIn::through(&user, &okta, None, now);
            signed_in.prove(seconds.map(|s| now.plus_seconds(s)), anew);
            let at = signed_in.proven().seconds_since(now);
            (at, signed_in.proven_at.is_some(), signed_in.anew)
        };
        assert_eq!(proven(None, false), (0, false, false));
        assert_eq!(proven(Some(-3600), false), (-3600, true, false));
        assert_eq!(proven(Some(-60), false), (-60, true, false));
        assert_eq!(proven(Some(-59), false), (0, true, false));
        assert_eq!(proven(Some(90), false), (0, true, false));
        // It was asked to forget that, and its answer was checked.
        assert_eq!(proven(Some(-100), true), (0, false, true));
    }

    #[test]
    fn methods_are_remembered_and_older_sessions_have_none() {
        let now = Clock::System.now();
        let user = UserId::new(now, &Entropy::System);
        let here = SignedIn::here(&user, &["pwd"], now);
        let text = serde_json::to_string(&here).unwrap();
        assert!(text.contains(r#""amr":["pwd"]"#), "{text}");
        assert_eq!(serde_json::from_str::<SignedIn>(&text).unwrap(), here);
        let older = text.replace(r#""amr":["pwd"],"#, "");
        let read: SignedIn = serde_json::from_str(&older).unwrap();
        assert!(read.amr.is_empty());
        assert_eq!(
            SignedIn {
                amr: vec!["pwd".to_owned()],
                ..read
            },
            here
        );
    }
}
