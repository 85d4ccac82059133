//! What the types of the sections cannot say: ranges, and how the keys stand
//! to each other.

use std::path::Path;

use secrecy::ExposeSecret as _;

use super::period::Period;
use super::problem::{Problem, Problems, Warning, nearest};
use super::provider::{check_all, check_domains};
use super::sections::{Branding, Database, Server, Session, Smtp, SmtpTls};
use super::{Config, PublicUrl};
use crate::domain::address::{domain_key, email_key};

/// Checks a configuration that was read; returns what is odd but works.
pub(super) fn validate(config: &Config, problems: &mut Problems) -> Vec<Warning> {
    let mut warnings = Vec::new();
    check_exposure(config, &mut warnings);
    check_proxies(&config.server, &mut warnings);
    check_idle_timeout(&config.session, &mut warnings);
    check_database(&config.database, problems);
    check_key(config, problems);
    check_session(&config.session, &config.public_url, problems);
    check_branding(&config.branding, problems);
    check_smtp(&config.smtp, problems, &mut warnings);
    check_range(
        "security.max_clock_skew",
        config.security.max_clock_skew,
        (Period::from_secs(0), Period::from_secs(120)),
        problems,
    );
    check_domains(
        "security.allowed_domains",
        &config.security.allowed_domains,
        problems,
    );
    if config.security.allowed_domains.is_empty() {
        warnings.push(Problem::new(
            "security.allowed_domains",
            "is empty, which admits nobody",
        ));
    }
    if let Err(sentence) = check_log_level(&config.log.level) {
        problems.add("log.level", sentence);
    }
    check_all(&config.providers, config.allow_private_networks(), problems);
    for provider in &config.providers {
        if provider.allowed_domains.is_empty() {
            warnings.push(Problem::new(
                format!("provider[{}].allowed_domains", provider.slug),
                "is empty, which admits nobody",
            ));
        }
    }
    warnings
}

fn check_exposure(config: &Config, warnings: &mut Vec<Warning>) {
    let url = &config.public_url;
    if !url.is_https() && !url.is_loopback() {
        warnings.push(Problem::new(
            "public_url",
            "is plain http on a host that others can reach: session cookies travel unprotected; \
             put a TLS proxy in front and write https://",
        ));
    }
    if url.is_https() && config.server.trusted_proxies.is_empty() {
        warnings.push(Problem::new(
            "server.trusted_proxies",
            "is empty, so every request seems to come from the TLS proxy in front: rate limits \
             and logs cannot tell clients apart; list the proxy's address",
        ));
    }
}

fn check_proxies(server: &Server, warnings: &mut Vec<Warning>) {
    for (index, network) in server.trusted_proxies.iter().enumerate() {
        if network.prefix_len() == 0 {
            warnings.push(Problem::new(
                format!("server.trusted_proxies.{index}"),
                "trusts every address: any client can claim to come from anywhere",
            ));
        }
    }
}

fn check_idle_timeout(session: &Session, warnings: &mut Vec<Warning>) {
    // Somebody who shortens the lifetime alone means nothing by the default.
    let set = session.idle_timeout != Session::default().idle_timeout;
    if set && session.idle_timeout > session.lifetime {
        warnings.push(Problem::new(
            "session.idle_timeout",
            format!(
                "{} has no effect, since a session ends after {} (session.lifetime)",
                session.idle_timeout, session.lifetime
            ),
        ));
    }
}

fn check_database(database: &Database, problems: &mut Problems) {
    const EXPECTED: &str = "write sqlite://path/to/file.db or postgres://user:password@host/name";
    let key = "database.url";
    let url = database.url.expose_secret();
    if let Some(path) = database.sqlite_path() {
        if path.as_os_str().is_empty() {
            problems.add(key, format!("names no file; {EXPECTED}"));
        } else if path.is_dir() {
            problems.add(key, format!("{} is a folder; name a file", path.display()));
        }
    } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        // The parser's own message may quote the password.
        if url.parse::<tokio_postgres::Config>().is_err() {
            problems.add(
                key,
                "is no connection string that PostgreSQL knows; special characters in the \
                 password must be percent-encoded",
            );
        }
    } else {
        problems.add(key, format!("has an unknown scheme; {EXPECTED}"));
    }
}

fn check_key(config: &Config, problems: &mut Problems) {
    if let Some(key) = &config.secrets.key
        && let Err(error) = crate::platform::crypto::MasterKeys::parse(key.expose_secret())
    {
        problems.add("secrets.key", error.to_string());
    }
}

fn check_session(session: &Session, public_url: &PublicUrl, problems: &mut Problems) {
    check_range(
        "session.lifetime",
        session.lifetime,
        (Period::from_minutes(5), Period::from_days(90)),
        problems,
    );
    check_range(
        "session.idle_timeout",
        session.idle_timeout,
        (Period::from_minutes(1), Period::from_days(90)),
        problems,
    );
    if let Some(domain) = &session.cookie_domain
        && let Err(sentence) = check_cookie_domain(domain, public_url.host())
    {
        problems.add("session.cookie_domain", sentence);
    }
}

/// A browser keeps a cookie for the host's own domain or a parent of it, never
/// for an address or a top-level domain (RFC 6265 §5.1.3 and §5.3).
fn check_cookie_domain(domain: &str, host: &str) -> Result<(), String> {
    let Some(domain) = domain_key(domain) else {
        return Err("is no domain name".to_owned());
    };
    if domain.parse::<std::net::Ipv4Addr>().is_ok() {
        return Err("is an address; cookies can be shared below a domain name only".to_owned());
    }
    if !domain.contains('.') {
        return Err(format!(
            "`{domain}` is a top-level domain, for which browsers keep no cookie"
        ));
    }
    let within = host == domain
        || host
            .strip_suffix(domain.as_str())
            .is_some_and(|rest| rest.ends_with('.'));
    if within {
        Ok(())
    } else {
        Err(format!(
            "`{domain}` is neither the host of public_url ({host}) nor a parent of it"
        ))
    }
}

fn check_branding(branding: &Branding, problems: &mut Problems) {
    let name = branding.name.trim();
    if name.is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) {
        problems.add("branding.name", "must have 1 to 80 characters");
    }
    if let Some(logo) = &branding.logo
        && let Err(sentence) = check_logo(logo)
    {
        problems.add("branding.logo", sentence);
    }
    if let Some(accent) = &branding.accent {
        let digits = accent.strip_prefix('#').unwrap_or("");
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            problems.add("branding.accent", "expected a colour such as #2563eb");
        }
    }
    if let Some(support) = &branding.support
        && email_key(support).is_none()
        && !is_web_address(support)
    {
        problems.add(
            "branding.support",
            "expected an e-mail address or an address that begins with https://",
        );
    }
    for (key, address) in [
        ("branding.imprint_url", &branding.imprint_url),
        ("branding.privacy_url", &branding.privacy_url),
    ] {
        if address.as_deref().is_some_and(|a| !is_web_address(a)) {
            problems.add(
                key,
                "expected an address that begins with https:// or http://",
            );
        }
    }
}

fn check_smtp(smtp: &Smtp, problems: &mut Problems, warnings: &mut Vec<Warning>) {
    let is_set = |text: &Option<String>| text.as_deref().is_some_and(|t| !t.trim().is_empty());
    if !is_set(&smtp.host) {
        let named = [
            ("smtp.from", smtp.from.is_some()),
            ("smtp.username", smtp.username.is_some()),
            ("smtp.password", smtp.password.is_some()),
            ("smtp.port", smtp.port.is_some()),
        ];
        if smtp.host.is_some() || named.iter().any(|(_, is_there)| *is_there) {
            problems.add("smtp.host", "is missing; name the mail server");
        }
        return;
    }
    let host = smtp.host.as_deref().unwrap_or_default().trim();
    if host.contains(['/', '@', ' ']) || host.parse::<std::net::SocketAddrV4>().is_ok() {
        problems.add(
            "smtp.host",
            "expected a name or an address alone, such as mail.example.com",
        );
    }
    if smtp.port == Some(0) {
        problems.add("smtp.port", "expected a port from 1 to 65535");
    }
    match smtp.from.as_deref() {
        None => problems.add(
            "smtp.from",
            "is missing; write the sender, such as \"Example SSO <sso@example.com>\"",
        ),
        Some(from) => {
            if let Err(sentence) = crate::platform::mail::check_sender(from) {
                problems.add("smtp.from", sentence);
            }
        }
    }
    if smtp.username.is_some() != smtp.password.is_some() {
        let (key, other) = match smtp.username {
            Some(_) => ("smtp.password", "username"),
            None => ("smtp.username", "password"),
        };
        problems.add(key, format!("is missing beside smtp.{other}"));
    }
    let is_near = host == "localhost"
        || host
            .parse()
            .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    if smtp.tls == SmtpTls::None && !is_near {
        warnings.push(Problem::new(
            "smtp.tls",
            "is none: mails, and the password of smtp.username, travel unprotected, and mails hold \
             links that open accounts",
        ));
    }
}

fn check_logo(logo: &Path) -> Result<(), String> {
    const MAX_BYTES: u64 = 512 * 1024;
    let extension = logo.extension().and_then(|e| e.to_str()).unwrap_or("");
    let known = ["svg", "png", "webp", "jpg", "jpeg"];
    if !known.contains(&extension.to_ascii_lowercase().as_str()) {
        return Err(format!("must be one of {}", known.join(", ")));
    }
    match std::fs::metadata(logo) {
        Ok(found) if !found.is_file() => Err(format!("{} is no file", logo.display())),
        Ok(found) if found.len() > MAX_BYTES => {
            Err(format!("{} is larger than 512 KiB", logo.display()))
        }
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{} cannot be read: {error}", logo.display())),
    }
}

fn is_web_address(text: &str) -> bool {
    url::Url::parse(text)
        .is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
}

fn check_range(key: &str, found: Period, (least, most): (Period, Period), problems: &mut Problems) {
    if found < least || found > most {
        problems.add(key, format!("{found} is not between {least} and {most}"));
    }
}

/// `info`, or `info,doorward::login=debug`. The log library would take any
/// word for a target's name, so that a slip would silence the log.
fn check_log_level(text: &str) -> Result<(), String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    for part in text.split(',') {
        let level = part
            .rsplit_once('=')
            .map_or(part, |(_, level)| level)
            .trim();
        let lower = level.to_ascii_lowercase();
        if !LEVELS.contains(&lower.as_str()) {
            return Err(match nearest(level, LEVELS) {
                Some(near) => format!("`{level}` is no level; did you mean `{near}`?"),
                None => format!("`{level}` is no level; one of {}", LEVELS.join(", ")),
            });
        }
    }
    tracing_subscriber::EnvFilter::try_new(text)
        .map(|_| ())
        .map_err(|error| error.to_string())
}
