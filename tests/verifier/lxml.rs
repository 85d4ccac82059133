//! lxml, spoken to over a pipe.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::setting;

/// A running interpreter.
pub struct Lxml {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

/// How to canonicalize.
#[derive(Clone, Debug)]
pub struct Method {
    /// Exclusive, else inclusive.
    pub exclusive: bool,
    /// Whether comments are kept.
    pub comments: bool,
    /// The `PrefixList`.
    pub prefixes: String,
}

impl Lxml {
    /// Starts the interpreter that `make test` prepared.
    pub fn start() -> Self {
        let python = setting::required("DOORWARD_TEST_PYTHON");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verifier/c14n.py");
        let mut child = Command::new(&python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{python} does not start: {error}"));
        let to = child.stdin.take();
        let mut from = BufReader::new(child.stdout.take().unwrap());
        let mut greeting = String::new();
        from.read_line(&mut greeting).unwrap();
        assert!(
            greeting.starts_with("ready\t"),
            "{python} has no lxml: run the tests with `make test`"
        );
        Self { child, to, from }
    }

    /// The canonical octets of element number `index`, or the reason why there
    /// are none.
    pub fn canonical(
        &mut self,
        document: &[u8],
        index: usize,
        method: &Method,
    ) -> Result<Vec<u8>, String> {
        let line = format!(
            "{}\t{}\t{}\t{index}\t{}\n",
            if method.exclusive {
                "exclusive"
            } else {
                "inclusive"
            },
            u8::from(method.comments),
            method.prefixes,
            STANDARD.encode(document)
        );
        self.to
            .as_mut()
            .unwrap()
            .write_all(line.as_bytes())
            .unwrap();
        let mut reply = String::new();
        self.from.read_line(&mut reply).unwrap();
        match reply.trim_end().split_once('\t') {
            Some(("ok", text)) => Ok(STANDARD.decode(text).unwrap()),
            Some(("refused", reason)) => Err(reason.to_owned()),
            _ => panic!("lxml went away: {reply:?}"),
        }
    }
}

impl Drop for Lxml {
    fn drop(&mut self) {
        // Its loop ends with its input.
        drop(self.to.take());
        let _ = self.child.wait();
    }
}
