//! Scripts, which bring a token: one of the gateway's API, or an access token that
//! the gateway gave out as an OpenID provider.
//!
//! An access token is made out to the client that asked for it. Another
//! application takes it only where its admin has named that client
//! (`bearer_clients`): a program that people sign in to could else go anywhere in
//! their names.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::decide::{Case, Trouble};
use super::{ForwardAuth, answer, identity};
use crate::directory::tokens;
use crate::domain::application::{AccessRule, PathAccess};
use crate::domain::{Application, Group, Scope, User};

/// What access tokens begin with.
pub const ACCESS_PREFIX: &str = "dwa_";

/// An access token that is good now.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// The client that it was made out to.
    pub client: String,
    /// Whether it says who somebody is (scope `openid`).
    pub identifies: bool,
    /// Whose it is.
    pub user: User,
    /// The user's groups.
    pub groups: Vec<Group>,
}

/// What comes of reading an access token; the text says why it cannot be known.
pub type Read = Pin<Box<dyn Future<Output = Result<Option<AccessToken>, String>> + Send>>;

/// Reads access tokens: how, the OpenID provider knows.
pub type AccessTokens = Arc<dyn Fn(&str) -> Read + Send + Sync>;

/// A token of ours that a request brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presented<'h> {
    /// Of the API.
    Api(&'h str),
    /// Of the OpenID provider.
    Access(&'h str),
}

/// The token of a request that is one of ours. Applications have tokens of their
/// own, which are none of our business.
pub(super) fn presented(headers: &HeaderMap) -> Option<Presented<'_>> {
    let mut fields = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (fields.next()?, fields.next());
    let (scheme, secret) = first.to_str().ok()?.trim().split_once(' ')?;
    if second.is_some() || !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let secret = secret.trim();
    if secret.starts_with(tokens::PREFIX) {
        Some(Presented::Api(secret))
    } else if secret.starts_with(ACCESS_PREFIX) {
        Some(Presented::Access(secret))
    } else {
        None
    }
}

impl ForwardAuth {
    fn bad_token(&self, case: &Case<'_>) -> Response {
        let login = format!("{}/login", self.kit.origin());
        answer::bad_token(case.asked.dialect, &login)
    }

    /// A script with a token of the API. Only one that may do everything passes:
    /// what is made for one part of the API opens no application.
    pub(super) async fn with_token(
        &self,
        case: &Case<'_>,
        application: &Application,
        secret: &str,
        rule: PathAccess,
    ) -> Result<Response, Trouble> {
        let mut headers = identity::nobody(application);
        let Some(token) = self.directory.token_by_secret(secret).await? else {
            return Ok(self.bad_token(case));
        };
        let is_open = application.enabled && application.access != AccessRule::Private;
        if rule == PathAccess::Anonymous {
            return Ok(answer::pass(headers));
        }
        if !token.allows(Scope::Admin) || !is_open {
            let detail = "the token needs the scope admin, and the application must be open to all";
            let code = "forward_auth.token_not_admitted";
            return Ok(self.refuse(case, code, detail.to_owned(), None));
        }
        let name = HeaderValue::from_str(&format!("token:{}", token.id));
        let name = name.unwrap_or_else(|_| HeaderValue::from_static(""));
        for (header, what) in identity::USUAL {
            if what == identity::What::User {
                headers.insert(header, name.clone());
            }
        }
        Ok(answer::pass(headers))
    }

    /// A program with an access token: it passes as the person that the token is
    /// about, where the application takes tokens of that client.
    pub(super) async fn with_access_token(
        &self,
        case: &Case<'_>,
        application: &Application,
        secret: &str,
        rule: PathAccess,
    ) -> Result<Response, Trouble> {
        let read = (self.access_tokens)(secret).await.map_err(Trouble::Away)?;
        let Some(token) = read else {
            return Ok(self.bad_token(case));
        };
        if rule == PathAccess::Anonymous {
            return Ok(answer::pass(identity::nobody(application)));
        }
        let refuse = |code, detail: String| Ok(self.refuse(case, code, detail, None));
        if !application.bearer_clients.contains(&token.client) {
            let (client, slug) = (&token.client, &application.slug);
            let detail = format!("{slug} takes no access tokens of the client {client}");
            return refuse("forward_auth.token_of_another_client", detail);
        }
        if !token.identifies {
            let detail = "the access token lacks the scope openid".to_owned();
            return refuse("forward_auth.token_scope", detail);
        }
        if let Err(why) = self.admission(application, &token.user).await? {
            return refuse(why.code(), why.to_string());
        }
        let mut headers = identity::of(application, &token.user, &token.groups);
        let assertion = self.assertion(application, &token.user, &token.groups);
        headers.insert(identity::ASSERTION, assertion.await?);
        Ok(answer::pass(headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_tokens_are_ours() {
        for (fields, expected) in [
            (&["Bearer dwt_x"][..], Some(Presented::Api("dwt_x"))),
            (&["bearer  dwa_y "], Some(Presented::Access("dwa_y"))),
            (&["Bearer glpat-z"], None),
            (&["Bearer dwr_refresh"], None),
            (&["Basic dwt_x"], None),
            (&["dwt_x"], None),
            (&["Bearer dwt_x", "Bearer dwt_x"], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for field in fields {
                headers.append(header::AUTHORIZATION, HeaderValue::from_static(field));
            }
            assert_eq!(presented(&headers), expected, "{fields:?}");
        }
    }
}
