//! Opening a database: made when missing, brought up to date once, and never
//! harmed when it cannot be used.

use std::sync::Arc;
use std::time::{Duration, Instant};

use doorward::platform::storage::{Db, Schema, StorageError};

use crate::place::{Ground, Kind, Place, open, raw_postgres};

on_empty_ground!(
    migrating_twice_is_migrating_once,
    eight_open_an_empty_database_at_once,
    opening_goes_on_while_others_write,
    a_newer_version_is_refused_in_words,
    another_history_is_refused_in_words,
);

async fn applied(db: &Db) -> Vec<i64> {
    let rows = db
        .read(|tx| {
            Box::pin(async move {
                let sql = "SELECT version FROM refinery_schema_history ORDER BY version";
                tx.query(sql, &[]).await
            })
        })
        .await;
    let rows: Result<_, StorageError> = rows;
    rows.unwrap()
        .into_iter()
        .map(|row| row.reader().int().unwrap())
        .collect()
}

/// The versions that there are files of.
fn known() -> Vec<i64> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite");
    let mut versions: Vec<i64> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name[1..].split("__").next().unwrap().parse().unwrap())
        .collect();
    versions.sort_unstable();
    versions
}

async fn migrating_twice_is_migrating_once(ground: Arc<Ground>) {
    let db = Db::connect(&ground.url).await.unwrap();
    let empty = db.schema().await.unwrap();
    assert_eq!(empty.missing.len(), known().len(), "{empty:?}");
    assert!(empty.foreign.is_empty());
    let first = db.migrate().await.unwrap();
    assert_eq!(db.schema().await.unwrap(), Schema::default());
    assert_eq!(empty.missing, first);
    assert_eq!(first.len(), known().len(), "{first:?}");
    assert!(db.migrate().await.unwrap().is_empty());
    let place = Place::on(Arc::clone(&ground)).await;
    let user = place.user_at("ada@example.com").await;
    let again = Place::on(ground).await;
    assert_eq!(again.directory.user(&user.id).await.unwrap(), user);
    assert_eq!(applied(&db).await, known());
}

async fn eight_open_an_empty_database_at_once(ground: Arc<Ground>) {
    let opens: Vec<_> = (0..8)
        .map(|_| {
            let url = ground.url.clone();
            tokio::spawn(async move { open(&url).await })
        })
        .collect();
    for open in opens {
        let db = open.await.unwrap().expect("each of them opens");
        db.ping_write().await.unwrap();
        assert_eq!(applied(&db).await, known());
    }
}

async fn opening_goes_on_while_others_write(ground: Arc<Ground>) {
    let place = Place::on(Arc::clone(&ground)).await;
    let writer = tokio::spawn(async move {
        for n in 0..60 {
            place.user_at(&format!("u{n}@example.com")).await;
        }
        place
    });
    for _ in 0..5 {
        let db = open(&ground.url).await.unwrap();
        // Once more when the machine is too busy for the time that the gateway
        // gives its database.
        if let Err(StorageError::Unavailable(_)) = db.ping_write().await {
            db.ping_write().await.unwrap();
        }
    }
    let place = writer.await.unwrap();
    assert_eq!(place.directory.active_users().await.unwrap(), 60);
}

/// Opens, and is told why not.
async fn refused(url: &str) -> String {
    match open(url).await {
        Err(StorageError::Unusable(words)) => words,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it opened"),
    }
}

async fn a_newer_version_is_refused_in_words(ground: Arc<Ground>) {
    let place = Place::on(Arc::clone(&ground)).await;
    let user = place.user_at("ada@example.com").await;
    let sql = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
               VALUES (999, 'future', '2030-01-01T00:00:00Z', '1')";
    place.execute(sql, &[]).await.unwrap();
    let words = refused(&ground.url).await;
    assert!(words.contains("newer") && words.contains("999"), "{words}");
    // Nothing was lost.
    let sql = "DELETE FROM refinery_schema_history WHERE version = 999";
    place.execute(sql, &[]).await.unwrap();
    let again = Place::on(ground).await;
    assert_eq!(again.directory.user(&user.id).await.unwrap(), user);
}

async fn another_history_is_refused_in_words(ground: Arc<Ground>) {
    let place = Place::on(Arc::clone(&ground)).await;
    let sql = "UPDATE refinery_schema_history SET checksum = '1' WHERE version = 1";
    place.execute(sql, &[]).await.unwrap();
    let words = refused(&ground.url).await;
    assert!(words.contains("version of the gateway"), "{words}");
}

/// A file with one user in it, nobody having it open, and its octets.
async fn closed_file(ground: &Arc<Ground>) -> Vec<u8> {
    let place = Place::on(Arc::clone(ground)).await;
    place.user_at("ada@example.com").await;
    drop(place);
    closed(ground).await;
    std::fs::read(ground.file()).unwrap()
}

/// Waits until nobody has the file open. The threads end soon after the last
/// handle; SQLite then folds its log into the file and takes the log away. Of
/// two that close at the same moment each takes the other for the last, so one
/// more comes and goes.
async fn closed(ground: &Arc<Ground>) {
    let wal = ground.file().with_extension("db-wal");
    for _ in 0..500 {
        if !wal.exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        let visitor = rusqlite::Connection::open(ground.file()).unwrap();
        let sql = "SELECT COUNT(*) FROM sqlite_master";
        drop(visitor.query_row(sql, [], |row| row.get::<_, i64>(0)));
    }
    panic!("the file is still open");
}

fn on_a_file<F: Future<Output = ()>>(test: impl FnOnce(Arc<Ground>) -> F) {
    crate::place::run_on_ground(Kind::Sqlite, test);
}

#[test]
fn what_is_no_database_stays_as_it_is() {
    on_a_file(async |ground| {
        let path = ground.file();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = "Dear diary, ".repeat(5_000);
        std::fs::write(path, &text).unwrap();
        let words = refused(&ground.url).await;
        assert!(words.contains("no SQLite database"), "{words}");
        assert_eq!(std::fs::read_to_string(path).unwrap(), text);
    });
}

#[test]
fn a_damaged_file_is_told_and_stays_as_it_is() {
    on_a_file(async |ground| {
        let whole = closed_file(&ground).await;
        let path = ground.file();
        let zeros = |range: std::ops::Range<usize>| {
            let mut octets = whole.clone();
            octets[range].fill(0);
            octets
        };
        let page = 4096;
        for (what, damaged) in [
            ("its header is gone", zeros(0..100)),
            ("its schema is gone", zeros(100..page)),
            ("the end is cut off", whole[..page * 3 + 100].to_vec()),
            ("noise all over", noise(&whole, 1_000)),
        ] {
            std::fs::write(path, &damaged).unwrap();
            let words = refused(&ground.url).await;
            assert!(words.contains("damaged"), "{what}: {words}");
            assert_eq!(std::fs::read(path).unwrap(), damaged, "{what}");
        }
        std::fs::write(path, &whole).unwrap();
        let place = Place::on(ground).await;
        assert_eq!(place.directory.active_users().await.unwrap(), 1);
    });
}

/// The file with octets turned over after its first page's head.
fn noise(whole: &[u8], count: usize) -> Vec<u8> {
    let mut octets = whole.to_vec();
    let step = (octets.len() - 100) / count;
    for at in (100..octets.len()).step_by(step) {
        octets[at] ^= 0x5a;
    }
    octets
}

#[test]
fn damage_in_the_midst_is_an_error_and_not_an_empty_answer() {
    on_a_file(async |ground| {
        let mut octets = closed_file(&ground).await;
        // Every page but the schema's and refinery's own.
        let place = Place::on(Arc::clone(&ground)).await;
        let sql = "SELECT rootpage FROM sqlite_master WHERE name = 'users'";
        let root = usize::try_from(place.count(sql).await).unwrap();
        drop(place);
        octets[(root - 1) * 4096..root * 4096].fill(0xff);
        closed_file_again(&ground, &octets).await;
        let db = Db::open(&ground.url).await.unwrap();
        let outcome = db
            .read(|tx| Box::pin(async move { tx.query("SELECT name FROM users", &[]).await }))
            .await;
        assert!(
            matches!(outcome, Err(StorageError::Unusable(_))),
            "{outcome:?}"
        );
    });
}

async fn closed_file_again(ground: &Arc<Ground>, octets: &[u8]) {
    closed(ground).await;
    std::fs::write(ground.file(), octets).unwrap();
}

#[test]
fn a_read_only_file_is_told_and_stays_as_it_is() {
    on_a_file(async |ground| {
        let mut octets = closed_file(&ground).await;
        // A write version above 2 makes a file read-only to everybody (SQLite's
        // file format, §1.3.3), to root as well, unlike the file's mode.
        octets[18] = 3;
        std::fs::write(ground.file(), &octets).unwrap();
        let words = match Db::open(&ground.url).await {
            // It opens, and what reads goes on.
            Ok(db) => {
                db.ping().await.unwrap();
                match db.ping_write().await {
                    Err(StorageError::Unusable(words)) => words,
                    other => panic!("{other:?}"),
                }
            }
            Err(StorageError::Unusable(words)) => words,
            Err(other) => panic!("{other:?}"),
        };
        assert!(words.contains("read-only"), "{words}");
        assert_eq!(std::fs::read(ground.file()).unwrap(), octets);
    });
}

#[test]
fn a_place_where_no_file_can_be_is_told() {
    on_a_file(async |ground| {
        let folder = ground.file().parent().unwrap();
        std::fs::create_dir_all(ground.file()).unwrap();
        let words = refused(&ground.url).await;
        assert!(words.contains("cannot be opened"), "{words}");
        let file = folder.join("file");
        std::fs::write(&file, "x").unwrap();
        let words = refused(&format!("sqlite://{}/below.db", file.display())).await;
        assert!(words.contains("cannot be made"), "{words}");
        for url in ["sqlite://", "sqlite://:memory:"] {
            assert!(refused(url).await.contains("names no file"));
        }
    });
}

#[test]
fn a_locked_file_is_unavailable_and_then_available_again() {
    on_a_file(async |ground| {
        let place = Place::on(Arc::clone(&ground)).await;
        let other = rusqlite::Connection::open(ground.file()).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let began = Instant::now();
        let outcome = place.db.ping_write().await;
        assert!(
            matches!(outcome, Err(StorageError::Unavailable(_))),
            "{outcome:?}"
        );
        let took = began.elapsed();
        assert!(took < Duration::from_secs(6), "{took:?}");
        place.db.ping().await.unwrap();
        other.execute_batch("ROLLBACK").unwrap();
        place.db.ping_write().await.unwrap();
    });
}

#[test]
fn a_server_that_cannot_be_used_is_told() {
    crate::place::run_on_ground(Kind::Postgres, async |ground| {
        let url = |edit: &dyn Fn(&mut url::Url)| {
            let mut url = url::Url::parse(&ground.url).unwrap();
            edit(&mut url);
            url.to_string()
        };
        let words = refused(&url(&|u| u.set_password(Some("wrong")).unwrap())).await;
        assert!(words.contains("password"), "{words}");
        let words = refused(&url(&|u| u.set_path("/not_there"))).await;
        assert!(words.contains("not_there"), "{words}");
        assert!(
            refused("postgres://host:port/x")
                .await
                .contains("not understood")
        );
        let began = Instant::now();
        let outcome = Db::open(&url(&|u| u.set_port(Some(1)).unwrap())).await;
        assert!(matches!(outcome, Err(StorageError::Unavailable(_))));
        assert!(began.elapsed() < Duration::from_secs(3));
    });
}

#[test]
fn a_server_that_drops_its_connections_is_found_again() {
    crate::place::run_on_ground(Kind::Postgres, async |ground| {
        let place = Place::on(Arc::clone(&ground)).await;
        place.db.ping_write().await.unwrap();
        let other = raw_postgres(&ground.url).await;
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        other.execute(sql, &[]).await.unwrap();
        // The first to notice may be told so; nobody is told anything else.
        for _ in 0..20 {
            match place.db.ping_write().await {
                Ok(()) => return,
                Err(StorageError::Unavailable(_)) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        panic!("the server is not found again");
    });
}
