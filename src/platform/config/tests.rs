use std::path::Path;

use secrecy::ExposeSecret as _;

use super::*;

const MINIMAL: &str = r#"
public_url = "http://localhost:8080"

[server]
listen = "127.0.0.1:8080"
trusted_proxies = []

[database]
url = "sqlite://data/doorward.db"
"#;

fn load(text: &str, env: &[(&str, &str)]) -> Result<(Config, Vec<Warning>), Problems> {
    let env = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Config::from_text("config.toml", text, Path::new(""), env)
}

fn config(text: &str) -> Config {
    load(text, &[]).unwrap().0
}

fn problems(text: &str) -> String {
    load(text, &[]).unwrap_err().to_string()
}

/// The problems of a text that stands below a valid `public_url`.
fn problems_below(text: &str) -> String {
    problems(&format!("public_url = \"https://sso.example.com\"\n{text}"))
}

#[test]
fn the_minimal_file_works_and_says_nothing() {
    let (config, warnings) = load(MINIMAL, &[]).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(config.public_url.origin(), "http://localhost:8080");
    assert_eq!(config.server.listen.port(), 8080);
    assert_eq!(config.session.lifetime, Period::from_hours(12));
    assert_eq!(config.security.max_clock_skew, Period::from_secs(60));
    assert!(config.security.rate_limits);
    assert_eq!(config.key_file(), Path::new("data/doorward.key"));
    assert!(config.providers.is_empty());
}

#[test]
fn every_problem_is_reported_at_once() {
    let found = problems(
        r#"
        public_url = "https://sso.example.com/gate"
        colour = "red"
        [server]
        lisen = "127.0.0.1:8080"
        listen = "8080"
        trusted_proxies = ["10.0.0.0/8", "10.0.0.0/99", "proxy", "192.0.2.1"]
        [session]
        lifetime = "12 hours"
        idle_timeout = 30
        cookie_domain = "example.org"
        [security]
        rate_limits = "yes"
        [database]
        url = "mysql://x"
        [log]
        format = "jsno"
        level = "inf"
        [[provider]]
        slug = "Okta!"
        kind = "samml"
        lable = "x"
        sync_fields = ["name", "depatment", "upn", "nickname"]
        "#,
    );
    let expected = [
        "colour: unknown key; known here: public_url, server, database, secrets, session, \
         branding, smtp, password_login, security, passkeys, log, metrics, provider",
        "public_url: must be an origin without a path, query or fragment; write it as \
         https://sso.example.com",
        "server.lisen: unknown key; did you mean `listen`?",
        "server.listen: expected ADDRESS:PORT, such as 127.0.0.1:8080 or [::]:8080",
        "server.trusted_proxies.1: `10.0.0.0/99` is no network; expected a CIDR such as 10.0.0.0/8",
        "server.trusted_proxies.2: `proxy` is no network; expected a CIDR such as 10.0.0.0/8",
        "session.idle_timeout: expected a duration such as 30s, 30m, 12h or 90d, found a whole number",
        "session.lifetime: expected a duration such as 30s, 30m, 12h or 90d",
        "security.rate_limits: expected true or false, found a text",
        "log.format: `jsno` is not known; did you mean `json`?",
        "log.level: `inf` is no level; did you mean `info`?",
        "database.url: has an unknown scheme; write sqlite://path/to/file.db or \
         postgres://user:password@host/name",
        "provider[Okta!].kind: `samml` is not known; did you mean `saml`?",
        "provider[Okta!].lable: unknown key; did you mean `label`?",
        "provider[Okta!].slug: a slug has 1 to 63 characters of a-z, 0-9 and -, and does not \
         start or end with -",
        "provider[Okta!].sync_fields.1: `depatment` is not known; did you mean `department`?",
    ];
    for line in expected {
        assert!(
            found.lines().any(|l| l == line),
            "missing: {line}\n---\n{found}"
        );
    }
    let nickname = "provider[Okta!].sync_fields.3: `nickname`";
    assert!(found.lines().any(|l| l.starts_with(nickname)), "{found}");
    assert_eq!(found.lines().count(), expected.len() + 1, "{found}");
}

#[test]
fn a_key_outside_its_section_is_sent_home() {
    let found = problems_below("listen = \"127.0.0.1:1\"\n[servers]\n[[providers]]");
    assert!(
        found.contains("listen: unknown key; did you mean `server.listen`?"),
        "{found}"
    );
    assert!(
        found.contains("servers: unknown key; did you mean `server`?"),
        "{found}"
    );
    assert!(
        found.contains("providers: unknown key; did you mean `[[provider]]`?"),
        "{found}"
    );
}

#[test]
fn sections_of_features_that_do_not_exist_are_refused() {
    for section in ["sftp", "telemetry"] {
        let found = problems_below(&format!("[{section}]"));
        assert!(
            found.starts_with(&format!("{section}: unknown key")),
            "{found}"
        );
    }
}

#[test]
fn a_mail_server_needs_a_sender_and_both_halves_of_its_account() {
    let full = "[smtp]\nhost = \"mail.example.com\"\nfrom = \"SSO <sso@example.com>\"\n\
                username = \"sso\"\npassword = \"secret\"\n";
    let smtp = config(&format!("{MINIMAL}\n{full}")).smtp;
    assert_eq!((smtp.port(), smtp.tls), (587, SmtpTls::Starttls));
    assert!(!format!("{smtp:?}").contains("secret"));
    for (text, key) in [
        (
            "[smtp]\nhost = \"mail.example.com\"",
            "smtp.from: is missing",
        ),
        ("[smtp]\nfrom = \"a@example.com\"", "smtp.host: is missing"),
        (
            "[smtp]\nhost = \"h\"\nfrom = \"nobody\"",
            "smtp.from: expected an address",
        ),
        (
            "[smtp]\nhost = \"h/x\"\nfrom = \"a@example.com\"",
            "smtp.host: expected a name",
        ),
        (
            "[smtp]\nhost = \"h\"\nfrom = \"a@example.com\"\nport = 0",
            "smtp.port: ",
        ),
        (
            "[smtp]\nhost = \"h\"\nfrom = \"a@example.com\"\nusername = \"u\"",
            "smtp.password: is missing",
        ),
        (
            "[smtp]\nhost = \"h\"\nfrom = \"a@example.com\"\ntls = \"ssl\"",
            "smtp.tls: ",
        ),
        (
            "[smtp]\nhots = \"h\"",
            "smtp.hots: unknown key; did you mean `host`?",
        ),
    ] {
        let found = problems_below(text);
        assert!(found.starts_with(key), "{text}: {found}");
    }
    assert!(config(MINIMAL).password_login.enabled);
}

#[test]
fn a_file_that_is_no_toml_names_the_place() {
    let found = problems("public_url = \"x\"\nlisten 8080\n");
    assert!(found.starts_with("config.toml: line 2, column "), "{found}");
    assert_eq!(found.lines().count(), 1);
}

#[test]
fn the_environment_goes_before_the_file() {
    let (config, _) = load(
        MINIMAL,
        &[
            ("DOORWARD__SERVER__LISTEN", "[::]:9000"),
            ("DOORWARD__SERVER__TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1"),
            ("DOORWARD__SECURITY__ALLOWED_DOMAINS", "[\"example.com\"]"),
            ("DOORWARD__SECURITY__RATE_LIMITS", "false"),
            ("DOORWARD__BRANDING__NAME", "4711"),
            ("doorward__log__level", "debug"),
        ],
    )
    .unwrap();
    assert_eq!(config.server.listen.to_string(), "[::]:9000");
    assert!(config.server.trusts("10.1.2.3".parse().unwrap()));
    assert!(config.server.trusts("::ffff:192.0.2.1".parse().unwrap()));
    assert!(!config.server.trusts("192.0.2.2".parse().unwrap()));
    assert_eq!(config.security.allowed_domains, ["example.com"]);
    assert!(!config.security.rate_limits);
    assert_eq!(config.branding.name, "4711");
    assert_eq!(config.log.level, "debug");
}

#[test]
fn the_environment_is_checked_like_the_file() {
    let found = load(
        MINIMAL,
        &[
            ("DOORWARD__SERVER__LISEN", "x"),
            ("DOORWARD__SECURITY__RATE_LIMITS", "perhaps"),
            ("DOORWARD__PUBLIC_URL__HOST", "x"),
            ("DOORWARD__SERVER__", "x"),
            ("DOORWARD__PROVIDER__0__SLUG", "x"),
        ],
    )
    .unwrap_err()
    .to_string();
    for line in [
        "server.lisen: unknown key; did you mean `listen`? (set by DOORWARD__SERVER__LISEN)",
        "security.rate_limits: expected true or false, found a text (set by \
         DOORWARD__SECURITY__RATE_LIMITS)",
        "DOORWARD__PUBLIC_URL__HOST: sets a key below one that is no table",
        "DOORWARD__SERVER__: names no key; write DOORWARD__SECTION__KEY",
        "DOORWARD__PROVIDER__0__SLUG: providers are set in the file or through the API only",
    ] {
        assert!(
            found.lines().any(|l| l == line),
            "missing: {line}\n---\n{found}"
        );
    }
}

#[test]
fn the_environment_alone_is_enough() {
    let (config, _) = load("", &[("DOORWARD__PUBLIC_URL", "http://localhost:1")]).unwrap();
    assert_eq!(config.public_url.origin(), "http://localhost:1");
    assert_eq!(
        config.database.sqlite_path(),
        Some(Path::new("data/doorward.db"))
    );
    assert!(problems("").starts_with("public_url: is missing"));
}

#[test]
fn private_networks_are_open_on_a_loopback_address_only() {
    for (url, section, expected) in [
        ("http://localhost:8080", "", true),
        ("http://127.0.0.1:8080", "", true),
        ("https://localhost", "", false),
        ("http://sso.internal", "", false),
        ("https://sso.example.com", "", false),
        ("https://sso.example.com", "true", true),
        ("http://localhost:8080", "false", false),
    ] {
        let section = match section {
            "" => String::new(),
            value => format!("[security]\nallow_private_networks = {value}\n"),
        };
        let text = format!("public_url = \"{url}\"\n{section}");
        assert_eq!(config(&text).allow_private_networks(), expected, "{text}");
    }
}

#[test]
fn secrets_do_not_show() {
    let config = config(
        r#"
        public_url = "http://localhost:8080"
        [database]
        url = "postgres://doorward:hush-hush@db/doorward"
        [secrets]
        key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
        "#,
    );
    let shown = format!("{config:?}");
    assert!(
        !shown.contains("hush-hush") && !shown.contains("AAECAw"),
        "{shown}"
    );
    assert!(config.database.url.expose_secret().contains("hush-hush"));
    for text in [
        "[database]\nurl = \"mysql://root:hush-hush@db/x\"",
        "[database]\nurl = \"postgres://u:hush-hush@db:notaport/x\"",
        "[database]\nurl = [\"hush-hush\"]",
        "[secrets]\nkey = \"hush-hush\"",
    ] {
        let found = problems_below(text);
        assert!(!found.contains("hush"), "{found}");
        assert_eq!(found.lines().count(), 1, "{found}");
    }
}

#[test]
fn database_urls() {
    for (url, good) in [
        ("sqlite://data/doorward.db", true),
        ("sqlite:///var/lib/doorward/doorward.db", true),
        ("postgres://u:p@h/d", true),
        (
            "postgresql://u:p@a,b/d?target_session_attrs=read-write",
            true,
        ),
        ("sqlite://", false),
        ("sqlite:data.db", false),
        ("data/doorward.db", false),
        ("", false),
    ] {
        let text = format!("public_url = \"http://localhost\"\n[database]\nurl = \"{url}\"");
        assert_eq!(load(&text, &[]).is_ok(), good, "{url}");
    }
}

#[test]
fn values_out_of_range_are_refused() {
    for (section, key, value) in [
        ("security", "max_clock_skew", "\"121s\""),
        ("security", "allowed_domains", "[\"*.*\"]"),
        ("session", "lifetime", "\"1m\""),
        ("session", "lifetime", "\"91d\""),
        ("session", "idle_timeout", "\"30s\""),
        ("session", "cookie_domain", "\"other.com\""),
        ("session", "cookie_domain", "\"com\""),
        ("session", "cookie_domain", "\"le.com\""),
        ("branding", "accent", "\"blue\""),
        ("branding", "accent", "\"#12345g\""),
        ("branding", "name", "\" \""),
        ("branding", "logo", "\"no/such.svg\""),
        ("branding", "logo", "\"Cargo.toml\""),
        ("branding", "support", "\"javascript:alert(1)\""),
        ("branding", "imprint_url", "\"/imprint\""),
        ("log", "level", "\"inof\""),
        ("log", "level", "\"info,doorward=loud\""),
        ("metrics", "allowed_networks", "[\"everyone\"]"),
    ] {
        let found = problems_below(&format!("[{section}]\n{key} = {value}"));
        assert!(
            found.starts_with(&format!("{section}.{key}")),
            "{key} = {value}: {found}"
        );
        assert_eq!(found.lines().count(), 1, "{found}");
    }
}

#[test]
fn values_within_range_are_taken() {
    for (section, key, value) in [
        ("security", "max_clock_skew", "\"2m\""),
        ("security", "max_clock_skew", "\"0s\""),
        (
            "security",
            "allowed_domains",
            "[\"*.example.com\", \"BÜCHER.example\"]",
        ),
        ("session", "cookie_domain", "\".Example.com\""),
        ("session", "cookie_domain", "\"sso.example.com\""),
        ("session", "lifetime", "\"90d\""),
        ("branding", "accent", "\"#0A7cff\""),
        ("branding", "support", "\"it@example.com\""),
        ("branding", "support", "\"https://help.example.com/\""),
        ("log", "level", "\"warn,doorward::login=debug\""),
    ] {
        let text =
            format!("public_url = \"https://sso.example.com\"\n[{section}]\n{key} = {value}");
        assert!(load(&text, &[]).is_ok(), "{text}");
    }
}

#[test]
fn what_works_but_is_odd_is_warned_about() {
    for (text, key) in [
        ("public_url = \"http://sso.example.com\"", "public_url"),
        (
            "public_url = \"https://sso.example.com\"",
            "server.trusted_proxies",
        ),
        (
            "public_url = \"http://localhost\"\n[server]\ntrusted_proxies = [\"0.0.0.0/0\"]",
            "server.trusted_proxies.0",
        ),
        (
            "public_url = \"http://localhost\"\n[session]\nidle_timeout = \"13h\"",
            "session.idle_timeout",
        ),
        (
            "public_url = \"http://localhost\"\n[[provider]]\nslug = \"a\"\nkind = \"saml\"\n\
             saml.metadata_url = \"https://idp.example.com/\"",
            "provider[a].allowed_domains",
        ),
    ] {
        let (_, warnings) = load(text, &[]).unwrap();
        let keys: Vec<&str> = warnings.iter().map(|w| w.key.as_str()).collect();
        assert_eq!(keys, [key], "{text}");
    }
}

#[test]
fn providers_are_checked_beyond_their_types() {
    let found = problems_below(
        r#"
        [server]
        trusted_proxies = ["192.0.2.1"]
        [[provider]]
        slug = "a"
        kind = "saml"
        label = ""
        allowed_domains = ["example.com", "exam ple.com"]
        [provider.saml]
        metadata_url = "http://idp.example.com/metadata"
        attributes = { depatment = ["x"], upn = [], groups = ["memberOf"], scim_id = ["id"] }
        [[provider]]
        slug = "a"
        kind = "saml"
        [provider.saml]
        metadata_url = "ftp://idp.example.com/metadata"
        [[provider]]
        slug = "b"
        kind = "saml"
        [[provider]]
        kind = "saml"
        "#,
    );
    let expected = [
        "provider[#4].slug: is missing",
        "provider[a].label: must have 1 to 80 characters",
        "provider[a].allowed_domains.1: `exam ple.com` is no domain pattern; write example.com, \
         *.example.com (the levels below) or *",
        "provider[a].saml.metadata_url: must begin with https:// (plain http needs [security] \
         allow_private_networks)",
        "provider[a].saml.attributes.depatment: is no field of the directory; did you mean \
         `department`?",
        "provider[a].saml.attributes.upn: must name the attributes to try, none of them empty",
        "provider[a].slug: stands twice; a slug names one provider",
        "provider[a].saml.metadata_url: must begin with https://",
        "provider[b].saml: is missing; a provider of kind `saml` needs it",
    ];
    assert_eq!(found.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn metadata_can_lie_in_a_file_beside_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("okta.xml", "<EntityDescriptor/>");
    write(
        "providers.toml",
        "[[provider]]\nslug = \"okta\"\nkind = \"saml\"\nsaml.metadata_file = \"okta.xml\"\n",
    );
    let read = |name: &str| providers_from_file(&folder.path().join(name), false);
    let providers = read("providers.toml").unwrap();
    let saml = providers[0].saml.as_ref().unwrap();
    assert_eq!(saml.metadata_xml.as_deref(), Some("<EntityDescriptor/>"));

    write(
        "bad.toml",
        "public_url = \"x\"\n[[provider]]\nslug = \"okta\"\nkind = \"saml\"\n\
         saml.metadata_file = \"none.xml\"\n",
    );
    let found = read("bad.toml").unwrap_err().to_string();
    assert!(
        found.contains("provider[okta].saml.metadata_file: "),
        "{found}"
    );
    assert!(
        found.contains("public_url: only [[provider]] tables"),
        "{found}"
    );
    write("empty.toml", "");
    assert!(
        read("empty.toml")
            .unwrap_err()
            .to_string()
            .contains("holds no [[provider]]")
    );
    assert!(
        read("no-such.toml")
            .unwrap_err()
            .to_string()
            .contains("does not exist")
    );
}

#[test]
fn metrics_admit_near_clients_only() {
    let metrics = Metrics::default();
    for (address, admitted) in [
        ("127.0.0.1", true),
        ("::ffff:127.0.0.1", true),
        ("10.1.2.3", true),
        ("fd00::1", true),
        ("203.0.113.9", false),
        ("2001:db8::1", false),
    ] {
        assert_eq!(
            metrics.admits(address.parse().unwrap()),
            admitted,
            "{address}"
        );
    }
}

#[test]
fn known_keys_are_those_of_the_structs() {
    let keys = known_keys();
    for key in [
        "public_url",
        "server.listen",
        "database.url",
        "secrets.key_file",
        "log.format",
    ] {
        assert!(keys.iter().any(|known| known == key), "{key}");
    }
}
