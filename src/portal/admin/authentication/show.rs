//! The page of a provider: how it stands, what to enter at the identity provider,
//! what came from there, who may come in.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::list::{DAY, Standing, StateWord, seen};
use super::{SECTION, form, kind_name, path_of};
use crate::directory::provider_standing::Logins;
use crate::directory::providers::{ManagedBy, StoredProvider};
use crate::directory::setup_links::{MOST_DAYS, SetupLink, USUAL_DAYS};
use crate::directory::test_logins::TestLogin;
use crate::directory::traces::LoginTrace;
use crate::domain::{Access, Provider, Role, Scope, Timestamp};
use crate::login::kinds::Found;
use crate::login::saml::keys::SpKey;
use crate::login::saml::vendor::Vendor;
use crate::login::testing;
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::list::Asked;
use crate::portal::admin::shell::{Moment, Shell};
use crate::portal::admin::staff::{Need, ReadProviders, Staff};
use crate::portal::admin::typed::Typed;
use crate::portal::brought::{CertificateRow, FoundRows, certificate};
use crate::portal::guide::{self, Guide, ValueRow};
use crate::portal::tested::field_name;

/// A product whose guide can be shown.
#[derive(Clone, Debug)]
struct ProductLink {
    name: String,
    word: &'static str,
    chosen: bool,
}

/// A row of the attribute table.
#[derive(Clone, Debug)]
struct AttributeRow {
    label: String,
    names: String,
    seen: Option<String>,
    synced: bool,
}

/// A set-up link.
#[derive(Clone, Debug)]
struct LinkRow {
    id: String,
    recipient: String,
    sender: String,
    until: String,
    used: Option<Moment>,
}

/// What the page is made of.
struct Material {
    stored: StoredProvider,
    logins: Logins,
    found: Result<Option<Found>, String>,
    keys: Vec<SpKey>,
    links: Vec<SetupLink>,
    last_test: Option<TestLogin>,
    seen: Option<LoginTrace>,
    guide: Option<Vendor>,
    test: Option<String>,
    writes: bool,
    /// What was typed into the form that makes a set-up link.
    link: Typed,
}

#[expect(clippy::struct_excessive_bools, reason = "what the page shows or not")]
#[derive(Clone, Debug, Template)]
#[template(path = "admin/authentication/show.html")]
struct ProviderPage {
    page: Page,
    shell: Shell,
    path: String,
    label: String,
    slug: String,
    kind: String,
    is_saml: bool,
    is_on: bool,
    is_draft: bool,
    by_file: bool,
    writes: bool,
    states: Vec<StateWord>,
    last: Option<Moment>,
    failures: String,
    commonest: Option<String>,
    traces: String,
    values: Vec<ValueRow>,
    /// OAuth's: what to enter at the provider.
    addresses: Vec<(&'static str, String, String)>,
    products: Vec<ProductLink>,
    guide: Option<Guide>,
    found: Option<FoundRows>,
    broken: Option<String>,
    url: Option<String>,
    fetched: Option<Moment>,
    fetch_fails: Option<String>,
    attributes: Vec<AttributeRow>,
    seen_at: Option<Moment>,
    domains: String,
    switches: Vec<(String, bool)>,
    warnings: Vec<String>,
    keys: Vec<CertificateRow>,
    links: Vec<LinkRow>,
    link: Typed,
    most_days: i64,
    test: Option<String>,
    tested: Option<(Moment, bool)>,
}

/// The names that are tried, field by field.
fn tried(provider: &Provider, origin: &str) -> Vec<(&'static str, Vec<String>)> {
    use crate::domain::Field;
    use crate::login::oauth;
    use crate::login::saml::attribute_map::{AttributeMap, Target};
    let targets = form::targets(provider).into_iter();
    if let Some(saml) = &provider.saml {
        let map = AttributeMap::new(&saml.attributes);
        let names = |target| match (&map, Target::parse(target)) {
            (Ok(map), Some(target)) => map.tried(target).to_vec(),
            _ => Vec::new(),
        };
        return targets.map(|target| (target, names(target))).collect();
    }
    let ready = oauth::provider::compile(provider, origin);
    let set = provider.oauth.as_ref().map(|oauth| &oauth.claims);
    let names = |target: &str| match (&ready, Field::parse(target)) {
        (Ok(ready), Some(field)) => ready.claims.names(field).to_vec(),
        (Ok(ready), None) if target == "sub" => ready.claims.subject_names().to_vec(),
        _ => set
            .and_then(|set| set.get(target))
            .cloned()
            .unwrap_or_default(),
    };
    targets.map(|target| (target, names(target))).collect()
}

fn attributes(page: &Page, material: &Material, origin: &str) -> Vec<AttributeRow> {
    let provider = &material.stored.provider;
    let all = tried(provider, origin).into_iter();
    all.filter(|(_, names)| !names.is_empty())
        .map(|(target, names)| AttributeRow {
            label: match target {
                "sub" => field_name(page, "external_id"),
                other => field_name(page, other),
            },
            seen: seen(material.seen.as_ref(), &names),
            synced: provider
                .sync_fields
                .iter()
                .any(|field| field.name() == target),
            names: names.join(", "),
        })
        .collect()
}

fn switches(page: &Page, provider: &Provider) -> Vec<(String, bool)> {
    let mut all = vec![
        ("provider-jit", provider.jit),
        ("provider-link", provider.link_by_email),
    ];
    if let Some(saml) = &provider.saml {
        all.extend([
            ("saml-sign-requests", saml.sign_requests),
            ("saml-require-encryption", saml.require_encryption),
            ("saml-force-authn", saml.force_authn),
            ("saml-allow-sha1", saml.allow_sha1),
            ("saml-local-logout", saml.local_logout),
        ]);
    }
    if let Some(oauth) = &provider.oauth {
        all.push(("oauth-single-logout", oauth.single_logout));
    }
    all.into_iter()
        .map(|(id, is_on)| (page.t(id), is_on))
        .collect()
}

/// What to enter at an OAuth provider: an id, what it is called there, the address.
fn addresses(
    page: &Page,
    provider: &Provider,
    origin: &str,
) -> Vec<(&'static str, String, String)> {
    let urls = crate::login::oauth::provider::Urls::new(origin, &provider.slug);
    let mut all = Vec::new();
    if provider.kind.is_oauth() {
        all.push(("callback", page.t("oauth-callback"), urls.callback));
    }
    if provider.kind.has_id_token() {
        let (there, behind) = (page.t("oauth-logged-out"), page.t("oauth-backchannel"));
        all.push(("logged-out", there, urls.logged_out));
        all.push(("backchannel", behind, urls.backchannel_logout));
    }
    all
}

/// What an admin should look at.
fn warnings(page: &Page, provider: &Provider) -> Vec<String> {
    let mut all = Vec::new();
    if provider.allowed_domains.is_empty() {
        all.push(page.t("provider-no-domains"));
    }
    if provider.saml.as_ref().is_some_and(|saml| saml.allow_sha1) {
        all.push(page.t("saml-allow-sha1-hint"));
    }
    all
}

fn provider_page(
    origin: &str,
    now: Timestamp,
    (page, shell): (Page, Shell),
    material: &Material,
) -> ProviderPage {
    let stored = &material.stored;
    let provider = &stored.provider;
    let slug = &provider.slug;
    let found = material.found.as_ref();
    let standing = Standing {
        stored,
        logins: &material.logins,
        found: found.map(Option::as_ref).map_err(|_| ()),
    };
    let is_saml = provider.saml.is_some();
    let failures = usize::try_from(material.logins.failures).unwrap_or(0);
    let metadata = stored.metadata.as_ref();
    let vendor = material.guide;
    ProviderPage {
        path: path_of(slug),
        label: provider.label.clone(),
        slug: slug.to_string(),
        kind: kind_name(&page, provider.kind),
        is_saml,
        is_on: provider.enabled,
        is_draft: provider.is_draft(),
        by_file: stored.managed_by == ManagedBy::File,
        writes: material.writes && stored.managed_by == ManagedBy::Api,
        states: standing.states(&page),
        last: material.logins.last_success.map(|at| shell.time(&page, at)),
        failures: page.t_count("provider-failures", failures),
        commonest: material.logins.commonest.clone(),
        traces: format!("/admin/logins?provider={slug}"),
        values: if is_saml {
            guide::values(&page, None, origin, slug)
        } else {
            Vec::new()
        },
        addresses: addresses(&page, provider, origin),
        products: Vendor::ALL
            .into_iter()
            .map(|one| ProductLink {
                name: guide::product(&page, one),
                word: one.word(),
                chosen: vendor == Some(one),
            })
            .collect(),
        guide: vendor
            .filter(|_| is_saml)
            .map(|one| guide::guide(&page, one, origin, slug)),
        found: found
            .ok()
            .and_then(Option::as_ref)
            .map(|found| FoundRows::of(&page, found)),
        broken: found.err().cloned(),
        url: provider
            .saml
            .as_ref()
            .and_then(|saml| saml.metadata_url.clone()),
        fetched: metadata
            .and_then(|m| m.fetched_at)
            .map(|at| shell.time(&page, at)),
        fetch_fails: metadata
            .and_then(|m| m.failing.as_ref())
            .map(|(_, code)| code.clone()),
        attributes: attributes(&page, material, origin),
        seen_at: material
            .seen
            .as_ref()
            .map(|trace| shell.time(&page, trace.at)),
        domains: provider.allowed_domains.join(", "),
        switches: switches(&page, provider),
        warnings: warnings(&page, provider),
        keys: material
            .keys
            .iter()
            .map(|key| {
                let days = key.not_after.seconds_since(now).div_euclid(DAY);
                let names = (String::new(), key.fingerprint_with_colons());
                certificate(&page, names, key.not_after, days)
            })
            .collect(),
        links: material
            .links
            .iter()
            .map(|link| LinkRow {
                id: link.id.clone(),
                recipient: link.recipient.clone(),
                sender: link.sender.clone(),
                until: page.locale().moment(link.expires_at),
                used: link.last_used_at.map(|at| shell.time(&page, at)),
            })
            .collect(),
        link: material.link.clone(),
        most_days: MOST_DAYS,
        test: material.test.clone(),
        tested: material
            .last_test
            .as_ref()
            .map(|test| (shell.time(&page, test.at), test.report.gets_in())),
        page,
        shell,
    }
}

/// `GET /admin/authentication/{slug}`.
pub(super) async fn show(
    State(state): State<PortalState>,
    Path(slug): Path<String>,
    asked: Asked,
    staff: Staff<ReadProviders>,
) -> Response {
    let stored = match state.provider_at(&staff, &slug).await {
        Ok(stored) => stored,
        Err(response) => return *response,
    };
    let link = Typed::default().with("days", USUAL_DAYS.to_string());
    answer(&state, &staff, stored, &asked, link).await
}

/// The page, with what was typed into the form that makes a set-up link.
pub(super) async fn answer<N: Need>(
    state: &PortalState,
    staff: &Staff<N>,
    stored: StoredProvider,
    asked: &Asked,
    link: Typed,
) -> Response {
    let status = if link.is_sound() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let slug = stored.provider.slug.clone();
    let found = match state.standing_of(&stored).await {
        Ok(found) => found,
        Err(error) => return state.not_set(staff, &slug, error),
    };
    let directory = &state.directory;
    let since = directory.now().plus_seconds(-DAY);
    let asking = async {
        Ok::<_, crate::directory::DirectoryError>((
            directory.logins_through(&slug, since).await?,
            directory.setup_links(&slug).await?,
            directory.last_test(&slug, None).await?,
            directory.last_seen_through(&slug).await?,
        ))
    };
    let (logins, links, last_test, last_seen) = match asking.await {
        Ok(all) => all,
        Err(error) => return state.failed(staff.locale, &error, SECTION.path),
    };
    // An admin tests; whoever only reads does not begin anything.
    let can_test =
        staff.current.user.has_role(Role::Admin) && found.is_ok() && !stored.provider.is_draft();
    let login = format!("/{}/{slug}/login", stored.provider.kind.path());
    let test =
        can_test.then(|| testing::for_session(&state.kit, &staff.current.id_hash, &slug, &login));
    let material = Material {
        keys: match stored.provider.saml {
            Some(_) => state.providers.own_keys(&stored),
            None => Vec::new(),
        },
        stored,
        logins,
        found,
        links,
        last_test,
        seen: last_seen,
        guide: asked.word("product", Vendor::parse),
        test,
        writes: staff.may(Scope::ProvidersWrite, Access::Write),
        link,
    };
    let frame = staff.frame(state, &SECTION);
    let page = provider_page(state.kit.origin(), directory.now(), frame, &material);
    state.show(status, &page)
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    use crate::domain::{ProviderKind, Slug};
    use crate::portal::{setup, tested};
    let origin = "https://sso.example.com";
    let stored = |provider: Provider| StoredProvider {
        provider,
        managed_by: ManagedBy::Api,
        position: 1,
        secrets: String::new(),
        metadata: None,
        version: 3,
        created_at: page.now(),
        updated_at: page.now(),
    };
    let blank = |kind| Provider::blank(Slug::parse("okta").unwrap(), kind, "SSO & <Login>");
    let draft = Material {
        stored: stored(blank(ProviderKind::Saml)),
        logins: Logins::default(),
        found: Ok(None),
        keys: Vec::new(),
        links: Vec::new(),
        last_test: None,
        seen: None,
        guide: None,
        test: None,
        writes: true,
        link: Typed::default().with("days", "7"),
    };
    let mut on = blank(ProviderKind::Saml);
    on.enabled = true;
    on.allowed_domains = vec!["example.com".to_owned()];
    let saml = on.saml.as_mut().unwrap();
    saml.metadata_xml = Some("<x/>".to_owned());
    saml.allow_sha1 = true;
    let mut wrong = Typed::default()
        .with("recipient", "\"><script>")
        .with("days", "x");
    wrong.refuse("days", page.t("form-required"));
    wrong.refuse("recipient", page.t("provider-link-many"));
    let whole = Material {
        link: wrong,
        stored: stored(on.clone()),
        logins: Logins {
            last_success: Some(page.now()),
            failing_since: None,
            failures: 3,
            commonest: Some("saml.audience_mismatch".to_owned()),
        },
        found: Ok(Some(setup::samples::found())),
        links: vec![SetupLink {
            id: "1".to_owned(),
            provider: on.slug.clone(),
            recipient: "Ada <Lovelace>".to_owned(),
            sender: "Grace".to_owned(),
            progress: crate::directory::setup_links::Progress::default(),
            created_at: page.now(),
            expires_at: page.now(),
            revoked_at: None,
            last_used_at: Some(page.now()),
        }],
        last_test: Some(tested::samples::test()),
        guide: Some(Vendor::Entra),
        test: Some("/saml/okta/login?test=s.x".to_owned()),
        ..draft_again(&draft)
    };
    let mut of_file = Material {
        found: Err("saml.metadata_xml: is <broken>".to_owned()),
        ..draft_again(&whole)
    };
    of_file.stored.managed_by = ManagedBy::File;
    let mut oauth = Material {
        ..draft_again(&draft)
    };
    oauth.stored = stored(blank(ProviderKind::Google));
    let render = |name: &str, material: &Material| {
        let frame = (page.clone(), Shell::sample(page, &SECTION));
        let page = provider_page(origin, page.now(), frame, material);
        (name.to_owned(), page.render().unwrap())
    };
    let frame = (page.clone(), Shell::sample(page, &SECTION));
    let mut changing = provider_page(origin, page.now(), frame, &whole);
    let key = |days| {
        let names = (String::new(), ["AB"; 32].join(":"));
        certificate(page, names, page.now(), days)
    };
    changing.keys = vec![key(3), key(1_000)];
    vec![
        ("provider-two-keys".to_owned(), changing.render().unwrap()),
        render("provider-draft", &draft),
        render("provider-whole", &whole),
        render("provider-file", &of_file),
        render("provider-oauth", &oauth),
    ]
}

#[cfg(test)]
fn draft_again(material: &Material) -> Material {
    Material {
        stored: material.stored.clone(),
        logins: material.logins.clone(),
        found: material.found.clone(),
        keys: material.keys.clone(),
        links: material.links.clone(),
        last_test: material.last_test.clone(),
        seen: material.seen.clone(),
        guide: material.guide,
        test: material.test.clone(),
        writes: material.writes,
        link: material.link.clone(),
    }
}
