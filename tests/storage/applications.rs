//! Applications: hosts, secrets, assignments, and who gets in.

use doorward::directory::DirectoryError;
use doorward::directory::applications::access::NotAdmitted;
use doorward::directory::applications::{Assignee, Saved};
use doorward::domain::application::{AccessRule, ApplicationKind};
use doorward::domain::{Application, Slug, User};
use futures_util::future::join_all;
use secrecy::ExposeSecret as _;

use crate::place::{Place, gateway};

on_both!(
    a_client_is_saved_over_the_version_that_was_read,
    a_host_is_claimed_by_one_of_many_at_once,
    assignments_open_and_close_private_applications,
    what_is_deleted_leaves_nothing_behind,
);

fn client(slug: &str) -> Application {
    Application {
        kind: ApplicationKind::Oidc,
        redirect_uris: vec!["https://app.example.com/cb".to_owned()],
        ..Application::new(Slug::parse(slug).unwrap(), slug)
    }
}

fn site(slug: &str, host: &str) -> Application {
    Application {
        kind: ApplicationKind::ForwardAuth,
        hosts: vec![host.to_owned()],
        ..Application::new(Slug::parse(slug).unwrap(), slug)
    }
}

async fn save(place: &Place, application: Application) -> Saved {
    let saved = place
        .directory
        .save_application(application, None, gateway());
    saved.await.unwrap()
}

async fn person(place: &Place, name: &str) -> User {
    place.user_at(&format!("{name}@example.com")).await
}

async fn a_client_is_saved_over_the_version_that_was_read(place: Place) {
    let saved = save(&place, client("app")).await;
    let secret = saved.secret.expect("a confidential client has one");
    assert!(saved.stored.is_secret(secret.expose_secret(), place.now()));
    assert!(!saved.stored.is_secret("", place.now()));
    let mut next = saved.stored.application.clone();
    "Renamed".clone_into(&mut next.name);
    let directory = &place.directory;
    let first = directory.save_application(next.clone(), Some(1), gateway());
    let first = first.await.unwrap();
    assert_eq!(first.stored.version, 2);
    assert!(first.secret.is_none() && first.stored.is_secret(secret.expose_secret(), place.now()));
    "Too late".clone_into(&mut next.name);
    let second = directory.save_application(next, Some(1), gateway()).await;
    assert!(matches!(second, Err(DirectoryError::Changed)), "{second:?}");
    let again = directory.save_application(client("app"), None, gateway());
    let again = again.await;
    assert!(
        matches!(again, Err(DirectoryError::Taken { what: "slug", .. })),
        "{again:?}"
    );
}

async fn a_host_is_claimed_by_one_of_many_at_once(place: Place) {
    let tries = (0..8).map(|n| {
        let site = site(&format!("site-{n}"), "wiki.example.com");
        place.directory.save_application(site, None, gateway())
    });
    let outcomes = join_all(tries).await;
    let saved = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(saved, 1, "{outcomes:?}");
    for outcome in outcomes.into_iter().filter_map(Result::err) {
        let taken = matches!(outcome, DirectoryError::Taken { what: "hosts", .. });
        assert!(taken, "{outcome:?}");
    }
    assert_eq!(place.directory.applications().await.unwrap().len(), 1);
}

async fn assignments_open_and_close_private_applications(place: Place) {
    let directory = &place.directory;
    let mut app = client("app");
    app.access = AccessRule::Private;
    let slug = app.slug.clone();
    save(&place, app).await;
    let ada = person(&place, "ada").await;
    let may = async || directory.admission(&slug, &ada).await.unwrap().1;
    assert_eq!(may().await, Err(NotAdmitted::NotAssigned));
    let group = directory.create_group("Staff".to_owned(), None, gateway());
    let group = group.await.unwrap();
    let member = directory.set_member(&group.id, &ada.id, true, gateway());
    member.await.unwrap();
    for assignee in [
        Assignee::User(ada.id.clone()),
        Assignee::Group(group.id.clone()),
    ] {
        for assigned in [true, false] {
            let set = directory.set_assigned(&slug, assignee.clone(), assigned, gateway());
            set.await.unwrap();
            assert_eq!(may().await.is_ok(), assigned, "{assignee:?}");
        }
    }
    let set = directory.set_assigned(&slug, Assignee::Group(group.id.clone()), true, gateway());
    set.await.unwrap();
    let out = directory.set_member(&group.id, &ada.id, false, gateway());
    out.await.unwrap();
    assert_eq!(may().await, Err(NotAdmitted::NotAssigned));
}

async fn what_is_deleted_leaves_nothing_behind(place: Place) {
    let directory = &place.directory;
    let mut app = site("wiki", "wiki.example.com");
    app.access = AccessRule::Private;
    let slug = app.slug.clone();
    save(&place, app.clone()).await;
    let ada = person(&place, "ada").await;
    let assign = directory.set_assigned(&slug, Assignee::User(ada.id.clone()), true, gateway());
    assign.await.unwrap();
    let stale = directory
        .delete_application(&slug, Some(7), gateway())
        .await;
    assert!(matches!(stale, Err(DirectoryError::Changed)), "{stale:?}");
    let deleted = directory.delete_application(&slug, Some(1), gateway());
    deleted.await.unwrap();
    // One of the same name inherits nobody, and the host is free.
    save(&place, app).await;
    assert!(directory.assigned(&slug).await.unwrap().is_empty());
    let may = directory.admission(&slug, &ada).await.unwrap().1;
    assert_eq!(may, Err(NotAdmitted::NotAssigned));
    let gone = directory.set_assigned(&slug, Assignee::User(ada.id.clone()), true, gateway());
    gone.await.unwrap();
    directory.delete_user(&ada.id, gateway()).await.unwrap();
    assert!(directory.assigned(&slug).await.unwrap().is_empty());
}
