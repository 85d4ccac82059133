//! The four kinds of values that columns hold.

use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::domain::ids::PasskeyId;
use crate::domain::{
    ConflictId, GroupId, Reference, Slug, Timestamp, TokenId, TraceId, UserId, WebhookId,
};

/// A parameter of a statement or a value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// TEXT.
    Text(String),
    /// BIGINT.
    Int(i64),
    /// BOOLEAN.
    Bool(bool),
    /// BYTEA or BLOB.
    Blob(Vec<u8>),
}

macro_rules! from {
    ($($type:ty => |$value:ident| $make:expr),+ $(,)?) => {
        $(impl From<$type> for Value {
            fn from($value: $type) -> Self { $make }
        })+
    };
}

from! {
    String => |v| Self::Text(v),
    &String => |v| Self::Text(v.clone()),
    &str => |v| Self::Text(v.to_owned()),
    i64 => |v| Self::Int(v),
    u32 => |v| Self::Int(i64::from(v)),
    bool => |v| Self::Bool(v),
    Vec<u8> => |v| Self::Blob(v),
    &[u8] => |v| Self::Blob(v.to_vec()),
    Timestamp => |v| Self::Int(v.millis()),
    &UserId => |v| Self::Text(v.as_str().to_owned()),
    &GroupId => |v| Self::Text(v.as_str().to_owned()),
    &TokenId => |v| Self::Text(v.as_str().to_owned()),
    &WebhookId => |v| Self::Text(v.as_str().to_owned()),
    &TraceId => |v| Self::Text(v.as_str().to_owned()),
    &ConflictId => |v| Self::Text(v.as_str().to_owned()),
    &PasskeyId => |v| Self::Text(v.as_str().to_owned()),
    &Reference => |v| Self::Text(v.as_str().to_owned()),
    &Slug => |v| Self::Text(v.as_str().to_owned()),
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// PostgreSQL keeps no NUL in a text, and SQLite's own functions take it for the
/// text's end: what one of the two cannot keep, neither is given.
fn refuse_nul(text: &str) -> Result<(), Box<dyn std::error::Error + Sync + Send>> {
    if text.contains('\0') {
        return Err("a text holds a NUL character".into());
    }
    Ok(())
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        if let Self::Text(text) = self {
            refuse_nul(text).map_err(rusqlite::Error::ToSqlConversionFailure)?;
        }
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Int(int) => ValueRef::Integer(*int),
            Self::Bool(bool) => ValueRef::Integer(i64::from(*bool)),
            Self::Blob(blob) => ValueRef::Blob(blob),
        }))
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Text(text) => {
                refuse_nul(text)?;
                text.to_sql(ty, out)
            }
            Self::Int(int) => int.to_sql(ty, out),
            Self::Bool(bool) => bool.to_sql(ty, out),
            Self::Blob(blob) => blob.to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        matches!(
            *ty,
            Type::TEXT | Type::VARCHAR | Type::INT8 | Type::BOOL | Type::BYTEA | Type::UNKNOWN
        )
    }

    to_sql_checked!();
}

/// Writes the parameters of a statement: each turns itself into a
/// [`Value`](crate::platform::storage::Value).
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$($crate::platform::storage::Value::from($value)),*]
    };
}
