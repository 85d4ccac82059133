//! The IdP signs people out: a `LogoutRequest` comes here.

use serde_json::{Value, json};

use super::{Offer, Request, SLO_ANSWERS, packed, posted, provider, query, redirected, signs_in};
use crate::harness::{Browser, Idp, Person, Server};
use crate::openid::logout::Listener;
use crate::support::encrypt::{Content, Wrap, encrypted};

on_both! {
    /// By HTTP-Redirect, in the person's browser.
    by_redirect
    /// By HTTP-POST, to which the browser's cookie does not come along.
    by_post
    /// The sessions that are named and no others; without a name all.
    those_that_are_meant
    /// Names: transient, encrypted, of other formats and qualifiers.
    names
}

pub(super) async fn audit(server: &Server) -> Vec<Value> {
    let events = server.api().list("/api/v1/audit").await;
    let mut events = events.into_iter();
    events
        .by_ref()
        .filter(|event| event["action"] == "user.signed_out")
        .collect()
}

async fn by_redirect(server: Server) {
    let idp = Idp::new();
    let made = provider(&server, &idp, Offer::Both).await;
    let slo = made["urls"]["slo"].as_str().unwrap();
    assert_eq!(slo, format!("{}/saml/okta/slo", server.url));
    let mut browser = Browser::new(&server);
    signs_in(&server, &idp, &mut browser, "alice", "_s1")
        .await
        .user();

    let listener = Listener::refusing(0).await;
    let more = json!({ "backchannel_logout_uri": listener.url });
    let client = crate::openid::register(&server, "wiki", more).await;
    client.tokens(&mut browser, &[]).await;

    let request = Request::about(&server, &idp, "alice").of("_s1");
    let state = "_a4:https://idp.example.com/module.php/core/idp/logout?with=a-long-state&x=%20 + more than eighty characters";
    let query = query("SAMLRequest", &request.with(""), Some(state), Some(idp.key));
    let answer = browser
        .click_elsewhere(&format!("/saml/okta/slo?{query}"))
        .await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let arrived = redirected(&server, &answer, SLO_ANSWERS, "SAMLResponse").await;
    assert_eq!(arrived.attribute("InResponseTo"), request.id);
    assert_eq!(arrived.attribute("Destination"), SLO_ANSWERS);
    assert!(arrived.xml.contains("status:Success"), "{}", arrived.xml);
    assert!(
        arrived
            .xml
            .contains(&format!("{}/saml/okta/metadata</saml:Issuer>", server.url))
    );
    assert_eq!(arrived.relay_state.as_deref(), Some(state));
    assert!(browser.me().await.is_none());
    assert!(browser.session().is_none(), "the cookie goes too");
    // The applications of the session hear of it.
    listener.hears(1).await;
    let event = audit(&server).await.remove(0);
    assert_eq!(event["actor"], "okta");
    assert_eq!(event["actor_kind"], "channel");
    assert_eq!(event["changes"][0]["before"], "1");

    // It counts once, and a page that is loaded again says so.
    let again = browser
        .click_elsewhere(&format!("/saml/okta/slo?{query}"))
        .await;
    crate::harness::refused(&again);
    assert_eq!(
        server.api().last_trace().await["code"],
        "saml.logout_replay"
    );

    // Somebody who is signed out already is signed out: no error.
    let request = Request::about(&server, &idp, "alice").of("_s1");
    let query = super::query("SAMLRequest", &request.with(""), None, Some(idp.key));
    let answer = browser
        .click_elsewhere(&format!("/saml/okta/slo?{query}"))
        .await;
    let arrived = redirected(&server, &answer, SLO_ANSWERS, "SAMLResponse").await;
    assert!(arrived.xml.contains("status:Success"));
    assert_eq!(arrived.relay_state, None);
    assert_eq!(
        audit(&server).await.len(),
        1,
        "nothing ended, nothing is noted"
    );
}

async fn by_post(server: Server) {
    let idp = Idp::new();
    provider(&server, &idp, Offer::Both).await;
    let mut browser = Browser::new(&server);
    signs_in(&server, &idp, &mut browser, "alice", "_s1")
        .await
        .user();
    let request = Request::about(&server, &idp, "alice").of("_s1");
    let field = packed(&request.signed(idp.key));
    let form = [("SAMLRequest", field.as_str()), ("RelayState", "a&b<c>\"")];
    let answer = browser.submit_elsewhere("/saml/okta/slo", &form).await;
    let arrived = posted(&server, &answer, SLO_ANSWERS, "SAMLResponse").await;
    assert_eq!(arrived.attribute("InResponseTo"), request.id);
    assert_eq!(arrived.relay_state.as_deref(), Some("a&b<c>\""));
    assert!(browser.me().await.is_none());

    // Without a browser of the person's at all.
    signs_in(&server, &idp, &mut browser, "alice", "_s2")
        .await
        .user();
    let mut nobody = Browser::new(&server);
    let field = packed(&Request::about(&server, &idp, "alice").signed(idp.key));
    let answer = nobody
        .submit_elsewhere("/saml/okta/slo", &[("SAMLRequest", &field)])
        .await;
    assert_eq!(answer.status, 200);
    assert!(browser.me().await.is_none());
}

async fn those_that_are_meant(server: Server) {
    let idp = Idp::new();
    provider(&server, &idp, Offer::Both).await;
    let other = Idp::other();
    other.register(&server).await;
    let [mut one, mut two, mut three, mut bob, mut elsewhere] =
        std::array::from_fn(|_| Browser::new(&server));
    signs_in(&server, &idp, &mut one, "alice", "_s1")
        .await
        .user();
    signs_in(&server, &idp, &mut two, "alice", "_s2")
        .await
        .user();
    signs_in(&server, &idp, &mut three, "alice", "_s3")
        .await
        .user();
    signs_in(&server, &idp, &mut bob, "bob", "_sb").await.user();
    // The same NameID and session, at another provider.
    let mut twin = Person::named("carol");
    twin.name_id = "00u-alice".to_owned();
    other
        .login_as(&server, &mut elsewhere, &twin, |forge| {
            forge.authn().session_index = Some("_s1".to_owned());
        })
        .await
        .user();
    let send = async |request: Request| {
        let field = packed(&request.signed(idp.key));
        let mut browser = Browser::new(&server);
        let answer = browser
            .submit_elsewhere("/saml/okta/slo", &[("SAMLRequest", &field)])
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    // Of alice and with bob's session, or with none there is: nothing ends.
    send(Request::about(&server, &idp, "alice").of("_sb")).await;
    send(Request::about(&server, &idp, "alice").of("")).await;
    send(Request::about(&server, &idp, "nobody")).await;
    send(Request::about(&server, &idp, "carol").of("_s1")).await;
    for browser in [&mut one, &mut two, &mut three, &mut bob, &mut elsewhere] {
        assert!(browser.me().await.is_some());
    }
    send(Request::about(&server, &idp, "alice").of("_s2").of("_sb")).await;
    assert!(two.me().await.is_none());
    for browser in [&mut one, &mut three, &mut bob, &mut elsewhere] {
        assert!(browser.me().await.is_some());
    }
    // No session named: all of that person at that provider.
    send(Request::about(&server, &idp, "alice")).await;
    assert!(one.me().await.is_none());
    assert!(three.me().await.is_none());
    assert!(bob.me().await.is_some());
    assert!(elsewhere.me().await.is_some());
}

async fn names(server: Server) {
    let idp = Idp::new();
    provider(&server, &idp, Offer::PostOnly).await;
    let certificate = super::super::encryption::published(&server, "okta", "encryption")
        .await
        .remove(0);
    let transient = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
    let sp = format!("{}/saml/okta/metadata", server.url);
    let qualified = |format: &str, qualifier: &str, sp: &str, value: &str| {
        let attribute = |name: &str, value: &str| match value {
            "" => String::new(),
            value => format!(" {name}=\"{value}\""),
        };
        format!(
            "<saml:NameID xmlns:saml=\"{}\"{}{}{}>{value}</saml:NameID>",
            super::SAML,
            attribute("Format", format),
            attribute("NameQualifier", qualifier),
            attribute("SPNameQualifier", sp)
        )
    };
    let sealed = |name_id: &str| {
        encrypted(name_id, &certificate, Content::Aes256Gcm, Wrap::OaepSha1)
            .replace("EncryptedAssertion", "EncryptedID")
    };
    let own = idp.entity_id.as_str();
    // (as requested, whether it is meant)
    let table: Vec<(String, bool)> = vec![
        (qualified(transient, own, &sp, "_t"), true),
        (qualified(transient, own, "", "_t"), true),
        // What is left out stands for the IdP and for us.
        (qualified(transient, "", "", "_t"), true),
        (qualified("", "", "", "_t"), true),
        (sealed(&qualified(transient, own, &sp, "_t")), true),
        (qualified(super::PERSISTENT, own, &sp, "_t"), false),
        (
            qualified(transient, "https://else.example", &sp, "_t"),
            false,
        ),
        (
            qualified(transient, own, "https://else.example", "_t"),
            false,
        ),
        (qualified(transient, own, &sp, "_T"), false),
        (sealed(&qualified(transient, own, &sp, "_u")), false),
    ];
    for (who, meant) in table {
        let mut browser = Browser::new(&server);
        let (transient, sp) = (transient.to_owned(), sp.clone());
        idp.login_as(&server, &mut browser, &Person::named("alice"), |forge| {
            let name_id = forge.name_id();
            name_id.format = Some(transient);
            name_id.name_qualifier = None;
            name_id.sp_name_qualifier = Some(sp);
            name_id.value = "_t".to_owned();
        })
        .await
        .user();
        let mut request = Request::about(&server, &idp, "x");
        request.who.clone_from(&who);
        let field = packed(&request.signed(idp.key));
        let mut stranger = Browser::new(&server);
        let answer = stranger
            .submit_elsewhere("/saml/okta/slo", &[("SAMLRequest", &field)])
            .await;
        assert_eq!(answer.status, 200, "{who}: {}", answer.body);
        assert_eq!(browser.me().await.is_none(), meant, "{who}");
        // Away with it for the next one.
        let user = server
            .api()
            .user_by_email("alice@example.com")
            .await
            .unwrap();
        let path = format!("/api/v1/users/{}/sessions", user["id"].as_str().unwrap());
        let (status, _) = server.api().call("DELETE", &path, None).await;
        assert!(status < 300, "{status}");
    }
}

/// An IdP that names no address for answers gets none, and the session is over.
#[tokio::test]
async fn an_idp_without_an_address() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    provider(&server, &idp, Offer::None).await;
    let mut browser = Browser::new(&server);
    signs_in(&server, &idp, &mut browser, "alice", "_s1")
        .await
        .user();
    let field = packed(&Request::about(&server, &idp, "alice").signed(idp.key));
    let answer = browser
        .submit_elsewhere("/saml/okta/slo", &[("SAMLRequest", &field)])
        .await;
    assert_eq!(answer.location.as_deref(), Some("/signed-out"));
    assert!(browser.me().await.is_none());
}

/// The session of a restart ago, and the memory of requests too.
#[tokio::test]
async fn a_restart_changes_nothing() {
    let mut server = Server::sqlite().await;
    let idp = Idp::new();
    provider(&server, &idp, Offer::Both).await;
    let mut browser = Browser::new(&server);
    signs_in(&server, &idp, &mut browser, "alice", "_s1")
        .await
        .user();
    server.restart().await;
    let field = packed(&Request::about(&server, &idp, "alice").signed(idp.key));
    browser
        .submit_elsewhere("/saml/okta/slo", &[("SAMLRequest", &field)])
        .await;
    assert!(browser.me().await.is_none());
    signs_in(&server, &idp, &mut browser, "alice", "_s2")
        .await
        .user();
    server.restart().await;
    let again = browser
        .submit_elsewhere("/saml/okta/slo", &[("SAMLRequest", &field)])
        .await;
    crate::harness::refused(&again);
    assert!(browser.me().await.is_some());
    let settings = json!({ "enabled": false });
    server
        .api()
        .expect("PATCH", "/api/v1/providers/okta", Some(&settings), 200)
        .await;
    let field = packed(&Request::about(&server, &idp, "alice").signed(idp.key));
    let answer = browser
        .submit_elsewhere("/saml/okta/slo", &[("SAMLRequest", &field)])
        .await;
    assert_eq!(answer.status, 404);
}
