//! Whether the database is of this version.

use super::Findings;
use crate::platform::storage::Db;

pub(super) async fn check(db: &Db, findings: &mut Findings) {
    const KEY: &str = "database.url";
    match db.schema().await {
        Ok(schema) if !schema.foreign.is_empty() => findings.problem(
            KEY,
            format!(
                "was written by a newer or another version of the gateway, which also has {}; run that version, \
                 or restore a backup",
                schema.foreign.join(", ")
            ),
        ),
        Ok(schema) if !schema.missing.is_empty() => findings.warning(
            KEY,
            format!(
                "the database is not up to date: {} to come; `doorward migrate` or the next start does that",
                schema.missing.join(", ")
            ),
        ),
        Ok(_) => {}
        Err(error) => findings.problem(KEY, error.to_string()),
    }
}
