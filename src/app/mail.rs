//! Takes mails to the mail server: what is due is claimed, sent, and noted. Every
//! replica does so; a claim sees to it that one of them sends each mail.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Core;
use crate::directory::audit::{self, Target};
use crate::directory::plan::Change;
use crate::directory::{Actor, DirectoryError};
use crate::domain::UserId;
use crate::login::password::Accounts;
use crate::platform::mail::outbox::{self, Ended};
use crate::platform::mail::{Claimed, Fault, Smtp};
use crate::platform::storage::StorageError;

/// How often is looked for what is due, beside being told.
const TICK: Duration = Duration::from_secs(1);
/// How long it is tried to note what became of a mail, before another process may
/// take it over.
const NOTE: Duration = Duration::from_secs(80);
/// How long mails that are being sent are waited for at the end.
const DRAIN: Duration = Duration::from_secs(8);

/// Runs until it is cancelled; mails that are being sent then are waited for.
pub(super) async fn run(core: Core, accounts: Accounts, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut sending = JoinSet::new();
    let mut is_quiet = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = ticks.tick() => {}
            () = core.outbox.woken() => {}
            Some(_) = sending.join_next() => {}
        }
        match round(&core, &accounts, &mut sending).await {
            Ok(()) => is_quiet = false,
            Err(error) if !is_quiet => {
                is_quiet = true;
                tracing::warn!(%error, "the outbox cannot be read");
            }
            Err(_) => {}
        }
    }
    let rest = async { while sending.join_next().await.is_some() {} };
    drop(tokio::time::timeout(DRAIN, rest).await);
}

async fn round(
    core: &Core,
    accounts: &Accounts,
    sending: &mut JoinSet<()>,
) -> Result<(), DirectoryError> {
    let Some(smtp) = &core.smtp else {
        return Ok(());
    };
    while accounts.answer_requests().await? > 0 {}
    let free = smtp.free().saturating_sub(sending.len());
    if free == 0 {
        return Ok(());
    }
    for mail in claim(core, free).await? {
        let (core, smtp) = (core.clone(), smtp.clone());
        sending.spawn(async move { deliver(&core, &smtp, mail).await });
    }
    Ok(())
}

async fn claim(core: &Core, most: usize) -> Result<Vec<Claimed>, DirectoryError> {
    let directory = &core.directory;
    let now = directory.now();
    // Looked first: an empty outbox costs no write.
    let is_any = directory
        .db
        .read(move |tx| Box::pin(async move { outbox::is_due(tx, now).await }))
        .await;
    let is_any: Result<bool, StorageError> = is_any;
    if !is_any? {
        return Ok(Vec::new());
    }
    let entropy = directory.entropy.clone();
    let claimed = directory.db.write(move |tx| {
        let entropy = entropy.clone();
        Box::pin(async move { outbox::claim(tx, most, now, &entropy).await })
    });
    Ok(claimed.await?)
}

async fn deliver(core: &Core, smtp: &Smtp, mail: Claimed) {
    let outcome = match core.outbox.open(&mail) {
        Ok(bodies) => smtp.send(&mail, bodies).await,
        Err(problem) => Err(Fault::Final(problem)),
    };
    let (id, kind, attempt) = (mail.id.as_str(), mail.kind.as_str(), mail.attempts);
    match &outcome {
        Ok(()) => {
            metrics::counter!("doorward_mails_total", "outcome" => "sent").increment(1);
            tracing::info!(id, kind, attempt, "a mail was taken by the mail server");
        }
        Err(problem) => {
            metrics::counter!("doorward_mails_total", "outcome" => "failed").increment(1);
            tracing::warn!(id, kind, attempt, %problem, "a mail was not taken by the mail server");
        }
    }
    // The mail has gone out, or has not: that is to be known, also when the database
    // is away for a while.
    let noted = async {
        loop {
            match note(core, &mail, &outcome).await {
                Ok(ended) => break ended,
                Err(error) => {
                    tracing::warn!(id, %error, "what became of a mail cannot be noted yet");
                    tokio::time::sleep(TICK).await;
                }
            }
        }
    };
    match tokio::time::timeout(NOTE, noted).await {
        Ok(Ended::GivenUp) => {
            tracing::error!(id, kind, attempt, "a mail was given up");
        }
        Ok(Ended::Noted) => {}
        Ok(Ended::NotOurs) => tracing::warn!(id, "a mail is in other hands by now"),
        Err(_) => tracing::error!(id, "what became of a mail could not be noted"),
    }
}

async fn note(
    core: &Core,
    mail: &Claimed,
    outcome: &Result<(), Fault>,
) -> Result<Ended, DirectoryError> {
    let (directory, mail, outcome) = (core.directory.clone(), mail.clone(), outcome.clone());
    core.directory
        .db
        .write(move |tx| {
            let (directory, mail) = (directory.clone(), mail.clone());
            let outcome = outcome.clone();
            Box::pin(async move {
                let now = directory.now();
                let Err(fault) = outcome else {
                    return Ok(outbox::sent(tx, &mail, now).await?);
                };
                let is_final = matches!(fault, Fault::Final(_));
                let problem = fault.to_string();
                let ended = outbox::failed(tx, &mail, &problem, is_final, now).await?;
                if ended == Ended::GivenUp {
                    let target = Target {
                        kind: mail.user.as_ref().map_or("settings", |_| "user"),
                        id: mail.user.as_ref().map_or("smtp", UserId::as_str),
                        name: &mail.recipient,
                    };
                    let changes = [Change {
                        field: mail.kind.clone(),
                        before: None,
                        after: Some(problem),
                    }];
                    let at = (now, &directory.entropy);
                    audit::record(tx, at, &Actor::Gateway, "mail.failed", target, &changes).await?;
                }
                Ok::<_, DirectoryError>(ended)
            })
        })
        .await
}
