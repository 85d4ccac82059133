//! Clocks that differ, and answers that come late.

use super::Told;
use crate::harness::{Forge, Idp, Person, Server, now};

async fn clock_off_by(seconds: i64, told: Told) {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let at = |offset: i64| now().plus_seconds(seconds + offset).rfc3339();
    let change = |forge: &mut Forge| {
        forge.response.issue_instant = at(0);
        forge.assertion.issue_instant = at(0);
        forge.authn().instant = at(-5);
        forge.conditions().not_before = Some(at(-5));
        forge.conditions().not_on_or_after = Some(at(300));
        forge.confirmation().not_on_or_after = Some(at(300));
    };
    for language in ["en", "de"] {
        let mut browser = super::browser(&server, language);
        let alice = Person::named("alice");
        let outcome = idp.login_as(&server, &mut browser, &alice, change).await;
        outcome.refused();
        // The values are moments; the words say how far apart they are.
        let trace = server.api().last_trace().await;
        let told = Told {
            expected: trace["expected"].as_str().map(ToOwned::to_owned),
            summary: told.summary.clone(),
            remedy: told.remedy.clone(),
            received: None,
            ..told
        };
        assert!(told.expected.is_some() && trace["received"][0].is_string());
        told.check(&server, &outcome.last, language).await;
    }
}

#[tokio::test]
async fn ten_minutes_ahead() {
    let told = Told::failed(
        "the IdP's clock is ten minutes ahead",
        "saml.issue_instant_future",
        "idp",
    )
    .on_page("wrong-time")
    .saying(&["The IdP's clock is ahead of this gateway's by about 10 minutes: "])
    .advising(&["timedatectl", "w32tm", "NTP"]);
    clock_off_by(600, told).await;
}

#[tokio::test]
async fn ten_minutes_behind() {
    let told = Told::failed(
        "the IdP's clock is ten minutes behind",
        "saml.issue_instant_past",
        "idp",
    )
    .on_page("wrong-time")
    .saying(&["The IdP's clock is behind this gateway's by about 10 minutes: "])
    .advising(&["timedatectl", "w32tm", "NTP"]);
    clock_off_by(-600, told).await;
}

#[tokio::test]
async fn an_answer_that_comes_late() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let end = now().plus_seconds(-3_600).rfc3339();
    let mut browser = super::browser(&server, "en");
    let outcome = idp
        .login_as(&server, &mut browser, &Person::named("alice"), |forge| {
            forge.confirmation().not_on_or_after = Some(end.clone());
            forge.conditions().not_on_or_after = Some(end.clone());
        })
        .await;
    outcome.refused();
    let trace = server.api().last_trace().await;
    let told = Told {
        expected: trace["expected"].as_str().map(ToOwned::to_owned),
        ..Told::failed(
            "an answer that comes late",
            "saml.confirmation_expired",
            "idp",
        )
    }
    .on_page("wrong-time")
    .saying(&[
        "came too late by 1 hour",
        &format!("it was good until {end}"),
    ])
    .advising(&["Let the person start again."]);
    told.check(&server, &outcome.last, "en").await;
}

#[tokio::test]
async fn a_session_that_is_over_at_the_idp() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let end = now().plus_seconds(-3_600).rfc3339();
    let mut browser = super::browser(&server, "en");
    let outcome = idp
        .login_as(&server, &mut browser, &Person::named("alice"), |forge| {
            forge.authn().session_not_on_or_after = Some(end.clone());
        })
        .await;
    outcome.refused();
    let trace = server.api().last_trace().await;
    let told = Told {
        expected: trace["expected"].as_str().map(ToOwned::to_owned),
        ..Told::failed(
            "the session at the IdP is over",
            "saml.session_expired",
            "user",
        )
    }
    .on_page("wrong-time")
    .saying(&["The person's session at the IdP was over at"])
    .advising(&["sign out at the IdP and sign in again"]);
    told.check(&server, &outcome.last, "en").await;
}
