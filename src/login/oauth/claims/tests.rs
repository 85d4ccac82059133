use super::*;
use proptest::prelude::*;
use serde_json::json;

fn claims(value: &Value) -> Claims {
    value.as_object().unwrap().clone()
}

fn map(kind: ProviderKind, set: &Value) -> ClaimMap {
    let set: BTreeMap<String, Vec<String>> = serde_json::from_value(set.clone()).unwrap();
    ClaimMap::new(kind, &set, preset::Preset::of(kind).subject)
}

#[test]
fn a_person_of_each_vendor() {
    let webex = claims(&json!({
        "id": "Y2lzY29zcGFyazov", "emails": ["ada@example.com", "a@example.org"],
        "displayName": "Ada Lovelace", "firstName": "Ada", "lastName": "Lovelace",
        "phoneNumbers": [{ "type": "work", "value": "+49 30 1" }], "orgId": "org-1",
    }));
    let of_webex = map(ProviderKind::Webex, &json!({}));
    assert_eq!(
        of_webex.subject(&webex).as_deref(),
        Some("Y2lzY29zcGFyazov")
    );
    assert_eq!(
        of_webex.value(Field::Email, &webex).as_deref(),
        Some("ada@example.com")
    );
    let profile = of_webex.profile(&webex);
    assert_eq!(profile.get(Field::Name), Some("Ada Lovelace"));
    assert_eq!(profile.get(Field::Phone), Some("+49 30 1"));
    assert_eq!(
        profile.get(Field::Email),
        None,
        "addresses are vouched for elsewhere"
    );

    let github = claims(&json!({ "id": 583_231, "login": "ada", "email": null, "name": null }));
    let of_github = map(ProviderKind::Oauth2, &json!({}));
    assert_eq!(of_github.subject(&github).as_deref(), Some("583231"));
    assert_eq!(of_github.value(Field::Email, &github), None);
    assert_eq!(of_github.profile(&github).get(Field::UserName), Some("ada"));

    let entra = claims(&json!({
        "sub": "pairwise", "oid": "0000-1", "preferred_username": "victim@example.com",
        "given_name": "Ada", "family_name": "Lovelace",
    }));
    let of_entra = map(ProviderKind::Microsoft, &json!({}));
    assert_eq!(of_entra.subject(&entra).as_deref(), Some("0000-1"));
    let profile = of_entra.profile(&entra);
    assert_eq!(profile.get(Field::UserName), None);
    assert_eq!(
        profile.get(Field::Name),
        Some("Ada Lovelace"),
        "put together"
    );
}

#[test]
fn an_admins_names_replace_the_known_ones() {
    let value = claims(&json!({
        "sub": "s", "uid": 7, "mail_address": "ada@example.com", "email": "x@example.com",
        "org": { "unit": { "name": "Engines" } }, "a.b": "dotted",
        "roles": ["staff", 5, null, { "value": "boss" }],
    }));
    let set = json!({
        "sub": ["uid"], "email": ["nothing", "mail_address"], "department": ["org.unit.name"],
        "job_title": ["a.b"], "groups": ["roles"], "scim_id": ["uid"],
    });
    let map = map(ProviderKind::Oidc, &set);
    assert_eq!(map.subject(&value).as_deref(), Some("7"));
    assert_eq!(
        map.value(Field::Email, &value).as_deref(),
        Some("ada@example.com")
    );
    assert_eq!(map.scim_id(&value).as_deref(), Some("7"));
    assert_eq!(map.groups(&value), ["staff", "5", "boss"]);
    let profile = map.profile(&value);
    assert_eq!(profile.get(Field::Department), Some("Engines"));
    assert_eq!(profile.get(Field::JobTitle), Some("dotted"));
}

#[test]
fn what_cannot_identify_identifies_nobody() {
    let map = map(ProviderKind::Oidc, &json!({}));
    let long = "x".repeat(801);
    for subject in [
        json!(null),
        json!(""),
        json!({}),
        json!([]),
        json!("a\u{200b}b"),
        json!("a\0b"),
        json!(long),
    ] {
        let value = claims(&json!({ "sub": subject }));
        assert_eq!(map.subject(&value), None, "{subject}");
    }
    // Verbatim, blanks included: two identifiers are never made one.
    let value = claims(&json!({ "sub": " a " }));
    assert_eq!(map.subject(&value).as_deref(), Some(" a "));
}

#[test]
fn truth_is_written_in_many_ways() {
    for (value, expected) in [
        (json!(true), Some(true)),
        (json!("True"), Some(true)),
        (json!("1"), Some(true)),
        (json!(1), Some(true)),
        (json!(false), Some(false)),
        (json!("false"), Some(false)),
        (json!(0), Some(false)),
        (json!(2), None),
        (json!("yes"), None),
        (json!(null), None),
        (json!([true]), None),
    ] {
        assert_eq!(
            truth(&claims(&json!({ "x": value })), "x"),
            expected,
            "{value}"
        );
    }
    assert_eq!(truth(&Claims::new(), "x"), None);
}

#[test]
fn an_address_and_what_is_said_of_it_stay_together() {
    let token = claims(&json!({ "sub": "s", "email": "victim@example.com" }));
    let of_another =
        claims(&json!({ "email": "own@attacker.example", "email_verified": true, "name": "A" }));
    let both = merged(token.clone(), of_another);
    assert_eq!(both["email"], "victim@example.com");
    assert!(!both.contains_key("email_verified"));
    assert_eq!(both["name"], "A");
    let of_the_same = claims(&json!({ "email": "victim@example.com", "email_verified": true }));
    assert_eq!(merged(token, of_the_same)["email_verified"], true);
    let without = claims(&json!({ "sub": "s" }));
    let only = claims(&json!({ "sub": "x", "email": "a@example.com", "email_verified": true }));
    let both = merged(without, only);
    assert_eq!(both["sub"], "s", "the signed claim wins");
    assert_eq!(both["email_verified"], true);
}

#[test]
fn methods_are_a_list_of_words() {
    let named = |value: Value| methods(&claims(&json!({ "amr": value })));
    assert_eq!(named(json!(["pwd", "mfa"])), ["pwd", "mfa"]);
    assert!(named(json!("pwd")).is_empty());
    assert!(named(json!({ "pwd": true })).is_empty());
    let odd = json!(["", "a b", "ü", 7, null, "x".repeat(33), "otp"]);
    assert_eq!(named(odd), ["otp"]);
    assert_eq!(named(json!(vec!["a"; 500])).len(), 16);
    assert!(methods(&claims(&json!({}))).is_empty());
}

#[test]
fn a_trace_shows_no_secrets_and_no_masses() {
    let many: Vec<String> = (0..500).map(|n| n.to_string()).collect();
    let value = claims(&json!({
        "sub": "s", "nonce": "n", "at_hash": "h", "groups": many, "long": "x".repeat(5000),
        "address": { "country": "DE" },
    }));
    let shown = shown(&value);
    assert!(!shown.contains_key("nonce") && !shown.contains_key("at_hash"));
    assert_eq!(shown["sub"], ["s"]);
    assert_eq!(shown["groups"].len(), 50);
    assert_eq!(shown["long"][0].len(), 256);
    assert_eq!(shown["address"], [r#"{"country":"DE"}"#]);
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map("[a-z.]{1,6}|value|sub|email", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Whatever a provider sends, reading it ends, and what comes out can be
    /// stored.
    #[test]
    fn anything_can_be_read(sub in any_value(), email in any_value(), groups in any_value(), name in any_value()) {
        let value = claims(&json!({ "sub": sub, "email": email, "groups": groups, "name": name }));
        let map = map(ProviderKind::Oidc, &json!({ "department": ["email.value.sub"] }));
        if let Some(subject) = map.subject(&value) {
            prop_assert!(!subject.is_empty() && subject.len() <= LONGEST_SUBJECT);
        }
        let _ = map.groups(&value);
        for (_, text) in map.profile(&value).iter() {
            prop_assert!(!text.is_empty());
        }
        let _ = shown(&value);
    }
}
