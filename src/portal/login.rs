//! `GET /login`: which way in.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;

use super::discovery::provider_for;
use super::views::{EmailForm, EmailProblem, LoginNotice, LoginPage, PasswordForm, ProviderButton};
use super::{PortalState, see_other};
use crate::apps::oidc::forms;
use crate::directory::DirectoryError;
use crate::domain::{Provider, ProviderKind};
use crate::platform::i18n::Locale;
use crate::platform::web::Message;
use crate::sessions::current::{MaybeCurrent, NoOne};
use crate::sessions::prompt::{self, Prompt};

/// What `/login` is asked.
#[derive(Deserialize)]
pub(super) struct Asked {
    /// Where to go afterwards.
    rd: Option<String>,
    /// Skips the choice.
    provider: Option<String>,
    /// Is routed by its domain.
    email: Option<String>,
    /// Brings the session of whoever is signed in to the host of `rd`.
    hand_over: Option<String>,
    /// An address that an application expects: routed too, where that works.
    login_hint: Option<String>,
    /// Shows the choice whatever speaks for going straight on.
    choose: Option<String>,
    /// What the person is to do at the provider.
    prompt: Option<String>,
    /// What has just been done.
    done: Option<String>,
}

pub(super) async fn show(
    State(state): State<PortalState>,
    locale: Locale,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    MaybeCurrent(current): MaybeCurrent,
) -> Response {
    let hosts = match state.directory.hosts_for(asked.rd.as_deref()).await {
        Ok(hosts) => hosts,
        Err(error) => return state.failed(locale, &error, "/login"),
    };
    let rd = asked.rd.as_deref();
    let rd = rd.and_then(|rd| target(&state, rd, &hosts));
    let choose = asked.choose.is_some();
    let prompt = Prompt::parse(asked.prompt.as_deref().unwrap_or(""));
    let stays = !choose && prompt == Prompt::None;
    match current {
        Ok(_) if stays && let Some(way) = way_to_host(&asked, rd.as_deref()) => {
            return see_other(&way);
        }
        Ok(_) if stays => return see_other(rd.as_deref().unwrap_or("/account")),
        Ok(_) | Err(NoOne::SignedOut) => {}
        Err(NoOne::Unavailable(cause)) => return state.unavailable(locale, cause, "/login"),
    }
    let passkeys = match state.passkeys.in_use().await {
        Ok(in_use) => in_use,
        Err(error) => return state.failed(locale, &error, "/login"),
    };
    let (providers, discovery) = match ways_in(&state).await {
        Ok(found) => found,
        Err(error) => return state.failed(locale, &error, "/login"),
    };
    if let Some(slug) = &asked.provider {
        return match providers.iter().find(|p| p.slug.as_str() == slug) {
            Some(provider) => {
                let email = asked.email.as_deref();
                see_other(&begin(provider, rd.as_deref(), email, prompt))
            }
            None => no_such_provider(&state, locale),
        };
    }
    let hint = asked.login_hint.filter(|hint| is_address(hint));
    let routed = hint.as_ref();
    let routed = routed.filter(|address| provider_for(address, &providers).is_ok());
    let email = match asked.email.as_ref().or(routed) {
        None => (discovery && providers.len() > 1).then(EmailForm::default),
        Some(address) => match provider_for(address, &providers) {
            Ok(provider) => {
                return see_other(&begin(provider, rd.as_deref(), Some(address), prompt));
            }
            Err(problem) => Some(refused(address, problem)),
        },
    };
    let form = match state.accounts.form().await {
        Ok(form) => form,
        Err(error) => return state.failed(locale, &error, "/login"),
    };
    let signed_out = state.kit.just_signed_out(&headers);
    let done = asked.done.as_deref().and_then(LoginNotice::parse);
    // With one provider, and nobody who signs in here: straight on.
    if let ([only], None) = (providers.as_slice(), &email)
        && !(choose || signed_out || done.is_some() || form.is_used || passkeys)
    {
        return see_other(&begin(only, rd.as_deref(), hint.as_deref(), prompt));
    }
    let notice = match (choose, signed_out) {
        _ if done.is_some() => done,
        (true, _) if prompt == Prompt::Login => Some(LoginNotice::Again),
        (true, _) => Some(LoginNotice::OtherAccount),
        (false, true) => Some(LoginNotice::SignedOut),
        (false, false) => None,
    };
    let shown = Shown {
        providers,
        email,
        passkeys,
        rd,
        notice,
        password: form.is_on.then(|| PasswordForm {
            email: hint.clone().unwrap_or_default(),
            ..PasswordForm::default()
        }),
        hint,
        prompt,
    };
    page(&state, locale, &headers, shown, StatusCode::OK).await
}

/// The sign-in page again, for somebody whose password did not let them in.
pub(super) async fn again(
    state: &PortalState,
    locale: Locale,
    headers: &HeaderMap,
    (password, rd): (PasswordForm, Option<String>),
    status: StatusCode,
) -> Response {
    let (providers, discovery) = match ways_in(state).await {
        Ok(found) => found,
        Err(error) => return state.failed(locale, &error, "/login"),
    };
    let passkeys = match state.passkeys.in_use().await {
        Ok(in_use) => in_use,
        Err(error) => return state.failed(locale, &error, "/login"),
    };
    let shown = Shown {
        passkeys,
        email: (discovery && providers.len() > 1).then(EmailForm::default),
        providers,
        rd,
        notice: None,
        password: Some(password),
        hint: None,
        prompt: Prompt::None,
    };
    page(state, locale, headers, shown, status).await
}

/// What the page shows.
struct Shown {
    providers: Vec<Provider>,
    email: Option<EmailForm>,
    passkeys: bool,
    rd: Option<String>,
    notice: Option<LoginNotice>,
    password: Option<PasswordForm>,
    /// An address that an application expects.
    hint: Option<String>,
    /// What the person is to do at the provider.
    prompt: Prompt,
}

async fn page(
    state: &PortalState,
    locale: Locale,
    headers: &HeaderMap,
    shown: Shown,
    status: StatusCode,
) -> Response {
    let (browser, cookie) = state.kit.ensure_browser_id(headers);
    let cookie = cookie.filter(|_| shown.password.is_some());
    // The forms end at the provider, or at the application, by redirects.
    let rd = shown.rd.as_deref();
    let forms = forms::after_sign_in(&state.directory, rd, !state.kit.https()).await;
    let page = LoginPage {
        page: state.kit.page(locale),
        providers: buttons(state, headers, &shown, locale),
        prompt: shown.prompt.word(),
        email: shown.email,
        passkeys: shown.passkeys,
        rd: shown.rd,
        notice: shown.notice,
        password: shown.password.map(|form| PasswordForm {
            csrf: state.kit.csrf_token(&browser),
            ..form
        }),
    };
    let mut response = if shown.passkeys {
        state.kit.render_with_fetch(status, &page, forms)
    } else {
        state.kit.render_with_forms(status, &page, forms)
    };
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Where to go afterwards, if that is safe and makes sense: whoever has just
/// signed in wants neither to sign in nor to sign out.
pub(super) fn target(state: &PortalState, rd: &str, hosts: &[String]) -> Option<String> {
    let target = state.kit.local_target(rd, hosts)?;
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let circular = matches!(
        path,
        "/login" | "/login/password" | "/logout" | "/signed-out"
    );
    (!circular).then_some(target)
}

/// Where a session is brought to a host that the gateway's cookie does not reach.
fn way_to_host(asked: &Asked, rd: Option<&str>) -> Option<String> {
    let rd = rd.filter(|rd| !rd.starts_with('/'))?;
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("rd", rd);
    query.append_pair("state", asked.hand_over.as_deref()?);
    Some(format!("/auth/hand-over?{}", query.finish()))
}

/// The enabled providers in the admin's order, and whether the page asks for
/// the e-mail address.
async fn ways_in(state: &PortalState) -> Result<(Vec<Provider>, bool), DirectoryError> {
    let stored = state.directory.providers().await?;
    let providers = stored
        .into_iter()
        .map(|stored| stored.provider)
        .filter(|provider| provider.enabled)
        .collect();
    let settings = state.directory.settings(&state.defaults).await?;
    Ok((providers, settings.home_realm_discovery))
}

/// The address at which a provider's sign-in begins.
/// `email` is passed on to those who can offer the account of that address.
pub(super) fn begin(
    provider: &Provider,
    rd: Option<&str>,
    email: Option<&str>,
    prompt: Prompt,
) -> String {
    let slug = &provider.slug;
    let start = format!("/{}/{slug}/login", provider.kind.path());
    let email = email.filter(|_| provider.kind.is_oauth());
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let prompt = (prompt::PARAMETER, prompt.word());
    for (name, value) in [("rd", rd), ("email", email), prompt] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    match query.finish().as_str() {
        "" => start,
        query => format!("{start}?{query}"),
    }
}

/// A button per provider, the one used last on this device first.
fn buttons(
    state: &PortalState,
    headers: &HeaderMap,
    shown: &Shown,
    locale: Locale,
) -> Vec<ProviderButton> {
    let last = state.kit.last_provider(headers);
    let (rd, hint) = (shown.rd.as_deref(), shown.hint.as_deref());
    let mut buttons: Vec<ProviderButton> = shown
        .providers
        .iter()
        .map(|provider| ProviderButton {
            label: label(provider, locale),
            href: begin(provider, rd, hint, shown.prompt),
            last_used: last.as_ref() == Some(&provider.slug),
        })
        .collect();
    // Stable: the rest keeps the admin's order.
    buttons.sort_by_key(|button| !button.last_used);
    buttons
}

/// Whether what an application expects can be shown and passed on as an address
/// (RFC 5321 §4.5.3.1.3).
fn is_address(hint: &str) -> bool {
    hint.len() <= 254
        && hint.contains('@')
        && !hint.chars().any(crate::domain::address::is_deceptive)
}

/// What stands on the button: the admin's words, else the vendor's own.
fn label(provider: &Provider, locale: Locale) -> String {
    let vendor = match provider.kind {
        ProviderKind::Google => "login-with-google",
        ProviderKind::Microsoft => "login-with-microsoft",
        ProviderKind::Webex => "login-with-webex",
        ProviderKind::Saml | ProviderKind::Oidc | ProviderKind::Oauth2 => {
            return provider.label.clone();
        }
    };
    if provider.has_default_label() {
        locale.t(vendor)
    } else {
        provider.label.clone()
    }
}

/// The e-mail field with what was typed, which is shown back only as far as an
/// address can be long (RFC 5321 §4.5.3.1.3).
fn refused(address: &str, problem: EmailProblem) -> EmailForm {
    EmailForm {
        value: address.chars().take(254).collect(),
        problem: Some(problem),
    }
}

fn no_such_provider(state: &PortalState, locale: Locale) -> Response {
    let failure = state
        .kit
        .failure(Message::ProviderUnknown, "login.provider_unknown")
        .with_retry("/login?choose=1");
    state.kit.failure_page(locale, failure)
}
