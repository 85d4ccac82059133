//! Failures are anybody's to make; traces are not.

use super::browser;
use crate::harness::{Idp, Person, Server};

/// A flood of one kind leaves a few traces, each page a reference that is
/// found, and genuine logins theirs.
#[tokio::test]
async fn a_flood_shares_its_traces() {
    // Each has its own where limits are off.
    let server = Server::sqlite_with("[security]\nrate_limits = true\n").await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut stranger = browser(&server, "en");
    let mut references = Vec::new();
    for n in 0..1_020 {
        let garbage = crate::support::forge::encode(format!("<garbage n=\"{n}\"/>").as_bytes());
        let outcome = idp
            .answer_with(&mut stranger, &[("SAMLResponse", &garbage)])
            .await;
        references.push(outcome.refused());
    }
    let api = server.api();
    let written = api.list("/api/v1/logins?outcome=failed").await;
    assert_eq!(written.len(), 1_000);
    let last = references.last().unwrap();
    let shared = api.list(&format!("/api/v1/logins?reference={last}")).await;
    assert_eq!(shared.len(), 1, "{last}");
    assert_eq!(shared[0]["code"], "saml.not_a_response");

    let mut person = browser(&server, "en");
    idp.login(&server, &mut person, &Person::named("alice"))
        .await
        .user();
    assert_eq!(api.last_trace().await["outcome"], "success");
}

/// Nor do providers that there are not leave any.
#[tokio::test]
async fn nobody_invents_providers() {
    let server = Server::sqlite().await;
    Idp::new().register(&server).await;
    let mut stranger = browser(&server, "en");
    for path in ["/saml/nowhere/acs", "/saml/%3Cb%3E/acs"] {
        for form in [
            &[("SAMLResponse", "AAAA")][..],
            &[("SAMLResponse", "PHgvPg==")],
            &[("RelayState", "x")],
        ] {
            let page = stranger.submit_elsewhere(path, form).await;
            assert!((400..500).contains(&page.status), "{path}: {}", page.status);
        }
    }
    let page = stranger.visit("/saml/nowhere/continue?code=x").await;
    assert!((400..500).contains(&page.status), "{}", page.status);
    assert!(server.api().list("/api/v1/logins").await.is_empty());
}
