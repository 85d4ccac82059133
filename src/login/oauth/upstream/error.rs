//! What can go wrong with a provider's answers, in words for an admin.

use crate::directory::traces::Side;
use crate::platform::http::FetchError;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The discovery document.
    Discovery,
    /// The key set.
    Keys,
    /// The token endpoint.
    Token,
    /// The userinfo endpoint.
    UserInfo,
    /// Microsoft Graph's groups.
    Groups,
    /// A person's picture.
    Picture,
}

impl What {
    /// Its name in a sentence.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Discovery => "the discovery document",
            Self::Keys => "the provider's keys",
            Self::Token => "the token endpoint's answer",
            Self::UserInfo => "the userinfo endpoint's answer",
            Self::Groups => "the answer of Microsoft Graph about groups",
            Self::Picture => "the picture",
        }
    }
}

/// What went wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// It did not come.
    #[error("{} could not be had: {problem}", what.words())]
    Fetch {
        /// What.
        what: What,
        /// Why not.
        problem: FetchError,
    },
    /// It came with another status than a success.
    #[error("{} could not be had: the provider answered with status {status}", what.words())]
    Status {
        /// What.
        what: What,
        /// The status.
        status: u16,
    },
    /// It cannot be read.
    #[error("{} cannot be read: {problem}", what.words())]
    Malformed {
        /// What.
        what: What,
        /// What is wrong with it.
        problem: String,
    },
    /// It lacks something.
    #[error("{} names no {missing}", what.words())]
    Incomplete {
        /// What.
        what: What,
        /// The member.
        missing: &'static str,
    },
    /// Discovery speaks of another issuer.
    #[error("the discovery document is of another issuer than the one that is set")]
    OtherIssuer {
        /// The issuer that is set.
        expected: String,
        /// The one that it names.
        received: String,
    },
    /// An address in discovery is none that may be used.
    #[error("the discovery document names an address that cannot be used: {member}")]
    Address {
        /// The member.
        member: &'static str,
        /// The address.
        received: String,
    },
    /// The token endpoint refused (RFC 6749 §5.2).
    #[error("the token endpoint refused: {error}{}", described(description))]
    Refused {
        /// The error's name.
        error: String,
        /// Its description, shortened.
        description: String,
    },
}

fn described(description: &str) -> String {
    if description.is_empty() {
        String::new()
    } else {
        format!(" ({description})")
    }
}

impl UpstreamError {
    pub(super) const fn fetch(what: What, problem: FetchError) -> Self {
        Self::Fetch { what, problem }
    }

    pub(super) const fn status(what: What, status: u16) -> Self {
        Self::Status { what, status }
    }

    pub(in crate::login::oauth) fn malformed(what: What, problem: impl Into<String>) -> Self {
        Self::Malformed {
            what,
            problem: problem.into(),
        }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::OtherIssuer { .. } => "oauth.discovery_other_issuer",
            Self::Address { .. } => "oauth.discovery_address",
            Self::Refused { error, .. } => match error.as_str() {
                "invalid_client" | "unauthorized_client" => "oauth.client_refused",
                "invalid_grant" => "oauth.code_refused",
                _ => "oauth.token_refused",
            },
            Self::Fetch { what, .. }
            | Self::Status { what, .. }
            | Self::Malformed { what, .. }
            | Self::Incomplete { what, .. } => match what {
                What::Discovery => "oauth.discovery_failed",
                What::Keys => "oauth.keys_failed",
                What::Token => "oauth.token_failed",
                What::UserInfo => "oauth.userinfo_failed",
                What::Groups => "oauth.groups_failed",
                What::Picture => "oauth.picture_failed",
            },
        }
    }

    /// Whether it belongs to discovery, whose failures are traced as such.
    #[must_use]
    pub const fn is_discovery(&self) -> bool {
        matches!(
            self,
            Self::OtherIssuer { .. }
                | Self::Address { .. }
                | Self::Fetch {
                    what: What::Discovery | What::Keys,
                    ..
                }
                | Self::Status {
                    what: What::Discovery | What::Keys,
                    ..
                }
                | Self::Malformed {
                    what: What::Discovery | What::Keys,
                    ..
                }
                | Self::Incomplete {
                    what: What::Discovery | What::Keys,
                    ..
                }
        )
    }

    /// The values that were compared, where some were.
    #[must_use]
    pub fn compared(&self) -> (Option<String>, Vec<String>) {
        match self {
            Self::OtherIssuer { expected, received } => {
                (Some(expected.clone()), vec![received.clone()])
            }
            Self::Address { received, .. } => (None, vec![received.clone()]),
            _ => (None, Vec::new()),
        }
    }

    /// Who has to change something, and what.
    #[must_use]
    pub fn remedy(&self) -> (Side, &'static str) {
        match self {
            Self::OtherIssuer { .. } => (
                Side::Gateway,
                "Set oauth.issuer to the issuer that the provider names, exactly as it stands there.",
            ),
            Self::Address { .. } => (
                Side::Idp,
                "Let the provider publish https addresses, or set the endpoint by hand.",
            ),
            Self::Refused { .. } => self.remedy_of_refusal(),
            Self::Fetch { problem, .. } => match problem {
                FetchError::PrivateAddress(_) | FetchError::Scheme(_) => (
                    Side::Gateway,
                    "Correct the address, or set allow_private_networks in [security] for a provider inside the company's network.",
                ),
                FetchError::Credentials | FetchError::UnknownHost(_) => (
                    Side::Gateway,
                    "Correct the address in the provider's settings.",
                ),
                _ => (
                    Side::Network,
                    "Find out whether the provider works and whether this machine may reach it; the next sign-in tries again.",
                ),
            },
            Self::Status { .. } | Self::Malformed { .. } | Self::Incomplete { .. } => (
                Side::Idp,
                "Find out whether the address is the right one and whether the provider works; the next sign-in tries again.",
            ),
        }
    }

    fn remedy_of_refusal(&self) -> (Side, &'static str) {
        match self.code() {
            "oauth.client_refused" => (
                Side::Gateway,
                "Take client_id and client_secret anew from the provider: the secret is wrong or has expired, or the provider wants another token_endpoint_auth_method.",
            ),
            "oauth.code_refused" => (
                Side::User,
                "Start the sign-in again; if it keeps failing, compare the redirect URI that the provider knows with urls.callback.",
            ),
            _ => (
                Side::Gateway,
                "Compare the client's registration at the provider with this provider's settings.",
            ),
        }
    }
}
