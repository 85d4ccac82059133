//! Values that the IdP signed and that look like more than they are, and
//! messages that are no answers.

use crate::harness::{Browser, Idp, Person, Server, refused};
use crate::support::forge::{self, with_cdata_expanded, without_comments};
use crate::support::signature::Signature;

/// The canonical form of a document.
type Octets = fn(&str) -> String;

/// Values that a reader who stops at markup would take for alice's, and how
/// they are signed.
const CUT: [(&str, Octets); 4] = [
    ("alice@example.com<!---->.evil.example", without_comments),
    ("alice@example.com<!--x-->.evil.example", without_comments),
    (
        "<![CDATA[alice@example.com]]>.evil.example",
        with_cdata_expanded,
    ),
    (
        "alice@example.com<![CDATA[.evil.example]]>",
        with_cdata_expanded,
    ),
];

/// CVE-2017-11427 and its kin: the victim's address with markup behind it, and
/// the rest of the attacker's, is the attacker's or nobody's.
#[tokio::test]
async fn markup_cuts_no_value() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let alice = Person::named("alice");
    let victim = idp.login(&server, &mut Browser::new(&server), &alice).await;
    let victim = victim.user()["id"].clone();
    for (value, octets) in CUT {
        // As an address: its domain is not allowed.
        let mut browser = Browser::new(&server);
        let outcome = idp
            .login_as(&server, &mut browser, &Person::named("mallory"), |f| {
                value.clone_into(&mut f.assertion.attributes[0].values[0]);
                f.assertion.octets = Some(octets);
            })
            .await;
        outcome.refused();
        let trace = server.api().last_trace().await;
        assert_eq!(
            trace["code"], "login.domain_not_allowed",
            "{value}: {trace}"
        );
        // As the identifier: somebody else's.
        let mut browser = Browser::new(&server);
        let outcome = idp
            .login_as(&server, &mut browser, &Person::named("mallory"), |f| {
                let id = value.replace("alice@example.com", "00u-alice");
                f.name_id().value = id;
                f.assertion.octets = Some(octets);
            })
            .await;
        assert_ne!(outcome.user()["id"], victim, "{value}");
        assert_eq!(outcome.user()["email"], "mallory@example.com");
    }
    assert_eq!(server.api().users().await.len(), 2);
}

/// A `LogoutRequest` that was meant for another address ends no session, be it
/// forged, stolen or genuine, wherever it is brought to.
#[tokio::test]
async fn logout_requests_end_no_session() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut alice = Browser::new(&server);
    idp.login(&server, &mut alice, &Person::named("alice"))
        .await
        .user();
    let sign_in = idp.start(&mut Browser::new(&server)).await;
    let scene = idp.scene(&server, &sign_in, &Person::named("alice"));
    let request = |signature: &str| {
        format!(
            "<samlp:LogoutRequest xmlns:samlp=\"{}\" Destination=\"{}\" ID=\"_logout1\" \
             IssueInstant=\"{}\" Version=\"2.0\"><saml:Issuer xmlns:saml=\"{}\">{}</saml:Issuer>\
             {signature}<saml:NameID xmlns:saml=\"{}\" Format=\"{}\">00u-alice</saml:NameID>\
             <samlp:SessionIndex>_session1</samlp:SessionIndex></samlp:LogoutRequest>",
            forge::SAMLP,
            scene.acs_url,
            scene.at(0),
            forge::SAML,
            scene.idp_entity_id,
            forge::SAML,
            forge::PERSISTENT,
        )
    };
    let genuine = request(&Signature::by(idp.key).over("_logout1", request("").as_bytes()));
    for message in [request(""), genuine.clone(), genuine] {
        let field = forge::encode(message.as_bytes());
        for parameter in ["SAMLRequest", "SAMLResponse"] {
            let form = [(parameter, field.as_str())];
            let answer = alice.clone().submit_elsewhere(&idp.acs(), &form).await;
            refused(&answer);
            assert!(answer.sets().is_empty(), "{:?}", answer.headers);
            let slo = alice
                .clone()
                .submit_elsewhere("/saml/okta/slo", &form)
                .await;
            assert!((400..500).contains(&slo.status), "{}", slo.status);
            assert!(slo.sets().is_empty(), "{:?}", slo.headers);
        }
        assert!(alice.me().await.is_some(), "the session ended");
    }
    let metadata = server
        .client
        .get(format!("{}/saml/okta/metadata", server.url));
    let metadata = metadata.send().await.unwrap().text().await.unwrap();
    let slo = format!("Location=\"{}/saml/okta/slo\"", server.url);
    assert_eq!(metadata.matches(&slo).count(), 2, "{metadata}");
}
