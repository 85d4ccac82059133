//! How each field is read from the attributes.

use std::collections::{BTreeMap, BTreeSet};

use super::{AttributeError, Mapped, Rule, Target, builtin, value};
use crate::domain::Field;
use crate::domain::address::email_key;

/// The attributes as they came.
pub(super) struct Came<'a> {
    all: Vec<(&'a str, &'a [String])>,
}

/// A name that was tried and the values that came under it.
pub(super) struct Hit<'a> {
    pub(super) tried: &'a str,
    pub(super) values: Vec<&'a str>,
}

impl<'a> Came<'a> {
    pub(super) fn new(attributes: impl IntoIterator<Item = (&'a str, &'a [String])>) -> Self {
        Self {
            all: attributes.into_iter().collect(),
        }
    }

    pub(super) fn names(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let names = self.all.iter().map(|(name, _)| *name);
        names
            .filter(|name| seen.insert(*name))
            .map(str::to_owned)
            .collect()
    }

    /// Whether an attribute of the name came, with values or without.
    fn has(&self, tried: &str) -> bool {
        self.all.iter().any(|(name, _)| same_name(tried, name))
    }

    /// The values under one name that are not blank, without outer white space.
    fn values(&self, tried: &str) -> Vec<&'a str> {
        let matching = self.all.iter().filter(|(name, _)| same_name(tried, name));
        matching
            .flat_map(|(_, values)| values.iter())
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
            .collect()
    }

    /// The names that came with values, in the order in which they are tried.
    fn hits<'r>(&self, names: &'r [String]) -> impl Iterator<Item = Hit<'r>>
    where
        'a: 'r,
    {
        names.iter().filter_map(|tried| {
            let values = self.values(tried);
            (!values.is_empty()).then_some(Hit { tried, values })
        })
    }
}

/// URIs and OIDs are exact; a plain name is the same in any case.
#[must_use]
pub fn same_name(tried: &str, name: &str) -> bool {
    if tried.contains(':') {
        tried == name
    } else {
        tried.eq_ignore_ascii_case(name)
    }
}

pub(super) fn email(
    rule: &Rule,
    came: &Came<'_>,
    mapped: &mut Mapped,
) -> Result<(), AttributeError> {
    const TARGET: Target = Target::Field(Field::Email);
    let mut hits = came.hits(&rule.names);
    let Some(winner) = hits.next() else {
        return Ok(());
    };
    let address = value::identifier(TARGET, &winner)?;
    let key = email_key(address);
    // The built-in names are synonyms: two addresses under two of them leave
    // it open which one the IdP means. Names that an admin wrote are a
    // preference.
    if !rule.configured
        && let Some(other) = hits.find(|hit| {
            let mut keys = hit.values.iter().filter_map(|v| email_key(v));
            keys.any(|k| Some(&k) != key.as_ref())
        })
    {
        let names = vec![winner.tried.to_owned(), other.tried.to_owned()];
        let values = winner.values.iter().chain(&other.values);
        return Err(AttributeError::Conflict {
            target: TARGET,
            names,
            values: values.map(|v| (*v).to_owned()).collect(),
        });
    }
    mapped.take(Field::Email, address, winner.tried);
    Ok(())
}

pub(super) fn plain(
    field: Field,
    rule: &Rule,
    came: &Came<'_>,
    mapped: &mut Mapped,
) -> Result<(), AttributeError> {
    let Some(winner) = came.hits(&rule.names).next() else {
        return Ok(());
    };
    let target = Target::Field(field);
    match field {
        Field::Upn | Field::UserName => {
            let text = value::identifier(target, &winner)?;
            mapped.take(field, text, winner.tried);
        }
        Field::ValidFrom | Field::ValidTo => {
            let text = value::moment(target, &winner)?;
            mapped.take(field, &text, winner.tried);
        }
        _ => mapped.show(field, &winner),
    }
    Ok(())
}

pub(super) fn scim_id(
    rule: &Rule,
    came: &Came<'_>,
    mapped: &mut Mapped,
) -> Result<(), AttributeError> {
    if let Some(winner) = came.hits(&rule.names).next() {
        let id = value::identifier(Target::ScimId, &winner)?;
        mapped.scim_id = Some(id.to_owned());
        mapped.note_source(Target::ScimId, winner.tried);
    }
    Ok(())
}

pub(super) fn groups(rule: &Rule, came: &Came<'_>, mapped: &mut Mapped) {
    let Some(winner) = came.hits(&rule.names).next() else {
        if let Some(name) = rule.names.iter().find(|name| came.has(name)) {
            mapped.groups = Some(Vec::new());
            mapped.note_source(Target::Groups, name);
        } else if came.has(builtin::GROUPS_LINK) {
            mapped.notes.push(
                "The IdP sent a link instead of the groups, because the person has too many. \
                 Limit the claim to the groups that are assigned to the application."
                    .to_owned(),
            );
        }
        return;
    };
    let mut seen = BTreeSet::new();
    let mut list = Vec::new();
    for group in winner.values {
        if value::is_too_long(group) {
            mapped.notes.push(value::too_long(winner.tried));
        } else if seen.insert(group) {
            list.push(group.to_owned());
        }
    }
    mapped.groups = Some(list);
    mapped.note_source(Target::Groups, winner.tried);
}

/// The sets of numbered attributes: the n-th name fills the n-th place.
pub(super) fn numbered(
    field: Field,
    rule: &Rule,
    came: &Came<'_>,
    mapped: &mut Mapped,
) -> Result<(), AttributeError> {
    let target = Target::Field(field);
    let Some((prefix, _)) = builtin::numbered(target) else {
        return Ok(());
    };
    let mut set = BTreeMap::new();
    for (place, name) in (1..).zip(&rule.names) {
        let Some(hit) = came.hits(std::slice::from_ref(name)).next() else {
            continue;
        };
        match value::display(&hit) {
            Ok(text) => {
                set.insert(format!("{prefix}{place}"), text);
            }
            Err(note) => mapped.notes.push(note),
        }
    }
    if !set.is_empty() {
        let json = serde_json::to_string(&set).map_err(|_| AttributeError::Set { target })?;
        mapped.profile.set(field, json);
        mapped.note_source(target, &rule.names.join(", "));
    }
    Ok(())
}

/// The name, or what it can be made of.
///
/// Entra's `…/claims/name` is the UPN. A built-in name whose value is an
/// address therefore gives way to given and family name.
pub(super) fn name(rule: &Rule, came: &Came<'_>, mapped: &mut Mapped) {
    let hits: Vec<Hit<'_>> = came.hits(&rule.names).collect();
    let is_name = |hit: &&Hit<'_>| {
        rule.configured || hit.values.first().is_none_or(|v| email_key(v).is_none())
    };
    if let Some(hit) = hits.iter().find(is_name) {
        mapped.show(Field::Name, hit);
    }
    if mapped.profile.get(Field::Name).is_some() {
        return;
    }
    let given = mapped.profile.get(Field::GivenName);
    let family = mapped.profile.get(Field::FamilyName);
    let parts: Vec<&str> = given.into_iter().chain(family).collect();
    if !parts.is_empty() {
        let name = parts.join(" ");
        mapped.take(Field::Name, &name, "given_name and family_name");
    } else if let Some(hit) = hits.first() {
        mapped.show(Field::Name, hit);
    }
}

impl Mapped {
    fn take(&mut self, field: Field, text: &str, from: &str) {
        self.profile.set(field, text);
        self.note_source(Target::Field(field), from);
    }

    /// Takes a value that people only look at.
    fn show(&mut self, field: Field, hit: &Hit<'_>) {
        match value::display(hit) {
            Ok(text) if field == Field::PhotoUrl && !value::is_web_address(&text) => {
                self.notes.push(format!(
                    "The attribute {} holds no http or https address and was left out.",
                    hit.tried
                ));
            }
            Ok(text) => self.take(field, &text, hit.tried),
            Err(note) => self.notes.push(note),
        }
    }

    fn note_source(&mut self, target: Target, from: &str) {
        self.sources.insert(target, from.to_owned());
    }
}
