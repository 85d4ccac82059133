//! What can keep a document from being fetched, in words for an admin.

/// Why a document could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The URL cannot be read, or is of a scheme that nothing is fetched by.
    #[error("{0} is no https address")]
    Scheme(String),
    /// The URL carries a user name or a password.
    #[error("the address carries a user name or a password, which would be kept in clear")]
    Credentials,
    /// The host has no address.
    #[error("the name {0} is not known to the DNS")]
    UnknownHost(String),
    /// The host is on a private network.
    #[error(
        "{0} is on a private network or on this machine; set allow_private_networks in [security] if the gateway may go there"
    )]
    PrivateAddress(String),
    /// Nobody answers there.
    #[error("no connection to {host}: {problem}")]
    Connect {
        /// The host.
        host: String,
        /// The system's words.
        problem: String,
    },
    /// Who answers there cannot show that it is the one that was asked for.
    #[error("{host} cannot be trusted: {problem}")]
    Tls {
        /// The host.
        host: String,
        /// OpenSSL's words.
        problem: String,
    },
    /// The host did not answer in time.
    #[error("{host} did not answer within {seconds} seconds")]
    Timeout {
        /// The host.
        host: String,
        /// How long was waited.
        seconds: u64,
    },
    /// The answer is larger than it may be.
    #[error("the answer of {host} is larger than {limit} octets")]
    TooLarge {
        /// The host.
        host: String,
        /// The most that is read.
        limit: usize,
    },
    /// The answer is no success.
    #[error("{host} answered with status {status}")]
    Status {
        /// The host.
        host: String,
        /// The status.
        status: u16,
    },
    /// Too many redirects, or one that leads nowhere.
    #[error("{host} redirects too often, or to no address")]
    Redirect {
        /// The host.
        host: String,
    },
    /// The connection broke off.
    #[error("the answer of {host} broke off: {problem}")]
    Broken {
        /// The host.
        host: String,
        /// What happened.
        problem: String,
    },
}

impl FetchError {
    /// What to do.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Scheme(_) => {
                "Enter an address that begins with https:// (plain http only where \
                 allow_private_networks in [security] is true)."
            }
            Self::Credentials => "Enter the address without a user name and a password.",
            Self::UnknownHost(_) => {
                "Compare the name with the one in a browser's address bar, and ask this machine for \
                 it (getent hosts NAME): it may know other names than you do."
            }
            Self::PrivateAddress(_) => {
                "Use the public address, or, for an identity provider in your own network, set \
                 allow_private_networks = true in [security]."
            }
            Self::Connect { .. } => {
                "Try the address from this machine (curl -v ADDRESS): a firewall or a proxy may be \
                 in the way, or nothing listens there."
            }
            Self::Tls { .. } => {
                "Look at the certificate of the server (curl -v ADDRESS): it must be valid, made for \
                 this name, and signed by an authority that this machine trusts. An authority of \
                 your own goes into the machine's trust store."
            }
            Self::Timeout { .. } => {
                "Try the address from this machine (curl -v ADDRESS): the server is slow, or a \
                 firewall drops what is sent to it."
            }
            Self::TooLarge { .. } => {
                "Use the address of this identity provider's own document, not that of a whole \
                 federation."
            }
            Self::Status { .. } => {
                "Open the address in a browser without being signed in: it must show the document."
            }
            Self::Redirect { .. } => {
                "Open the address in a browser, and enter the one at which it arrives."
            }
            Self::Broken { .. } => "Try again; if it stays, ask whoever runs that server.",
        }
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Scheme(_) => "fetch.scheme",
            Self::Credentials => "fetch.credentials",
            Self::UnknownHost(_) => "fetch.unknown_host",
            Self::PrivateAddress(_) => "fetch.private_address",
            Self::Connect { .. } => "fetch.connect",
            Self::Tls { .. } => "fetch.tls",
            Self::Timeout { .. } => "fetch.timeout",
            Self::TooLarge { .. } => "fetch.too_large",
            Self::Status { .. } => "fetch.status",
            Self::Redirect { .. } => "fetch.redirect",
            Self::Broken { .. } => "fetch.broken",
        }
    }
}
