//! `/applications`.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::auth::{Caller, ReadAdmin, WriteAdmin};
use super::error::{ApiError, OrProblem as _};
use super::large::LargeJson;
use super::openapi::flattened;
use super::openapi::inputs::{ApplicationPatch, ApplicationReplacement};
use super::openapi::params::{ApplicationParam, IfMatch, OverlapParam, SliceParams};
use super::paging::{List, Query};
use super::versions::{check_match, ok_with_etag, with_etag};
use super::{Answer, ApiState, created, group_id, named, no_content, ok, user_id};
use crate::directory::applications::{
    Assigned, Assignee, LONGEST_OVERLAP, Saved, StoredApplication,
};
use crate::domain::application::ApplicationKind;
use crate::domain::{Application, GroupId, Slug, Timestamp, UserId};
use crate::platform::i18n::Locale;
use crate::platform::web::{ApiJson, FieldError, Problem};

/// An application with what the gateway adds to it.
#[derive(Debug, Serialize)]
pub(super) struct ApplicationShape {
    #[serde(flatten)]
    application: Application,
    #[serde(flatten)]
    added: Added,
}

/// What the gateway adds to an application.
#[derive(Debug, Serialize, ToSchema)]
struct Added {
    /// OpenID: the name under which the client is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// OpenID: when the client's secret was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_made_at: Option<Timestamp>,
    /// OpenID: until when the client's secret before the present one counts, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    old_secret_until: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// The keys that the gateway adds; whoever sends back what was read may leave
/// them in.
const READ_ONLY: [&str; 6] = [
    "client_id",
    "client_secret",
    "secret_made_at",
    "old_secret_until",
    "created_at",
    "updated_at",
];

impl From<StoredApplication> for ApplicationShape {
    fn from(stored: StoredApplication) -> Self {
        let is_client = stored.application.kind == ApplicationKind::Oidc;
        let client_id = is_client.then(|| stored.application.client_id().to_owned());
        Self {
            added: Added {
                client_id,
                secret_made_at: stored.secret_made_at,
                old_secret_until: stored.old_secret_until,
                created_at: stored.created_at,
                updated_at: stored.updated_at,
            },
            application: stored.application,
        }
    }
}

impl PartialSchema for ApplicationShape {
    fn schema() -> RefOr<Schema> {
        flattened(
            "An application, with what the gateway adds to it.",
            [Application::schema(), Added::schema()],
        )
    }
}

impl ToSchema for ApplicationShape {
    fn name() -> std::borrow::Cow<'static, str> {
        "ApplicationShown".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Application::schemas(schemas);
        Added::schemas(schemas);
    }
}

/// An application that was saved, and its secret, when it has just got one.
#[derive(Serialize)]
struct SavedShape {
    #[serde(flatten)]
    shape: ApplicationShape,
    #[serde(flatten)]
    secret: NewSecret,
}

/// A client's new secret.
#[derive(Serialize, ToSchema)]
struct NewSecret {
    /// OpenID: the client's secret. It is told here and nowhere else.
    #[schema(pattern = "^dws_[A-Za-z0-9_-]{43}$")]
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

impl From<Saved> for SavedShape {
    fn from(saved: Saved) -> Self {
        let secret = saved.secret.map(|secret| secret.expose_secret().to_owned());
        Self {
            shape: saved.stored.into(),
            secret: NewSecret {
                client_secret: secret,
            },
        }
    }
}

impl PartialSchema for SavedShape {
    fn schema() -> RefOr<Schema> {
        flattened(
            "An application, with its secret when it has just got one.",
            [Application::schema(), Added::schema(), NewSecret::schema()],
        )
    }
}

impl ToSchema for SavedShape {
    fn name() -> std::borrow::Cow<'static, str> {
        "ApplicationSaved".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        ApplicationShape::schemas(schemas);
    }
}

/// Lists applications, by name.
#[utoipa::path(
    get,
    path = "/applications",
    tag = "Applications",
    params(SliceParams),
    responses(
        (status = 200, description = "One page of applications.", body = List<ApplicationShape>),
    ),
    security(("token" = ["admin"])),
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    _: Caller<ReadAdmin>,
    mut query: Query,
) -> Answer {
    let slice = query.slice();
    query.finish()?;
    let stored = state.directory.applications().await.or_problem(&state)?;
    let shapes = stored.into_iter().map(ApplicationShape::from).collect();
    Ok(ok(List::slice(shapes, slice)))
}

/// Creates an application. A confidential OpenID client gets its secret here, once.
#[utoipa::path(
    post,
    path = "/applications",
    tag = "Applications",
    request_body(content = Application),
    responses(
        (status = 201, description = "The application.", body = SavedShape, headers(("location" = String, description = "The address of what was made."), ("etag" = String, description = "The version, for `If-Match`."))),
        (status = 409, description = "Another application has this slug or one of these hosts."),
    ),
    security(("token" = ["admin"])),
)]
pub(super) async fn create(
    State(state): State<ApiState>,
    caller: Caller<WriteAdmin>,
    LargeJson(body): LargeJson,
) -> Answer {
    let application = read(body)?;
    let saved = state
        .directory
        .save_application(application, None, caller.actor());
    let saved = saved.await.or_problem(&state)?;
    Ok(made(saved))
}

/// Shows an application.
#[utoipa::path(
    get,
    path = "/applications/{slug}",
    tag = "Applications",
    params(ApplicationParam),
    responses(
        (status = 200, description = "The application.", body = ApplicationShape, headers(("etag" = String, description = "The version, for `If-Match`."))),
    ),
    security(("token" = ["admin"])),
)]
pub(super) async fn show(
    State(state): State<ApiState>,
    _: Caller<ReadAdmin>,
    Path(name): Path<String>,
) -> Answer {
    let stored = state.directory.application(&slug(&name)?).await;
    let stored = stored.or_problem(&state)?;
    Ok(ok_with_etag(stored.version, ApplicationShape::from(stored)))
}

/// Makes an application, or puts another description in the place of the one that stands.
///
/// What the body leaves out has its default; the client's secret stays. The slug may be left out
/// of the body.
#[utoipa::path(
    put,
    path = "/applications/{slug}",
    tag = "Applications",
    params(ApplicationParam, IfMatch),
    request_body(content = ApplicationReplacement),
    responses(
        (status = 200, description = "The application as it is now.", body = SavedShape, headers(("etag" = String, description = "The version, for `If-Match`."))),
        (status = 201, description = "The application, which is new.", body = SavedShape, headers(("location" = String, description = "The address of what was made."), ("etag" = String, description = "The version, for `If-Match`."))),
        (status = 409, description = "Another application has one of these hosts, or this one was changed by somebody else in the meantime."),
        (status = 412, description = "The application is not of the version that `If-Match` names."),
    ),
    security(("token" = ["admin"])),
)]
pub(super) async fn replace(
    State(state): State<ApiState>,
    caller: Caller<WriteAdmin>,
    Path(name): Path<String>,
    headers: HeaderMap,
    LargeJson(body): LargeJson,
) -> Answer {
    let slug = slug(&name)?;
    let before = named::standing(&state, state.directory.application(&slug).await)?;
    let before = before.map(|before| before.version);
    let application = read(named::with_slug(body, &slug)?)?;
    check_match(&headers, before)?;
    let saved = state
        .directory
        .save_application(application, before, caller.actor());
    let saved = saved.await.or_problem(&state)?;
    if before.is_none() {
        return Ok(made(saved));
    }
    Ok(ok_with_etag(saved.stored.version, SavedShape::from(saved)))
}

/// Changes an application, by JSON Merge Patch (RFC 7396).
///
/// `null` gives a key its default again.
#[utoipa::path(
    patch,
    path = "/applications/{slug}",
    tag = "Applications",
    params(ApplicationParam, IfMatch),
    request_body(content = ApplicationPatch),
    responses(
        (status = 200, description = "The application as it is now.", body = SavedShape, headers(("etag" = String, description = "The version, for `If-Match`."))),
        (status = 409, description = "Another application has one of these hosts, or this one was changed by somebody else in the meantime."),
        (status = 412, description = "The application is not of the version that `If-Match` names."),
    ),
    security(("token" = ["admin"])),
)]
pub(super) async fn edit(
    State(state): State<ApiState>,
    caller: Caller<WriteAdmin>,
    Path(name): Path<String>,
    headers: HeaderMap,
    LargeJson(body): LargeJson,
) -> Answer {
    let slug = slug(&name)?;
    let before = state.directory.application(&slug).await;
    let before = before.or_problem(&state)?;
    let application = read(named::merged(&before.application, body, &slug)?)?;
    check_match(&headers, Some(before.version))?;
    let saved = state
        .directory
        .save_application(application, Some(before.version), caller.actor());
    let saved = saved.await.or_problem(&state)?;
    Ok(ok_with_etag(saved.stored.version, SavedShape::from(saved)))
}

/// Deletes an application. What it was given opens nothing from now on.
#[utoipa::path(
    delete,
    path = "/applications/{slug}",
    tag = "Applications",
    params(ApplicationParam, IfMatch),
    responses(
        (status = 204, description = "Done. There is no body."),
        (status = 412, description = "The application is not of the version that `If-Match` names."),
    ),
    security(("token" = ["admin"])),
)]
pub(super) async fn remove(
    State(state): State<ApiState>,
    caller: Caller<WriteAdmin>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let slug = slug(&name)?;
    let mut over = None;
    if headers.contains_key(header::IF_MATCH) {
        let before = state.directory.application(&slug).await;
        over = Some(before.or_problem(&state)?.version);
        check_match(&headers, over)?;
    }
    let removed = state
        .directory
        .delete_application(&slug, over, caller.actor());
    removed.await.or_problem(&state)?;
    Ok(no_content())
}

/// Gives an OpenID client another secret, once.
///
/// The one so far is of no use from now on, unless `keep_old_for` says for how long both count.
#[utoipa::path(
    post,
    path = "/applications/{slug}/rotate-secret",
    tag = "Applications",
    params(ApplicationParam, OverlapParam),
    responses(
        (status = 200, description = "The application with its new secret.", body = SavedShape),
        (status = 422, description = "The application has no secret."),
    ),
    security(("token" = ["admin"])),
)]
pub(super) async fn rotate_secret(
    State(state): State<ApiState>,
    caller: Caller<WriteAdmin>,
    Path(name): Path<String>,
    mut query: Query,
) -> Answer {
    let slug = slug(&name)?;
    let keep = query.number("keep_old_for", (0, LONGEST_OVERLAP));
    query.finish()?;
    let saved = state
        .directory
        .rotate_application_secret(&slug, keep.unwrap_or(0), caller.actor());
    let saved = saved.await.or_problem(&state)?;
    Ok(ok_with_etag(saved.stored.version, SavedShape::from(saved)))
}

/// How many mails were written.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ActivationMails)]
struct MailsShape {
    /// Users who were told by this call.
    mailed: usize,
}

/// Tells the assigned users of the application by mail, each once.
///
/// Users who are assigned by themselves or by a group get one mail for each application: an
/// invitation, where they have never signed in. Doing it again tells those who came since.
#[utoipa::path(
    post,
    path = "/applications/{slug}/send-activation",
    tag = "Applications",
    params(ApplicationParam),
    responses(
        (status = 200, description = "How many were told.", body = MailsShape),
        (status = 409, description = "There is no mail server."),
    ),
    security(("token" = ["admin"])),
)]
pub(super) async fn send_activation(
    State(state): State<ApiState>,
    caller: Caller<WriteAdmin>,
    locale: Locale,
    Path(name): Path<String>,
) -> Answer {
    let slug = slug(&name)?;
    let found = state.directory.application(&slug).await;
    let application = found.or_problem(&state)?.application;
    if !state.accounts.outbox().is_open() {
        let detail = "There is no mail server: set [smtp] in the configuration.";
        return Err(Problem::conflict("mail.off", detail).into());
    }
    let people = state.directory.people_of(&slug).await.or_problem(&state)?;
    let about = (slug.as_str(), application.name.as_str());
    let told = state
        .accounts
        .tell_of_application(about, people, locale, caller.actor());
    let mailed = told.await.or_problem(&state)?;
    Ok(ok(MailsShape { mailed }))
}

/// Somebody who is assigned.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Assignment)]
struct AssignmentShape {
    /// `user` or `group`.
    kind: &'static str,
    /// The id of the user or group.
    id: String,
    /// What they are called.
    name: String,
}

impl From<Assigned> for AssignmentShape {
    fn from(assigned: Assigned) -> Self {
        let (kind, id) = match assigned.assignee {
            Assignee::User(id) => ("user", id.to_string()),
            Assignee::Group(id) => ("group", id.to_string()),
        };
        Self {
            kind,
            id,
            name: assigned.name,
        }
    }
}

/// Lists who is assigned to an application: groups, then users, at most 1,000 of each.
#[utoipa::path(
    get,
    path = "/applications/{slug}/assignments",
    tag = "Applications",
    params(ApplicationParam, SliceParams),
    responses(
        (status = 200, description = "One page of assignments.", body = List<AssignmentShape>),
    ),
    security(("token" = ["admin"])),
)]
pub(super) async fn assignments(
    State(state): State<ApiState>,
    _: Caller<ReadAdmin>,
    Path(name): Path<String>,
    mut query: Query,
) -> Answer {
    let slug = slug(&name)?;
    let slice = query.slice();
    query.finish()?;
    let assigned = state.directory.assigned(&slug).await.or_problem(&state)?;
    let shapes = assigned.into_iter().map(AssignmentShape::from).collect();
    Ok(ok(List::slice(shapes, slice)))
}

macro_rules! assignments {
    ($(#[doc = $doc:literal] $name:ident, $method:ident, $path:literal, $segment:literal, $what:literal, $id:ty, $parse:ident, $variant:ident, $assigned:literal;)+) => {
        $(
            #[doc = $doc]
            #[utoipa::path(
                $method,
                path = $path,
                tag = "Applications",
                params(ApplicationParam, ($segment = inline($id), Path, description = $what)),
                responses((status = 204, description = "Done. There is no body.")),
                security(("token" = ["admin"])),
            )]
            pub(super) async fn $name(
                State(state): State<ApiState>,
                caller: Caller<WriteAdmin>,
                Path((application, id)): Path<(String, String)>,
            ) -> Answer {
                let who = Assignee::$variant($parse(&id)?);
                assign(&state, &caller, &application, who, $assigned).await
            }
        )+
    };
}

assignments! {
    /// Assigns a user to an application.
    assign_user, put, "/applications/{slug}/users/{user}", "user", "The user.", UserId, user_id, User, true;
    /// Takes a user's assignment away.
    unassign_user, delete, "/applications/{slug}/users/{user}", "user", "The user.", UserId, user_id, User, false;
    /// Assigns a group to an application: everybody who belongs to it.
    assign_group, put, "/applications/{slug}/groups/{group}", "group", "The group.", GroupId, group_id, Group, true;
    /// Takes a group's assignment away.
    unassign_group, delete, "/applications/{slug}/groups/{group}", "group", "The group.", GroupId, group_id, Group, false;
}

async fn assign(
    state: &ApiState,
    caller: &Caller<WriteAdmin>,
    application: &str,
    who: Assignee,
    assigned: bool,
) -> Answer {
    let application = slug(application)?;
    let done = state
        .directory
        .set_assigned(&application, who, assigned, caller.actor());
    done.await.or_problem(state)?;
    Ok(no_content())
}

/// The application that a path names.
fn slug(text: &str) -> Result<Slug, ApiError> {
    Slug::parse(text).ok_or_else(|| ApiError::no_such("application"))
}

/// Reads an application; everything that is wrong is told at once, as far as it
/// can be read at all.
fn read(mut body: Map<String, Value>) -> Result<Application, ApiError> {
    for key in READ_ONLY {
        body.remove(key);
    }
    let mut application: Application = ApiJson::from_value(Value::Object(body))?;
    application.normalise();
    let mistakes: Vec<FieldError> = application
        .mistakes()
        .into_iter()
        .map(|mistake| FieldError::at(mistake.pointer, mistake.detail))
        .collect();
    if mistakes.is_empty() {
        Ok(application)
    } else {
        Err(ApiError::mistakes(mistakes))
    }
}

fn made(saved: Saved) -> axum::response::Response {
    let path = format!("/api/v1/applications/{}", saved.stored.application.slug);
    let version = saved.stored.version;
    with_etag(version, created(&path, SavedShape::from(saved)))
}
