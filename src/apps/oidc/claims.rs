//! What a client learns of a person: by scope (OpenID Connect Core §5.4), and
//! under the names that the admin gave for this application.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::scope::Scopes;
use super::wanted::scope_of;
use crate::domain::{Application, Field, Group, User};

/// What a token lets a client learn.
#[derive(Clone, Copy, Debug)]
pub struct Released<'a> {
    /// By scope.
    pub scopes: &'a Scopes,
    /// By name (`claims`, §5.5): never more than the client could have by scope.
    pub names: &'a BTreeSet<String>,
}

impl Released<'_> {
    fn has(&self, application: &Application, claim: &str) -> bool {
        let Some(scope) = scope_of(claim) else {
            return false;
        };
        self.scopes.has(scope) || (self.names.contains(claim) && application.scopes.contains(scope))
    }

    /// Whether the groups have to be looked up.
    #[must_use]
    pub fn needs_groups(&self, application: &Application) -> bool {
        self.has(application, "groups")
            || application.claims.values().any(|source| source == "groups")
    }
}

/// The claims of a person for a client, the subject aside.
#[must_use]
pub fn of(
    application: &Application,
    user: &User,
    groups: &[Group],
    released: Released<'_>,
) -> Map<String, Value> {
    let mut claims = Map::new();
    let get = |field| user.profile.get(field).map(Value::from);
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value.filter(|_| released.has(application, name)) {
            claims.insert(name.to_owned(), value);
        }
    };
    set("name", Some(user.display_name().into()));
    set("given_name", get(Field::GivenName));
    set("family_name", get(Field::FamilyName));
    set("preferred_username", preferred(user));
    set("locale", get(Field::Language));
    set("updated_at", Some((user.updated_at.millis() / 1000).into()));
    let email = get(Field::Email);
    set(
        "email_verified",
        email.as_ref().map(|_| user.email_verified.into()),
    );
    set("email", email);
    let phone = get(Field::Phone).or_else(|| get(Field::Mobile));
    set("phone_number", phone);
    set("groups", Some(names(groups)));
    if released.scopes.has("openid") {
        for (claim, source) in &application.claims {
            if let Some(value) = value(user, groups, source) {
                claims.insert(claim.clone(), value);
            }
        }
    }
    claims
}

fn preferred(user: &User) -> Option<Value> {
    [Field::UserName, Field::Upn, Field::Email]
        .into_iter()
        .find_map(|field| user.profile.get(field))
        .map(Value::from)
}

fn names(groups: &[Group]) -> Value {
    groups.iter().map(|group| group.name.as_str()).collect()
}

/// What stands under a name of ours; nothing where nothing is known.
fn value(user: &User, groups: &[Group], source: &str) -> Option<Value> {
    match source {
        "id" => return Some(user.id.as_str().into()),
        "groups" => return Some(names(groups)),
        "roles" => return Some(user.roles.iter().map(|role| role.as_str()).collect()),
        "email_verified" => return Some(user.email_verified.into()),
        _ => {}
    }
    let set = |field, key: &str| -> Option<Value> {
        let all: Map<String, Value> = serde_json::from_str(user.profile.get(field)?).ok()?;
        all.get(key).cloned()
    };
    if source.starts_with("extensionAttribute") {
        return set(Field::ExtensionAttributes, source);
    }
    if source.starts_with("spCustomAttribute") {
        return set(Field::CustomAttributes, source);
    }
    let field = Field::parse(source)?;
    let text = user.profile.get(field)?;
    Some(match field {
        // Kept as JSON objects.
        Field::ExtensionAttributes | Field::CustomAttributes => {
            serde_json::from_str(text).unwrap_or_else(|_| json!(text))
        }
        _ => text.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Profile, Role, Slug, Source, Status, Timestamp, UserId};

    fn ada() -> User {
        let now = Timestamp(1_700_000_000_500);
        User {
            id: UserId::from_row("u-1".to_owned()),
            profile: Profile::default()
                .with(Field::Name, "Ada Lovelace")
                .with(Field::Email, "ada@example.com")
                .with(Field::Upn, "ada@corp.example")
                .with(Field::Mobile, "+49 170 1")
                .with(Field::ValidTo, "2027-01-01T00:00:00.000Z")
                .with(
                    Field::ExtensionAttributes,
                    r#"{"extensionAttribute2":"two"}"#,
                )
                .with(Field::CustomAttributes, r#"{"spCustomAttribute1":"one"}"#),
            email_verified: true,
            status: Status::Active,
            roles: [Role::Auditor].into(),
            scim_id: None,
            source: Source::Saml,
            owners: std::collections::BTreeMap::new(),
            created_at: now,
            updated_at: now,
            last_login_at: None,
            version: 1,
        }
    }

    fn app(claims: &[(&str, &str)]) -> Application {
        let claims = claims
            .iter()
            .map(|(n, s)| ((*n).to_owned(), (*s).to_owned()));
        Application {
            claims: claims.collect(),
            ..Application::new(Slug::parse("app").unwrap(), "App")
        }
    }

    #[test]
    fn each_scope_has_its_claims() {
        let of = |scope: &str| {
            let released = Released {
                scopes: &Scopes::parse(scope),
                names: &BTreeSet::new(),
            };
            let claims = of(&app(&[]), &ada(), &[], released);
            let names: BTreeSet<&str> = claims.keys().map(String::as_str).collect();
            names.into_iter().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of("openid"), "");
        assert_eq!(of("openid profile"), "name preferred_username updated_at");
        assert_eq!(of("openid email"), "email email_verified");
        assert_eq!(of("openid phone"), "phone_number");
        assert_eq!(of("openid groups"), "groups");
    }

    #[test]
    fn single_claims_are_released_where_their_scope_could_be() {
        let names = ["email", "groups", "name", "nickname"].map(str::to_owned);
        let released = Released {
            scopes: &Scopes::parse("openid"),
            names: &names.into_iter().collect(),
        };
        let mut app = app(&[]);
        app.scopes.remove("profile");
        let claims = of(&app, &ada(), &[], released);
        let keys: Vec<&str> = claims.keys().map(String::as_str).collect();
        assert_eq!(keys, ["email", "groups"]);
        assert!(released.needs_groups(&app));
        app.scopes.remove("groups");
        assert!(!released.needs_groups(&app));
    }

    #[test]
    fn an_admin_names_claims() {
        let app = app(&[
            ("until", "valid_to"),
            ("from", "valid_from"),
            ("two", "extensionAttribute2"),
            ("three", "extensionAttribute3"),
            ("one", "spCustomAttribute1"),
            ("role", "roles"),
            ("uid", "id"),
            ("preferred_username", "email"),
        ]);
        let released = Released {
            scopes: &Scopes::parse("openid profile"),
            names: &BTreeSet::new(),
        };
        let claims = of(&app, &ada(), &[], released);
        assert_eq!(claims["until"], "2027-01-01T00:00:00.000Z");
        assert_eq!(claims["two"], "two");
        assert_eq!(claims["one"], "one");
        assert_eq!(claims["role"], json!(["auditor"]));
        assert_eq!(claims["uid"], "u-1");
        assert_eq!(claims["preferred_username"], "ada@example.com");
        assert!(!claims.contains_key("from") && !claims.contains_key("three"));
        assert_eq!(claims["updated_at"], 1_700_000_000);
    }
}
