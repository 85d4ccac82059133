//! Rows, read column by column in the order of the query.

use super::error::StorageError;
use super::value::Value;

/// One row of a query's answer.
#[derive(Clone, Debug)]
pub struct Row(Vec<Value>);

impl Row {
    pub(super) const fn new(values: Vec<Value>) -> Self {
        Self(values)
    }

    /// Reads the row from its first column on.
    #[must_use]
    pub fn reader(self) -> Reader {
        Reader {
            values: self.0.into_iter(),
            at: 0,
        }
    }
}

/// Reads a row: each call takes the next column.
#[derive(Debug)]
pub struct Reader {
    values: std::vec::IntoIter<Value>,
    at: usize,
}

impl Reader {
    fn next(&mut self) -> Result<Value, StorageError> {
        self.at += 1;
        self.values.next().ok_or(StorageError::Column {
            at: self.at,
            wanted: "a column",
        })
    }

    const fn wrong<T>(&self, wanted: &'static str) -> Result<T, StorageError> {
        Err(StorageError::Column {
            at: self.at,
            wanted,
        })
    }

    /// A text.
    pub fn text(&mut self) -> Result<String, StorageError> {
        match self.next()? {
            Value::Text(text) => Ok(text),
            _ => self.wrong("a text"),
        }
    }

    /// A text or nothing.
    pub fn opt_text(&mut self) -> Result<Option<String>, StorageError> {
        match self.next()? {
            Value::Text(text) => Ok(Some(text)),
            Value::Null => Ok(None),
            _ => self.wrong("a text or nothing"),
        }
    }

    /// A number.
    pub fn int(&mut self) -> Result<i64, StorageError> {
        match self.next()? {
            Value::Int(int) => Ok(int),
            _ => self.wrong("a number"),
        }
    }

    /// A number or nothing.
    pub fn opt_int(&mut self) -> Result<Option<i64>, StorageError> {
        match self.next()? {
            Value::Int(int) => Ok(Some(int)),
            Value::Null => Ok(None),
            _ => self.wrong("a number or nothing"),
        }
    }

    /// A truth value; SQLite keeps it as 0 or 1.
    pub fn bool(&mut self) -> Result<bool, StorageError> {
        match self.next()? {
            Value::Bool(bool) => Ok(bool),
            Value::Int(int) => Ok(int != 0),
            _ => self.wrong("a truth value"),
        }
    }

    /// Octets.
    pub fn blob(&mut self) -> Result<Vec<u8>, StorageError> {
        match self.next()? {
            Value::Blob(blob) => Ok(blob),
            _ => self.wrong("octets"),
        }
    }

    /// Octets or nothing.
    pub fn opt_blob(&mut self) -> Result<Option<Vec<u8>>, StorageError> {
        match self.next()? {
            Value::Blob(blob) => Ok(Some(blob)),
            Value::Null => Ok(None),
            _ => self.wrong("octets or nothing"),
        }
    }

    /// A time.
    pub fn time(&mut self) -> Result<crate::domain::Timestamp, StorageError> {
        self.int().map(crate::domain::Timestamp)
    }

    /// A time or nothing.
    pub fn opt_time(&mut self) -> Result<Option<crate::domain::Timestamp>, StorageError> {
        Ok(self.opt_int()?.map(crate::domain::Timestamp))
    }

    /// A text that one of our own enumerations or JSON shapes was written to.
    pub fn parsed<T>(&mut self, read: impl Fn(&str) -> Option<T>) -> Result<T, StorageError> {
        let text = self.text()?;
        read(&text).ok_or(StorageError::Column {
            at: self.at,
            wanted: "a known word",
        })
    }

    /// JSON in a TEXT column.
    pub fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, StorageError> {
        let text = self.text()?;
        serde_json::from_str(&text).map_err(|_| StorageError::Column {
            at: self.at,
            wanted: "JSON of a known shape",
        })
    }
}
