//! What the ways in and the ways out have of each other. They do not know one
//! another; this is where they are joined.

use std::sync::Arc;

use crate::apps::forward_auth::bearer::{AccessToken, AccessTokens};
use crate::apps::oidc::grants;
use crate::directory::{Directory, DirectoryError};
use crate::login::oauth::flow::OauthState;
use crate::login::saml::flow::SamlState;
use crate::login::{oauth, saml};
use crate::sessions::logout::Upstream;

/// Where one who has signed out here goes on to: to the provider that the session
/// began at, of whatever kind.
pub(super) fn upstream(saml: SamlState, oauth: OauthState) -> Upstream {
    Arc::new(move |left| {
        let (saml, oauth) = (saml.clone(), oauth.clone());
        Box::pin(async move {
            match saml::flow::leave::leave(&saml, &left).await {
                Some(response) => Some(response),
                None => oauth::flow::leave::leave(&oauth, &left).await,
            }
        })
    })
}

/// How forward-auth reads the access tokens that the OpenID provider gives out.
pub(super) fn access_tokens(directory: Directory) -> AccessTokens {
    Arc::new(move |secret: &str| {
        let (directory, hash) = (directory.clone(), grants::hash(secret));
        Box::pin(async move {
            let (now, enforce) = (directory.now(), directory.enforce_validity);
            let found = directory.db.look_up(move |tx| {
                let hash = hash.clone();
                Box::pin(async move {
                    let Some((token, _)) = grants::live_access(tx, &hash, now, enforce).await?
                    else {
                        return Ok(None);
                    };
                    Ok::<_, DirectoryError>(Some(AccessToken {
                        client: token.grant.application.to_string(),
                        identifies: token.scope.has("openid"),
                        groups: token.grant.groups(tx).await?,
                        user: token.grant.user,
                    }))
                })
            });
            found.await.map_err(|error| error.to_string())
        })
    })
}
