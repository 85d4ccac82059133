//! The rules of the tree, held by machine: which layer may import which, how
//! long a file may be, that both databases have the same migrations, that
//! documents show what can be used, and that `config.example.toml` is complete
//! and works.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use doorward::platform::config::{Config, known_keys, providers_from_file};

/// No file of `src` is longer, tests aside.
const MAX_LINES: usize = 600;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_str().unwrap().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A part of the tree that is held to the rule as one: its layer and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unit {
    layer: u8,
    name: String,
}

/// The unit that a module path (without `crate`) belongs to; `None` for the
/// root itself and for names that are no module, such as exported macros.
fn unit_of(path: &[String]) -> Option<Unit> {
    let first = path.first()?.as_str();
    let layer = match first {
        "domain" => 1,
        "platform" => 2,
        "directory" | "sessions" => 3,
        "login" | "provisioning" | "apps" => 4,
        "portal" | "api" => 5,
        "app" | "cli" => 6,
        _ => return None,
    };
    // The folders of layer 4 are one unit per protocol; a single file beside
    // them is what they share.
    let is_file = |second: &str| {
        let beside = root().join("src").join(first).join(second);
        beside.with_extension("rs").is_file() && !beside.is_dir()
    };
    let name = match (layer, path.get(1)) {
        // `super::*` of a test inside such a file is the file.
        (4, Some(second)) if second != "*" && !is_file(second) => format!("{first}/{second}"),
        _ => first.to_owned(),
    };
    Some(Unit { layer, name })
}

fn is_allowed(from: &Unit, to: &Unit) -> bool {
    from.name == to.name
        || to.layer < from.layer
        || (from.name == "sessions" && to.name == "directory")
        || (from.layer == 6 && to.layer == 6)
        // What sets providers up, of whatever kind, knows every protocol; none of
        // them knows it.
        || (from.name == "login/kinds" && to.name.starts_with("login"))
        // What the protocols of a folder share knows none of them.
        || (from.name.starts_with(&format!("{}/", to.name)))
}

/// The module path of a file below `src`.
fn module_of(file: &Path) -> Vec<String> {
    let relative = file.strip_prefix(root().join("src")).unwrap();
    let mut path: Vec<String> = relative
        .with_extension("")
        .iter()
        .map(|part| part.to_str().unwrap().to_owned())
        .collect();
    if path.last().is_some_and(|last| last == "mod") {
        path.pop();
    }
    path
}

/// Words and punctuation of a source text, without comments and literals.
fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    let starts = |at: usize, what: &str| {
        what.chars()
            .enumerate()
            .all(|(n, c)| chars.get(at + n) == Some(&c))
    };
    while at < chars.len() {
        let c = chars[at];
        if starts(at, "//") {
            at += chars[at..].iter().take_while(|c| **c != '\n').count();
        } else if starts(at, "/*") {
            let mut depth = 0;
            while at < chars.len() {
                if starts(at, "/*") {
                    depth += 1;
                    at += 2;
                } else if starts(at, "*/") {
                    depth -= 1;
                    at += 2;
                    if depth == 0 {
                        break;
                    }
                } else {
                    at += 1;
                }
            }
        } else if let Some(end) = raw_string_end(&chars, at) {
            at = end;
        } else if c == '"' {
            at += 1;
            while at < chars.len() && chars[at] != '"' {
                at += if chars[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if c == '\'' {
            // A character, or else a lifetime.
            let end = if chars.get(at + 1) == Some(&'\\') {
                (at + 3..chars.len()).find(|n| chars[*n] == '\'')
            } else {
                (chars.get(at + 2) == Some(&'\'')).then_some(at + 2)
            };
            at = end.map_or(at + 1, |end| end + 1);
        } else if c.is_alphanumeric() || c == '_' {
            let word: String = chars[at..]
                .iter()
                .take_while(|c| c.is_alphanumeric() || **c == '_')
                .collect();
            at += word.chars().count();
            found.push(word);
        } else if starts(at, "::") {
            found.push("::".to_owned());
            at += 2;
        } else {
            if !c.is_whitespace() {
                found.push(c.to_string());
            }
            at += 1;
        }
    }
    found
}

/// Where the raw string that begins at `at` ends, if one does.
fn raw_string_end(chars: &[char], at: usize) -> Option<usize> {
    let mut next = at;
    if at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_') {
        return None;
    }
    if chars.get(next) == Some(&'b') {
        next += 1;
    }
    if chars.get(next) != Some(&'r') {
        return None;
    }
    next += 1;
    let hashes = chars[next..].iter().take_while(|c| **c == '#').count();
    next += hashes;
    if chars.get(next) != Some(&'"') {
        return None;
    }
    next += 1;
    while next < chars.len() {
        let closed = chars[next] == '"'
            && chars[next + 1..]
                .iter()
                .take(hashes)
                .filter(|c| **c == '#')
                .count()
                == hashes;
        next += 1;
        if closed {
            return Some(next + hashes);
        }
    }
    Some(next)
}

/// Every module path that a source text names from the crate's root or by
/// `super`, as absolute paths; the trees of `use` are opened up. Paths reach
/// only as far as they are needed here: two parts below the root.
fn edges(module: &[String], text: &str) -> Vec<Vec<String>> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).map(|n| tokens[n].as_str());
        if before == Some("::") || tokens.get(at + 1).map(String::as_str) != Some("::") {
            continue;
        }
        let mut base = match token.as_str() {
            "crate" | "doorward" => Vec::new(),
            "super" => module[..module.len().saturating_sub(1)].to_vec(),
            _ => continue,
        };
        let mut next = at + 2;
        while tokens.get(next).map(String::as_str) == Some("super") {
            base.pop();
            next += 2;
        }
        open(&tokens, next, &base, &mut found);
    }
    found
}

/// Follows a path or a tree from `at`; answers where it ends.
fn open(tokens: &[String], at: usize, base: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let Some(token) = tokens.get(at) else {
        return at;
    };
    if token == "{" {
        let mut next = at + 1;
        while next < tokens.len() && tokens[next] != "}" {
            next = if tokens[next] == "," {
                next + 1
            } else {
                open(tokens, next, base, found)
            };
        }
        return next + 1;
    }
    let mut path = base.to_vec();
    path.push(token.clone());
    if tokens.get(at + 1).map(String::as_str) == Some("::") {
        return open(tokens, at + 2, &path, found);
    }
    found.push(path);
    let mut next = at + 1;
    if tokens.get(next).map(String::as_str) == Some("as") {
        next += 2;
    }
    next
}

#[test]
fn layers_import_downwards_only() {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for file in files(&root().join("src"), ".rs") {
        let module = module_of(&file);
        let Some(from) = unit_of(&module) else {
            continue;
        };
        seen.insert(from.layer);
        let text = std::fs::read_to_string(&file).unwrap();
        for edge in edges(&module, &text) {
            if let Some(to) = unit_of(&edge)
                && !is_allowed(&from, &to)
            {
                wrong.push(format!("{}: {}", file.display(), edge.join("::")));
            }
        }
    }
    assert_eq!(
        seen,
        BTreeSet::from([1, 2, 3, 4, 5, 6]),
        "every layer was read"
    );
    assert!(wrong.is_empty(), "forbidden imports:\n{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_imports_sees_what_it_should() {
    let text = r##"
        //! use crate::cli;
        use crate::{domain::{User, ids as i}, platform::xml};
        use super::super::sessions::Store;
        /* use crate::api; /* nested */ use crate::app; */
        const A: &str = "crate::portal::x";
        const B: &str = r#"crate::portal::y " "#;
        fn f<'a>(c: char) -> bool { c == '"' || c == '\'' || crate::login::saml::verify(c) }
        pub(crate) use words;
        use other::crate_like::x;
    "##;
    let module = ["directory".to_owned(), "resolve".to_owned()];
    let found: Vec<String> = edges(&module, text).iter().map(|e| e.join("::")).collect();
    assert_eq!(
        found,
        [
            "domain::User",
            "domain::ids",
            "platform::xml",
            "sessions::Store",
            "login::saml::verify"
        ]
    );
    let unit = |path: &str| {
        let path: Vec<String> = path.split("::").map(str::to_owned).collect();
        unit_of(&path).unwrap()
    };
    for (from, to, allowed) in [
        ("platform::xml", "domain::User", true),
        ("platform::xml", "platform::crypto", true),
        ("platform::xml", "directory", false),
        ("domain", "platform::config", false),
        ("sessions", "directory::policy", true),
        ("directory", "sessions", false),
        ("login::saml", "login::saml::gate", true),
        ("login::saml", "login::oauth", false),
        ("login::saml", "provisioning::scim", false),
        ("login::saml", "login::explain", true),
        ("login::explain", "login::saml", false),
        ("portal", "login::saml", true),
        ("portal", "api", false),
        ("api", "app", false),
        ("cli", "app", true),
        ("app", "cli", true),
    ] {
        assert_eq!(is_allowed(&unit(from), &unit(to)), allowed, "{from} → {to}");
    }
}

#[test]
fn no_file_is_too_long() {
    let is_test = |file: &Path| {
        file.iter()
            .any(|part| part == "tests" || part == "tests.rs")
    };
    let mut long = Vec::new();
    for file in files(&root().join("src"), ".rs") {
        let text = std::fs::read_to_string(&file).unwrap();
        // Tests at the end of a file do not count.
        let lines = text.lines().take_while(|l| *l != "#[cfg(test)]").count();
        if lines > MAX_LINES && !is_test(&file) {
            long.push(format!("{}: {lines} lines", file.display()));
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |folder: &str| -> Vec<String> {
        let folder = root().join("migrations").join(folder);
        files(&folder, ".sql")
            .iter()
            .map(|file| file.file_name().unwrap().to_str().unwrap().to_owned())
            .collect()
    };
    assert!(!names("sqlite").is_empty());
    assert_eq!(names("sqlite"), names("postgres"));
}

fn example() -> String {
    std::fs::read_to_string(root().join("config.example.toml")).unwrap()
}

fn load(text: &str) -> Config {
    match Config::from_text("config.example.toml", text, &root(), Vec::new()) {
        Ok((config, warnings)) => {
            assert_eq!(warnings, []);
            config
        }
        Err(problems) => panic!("{problems}"),
    }
}

/// The keys that stand in the example, commented out or not.
fn keys_of(text: &str) -> BTreeSet<String> {
    let mut section = String::new();
    let mut keys = BTreeSet::new();
    for line in text.lines() {
        let line = line.strip_prefix("# ").unwrap_or(line);
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.split(']').next()) {
            section = format!("{}.", name.trim_matches('['));
        } else if let Some((key, _)) = line.split_once(" = ")
            && key
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        {
            keys.insert(format!("{section}{key}"));
        }
    }
    keys
}

#[test]
fn the_example_is_complete_and_loads() {
    let text = example();
    load(&text);
    let shown = keys_of(&text);
    let missing: Vec<_> = known_keys()
        .into_iter()
        .filter(|key| !shown.contains(key))
        .collect();
    assert!(missing.is_empty(), "config.example.toml lacks {missing:?}");
}

/// What a provider may hold stands in the shape of the API; the example has all of it.
#[test]
fn the_example_has_every_key_of_a_provider() {
    use doorward::domain::provider::{ProviderKind, SamlSettings};
    use doorward::domain::{Provider, Slug, oauth::OauthSettings};

    let slug = Slug::parse("okta").unwrap();
    let mut provider = Provider::blank(slug, ProviderKind::Saml, "Okta");
    provider.group_map.insert("a".to_owned(), Vec::new());
    let keys = |section: &str, value: serde_json::Value| -> Vec<String> {
        let keys = value.as_object().unwrap().keys();
        keys.map(|key| format!("{section}.{key}")).collect()
    };
    let tables = ["provider.saml", "provider.group_map"];
    let all = [
        keys("provider", serde_json::to_value(&provider).unwrap()),
        keys(
            "provider.saml",
            serde_json::to_value(SamlSettings::default()).unwrap(),
        ),
        keys(
            "provider.oauth",
            serde_json::to_value(OauthSettings::default()).unwrap(),
        ),
    ]
    .concat();
    assert!(all.len() > 30, "{all:?}");
    let text = example();
    let shown = keys_of(&text);
    let missing: Vec<&String> = all
        .iter()
        .filter(|key| !shown.contains(*key) && !tables.contains(&key.as_str()))
        .filter(|key| !text.contains(&format!("[{key}]")))
        .collect();
    assert!(missing.is_empty(), "config.example.toml lacks {missing:?}");
}

#[test]
fn the_examples_that_are_commented_out_load_too() {
    let replace = BTreeMap::from([
        // Needs a file that is not here.
        ("logo", ""),
        // Must be a parent of the example's host, which has none.
        ("cookie_domain", ""),
        // Another file that is not here, and the other way to give the same.
        ("metadata_file", ""),
        // The same; one that is no public client has the secret in clear.
        ("client_secret_file", "client_secret = \"hush\""),
    ]);
    let mut lines = Vec::new();
    for line in example().lines() {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        let key = bare.split(" = ").next().unwrap_or("");
        let is_setting = bare.starts_with('[')
            || bare.starts_with("\"Engineering\"")
            || (bare.contains(" = ")
                && key
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit()));
        if is_setting {
            lines.push(replace.get(key).map_or(bare, |other| other).to_owned());
        }
    }
    let config = load(&lines.join("\n"));
    assert_eq!(config.providers.len(), 5);
    assert!(config.branding.support.is_some());
    assert!(config.secrets.key.is_some());
}

/// Our documents: those in the root, and all below `docs`.
fn documents() -> Vec<PathBuf> {
    let mut found = files(&root().join("docs"), ".md");
    for entry in std::fs::read_dir(root()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found
}

#[test]
fn links_in_documents_lead_somewhere() {
    let mut seen = 0;
    let mut dead = Vec::new();
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for link in text.split("](").skip(1) {
            let target = link.split([')', ' ']).next().unwrap();
            if target.contains("://") || target.starts_with('#') {
                continue;
            }
            seen += 1;
            let path = target.split('#').next().unwrap();
            if !document.parent().unwrap().join(path).exists() {
                dead.push(format!("{}: {target}", document.display()));
            }
        }
    }
    assert!(seen > 30, "{seen} links were found");
    assert!(dead.is_empty(), "dead links:\n{}", dead.join("\n"));
}

/// The TOML blocks of a document.
fn toml_blocks(text: &str) -> impl Iterator<Item = &str> {
    text.split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
}

#[test]
fn configurations_in_documents_can_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let mut providers = 0;
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for block in toml_blocks(&text) {
            let name = document.display();
            if block.contains("public_url") {
                let loaded = Config::from_text("block", block, folder.path(), Vec::new());
                assert!(loaded.is_ok(), "{name}: {}", loaded.unwrap_err());
            } else if block.contains("[[provider]]") {
                for line in block.lines().filter(|l| l.contains("metadata_file")) {
                    let file = line.split('"').nth(1).unwrap();
                    std::fs::write(folder.path().join(file), "<EntityDescriptor/>").unwrap();
                }
                for line in block.lines().filter(|l| l.contains("secret_file")) {
                    let file = line.split('"').nth(1).unwrap();
                    let path = folder.path().join(file);
                    std::fs::write(&path, "the-secret").unwrap();
                    // A secret that everybody can read is refused.
                    let owner_only = std::os::unix::fs::PermissionsExt::from_mode(0o600);
                    std::fs::set_permissions(&path, owner_only).unwrap();
                }
                let path = folder.path().join("provider.toml");
                std::fs::write(&path, block).unwrap();
                let read = providers_from_file(&path, false);
                assert!(read.is_ok(), "{name}: {}", read.unwrap_err());
                providers += 1;
            }
        }
    }
    assert!(providers >= 10, "{providers} blocks were found");
}

/// samael serves for the types of the messages that we write, and for nothing
/// that reads, fetches, verifies or signs (docs/adr/0001-own-verifier.md).
#[test]
fn samael_writes_and_does_nothing_else() {
    const MODULES: [&str; 4] = ["key_info", "metadata", "schema", "traits"];
    const NEVER: [&str; 8] = [
        "from_str",
        "parse",
        "parse_base64_response",
        "post",
        "redirect",
        "ServiceProvider",
        "signed_redirect",
        "UrlVerifier",
    ];
    let mut users = 0;
    for file in files(&root().join("src"), ".rs") {
        if module_of(&file).iter().any(|part| part == "tests") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let words = tokens(&text);
        let places: Vec<usize> = (0..words.len()).filter(|n| words[*n] == "samael").collect();
        if places.is_empty() {
            continue;
        }
        users += 1;
        for at in places {
            let module = words[at + 1..]
                .iter()
                .find(|word| *word != ":" && *word != "::");
            assert!(
                module.is_some_and(|module| MODULES.contains(&module.as_str())),
                "{}: samael::{module:?}",
                file.display()
            );
        }
        for word in &words {
            assert!(
                !NEVER.contains(&word.as_str()),
                "{}: {word}",
                file.display()
            );
        }
    }
    assert!(users > 0, "nobody uses samael: this test looks in vain");
}
