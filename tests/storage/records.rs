//! Login traces and the audit log, as they are read back.

use std::collections::{BTreeMap, BTreeSet};

use doorward::directory::audit::EventFilter;
use doorward::directory::plan::Change;
use doorward::directory::resolve::Matched;
use doorward::directory::traces::{LoginTrace, Side, TraceDetails, TraceFilter, TraceOutcome};
use doorward::directory::{Actor, DirectoryError};
use doorward::domain::{During, Entropy, Reference, TraceId, UserId};

use crate::place::{Place, about, gateway};

on_both!(
    a_trace_comes_back_as_it_was_written,
    traces_are_narrowed_and_paged,
    old_traces_are_forgotten,
    of_failures_only_the_newest_are_kept,
    events_are_paged_newest_first,
    each_kind_of_actor_is_told,
);

fn trace(
    place: &Place,
    provider: &str,
    outcome: TraceOutcome,
    user: Option<&UserId>,
) -> LoginTrace {
    LoginTrace {
        id: TraceId::new(place.now(), &Entropy::System),
        at: place.now(),
        provider: provider.to_owned(),
        kind: "saml".into(),
        outcome,
        reference: Reference::new(&Entropy::System),
        user: user.cloned(),
        code: "ok".into(),
        details: TraceDetails::default(),
    }
}

async fn a_trace_comes_back_as_it_was_written(place: Place) {
    let ada = place.user_at("ada@example.com").await;
    let mut full = trace(&place, "okta", TraceOutcome::Failed, Some(&ada.id));
    full.code = "saml.audience_mismatch".into();
    full.details = TraceDetails {
        summary: "The audience is another one: Größe \"x\" 🔑".into(),
        expected: Some("https://sso.example.com".into()),
        // An IdP may send anything; JSON keeps it.
        received: vec![
            "https://old.example.com".into(),
            "nul \0".into(),
            String::new(),
        ],
        side: Some(Side::Idp),
        remedy: Some("Change the audience".into()),
        attributes: BTreeMap::from([("mail".into(), vec!["a".into(), "b".into()])]),
        matched_by: Some(Matched::ExternalId),
        changes: vec![Change {
            field: "name".into(),
            before: None,
            after: Some("Ada".into()),
        }],
        document: Some("<Response/>".repeat(1000).into()),
    };
    place.directory.trace(full.clone()).await.unwrap();
    assert_eq!(place.directory.login_trace(&full.id).await.unwrap(), full);
    let empty = trace(&place, "okta", TraceOutcome::Success, None);
    place.directory.trace(empty.clone()).await.unwrap();
    assert_eq!(place.directory.login_trace(&empty.id).await.unwrap(), empty);
    let nothing = TraceId::parse("01234567-89ab-7def-8123-456789abcdef").unwrap();
    let outcome = place.directory.login_trace(&nothing).await;
    assert!(matches!(
        outcome,
        Err(DirectoryError::NotFound("login trace"))
    ));
    // A trace outlives its user.
    place
        .directory
        .delete_user(&ada.id, gateway())
        .await
        .unwrap();
    assert_eq!(place.directory.login_trace(&full.id).await.unwrap(), full);
}

async fn list(place: &Place, filter: TraceFilter, size: usize) -> Vec<LoginTrace> {
    let mut all = Vec::new();
    let mut cursor = None;
    loop {
        let page = place
            .directory
            .login_traces(filter.clone(), cursor, size)
            .await
            .unwrap();
        assert!(page.items.len() <= size);
        all.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return all;
        }
    }
}

async fn traces_are_narrowed_and_paged(place: Place) {
    let (ada, grace) = (
        place.user_at("ada@example.com").await,
        place.user_at("grace@example.com").await,
    );
    let mut written = Vec::new();
    for n in 0..60 {
        place.wait(1);
        let provider = ["okta", "entra"][n % 2];
        let outcome = TraceOutcome::ALL[n % 3];
        let user = [Some(&ada.id), Some(&grace.id), None, None][n % 4];
        let one = trace(&place, provider, outcome, user);
        place.directory.trace(one.clone()).await.unwrap();
        written.push(one);
    }
    written.reverse();
    let all = || TraceFilter::default();
    for size in [1, 7, 60, 61] {
        assert_eq!(list(&place, all(), size).await, written, "pages of {size}");
    }
    let by_provider = TraceFilter {
        provider: Some("okta".into()),
        ..all()
    };
    let by_outcome = TraceFilter {
        outcome: Some(TraceOutcome::Refused),
        ..all()
    };
    let by_user = TraceFilter {
        user: Some(ada.id.clone()),
        ..all()
    };
    let by_reference = TraceFilter {
        reference: Some(written[5].reference.as_str().to_lowercase()),
        ..all()
    };
    let by_all = TraceFilter {
        provider: Some("okta".into()),
        outcome: Some(TraceOutcome::Success),
        user: Some(ada.id.clone()),
        kind: Some(written[0].kind.clone()),
        code: Some(written[0].code.clone()),
        ..all()
    };
    // The first moment belongs to a span, the last does not.
    let by_time = TraceFilter {
        during: During {
            from: Some(written[10].at),
            to: Some(written[4].at),
        },
        ..all()
    };
    let expected = |keep: &dyn Fn(&LoginTrace) -> bool| {
        written
            .iter()
            .filter(|t| keep(t))
            .cloned()
            .collect::<Vec<_>>()
    };
    for (filter, keep) in [
        (by_provider, expected(&|t| t.provider == "okta")),
        (
            by_outcome,
            expected(&|t| t.outcome == TraceOutcome::Refused),
        ),
        (by_user, expected(&|t| t.user.as_ref() == Some(&ada.id))),
        (by_reference, vec![written[5].clone()]),
        (by_time, written[5..=10].to_vec()),
        (
            by_all,
            expected(&|t| {
                t.provider == "okta"
                    && t.outcome == TraceOutcome::Success
                    && t.user.as_ref() == Some(&ada.id)
            }),
        ),
    ] {
        assert!(!keep.is_empty());
        assert_eq!(list(&place, filter.clone(), 3).await, keep, "{filter:?}");
    }
    for (kind, code) in [(Some("metadata"), None), (None, Some("saml.replay"))] {
        let filter = TraceFilter {
            kind: kind.map(str::to_owned),
            code: code.map(str::to_owned),
            ..all()
        };
        assert!(list(&place, filter, 3).await.is_empty());
    }
    for odd in ["a\0b", "%", "' OR 1=1 --", ""] {
        let filter = TraceFilter {
            provider: Some(odd.into()),
            ..all()
        };
        assert!(list(&place, filter, 10).await.is_empty(), "{odd:?}");
        let filter = TraceFilter {
            reference: Some(odd.into()),
            ..all()
        };
        assert!(list(&place, filter, 10).await.is_empty(), "{odd:?}");
    }
}

async fn old_traces_are_forgotten(place: Place) {
    for _ in 0..10 {
        let one = trace(&place, "okta", TraceOutcome::Success, None);
        place.directory.trace(one).await.unwrap();
        place.wait(60);
    }
    let limit = place.now().plus_seconds(-300);
    assert_eq!(
        place.directory.forget_traces_before(limit).await.unwrap(),
        5
    );
    let left = list(&place, TraceFilter::default(), 100).await;
    assert_eq!(left.len(), 5);
    assert!(left.iter().all(|t| t.at >= limit));
    assert_eq!(
        place.directory.forget_traces_before(limit).await.unwrap(),
        0
    );
}

async fn of_failures_only_the_newest_are_kept(place: Place) {
    let mut failures = Vec::new();
    for n in 0..10 {
        place.wait(1);
        let outcome = [TraceOutcome::Failed, TraceOutcome::Success][n % 2];
        let one = trace(&place, "okta", outcome, None);
        if outcome == TraceOutcome::Failed {
            failures.insert(0, one.id.clone());
        }
        place.directory.trace(one).await.unwrap();
    }
    assert_eq!(place.directory.forget_failures_beyond(2).await.unwrap(), 3);
    assert_eq!(place.directory.forget_failures_beyond(2).await.unwrap(), 0);
    let left = list(&place, TraceFilter::default(), 100).await;
    assert_eq!(left.len(), 7, "successes stay");
    let failed = |t: &&LoginTrace| t.outcome == TraceOutcome::Failed;
    let left: Vec<_> = left.iter().filter(failed).map(|t| t.id.clone()).collect();
    assert_eq!(left, failures[..2]);
}

async fn events_are_paged_newest_first(place: Place) {
    let mut made = Vec::new();
    for n in 0..30 {
        place.wait(1);
        made.push(
            place
                .user_at(&format!("u{n}@example.com"))
                .await
                .id
                .to_string(),
        );
    }
    made.reverse();
    for size in [1, 7, 30, 31] {
        let mut seen = Vec::new();
        let mut cursor = None;
        loop {
            let page = place
                .directory
                .audit(EventFilter::default(), cursor, size)
                .await
                .unwrap();
            seen.extend(page.items.into_iter().map(|e| e.target_id));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, made, "pages of {size}");
    }
    let of_one = place
        .directory
        .audit(about(&made[3]), None, 10)
        .await
        .unwrap();
    assert_eq!(of_one.items.len(), 1);
    assert_eq!(of_one.next_cursor, None);
    for odd in ["a\0b", "%", ""] {
        let page = place.directory.audit(about(odd), None, 10).await.unwrap();
        assert!(page.items.is_empty(), "{odd:?}");
    }
}

async fn each_kind_of_actor_is_told(place: Place) {
    let ada = place.user_at("ada@example.com").await;
    let actors = [
        Actor::User {
            id: ada.id.clone(),
            name: "Ada".into(),
        },
        Actor::Token {
            id: "t1".into(),
            name: "CI".into(),
        },
        Actor::CommandLine,
        Actor::Channel("import".into()),
        Actor::Gateway,
    ];
    for (n, actor) in actors.into_iter().enumerate() {
        place.wait(1);
        place
            .directory
            .create_group(format!("G{n}"), None, actor)
            .await
            .unwrap();
    }
    let events = place
        .directory
        .audit(EventFilter::default(), None, 5)
        .await
        .unwrap()
        .items;
    let told: Vec<_> = events
        .iter()
        .rev()
        .map(|e| {
            (
                e.actor_kind.as_str(),
                e.actor_id.as_deref(),
                e.actor.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("user", Some(ada.id.as_str()), "Ada"),
            ("token", Some("t1"), "CI"),
            ("command_line", None, "command line"),
            ("channel", None, "import"),
            ("gateway", None, "gateway"),
        ]
    );
    let kinds: BTreeSet<_> = events.iter().map(|e| e.target_kind.as_str()).collect();
    assert_eq!(kinds, BTreeSet::from(["group"]));
}
