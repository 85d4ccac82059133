//! The API against its own document, by schemathesis: it reads the document of
//! the running gateway and sends what the document allows and what it forbids.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Browser, Idp, Person, Server};
use crate::support::setting;

/// Longer than it takes, shorter than anybody's patience.
const LIMIT: Duration = Duration::from_mins(4);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_api_is_what_its_document_says() {
    let server = Server::sqlite().await;
    something_of_everything(&server).await;
    // It takes ids from what it reads, and would delete the token with which it
    // asks: that route is tried afterwards, with a token of its own.
    let tried = run(&server, &["--exclude-operation-id", "tokens_remove"]);
    // Of each route and each of its parameters something, right and wrong.
    assert!(tried > 1_000, "{tried}");
    let alone = [
        "--include-operation-id",
        "tokens_remove",
        // What is asked after what takes more routes than one.
        "--phases",
        "coverage,fuzzing",
    ];
    assert!(run(&server, &alone) > 10);
}

/// What nobody can make through the API alone: traces and a refused link.
async fn something_of_everything(server: &Server) {
    let idp = Idp::new();
    idp.register(server).await;
    server.cli(
        &["user", "create", "--email", "root@example.com", "--admin"],
        "",
    );
    for name in ["alice", "root"] {
        let mut browser = Browser::new(server);
        idp.login(server, &mut browser, &Person::named(name)).await;
    }
    let api = server.api();
    let group = json!({ "name": "Engineering" });
    api.expect("POST", "/api/v1/groups", Some(&group), 201)
        .await;
    assert_eq!(api.list("/api/v1/conflicts").await.len(), 1);
    assert_eq!(api.list("/api/v1/logins").await.len(), 2);
}

/// Runs it; answers how many calls it tried.
fn run(server: &Server, which: &[&str]) -> usize {
    let python = PathBuf::from(setting::required("DOORWARD_TEST_PYTHON"));
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("output");
    let file = std::fs::File::create(&output).unwrap();
    let mut child = Command::new(python.with_file_name("schemathesis"))
        .arg("run")
        .arg(format!("{}/api/v1/openapi.json", server.url))
        .args([
            "--header",
            &format!("Authorization: Bearer {}", server.make_token(&["admin"])),
        ])
        .args(["--checks", "all"])
        // Much that a schema allows is refused all the same: metadata that is no
        // XML, a domain that is none, a name that is taken.
        .args(["--exclude-checks", "positive_data_acceptance"])
        .args(["--max-examples", "12", "--seed", "1", "--no-shrink"])
        .args(["--continue-on-failure", "--warnings", "off"])
        .args(which)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .spawn()
        .unwrap();
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > LIMIT {
            let _ = child.kill();
            break child.wait().unwrap();
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    let said = std::fs::read_to_string(&output).unwrap();
    assert!(status.success(), "after {:?}:\n{said}", start.elapsed());
    let tried = said.split("Test cases:").nth(1).and_then(|rest| {
        let count = rest.trim_start().split(' ').next()?;
        count.parse().ok()
    });
    tried.unwrap_or_else(|| panic!("no count:\n{said}"))
}
