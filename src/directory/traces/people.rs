//! Whose attempts these are. An attempt that led to nobody names an address all
//! the same, and that is what the help desk asks for.

use std::collections::{BTreeMap, BTreeSet};

use super::{LoginTrace, TraceDetails};
use crate::directory::error::DirectoryError;
use crate::directory::users::UserFilter;
use crate::directory::{Directory, users};
use crate::domain::{User, UserId, address};
use crate::platform::storage::StorageError;

/// The most people that one text stands for.
pub const MOST_PEOPLE: usize = 16;

/// The people that a text names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    /// Users of that address, UPN, name or id.
    pub users: Vec<UserId>,
    /// Whether there are more than [`MOST_PEOPLE`].
    pub more: bool,
    /// The address, for attempts that led to no user.
    pub address: Option<String>,
}

/// One way in which people are found.
pub(super) enum Way<'a> {
    /// By who they are.
    Users(&'a [UserId]),
    /// By the address that came.
    Address(&'a str),
}

impl People {
    /// The ways in which they are found; none for nobody.
    pub(super) fn ways(&self) -> impl Iterator<Item = Way<'_>> {
        let users = (!self.users.is_empty()).then_some(Way::Users(&self.users));
        let address = self.address.as_deref().map(Way::Address);
        users.into_iter().chain(address)
    }
}

/// The address that an attempt named which led to no user.
pub(super) fn address_of(trace: &LoginTrace) -> Option<String> {
    if trace.user.is_some() {
        return None;
    }
    let TraceDetails {
        attributes,
        received,
        ..
    } = &trace.details;
    let is_mail = |name: &str| name.to_ascii_lowercase().contains("mail");
    let (mails, others): (Vec<_>, Vec<_>) = attributes.iter().partition(|(n, _)| is_mail(n));
    let values = mails.into_iter().chain(others);
    values
        .flat_map(|(_, values)| values)
        .chain(received)
        // A value can be as long as a stranger likes.
        .filter(|value| value.len() <= 512)
        .find_map(|value| address::email_key(value.trim()))
}

impl LoginTrace {
    /// The address that the attempt named, where it led to no user.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        address_of(self)
    }
}

impl Directory {
    /// What to call each of the users; somebody who was deleted is absent.
    pub async fn names_of(
        &self,
        ids: Vec<UserId>,
    ) -> Result<BTreeMap<UserId, String>, DirectoryError> {
        let ids: BTreeSet<UserId> = ids.into_iter().collect();
        let ids: Vec<UserId> = ids.into_iter().collect();
        let users = self
            .db
            .read(move |tx| {
                let ids = ids.clone();
                Box::pin(async move { users::by_ids(tx, &ids, false).await })
            })
            .await?;
        let name = |user: User| (user.id.clone(), user.display_name());
        Ok(users.into_iter().map(name).collect())
    }

    /// The people whom a text names: by id, address, UPN or user name, else by
    /// words of their names.
    pub async fn people_named(&self, text: &str) -> Result<People, DirectoryError> {
        let text = text.trim().to_owned();
        let address = address::email_key(&text);
        if let Some(id) = UserId::parse(&text) {
            let users = vec![id];
            return Ok(People {
                users,
                ..People::default()
            });
        }
        let exact = self
            .db
            .read(move |tx| {
                let text = text.clone();
                Box::pin(async move {
                    let found = [
                        users::by_email(tx, &text).await?,
                        users::by_upn(tx, &text).await?,
                        users::by_user_name(tx, &text).await?,
                    ];
                    let mut ids: Vec<UserId> = found.into_iter().flatten().map(|u| u.id).collect();
                    ids.sort();
                    ids.dedup();
                    Ok::<_, StorageError>((ids, text))
                })
            })
            .await?;
        let (found, text) = exact;
        if !found.is_empty() || address.is_some() {
            return Ok(People {
                users: found,
                more: false,
                address,
            });
        }
        let filter = UserFilter {
            search: Some(text),
            ..UserFilter::default()
        };
        let page = self.users(filter, None, MOST_PEOPLE).await?;
        Ok(People {
            more: page.next_cursor.is_some(),
            users: page.items.into_iter().map(|user| user.id).collect(),
            address: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::traces::TraceOutcome;
    use crate::domain::{Entropy, Reference, Timestamp, TraceId};

    #[test]
    fn the_address_of_an_attempt_is_found() {
        let mut trace = LoginTrace {
            id: TraceId::new(Timestamp(1), &Entropy::System),
            at: Timestamp(1),
            provider: "okta".to_owned(),
            kind: "saml".to_owned(),
            outcome: TraceOutcome::Refused,
            reference: Reference::new(&Entropy::System),
            user: None,
            code: "login.unknown_user".to_owned(),
            details: TraceDetails::default(),
        };
        assert_eq!(address_of(&trace), None);
        let mut put = |name: &str, values: &[&str]| {
            let values = values.iter().map(|v| (*v).to_owned()).collect();
            trace.details.attributes.insert(name.to_owned(), values);
            address_of(&trace)
        };
        assert_eq!(
            put("a", &["x", "Upn@Example.com"]).unwrap(),
            "upn@example.com"
        );
        assert_eq!(
            put("mail", &["Ada@Example.com"]).unwrap(),
            "ada@example.com"
        );
        trace.user = Some(UserId::new(Timestamp(1), &Entropy::System));
        assert_eq!(address_of(&trace), None);
        trace.user = None;
        trace.details = TraceDetails {
            received: vec!["eve@elsewhere.example".to_owned()],
            ..TraceDetails::default()
        };
        assert_eq!(address_of(&trace).unwrap(), "eve@elsewhere.example");
    }
}
