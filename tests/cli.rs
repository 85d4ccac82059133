//! The command line, run as a process: what it prints where, and how it ends.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder with a configuration.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.write("config.toml", "public_url = \"http://localhost:8080\"\n");
        place
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Runs a command here, in an environment without settings of its own.
    fn run(&self, line: &str) -> Outcome {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
        command.current_dir(self.0.path()).args(line.split(' '));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("DOORWARD__") {
                command.env_remove(name);
            }
        }
        Outcome::of(&command.output().unwrap())
    }
}

#[derive(Debug)]
struct Outcome {
    code: i32,
    out: String,
    err: String,
}

impl Outcome {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self {
            code: output.status.code().unwrap(),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    /// The standard output of a command that went well and had nothing to
    /// complain about.
    #[track_caller]
    fn good(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{self:?}");
        self.out
    }

    /// What a command that failed said of it.
    #[track_caller]
    fn bad(self, code: i32) -> String {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{self:?}");
        self.err
    }
}

#[test]
fn users_live_through_their_states() {
    let place = Place::new();
    let id = place
        .run("user create --email Ada@Example.com --name Ada")
        .good();
    let id = id.trim();
    let taken = place.run("user create --email ada@example.com").bad(1);
    assert!(
        taken.contains("another user") && taken.contains("`doorward user grant`"),
        "{taken}"
    );
    assert!(
        place
            .run("user create --email nonsense")
            .bad(1)
            .contains("email")
    );

    let shown = place.run("user show ada@EXAMPLE.com --json").good();
    let user: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(user["id"], id);
    assert_eq!(user["status"], "active");
    assert_eq!(user["email_verified"], false);
    assert_eq!(user["roles"], serde_json::json!([]));

    place.run(&format!("user grant {id} admin")).good();
    let refused = place.run(&format!("user deactivate {id}")).bad(1);
    assert!(refused.contains("last active admin"), "{refused}");
    assert!(
        place
            .run(&format!("user revoke {id} admin"))
            .bad(1)
            .contains("last active admin")
    );
    place
        .run("user create --email grace@example.com --admin")
        .good();
    place.run(&format!("user revoke {id} admin")).good();
    place.run(&format!("user deactivate {id}")).good();
    let listed = place.run("user list --status inactive").good();
    assert!(listed.contains(id), "{listed}");
    place.run(&format!("user reactivate {id}")).good();
    assert_eq!(
        place.run("user list --status inactive --json").good(),
        "[]\n"
    );
    assert!(place.run("user list -q ada").good().contains(id));
    assert!(!place.run("user list -q grace").good().contains(id));
    assert!(place.run("user show nobody").bad(1).contains("no user"));
}

#[test]
fn a_token_is_printed_alone_and_kept_as_a_hash() {
    let place = Place::new();
    let token = place
        .run("token create --name ci --scope users:read --expires 90d")
        .good();
    assert!(
        token.starts_with("dwt_") && token.ends_with('\n'),
        "{token}"
    );
    assert_eq!(token.lines().count(), 1);
    let kept: Vec<u8> = ["data/doorward.db", "data/doorward.db-wal"]
        .iter()
        .filter_map(|name| std::fs::read(place.path(name)).ok())
        .flatten()
        .collect();
    assert!(kept.windows(2).any(|w| w == b"ci"));
    let secret = token.trim().as_bytes();
    assert!(!kept.windows(secret.len()).any(|w| w == secret));
    assert!(
        place
            .run("token create --name x --scope scim --scope admin")
            .bad(1)
            .contains("scim")
    );
}

#[test]
fn check_names_everything_and_leaves_nothing() {
    let place = Place::new();
    assert_eq!(place.run("check").good(), "./config.toml is fine\n");
    assert!(!place.path("data").exists(), "check makes nothing");

    place.write("doorward.key", "short");
    place.write("broken.db", "this is no database");
    place.write(
        "bad.toml",
        "public_url = \"http://localhost:8080\"\ncolour = \"red\"\n\
         [server]\nlisten = \"nowhere\"\n[database]\nurl = \"sqlite://broken.db\"\n",
    );
    let found = place.run("check -c bad.toml");
    assert_eq!(found.code, 1);
    for beginning in [
        "error: colour: ",
        "error: server.listen: ",
        "error: secrets.key_file: doorward.key ",
        "error: database.url: ",
        "bad.toml: 4 problems",
    ] {
        assert!(
            found.out.lines().any(|l| l.starts_with(beginning)),
            "{beginning}\n{}",
            found.out
        );
    }
}

#[test]
fn check_looks_at_the_mode_of_the_key_file() {
    let place = Place::new();
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    std::fs::create_dir(place.path("data")).unwrap();
    place.write("data/doorward.key", key);
    let mode = |mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(place.path("data/doorward.key"), permissions).unwrap();
    };
    mode(0o644);
    let found = place.run("check");
    assert_eq!(found.code, 1);
    assert!(found.out.contains("chmod 600"), "{}", found.out);
    mode(0o600);
    place.run("check").good();
}

#[test]
fn migrating_twice_is_migrating_once() {
    let place = Place::new();
    assert!(place.run("migrate").good().starts_with("applied V1"));
    assert_eq!(place.run("migrate").good(), "the database is up to date\n");
    place.run("check").good();
}

#[test]
fn a_configuration_that_cannot_be_used_stops_every_command() {
    let place = Place::new();
    for line in ["migrate", "user list", "token create --name x"] {
        let complaint = place.run(&format!("{line} -c missing.toml")).bad(1);
        assert!(complaint.contains("missing.toml"), "{complaint}");
    }
    assert!(!Path::new(&place.path("data")).exists());
}

#[test]
fn help_goes_to_standard_output_and_misuse_does_not() {
    let place = Place::new();
    assert!(place.run("--help").good().contains("Usage: doorward"));
    assert!(place.run("--version").good().starts_with("doorward "));
    assert!(place.run("completions bash").good().contains("doorward"));
    assert!(place.run("user create").bad(2).contains("--email"));
    assert!(place.run("sevre").bad(2).contains("sevre"));
}

#[test]
fn check_reads_the_metadata_of_providers() {
    let place = Place::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("idp-metadata-fixtures");
    let provider = |slug: &str, file: &str| {
        format!(
            "[[provider]]\nslug = \"{slug}\"\nkind = \"saml\"\nallowed_domains = [\"*\"]\n\
             saml.metadata_file = {:?}\n",
            fixtures.join(file)
        )
    };
    let base = "public_url = \"http://localhost:8080\"\n";
    let good = provider("okta", "okta/metadata.xml");
    place.write("config.toml", &format!("{base}{good}"));
    place.run("check").good();
    let bad = provider("bad", "hostile/no-signing-key.xml");
    place.write("config.toml", &format!("{base}{good}{bad}"));
    let found = place.run("check");
    assert_eq!(found.code, 1);
    let beginning = "error: provider[bad].saml.metadata_xml: ";
    assert!(
        found.out.lines().any(|l| l.starts_with(beginning)),
        "{}",
        found.out
    );
}

#[test]
fn applying_providers_twice_is_applying_them_once() {
    let place = Place::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("idp-metadata-fixtures");
    let provider = |slug: &str, label: &str, file: &str| {
        format!(
            "[[provider]]\nslug = \"{slug}\"\nkind = \"saml\"\nlabel = \"{label}\"\n\
             allowed_domains = [\"example.com\"]\nsaml.metadata_file = {:?}\n",
            fixtures.join(file)
        )
    };
    let okta = provider("okta", "SSO Login", "okta/metadata.xml");
    let adfs = provider("adfs", "AD FS", "adfs/metadata.xml");
    place.write("providers.toml", &format!("{okta}{adfs}"));
    let apply = "provider apply providers.toml";
    assert_eq!(place.run(apply).good(), "okta: created\nadfs: created\n");
    assert_eq!(
        place.run(apply).good(),
        "okta: unchanged\nadfs: unchanged\n"
    );
    let renamed = provider("okta", "Company login", "okta/metadata.xml");
    let broken = provider("bad", "Bad", "hostile/html.xml");
    place.write("providers.toml", &format!("{renamed}{broken}"));
    let complaint = place.run(apply).bad(1);
    assert!(
        complaint.contains("provider[bad].saml.metadata_xml: "),
        "{complaint}"
    );
    place.write("providers.toml", &okta);
    assert_eq!(
        place.run(apply).good(),
        "okta: unchanged\n",
        "one bad provider keeps all from being written"
    );
    place.write("providers.toml", &renamed);
    assert_eq!(place.run(apply).good(), "okta: updated\n");
    place.run("check").good();
}

#[test]
fn the_gateway_starts_and_stops_when_it_is_told() {
    let place = Place::new();
    place.write(
        "config.toml",
        "public_url = \"http://localhost:8080\"\n[server]\nlisten = \"127.0.0.1:0\"\n\
         [log]\nformat = \"json\"\n",
    );
    let mut gateway = Command::new(env!("CARGO_BIN_EXE_doorward"))
        .current_dir(place.0.path())
        .arg("serve")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = BufReader::new(gateway.stderr.take().unwrap());
    let mut lines = log
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(&line.unwrap()).unwrap());
    let address = lines
        .find(|line| line["message"] == "listening")
        .and_then(|line| line["address"].as_str().map(str::to_owned))
        .unwrap();
    let mut stream = TcpStream::connect(&address).unwrap();
    stream
        .write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

    let signal = |name: &str| {
        let id = gateway.id().to_string();
        assert!(
            Command::new("kill")
                .args([name, &id])
                .status()
                .unwrap()
                .success()
        );
    };
    place.write(
        "config.toml",
        "public_url = \"http://localhost:8080\"\n[log]\nlevel = \"inof\"\n",
    );
    signal("-HUP");
    let kept = lines.find(|line| line["level"] == "ERROR").unwrap();
    assert!(kept.to_string().contains("did you mean `info`?"), "{kept}");
    signal("-TERM");
    assert_eq!(lines.filter(|line| line["level"] == "ERROR").count(), 0);
    assert_eq!(gateway.wait().unwrap().code(), Some(0));
    let key = std::fs::metadata(place.path("data/doorward.key")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_database_keeps_to_its_master_key() {
    let place = Place::new();
    let metadata = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("idp-metadata-fixtures")
        .join("okta/metadata.xml");
    place.write(
        "okta.toml",
        &format!(
            "[[provider]]\nslug = \"okta\"\nkind = \"saml\"\nallowed_domains = [\"*\"]\n\
             saml.metadata_file = {metadata:?}\n"
        ),
    );
    let apply = "provider apply okta.toml";
    place.run(apply).good();
    let file = place.path("data/doorward.key");
    let first = std::fs::read_to_string(&file).unwrap();

    std::fs::remove_file(&file).unwrap();
    let lost = place.run(apply).bad(1);
    assert!(lost.contains("bring that file back"), "{lost}");
    assert!(!file.exists(), "no other key is made in its place");
    let found = place.run("check");
    assert_eq!(found.code, 1);
    assert!(
        found.out.contains("error: secrets.key_file: is missing"),
        "{}",
        found.out
    );

    let key = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let permissions = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&file, permissions).unwrap();
    };
    let second = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    key(second);
    assert!(place.run(apply).bad(1).contains("another master key"));
    let found = place.run("check");
    assert!(
        found.out.contains("secrets.key_file: is not the key"),
        "{}",
        found.out
    );

    key(&format!("{second}\n{first}"));
    place.run(apply).good();
    place.run("check").good();
    assert_eq!(place.run(apply).good(), "okta: unchanged\n");
}

#[test]
fn a_backup_is_taken_while_the_gateway_serves_and_put_back_when_it_does_not() {
    let place = Place::new();
    place.write(
        "config.toml",
        "public_url = \"http://localhost:8080\"\n[server]\nlisten = \"127.0.0.1:0\"\n\
         [log]\nformat = \"json\"\n",
    );
    place.run("user create --email ada@example.com").good();
    let mut gateway = Command::new(env!("CARGO_BIN_EXE_doorward"))
        .current_dir(place.0.path())
        .arg("serve")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(gateway.stderr.take().unwrap()).lines();
    log.find(|line| line.as_ref().unwrap().contains("\"listening\""))
        .unwrap()
        .unwrap();

    let said = place.run("backup backup.db").good();
    assert!(said.starts_with("backup.db: "), "{said}");
    assert!(
        said.contains("The master key is not in it: keep data/doorward.key as well"),
        "{said}"
    );
    let mode = std::fs::metadata(place.path("backup.db")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    let refused = place.run("backup backup.db").bad(1);
    assert!(refused.contains("--force replaces it"), "{refused}");
    place.run("backup backup.db --force").good();

    place.run("user create --email grace@example.com").good();
    let refused = place.run("restore backup.db").bad(1);
    assert!(
        refused.contains("a gateway that runs: stop it first"),
        "{refused}"
    );
    let id = gateway.id().to_string();
    let told = Command::new("kill").args(["-TERM", &id]).status().unwrap();
    assert!(told.success());
    log.for_each(drop);
    gateway.wait().unwrap();

    let said = place.run("restore backup.db").good();
    assert!(
        said.starts_with("data/doorward.db: restored from backup.db"),
        "{said}"
    );
    assert!(
        said.contains("data/doorward.db.before-restore now"),
        "{said}"
    );
    assert!(place.run("user list -q ada").good().contains("ada@"));
    assert!(!place.run("user list -q grace").good().contains("grace@"));
    place.run("check").good();

    // To another machine, without its key.
    let other = Place::new();
    std::fs::copy(place.path("backup.db"), other.path("backup.db")).unwrap();
    let moved = other.run("restore backup.db");
    assert_eq!(moved.code, 0, "{moved:?}");
    assert!(
        moved
            .err
            .contains("warning: the backup belongs to the master key"),
        "{moved:?}"
    );
    std::fs::copy(
        place.path("data/doorward.key"),
        other.path("data/doorward.key"),
    )
    .unwrap();
    other.run("check").good();
}

#[test]
fn a_backup_of_postgres_is_left_to_its_own_tools() {
    let place = Place::new();
    place.write(
        "config.toml",
        "public_url = \"http://localhost:8080\"\n[database]\nurl = \"postgres://u:secret@127.0.0.1/d\"\n",
    );
    let said = place.run("backup x.dump").bad(1);
    assert!(
        said.contains("pg_dump --format=custom --file=x.dump"),
        "{said}"
    );
    assert!(!said.contains("secret"), "{said}");
    let said = place.run("restore x.dump").bad(1);
    assert!(said.contains("pg_restore"), "{said}");
}

#[test]
fn check_tells_warnings_from_errors() {
    let place = Place::new();
    place.write(
        "config.toml",
        "public_url = \"http://localhost:8080\"\n[server]\nlisten = \"0.0.0.0:9090\"\n",
    );
    let found = place.run("check");
    assert_eq!(found.code, 0, "{found:?}");
    for line in [
        "warning: public_url: names port 8080, and the gateway listens on port 9090 (server.listen)",
        "warning: public_url: only this machine can follow it, although 0.0.0.0:9090 can be reached",
        "./config.toml is fine",
    ] {
        assert!(
            found.out.lines().any(|l| l.starts_with(line)),
            "{line}\n{}",
            found.out
        );
    }
    place.write(
        "config.toml",
        "public_url = \"http://sso.example.com\"\n[server]\ntrusted_proxies = [\"10.0.0.0/7\"]\n",
    );
    let found = place.run("check");
    assert_eq!(found.code, 0, "{found:?}");
    assert!(
        found.out.contains("although there are trusted proxies"),
        "{}",
        found.out
    );
    assert!(found.out.contains("is very wide"), "{}", found.out);
}

#[test]
fn check_knows_which_migrations_a_database_has() {
    let place = Place::new();
    place.run("migrate").good();
    assert_eq!(place.run("check").good(), "./config.toml is fine\n");
    let change = |sql: &str| {
        rusqlite::Connection::open(place.path("data/doorward.db"))
            .unwrap()
            .execute_batch(sql)
            .unwrap();
    };
    let last = "SELECT MAX(version) FROM refinery_schema_history";
    change(&format!(
        "DELETE FROM refinery_schema_history WHERE version = ({last})"
    ));
    let found = place.run("check");
    assert_eq!(found.code, 0, "{found:?}");
    assert!(
        found
            .out
            .starts_with("warning: database.url: the database is not up to date: V"),
        "{}",
        found.out
    );
    change(
        "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
         VALUES (999, 'later', '2030-01-01T00:00:00Z', '1')",
    );
    let found = place.run("check");
    assert_eq!(found.code, 1, "{found:?}");
    assert!(
        found.out.contains("error: database.url: was written by a newer or another version of the gateway, which also has V999__later"),
        "{}",
        found.out
    );
}

#[test]
fn check_warns_of_stored_providers_that_let_nobody_in() {
    let place = Place::new();
    let metadata = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("idp-metadata-fixtures")
        .join("okta/metadata.xml");
    place.write(
        "okta.toml",
        &format!(
            "[[provider]]\nslug = \"okta\"\nkind = \"saml\"\nsaml.metadata_file = {metadata:?}\n"
        ),
    );
    place.run("provider apply okta.toml");
    let found = place.run("check");
    assert_eq!(found.code, 0, "{found:?}");
    let warning = "warning: provider[okta].allowed_domains: is empty, which admits nobody";
    assert!(found.out.lines().any(|l| l == warning), "{}", found.out);
}

#[test]
fn inspect_needs_neither_configuration_nor_database() {
    let place = Place::new();
    std::fs::remove_file(place.path("config.toml")).unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("idp-metadata-fixtures");
    std::fs::copy(fixtures.join("okta/metadata.xml"), place.path("okta.xml")).unwrap();
    let said = place.run("saml inspect okta.xml").good();
    for words in [
        "Metadata of an identity provider",
        "entity id",
        "http://www.okta.com/exk1example2Corp3p4x7",
        "RSA 2048",
        "this gateway can use it",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    std::fs::copy(fixtures.join("hostile/html.xml"), place.path("page.xml")).unwrap();
    let refused = place.run("saml inspect page.xml");
    assert_eq!(refused.code, 1, "{refused:?}");
    place.write("nonsense", "hello");
    let refused = place.run("saml inspect nonsense").bad(1);
    assert!(
        refused.contains("nonsense cannot be explained: it is neither XML nor base64"),
        "{refused}"
    );
    let refused = place.run("saml inspect okta.xml --provider okta").bad(1);
    assert!(refused.contains("config.toml"), "{refused}");
}
