//! What the imitations answer over HTTP. Each vendor's own paths lead to the
//! same handlers.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State as Extract};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::sha::sha256;
use serde_json::{Value, json};

use super::jwt::b64;
use super::{
    CLIENT_ID, CLIENT_SECRET, Call, Endpoint, Fault, Grant, Kind, Shared, State, Wrong, random,
};

/// The addresses, by the keys of a provider's settings.
pub fn addresses(state: &State, tenant: &str) -> Vec<(&'static str, String)> {
    let url = &state.url;
    let paths: [Option<String>; 4] = match state.kind {
        Kind::Google => [
            Some("/o/oauth2/v2/auth".into()),
            Some("/token".into()),
            Some("/v1/userinfo".into()),
            Some("/oauth2/v3/certs".into()),
        ],
        Kind::Microsoft => [
            Some(format!("/{tenant}/oauth2/v2.0/authorize")),
            Some(format!("/{tenant}/oauth2/v2.0/token")),
            Some("/oidc/userinfo".into()),
            Some(format!("/{tenant}/discovery/v2.0/keys")),
        ],
        Kind::Webex => [
            Some("/v1/authorize".into()),
            Some("/v1/access_token".into()),
            Some("/v1/people/me".into()),
            None,
        ],
        Kind::OAuth2 => [
            Some("/authorize".into()),
            Some("/token".into()),
            Some("/userinfo".into()),
            None,
        ],
        Kind::Oidc => [
            Some("/authorize".into()),
            Some("/token".into()),
            Some("/userinfo".into()),
            Some("/jwks".into()),
        ],
    };
    let keys = [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
    ];
    keys.into_iter()
        .zip(paths)
        .filter_map(|(key, path)| path.map(|path| (key, format!("{url}{path}"))))
        .collect()
}

pub fn router(state: Shared) -> Router {
    let mut router = Router::new();
    for path in [
        "/.well-known/openid-configuration",
        "/{tenant}/v2.0/.well-known/openid-configuration",
    ] {
        router = router.route(path, get(discovery));
    }
    for path in ["/jwks", "/oauth2/v3/certs", "/{tenant}/discovery/v2.0/keys"] {
        router = router.route(path, get(jwks));
    }
    for path in [
        "/authorize",
        "/v1/authorize",
        "/o/oauth2/v2/auth",
        "/{tenant}/oauth2/v2.0/authorize",
    ] {
        router = router.route(path, get(authorize));
    }
    for path in ["/token", "/v1/access_token", "/{tenant}/oauth2/v2.0/token"] {
        router = router.route(path, post(token));
    }
    for path in [
        "/userinfo",
        "/v1/userinfo",
        "/v1/people/me",
        "/oidc/userinfo",
    ] {
        router = router.route(path, get(userinfo).post(userinfo));
    }
    for path in [
        "/v1.0/me/getMemberObjects",
        "/v1.0/me/getMemberGroups",
        "/v1.0/me/transitiveMemberOf",
        "/v1.0/me/transitiveMemberOf/microsoft.graph.group",
        "/v1.0/me/memberOf",
    ] {
        router = router.route(path, get(groups).post(groups));
    }
    router
        .route("/v1.0/me/photo/$value", get(photo))
        .route("/v1.0/me/photos/{size}/$value", get(photo))
        .route("/picture/{subject}", get(picture))
        .with_state(state)
}

type Parameters = BTreeMap<String, String>;

/// Notes the call, and answers in place of the endpoint where that is to go
/// wrong.
async fn enter(
    state: &Shared,
    endpoint: Endpoint,
    headers: &HeaderMap,
    parameters: Parameters,
) -> Option<Response> {
    let wrong = {
        let mut state = state.lock().unwrap();
        let authorization = headers.get(header::AUTHORIZATION);
        state.calls.push(Call {
            endpoint,
            parameters,
            authorization: authorization.map(|v| v.to_str().unwrap().to_owned()),
        });
        state.wrong(endpoint)?
    };
    match wrong {
        Wrong::Slow(time) => {
            tokio::time::sleep(time).await;
            None
        }
        Wrong::NeverAnswers => {
            tokio::time::sleep(Duration::from_hours(1)).await;
            None
        }
        Wrong::Status(status) => {
            let status = StatusCode::from_u16(status).unwrap();
            Some((status, Json(json!({ "error": "server_error" }))).into_response())
        }
        Wrong::Html => {
            Some(axum::response::Html("<!doctype html><h1>Maintenance</h1>").into_response())
        }
        Wrong::TenMegabytes => {
            let body = format!("{{\"filler\":\"{}\"}}", "x".repeat(10_000_000));
            Some(([(header::CONTENT_TYPE, "application/json")], body).into_response())
        }
        Wrong::InvalidJson => {
            Some(([(header::CONTENT_TYPE, "application/json")], "{\"keys\": [").into_response())
        }
        Wrong::EmptyObject => Some(Json(json!({})).into_response()),
        Wrong::Redirect(to) => Some((StatusCode::FOUND, [(header::LOCATION, to)]).into_response()),
    }
}

fn parse(text: &[u8]) -> Result<Parameters, String> {
    let mut parameters = Parameters::new();
    for (name, value) in url::form_urlencoded::parse(text) {
        let (name, value) = (name.into_owned(), value.into_owned());
        if parameters.insert(name.clone(), value).is_some() {
            return Err(format!("{name} comes twice"));
        }
    }
    Ok(parameters)
}

async fn discovery(
    Extract(state): Extract<Shared>,
    path: Option<Path<String>>,
    headers: HeaderMap,
) -> Response {
    if let Some(wrong) = enter(&state, Endpoint::Discovery, &headers, Parameters::new()).await {
        return wrong;
    }
    let state = state.lock().unwrap();
    let tenant = path.map_or_else(String::new, |Path(tenant)| tenant);
    // Several tenants: the issuer is a template (Microsoft).
    let several = matches!(tenant.as_str(), "common" | "organizations" | "consumers");
    let issuer = if state.has(&Fault::DiscoveryOfAnother) {
        "https://issuer.attacker.example".to_owned()
    } else if several {
        state.issuer_of("{tenantid}")
    } else {
        state.issuer_of(&tenant)
    };
    let mut document = json!({
        "issuer": issuer,
        "response_types_supported": ["code", "id_token", "code id_token"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "token_endpoint_auth_methods_supported": state.client_auth,
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "email", "name"],
        "code_challenge_methods_supported": ["plain", "S256"],
    });
    if state.sends_iss {
        document["authorization_response_iss_parameter_supported"] = json!(true);
    }
    for (key, url) in addresses(&state, &tenant) {
        document[key] = json!(url);
    }
    Json(document).into_response()
}

async fn jwks(Extract(state): Extract<Shared>, headers: HeaderMap) -> Response {
    if let Some(wrong) = enter(&state, Endpoint::Jwks, &headers, Parameters::new()).await {
        return wrong;
    }
    let state = state.lock().unwrap();
    let keys: Vec<Value> = state
        .keys
        .iter()
        .map(|key| {
            let mut jwk = key.jwk();
            if state.kind == Kind::Microsoft {
                // Microsoft names no algorithm, but an issuer.
                jwk.as_object_mut().unwrap().remove("alg");
                jwk["issuer"] = json!(state.issuer_of("{tenantid}"));
            }
            jwk
        })
        .collect();
    let cache = [(header::CACHE_CONTROL, "public, max-age=21600")];
    (cache, Json(json!({ "keys": keys }))).into_response()
}

fn page(problem: &str) -> Response {
    (StatusCode::BAD_REQUEST, format!("refused: {problem}")).into_response()
}

/// The browser's stop. The cookie `person` says who sits in front of it.
async fn authorize(
    Extract(state): Extract<Shared>,
    path: Option<Path<String>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = match parse(query.unwrap_or_default().as_bytes()) {
        Ok(asked) => asked,
        Err(problem) => return page(&problem),
    };
    if let Some(wrong) = enter(&state, Endpoint::Authorize, &headers, asked.clone()).await {
        return wrong;
    }
    let mut state = state.lock().unwrap();
    let tenant = path.map_or_else(String::new, |Path(tenant)| tenant);
    match grant(&state, &asked, &headers, tenant) {
        Ok(grant) => {
            let code = random();
            let back = back(&state, &asked, &grant, &code);
            state.grants.insert(code, grant);
            (StatusCode::FOUND, [(header::LOCATION, back)]).into_response()
        }
        Err(problem) => page(&problem),
    }
}

fn grant(
    state: &State,
    asked: &Parameters,
    headers: &HeaderMap,
    tenant: String,
) -> Result<Grant, String> {
    let get = |name: &str| asked.get(name).map(String::as_str);
    let want = |name: &str| {
        get(name)
            .filter(|v| !v.is_empty())
            .ok_or(format!("no {name}"))
    };
    if want("client_id")? != CLIENT_ID {
        return Err("unknown client".to_owned());
    }
    let redirect_uri = want("redirect_uri")?;
    if !state.redirect_uris.contains(redirect_uri) {
        return Err(format!("redirect_uri_mismatch: {redirect_uri}"));
    }
    if want("response_type")? != "code" {
        return Err("response_type".to_owned());
    }
    if want("state")?.len() < 22 || want("code_challenge")?.len() != 43 {
        return Err("state and code_challenge must have 128 and 256 bits".to_owned());
    }
    if want("code_challenge_method")? != "S256" {
        return Err("code_challenge_method".to_owned());
    }
    if get("code_verifier").is_some() || get("client_secret").is_some() {
        return Err("a secret travels through the browser".to_owned());
    }
    let scope: std::collections::BTreeSet<String> =
        want("scope")?.split(' ').map(ToOwned::to_owned).collect();
    let openid = scope.contains("openid");
    if !openid && matches!(state.kind, Kind::Google | Kind::Microsoft | Kind::Oidc) {
        return Err("the scope openid is missing".to_owned());
    }
    if openid && want("nonce")?.len() < 22 {
        return Err("the nonce must have 128 bits".to_owned());
    }
    if state.kind == Kind::Webex && !scope.contains("spark:people_read") {
        return Err("the scope spark:people_read is missing".to_owned());
    }
    let cookie = headers.get(header::COOKIE).and_then(|v| v.to_str().ok());
    let person = cookie.and_then(|c| c.strip_prefix("person="));
    let person = person.ok_or("nobody sits in front of the browser")?;
    let found = state.people.get(person).ok_or(format!("no {person}"))?;
    if state.kind == Kind::Microsoft
        && !matches!(tenant.as_str(), "common" | "organizations")
        && tenant != found.tenant
    {
        // AADSTS50020: an account of another tenant.
        return Err("the account does not exist in this tenant".to_owned());
    }
    Ok(Grant {
        person: person.to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        scope,
        nonce: get("nonce").map(ToOwned::to_owned),
        challenge: want("code_challenge")?.to_owned(),
        tenant,
        used: false,
    })
}

/// Where the browser goes back to.
fn back(state: &State, asked: &Parameters, grant: &Grant, code: &str) -> String {
    let mut url = url::Url::parse(&grant.redirect_uri).unwrap();
    {
        let mut query = url.query_pairs_mut();
        let refused = state.faults.iter().find_map(|fault| match fault {
            Fault::AccessDenied => Some("access_denied"),
            Fault::AuthorizeError(error) => Some(*error),
            _ => None,
        });
        if let Some(error) = refused {
            query.append_pair("error", error);
            query.append_pair("error_description", "<b>The user</b> said no & left");
        } else {
            query.append_pair("code", code);
            if state.has(&Fault::TwoCodes) {
                query.append_pair("code", "another-code");
            }
        }
        if state.has(&Fault::WrongState) {
            query.append_pair("state", "c29tZWJvZHktZWxzZXMtc3RhdGU");
        } else if !state.has(&Fault::NoState) {
            query.append_pair("state", &asked["state"]);
        }
        if state.has(&Fault::WrongIssParameter) {
            query.append_pair("iss", "https://issuer.attacker.example");
        } else if state.sends_iss {
            let person = &state.people[&grant.person];
            query.append_pair("iss", &state.issuer_of(&person.tenant));
        }
    }
    url.into()
}

fn token_error(status: StatusCode, error: &str, description: &str) -> Response {
    let body = json!({ "error": error, "error_description": description });
    (status, Json(body)).into_response()
}

async fn token(Extract(state): Extract<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let bad = |error, text: &str| token_error(StatusCode::BAD_REQUEST, error, text);
    let form = match parse(&body) {
        Ok(form) => form,
        Err(problem) => return bad("invalid_request", &problem),
    };
    if let Some(wrong) = enter(&state, Endpoint::Token, &headers, form.clone()).await {
        return wrong;
    }
    let mut state = state.lock().unwrap();
    if !client_is_known(&state, &headers, &form) {
        return token_error(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "AADSTS7000215: Invalid client secret provided.",
        );
    }
    if form.get("grant_type").map(String::as_str) != Some("authorization_code") {
        return bad("unsupported_grant_type", "");
    }
    let code = form.get("code").cloned().unwrap_or_default();
    let reuse = state.has(&Fault::TakesCodesTwice);
    let Some(grant) = state.grants.get_mut(&code) else {
        return bad("invalid_grant", "unknown code");
    };
    if std::mem::replace(&mut grant.used, true) && !reuse {
        return bad("invalid_grant", "the code was used before");
    }
    let grant = grant.clone();
    if form.get("redirect_uri") != Some(&grant.redirect_uri) {
        return bad("invalid_grant", "redirect_uri differs");
    }
    let verifier = form.get("code_verifier").map_or("", String::as_str);
    if !(43..=128).contains(&verifier.len()) || b64(sha256(verifier.as_bytes())) != grant.challenge
    {
        return bad("invalid_grant", "PKCE verification failed");
    }
    let access = random();
    let person = state.people[&grant.person].clone();
    let entry = (grant.person.clone(), grant.scope.clone());
    state.tokens.insert(access.clone(), entry);
    let scope: Vec<&str> = grant.scope.iter().map(String::as_str).collect();
    let mut answer = json!({
        "token_type": "Bearer", "expires_in": 3599, "scope": scope.join(" "),
    });
    if !state.has(&Fault::NoAccessToken) {
        answer["access_token"] = json!(access);
    }
    let gives_id_token = state.kind != Kind::OAuth2 && grant.scope.contains("openid");
    if gives_id_token && !state.has(&Fault::NoIdToken) {
        answer["id_token"] = json!(state.id_token(&grant, &person, &access));
    }
    ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

fn client_is_known(state: &State, headers: &HeaderMap, form: &Parameters) -> bool {
    let basic = headers.get(header::AUTHORIZATION);
    let in_form = form.contains_key("client_secret");
    match (basic, in_form) {
        (None, true) => {
            state.client_auth.contains(&"client_secret_post")
                && form.get("client_id").map(String::as_str) == Some(CLIENT_ID)
                && form["client_secret"] == CLIENT_SECRET
        }
        (Some(value), false) => {
            let encode = |text: &str| {
                url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()
            };
            let pair = format!("{}:{}", encode(CLIENT_ID), encode(CLIENT_SECRET));
            let expected = format!("Basic {}", STANDARD.encode(pair));
            state.client_auth.contains(&"client_secret_basic")
                && value.as_bytes() == expected.as_bytes()
        }
        // Two ways at once are an error (RFC 6749 §2.3), none is none.
        _ => false,
    }
}

/// Whom a bearer token stands for.
fn bearer(state: &State, headers: &HeaderMap) -> Option<super::Person> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let token = value.strip_prefix("Bearer ")?;
    let (person, _) = state.tokens.get(token)?;
    state.people.get(person).cloned()
}

fn unauthorized() -> Response {
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")];
    (StatusCode::UNAUTHORIZED, challenge).into_response()
}

async fn userinfo(Extract(state): Extract<Shared>, headers: HeaderMap) -> Response {
    if let Some(wrong) = enter(&state, Endpoint::UserInfo, &headers, Parameters::new()).await {
        return wrong;
    }
    let state = state.lock().unwrap();
    let Some(person) = bearer(&state, &headers) else {
        return unauthorized();
    };
    let all = ["openid", "profile", "email"].map(ToOwned::to_owned);
    let mut claims = state.profile(&person, &all.into_iter().collect());
    if state.kind == Kind::Microsoft {
        // Graph's userinfo knows neither tenant nor object id.
        let sent = [
            "sub",
            "name",
            "email",
            "picture",
            "given_name",
            "family_name",
        ];
        let map = claims.as_object_mut().unwrap();
        map.retain(|name, _| sent.contains(&name.as_str()));
    }
    if state.has(&Fault::OtherSubjectInUserInfo) {
        claims["sub"] = json!("somebody-else");
    }
    Json(claims).into_response()
}

async fn groups(Extract(state): Extract<Shared>, headers: HeaderMap) -> Response {
    if let Some(wrong) = enter(&state, Endpoint::Groups, &headers, Parameters::new()).await {
        return wrong;
    }
    let state = state.lock().unwrap();
    let Some(person) = bearer(&state, &headers) else {
        return unauthorized();
    };
    let is_list = headers.contains_key(header::CONTENT_LENGTH);
    let value: Vec<Value> = if is_list {
        // getMemberObjects, a POST: ids.
        person.groups.iter().map(|id| json!(id)).collect()
    } else {
        let object = |id: &String| json!({ "@odata.type": "#microsoft.graph.group", "id": id });
        person.groups.iter().map(object).collect()
    };
    Json(json!({ "value": value })).into_response()
}

/// Graph: one's own picture, with the token.
async fn photo(Extract(state): Extract<Shared>, headers: HeaderMap) -> Response {
    if let Some(wrong) = enter(&state, Endpoint::Picture, &headers, Parameters::new()).await {
        return wrong;
    }
    let state = state.lock().unwrap();
    match bearer(&state, &headers).map(|person| person.picture) {
        None => unauthorized(),
        Some(None) => StatusCode::NOT_FOUND.into_response(),
        Some(Some((octets, kind))) => ([(header::CONTENT_TYPE, kind)], octets).into_response(),
    }
}

/// Google and Webex: a picture at an address that anybody may read.
async fn picture(
    Extract(state): Extract<Shared>,
    Path(subject): Path<String>,
    headers: HeaderMap,
) -> Response {
    if let Some(wrong) = enter(&state, Endpoint::Picture, &headers, Parameters::new()).await {
        return wrong;
    }
    let state = state.lock().unwrap();
    let person = state.people.get(&subject);
    match person.and_then(|person| person.picture.clone()) {
        None => StatusCode::NOT_FOUND.into_response(),
        Some((octets, kind)) => ([(header::CONTENT_TYPE, kind)], octets).into_response(),
    }
}
