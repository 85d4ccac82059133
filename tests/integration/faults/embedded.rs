//! The embedded database locked, full, read-only, damaged, from the future.

use std::time::{Duration, Instant};

use super::{is_up, until_ready_says, until_signed_in};
use crate::harness::{Browser, Idp, Person, Server};

async fn signed_in() -> (Server, Idp, Browser) {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    let person = Person::named("alice");
    idp.login(&server, &mut browser, &person).await.user();
    (server, idp, browser)
}

/// What needs to write says so within `within`; what only reads goes on.
async fn only_writes_fail(server: &Server, browser: &mut Browser, within: Duration) {
    let mut others: Vec<Browser> = (0..6).map(|_| Browser::new(server)).collect();
    let began = Instant::now();
    let starts = others
        .iter_mut()
        .map(|other| other.click("/saml/okta/login"));
    let reads = async {
        for _ in 0..20 {
            let asked = Instant::now();
            assert!(browser.me().await.is_some());
            assert!(asked.elapsed() < Duration::from_secs(1), "a read waits");
            is_up(server).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let edit = async {
        let body = serde_json::json!({ "email": "x@example.com" });
        let (status, problem) = server
            .api()
            .call("POST", "/api/v1/users", Some(&body))
            .await;
        assert_eq!(status, 503, "{problem}");
        assert_eq!(problem["code"], "service.unavailable");
    };
    let starts = futures_util::future::join_all(starts);
    let (answers, (), ()) = tokio::join!(starts, reads, edit);
    for answer in answers {
        assert_eq!(answer.status, 503, "{}", answer.body);
        assert!(answer.header("retry-after").is_some());
        assert!(answer.header("set-cookie").is_none());
    }
    assert!(began.elapsed() < within, "{:?}", began.elapsed());
    eprintln!("all answered after {:?}", began.elapsed());
    until_ready_says(server, "degraded").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_another_program_locks() {
    let (server, idp, mut browser) = signed_in().await;
    for lock in ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"] {
        let other = rusqlite::Connection::open(server.path("data/doorward.db")).unwrap();
        other.execute_batch(lock).unwrap();
        only_writes_fail(&server, &mut browser, Duration::from_secs(6)).await;
        other.execute_batch("ROLLBACK").unwrap();
        let since = Instant::now();
        let person = Person::named("bob");
        idp.login(&server, &mut Browser::new(&server), &person)
            .await
            .user();
        assert!(since.elapsed() < Duration::from_secs(5));
    }
}

/// A disk that takes no more, played by a limit on the size of files.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full() {
    let (server, idp, mut browser) = signed_in().await;
    let limit = |octets: &str| {
        let status = std::process::Command::new("prlimit")
            .args(["--pid", &server.pid().to_string()])
            .arg(format!("--fsize={octets}"))
            .status();
        assert!(status.unwrap().success(), "prlimit is part of util-linux");
    };
    // Below what the log of SQLite has already.
    limit("8192:unlimited");
    only_writes_fail(&server, &mut browser, Duration::from_secs(6)).await;
    limit("unlimited:unlimited");
    let since = Instant::now();
    let person = Person::named("bob");
    idp.login(&server, &mut Browser::new(&server), &person)
        .await
        .user();
    assert!(since.elapsed() < Duration::from_secs(5));
    until_signed_in(&mut browser, &server).await;
}

/// Starts on the file as it is made to be; the exit code and what was said.
async fn told(change: impl FnOnce(&std::path::Path)) -> String {
    let (mut server, _, _) = signed_in().await;
    server.stop().await;
    let file = server.path("data/doorward.db");
    // What a log beside the file holds comes into the file first.
    let visitor = rusqlite::Connection::open(&file).unwrap();
    visitor
        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    drop(visitor);
    change(&file);
    let before = std::fs::read(&file).unwrap();
    let (code, said) = server.fails_to_start();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("database"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    assert_eq!(
        std::fs::read(&file).unwrap(),
        before,
        "the file was changed"
    );
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_read_only() {
    // A write version above 2 makes a file read-only to everybody, to root as
    // well, unlike its mode (SQLite's file format, §1.3.3).
    let said = told(|file| {
        let mut octets = std::fs::read(file).unwrap();
        octets[18] = 3;
        std::fs::write(file, octets).unwrap();
    })
    .await;
    assert!(
        said.contains("read-only") && said.contains("right to write"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_damaged() {
    let said = told(|file| {
        let mut octets = std::fs::read(file).unwrap();
        octets[100..4096].fill(0);
        std::fs::write(file, octets).unwrap();
    })
    .await;
    assert!(
        said.contains("damaged") && said.contains("backup"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_a_newer_version() {
    let said = told(|file| {
        let connection = rusqlite::Connection::open(file).unwrap();
        let sql = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
                   VALUES (999, 'future', '2030-01-01T00:00:00Z', '1')";
        connection.execute_batch(sql).unwrap();
    })
    .await;
    assert!(
        said.contains("newer") && said.contains("run that version"),
        "{said}"
    );
}
