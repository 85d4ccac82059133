//! PostgreSQL stopped, stalled, failed over.

use std::time::{Duration, Instant};

use super::proxy::Proxy;
use super::{is_up, ready, surfaces_say_unavailable, until_ready_says, until_signed_in};
use crate::harness::{Browser, Idp, Person, Server, database_of_its_own};

struct Place {
    proxy: Proxy,
    server: Server,
    browser: Browser,
    session: String,
}

async fn signed_in() -> Place {
    let url = database_of_its_own().await;
    let proxy = Proxy::before(&url).await;
    let server = Server::start(&proxy.url(&url), "").await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    let alice = Person::named("alice");
    idp.login(&server, &mut browser, &alice).await.user();
    let session = browser.session().unwrap();
    Place {
        proxy,
        server,
        browser,
        session,
    }
}

async fn fails_and_comes_back(how: fn(&Proxy), within: Duration) {
    let mut place = signed_in().await;
    let server = &place.server;
    let idp = Idp::new();
    // Somebody is on the way back from the identity provider.
    let mut second = Browser::new(server);
    let sign_in = idp.start(&mut second).await;
    let scene = idp.scene(server, &sign_in, &Person::named("bob"));
    let response = scene.forge().base64();

    how(&place.proxy);
    // A session at hand is good for a moment without anybody being asked.
    tokio::time::sleep(Duration::from_secs(1)).await;
    surfaces_say_unavailable(server, &place.session, within).await;
    // And once more: connections that are found broken do not add up.
    surfaces_say_unavailable(server, &place.session, within).await;
    is_up(server).await;
    let started = Instant::now();
    let (status, body) = ready(server).await;
    assert_eq!((status, &body["status"]), (503, &"unavailable".into()));
    assert!(started.elapsed() < within);
    // The sign-in is not taken, and says so.
    let form = [("SAMLResponse", response.as_str())];
    let started = Instant::now();
    let acs = second.submit_elsewhere(&idp.acs(), &form).await;
    assert_eq!(acs.status, 503, "{}", acs.body);
    assert!(started.elapsed() < within);
    assert!(acs.header("retry-after").is_some());
    assert!(second.session().is_none());

    place.proxy.pass();
    let took = until_signed_in(&mut place.browser, server).await;
    assert!(took < Duration::from_secs(5), "recovery took {took:?}");
    eprintln!("recovered after {took:?}");
    assert_eq!(ready(server).await.0, 200);
    // Nothing was written of the sign-in: the same answer is taken now.
    let outcome = idp.answer_with(&mut second, &form).await;
    assert_eq!(outcome.user()["email"], "bob@example.com");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_stopped() {
    fails_and_comes_back(Proxy::stop, Duration::from_secs(2)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stalls() {
    fails_and_comes_back(Proxy::stall, Duration::from_secs(4)).await;
}

/// Reads go on while the server takes no writes, as on a standby.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_only_reads() {
    let url = database_of_its_own().await;
    let server = Server::start(&url, "").await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    let person = Person::named("alice");
    idp.login(&server, &mut browser, &person).await.user();
    let name = url.rsplit('/').next().unwrap();
    let read_only = |on: bool| {
        let (url, name) = (url.clone(), name.to_owned());
        async move {
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
                .await
                .unwrap();
            let task = tokio::spawn(connection);
            for sql in [
                "SET default_transaction_read_only = off".to_owned(),
                format!("ALTER DATABASE {name} SET default_transaction_read_only = {on}"),
                format!(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                     WHERE datname = '{name}' AND pid <> pg_backend_pid()"
                ),
            ] {
                client.batch_execute(&sql).await.unwrap();
            }
            drop(client);
            drop(task.await);
        }
    };
    read_only(true).await;
    // The connections that were cut have to be found out first.
    until_signed_in(&mut browser, &server).await;
    until_ready_says(&server, "degraded").await;
    assert!(browser.me().await.is_some());
    let started = browser.click("/saml/okta/login").await;
    assert_eq!(started.status, 503);
    read_only(false).await;
    until_signed_in(&mut browser, &server).await;
    until_ready_says(&server, "ok").await;
    idp.start(&mut browser).await;
}

/// Of several hosts the one that answers is taken, whatever the others do, and
/// the next one when it goes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_primary_moves_to_another_host() {
    let url = database_of_its_own().await;
    let (first, second) = (Proxy::before(&url).await, Proxy::before(&url).await);
    second.stall();
    let hosts = |url: &str| {
        let at = format!(
            "127.0.0.1:{}",
            url::Url::parse(url).unwrap().port().unwrap()
        );
        let several = format!("127.0.0.1:{},127.0.0.1:{}", first.port, second.port);
        format!(
            "{}?target_session_attrs=read-write",
            url.replace(&at, &several)
        )
    };
    let server = Server::start(&hosts(&url), "").await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    let person = Person::named("alice");
    idp.login(&server, &mut browser, &person).await.user();
    for (gone, here, how) in [
        (&first, &second, Proxy::stall as fn(&Proxy)),
        (&second, &first, Proxy::stop),
    ] {
        how(gone);
        here.pass();
        let took = until_signed_in(&mut browser, &server).await;
        assert!(took < Duration::from_secs(5), "{took:?}");
        eprintln!("the other host served after {took:?}");
        idp.login(&server, &mut Browser::new(&server), &person)
            .await
            .user();
    }
}
