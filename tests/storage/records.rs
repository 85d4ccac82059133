//! Login traces and the audit log, as they are read back.

use std::collections::{BTreeMap, BTreeSet};

use doorward::directory::audit::EventFilter;
use doorward::directory::history::{Entry, Standing};
use doorward::directory::plan::Change;
use doorward::directory::resolve::Matched;
use doorward::directory::traces::{LoginTrace, Side, TraceDetails, TraceFilter, TraceOutcome};
use doorward::directory::{Actor, DirectoryError};
use doorward::domain::{
    During, Entropy, Field, Reference, Role, Source, Status, TraceId, User, UserId,
};
use futures_util::TryStreamExt as _;

use crate::place::{Place, about, by, gateway, login, open_policy, profile};

on_both!(
    a_trace_comes_back_as_it_was_written,
    traces_are_narrowed_and_paged,
    old_traces_are_forgotten,
    of_failures_only_the_newest_are_kept,
    events_are_paged_newest_first,
    each_kind_of_actor_is_told,
    attempts_are_found_by_the_person,
    a_download_has_every_record_once,
    a_history_has_all_that_happened,
    why_somebody_cannot_sign_in,
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

async fn attempts_are_found_by_the_person(place: Place) {
    let (ada, grace) = (
        place.user_at("ada@example.com").await,
        place.user_at("grace@example.com").await,
    );
    place
        .edit(
            &ada.id,
            profile(&[
                (Field::Name, "Ada Lovelace"),
                (Field::Upn, "ada@corp.example"),
            ]),
        )
        .await
        .unwrap();
    let mut of_ada = Vec::new();
    for n in 0..12 {
        place.wait(1);
        let user = [Some(&ada.id), Some(&grace.id), None][n % 3];
        let mut one = trace(&place, "okta", TraceOutcome::ALL[n % 2], user);
        if user.is_none() {
            // Nobody was found, but the address was Ada's in every other case.
            let address = ["ADA@example.com", "eve@example.com"][n % 2];
            let values = vec![address.to_owned()];
            one.details.attributes.insert("mail".to_owned(), values);
        }
        let is_adas = match n % 3 {
            0 => true,
            2 => n % 2 == 0,
            _ => false,
        };
        if is_adas {
            of_ada.insert(0, one.clone());
        }
        place.directory.trace(one).await.unwrap();
    }
    let found = async |text: &str, size| {
        let people = place.directory.people_named(text).await.unwrap();
        let filter = TraceFilter {
            people: Some(people),
            ..TraceFilter::default()
        };
        list(&place, filter, size).await
    };
    for size in [1, 3, 100] {
        assert_eq!(
            found("Ada@Example.com", size).await,
            of_ada,
            "pages of {size}"
        );
    }
    let of_user: Vec<_> = of_ada
        .iter()
        .filter(|t| t.user.is_some())
        .cloned()
        .collect();
    for text in ["ada@corp.example", "lovelace", " Ada L", ada.id.as_str()] {
        assert_eq!(found(text, 2).await, of_user, "{text}");
    }
    assert_eq!(found("eve@example.com", 2).await.len(), 2);
    for text in [
        "nobody",
        "nobody@example.com",
        "%",
        "a\0b",
        &"x".repeat(70_000),
    ] {
        assert!(found(text, 2).await.is_empty());
    }
    let mut short = place
        .directory
        .login_traces_in_short(TraceFilter::default(), None, 50)
        .await
        .unwrap();
    assert_eq!(short.items.len(), 12);
    assert!(short.items.remove(0).details.document.is_none());
}

async fn a_download_has_every_record_once(place: Place) {
    let mut written = Vec::new();
    for n in 0..250 {
        place.wait(1);
        let mut one = trace(&place, "okta", TraceOutcome::Failed, None);
        one.details.summary = format!("line {n}\n\r\u{85}\u{2028}{{\"id\": 7}}");
        one.details.document = Some("<a>\n</a>".into());
        written.insert(0, one.id.to_string());
        place.directory.trace(one).await.unwrap();
    }
    let lines = place
        .directory
        .login_lines(TraceFilter::default())
        .await
        .unwrap();
    let parts: Vec<_> = lines.try_collect().await.unwrap();
    assert_eq!(parts.len(), 3, "a page at a time");
    let text: Vec<u8> = parts.concat();
    let text = String::from_utf8(text).unwrap();
    assert!(!text.contains(['\r', '\u{85}', '\u{2028}']));
    let ids: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|json| json["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids, written);

    for n in 0..120 {
        place.user_at(&format!("u{n}@example.com")).await;
    }
    let filter = EventFilter {
        action: Some("user.created".to_owned()),
        ..EventFilter::default()
    };
    let lines = place.directory.audit_lines(filter).await.unwrap();
    let parts: Vec<_> = lines.try_collect().await.unwrap();
    let text = String::from_utf8(parts.concat()).unwrap();
    let ids: BTreeSet<&str> = text.lines().collect();
    assert_eq!((ids.len(), text.lines().count()), (120, 120));
    let none = EventFilter {
        action: Some("no.such".to_owned()),
        ..EventFilter::default()
    };
    let lines = place.directory.audit_lines(none).await.unwrap();
    let parts: Vec<_> = lines.try_collect().await.unwrap();
    assert!(parts.concat().is_empty());
}

/// What a history tells, in short.
async fn told(place: &Place, user: &User, size: usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut cursor = None;
    loop {
        let page = place
            .directory
            .history(&user.id, cursor, size)
            .await
            .unwrap();
        assert!(page.items.len() <= size);
        all.extend(page.items.into_iter().map(|entry| match entry {
            Entry::Event(event) => event.action,
            Entry::Login(trace) => format!("login {}", trace.outcome),
        }));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return all;
        }
    }
}

async fn a_history_has_all_that_happened(place: Place) {
    let ada = place.user_at("ada@example.com").await;
    let other = place.user_at("grace@example.com").await;
    let directory = &place.directory;
    place.wait(1);
    let group = directory
        .create_group("Engines".into(), None, gateway())
        .await
        .unwrap();
    for user in [&ada, &other] {
        place.wait(1);
        directory
            .set_member(&group.id, &user.id, true, gateway())
            .await
            .unwrap();
    }
    place.wait(1);
    let one = trace(&place, "okta", TraceOutcome::Success, Some(&ada.id));
    directory.trace(one).await.unwrap();
    place.wait(1);
    directory.deactivate(&ada.id, gateway()).await.unwrap();
    place.wait(1);
    directory
        .set_member(&group.id, &ada.id, false, gateway())
        .await
        .unwrap();
    let expected = [
        "group.member_removed",
        "user.deactivated",
        "login success",
        "group.member_added",
        "user.created",
    ];
    for size in [1, 2, 4, 5, 50] {
        assert_eq!(told(&place, &ada, size).await, expected, "pages of {size}");
    }
}

async fn why_somebody_cannot_sign_in(place: Place) {
    let root = place.user_with("root@example.com", &[Role::Admin]).await;
    place.wait(1);
    let observation = login("ada-at-okta", "ada@example.com");
    let ada = place.admitted(observation, &open_policy()).await.user;
    let since = place.now();
    let directory = &place.directory;
    let standing = async |user: &UserId| {
        let user = directory.user(user).await.unwrap();
        directory.standing(&user).await.unwrap()
    };
    let (now, origins) = standing(&ada.id).await;
    assert!(matches!(now, Standing::Active));
    let email = origins.iter().find(|o| o.field == Field::Email).unwrap();
    assert_eq!(email.since, Some(since));
    assert_eq!(email.by.as_deref(), Some("login through okta"));
    place.wait(60);
    place
        .edit(&ada.id, profile(&[(Field::Phone, "1")]))
        .await
        .unwrap();
    let (_, origins) = standing(&ada.id).await;
    let phone = origins.iter().find(|o| o.field == Field::Phone).unwrap();
    assert_eq!(
        (phone.owner, phone.since),
        (Some(Source::Manual), Some(place.now()))
    );

    place.wait(60);
    directory.deactivate(&ada.id, by(&root)).await.unwrap();
    let Standing::Inactive(Some(event)) = standing(&ada.id).await.0 else {
        panic!("it is known who did it");
    };
    assert_eq!(
        (event.at, event.actor.as_str()),
        (place.now(), "root@example.com")
    );
    directory.reactivate(&ada.id, by(&root)).await.unwrap();
    let until = place.now().plus_seconds(-60);
    let over = profile(&[(Field::ValidTo, &until.rfc3339())]);
    place.edit(&ada.id, over).await.unwrap();
    assert!(matches!(standing(&ada.id).await.0, Standing::Expired(at) if at == until));
    let from = place.now().plus_seconds(60);
    let early = profile(&[
        (Field::ValidFrom, &from.rfc3339()),
        (Field::ValidTo, &from.plus_seconds(60).rfc3339()),
    ]);
    place.edit(&ada.id, early).await.unwrap();
    assert!(matches!(standing(&ada.id).await.0, Standing::NotYetValid(at) if at == from));
    let edit = doorward::directory::edit::UserEdit {
        status: Some(Status::Pending),
        ..Default::default()
    };
    directory.edit_user(&ada.id, edit, gateway()).await.unwrap();
    assert!(matches!(standing(&ada.id).await.0, Standing::Pending));
}
