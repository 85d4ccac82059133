//! Where values come from: the TOML file, and environment variables above it.

use std::ffi::OsString;
use std::path::Path;

use figment::value::{Dict, Value};

use super::collect::{Overrides, insert};
use super::problem::{Problem, Problems};

/// What every variable that sets a key begins with: `DOORWARD__SERVER__LISTEN`
/// sets `server.listen`.
const PREFIX: &str = "DOORWARD__";

/// The merged values, and which of them came from the environment.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub tree: Dict,
    pub overrides: Overrides,
}

/// Reads the file. A file that is missing is a problem, unless the
/// environment names the public URL: then the environment may be everything.
pub(super) fn read_file(path: &Path, env: &[(String, String)]) -> Result<String, Problems> {
    let alone = env
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("DOORWARD__PUBLIC_URL"));
    let sentence = match std::fs::read(path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => return Ok(text),
            Err(_) => "is not UTF-8 text".to_owned(),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if alone {
                return Ok(String::new());
            }
            "does not exist; start from config.example.toml, or name another file with -c"
                .to_owned()
        }
        Err(error) => format!("cannot be read: {error}"),
    };
    Err(Problems(vec![Problem::new(
        path.display().to_string(),
        sentence,
    )]))
}

/// The variables of this process that are ours.
pub(super) fn environment() -> Vec<(String, String)> {
    std::env::vars_os().filter_map(ours).collect()
}

fn ours((name, value): (OsString, OsString)) -> Option<(String, String)> {
    let name = name.into_string().ok()?;
    let prefix = name.get(..PREFIX.len())?;
    if !prefix.eq_ignore_ascii_case(PREFIX) {
        return None;
    }
    // A value that is not UTF-8 is passed on damaged, so that its key's type
    // or rule can refuse it, rather than left out without a word.
    Some((name, value.to_string_lossy().into_owned()))
}

/// Parses the text of a TOML file; the error names line and column.
pub(super) fn parse_toml(name: &str, text: &str) -> Result<Dict, Problem> {
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let place = error.span().map_or_else(String::new, |span| {
            let before = text.get(..span.start).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            format!("line {line}, column {column}: ")
        });
        let message = error.message().replace('\n', " ");
        Problem::new(name, format!("{place}{message}"))
    })?;
    match Value::serialize(table) {
        Ok(Value::Dict(_, tree)) => Ok(tree),
        Ok(_) => Err(Problem::new(name, "is no TOML table")),
        Err(error) => Err(Problem::new(name, error.to_string())),
    }
}

impl Source {
    /// Puts the environment's values above those of the file.
    pub fn override_with(&mut self, env: Vec<(String, String)>, problems: &mut Problems) {
        for (name, raw) in env {
            let lower = name.to_ascii_lowercase();
            let path: Vec<String> = lower.split("__").skip(1).map(str::to_owned).collect();
            if path.iter().any(String::is_empty) {
                problems.add(name, "names no key; write DOORWARD__SECTION__KEY");
            } else if path.first().is_some_and(|first| first == "provider") {
                problems.add(
                    name,
                    "providers are set in the file or through the API only",
                );
            } else if insert(&mut self.tree, &path, Value::from(raw.as_str())) {
                self.overrides.insert(path, (name, raw));
            } else {
                problems.add(name, "sets a key below one that is no table");
            }
        }
    }
}
