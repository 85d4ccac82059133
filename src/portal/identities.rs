//! The identities on the account page: which lead in, connecting another one,
//! taking one off.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::account::{done, permitted};
use super::views::{AccountNotice, IdentityRow, LinkButton, UnlinkPage};
use super::{PortalState, TokenForm, login, see_other};
use crate::directory::linking::{self, Open, Unlinked};
use crate::directory::users::{self, KnownIdentity};
use crate::directory::{DirectoryError, providers, settings};
use crate::domain::{ExternalIdentity, Provider, Timestamp, User};
use crate::login::linking as sign_in_linking;
use crate::platform::i18n::Locale;
use crate::platform::storage::StorageError;
use crate::platform::web::Kit;
use crate::sessions::current::{Current, MaybeCurrent, NoOne};
use crate::sessions::prompt::Prompt;
use crate::sessions::{self, rows};

/// What is known of the ways in of one user.
pub(super) struct WaysIn {
    known: Vec<KnownIdentity>,
    providers: Vec<Provider>,
    /// Whether a way in hangs on none of them.
    others: bool,
}

/// Reads them in one view of the data.
pub(super) async fn ways_in(state: &PortalState, user: &User) -> Result<WaysIn, DirectoryError> {
    let id = user.id.clone();
    let defaults = state.defaults.clone();
    let (known, stored, others) = state
        .directory
        .db
        .read(move |tx| {
            let (id, defaults) = (id.clone(), defaults.clone());
            Box::pin(async move {
                let known = users::known_identities(tx, &id).await?;
                let open = Open::of(&settings::load(tx, &defaults).await?);
                let others = linking::has_way_in_here(tx, &id, None, open).await?;
                Ok::<_, StorageError>((known, providers::all(tx).await?, others))
            })
        })
        .await?;
    Ok(WaysIn {
        known,
        others,
        providers: stored.into_iter().map(|s| s.provider).collect(),
    })
}

impl WaysIn {
    fn provider(&self, identity: &ExternalIdentity) -> Option<&Provider> {
        let mut all = self.providers.iter();
        all.find(|p| p.slug == identity.provider)
    }

    fn label(&self, identity: &ExternalIdentity) -> String {
        self.provider(identity)
            .map_or_else(|| identity.provider.to_string(), |p| p.label.clone())
    }

    fn is_on(&self, identity: &ExternalIdentity) -> bool {
        self.provider(identity).is_some_and(|p| p.enabled)
    }

    /// Whether a way in remains without this one.
    fn can_go(&self, identity: &ExternalIdentity) -> bool {
        let remains =
            |other: &KnownIdentity| other.identity != *identity && self.is_on(&other.identity);
        self.others || self.known.iter().any(remains)
    }

    fn find(&self, handle: &str) -> Option<&ExternalIdentity> {
        let mut all = self.known.iter().map(|known| &known.identity);
        all.find(|identity| handle_of(identity) == handle)
    }

    pub(super) fn rows(&self, locale: Locale, now: Timestamp) -> Vec<IdentityRow> {
        let row = |known: &KnownIdentity| IdentityRow {
            provider: self.label(&known.identity),
            subject: known.identity.subject.clone(),
            since: locale.since(known.since, now),
            used: locale.since(known.used, now),
            off: !self.is_on(&known.identity),
            unlink: self
                .can_go(&known.identity)
                .then(|| format!("/account/identities/{}/unlink", handle_of(&known.identity))),
        };
        self.known.iter().map(row).collect()
    }

    /// A button for each provider that is switched on and that the user has no
    /// identity of.
    pub(super) fn buttons(&self, kit: &Kit, session: &str) -> Vec<LinkButton> {
        let is_known = |p: &Provider| self.known.iter().any(|k| k.identity.provider == p.slug);
        self.providers
            .iter()
            .filter(|p| p.enabled && !is_known(p))
            .map(|p| LinkButton {
                label: p.label.clone(),
                href: format!(
                    "{}?{}={}",
                    login::begin(p, None, None, Prompt::None),
                    sign_in_linking::PARAMETER,
                    sign_in_linking::token(kit, session, &p.slug)
                ),
            })
            .collect()
    }
}

/// An identity's name in an address. It says nothing of the person.
fn handle_of(identity: &ExternalIdentity) -> String {
    sessions::hash(&format!(
        "{}\0{}\0{}",
        identity.provider, identity.issuer, identity.subject
    ))
}

/// `GET /account/identities/{handle}/unlink`: asks once.
pub(super) async fn ask(
    State(state): State<PortalState>,
    locale: Locale,
    Path(handle): Path<String>,
    MaybeCurrent(current): MaybeCurrent,
) -> Response {
    let current = match current {
        Ok(current) => current,
        Err(NoOne::SignedOut) => return see_other("/login?rd=%2Faccount"),
        Err(NoOne::Unavailable(cause)) => return state.unavailable(locale, cause, "/account"),
    };
    let ways_in = match ways_in(&state, &current.user).await {
        Ok(found) => found,
        Err(error) => return state.failed(locale, &error, "/account"),
    };
    let Some(identity) = ways_in.find(&handle) else {
        return done(AccountNotice::IdentityUnknown);
    };
    if !ways_in.can_go(identity) {
        return done(AccountNotice::LastWayIn);
    }
    let page = UnlinkPage {
        page: state.kit.page(locale),
        provider: ways_in.label(identity),
        subject: identity.subject.clone(),
        action: format!("/account/identities/{handle}/unlink"),
        csrf: state.kit.csrf_token(&current.id_hash),
    };
    state.kit.render(StatusCode::OK, &page)
}

/// `POST /account/identities/{handle}/unlink`.
pub(super) async fn unlink(
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
    let identity = match ways_in(&state, &current.user).await {
        Ok(found) => found.find(&handle).cloned(),
        Err(error) => return state.failed(locale, &error, "/account"),
    };
    let Some(identity) = identity else {
        return done(AccountNotice::IdentityUnknown);
    };
    match take_off(&state, &current, identity).await {
        Ok(Unlinked::Done) => done(AccountNotice::Unlinked),
        Ok(Unlinked::LastWayIn) => done(AccountNotice::LastWayIn),
        Ok(Unlinked::Unknown) => done(AccountNotice::IdentityUnknown),
        Err(error) => state.failed(locale, &error, "/account"),
    }
}

/// Takes the identity off, and ends the other sessions that it began: whoever
/// has it is to be out.
async fn take_off(
    state: &PortalState,
    current: &Current,
    identity: ExternalIdentity,
) -> Result<Unlinked, DirectoryError> {
    let (directory, user) = (state.directory.clone(), current.user.clone());
    let (session, defaults) = (current.id_hash.clone(), state.defaults.clone());
    state
        .directory
        .db
        .write(move |tx| {
            let (directory, user) = (directory.clone(), user.clone());
            let (identity, session) = (identity.clone(), session.clone());
            let defaults = defaults.clone();
            Box::pin(async move {
                let at = (directory.now(), &directory.entropy);
                let open = Open::of(&settings::load(tx, &defaults).await?);
                let unlinked = linking::unlink(tx, &user, &identity, open, at).await?;
                if unlinked == Unlinked::Done {
                    rows::end_through(tx, &user.id, &identity, &session).await?;
                }
                Ok(unlinked)
            })
        })
        .await
}
