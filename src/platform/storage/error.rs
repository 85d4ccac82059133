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

    /// A unit that ended by a panic.
    pub(super) fn broke_off() -> Self {
        Self::Statement("the unit of work broke off".to_owned())
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
        Self::from(&error)
    }
}

impl From<tokio_postgres::Error> for StorageError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&rusqlite::Error> for StorageError {
    fn from(error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        use rusqlite::ffi;
        let text = match error {
            // Without its cause this one says nothing.
            rusqlite::Error::ToSqlConversionFailure(cause) => format!("{error}: {cause}"),
            _ => error.to_string(),
        };
        match error.sqlite_error_code() {
            // Of the constraints only those that another unit can have broken
            // first: a value that may not be NULL is NULL the next time too.
            Some(Code::ConstraintViolation)
                if matches!(
                    error.sqlite_error().map(|e| e.extended_code),
                    Some(
                        ffi::SQLITE_CONSTRAINT_UNIQUE
                            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
                            | ffi::SQLITE_CONSTRAINT_ROWID
                            | ffi::SQLITE_CONSTRAINT_FOREIGNKEY
                    )
                ) =>
            {
                Self::Conflict(text)
            }
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

impl From<&tokio_postgres::Error> for StorageError {
    fn from(error: &tokio_postgres::Error) -> Self {
        use tokio_postgres::error::SqlState as State;
        let Some(db) = error.as_db_error() else {
            let source = std::error::Error::source(error).map(ToString::to_string);
            let text = source.map_or_else(|| error.to_string(), |s| format!("{error}: {s}"));
            return without_code(&error.to_string(), text);
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

/// What an error is that did not come from the server: the driver keeps the kind
/// to itself, so its fixed words have to tell.
fn without_code(words: &str, text: String) -> StorageError {
    const SETUP: [&str; 4] = [
        "authentication error",
        "error performing TLS handshake",
        "invalid configuration",
        "invalid connection string",
    ];
    const OURS: [&str; 6] = [
        "error serializing parameter",
        "error deserializing column",
        "error encoding message",
        "invalid column",
        "expected ",
        "query returned",
    ];
    let is_one_of = |list: &[&str]| list.iter().any(|start| words.starts_with(start));
    if is_one_of(&SETUP) {
        StorageError::Unusable(text)
    } else if is_one_of(&OURS) {
        StorageError::Statement(text)
    } else {
        // The way to the server broke, in one of the ways in which it can.
        StorageError::Unavailable(text)
    }
}
