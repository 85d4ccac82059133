//! What other systems can be told.

use serde::{Deserialize, Serialize};

use super::user::words;

words!(
    /// An event that a webhook can ask for.
    WebhookEvent {
        /// A user was created, by any channel.
        UserCreated = "user.created",
        /// A user's fields, roles or status changed.
        UserUpdated = "user.updated",
        /// A user was shut out.
        UserDeactivated = "user.deactivated",
        /// A deactivated user was let in again.
        UserReactivated = "user.reactivated",
        /// A user was deleted.
        UserDeleted = "user.deleted",
        /// A group was created.
        GroupCreated = "group.created",
        /// A group's name or description changed.
        GroupUpdated = "group.updated",
        /// A group was deleted.
        GroupDeleted = "group.deleted",
        /// Somebody came into a group.
        GroupMemberAdded = "group.member_added",
        /// Somebody left a group.
        GroupMemberRemoved = "group.member_removed",
        /// Somebody signed in.
        LoginSucceeded = "login.succeeded",
        /// A sign-in was refused by policy.
        LoginRefused = "login.refused",
        /// A sign-in failed.
        LoginFailed = "login.failed",
    }
);

impl WebhookEvent {
    /// The event that an audit event tells of, if webhooks are told of it.
    #[must_use]
    pub fn of_action(action: &str) -> Option<Self> {
        match action {
            // From pending to active and back: a change of status like others.
            "user.roles_changed" | "user.activated" | "user.made_pending" => {
                Some(Self::UserUpdated)
            }
            _ if action.starts_with("user.") || action.starts_with("group.") => Self::parse(action),
            _ => None,
        }
    }

    /// Whether anybody on the network can cause it, as often as they like.
    #[must_use]
    pub const fn is_of_login(self) -> bool {
        matches!(
            self,
            Self::LoginSucceeded | Self::LoginRefused | Self::LoginFailed
        )
    }
}
