//! Why a provider cannot be used, whatever protocol it speaks.

/// Why a provider cannot be used: which setting, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {sentence}")]
pub struct SetupError {
    /// The stable code.
    pub code: &'static str,
    /// The setting, `saml.metadata_xml`.
    pub field: String,
    /// What is wrong and what to do, for an admin.
    pub sentence: String,
}

impl SetupError {
    /// An error about one setting.
    pub fn new(code: &'static str, field: &str, sentence: impl Into<String>) -> Self {
        Self {
            code,
            field: field.to_owned(),
            sentence: sentence.into(),
        }
    }
}
