//! What applications are told, and what nobody can make them believe.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::nid::Nid;
use serde_json::{Value, json};

use super::{PERSON, SET, TRUSTING, application, ask, gateway, signed_in};
use crate::harness::{Server, now};

/// The claims of an assertion whose signature is verified with `/oidc/jwks`, and
/// its header.
async fn verified(server: &Server, token: &str) -> (Value, Value) {
    let keys: Value = server
        .client
        .get(format!("{}/oidc/jwks", server.url))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let header: Value = serde_json::from_slice(&decode(parts[0])).unwrap();
    let key = keys["keys"].as_array().unwrap().iter();
    let key = key.clone().find(|key| key["kid"] == header["kid"]);
    let key = key.unwrap();
    let number = |name: &str| BigNum::from_slice(&decode(key[name].as_str().unwrap())).unwrap();
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let (x, y) = (number("x"), number("y"));
    let key = EcKey::from_public_key_affine_coordinates(&group, &x, &y).unwrap();
    let signature = decode(parts[2]);
    let half = |octets: &[u8]| BigNum::from_slice(octets).unwrap();
    let signature =
        EcdsaSig::from_private_components(half(&signature[..32]), half(&signature[32..])).unwrap();
    let signed = format!("{}.{}", parts[0], parts[1]);
    let digest = openssl::sha::sha256(signed.as_bytes());
    assert!(signature.verify(&digest, &key).unwrap(), "the signature");
    (header, serde_json::from_slice(&decode(parts[1])).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_assertion_is_signed_short_lived_and_for_one_application() {
    let server = gateway().await;
    application(&server, "wiki", json!({})).await;
    application(&server, "shop", json!({})).await;
    let (cookie, id) = signed_in(&server, "alice").await;
    let with = [("cookie", cookie.as_str())];
    for slug in ["wiki", "shop"] {
        let path = format!("/auth/request?app={slug}");
        let said = ask(&server, "GET", &path, &with).await;
        let (header, claims) = verified(&server, said.get("x-doorward-assertion")).await;
        assert_eq!(header["alg"], "ES256");
        assert_eq!(header["typ"], "doorward-assertion+jwt");
        assert_eq!(claims["iss"], server.url);
        assert_eq!(claims["aud"], slug);
        assert_eq!(claims["sub"], id);
        assert_eq!(claims["email"], "alice@example.com");
        let (iat, exp) = (
            claims["iat"].as_i64().unwrap(),
            claims["exp"].as_i64().unwrap(),
        );
        assert_eq!(exp - iat, 60);
        assert!((now().millis() / 1000 - iat).abs() < 30);
        // The same one is given out for a while; to nobody else.
        let again = ask(&server, "GET", &path, &with).await;
        assert_eq!(
            again.get("x-doorward-assertion"),
            said.get("x-doorward-assertion")
        );
    }
    let (other, _) = signed_in(&server, "bob").await;
    let said = ask(
        &server,
        "GET",
        "/auth/request?app=wiki",
        &[("cookie", &other)],
    )
    .await;
    let (_, claims) = verified(&server, said.get("x-doorward-assertion")).await;
    assert_eq!(claims["email"], "bob@example.com");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_arrive_clean_and_changes_at_once() {
    let server = gateway().await;
    let more = json!({
        "headers": { "X-Title": "job_title", "X-Cost": "cost_center", "X-Until": "valid_to", "X-Tag": "spCustomAttribute1" },
        "group_separator": "|",
    });
    application(&server, "wiki", more).await;
    let (cookie, id) = signed_in(&server, "alice").await;
    let user = format!("/api/v1/users/{id}");
    let api = server.api();
    let change = json!({
        "job_title": "J\u{fc}rgen \u{1f600} 100%", "cost_center": "R&D, \"x\"",
        "valid_to": "2099-01-01T00:00:00Z", "custom_attributes": { "spCustomAttribute1": "\u{e9}" },
    });
    api.expect("PATCH", &user, Some(&change), 200).await;
    for name in ["a,b", "c|d", "Crew \u{e4}"] {
        let group = json!({ "name": name });
        let group = api
            .expect("POST", "/api/v1/groups", Some(&group), 201)
            .await;
        let path = format!(
            "/api/v1/groups/{}/members/{id}",
            group["id"].as_str().unwrap()
        );
        api.call("PUT", &path, None).await;
    }
    let with = [("cookie", cookie.as_str())];
    let said = ask(&server, "GET", "/auth/request?app=wiki", &with).await;
    for (name, value) in [
        ("x-title", "J%C3%BCrgen %F0%9F%98%80 100%25"),
        ("remote-groups", "a,b|Crew %C3%A4|c%7Cd"),
        ("x-auth-request-groups", "a,b|Crew %C3%A4|c%7Cd"),
        ("x-cost", "R&D, \"x\""),
        ("x-until", "2099-01-01T00:00:00.000Z"),
        ("x-tag", "%C3%A9"),
    ] {
        assert_eq!(said.get(name), value, "{name}");
    }
    // What changes is told with the very next answer.
    for name in ["Ada", "Grace", "Katherine"] {
        let change = json!({ "job_title": name });
        api.expect("PATCH", &user, Some(&change), 200).await;
        let said = ask(&server, "GET", "/auth/request?app=wiki", &with).await;
        assert_eq!(said.get("x-title"), name);
    }
    let change = json!({ "headers": { "X-Mail": "email" }, "group_separator": "," });
    let path = "/api/v1/applications/wiki";
    api.expect("PATCH", path, Some(&change), 200).await;
    let said = ask(&server, "GET", "/auth/request?app=wiki", &with).await;
    assert_eq!(said.get("x-mail"), "alice@example.com");
}

/// A directory may hold a line break from years ago; no header ever does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_break_in_the_directory_stays_there() {
    let server = gateway().await;
    application(&server, "wiki", json!({})).await;
    let (cookie, id) = signed_in(&server, "alice").await;
    let database = rusqlite::Connection::open(server.path("data/doorward.db")).unwrap();
    let name = "Ada\r\nRemote-Groups: admins\r\n\r\nx";
    let sql = "UPDATE users SET name = ?1 WHERE id = ?2";
    database.execute(sql, (name, &id)).unwrap();
    let since = std::time::Instant::now();
    loop {
        let with = [("cookie", cookie.as_str())];
        let said = ask(&server, "GET", "/auth/request?app=wiki", &with).await;
        assert_eq!(said.get("remote-groups"), "");
        if said.get("remote-name") == "Ada Remote-Groups: admins x" {
            break;
        }
        assert!(since.elapsed().as_secs() < 1, "{}", said.get("remote-name"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_that_lie_are_refused() {
    let server = gateway().await;
    application(&server, "wiki", json!({})).await;
    let (cookie, _) = signed_in(&server, "alice").await;
    let url = ("x-original-url", "https://wiki.example.com/");
    let host = ("x-forwarded-host", "wiki.example.com");
    let cookie = ("cookie", cookie.as_str());
    for (path, headers) in [
        ("/auth/request", &[url, url][..]),
        (
            "/auth/request",
            &[url, ("x-forwarded-host", "evil.example")],
        ),
        (
            "/auth/request",
            &[("x-original-url", "javascript:alert(1)")],
        ),
        (
            "/auth/request",
            &[("x-original-url", "https://wiki.example.com@evil.example/")],
        ),
        ("/auth/forward", &[host, host]),
        (
            "/auth/forward",
            &[("x-forwarded-host", "wiki.example.com, evil.example")],
        ),
        (
            "/auth/forward",
            &[
                host,
                ("x-forwarded-uri", "//evil.example"),
                ("x-forwarded-uri", "/"),
            ],
        ),
        (
            "/auth/forward",
            &[host, ("x-forwarded-proto", "javascript")],
        ),
        // Underscores: to many servers this is `Remote-User`.
        ("/auth/request", &[url, ("remote_user", "root")]),
        (
            "/auth/forward",
            &[host, ("x_forwarded_host", "evil.example")],
        ),
        ("/auth/envoy/", &[("remote_user", "root")]),
    ] {
        for more in [&[][..], &[cookie]] {
            let all: Vec<_> = headers.iter().chain(more).copied().collect();
            let said = ask(&server, "GET", path, &all).await;
            assert!(
                matches!(said.status, 400 | 403),
                "{path} {all:?}: {}",
                said.status
            );
            assert!(
                path != "/auth/request"
                    || said.status == 403
                    || all.iter().any(|h| h.0.contains('_'))
            );
            assert!(
                !said.has("location") && !said.has("remote-user"),
                "{path} {all:?}"
            );
        }
    }
    // What a client says of itself is not repeated, and `Forwarded` is not read.
    let lies = [
        url,
        cookie,
        ("remote-user", "root"),
        ("remote-groups", "admins"),
        ("x-auth-request-email", "root@example.com"),
        ("x-doorward-assertion", "a.b.c"),
        ("forwarded", "host=evil.example;proto=http"),
    ];
    let said = ask(&server, "GET", "/auth/request", &lies).await;
    assert_eq!(said.status, 200);
    assert_eq!(said.get("remote-email"), "alice@example.com");
    assert_eq!(said.get("remote-groups"), "");
    assert_ne!(said.get("x-doorward-assertion"), "a.b.c");
}

/// An address that nobody trusts may write what it wants.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forwarded_headers_of_strangers_are_not_read() {
    let other = TRUSTING.replace("127.0.0.1", "192.0.2.1");
    let server = Server::start_behind("sqlite://data/doorward.db", &other, "").await;
    application(&server, "wiki", json!({})).await;
    application(&server, "vault", json!({ "access": "private" })).await;
    let (cookie, _) = signed_in(&server, "alice").await;
    let cookie = ("cookie", cookie.as_str());
    for (path, header) in [
        (
            "/auth/request",
            ("x-original-url", "https://wiki.example.com/"),
        ),
        ("/auth/forward", ("x-forwarded-host", "wiki.example.com")),
    ] {
        let said = ask(&server, "GET", path, &[header, cookie]).await;
        assert_eq!(said.status, 403, "{path}");
        let said = ask(&server, "GET", path, &[header, PERSON[0]]).await;
        assert!(matches!(said.status, 401 | 302), "{path}");
        assert_eq!(
            said.rd(&server),
            None,
            "{path}: led to a host of a stranger's"
        );
    }
    // The proxy's own words in the address count, and no header beside them.
    let header = ("x-original-url", "https://wiki.example.com/");
    let said = ask(&server, "GET", "/auth/request?app=vault", &[header, cookie]).await;
    assert_eq!(said.status, 403);
    let said = ask(&server, "GET", "/auth/request?app=wiki", &[header, cookie]).await;
    assert_eq!(said.status, 200);
    for name in SET {
        said.get(name);
    }
}
