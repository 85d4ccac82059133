//! Forged, stolen and replayed logout messages: nobody is signed out by one.

use super::{Offer, Request, SAML, SAMLP, packed, provider, query, signs_in};
use crate::harness::{Answer, Browser, Idp, Server, refused};
use crate::support::forge::text;
use crate::support::keys;
use crate::support::signature::Signature;

on_both! {
    /// Each is refused with a page, and the victim stays signed in.
    forged_requests
    /// By HTTP-Redirect: the signature of the query.
    forged_redirects
}

async fn victim(server: &Server, idp: &Idp) -> Browser {
    provider(server, idp, Offer::Both).await;
    let other = Idp::other();
    other.register(server).await;
    let mut browser = Browser::new(server);
    signs_in(server, idp, &mut browser, "alice", "_s1")
        .await
        .user();
    browser
}

async fn post(server: &Server, field: &str) -> Answer {
    let mut attacker = Browser::new(server);
    attacker
        .submit_elsewhere("/saml/okta/slo", &[("SAMLRequest", field)])
        .await
}

async fn forged_requests(server: Server) {
    let idp = Idp::new();
    let mut browser = victim(&server, &idp).await;
    let other = Idp::other();
    let about = || Request::about(&server, &idp, "alice");
    let change = |change: &dyn Fn(&mut Request)| {
        let mut request = about();
        change(&mut request);
        request.signed(idp.key)
    };
    let genuine = Request::about(&server, &idp, "mallory").signed(idp.key);
    let evil = about();
    let signature = {
        let at = genuine.find("<ds:Signature").unwrap();
        let end = genuine.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
        genuine[at..end].to_owned()
    };
    let bare = genuine.replace(&signature, "");
    let inside = |extensions: &str, signature: &str| {
        let mut request = evil.clone();
        request.extensions = extensions.to_owned();
        request.with(signature)
    };
    let object = signature.replace(
        "</ds:Signature>",
        &format!("<ds:Object>{bare}</ds:Object></ds:Signature>"),
    );
    let mut hmac = Signature::by(idp.key);
    hmac.method = "http://www.w3.org/2000/09/xmldsig#hmac-sha1".to_owned();
    hmac.hmac_key = idp.key.certificate_pem();
    let mut sha1 = Signature::by(idp.key);
    sha1.method = "http://www.w3.org/2000/09/xmldsig#rsa-sha1".to_owned();
    let by = |signature: &Signature| {
        let bare = evil.with("");
        Request::with_frozen(&bare, &signature.over(&evil.id, bare.as_bytes()))
    };
    let acs = format!("{}/saml/okta/acs", server.url);
    let table: Vec<(&str, String)> = vec![
        ("unsigned", about().with("")),
        ("the attacker's key", about().signed(keys::attacker())),
        ("another provider's key", about().signed(keys::other_idp())),
        ("HMAC with the certificate", by(&hmac)),
        ("SHA-1", by(&sha1)),
        (
            "another provider's issuer",
            change(&|r| r.issuer.clone_from(&other.entity_id)),
        ),
        (
            "the ACS as destination",
            change(&|r| r.destination = Some(acs.clone())),
        ),
        (
            "another provider's destination",
            change(&|r| r.destination = Some(format!("{}/saml/other/slo", server.url))),
        ),
        (
            "another gateway's destination",
            change(&|r| r.destination = Some("https://sso.example.org/saml/okta/slo".to_owned())),
        ),
        ("no destination", change(&|r| r.destination = None)),
        ("expired", change(&|r| r.not_on_or_after = Some(-200))),
        (
            "old",
            change(&|r| (r.issued, r.not_on_or_after) = (-3600, None)),
        ),
        ("from the future", change(&|r| r.issued = 3600)),
        (
            "changed after signing",
            genuine.replace("00u-mallory", "00u-alice"),
        ),
        (
            "a comment in the name",
            change(&|r| r.who = r.who.replace("00u-alice", "00u-alice<!-- -->-no")),
        ),
        (
            "two names",
            change(&|r| r.who = super::name_id("alice") + &super::name_id("bob")),
        ),
        ("wrapped in extensions", inside(&genuine, "")),
        ("wrapped, the signature moved", inside(&bare, &signature)),
        ("wrapped in an object", inside("", &object)),
        (
            "beside the genuine one",
            genuine.replace(
                "</samlp:LogoutRequest>",
                &(evil.with("") + "</samlp:LogoutRequest>"),
            ),
        ),
        (
            "around the genuine one",
            format!(
                "<samlp:LogoutRequest xmlns:samlp=\"{SAMLP}\" ID=\"_x\" Version=\"2.0\">{genuine}</samlp:LogoutRequest>"
            ),
        ),
        (
            "the genuine signature on another message",
            evil.with(&signature).replace(&evil.id, "_logout-other"),
        ),
        (
            "a doctype",
            format!(
                "<!DOCTYPE x [<!ENTITY e \"{}\">]>{}",
                text("a"),
                about().signed(idp.key)
            ),
        ),
        (
            "a response",
            about()
                .signed(idp.key)
                .replace("LogoutRequest", "LogoutResponse"),
        ),
        (
            "in no namespace",
            about()
                .signed(idp.key)
                .replace(SAMLP, "urn:oasis:names:tc:SAML:1.0:protocol"),
        ),
        (
            "a name in another namespace",
            change(&|r| r.who = r.who.replace(SAML, "urn:oasis:names:tc:SAML:1.0:assertion")),
        ),
    ];
    for (what, xml) in table {
        let answer = post(&server, &packed(&xml)).await;
        eprintln!("{what}: {}", answer.status);
        refused(&answer);
        assert!(answer.location.is_none(), "{what}: {:?}", answer.location);
        assert!(browser.me().await.is_some(), "{what}");
    }
    let field = packed(&about().signed(idp.key));
    // Form tricks: twice, both, none, another content type, another provider.
    for form in [
        vec![
            ("SAMLRequest", field.as_str()),
            ("SAMLRequest", field.as_str()),
        ],
        vec![
            ("SAMLRequest", field.as_str()),
            ("SAMLResponse", field.as_str()),
        ],
        vec![("RelayState", "x")],
        vec![("SAMLRequest", "%%%")],
    ] {
        let mut attacker = Browser::new(&server);
        refused(&attacker.submit_elsewhere("/saml/okta/slo", &form).await);
    }
    let mut attacker = Browser::new(&server);
    refused(
        &attacker
            .submit_elsewhere("/saml/other/slo", &[("SAMLRequest", &field)])
            .await,
    );
    assert!(browser.me().await.is_some());
    // Stolen and sent first by a thief, it does what the IdP wanted and no more.
    let answer = post(&server, &field).await;
    assert_eq!(answer.status, 200);
    assert!(answer.sets().is_empty(), "{:?}", answer.headers);
    assert!(browser.me().await.is_none());
    signs_in(&server, &idp, &mut browser, "alice", "_s1")
        .await
        .user();
    refused(&post(&server, &field).await);
    assert!(browser.me().await.is_some(), "replayed");
}

async fn forged_redirects(server: Server) {
    let idp = Idp::new();
    let mut browser = victim(&server, &idp).await;
    let about = |name: &str| Request::about(&server, &idp, name).with("");
    let good = query("SAMLRequest", &about("alice"), Some("a"), Some(idp.key));
    let foreign = query("SAMLRequest", &about("mallory"), Some("a"), Some(idp.key));
    let (signed, signature) = good.split_once("&Signature=").unwrap();
    let foreign_signature = foreign.split_once("&Signature=").unwrap().1;
    let signature_inside = Request::about(&server, &idp, "alice").signed(idp.key);
    let bomb = "<x/>".repeat(1_000_000);
    let table: Vec<(&str, String)> = vec![
        (
            "stripped",
            signed.split_once("&SigAlg=").unwrap().0.to_owned(),
        ),
        ("half stripped", signed.to_owned()),
        (
            "another's signature",
            format!("{signed}&Signature={foreign_signature}"),
        ),
        (
            "another RelayState",
            good.replace("RelayState=a", "RelayState=b"),
        ),
        (
            "the RelayState taken out",
            good.replace("&RelayState=a", ""),
        ),
        (
            "a weaker algorithm named",
            good.replace("rsa-sha256", "rsa-sha1"),
        ),
        (
            "twice",
            format!("{good}&{}", signed.split('&').next().unwrap()),
        ),
        ("a request and a response", format!("{good}&SAMLResponse=x")),
        (
            "the attacker's key",
            query("SAMLRequest", &about("alice"), None, Some(keys::attacker())),
        ),
        (
            "signed inside only",
            query("SAMLRequest", &signature_inside, None, None),
        ),
        (
            "signed inside too",
            query("SAMLRequest", &signature_inside, None, Some(idp.key)),
        ),
        ("a bomb", query("SAMLRequest", &bomb, None, Some(idp.key))),
        (
            "not packed",
            format!(
                "SAMLRequest={}",
                packed(&about("alice")).replace('+', "%2B")
            ),
        ),
        ("nothing", String::new()),
        (
            "rubbish",
            format!("SAMLRequest=AAAA&SigAlg=x&Signature={signature}"),
        ),
    ];
    for (what, query) in table {
        let mut attacker = Browser::new(&server);
        let answer = attacker
            .click_elsewhere(&format!("/saml/okta/slo?{query}"))
            .await;
        eprintln!("{what}: {}", answer.status);
        refused(&answer);
        assert!(answer.took.as_secs() < 2, "{what}: {:?}", answer.took);
        assert!(browser.me().await.is_some(), "{what}");
    }
    let answer = Browser::new(&server)
        .click_elsewhere(&format!("/saml/okta/slo?{good}"))
        .await;
    assert_eq!(answer.status, 303);
    assert!(browser.me().await.is_none());
}
