//! An assertion counts once.

use std::time::Duration;

use crate::harness::{Browser, Idp, Person, Server};

on_both! {
    /// The same response, again and again, in this browser and in others.
    the_same_again
    /// The same assertion in a new response, after a restart too.
    the_same_assertion_in_a_new_response
    /// Two at once: one wins.
    two_at_once
    /// Before the browser comes back for its session, and when it tarries.
    between_the_two_hops
    /// The gateway is told to stop between them.
    a_stop_between_the_two_hops
}

async fn the_same_again(server: Server) {
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    let sign_in = idp.start(&mut browser).await;
    let field = idp
        .scene(&server, &sign_in, &Person::named("alice"))
        .forge()
        .base64();
    idp.answer(&mut browser, &sign_in, &field).await.user();

    // The victim's browser keeps its session; nobody gets another one.
    let before = browser.session();
    let again = browser
        .clone()
        .submit_elsewhere(&idp.acs(), &[("SAMLResponse", &field)])
        .await;
    assert!(again.sets().is_empty(), "{:?}", again.headers);
    crate::harness::refused(&again);
    assert_eq!(browser.session(), before);
    let mut stranger = Browser::new(&server);
    idp.answer(&mut stranger, &sign_in, &field).await.refused();
    assert!(browser.me().await.is_some());
}

async fn the_same_assertion_in_a_new_response(mut server: Server) {
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    let sign_in = idp.start(&mut browser).await;
    let mut forge = idp
        .scene(&server, &sign_in, &Person::named("alice"))
        .forge();
    idp.answer(&mut browser, &sign_in, &forge.base64())
        .await
        .user();
    for restart in [false, true] {
        if restart {
            server.restart().await;
        }
        // Only the assertion is signed, so the rest is the attacker's to choose.
        forge.response.id.push('x');
        let mut thief = Browser::new(&server);
        let under_way = idp.start(&mut thief).await;
        forge.response.in_response_to = Some(under_way.request_id.clone());
        idp.answer(&mut thief, &under_way, &forge.base64())
            .await
            .refused();
        forge.response.in_response_to = None;
        idp.answer(&mut thief, &under_way, &forge.base64())
            .await
            .refused();
        forge.response.in_response_to = Some(sign_in.request_id.clone());
        idp.answer(&mut thief, &sign_in, &forge.base64())
            .await
            .refused();
        assert!(thief.me().await.is_none());
    }
    // The session outlives the restart.
    assert!(browser.me().await.is_some());
}

/// One assertion id may come once, whatever request it answers: the replay
/// memory, apart from the sign-in transaction.
#[tokio::test]
async fn the_same_id_for_another_request() {
    let mut server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    idp.login_as(&server, &mut browser, &Person::named("alice"), |forge| {
        "_the-same".clone_into(&mut forge.assertion.id);
    })
    .await
    .user();
    for restart in [false, true] {
        if restart {
            server.restart().await;
        }
        let mut second = Browser::new(&server);
        let outcome = idp
            .login_as(&server, &mut second, &Person::named("alice"), |forge| {
                "_the-same".clone_into(&mut forge.assertion.id);
            })
            .await;
        outcome.refused();
        assert_eq!(server.api().last_trace().await["code"], "saml.replay");
    }
    // Another provider's assertion may have that id.
    let other = Idp::other();
    other.register(&server).await;
    let mut third = Browser::new(&server);
    other
        .login_as(&server, &mut third, &Person::named("bob"), |forge| {
            "_the-same".clone_into(&mut forge.assertion.id);
        })
        .await
        .user();
}

async fn two_at_once(server: Server) {
    let idp = Idp::new();
    idp.register(&server).await;
    for round in 0..10 {
        let mut browser = Browser::new(&server);
        let sign_in = idp.start(&mut browser).await;
        let person = Person::named(&format!("alice{round}"));
        let field = idp.scene(&server, &sign_in, &person).forge().base64();
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let mut browser = browser.clone();
                let (field, sign_in, idp) = (field.clone(), sign_in.clone(), idp.clone());
                tokio::spawn(async move { idp.answer(&mut browser, &sign_in, &field).await })
            })
            .collect();
        let mut winners = 0;
        for task in tasks {
            let outcome = task.await.unwrap();
            if outcome.me.is_some() {
                winners += 1;
            } else {
                outcome.refused();
            }
        }
        assert_eq!(winners, 1);
    }
    assert_eq!(server.api().users().await.len(), 10);
}

/// The IdP's answer has come; where the browser is sent with it.
async fn answered(idp: &Idp, browser: &mut Browser, field: &str) -> String {
    let acs = browser
        .submit_elsewhere(&idp.acs(), &[("SAMLResponse", field)])
        .await;
    assert_eq!(acs.status, 303, "{}", acs.body);
    assert!(acs.sets().is_empty(), "{:?}", acs.headers);
    acs.location.unwrap()
}

async fn between_the_two_hops(mut server: Server) {
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    let sign_in = idp.start(&mut browser).await;
    let mut forge = idp
        .scene(&server, &sign_in, &Person::named("alice"))
        .forge();
    let field = forge.base64();
    let address = answered(&idp, &mut browser, &field).await;
    for wait in [0, 4] {
        tokio::time::sleep(Duration::from_secs(wait)).await;
        // The same again, and another answer to the same request.
        for field in [field.clone(), {
            forge.assertion.id.push('x');
            forge.base64()
        }] {
            let again = browser
                .submit_elsewhere(&idp.acs(), &[("SAMLResponse", &field)])
                .await;
            crate::harness::refused(&again);
            assert_eq!(server.api().last_trace().await["code"], "saml.replay");
        }
    }
    // By now it is in the database.
    server.kill();
    server.run().await;
    browser.click_elsewhere(&address).await;
    assert!(browser.me().await.is_some());
    crate::harness::refused(&browser.clone().visit(&address).await);
}

async fn a_stop_between_the_two_hops(mut server: Server) {
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    let sign_in = idp.start(&mut browser).await;
    let field = idp
        .scene(&server, &sign_in, &Person::named("alice"))
        .forge()
        .base64();
    let address = answered(&idp, &mut browser, &field).await;
    server.stop().await;
    server.run().await;
    browser.click_elsewhere(&address).await;
    assert!(browser.me().await.is_some());
    let mut stranger = Browser::new(&server);
    idp.answer(&mut stranger, &sign_in, &field).await.refused();
}

/// One that is killed forgets an answer of this moment: the sign-in is still
/// under way, and takes the answer when it is sent again, once.
#[tokio::test]
async fn killed_between_the_two_hops() {
    let mut server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    let sign_in = idp.start(&mut browser).await;
    let field = idp
        .scene(&server, &sign_in, &Person::named("alice"))
        .forge()
        .base64();
    let lost = answered(&idp, &mut browser, &field).await;
    server.kill();
    server.run().await;
    crate::harness::refused(&browser.clone().visit(&lost).await);
    idp.answer(&mut browser, &sign_in, &field).await.user();
    let mut stranger = Browser::new(&server);
    idp.answer(&mut stranger, &sign_in, &field).await.refused();
}
