//! Who is who: the order of identifiers, and what a login may attach itself to.

use std::collections::BTreeSet;

use doorward::directory::reconcile::{Mode, Outcome};
use doorward::directory::resolve::Matched;
use doorward::directory::{DirectoryError, LinkConflict, Refusal};
use doorward::domain::{
    Channel, ExternalIdentity, Field, Observation, Role, Source, Status, User, UserId,
};
use doorward::platform::storage::{StorageError, params};

use crate::place::{
    Place, about, changed, gateway, identity, login, login_at, open_policy, profile, scim, slug,
};

on_both!(
    the_order_of_identifiers_for_logins,
    the_order_of_identifiers_for_records,
    an_identity_of_somebody_else_stays_there,
    a_name_at_one_provider_is_nobody_at_another,
    an_upn_that_nobody_vouches_for_links_nobody,
    linking_by_address_can_be_off,
    administrators_are_never_linked,
    one_subject_per_user_where_that_is_the_rule,
    a_refused_link_is_filed_once,
    without_just_in_time_provisioning_strangers_stay_out,
    a_pending_user_becomes_active,
    no_channel_grants_a_role,
    a_linked_identity_is_told,
    a_transient_subject_is_no_identity,
);

/// Whom an identifier names, and the identifiers themselves.
struct Four {
    users: [(Matched, UserId); 4],
}

const UPN: &str = "U@corp.example";
const EMAIL: &str = "E@example.com";

impl Four {
    async fn make(place: &Place) -> Self {
        let apply = async |observation: Observation| {
            let outcome = place
                .directory
                .observe(observation, gateway(), Mode::Apply)
                .await;
            outcome.unwrap().user
        };
        let by_scim_id = apply(scim("s1", &[(Field::Name, "S")])).await;
        let login = login("x1", "x@example.com");
        let by_external_id = place.admitted(login, &open_policy()).await.user;
        let by_upn = place.user(profile(&[(Field::Upn, UPN)])).await;
        let by_email = place.user_at(EMAIL).await;
        Self {
            users: [
                (Matched::ScimId, by_scim_id.id),
                (Matched::ExternalId, by_external_id.id),
                (Matched::Upn, by_upn.id),
                (Matched::Email, by_email.id),
            ],
        }
    }

    /// Adds those identifiers to an observation whose bits are set in `which`.
    fn name(observation: &mut Observation, which: u8) {
        if which & 1 != 0 {
            observation.scim_id = Some("s1".into());
        }
        if which & 2 != 0 {
            observation.identity = Some(identity("okta", "x1"));
        }
        if which & 4 != 0 {
            // Case is no difference.
            observation.profile.set(Field::Upn, UPN.to_uppercase());
        }
        if which & 8 != 0 {
            observation.profile.set(Field::Email, EMAIL.to_lowercase());
        }
    }

    /// Whom the strongest of them names.
    fn strongest(&self, which: u8) -> Option<&(Matched, UserId)> {
        (0..4)
            .find(|bit| which & (1 << bit) != 0)
            .map(|bit| &self.users[bit])
    }
}

fn check(four: &Four, which: u8, outcome: &Outcome) {
    let expected = four.strongest(which);
    assert_eq!(outcome.created, expected.is_none(), "{which:04b}");
    assert_eq!(outcome.matched_by, expected.map(|e| e.0), "{which:04b}");
    if let Some((_, user)) = expected {
        assert_eq!(&outcome.user.id, user, "{which:04b}");
    }
}

/// The users as they stand, but for what every login notes.
async fn standing(place: &Place) -> Vec<User> {
    let page = place.directory.users(
        doorward::directory::users::UserFilter::default(),
        None,
        1000,
    );
    let mut users = page.await.unwrap().items;
    for user in &mut users {
        user.last_login_at = None;
    }
    users
}

async fn the_order_of_identifiers_for_logins(place: Place) {
    let four = Four::make(&place).await;
    // By this the address is verified, which is all that a login changes here.
    place.admitted(login("", EMAIL), &open_policy()).await;
    let before = standing(&place).await;
    for which in 0..16 {
        let mut observation = login("", &format!("fresh-{which}@example.com"));
        Four::name(&mut observation, which);
        let outcome = place.admitted(observation, &open_policy()).await;
        check(&four, which, &outcome);
    }
    // Nothing moved from one to the other, and one is new.
    let mut after = standing(&place).await;
    assert_eq!(after.len(), before.len() + 1);
    after.retain(|user| before.iter().any(|b| b.id == user.id));
    assert_eq!(after, before);
}

async fn the_order_of_identifiers_for_records(place: Place) {
    let four = Four::make(&place).await;
    for which in 0..16 {
        let channel = Channel::Records {
            source: Source::Import,
            connection: "file".into(),
        };
        let mut observation = Observation::new(channel, profile(&[(Field::Phone, "1")]));
        Four::name(&mut observation, which);
        let outcome = place
            .directory
            .observe(observation, gateway(), Mode::Apply)
            .await
            .unwrap();
        check(&four, which, &outcome);
    }
    assert_eq!(place.count("SELECT COUNT(*) FROM users").await, 5);
    assert_eq!(
        place
            .count("SELECT COUNT(*) FROM external_identities")
            .await,
        1
    );
}

async fn identities(place: &Place, user: &UserId) -> Vec<ExternalIdentity> {
    let user = user.clone();
    let found: Result<_, StorageError> = place
        .db
        .read(move |tx| {
            let user = user.clone();
            Box::pin(async move { doorward::directory::users::identities(tx, &user).await })
        })
        .await;
    found.unwrap()
}

async fn an_identity_of_somebody_else_stays_there(place: Place) {
    let policy = open_policy();
    let apply = |o: Observation| place.directory.observe(o, gateway(), Mode::Apply);
    let ada = apply(scim("s1", &[(Field::Email, "ada@example.com")]))
        .await
        .unwrap()
        .user;
    let grace = place
        .admitted(login("g", "grace@example.com"), &policy)
        .await
        .user;
    // The SCIM id says Ada, the subject says Grace: the stronger one counts,
    // and the subject stays Grace's.
    let mut observation = login("g", "ada@example.com");
    observation.scim_id = Some("s1".into());
    let outcome = place.admitted(observation, &policy).await;
    assert_eq!(
        (outcome.user.id, outcome.matched_by),
        (ada.id.clone(), Some(Matched::ScimId))
    );
    assert!(identities(&place, &ada.id).await.is_empty());
    assert_eq!(identities(&place, &grace.id).await, [identity("okta", "g")]);
}

async fn a_name_at_one_provider_is_nobody_at_another(place: Place) {
    let mut policy = open_policy();
    policy.link_by_email = false;
    let ada = place
        .admitted(login("0001", "ada@example.com"), &policy)
        .await
        .user;
    let at_other = login_at("entra", "0001", &[(Field::Email, "eve@example.com")]);
    let eve = place.admitted(at_other, &policy).await;
    assert!(eve.created);
    assert_ne!(eve.user.id, ada.id);
    // The same provider, pointed at another IdP.
    let mut elsewhere = login("0001", "mallory@example.com");
    elsewhere.identity.as_mut().unwrap().issuer = "https://elsewhere.test".into();
    let mallory = place.admitted(elsewhere, &policy).await;
    assert!(mallory.created);
    // With the victim's address as well.
    let at_other = login_at("entra", "0002", &[(Field::Email, "ada@example.com")]);
    let refusal = place.refused(at_other, &policy).await;
    assert_eq!(
        refusal,
        Refusal::Conflict(LinkConflict::LinkingOff(ada.id.clone()))
    );
    // A subject is taken as it is: neither case nor blanks are folded.
    for (subject, email) in [
        ("0001 ", "a@example.com"),
        (" 0001", "b@example.com"),
        ("000\u{301}1", "c@example.com"),
    ] {
        let outcome = place.admitted(login(subject, email), &policy).await;
        assert!(outcome.created, "{subject:?}");
    }
    assert_eq!(
        identities(&place, &ada.id).await,
        [identity("okta", "0001")]
    );
}

async fn an_upn_that_nobody_vouches_for_links_nobody(place: Place) {
    let policy = open_policy();
    let ada = place
        .user(profile(&[
            (Field::Upn, "ada@corp.example"),
            (Field::Email, "ada@example.com"),
        ]))
        .await;
    let with_upn = |subject: &str, email: &str, vouched: bool| {
        let fields = [(Field::Upn, "ADA@corp.example"), (Field::Email, email)];
        let mut observation = login_at("okta", subject, &fields);
        observation.upn_vouched = vouched;
        observation
    };
    let not_vouched = Refusal::Conflict(LinkConflict::NotVouched(ada.id.clone()));
    assert_eq!(
        place
            .refused(with_upn("m", "mallory@example.com", false), &policy)
            .await,
        not_vouched
    );
    assert!(identities(&place, &ada.id).await.is_empty());
    assert_eq!(place.count("SELECT COUNT(*) FROM users").await, 1);
    // Also where another user has the address.
    place.user_at("grace@example.com").await;
    assert_eq!(
        place
            .refused(with_upn("m", "grace@example.com", false), &policy)
            .await,
        not_vouched
    );
    // The address that is vouched for finds the user all the same.
    let outcome = place
        .admitted(with_upn("a", "ada@example.com", false), &policy)
        .await;
    assert_eq!(outcome.matched_by, Some(Matched::Email));
    assert_eq!(outcome.user.id, ada.id);
    // Vouched for, it links by itself.
    let outcome = place
        .admitted(with_upn("b", "new@example.com", true), &policy)
        .await;
    assert_eq!(outcome.matched_by, Some(Matched::Upn));
    assert_eq!(outcome.user.id, ada.id);
}

async fn linking_by_address_can_be_off(place: Place) {
    let mut policy = open_policy();
    policy.link_by_email = false;
    let ada = place
        .user(profile(&[
            (Field::Upn, "ada@corp.example"),
            (Field::Email, "ada@example.com"),
        ]))
        .await;
    let refusal = place.refused(login("a", "ADA@EXAMPLE.com"), &policy).await;
    assert_eq!(
        refusal,
        Refusal::Conflict(LinkConflict::LinkingOff(ada.id.clone()))
    );
    assert_eq!(refusal.code(), "login.identity_conflict");
    assert!(identities(&place, &ada.id).await.is_empty());
    // Strangers come in, and come back.
    let eve = place.admitted(login("e", "eve@example.com"), &policy).await;
    assert!(eve.created);
    let again = place.admitted(login("e", "eve@example.com"), &policy).await;
    assert_eq!(again.user.id, eve.user.id);
    // A UPN links, whatever the address.
    let fields = [
        (Field::Upn, "ada@corp.example"),
        (Field::Email, "ada@example.com"),
    ];
    let outcome = place
        .admitted(login_at("okta", "a", &fields), &policy)
        .await;
    assert_eq!(
        (outcome.user.id, outcome.matched_by),
        (ada.id, Some(Matched::Upn))
    );
}

async fn administrators_are_never_linked(place: Place) {
    let policy = open_policy();
    let fields = [
        (Field::Upn, "root@corp.example"),
        (Field::Email, "root@example.com"),
    ];
    let mut observation = scim("s1", &fields);
    observation.identity = None;
    let root = place
        .directory
        .observe(observation, gateway(), Mode::Apply)
        .await
        .unwrap()
        .user;
    let roles = BTreeSet::from([Role::Admin]);
    place
        .directory
        .set_roles(&root.id, roles, gateway())
        .await
        .unwrap();
    let refusal = Refusal::Conflict(LinkConflict::Administrator(root.id.clone()));
    assert_eq!(
        place.refused(login("r", "root@example.com"), &policy).await,
        refusal
    );
    assert_eq!(
        place.refused(login_at("okta", "r", &fields), &policy).await,
        refusal
    );
    let mut by_scim_id = login("r", "other@example.com");
    by_scim_id.scim_id = Some("s1".into());
    assert_eq!(place.refused(by_scim_id, &policy).await, refusal);
    // Nor without a subject.
    assert_eq!(
        place.refused(login("", "root@example.com"), &policy).await,
        refusal
    );
    assert!(identities(&place, &root.id).await.is_empty());
    // Whoever was linked before becoming one goes on.
    let ada = place
        .admitted(login("a", "ada@example.com"), &policy)
        .await
        .user;
    let roles = BTreeSet::from([Role::Admin]);
    place
        .directory
        .set_roles(&ada.id, roles, gateway())
        .await
        .unwrap();
    let again = place.admitted(login("a", "ada@example.com"), &policy).await;
    assert_eq!(again.user.id, ada.id);
    assert!(again.user.has_role(Role::Admin));
    // Through a second provider, they too are not linked.
    let second = login_at("entra", "a", &[(Field::Email, "ada@example.com")]);
    let refusal = Refusal::Conflict(LinkConflict::Administrator(ada.id.clone()));
    assert_eq!(place.refused(second, &policy).await, refusal);
}

async fn one_subject_per_user_where_that_is_the_rule(place: Place) {
    let mut policy = open_policy();
    policy.one_subject_per_user = true;
    let ada = place
        .admitted(login("a1", "ada@example.com"), &policy)
        .await
        .user;
    let refusal = place.refused(login("a2", "ada@example.com"), &policy).await;
    assert_eq!(
        refusal,
        Refusal::Conflict(LinkConflict::OtherSubject(ada.id.clone()))
    );
    // Another provider, or the same at another issuer, is not the same.
    let other = login_at("entra", "a2", &[(Field::Email, "ada@example.com")]);
    assert_eq!(place.admitted(other, &policy).await.user.id, ada.id);
    let again = place
        .admitted(login("a1", "ada@example.com"), &policy)
        .await;
    assert_eq!(again.matched_by, Some(Matched::ExternalId));
    // Where it is not the rule, the second subject is attached.
    policy.one_subject_per_user = false;
    let outcome = place
        .admitted(login("a2", "ada@example.com"), &policy)
        .await;
    assert_eq!(outcome.user.id, ada.id);
    assert_eq!(identities(&place, &ada.id).await.len(), 3);
}

async fn a_refused_link_is_filed_once(place: Place) {
    let mut policy = open_policy();
    policy.link_by_email = false;
    let ada = place.user_at("ada@example.com").await;
    let filed = async || {
        let sql = "SELECT provider, issuer, subject, user_id, reason, status, at, observed \
                   FROM conflicts ORDER BY subject";
        let rows = place.query(sql, &[]).await.unwrap();
        rows.into_iter()
            .map(|row| {
                let mut r = row.reader();
                let texts: Vec<String> = (0..6).map(|_| r.text().unwrap()).collect();
                (texts, r.time().unwrap(), r.text().unwrap())
            })
            .collect::<Vec<_>>()
    };
    place.refused(login("m", "ada@example.com"), &policy).await;
    place.wait(60);
    let fields = [(Field::Email, "ada@example.com"), (Field::Name, "Not Ada")];
    place.refused(login_at("okta", "m", &fields), &policy).await;
    let rows = filed().await;
    assert_eq!(rows.len(), 1);
    let (texts, at, observed) = &rows[0];
    let issuer = "https://okta.test/idp";
    assert_eq!(
        *texts,
        ["okta", issuer, "m", ada.id.as_str(), "linking_off", "open"]
    );
    assert_eq!(*at, place.now());
    assert!(observed.contains("Not Ada"));
    place.refused(login("n", "ada@example.com"), &policy).await;
    place.refused(login("", "ada@example.com"), &policy).await;
    assert_eq!(filed().await.len(), 3);
    // A case that an admin has closed stays closed.
    place
        .execute("UPDATE conflicts SET status = 'closed'", &[])
        .await
        .unwrap();
    place.refused(login("n", "ada@example.com"), &policy).await;
    assert!(
        filed()
            .await
            .iter()
            .all(|(texts, _, _)| texts[5] == "closed")
    );
    assert_eq!(place.directory.user(&ada.id).await.unwrap(), ada);
}

async fn without_just_in_time_provisioning_strangers_stay_out(place: Place) {
    let mut policy = open_policy();
    policy.jit = false;
    assert_eq!(
        place.refused(login("e", "eve@example.com"), &policy).await,
        Refusal::UnknownUser
    );
    for table in ["users", "external_identities", "audit_events", "conflicts"] {
        let count = place.count(&format!("SELECT COUNT(*) FROM {table}")).await;
        assert_eq!(count, 0, "{table}");
    }
    let ada = place.user_at("ada@example.com").await;
    let outcome = place.admitted(login("a", "ada@example.com"), &policy).await;
    assert_eq!(outcome.user.id, ada.id);
    assert!(!outcome.created);
}

async fn a_pending_user_becomes_active(place: Place) {
    let ada = place.user_at("ada@example.com").await;
    let sql = "UPDATE users SET status = 'pending' WHERE id = $1";
    place.execute(sql, params![&ada.id]).await.unwrap();
    let edited = place
        .edit(&ada.id, profile(&[(Field::Phone, "1")]))
        .await
        .unwrap();
    assert_eq!(edited.user.status, Status::Pending);
    place.wait(1);
    let outcome = place
        .admitted(login("a", "ada@example.com"), &open_policy())
        .await;
    assert_eq!(outcome.user.status, Status::Active);
    let read = place.directory.user(&ada.id).await.unwrap();
    assert_eq!(read.status, Status::Active);
    let changes = place.changes(ada.id.as_str(), "user.updated").await;
    assert!(
        changes.contains(&changed("status", "pending", "active")),
        "{changes:?}"
    );
}

async fn no_channel_grants_a_role(place: Place) {
    let fields = [
        (Field::Email, "ada@example.com"),
        (Field::Department, "admin"),
        (Field::JobTitle, "admin"),
        (Field::UserName, "admin"),
        (Field::CustomAttributes, r#"{"roles":"admin"}"#),
    ];
    let mut observation = login_at("okta", "a", &fields);
    observation.groups = Some(BTreeSet::from(["admin".to_owned()]));
    let ada = place.admitted(observation, &open_policy()).await.user;
    assert!(ada.roles.is_empty());
    let record = scim("s", &fields);
    let outcome = place
        .directory
        .observe(record, gateway(), Mode::Apply)
        .await
        .unwrap();
    assert_eq!(outcome.user.id, ada.id);
    assert!(
        place
            .directory
            .user(&ada.id)
            .await
            .unwrap()
            .roles
            .is_empty()
    );
    // Nor does one take a role away.
    let roles = BTreeSet::from([Role::Auditor, Role::UserManager]);
    place
        .directory
        .set_roles(&ada.id, roles.clone(), gateway())
        .await
        .unwrap();
    let again = place
        .admitted(login_at("okta", "a", &fields[..2]), &open_policy())
        .await;
    assert_eq!(again.user.roles, roles);
}

async fn a_linked_identity_is_told(place: Place) {
    let ada = place.user_at("ada@example.com").await;
    let outcome = place
        .admitted(login("a", "ada@example.com"), &open_policy())
        .await;
    assert_eq!(outcome.user.last_login_at, Some(place.now()));
    assert_eq!(
        place.changes(ada.id.as_str(), "user.identity_linked").await,
        [changed("external_ids.okta", "", "a")]
    );
    let events = place
        .directory
        .audit(about(ada.id.as_str()), None, 10)
        .await
        .unwrap()
        .items;
    let linked = events
        .iter()
        .find(|e| e.action == "user.identity_linked")
        .unwrap();
    assert_eq!(linked.actor_kind, "channel");
    assert!(linked.actor.contains("okta"), "{}", linked.actor);
    // The next login adds nothing to the log.
    let before = place.count("SELECT COUNT(*) FROM audit_events").await;
    place.wait(60);
    let again = place
        .admitted(login("a", "ada@example.com"), &open_policy())
        .await;
    assert_eq!(
        place.count("SELECT COUNT(*) FROM audit_events").await,
        before
    );
    assert_eq!(again.user.last_login_at, Some(place.now()));
    let read = place.directory.user(&ada.id).await.unwrap();
    assert_eq!(read.last_login_at, Some(place.now()));
    // An edit does not turn the last login back.
    let edited = place
        .edit(&ada.id, profile(&[(Field::Phone, "1")]))
        .await
        .unwrap();
    assert_eq!(edited.user.last_login_at, Some(place.now()));
    let slug = slug("okta");
    assert!(
        identities(&place, &ada.id)
            .await
            .iter()
            .all(|i| i.provider == slug)
    );
}

async fn a_transient_subject_is_no_identity(place: Place) {
    let first = place
        .admitted(login("", "ada@example.com"), &open_policy())
        .await;
    let again = place
        .admitted(login("", "ada@example.com"), &open_policy())
        .await;
    assert_eq!(first.user.id, again.user.id);
    assert_eq!(
        place
            .count("SELECT COUNT(*) FROM external_identities")
            .await,
        0
    );
    let mut empty = login("x", "ada@example.com");
    empty.identity.as_mut().unwrap().subject = String::new();
    let outcome = place.login(empty, &open_policy()).await;
    assert!(matches!(outcome, Err(DirectoryError::Invalid { .. })));
}
