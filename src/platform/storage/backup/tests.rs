use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::platform::storage::{Db, params};

async fn database(folder: &Path) -> (Db, PathBuf) {
    let path = folder.join("doorward.db");
    let db = Db::open(&format!("sqlite://{}", path.display()))
        .await
        .unwrap();
    (db, path)
}

async fn set(db: &Db, key: &'static str) {
    let sql = "INSERT INTO settings (key, value) VALUES ($1, '1')";
    let done: Result<u64, StorageError> = db
        .write(move |tx| Box::pin(async move { tx.execute(sql, params![key]).await }))
        .await;
    done.unwrap();
}

fn keys(path: &Path) -> Vec<String> {
    let connection = open_copy(path).unwrap();
    let mut statement = connection
        .prepare("SELECT key FROM settings ORDER BY key")
        .unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "doorward.db.migrate-lock")
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_copy_is_one_file_for_its_owner_and_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let (db, path) = database(folder.path()).await;
    set(&db, "a").await;
    let to = folder.path().join("copy.db");
    let copied = backup(&path, &to, false).unwrap();
    assert!(copied.schema >= 6 && copied.bytes > 0, "{copied:?}");
    assert_eq!(keys(&to), ["a"]);
    let mode = fs::metadata(&to).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    set(&db, "b").await;
    assert!(matches!(
        backup(&path, &to, false),
        Err(BackupError::Exists(_))
    ));
    assert_eq!(keys(&to), ["a"]);
    backup(&path, &to, true).unwrap();
    assert_eq!(keys(&to), ["a", "b"]);
    assert!(matches!(
        backup(&path, &path, true),
        Err(BackupError::Same(_))
    ));
    let expected = [
        "copy.db",
        "doorward.db",
        "doorward.db-shm",
        "doorward.db-wal",
    ];
    assert_eq!(names(folder.path()), expected, "nothing is left over");
}

#[tokio::test]
async fn a_copy_is_put_back_when_nobody_has_the_database_open() {
    let folder = tempfile::tempdir().unwrap();
    let (db, path) = database(folder.path()).await;
    set(&db, "a").await;
    let to = folder.path().join("copy.db");
    backup(&path, &to, false).unwrap();
    set(&db, "b").await;
    assert!(matches!(
        restore(&to, &path, true),
        Err(BackupError::Open(_))
    ));
    set(&db, "c").await;
    drop(db);
    // The threads of the database end by themselves.
    let restored = loop {
        match restore(&to, &path, false) {
            Err(BackupError::Open(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
            other => break other.unwrap(),
        }
    };
    assert_eq!(keys(&path), ["a"]);
    let aside = restored.aside.unwrap();
    assert_eq!(keys(&aside), ["a", "b", "c"]);
    assert!(restored.migrated.is_empty());
    let again = restore(&to, &path, false).unwrap();
    assert_ne!(again.aside.unwrap(), aside, "nothing is thrown away");
    let (db, _) = database(folder.path()).await;
    set(&db, "d").await;
}

#[tokio::test]
async fn what_is_no_copy_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (db, path) = database(folder.path()).await;
    set(&db, "a").await;
    let copy = folder.path().join("copy.db");
    backup(&path, &copy, false).unwrap();
    drop(db);
    let bad = folder.path().join("bad.db");
    let refused = |content: &[u8]| {
        fs::write(&bad, content).unwrap();
        let error = loop {
            match restore(&bad, &path, false) {
                Err(BackupError::Open(_)) => std::thread::sleep(Duration::from_millis(20)),
                other => break other.unwrap_err(),
            }
        };
        assert_eq!(keys(&path), ["a"], "{error}");
        error
    };
    let good = fs::read(&copy).unwrap();
    assert!(matches!(
        refused(b"garbage in the place of a database"),
        BackupError::Damaged { .. }
    ));
    assert!(matches!(refused(b""), BackupError::Foreign(_)));
    let mut torn = good.clone();
    torn.truncate(good.len() / 2);
    assert!(matches!(refused(&torn), BackupError::Damaged { .. }));
    let mut flipped = good.clone();
    let middle = flipped.len() / 2 / 4096 * 4096;
    flipped[middle..middle + 64].fill(0xff);
    assert!(matches!(refused(&flipped), BackupError::Damaged { .. }));
    // Of a later version.
    fs::write(&bad, &good).unwrap();
    open(&bad)
        .unwrap()
        .execute(
            "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
             VALUES (999, 'later', '2030-01-01T00:00:00Z', '1')",
            [],
        )
        .unwrap();
    let later = fs::read(&bad).unwrap();
    let error = refused(&later);
    assert!(matches!(error, BackupError::Version { .. }), "{error}");
    assert!(error.to_string().contains("newer"), "{error}");
    let missing = folder.path().join("nothing.db");
    assert!(matches!(
        restore(&missing, &path, false),
        Err(BackupError::Missing(_))
    ));
    assert!(
        names(folder.path())
            .iter()
            .all(|n| !n.contains("unfinished"))
    );
}

#[tokio::test]
async fn a_damaged_database_is_replaced_on_demand_only() {
    let folder = tempfile::tempdir().unwrap();
    let (db, path) = database(folder.path()).await;
    set(&db, "a").await;
    let copy = folder.path().join("copy.db");
    backup(&path, &copy, false).unwrap();
    drop(db);
    let broken = folder.path().join("broken.db");
    fs::write(
        &broken,
        "what a disk left of a database, which is no longer one",
    )
    .unwrap();
    let error = restore(&copy, &broken, false).unwrap_err();
    assert!(matches!(error, BackupError::Unreadable { .. }), "{error}");
    let restored = restore(&copy, &broken, true).unwrap();
    assert_eq!(keys(&broken), ["a"]);
    let kept = fs::read(restored.aside.unwrap()).unwrap();
    assert!(kept.starts_with(b"what a disk left"));
    // Into a place where there is none.
    let empty = folder.path().join("below/doorward.db");
    let restored = restore(&copy, &empty, false).unwrap();
    assert_eq!((keys(&empty), restored.aside), (vec!["a".to_owned()], None));
}
