//! What a body says of a user. Everything that is wrong with it is found in
//! one go.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::ApiError;
use super::fields::{Fields, Given};
use super::user_shape::READ_ONLY;
use crate::directory::edit::{LONGEST_ATTRIBUTE, UserEdit, attribute_names, attribute_stem};
use crate::directory::reconcile;
use crate::domain::{Field, Role, Status, Timestamp};

/// The statuses that a hand can give; `pending` comes with an invitation.
const STATUSES: [Status; 2] = [Status::Active, Status::Inactive];

/// Reads a new user.
pub(super) fn new_user(mut fields: Fields) -> Result<UserEdit, ApiError> {
    let edit = edit(&mut fields, &Value::Null);
    if edit.profile.get(Field::Email).is_none() && !fields.is_refused("email") {
        fields.refuse("email", "is required");
    }
    for key in READ_ONLY {
        if fields.take(key).is_some_and(|value| !value.is_null()) {
            fields.refuse(key, read_only(key));
        }
    }
    fields.finish()?;
    Ok(edit)
}

/// Reads a merge patch of the user who looks like `shown` now. What cannot be
/// set may stand in the patch as long as it says what is so already: a script
/// may send back what it read.
pub(super) fn patch(mut fields: Fields, shown: &Value) -> Result<UserEdit, ApiError> {
    let edit = edit(&mut fields, shown);
    if edit.cleared.contains(&Field::Email) {
        fields.refuse("email", "cannot be empty");
    }
    for key in READ_ONLY {
        if fields
            .take(key)
            .is_some_and(|value| Some(&value) != shown.get(key))
        {
            fields.refuse(key, read_only(key));
        }
    }
    fields.finish()?;
    Ok(edit)
}

fn read_only(key: &str) -> &'static str {
    match key {
        "groups" => "cannot be set here; use PUT and DELETE /api/v1/groups/{id}/members/{user}",
        _ => "cannot be set",
    }
}

fn edit(fields: &mut Fields, shown: &Value) -> UserEdit {
    let mut edit = UserEdit::default();
    // Sent back as it was read: a `pending` that nobody may set, a time that a
    // channel wrote in its own way.
    for key in ["status", "valid_from", "valid_to"] {
        if shown.get(key).is_some_and(|value| fields.says(key, value)) {
            fields.take(key);
        }
    }
    for field in Field::ALL {
        match field {
            Field::ExtensionAttributes | Field::CustomAttributes => {
                attributes(fields, *field, &mut edit);
            }
            Field::ValidFrom | Field::ValidTo => {
                let time = fields.time(field.name());
                set(&mut edit, *field, time, Timestamp::rfc3339);
            }
            _ => {
                let text = fields.text(field.name());
                set(&mut edit, *field, text, |text| text);
            }
        }
    }
    for (field, reason) in reconcile::problems(&edit.profile) {
        fields.refuse(field.name(), reason);
    }
    match fields.word("status", &STATUSES, Status::as_str) {
        Given::Absent => {}
        Given::Empty => fields.refuse("status", "cannot be empty"),
        Given::Value(status) => edit.status = Some(status),
    }
    match fields.words("roles", Role::ALL, Role::as_str) {
        Given::Absent => {}
        Given::Empty => edit.roles = Some([].into()),
        Given::Value(roles) => edit.roles = Some(roles.into_iter().collect()),
    }
    edit
}

fn set<T>(edit: &mut UserEdit, field: Field, given: Given<T>, text: impl Fn(T) -> String) {
    match given {
        Given::Absent => {}
        Given::Empty => {
            edit.cleared.insert(field);
        }
        Given::Value(value) => edit.profile.set(field, text(value)),
    }
}

fn attributes(fields: &mut Fields, field: Field, edit: &mut UserEdit) {
    let given = match fields.take(field.name()) {
        None => return,
        Some(Value::Null) => {
            edit.cleared.insert(field);
            return;
        }
        Some(Value::Object(given)) => given,
        Some(_) => return fields.refuse(field.name(), "must be an object"),
    };
    let (stem, count) = attribute_stem(field);
    let is_known = |key: &str| attribute_names(field).any(|name| name == key);
    let mut changes = BTreeMap::new();
    for (key, value) in given {
        let place = format!(
            "{}/{}",
            field.name(),
            key.replace('~', "~0").replace('/', "~1")
        );
        let value = match value {
            // Whatever a channel left there can be taken away.
            Value::Null => None,
            _ if !is_known(&key) => {
                fields.refuse(
                    &place,
                    format!("unknown key; known are {stem}1 to {stem}{count}"),
                );
                continue;
            }
            Value::String(text) if text.chars().count() > LONGEST_ATTRIBUTE => {
                let detail = format!("is longer than {LONGEST_ATTRIBUTE} characters");
                fields.refuse(&place, detail);
                continue;
            }
            Value::String(text) => Some(text).filter(|text| !text.is_empty()),
            _ => {
                fields.refuse(&place, "must be a text");
                continue;
            }
        };
        changes.insert(key, value);
    }
    edit.attributes.insert(field, changes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(body: Value) -> Fields {
        match body {
            Value::Object(values) => Fields::of(values),
            other => panic!("{other}"),
        }
    }

    fn places(result: Result<UserEdit, ApiError>) -> Vec<String> {
        let error = result.unwrap_err();
        let places = error.errors().iter().map(|e| e.pointer.clone().unwrap());
        places.collect()
    }

    #[test]
    fn a_new_user_is_read() {
        let edit = new_user(fields(json!({
            "email": " ada@example.com ", "name": "Ada", "phone": "", "roles": ["auditor"],
            "valid_from": "2026-01-01T00:00:00+01:00", "status": "inactive",
            "extension_attributes": {"extensionAttribute10": "x", "extensionAttribute1": null},
            "id": null
        })))
        .unwrap();
        assert_eq!(edit.profile.get(Field::Email), Some("ada@example.com"));
        assert_eq!(
            edit.profile.get(Field::ValidFrom),
            Some("2025-12-31T23:00:00.000Z")
        );
        assert_eq!(edit.cleared, [Field::Phone].into());
        assert_eq!(edit.status, Some(Status::Inactive));
        assert_eq!(edit.roles, Some([Role::Auditor].into()));
        let set = &edit.attributes[&Field::ExtensionAttributes];
        assert_eq!(set["extensionAttribute10"].as_deref(), Some("x"));
        assert_eq!(set["extensionAttribute1"], None);
    }

    #[test]
    fn every_mistake_of_a_new_user_is_told() {
        let said = places(new_user(fields(json!({
            "email": "nonsense", "user_name": "a\u{202e}b", "name": 1, "valid_to": "soon",
            "status": "pending", "roles": ["root"], "id": "1", "nmae": "x",
            "extension_attributes": {"extensionAttribute11": "x", "extensionAttribute2": 2},
            "custom_attributes": [1], "job_title": "x".repeat(1025)
        }))));
        assert_eq!(
            said,
            [
                "/name",
                "/extension_attributes/extensionAttribute11",
                "/extension_attributes/extensionAttribute2",
                "/custom_attributes",
                "/valid_to",
                "/user_name",
                "/email",
                "/job_title",
                "/status",
                "/roles/0",
                "/id",
                "/nmae"
            ]
        );
        assert_eq!(places(new_user(fields(json!({"name": "x"})))), ["/email"]);
        assert_eq!(places(new_user(fields(json!({"email": 7})))), ["/email"]);
    }

    #[test]
    fn what_was_read_can_be_sent_back() {
        let shown = json!({"id": "1", "groups": [], "status": "pending", "name": "Ada"});
        let edit = patch(fields(shown.clone()), &shown).unwrap();
        assert_eq!(edit.status, None);
        let said = places(patch(
            fields(json!({"id": "2", "groups": [1], "email": null})),
            &shown,
        ));
        assert_eq!(said, ["/email", "/id", "/groups"]);
        let active = json!({"status": "active"});
        let said = places(patch(fields(json!({"status": "pending"})), &active));
        assert_eq!(said, ["/status"]);
    }
}
