//! The command line: `doorward serve`, and what an operator does on the
//! machine itself, also when every provider is broken.
//!
//! Secrets are never taken as arguments, where other users of the machine see
//! them. Exit codes: 0 done, 1 a problem, 2 a command line that makes no sense.

mod args;
mod backup;
mod check;
mod gateway;
mod inspected;
mod out;
mod provider;
mod saml;
mod serve;
mod token;
mod user;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::platform::config::Problems;
use args::{Cli, Command};

/// Parses the command line and runs the command.
#[must_use]
pub fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => run(&cli).unwrap_or_else(|error| {
            out::complain(&complaint(&error));
            ExitCode::FAILURE
        }),
        Err(error) => {
            // Help and version are asked for, not wrong.
            let code = if error.use_stderr() { 2 } else { 0 };
            drop(error.print());
            ExitCode::from(code)
        }
    }
}

/// An error and its causes; a list of problems begins on a line of its own.
fn complaint(error: &anyhow::Error) -> String {
    match error.root_cause().downcast_ref::<Problems>() {
        Some(problems) => format!("error: {error}:\n{problems}"),
        None => format!("error: {error:#}"),
    }
}

fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    match &cli.command {
        Command::Serve => serve::serve(&cli.config),
        Command::Check => check::check(&cli.config),
        Command::Migrate => gateway::migrate(&cli.config),
        Command::User(command) => user::run(&cli.config, command),
        Command::Token(command) => token::run(&cli.config, command),
        Command::Provider(command) => provider::run(&cli.config, command),
        Command::Saml(command) => saml::run(&cli.config, command),
        Command::Backup(args) => backup::backup(&cli.config, args),
        Command::Restore(args) => backup::restore(&cli.config, args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "doorward", &mut script);
            out::line(String::from_utf8_lossy(&script).trim_end())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
