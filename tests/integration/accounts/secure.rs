//! The way to a mail server that keeps secrets and wants to know who comes.

use std::time::{Duration, Instant};

use serde_json::json;

use super::secure_server::{Mode, SecureServer};
use crate::harness::{Idp, Server};

/// A gateway that trusts the mail server's certificate, or does not.
async fn gateway(mail: &SecureServer, trusts: bool) -> Server {
    let mut server = Server::prepared("sqlite://data/doorward.db", &mail.config());
    if trusts {
        let file = mail.certificates().display().to_string();
        server.environment.push(("SSL_CERT_FILE".to_owned(), file));
    }
    server.run().await;
    server.token = server.make_token(&["admin"]);
    server
}

async fn invite(server: &Server) {
    let body = json!({ "email": "grace@example.com", "invite": true });
    let api = server.api();
    let made = api.expect("POST", "/api/v1/users", Some(&body), 201).await;
    assert_eq!(made["invitation"]["mailed"], true);
}

/// Waits until a try has failed, and says why.
async fn failure(server: &Server) -> String {
    let start = Instant::now();
    loop {
        let log = server.log();
        if let Some(line) = log
            .lines()
            .find(|line| line.contains("a mail was not taken"))
        {
            return line.to_owned();
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{log}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mails_go_over_tls_with_a_password() {
    for mode in [Mode::Starttls, Mode::Tls] {
        let mail = SecureServer::start(mode);
        let server = gateway(&mail, true).await;
        invite(&server).await;
        let mails = mail.wait(Duration::from_secs(20)).await;
        assert_eq!(mails.len(), 1, "{mode:?}");
        assert!(mails[0].contains("To: grace@example.com"), "{}", mails[0]);
        for line in mail.clear() {
            let verb = line.split(' ').next().unwrap();
            assert!(["EHLO", "STARTTLS"].contains(&verb), "{mode:?}: {line}");
        }
        assert_eq!(mail.clear().is_empty(), mode == Mode::Tls);
        // And the machine can say whether the way is open.
        server.cli(&["check"], "");
    }
}

/// A password that the server refuses is mended by somebody; until then the mail waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_login_loses_no_mail() {
    let mail = SecureServer::start(Mode::Starttls);
    mail.refuse(true);
    let server = gateway(&mail, true).await;
    invite(&server).await;
    let line = failure(&server).await;
    assert!(line.contains("535"), "{line}");
    assert!(!line.contains("machine"), "the password: {line}");
    assert_eq!(mail.refused(), 1);
    let idp = Idp::new();
    idp.register(&server).await;
    let (mut admin, _) = idp.signed_in_with(&server, "root", Some("admin")).await;
    let page = admin.click("/admin/security").await;
    for text in ["grace@example.com", "535", "Waiting"] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    mail.refuse(false);
    let mails = mail.wait(Duration::from_mins(1)).await;
    assert_eq!((mails.len(), mail.refused()), (1, 1));
    let page = admin.click("/admin/security").await;
    assert!(!page.body.contains("grace@example.com"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_away_gets_its_mail_once() {
    let (mail, listener) = SecureServer::away(Mode::Tls);
    drop(listener);
    let server = gateway(&mail, true).await;
    invite(&server).await;
    failure(&server).await;
    mail.come_back();
    assert_eq!(mail.wait(Duration::from_mins(1)).await.len(), 1);
}

/// Neither a server that has lost its TLS nor one that nobody vouches for learns
/// the password, or anything of the mail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_in_between_learns_anything() {
    let bare = SecureServer::start(Mode::Clear);
    let server = gateway(&bare, true).await;
    invite(&server).await;
    failure(&server).await;
    for line in bare.clear() {
        let verb = line.split(' ').next().unwrap();
        assert!(["EHLO", "QUIT"].contains(&verb), "{line}");
    }
    for mode in [Mode::Starttls, Mode::Tls] {
        let other = SecureServer::start(mode);
        let server = gateway(&other, false).await;
        invite(&server).await;
        let line = failure(&server).await;
        assert!(line.contains("certificate"), "{mode:?}: {line}");
        assert_eq!((other.refused(), other.mails().len()), (0, 0), "{mode:?}");
    }
}
