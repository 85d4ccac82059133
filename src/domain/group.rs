//! Groups: internal ones that admins keep, external ones that a channel owns.

use super::clock::Timestamp;
use super::ids::GroupId;
use super::user::Source;

/// A group of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The group's own identifier.
    pub id: GroupId,
    /// The name that people see.
    pub name: String,
    /// What the group is for.
    pub description: Option<String>,
    /// Owned by a channel and read-only for everybody else.
    pub external: bool,
    /// The kind of channel that made it.
    pub source: Source,
    /// Which connection of that kind owns it (a SCIM token's id, a
    /// provider's slug); `None` for an internal group.
    pub owner: Option<String>,
    /// The owner's own id for it.
    pub external_id: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its name, description or owner last changed.
    pub updated_at: Timestamp,
}
