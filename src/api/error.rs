//! From what went wrong to what the script is told, in one place.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::ApiState;
use crate::directory::DirectoryError;
use crate::domain::Scope;
use crate::platform::storage::StorageError;
use crate::platform::web::{FieldError, Problem};

/// An answer that is none of the good ones.
#[derive(Debug)]
pub(super) struct ApiError {
    problem: Box<Problem>,
    /// `WWW-Authenticate`, where the kit's own does not say enough.
    challenge: Option<String>,
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self {
            problem: Box::new(problem),
            challenge: None,
        }
    }
}

impl ApiError {
    /// There is no such thing (`404`).
    pub(super) fn no_such(kind: &str) -> Self {
        Problem::not_found(format!("There is no {kind} with this name or id.")).into()
    }

    /// A token came that is none, or no more (RFC 6750 §3.1).
    pub(super) fn invalid_token(detail: &str) -> Self {
        let problem = Problem::unauthenticated().with_detail(detail);
        Self {
            problem: Box::new(problem),
            challenge: Some("Bearer realm=\"doorward\", error=\"invalid_token\"".to_owned()),
        }
    }

    /// The token is good, but not for this (RFC 6750 §3.1).
    pub(super) fn insufficient_scope(wanted: Scope, held: &str) -> Self {
        let or_admin = if wanted == Scope::Admin {
            ""
        } else {
            " (or `admin`)"
        };
        let detail = format!(
            "This needs a token with the scope `{wanted}`{or_admin}; this one has `{held}`."
        );
        Self {
            problem: Box::new(Problem::forbidden(detail).with_code("request.insufficient_scope")),
            challenge: Some(format!(
                "Bearer realm=\"doorward\", error=\"insufficient_scope\", scope=\"{wanted}\""
            )),
        }
    }

    /// The same with a code that says more.
    pub(super) fn with_code(mut self, code: &'static str) -> Self {
        self.problem.code = code;
        self
    }

    /// The single mistakes.
    #[cfg(test)]
    pub(super) fn errors(&self) -> &[FieldError] {
        &self.problem.errors
    }

    /// Mistakes at several places of the body or query (`422`).
    pub(super) fn mistakes(errors: Vec<FieldError>) -> Self {
        let mut problem = Problem::invalid(match errors.as_slice() {
            [one] => sentence(&format!(
                "{}: {}",
                place(one),
                one.detail.trim_end_matches('.')
            )),
            several => format!("{} values cannot be taken; see errors.", several.len()),
        });
        problem.errors = errors;
        problem.into()
    }
}

/// How a sentence calls the place of a mistake.
fn place(error: &FieldError) -> String {
    let pointer = error.pointer.as_deref().map(|p| p.trim_start_matches('/'));
    let name = error.field.as_deref().or(pointer).unwrap_or_default();
    if name.is_empty() {
        "the body".to_owned()
    } else {
        name.replace('/', ".")
    }
}

/// With a full stop, and with a capital unless a field's name begins it.
fn sentence(text: &str) -> String {
    let first_word = text.split(' ').next().unwrap_or_default();
    let mut chars = text.chars();
    let start: String = match chars.next() {
        Some(first) if !first_word.contains(['_', '.', ':']) => first.to_uppercase().collect(),
        first => first.into_iter().collect(),
    };
    let stop = if text.ends_with(['.', '?', '!']) {
        ""
    } else {
        "."
    };
    format!("{start}{}{stop}", chars.as_str())
}

/// The place of a field that the directory names (`saml.metadata_xml`) as a
/// JSON Pointer.
pub(super) fn pointer(field: &str) -> String {
    format!("/{}", field.replace('.', "/"))
}

impl ApiState {
    /// What the script is told of a failure of the directory.
    pub(super) fn error(&self, error: DirectoryError) -> ApiError {
        let text = error.to_string();
        let code = error.code();
        let at = |field: &str, detail: &str| FieldError::at(pointer(field), detail);
        let problem = match error {
            DirectoryError::Storage(error) => return self.storage(&error),
            DirectoryError::NotFound(kind) => return ApiError::no_such(kind),
            DirectoryError::Invalid { field, reason } => {
                return ApiError::mistakes(vec![at(&field, &reason)]);
            }
            DirectoryError::Taken { what, .. } => {
                Problem::conflict(code, sentence(&text)).with_error(at(what, &text))
            }
            DirectoryError::Owned { field, .. } => {
                Problem::conflict(code, sentence(&text)).with_error(at(field.name(), &text))
            }
            DirectoryError::ExternalGroup(_)
            | DirectoryError::LastAdmin
            | DirectoryError::Changed
            | DirectoryError::Linked
            | DirectoryError::UserInactive
            | DirectoryError::ManagedByFile => Problem::conflict(code, sentence(&text)),
            // Only logins are refused; none comes through here.
            DirectoryError::Refused(_) => Problem::forbidden(sentence(&text)).with_code(code),
        };
        problem.into()
    }

    fn storage(&self, error: &StorageError) -> ApiError {
        let cause = error.to_string();
        match error {
            StorageError::Unavailable(_) | StorageError::Unusable(_) => self.kit.unavailable(cause),
            StorageError::Conflict(_) => Problem::conflict(
                "changed",
                "It was changed by somebody else in the meantime; read it again.",
            ),
            StorageError::Statement(_) | StorageError::Column { .. } | StorageError::Waited => {
                self.kit.unexpected(cause)
            }
        }
        .into()
    }
}

/// Failures of the directory in the form of the API.
pub(super) trait OrProblem<T> {
    /// The value, or what the script is told.
    fn or_problem(self, state: &ApiState) -> Result<T, ApiError>;
}

impl<T> OrProblem<T> for Result<T, DirectoryError> {
    fn or_problem(self, state: &ApiState) -> Result<T, ApiError> {
        self.map_err(|error| state.error(error))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.problem.into_response();
        if let Some(challenge) = self.challenge
            && let Ok(value) = HeaderValue::from_str(&challenge)
        {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences() {
        for (text, expected) in [
            (
                "this is the last active admin",
                "This is the last active admin.",
            ),
            (
                "email \"a\" belongs to another",
                "Email \"a\" belongs to another.",
            ),
            ("user_name is kept by scim", "user_name is kept by scim."),
            ("limit: must be a number", "limit: must be a number."),
            ("did you mean `x`?", "Did you mean `x`?"),
            ("", "."),
        ] {
            assert_eq!(sentence(text), expected);
        }
    }
}
