//! What can go wrong with the database.

/// A failure of the database or of a unit of work upon it.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Another unit got there first: a unique index spoke, a serialization
    /// failed, a row was no longer of the version that was read. The unit is
    /// run again.
    #[error("another change came first ({0})")]
    Conflict(String),
    /// The database cannot be reached, does not answer in time, or is locked
    /// or full. Nothing was written.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The file or the server is there but cannot serve: damaged, read-only,
    /// of a newer version, wrong credentials.
    #[error("the database cannot be used: {0}")]
    Unusable(String),
    /// A statement failed for a reason of our own making.
    #[error("a statement failed: {0}")]
    Statement(String),
    /// A column does not hold what it should.
    #[error("column {at} of a row does not hold {wanted}")]
    Column {
        /// The column, counted from 1.
        at: usize,
        /// What was expected there.
        wanted: &'static str,
    },
    /// A unit of work awaited something other than its transaction.
    #[error("a unit of work waited for something other than the database")]
    Waited,
}

impl StorageError {
    /// A conflict that a unit found itself: what it read is no longer so.
    #[must_use]
    pub fn stale(what: &str) -> Self {
        Self::Conflict(what.to_owned())
    }
}

/// An error that a unit of work may end with.
pub trait UnitError: From<StorageError> + Send + 'static {
    /// Whether the unit lost a race and may be run again.
    fn is_conflict(&self) -> bool;
}

impl UnitError for StorageError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }
}

impl From<rusqlite::Error> for StorageError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let text = error.to_string();
        match error.sqlite_error_code() {
            Some(Code::ConstraintViolation) => Self::Conflict(text),
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => {
                Self::Unavailable(format!("another program holds it locked ({text})"))
            }
            Some(Code::DiskFull) => Self::Unavailable(format!("the disk is full ({text})")),
            Some(Code::SystemIoFailure | Code::CannotOpen | Code::OutOfMemory) => {
                Self::Unavailable(text)
            }
            Some(Code::ReadOnly) => Self::Unusable(format!(
                "the file or its folder is read-only ({text}); give the gateway's account the right to write there"
            )),
            Some(Code::PermissionDenied) => Self::Unusable(text),
            Some(Code::DatabaseCorrupt | Code::NotADatabase) => Self::Unusable(format!(
                "the file is damaged or no SQLite database ({text}); restore a backup"
            )),
            _ => Self::Statement(text),
        }
    }
}

impl From<tokio_postgres::Error> for StorageError {
    fn from(error: tokio_postgres::Error) -> Self {
        use tokio_postgres::error::SqlState as State;
        let Some(db) = error.as_db_error() else {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            let text = source.map_or_else(|| error.to_string(), |s| format!("{error}: {s}"));
            return if error.is_closed() || text.contains("connect") || text.contains("timed out") {
                Self::Unavailable(text)
            } else {
                Self::Statement(text)
            };
        };
        let text = format!("{} ({})", db.message(), db.code().code());
        let code = db.code();
        if *code == State::UNIQUE_VIOLATION
            || *code == State::FOREIGN_KEY_VIOLATION
            || *code == State::T_R_SERIALIZATION_FAILURE
            || *code == State::T_R_DEADLOCK_DETECTED
        {
            return Self::Conflict(text);
        }
        match code.code().get(..2) {
            Some("08" | "53" | "57" | "55" | "25") => Self::Unavailable(text),
            Some("28" | "3D") => Self::Unusable(text),
            _ => Self::Statement(text),
        }
    }
}
