//! Providers and settings: versions, who may change them, what goes with them.

use std::collections::BTreeMap;

use doorward::directory::providers::{ManagedBy, Save, StoredProvider};
use doorward::directory::settings::{Settings, SettingsEdit};
use doorward::directory::{DirectoryError, conflicts};
use doorward::domain::provider::{ProviderKind, SamlSettings};
use doorward::domain::{Field, Provider};
use doorward::platform::storage::{StorageError, params};
use doorward::sessions::sign_in;

use crate::place::{Place, changed, gateway, login, open_policy, slug};
use crate::sessions::find;

on_both!(
    a_provider_comes_back_as_it_was_saved,
    an_update_names_the_version_that_it_read,
    a_save_that_changes_nothing_writes_nothing,
    what_the_file_keeps_only_the_file_changes,
    what_cannot_be_is_refused,
    a_deleted_provider_leaves_nobody_to_its_successor,
    of_two_who_save_over_the_same_version_one_wins,
    of_two_who_take_a_slug_one_wins,
    settings_have_defaults_and_are_told,
);

fn provider(name: &str) -> Provider {
    Provider {
        slug: slug(name),
        kind: ProviderKind::Saml,
        label: "SSO Login".into(),
        enabled: true,
        allowed_domains: vec!["example.com".into(), "*.example.com".into()],
        jit: true,
        sync_fields: vec![Field::Name, Field::Department],
        link_by_email: true,
        group_map: BTreeMap::from([("g1".into(), vec!["Staff".into()])]),
        saml: Some(SamlSettings {
            metadata_xml: Some("<EntityDescriptor/>".into()),
            ..SamlSettings::default()
        }),
        oauth: None,
    }
}

fn new(name: &str) -> Save {
    Save {
        provider: provider(name),
        secrets: String::new(),
        metadata: None,
        over: None,
        managed_by: ManagedBy::Api,
    }
}

fn over(stored: &StoredProvider) -> Save {
    Save {
        provider: stored.provider.clone(),
        secrets: stored.secrets.clone(),
        metadata: None,
        over: Some(stored.version),
        managed_by: stored.managed_by,
    }
}

async fn save(place: &Place, save: Save) -> StoredProvider {
    place
        .directory
        .save_provider(save, gateway())
        .await
        .unwrap()
}

async fn a_provider_comes_back_as_it_was_saved(place: Place) {
    let directory = &place.directory;
    assert!(directory.providers().await.unwrap().is_empty());
    let mut first = new("okta");
    first.secrets = "sealed:abc".into();
    let okta = save(&place, first).await;
    assert_eq!(okta.version, 1);
    assert_eq!(directory.provider(&slug("okta")).await.unwrap(), okta);
    assert_eq!(okta.secrets, "sealed:abc");
    // The sign-in page has them in the order in which they came.
    for name in ["entra", "adfs"] {
        save(&place, new(name)).await;
    }
    let all = directory.providers().await.unwrap();
    let slugs: Vec<&str> = all.iter().map(|p| p.provider.slug.as_str()).collect();
    assert_eq!(slugs, ["okta", "entra", "adfs"]);
    let outcome = directory.provider(&slug("nobody")).await;
    assert!(matches!(outcome, Err(DirectoryError::NotFound("provider"))));
    let outcome = directory.save_provider(new("okta"), gateway()).await;
    assert!(
        matches!(outcome, Err(DirectoryError::Taken { what: "slug", .. })),
        "{outcome:?}"
    );
    let changes = place.changes("okta", "provider.created").await;
    assert!(
        changes.contains(&changed("label", "", "SSO Login")),
        "{changes:?}"
    );
    assert!(changes.contains(&changed("saml.metadata_xml", "", "(a document)")));
}

async fn an_update_names_the_version_that_it_read(place: Place) {
    let first = save(&place, new("okta")).await;
    place.wait(5);
    let mut edit = over(&first);
    edit.provider.label = "Sign in".into();
    edit.provider.saml.as_mut().unwrap().metadata_xml = Some("<other/>".into());
    let second = save(&place, edit.clone()).await;
    assert_eq!(second.version, 2);
    assert_eq!(
        (second.created_at, second.updated_at),
        (first.created_at, place.now())
    );
    assert_eq!(
        place.directory.provider(&slug("okta")).await.unwrap(),
        second
    );
    edit.provider.label = "Too late".into();
    let outcome = place.directory.save_provider(edit, gateway()).await;
    assert!(
        matches!(outcome, Err(DirectoryError::Changed)),
        "{outcome:?}"
    );
    let mut missing = over(&second);
    missing.provider.slug = slug("nobody");
    let outcome = place.directory.save_provider(missing, gateway()).await;
    assert!(matches!(outcome, Err(DirectoryError::NotFound("provider"))));
    assert_eq!(
        place.changes("okta", "provider.updated").await,
        [
            changed("label", "SSO Login", "Sign in"),
            changed("saml.metadata_xml", "(a document)", "(a document)"),
        ]
    );
    let version = place
        .db
        .read(|tx| {
            Box::pin(
                async move { doorward::directory::providers::version_of(tx, &slug("okta")).await },
            )
        })
        .await;
    let version: Result<_, StorageError> = version;
    assert_eq!(version.unwrap(), Some(2));
}

async fn a_save_that_changes_nothing_writes_nothing(place: Place) {
    let first = save(&place, new("okta")).await;
    place.wait(5);
    assert_eq!(save(&place, over(&first)).await, first);
    assert_eq!(place.actions("okta").await, ["provider.created"]);
    // New secrets are a change, and are not told.
    let mut edit = over(&first);
    edit.secrets = "sealed:secret".into();
    assert_eq!(save(&place, edit).await.version, 2);
    assert!(place.changes("okta", "provider.updated").await.is_empty());
}

async fn what_the_file_keeps_only_the_file_changes(place: Place) {
    let mut from_file = new("okta");
    from_file.managed_by = ManagedBy::File;
    let stored = save(&place, from_file).await;
    let mut edit = over(&stored);
    edit.managed_by = ManagedBy::Api;
    edit.provider.label = "Mine".into();
    let outcome = place.directory.save_provider(edit, gateway()).await;
    assert!(matches!(outcome, Err(DirectoryError::ManagedByFile)));
    let outcome = place
        .directory
        .delete_provider(&slug("okta"), gateway())
        .await;
    assert!(matches!(outcome, Err(DirectoryError::ManagedByFile)));
    let mut edit = over(&stored);
    edit.provider.label = "The file's".into();
    assert_eq!(save(&place, edit).await.provider.label, "The file's");
    // The file takes over what admins made.
    let ours = save(&place, new("entra")).await;
    let mut edit = over(&ours);
    edit.managed_by = ManagedBy::File;
    let taken = save(&place, edit).await;
    assert_eq!((taken.managed_by, taken.version), (ManagedBy::File, 2));
    assert_eq!(taken.position, ours.position);
}

type Edit = fn(&mut Provider);

async fn what_cannot_be_is_refused(place: Place) {
    let edits: [(&str, Edit); 7] = [
        ("label", |p| p.label = "  ".into()),
        ("label", |p| p.label = "x".repeat(81)),
        ("label", |p| p.label = "a\0b".into()),
        ("allowed_domains", |p| {
            p.allowed_domains = vec!["exa mple".into()];
        }),
        ("allowed_domains", |p| {
            p.allowed_domains = vec!["*".into(), "*.".into()];
        }),
        ("group_map", |p| {
            p.group_map.insert("g".into(), vec![" ".into()]);
        }),
        ("group_map", |p| {
            p.group_map.insert("g".into(), vec!["a\0b".into()]);
        }),
    ];
    for (field, edit) in edits {
        let mut bad = new("okta");
        edit(&mut bad.provider);
        match place.directory.save_provider(bad, gateway()).await {
            Err(DirectoryError::Invalid { field: told, .. }) => assert_eq!(told, field),
            outcome => panic!("{field}: {outcome:?}"),
        }
    }
    assert!(place.directory.providers().await.unwrap().is_empty());
    let mut good = new("okta");
    good.provider.label = "🔑️ Größe & <b>".into();
    good.provider.allowed_domains = vec!["bücher.example".into(), "*.EXAMPLE.com".into()];
    save(&place, good).await;
}

async fn a_deleted_provider_leaves_nobody_to_its_successor(place: Place) {
    let directory = &place.directory;
    save(&place, new("okta")).await;
    let (outcome, begun) = place
        .sign_in(login("ada", "ada@example.com"), &open_policy())
        .await
        .unwrap()
        .unwrap();
    let ada = outcome.user;
    let now = place.now();
    let observation = login("grace", "grace@example.com");
    let (id, observed) = (ada.id.clone(), observation.clone());
    place
        .db
        .write(move |tx| {
            let (id, observed) = (id.clone(), observed.clone());
            Box::pin(async move {
                sign_in::start(tx, "_r1", &slug("okta"), "browser", "/", now).await?;
                sign_in::remember(tx, &slug("okta"), "_a1", now.plus_seconds(60)).await?;
                let conflict = doorward::directory::LinkConflict::LinkingOff(id);
                let entropy = doorward::domain::Entropy::System;
                conflicts::file(tx, &observed, &conflict, now, &entropy).await
            })
        })
        .await
        .unwrap();
    directory
        .delete_provider(&slug("okta"), gateway())
        .await
        .unwrap();
    for table in [
        "providers",
        "external_identities",
        "sign_in_transactions",
        "conflicts",
        "sessions",
    ] {
        let count = place.count(&format!("SELECT COUNT(*) FROM {table}")).await;
        assert_eq!(count, 0, "{table}");
    }
    // What came once does not come again, by whatever provider of that name.
    assert_eq!(place.count("SELECT COUNT(*) FROM replay_memory").await, 1);
    assert_eq!(directory.user(&ada.id).await.unwrap().id, ada.id);
    assert!(find(&place, &begun.secret).await.is_none());
    assert_eq!(
        place.actions("okta").await,
        ["provider.created", "provider.deleted"]
    );
    save(&place, new("okta")).await;
    let mut policy = open_policy();
    policy.link_by_email = false;
    let somebody = place
        .admitted(login("ada", "somebody@example.com"), &policy)
        .await;
    assert!(somebody.created);
    let outcome = directory.delete_provider(&slug("nobody"), gateway()).await;
    assert!(matches!(outcome, Err(DirectoryError::NotFound("provider"))));
}

async fn of_two_who_save_over_the_same_version_one_wins(place: Place) {
    let first = save(&place, new("okta")).await;
    let saves: Vec<_> = (0..12)
        .map(|n| {
            let (directory, mut edit) = (place.directory.clone(), over(&first));
            edit.provider.label = format!("Label {n}");
            tokio::spawn(async move { directory.save_provider(edit, gateway()).await })
        })
        .collect();
    let mut won = Vec::new();
    for save in saves {
        match save.await.unwrap() {
            Ok(stored) => won.push(stored),
            Err(DirectoryError::Changed) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(won.len(), 1);
    assert_eq!(
        place.directory.provider(&slug("okta")).await.unwrap(),
        won[0]
    );
}

async fn of_two_who_take_a_slug_one_wins(place: Place) {
    let saves: Vec<_> = (0..12)
        .map(|n| {
            let (directory, mut save) = (place.directory.clone(), new("okta"));
            save.provider.label = format!("Label {n}");
            tokio::spawn(async move { directory.save_provider(save, gateway()).await })
        })
        .collect();
    let mut won = 0;
    for save in saves {
        match save.await.unwrap() {
            Ok(_) => won += 1,
            Err(DirectoryError::Taken { what: "slug", .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(place.actions("okta").await, ["provider.created"]);
}

async fn settings_have_defaults_and_are_told(place: Place) {
    let defaults = Settings {
        allowed_domains: vec!["*".into()],
        home_realm_discovery: true,
        password_login: true,
        passkeys: true,
    };
    let directory = &place.directory;
    assert_eq!(directory.settings(&defaults).await.unwrap(), defaults);
    let wanted = Settings {
        allowed_domains: vec!["example.com".into(), "*.example.com".into()],
        home_realm_discovery: false,
        password_login: false,
        passkeys: true,
    };
    let set = |settings: &Settings| {
        let edit = SettingsEdit {
            allowed_domains: Some(Some(settings.allowed_domains.clone())),
            home_realm_discovery: Some(Some(settings.home_realm_discovery)),
            password_login: Some(Some(settings.password_login)),
            passkeys: None,
        };
        directory.edit_settings(edit, &defaults, gateway())
    };
    set(&wanted).await.unwrap();
    assert_eq!(directory.settings(&defaults).await.unwrap(), wanted);
    set(&wanted).await.unwrap();
    let bad = Settings {
        allowed_domains: vec!["not a domain".into()],
        ..wanted.clone()
    };
    let outcome = set(&bad).await;
    assert!(
        matches!(outcome, Err(DirectoryError::Invalid { .. })),
        "{outcome:?}"
    );
    assert_eq!(directory.settings(&defaults).await.unwrap(), wanted);
    assert_eq!(place.actions("settings").await, ["settings.changed"]);
    assert_eq!(
        place.changes("settings", "settings.changed").await,
        [
            changed("allowed_domains", "*", "example.com *.example.com"),
            changed("home_realm_discovery", "true", "false"),
            changed("password_login", "true", "false"),
        ]
    );
    // What stands there cannot be read: an error, not defaults.
    let sql = "UPDATE settings SET value = $1 WHERE key = 'settings'";
    place
        .execute(sql, params![r#"{"allowed_domains":7}"#])
        .await
        .unwrap();
    assert!(directory.settings(&defaults).await.is_err());
}
