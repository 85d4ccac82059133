//! Programs that run beside a test and end with it.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a program may take to answer after its start. Generous: the machine
/// may be compiling something else.
const START: Duration = Duration::from_mins(1);

/// A program with its log. It is stopped when this is dropped; if the test is
/// failing, the end of its log goes to the test's output.
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command`, whose output goes to `log`.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Self {
        let out = File::create(log).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start ({error}): run `make test`"));
        Self {
            name: name.to_owned(),
            child,
            log: log.to_owned(),
        }
    }

    /// Waits until `url` is answered with success.
    pub async fn answers(&mut self, url: &str) {
        let begin = Instant::now();
        loop {
            if reqwest::get(url)
                .await
                .is_ok_and(|r| r.status().is_success())
            {
                return;
            }
            let state = self.child.try_wait().unwrap();
            assert!(state.is_none(), "{} has ended: {state:?}", self.name);
            assert!(
                begin.elapsed() < START,
                "{} does not answer at {url}",
                self.name
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Asks the program to stop and waits for it; true when it ended with 0.
    pub fn terminate(&mut self) -> bool {
        signal("-TERM", self.child.id());
        self.child.wait().unwrap().success()
    }

    /// All that it has written so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            signal("-TERM", self.child.id());
            let begin = Instant::now();
            while matches!(self.child.try_wait(), Ok(None)) {
                if begin.elapsed() > Duration::from_secs(5) {
                    let _ = self.child.kill();
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<_> = log.lines().collect();
            let last = lines.len().saturating_sub(40);
            eprintln!(
                "--- {} said last:\n{}\n---",
                self.name,
                lines[last..].join("\n")
            );
        }
    }
}

/// Sends a signal with the system's own tool: the crate forbids unsafe code.
pub fn signal(signal: &str, pid: u32) {
    let _ = Command::new("kill")
        .args([signal, &pid.to_string()])
        .stderr(Stdio::null())
        .status();
}

/// A port of 127.0.0.1 on which nobody listens.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
