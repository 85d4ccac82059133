//! Units of work: all or nothing, once, and durable when they say so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use doorward::platform::storage::dialect::Dialect;
use doorward::platform::storage::{Db, StorageError, Tx, UnitError, params};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::place::Place;

on_both!(
    what_succeeds_stands,
    what_fails_leaves_nothing,
    a_panic_leaves_nothing_and_the_next_unit_works,
    a_caller_who_leaves_leaves_nothing,
    a_unit_that_waits_for_a_leaving_caller_is_not_run,
    a_conflict_is_tried_again_from_the_start,
    an_endless_conflict_ends,
    other_errors_are_not_tried_again,
    of_two_who_insert_the_same_key_one_sees_the_other,
    a_statement_that_failed_has_failed_its_unit,
    a_unit_that_awaits_something_else,
    readers_see_what_is_committed_and_nothing_else,
    a_read_is_one_snapshot,
    a_read_writes_nothing,
    a_named_lock_keeps_others_out,
    many_units_at_once_all_stand,
    units_that_wait_together_share_a_commit,
    one_failing_unit_takes_only_itself_back,
    a_transaction_taken_back_by_the_database_is_told_to_all,
    pings_answer,
);

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("on purpose")]
    OnPurpose,
}

impl UnitError for Trouble {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Storage(e) if e.is_conflict())
    }
}

async fn put(tx: &mut Tx, key: &str) -> Result<(), StorageError> {
    let sql = "INSERT INTO settings (key, value) VALUES ($1, '1')";
    tx.execute(sql, params![key]).await.map(|_| ())
}

async fn put_alone(db: &Db, key: &str) -> Result<(), StorageError> {
    let key = key.to_owned();
    db.write(move |tx| {
        let key = key.clone();
        Box::pin(async move { put(tx, &key).await })
    })
    .await
}

async fn keys(place: &Place) -> Vec<String> {
    let rows = place
        .query("SELECT key FROM settings ORDER BY key", &[])
        .await;
    rows.unwrap()
        .into_iter()
        .map(|row| row.reader().text().unwrap())
        .collect()
}

/// Holds a unit up until told to go on, and tells when it has begun.
struct Gate {
    begun: UnboundedReceiver<()>,
    go_on: UnboundedSender<()>,
}

#[derive(Clone)]
struct Held {
    begun: UnboundedSender<()>,
    go_on: Arc<Mutex<UnboundedReceiver<()>>>,
}

impl Gate {
    fn new() -> (Self, Held) {
        let (tell, begun) = unbounded_channel();
        let (go_on, wait) = unbounded_channel();
        let held = Held {
            begun: tell,
            go_on: Arc::new(Mutex::new(wait)),
        };
        (Self { begun, go_on }, held)
    }

    async fn begun(&mut self) {
        self.begun.recv().await.unwrap();
    }

    fn open(&self) {
        // On PostgreSQL a unit whose caller has left is gone already.
        let _ = self.go_on.send(());
    }
}

impl Held {
    /// Waits as each backend can: a unit on SQLite has a thread to itself, and
    /// may not await anything else.
    async fn wait(&self, dialect: Dialect) {
        self.begun.send(()).unwrap();
        let mut go_on = self.go_on.lock().await;
        if dialect == Dialect::Postgres {
            go_on.recv().await.unwrap();
            return;
        }
        for _ in 0..10_000 {
            if go_on.try_recv().is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        panic!("nobody opened the gate");
    }
}

async fn what_succeeds_stands(place: Place) {
    put_alone(&place.db, "a").await.unwrap();
    assert_eq!(keys(&place).await, ["a"]);
    // Also for whoever opens the database anew.
    let again = Db::open(&place.ground.url).await.unwrap();
    let found: i64 = again
        .read(|tx| Box::pin(async move { tx.count("SELECT COUNT(*) FROM settings", &[]).await }))
        .await
        .unwrap_or_else(|e: StorageError| panic!("{e}"));
    assert_eq!(found, 1);
}

async fn what_fails_leaves_nothing(place: Place) {
    let outcome = place
        .db
        .write(|tx| {
            Box::pin(async move {
                put(tx, "a").await?;
                put(tx, "b").await?;
                Err::<(), _>(Trouble::OnPurpose)
            })
        })
        .await;
    assert!(matches!(outcome, Err(Trouble::OnPurpose)));
    assert!(keys(&place).await.is_empty());
}

async fn a_panic_leaves_nothing_and_the_next_unit_works(place: Place) {
    for _ in 0..3 {
        let outcome: Result<(), StorageError> = place
            .db
            .write(|tx| {
                Box::pin(async move {
                    put(tx, "a").await?;
                    panic!("on purpose")
                })
            })
            .await;
        assert!(
            matches!(outcome, Err(StorageError::Statement(_))),
            "{outcome:?}"
        );
        let outcome: Result<(), StorageError> = place
            .db
            .read(|tx| {
                Box::pin(async move {
                    tx.query("SELECT 1", &[]).await?;
                    panic!("on purpose")
                })
            })
            .await;
        assert!(
            matches!(outcome, Err(StorageError::Statement(_))),
            "{outcome:?}"
        );
    }
    put_alone(&place.db, "b").await.unwrap();
    assert_eq!(keys(&place).await, ["b"]);
}

async fn a_caller_who_leaves_leaves_nothing(place: Place) {
    let (mut gate, held) = Gate::new();
    let db = place.db.clone();
    let caller = tokio::spawn(async move {
        db.write(move |tx| {
            let held = held.clone();
            Box::pin(async move {
                put(tx, "a").await?;
                held.wait(tx.dialect()).await;
                put(tx, "b").await
            })
        })
        .await
    });
    gate.begun().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    gate.open();
    put_alone(&place.db, "c").await.unwrap();
    assert_eq!(keys(&place).await, ["c"]);
}

/// PostgreSQL has nobody waiting: there the pool's limit is what makes units
/// wait, and the same holds.
async fn a_unit_that_waits_for_a_leaving_caller_is_not_run(place: Place) {
    let (mut gate, held) = Gate::new();
    let db = place.db.clone();
    let first = tokio::spawn(async move {
        db.write(move |tx| {
            let held = held.clone();
            Box::pin(async move {
                put(tx, "a").await?;
                held.wait(tx.dialect()).await;
                Ok::<_, StorageError>(())
            })
        })
        .await
    });
    gate.begun().await;
    let has_run = Arc::new(AtomicBool::new(false));
    let (db, ran) = (place.db.clone(), Arc::clone(&has_run));
    let second = async move {
        db.write(move |tx| {
            let ran = Arc::clone(&ran);
            Box::pin(async move {
                // The same key: on PostgreSQL this waits for the first.
                put(tx, "a").await?;
                ran.store(true, Ordering::SeqCst);
                Ok::<_, StorageError>(())
            })
        })
        .await
    };
    assert!(
        tokio::time::timeout(Duration::from_millis(60), second)
            .await
            .is_err()
    );
    gate.open();
    first.await.unwrap().unwrap();
    put_alone(&place.db, "b").await.unwrap();
    assert!(!has_run.load(Ordering::SeqCst));
    assert_eq!(keys(&place).await, ["a", "b"]);
}

async fn a_conflict_is_tried_again_from_the_start(place: Place) {
    let attempts = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&attempts);
    place
        .db
        .write(move |tx| {
            let attempt = counter.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move {
                put(tx, &format!("k{attempt}")).await?;
                if attempt < 2 {
                    return Err(StorageError::stale("not yet"));
                }
                Ok(())
            })
        })
        .await
        .unwrap();
    assert_eq!(attempts.load(Ordering::SeqCst), 3);
    // What the first two attempts wrote is gone.
    assert_eq!(keys(&place).await, ["k2"]);
}

async fn an_endless_conflict_ends(place: Place) {
    put_alone(&place.db, "a").await.unwrap();
    let attempts = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&attempts);
    let outcome = place
        .db
        .write(move |tx| {
            counter.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move { put(tx, "a").await })
        })
        .await;
    assert!(
        matches!(outcome, Err(StorageError::Conflict(_))),
        "{outcome:?}"
    );
    assert_eq!(attempts.load(Ordering::SeqCst), 16);
}

async fn other_errors_are_not_tried_again(place: Place) {
    for sql in [
        "INSERT INTO settings (key, value) VALUES ('a', NULL)",
        "INSERT INTO nowhere (key) VALUES ('a')",
        "INSERT",
    ] {
        let attempts = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&attempts);
        let outcome = place
            .db
            .write(move |tx| {
                counter.fetch_add(1, Ordering::SeqCst);
                Box::pin(async move { tx.execute(sql, &[]).await })
            })
            .await;
        assert!(
            matches!(outcome, Err(StorageError::Statement(_))),
            "{sql}: {outcome:?}"
        );
        assert_eq!(attempts.load(Ordering::SeqCst), 1, "{sql}");
    }
}

async fn of_two_who_insert_the_same_key_one_sees_the_other(place: Place) {
    let mut tasks = Vec::new();
    for _ in 0..2 {
        let db = place.db.clone();
        tasks.push(tokio::spawn(async move {
            db.write(|tx| {
                Box::pin(async move {
                    let sql = "SELECT COUNT(*) FROM settings WHERE key = 'a'";
                    if tx.count(sql, &[]).await? > 0 {
                        return Ok::<_, StorageError>("saw it");
                    }
                    put(tx, "a").await?;
                    Ok("made it")
                })
            })
            .await
            .unwrap()
        }));
    }
    let mut told = Vec::new();
    for task in tasks {
        told.push(task.await.unwrap());
    }
    told.sort_unstable();
    assert_eq!(told, ["made it", "saw it"]);
}

async fn a_statement_that_failed_has_failed_its_unit(place: Place) {
    let outcome = place
        .db
        .write(|tx| {
            Box::pin(async move {
                put(tx, "a").await?;
                // An error swallowed: PostgreSQL would commit nothing of this
                // and report success.
                drop(
                    tx.execute("INSERT INTO nowhere (key) VALUES ('a')", &[])
                        .await,
                );
                Ok::<_, StorageError>(())
            })
        })
        .await;
    assert!(
        matches!(outcome, Err(StorageError::Statement(_))),
        "{outcome:?}"
    );
    assert!(keys(&place).await.is_empty());
    put_alone(&place.db, "b").await.unwrap();
    assert_eq!(keys(&place).await, ["b"]);
}

async fn a_unit_that_awaits_something_else(place: Place) {
    let outcome = place
        .db
        .write(|tx| {
            Box::pin(async move {
                put(tx, "a").await?;
                tokio::task::yield_now().await;
                Ok::<_, StorageError>(())
            })
        })
        .await;
    if place.is_sqlite() {
        assert!(matches!(outcome, Err(StorageError::Waited)), "{outcome:?}");
        assert!(keys(&place).await.is_empty());
    } else {
        outcome.unwrap();
    }
}

async fn readers_see_what_is_committed_and_nothing_else(place: Place) {
    let (mut gate, held) = Gate::new();
    let db = place.db.clone();
    let writer = tokio::spawn(async move {
        db.write(move |tx| {
            let held = held.clone();
            Box::pin(async move {
                put(tx, "a").await?;
                held.wait(tx.dialect()).await;
                Ok::<_, StorageError>(())
            })
        })
        .await
    });
    gate.begun().await;
    assert!(keys(&place).await.is_empty());
    gate.open();
    writer.await.unwrap().unwrap();
    assert_eq!(keys(&place).await, ["a"]);
    // Whoever is told of a commit finds it, time after time.
    for n in 0..50 {
        put_alone(&place.db, &format!("n{n}")).await.unwrap();
        assert_eq!(place.count("SELECT COUNT(*) FROM settings").await, n + 2);
    }
}

async fn a_read_is_one_snapshot(place: Place) {
    put_alone(&place.db, "a").await.unwrap();
    let (mut gate, held) = Gate::new();
    let db = place.db.clone();
    let reader = tokio::spawn(async move {
        db.read(move |tx| {
            let held = held.clone();
            Box::pin(async move {
                let before = tx.count("SELECT COUNT(*) FROM settings", &[]).await?;
                held.wait(tx.dialect()).await;
                let after = tx.count("SELECT COUNT(*) FROM settings", &[]).await?;
                Ok::<_, StorageError>((before, after))
            })
        })
        .await
    });
    gate.begun().await;
    put_alone(&place.db, "b").await.unwrap();
    gate.open();
    assert_eq!(reader.await.unwrap().unwrap(), (1, 1));
    assert_eq!(place.count("SELECT COUNT(*) FROM settings").await, 2);
}

async fn a_read_writes_nothing(place: Place) {
    let outcome: Result<(), StorageError> = place
        .db
        .read(|tx| Box::pin(async move { put(tx, "a").await }))
        .await;
    assert!(outcome.is_err());
    assert!(keys(&place).await.is_empty());
}

async fn a_named_lock_keeps_others_out(place: Place) {
    put_alone(&place.db, "n").await.unwrap();
    let mut tasks = Vec::new();
    for _ in 0..24 {
        let db = place.db.clone();
        tasks.push(tokio::spawn(async move {
            db.write(|tx| {
                Box::pin(async move {
                    tx.lock("counter").await?;
                    // Reads, then writes what it read: wrong without the lock.
                    let sql = "SELECT value FROM settings WHERE key = 'n'";
                    let row = tx.query_opt(sql, &[]).await?.unwrap();
                    let n: i64 = row.reader().text()?.parse().unwrap();
                    let sql = "UPDATE settings SET value = $1 WHERE key = 'n'";
                    tx.execute(sql, params![(n + 1).to_string()]).await?;
                    Ok::<_, StorageError>(())
                })
            })
            .await
            .unwrap();
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let rows = place
        .query("SELECT value FROM settings", &[])
        .await
        .unwrap();
    assert_eq!(rows[0].clone().reader().text().unwrap(), "25");
}

/// Units of `UNITS` from `TASKS` tasks; on SQLite, the commits that they took.
async fn many_units_at_once_all_stand(place: Place) {
    const UNITS: usize = 2_000;
    const TASKS: usize = 64;
    let before = place.is_sqlite().then(|| commits(&place));
    let mut tasks = Vec::new();
    for task in 0..TASKS {
        let db = place.db.clone();
        tasks.push(tokio::spawn(async move {
            for unit in (task..UNITS).step_by(TASKS) {
                put_alone(&db, &format!("{unit}")).await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let made = i64::try_from(UNITS).unwrap();
    assert_eq!(place.count("SELECT COUNT(*) FROM settings").await, made);
    if let Some(before) = before {
        let took = commits(&place) - before;
        assert!(
            took > 0 && took < UNITS / 4,
            "{took} commits for {UNITS} units"
        );
    }
}

/// The commits in the write-ahead log: frames that carry the size of the
/// database after a commit (SQLite's file format, §4.1).
fn commits(place: &Place) -> usize {
    let mut path = place.ground.file().as_os_str().to_owned();
    path.push("-wal");
    let log = std::fs::read(path).unwrap();
    let number = |at: usize| {
        let octets: [u8; 4] = log[at..at + 4].try_into().unwrap();
        u32::from_be_bytes(octets)
    };
    if log.len() < 32 {
        return 0;
    }
    let frame = 24 + usize::try_from(number(8)).unwrap();
    let salts = &log[16..24];
    (32..log.len())
        .step_by(frame)
        .filter(|at| log.get(at + 8..at + 16) == Some(salts) && number(at + 4) != 0)
        .count()
}

async fn units_that_wait_together_share_a_commit(place: Place) {
    if !place.is_sqlite() {
        return;
    }
    let before = commits(&place);
    let (mut gate, held) = Gate::new();
    let db = place.db.clone();
    let first = tokio::spawn(async move {
        db.write(move |tx| {
            let held = held.clone();
            Box::pin(async move {
                held.wait(tx.dialect()).await;
                put(tx, "first").await
            })
        })
        .await
    });
    gate.begun().await;
    let mut waiting = Vec::new();
    for n in 0..40 {
        let db = place.db.clone();
        waiting.push(tokio::spawn(async move {
            put_alone(&db, &format!("{n}")).await
        }));
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    gate.open();
    first.await.unwrap().unwrap();
    for unit in waiting {
        unit.await.unwrap().unwrap();
    }
    assert_eq!(place.count("SELECT COUNT(*) FROM settings").await, 41);
    let took = commits(&place) - before;
    assert!((1..=20).contains(&took), "{took} commits");
}

async fn one_failing_unit_takes_only_itself_back(place: Place) {
    let (mut gate, held) = Gate::new();
    let db = place.db.clone();
    let first = tokio::spawn(async move {
        db.write(move |tx| {
            let held = held.clone();
            Box::pin(async move {
                put(tx, "first").await?;
                held.wait(tx.dialect()).await;
                Ok::<_, StorageError>(())
            })
        })
        .await
    });
    gate.begun().await;
    let mut waiting = Vec::new();
    for n in 0..12 {
        let db = place.db.clone();
        waiting.push(tokio::spawn(async move {
            db.write(move |tx| {
                Box::pin(async move {
                    put(tx, &format!("u{n:02}")).await?;
                    match n % 4 {
                        1 => Err(Trouble::OnPurpose),
                        2 => panic!("on purpose"),
                        3 => Ok(tx.execute("INSERT INTO nowhere VALUES (1)", &[]).await?),
                        _ => Ok(0),
                    }
                })
            })
            .await
        }));
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    gate.open();
    first.await.unwrap().unwrap();
    for (n, unit) in waiting.into_iter().enumerate() {
        assert_eq!(unit.await.unwrap().is_ok(), n % 4 == 0, "unit {n}");
    }
    assert_eq!(keys(&place).await, ["first", "u00", "u04", "u08"]);
}

/// SQLite takes a whole transaction back by itself when the disk is full or
/// fails. Nobody in the group may be told that something stands.
async fn a_transaction_taken_back_by_the_database_is_told_to_all(place: Place) {
    if !place.is_sqlite() {
        return;
    }
    let (mut gate, held) = Gate::new();
    let db = place.db.clone();
    let first = tokio::spawn(async move {
        db.write(move |tx| {
            let held = held.clone();
            Box::pin(async move {
                held.wait(tx.dialect()).await;
                put(tx, "first").await?;
                // What SQLite does by itself then.
                tx.execute("ROLLBACK", &[]).await
            })
        })
        .await
    });
    gate.begun().await;
    let mut waiting = Vec::new();
    for n in 0..8 {
        let db = place.db.clone();
        waiting.push(tokio::spawn(async move {
            put_alone(&db, &format!("u{n}")).await
        }));
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    gate.open();
    let outcome = first.await.unwrap();
    assert!(
        matches!(outcome, Err(StorageError::Unavailable(_))),
        "{outcome:?}"
    );
    let mut told = Vec::new();
    for (n, unit) in waiting.into_iter().enumerate() {
        if unit.await.unwrap().is_ok() {
            told.push(format!("u{n}"));
        }
    }
    // Exactly what was acknowledged is there.
    assert_eq!(keys(&place).await, told);
    put_alone(&place.db, "z").await.unwrap();
}

async fn pings_answer(place: Place) {
    place.db.ping().await.unwrap();
    place.db.ping_write().await.unwrap();
}
