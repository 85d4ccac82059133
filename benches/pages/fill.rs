//! A database with people in it, and an admin who is signed in.

use std::path::Path;

use anyhow::{Context as _, Result};
use doorward::directory::reconcile::{self, Context, Mode};
use doorward::directory::traces::{self, LoginTrace, TraceDetails, TraceOutcome};
use doorward::directory::{Actor, Directory, DirectoryError};
use doorward::domain::{
    Channel, Clock, Entropy, Field, GroupId, Observation, Profile, Reference, Role, Timestamp,
    TraceId, UserId,
};
use doorward::platform::storage::{Db, StorageError, params};
use doorward::sessions::Lifetimes;
use doorward::sessions::rows::{SignedIn, begin};

/// Users of one unit of work.
const PART: usize = 1_000;
const GROUPS: usize = 200;
const LOGINS: usize = 10_000;

/// What the pages are asked about.
pub struct Filled {
    /// The admin's session.
    pub cookie: String,
    user: UserId,
    group: GroupId,
}

impl Filled {
    /// A page's address with everything filled in.
    pub fn address(&self, page: &str) -> String {
        page.replace("{user}", self.user.as_str())
            .replace("{group}", self.group.as_str())
    }
}

/// Makes the database in `folder`.
pub async fn fill(folder: &Path, users: usize) -> Result<Filled> {
    let url = format!("sqlite://{}/doorward.db", folder.display());
    let db = Db::open(&url).await?;
    let directory = Directory::new(db, Clock::System, Entropy::System);
    let mut all = Vec::with_capacity(users);
    for from in (0..users).step_by(PART) {
        all.extend(people(&directory, from, users.min(from + PART)).await?);
    }
    let group = groups(&directory, &all).await?;
    logins(&directory).await?;
    let middle = all.get(users / 2).context("no users")?.clone();
    let first = all.first().context("no users")?;
    directory
        .set_roles(first, [Role::Admin].into(), Actor::CommandLine)
        .await?;
    Ok(Filled {
        cookie: sign_in(&directory, first).await?,
        user: middle,
        group,
    })
}

/// The users from one number to another, in one unit.
async fn people(directory: &Directory, from: usize, to: usize) -> Result<Vec<UserId>> {
    let (directory, db) = (directory.clone(), directory.db.clone());
    let made = db.write(move |tx| {
        let directory = directory.clone();
        Box::pin(async move {
            let mut made = Vec::new();
            for n in from..to {
                let email = format!("person-{n}@example.com");
                let profile = Profile::default()
                    .with(Field::Name, format!("Person Number {n}"))
                    .with(Field::Email, email.as_str())
                    .with(Field::Upn, email.as_str())
                    .with(Field::Department, format!("Department {}", n % 50))
                    .with(Field::JobTitle, format!("Title {}", n % 20))
                    .with(Field::Phone, format!("+49 30 {n}"));
                let observation = Observation::new(Channel::Manual, profile);
                let context = Context {
                    actor: &Actor::CommandLine,
                    policy: None,
                    mode: Mode::Apply,
                    now: directory.now(),
                    entropy: &directory.entropy,
                };
                let outcome = reconcile::reconcile(tx, &observation, &context).await?;
                if n % 20 == 19 {
                    let sql = "UPDATE users SET status = 'inactive' WHERE id = $1";
                    tx.execute(sql, params![&outcome.user.id]).await?;
                }
                made.push(outcome.user.id);
            }
            Ok::<_, DirectoryError>(made)
        })
    });
    Ok(made.await?)
}

/// Groups of all sizes: one in which everybody is, and one that is returned.
async fn groups(directory: &Directory, users: &[UserId]) -> Result<GroupId> {
    let mut ids = Vec::new();
    for n in 0..GROUPS {
        let made = directory.create_group(format!("Group {n}"), None, Actor::CommandLine);
        ids.push(made.await?.id);
    }
    let now = directory.now();
    let (everybody, some) = (ids.first().cloned(), ids.get(1).cloned());
    let (everybody, some) = (everybody.context("no group")?, some.context("no group")?);
    for part in users.chunks(PART) {
        let (part, ids, everybody) = (part.to_vec(), ids.clone(), everybody.clone());
        let written = directory.db.write(move |tx| {
            let (part, ids, everybody) = (part.clone(), ids.clone(), everybody.clone());
            Box::pin(async move {
                let sql = "INSERT INTO group_members (group_id, user_id, channel, created_at) \
                    VALUES ($1, $2, 'manual', $3) ON CONFLICT DO NOTHING";
                for (user, group) in part.iter().zip(ids.iter().cycle()) {
                    tx.execute(sql, params![&everybody, user, now]).await?;
                    tx.execute(sql, params![group, user, now]).await?;
                }
                Ok::<_, StorageError>(())
            })
        });
        written.await?;
    }
    Ok(some)
}

/// Logins of the last day.
async fn logins(directory: &Directory) -> Result<()> {
    let now = directory.now();
    let written = directory.db.write(move |tx| {
        Box::pin(async move {
            for n in 0..LOGINS {
                let back = i64::try_from(n).unwrap_or(0) * 8;
                let at: Timestamp = now.plus_seconds(back - 80_000);
                let failed = n % 40 == 0;
                let trace = LoginTrace {
                    id: TraceId::new(at, &Entropy::System),
                    at,
                    provider: "okta".to_owned(),
                    kind: "saml".to_owned(),
                    outcome: if failed {
                        TraceOutcome::Failed
                    } else {
                        TraceOutcome::Success
                    },
                    reference: Reference::new(&Entropy::System),
                    user: None,
                    code: if failed {
                        format!("saml.check_{}", n % 7)
                    } else {
                        "ok".to_owned()
                    },
                    details: TraceDetails {
                        summary: "What happened, in a sentence of usual length.".to_owned(),
                        ..TraceDetails::default()
                    },
                };
                traces::record(tx, &trace).await?;
            }
            Ok::<_, StorageError>(())
        })
    });
    Ok(written.await?)
}

async fn sign_in(directory: &Directory, user: &UserId) -> Result<String> {
    let (now, user) = (directory.now(), user.clone());
    let lifetimes = Lifetimes {
        lifetime: 36_000,
        idle: 36_000,
        enforce_validity: true,
    };
    let begun = directory.db.write(move |tx| {
        let user = user.clone();
        Box::pin(async move {
            let provider = doorward::domain::Slug::parse("okta");
            let provider = provider.ok_or_else(|| StorageError::Statement("slug".to_owned()))?;
            let signed_in = SignedIn::through(&user, &provider, None, now);
            begin(tx, &signed_in, lifetimes, None, now, &Entropy::System).await
        })
    });
    Ok(format!("doorward={}", begun.await?.secret))
}
