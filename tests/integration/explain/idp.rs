//! The IdP says no, or starts by itself.

use super::{Told, browser, login, okta};
use crate::harness::{Forge, Idp, Person, Server};
use crate::support::forge::status;

const PREFIX: &str = "urn:oasis:names:tc:SAML:2.0:status:";

/// The IdP answers with a status and words of its own.
async fn says_no(idp: Idp, code: &str, nested: &str, words: &str, told: Told) {
    let server = Server::sqlite().await;
    idp.register(&server).await;
    let nested = if nested.is_empty() {
        String::new()
    } else {
        format!("{PREFIX}{nested}")
    };
    let message = if words.is_empty() {
        String::new()
    } else {
        format!("<samlp:StatusMessage>{words}</samlp:StatusMessage>")
    };
    let code = format!("{PREFIX}{code}");
    for language in ["en", "de"] {
        let mut browser = browser(&server, language);
        let sign_in = idp.start(&mut browser).await;
        let scene = idp.scene(&server, &sign_in, &Person::named("alice"));
        let mut forge: Forge = scene.forge();
        forge.response.status = status(&code, &nested, &message);
        // A refusal holds no assertion, and most IdPs do not sign it.
        let xml = forge.response_around("");
        let field = crate::support::forge::encode(xml.as_bytes());
        let outcome = idp.answer(&mut browser, &sign_in, &field).await;
        outcome.refused();
        assert_eq!(outcome.last.status, 403);
        told.check(&server, &outcome.last, language).await;
    }
}

#[tokio::test]
async fn a_person_who_is_not_assigned() {
    let told = Told::failed("an unassigned user", "saml.status_request_denied", "idp")
        .saying(&[
            "The IdP knows the person and does not let them use this application",
            "\"RequestDenied\"",
        ])
        .advising(&["Assign the person", "At Okta, \"Assignments\"."])
        .on_page("provider-refused");
    says_no(okta(), "Responder", "RequestDenied", "", told).await;
}

/// Entra's own number says more than its status.
#[tokio::test]
async fn a_person_who_is_not_assigned_at_entra() {
    let mut idp = Idp::new();
    idp.entity_id = "https://sts.windows.net/5f1c2a9e-7b34-4d0a-9c11-0e6a2f3b4c5d/".to_owned();
    idp.sso_url = "https://login.microsoftonline.com/5f1c2a9e/saml2".to_owned();
    let words = "AADSTS50105: Your administrator has configured the application Doorward to block users unless they are specifically granted access.";
    let told = Told::failed("an unassigned user (Entra)", "saml.status_responder", "idp")
        .saying(&["does not let them use this application", "AADSTS50105"])
        .advising(&["At Microsoft Entra ID, \"Users and groups\" of the enterprise application."])
        .on_page("provider-refused");
    says_no(idp, "Responder", "", words, told).await;
}

#[tokio::test]
async fn an_idp_that_wants_signed_requests() {
    let told = Told::failed(
        "an IdP that wants signed requests",
        "saml.status_requester",
        "gateway",
    )
    .saying(&["The IdP wants our requests signed", "must be signed"])
    .advising(&[
        "Set saml.sign_requests of the provider \"okta\" to true",
        "/saml/okta/metadata",
    ])
    .on_page("provider-misconfigured");
    says_no(
        Idp::new(),
        "Requester",
        "",
        "AuthnRequest must be signed",
        told,
    )
    .await;
}

#[tokio::test]
async fn an_idp_that_refuses_the_kind_of_identifier() {
    let told = Told::failed(
        "an IdP that refuses the NameIDPolicy",
        "saml.status_invalid_name_id_policy",
        "gateway",
    )
    .saying(&["does not offer the kind of identifier that this provider asks for"])
    .advising(&["Remove saml.name_id_format from the provider \"okta\""])
    .on_page("provider-misconfigured");
    says_no(Idp::new(), "Requester", "InvalidNameIDPolicy", "", told).await;
}

#[tokio::test]
async fn an_idp_that_cannot_do_the_kind_of_sign_in() {
    let told = Told::failed(
        "an IdP without the requested context",
        "saml.status_no_authn_context",
        "gateway",
    )
    .saying(&["cannot do the kind of sign-in that this provider asks for"])
    .advising(&["Remove saml.requested_authn_context from the provider \"okta\""])
    .on_page("provider-misconfigured");
    says_no(Idp::new(), "Responder", "NoAuthnContext", "", told).await;
}

#[tokio::test]
async fn an_idp_that_does_not_accept_the_request() {
    let told = Told::failed(
        "an IdP that does not know this service",
        "saml.status_requester",
        "idp",
    )
    .saying(&[
        "The IdP does not accept our request",
        "Unknown service provider",
    ])
    .advising(&["Give the IdP this provider's metadata anew"])
    .on_page("provider-misconfigured");
    says_no(
        Idp::new(),
        "Requester",
        "",
        "Unknown service provider",
        told,
    )
    .await;
}

#[tokio::test]
async fn a_person_who_broke_off() {
    let told = Told::failed(
        "a person who broke off at the IdP",
        "saml.status_authn_failed",
        "user",
    )
    .saying(&["did not get through the IdP's own sign-in, or broke it off"])
    .advising(&["Let the person try again"])
    .on_page("declined");
    says_no(Idp::new(), "Responder", "AuthnFailed", "", told).await;
}

#[tokio::test]
async fn an_idp_in_trouble() {
    let told = Told::failed("an IdP in trouble", "saml.status_responder", "idp")
        .saying(&["The IdP had a problem of its own", "Datenbank kaputt"])
        .advising(&["Look into the IdP's own log"])
        .on_page("provider-failed");
    says_no(Idp::new(), "Responder", "", "Datenbank kaputt", told).await;
}

#[tokio::test]
async fn a_start_at_the_idp_that_is_not_set_up() {
    let server = Server::sqlite().await;
    let idp = okta();
    idp.register(&server).await;
    let told = Told::failed("a start at the IdP, not set up", "saml.unsolicited", "idp")
        .saying(&["The sign-in was started at the IdP"])
        .advising(&[
            "At Okta, \"Default RelayState\" (General → SAML Settings → Edit): enter initiate-sp-login.",
        ])
        .comparing(Some("initiate-sp-login"), &["https://intranet.example.com/"])
        .on_page("unsolicited-start");
    for language in ["en", "de"] {
        let mut browser = browser(&server, language);
        let sign_in = idp.start(&mut browser).await;
        let mut forge = idp
            .scene(&server, &sign_in, &Person::named("alice"))
            .forge();
        forge.response.in_response_to = None;
        forge.confirmation().in_response_to = None;
        let field = forge.base64();
        let form = [
            ("SAMLResponse", field.as_str()),
            ("RelayState", "https://intranet.example.com/"),
        ];
        let outcome = idp.answer_with(&mut browser, &form).await;
        outcome.refused();
        told.check(&server, &outcome.last, language).await;
    }
}

/// No genuine IdP writes it, and the trace says so.
#[tokio::test]
async fn two_assertions() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let told = Told::failed(
        "an answer of a shape that no IdP writes",
        "saml.several_assertions",
        "idp",
    )
    .saying(&["2 assertions"])
    .advising(&["No genuine IdP writes such an answer", "nobody was let in"]);
    login(
        &server,
        &idp,
        &Person::named("alice"),
        |forge| forge.response.tail = forge.bare_assertion().replace("_assertion", "_other"),
        &told,
    )
    .await;
}
