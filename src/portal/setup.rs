//! `/setup/{token}`: the admin of an identity provider sets one provider up,
//! without an account here. Whoever has the link can do that, and nothing else.
//!
//! The token stands in the address alone. It is written into no log, no page but
//! its own, and no `Referer`.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use super::brought::{FoundRows, MetadataForm, brought};
use super::guide::{self, Guide};
use super::tested::Tested;
use super::upload::{self, Sent};
use super::{PortalState, see_other};
use crate::directory::DirectoryError;
use crate::directory::providers::{ManagedBy, StoredProvider};
use crate::directory::setup_links::{Progress, SetupLink};
use crate::login::kinds::{Found, SetError};
use crate::login::saml::vendor::Vendor;
use crate::login::testing;
use crate::platform::i18n::Locale;
use crate::platform::storage::StorageError;
use crate::platform::throttle::{self, Allowance};
use crate::platform::web::{ClientAddr, Message, Page, network_of};

/// The cookie by which the result of a test leads back to the link's page.
pub(super) const BACK: &str = "doorward-setup";

/// How often a link's page may be sent something; metadata by address makes us
/// ask somebody's server.
const SENT: Allowance = Allowance {
    burst: 40,
    interval: 5_000,
};
/// How often one network may come with links that do not work.
const MISSED: Allowance = Allowance {
    burst: 60,
    interval: 10_000,
};

/// The routes of set-up links, and of what comes of their tests.
pub(super) fn router() -> Router<PortalState> {
    Router::new()
        .route(
            "/setup/{token}",
            get(show)
                .post(submit)
                .layer(DefaultBodyLimit::max(upload::CAP)),
        )
        .route("/test-login/{id}", get(super::tested::show))
}

/// Whether a text can be a link's token.
pub(super) fn is_token(text: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    text.len() == 43 && text.bytes().all(letter)
}

/// Lets an answer tell its address to nobody.
pub(super) fn without_referrer(response: &mut Response) {
    let value = HeaderValue::from_static("no-referrer");
    response
        .headers_mut()
        .insert(header::REFERRER_POLICY, value);
}

/// A product to choose.
#[derive(Clone, Debug)]
struct ProductRow {
    word: &'static str,
    name: String,
    chosen: bool,
}

/// The page of a link.
#[derive(Clone, Debug, Template)]
#[template(path = "setup/link.html")]
struct SetupPage {
    page: Page,
    /// Where its forms go.
    action: String,
    csrf: String,
    /// What stands on the provider's button.
    label: String,
    /// Who sent the link, and until when it works.
    sender: String,
    until: String,
    /// People sign in through the provider already.
    is_on: bool,
    products: Vec<ProductRow>,
    guide: Option<Guide>,
    /// Whether the values were entered there.
    entered: bool,
    found: Option<FoundRows>,
    form: MetadataForm,
    /// Where a test begins.
    test: Option<String>,
    tested: Option<Tested>,
}

impl SetupPage {
    /// How many of the four steps are done.
    fn done(&self) -> usize {
        [
            self.guide.is_some(),
            self.entered,
            self.found.is_some(),
            self.is_tested(),
        ]
        .into_iter()
        .filter(|done| *done)
        .count()
    }

    fn is_tested(&self) -> bool {
        self.tested.as_ref().is_some_and(|tested| tested.passed)
    }
}

/// The page for a link that does not work.
#[derive(Clone, Debug, Template)]
#[template(path = "setup/ended.html")]
struct EndedPage {
    page: Page,
}

/// Why there is no page of a link.
enum NoLink {
    /// It does not work, or not any more.
    Ended,
    /// Too many tries.
    TooOften,
    /// The database.
    Directory(DirectoryError),
}

impl From<DirectoryError> for NoLink {
    fn from(error: DirectoryError) -> Self {
        Self::Directory(error)
    }
}

/// A link that works, and what it sets up.
struct Opened {
    link: SetupLink,
    stored: StoredProvider,
    token: String,
}

/// What a page shows beside the link.
struct Seen {
    browser: String,
    found: Option<Found>,
    form: MetadataForm,
}

impl PortalState {
    async fn open(&self, token: String, client: std::net::IpAddr) -> Result<Opened, NoLink> {
        if let Some(link) = self.directory.setup_link(&token).await? {
            let stored = match self.directory.provider(&link.provider).await {
                Err(DirectoryError::NotFound(_)) => return Err(NoLink::Ended),
                found => found?,
            };
            // What the file keeps, nobody sets up from outside.
            let theirs = stored.managed_by == ManagedBy::Api && stored.provider.saml.is_some();
            return if theirs {
                Ok(Opened {
                    link,
                    stored,
                    token,
                })
            } else {
                Err(NoLink::Ended)
            };
        }
        let key = format!("setup-miss:{}", network_of(client));
        if self.take(key, MISSED).await? {
            Err(NoLink::Ended)
        } else {
            Err(NoLink::TooOften)
        }
    }

    /// Takes of an allowance; `false` when nothing is left.
    async fn take(&self, key: String, allowance: Allowance) -> Result<bool, DirectoryError> {
        if !self.limits {
            return Ok(true);
        }
        let now = self.directory.now();
        let taken = self.directory.db.write(move |tx| {
            let key = key.clone();
            Box::pin(async move { throttle::take(tx, &key, allowance, now).await })
        });
        let taken: Result<_, StorageError> = taken.await;
        Ok(taken?.is_ok())
    }

    fn no_link(&self, locale: Locale, why: &NoLink) -> Response {
        let mut response = match why {
            NoLink::Ended => {
                let page = self.kit.page(locale);
                self.kit.render(StatusCode::GONE, &EndedPage { page })
            }
            NoLink::TooOften => {
                let failure = self.kit.failure(Message::TooManyTries, "setup.too_often");
                self.kit.failure_page(locale, failure)
            }
            NoLink::Directory(error) => self.failed(locale, error, "/"),
        };
        without_referrer(&mut response);
        response
    }

    async fn link_page(
        &self,
        page: &Page,
        opened: &Opened,
        seen: Seen,
    ) -> Result<SetupPage, DirectoryError> {
        let Opened {
            link,
            stored,
            token,
        } = opened;
        let slug = &stored.provider.slug;
        let vendor = link.progress.product.as_deref().and_then(Vendor::parse);
        let origin = self.kit.origin();
        let test = self.directory.last_test(slug, Some(&link.id)).await?;
        let login = format!("/saml/{slug}/login");
        let products = Vendor::ALL.into_iter().map(|one| ProductRow {
            word: one.word(),
            name: guide::product(page, one),
            chosen: vendor == Some(one),
        });
        Ok(SetupPage {
            action: format!("/setup/{token}"),
            csrf: self.kit.csrf_token(&binding(token)),
            label: stored.provider.label.clone(),
            sender: link.sender.clone(),
            until: page.locale().moment(link.expires_at),
            is_on: stored.provider.enabled,
            products: products.collect(),
            guide: vendor.map(|vendor| guide::guide(page, vendor, origin, slug)),
            entered: link.progress.entered,
            test: seen
                .found
                .as_ref()
                .map(|_| testing::for_link(&self.kit, &link.id, &seen.browser, slug, &login)),
            found: seen.found.map(|found| FoundRows::of(page, &found)),
            form: seen.form,
            tested: test.map(|test| Tested::of(page, &test, false)),
            page: page.clone(),
        })
    }

    /// What the provider's metadata says by now.
    async fn found(&self, stored: &StoredProvider) -> Result<Option<Found>, DirectoryError> {
        if stored
            .provider
            .saml
            .as_ref()
            .is_none_or(crate::domain::provider::SamlSettings::is_blank)
        {
            return Ok(None);
        }
        match self.providers.found_of(stored).await {
            Ok(found) => Ok(found.ok()),
            Err(SetError::Directory(error)) => Err(error),
            Err(SetError::Broken(problem)) => Err(broken(problem)),
            Err(SetError::Mistakes(_)) => Ok(None),
        }
    }

    async fn answer(
        &self,
        (status, locale): (StatusCode, Locale),
        headers: &HeaderMap,
        opened: &Opened,
        form: MetadataForm,
    ) -> Result<Response, DirectoryError> {
        let (browser, cookie) = self.kit.ensure_browser_id(headers);
        let found = self.found(&opened.stored).await?;
        let seen = Seen {
            browser,
            found,
            form,
        };
        let page = self.kit.page(locale);
        let page = self.link_page(&page, opened, seen).await?;
        let mut response = self.show(status, &page);
        without_referrer(&mut response);
        let headers = response.headers_mut();
        if let Some(cookie) = cookie {
            headers.append(header::SET_COOKIE, cookie);
        }
        // Only the page with a test's result gets it back.
        let secure = if self.kit.https() { "; Secure" } else { "" };
        let back = format!(
            "{BACK}={}; Path=/test-login; HttpOnly; SameSite=Lax; Max-Age=7200{secure}",
            opened.token
        );
        if let Ok(back) = HeaderValue::from_str(&back) {
            headers.append(header::SET_COOKIE, back);
        }
        Ok(response)
    }
}

fn broken(problem: String) -> DirectoryError {
    DirectoryError::Storage(StorageError::Statement(problem))
}

/// What the form token belongs to: whoever has the link has the page.
fn binding(token: &str) -> String {
    format!("setup\0{}", crate::sessions::hash(token))
}

/// `GET /setup/{token}`.
async fn show(
    State(state): State<PortalState>,
    Path(token): Path<String>,
    ClientAddr(client): ClientAddr,
    locale: Locale,
    headers: HeaderMap,
) -> Response {
    let opened = match state.open(token, client).await {
        Ok(opened) => opened,
        Err(why) => return state.no_link(locale, &why),
    };
    let asked = (StatusCode::OK, locale);
    let answered = state.answer(asked, &headers, &opened, MetadataForm::default());
    match answered.await {
        Ok(response) => response,
        Err(error) => state.no_link(locale, &NoLink::Directory(error)),
    }
}

/// `POST /setup/{token}`: one of the steps.
async fn submit(
    State(state): State<PortalState>,
    Path(token): Path<String>,
    ClientAddr(client): ClientAddr,
    locale: Locale,
    request: Request,
) -> Response {
    let headers = request.headers().clone();
    let opened = match state.open(token, client).await {
        Ok(opened) => opened,
        Err(why) => return state.no_link(locale, &why),
    };
    match state.take(format!("setup:{}", opened.link.id), SENT).await {
        Ok(true) => {}
        Ok(false) => return state.no_link(locale, &NoLink::TooOften),
        Err(error) => return state.no_link(locale, &NoLink::Directory(error)),
    }
    let sent = match Sent::read(request).await {
        Ok(sent) => sent,
        Err(status) => return status.into_response(),
    };
    if !state
        .kit
        .csrf_matches(&binding(&opened.token), sent.text("csrf"))
    {
        let mut form = MetadataForm::of(&sent);
        form.problem = Some(locale.t("form-again"));
        let asked = (StatusCode::FORBIDDEN, locale);
        return match state.answer(asked, &headers, &opened, form).await {
            Ok(mut response) => {
                without_referrer(&mut response);
                response
            }
            Err(error) => state.no_link(locale, &NoLink::Directory(error)),
        };
    }
    match step(&state, (locale, &headers), &opened, &sent).await {
        Ok(mut response) => {
            without_referrer(&mut response);
            response
        }
        Err(error) => state.no_link(locale, &error),
    }
}

async fn step(
    state: &PortalState,
    (locale, headers): (Locale, &HeaderMap),
    opened: &Opened,
    sent: &Sent,
) -> Result<Response, NoLink> {
    let link = &opened.link;
    let to = |part: &str| see_other(&format!("/setup/{}#{part}", opened.token));
    let noted = |progress| async move {
        if state.directory.progress_of(link, progress).await? {
            Ok(())
        } else {
            Err(NoLink::Ended)
        }
    };
    match sent.text("step") {
        "product" => {
            let Some(vendor) = Vendor::parse(sent.text("product")) else {
                return Ok(to("product"));
            };
            let progress = Progress {
                product: Some(vendor.word().to_owned()),
                ..link.progress.clone()
            };
            noted(progress).await?;
            Ok(to("values"))
        }
        "entered" => {
            let progress = Progress {
                entered: true,
                ..link.progress.clone()
            };
            noted(progress).await?;
            Ok(to("metadata"))
        }
        "metadata" => {
            let page = state.kit.page(locale);
            let form = MetadataForm::of(sent);
            let Some(form) = bring(state, &page, opened, sent, form).await? else {
                return Ok(to("metadata"));
            };
            let asked = (StatusCode::UNPROCESSABLE_ENTITY, locale);
            Ok(state.answer(asked, headers, opened, form).await?)
        }
        _ => Ok(to("product")),
    }
}

/// Brings metadata; the form comes back when it was not taken.
async fn bring(
    state: &PortalState,
    page: &Page,
    opened: &Opened,
    sent: &Sent,
    mut form: MetadataForm,
) -> Result<Option<MetadataForm>, NoLink> {
    let brought = match brought(page, sent) {
        Ok(brought) => brought,
        Err(problem) => {
            form.problem = Some(problem);
            return Ok(Some(form));
        }
    };
    let entity_id = Some(sent.text("entity_id").to_owned()).filter(|id| !id.is_empty());
    let by = (true, opened.link.actor());
    let saved = state
        .providers
        .bring(&opened.stored, brought, entity_id, by);
    match saved.await {
        Ok(_) => Ok(None),
        Err(SetError::Mistakes(mistakes)) => Ok(Some(form.refused(&mistakes))),
        Err(SetError::Directory(DirectoryError::Changed)) => {
            form.problem = Some(page.t("setup-changed"));
            Ok(Some(form))
        }
        Err(SetError::Directory(error)) => Err(error.into()),
        Err(SetError::Broken(problem)) => Err(broken(problem).into()),
    }
}

#[cfg(test)]
pub(super) mod samples {
    use super::*;
    use crate::domain::{Slug, Timestamp};
    use crate::login::kinds::FoundCertificate;

    pub(in crate::portal) fn found() -> Found {
        let certificate = |days: i64| FoundCertificate {
            subject: "CN=signing & <more>".to_owned(),
            fingerprint: ["AB"; 32].join(":"),
            not_after: Timestamp(1_800_000_000_000),
            days_left: days,
        };
        Found {
            entity_id: "https://idp.example.com/<entity>".to_owned(),
            name: Some("Contoso & Sons".to_owned()),
            vendor: Vendor::Okta,
            addresses: vec!["https://idp.example.com/sso?a=1&b=2".to_owned()],
            certificates: vec![certificate(400), certificate(12), certificate(-3)],
            valid_until: Some(Timestamp(1_800_000_000_000)),
            warnings: vec!["The cacheDuration \"x\" is no duration.".to_owned()],
        }
    }

    pub(in crate::portal) fn pages(page: &Page) -> Vec<(String, String)> {
        let slug = Slug::parse("okta").unwrap();
        let products = |chosen: Option<Vendor>| {
            let all = Vendor::ALL.into_iter();
            all.map(|one| ProductRow {
                word: one.word(),
                name: guide::product(page, one),
                chosen: chosen == Some(one),
            })
            .collect()
        };
        let fresh = SetupPage {
            page: page.clone(),
            action: "/setup/token".to_owned(),
            csrf: "token".to_owned(),
            label: "SSO & <Login>".to_owned(),
            sender: "Grace <Hopper>".to_owned(),
            until: "30 November 2026, 12:00 UTC".to_owned(),
            is_on: false,
            products: products(None),
            guide: None,
            entered: false,
            found: None,
            form: MetadataForm::default(),
            test: None,
            tested: None,
        };
        let of = |vendor: Vendor| SetupPage {
            products: products(Some(vendor)),
            guide: Some(guide::guide(page, vendor, "https://sso.example.com", &slug)),
            ..fresh.clone()
        };
        let wrong = SetupPage {
            form: MetadataForm {
                text: "<EntityDescriptor>&amp;\"'".to_owned(),
                url: "http://<idp>".to_owned(),
                entity_id: "https://idp".to_owned(),
                problem: Some(page.t("metadata-both")),
                found_wrong: vec!["The document is no <XML>.".to_owned()],
            },
            ..of(Vendor::AdFs)
        };
        let whole = SetupPage {
            entered: true,
            is_on: true,
            found: Some(FoundRows::of(page, &found())),
            test: Some("/saml/okta/login?test=l.1.x".to_owned()),
            tested: Some(Tested::of(
                page,
                &super::super::tested::samples::test(),
                false,
            )),
            ..of(Vendor::Okta)
        };
        let failed = SetupPage {
            tested: Some(Tested::of(
                page,
                &super::super::tested::samples::failed(),
                false,
            )),
            ..whole.clone()
        };
        let mut all = vec![
            ("setup-fresh".to_owned(), fresh.clone().render().unwrap()),
            ("setup-wrong".to_owned(), wrong.render().unwrap()),
            ("setup-whole".to_owned(), whole.render().unwrap()),
            ("setup-failed".to_owned(), failed.render().unwrap()),
        ];
        for vendor in Vendor::ALL {
            let name = format!("setup-{}", vendor.word());
            all.push((name, of(vendor).render().unwrap()));
        }
        let ended = EndedPage { page: page.clone() };
        all.push(("setup-ended".to_owned(), ended.render().unwrap()));
        all
    }
}
