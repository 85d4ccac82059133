//! `/admin/forward-auth`: an address is typed in, and the page says what
//! forward-auth would answer there, and to whom.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::SECTION;
use crate::apps::forward_auth::identity::ASSERTION;
use crate::apps::forward_auth::trial::{self, Answer, Found, Rule, Trial};
use crate::directory::DirectoryError;
use crate::domain::Application;
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::shell::Shell;
use crate::portal::admin::staff::{ReadAdmin, Staff};
use crate::portal::admin::typed::Typed;

/// Where it is.
const PATH: &str = "/admin/forward-auth";

/// The page for an application's first host.
pub(super) fn of(application: &Application, origin: &str) -> String {
    let scheme = origin.split(':').next().unwrap_or("https");
    let host = application.hosts.first().map_or("", String::as_str);
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("url", &format!("{scheme}://{host}/"));
    format!("{PATH}?{}", query.finish())
}

/// The form, and what came of it.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/applications/trial.html")]
struct TrialPage {
    page: Page,
    shell: Shell,
    typed: Typed,
    /// Whether no proxy is believed at all.
    is_deaf: bool,
    outcome: Option<Outcome>,
}

/// What came of an address.
#[derive(Clone, Debug)]
enum Outcome {
    /// No application has this host.
    Nobodys(String),
    /// An application has it.
    Somebodys(Box<Shown>),
}

/// An application's answers, in words.
#[derive(Clone, Debug)]
struct Shown {
    slug: String,
    name: String,
    access: String,
    rule: String,
    way: String,
    stranger: (&'static str, String),
    person: Option<Person>,
}

/// The answer to the person who was named.
#[derive(Clone, Debug)]
struct Person {
    id: String,
    name: String,
    tone: &'static str,
    answer: String,
    headers: Vec<(String, String)>,
}

impl Shown {
    fn new(page: &Page, trial: Trial) -> Self {
        let effect = page.t(&format!("application-path-{}", trial.access));
        let rule = match &trial.rule {
            Rule::Path(rule) => {
                let names = [("path", rule.path.as_str()), ("effect", effect.as_str())];
                page.t_with("trial-rule", &names)
            }
            Rule::Access => page.t("trial-no-rule"),
            Rule::Doubtful => page.t_with("trial-doubtful", &[("effect", &effect)]),
        };
        let way = if trial.shares_cookie {
            "trial-way-shared"
        } else {
            "trial-way-own"
        };
        let (tone, answer, _) = words(page, &trial.stranger);
        Self {
            slug: trial.application.slug.to_string(),
            name: trial.application.name.clone(),
            access: super::access(page, &trial.application),
            rule,
            way: page.t(way),
            stranger: (tone, answer),
            person: trial.person.map(|(user, answer)| {
                let (tone, answer, headers) = words(page, &answer);
                Person {
                    id: user.id.to_string(),
                    name: user.display_name(),
                    tone,
                    answer,
                    headers,
                }
            }),
        }
    }
}

/// An answer in words: a tone, a sentence, the headers with it.
fn words(page: &Page, answer: &Answer) -> (&'static str, String, Vec<(String, String)>) {
    match answer {
        Answer::Pass(headers) => {
            let shown = headers.iter().map(|(name, value)| {
                let value = value.to_str().unwrap_or_default();
                let value = if *name == ASSERTION && is_somebody(headers) {
                    page.t("trial-assertion")
                } else {
                    value.to_owned()
                };
                (name.to_string(), value)
            });
            let mut shown: Vec<_> = shown.collect();
            shown.sort();
            let word = if is_somebody(headers) {
                "trial-passes"
            } else {
                "trial-passes-unknown"
            };
            ("good", page.t(word), shown)
        }
        Answer::SignIn => ("plain", page.t("trial-sign-in"), Vec::new()),
        Answer::Refused(None) => ("bad", page.t("trial-closed"), Vec::new()),
        Answer::Refused(Some(why)) => {
            let word = why.code().replace(['.', '_'], "-");
            ("bad", page.t(&format!("trial-{word}")), Vec::new())
        }
    }
}

/// Whether headers say who somebody is.
fn is_somebody(headers: &axum::http::HeaderMap) -> bool {
    headers
        .get("remote-user")
        .is_some_and(|value| !value.is_empty())
}

/// `GET /admin/forward-auth`.
pub(super) async fn show(
    State(state): State<PortalState>,
    staff: Staff<ReadAdmin>,
    RawQuery(query): RawQuery,
) -> Response {
    let (page, shell) = staff.frame(&state, &SECTION);
    let mut typed = Typed::default();
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if matches!(name.as_ref(), "url" | "user") {
            typed = typed.with(&name, value);
        }
    }
    let outcome = match run(&state, &page, &mut typed).await {
        Ok(outcome) => outcome,
        Err(error) => return state.failed(staff.locale, &error, PATH),
    };
    let page = TrialPage {
        is_deaf: state.kit.trusted_proxies().is_empty(),
        page,
        shell,
        typed,
        outcome,
    };
    state.show(StatusCode::OK, &page)
}

async fn run(
    state: &PortalState,
    page: &Page,
    typed: &mut Typed,
) -> Result<Option<Outcome>, DirectoryError> {
    if !typed.has("url") {
        return Ok(None);
    }
    let address = typed.required(page, "url", 2048);
    let name = typed.line(page, "user", 320);
    let person = match &name {
        Some(name) => {
            let found = trial::person(&state.directory, name).await?;
            if found.is_none() {
                typed.refuse("user", page.t("trial-no-person"));
            }
            found
        }
        None => None,
    };
    let Some(address) = address else {
        return Ok(None);
    };
    let found = trial::run(&state.kit, &state.directory, &address, person.as_ref()).await?;
    Ok(match found {
        Found::NoAddress => {
            typed.refuse("url", page.t("trial-no-address"));
            None
        }
        Found::NoApplication(host) => Some(Outcome::Nobodys(host)),
        Found::Application(trial) => Some(Outcome::Somebodys(Box::new(Shown::new(page, *trial)))),
    })
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    use crate::directory::applications::access::NotAdmitted;
    use crate::domain::application::{ApplicationKind, PathAccess};
    let shell = Shell::sample(page, &SECTION);
    let hostile = "\"><script>alert(1)</script>";
    let application = super::sample(ApplicationKind::ForwardAuth);
    let trial = |stranger, rule, access| Trial {
        application: application.clone(),
        rule,
        access,
        shares_cookie: access == PathAccess::SignedIn,
        stranger,
        person: None,
    };
    let mut shown = Vec::new();
    let rules = [
        (Answer::SignIn, Rule::Access, PathAccess::SignedIn),
        (Answer::Refused(None), Rule::Doubtful, PathAccess::Deny),
        (
            Answer::Pass(crate::apps::forward_auth::identity::nobody(&application)),
            Rule::Path(application.path_rules[0].clone()),
            PathAccess::Anonymous,
        ),
    ];
    for (stranger, rule, access) in rules {
        shown.push(Shown::new(page, trial(stranger, rule, access)));
    }
    let whys = [
        NotAdmitted::Disabled,
        NotAdmitted::NotActive,
        NotAdmitted::Guest,
        NotAdmitted::NotAssigned,
    ];
    let mut headers = crate::apps::forward_auth::identity::nobody(&application);
    headers.insert("remote-user", "ada%3Cb%3E".parse().unwrap());
    let answers = whys.map(|why| Answer::Refused(Some(why)));
    let answers = answers.into_iter().chain([Answer::Pass(headers)]);
    for answer in answers {
        let (tone, answer, headers) = words(page, &answer);
        let mut one = shown[0].clone();
        one.person = Some(Person {
            id: "0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4c".to_owned(),
            name: hostile.to_owned(),
            tone,
            answer,
            headers,
        });
        shown.push(one);
    }
    let mut all: Vec<Option<Outcome>> = vec![None, Some(Outcome::Nobodys(hostile.to_owned()))];
    all.extend(
        shown
            .into_iter()
            .map(|one| Some(Outcome::Somebodys(Box::new(one)))),
    );
    let page_of = |(number, outcome): (usize, Option<Outcome>)| {
        let mut typed = Typed::default().with("url", hostile).with("user", hostile);
        if outcome.is_none() {
            typed.refuse("url", hostile);
        }
        let page = TrialPage {
            page: page.clone(),
            shell: shell.clone(),
            typed,
            is_deaf: number == 0,
            outcome,
        };
        (
            format!("admin-forward-auth-{number}"),
            page.render().unwrap(),
        )
    };
    all.into_iter().enumerate().map(page_of).collect()
}
