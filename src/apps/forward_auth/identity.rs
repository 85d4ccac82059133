//! What an application is told of a person: the set of identity headers.
//!
//! The set is always whole, with empty values for what is not known, so that a
//! proxy overwrites whatever a client has sent. Values are ASCII: control characters
//! become blanks, and what is not ASCII, like `%` itself, is percent-encoded as UTF-8
//! (RFC 3986 §2.1), so that decoding gives the name back.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::directory::edit::attribute_set;
use crate::domain::{Application, Field, Group, User};

/// The signed header.
pub const ASSERTION: HeaderName = HeaderName::from_static("x-doorward-assertion");

/// The headers that every application gets, and what they hold.
pub const USUAL: [(HeaderName, What); 8] = [
    (HeaderName::from_static("remote-user"), What::User),
    (HeaderName::from_static("remote-email"), What::Email),
    (HeaderName::from_static("remote-name"), What::Name),
    (HeaderName::from_static("remote-groups"), What::Groups),
    (HeaderName::from_static("x-auth-request-user"), What::User),
    (HeaderName::from_static("x-auth-request-email"), What::Email),
    (
        HeaderName::from_static("x-auth-request-preferred-username"),
        What::User,
    ),
    (
        HeaderName::from_static("x-auth-request-groups"),
        What::Groups,
    ),
];

/// What a usual header holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The user name, else the UPN, else the address, else the id.
    User,
    /// The address.
    Email,
    /// What to call the person.
    Name,
    /// The groups.
    Groups,
}

/// The longest value. Proxies keep the head of an answer in buffers of some KiB;
/// groups beyond it are left out, whole.
const LONGEST: usize = 8_192;

/// The names of all headers of an application: what a proxy has to overwrite.
#[must_use]
pub fn names(application: &Application) -> Vec<HeaderName> {
    let extra = application.headers.keys();
    let extra = extra.filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok());
    let mut names: Vec<HeaderName> = USUAL.iter().map(|(name, _)| name.clone()).collect();
    names.push(ASSERTION);
    for name in extra {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The whole set with nobody in it.
#[must_use]
pub fn nobody(application: &Application) -> HeaderMap {
    let empty = |name| (name, HeaderValue::from_static(""));
    names(application).into_iter().map(empty).collect()
}

/// The whole set for a person, the assertion aside.
#[must_use]
pub fn of(application: &Application, user: &User, groups: &[Group]) -> HeaderMap {
    let mut headers = nobody(application);
    let separator = application.group_separator.as_str();
    for (name, what) in USUAL {
        let value = match what {
            What::User => text(user_name(user)),
            What::Email => text(user.profile.get(Field::Email).unwrap_or_default()),
            What::Name => text(&user.display_name()),
            What::Groups => list(groups.iter().map(|group| group.name.as_str()), separator),
        };
        headers.insert(name, value);
    }
    // An application's own word counts, also for a usual name.
    for (name, source) in &application.headers {
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
            headers.insert(name, value(source, user, groups, separator));
        }
    }
    headers
}

/// The name that applications know a person by.
#[must_use]
pub fn user_name(user: &User) -> &str {
    [Field::UserName, Field::Upn, Field::Email]
        .into_iter()
        .find_map(|field| user.profile.get(field))
        .unwrap_or(user.id.as_str())
}

/// The value of a source as `headers` of an application names it.
fn value(source: &str, user: &User, groups: &[Group], separator: &str) -> HeaderValue {
    if let Some(field) = Field::parse(source) {
        return text(user.profile.get(field).unwrap_or_default());
    }
    let attribute = |field| {
        let set = attribute_set(user.profile.get(field));
        text(set.get(source).map_or("", String::as_str))
    };
    match source {
        "id" => text(user.id.as_str()),
        "groups" => list(groups.iter().map(|group| group.name.as_str()), separator),
        "roles" => list(user.roles.iter().map(|role| role.as_str()), separator),
        "email_verified" => text(if user.email_verified { "true" } else { "false" }),
        _ if source.starts_with("extensionAttribute") => attribute(Field::ExtensionAttributes),
        _ => attribute(Field::CustomAttributes),
    }
}

/// A list, in whose names the separator itself is encoded: a group may be called
/// `a,admins`.
fn list<'a>(names: impl Iterator<Item = &'a str>, separator: &str) -> HeaderValue {
    let mut whole = String::new();
    for name in names {
        let encoded = encode(name, separator);
        if encoded.is_empty() {
            continue;
        }
        if whole.len() + separator.len() + encoded.len() > LONGEST {
            tracing::warn!("a person has more groups than a header can hold; the rest is left out");
            break;
        }
        if !whole.is_empty() {
            whole.push_str(separator);
        }
        whole.push_str(&encoded);
    }
    HeaderValue::from_str(&whole).unwrap_or_else(|_| HeaderValue::from_static(""))
}

fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(&encode(value, "")).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The value in visible ASCII and single blanks between, cut between characters.
fn encode(value: &str, also: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(value.len());
    for c in value.trim().chars() {
        let before = out.len();
        if c.is_control() || c == ' ' {
            if also == " " {
                out.push_str("%20");
            } else if !out.ends_with(' ') {
                out.push(' ');
            }
        } else if c.is_ascii_graphic() && c != '%' && !also.contains(c) {
            out.push(c);
        } else {
            let mut octets = [0; 4];
            for octet in c.encode_utf8(&mut octets).bytes() {
                let _ = write!(out, "%{octet:02X}");
            }
        }
        if out.len() > LONGEST {
            out.truncate(before);
            break;
        }
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::{Entropy, GroupId, Profile, Role, Slug, Source, Status, Timestamp, UserId};

    fn user(fields: &[(Field, &str)]) -> User {
        let now = Timestamp(1_700_000_000_000);
        let profile = fields
            .iter()
            .fold(Profile::default(), |all, (field, value)| {
                all.with(*field, *value)
            });
        User {
            id: UserId::new(now, &Entropy::System),
            profile,
            email_verified: true,
            status: Status::Active,
            roles: BTreeSet::from([Role::Admin, Role::Auditor]),
            scim_id: None,
            source: Source::Saml,
            owners: [].into(),
            created_at: now,
            updated_at: now,
            last_login_at: None,
            version: 1,
        }
    }

    fn groups(names: &[&str]) -> Vec<Group> {
        let now = Timestamp(1_700_000_000_000);
        let group = |name: &&str| Group {
            id: GroupId::new(now, &Entropy::System),
            name: (*name).to_owned(),
            description: None,
            external: false,
            source: Source::Manual,
            owner: None,
            external_id: None,
            created_at: now,
            updated_at: now,
        };
        names.iter().map(group).collect()
    }

    fn application() -> Application {
        Application::new(Slug::parse("wiki").unwrap(), "Wiki")
    }

    fn get<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
        let values: Vec<_> = headers.get_all(name).iter().collect();
        assert_eq!(values.len(), 1, "{name}");
        values[0].to_str().unwrap()
    }

    #[test]
    fn the_set_is_whole_whoever_it_is() {
        let ada = user(&[(Field::Email, "ada@example.com"), (Field::Name, "Ada")]);
        let usual = [
            "remote-user",
            "remote-email",
            "remote-name",
            "remote-groups",
            "x-auth-request-user",
            "x-auth-request-email",
            "x-auth-request-preferred-username",
            "x-auth-request-groups",
            "x-doorward-assertion",
        ];
        let mut wiki = application();
        wiki.headers
            .insert("X-Team".to_owned(), "department".to_owned());
        let (none, some) = (nobody(&wiki), of(&wiki, &ada, &groups(&["Crew", "Staff"])));
        for name in usual.into_iter().chain(["x-team"]) {
            assert_eq!(get(&none, name), "");
            get(&some, name);
        }
        assert_eq!((none.len(), some.len()), (10, 10));
        assert_eq!(get(&some, "remote-user"), "ada@example.com");
        assert_eq!(get(&some, "remote-name"), "Ada");
        assert_eq!(get(&some, "remote-groups"), "Crew,Staff");
        assert_eq!(get(&some, "x-auth-request-groups"), "Crew,Staff");
        assert_eq!(get(&some, "x-team"), "");
    }

    #[test]
    fn values_are_what_a_header_can_hold() {
        for (value, expected) in [
            ("Ada Lovelace", "Ada Lovelace"),
            (" Ada ", "Ada"),
            ("Ada\r\nX-Admin: yes", "Ada X-Admin: yes"),
            ("a\0b\tc\u{7f}d\u{85}e", "a b c d e"),
            ("J\u{fc}rgen", "J%C3%BCrgen"),
            ("100%", "100%25"),
            ("x\u{2028}\u{202e}y", "x%E2%80%A8%E2%80%AEy"),
            ("\u{1f600}", "%F0%9F%98%80"),
            ("a,b;c|d", "a,b;c|d"),
            ("\r\n", ""),
        ] {
            assert_eq!(text(value).to_str().unwrap(), expected, "{value:?}");
        }
        let long = text(&"\u{fc}".repeat(5_000));
        let long = long.to_str().unwrap();
        assert!(
            long.len() <= LONGEST && long.ends_with("%BC"),
            "{}",
            long.len()
        );
    }

    #[test]
    fn a_groups_name_is_one_group() {
        let names = groups(&["a,admins", "b|c", "", "d e"]);
        let mut wiki = application();
        for (separator, expected) in [
            (",", "a%2Cadmins,b|c,d e"),
            ("|", "a,admins|b%7Cc|d e"),
            (" ", "a,admins b|c d%20e"),
        ] {
            wiki.group_separator = separator.to_owned();
            let headers = of(&wiki, &user(&[]), &names);
            assert_eq!(get(&headers, "remote-groups"), expected);
        }
        let many: Vec<String> = (0..2_000).map(|n| format!("group {n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        wiki.group_separator = ",".to_owned();
        let headers = of(&wiki, &user(&[]), &groups(&many));
        let value = get(&headers, "remote-groups");
        assert!(value.len() <= LONGEST && many.contains(&value.rsplit(',').next().unwrap()));
    }

    #[test]
    fn an_application_names_what_it_wants() {
        let ada = user(&[
            (Field::Email, "ada@example.com"),
            (Field::Upn, "ada"),
            (Field::ValidTo, "2027-01-01T00:00:00Z"),
            (
                Field::ExtensionAttributes,
                r#"{"extensionAttribute1":"x1"}"#,
            ),
            (Field::CustomAttributes, r#"{"spCustomAttribute2":"c2"}"#),
        ]);
        let mut wiki = application();
        for (header, source) in [
            ("Remote-User", "email"),
            ("X-Id", "id"),
            ("X-Roles", "roles"),
            ("X-Verified", "email_verified"),
            ("X-Until", "valid_to"),
            ("X-One", "extensionAttribute1"),
            ("X-Ten", "extensionAttribute10"),
            ("X-Two", "spCustomAttribute2"),
            ("X-Crew", "groups"),
        ] {
            wiki.headers.insert(header.to_owned(), source.to_owned());
        }
        let headers = of(&wiki, &ada, &groups(&["Crew"]));
        for (header, expected) in [
            ("remote-user", "ada@example.com"),
            ("x-auth-request-user", "ada"),
            ("x-id", ada.id.as_str()),
            ("x-roles", "admin,auditor"),
            ("x-verified", "true"),
            ("x-until", "2027-01-01T00:00:00Z"),
            ("x-one", "x1"),
            ("x-ten", ""),
            ("x-two", "c2"),
            ("x-crew", "Crew"),
        ] {
            assert_eq!(get(&headers, header), expected, "{header}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_value_fits_and_decodes_back(value in "\\PC{0,60}|[ -~]{0,30}") {
            let encoded = text(&value);
            let encoded = encoded.to_str().unwrap();
            proptest::prop_assert!(encoded.bytes().all(|b| (b' '..=b'~').contains(&b)));
            let decoded = url::form_urlencoded::parse(
                format!("v={}", encoded.replace('+', "%2B").replace('&', "%26")).as_bytes()
            ).next().unwrap().1.into_owned();
            let squeeze = |text: &str| text.split(' ').filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ");
            proptest::prop_assert_eq!(squeeze(&decoded), squeeze(value.trim()));
        }
    }
}
