//! ID tokens (OpenID Connect Core §2).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::error::OauthError;
use super::grants::Grant;
use super::scope::Scopes;
use super::subject::session_id;
use super::{OidcState, claims};
use crate::domain::application::SigningAlg;
use crate::domain::{Application, Group, Timestamp};
use crate::platform::crypto::jwt::Algorithm;
use crate::platform::crypto::sha256;

/// How long an ID token is good, in seconds. It is looked at when it comes.
pub const LIFETIME: i64 = 600;

/// What an ID token is about.
pub(super) struct About<'a> {
    pub application: &'a Application,
    pub grant: &'a Grant,
    pub groups: &'a [Group],
    pub scope: &'a Scopes,
    pub access_token: &'a str,
    /// Whether it is the first one of the sign-in, which carries the nonce.
    pub first: bool,
}

/// The algorithm in our own words.
pub(super) const fn algorithm(alg: SigningAlg) -> Algorithm {
    match alg {
        SigningAlg::Rs256 => Algorithm::Rs256,
        SigningAlg::Es256 => Algorithm::Es256,
    }
}

/// Makes and signs an ID token.
pub(super) async fn make(
    state: &OidcState,
    about: &About<'_>,
    now: Timestamp,
) -> Result<String, OauthError> {
    let subject = state
        .subjects
        .of(about.application, &about.grant.user.id)
        .await?;
    let claims = claims_of(state.kit.origin(), about, &subject, now.millis() / 1000);
    let alg = algorithm(about.application.id_token_signed_response_alg);
    Ok(state.keys.sign(alg, "JWT", &claims).await?)
}

fn claims_of(issuer: &str, about: &About<'_>, subject: &str, now: i64) -> Map<String, Value> {
    let (grant, client) = (about.grant, about.application.client_id());
    let released = claims::Released {
        scopes: about.scope,
        names: &grant.details.wanted.id_token,
    };
    let mut all = claims::of(about.application, &grant.user, about.groups, released);
    let digest = sha256(about.access_token.as_bytes());
    let half = digest.get(..16).unwrap_or(&digest);
    let mut set = |name: &str, value: Value| {
        all.insert(name.to_owned(), value);
    };
    set("iss", json!(issuer));
    set("sub", json!(subject));
    set("aud", json!(client));
    set("azp", json!(client));
    set("iat", json!(now));
    set("exp", json!(now + LIFETIME));
    set("auth_time", json!(grant.details.auth_time));
    set("acr", json!(grant.details.acr));
    if !grant.details.amr.is_empty() {
        set("amr", json!(grant.details.amr));
    }
    set("at_hash", json!(URL_SAFE_NO_PAD.encode(half)));
    set("sid", json!(session_id(&grant.session_hash, client)));
    if let Some(nonce) = grant.details.nonce.as_ref().filter(|_| about.first) {
        set("nonce", json!(nonce));
    }
    all
}
