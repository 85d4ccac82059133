//! An employee clicks "SSO Login" and is in.

use base64::Engine as _;
use serde_json::json;

use crate::harness::{Browser, Idp, Person, Server};
use crate::support::forge::{AttributePart, CLAIM, URI_NAME, text};

on_both! {
    /// The first login makes the user, the next one keeps it in step.
    first_login_and_the_next
    /// The pages from the button to the sign-out.
    the_whole_way
}

async fn first_login_and_the_next(server: Server) {
    let idp = Idp::new();
    idp.register(&server).await;
    let alice = Person::named("alice");

    let mut browser = Browser::new(&server);
    assert!(browser.me().await.is_none());
    let outcome = idp.login(&server, &mut browser, &alice).await;
    let user = outcome.user();
    assert_eq!(user["email"], "alice@example.com");
    assert_eq!(user["given_name"], "Alice");
    assert_eq!(user["family_name"], "Example");
    assert_eq!(user["department"], "Research");
    let id = user["id"].as_str().unwrap().to_owned();

    let api = server.api();
    let users = api.users().await;
    assert_eq!(users.len(), 1, "{users:?}");
    assert_eq!(users[0]["id"], id.as_str());
    assert_eq!(users[0]["source"], "saml");
    assert_eq!(users[0]["status"], "active");
    assert_eq!(users[0]["roles"], json!([]));
    assert_eq!(users[0]["external_ids"]["okta"], "00u-alice");
    assert!(users[0]["last_login_at"].is_string(), "{}", users[0]);

    let trace = api.last_trace().await;
    assert_eq!(trace["outcome"], "success");
    assert_eq!(trace["provider"], "okta");
    assert_eq!(trace["user"], id.as_str());
    assert_eq!(trace["attributes"]["department"], json!(["Research"]));

    // The same person with another department, in another browser.
    let mut later = alice.clone();
    later.department = "Sales & Söhne".to_owned();
    later.name_id = alice.name_id.clone();
    let mut second = Browser::new(&server);
    let outcome = idp.login(&server, &mut second, &later).await;
    assert_eq!(outcome.user()["id"], id.as_str());
    assert_eq!(outcome.user()["department"], "Sales & Söhne");
    let trace = api.last_trace().await;
    assert_eq!(trace["matched_by"], "external_id");
    assert!(
        trace["changes"].to_string().contains("department"),
        "{trace}"
    );
    assert_eq!(api.users().await.len(), 1);
    // The first browser is signed in still, and sees the change.
    assert_eq!(browser.me().await.unwrap()["department"], "Sales & Söhne");
}

async fn the_whole_way(server: Server) {
    let idp = Idp::new();
    idp.register(&server).await;
    // With one provider there would be no choice to make.
    Idp::other().register(&server).await;
    let mut browser = Browser::new(&server);

    // Nobody is signed in: the account page leads to the sign-in page, and
    // that has the button.
    let account = browser.visit("/account").await;
    let page = browser.follow(account).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("SSO Login"), "{}", page.body);
    let at = page.body.find("/saml/okta/login").unwrap();
    let link: String = page.body[at..]
        .split('"')
        .next()
        .unwrap()
        .replace("&amp;", "&");

    let sign_in = idp.start_at(&mut browser, &link).await;
    assert!(sign_in.request.contains("AuthnRequest"));
    assert!(sign_in.request_id.starts_with('_') && sign_in.request_id.len() >= 41);
    assert!(
        sign_in
            .request
            .contains(&format!("{}/saml/okta/acs", server.url)),
        "{}",
        sign_in.request
    );
    let scene = idp.scene(&server, &sign_in, &Person::named("bob"));
    let outcome = idp
        .answer(&mut browser, &sign_in, &scene.forge().base64())
        .await;
    assert_eq!(outcome.acs.status, 303, "{}", outcome.acs.body);
    assert_eq!(outcome.user()["email"], "bob@example.com");
    // Where the person wanted to go in the first place.
    assert!(
        outcome.last.url.ends_with("/account"),
        "{}",
        outcome.last.url
    );
    assert_eq!(outcome.last.status, 200);
    assert!(outcome.last.body.contains("bob@example.com"));

    let cookie = browser.jar.iter().find(|c| c.name == "doorward").unwrap();
    assert!(cookie.attributes.contains(&"httponly".to_owned()));
    assert!(cookie.attributes.contains(&"samesite=lax".to_owned()));
    assert!(
        outcome
            .last
            .header("cache-control")
            .unwrap()
            .contains("no-store"),
        "{:?}",
        outcome.last.headers
    );

    // Signed in, the sign-in page has nothing to offer.
    let login = browser.visit("/login").await;
    let arrived = browser.follow(login).await;
    assert!(arrived.body.contains("bob@example.com"), "{}", arrived.body);

    let gone = browser.click("/logout").await;
    browser.follow(gone).await;
    assert!(browser.me().await.is_none());
    let account = browser.visit("/account").await;
    assert!(account.is_redirect(), "{}", account.status);
}

/// What an admin enters at the IdP, and what the IdP reads.
#[tokio::test]
async fn service_provider_metadata() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    let provider = idp.register(&server).await;
    let entity_id = format!("{}/saml/okta/metadata", server.url);
    assert_eq!(provider["urls"]["entity_id"], entity_id);
    assert_eq!(
        provider["urls"]["acs"],
        format!("{}/saml/okta/acs", server.url)
    );
    assert_eq!(
        provider["urls"]["login"],
        format!("{}/saml/okta/login", server.url)
    );
    assert_eq!(provider["certificates"].as_array().unwrap().len(), 1);

    let mut browser = Browser::new(&server);
    let metadata = browser.visit("/saml/okta/metadata").await;
    assert_eq!(metadata.status, 200);
    assert!(
        metadata
            .header("content-type")
            .unwrap()
            .starts_with("application/samlmetadata+xml"),
        "{:?}",
        metadata.headers
    );
    assert!(metadata.body.contains(&format!("entityID=\"{entity_id}\"")));
    assert!(
        metadata
            .body
            .contains(&format!("{}/saml/okta/acs", server.url))
    );
    assert_eq!(browser.visit("/saml/nobody/metadata").await.status, 404);
    assert_eq!(browser.visit("/saml/nobody/login").await.status, 404);
}

/// The request by HTTP-POST: a form that works without script, under a policy
/// that lets it go to the IdP only.
#[tokio::test]
async fn request_by_post() {
    let server = Server::sqlite().await;
    let idp = Idp::other();
    idp.register_with(&server, json!({ "saml": { "request_binding": "post" } }))
        .await;
    let mut browser = Browser::new(&server);
    let page = browser.click("/saml/other/login").await;
    assert_eq!(page.status, 200, "{}", page.body);
    let html = scraper::Html::parse_document(&page.body);
    let form = html
        .select(&scraper::Selector::parse("form").unwrap())
        .find(|f| f.value().attr("action") == Some(&idp.sso_url))
        .unwrap_or_else(|| panic!("no form to the IdP:\n{}", page.body));
    assert_eq!(
        form.value()
            .attr("method")
            .map(str::to_lowercase)
            .as_deref(),
        Some("post")
    );
    let input = |name: &str| {
        form.select(&scraper::Selector::parse(&format!("input[name={name}]")).unwrap())
            .next()
            .and_then(|i| i.value().attr("value").map(ToOwned::to_owned))
    };
    assert!(
        form.select(&scraper::Selector::parse("button, input[type=submit]").unwrap())
            .next()
            .is_some(),
        "a button for browsers without script"
    );
    let policy = page.header("content-security-policy").unwrap();
    assert!(!policy.contains("unsafe-inline"), "{policy}");

    let request = String::from_utf8(
        base64::engine::general_purpose::STANDARD
            .decode(input("SAMLRequest").unwrap())
            .unwrap(),
    )
    .unwrap();
    let sign_in = crate::harness::SignIn::from_request(request, input("RelayState"));
    let scene = idp.scene(&server, &sign_in, &Person::named("carol"));
    let outcome = idp
        .answer(&mut browser, &sign_in, &scene.forge().base64())
        .await;
    assert_eq!(outcome.user()["email"], "carol@example.com");
}

/// Google's SSO URL has a query of its own, which stays.
#[tokio::test]
async fn the_idps_own_query_stays() {
    let server = Server::sqlite().await;
    let idp = Idp::other();
    idp.register_with(&server, json!({ "saml": { "sign_requests": true } }))
        .await;
    let mut browser = Browser::new(&server);
    let answer = browser.click("/saml/other/login").await;
    let location = answer
        .location
        .unwrap_or_else(|| panic!("status {}: {}", answer.status, answer.body));
    assert!(
        location.starts_with(&format!("{}&SAMLRequest=", idp.sso_url)),
        "{location}"
    );
    // SAML Bindings §3.4.4.1: the signature covers these three, in this order.
    let order: Vec<usize> = ["SAMLRequest=", "RelayState=", "SigAlg=", "Signature="]
        .iter()
        .filter_map(|name| location.find(name))
        .collect();
    assert!(order.len() >= 3 && order.is_sorted(), "{location}");
}

/// All signing variants of a real IdP's answer.
#[tokio::test]
async fn signed_response_and_both() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    for (n, twice) in [false, true].into_iter().enumerate() {
        let mut browser = Browser::new(&server);
        let sign_in = idp.start(&mut browser).await;
        let forge = idp
            .scene(&server, &sign_in, &Person::named(&format!("dave{n}")))
            .forge();
        let forge = if twice {
            forge.signed_twice()
        } else {
            forge.signed_response()
        };
        let outcome = idp.answer(&mut browser, &sign_in, &forge.base64()).await;
        assert_eq!(outcome.user()["email"], format!("dave{n}@example.com"));
    }
}

/// Several sign-ins may be under way in one browser.
#[tokio::test]
async fn several_sign_ins_at_once() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    let first = idp.start(&mut browser).await;
    let second = idp.start(&mut browser).await;
    let erin = Person::named("erin");
    for sign_in in [first, second] {
        let forge = idp.scene(&server, &sign_in, &erin).forge();
        let outcome = idp.answer(&mut browser, &sign_in, &forge.base64()).await;
        assert_eq!(outcome.user()["email"], "erin@example.com");
    }
}

/// Names of one's own for attributes, and Entra's display name before its
/// `name`, which is a UPN.
#[tokio::test]
async fn attribute_names() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register_with(
        &server,
        json!({ "saml": { "attributes": { "cost_center": ["urn:acme:kst", "kst"] } } }),
    )
    .await;
    let attribute = |name: &str, value: &str| AttributePart {
        name: name.to_owned(),
        friendly_name: None,
        name_format: Some(URI_NAME.to_owned()),
        values: vec![text(value)],
    };
    let mut browser = Browser::new(&server);
    let outcome = idp
        .login_as(&server, &mut browser, &Person::named("frank"), |forge| {
            forge.assertion.attributes.extend([
                attribute("kst", "4711"),
                attribute(&format!("{CLAIM}name"), "frank@corp.example.com"),
                attribute(
                    "http://schemas.microsoft.com/identity/claims/displayname",
                    "Frank E.",
                ),
                attribute(&format!("{CLAIM}upn"), "frank@corp.example.com"),
                attribute("jobTitle", "Engineer"),
            ]);
        })
        .await;
    let id = outcome.user()["id"].as_str().unwrap().to_owned();
    let user = server.api().get(&format!("/api/v1/users/{id}")).await;
    assert_eq!(user["cost_center"], "4711");
    assert_eq!(user["name"], "Frank E.");
    assert_eq!(user["upn"], "frank@corp.example.com");
    assert_eq!(user["job_title"], "Engineer");
}

/// The gateway tells people in their language.
#[tokio::test]
async fn pages_speak_german() {
    let server = Server::sqlite().await;
    Idp::new().register(&server).await;
    let mut browser = Browser::new(&server);
    let english = browser.visit("/login?choose=1").await.body;
    browser.language = "de-DE,de;q=0.9,en;q=0.1".to_owned();
    let german = browser.visit("/login?choose=1").await;
    assert!(german.body.contains("lang=\"de\""), "{}", german.body);
    assert_ne!(german.body, english);
}

/// A link on another site signs nobody out; the button on our page does, and
/// nobody can press it from elsewhere.
#[tokio::test]
async fn signing_out_takes_a_click() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    idp.login(&server, &mut browser, &Person::named("alice"))
        .await
        .user();
    let page = browser.click_elsewhere("/logout").await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(browser.me().await.is_some(), "a foreign link signed out");
    let fields: Vec<(String, String)> = {
        let html = scraper::Html::parse_document(&page.body);
        let inputs = scraper::Selector::parse("form[action='/logout'] input[name]").unwrap();
        html.select(&inputs)
            .map(|input| {
                let attribute = |name| input.value().attr(name).unwrap_or("").to_owned();
                (attribute("name"), attribute("value"))
            })
            .collect()
    };
    assert!(
        !fields.is_empty(),
        "no CSRF token on the page:\n{}",
        page.body
    );
    let form: Vec<(&str, &str)> = fields
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    browser.clone().submit_elsewhere("/logout", &form).await;
    browser.clone().submit("/logout", &[]).await;
    assert!(browser.me().await.is_some(), "signed out without the token");
    let gone = browser.submit("/logout", &form).await;
    browser.follow(gone).await;
    assert!(browser.me().await.is_none());
}
