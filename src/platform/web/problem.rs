//! What a script is told when something does not work out: RFC 9457,
//! `application/problem+json`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::kit::Kit;
use crate::domain::Reference;

/// A problem with a request to the API.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The answer's status.
    pub status: StatusCode,
    /// A stable code; `type` is `urn:doorward:problem:` and the code.
    pub code: &'static str,
    /// What kind of problem it is: the same words every time.
    pub title: &'static str,
    /// What is the matter this time, and what to do.
    pub detail: Option<Box<str>>,
    /// The single mistakes, where there are several places for them.
    pub errors: Vec<FieldError>,
    /// Where the log has more; only where there is more to find.
    pub reference: Option<Reference>,
    /// Seconds after which it may work again (`Retry-After`).
    pub retry_after: Option<u16>,
    /// What happened, for the log only.
    pub cause: Option<Box<str>>,
}

/// One mistake in a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where in the body, as a JSON Pointer (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Which form field or query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong with it.
    pub detail: String,
}

impl FieldError {
    /// A mistake at a place of the JSON body.
    #[must_use]
    pub fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: Some(pointer.into()),
            field: None,
            detail: detail.into(),
        }
    }

    /// A mistake in a form field or query parameter.
    #[must_use]
    pub fn in_field(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: None,
            field: Some(field.into()),
            detail: detail.into(),
        }
    }
}

impl Problem {
    /// A problem of a kind.
    #[must_use]
    pub const fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self {
            status,
            code,
            title,
            detail: None,
            errors: Vec::new(),
            reference: None,
            retry_after: None,
            cause: None,
        }
    }

    /// The request cannot be read (`400`).
    #[must_use]
    pub fn malformed(detail: impl Into<Box<str>>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "request.malformed",
            "The request cannot be read.",
        )
        .with_detail(detail)
    }

    /// Nobody is signed in, or the token is not valid (`401`).
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "request.unauthenticated",
            "Sign in, or send a valid API token.",
        )
    }

    /// Whoever asks may not do this (`403`).
    #[must_use]
    pub fn forbidden(detail: impl Into<Box<str>>) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "request.forbidden",
            "This is not allowed.",
        )
        .with_detail(detail)
    }

    /// There is no such thing (`404`).
    #[must_use]
    pub fn not_found(detail: impl Into<Box<str>>) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "request.not_found",
            "There is no such resource.",
        )
        .with_detail(detail)
    }

    /// It contradicts what is there (`409`).
    #[must_use]
    pub fn conflict(code: &'static str, detail: impl Into<Box<str>>) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            code,
            "The request contradicts what is there.",
        )
        .with_detail(detail)
    }

    /// The request can be read, but what it says cannot be done (`422`).
    #[must_use]
    pub fn invalid(detail: impl Into<Box<str>>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "request.invalid",
            "The request holds values that cannot be taken.",
        )
        .with_detail(detail)
    }

    /// The same with a detail.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Box<str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The same with a code of its own.
    #[must_use]
    pub fn with_code(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }

    /// The same with one more mistake.
    #[must_use]
    pub fn with_error(mut self, error: FieldError) -> Self {
        self.errors.push(error);
        self
    }

    /// The same with a reference.
    #[must_use]
    pub fn with_reference(mut self, reference: Reference) -> Self {
        self.reference = Some(reference);
        self
    }

    fn log(&self) {
        let (status, code) = (self.status.as_u16(), self.code);
        let cause = self.cause.as_deref().or(self.detail.as_deref());
        let reference = self.reference.as_ref().map(Reference::as_str);
        if self.status.is_server_error() {
            tracing::error!(status, code, reference, cause, "failed");
        } else if reference.is_some() {
            tracing::warn!(status, code, reference, cause, "refused");
        } else {
            tracing::debug!(status, code, cause, "refused");
        }
    }
}

impl Kit {
    /// The database is away (`503` with `Retry-After`); `cause` is for the log.
    #[must_use]
    pub fn unavailable(&self, cause: impl Into<Box<str>>) -> Problem {
        let mut problem = Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "service.unavailable",
            "The service is not available just now; try again in a moment.",
        )
        .with_reference(self.reference());
        problem.retry_after = Some(5);
        problem.cause = Some(cause.into());
        problem
    }

    /// A bug of ours (`500`); `cause` is for the log.
    #[must_use]
    pub fn unexpected(&self, cause: impl Into<Box<str>>) -> Problem {
        let mut problem = Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "service.unexpected",
            "Something went wrong here; the log says more under the reference.",
        )
        .with_reference(self.reference());
        problem.cause = Some(cause.into());
        problem
    }
}

/// What did not work out: the members of RFC 9457 §3.1 and ours.
#[derive(Serialize, ToSchema)]
struct Body<'a> {
    /// `urn:doorward:problem:` and the code.
    #[schema(format = "uri")]
    r#type: String,
    /// What kind of problem it is: the same words every time.
    title: &'a str,
    /// The answer's status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is the matter this time, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<&'a str>,
    /// A stable word for the kind of problem.
    #[schema(examples("request.invalid"))]
    code: &'a str,
    /// The single mistakes, where there are several places for them.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(inline)]
    errors: &'a [FieldError],
    /// Where the log has more; only where there is more to find.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    reference: Option<&'a Reference>,
}

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        Body::schema()
    }
}

impl ToSchema for Problem {}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.log();
        let body = Body {
            r#type: format!("urn:doorward:problem:{}", self.code),
            title: self.title,
            status: self.status.as_u16(),
            detail: self.detail.as_deref(),
            code: self.code,
            errors: &self.errors,
            reference: self.reference.as_ref(),
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 9110 §15.5.2 wants a challenge; ours is the API token.
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"doorward\""),
            );
        }
        response
    }
}
