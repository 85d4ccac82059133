//! API tokens: told once, kept as a hash, gone when they should be.

use std::collections::BTreeSet;

use doorward::directory::Actor;
use doorward::directory::DirectoryError;
use doorward::directory::tokens::ApiToken;
use doorward::domain::{Role, Scope, TokenId};
use secrecy::ExposeSecret as _;

use crate::place::{Place, by, changed, gateway, holds};

on_both!(
    a_token_is_told_once_and_kept_as_a_hash,
    a_token_ends_when_it_says,
    scopes_allow_what_they_say,
    what_cannot_be_a_token_is_refused,
    a_deleted_token_opens_nothing,
    use_is_noted_to_the_minute,
    a_token_ends_with_the_access_of_its_maker,
    whoever_is_shut_out_makes_no_token,
);

async fn make(place: &Place, name: &str, scopes: &[Scope], actor: Actor) -> (ApiToken, String) {
    let scopes = scopes.iter().copied().collect();
    let (token, secret) = place
        .directory
        .create_token(name.to_owned(), scopes, None, actor)
        .await
        .unwrap();
    (token, secret.expose_secret().to_owned())
}

async fn found(place: &Place, secret: &str) -> Option<ApiToken> {
    place.directory.token_by_secret(secret).await.unwrap()
}

async fn a_token_is_told_once_and_kept_as_a_hash(place: Place) {
    let (token, secret) = make(
        &place,
        " CI ",
        &[Scope::UsersRead, Scope::AuditRead],
        gateway(),
    )
    .await;
    assert!(secret.starts_with("dwt_"));
    // 256 bits in base64url.
    assert_eq!(secret.len(), 4 + 43);
    assert_eq!(token.name, "CI");
    let read = found(&place, &secret).await.unwrap();
    assert_eq!(read, token);
    for wrong in [
        "",
        "dwt_",
        &secret[1..],
        &secret[..46],
        &secret.to_uppercase(),
        "a\0b",
    ] {
        assert_eq!(found(&place, wrong).await, None, "{wrong:?}");
    }
    let everything = place.everything().await;
    assert!(
        holds(&everything, token.id.as_str()),
        "the search itself works"
    );
    assert!(!holds(&everything, &secret));
    assert!(!holds(&everything, &secret[4..]));
    assert!(!holds(&everything, &secret[4..20]));
    let changes = place.changes(token.id.as_str(), "token.created").await;
    assert_eq!(changes, [changed("scopes", "", "users:read audit:read")]);
    let (second, other) = make(&place, "second", &[Scope::Admin], gateway()).await;
    assert_ne!(secret, other);
    place.wait(1);
    let third = make(&place, "third", &[Scope::Admin], gateway()).await.0;
    let all = place.directory.tokens().await.unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!(all[2].id, third.id);
    assert!(all.iter().any(|t| t.id == second.id));
}

async fn a_token_ends_when_it_says(place: Place) {
    let end = place.now().plus_seconds(3600);
    let scopes = BTreeSet::from([Scope::Admin]);
    let (_, secret) = place
        .directory
        .create_token("short".into(), scopes, Some(end), gateway())
        .await
        .unwrap();
    let secret = secret.expose_secret();
    place.wait(3599);
    assert_eq!(found(&place, secret).await.unwrap().expires_at, Some(end));
    place.wait(1);
    assert_eq!(found(&place, secret).await, None);
}

async fn scopes_allow_what_they_say(place: Place) {
    for (held, wanted, expected) in [
        (Scope::Admin, Scope::UsersRead, true),
        (Scope::Admin, Scope::ProvidersWrite, true),
        (Scope::Admin, Scope::Scim, false),
        (Scope::UsersWrite, Scope::UsersRead, true),
        (Scope::UsersRead, Scope::UsersWrite, false),
        (Scope::GroupsWrite, Scope::GroupsRead, true),
        (Scope::GroupsWrite, Scope::UsersRead, false),
        (Scope::UsersImport, Scope::UsersWrite, false),
        (Scope::AuditRead, Scope::Admin, false),
        (Scope::Scim, Scope::UsersRead, false),
        (Scope::Scim, Scope::Scim, true),
    ] {
        let (_, secret) = make(&place, "t", &[held], gateway()).await;
        let token = found(&place, &secret).await.unwrap();
        assert_eq!(token.allows(wanted), expected, "{held} for {wanted}");
    }
}

async fn what_cannot_be_a_token_is_refused(place: Place) {
    let long = "x".repeat(201);
    let (now, one) = (place.now(), BTreeSet::from([Scope::Admin]));
    let both = BTreeSet::from([Scope::Scim, Scope::UsersRead]);
    for (name, scopes, end, field) in [
        ("", one.clone(), None, "name"),
        ("  ", one.clone(), None, "name"),
        ("a\0b", one.clone(), None, "name"),
        (long.as_str(), one.clone(), None, "name"),
        ("t", BTreeSet::new(), None, "scopes"),
        ("t", both, None, "scopes"),
        ("t", one.clone(), Some(now), "expires_at"),
        ("t", one, Some(now.plus_seconds(-1)), "expires_at"),
    ] {
        let outcome = place
            .directory
            .create_token(name.to_owned(), scopes, end, gateway())
            .await;
        match outcome {
            Err(DirectoryError::Invalid { field: told, .. }) => assert_eq!(told, field),
            outcome => panic!("{name:?}: {outcome:?}"),
        }
    }
    assert!(place.directory.tokens().await.unwrap().is_empty());
}

async fn a_deleted_token_opens_nothing(place: Place) {
    let (token, secret) = make(&place, "CI", &[Scope::Admin], gateway()).await;
    place
        .directory
        .delete_token(&token.id, gateway())
        .await
        .unwrap();
    assert_eq!(found(&place, &secret).await, None);
    assert_eq!(
        place.actions(token.id.as_str()).await,
        ["token.created", "token.deleted"]
    );
    let outcome = place.directory.delete_token(&token.id, gateway()).await;
    assert!(matches!(outcome, Err(DirectoryError::NotFound("token"))));
    let nothing = TokenId::parse("01234567-89ab-7def-8123-456789abcdef").unwrap();
    let outcome = place.directory.delete_token(&nothing, gateway()).await;
    assert!(matches!(outcome, Err(DirectoryError::NotFound("token"))));
}

async fn use_is_noted_to_the_minute(place: Place) {
    let (_, secret) = make(&place, "CI", &[Scope::Admin], gateway()).await;
    let noted = async || place.directory.tokens().await.unwrap()[0].last_used_at;
    assert_eq!(noted().await, None);
    let first = place.now();
    found(&place, &secret).await.unwrap();
    assert_eq!(noted().await, Some(first));
    place.wait(59);
    found(&place, &secret).await.unwrap();
    assert_eq!(noted().await, Some(first));
    place.wait(1);
    found(&place, &secret).await.unwrap();
    assert_eq!(noted().await, Some(place.now()));
}

async fn a_token_ends_with_the_access_of_its_maker(place: Place) {
    place.user_with("root@example.com", &[Role::Admin]).await;
    let directory = &place.directory;
    let ada = place.user_with("ada@example.com", &[Role::Admin]).await;
    let foreign = make(&place, "foreign", &[Scope::Admin], gateway()).await.1;
    let own = make(&place, "own", &[Scope::Admin], by(&ada)).await.1;
    directory.deactivate(&ada.id, gateway()).await.unwrap();
    assert_eq!(found(&place, &own).await, None);
    directory.reactivate(&ada.id, gateway()).await.unwrap();
    assert_eq!(found(&place, &own).await, None, "it does not come back");
    let own = make(&place, "own", &[Scope::Admin], by(&ada)).await.1;
    directory
        .set_roles(&ada.id, BTreeSet::new(), gateway())
        .await
        .unwrap();
    assert_eq!(found(&place, &own).await, None);
    let own = make(&place, "own", &[Scope::Admin], by(&ada)).await.1;
    directory.delete_user(&ada.id, gateway()).await.unwrap();
    assert_eq!(found(&place, &own).await, None);
    assert!(found(&place, &foreign).await.is_some());
}

async fn whoever_is_shut_out_makes_no_token(place: Place) {
    let ada = place.user_at("ada@example.com").await;
    place
        .directory
        .deactivate(&ada.id, gateway())
        .await
        .unwrap();
    let scopes = BTreeSet::from([Scope::UsersRead]);
    let outcome = place
        .directory
        .create_token("t".into(), scopes, None, by(&ada))
        .await;
    assert!(
        matches!(outcome, Err(DirectoryError::NotFound("user"))),
        "{outcome:?}"
    );
    assert!(place.directory.tokens().await.unwrap().is_empty());
}
