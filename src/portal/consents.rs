//! The applications that have something of a person, and taking it back.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;

use super::account::{done, permitted};
use super::views::AccountNotice;
use super::{PortalState, TokenForm};
use crate::apps::oidc::consents;
use crate::directory::{Actor, DirectoryError};
use crate::domain::{Slug, User};
use crate::platform::i18n::Locale;
use crate::platform::web::Page;
use crate::sessions::current::MaybeCurrent;

/// An application that has something of the person.
#[derive(Clone, Debug)]
pub struct ConsentRow {
    /// Its name in addresses.
    pub slug: String,
    /// What it is called.
    pub name: String,
    /// What it may know.
    pub items: Vec<String>,
    /// Since when.
    pub since: String,
}

/// What the account page shows.
pub(super) async fn rows(
    state: &PortalState,
    page: &Page,
    user: &User,
) -> Result<Vec<ConsentRow>, DirectoryError> {
    let locale = page.locale();
    let held = consents::of_user(&state.directory, &user.id).await?;
    let row = |held: consents::Held| ConsentRow {
        items: held.items().into_iter().map(|name| page.t(name)).collect(),
        slug: held.application.to_string(),
        name: held.name,
        since: locale.moment(held.since),
    };
    Ok(held.into_iter().map(row).collect())
}

/// `POST /account/applications/{slug}/take-back`: the application learns nothing
/// more, and asks anew when the person comes back to it.
pub(super) async fn take_back(
    State(state): State<PortalState>,
    locale: Locale,
    Path(slug): Path<String>,
    MaybeCurrent(current): MaybeCurrent,
    Form(form): Form<TokenForm>,
) -> Response {
    let current = match permitted(&state, locale, current, &form) {
        Ok(current) => current,
        Err(response) => return *response,
    };
    let Some(slug) = Slug::parse(&slug) else {
        return done(AccountNotice::NothingTakenBack);
    };
    let user = &current.user.id;
    let actor = Actor::User {
        id: user.clone(),
        name: current.user.display_name(),
    };
    match consents::take_back(&state.directory, user, &slug, actor).await {
        Ok(true) => done(AccountNotice::TakenBack),
        Ok(false) => done(AccountNotice::NothingTakenBack),
        Err(error) => state.failed(locale, &error, "/account"),
    }
}
