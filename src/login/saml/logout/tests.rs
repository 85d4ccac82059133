//! What we write is read back; each thing that may be wrong is refused by name.

use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;

use super::read::{Expectations, Incoming, LogoutRequest};
use super::*;
use crate::login::saml::binding::{self, MessageKind};
use crate::platform::xml::signature::{VerifyKey, sign_enveloped};

const IDP: &str = "https://idp.example.com/entity";
const SLO: &str = "https://sso.example.com/saml/okta/slo";
/// 2026-11-21T12:00:00Z.
const NOW: Timestamp = Timestamp(1_795_262_400_000);

struct Keys {
    idp: PKey<Private>,
    other: PKey<Private>,
    pinned: Vec<VerifyKey>,
}

fn keys() -> &'static Keys {
    static KEYS: std::sync::OnceLock<Keys> = std::sync::OnceLock::new();
    KEYS.get_or_init(|| {
        let new = || PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let idp = new();
        let public = PKey::public_key_from_der(&idp.public_key_to_der().unwrap()).unwrap();
        Keys {
            pinned: vec![VerifyKey::from_public_key(&public).unwrap()],
            idp,
            other: new(),
        }
    })
}

fn expect() -> Expectations<'static> {
    Expectations {
        idp_entity_id: IDP,
        slo_url: SLO,
        keys: &keys().pinned,
        allow_sha1: false,
        decryption_keys: &[],
        now: NOW,
        max_skew_seconds: 60,
    }
}

fn name_id() -> NameId {
    NameId {
        value: "ada & <Lovelace>".to_owned(),
        format: Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned()),
        name_qualifier: Some(IDP.to_owned()),
        sp_name_qualifier: None,
    }
}

/// What the IdP would send: our own writer, with its names.
fn theirs() -> Outgoing {
    let parties = Parties {
        issuer: IDP,
        destination: SLO,
    };
    request(parties, &name_id(), Some("_s1 & co"), NOW, &Entropy::System)
}

fn posted(xml: &str) -> Result<Incoming, LogoutError> {
    use base64::Engine as _;
    let field = base64::engine::general_purpose::STANDARD.encode(xml);
    Incoming::post(MessageKind::Request, &field, None)
}

fn signed(message: &Outgoing) -> String {
    sign_enveloped(&message.xml, &message.id, &keys().idp, None).unwrap()
}

fn read(xml: &str) -> Result<LogoutRequest, LogoutError> {
    posted(xml)?.request(&expect())
}

#[test]
fn what_is_written_is_read_by_both_bindings() {
    let message = theirs();
    let url = binding::redirect_url(
        SLO,
        MessageKind::Request,
        &message.xml,
        Some("state 1"),
        Some(&keys().idp),
    )
    .unwrap();
    let redirected = Incoming::redirect(url.split_once('?').unwrap().1).unwrap();
    assert_eq!(redirected.relay_state.as_deref(), Some("state 1"));
    let by_redirect = redirected.request(&expect()).unwrap();
    let by_post = read(&signed(&message)).unwrap();
    for request in [by_redirect, by_post] {
        assert_eq!(request.id, message.id);
        assert_eq!(request.name_id, name_id());
        assert_eq!(request.session_indexes, ["_s1 & co"]);
        assert_eq!(request.replay_until, NOW.plus_seconds(300 + 60));
    }
}

#[test]
fn an_answer_is_read_with_its_status() {
    let parties = Parties {
        issuer: IDP,
        destination: SLO,
    };
    let message = response(parties, "_request1", NOW, &Entropy::System);
    let read = |xml: &str| {
        let xml = sign_enveloped(xml, &message.id, &keys().idp, None).unwrap();
        posted(&xml).unwrap().response(&expect())
    };
    let good = read(&message.xml).unwrap();
    assert!(good.success);
    assert_eq!(good.in_response_to, "_request1");
    let partial = message.xml.replace(
        "\"></samlp:StatusCode>",
        "\"><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:PartialLogout\"/></samlp:StatusCode>",
    );
    let partial = read(&partial).unwrap();
    assert!(!partial.success);
    assert_eq!(partial.status.len(), 2);
    let none = message.xml.replace("samlp:Status>", "samlp:Extensions>");
    let error = read(&none).unwrap_err();
    assert_eq!(error.code(), "saml.logout_status_missing");
    // An answer is no request, and a request no answer.
    let xml = signed(&message);
    let error = posted(&xml).unwrap().request(&expect()).unwrap_err();
    assert_eq!(error.code(), "saml.logout_wrong_message");
}

#[test]
fn each_thing_that_is_wrong_has_its_name() {
    let message = theirs();
    let change = |from: &str, to: &str| {
        assert!(message.xml.contains(from), "{from} in {}", message.xml);
        let xml = message.xml.replace(from, to);
        sign_enveloped(&xml, &message.id, &keys().idp, None).unwrap()
    };
    let at = |seconds: i64| NOW.plus_seconds(seconds).rfc3339();
    let issued = format!("IssueInstant=\"{}\"", at(0));
    let until = format!("NotOnOrAfter=\"{}\"", at(300));
    let name = message.xml.split("<saml:NameID").nth(1).unwrap();
    let name = format!(
        "<saml:NameID{}</saml:NameID>",
        name.split("</saml:NameID>").next().unwrap()
    );
    let table: Vec<(&str, String)> = vec![
        ("saml.logout_unsigned", message.xml.clone()),
        (
            "saml.logout_signature",
            sign_enveloped(&message.xml, &message.id, &keys().other, None).unwrap(),
        ),
        (
            "saml.logout_signature",
            signed(&message).replace("_s1 &amp; co", "_s2"),
        ),
        (
            "saml.logout_issuer_mismatch",
            change(IDP, "https://evil.example/entity"),
        ),
        (
            "saml.logout_issuer_missing",
            change(&format!("<saml:Issuer>{IDP}</saml:Issuer>"), ""),
        ),
        (
            "saml.logout_destination_mismatch",
            change(SLO, "https://sso.example.com/saml/okta/slo/"),
        ),
        (
            "saml.logout_destination_missing",
            change(&format!(" Destination=\"{SLO}\""), ""),
        ),
        (
            "saml.logout_expired",
            change(&until, &format!("NotOnOrAfter=\"{}\"", at(-60))),
        ),
        (
            "saml.logout_expired",
            change(&issued, &format!("IssueInstant=\"{}\"", at(-660))),
        ),
        (
            "saml.logout_future",
            change(&issued, &format!("IssueInstant=\"{}\"", at(61))),
        ),
        (
            "saml.logout_time_invalid",
            change(&issued, "IssueInstant=\"today\""),
        ),
        ("saml.logout_time_invalid", change(&issued, "")),
        ("saml.logout_name_id_missing", change(&name, "")),
        (
            "saml.logout_name_id_unsupported",
            change(&name, "<saml:BaseID></saml:BaseID>"),
        ),
        (
            "saml.logout_unexpected_element",
            change(&name, &format!("{name}{name}")),
        ),
        (
            "saml.logout_name_id_invalid",
            change("ada &amp; &lt;Lovelace&gt;", "ada\u{202e}"),
        ),
        (
            "saml.logout_name_id_invalid",
            change("ada &amp; &lt;Lovelace&gt;", "ada<x xmlns=\"\"/>"),
        ),
        (
            "saml.logout_shape",
            change("Version=\"2.0\"", "Version=\"1.1\""),
        ),
        (
            "saml.logout_unexpected_element",
            change(
                &name,
                &format!("<samlp:Extensions>{name}</samlp:Extensions>"),
            ),
        ),
    ];
    for (code, xml) in table {
        let error = read(&xml).unwrap_err();
        assert_eq!(error.code(), code, "{error}\n{xml}");
    }
    // At the very edge of the clocks.
    read(&change(&until, &format!("NotOnOrAfter=\"{}\"", at(-59)))).unwrap();
    read(&change(&issued, &format!("IssueInstant=\"{}\"", at(60)))).unwrap();
}

/// Signature wrapping: the genuine request, moved somewhere, and another one where
/// a reader looks.
#[test]
fn wrapped_requests_are_refused() {
    let genuine = signed(&theirs());
    let signature_at = genuine.find("<ds:Signature").unwrap();
    let signature_end = genuine.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let signature = &genuine[signature_at..signature_end];
    let bare = genuine.replace(signature, "");
    let victim = theirs();
    let mut evil = victim.xml.replace("ada &amp; &lt;Lovelace&gt;", "victim");
    let issuer = format!("<saml:Issuer>{IDP}</saml:Issuer>");
    let after_issuer = |xml: &str, what: &str| xml.replacen(&issuer, &format!("{issuer}{what}"), 1);
    let extensions = |what: &str| format!("<samlp:Extensions>{what}</samlp:Extensions>");
    let object = signature.replace(
        "</ds:Signature>",
        &format!("<ds:Object>{bare}</ds:Object></ds:Signature>"),
    );
    let mut all = vec![
        after_issuer(&evil, &genuine),
        after_issuer(&evil, &extensions(&genuine)),
        after_issuer(&evil, &format!("{signature}{}", extensions(&bare))),
        after_issuer(&evil, &object),
        genuine.replace(
            "</samlp:LogoutRequest>",
            &format!("{evil}</samlp:LogoutRequest>"),
        ),
        genuine.replacen(signature, &format!("{signature}{signature}"), 1),
        format!(
            "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\">{genuine}</samlp:LogoutRequest>"
        ),
    ];
    // The same ID on both.
    evil = evil.replace(
        &victim.id,
        genuine
            .split("ID=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap(),
    );
    all.push(after_issuer(&evil, signature));
    all.push(after_issuer(
        &evil,
        &format!("{signature}{}", extensions(&bare)),
    ));
    for xml in all {
        let error = read(&xml).unwrap_err();
        assert!(error.code().starts_with("saml.logout_"), "{error}");
    }
}

#[test]
fn a_signature_inside_does_not_count_by_redirect() {
    let message = theirs();
    let xml = signed(&message);
    let kind = MessageKind::Request;
    let unsigned = binding::redirect_url(SLO, kind, &xml, None, None).unwrap();
    let query = |url: &str| url.split_once('?').unwrap().1.to_owned();
    let refused = |query: &str| {
        let incoming = Incoming::redirect(query).unwrap();
        incoming.request(&expect()).unwrap_err().code()
    };
    assert_eq!(refused(&query(&unsigned)), "saml.logout_unsigned");
    let both = binding::redirect_url(SLO, kind, &xml, None, Some(&keys().idp)).unwrap();
    assert_eq!(refused(&query(&both)), "saml.logout_signature_misplaced");
    let foreign = binding::redirect_url(SLO, kind, &message.xml, None, Some(&keys().other));
    assert_eq!(refused(&query(&foreign.unwrap())), "saml.logout_signature");
    let good = binding::redirect_url(SLO, kind, &message.xml, Some("a"), Some(&keys().idp));
    let good = query(&good.unwrap());
    assert_eq!(
        refused(&good.replace("RelayState=a", "RelayState=b")),
        "saml.logout_signature"
    );
    let (stripped, _) = good.split_once("&SigAlg=").unwrap();
    assert_eq!(refused(stripped), "saml.logout_unsigned");
    let half = good.split_once("&Signature=").unwrap().0;
    assert_eq!(
        Incoming::redirect(half).unwrap_err().code(),
        "saml.signature_incomplete"
    );
}

#[test]
fn endpoints() {
    let endpoint = |binding: &str, location: &str, response: Option<&str>| Endpoint {
        binding: binding.to_owned(),
        location: location.to_owned(),
        response_location: response.map(str::to_owned),
    };
    let mut metadata = crate::login::saml::metadata::parse(
        include_bytes!("../../../../idp-metadata-fixtures/keycloak/metadata.xml"),
        None,
        NOW,
    )
    .unwrap();
    metadata.slo = vec![
        endpoint(HTTP_POST, "p", Some("pr")),
        endpoint(HTTP_REDIRECT, "r", None),
    ];
    assert_eq!(request_endpoint(&metadata), Some((Binding::Redirect, "r")));
    assert_eq!(
        response_endpoint(&metadata, Binding::Post),
        Some((Binding::Post, "pr"))
    );
    metadata.slo.pop();
    assert_eq!(request_endpoint(&metadata), Some((Binding::Post, "p")));
    assert_eq!(
        response_endpoint(&metadata, Binding::Redirect),
        Some((Binding::Post, "pr"))
    );
    metadata.slo.clear();
    assert_eq!(request_endpoint(&metadata), None);
}
