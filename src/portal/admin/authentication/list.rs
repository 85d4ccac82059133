//! `/admin/authentication`: the providers in the order of the sign-in page.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{SECTION, kind_name, path_of};
use crate::directory::provider_standing::Logins;
use crate::directory::providers::{ManagedBy, StoredProvider};
use crate::directory::traces;
use crate::domain::{Access, Scope};
use crate::login::kinds::{Found, SetError};
use crate::login::oauth;
use crate::login::saml::attribute_map::same_name;
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::shell::{Moment, Shell};
use crate::portal::admin::staff::{ReadProviders, Staff};

#[derive(Clone, Debug, Template)]
#[template(path = "admin/authentication/list.html")]
struct ProvidersPage {
    page: Page,
    shell: Shell,
    providers: Vec<ProviderRow>,
    writes: bool,
}

/// A provider in a line.
#[derive(Clone, Debug)]
struct ProviderRow {
    slug: String,
    href: String,
    label: String,
    kind: String,
    states: Vec<StateWord>,
    last: Option<Moment>,
    by_file: bool,
    first: bool,
    last_one: bool,
}

/// A state of a provider in words; `tone` as the pills have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StateWord {
    pub(super) tone: &'static str,
    pub(super) text: String,
}

/// What is known of a provider that decides how it stands.
pub(super) struct Standing<'a> {
    pub(super) stored: &'a StoredProvider,
    pub(super) logins: &'a Logins,
    /// What its metadata says; an error says why nobody can sign in.
    pub(super) found: Result<Option<&'a Found>, ()>,
}

impl Standing<'_> {
    /// The states, the most important first.
    pub(super) fn states(&self, page: &Page) -> Vec<StateWord> {
        let state = |tone, id: &str| StateWord {
            tone,
            text: page.t(id),
        };
        let provider = &self.stored.provider;
        let mut all = vec![if provider.is_draft() {
            state("off", "provider-draft")
        } else if !provider.enabled {
            state("off", "provider-off")
        } else if self.found.is_err() {
            state("bad", "provider-broken")
        } else if let Some(since) = self.logins.failing_since {
            let since = page.locale().since(since, page.now());
            StateWord {
                tone: "bad",
                text: page.t_with("provider-failing", &[("since", &since)]),
            }
        } else if self.logins.last_success.is_some() {
            state("good", "provider-works")
        } else {
            state("plain", "provider-unused")
        }];
        all.extend(self.certificate(page));
        let fetching = self.stored.metadata.as_ref();
        if fetching.is_some_and(|metadata| metadata.failing.is_some()) {
            all.push(state("off", "provider-metadata-failing"));
        }
        all
    }

    /// The certificate that lasts longest, when it ends soon.
    fn certificate(&self, page: &Page) -> Option<StateWord> {
        let found = self.found.ok().flatten()?;
        let days = found.certificates.iter().map(|one| one.days_left).max()?;
        let words = days.to_string();
        let text = match days {
            i64::MIN..0 => page.t("provider-certificate-ended"),
            0..=30 => page.t_with("provider-certificate-ends", &[("days", &words)]),
            _ => return None,
        };
        Some(StateWord { tone: "off", text })
    }
}

impl PortalState {
    /// What a provider's description says, as far as it can be used.
    pub(super) async fn standing_of(
        &self,
        stored: &StoredProvider,
    ) -> Result<Result<Option<Found>, String>, SetError> {
        if stored.provider.kind.is_oauth() {
            let compiled = oauth::provider::compile(&stored.provider, self.kit.origin());
            return Ok(compiled.map(|_| None).map_err(|error| error.to_string()));
        }
        if stored.provider.is_draft() {
            return Ok(Ok(None));
        }
        let found = self.providers.found_of(stored).await?;
        Ok(found.map(Some).map_err(|error| error.to_string()))
    }
}

/// Seconds of a day, in which failures are counted.
pub(super) const DAY: i64 = 86_400;

/// `GET /admin/authentication`.
pub(super) async fn show(
    State(state): State<PortalState>,
    staff: Staff<ReadProviders>,
) -> Response {
    let (page, shell) = staff.frame(&state, &SECTION);
    let stored = match state.directory.providers().await {
        Ok(stored) => stored,
        Err(error) => return state.failed(staff.locale, &error, SECTION.path),
    };
    let mut providers = Vec::with_capacity(stored.len());
    for (at, one) in stored.iter().enumerate() {
        let slug = &one.provider.slug;
        let since = state.directory.now().plus_seconds(-DAY);
        let logins = match state.directory.logins_through(slug, since).await {
            Ok(logins) => logins,
            Err(error) => return state.failed(staff.locale, &error, SECTION.path),
        };
        let found = match state.standing_of(one).await {
            Ok(found) => found,
            Err(error) => return state.not_set(&staff, slug, error),
        };
        let standing = Standing {
            stored: one,
            logins: &logins,
            found: found.as_ref().map(Option::as_ref).map_err(|_| ()),
        };
        providers.push(ProviderRow {
            slug: slug.to_string(),
            href: path_of(slug),
            label: one.provider.label.clone(),
            kind: kind_name(&page, one.provider.kind),
            states: standing.states(&page),
            last: logins.last_success.map(|at| shell.time(&page, at)),
            by_file: one.managed_by == ManagedBy::File,
            first: at == 0,
            last_one: at + 1 == stored.len(),
        });
    }
    let writes = staff.may(Scope::ProvidersWrite, Access::Write);
    let page = ProvidersPage {
        page,
        shell,
        providers,
        writes,
    };
    state.show(StatusCode::OK, &page)
}

/// What a field showed at the last login.
pub(super) fn seen(trace: Option<&traces::LoginTrace>, names: &[String]) -> Option<String> {
    let attributes = &trace?.details.attributes;
    let found = names.iter().find_map(|tried| {
        let mut all = attributes.iter();
        let (_, values) =
            all.find(|(name, values)| same_name(tried, name) && !values.is_empty())?;
        Some(values.join(", "))
    });
    found.map(|text| text.chars().take(160).collect())
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let shell = Shell::sample(page, &SECTION);
    let row = |slug: &str, tone, text: &str| ProviderRow {
        slug: slug.to_owned(),
        href: format!("/admin/authentication/{slug}"),
        label: "SSO & <Login>".to_owned(),
        kind: page.t("kind-saml"),
        states: vec![
            StateWord {
                tone,
                text: text.to_owned(),
            },
            StateWord {
                tone: "off",
                text: page.t("provider-certificate-ended"),
            },
        ],
        last: Some(shell.time(page, page.now())),
        by_file: slug == "file",
        first: slug == "okta",
        last_one: slug == "file",
    };
    let full = ProvidersPage {
        page: page.clone(),
        shell: shell.clone(),
        providers: vec![
            row("okta", "good", &page.t("provider-works")),
            row("entra", "bad", &page.t("provider-broken")),
            row("file", "plain", &page.t("provider-unused")),
        ],
        writes: true,
    };
    let empty = ProvidersPage {
        providers: Vec::new(),
        ..full.clone()
    };
    let reading = ProvidersPage {
        writes: false,
        ..full.clone()
    };
    vec![
        ("providers".to_owned(), full.render().unwrap()),
        ("providers-empty".to_owned(), empty.render().unwrap()),
        ("providers-reading".to_owned(), reading.render().unwrap()),
    ]
}
