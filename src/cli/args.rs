//! What can be written on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::domain::{Role, Scope, Status};
use crate::login::saml::rollover::Step;
use crate::platform::config::Period;

/// A self-hosted SSO identity gateway.
#[derive(Debug, Parser)]
#[command(name = "doorward", version, arg_required_else_help = true)]
pub(super) struct Cli {
    /// The configuration file.
    #[arg(
        short,
        long,
        global = true,
        value_name = "FILE",
        default_value = "./config.toml"
    )]
    pub config: PathBuf,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Runs the gateway. SIGTERM lets requests finish and ends it; SIGHUP
    /// re-reads the providers and the log level.
    Serve,
    /// Checks the configuration and what it points to, and prints every
    /// problem with its key.
    Check,
    /// Applies the database's migrations and exits; `serve` does so too.
    Migrate,
    /// Users: the way back in when every provider is broken.
    #[command(subcommand)]
    User(UserCommand),
    /// API tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Identity providers.
    #[command(subcommand)]
    Provider(ProviderCommand),
    /// SAML messages and metadata, explained.
    #[command(subcommand)]
    Saml(SamlCommand),
    /// Copies the embedded database to a file, while the gateway serves. The
    /// master key is not in it.
    Backup(BackupArgs),
    /// Puts a copy in the place of the embedded database. The gateway must not
    /// run; the database that was there is kept aside.
    Restore(RestoreArgs),
    /// Prints the script that completes this command line in a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Makes a user.
    Create(CreateUser),
    /// Lists users.
    List(ListUsers),
    /// Shows one user.
    Show {
        /// The user's id, e-mail address, UPN or user name.
        user: String,
        /// As JSON, for scripts.
        #[arg(long)]
        json: bool,
    },
    /// Shuts a user out: sessions and tokens end at once.
    Deactivate {
        /// The user's id, e-mail address, UPN or user name.
        user: String,
    },
    /// Sets a user's password, read from the standard input. Sessions and tokens
    /// of the user end.
    SetPassword {
        /// The user's id, e-mail address, UPN or user name.
        user: String,
    },
    /// Prints a link with which an administrator signs in by password, once, also
    /// while password sign-in is switched off.
    WayIn {
        /// The user's id, e-mail address, UPN or user name.
        user: String,
    },
    /// Lets a deactivated user in again.
    Reactivate {
        /// The user's id, e-mail address, UPN or user name.
        user: String,
    },
    /// Gives a user a role; sessions end, so that the next one has it.
    Grant(RoleChange),
    /// Takes a role away.
    Revoke(RoleChange),
}

#[derive(Debug, Args)]
pub(super) struct CreateUser {
    /// The e-mail address.
    #[arg(long)]
    pub email: String,
    /// The full name.
    #[arg(long)]
    pub name: Option<String>,
    /// The user may do everything here.
    #[arg(long)]
    pub admin: bool,
    /// Reads a password from the standard input.
    #[arg(long)]
    pub password_stdin: bool,
}

#[derive(Debug, Args)]
pub(super) struct ListUsers {
    /// Words to find in names and identifiers.
    #[arg(long, short, value_name = "WORDS")]
    pub query: Option<String>,
    /// Only users of this status: active, inactive or pending.
    #[arg(long, value_parser = status)]
    pub status: Option<Status>,
    /// As JSON, for scripts.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub(super) struct RoleChange {
    /// The user's id, e-mail address, UPN or user name.
    pub user: String,
    /// admin, user-manager or auditor.
    #[arg(value_parser = role)]
    pub role: Role,
}

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Makes an API token and prints it, and nothing else. The database keeps
    /// only its hash: it cannot be shown again.
    Create {
        /// What the token is for.
        #[arg(long)]
        name: String,
        /// What it may do, once for each: admin, users:read, users:write,
        /// users:import, groups:read, groups:write, providers:write,
        /// audit:read or scim. Without any: admin.
        #[arg(long = "scope", value_name = "SCOPE", value_parser = scope)]
        scopes: Vec<Scope>,
        /// How long it works, such as 90d. Without it: until it is deleted.
        #[arg(long, value_name = "DURATION")]
        expires: Option<Period>,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ProviderCommand {
    /// Creates or updates the providers of a TOML file with [[provider]]
    /// tables. Doing it twice is doing it once.
    Apply {
        /// The file.
        file: PathBuf,
    },
    /// Changes a provider's own key pair in two steps, so that no login fails:
    /// `begin` publishes the next key, `finish` retires the old one when the
    /// identity provider has read our metadata again, `cancel` takes the first
    /// step back.
    RotateKey {
        /// The provider's slug.
        slug: String,
        /// begin, finish or cancel.
        #[arg(value_parser = step)]
        step: Step,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum SamlCommand {
    /// Explains a metadata file or a SAML response: who, until when, which keys,
    /// algorithms and attributes, and what this gateway would say to it.
    Inspect(InspectArgs),
}

#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    /// XML, base64, the body of a form or an address that carries it; - is the
    /// standard input.
    pub file: PathBuf,
    /// The provider to compare with. Without it: the one whose IdP it names.
    #[arg(long, value_name = "SLUG")]
    pub provider: Option<String>,
    /// As JSON, for scripts.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// The file to make, with mode 0600.
    pub file: PathBuf,
    /// Replaces a file of this name.
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    /// The file that `backup` made.
    pub file: PathBuf,
    /// Goes on when the present database is so damaged that nobody can tell
    /// whether a gateway has it open.
    #[arg(long)]
    pub force: bool,
}

fn status(text: &str) -> Result<Status, String> {
    Status::parse(text).ok_or_else(|| one_of(Status::ALL))
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| one_of(Role::ALL))
}

fn scope(text: &str) -> Result<Scope, String> {
    Scope::parse(text).ok_or_else(|| one_of(Scope::ALL))
}

fn step(text: &str) -> Result<Step, String> {
    Step::parse(text).ok_or_else(|| one_of(Step::ALL))
}

fn one_of<T: ToString>(words: &[T]) -> String {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    format!("one of {}", words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(std::iter::once("doorward").chain(line.split_whitespace()))
    }

    #[test]
    fn the_definition_is_sound() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_takes_the_file_before_and_after() {
        for line in [
            "serve -c x.toml",
            "-c x.toml serve",
            "check --config x.toml",
            "migrate --config=x.toml",
            "user list -c x.toml",
            "user create --email ada@example.com -c x.toml",
            "token create --name ci -c x.toml",
            "provider apply p.toml -c x.toml",
            "provider rotate-key okta begin -c x.toml",
        ] {
            assert_eq!(
                parse(line).unwrap().config,
                PathBuf::from("x.toml"),
                "{line}"
            );
        }
        assert_eq!(
            parse("serve").unwrap().config,
            PathBuf::from("./config.toml")
        );
    }

    #[test]
    fn scopes_and_expiry_are_read() {
        let cli = parse("token create --name ci --scope users:read --scope scim --expires 90d");
        let Command::Token(TokenCommand::Create {
            scopes, expires, ..
        }) = cli.unwrap().command
        else {
            panic!("another command");
        };
        assert_eq!(scopes, [Scope::UsersRead, Scope::Scim]);
        assert_eq!(expires, Some(Period::from_days(90)));
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            "",
            "sevre",
            "user create",
            "user create --email a@b.example --password x",
            "user grant ada king",
            "user list --status gone",
            "token create",
            "token create --name ci --scope everything",
            "token create --name ci --expires soon",
            "provider apply",
            "provider rotate-key okta",
            "provider rotate-key okta twist",
            "completions abacus",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
