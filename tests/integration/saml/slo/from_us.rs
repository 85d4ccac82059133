//! Somebody signs out here: a `LogoutRequest` goes to the IdP.

use serde_json::json;

use super::{Offer, SLO, packed, posted, provider, query, redirected, signs_in};
use crate::harness::{Answer, Browser, Idp, Server, now};
use crate::support::forge::{SAML, SAMLP, SUCCESS};
use crate::support::keys::Key;
use crate::support::signature::Signature;

on_both! {
    /// There and back by HTTP-Redirect.
    there_and_back
    /// The IdP takes HTTP-POST only.
    by_post
    /// The IdP's answer is late, wrong, forged, or never comes.
    answers
}

/// A `LogoutResponse` of the IdP.
pub(super) struct Reply {
    pub id: &'static str,
    pub in_response_to: String,
    pub destination: String,
    pub issuer: String,
    pub status: &'static str,
}

impl Reply {
    pub fn to(server: &Server, idp: &Idp, request: &str) -> Self {
        Self {
            id: "_reply1",
            in_response_to: request.to_owned(),
            destination: format!("{}/saml/{}/slo", server.url, idp.slug),
            issuer: idp.entity_id.clone(),
            status: SUCCESS,
        }
    }

    pub fn xml(&self) -> String {
        format!(
            "<samlp:LogoutResponse xmlns:samlp=\"{SAMLP}\" Destination=\"{}\" ID=\"{}\" \
             InResponseTo=\"{}\" IssueInstant=\"{}\" Version=\"2.0\"><saml:Issuer \
             xmlns:saml=\"{SAML}\">{}</saml:Issuer><samlp:Status><samlp:StatusCode \
             Value=\"{}\"></samlp:StatusCode></samlp:Status></samlp:LogoutResponse>",
            self.destination,
            self.id,
            self.in_response_to,
            now().rfc3339(),
            self.issuer,
            self.status,
        )
    }

    pub fn signed(&self, key: &'static Key) -> String {
        let bare = self.xml();
        let signature = Signature::by(key).over(self.id, bare.as_bytes());
        bare.replacen("</saml:Issuer>", &format!("</saml:Issuer>{signature}"), 1)
    }
}

/// The person signs out; the ID of the request that went to the IdP.
async fn signs_out(server: &Server, browser: &mut Browser) -> String {
    let answer = browser.click("/logout").await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let arrived = redirected(server, &answer, SLO, "SAMLRequest").await;
    arrived.attribute("ID")
}

async fn deliver(browser: &mut Browser, xml: &str) -> Answer {
    let field = packed(xml);
    browser
        .submit_elsewhere("/saml/okta/slo", &[("SAMLResponse", &field)])
        .await
}

async fn there_and_back(server: Server) {
    let idp = Idp::new();
    provider(&server, &idp, Offer::Both).await;
    let mut browser = Browser::new(&server);
    signs_in(&server, &idp, &mut browser, "alice", "_s1 & co")
        .await
        .user();
    let old = browser.clone();
    let answer = browser.click("/logout").await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    // Signed out here before the IdP knows of it, also for who kept the cookie.
    assert!(browser.session().is_none());
    assert!(old.clone().me().await.is_none());

    let arrived = redirected(&server, &answer, SLO, "SAMLRequest").await;
    assert_eq!(arrived.attribute("Destination"), SLO.replace('&', "&amp;"));
    // As it was issued.
    assert!(
        arrived.xml.contains(
            "<saml:NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\" \
             NameQualifier=\"https://idp.example.com/entity\">00u-alice</saml:NameID>\
             <samlp:SessionIndex>_s1 &amp; co</samlp:SessionIndex>"
        ),
        "{}",
        arrived.xml
    );
    assert!(arrived.xml.contains(" NotOnOrAfter=\""));

    let reply = Reply::to(&server, &idp, &arrived.attribute("ID"));
    let query = query("SAMLResponse", &reply.xml(), None, Some(idp.key));
    let address = format!("/saml/okta/slo?{query}");
    let back = browser.click_elsewhere(&address).await;
    let last = browser.follow(back).await;
    assert_eq!(last.status, 200);
    assert!(last.body.contains("as well"), "{}", last.body);

    // One use.
    let again = browser.click_elsewhere(&address).await;
    crate::harness::refused(&again);
    let trace = server.api().last_trace().await;
    assert_eq!(trace["code"], "saml.logout_unknown_request");
    assert_eq!(trace["kind"], "logout");

    // One provider, and still nobody is sent straight back in.
    let page = browser.visit("/login").await;
    assert_eq!(page.status, 200, "{:?}", page.location);

    // The form on the account page does the same, and its page's policy lets
    // the browser go on to the IdP.
    signs_in(&server, &idp, &mut browser, "alice", "_s2")
        .await
        .user();
    let account = browser.click("/account").await;
    let policy = account.header("content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self' https:"), "{policy}");
    let csrf = account.body.split("name=\"csrf\" value=\"").nth(1).unwrap();
    let csrf = csrf.split('"').next().unwrap();
    let answer = browser.submit("/logout", &[("csrf", csrf)]).await;
    redirected(&server, &answer, SLO, "SAMLRequest").await;
    assert!(browser.me().await.is_none());
}

async fn by_post(server: Server) {
    let idp = Idp::new();
    provider(&server, &idp, Offer::PostOnly).await;
    let mut browser = Browser::new(&server);
    signs_in(&server, &idp, &mut browser, "alice", "_s1")
        .await
        .user();
    let answer = browser.click("/logout").await;
    let arrived = posted(&server, &answer, SLO, "SAMLRequest").await;
    assert!(browser.session().is_none());
    let reply = Reply::to(&server, &idp, &arrived.attribute("ID"));
    let back = deliver(&mut browser, &reply.signed(idp.key)).await;
    let last = browser.follow(back).await;
    assert!(last.body.contains("as well"), "{}", last.body);

    // Where the admin wants it, the IdP's session is left alone.
    let settings = json!({ "saml": { "local_logout": true } });
    server
        .api()
        .expect("PATCH", "/api/v1/providers/okta", Some(&settings), 200)
        .await;
    signs_in(&server, &idp, &mut browser, "alice", "_s2")
        .await
        .user();
    let answer = browser.click("/logout").await;
    assert_eq!(answer.location.as_deref(), Some("/signed-out"));
    assert!(browser.me().await.is_none());
}

async fn answers(server: Server) {
    let idp = Idp::new();
    provider(&server, &idp, Offer::Both).await;
    let other = Idp::other();
    other.register(&server).await;
    let attacker = crate::support::keys::attacker();
    let mut browser = Browser::new(&server);
    signs_in(&server, &idp, &mut browser, "alice", "_s1")
        .await
        .user();
    let request = signs_out(&server, &mut browser).await;

    // What cannot be confirmed is said calmly, and uses nothing up.
    let reply = || Reply::to(&server, &idp, &request);
    let mut elsewhere = reply();
    elsewhere.destination = format!("{}/saml/okta/acs", server.url);
    let mut foreign = reply();
    foreign.issuer = other.entity_id.clone();
    let mut unknown = reply();
    unknown.in_response_to = "_unknown".to_owned();
    for (code, ours, xml) in [
        ("saml.logout_unsigned", true, reply().xml()),
        ("saml.logout_signature", true, reply().signed(attacker)),
        ("saml.logout_signature", true, reply().signed(other.key)),
        (
            "saml.logout_destination_mismatch",
            true,
            elsewhere.signed(idp.key),
        ),
        ("saml.logout_issuer_mismatch", true, foreign.signed(idp.key)),
        (
            "saml.logout_unknown_request",
            false,
            unknown.signed(idp.key),
        ),
    ] {
        let answer = deliver(&mut browser, &xml).await;
        crate::harness::refused(&answer);
        let says = answer.body.contains("You are signed out here");
        assert_eq!(says, ours, "{code}: {}", answer.body);
        assert_eq!(server.api().last_trace().await["code"], code);
    }
    // The other provider's answer to this request, at its own address.
    let at_other = Reply::to(&server, &other, &request);
    let field = packed(&at_other.signed(other.key));
    let answer = browser
        .submit_elsewhere("/saml/other/slo", &[("SAMLResponse", &field)])
        .await;
    crate::harness::refused(&answer);

    // The IdP could not: signed out here all the same.
    let mut partial = reply();
    partial.status = "urn:oasis:names:tc:SAML:2.0:status:Responder";
    let back = deliver(&mut browser, &partial.signed(idp.key)).await;
    assert_eq!(back.location.as_deref(), Some("/signed-out"));
    let trace = server.api().last_trace().await;
    assert_eq!(trace["code"], "saml.logout_not_everywhere");
    let last = browser.follow(back).await;
    assert!(
        last.body.contains("may still be signed in"),
        "{}",
        last.body
    );

    // An IdP that never answers: nobody waits for it.
    signs_in(&server, &idp, &mut browser, "alice", "_s2")
        .await
        .user();
    signs_out(&server, &mut browser).await;
    assert!(browser.me().await.is_none());
    // And a provider that has gone since.
    signs_in(&server, &idp, &mut browser, "alice", "_s3")
        .await
        .user();
    let settings = json!({ "enabled": false });
    server
        .api()
        .expect("PATCH", "/api/v1/providers/okta", Some(&settings), 200)
        .await;
    let answer = browser.click("/logout").await;
    assert_eq!(answer.location.as_deref(), Some("/signed-out"));
    assert!(browser.me().await.is_none());
}
