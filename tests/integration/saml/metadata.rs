//! Metadata that must not make a provider: `422`, and a sentence that says
//! what is wrong and what to do.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Idp, Server, merge};
use crate::support::forge::idp_metadata;
use crate::support::keys;

/// Tries to make a provider of this metadata; the sentence that refuses it.
async fn sentence(server: &Server, saml: Value) -> String {
    let mut provider = Idp::new().provider();
    merge(&mut provider, json!({ "saml": null }));
    merge(&mut provider, json!({ "saml": saml }));
    let (status, problem) = server
        .api()
        .call("POST", "/api/v1/providers", Some(&provider))
        .await;
    assert_eq!(status, 422, "{problem}");
    let text = problem.to_string();
    assert!(
        text.contains("saml.metadata") || text.contains("metadata"),
        "no field is named: {text}"
    );
    let (missing, _) = server
        .api()
        .call("GET", "/api/v1/providers/okta", None)
        .await;
    assert_eq!(missing, 404);
    text
}

#[tokio::test]
async fn bad_metadata() {
    let server = Server::sqlite().await;
    let good = Idp::new().metadata();
    let sso = "https://idp.example.com/sso";
    let entity = "https://idp.example.com/entity";
    let certificate = keys::idp().certificate_base64();
    let cases: Vec<(&str, String, &str)> = vec![
        ("empty", String::new(), ""),
        ("no XML", "hello".to_owned(), ""),
        (
            "HTML",
            "<!DOCTYPE html><html><head><title>Sign in</title></head></html>".to_owned(),
            "web page",
        ),
        (
            "HTML without a DOCTYPE",
            "<html><body>Sign in</body></html>".to_owned(),
            "web page",
        ),
        ("truncated", good[..good.len() / 2].to_owned(), ""),
        ("a DOCTYPE", format!("<!DOCTYPE x>{good}"), ""),
        (
            "a bomb",
            format!(
                "<!DOCTYPE x [<!ENTITY a \"{0}\"><!ENTITY b \"{1}\">]>{good}",
                "a".repeat(1000),
                "&a;".repeat(1000)
            ),
            "",
        ),
        (
            "an SP's",
            good.replace("IDPSSODescriptor", "SPSSODescriptor"),
            "service provider",
        ),
        (
            "no signing key",
            idp_metadata(entity, sso, &[]),
            "certificate",
        ),
        (
            "an encryption key only",
            good.replace("use=\"signing\"", "use=\"encryption\""),
            "certificate",
        ),
        (
            "a key of 1024 bits",
            idp_metadata(entity, sso, &[&keys::weak().certificate_base64()]),
            "2048",
        ),
        (
            "a key on a small curve",
            idp_metadata(entity, sso, &[&keys::p192().certificate_base64()]),
            "",
        ),
        (
            "a certificate that is none",
            idp_metadata(entity, sso, &["AAAA"]),
            "certificate",
        ),
        (
            "expired",
            good.replacen(
                "entityID",
                "validUntil=\"2020-01-01T00:00:00Z\" entityID",
                1,
            ),
            "expired",
        ),
        (
            "no entity ID",
            good.replace(&format!(" entityID=\"{entity}\""), ""),
            "",
        ),
        (
            "no SSO service",
            idp_metadata(entity, sso, &[&certificate])
                .replace("md:SingleSignOnService", "md:SingleLogoutService"),
            "",
        ),
        (
            "a javascript: URL",
            idp_metadata(entity, "javascript:alert(1)", &[&certificate]),
            "",
        ),
        (
            "a file: URL",
            idp_metadata(entity, "file:///etc/passwd", &[&certificate]),
            "",
        ),
        (
            "a relative URL",
            idp_metadata(entity, "/sso", &[&certificate]),
            "",
        ),
        (
            "a data: URL",
            idp_metadata(entity, "data:text/html,x", &[&certificate]),
            "",
        ),
        (
            "10 MB",
            good.replacen(
                "<md:NameIDFormat>",
                &format!("<!--{}--><md:NameIDFormat>", "a".repeat(10_000_000)),
                1,
            ),
            "",
        ),
    ];
    for (name, metadata, word) in cases {
        let mut provider = Idp::new().provider();
        provider["saml"]["metadata_xml"] = json!(metadata);
        let (status, problem) = server
            .api()
            .call("POST", "/api/v1/providers", Some(&provider))
            .await;
        let large = name == "10 MB" && problem["code"] == "request.too_large";
        assert!(status == 422, "{name}: {status} {problem}");
        let text = problem.to_string();
        assert!(
            text.to_lowercase().contains(&word.to_lowercase()),
            "{name}: {text}"
        );
        assert!(
            large || text.contains("metadata_xml"),
            "{name}: no field is named: {text}"
        );
    }
    let none = sentence(&server, json!({})).await;
    assert!(none.contains("metadata"), "{none}");
}

/// Metadata by URL that may not be fetched or does not answer.
#[tokio::test]
async fn bad_metadata_urls() {
    let server = Server::sqlite().await;
    for url in [
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "ftp://example.com/x",
        "javascript:alert(1)",
        "not a url",
        "",
        "/relative",
        "http://127.0.0.1:1/metadata",
    ] {
        let text = sentence(&server, json!({ "metadata_url": url })).await;
        assert!(!text.contains("root:"), "{text}");
    }
}

/// Private addresses are out of bounds where the gateway is not a test of its
/// own: link-local and loopback, in every way of writing them.
#[tokio::test]
async fn private_addresses() {
    let server =
        Server::sqlite_with("[security]\nrate_limits = false\nallow_private_networks = false\n")
            .await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in [
        format!("http://127.0.0.1:{port}"),
        format!("https://127.0.0.1:{port}"),
        format!("https://localhost:{port}"),
        format!("https://127.1:{port}"),
        format!("https://2130706433:{port}"),
        format!("https://0x7f.0.0.1:{port}"),
        format!("https://0.0.0.0:{port}"),
        format!("https://[::1]:{port}"),
        format!("https://[::ffff:127.0.0.1]:{port}"),
        "https://169.254.169.254".to_owned(),
        "https://[fe80::1]".to_owned(),
        "https://10.0.0.1".to_owned(),
        "https://192.168.0.1".to_owned(),
        "https://100.64.0.1".to_owned(),
        "https://[fd00::1]".to_owned(),
    ] {
        let start = std::time::Instant::now();
        sentence(
            &server,
            json!({ "metadata_url": format!("{host}/metadata") }),
        )
        .await;
        assert!(start.elapsed().as_secs() < 2, "{host}: it was tried");
    }
    assert!(listener.accept().is_err(), "somebody came");
}

/// The fixtures that must be refused, each with its README's reason.
#[tokio::test]
async fn hostile_fixtures() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("idp-metadata-fixtures/hostile");
    let server = Server::sqlite().await;
    let mut tried = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e == "md") {
            continue;
        }
        let octets = fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&octets).into_owned();
        let sentence = sentence(&server, json!({ "metadata_xml": text })).await;
        println!("{}: {sentence}", path.display());
        tried += 1;
    }
    assert!(tried >= 5, "only {tried} hostile fixtures");
}

/// The fixtures of real vendors make providers.
#[tokio::test]
async fn vendors_fixtures() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("idp-metadata-fixtures");
    let server = Server::sqlite().await;
    let mut made = 0;
    for vendor in fs::read_dir(&folder).unwrap() {
        let vendor = vendor.unwrap().path();
        if !vendor.is_dir() || vendor.ends_with("hostile") {
            continue;
        }
        for entry in fs::read_dir(&vendor).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|e| e != "xml") {
                continue;
            }
            let slug = format!("v{made}");
            let metadata = fs::read_to_string(&path).unwrap();
            let provider = json!({
                "slug": slug, "kind": "saml", "allowed_domains": ["*"],
                "saml": { "metadata_xml": metadata },
            });
            let (status, body) = server
                .api()
                .call("POST", "/api/v1/providers", Some(&provider))
                .await;
            // Several IdPs in one document: the admin has to pick one.
            if status == 422 && body.to_string().contains("entity_id") {
                continue;
            }
            assert_eq!(status, 201, "{}: {body}", path.display());
            made += 1;
        }
    }
    assert!(made >= 10, "only {made} vendors' fixtures");
}
