//! Configuration: one TOML file, with environment variables above it.
//!
//! Everything that is wrong is reported at once, each finding with its key: an
//! operator fixes a file in one go. An unknown key is an error, because a
//! setting that silently does nothing is worse than one that is refused.
//! Secrets are [`secrecy`] values, so that no `Debug` output shows them.
//!
//! To add a section: write its struct in `sections`, name it in the
//! [`sections!`] list below, check in `validate` what the types cannot say, and
//! describe it in `config.example.toml` (a test insists).

mod collect;
mod period;
mod problem;
mod provider;
mod public_url;
mod sections;
mod source;
#[cfg(test)]
mod tests;
mod validate;

use std::path::{Path, PathBuf};

use figment::value::Value;

pub use period::Period;
pub use problem::{Problem, Problems, Warning, nearest};
pub use provider::{provider_problems, providers_from_file};
pub use public_url::PublicUrl;
pub use sections::{
    Branding, Database, Log, LogFormat, Metrics, Passkeys, PasswordLogin, Secrets, Security,
    Server, Session, Smtp, SmtpTls,
};

use crate::domain::Provider;
use collect::{Collector, fields_of, unknown_key};
use source::Source;

/// Writes [`Config`] from the list of its sections, so that the struct, the
/// reading and the list of known keys cannot drift apart.
macro_rules! sections {
    ($($(#[$doc:meta])* $name:ident: $section:ty),+ $(,)?) => {
        /// The whole configuration, validated.
        #[derive(Clone, Debug)]
        pub struct Config {
            /// The origin that the gateway answers for.
            pub public_url: PublicUrl,
            $($(#[$doc])* pub $name: $section,)+
            /// The providers that the file manages.
            pub providers: Vec<Provider>,
        }

        /// Every top-level key.
        const TOP: &[&str] = &["public_url", $(stringify!($name),)+ "provider"];

        /// Every key of the file as a path (`server.listen`), the providers'
        /// own apart.
        #[must_use]
        pub fn known_keys() -> Vec<String> {
            let mut keys = vec!["public_url".to_owned()];
            $(for field in fields_of::<$section>() {
                keys.push(format!("{}.{field}", stringify!($name)));
            })+
            keys
        }

        impl Config {
            /// The configuration, and whether its public URL is only a guess in the
            /// place of one that cannot be used.
            fn read(source: Source, base: &Path) -> (Self, bool, Problems) {
                let Source { mut tree, overrides } = source;
                let mut collector = Collector::new(overrides);
                for key in tree.keys().filter(|key| !TOP.contains(&key.as_str())) {
                    collector.problems.add(key.as_str(), unknown_top_level(key));
                }
                let public_url = match tree.remove("public_url") {
                    Some(value) => collector.read(&["public_url".to_owned()], value),
                    None => {
                        collector.problems.add(
                            "public_url",
                            "is missing; write the origin that browsers see, such as \
                             https://sso.example.com",
                        );
                        None
                    }
                };
                $(let $name: $section = tree
                    .remove(stringify!($name))
                    .and_then(|value| collector.read(&[stringify!($name).to_owned()], value))
                    .unwrap_or_default();)+
                let providers = provider::read_all(tree.remove("provider"), base, &mut collector);
                let is_guessed = public_url.is_none();
                let config = Self {
                    public_url: public_url.unwrap_or_else(PublicUrl::here),
                    $($name,)+
                    providers,
                };
                (config, is_guessed, collector.problems)
            }
        }
    };
}

sections! {
    /// `[server]`
    server: Server,
    /// `[database]`
    database: Database,
    /// `[secrets]`
    secrets: Secrets,
    /// `[session]`
    session: Session,
    /// `[branding]`
    branding: Branding,
    /// `[smtp]`
    smtp: Smtp,
    /// `[password_login]`
    password_login: PasswordLogin,
    /// `[security]`
    security: Security,
    /// `[passkeys]`
    passkeys: Passkeys,
    /// `[log]`
    log: Log,
    /// `[metrics]`
    metrics: Metrics,
}

/// What came of reading a configuration, for those who want to go on in spite
/// of problems.
#[derive(Debug)]
pub struct Examined {
    /// The configuration, with defaults in the places of what cannot be used;
    /// `None` when not even `public_url` can be.
    pub config: Option<Config>,
    /// What keeps it from being used.
    pub problems: Problems,
    /// What works, but is probably not meant.
    pub warnings: Vec<Warning>,
}

impl Examined {
    const fn nothing(problems: Problems) -> Self {
        Self {
            config: None,
            problems,
            warnings: Vec::new(),
        }
    }

    fn usable(self) -> Result<(Config, Vec<Warning>), Problems> {
        match self.config {
            Some(config) if self.problems.is_empty() => Ok((config, self.warnings)),
            _ => Err(self.problems),
        }
    }
}

impl Config {
    /// Reads the file at `path` and the `DOORWARD__…` variables of this
    /// process, and checks them.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, not only the first.
    pub fn load(path: &Path) -> Result<(Self, Vec<Warning>), Problems> {
        Self::examine(path).usable()
    }

    /// Reads the same as [`Self::load`], and tells as much as can be told also
    /// when it cannot be used.
    #[must_use]
    pub fn examine(path: &Path) -> Examined {
        let env = source::environment();
        let base = path.parent().unwrap_or_else(|| Path::new(""));
        match source::read_file(path, &env) {
            Ok(text) => Self::examine_text(&path.display().to_string(), &text, base, env),
            Err(problems) => Examined::nothing(problems),
        }
    }

    /// Reads a configuration from a text and a list of variables. `name` is
    /// what findings about the text as a whole call it; files that it names
    /// for its providers are looked for in `base`.
    pub fn from_text(
        name: &str,
        text: &str,
        base: &Path,
        env: Vec<(String, String)>,
    ) -> Result<(Self, Vec<Warning>), Problems> {
        Self::examine_text(name, text, base, env).usable()
    }

    fn examine_text(name: &str, text: &str, base: &Path, env: Vec<(String, String)>) -> Examined {
        let mut problems = Problems::default();
        let mut source = Source::default();
        match source::parse_toml(name, text) {
            Ok(tree) => source.tree = tree,
            Err(problem) => return Examined::nothing(Problems(vec![problem])),
        }
        source.override_with(env, &mut problems);
        let (config, is_guessed, found) = Self::read(source, base);
        problems.0.extend(found.0);
        let mut more = Problems::default();
        let warnings = validate::validate(&config, &mut more);
        if is_guessed {
            // What hangs on the public URL cannot be told; the rest can.
            more.0
                .retain(|problem| problem.key != "session.cookie_domain");
            problems.0.extend(more.0);
            return Examined::nothing(problems);
        }
        problems.0.extend(more.0);
        Examined {
            config: Some(config),
            problems,
            warnings,
        }
    }

    /// Whether outbound requests may go to private and loopback addresses:
    /// what `[security] allow_private_networks` says, and where it is silent,
    /// only while we are ourselves on a loopback address in plain http.
    #[must_use]
    pub fn allow_private_networks(&self) -> bool {
        self.security
            .allow_private_networks
            .unwrap_or_else(|| !self.public_url.is_https() && self.public_url.is_loopback())
    }

    /// The file with the master key: the one configured, else
    /// `doorward.key` next to the embedded database, else in `data/`.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        let beside = || {
            let folder = self.database.sqlite_path().and_then(Path::parent);
            folder
                .unwrap_or_else(|| Path::new("data"))
                .join("doorward.key")
        };
        self.secrets.key_file.clone().unwrap_or_else(beside)
    }
}

/// The sentence about an unknown top-level key: perhaps a slip, perhaps a key
/// that stands outside its section.
fn unknown_top_level(key: &str) -> String {
    if let Some(near) = nearest(key, TOP.iter().copied()) {
        // `[[provider]]` is a list of tables, and the plural is a common slip.
        let form = if near == "provider" {
            "[[provider]]"
        } else {
            near
        };
        return format!("unknown key; did you mean `{form}`?");
    }
    let known = known_keys();
    let elsewhere = known
        .iter()
        .find(|path| path.rsplit('.').next() == Some(key));
    match elsewhere {
        Some(path) => format!("unknown key; did you mean `{path}`?"),
        None => unknown_key(key, TOP),
    }
}

/// The value as a list of tables; `None` when it is something else.
fn tables(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(_, items) => Some(items),
        _ => None,
    }
}
