//! What a test of a provider looks at: one line for each thing, with what to do
//! where it is not as it should be. Every protocol makes its own list.

use serde::Serialize;
use utoipa::ToSchema;

/// How one thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// As it should be.
    Ok,
    /// People can sign in, and soon, or some of them, cannot.
    Warning,
    /// Nobody can sign in.
    Failed,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Check {
    /// Its stable name, `expiry`.
    pub name: &'static str,
    /// Whether it is as it should be.
    pub ok: bool,
    /// The same with what lies between.
    pub status: CheckStatus,
    /// What was found, in one sentence for an admin.
    pub summary: String,
    /// What to change, and where; nothing where all is well.
    pub remedy: Option<String>,
}

impl Check {
    /// As it should be.
    #[must_use]
    pub fn fine(name: &'static str, summary: impl Into<String>) -> Self {
        Self {
            name,
            ok: true,
            status: CheckStatus::Ok,
            summary: summary.into(),
            remedy: None,
        }
    }

    /// Not as it should be, although people can sign in.
    #[must_use]
    pub fn warning(
        name: &'static str,
        summary: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            ok: false,
            status: CheckStatus::Warning,
            remedy: Some(remedy.into()),
            ..Self::fine(name, summary)
        }
    }

    /// Nobody can sign in.
    #[must_use]
    pub fn failed(
        name: &'static str,
        summary: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            status: CheckStatus::Failed,
            ..Self::warning(name, summary, remedy)
        }
    }
}

/// What does not hang on the protocol: whether anybody may come in.
#[must_use]
pub fn admission(provider: &crate::domain::Provider) -> Vec<Check> {
    let domains = if provider.allowed_domains.is_empty() {
        Check::failed(
            "allowed_domains",
            "The list of allowed domains is empty, which admits nobody.",
            "Add the domains of the people's e-mail addresses to allowed_domains; * admits every \
             domain.",
        )
    } else {
        Check::fine("allowed_domains", provider.allowed_domains.join(", "))
    };
    let enabled = if provider.enabled {
        Check::fine("enabled", "The provider is switched on.")
    } else {
        Check::failed(
            "enabled",
            "The provider is switched off.",
            "Set enabled to true when people shall sign in through it.",
        )
    };
    vec![domains, enabled]
}
