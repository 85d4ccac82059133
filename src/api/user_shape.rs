//! A user as the API shows it.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::edit::attribute_set;
use crate::directory::users::Belongings;
use crate::domain::{Field, GroupId, Role, Source, Status, Timestamp, User, UserId};
use crate::login::password::Invited;

/// A user, in the order in which people read it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserShape {
    id: UserId,
    #[schema(required)]
    user_name: Option<String>,
    #[schema(required)]
    upn: Option<String>,
    #[schema(required)]
    email: Option<String>,
    email_verified: bool,
    #[schema(required)]
    name: Option<String>,
    #[schema(required)]
    given_name: Option<String>,
    #[schema(required)]
    family_name: Option<String>,
    #[schema(required)]
    department: Option<String>,
    #[schema(required)]
    job_title: Option<String>,
    #[schema(required)]
    phone: Option<String>,
    #[schema(required)]
    mobile: Option<String>,
    #[schema(required)]
    language: Option<String>,
    #[schema(required)]
    cost_center: Option<String>,
    extension_attributes: BTreeMap<String, String>,
    custom_attributes: BTreeMap<String, String>,
    #[schema(required)]
    photo_url: Option<String>,
    #[schema(required)]
    valid_from: Option<String>,
    #[schema(required)]
    valid_to: Option<String>,
    status: Status,
    roles: Vec<Role>,
    groups: Vec<GroupOfUser>,
    /// Provider → how it knows the user.
    external_ids: BTreeMap<String, String>,
    #[schema(required)]
    scim_id: Option<String>,
    source: Source,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[schema(required)]
    last_login_at: Option<Timestamp>,
}

/// A group as it stands at a user.
#[derive(Debug, Serialize, ToSchema)]
struct GroupOfUser {
    id: GroupId,
    name: String,
    external: bool,
}

/// The keys of a user that nobody sets by hand.
pub(super) const READ_ONLY: [&str; 9] = [
    "id",
    "email_verified",
    "groups",
    "external_ids",
    "scim_id",
    "source",
    "created_at",
    "updated_at",
    "last_login_at",
];

impl UserShape {
    /// The user and what hangs on it.
    #[must_use]
    pub fn new(user: User, belongings: Belongings) -> Self {
        let get = |field| user.profile.get(field).map(ToOwned::to_owned);
        Self {
            user_name: get(Field::UserName),
            upn: get(Field::Upn),
            email: get(Field::Email),
            email_verified: user.email_verified,
            name: get(Field::Name),
            given_name: get(Field::GivenName),
            family_name: get(Field::FamilyName),
            department: get(Field::Department),
            job_title: get(Field::JobTitle),
            phone: get(Field::Phone),
            mobile: get(Field::Mobile),
            language: get(Field::Language),
            cost_center: get(Field::CostCenter),
            extension_attributes: attribute_set(user.profile.get(Field::ExtensionAttributes)),
            custom_attributes: attribute_set(user.profile.get(Field::CustomAttributes)),
            photo_url: get(Field::PhotoUrl),
            valid_from: get(Field::ValidFrom).map(in_utc),
            valid_to: get(Field::ValidTo).map(in_utc),
            status: user.status,
            roles: user.roles.iter().copied().collect(),
            groups: belongings
                .groups
                .into_iter()
                .map(|group| GroupOfUser {
                    id: group.id,
                    name: group.name,
                    external: group.external,
                })
                .collect(),
            // Of several identities at one provider the newest comes last.
            external_ids: belongings
                .identities
                .into_iter()
                .map(|identity| (identity.provider.to_string(), identity.subject))
                .collect(),
            scim_id: user.scim_id,
            source: user.source,
            created_at: user.created_at,
            updated_at: user.updated_at,
            last_login_at: user.last_login_at,
            id: user.id,
        }
    }
}

/// A channel may have given the time in another zone.
fn in_utc(text: String) -> String {
    Timestamp::parse_rfc3339(&text).map_or(text, Timestamp::rfc3339)
}

/// A user who was invited.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InvitedUser {
    /// The user.
    #[serde(flatten)]
    user: UserShape,
    /// What became of the invitation.
    invitation: Invitation,
}

/// What became of an invitation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Invitation {
    /// Whether a mail is on its way.
    mailed: bool,
    /// Without a mail server: the link, which is told this once.
    #[schema(required)]
    link: Option<String>,
}

impl InvitedUser {
    pub(super) fn new(user: UserShape, invited: Invited) -> Self {
        let (mailed, link) = match invited {
            Invited::Mailed => (true, None),
            Invited::Link(link) => (false, Some(link)),
        };
        Self {
            user,
            invitation: Invitation { mailed, link },
        }
    }
}
