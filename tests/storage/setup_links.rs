//! Set-up links and test logins: told once, kept as a hash, gone when they should
//! be; and the order of providers.

use doorward::directory::DirectoryError;
use doorward::directory::providers::{ManagedBy, Save};
use doorward::directory::setup_links::{self, MOST_DAYS, NewLink, Progress};
use doorward::directory::test_logins::{self, TestLogin, TestReport, Tester};
use doorward::directory::traces::TraceOutcome;
use doorward::domain::{Entropy, Provider, ProviderKind, Reference};
use doorward::platform::storage::StorageError;

use crate::place::{Place, gateway, holds, slug};

on_both!(
    a_link_is_told_once_and_ends,
    a_link_that_was_revoked_is_gone,
    what_cannot_be_a_link_is_refused,
    links_and_tests_go_with_their_provider,
    the_last_tests_are_kept_for_a_while,
    providers_move_one_place_at_a_time,
);

async fn provider(place: &Place, name: &str) {
    let save = Save {
        provider: Provider::blank(slug(name), ProviderKind::Saml, name),
        secrets: String::new(),
        metadata: None,
        over: None,
        managed_by: ManagedBy::Api,
    };
    place
        .directory
        .save_provider(save, gateway())
        .await
        .unwrap();
}

async fn make(place: &Place, days: i64) -> NewLink {
    let (okta, by) = (slug("okta"), ("Grace", gateway()));
    let made = place.directory.make_setup_link(&okta, " Bob ", days, by);
    made.await.unwrap()
}

async fn a_link_is_told_once_and_ends(place: Place) {
    provider(&place, "okta").await;
    let made = make(&place, 7).await;
    assert_eq!(made.token.len(), 43);
    assert_eq!(made.link.recipient, "Bob");
    assert!(
        !holds(&place.everything().await, &made.token),
        "only its hash is kept"
    );
    let found = place.directory.setup_link(&made.token).await.unwrap();
    assert_eq!(found.as_ref(), Some(&made.link));
    for wrong in [
        "",
        "x",
        &made.token[1..],
        &made.token.to_lowercase(),
        "a\0b",
    ] {
        assert_eq!(
            place.directory.setup_link(wrong).await.unwrap(),
            None,
            "{wrong:?}"
        );
    }
    let progress = Progress {
        product: Some("okta".to_owned()),
        entered: false,
    };
    let noted = place.directory.progress_of(&made.link, progress.clone());
    assert!(noted.await.unwrap());
    let found = place
        .directory
        .setup_link(&made.token)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.progress, progress);
    assert_eq!(
        place.actions("okta").await,
        [
            "provider.created",
            "provider.setup_link_made",
            "provider.setup_link_used"
        ]
    );
    place.wait(7 * 86_400 - 1);
    assert!(
        place
            .directory
            .setup_link(&made.token)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(
        place
            .directory
            .setup_links(&slug("okta"))
            .await
            .unwrap()
            .len(),
        1
    );
    place.wait(1);
    assert_eq!(place.directory.setup_link(&made.token).await.unwrap(), None);
    assert!(
        place
            .directory
            .setup_links(&slug("okta"))
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        !place
            .directory
            .progress_of(&made.link, progress)
            .await
            .unwrap()
    );
    place.wait(31 * 86_400);
    sweep(&place).await;
    assert_eq!(place.count("SELECT COUNT(*) FROM setup_links").await, 0);
}

async fn sweep(place: &Place) {
    let now = place.now();
    let swept = place.db.write(move |tx| {
        Box::pin(async move {
            setup_links::sweep(tx, now).await?;
            test_logins::sweep(tx, now).await
        })
    });
    let swept: Result<(), StorageError> = swept.await;
    swept.unwrap();
}

async fn a_link_that_was_revoked_is_gone(place: Place) {
    provider(&place, "okta").await;
    provider(&place, "entra").await;
    let (one, other) = (make(&place, 7).await, make(&place, 1).await);
    let revoke = |name, id: String| {
        let directory = place.directory.clone();
        async move {
            directory
                .revoke_setup_link(&slug(name), &id, gateway())
                .await
                .unwrap()
        }
    };
    assert!(
        !revoke("entra", one.link.id.clone()).await,
        "another provider's"
    );
    assert!(revoke("okta", one.link.id.clone()).await);
    assert!(!revoke("okta", one.link.id.clone()).await, "once");
    assert_eq!(place.directory.setup_link(&one.token).await.unwrap(), None);
    assert!(
        place
            .directory
            .setup_link(&other.token)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(
        place.actions("okta").await.pop().unwrap(),
        "provider.setup_link_revoked"
    );
}

async fn what_cannot_be_a_link_is_refused(place: Place) {
    provider(&place, "okta").await;
    let long = "x".repeat(121);
    for (name, recipient, days, field) in [
        ("okta", "Bob", 0, "days"),
        ("okta", "Bob", -1, "days"),
        ("okta", "Bob", MOST_DAYS + 1, "days"),
        ("okta", long.as_str(), 7, "recipient"),
        ("okta", "a\nb", 7, "recipient"),
    ] {
        let by = ("Grace", gateway());
        let made = place
            .directory
            .make_setup_link(&slug(name), recipient, days, by)
            .await;
        assert!(
            matches!(&made, Err(DirectoryError::Invalid { field: at, .. }) if at == field),
            "{recipient:.5} {days}: {made:?}"
        );
    }
    let by = ("Grace", gateway());
    let made = place
        .directory
        .make_setup_link(&slug("nobodys"), "", 7, by)
        .await;
    assert!(matches!(made, Err(DirectoryError::NotFound(_))));
    for _ in 0..20 {
        make(&place, 7).await;
    }
    let by = ("Grace", gateway());
    let made = place
        .directory
        .make_setup_link(&slug("okta"), "", 7, by)
        .await;
    assert!(
        matches!(made, Err(DirectoryError::Invalid { .. })),
        "{made:?}"
    );
}

fn test(place: &Place, tester: Tester) -> TestLogin {
    TestLogin {
        id: test_logins::new_id(place.now(), &Entropy::System),
        provider: slug("okta"),
        at: place.now(),
        tester,
        tester_name: "Grace".to_owned(),
        browser_hash: "b".to_owned(),
        report: TestReport {
            outcome: TraceOutcome::Success,
            code: "ok".to_owned(),
            summary: "The person would get in.".to_owned(),
            expected: None,
            received: Vec::new(),
            side: None,
            remedy: None,
            steps: Vec::new(),
            arrived: Vec::new(),
            who: None,
            changes: Vec::new(),
            attaches: None,
            groups: None,
            notes: Vec::new(),
            reference: Reference::new(&Entropy::System),
            document: None,
        },
    }
}

async fn keep(place: &Place, test: &TestLogin) {
    let test = test.clone();
    let kept = place.db.write(move |tx| {
        let test = test.clone();
        Box::pin(async move { test_logins::keep(tx, &test).await })
    });
    let kept: Result<(), StorageError> = kept.await;
    kept.unwrap();
}

async fn links_and_tests_go_with_their_provider(place: Place) {
    provider(&place, "okta").await;
    let made = make(&place, 7).await;
    keep(&place, &test(&place, Tester::Link(made.link.id.clone()))).await;
    place
        .directory
        .delete_provider(&slug("okta"), gateway())
        .await
        .unwrap();
    // A provider of the same name inherits neither.
    provider(&place, "okta").await;
    assert_eq!(place.directory.setup_link(&made.token).await.unwrap(), None);
    assert_eq!(
        place
            .directory
            .last_test(&slug("okta"), None)
            .await
            .unwrap(),
        None
    );
}

async fn the_last_tests_are_kept_for_a_while(place: Place) {
    provider(&place, "okta").await;
    let by_link = test(&place, Tester::Link("1".to_owned()));
    keep(&place, &by_link).await;
    let mut last = by_link.clone();
    for _ in 0..12 {
        place.wait(1);
        last = test(&place, Tester::Session("s".to_owned()));
        keep(&place, &last).await;
    }
    assert_eq!(place.count("SELECT COUNT(*) FROM test_logins").await, 10);
    let found = place
        .directory
        .last_test(&slug("okta"), None)
        .await
        .unwrap();
    assert_eq!(found, Some(last.clone()));
    let found = place
        .directory
        .last_test(&slug("okta"), Some("1"))
        .await
        .unwrap();
    assert_eq!(found, None, "it was among the oldest");
    assert_eq!(
        place.directory.test_login(&last.id).await.unwrap(),
        Some(last.clone())
    );
    place.wait(test_logins::KEPT - 1);
    sweep(&place).await;
    assert!(
        place
            .directory
            .test_login(&last.id)
            .await
            .unwrap()
            .is_some()
    );
    place.wait(1);
    sweep(&place).await;
    assert_eq!(place.count("SELECT COUNT(*) FROM test_logins").await, 0);
}

async fn providers_move_one_place_at_a_time(place: Place) {
    for name in ["a", "b", "c"] {
        provider(&place, name).await;
    }
    let order = || async {
        let all = place.directory.providers().await.unwrap();
        let names = all.iter().map(|stored| stored.provider.slug.to_string());
        names.collect::<Vec<_>>().concat()
    };
    for (name, up, moved, after) in [
        ("c", true, true, "acb"),
        ("c", true, true, "cab"),
        ("c", true, false, "cab"),
        ("b", false, false, "cab"),
        ("c", false, true, "acb"),
    ] {
        let done = place
            .directory
            .move_provider(&slug(name), up, gateway())
            .await;
        assert_eq!(done.unwrap(), moved, "{name}");
        assert_eq!(order().await, after);
    }
    let nobody = place
        .directory
        .move_provider(&slug("x"), true, gateway())
        .await;
    assert!(matches!(nobody, Err(DirectoryError::NotFound(_))));
    assert_eq!(place.actions("c").await.pop().unwrap(), "provider.moved");
}
