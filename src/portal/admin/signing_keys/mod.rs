//! The keys that sign what applications are given: which there are, and others in
//! their place.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::security::SECTION;
use super::shell::{ConfirmPage, Moment, Shell, done, told};
use super::staff::{ReadAdmin, Staff, WriteAdmin};
use super::typed::Posted;
use crate::directory::DirectoryError;
use crate::directory::signing_keys::schedule::State as KeyState;
use crate::directory::signing_keys::{KeyEntry, SigningKeyError};
use crate::platform::i18n::Locale;
use crate::platform::storage::StorageError;
use crate::platform::web::Page;
use crate::portal::PortalState;

/// Where the keys are shown.
const PATH: &str = "/admin/security/signing-keys";

/// The pages' routes.
pub(super) fn router() -> Router<PortalState> {
    Router::new()
        .route("/admin/security/signing-keys", get(show))
        .route(
            "/admin/security/signing-keys/rotate",
            get(ask_rotate).post(rotate),
        )
        .route(
            "/admin/security/signing-keys/replace",
            get(ask_replace).post(replace),
        )
}

/// The keys.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/signing_keys/list.html")]
struct KeysPage {
    page: Page,
    shell: Shell,
    writes: bool,
    keys: Vec<Row>,
}

/// One key in a line.
#[derive(Clone, Debug)]
struct Row {
    kid: String,
    algorithm: &'static str,
    state: String,
    tone: &'static str,
    made: Moment,
    active: Moment,
}

fn row(page: &Page, shell: &Shell, key: &KeyEntry) -> Row {
    let tone = match key.state {
        KeyState::Current => "good",
        KeyState::Next => "plain",
        KeyState::Retired => "off",
    };
    Row {
        kid: key.kid.clone(),
        algorithm: key.algorithm.name(),
        state: page.t(&format!("signing-keys-{}", key.state.as_str())),
        tone,
        made: shell.time(page, key.created_at),
        active: shell.time(page, key.active_from),
    }
}

/// `GET /admin/security/signing-keys`.
async fn show(State(state): State<PortalState>, staff: Staff<ReadAdmin>) -> Response {
    let (page, shell) = staff.frame(&state, &SECTION);
    let keys = match state.signing.entries().await {
        Ok(keys) => keys,
        Err(error) => return failed(&state, staff.locale, error),
    };
    let page = KeysPage {
        writes: staff.is_admin(),
        keys: keys.iter().map(|key| row(&page, &shell, key)).collect(),
        page,
        shell,
    };
    state.show(StatusCode::OK, &page)
}

/// What an admin may do to the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// Others, announced first.
    Rotate,
    /// Others at once: somebody else may have these.
    Replace,
}

impl Change {
    const fn word(self) -> &'static str {
        match self {
            Self::Rotate => "rotate",
            Self::Replace => "replace",
        }
    }

    fn ask(self, state: &PortalState, staff: &Staff<WriteAdmin>) -> Response {
        let (page, shell) = staff.frame(state, &SECTION);
        let word = self.word();
        let text = |what: &str| page.t(&format!("signing-keys-{word}-{what}"));
        let question = ConfirmPage {
            title: text("title"),
            effects: vec![text("effect"), text("then")],
            refusal: None,
            button: text("button"),
            danger: self == Self::Replace,
            action: format!("{PATH}/{word}"),
            hidden: Vec::new(),
            cancel: PATH.to_owned(),
            page,
            shell,
        };
        state.show(StatusCode::OK, &question)
    }

    async fn carry_out(self, state: &PortalState, staff: &Staff<WriteAdmin>) -> Response {
        let at_once = self == Self::Replace;
        match state.signing.rotate(at_once, staff.actor()).await {
            Ok(true) if at_once => done(PATH, "signing-keys-replaced"),
            Ok(true) => done(PATH, "signing-keys-rotated"),
            Ok(false) => told(PATH, "signing-keys-coming"),
            Err(error) => failed(state, staff.locale, error),
        }
    }
}

/// `GET /admin/security/signing-keys/rotate`.
async fn ask_rotate(State(state): State<PortalState>, staff: Staff<WriteAdmin>) -> Response {
    Change::Rotate.ask(&state, &staff)
}

/// `POST /admin/security/signing-keys/rotate`.
async fn rotate(
    State(state): State<PortalState>,
    Posted { staff, .. }: Posted<WriteAdmin>,
) -> Response {
    Change::Rotate.carry_out(&state, &staff).await
}

/// `GET /admin/security/signing-keys/replace`.
async fn ask_replace(State(state): State<PortalState>, staff: Staff<WriteAdmin>) -> Response {
    Change::Replace.ask(&state, &staff)
}

/// `POST /admin/security/signing-keys/replace`.
async fn replace(
    State(state): State<PortalState>,
    Posted { staff, .. }: Posted<WriteAdmin>,
) -> Response {
    Change::Replace.carry_out(&state, &staff).await
}

fn failed(state: &PortalState, locale: Locale, error: SigningKeyError) -> Response {
    let error = match error {
        SigningKeyError::Directory(error) => error,
        other => DirectoryError::from(StorageError::Statement(other.to_string())),
    };
    state.failed(locale, &error, PATH)
}

/// The samples of the pages.
#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    use crate::domain::Timestamp;
    use crate::platform::crypto::jwt::Algorithm;
    let shell = Shell::sample(page, &SECTION);
    let at = Timestamp(1_767_225_600_000);
    let states = [KeyState::Next, KeyState::Current, KeyState::Retired];
    let keys = states.into_iter().zip(Algorithm::ALL.into_iter().cycle());
    let keys = keys.map(|(state, algorithm)| KeyEntry {
        kid: "b0iQgUbR3S6m1wFQXfZ3Yq9Jx2yQzWc7mYf0nVtKc1E".to_owned(),
        algorithm,
        state,
        created_at: at,
        active_from: at,
    });
    let full = KeysPage {
        writes: true,
        keys: keys.map(|key| row(page, &shell, &key)).collect(),
        page: page.clone(),
        shell: shell.clone(),
    };
    let reads = KeysPage {
        writes: false,
        keys: Vec::new(),
        ..full.clone()
    };
    [
        ("admin-signing-keys", full),
        ("admin-signing-keys-none", reads),
    ]
    .into_iter()
    .map(|(name, page)| (name.to_owned(), page.render().unwrap()))
    .collect()
}
