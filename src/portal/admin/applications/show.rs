//! `/admin/applications/{slug}`: one application, part by part.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{SECTION, access, find, kind};
use crate::apps::forward_auth::snippets::{self, Snippet};
use crate::directory::DirectoryError;
use crate::directory::applications::{Assigned, Assignee, StoredApplication};
use crate::domain::application::{AccessRule, ApplicationKind};
use crate::domain::{Access, Application, Scope};
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::shell::{Moment, Shell};
use crate::portal::admin::staff::{ReadAdmin, Staff};

/// People and groups that the page names; the others are on their own page.
const SHOWN: usize = 20;

/// One application.
#[derive(Clone, Debug, Template)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each shows a part of the page of its own"
)]
#[template(path = "admin/applications/show.html")]
struct ApplicationPage {
    page: Page,
    shell: Shell,
    writes: bool,
    application: Application,
    kind: String,
    access: String,
    is_client: bool,
    is_forward: bool,
    /// Whether the access rule looks at who is assigned.
    counts_assigned: bool,
    groups: Vec<(String, String)>,
    people: Vec<(String, String)>,
    more: bool,
    /// What to enter at the client.
    values: Vec<(&'static str, String, String)>,
    secret_made_at: Option<Moment>,
    details: Vec<(String, String)>,
    snippets: Vec<Snippet>,
    /// Where forward-auth can be tried out for it.
    trial: String,
    changed_at: Moment,
}

impl ApplicationPage {
    fn new(
        (page, shell): (Page, Shell),
        origin: &str,
        stored: &StoredApplication,
        assigned: Vec<Assigned>,
        writes: bool,
    ) -> Self {
        let application = stored.application.clone();
        let is_client = application.kind == ApplicationKind::Oidc;
        let is_forward = application.kind == ApplicationKind::ForwardAuth;
        let more = assigned.len() > SHOWN;
        let (mut groups, mut people) = (Vec::new(), Vec::new());
        for one in assigned.into_iter().take(SHOWN) {
            match one.assignee {
                Assignee::Group(id) => groups.push((id.to_string(), one.name)),
                Assignee::User(id) => people.push((id.to_string(), one.name)),
            }
        }
        let value = |id: &'static str, label: &str, value: String| (id, page.t(label), value);
        let values = vec![
            value("issuer", "application-issuer", origin.to_owned()),
            value(
                "discovery",
                "application-discovery",
                format!("{origin}/.well-known/openid-configuration"),
            ),
            value(
                "client-id",
                "application-client-id",
                application.client_id().to_owned(),
            ),
        ];
        Self {
            writes,
            kind: kind(&page, application.kind),
            access: access(&page, &application),
            counts_assigned: application.access == AccessRule::Private,
            values: if is_client { values } else { Vec::new() },
            details: details(&page, &application),
            snippets: if is_forward {
                snippets::of(&application, origin)
            } else {
                Vec::new()
            },
            trial: super::trial::of(&application, origin),
            secret_made_at: stored.secret_made_at.map(|at| shell.time(&page, at)),
            changed_at: shell.time(&page, stored.updated_at),
            is_client,
            is_forward,
            groups,
            people,
            more,
            application,
            page,
            shell,
        }
    }
}

/// The settings of a client or of forward-auth, in words.
fn details(page: &Page, a: &Application) -> Vec<(String, String)> {
    let yes = |on: bool| page.t(if on { "settings-on" } else { "settings-off" });
    let words = |words: Vec<&str>| words.join(", ");
    let row = |label: &str, value: String| (page.t(label), value);
    let pairs = |map: &std::collections::BTreeMap<String, String>| {
        let pairs = map.iter().map(|(name, field)| format!("{name} = {field}"));
        pairs.collect::<Vec<_>>().join("\n")
    };
    let all = match a.kind {
        ApplicationKind::Oidc => vec![
            row("application-redirect-uris", a.redirect_uris.join("\n")),
            row(
                "application-post-logout-redirect-uris",
                a.post_logout_redirect_uris.join("\n"),
            ),
            row("application-confidential", yes(a.confidential)),
            row("application-require-pkce", yes(a.require_pkce)),
            row("application-first-party", yes(a.first_party)),
            row(
                "application-scopes",
                words(a.scopes.iter().map(String::as_str).collect()),
            ),
            row(
                "application-grant-types",
                words(a.grant_types.iter().map(|grant| grant.as_str()).collect()),
            ),
            row("application-claims", pairs(&a.claims)),
            row(
                "application-id-token-alg",
                a.id_token_signed_response_alg.to_string(),
            ),
            row("application-subject-type", a.subject_type.to_string()),
            row("application-code-lifetime", a.code_lifetime.to_string()),
            row(
                "application-backchannel-logout-uri",
                a.backchannel_logout_uri.clone().unwrap_or_default(),
            ),
        ],
        ApplicationKind::ForwardAuth => {
            let rules = a.path_rules.iter();
            let rules = rules.map(|rule| {
                let access = page.t(&format!("application-path-{}", rule.access));
                format!("{}: {access}", rule.path)
            });
            vec![
                row("application-hosts", a.hosts.join("\n")),
                row(
                    "application-path-rules",
                    rules.collect::<Vec<_>>().join("\n"),
                ),
                row("application-headers", pairs(&a.headers)),
                row(
                    "application-group-separator",
                    format!("“{}”", a.group_separator),
                ),
                row("application-cors", yes(a.allow_cors_preflight)),
                row(
                    "application-bearer-clients",
                    words(a.bearer_clients.iter().map(String::as_str).collect()),
                ),
            ]
        }
        ApplicationKind::Link => Vec::new(),
    };
    all.into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// `GET /admin/applications/{slug}`.
pub(super) async fn show(
    State(state): State<PortalState>,
    staff: Staff<ReadAdmin>,
    Path(slug): Path<String>,
) -> Response {
    let frame = staff.frame(&state, &SECTION);
    let writes = staff.may(Scope::Admin, Access::Write);
    match read(&state, &slug).await {
        Ok((stored, assigned)) => {
            let origin = state.kit.origin();
            let page = ApplicationPage::new(frame, origin, &stored, assigned, writes);
            state.show(StatusCode::OK, &page)
        }
        Err(error) => state.failed(staff.locale, &error, SECTION.path),
    }
}

async fn read(
    state: &PortalState,
    slug: &str,
) -> Result<(StoredApplication, Vec<Assigned>), DirectoryError> {
    let stored = find(state, slug).await?;
    let assigned = state.directory.assigned(&stored.application.slug).await?;
    Ok((stored, assigned))
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    use crate::domain::{GroupId, Timestamp, UserId};
    let shell = Shell::sample(page, &SECTION);
    let at = Timestamp(1_767_225_600_000);
    let id = "0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4c";
    let mut all = Vec::new();
    for kind in ApplicationKind::ALL {
        for (name, writes) in [("", true), ("-read", false)] {
            let stored = StoredApplication::sample(super::sample(*kind), at);
            let hostile = "\"><script>alert(1)</script>".to_owned();
            let assigned = vec![
                Assigned {
                    assignee: Assignee::Group(GroupId::parse(id).unwrap()),
                    name: hostile.clone(),
                },
                Assigned {
                    assignee: Assignee::User(UserId::parse(id).unwrap()),
                    name: hostile,
                },
            ];
            let frame = (page.clone(), shell.clone());
            let origin = "https://sso.example.com";
            let mut page = ApplicationPage::new(frame, origin, &stored, assigned, writes);
            page.more = writes;
            all.push((
                format!("admin-application-{kind}{name}"),
                page.render().unwrap(),
            ));
        }
    }
    all
}
