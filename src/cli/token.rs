//! `doorward token …`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use secrecy::ExposeSecret as _;

use super::args::TokenCommand;
use super::{gateway, out};
use crate::directory::Actor;
use crate::domain::Scope;

pub(super) fn run(path: &Path, command: &TokenCommand) -> anyhow::Result<ExitCode> {
    let TokenCommand::Create {
        name,
        scopes,
        expires,
    } = command;
    let config = gateway::load(path)?;
    let mut wanted: BTreeSet<Scope> = scopes.iter().copied().collect();
    if wanted.is_empty() {
        wanted.insert(Scope::Admin);
    }
    let secret = gateway::block_on(async {
        let directory = gateway::directory(&config).await?;
        let expires_at = expires.map(|period| directory.now().plus_seconds(period.seconds()));
        let (_, secret) = directory
            .create_token(name.clone(), wanted, expires_at, Actor::CommandLine)
            .await?;
        Ok(secret)
    })?;
    out::line(secret.expose_secret())?;
    Ok(ExitCode::SUCCESS)
}
