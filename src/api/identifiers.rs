//! `/users/clear-identifiers`: for people whose UPN changes at the identity
//! provider.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::{Caller, WriteUsers};
use super::error::OrProblem as _;
use super::fields::Fields;
use super::openapi::inputs::ClearingInput;
use super::{Answer, ApiState, ok};
use crate::directory::identifiers::{Cleared, Clearing, Selection};
use crate::domain::{Field, GroupId, Slug, User, UserId};

/// What was cleared, or would be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Clearing)]
struct ClearedShape {
    /// Whether nothing was written.
    dry_run: bool,
    /// Stands for exactly the people in `cleared` as they were.
    digest: String,
    /// Whose identifiers were cleared, with what they were.
    cleared: Vec<Person>,
    /// Who has neither UPN nor external id.
    without: Vec<UserId>,
    /// Who has no e-mail address by which the next login could find them: left alone.
    lost: Vec<UserId>,
    /// Administrators, where they were not meant: left alone.
    administrators: Vec<UserId>,
    /// Whether whoever asks is among them, and was left alone.
    oneself: bool,
    /// Names and ids that are nobody's.
    unknown: Vec<String>,
    /// Names that are one user's address and another one's UPN: left alone.
    ambiguous: Vec<String>,
}

/// Somebody whose identifiers were cleared.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClearedUser)]
struct Person {
    id: UserId,
    name: String,
    /// The address by which the next login finds the user.
    #[schema(required)]
    email: Option<String>,
    /// The UPN before.
    #[schema(required)]
    upn: Option<String>,
    /// The external ids before, per provider.
    #[schema(value_type = BTreeMap<String, Vec<String>>)]
    external_ids: BTreeMap<Slug, Vec<String>>,
}

impl From<Clearing> for Person {
    fn from(Clearing { user, identities }: Clearing) -> Self {
        let text = |field| user.profile.get(field).map(str::to_owned);
        let mut external_ids: BTreeMap<Slug, Vec<String>> = BTreeMap::new();
        for identity in identities {
            let known = external_ids.entry(identity.provider).or_default();
            known.push(identity.subject);
        }
        Self {
            name: user.display_name(),
            email: text(Field::Email),
            upn: text(Field::Upn),
            external_ids,
            id: user.id,
        }
    }
}

impl ClearedShape {
    fn new(cleared: Cleared, dry_run: bool) -> Self {
        let ids = |users: Vec<User>| users.into_iter().map(|user| user.id).collect();
        Self {
            dry_run,
            digest: cleared.digest,
            cleared: cleared.cleared.into_iter().map(Person::from).collect(),
            without: ids(cleared.without),
            lost: ids(cleared.lost),
            administrators: ids(cleared.administrators),
            oneself: cleared.oneself,
            unknown: cleared.unknown,
            ambiguous: cleared.ambiguous,
        }
    }
}

/// Clears the UPNs and external ids of users whose UPN changes at the identity provider.
///
/// Their sessions end; the next login finds them by the e-mail address that the
/// provider vouches for, and sets the new ones. What was cleared stands in the audit
/// log. Users who have a role need the scope or role `admin`.
#[utoipa::path(
    post,
    path = "/users/clear-identifiers",
    tag = "Users",
    request_body(content = ClearingInput),
    responses(
        (status = 200, description = "What was cleared, or would be.", body = ClearedShape),
        (status = 404, description = "There is no such group."),
        (status = 409, description = "They are no longer the people of the digest as they were."),
    ),
    security(("token" = ["users:write"])),
)]
pub(super) async fn clear(
    State(state): State<ApiState>,
    caller: Caller<WriteUsers>,
    mut fields: Fields,
) -> Answer {
    let mut selection = Selection {
        users: ids(&mut fields),
        names: fields.texts("names").value().unwrap_or_default(),
        group: None,
        administrators: fields.flag("administrators").value().unwrap_or(false),
        oneself: fields.flag("oneself").value().unwrap_or(false),
    };
    if let Some(given) = fields.take("group") {
        selection.group = given.as_str().and_then(GroupId::parse);
        if selection.group.is_none() {
            fields.refuse("group", "must be an id as this gateway writes them");
        }
    }
    let dry_run = fields.flag("dry_run").value().unwrap_or(false);
    let digest = fields.text("digest").value();
    let nobody =
        selection.users.is_empty() && selection.names.is_empty() && selection.group.is_none();
    let refused = ["users", "names", "group"];
    let is_wrong = |f: &Fields| {
        let wrong = |key: &&str| f.is_refused(key) || f.is_refused_below(key);
        refused.iter().any(wrong)
    };
    if nobody && !is_wrong(&fields) {
        fields.refuse("users", "must name somebody, or `names` or `group` must");
    }
    fields.finish()?;
    let directory = &state.directory;
    let found = directory.preview_clearing(selection.clone(), caller.actor());
    let found = found.await.or_problem(&state)?;
    if found.cleared.iter().any(|one| !one.user.roles.is_empty()) {
        caller.as_admin()?;
    }
    if dry_run {
        return Ok(ok(ClearedShape::new(found, true)));
    }
    // Exactly those whose roles were looked at.
    let expected = digest.unwrap_or(found.digest);
    let cleared = directory.clear_identifiers(selection, Some(expected), caller.actor());
    let cleared = cleared.await.or_problem(&state)?;
    Ok(ok(ClearedShape::new(cleared, false)))
}

fn ids(fields: &mut Fields) -> Vec<UserId> {
    let texts = fields.texts("users").value().unwrap_or_default();
    let mut found = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        match UserId::parse(text) {
            Some(id) => found.push(id),
            None if !fields.is_refused_below("users") => {
                let detail = "must be an id as this gateway writes them";
                fields.refuse(&format!("users/{index}"), detail);
            }
            None => {}
        }
    }
    found
}
