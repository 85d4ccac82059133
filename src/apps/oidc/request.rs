//! What an authorization request asks for (RFC 6749 §4.1.1, OpenID Connect Core
//! §3.1.2.1, RFC 7636).
//!
//! In two steps: first whether the answer may go where the request says; only
//! then is anything sent there.

use super::params::{Params, Parsed};
use super::redirect;
use super::scope::Scopes;
use super::wanted::Wanted;
use crate::domain::Application;

/// How the answer travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In the address.
    Query,
    /// In a form that posts itself.
    FormPost,
}

/// Where answers go: proven to be the client's.
#[derive(Clone, Debug)]
pub struct Proven {
    /// The client.
    pub application: Application,
    /// Where its answers go.
    pub redirect_uri: String,
    /// What it gets back as it was.
    pub state: Option<String>,
    /// How.
    pub mode: Mode,
}

/// Why nothing may be sent anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// The request names no redirect URI.
    NoRedirectUri,
    /// The client has not registered it.
    RedirectUri,
    /// The request names a client or a redirect URI twice.
    Twice,
}

/// A refusal that the client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The standard's word.
    pub code: &'static str,
    /// What is the matter, for a developer.
    pub description: &'static str,
}

/// Which pages the client wants shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word of the standard"
)]
pub struct Prompt {
    /// None at all.
    pub none: bool,
    /// Signing in anew.
    pub login: bool,
    /// Agreeing anew.
    pub consent: bool,
    /// Choosing the account.
    pub select_account: bool,
}

/// What a client asks for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// What it may have of what it asked for.
    pub scope: Scopes,
    /// Stands in the ID token.
    pub nonce: Option<String>,
    /// The PKCE challenge.
    pub challenge: Option<String>,
    /// Which pages.
    pub prompt: Prompt,
    /// How long ago the person may have signed in at most, in seconds.
    pub max_age: Option<i64>,
    /// Whose account to offer.
    pub login_hint: Option<String>,
    /// An ID token of who is expected.
    pub id_token_hint: Option<String>,
    /// Single claims.
    pub wanted: Wanted,
}

impl Wish {
    /// What people agree to: the scopes, and those that single claims belong to.
    #[must_use]
    pub fn asks_for(&self, application: &Application) -> Scopes {
        self.scope.and(&self.wanted.scopes(application))
    }
}

/// Finds out where answers go.
///
/// # Errors
/// Nothing may be sent anywhere.
pub fn prove(application: Application, parsed: &Parsed) -> Result<Proven, Unproven> {
    let twice = parsed.twice.as_deref();
    if matches!(twice, Some("client_id" | "redirect_uri" | "everything")) {
        return Err(Unproven::Twice);
    }
    let params = &parsed.params;
    let uri = params.get("redirect_uri").ok_or(Unproven::NoRedirectUri)?;
    if !redirect::is_registered(&application, uri) {
        return Err(Unproven::RedirectUri);
    }
    let form_post = params.get("response_mode") == Some("form_post");
    Ok(Proven {
        redirect_uri: uri.to_owned(),
        // Which of two states is the right one nobody can say.
        state: params
            .get("state")
            .filter(|_| twice != Some("state"))
            .map(ToOwned::to_owned),
        mode: if form_post && twice != Some("response_mode") {
            Mode::FormPost
        } else {
            Mode::Query
        },
        application,
    })
}

const fn refuse(code: &'static str, description: &'static str) -> Refusal {
    Refusal { code, description }
}

/// Reads what the client asks for.
///
/// # Errors
/// What is wrong with it.
pub fn read(application: &Application, parsed: &Parsed) -> Result<Wish, Refusal> {
    let params = &parsed.params;
    if parsed.twice.is_some() {
        return Err(refuse(
            "invalid_request",
            "a parameter comes more than once",
        ));
    }
    if params.has("request") {
        return Err(refuse(
            "request_not_supported",
            "request objects are not supported",
        ));
    }
    if params.has("request_uri") {
        let description = "only request_uris from /oidc/par are supported";
        return Err(refuse("request_uri_not_supported", description));
    }
    if params.has("registration") {
        let description = "clients are registered by an administrator";
        return Err(refuse("registration_not_supported", description));
    }
    if !matches!(
        params.get("response_mode"),
        None | Some("query" | "form_post")
    ) {
        let description = "response_mode is query or form_post";
        return Err(refuse("invalid_request", description));
    }
    match params.get("response_type") {
        Some("code") => {}
        None => return Err(refuse("invalid_request", "response_type is missing")),
        Some(_) => {
            let description = "response_type is code, and no other";
            return Err(refuse("unsupported_response_type", description));
        }
    }
    let scope = Scopes::parse(params.get("scope").unwrap_or("")).granted(application);
    if scope.is_empty() {
        let description = "none of the scopes is one that the client may have";
        return Err(refuse("invalid_scope", description));
    }
    Ok(Wish {
        scope,
        nonce: params.get("nonce").map(ToOwned::to_owned),
        challenge: challenge(application, params)?,
        prompt: prompt(params)?,
        max_age: max_age(params)?,
        login_hint: params.get("login_hint").map(ToOwned::to_owned),
        id_token_hint: params.get("id_token_hint").map(ToOwned::to_owned),
        wanted: wanted(params)?,
    })
}

fn wanted(params: &Params) -> Result<Wanted, Refusal> {
    match params.get("claims") {
        None => Ok(Wanted::default()),
        Some(text) => Wanted::read(text).ok_or(refuse(
            "invalid_request",
            "claims is no JSON object of objects",
        )),
    }
}

/// PKCE (RFC 7636): S256, and nothing weaker.
fn challenge(application: &Application, params: &Params) -> Result<Option<String>, Refusal> {
    let method = params.get("code_challenge_method");
    let Some(challenge) = params.get("code_challenge") else {
        if method.is_some() || application.require_pkce || !application.confidential {
            let description = "PKCE is required: code_challenge is missing";
            return Err(refuse("invalid_request", description));
        }
        return Ok(None);
    };
    if method != Some("S256") {
        let description = "code_challenge_method must be S256";
        return Err(refuse("invalid_request", description));
    }
    let is_base64url = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if challenge.len() != 43 || !challenge.bytes().all(is_base64url) {
        let description = "code_challenge is no SHA-256 in base64url";
        return Err(refuse("invalid_request", description));
    }
    Ok(Some(challenge.to_owned()))
}

fn prompt(params: &Params) -> Result<Prompt, Refusal> {
    let mut prompt = Prompt::default();
    let words = params.get("prompt").unwrap_or("");
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        match word {
            "none" => prompt.none = true,
            "login" => prompt.login = true,
            "consent" => prompt.consent = true,
            "select_account" => prompt.select_account = true,
            _ => return Err(refuse("invalid_request", "prompt holds an unknown value")),
        }
    }
    if prompt.none && (prompt.login || prompt.consent || prompt.select_account) {
        return Err(refuse("invalid_request", "prompt=none stands alone"));
    }
    Ok(prompt)
}

fn max_age(params: &Params) -> Result<Option<i64>, Refusal> {
    let Some(text) = params.get("max_age") else {
        return Ok(None);
    };
    let seconds = text.parse::<u32>().ok().map(i64::from);
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    match seconds {
        Some(seconds) if digits => Ok(Some(seconds)),
        _ => Err(refuse("invalid_request", "max_age is no number of seconds")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Slug;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn app() -> Application {
        Application {
            redirect_uris: vec!["https://app.example.com/cb".to_owned()],
            ..Application::new(Slug::parse("app").unwrap(), "App")
        }
    }

    fn good(more: &str) -> String {
        format!(
            "response_type=code&scope=openid+email+admin&code_challenge={CHALLENGE}\
             &code_challenge_method=S256{more}"
        )
    }

    fn code(application: &Application, text: &str) -> &'static str {
        read(application, &Parsed::read(text)).map_or_else(|refusal| refusal.code, |_| "ok")
    }

    #[test]
    fn what_is_refused() {
        for (text, expected) in [
            (good(""), "ok"),
            (good("&prompt=login+consent&max_age=0&nonce=n"), "ok"),
            (good("&response_mode=form_post"), "ok"),
            (good("&display=popup&acr_values=x&claims=%7B%7D"), "ok"),
            (good("&response_mode=fragment"), "invalid_request"),
            (good("&request=ey"), "request_not_supported"),
            (good("&request="), "request_not_supported"),
            (
                good("&request_uri=https%3A%2F%2Fx"),
                "request_uri_not_supported",
            ),
            (good("&registration=%7B%7D"), "registration_not_supported"),
            (good("&prompt=none+login"), "invalid_request"),
            (good("&prompt=create"), "invalid_request"),
            (good("&max_age=-1"), "invalid_request"),
            (good("&max_age=%2B5"), "invalid_request"),
            (good("&max_age=1e3"), "invalid_request"),
            (good("&nonce=1&nonce=2"), "invalid_request"),
            (
                good("").replace("code&", "token&"),
                "unsupported_response_type",
            ),
            (
                good("").replace("code&", "code+id_token&"),
                "unsupported_response_type",
            ),
            (good("").replace("response_type", "x"), "invalid_request"),
            (
                good("").replace("openid+email+admin", "admin+root"),
                "invalid_scope",
            ),
            (good("").replace("S256", "plain"), "invalid_request"),
            (
                good("").replace("&code_challenge_method=S256", ""),
                "invalid_request",
            ),
            (good("").replace("code_challenge=", "x="), "invalid_request"),
            (good("").replace("-cM", "-c"), "invalid_request"),
            (good("").replace("-cM", "=cM"), "invalid_request"),
        ] {
            assert_eq!(code(&app(), &text), expected, "{text}");
        }
    }

    #[test]
    fn scopes_that_the_client_has_not_fall_away() {
        let wish = read(&app(), &Parsed::read(&good(""))).unwrap();
        assert_eq!(wish.scope.to_string(), "email openid");
        let mut one_time = app();
        one_time
            .grant_types
            .retain(|g| *g != crate::domain::application::GrantType::RefreshToken);
        let text = good("").replace("admin", "offline_access");
        let wish = read(&one_time, &Parsed::read(&text)).unwrap();
        assert_eq!(wish.scope.to_string(), "email openid");
    }

    #[test]
    fn an_old_client_may_go_without_pkce_and_a_public_one_never() {
        let without = good("").replace(&format!("code_challenge={CHALLENGE}"), "");
        let without = without.replace("&code_challenge_method=S256", "");
        let old = Application {
            require_pkce: false,
            ..app()
        };
        assert_eq!(code(&old, &without), "ok");
        assert_eq!(
            code(&old, &good("").replace("S256", "plain")),
            "invalid_request"
        );
        let public = Application {
            confidential: false,
            ..old
        };
        assert_eq!(code(&public, &without), "invalid_request");
    }

    #[test]
    fn nothing_goes_where_nobody_registered() {
        let prove = |text: &str| prove(app(), &Parsed::read(text)).map(|p| (p.state, p.mode));
        let uri = "redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb";
        assert_eq!(prove(uri), Ok((None, Mode::Query)));
        let state = format!("{uri}&state=s&response_mode=form_post");
        assert_eq!(prove(&state), Ok((Some("s".to_owned()), Mode::FormPost)));
        assert_eq!(
            prove(&format!("{uri}&state=1&state=2")),
            Ok((None, Mode::Query))
        );
        assert_eq!(prove("state=s"), Err(Unproven::NoRedirectUri));
        assert_eq!(prove(&format!("{uri}&{uri}")), Err(Unproven::Twice));
        assert_eq!(
            prove(&format!("{uri}&client_id=a&client_id=b")),
            Err(Unproven::Twice)
        );
        assert_eq!(prove(&format!("{uri}%2Fx")), Err(Unproven::RedirectUri));
    }
}
