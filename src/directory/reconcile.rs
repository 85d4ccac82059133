//! Brings the directory in step with one observation, in one transaction: rows,
//! memberships and audit events, or nothing.

use std::collections::BTreeSet;

use super::audit::{self, Actor, Target};
use super::error::{DirectoryError, Refusal};
use super::plan::{self, Change, Plan};
use super::policy::{self, LoginPolicy};
use super::resolve::{self, Candidates, Matched, Resolution};
use super::{Directory, conflicts, groups, lifecycle, providers, users};
use crate::domain::{
    Channel, Entropy, ExternalIdentity, Field, Observation, Profile, Timestamp, User, UserId,
    address,
};
use crate::platform::storage::{StorageError, Tx, params};

/// Whether the changes are written or only worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Write them.
    Apply,
    /// Only say what would be written.
    Preview,
}

/// What came of an observation.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The user as it stands now, or would stand.
    pub user: User,
    /// Whether the user is new.
    pub created: bool,
    /// The identifier that found the user.
    pub matched_by: Option<Matched>,
    /// What changed.
    pub changes: Vec<Change>,
    /// The identity that was new to the user.
    pub attached: Option<ExternalIdentity>,
}

/// What goes with an observation.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// Who brings it, for the audit log.
    pub actor: &'a Actor,
    /// Given for logins.
    pub policy: Option<&'a LoginPolicy>,
    /// Write, or only say.
    pub mode: Mode,
    /// The present moment.
    pub now: Timestamp,
    /// Chance, for new ids.
    pub entropy: &'a Entropy,
}

/// Applies one observation. See the [module](self).
///
/// # Errors
/// A [`Refusal`] for a login that may not come in, [`DirectoryError::Taken`]
/// when an identifier belongs to somebody else, and what the database says.
pub async fn reconcile(
    tx: &mut Tx,
    observation: &Observation,
    context: &Context<'_>,
) -> Result<Outcome, DirectoryError> {
    validate(observation)?;
    if let Some(policy) = context.policy {
        policy.admit(observation)?;
    }
    let candidates = candidates(tx, observation, context.policy).await?;
    let resolution = match observation.target {
        Some(ref id) => named(tx, id).await?,
        None => resolve::resolve(observation, candidates.clone(), context.policy)
            .map_err(Refusal::Conflict)?,
    };
    // A hand that names nobody makes somebody new; whom it would find instead
    // is not whom it meant.
    if let (
        Channel::Manual,
        Resolution::Existing {
            matched_by: Some(by),
            ..
        },
    ) = (&observation.channel, &resolution)
    {
        return Err(is_taken(observation, by.as_str()));
    }
    let (plan, matched_by) = match resolution {
        Resolution::Existing {
            user,
            matched_by,
            attach,
        } => {
            let taken = taken(&candidates, Some(&user.id), observation)?;
            let plan = plan::update(&user, observation, context.policy, attach, &taken)?;
            // As the user will stand: a login may bring another validity along.
            if let Some(policy) = context.policy {
                policy::may_sign_in(&plan.user, context.now, policy.enforce_validity)?;
            }
            (plan, matched_by)
        }
        Resolution::Nobody => {
            if let Some(policy) = context.policy {
                if !policy.jit {
                    return Err(Refusal::UnknownUser.into());
                }
                policy.finds_again(observation)?;
            }
            let id = UserId::new(context.now, context.entropy);
            let taken = taken(&candidates, None, observation)?;
            let plan = plan::create(observation, context.policy, id, context.now, &taken)?;
            if let Some(policy) = context.policy {
                policy::may_sign_in(&plan.user, context.now, policy.enforce_validity)?;
            }
            (plan, None)
        }
    };
    write(tx, plan, matched_by, observation, context).await
}

async fn named(tx: &mut Tx, id: &UserId) -> Result<Resolution, DirectoryError> {
    let user = users::locked(tx, id)
        .await?
        .ok_or(DirectoryError::NotFound("user"))?;
    Ok(Resolution::Existing {
        user: Box::new(user),
        matched_by: None,
        attach: false,
    })
}

/// Looks the identifiers up, the weakest first. On PostgreSQL each query sees
/// what others have committed by then; whoever is found by a weak identifier is
/// thus never missed by a strong one that was committed with it, and does not
/// look like a stranger with the same address.
async fn candidates(
    tx: &mut Tx,
    observation: &Observation,
    policy: Option<&LoginPolicy>,
) -> Result<Candidates, StorageError> {
    let mut found = Candidates::default();
    if let Some(name) = observation.profile.get(Field::UserName) {
        found.user_name = users::by_user_name(tx, name).await?;
    }
    if let Some(email) = observation.profile.get(Field::Email) {
        found.email = users::by_email(tx, email).await?;
    }
    if let Some(upn) = observation.profile.get(Field::Upn) {
        found.upn = users::by_upn(tx, upn).await?;
    }
    if let Some(identity) = &observation.identity {
        if policy.is_some_and(|policy| policy.one_subject_per_user) {
            let others: BTreeSet<UserId> = [&found.upn, &found.email]
                .into_iter()
                .flatten()
                .map(|u| u.id.clone())
                .collect();
            for id in others {
                if users::is_known_to(tx, &id, identity).await? {
                    found.known_to_provider.push(id);
                }
            }
        }
        found.external_id = users::by_identity(tx, identity).await?;
    }
    if let Some(scim_id) = &observation.scim_id {
        found.scim_id = users::by_scim_id(tx, scim_id).await?;
    }
    Ok(found)
}

/// The identifiers of the observation that belong to somebody other than `user`.
/// A login or a synchronisation leaves them alone; a hand is told, and so is
/// every channel but a login that would make a new user under a user name that
/// somebody has.
fn taken(
    candidates: &Candidates,
    user: Option<&UserId>,
    observation: &Observation,
) -> Result<BTreeSet<Field>, DirectoryError> {
    let is_told = match observation.channel {
        Channel::Manual => true,
        Channel::Login { .. } => false,
        Channel::Records { .. } => user.is_none(),
    };
    let mut taken = BTreeSet::new();
    for (field, holder) in [
        (Field::UserName, &candidates.user_name),
        (Field::Upn, &candidates.upn),
        (Field::Email, &candidates.email),
    ] {
        if holder.as_ref().is_some_and(|h| Some(&h.id) != user) {
            if is_told {
                return Err(is_taken(observation, field.name()));
            }
            taken.insert(field);
        }
    }
    Ok(taken)
}

fn is_taken(observation: &Observation, what: &'static str) -> DirectoryError {
    let value = Field::parse(what)
        .and_then(|field| observation.profile.get(field))
        .unwrap_or_default()
        .to_owned();
    DirectoryError::Taken {
        what,
        value,
        kind: "user",
    }
}

async fn write(
    tx: &mut Tx,
    plan: Plan,
    matched_by: Option<Matched>,
    observation: &Observation,
    context: &Context<'_>,
) -> Result<Outcome, DirectoryError> {
    let Plan {
        mut user,
        create,
        changes,
        attach,
    } = plan;
    if context.mode == Mode::Apply {
        let now = context.now;
        if create {
            users::insert(tx, &user).await?;
        } else if !changes.is_empty() {
            user.updated_at = now;
            users::store(tx, &user).await?;
            user.version += 1;
        }
        if let Some(identity) = &attach
            && !users::attach(tx, &user.id, identity, now).await?
        {
            return Err(StorageError::stale("the identity was attached in the meantime").into());
        }
        record(tx, &user, create, &changes, attach.as_ref(), context).await?;
        if let (Some(wanted), Channel::Login { provider, .. }) =
            (&observation.groups, &observation.channel)
        {
            groups::follow_login(tx, &user.id, provider, wanted, context).await?;
        }
    }
    Ok(Outcome {
        user,
        created: create,
        matched_by,
        changes,
        attached: attach,
    })
}

/// Attaches an identity to a user on somebody's word; `false` when the user has
/// it already.
///
/// # Errors
/// [`DirectoryError::Taken`] when another user has it.
pub(super) async fn link(
    tx: &mut Tx,
    user: &User,
    identity: &ExternalIdentity,
    context: &Context<'_>,
) -> Result<bool, DirectoryError> {
    match users::by_identity(tx, identity).await? {
        Some(holder) if holder.id == user.id => return Ok(false),
        Some(_) => {
            return Err(DirectoryError::Taken {
                what: "subject",
                value: identity.subject.clone(),
                kind: "user",
            });
        }
        None => {}
    }
    if !users::attach(tx, &user.id, identity, context.now).await? {
        return Err(StorageError::stale("the identity was attached in the meantime").into());
    }
    record(tx, user, false, &[], Some(identity), context).await?;
    Ok(true)
}

async fn record(
    tx: &mut Tx,
    user: &User,
    create: bool,
    changes: &[Change],
    attach: Option<&ExternalIdentity>,
    context: &Context<'_>,
) -> Result<(), StorageError> {
    let name = user.display_name();
    let target = Target {
        kind: "user",
        id: user.id.as_str(),
        name: &name,
    };
    let at = (context.now, context.entropy);
    if create {
        audit::record(tx, at, context.actor, "user.created", target, changes).await?;
    } else if !changes.is_empty() {
        audit::record(tx, at, context.actor, "user.updated", target, changes).await?;
    }
    if let (Some(identity), false) = (attach, create) {
        let change = Change {
            field: format!("external_ids.{}", identity.provider),
            before: None,
            after: Some(identity.subject.clone()),
        };
        audit::record(
            tx,
            at,
            context.actor,
            "user.identity_linked",
            target,
            &[change],
        )
        .await?;
    }
    Ok(())
}

/// Longest value of a field in characters.
const LONGEST: usize = 1024;
/// Longest of the two attribute sets and the photo's address.
/// The longest address: 64 characters, `@`, and the longest domain (RFC 5321 §4.5.3.1).
const LONGEST_ADDRESS: usize = 64 + 1 + 255;
const LONGEST_SET: usize = 16_384;

/// Whether the values can be what they are meant to be.
fn validate(observation: &Observation) -> Result<(), DirectoryError> {
    validate_identifiers(observation)?;
    match problems(&observation.profile).into_iter().next() {
        Some((field, reason)) => Err(DirectoryError::invalid(field.name(), reason)),
        None => Ok(()),
    }
}

/// Everything that is wrong with the values, field by field: a form or an API
/// tells all of it at once. Empty when they can stand.
#[must_use]
pub fn problems(profile: &Profile) -> Vec<(Field, String)> {
    profile
        .iter()
        .filter_map(|(field, value)| problem(field, value).map(|reason| (field, reason)))
        .collect()
}

/// The most characters that a field may have.
#[must_use]
pub const fn longest(field: Field) -> usize {
    match field {
        Field::ExtensionAttributes | Field::CustomAttributes | Field::PhotoUrl => LONGEST_SET,
        Field::Upn | Field::UserName => address::LONGEST_NAME_KEY,
        Field::Email => LONGEST_ADDRESS,
        _ => LONGEST,
    }
}

fn problem(field: Field, value: &str) -> Option<String> {
    let longest = longest(field);
    if value.chars().count() > longest {
        return Some(format!("is longer than {longest} characters"));
    }
    if value.contains('\0') {
        return Some("holds a character that no text can hold".to_owned());
    }
    let reason = match field {
        Field::Email if address::email_key(value).is_none() => "must be a valid email address",
        Field::Upn | Field::UserName if address::name_key(value).is_none() => {
            "must have 1 to 256 visible characters"
        }
        Field::ValidFrom | Field::ValidTo if Timestamp::parse_rfc3339(value).is_none() => {
            "must be a date and time as in RFC 3339, 2026-11-21T20:15:30Z"
        }
        _ => return None,
    };
    Some(reason.to_owned())
}

/// Longest identifier of a channel's own in octets: three of them fit an entry
/// of PostgreSQL's indexes.
const LONGEST_IDENTIFIER: usize = 800;

pub(super) fn validate_identifiers(observation: &Observation) -> Result<(), DirectoryError> {
    let identity = observation.identity.as_ref();
    for (name, value) in [
        ("scim_id", observation.scim_id.as_deref()),
        ("issuer", identity.map(|i| i.issuer.as_str())),
        ("subject", identity.map(|i| i.subject.as_str())),
    ] {
        let Some(value) = value else { continue };
        if value.is_empty() || value.len() > LONGEST_IDENTIFIER {
            return Err(DirectoryError::invalid(
                name,
                format!("must have 1 to {LONGEST_IDENTIFIER} octets"),
            ));
        }
        if value.contains('\0') {
            return Err(DirectoryError::invalid(
                name,
                "holds a character that no text can hold",
            ));
        }
    }
    Ok(())
}

impl Directory {
    /// Applies one observation that is not a login, in a transaction of its
    /// own: an admin's edit, a script's, a record's.
    pub async fn observe(
        &self,
        observation: Observation,
        actor: Actor,
        mode: Mode,
    ) -> Result<Outcome, DirectoryError> {
        let directory = self.clone();
        self.db
            .write(move |tx| {
                let (observation, actor) = (observation.clone(), actor.clone());
                let directory = directory.clone();
                Box::pin(async move {
                    let context = Context {
                        actor: &actor,
                        policy: None,
                        mode,
                        now: directory.now(),
                        entropy: &directory.entropy,
                    };
                    let outcome = reconcile(tx, &observation, &context).await?;
                    lifecycle::keep_a_valid_admin(tx, &directory, &outcome).await?;
                    Ok(outcome)
                })
            })
            .await
    }
}

/// Applies a login's observation and notes the login, inside the sign-in's own
/// transaction. A refused link leaves a case in the conflict queue, which the
/// caller commits with its trace; so the refusal comes back as a value.
pub async fn login(
    tx: &mut Tx,
    observation: &Observation,
    policy: &LoginPolicy,
    now: Timestamp,
    entropy: &Entropy,
) -> Result<Result<Outcome, Refusal>, DirectoryError> {
    let actor = match &observation.channel {
        Channel::Login { provider, .. } => {
            providers::hold(tx, provider).await?;
            Actor::Channel(format!("login through {provider}"))
        }
        _ => Actor::Gateway,
    };
    let context = Context {
        actor: &actor,
        policy: Some(policy),
        mode: Mode::Apply,
        now,
        entropy,
    };
    match reconcile(tx, observation, &context).await {
        Ok(mut outcome) => {
            // Of the version that was judged: whoever was shut out since then
            // does not come in, and from here on the row is held.
            let sql = "UPDATE users SET last_login_at = $2 WHERE id = $1 AND version = $3";
            let row = params![&outcome.user.id, now, outcome.user.version];
            if tx.execute(sql, row).await? != 1 {
                return Err(StorageError::stale("the user was changed in the meantime").into());
            }
            if let Some(identity) = &observation.identity {
                users::used(tx, identity, now).await?;
            }
            outcome.user.last_login_at = Some(now);
            Ok(Ok(outcome))
        }
        Err(DirectoryError::Refused(refusal)) => {
            if let Refusal::Conflict(conflict) = &refusal {
                conflicts::file(tx, observation, conflict, now, entropy).await?;
            }
            Ok(Err(refusal))
        }
        Err(error) => Err(error),
    }
}
