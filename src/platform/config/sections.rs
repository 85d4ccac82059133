//! The sections of the file, one struct each. A field is a key, its type and
//! its default are the rule; what a type cannot say stands in `validate`.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer};

use super::period::Period;

/// `[server]`: where requests come in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// The address and port to listen on.
    #[serde(deserialize_with = "socket_address")]
    pub listen: SocketAddr,
    /// The reverse proxies whose `X-Forwarded-*` headers are believed.
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            trusted_proxies: Vec::new(),
        }
    }
}

impl Server {
    /// Whether `address` is a proxy whose headers are believed.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        contains(&self.trusted_proxies, address)
    }
}

/// `[database]`: where everything is kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite://path` or `postgres://user:password@host/database`.
    pub url: SecretString,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: SecretString::from("sqlite://data/doorward.db"),
        }
    }
}

impl Database {
    /// The file, when the database is an embedded one.
    #[must_use]
    pub fn sqlite_path(&self) -> Option<&Path> {
        self.url
            .expose_secret()
            .strip_prefix("sqlite://")
            .map(Path::new)
    }
}

/// `[secrets]`: the key under which secrets lie in the database.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Secrets {
    /// The file with the master key; made at the first start, with mode 0600.
    pub key_file: Option<PathBuf>,
    /// The master key itself: 32 bytes in base64. Meant for the environment;
    /// goes before `key_file`.
    pub key: Option<SecretString>,
}

/// `[session]`: how long people stay signed in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Session {
    /// From the sign-in to the end, whatever happens in between.
    pub lifetime: Period,
    /// From the last request to the end.
    pub idle_timeout: Period,
    /// The parent domain whose hosts share the session; this host alone when
    /// absent.
    #[serde(deserialize_with = "cookie_domain")]
    pub cookie_domain: Option<String>,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            lifetime: Period::from_hours(12),
            idle_timeout: Period::from_hours(2),
            cookie_domain: None,
        }
    }
}

/// `[branding]`: what employees see.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Branding {
    /// The organisation's name.
    pub name: String,
    /// A file with the logo: SVG, PNG, WebP or JPEG.
    pub logo: Option<PathBuf>,
    /// The accent colour, `#rrggbb`.
    pub accent: Option<String>,
    /// Whom to ask for help: an e-mail address or a web address.
    pub support: Option<String>,
    /// The address of the imprint.
    pub imprint_url: Option<String>,
    /// The address of the privacy notice.
    pub privacy_url: Option<String>,
}

impl Default for Branding {
    fn default() -> Self {
        Self {
            name: "Doorward".to_owned(),
            logo: None,
            accent: None,
            support: None,
            imprint_url: None,
            privacy_url: None,
        }
    }
}

/// `[security]`: bounds for every provider and channel.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Security {
    /// The domains that any provider may admit, in the form of a provider's
    /// own `allowed_domains`: an address must be within both lists.
    pub allowed_domains: Vec<String>,
    /// How far an IdP's clock may be off; at most two minutes.
    pub max_clock_skew: Period,
    /// Whether outbound requests may go to private and loopback addresses,
    /// and to those in plain http. Ask [`super::Config::allow_private_networks`],
    /// which knows the default.
    pub allow_private_networks: Option<bool>,
    /// Whether costly requests are limited per address.
    pub rate_limits: bool,
    /// Whether nobody signs in outside `valid_from` … `valid_to`.
    pub enforce_validity: bool,
}

impl Default for Security {
    fn default() -> Self {
        Self {
            allowed_domains: vec!["*".to_owned()],
            max_clock_skew: Period::from_secs(60),
            allow_private_networks: None,
            rate_limits: true,
            enforce_validity: true,
        }
    }
}

/// `[smtp]`: the mail server that takes mails to people.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Smtp {
    /// Its name or address; without one no mail is sent.
    pub host: Option<String>,
    /// Its port; 587, 465 or 25 by `tls`.
    pub port: Option<u16>,
    /// The sender: an address, or `Name <address>`.
    pub from: Option<String>,
    /// The account there.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<SecretString>,
    /// How the connection is protected.
    pub tls: SmtpTls,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    /// TLS after a start in clear, and never without.
    #[default]
    Starttls,
    /// TLS from the first octet.
    Tls,
    /// Not at all.
    None,
}

impl Smtp {
    /// The port, also where the file names none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            SmtpTls::Starttls => 587,
            SmtpTls::Tls => 465,
            SmtpTls::None => 25,
        })
    }
}

/// `[password_login]`: signing in with a password that the gateway keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordLogin {
    /// Whether people may, until an admin sets it otherwise.
    pub enabled: bool,
}

impl Default for PasswordLogin {
    fn default() -> Self {
        Self { enabled: true }
    }
}

/// `[passkeys]`: signing in with passkeys and security keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Passkeys {
    /// Whether people can, until an admin says otherwise in the settings.
    pub enabled: bool,
}

impl Default for Passkeys {
    fn default() -> Self {
        Self { enabled: true }
    }
}

/// `[log]`: what the process writes on standard error.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`, or a list of
    /// `target=level` as well.
    pub level: String,
    /// Text for people or JSON for machines.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            format: LogFormat::Text,
        }
    }
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// `[metrics]`: `GET /metrics`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Whether there is such a page.
    pub enabled: bool,
    /// The networks that may read it; loopback and private ones by default.
    #[serde(deserialize_with = "networks")]
    pub allowed_networks: Vec<IpNet>,
}

impl Default for Metrics {
    fn default() -> Self {
        let private = [
            "127.0.0.0/8",
            "::1/128",
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "fc00::/7",
        ];
        Self {
            enabled: true,
            allowed_networks: private.iter().filter_map(|net| net.parse().ok()).collect(),
        }
    }
}

impl Metrics {
    /// Whether a client at `address` may read the metrics.
    #[must_use]
    pub fn admits(&self, address: IpAddr) -> bool {
        self.enabled && contains(&self.allowed_networks, address)
    }
}

/// Whether one of the networks holds the address; an IPv4 address that came
/// in over an IPv6 socket (`::ffff:a.b.c.d`) is the IPv4 address.
fn contains(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

fn socket_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(|_| {
        serde::de::Error::custom("expected ADDRESS:PORT, such as 127.0.0.1:8080 or [::]:8080")
    })
}

/// A network as people write it: a CIDR, or one address.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Network(IpNet);

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let text = text.trim();
        text.parse::<IpNet>()
            .map(|network| network.trunc())
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
            .map(Self)
            .map_err(|_| format!("`{text}` is no network; expected a CIDR such as 10.0.0.0/8"))
    }
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let networks = Vec::<Network>::deserialize(deserializer)?;
    Ok(networks.into_iter().map(|network| network.0).collect())
}

/// `.example.com`, as old cookie guides write it, is `example.com`.
fn cookie_domain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.map(|text| text.trim().trim_start_matches('.').to_ascii_lowercase()))
}
