//! A sign-in from beginning to end, and what the client learns.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::{CALLBACK, Client, challenge, parameter, person, register, reply, returned, scene};
use crate::harness::{Browser, Idp, Person, Server};

on_both! {
    a_sign_in_from_the_client_and_back
    what_discovery_says_is_so
    an_id_token_in_either_algorithm
    claims_follow_scopes_and_the_admins_names
    userinfo_as_a_signed_token
    pairwise_subjects
    a_form_carries_the_answer
    a_request_in_a_form
    a_pushed_request_works_once
    people_agree_to_foreign_applications
    what_was_agreed_to_is_asked_again_on_demand
    each_sign_in_leaves_a_trace
}

/// Nobody is signed in yet: the browser goes to the IdP and comes back to the
/// client with a code.
async fn a_sign_in_from_the_client_and_back(server: Server) {
    let idp = Idp::new();
    idp.register(&server).await;
    let client = register(&server, "wiki", json!({})).await;
    let mut browser = Browser::new(&server);
    let begun = browser.click_elsewhere(&client.request(&[])).await;
    let login = begun.location.clone().unwrap();
    assert!(login.starts_with("/login?rd=%2Foidc%2Fresume"), "{login}");
    let sign_in = idp.start_at(&mut browser, &login).await;
    let response = idp.scene(&server, &sign_in, &Person::named("ada")).forge();
    let outcome = idp.answer(&mut browser, &sign_in, &response.base64()).await;
    let user = outcome.user().clone();
    assert_eq!(returned(&outcome.last, "state"), "a state");
    let code = returned(&outcome.last, "code");
    let tokens = client.redeem(&code).await;
    assert_eq!(tokens.status, 200, "{}", tokens.json);
    assert_eq!(tokens.headers["cache-control"], "no-store");
    assert_eq!(tokens.json["token_type"], "Bearer");
    assert_eq!(tokens.json["expires_in"], 3600);
    assert_eq!(tokens.json["scope"], "email openid profile");
    assert!(tokens.json.get("refresh_token").is_none());
    let claims = client.claims(&tokens.text("id_token")).await;
    assert_eq!(claims["sub"], user["id"]);
    assert_eq!(claims["nonce"], "a nonce");
    assert_eq!(claims["email"], "ada@example.com");
    assert_eq!(claims["aud"], "wiki");
    assert_eq!(claims["azp"], "wiki");
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        600
    );
    let age = claims["iat"].as_i64().unwrap() - claims["auth_time"].as_i64().unwrap();
    assert!((0..60).contains(&age), "{claims}");
    assert!(claims["acr"].is_string() && claims["sid"].is_string());
    let digest = doorward::platform::crypto::sha256(tokens.text("access_token").as_bytes());
    assert_eq!(claims["at_hash"], URL_SAFE_NO_PAD.encode(&digest[..16]));
    let info = client.userinfo(&tokens.text("access_token")).await;
    assert_eq!(info.status, 200, "{}", info.json);
    assert_eq!(info.json["sub"], user["id"]);
    assert_eq!(info.json["email"], "ada@example.com");
    assert_eq!(info.json["email_verified"], true);
    assert!(info.json.get("groups").is_none());
    // The second time nobody is asked anything.
    client.tokens(&mut browser, &[("prompt", "none")]).await;
}

async fn what_discovery_says_is_so(server: Server) {
    let anybody = reqwest::Method::OPTIONS;
    for name in ["openid-configuration", "oauth-authorization-server"] {
        let address = format!("{}/.well-known/{name}", server.url);
        let document = reply(server.client.get(address)).await;
        assert_eq!(document.headers["access-control-allow-origin"], "*");
        let document = document.json;
        assert_eq!(document["issuer"], server.url);
        assert_eq!(
            document["code_challenge_methods_supported"],
            json!(["S256"])
        );
        assert_eq!(
            document["authorization_response_iss_parameter_supported"],
            true
        );
        for (name, address) in document.as_object().unwrap() {
            let Some(address) = address
                .as_str()
                .filter(|a| a.starts_with("http") && name != "issuer")
            else {
                continue;
            };
            let found = reply(server.client.get(address)).await.status;
            assert!(![404, 500].contains(&found), "{name}: {found}");
            if name != "authorization_endpoint" && name != "end_session_endpoint" {
                let request = server.client.request(anybody.clone(), address);
                let answer = reply(request.header("origin", "https://spa.example.com")).await;
                assert_eq!(answer.status, 204, "{name}");
                assert_eq!(answer.headers["access-control-allow-origin"], "*");
            }
        }
    }
    let jwks = reply(server.client.get(format!("{}/oidc/jwks", server.url))).await;
    let keys = jwks.json["keys"].as_array().unwrap().clone();
    assert_eq!(keys.len(), 2);
    for key in keys {
        assert!(key.get("d").is_none() && key["kid"].is_string() && key["use"] == "sig");
    }
}

async fn an_id_token_in_either_algorithm(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    let es = json!({"id_token_signed_response_alg": "ES256"});
    let other = register(&server, "es", es).await;
    for (client, alg) in [(client, "RS256"), (other, "ES256")] {
        let token = client.tokens(&mut browser, &[]).await.text("id_token");
        let header = URL_SAFE_NO_PAD
            .decode(token.split('.').next().unwrap())
            .unwrap();
        let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
        assert_eq!(header["alg"], alg);
        assert_eq!(header["typ"], "JWT");
        client.claims(&token).await;
    }
}

async fn claims_follow_scopes_and_the_admins_names(server: Server) {
    let settings = json!({
        "claims": {"cost_code": "cost_center", "until": "valid_to", "uid": "id"},
        "scopes": ["openid", "profile", "email", "groups"],
    });
    let (client, mut browser, _) = scene(&server, settings).await;
    let me = browser.me().await.unwrap();
    let api = server.api();
    let id = me["id"].as_str().unwrap();
    let change =
        json!({"cost_center": "Engines", "valid_to": "2035-01-01T00:00:00Z", "phone": "+49 30 1"});
    api.expect("PATCH", &format!("/api/v1/users/{id}"), Some(&change), 200)
        .await;
    let group = json!({"name": "Engineers"});
    let group = api
        .expect("POST", "/api/v1/groups", Some(&group), 201)
        .await;
    let member = format!(
        "/api/v1/groups/{}/members/{id}",
        group["id"].as_str().unwrap()
    );
    api.call("PUT", &member, None).await;
    // Scopes that the client has not, or nobody knows, fall away.
    let scope = [("scope", "openid groups phone admin offline_access")];
    let tokens = client.tokens(&mut browser, &scope).await;
    assert_eq!(tokens.json["scope"], "groups openid");
    assert!(tokens.json.get("refresh_token").is_none());
    let info = client.userinfo(&tokens.text("access_token")).await.json;
    assert_eq!(info["groups"], json!(["Engineers"]));
    assert_eq!(info["cost_code"], "Engines");
    assert_eq!(info["uid"], id);
    assert!(
        info["until"]
            .as_str()
            .unwrap()
            .starts_with("2035-01-01T00:00:00")
    );
    for absent in ["email", "phone_number", "name"] {
        assert!(info.get(absent).is_none(), "{absent}: {info}");
    }
    // Without openid there is no ID token, and nothing to open userinfo with.
    let tokens = client.tokens(&mut browser, &[("scope", "profile")]).await;
    assert!(tokens.json.get("id_token").is_none());
    let info = client.userinfo(&tokens.text("access_token")).await;
    assert_eq!(info.error(), (403, "insufficient_scope"));
}

async fn userinfo_as_a_signed_token(server: Server) {
    let settings = json!({"userinfo_signed_response_alg": "ES256"});
    let (client, mut browser, _) = scene(&server, settings).await;
    let access = client.tokens(&mut browser, &[]).await.text("access_token");
    let info = client.userinfo(&access).await;
    assert_eq!(info.headers["content-type"], "application/jwt");
    let claims = client.claims(info.json.as_str().unwrap()).await;
    assert_eq!(claims["email"], "ada@example.com");
}

async fn pairwise_subjects(server: Server) {
    let pairwise = json!({"subject_type": "pairwise"});
    let (client, mut browser, _) = scene(&server, pairwise).await;
    let me = browser.me().await.unwrap();
    let mut other = register(
        &server,
        "other",
        json!({
            "subject_type": "pairwise", "sector_identifier": "other.example.com",
        }),
    )
    .await;
    let mut subjects = Vec::new();
    for client in [&client, &other, &client] {
        let tokens = client.tokens(&mut browser, &[]).await;
        let subject = client.claims(&tokens.text("id_token")).await["sub"].clone();
        let info = client.userinfo(&tokens.text("access_token")).await;
        assert_eq!(info.json["sub"], subject);
        subjects.push(subject);
    }
    assert_eq!(subjects[0], subjects[2]);
    assert_ne!(subjects[0], subjects[1]);
    assert!(!subjects.contains(&me["id"]));
    other.secret = None;
}

async fn a_form_carries_the_answer(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    let request = client.request(&[("response_mode", "form_post")]);
    let page = browser.click_elsewhere(&request).await;
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains(&format!("action=\"{CALLBACK}\"")),
        "{}",
        page.body
    );
    for field in ["code", "state", "iss"] {
        assert!(page.body.contains(&format!("name=\"{field}\"")), "{field}");
    }
    let request = client.request(&[("response_mode", "form_post"), ("prompt", "none login")]);
    let page = browser.click_elsewhere(&request).await;
    assert!(
        page.body.contains("value=\"invalid_request\""),
        "{}",
        page.body
    );
}

/// A form comes from another site, and the cookie does not come with it.
async fn a_request_in_a_form(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    let request = client.request(&[("prompt", "none")]);
    let query = request.split_once('?').unwrap().1.to_owned();
    let answer = browser.submit_raw("/oidc/authorize", query).await;
    assert_eq!(answer.status, 303);
    assert!(
        answer
            .location
            .as_deref()
            .unwrap()
            .starts_with("/oidc/resume?flow=")
    );
    let answer = browser.follow(answer).await;
    client
        .redeem(&returned(&answer, "code"))
        .await
        .text("id_token");
}

async fn a_pushed_request_works_once(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    let challenge = challenge(super::VERIFIER);
    let form = [
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "pushed"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    let pushed = client.post("/oidc/par", &form).await;
    assert_eq!(pushed.status, 201, "{}", pushed.json);
    let uri = pushed.text("request_uri");
    assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:"));
    assert_eq!(pushed.json["expires_in"], 90);
    let address = |client: &Client, uri: &str| {
        let query = crate::harness::encode(&[("client_id", &client.id), ("request_uri", uri)]);
        format!("/oidc/authorize?{query}")
    };
    // Somebody else's name on it is of no use, and does no harm.
    let other = register(&server, "other", json!({})).await;
    let stolen = browser.click_elsewhere(&address(&other, &uri)).await;
    assert_eq!(stolen.status, 400);
    let answer = browser.click_elsewhere(&address(&client, &uri)).await;
    assert_eq!(returned(&answer, "state"), "pushed");
    let code = returned(&answer, "code");
    assert_eq!(client.redeem(&code).await.status, 200);
    let again = browser.click_elsewhere(&address(&client, &uri)).await;
    assert_eq!(again.status, 400);
    assert!(again.location.is_none());
    // What could not be answered cannot be pushed.
    for (change, error) in [
        (
            ("redirect_uri", "https://evil.example.com/"),
            "invalid_request",
        ),
        (("request_uri", "urn:x"), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("scope", "admin"), "invalid_scope"),
    ] {
        let mut form = form.to_vec();
        form.retain(|(name, _)| *name != change.0);
        form.push(change);
        let refused = client.post("/oidc/par", &form).await;
        assert_eq!(refused.error(), (400, error), "{change:?}");
    }
    let mut wrong = client.clone();
    wrong.secret = Some("wrong".to_owned());
    assert_eq!(
        wrong.post("/oidc/par", &form).await.error(),
        (401, "invalid_client")
    );
}

async fn people_agree_to_foreign_applications(server: Server) {
    let (client, mut browser, idp) = scene(&server, json!({"first_party": false})).await;
    let silent = browser
        .click_elsewhere(&client.request(&[("prompt", "none")]))
        .await;
    assert_eq!(returned(&silent, "error"), "consent_required");
    let page = browser.click_elsewhere(&client.request(&[])).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("your e-mail address"), "{}", page.body);
    assert!(page.body.contains("ada@example.com") && page.body.contains("app.example.com"));
    let field = |page: &crate::harness::Answer, name: &str| {
        let mark = format!("name=\"{name}\" value=\"");
        let rest = page.body.split_once(&mark).unwrap().1;
        rest.split('"').next().unwrap().to_owned()
    };
    let (flow, csrf) = (field(&page, "flow"), field(&page, "csrf"));
    let form = |csrf: &str, decision: &str| {
        let pairs = [
            ("flow", flow.as_str()),
            ("csrf", csrf),
            ("decision", decision),
        ];
        crate::harness::encode(&pairs)
    };
    // Neither another site nor another person agrees.
    let forged = browser
        .submit_raw("/oidc/consent", form(&csrf, "allow"))
        .await;
    assert!(
        parameter(&forged, "code").is_none(),
        "{:?}",
        forged.location
    );
    let pairs = [
        ("flow", flow.as_str()),
        ("csrf", "x"),
        ("decision", "allow"),
    ];
    assert_eq!(browser.submit("/oidc/consent", &pairs).await.status, 403);
    let mut bob = person(&server, &idp, "bob").await;
    let pairs = [
        ("flow", flow.as_str()),
        ("csrf", csrf.as_str()),
        ("decision", "allow"),
    ];
    assert_eq!(bob.submit("/oidc/consent", &pairs).await.status, 403);
    let agreed = browser.submit("/oidc/consent", &pairs).await;
    let code = returned(&agreed, "code");
    assert_eq!(client.redeem(&code).await.status, 200);
    let again = browser.submit("/oidc/consent", &pairs).await;
    assert_eq!(again.status, 400);
    // It is remembered, for what was agreed to.
    client.tokens(&mut browser, &[("prompt", "none")]).await;
    let more = client.request(&[("scope", "openid groups")]);
    assert_eq!(browser.click_elsewhere(&more).await.status, 200);
    let page = bob.click_elsewhere(&client.request(&[])).await;
    let pairs = [
        ("flow", field(&page, "flow")),
        ("csrf", field(&page, "csrf")),
        ("decision", "deny".to_owned()),
    ];
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let denied = bob.submit("/oidc/consent", &pairs).await;
    assert_eq!(returned(&denied, "error"), "access_denied");
}

async fn what_was_agreed_to_is_asked_again_on_demand(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    client.tokens(&mut browser, &[]).await;
    let page = browser
        .click_elsewhere(&client.request(&[("prompt", "consent")]))
        .await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("/oidc/consent"));
    let german = client.request(&[("prompt", "consent"), ("ui_locales", "fr de-AT en")]);
    let page = browser.click_elsewhere(&german).await;
    assert!(page.body.contains("lang=\"de\""), "{}", page.body);
}

async fn each_sign_in_leaves_a_trace(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    let me = browser.me().await.unwrap();
    client.code(&mut browser, &[]).await;
    let traces = server.api().get("/api/v1/logins?kind=application").await;
    let trace = &traces["items"][0];
    assert_eq!(trace["provider"], "wiki");
    assert_eq!(trace["outcome"], "success");
    assert_eq!(trace["user"], me["id"]);
}
