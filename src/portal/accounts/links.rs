//! `/activate/{token}` and `/reset/{token}`.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::super::views::LoginNotice;
use super::super::{PortalState, see_other};
use super::views::{LinkOverPage, LinkPage, ToldPage};
use super::{minutes, too_often, with_cookie};
use crate::directory::account_links::{AccountLink, Purpose};
use crate::domain::{Field, User};
use crate::login::password::{Asked, Finished, Opened, Weakness};
use crate::platform::i18n::Locale;
use crate::platform::web::ClientAddr;

/// What the forms send.
#[derive(Deserialize)]
pub(in crate::portal) struct Sent {
    #[serde(default)]
    password: Zeroizing<String>,
    #[serde(default)]
    csrf: String,
}

/// The browser that asks, and the link that it asks with.
struct Ask<'a> {
    state: &'a PortalState,
    locale: Locale,
    headers: &'a HeaderMap,
    token: &'a str,
    purpose: Purpose,
}

/// `GET /activate/{token}`: says what the link is for. Nothing is done.
pub(in crate::portal) async fn show_activation(
    State(state): State<PortalState>,
    locale: Locale,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Response {
    Ask::of(&state, locale, &headers, &token, Purpose::Activate)
        .show()
        .await
}

/// `POST /activate/{token}`.
pub(in crate::portal) async fn activate(
    State(state): State<PortalState>,
    locale: Locale,
    headers: HeaderMap,
    Path(token): Path<String>,
    Form(sent): Form<Sent>,
) -> Response {
    Ask::of(&state, locale, &headers, &token, Purpose::Activate)
        .finish(&sent)
        .await
}

/// `POST /activate/{token}/renew`.
pub(in crate::portal) async fn renew_activation(
    State(state): State<PortalState>,
    locale: Locale,
    client: ClientAddr,
    headers: HeaderMap,
    Path(token): Path<String>,
    Form(sent): Form<Sent>,
) -> Response {
    let ask = Ask::of(&state, locale, &headers, &token, Purpose::Activate);
    ask.renew(&sent, client).await
}

/// `GET /reset/{token}`: says what the link is for. Nothing is done.
pub(in crate::portal) async fn show_reset(
    State(state): State<PortalState>,
    locale: Locale,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Response {
    Ask::of(&state, locale, &headers, &token, Purpose::Reset)
        .show()
        .await
}

/// `POST /reset/{token}`.
pub(in crate::portal) async fn reset(
    State(state): State<PortalState>,
    locale: Locale,
    headers: HeaderMap,
    Path(token): Path<String>,
    Form(sent): Form<Sent>,
) -> Response {
    Ask::of(&state, locale, &headers, &token, Purpose::Reset)
        .finish(&sent)
        .await
}

/// `POST /reset/{token}/renew`.
pub(in crate::portal) async fn renew_reset(
    State(state): State<PortalState>,
    locale: Locale,
    client: ClientAddr,
    headers: HeaderMap,
    Path(token): Path<String>,
    Form(sent): Form<Sent>,
) -> Response {
    let ask = Ask::of(&state, locale, &headers, &token, Purpose::Reset);
    ask.renew(&sent, client).await
}

impl<'a> Ask<'a> {
    const fn of(
        state: &'a PortalState,
        locale: Locale,
        headers: &'a HeaderMap,
        token: &'a str,
        purpose: Purpose,
    ) -> Self {
        Self {
            state,
            locale,
            headers,
            token,
            purpose,
        }
    }

    fn path(&self) -> String {
        format!("{}{}", self.purpose.path(), self.token)
    }

    async fn show(&self) -> Response {
        match self
            .state
            .accounts
            .open_link(self.token, self.purpose)
            .await
        {
            Ok(Opened::Open {
                link,
                user,
                with_password,
            }) => self.form(&link, &user, with_password, None),
            Ok(other) => over(
                self.state,
                self.locale,
                self.headers,
                Some(&self.path()),
                &other,
            ),
            Err(error) => self.state.failed(self.locale, &error, "/login"),
        }
    }

    fn form(
        &self,
        link: &AccountLink,
        user: &User,
        with_password: bool,
        weakness: Option<Weakness>,
    ) -> Response {
        let (csrf, cookie) = self.state.form_token(self.headers);
        let page = LinkPage {
            page: self.state.kit.page(self.locale),
            purpose: match self.purpose {
                Purpose::Activate => "activate",
                Purpose::Reset | Purpose::WayIn => "reset",
            },
            email: user
                .profile
                .get(Field::Email)
                .unwrap_or_default()
                .to_owned(),
            until: self.locale.moment(link.expires_at),
            with_password,
            problem: weakness.map(Weakness::id),
            action: self.path(),
            csrf,
        };
        let status = match weakness {
            Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
            None => StatusCode::OK,
        };
        with_cookie(self.state.kit.render(status, &page), cookie)
    }

    async fn finish(&self, sent: &Sent) -> Response {
        if !self.state.is_own_form(self.headers, &sent.csrf) {
            return self.state.form_expired(self.locale, &self.path());
        }
        let accounts = &self.state.accounts;
        let finished = accounts
            .finish_link(self.token, self.purpose, &sent.password)
            .await;
        match finished {
            Ok(Ok(Finished::Done { .. })) => {
                let has_password = !sent.password.is_empty();
                let notice = match (self.purpose, has_password) {
                    (Purpose::Activate, true) => LoginNotice::Ready,
                    (Purpose::Activate, false) => LoginNotice::Activated,
                    _ => LoginNotice::PasswordSet,
                };
                see_other(&format!("/login?done={}", notice.word()))
            }
            Ok(Ok(Finished::Weak(weakness))) => {
                match accounts.open_link(self.token, self.purpose).await {
                    Ok(Opened::Open { link, user, .. }) => {
                        self.form(&link, &user, true, Some(weakness))
                    }
                    _ => self.show().await,
                }
            }
            Ok(Ok(Finished::Not(other))) => over(
                self.state,
                self.locale,
                self.headers,
                Some(&self.path()),
                &other,
            ),
            Ok(Err(error)) => self.state.not_hashed(self.locale, &error, &self.path()),
            Err(error) => self.state.failed(self.locale, &error, &self.path()),
        }
    }

    async fn renew(&self, sent: &Sent, ClientAddr(client): ClientAddr) -> Response {
        if !self.state.is_own_form(self.headers, &sent.csrf) {
            return self.state.form_expired(self.locale, &self.path());
        }
        let accounts = &self.state.accounts;
        let link = match accounts.open_link(self.token, self.purpose).await {
            Ok(Opened::Expired(link)) => link,
            Ok(_) => return self.show().await,
            Err(error) => return self.state.failed(self.locale, &error, &self.path()),
        };
        let told = |title: &str, text: String| ToldPage {
            page: self.state.kit.page(self.locale),
            title: self.locale.t(title),
            text,
        };
        match accounts.ask_for_another(&link, self.locale, client).await {
            Ok(Asked::Noted) => {
                let page = told("link-renewed-title", self.locale.t("link-renewed-text"));
                self.state.kit.render(StatusCode::OK, &page)
            }
            Ok(Asked::Wait(seconds)) => {
                let text = self.locale.t_count("reset-wait", minutes(seconds));
                let page = told("link-expired-title", text);
                too_often(self.state.kit.render(StatusCode::OK, &page), seconds)
            }
            Ok(Asked::Off) => self.state.passwords_off(self.locale),
            Ok(Asked::NoMail) => {
                let page = told(
                    "link-expired-title",
                    self.locale.t("link-expired-text-no-mail"),
                );
                self.state.kit.render(StatusCode::OK, &page)
            }
            Err(error) => self.state.failed(self.locale, &error, &self.path()),
        }
    }
}

/// The page of a link that does not work. `path` is where another one can be had.
pub(super) fn over(
    state: &PortalState,
    locale: Locale,
    headers: &HeaderMap,
    path: Option<&str>,
    opened: &Opened,
) -> Response {
    let (csrf, cookie) = state.form_token(headers);
    let can_renew = state.accounts.outbox().is_open();
    let (name, text) = match opened {
        Opened::Expired(_) if !can_renew || path.is_none() => {
            ("expired", "link-expired-text-no-mail")
        }
        Opened::Expired(_) => ("expired", "link-expired-text"),
        Opened::Used => ("used", "link-used-text"),
        Opened::Open { .. } | Opened::Unknown => ("unknown", "link-unknown-text"),
    };
    let renew = path.filter(|_| name == "expired" && can_renew);
    let page = LinkOverPage {
        page: state.kit.page(locale),
        state: name,
        text: locale.t(text),
        renew: renew.map(|path| (format!("{path}/renew"), csrf)),
    };
    let status = match opened {
        Opened::Expired(_) | Opened::Used => StatusCode::GONE,
        Opened::Open { .. } | Opened::Unknown => StatusCode::NOT_FOUND,
    };
    with_cookie(state.kit.render(status, &page), cookie)
}
