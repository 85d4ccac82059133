//! Why metadata by URL is not taken, for an admin: what happened, and what to do.

use crate::directory::traces::{Side, TraceDetails, TraceOutcome};
use crate::login::saml::metadata::MetadataError;
use crate::platform::http::FetchError;

/// Why metadata by URL is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// It could not be fetched.
    #[error("the metadata cannot be fetched: {0}")]
    Fetch(#[from] FetchError),
    /// What came cannot be used.
    #[error("what {host} answers cannot be used as metadata: {error}")]
    Document {
        /// Where it came from, after redirects.
        host: String,
        /// What is wrong with it.
        error: MetadataError,
    },
    /// The server says that nothing has changed, and there is no copy here.
    #[error("the server says that its metadata is unchanged, and sends none")]
    Empty,
    /// The metadata speaks of somebody else.
    #[error(
        "the metadata under this address now speaks of another identity provider: {received} instead of {expected}"
    )]
    EntityChanged {
        /// The entity ID of the last good copy.
        expected: String,
        /// The one that came.
        received: String,
    },
}

impl SourceError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Fetch(error) => error.code(),
            Self::Document { error, .. } => error.code(),
            Self::Empty => "saml.metadata_empty",
            Self::EntityChanged { .. } => "saml.metadata_entity_changed",
        }
    }

    /// What to do.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Fetch(error) => error.remedy(),
            Self::Document { .. } => {
                "Open the address of the metadata in a browser, compare, and correct metadata_url \
                 or what the identity provider publishes there."
            }
            Self::Empty => {
                "Ask whoever runs the server that publishes the metadata to answer requests \
                 without conditions."
            }
            Self::EntityChanged { .. } => {
                "Find out at the identity provider whether the change is meant. If it is, set \
                 saml.entity_id to the new entity ID; people then count as the new identity \
                 provider's."
            }
        }
    }

    /// Who has to change something.
    #[must_use]
    pub const fn side(&self) -> Side {
        match self {
            Self::Fetch(error) => match error {
                FetchError::Scheme(_) | FetchError::Credentials | FetchError::PrivateAddress(_) => {
                    Side::Gateway
                }
                FetchError::UnknownHost(_)
                | FetchError::Connect { .. }
                | FetchError::Tls { .. }
                | FetchError::Timeout { .. }
                | FetchError::Broken { .. } => Side::Network,
                _ => Side::Idp,
            },
            Self::Document { .. } | Self::Empty | Self::EntityChanged { .. } => Side::Idp,
        }
    }

    /// What happened and what to do, in one text.
    #[must_use]
    pub fn sentence(&self) -> String {
        let text = self.to_string();
        let stop = if text.ends_with('.') { "" } else { "." };
        // Metadata's own sentences say what to do.
        match self {
            Self::Document { .. } => text,
            _ => format!("{text}{stop} {}", self.remedy()),
        }
    }

    /// What a login trace says of it.
    #[must_use]
    pub fn trace(&self) -> (TraceOutcome, TraceDetails) {
        let (expected, received) = match self {
            Self::EntityChanged { expected, received } => {
                (Some(expected.clone()), vec![received.clone()])
            }
            Self::Fetch(FetchError::Status { status, .. }) => {
                (Some("200".to_owned()), vec![status.to_string()])
            }
            _ => (None, Vec::new()),
        };
        let outcome = match self {
            Self::EntityChanged { .. } => TraceOutcome::Refused,
            _ => TraceOutcome::Failed,
        };
        let details = TraceDetails {
            summary: self.to_string(),
            expected,
            received,
            side: Some(self.side()),
            remedy: Some(self.remedy().to_owned()),
            ..TraceDetails::default()
        };
        (outcome, details)
    }
}
