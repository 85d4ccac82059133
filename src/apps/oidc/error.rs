//! What a client is told when something does not work out: the bodies of
//! RFC 6749 §5.2.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::directory::DirectoryError;
use crate::directory::signing_keys::SigningKeyError;
use crate::platform::storage::{StorageError, UnitError};

/// A refusal at an endpoint that clients call.
#[derive(Debug, thiserror::Error)]
pub enum OauthError {
    /// The client did not prove who it is.
    #[error("{0}")]
    Client(&'static str),
    /// A refusal with one of the standard's words.
    #[error("{code}: {description}")]
    Refused {
        /// The word.
        code: &'static str,
        /// What is the matter, for a developer.
        description: &'static str,
    },
    /// Too many failures; after how many seconds to come back.
    #[error("too many failures")]
    TooMany(u64),
    /// The database is away.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// There is no key to sign with.
    #[error(transparent)]
    Keys(#[from] SigningKeyError),
}

impl From<StorageError> for OauthError {
    fn from(error: StorageError) -> Self {
        Self::Directory(error.into())
    }
}

impl UnitError for OauthError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Directory(error) if error.is_conflict())
    }
}

/// A refusal with one of the standard's words.
#[must_use]
pub const fn refused(code: &'static str, description: &'static str) -> OauthError {
    OauthError::Refused { code, description }
}

/// `invalid_request`.
#[must_use]
pub const fn invalid(description: &'static str) -> OauthError {
    refused("invalid_request", description)
}

/// `invalid_grant`.
#[must_use]
pub const fn bad_grant(description: &'static str) -> OauthError {
    refused("invalid_grant", description)
}

impl OauthError {
    /// The word that the client reads.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Client(_) => "invalid_client",
            Self::Refused { code, .. } => code,
            Self::TooMany(_) => "slow_down",
            Self::Directory(_) | Self::Keys(_) => "temporarily_unavailable",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Client(_) => StatusCode::UNAUTHORIZED,
            Self::Refused { .. } => StatusCode::BAD_REQUEST,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Directory(_) | Self::Keys(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn description(&self) -> &str {
        match self {
            Self::Client(description) | Self::Refused { description, .. } => description,
            Self::TooMany(_) => "too many failures; try again later",
            Self::Directory(_) | Self::Keys(_) => "the service is not available just now",
        }
    }
}

impl IntoResponse for OauthError {
    fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() {
            tracing::error!(error = %self, "an OpenID endpoint failed");
        }
        let body = json!({"error": self.code(), "error_description": self.description()});
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self {
            Self::Client(_) => {
                let challenge = HeaderValue::from_static("Basic realm=\"doorward\"");
                headers.insert(header::WWW_AUTHENTICATE, challenge);
            }
            Self::TooMany(seconds) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            Self::Directory(_) | Self::Keys(_) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(5_u16));
            }
            Self::Refused { .. } => {}
        }
        response
    }
}
