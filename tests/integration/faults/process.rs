//! The process told to stop, or killed, in the midst of its work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{Browser, Idp, Person, Server};

/// Makes users until told to stop; the addresses that were acknowledged.
fn load(server: &Server, stop: &Arc<AtomicBool>) -> Vec<tokio::task::JoinHandle<Vec<String>>> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    (0..4)
        .map(|_| {
            let (client, url) = (
                server.client.clone(),
                format!("{}/api/v1/users", server.url),
            );
            let (token, stop) = (server.token.clone(), Arc::clone(stop));
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                while !stop.load(Ordering::SeqCst) {
                    let number = NUMBER.fetch_add(1, Ordering::SeqCst);
                    let email = format!("load{number}@example.com");
                    let request = client.post(&url).bearer_auth(&token);
                    match request.json(&json!({ "email": email })).send().await {
                        Ok(answer) if answer.status() == 201 => acknowledged.push(email),
                        Ok(answer) => panic!("{}", answer.status()),
                        // The gateway has gone.
                        Err(_) => return acknowledged,
                    }
                }
                acknowledged
            })
        })
        .collect()
}

async fn all_are_there(server: &Server, acknowledged: Vec<String>) {
    let there: Vec<String> = server
        .api()
        .list("/api/v1/users?limit=200")
        .await
        .into_iter()
        .map(|user| user["email"].as_str().unwrap().to_owned())
        .collect();
    assert!(acknowledged.len() > 10, "{}", acknowledged.len());
    for email in &acknowledged {
        assert!(
            there.contains(email),
            "{email} was acknowledged and is gone"
        );
    }
    eprintln!("{} acknowledged, all there", acknowledged.len());
}

async fn killed_under_load(mut server: Server) {
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    let person = Person::named("alice");
    idp.login(&server, &mut browser, &person).await.user();
    let mut acknowledged = Vec::new();
    for _ in 0..2 {
        let stop = Arc::default();
        let tasks = load(&server, &stop);
        tokio::time::sleep(Duration::from_millis(600)).await;
        server.kill();
        for task in tasks {
            acknowledged.extend(task.await.unwrap());
        }
        let started = Instant::now();
        server.run().await;
        let took = started.elapsed();
        eprintln!("ready after {took:?}");
        assert!(took < Duration::from_secs(2), "{took:?}");
        assert!(browser.me().await.is_some(), "the session is gone");
    }
    all_are_there(&server, acknowledged).await;
}

async fn told_to_stop_under_load(mut server: Server) {
    let stop = Arc::default();
    let tasks = load(&server, &stop);
    tokio::time::sleep(Duration::from_millis(400)).await;
    // One request has begun and takes its time.
    let authority = server.authority();
    let mut slow = TcpStream::connect(&authority).await.unwrap();
    let body = r#"{"email": "slow@example.com"}"#;
    let head = format!(
        "POST /api/v1/users HTTP/1.1\r\nHost: {authority}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        server.token,
        body.len()
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    slow.write_all(&body.as_bytes()[..10]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let started = Instant::now();
    server.terminate();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(
        TcpStream::connect(&authority).await.is_err(),
        "it still accepts"
    );
    slow.write_all(&body.as_bytes()[10..]).await.unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(server.ended().await, Some(0));
    assert!(started.elapsed() < Duration::from_secs(10));
    let mut acknowledged = vec!["slow@example.com".to_owned()];
    for task in tasks {
        acknowledged.extend(task.await.unwrap());
    }
    server.run().await;
    all_are_there(&server, acknowledged).await;
}

on_both! {
    /// What was acknowledged is there, and the gateway is back soon.
    killed_under_load
    /// Nothing new, and what has begun is finished.
    told_to_stop_under_load
}

/// Who does not finish is cut off in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_never_finishes_does_not_keep_it() {
    let mut server = Server::sqlite().await;
    let authority = server.authority();
    let mut held = Vec::new();
    for begun in [
        "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx",
        "GET / HTTP/1.1\r\nX-",
        "",
    ] {
        let mut stream = TcpStream::connect(&authority).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        held.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let started = Instant::now();
    server.terminate();
    assert_eq!(server.ended().await, Some(0));
    let took = started.elapsed();
    eprintln!("ended after {took:?}");
    assert!(took < Duration::from_secs(12), "{took:?}");
}

/// What expired is gone within a minute, without anybody asking.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_sign_ins_are_deleted() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    for _ in 0..3 {
        idp.start(&mut Browser::new(&server)).await;
    }
    let other = rusqlite::Connection::open(server.path("data/doorward.db")).unwrap();
    other.busy_timeout(Duration::from_secs(5)).unwrap();
    let count = || {
        let sql = "SELECT COUNT(*) FROM sign_in_transactions";
        other
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!(count(), 3);
    let sql = "UPDATE sign_in_transactions SET expires_at = 1 \
               WHERE id IN (SELECT id FROM sign_in_transactions LIMIT 2)";
    other.execute_batch(sql).unwrap();
    let started = Instant::now();
    while count() > 1 {
        assert!(started.elapsed() < Duration::from_mins(1));
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    eprintln!("deleted after {:?}", started.elapsed());
    assert_eq!(count(), 1, "the one that lives stays");
}
