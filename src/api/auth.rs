//! Who asks, and whether they may. A handler that takes a [`Caller`] says in
//! its signature what it needs, so no handler can forget to ask, and nobody's
//! body is read before.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::ApiState;
use super::error::{ApiError, OrProblem as _};
use crate::directory::Actor;
use crate::directory::tokens::{self, ApiToken};
use crate::domain::{Access, Role, Scope};
use crate::platform::web::Problem;
use crate::sessions::current::{Current, NoOne, current};
use crate::sessions::rows::SignedIn;

/// What a handler needs of its caller.
pub(super) trait Need: Send + Sync + 'static {
    /// The scope that an API token must have.
    const SCOPE: Scope;
    /// Whether an auditor may, too.
    const ACCESS: Access;
}

macro_rules! needs {
    ($($(#[$doc:meta])* $name:ident = $scope:ident, $access:ident;)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub(super) struct $name;

            impl Need for $name {
                const SCOPE: Scope = Scope::$scope;
                const ACCESS: Access = Access::$access;
            }
        )+
    };
}

needs! {
    /// To see users.
    ReadUsers = UsersRead, Read;
    /// To change users.
    WriteUsers = UsersWrite, Write;
    /// To see groups.
    ReadGroups = GroupsRead, Read;
    /// To change groups.
    WriteGroups = GroupsWrite, Write;
    /// To see providers; there is no scope that only reads them.
    ReadProviders = ProvidersWrite, Read;
    /// To change providers.
    WriteProviders = ProvidersWrite, Write;
    /// To see the audit log and login traces.
    ReadAudit = AuditRead, Read;
    /// To see tokens and settings.
    ReadAdmin = Admin, Read;
    /// To change tokens and settings.
    WriteAdmin = Admin, Write;
}

/// Somebody who may do what `N` says.
#[derive(Debug)]
pub(super) struct Caller<N> {
    who: Who,
    need: PhantomData<N>,
}

/// Who asks.
#[derive(Debug)]
enum Who {
    /// A script.
    Token(ApiToken),
    /// Somebody who is signed in.
    User(Box<Current>),
}

impl<N: Need> Caller<N> {
    /// Whose name goes into the audit log.
    pub(super) fn actor(&self) -> Actor {
        match &self.who {
            Who::Token(token) => Actor::Token {
                id: token.id.to_string(),
                name: token.name.clone(),
            },
            Who::User(current) => Actor::User {
                id: current.user.id.clone(),
                name: current.user.display_name(),
            },
        }
    }

    /// Refuses all but admins, for what only they may do in a route that is
    /// open to others as well.
    pub(super) fn as_admin(&self) -> Result<(), ApiError> {
        self.who.may(Scope::Admin, Access::Write)
    }
}

impl<N> Caller<N> {
    /// How the caller signed in; `None` for a script.
    pub(super) fn signed_in(&self) -> Option<&SignedIn> {
        match &self.who {
            Who::Token(_) => None,
            Who::User(current) => Some(&current.signed_in),
        }
    }
}

impl<N: Need> FromRequestParts<ApiState> for Caller<N> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let who = Who::of(parts, state).await?;
        who.may(N::SCOPE, N::ACCESS)?;
        Ok(Self {
            who,
            need: PhantomData,
        })
    }
}

impl Who {
    async fn of(parts: &Parts, state: &ApiState) -> Result<Self, ApiError> {
        // Whoever sends `Authorization` is judged by it alone: the check for
        // requests of other sites lets such a request through, so a cookie
        // that comes along must not count.
        if parts.headers.contains_key(header::AUTHORIZATION) {
            let secret = bearer(&parts.headers)?;
            let token = state.directory.token_by_secret(secret).await;
            let unknown = "The token is unknown, has expired or was deleted.";
            return match token.or_problem(state)? {
                Some(token) => Ok(Self::Token(token)),
                None => Err(ApiError::invalid_token(unknown)),
            };
        }
        match current(parts).await {
            Ok(current) => Ok(Self::User(Box::new(current))),
            Err(NoOne::SignedOut) => Err(Problem::unauthenticated().into()),
            Err(NoOne::Unavailable(cause)) => Err(state.kit.unavailable(cause).into()),
        }
    }

    fn may(&self, scope: Scope, access: Access) -> Result<(), ApiError> {
        match self {
            Self::Token(token) if token.allows(scope) => Ok(()),
            Self::Token(token) => {
                let held: Vec<&str> = token.scopes.iter().map(|s| s.as_str()).collect();
                Err(ApiError::insufficient_scope(scope, &held.join(" ")))
            }
            Self::User(current) if current.user.roles.iter().any(|r| r.may(scope, access)) => {
                Ok(())
            }
            Self::User(_) => {
                let enough: Vec<String> = Role::ALL
                    .iter()
                    .filter(|role| role.may(scope, access))
                    .map(|role| format!("`{role}`"))
                    .collect();
                let detail = format!("This needs the role {}.", enough.join(" or "));
                Err(Problem::forbidden(detail).into())
            }
        }
    }
}

/// The roles that open what a token needs the scope for.
pub(super) fn roles_for(scope: Scope, only_reads: bool) -> Vec<&'static str> {
    let access = if only_reads {
        Access::Read
    } else {
        Access::Write
    };
    let all = Role::ALL.iter();
    all.filter(|role| role.may(scope, access))
        .map(|role| role.as_str())
        .collect()
}

/// The token in `Authorization` (RFC 6750 §2.1).
fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let mut fields = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (fields.next(), fields.next());
    let secret = first
        .filter(|_| second.is_none())
        .and_then(|field| field.to_str().ok())
        .and_then(|field| field.trim().split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, secret)| secret.trim());
    match secret {
        Some(secret) if secret.starts_with(tokens::PREFIX) => Ok(secret),
        Some(_) => Err(ApiError::invalid_token(
            "This is no token of this gateway; its tokens begin with dwt_.",
        )),
        None => Err(Problem::unauthenticated()
            .with_detail("Send one header Authorization: Bearer dwt_….")
            .into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_bearer_token_is_read() {
        let read = |fields: &[&str]| {
            let mut headers = HeaderMap::new();
            for field in fields {
                headers.append(header::AUTHORIZATION, field.parse().unwrap());
            }
            bearer(&headers).ok().map(str::to_owned)
        };
        for (fields, token) in [
            (&["Bearer dwt_a"][..], Some("dwt_a")),
            (&["bearer  dwt_a "], Some("dwt_a")),
            (&["Bearer a"], None),
            (&["Basic dwt_a"], None),
            (&["dwt_a"], None),
            (&["Bearer"], None),
            (&["Bearer dwt_a", "Bearer dwt_b"], None),
        ] {
            assert_eq!(read(fields).as_deref(), token, "{fields:?}");
        }
    }
}
