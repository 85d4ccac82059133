//! The end of a login that is only tried out: the provider was asked like at any
//! other, and what it said is shown.

use axum::http::HeaderMap;
use axum::response::Response;

use super::OauthState;
use super::callback::Begun;
use super::finish::see_other;
use super::person::Person;
use super::trouble::{Trouble, refused};
use crate::directory::policy::LoginPolicy;
use crate::directory::test_logins::{Arrived, StepState, Tester};
use crate::directory::{DirectoryError, settings};
use crate::domain::Field;
use crate::login::explain::Report;
use crate::login::oauth::provider::OauthProvider;
use crate::login::testing::{self, Findings, Visit, step};

/// What is checked, in the order in which it is shown.
const STEPS: [&str; 6] = [
    "browser",
    "answer",
    "exchange",
    "id-token",
    "organization",
    "claims",
];

/// Works out what would have happened, and shows it.
pub(super) async fn finish(
    state: &OauthState,
    report: &Report<'_>,
    headers: &HeaderMap,
    (begun, tester): (Begun, Tester),
    asked: Result<(Person, String), Trouble>,
) -> Response {
    let provider = &begun.provider;
    let (findings, person) = match asked {
        Ok((person, _)) => (read(&person, provider), Some(person)),
        Err(trouble @ (Trouble::Directory(_) | Trouble::Internal(_))) => {
            return trouble.answer(report).await;
        }
        Err(trouble) => (broken(trouble, provider), None),
    };
    let kit = &state.kit;
    let present = kit.cookie(headers, kit.cookies().session);
    let present = present.map(crate::sessions::hash);
    let reference = kit.reference();
    let ended = write(
        state,
        report,
        (&begun, &tester),
        (present.as_deref(), &reference),
        (findings, person),
    );
    match ended.await {
        Ok(Ok(target)) => see_other(&target),
        Ok(Err(explanation)) => report.page(&explanation, reference),
        Err(error) => report.unavailable(&error),
    }
}

async fn write(
    state: &OauthState,
    report: &Report<'_>,
    (begun, tester): (&Begun, &Tester),
    (present, reference): (Option<&str>, &crate::domain::Reference),
    (findings, person): (Findings, Option<Person>),
) -> Result<Result<String, Box<crate::login::explain::Explanation>>, DirectoryError> {
    let (writer, provider) = (state.clone(), std::sync::Arc::clone(&begun.provider));
    let (tester, browser) = (tester.clone(), begun.sign_in.browser_hash.clone());
    let (present, reference) = (present.map(ToOwned::to_owned), reference.clone());
    let (slug, locale, client) = (provider.provider.slug.clone(), report.locale, report.client);
    state
        .directory
        .db
        .write(move |tx| {
            let (state, provider) = (writer.clone(), std::sync::Arc::clone(&provider));
            let (tester, browser) = (tester.clone(), browser.clone());
            let (present, reference, slug) = (present.clone(), reference.clone(), slug.clone());
            let (mut findings, person) = (findings.clone(), person.clone());
            Box::pin(async move {
                let report = Report {
                    kit: &state.kit,
                    directory: &state.directory,
                    locale,
                    provider: slug.as_str(),
                    kind: "oauth",
                    client,
                };
                let visit = Visit {
                    report: &report,
                    reference,
                    wanted: &tester,
                    present: present.as_deref(),
                    browser_hash: &browser,
                    provider: &slug,
                };
                let settings = settings::load(tx, &state.defaults).await?;
                let enforce = state.sessions.lifetimes.enforce_validity;
                let policy =
                    LoginPolicy::of(&provider.provider, &settings.allowed_domains, enforce);
                let observation = person.as_ref().map(|p| p.observation(&provider, &policy));
                // Why an address is not vouched for, the protocol says best.
                if let (Some(person), Some(observation)) = (&person, &observation)
                    && let Err(refusal) = policy.admit(observation)
                {
                    findings.failed_at("admission", &testing::DIRECTORY);
                    findings.failure = Some(refused(&provider, person, &refusal).into());
                }
                let seen = observation.as_ref().map(|one| (one, &policy));
                testing::finish(tx, &state.sessions, visit, findings, seen).await
            })
        })
        .await
}

fn read(person: &Person, provider: &OauthProvider) -> Findings {
    let mut findings = Findings {
        arrived: arrived(person, provider),
        document: person.document(),
        notes: person.notes.clone(),
        ..Findings::default()
    };
    for name in STEPS {
        let detail = match name {
            "id-token" if !provider.has_id_token() => continue,
            "organization" if !is_pinned(provider) => continue,
            "id-token" => person.issuer.as_str(),
            "claims" => person.subject.as_str(),
            _ => "",
        };
        findings.passed(name, detail);
    }
    findings
}

/// Whether one organization alone may come in.
const fn is_pinned(provider: &OauthProvider) -> bool {
    provider.settings.hosted_domain.is_some() || provider.settings.organization.is_some()
}

/// What stood in the way. Only what is known to have been checked has its tick.
fn broken(trouble: Trouble, provider: &OauthProvider) -> Findings {
    let at = step_of(&trouble);
    let mut findings = Findings {
        failure: Some(trouble.explain().into()),
        ..Findings::default()
    };
    let mut reached = true;
    for name in STEPS {
        if name == "id-token" && !provider.has_id_token()
            || name == "organization" && !is_pinned(provider)
        {
            continue;
        }
        let state = match (name == at, reached) {
            (true, _) => StepState::Failed,
            (false, true) => StepState::Passed,
            (false, false) => StepState::Skipped,
        };
        reached = reached && name != at;
        findings.steps.push(step(name, state, ""));
    }
    findings
}

const fn step_of(trouble: &Trouble) -> &'static str {
    match trouble {
        Trouble::Malformed(_) | Trouble::Declined { .. } | Trouble::OtherIssuer { .. } => "answer",
        Trouble::NoIdToken | Trouble::Token(_) => "id-token",
        Trouble::OtherOrganization { .. } => "organization",
        Trouble::NoSubject { .. } => "claims",
        _ => "exchange",
    }
}

/// The claims, each with the fields that it fills.
fn arrived(person: &Person, provider: &OauthProvider) -> Vec<Arrived> {
    let has = |name: &String| {
        let first = name.split('.').next().unwrap_or_default();
        let whole = person.attributes.contains_key(name);
        whole || person.attributes.contains_key(first)
    };
    let source = |names: &[String]| {
        let found = names.iter().find(|name| has(name))?;
        let first = found.split('.').next().unwrap_or_default();
        let whole = person.attributes.contains_key(found);
        Some(if whole {
            found.clone()
        } else {
            first.to_owned()
        })
    };
    let is_filled = |field: Field| match field {
        Field::Email => person.vouched.email.is_some(),
        Field::Upn => person.vouched.upn.is_some(),
        other => person.profile.get(other).is_some(),
    };
    let claims = &provider.claims;
    let filled = Field::ALL.iter().filter(|field| is_filled(**field));
    let mut sources: Vec<(String, String)> = filled
        .filter_map(|field| Some((source(claims.names(*field))?, field.name().to_owned())))
        .collect();
    if let Some(subject) = source(claims.subject_names()) {
        sources.push((subject, "external_id".to_owned()));
    }
    let of = |name: &String| {
        let fields = sources.iter().filter(|(source, _)| source == name);
        fields.map(|(_, field)| field.clone()).collect()
    };
    let all = person.attributes.iter();
    all.map(|(name, values)| Arrived {
        name: name.clone(),
        values: values.clone(),
        fields: of(name),
    })
    .collect()
}
