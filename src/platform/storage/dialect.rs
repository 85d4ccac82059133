//! What has to differ between the two databases, each under a name.

/// The dialect of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite 3.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// A statement's text for SQLite, which numbers its parameters `?1`. Our
/// statements hold no other `$`.
#[must_use]
pub fn sqlite_text(sql: &str) -> String {
    sql.replace('$', "?")
}

/// A pattern for `LIKE … ESCAPE '\'` that finds `text` anywhere.
#[must_use]
pub fn like_anywhere(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        assert_eq!(sqlite_text("a = $1 AND b = $12"), "a = ?1 AND b = ?12");
        assert_eq!(like_anywhere("50%_\\"), "%50\\%\\_\\\\%");
    }
}
