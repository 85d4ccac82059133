//! What the pages on one user share: finding the user, what is locked, what is
//! ended.

use axum::response::Response;

use crate::directory::{DirectoryError, authority};
use crate::domain::{Field, Scope, Source, User, UserId};
use crate::platform::i18n::Locale;
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::shell::told;

/// The user of an address, or the page that says that there is none.
pub(super) async fn find(
    state: &PortalState,
    locale: Locale,
    id: &str,
) -> Result<User, Box<Response>> {
    let found = match UserId::parse(id) {
        Some(id) => state.directory.user(&id).await,
        None => Err(DirectoryError::NotFound("user")),
    };
    found.map_err(|error| Box::new(state.failed(locale, &error, "/admin/users")))
}

/// The user's own page.
pub(super) fn path(user: &UserId) -> String {
    format!("/admin/users/{user}")
}

/// What an edit that did not go through answers, where no field is to blame.
pub(super) fn not_done(
    state: &PortalState,
    locale: Locale,
    error: &DirectoryError,
    user: &UserId,
) -> Response {
    match error {
        DirectoryError::NotFound(_) => told("/admin/users", "user-gone"),
        DirectoryError::LastAdmin => told(&path(user), "user-last-admin"),
        error => state.failed(locale, error, &path(user)),
    }
}

/// Why a field cannot be changed by hand, if it cannot.
pub(super) fn lock(page: &Page, user: &User, field: Field, is_admin: bool) -> Option<String> {
    if let Some(owner) = authority::kept_by(user, field, Source::Manual) {
        return Some(page.t(&format!("users-locked-{owner}")));
    }
    let identifier = matches!(field, Field::Email | Field::Upn | Field::UserName);
    (identifier && !user.roles.is_empty() && !is_admin).then(|| page.t("users-locked-role"))
}

/// The channel that keeps a field, and whether it is changed there alone, in a
/// few words; empty for a field that is anybody's.
pub(super) fn owner(page: &Page, user: &User, field: Field, is_admin: bool) -> String {
    let kept = authority::kept_by(user, field, Source::Manual);
    if kept.is_none()
        && let Some(lock) = lock(page, user, field, is_admin)
    {
        return lock;
    }
    let Some(source) = user.owners.get(&field) else {
        return String::new();
    };
    let channel = page.t(&format!("channel-{source}"));
    let id = if kept.is_some() {
        "users-kept-there"
    } else {
        "users-kept-by"
    };
    page.t_with(id, &[("channel", &channel)])
}

/// What is taken from a user who is shut out, in sentences with numbers.
pub(super) async fn ends(
    state: &PortalState,
    page: &Page,
    user: &UserId,
) -> Result<Vec<String>, DirectoryError> {
    let held = state.directory.held(user).await?;
    let count = |id: &str, n: i64| page.t_count(id, usize::try_from(n).unwrap_or(0));
    let mut said = vec![count("users-ends-sessions", held.sessions)];
    if held.tokens > 0 {
        said.push(count("users-ends-tokens", held.tokens));
    }
    Ok(said)
}

/// The scope that changing users needs.
pub(super) const WRITE: Scope = Scope::UsersWrite;
