use proptest::prelude::*;

use super::*;
use crate::domain::address::email_key;

const CLAIM: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/";

type Attributes = Vec<(String, Vec<String>)>;

fn attributes(list: &[(&str, &[&str])]) -> Attributes {
    list.iter()
        .map(|(name, values)| {
            let name = name.replace("CLAIM/", CLAIM);
            (name, values.iter().map(|v| (*v).to_owned()).collect())
        })
        .collect()
}

fn configured(list: &[(&str, &[&str])]) -> AttributeMap {
    AttributeMap::new(&attributes(list).into_iter().collect()).unwrap()
}

fn map_with(map: &AttributeMap, list: &[(&str, &[&str])]) -> Result<Mapped, AttributeError> {
    let attributes = attributes(list);
    map.map(attributes.iter().map(|(n, v)| (n.as_str(), v.as_slice())))
}

fn map(list: &[(&str, &[&str])]) -> Result<Mapped, AttributeError> {
    map_with(&configured(&[]), list)
}

fn get(mapped: &Mapped, field: Field) -> Option<&str> {
    mapped.profile.get(field)
}

#[test]
fn the_shapes_of_the_vendors() {
    // Okta, as its guide tells people to enter it.
    let okta = map(&[
        ("CLAIM/givenname", &["Ada"]),
        ("CLAIM/emailaddress", &["ada@example.com"]),
        ("CLAIM/upn", &["ada@corp.example.com"]),
        ("CLAIM/surname", &["Lovelace"]),
        ("CLAIM/name", &["Ada Lovelace"]),
        ("department", &["Engines"]),
        ("jobTitle", &["Analyst"]),
        ("costcenters", &["4711"]),
    ])
    .unwrap();
    // Entra ID's defaults.
    let entra = map(&[
        (
            "http://schemas.microsoft.com/identity/claims/tenantid",
            &["5f1c"],
        ),
        (
            "http://schemas.microsoft.com/identity/claims/displayname",
            &["Ada Lovelace"],
        ),
        ("CLAIM/givenname", &["Ada"]),
        ("CLAIM/surname", &["Lovelace"]),
        ("CLAIM/emailaddress", &["ada@example.com"]),
        ("CLAIM/name", &["ada@corp.example.com"]),
        ("CLAIM/upn", &["ada@corp.example.com"]),
        ("department", &["Engines"]),
        ("jobtitle", &["Analyst"]),
        ("costcenter", &["4711"]),
    ])
    .unwrap();
    // A Shibboleth IdP.
    let shibboleth = map(&[
        ("urn:oid:0.9.2342.19200300.100.1.3", &["ada@example.com"]),
        ("urn:oid:2.5.4.42", &["Ada"]),
        ("urn:oid:2.5.4.4", &["Lovelace"]),
        ("urn:oid:2.16.840.1.113730.3.1.241", &["Ada Lovelace"]),
        (
            "urn:oid:1.3.6.1.4.1.5923.1.1.1.6",
            &["ada@corp.example.com"],
        ),
        ("urn:oid:2.5.4.11", &["Engines"]),
        ("urn:oid:2.5.4.12", &["Analyst"]),
        ("CostCenter", &["4711"]),
    ])
    .unwrap();
    // Plain names, as SimpleSAMLphp and OneLogin send them.
    let plain = map(&[
        ("userPrincipalName", &["ada@corp.example.com"]),
        ("mail", &["ada@example.com"]),
        ("cn", &["Ada Lovelace"]),
        ("firstName", &["Ada"]),
        ("lastName", &["Lovelace"]),
        ("DEPARTMENT", &["Engines"]),
        ("title", &["Analyst"]),
        ("COSTCENTERS", &["4711"]),
    ])
    .unwrap();
    for mapped in [okta, entra, shibboleth, plain] {
        let fields: Vec<(Field, &str)> = mapped.profile.iter().collect();
        assert_eq!(
            fields,
            [
                (Field::Upn, "ada@corp.example.com"),
                (Field::Email, "ada@example.com"),
                (Field::Name, "Ada Lovelace"),
                (Field::GivenName, "Ada"),
                (Field::FamilyName, "Lovelace"),
                (Field::Department, "Engines"),
                (Field::JobTitle, "Analyst"),
                (Field::CostCenter, "4711"),
            ]
        );
        assert_eq!(mapped.groups, None);
        assert_eq!(mapped.scim_id, None);
        assert_eq!(mapped.notes, Vec::<String>::new());
    }
}

#[test]
fn the_first_name_with_a_value_wins() {
    let mapped = map(&[
        ("department", &["", "  "]),
        ("urn:oid:2.5.4.11", &[" Engines ", "Second"]),
        ("surname", &["Later"]),
        ("urn:oid:2.5.4.4", &["Earlier"]),
    ])
    .unwrap();
    assert_eq!(get(&mapped, Field::Department), Some("Engines"));
    assert_eq!(get(&mapped, Field::FamilyName), Some("Earlier"));
    assert_eq!(
        mapped
            .sources
            .get(&Target::Field(Field::Department))
            .map(String::as_str),
        Some("urn:oid:2.5.4.11")
    );
}

#[test]
fn uris_are_exact_and_plain_names_are_not() {
    let mapped = map(&[
        ("CLAIM/GivenName", &["Ada"]),
        ("URN:OID:2.5.4.4", &["Lovelace"]),
        ("Department", &["Engines"]),
        ("department ", &["Spaces"]),
    ])
    .unwrap();
    assert_eq!(get(&mapped, Field::GivenName), None);
    assert_eq!(get(&mapped, Field::FamilyName), None);
    assert_eq!(get(&mapped, Field::Department), Some("Engines"));
}

#[test]
fn a_name_is_made_of_its_parts_when_it_must_be() {
    let name = |list: &[(&str, &[&str])]| {
        map(list)
            .unwrap()
            .profile
            .get(Field::Name)
            .map(str::to_owned)
    };
    let given = ("givenName", &["Ada"][..]);
    let family = ("sn", &["Lovelace"][..]);
    let upn = ("CLAIM/name", &["ada@example.com"][..]);
    assert_eq!(name(&[given, family]).as_deref(), Some("Ada Lovelace"));
    assert_eq!(name(&[given]).as_deref(), Some("Ada"));
    assert_eq!(name(&[family]).as_deref(), Some("Lovelace"));
    // Entra's default claims: the `name` is the UPN.
    assert_eq!(name(&[upn, given, family]).as_deref(), Some("Ada Lovelace"));
    assert_eq!(name(&[upn]).as_deref(), Some("ada@example.com"));
    assert_eq!(
        name(&[upn, ("cn", &["A. Lovelace"])]).as_deref(),
        Some("A. Lovelace")
    );
    assert_eq!(name(&[]), None);
    // What an admin named is taken as it is.
    let map = configured(&[(
        "name",
        &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"],
    )]);
    let mapped = map_with(&map, &[upn, given, family]).unwrap();
    assert_eq!(get(&mapped, Field::Name), Some("ada@example.com"));
}

#[test]
fn two_addresses_are_a_conflict() {
    for list in [
        &[("mail", &["ada@example.com", "eve@example.com"][..])][..],
        // The same attribute twice, or in another case, is one attribute.
        &[
            ("mail", &["ada@example.com"]),
            ("mail", &["eve@example.com"]),
        ],
        &[
            ("mail", &["ada@example.com"]),
            ("MAIL", &["eve@example.com"]),
        ],
        // Two built-in names mean the same thing.
        &[
            ("CLAIM/emailaddress", &["ada@example.com"]),
            ("email", &["eve@example.com"]),
        ],
    ] {
        let error = map(list).unwrap_err();
        assert_eq!(error.code(), "saml.email_conflict", "{list:?}");
        assert_eq!(error.received(), ["ada@example.com", "eve@example.com"]);
        assert!(
            error.remedy().contains("attributes.email"),
            "{}",
            error.remedy()
        );
    }
    // One address in several spellings is one address.
    let mapped = map(&[
        (
            "CLAIM/emailaddress",
            &["Ada@Example.com", "ada@example.COM"],
        ),
        ("email", &["ada@example.com", "n/a"]),
    ])
    .unwrap();
    assert_eq!(get(&mapped, Field::Email), Some("Ada@Example.com"));
}

#[test]
fn an_admins_order_of_addresses_is_a_preference() {
    let map = configured(&[("email", &["workMail", "privateMail"])]);
    let both: &[(&str, &[&str])] = &[
        ("privateMail", &["ada@home.example"]),
        ("workMail", &["ada@example.com"]),
        ("CLAIM/emailaddress", &["not@looked.at"]),
    ];
    let mapped = map_with(&map, both).unwrap();
    assert_eq!(get(&mapped, Field::Email), Some("ada@example.com"));
    let mapped = map_with(&map, &both[..1]).unwrap();
    assert_eq!(get(&mapped, Field::Email), Some("ada@home.example"));
    let error = map_with(&map, &[("workMail", &["a@example.com", "b@example.com"])]).unwrap_err();
    assert_eq!(error.code(), "saml.email_conflict");
}

#[test]
fn identifiers_are_refused_and_never_repaired() {
    let long = format!("{}@example.com", "a".repeat(1100));
    for (name, value, code) in [
        ("mail", "eve@evil.example@example.com", "email_invalid"),
        ("mail", "ada", "email_invalid"),
        ("mail", "ada@example.com\u{200b}", "email_invalid"),
        ("mail", "ada\u{202e}@example.com", "email_invalid"),
        ("mail", "ada@example.com, eve@example.com", "email_invalid"),
        ("mail", "Ada <ada@example.com>", "email_invalid"),
        ("mail", "ada@example.com\nBcc: x@y.z", "email_invalid"),
        ("mail", long.as_str(), "attribute_too_long"),
        ("upn", "ada\u{0}@example.com", "upn_invalid"),
        ("upn", "ada\u{ad}@example.com", "upn_invalid"),
        ("upn", "ada@evil.example@example.com", "upn_invalid"),
        ("upn", long.as_str(), "attribute_too_long"),
    ] {
        let error = map(&[(name, &[value])]).unwrap_err();
        assert_eq!(error.code(), format!("saml.{code}"), "{value:?}");
    }
    let error = map(&[("upn", &["ada@example.com", "eve@example.com"])]).unwrap_err();
    assert_eq!(error.code(), "saml.upn_conflict");
    // A UPN need not be an address.
    let mapped = map(&[("upn", &["EXAMPLE\\ada", "example\\ADA"])]).unwrap();
    assert_eq!(get(&mapped, Field::Upn), Some("EXAMPLE\\ada"));
    // What only looks like mail under a name that loses does no harm.
    let mapped = map(&[
        ("CLAIM/emailaddress", &["a@example.com"]),
        ("mail", &["none"]),
    ])
    .unwrap();
    assert_eq!(get(&mapped, Field::Email), Some("a@example.com"));
}

#[test]
fn texts_that_people_see_are_cleaned_or_left_out() {
    let mapped = map(&[
        ("displayName", &["Ada\u{202e} Love\u{7}lace\n\u{feff}"]),
        ("department", &["\u{0}\u{1}"]),
        ("title", &["x".repeat(1025).as_str()]),
        ("givenName", &["نیلوفر\u{200c}ها"]),
    ])
    .unwrap();
    assert_eq!(get(&mapped, Field::Name), Some("Ada Lovelace"));
    assert_eq!(get(&mapped, Field::GivenName), Some("نیلوفر\u{200c}ها"));
    assert_eq!(get(&mapped, Field::Department), None);
    assert_eq!(get(&mapped, Field::JobTitle), None, "never truncated");
    assert_eq!(mapped.notes.len(), 2, "{:?}", mapped.notes);
    let kept = map(&[("title", &["é".repeat(1024).as_str()])]).unwrap();
    assert!(get(&kept, Field::JobTitle).is_some());
}

#[test]
fn numbered_attributes_become_one_object() {
    let mapped = map(&[
        ("extensionAttribute1", &["one \"quoted\""]),
        ("ExtensionAttribute10", &["ten"]),
        ("extensionAttribute2", &[""]),
        ("extensionAttribute11", &["eleven"]),
    ])
    .unwrap();
    assert_eq!(
        get(&mapped, Field::ExtensionAttributes),
        Some(r#"{"extensionAttribute1":"one \"quoted\"","extensionAttribute10":"ten"}"#)
    );
    let map = configured(&[("custom_attributes", &["badge", "locker"])]);
    let mapped = map_with(&map, &[("locker", &["L7"])]).unwrap();
    assert_eq!(
        get(&mapped, Field::CustomAttributes),
        Some(r#"{"spCustomAttribute2":"L7"}"#)
    );
}

#[test]
fn groups_say_something_only_when_they_come() {
    assert_eq!(map(&[("mail", &["a@example.com"])]).unwrap().groups, None);
    assert_eq!(map(&[("groups", &[])]).unwrap().groups, Some(Vec::new()));
    assert_eq!(map(&[("groups", &[" "])]).unwrap().groups, Some(Vec::new()));
    let mapped = map(&[
        ("memberOf", &["cn=other"]),
        (
            "http://schemas.xmlsoap.org/claims/Group",
            &["staff", "admins"],
        ),
        ("http://schemas.xmlsoap.org/claims/Group", &["staff"]),
    ])
    .unwrap();
    assert_eq!(
        mapped.groups,
        Some(vec!["staff".to_owned(), "admins".to_owned()])
    );
    let overage = map(&[(builtin::GROUPS_LINK, &["https://graph.example/"])]).unwrap();
    assert_eq!(overage.groups, None);
    assert!(
        overage.notes[0].contains("link instead"),
        "{:?}",
        overage.notes
    );
}

#[test]
fn a_scim_id_comes_only_where_it_is_named() {
    let list: &[(&str, &[&str])] = &[("scim_id", &["42"]), ("objectId", &["ABC"])];
    assert_eq!(map(list).unwrap().scim_id, None);
    let map = configured(&[("scim_id", &["objectid"])]);
    assert_eq!(
        map_with(&map, list).unwrap().scim_id.as_deref(),
        Some("ABC")
    );
    let error = map_with(&map, &[("objectId", &["ABC", "abc"])]).unwrap_err();
    assert_eq!(error.code(), "saml.scim_id_conflict");
    let error = map_with(&map, &[("objectId", &["A\u{200b}C"])]).unwrap_err();
    assert_eq!(error.code(), "saml.scim_id_invalid");
}

#[test]
fn validity_must_be_a_date() {
    let map = configured(&[("valid_to", &["expires"]), ("photo_url", &["photo"])]);
    let mapped = map_with(
        &map,
        &[
            ("expires", &["2026-12-31T23:59:59+01:00"]),
            ("photo", &["javascript:alert(1)"]),
        ],
    )
    .unwrap();
    assert_eq!(
        get(&mapped, Field::ValidTo),
        Some("2026-12-31T22:59:59.000Z")
    );
    assert_eq!(get(&mapped, Field::PhotoUrl), None);
    let error = map_with(&map, &[("expires", &["soon"])]).unwrap_err();
    assert_eq!(error.code(), "saml.attribute_invalid");
    assert!(error.to_string().contains("valid_to"), "{error}");
}

#[test]
fn no_attribute_grants_a_role() {
    let mapped = map(&[
        ("role", &["admin"]),
        ("roles", &["admin"]),
        (
            "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
            &["admin"],
        ),
        ("status", &["active"]),
        ("email_verified", &["true"]),
    ])
    .unwrap();
    assert!(mapped.profile.is_empty());
    assert_eq!(mapped.groups, None);
    assert_eq!(mapped.present.len(), 5);
    let roles = [("roles".to_owned(), vec!["x".to_owned()])];
    assert!(validate(&roles.into_iter().collect()).is_err());
}

#[test]
fn an_admin_sees_what_came_and_what_was_tried() {
    let map = configured(&[("email", &["workMail"])]);
    let mapped = map_with(
        &map,
        &[("mail", &["a@example.com"]), ("uid", &["a"]), ("mail", &[])],
    )
    .unwrap();
    assert_eq!(get(&mapped, Field::Email), None);
    assert_eq!(
        map.explain(Target::Field(Field::Email), &mapped.present),
        "Attributes that came: mail, uid. Names tried for email: workMail."
    );
    assert_eq!(
        map.explain(Target::ScimId, &[]),
        "Attributes that came: none. Names tried for scim_id: none."
    );
}

#[test]
fn configuration_is_checked_and_names_the_nearest_field() {
    let check = |key: &str, names: &[&str]| {
        let names = names.iter().map(|n| (*n).to_owned()).collect();
        validate(&[(key.to_owned(), names)].into_iter().collect())
    };
    for target in Target::all() {
        assert_eq!(check(target.name(), &["x"]), Ok(()), "{target}");
        assert_eq!(check(target.name(), &[]), Ok(()), "{target}");
    }
    for (key, nearest) in [
        ("e-mail", "email"),
        ("mail", "email"),
        ("givenName", "given_name"),
        ("job_titel", "job_title"),
        ("group", "groups"),
        ("scimid", "scim_id"),
        ("UPN", "upn"),
    ] {
        let message = check(key, &["x"]).unwrap_err();
        assert!(
            message.contains(&format!("did you mean {nearest:?}")),
            "{key}: {message}"
        );
    }
    assert!(
        check("email", &["mail", " "])
            .unwrap_err()
            .contains("empty")
    );
    assert!(
        check("custom_attributes", &["a"; 6])
            .unwrap_err()
            .contains('5')
    );
    assert_eq!(check("extension_attributes", &["a"; 10]), Ok(()));
    // An empty list switches a field off.
    let off = configured(&[("department", &[])]);
    let mapped = map_with(&off, &[("department", &["Engines"])]).unwrap();
    assert!(mapped.profile.is_empty());
}

proptest! {
    #[test]
    fn whatever_comes_is_mapped_cleanly_or_refused(
        list in proptest::collection::vec(
            (
                proptest::sample::select(vec![
                    "mail", "email", "upn", "displayName", "groups", "department", "memberOf",
                    "extensionAttribute3", "urn:oid:2.5.4.4", "other",
                ]),
                proptest::collection::vec("\\PC{0,12}(@\\PC{1,12})?|[\0-\u{ff}]{0,8}", 0..3),
            ),
            0..8,
        ),
    ) {
        let map = configured(&[]);
        let pairs = list.iter().map(|(name, values)| (*name, values.as_slice()));
        match map.map(pairs) {
            Ok(mapped) => {
                for (_, value) in mapped.profile.iter() {
                    prop_assert!(!value.trim().is_empty());
                    prop_assert!(!value.chars().any(char::is_control), "{value:?}");
                }
                if let Some(email) = get(&mapped, Field::Email) {
                    prop_assert!(email_key(email).is_some());
                }
            }
            Err(error) => prop_assert!(error.code().starts_with("saml.")),
        }
    }
}
