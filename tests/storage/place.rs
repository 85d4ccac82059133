//! Where a test takes place: a database of its own on one of the two backends,
//! with a directory and sessions upon it, and a clock that stands still.

use std::collections::BTreeSet;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use doorward::directory::audit::EventFilter;
use doorward::directory::policy::LoginPolicy;
use doorward::directory::reconcile::{self, Mode, Outcome};
use doorward::directory::{Actor, Directory, DirectoryError, Refusal};
use doorward::domain::{
    Channel, Clock, Entropy, ExternalIdentity, Field, Observation, Profile, Role, Slug, Source,
    Timestamp, User, UserId,
};
use doorward::platform::storage::{Db, Row, StorageError, Value};
use doorward::sessions::rows::{self, Begun, SignedIn};
use doorward::sessions::{Lifetimes, Sessions};
use futures_util::FutureExt as _;

/// The moment at which every test begins: 2026-01-01T00:00:00Z.
pub const START: Timestamp = Timestamp(1_767_225_600_000);

/// The two backends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// Where a database stands, before anybody opens it.
pub struct Ground {
    pub kind: Kind,
    pub url: String,
    _folder: Option<tempfile::TempDir>,
    admin_url: String,
    /// The providers that logins have been given.
    connected: Mutex<BTreeSet<Slug>>,
}

/// A test's own place. Clones share it.
#[derive(Clone)]
pub struct Place {
    pub ground: Arc<Ground>,
    pub db: Db,
    pub clock: Clock,
    pub directory: Directory,
    pub sessions: Sessions,
}

/// Names the tests of a module; each runs once per backend.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $test() { crate::place::run(crate::place::Kind::Sqlite, super::$test); })+
        }
        mod postgres {
            $(#[test] fn $test() { crate::place::run(crate::place::Kind::Postgres, super::$test); })+
        }
    };
}

/// Names the tests of a module that are given ground without a database on it.
macro_rules! on_empty_ground {
    ($($test:ident),+ $(,)?) => {
        mod sqlite_empty {
            $(#[test] fn $test() {
                crate::place::run_on_ground(crate::place::Kind::Sqlite, super::$test);
            })+
        }
        mod postgres_empty {
            $(#[test] fn $test() {
                crate::place::run_on_ground(crate::place::Kind::Postgres, super::$test);
            })+
        }
    };
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test finds its servers in the environment"
)]
fn postgres_server() -> String {
    std::env::var("DOORWARD_TEST_POSTGRES").unwrap_or_else(|_| {
        panic!(
            "DOORWARD_TEST_POSTGRES names no PostgreSQL server: run `make test`, which starts one"
        )
    })
}

/// A connection of the test's own, past everything that is tested.
pub async fn raw_postgres(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .expect("PostgreSQL answers");
    tokio::spawn(connection);
    client
}

impl Ground {
    async fn make(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let url = format!("sqlite://{}/data/doorward.db", folder.path().display());
                Self {
                    kind,
                    url,
                    _folder: Some(folder),
                    admin_url: String::new(),
                    connected: Mutex::default(),
                }
            }
            Kind::Postgres => {
                let admin_url = postgres_server();
                let name = format!("doorward_{}", Entropy::System.hex::<8>());
                let admin = raw_postgres(&admin_url).await;
                let version = admin.query_one("SHOW server_version_num", &[]).await;
                let version: String = version.unwrap().get(0);
                // A collation that orders otherwise than octets do, as many a
                // company's server has it. Servers before 15 know it not yet.
                let locale = if version.as_str() >= "150000" {
                    // Copying files is what older servers do anyway; it is the
                    // cheaper way for a database that lives for a second.
                    "STRATEGY file_copy LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
                } else {
                    ""
                };
                let sql =
                    format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' {locale}");
                admin.batch_execute(&sql).await.unwrap();
                let mut url = url::Url::parse(&admin_url).unwrap();
                url.set_path(&name);
                Self {
                    kind,
                    url: url.to_string(),
                    _folder: None,
                    admin_url,
                    connected: Mutex::default(),
                }
            }
        }
    }

    /// The path of the SQLite file.
    pub fn file(&self) -> &std::path::Path {
        std::path::Path::new(self.url.strip_prefix("sqlite://").unwrap())
    }

    async fn clear(&self) {
        if self.kind == Kind::Postgres {
            let url = url::Url::parse(&self.url).unwrap();
            let name = url.path().trim_start_matches('/');
            let admin = raw_postgres(&self.admin_url).await;
            let sql = format!("DROP DATABASE {name} WITH (FORCE)");
            admin.batch_execute(&sql).await.unwrap();
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// Runs a test on ground of its own.
pub fn run_on_ground<F: Future<Output = ()>>(kind: Kind, test: impl FnOnce(Arc<Ground>) -> F) {
    runtime().block_on(async {
        let ground = Arc::new(Ground::make(kind).await);
        let outcome = AssertUnwindSafe(test(Arc::clone(&ground)))
            .catch_unwind()
            .await;
        ground.clear().await;
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
    });
}

/// Runs a test in a place of its own.
pub fn run<F: Future<Output = ()>>(kind: Kind, test: impl FnOnce(Place) -> F) {
    run_on_ground(kind, async |ground| test(Place::on(ground).await).await);
}

impl Place {
    /// Opens the database of a ground.
    pub async fn on(ground: Arc<Ground>) -> Self {
        let db = open(&ground.url).await.expect("the database opens");
        let (clock, entropy) = (Clock::manual(START), Entropy::System);
        let lifetimes = Lifetimes {
            lifetime: 12 * 3600,
            idle: 3600,
            enforce_validity: true,
        };
        let sessions = Sessions::new(db.clone(), clock.clone(), entropy.clone(), lifetimes);
        let directory = Directory::new(db.clone(), clock.clone(), entropy);
        Self {
            ground,
            db,
            clock,
            directory,
            sessions,
        }
    }

    pub fn is_sqlite(&self) -> bool {
        self.ground.kind == Kind::Sqlite
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets time pass.
    pub fn wait(&self, seconds: i64) {
        if let Clock::Manual(at) = &self.clock {
            at.fetch_add(seconds * 1000, Ordering::SeqCst);
        }
    }

    /// One statement in a unit of its own.
    pub async fn execute(&self, sql: &str, params: &[Value]) -> Result<u64, StorageError> {
        let (sql, params) = (sql.to_owned(), params.to_vec());
        self.db
            .write(move |tx| {
                let (sql, params) = (sql.clone(), params.clone());
                Box::pin(async move { tx.execute(&sql, &params).await })
            })
            .await
    }

    /// One query in a unit of its own.
    pub async fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StorageError> {
        let (sql, params) = (sql.to_owned(), params.to_vec());
        self.db
            .read(move |tx| {
                let (sql, params) = (sql.clone(), params.clone());
                Box::pin(async move { tx.query(&sql, &params).await })
            })
            .await
    }

    /// A count.
    pub async fn count(&self, sql: &str) -> i64 {
        let row = self.query(sql, &[]).await.unwrap().remove(0);
        row.reader().int().unwrap()
    }

    /// Everything that the database keeps, as octets to search in.
    pub async fn everything(&self) -> Vec<u8> {
        if self.is_sqlite() {
            let mut all = Vec::new();
            for entry in std::fs::read_dir(self.ground.file().parent().unwrap()).unwrap() {
                all.extend(std::fs::read(entry.unwrap().path()).unwrap());
            }
            return all;
        }
        let client = raw_postgres(&self.ground.url).await;
        let tables = "SELECT tablename::TEXT FROM pg_tables WHERE schemaname = 'public'";
        let mut all = String::new();
        for table in client.query(tables, &[]).await.unwrap() {
            let table: String = table.get(0);
            let rows = client
                .query(&format!("SELECT t::TEXT FROM {table} t"), &[])
                .await
                .unwrap();
            for row in rows {
                all.push_str(&row.get::<_, String>(0));
                all.push('\n');
            }
        }
        all.into_bytes()
    }

    /// Sees to it that the provider of a login is there, once: a login through one
    /// that is gone does not count.
    async fn connect(&self, observation: &Observation) {
        let Channel::Login { provider, .. } = &observation.channel else {
            return;
        };
        if !self
            .ground
            .connected
            .lock()
            .unwrap()
            .insert(provider.clone())
        {
            return;
        }
        let sql = "INSERT INTO providers (slug, kind, position, config, secrets, managed_by, \
                   version, created_at, updated_at) VALUES ($1, 'saml', 1, $2, '', 'api', 1, 0, 0) \
                   ON CONFLICT DO NOTHING";
        let config = format!(r#"{{"slug": "{provider}", "kind": "saml"}}"#);
        let row = [Value::from(provider), Value::from(config)];
        self.execute(sql, &row).await.unwrap();
    }

    /// A login as the ways in do it: one unit.
    pub async fn login(
        &self,
        observation: Observation,
        policy: &LoginPolicy,
    ) -> Result<Result<Outcome, Refusal>, DirectoryError> {
        self.connect(&observation).await;
        let (policy, clock) = (policy.clone(), self.clock.clone());
        self.db
            .write(move |tx| {
                let (observation, policy) = (observation.clone(), policy.clone());
                let now = clock.now();
                Box::pin(async move {
                    reconcile::login(tx, &observation, &policy, now, &Entropy::System).await
                })
            })
            .await
    }

    /// A login that succeeds.
    pub async fn admitted(&self, observation: Observation, policy: &LoginPolicy) -> Outcome {
        self.login(observation, policy).await.unwrap().unwrap()
    }

    /// A login that is refused.
    pub async fn refused(&self, observation: Observation, policy: &LoginPolicy) -> Refusal {
        self.login(observation, policy).await.unwrap().unwrap_err()
    }

    /// A whole sign-in: the login and the session in one unit.
    pub async fn sign_in(
        &self,
        observation: Observation,
        policy: &LoginPolicy,
    ) -> Result<Result<(Outcome, Begun), Refusal>, DirectoryError> {
        self.connect(&observation).await;
        let (policy, clock) = (policy.clone(), self.clock.clone());
        let lifetimes = self.sessions.lifetimes;
        self.db
            .write(move |tx| {
                let (observation, policy) = (observation.clone(), policy.clone());
                let now = clock.now();
                Box::pin(async move {
                    let entropy = Entropy::System;
                    let login = reconcile::login(tx, &observation, &policy, now, &entropy).await?;
                    let outcome = match login {
                        Ok(outcome) => outcome,
                        Err(refusal) => return Ok(Err(refusal)),
                    };
                    let identity = observation.identity.as_ref();
                    let signed_in =
                        SignedIn::through(&outcome.user.id, &slug("okta"), identity, now);
                    let begun = rows::begin(tx, &signed_in, lifetimes, None, now, &entropy).await?;
                    Ok::<_, DirectoryError>(Ok((outcome, begun)))
                })
            })
            .await
    }

    /// Begins a session of a user.
    pub async fn begin(&self, user: &UserId) -> Result<Begun, StorageError> {
        let (user, now, lifetimes) = (user.clone(), self.now(), self.sessions.lifetimes);
        self.db
            .write(move |tx| {
                let signed_in = SignedIn::through(&user, &slug("okta"), None, now);
                Box::pin(async move {
                    rows::begin(tx, &signed_in, lifetimes, None, now, &Entropy::System).await
                })
            })
            .await
    }

    /// A user made by hand.
    pub async fn user(&self, profile: Profile) -> User {
        let observation = Observation::new(Channel::Manual, profile);
        self.directory
            .observe(observation, gateway(), Mode::Apply)
            .await
            .unwrap()
            .user
    }

    /// A user made by hand, with this address.
    pub async fn user_at(&self, email: &str) -> User {
        self.user(Profile::default().with(Field::Email, email))
            .await
    }

    /// A user made by hand, with this address and these roles.
    pub async fn user_with(&self, email: &str, roles: &[Role]) -> User {
        let user = self.user_at(email).await;
        let roles: BTreeSet<Role> = roles.iter().copied().collect();
        self.directory
            .set_roles(&user.id, roles, gateway())
            .await
            .unwrap()
    }

    /// Edits a user by hand.
    pub async fn edit(&self, user: &UserId, profile: Profile) -> Result<Outcome, DirectoryError> {
        let mut observation = Observation::new(Channel::Manual, profile);
        observation.target = Some(user.clone());
        self.directory
            .observe(observation, gateway(), Mode::Apply)
            .await
    }

    /// The actions of the audit log about this target, in the order of their
    /// names: events of one millisecond have no order of their own.
    pub async fn actions(&self, target: &str) -> Vec<String> {
        let page = self
            .directory
            .audit(about(target), None, 1000)
            .await
            .unwrap();
        let mut actions: Vec<String> = page.items.into_iter().map(|e| e.action).collect();
        actions.sort();
        actions
    }

    /// What the newest event of this action about a target says: field, before
    /// and after.
    pub async fn changes(
        &self,
        target: &str,
        action: &str,
    ) -> Vec<(String, Option<String>, Option<String>)> {
        let page = self
            .directory
            .audit(about(target), None, 1000)
            .await
            .unwrap();
        let event = page.items.into_iter().find(|e| e.action == action);
        let event = event.unwrap_or_else(|| panic!("there is a {action} about {target}"));
        event
            .changes
            .into_iter()
            .map(|c| (c.field, c.before, c.after))
            .collect()
    }
}

/// Opens a database, again when the machine is too busy for the time that the
/// gateway gives its server.
pub async fn open(url: &str) -> Result<Db, StorageError> {
    for _ in 0..4 {
        match Db::open(url).await {
            Err(StorageError::Unavailable(_)) => {}
            outcome => return outcome,
        }
    }
    Db::open(url).await
}

/// The audit log of one target.
pub fn about(target: &str) -> EventFilter {
    EventFilter {
        target: Some(target.to_owned()),
        ..EventFilter::default()
    }
}

/// The gateway as an actor.
pub fn gateway() -> Actor {
    Actor::Gateway
}

/// A user as an actor.
pub fn by(user: &User) -> Actor {
    Actor::User {
        id: user.id.clone(),
        name: user.display_name(),
    }
}

pub fn slug(text: &str) -> Slug {
    Slug::parse(text).unwrap()
}

/// A change as [`Place::changes`] tells it.
pub fn changed(field: &str, before: &str, after: &str) -> (String, Option<String>, Option<String>) {
    let text = |t: &str| (!t.is_empty()).then(|| t.to_owned());
    (field.to_owned(), text(before), text(after))
}

/// The policy of a provider that trusts much: each test narrows it.
pub fn open_policy() -> LoginPolicy {
    LoginPolicy {
        allowed_domains: vec!["*".into()],
        gateway_domains: vec!["*".into()],
        jit: true,
        sync_fields: vec![Field::Name, Field::Department],
        link_by_email: true,
        one_subject_per_user: false,
        enforce_validity: true,
    }
}

/// A profile out of pairs.
pub fn profile(fields: &[(Field, &str)]) -> Profile {
    fields.iter().fold(Profile::default(), |p, (field, value)| {
        p.with(*field, *value)
    })
}

/// The identity of a subject at a provider.
pub fn identity(provider: &str, subject: &str) -> ExternalIdentity {
    ExternalIdentity {
        provider: slug(provider),
        issuer: format!("https://{provider}.test/idp"),
        subject: subject.to_owned(),
    }
}

/// What a login through a provider observes: address and UPN vouched for.
pub fn login_at(provider: &str, subject: &str, fields: &[(Field, &str)]) -> Observation {
    let channel = Channel::Login {
        provider: slug(provider),
        source: Source::Saml,
    };
    let mut observation = Observation::new(channel, profile(fields));
    if !subject.is_empty() {
        observation.identity = Some(identity(provider, subject));
    }
    observation.email_vouched = true;
    observation.upn_vouched = true;
    observation
}

/// A login through `okta`.
pub fn login(subject: &str, email: &str) -> Observation {
    login_at("okta", subject, &[(Field::Email, email)])
}

/// What a SCIM client observes.
pub fn scim(scim_id: &str, fields: &[(Field, &str)]) -> Observation {
    let channel = Channel::Records {
        source: Source::Scim,
        connection: "c1".to_owned(),
    };
    let mut observation = Observation::new(channel, profile(fields));
    observation.scim_id = Some(scim_id.to_owned());
    observation
}

/// The places of a needle in a haystack of octets.
pub fn holds(haystack: &[u8], needle: &str) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle.as_bytes())
}
