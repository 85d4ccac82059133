//! The catalogue of attacks over HTTP: refused, nobody signed in, nobody made,
//! in time, and the process lives on.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::time::Duration;

use crate::harness::{Browser, Idp, Person, Server, refused};
use crate::support::attacks::{self, Attack};
use crate::support::forge::Scene;

/// Everything that an attack must not bring about.
async fn all_refused(attacks: Vec<Attack>) {
    let mut server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    Idp::other().register(&server).await;
    let api = server.api();
    // Nobody may ever connect here.
    let canary = TcpListener::bind("127.0.0.1:0").unwrap();
    canary.set_nonblocking(true).unwrap();
    let canary_url = format!("http://{}/canary", canary.local_addr().unwrap());

    let mut failures = Vec::new();
    for attack in &attacks {
        let mut browser = Browser::new(&server);
        let sign_in = idp.start(&mut browser).await;
        let scene = Scene {
            canary: canary_url.clone(),
            ..idp.scene(&server, &sign_in, &Person::named("alice"))
        };
        let cookies = browser.jar.clone();
        let field = attack.field(&scene);
        let form = [("SAMLResponse", field.as_str())];
        let answer = browser.submit_elsewhere(&idp.acs(), &form).await;
        let mut complain = |what: String| failures.push(format!("{}: {what}", attack.name));
        if answer.took > Duration::from_secs(2) {
            complain(format!("took {:?}", answer.took));
        }
        if answer.status == 0 {
            continue;
        }
        if answer.is_redirect() {
            let last = browser.follow(answer).await;
            complain(format!("let in, up to {} {}", last.status, last.url));
            continue;
        }
        if !answer.sets().is_empty() {
            complain(format!("sets cookies: {:?}", answer.sets()));
        }
        let page = std::panic::catch_unwind(|| refused(&answer));
        let Ok(reference) = page else {
            complain(format!("status {}: {}", answer.status, answer.body));
            continue;
        };
        if browser.jar != cookies {
            complain("changed the cookies".to_owned());
        }
        if browser.me().await.is_some() {
            complain("signed somebody in".to_owned());
        }
        let traces = api
            .list(&format!("/api/v1/logins?reference={reference}"))
            .await;
        // What never becomes a response leaves a log line only where it is
        // cut off for its size.
        let code = traces
            .first()
            .map(|t| t["code"].as_str().unwrap_or("").to_owned());
        if answer.status != 413
            && code
                .as_deref()
                .is_none_or(|code| !as_expected(code, attack.code))
        {
            complain(format!("traced as {code:?}, expected {}", attack.code));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {}:\n{}",
        failures.len(),
        attacks.len(),
        failures.join("\n")
    );
    assert!(api.users().await.is_empty());
    assert_eq!(
        canary.accept().map(|_| ()).unwrap_err().kind(),
        ErrorKind::WouldBlock,
        "somebody came to the canary"
    );
    assert!(server.healthy().await);
    // The door still opens for the genuine.
    idp.login(&server, &mut Browser::new(&server), &Person::named("alice"))
        .await
        .user();
    let log = server.log();
    assert!(!log.contains("panicked"), "{log}");
}

/// The same check refuses over HTTP and in the library, but for a form without
/// a response, which never gets that far.
fn as_expected(code: &str, expected: &str) -> bool {
    code == expected || (code == "saml.form_invalid" && expected == "saml.xml_malformed")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signature_and_structure() {
    all_refused(attacks::signature_and_structure()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn xml() {
    all_refused(attacks::xml()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn meaning() {
    all_refused(attacks::meaning()).await;
}

/// A session that is good stays good while its browser is used for an attack.
#[tokio::test]
async fn the_victims_session_is_unharmed() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut victim = Browser::new(&server);
    idp.login(&server, &mut victim, &Person::named("alice"))
        .await
        .user();
    let session = victim.session();
    for attack in attacks::signature_and_structure().into_iter().take(30) {
        let sign_in = idp.start(&mut victim).await;
        let scene = idp.scene(&server, &sign_in, &Person::named("mallory"));
        let acs = victim
            .submit_elsewhere(&idp.acs(), &[("SAMLResponse", &attack.field(&scene))])
            .await;
        victim.follow(acs).await;
        assert_eq!(victim.session(), session, "{}", attack.name);
        assert_eq!(victim.me().await.unwrap()["email"], "alice@example.com");
    }
}

/// Heavy documents from many sides at once keep nobody else waiting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bombs_keep_nobody_waiting() {
    let mut server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let bombs: Vec<Attack> = attacks::xml()
        .into_iter()
        .filter(|attack| attack.name.starts_with("bomb: ") || attack.name.contains("laughs"))
        .collect();
    let mut under_way = Vec::new();
    for attack in bombs.iter().chain(&bombs) {
        let mut browser = Browser::new(&server);
        let sign_in = idp.start(&mut browser).await;
        let scene = idp.scene(&server, &sign_in, &Person::named("alice"));
        let field = attack.field(&scene);
        let acs = idp.acs();
        under_way.push(tokio::spawn(async move {
            browser
                .submit_elsewhere(&acs, &[("SAMLResponse", &field)])
                .await
                .status
        }));
    }
    let mut browser = Browser::new(&server);
    while under_way.iter().any(|task| !task.is_finished()) {
        let page = browser.visit("/login?choose=1").await;
        assert_eq!(page.status, 200);
        assert!(page.took < Duration::from_secs(2), "{:?}", page.took);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for task in under_way {
        let status = task.await.unwrap();
        assert!(matches!(status, 0 | 400 | 403 | 413), "{status}");
    }
    assert!(server.healthy().await);
}
