//! Who is at the dashboard. A handler that takes a [`Staff`] says in its
//! signature what it needs, so no handler can forget to ask, and nobody's form
//! is read before.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::shell::{Flash, Shell};
use super::{SECTIONS, Section};
use crate::directory::Actor;
use crate::domain::{Access, Role, Scope, User};
use crate::platform::i18n::Locale;
use crate::platform::web::{Message, Page};
use crate::portal::{PortalState, see_other};
use crate::sessions::current::{Current, NoOne, current};

/// What a handler needs of whoever is signed in.
pub(in crate::portal) trait Need: Send + Sync + 'static {
    /// What the role must open; `None` when any role does.
    const SCOPE: Option<Scope>;
    /// Whether an auditor may, too.
    const ACCESS: Access;
}

macro_rules! needs {
    ($($(#[$doc:meta])* $name:ident = $scope:expr, $access:ident;)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub(in crate::portal) struct $name;

            impl Need for $name {
                const SCOPE: Option<Scope> = $scope;
                const ACCESS: Access = Access::$access;
            }
        )+
    };
}

needs! {
    /// Any role.
    AnyRole = None, Read;
    /// To see providers.
    ReadProviders = Some(Scope::ProvidersWrite), Read;
    /// To change providers.
    WriteProviders = Some(Scope::ProvidersWrite), Write;
    /// To see users.
    ReadUsers = Some(Scope::UsersRead), Read;
    /// To change users.
    WriteUsers = Some(Scope::UsersWrite), Write;
    /// To see groups.
    ReadGroups = Some(Scope::GroupsRead), Read;
    /// To change groups.
    WriteGroups = Some(Scope::GroupsWrite), Write;
    /// To see the audit log and login traces.
    ReadAudit = Some(Scope::AuditRead), Read;
    /// To see what only admins change.
    ReadAdmin = Some(Scope::Admin), Read;
    /// What only admins change: roles, settings, tokens.
    WriteAdmin = Some(Scope::Admin), Write;
}

/// Somebody at the dashboard who may do what `N` says.
#[derive(Debug)]
pub(in crate::portal) struct Staff<N> {
    /// The session and its user.
    pub(in crate::portal) current: Current,
    /// The language.
    pub(in crate::portal) locale: Locale,
    /// What has just been done.
    flash: Option<Flash>,
    need: PhantomData<N>,
}

/// The answer to somebody who does not get in.
#[derive(Debug)]
pub(in crate::portal) struct Refused(Box<Response>);

impl From<Response> for Refused {
    fn from(response: Response) -> Self {
        Self(Box::new(response))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        *self.0
    }
}

impl<N: Need> FromRequestParts<PortalState> for Staff<N> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &PortalState) -> Result<Self, Refused> {
        let locale = Locale::of(&parts.headers);
        let here = parts.uri.path_and_query().map_or("/admin", |p| p.as_str());
        match current(parts).await {
            Ok(current) if may(&current.user, N::SCOPE, N::ACCESS) => Ok(Self {
                current,
                locale,
                flash: Flash::of(locale, parts.uri.query().unwrap_or_default()),
                need: PhantomData,
            }),
            Ok(current) => Err(not_admitted(state, locale, &current.user, N::SCOPE).into()),
            Err(NoOne::SignedOut) => Err(see_other(&sign_in(here)).into()),
            Err(NoOne::Unavailable(cause)) => Err(state.unavailable(locale, cause, here).into()),
        }
    }
}

/// The sign-in page that leads back here.
fn sign_in(here: &str) -> String {
    let rd: String = url::form_urlencoded::byte_serialize(here.as_bytes()).collect();
    format!("/login?rd={rd}")
}

/// The page for somebody whose role does not open this.
fn not_admitted(
    state: &PortalState,
    locale: Locale,
    user: &User,
    scope: Option<Scope>,
) -> Response {
    let needed = scope.map_or("any role", Scope::as_str);
    let failure = state
        .kit
        .failure(Message::NotAdmitted, "admin.role")
        .with_detail(format!("{} lacks a role that opens {needed}", user.id));
    state.kit.failure_page(locale, failure)
}

/// Whether a user's roles open this.
fn may(user: &User, scope: Option<Scope>, access: Access) -> bool {
    let opens = |role: &Role| scope.is_none_or(|scope| role.may(scope, access));
    user.roles.iter().any(opens)
}

impl<N> Staff<N> {
    /// Whose name goes into the audit log.
    pub(in crate::portal) fn actor(&self) -> Actor {
        Actor::User {
            id: self.current.user.id.clone(),
            name: self.current.user.display_name(),
        }
    }

    /// Whether the roles open more than the handler needs: for what a page shows
    /// to some only. Who sends the form all the same meets the handler's own need.
    pub(in crate::portal) fn may(&self, scope: Scope, access: Access) -> bool {
        may(&self.current.user, Some(scope), access)
    }

    /// Whether it is an admin.
    pub(in crate::portal) fn is_admin(&self) -> bool {
        self.current.user.has_role(Role::Admin)
    }

    /// The page that says that this needs another role, for what depends on more
    /// than the address.
    pub(in crate::portal) fn refuse(&self, state: &PortalState) -> Response {
        not_admitted(state, self.locale, &self.current.user, Some(Scope::Admin))
    }

    /// The frame of a page of this section.
    pub(in crate::portal) fn frame(&self, state: &PortalState, section: &Section) -> (Page, Shell) {
        let page = state.kit.page(self.locale);
        let user = &self.current.user;
        let open = SECTIONS
            .iter()
            .filter(|other| may(user, other.scope, Access::Read));
        let csrf = state.kit.csrf_token(&self.current.id_hash);
        let shell = Shell::new(&page, open, section, user.display_name(), csrf);
        (page, shell.with_flash(self.flash.clone()))
    }
}
