//! What has to differ between the two databases, each under a name.

/// The dialect of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite 3.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Dialect {
    /// The end of a `SELECT` that keeps its rows as they are until the unit
    /// ends, and sees them as they stand once others have let go of them.
    /// SQLite has one writer, which sees nothing else.
    #[must_use]
    pub const fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            // Rows elsewhere may refer to this one meanwhile: its key stays.
            Self::Postgres => " FOR NO KEY UPDATE",
        }
    }

    /// The same for rows that the unit is about to delete: it waits for the units
    /// that refer to them ([`for_reference`](Self::for_reference)).
    #[must_use]
    pub const fn for_delete(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE",
        }
    }

    /// The end of a `SELECT` whose rows stay until the unit ends. Others may refer
    /// to them and change them meanwhile, but not delete them.
    #[must_use]
    pub const fn for_reference(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR KEY SHARE",
        }
    }

    /// Counts the tables of the name `$1`: none or one.
    #[must_use]
    pub const fn count_tables(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1",
            Self::Postgres => {
                "SELECT COUNT(*) FROM (SELECT to_regclass(CAST($1 AS TEXT)) AS found) AS named \
                 WHERE found IS NOT NULL"
            }
        }
    }

    /// Whether what a unit has read stays so until it ends, since nobody else
    /// writes meanwhile.
    #[must_use]
    pub const fn has_one_writer(self) -> bool {
        matches!(self, Self::Sqlite)
    }
}

/// A statement's text for SQLite, which numbers its parameters `?1`. Our
/// statements hold no other `$`.
#[must_use]
pub fn sqlite_text(sql: &str) -> String {
    sql.replace('$', "?")
}

/// The longest text that is searched for, in octets. SQLite refuses patterns of
/// more than 50,000.
const LONGEST_SEARCH: usize = 16_384;

/// A pattern for `LIKE … ESCAPE '\'` that finds `text` anywhere; `None` for a
/// text that stands nowhere: over-long, or with a NUL.
#[must_use]
pub fn like_anywhere(text: &str) -> Option<String> {
    if text.len() > LONGEST_SEARCH || text.contains('\0') {
        return None;
    }
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    Some(pattern)
}

/// The most values of one [`any_of`].
pub const ANY_OF_MOST: usize = 512;

/// Parameters for `IN (…)` from `$first` on, for `count` values: their text,
/// and how many they are. There are more of them than values, so that the
/// statements that have to be prepared are few; the last value fills them up.
#[must_use]
pub fn any_of(first: usize, count: usize) -> (String, usize) {
    let sizes = [1, 16, 128, ANY_OF_MOST];
    let size = sizes.into_iter().find(|size| *size >= count);
    let size = size.unwrap_or(count);
    let names: Vec<String> = (first..first + size).map(|n| format!("${n}")).collect();
    (names.join(", "), size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        assert_eq!(sqlite_text("a = $1 AND b = $12"), "a = ?1 AND b = ?12");
        assert_eq!(any_of(2, 1), ("$2".to_owned(), 1));
        assert_eq!(any_of(1, 2).1, 16);
        assert!(any_of(1, 16).0.ends_with(", $16"));
        assert_eq!(any_of(1, 600).1, 600);
        assert_eq!(like_anywhere("50%_\\").as_deref(), Some("%50\\%\\_\\\\%"));
        assert_eq!(like_anywhere("a\0"), None);
        assert_eq!(like_anywhere(&"a".repeat(LONGEST_SEARCH + 1)), None);
    }
}
