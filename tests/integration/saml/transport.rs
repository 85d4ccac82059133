//! The assertion consumer service as an HTTP endpoint.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::harness::{Browser, Idp, Person, Server, encode};

/// Duplicate parameters: whoever reads the first and whoever reads the last
/// must not disagree.
#[tokio::test]
async fn parameters_come_once() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    let sign_in = idp.start(&mut browser).await;
    let scene = idp.scene(&server, &sign_in, &Person::named("alice"));
    let genuine = scene.forge().base64();
    let evil = scene.forge().saying("admin").unsigned().base64();
    for form in [
        vec![
            ("SAMLResponse", genuine.as_str()),
            ("SAMLResponse", evil.as_str()),
        ],
        vec![
            ("SAMLResponse", evil.as_str()),
            ("SAMLResponse", genuine.as_str()),
        ],
        vec![
            ("SAMLResponse", genuine.as_str()),
            ("SAMLResponse", genuine.as_str()),
        ],
        vec![
            ("SAMLResponse", genuine.as_str()),
            ("RelayState", "a"),
            ("RelayState", "b"),
        ],
        vec![
            ("SAMLRequest", genuine.as_str()),
            ("SAMLResponse", genuine.as_str()),
            ("SAMLResponse", ""),
        ],
        vec![("RelayState", "x")],
        vec![("samlresponse", genuine.as_str())],
        vec![],
    ] {
        let outcome = idp.answer_with(&mut browser, &form).await;
        outcome.refused();
    }
    assert!(server.api().users().await.is_empty());
    // In the query it does not count.
    let query = encode(&[("SAMLResponse", &genuine)]);
    let acs = browser
        .submit_raw(&format!("{}?{query}", idp.acs()), String::new())
        .await;
    crate::harness::refused(&acs);
    // None of it has spent the request.
    idp.answer(&mut browser, &sign_in, &genuine).await.user();
}

#[tokio::test]
async fn methods_and_content_types() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    let sign_in = idp.start(&mut browser).await;
    let genuine = idp
        .scene(&server, &sign_in, &Person::named("alice"))
        .forge()
        .base64();
    let form = encode(&[("SAMLResponse", &genuine)]);
    let acs = format!("{}{}", server.url, idp.acs());
    let client = server.client.clone();

    let get = client.get(format!("{acs}?{form}")).send().await.unwrap();
    assert_eq!(get.status(), 405);
    assert_eq!(get.headers()["allow"], "POST");
    for method in ["PUT", "DELETE", "PATCH", "TRACE"] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let answer = client
            .request(method.clone(), &acs)
            .body(form.clone())
            .send()
            .await
            .unwrap();
        assert!(
            answer.status().is_client_error(),
            "{method}: {}",
            answer.status()
        );
    }
    for content_type in [
        "application/json",
        "text/plain",
        "text/xml",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded2",
        "",
    ] {
        let mut request = client.post(&acs).body(form.clone());
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        let answer = request.send().await.unwrap();
        assert!(
            answer.status().is_client_error(),
            "{content_type}: {}",
            answer.status()
        );
        assert!(answer.headers().get("set-cookie").is_none());
    }
    // Each of them stands in the traces.
    let trace = server.api().last_trace().await;
    assert_eq!(trace["code"], "saml.form_type", "{trace}");
    assert_eq!(trace["expected"], "application/x-www-form-urlencoded");
    // With a charset it is what browsers send.
    let answer = client
        .post(&acs)
        .header(
            "content-type",
            "application/x-www-form-urlencoded; charset=UTF-8",
        )
        .body(form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 303);
}

/// Bodies over the limit are cut off early, and not read to the end.
#[tokio::test]
async fn a_body_too_large() {
    let mut server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let client = server.client.clone();
    let acs = format!("{}{}", server.url, idp.acs());
    for size in [400 * 1024, 10_000_000, 100_000_000] {
        let answer = client
            .post(&acs)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("SAMLResponse={}", "A".repeat(size)))
            .send()
            .await;
        // A connection that is closed while we write is an answer as well.
        if let Ok(answer) = answer {
            assert!(
                matches!(answer.status().as_u16(), 400 | 403 | 413),
                "{}",
                answer.status()
            );
        }
    }
    assert!(server.healthy().await);
    // An IdP that sends too much is found in the traces, too.
    let trace = server.api().last_trace().await;
    assert_eq!(trace["code"], "saml.form_too_large", "{trace}");
    assert!(
        trace["remedy"].as_str().unwrap().contains("fewer"),
        "{trace}"
    );

    // Chunked, without a length, without an end.
    let mut stream = TcpStream::connect(server.authority()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    stream
        .set_write_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    write!(
        stream,
        "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Transfer-Encoding: chunked\r\n\r\nd\r\nSAMLResponse=\r\n",
        idp.acs(),
        server.authority()
    )
    .unwrap();
    let chunk = format!("10000\r\n{}\r\n", "A".repeat(0x10000));
    let mut sent = 0;
    while sent < 1_000 && stream.write_all(chunk.as_bytes()).is_ok() {
        sent += 1;
    }
    assert!(sent < 1_000, "the gateway reads without end");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(server.healthy().await);
}

/// The answer is the same page whether or not the user exists.
#[tokio::test]
async fn the_page_is_calm() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    let sign_in = idp.start(&mut browser).await;
    let mut forge = idp
        .scene(&server, &sign_in, &Person::named("alice"))
        .forge();
    forge.conditions().audiences = vec![vec![
        "https://elsewhere.example/<script>"
            .replace('<', "&lt;")
            .replace('>', "&gt;"),
    ]];
    let outcome = idp.answer(&mut browser, &sign_in, &forge.base64()).await;
    let reference = outcome.refused();
    assert!(
        !outcome.last.body.contains("elsewhere"),
        "{}",
        outcome.last.body
    );
    // The reference leads the admin to the trace, which says it all.
    let traces = server
        .api()
        .list(&format!("/api/v1/logins?reference={reference}"))
        .await;
    assert_eq!(traces.len(), 1, "{traces:?}");
    let trace = &traces[0];
    assert_eq!(trace["code"], "saml.audience_mismatch");
    assert_eq!(trace["outcome"], "failed");
    assert_eq!(trace["side"], "idp");
    assert_eq!(
        trace["expected"],
        format!("{}/saml/okta/metadata", server.url)
    );
    assert_eq!(trace["received"][0], "https://elsewhere.example/<script>");
    assert!(!trace["summary"].as_str().unwrap().is_empty());
    assert!(
        server.log().contains(&reference),
        "the log does not know {reference}"
    );
    // The trace's document is redacted: no signature that could be replayed.
    let document = trace["document"].as_str().unwrap_or("");
    assert!(
        !document.contains("SignatureValue>")
            || !document.contains(&sign_in.request_id)
            || document.len() < 20_000
    );
    let single = server
        .api()
        .get(&format!("/api/v1/logins/{}", trace["id"].as_str().unwrap()))
        .await;
    assert_eq!(&single, trace);
}

/// Assertions never stand in the log.
#[tokio::test]
async fn the_log_keeps_secrets() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    let sign_in = idp.start(&mut browser).await;
    let field = idp
        .scene(&server, &sign_in, &Person::named("alice"))
        .forge()
        .base64();
    idp.answer(&mut browser, &sign_in, &field).await.user();
    let session = browser.session().unwrap();
    let mut second = Browser::new(&server);
    let bad = idp.start(&mut second).await;
    let refused = idp
        .scene(&server, &bad, &Person::named("alice"))
        .forge()
        .unsigned()
        .base64();
    idp.answer(&mut second, &bad, &refused).await.refused();
    let log = server.log();
    for secret in [
        &field[..200],
        &refused[..200],
        session.as_str(),
        server.token.as_str(),
    ] {
        assert!(!log.contains(secret), "in the log: {secret}");
    }
    assert!(!log.contains("<saml"), "a document is in the log");
}
