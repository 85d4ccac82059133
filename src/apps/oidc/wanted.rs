//! The `claims` parameter (OpenID Connect Core §5.5): single claims that a client
//! asks for, and what it demands of them.
//!
//! A client gets by name no more than it could have by scope, and people are asked
//! for their consent to either alike. Demands are honoured for `sub` and `acr`; what
//! is demanded of other claims changes nothing, as the standard has it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::scope::Scopes;
use crate::domain::Application;

/// Claims that belong to a scope (§5.4), with their scope.
const BY_SCOPE: [(&str, &str); 10] = [
    ("name", "profile"),
    ("given_name", "profile"),
    ("family_name", "profile"),
    ("preferred_username", "profile"),
    ("locale", "profile"),
    ("updated_at", "profile"),
    ("email", "email"),
    ("email_verified", "email"),
    ("phone_number", "phone"),
    ("groups", "groups"),
];

/// What a client asks for by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// Claims that userinfo is to have.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub userinfo: BTreeSet<String>,
    /// Claims that the ID token is to have.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub id_token: BTreeSet<String>,
    /// Who alone is expected; everybody where nobody is named.
    #[serde(skip)]
    pub subjects: Vec<String>,
    /// How alone the person may have signed in; anyhow where nothing is named.
    #[serde(skip)]
    pub contexts: Vec<String>,
}

impl Wanted {
    /// Reads the parameter; `None` when it is no JSON object of objects.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let all: Map<String, Value> = serde_json::from_str(text).ok()?;
        let mut wanted = Self::default();
        // Members that are not known are left out of account (§5.5).
        let empty = Map::new();
        for (name, member) in &all {
            let claims = match (name.as_str(), member) {
                ("userinfo" | "id_token", Value::Object(claims)) => claims,
                ("userinfo" | "id_token", Value::Null) => &empty,
                ("userinfo" | "id_token", _) => return None,
                _ => continue,
            };
            for (claim, demand) in claims {
                if !matches!(demand, Value::Null | Value::Object(_)) {
                    return None;
                }
                wanted.note(name == "id_token", claim, demand);
            }
        }
        Some(wanted)
    }

    fn note(&mut self, in_token: bool, claim: &str, demand: &Value) {
        match claim {
            "sub" => self.subjects.extend(values(demand)),
            // Without a word on what is essential it is a wish like `acr_values`.
            "acr" if in_token && demand.get("essential") == Some(&Value::Bool(true)) => {
                self.contexts.extend(values(demand));
            }
            _ if scope_of(claim).is_some() => {
                let set = if in_token {
                    &mut self.id_token
                } else {
                    &mut self.userinfo
                };
                set.insert(claim.to_owned());
            }
            _ => {}
        }
    }

    /// The scopes that the claims belong to and the client may have: what people
    /// agree to when they agree to the claims.
    #[must_use]
    pub fn scopes(&self, application: &Application) -> Scopes {
        let names = self.userinfo.iter().chain(&self.id_token);
        let scopes: BTreeSet<&str> = names.filter_map(|name| scope_of(name)).collect();
        let words: Vec<&str> = scopes.into_iter().collect();
        Scopes::parse(&words.join(" ")).granted(application)
    }
}

/// The scope that a claim belongs to.
#[must_use]
pub fn scope_of(claim: &str) -> Option<&'static str> {
    let mut all = BY_SCOPE.iter();
    let found = all.find(|(name, _)| *name == claim);
    found.map(|(_, scope)| *scope)
}

/// The values of which one is demanded.
fn values(demand: &Value) -> Vec<String> {
    let one = demand.get("value").into_iter();
    let several = demand.get("values").and_then(Value::as_array);
    let all = one.chain(several.into_iter().flatten());
    all.filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Slug;

    #[test]
    fn what_clients_ask_for() {
        // OpenID Connect Core §5.5, its example.
        let text = r#"{"userinfo": {"given_name": {"essential": true}, "nickname": null,
            "email": {"essential": true}, "picture": null,
            "http://example.info/claims/groups": null},
            "id_token": {"auth_time": {"essential": true}, "phone_number": null,
            "acr": {"values": ["urn:mace:incommon:iap:silver"]},
            "sub": {"value": "248289761001"}}, "more": [1]}"#;
        let wanted = Wanted::read(text).unwrap();
        let names = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(" ");
        assert_eq!(names(&wanted.userinfo), "email given_name");
        assert_eq!(names(&wanted.id_token), "phone_number");
        assert_eq!(wanted.subjects, ["248289761001"]);
        assert!(wanted.contexts.is_empty());
        let text = r#"{"id_token": {"acr": {"essential": true, "values": ["a", "b"]}}}"#;
        assert_eq!(Wanted::read(text).unwrap().contexts, ["a", "b"]);
        for nothing in ["{}", r#"{"userinfo": null}"#, r#"{"id_token": {}}"#] {
            assert_eq!(Wanted::read(nothing), Some(Wanted::default()), "{nothing}");
        }
        for wrong in [
            "",
            "[]",
            "null",
            "{",
            r#"{"userinfo": "email"}"#,
            r#"{"userinfo": ["email"]}"#,
            r#"{"id_token": {"email": true}}"#,
        ] {
            assert_eq!(Wanted::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_give_no_more_than_scopes() {
        let text = r#"{"userinfo": {"email": null, "name": null, "groups": null}}"#;
        let wanted = Wanted::read(text).unwrap();
        let mut application = Application::new(Slug::parse("app").unwrap(), "App");
        application.scopes = ["openid", "email", "groups"]
            .map(str::to_owned)
            .into_iter()
            .collect();
        let scopes = wanted.scopes(&application);
        assert_eq!(scopes.to_string(), "email groups");
    }
}
