//! A trace as scripts and downloads get it.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{LoginTrace, Side, TraceOutcome};
use crate::directory::plan::Change;
use crate::directory::resolve::Matched;
use crate::domain::{Reference, Timestamp, TraceId, UserId};

/// One attempt to sign in, or to read what a provider publishes, and what came
/// of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoginTrace)]
pub struct TraceShape {
    /// The trace's id.
    pub id: TraceId,
    /// When.
    pub at: Timestamp,
    /// The provider's slug.
    pub provider: String,
    /// `saml`, `oauth`, `metadata`, `discovery`, `test`.
    #[schema(examples("saml"))]
    pub kind: String,
    /// What came of it.
    pub outcome: TraceOutcome,
    /// The reference that the person was shown.
    pub reference: Reference,
    /// The user, when one was found.
    #[schema(required)]
    pub user: Option<UserId>,
    /// The stable code; `ok` for a success.
    #[schema(examples("saml.audience_mismatch"))]
    pub code: String,
    /// One sentence for an admin.
    pub summary: String,
    /// The value that was expected, where values were compared.
    #[schema(required)]
    pub expected: Option<String>,
    /// The values that came.
    pub received: Vec<String>,
    /// Who has to change something.
    #[schema(required)]
    pub side: Option<Side>,
    /// What to change, and where.
    #[schema(required)]
    pub remedy: Option<String>,
    /// The attributes or claims that came.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// The identifier that found the user.
    #[schema(required)]
    pub matched_by: Option<Matched>,
    /// What the login changed.
    pub changes: Vec<Change>,
    /// The message, redacted.
    #[schema(required)]
    pub document: Option<String>,
}

impl From<LoginTrace> for TraceShape {
    fn from(trace: LoginTrace) -> Self {
        let details = trace.details;
        Self {
            id: trace.id,
            at: trace.at,
            provider: trace.provider,
            kind: trace.kind,
            outcome: trace.outcome,
            reference: trace.reference,
            user: trace.user,
            code: trace.code,
            summary: details.summary,
            expected: details.expected,
            received: details.received,
            side: details.side,
            remedy: details.remedy,
            attributes: details.attributes,
            matched_by: details.matched_by,
            changes: details.changes,
            document: details.document.map(|document| document.text()),
        }
    }
}
