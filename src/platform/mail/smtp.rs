//! To the mail server, by lettre over SMTP.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use secrecy::ExposeSecret as _;
use tokio::sync::Semaphore;

use super::letter::Bodies;
use super::outbox::Claimed;
use crate::platform::config::{self, SmtpTls};

/// Connections to the mail server at once.
const CONNECTIONS: usize = 16;
/// How long one try may take, whatever the server does.
const TIME: Duration = Duration::from_secs(30);
/// How long one answer of the server may take.
const ANSWER: Duration = Duration::from_secs(20);

/// Why a mail was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It may be taken later.
    #[error("{0}")]
    Passing(String),
    /// It will not be taken, however often it is tried.
    #[error("{0}")]
    Final(String),
}

/// The way to the mail server. Clones share its connections' bound.
#[derive(Clone)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// What stands behind the @ of a Message-ID.
    host: String,
    connections: Arc<Semaphore>,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smtp").finish_non_exhaustive()
    }
}

/// Checks a sender as the configuration names it.
///
/// # Errors
/// What is wrong with it.
pub fn check_sender(text: &str) -> Result<(), String> {
    mailbox(text).map(|_| ())
}

fn mailbox(text: &str) -> Result<Mailbox, String> {
    if text.chars().any(char::is_control) {
        return Err("holds a control character".to_owned());
    }
    text.trim().parse().map_err(|_| {
        "expected an address, or a name and an address: \"Example SSO <sso@example.com>\""
            .to_owned()
    })
}

/// RFC 3834: no vacation notices in answer.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl Smtp {
    /// The server that the configuration names; none where it names none.
    /// `public_host` is what we call ourselves there.
    ///
    /// # Errors
    /// What keeps it from being used.
    pub fn new(settings: &config::Smtp, public_host: &str) -> Result<Option<Self>, String> {
        let Some(host) = settings.host.as_deref().map(str::trim) else {
            return Ok(None);
        };
        let from = mailbox(settings.from.as_deref().unwrap_or_default())?;
        let parameters = || TlsParameters::new(host.to_owned()).map_err(|e| e.to_string());
        let tls = match settings.tls {
            SmtpTls::Starttls => Tls::Required(parameters()?),
            SmtpTls::Tls => Tls::Wrapper(parameters()?),
            SmtpTls::None => Tls::None,
        };
        let us = match public_host.trim_matches(['[', ']']).parse() {
            Ok(std::net::IpAddr::V4(address)) => ClientId::Ipv4(address),
            Ok(std::net::IpAddr::V6(address)) => ClientId::Ipv6(address),
            Err(_) => ClientId::Domain(public_host.to_owned()),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(settings.port())
            .tls(tls)
            .hello_name(us)
            .timeout(Some(ANSWER));
        if let (Some(name), Some(password)) = (&settings.username, &settings.password) {
            let password = password.expose_secret().to_owned();
            builder = builder.credentials(Credentials::new(name.clone(), password));
        }
        Ok(Some(Self {
            transport: builder.build(),
            host: from.email.domain().to_owned(),
            from,
            connections: Arc::new(Semaphore::new(CONNECTIONS)),
        }))
    }

    /// How many mails may be sent at once.
    #[must_use]
    pub fn free(&self) -> usize {
        self.connections.available_permits()
    }

    /// Asks the server whether it is there, and signs in to it.
    ///
    /// # Errors
    /// What it, or the network, said.
    pub async fn test(&self) -> Result<(), String> {
        match tokio::time::timeout(TIME, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err("the server does not answer NOOP".to_owned()),
            Ok(Err(error)) => Err(words(&error)),
            Err(_) => Err(format!("no answer within {} s", TIME.as_secs())),
        }
    }

    /// Takes one mail to the server.
    ///
    /// # Errors
    /// Why it was not taken, and whether that will pass.
    pub async fn send(&self, mail: &Claimed, bodies: Bodies) -> Result<(), Fault> {
        let message = self.message(mail, bodies).map_err(Fault::Final)?;
        let Ok(_permit) = self.connections.acquire().await else {
            return Err(Fault::Passing("the gateway is stopping".to_owned()));
        };
        match tokio::time::timeout(TIME, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if is_final(&error) => Err(Fault::Final(words(&error))),
            Ok(Err(error)) => Err(Fault::Passing(words(&error))),
            Err(_) => Err(Fault::Passing(format!(
                "the server did not finish within {} s",
                TIME.as_secs()
            ))),
        }
    }

    fn message(&self, mail: &Claimed, bodies: Bodies) -> Result<Message, String> {
        let to: Address = mail
            .recipient
            .parse()
            .map_err(|_| format!("{:?} is no address that a mail can go to", mail.recipient))?;
        let millis = u64::try_from(mail.created_at.millis()).unwrap_or(0);
        Message::builder()
            .from(self.from.clone())
            // Without a name: it would come from outside, and nobody needs it.
            .to(Mailbox::new(None, to))
            .subject(mail.subject.clone())
            .date(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
            .message_id(Some(format!("<{}@{}>", mail.id, self.host)))
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(bodies.text, bodies.html))
            .map_err(|error| error.to_string())
    }
}

/// Whether the server will never take this mail. What it says about our account
/// there, or before it has heard of the mail, may be mended.
fn is_final(error: &lettre::transport::smtp::Error) -> bool {
    let about_us = [421, 500, 501, 502, 503, 504, 521, 530, 534, 535, 538];
    let code = error.status().map(u16::from);
    error.is_permanent() && code.is_none_or(|code| !about_us.contains(&code))
}

/// The error with its causes, on one line.
fn words(error: &lettre::transport::smtp::Error) -> String {
    use std::error::Error as _;
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        let said = deeper.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = deeper.source();
    }
    super::letter::one_line(&text).chars().take(400).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::platform::mail::outbox::MailId;

    fn smtp(from: &str) -> Smtp {
        let settings = config::Smtp {
            host: Some("127.0.0.1".to_owned()),
            from: Some(from.to_owned()),
            tls: SmtpTls::None,
            ..config::Smtp::default()
        };
        Smtp::new(&settings, "localhost").unwrap().unwrap()
    }

    fn mail(recipient: &str, subject: &str) -> Claimed {
        Claimed {
            id: MailId::from_row("0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4c".to_owned()),
            kind: "reset".to_owned(),
            user: None,
            recipient: recipient.to_owned(),
            subject: subject.to_owned(),
            bodies: String::new(),
            attempts: 1,
            claim: String::new(),
            created_at: Timestamp(1_767_225_600_000),
            expires_at: Timestamp(0),
        }
    }

    fn bodies() -> Bodies {
        Bodies {
            text: "Grüße\r\n".to_owned(),
            html: "<p>Grüße".to_owned(),
        }
    }

    #[test]
    fn a_message_has_what_it_needs_and_nothing_injected() {
        let smtp = smtp("Example SSO <sso@example.com>");
        let subject = "Activate\r\nBcc: everybody@example.com\r\n\r\nbody";
        let message = smtp.message(&mail("ada@example.com", subject), bodies());
        let text = String::from_utf8(message.unwrap().formatted()).unwrap();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
        for line in [
            "From: \"Example SSO\" <sso@example.com>",
            "To: ada@example.com",
            "Message-ID: <0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4c@example.com>",
            "Auto-Submitted: auto-generated",
            "Date: Thu, 01 Jan 2026 00:00:00 +0000",
        ] {
            assert!(
                head.lines().any(|l| l.eq_ignore_ascii_case(line)),
                "{line}\n{head}"
            );
        }
        assert!(head.contains("multipart/alternative"), "{head}");
    }

    #[test]
    fn what_is_no_address_is_none() {
        let smtp = smtp("sso@example.com");
        for recipient in [
            "",
            "ada",
            "ada@example.com\r\nRCPT TO:<x@example.com>",
            "ada@example.com, eve@example.com",
            "<ada@example.com>",
            "ada@exa mple.com",
        ] {
            assert!(
                smtp.message(&mail(recipient, "s"), bodies()).is_err(),
                "{recipient:?}"
            );
        }
    }

    #[test]
    fn senders() {
        assert_eq!(check_sender("sso@example.com"), Ok(()));
        assert_eq!(check_sender("Example SSO <sso@example.com>"), Ok(()));
        for wrong in [
            "",
            "sso",
            "Example SSO",
            "a@b, c@d",
            "a\r\nBcc: b@c <a@example.com>",
        ] {
            assert!(check_sender(wrong).is_err(), "{wrong:?}");
        }
    }
}
