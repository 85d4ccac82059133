//! An observation: what one channel says of one person at one moment. Every
//! channel ends in one, and `directory::reconcile` is the only reader.

use std::collections::BTreeSet;

use super::ids::UserId;
use super::profile::{Field, Profile};
use super::provider::Slug;
use super::user::Source;

/// How a provider knows a person: the NameID or `sub`, in the name space of
/// the issuer that said it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalIdentity {
    /// The provider here.
    pub provider: Slug,
    /// The issuer: SAML's entity ID, OpenID Connect's `iss`. Part of the key,
    /// so that a provider that is pointed at another IdP inherits nobody.
    pub issuer: String,
    /// The NameID (verbatim) or the subject.
    pub subject: String,
}

/// Where an observation comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A person signed in through a provider.
    Login {
        /// The provider.
        provider: Slug,
        /// `saml` or `oauth`.
        source: Source,
    },
    /// An admin, a script or the command line.
    Manual,
    /// Any other channel, with the connection's own id.
    Records {
        /// The kind of channel.
        source: Source,
        /// Which connection of that kind.
        connection: String,
    },
}

impl Channel {
    /// The kind of channel.
    #[must_use]
    pub const fn source(&self) -> Source {
        match self {
            Self::Login { source, .. } | Self::Records { source, .. } => *source,
            Self::Manual => Source::Manual,
        }
    }
}

/// What one channel says of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Who says it.
    pub channel: Channel,
    /// The user that the channel names outright (an admin edits this user);
    /// no resolution takes place then.
    pub target: Option<UserId>,
    /// The SCIM id, when the channel carries one.
    pub scim_id: Option<String>,
    /// The provider's own id for the person.
    pub identity: Option<ExternalIdentity>,
    /// Whether the channel vouches for the e-mail address.
    pub email_vouched: bool,
    /// Whether the address may find a user who is here already, and not only
    /// make a new one.
    pub email_may_link: bool,
    /// Whether the channel vouches for the UPN: it may find a user by it.
    pub upn_vouched: bool,
    /// The fields that were seen. A field that is absent says nothing.
    pub profile: Profile,
    /// Fields that the channel says are empty.
    pub cleared: BTreeSet<Field>,
    /// The internal groups that the provider's `group_map` gives (names), if
    /// the observation speaks of groups at all.
    pub groups: Option<BTreeSet<String>>,
}

impl Observation {
    /// An empty observation of a channel.
    #[must_use]
    pub const fn new(channel: Channel, profile: Profile) -> Self {
        Self {
            channel,
            target: None,
            scim_id: None,
            identity: None,
            email_vouched: false,
            email_may_link: true,
            upn_vouched: false,
            profile,
            cleared: BTreeSet::new(),
            groups: None,
        }
    }
}
