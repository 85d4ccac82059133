//! `/account`: what is known of the person, and where they are signed in.

use std::collections::BTreeMap;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::device::device;
use super::passkeys::own;
use super::views::{AccountNotice, AccountPage, FieldRow, PasswordRow, SessionRow};
use super::{PortalState, TokenForm, consents, identities, see_other, tiles};
use crate::domain::{Field, Timestamp, User};
use crate::login::password::Change;
use crate::platform::i18n::Locale;
use crate::platform::web::Page;
use crate::sessions::current::{Current, MaybeCurrent, NoOne};
use crate::sessions::rows::SessionEntry;

/// What `/account` is asked.
#[derive(Deserialize)]
pub(super) struct Asked {
    /// What has just been done.
    done: Option<String>,
}

/// `GET /account`.
pub(super) async fn show(
    State(state): State<PortalState>,
    locale: Locale,
    Query(asked): Query<Asked>,
    MaybeCurrent(current): MaybeCurrent,
) -> Response {
    let current = match current {
        Ok(current) => current,
        Err(NoOne::SignedOut) => return see_other("/login?rd=%2Faccount"),
        Err(NoOne::Unavailable(cause)) => return state.unavailable(locale, cause, "/account"),
    };
    let page = state.kit.page(locale);
    let user = &current.user;
    let ways_in = match identities::ways_in(&state, user).await {
        Ok(found) => found,
        Err(error) => return state.failed(locale, &error, "/account"),
    };
    let sessions = match state.sessions.of_user(&user.id).await {
        Ok(sessions) => sessions,
        Err(error) => return state.failed(locale, &error, "/account"),
    };
    let applications = match state.directory.applications_of(user).await {
        Ok(applications) => tiles::of(applications),
        Err(error) => return state.failed(locale, &error, "/account"),
    };
    let origins = tiles::origins(&applications);
    let password = match state.accounts.may_change(&current).await {
        Ok(Change::Off) => PasswordRow::Off,
        Ok(Change::Provider(label)) => PasswordRow::Provider(label),
        Ok(Change::Set | Change::SignInAgain) => PasswordRow::None,
        Ok(Change::Replace) => PasswordRow::Has,
        Err(error) => return state.failed(locale, &error, "/account"),
    };
    let passkeys = match own::section(&state, locale, user).await {
        Ok(passkeys) => passkeys,
        Err(error) => return state.failed(locale, &error, "/account"),
    };
    let consents = match consents::rows(&state, &page, user).await {
        Ok(consents) => consents,
        Err(error) => return state.failed(locale, &error, "/account"),
    };
    let now = state.kit.now();
    let name = user.display_name();
    let page = AccountPage {
        initials: initials(&name),
        email: user
            .profile
            .get(Field::Email)
            .filter(|email| *email != name)
            .map(str::to_owned),
        name,
        csrf: state.kit.csrf_token(&current.id_hash),
        applications,
        fields: fields(&page, user),
        identities: ways_in.rows(locale, now),
        links: ways_in.buttons(&state.kit, &current.id_hash),
        photo: photo(&state, user),
        passkeys,
        consents,
        sessions: rows(locale, now, &current.id_hash, sessions),
        dashboard: !user.roles.is_empty(),
        password,
        notice: asked.done.as_deref().and_then(AccountNotice::parse),
        page,
    };
    let shown = state.render_with_sign_out(&page);
    state.kit.with_images(shown, &origins)
}

/// `POST /account/sessions/{handle}/end`: signs one device out.
pub(super) async fn end_one(
    State(state): State<PortalState>,
    locale: Locale,
    Path(handle): Path<String>,
    MaybeCurrent(current): MaybeCurrent,
    Form(form): Form<TokenForm>,
) -> Response {
    let current = match permitted(&state, locale, current, &form) {
        Ok(current) => current,
        Err(response) => return *response,
    };
    match state.sessions.end(&handle, Some(&current.user.id)).await {
        Ok(true) => done(AccountNotice::Ended),
        Ok(false) => done(AccountNotice::Unknown),
        Err(error) => state.unavailable(locale, error.to_string(), "/account"),
    }
}

/// `POST /account/sessions/others/end`: signs out everywhere else.
pub(super) async fn end_others(
    State(state): State<PortalState>,
    locale: Locale,
    MaybeCurrent(current): MaybeCurrent,
    Form(form): Form<TokenForm>,
) -> Response {
    let current = match permitted(&state, locale, current, &form) {
        Ok(current) => current,
        Err(response) => return *response,
    };
    let user = &current.user.id;
    let sessions = match state.sessions.of_user(user).await {
        Ok(sessions) => sessions,
        Err(error) => return state.failed(locale, &error, "/account"),
    };
    for session in sessions {
        if session.id_hash == current.id_hash {
            continue;
        }
        if let Err(error) = state.sessions.end(&session.id_hash, Some(user)).await {
            return state.unavailable(locale, error.to_string(), "/account");
        }
    }
    done(AccountNotice::OthersEnded)
}

/// The signed-in user, if the form carries their token.
pub(super) fn permitted(
    state: &PortalState,
    locale: Locale,
    current: Result<Current, NoOne>,
    form: &TokenForm,
) -> Result<Current, Box<Response>> {
    match current {
        Ok(current) if state.kit.csrf_matches(&current.id_hash, &form.csrf) => Ok(current),
        Ok(_) => Err(Box::new(state.form_expired(locale, "/account"))),
        Err(NoOne::SignedOut) => Err(Box::new(see_other("/login?rd=%2Faccount"))),
        Err(NoOne::Unavailable(cause)) => {
            Err(Box::new(state.unavailable(locale, cause, "/account")))
        }
    }
}

pub(super) fn done(notice: AccountNotice) -> Response {
    see_other(&format!("/account?done={}", notice.word()))
}

/// The sessions, the one that asks first.
fn rows(
    locale: Locale,
    now: Timestamp,
    current: &str,
    mut sessions: Vec<SessionEntry>,
) -> Vec<SessionRow> {
    sessions.sort_by_key(|session| session.id_hash != current);
    sessions
        .into_iter()
        .map(|session| SessionRow {
            device: device(locale, Some(&session.signed_in.user_agent)),
            since: locale.since(session.created_at, now),
            seen: locale.since(session.last_seen_at, now),
            address: session.signed_in.address,
            handle: (session.id_hash != current).then_some(session.id_hash),
        })
        .collect()
}

/// The profile in the order in which people read it, with the channel that
/// keeps each value.
fn fields(page: &Page, user: &User) -> Vec<FieldRow> {
    let mut all = Vec::new();
    for (field, value) in user.profile.iter() {
        // What no channel keeps was taken once, when the user was made.
        let source = user.owners.get(&field).unwrap_or(&user.source);
        let source = Some(page.t(&format!("source-{source}")));
        let row = |label: String, value: String| FieldRow {
            label,
            value,
            source: source.clone(),
        };
        match field {
            // An address says nothing to a person, and loading it would tell
            // another server who looks.
            Field::PhotoUrl => {}
            Field::ExtensionAttributes | Field::CustomAttributes => {
                let set: BTreeMap<String, String> = serde_json::from_str(value).unwrap_or_default();
                all.extend(set.into_iter().map(|(name, value)| row(name, value)));
            }
            Field::ValidFrom | Field::ValidTo => {
                let moment = Timestamp::parse_rfc3339(value)
                    .map_or_else(|| value.to_owned(), |at| page.locale().moment(at));
                all.push(row(page.t(&format!("field-{field}")), moment));
            }
            _ => all.push(row(page.t(&format!("field-{field}")), value.to_owned())),
        }
    }
    all
}

/// The person's picture, if it is one of ours: another server would learn who looks.
fn photo(state: &PortalState, user: &User) -> Option<String> {
    let address = user.profile.get(Field::PhotoUrl)?;
    let path = address.strip_prefix(state.kit.origin())?;
    path.starts_with("/photos/").then(|| path.to_owned())
}

/// The first letters of the first and the last word of a name.
fn initials(name: &str) -> String {
    let letter = |word: &str| word.chars().find(|c| c.is_alphanumeric());
    let mut words = name.split_whitespace().filter_map(letter);
    let first = words.next();
    let last = words.next_back();
    first
        .into_iter()
        .chain(last)
        .flat_map(char::to_uppercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_letters() {
        for (name, expected) in [
            ("Ada Lovelace", "AL"),
            ("Ada King, Countess of Lovelace", "AL"),
            ("ada@example.com", "A"),
            ("  ørsted   ", "Ø"),
            ("\"Ada\" (Lovelace)", "AL"),
            ("李 小龙", "李小"),
            ("--", ""),
        ] {
            assert_eq!(initials(name), expected);
        }
    }
}
