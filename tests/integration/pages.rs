//! Every route beside the API, and why it is open to whom.
//!
//! The API's own routes are held to their callers by the tests beside its code.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use reqwest::StatusCode;

use crate::harness::{Idp, Server};

/// Who may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// Everybody, for this reason.
    Everybody(&'static str),
    /// Whoever is signed in; others are sent to the sign-in page, or refused.
    SignedIn,
    /// Applications, which prove themselves or bring a token; a cookie means
    /// nothing here.
    Applications,
    /// Whoever has one of these roles; anybody else who is signed in is refused.
    Roles(&'static [&'static str]),
}

/// Every role: all of them read users and groups.
const STAFF: Open = Open::Roles(&["admin", "user-manager", "auditor"]);

/// Who changes users and groups.
const PEOPLE: Open = Open::Roles(&["admin", "user-manager"]);

/// Who changes everything else.
const ADMIN: Open = Open::Roles(&["admin"]);

/// Who reads what is none of user managers' business.
const READERS: Open = Open::Roles(&["admin", "auditor"]);

/// Path, method, who.
fn routes() -> Vec<(&'static str, &'static str, Open)> {
    use Open::{Applications, Everybody, SignedIn};
    vec![
        (
            "/",
            "GET",
            Everybody("leads to the account or to the sign-in page"),
        ),
        ("/login", "GET", Everybody("is where one signs in")),
        (
            "/logout",
            "GET",
            Everybody("signs out whoever is signed in"),
        ),
        (
            "/signed-out",
            "GET",
            Everybody("is where one is signed out"),
        ),
        ("/account", "GET", SignedIn),
        ("/account/identities/{handle}/unlink", "POST", SignedIn),
        ("/account/applications/{slug}/take-back", "POST", SignedIn),
        ("/account/sessions/others/end", "POST", SignedIn),
        ("/account/sessions/{handle}/end", "POST", SignedIn),
        ("/account/passkeys/new", "GET", SignedIn),
        ("/account/passkeys/options", "POST", SignedIn),
        ("/account/passkeys", "POST", SignedIn),
        ("/account/passkeys/{id}/rename", "POST", SignedIn),
        ("/account/passkeys/{id}/remove", "POST", SignedIn),
        (
            "/login/passkey/options",
            "POST",
            Everybody("begins a sign-in with a passkey"),
        ),
        (
            "/login/passkey",
            "POST",
            Everybody("ends a sign-in of this browser"),
        ),
        (
            "/.well-known/change-password",
            "GET",
            Everybody("leads to where one changes a password"),
        ),
        (
            "/.well-known/passkey-endpoints",
            "GET",
            Everybody("names the pages of passkeys"),
        ),
        (
            "/passkeys/pin",
            "GET",
            Everybody("asks for the PIN that an admin gave"),
        ),
        (
            "/passkeys/activate/{token}",
            "GET",
            Everybody("shows what a link opens, and does nothing"),
        ),
        (
            "/passkeys/activate/{token}/renew",
            "POST",
            Everybody("mails another link to whom it was made for"),
        ),
        (
            "/passkeys/activate/{token}/options",
            "POST",
            Everybody("begins what a link opens"),
        ),
        ("/photos/{id}", "GET", SignedIn),
        ("/admin/overview", "GET", STAFF),
        ("/admin/conflicts", "GET", STAFF),
        ("/admin/conflicts/{id}/link", "GET", PEOPLE),
        ("/admin/conflicts/{id}/link", "POST", PEOPLE),
        ("/admin/conflicts/{id}/keep", "GET", PEOPLE),
        ("/admin/conflicts/{id}/keep", "POST", PEOPLE),
        ("/admin/conflicts/{id}/dismiss", "GET", PEOPLE),
        ("/admin/conflicts/{id}/dismiss", "POST", PEOPLE),
        (
            "/login/password",
            "POST",
            Everybody("is where one signs in with a password"),
        ),
        (
            "/login/local/{token}",
            "GET",
            Everybody("is opened by a link from the machine"),
        ),
        (
            "/activate/{token}",
            "GET",
            Everybody("is opened by a link in a mail"),
        ),
        (
            "/activate/{token}/renew",
            "POST",
            Everybody("is opened by a link in a mail"),
        ),
        (
            "/reset",
            "GET",
            Everybody("is where one asks for a password"),
        ),
        (
            "/reset/{token}",
            "GET",
            Everybody("is opened by a link in a mail"),
        ),
        (
            "/reset/{token}/renew",
            "POST",
            Everybody("is opened by a link in a mail"),
        ),
        ("/account/password", "POST", SignedIn),
        ("/admin/users/{id}/keys", "GET", STAFF),
        ("/admin/users/{id}/keys/{key}", "GET", STAFF),
        ("/admin/users/new", "GET", PEOPLE),
        ("/admin/users/new", "POST", PEOPLE),
        ("/admin/users/{id}/keys", "POST", PEOPLE),
        ("/admin/users/{id}/keys/{key}/rename", "POST", PEOPLE),
        ("/admin/users/{id}/keys/{key}/revoke", "GET", PEOPLE),
        ("/admin/users/{id}/keys/{key}/revoke", "POST", PEOPLE),
        ("/admin/users/{id}/keys/{key}/link", "POST", PEOPLE),
        ("/admin/users/{id}/keys/{key}/pin", "POST", PEOPLE),
        ("/admin/users/{id}/keys/{key}/desk", "GET", PEOPLE),
        ("/admin/users/{id}/keys/{key}/desk", "POST", PEOPLE),
        ("/admin/users/{id}/keys/{key}/desk/options", "POST", PEOPLE),
        ("/admin/groups", "GET", STAFF),
        ("/admin/groups/{id}", "GET", STAFF),
        ("/admin/groups/new", "GET", PEOPLE),
        ("/admin/groups/new", "POST", PEOPLE),
        ("/admin/groups/{id}/edit", "GET", PEOPLE),
        ("/admin/groups/{id}/edit", "POST", PEOPLE),
        ("/admin/groups/{id}/members", "GET", PEOPLE),
        ("/admin/groups/{id}/members", "POST", PEOPLE),
        ("/admin/groups/{id}/delete", "GET", PEOPLE),
        ("/admin/groups/{id}/delete", "POST", PEOPLE),
        ("/admin/webhooks", "GET", READERS),
        ("/admin/webhooks/{id}", "GET", READERS),
        ("/admin/webhooks/new", "GET", ADMIN),
        ("/admin/webhooks/new", "POST", ADMIN),
        ("/admin/webhooks/{id}/edit", "GET", ADMIN),
        ("/admin/webhooks/{id}/edit", "POST", ADMIN),
        ("/admin/webhooks/{id}/secret", "GET", ADMIN),
        ("/admin/webhooks/{id}/secret", "POST", ADMIN),
        ("/admin/webhooks/{id}/delete", "GET", ADMIN),
        ("/admin/webhooks/{id}/delete", "POST", ADMIN),
        ("/admin/webhooks/{id}/test", "GET", ADMIN),
        ("/admin/webhooks/{id}/test", "POST", ADMIN),
        ("/admin/webhooks/{id}/redeliver", "GET", ADMIN),
        ("/admin/webhooks/{id}/redeliver", "POST", ADMIN),
        ("/admin", "GET", STAFF),
        ("/admin/users", "GET", STAFF),
        ("/admin/users/{id}", "GET", STAFF),
        ("/admin/users/deactivate", "GET", PEOPLE),
        ("/admin/users/deactivate", "POST", PEOPLE),
        ("/admin/users/reactivate", "GET", PEOPLE),
        ("/admin/users/reactivate", "POST", PEOPLE),
        ("/admin/users/{id}/profile", "GET", PEOPLE),
        ("/admin/users/{id}/profile", "POST", PEOPLE),
        ("/admin/users/{id}/validity", "GET", PEOPLE),
        ("/admin/users/{id}/validity", "POST", PEOPLE),
        ("/admin/users/{id}/groups", "GET", PEOPLE),
        ("/admin/users/{id}/groups", "POST", PEOPLE),
        ("/admin/users/{id}/deactivate", "GET", PEOPLE),
        ("/admin/users/{id}/deactivate", "POST", PEOPLE),
        ("/admin/users/{id}/reactivate", "GET", PEOPLE),
        ("/admin/users/{id}/reactivate", "POST", PEOPLE),
        ("/admin/users/{id}/delete", "GET", PEOPLE),
        ("/admin/users/{id}/delete", "POST", PEOPLE),
        ("/admin/users/{id}/invite", "GET", PEOPLE),
        ("/admin/users/{id}/invite", "POST", PEOPLE),
        ("/admin/security", "GET", Open::Roles(&["admin", "auditor"])),
        (
            "/admin/security/signing-keys",
            "GET",
            Open::Roles(&["admin", "auditor"]),
        ),
        ("/admin/security/signing-keys/rotate", "GET", ADMIN),
        ("/admin/security/signing-keys/rotate", "POST", ADMIN),
        ("/admin/security/signing-keys/replace", "GET", ADMIN),
        ("/admin/security/signing-keys/replace", "POST", ADMIN),
        ("/admin/security/passwords", "GET", ADMIN),
        ("/admin/security/passwords", "POST", ADMIN),
        ("/admin/security/mails/{id}/retry", "POST", ADMIN),
        ("/admin/users/{id}/sign-out", "GET", PEOPLE),
        ("/admin/users/{id}/sign-out", "POST", PEOPLE),
        ("/admin/users/{id}/roles", "GET", ADMIN),
        ("/admin/users/{id}/roles", "POST", ADMIN),
        ("/admin/authentication", "GET", READERS),
        ("/admin/add-provider", "GET", ADMIN),
        ("/admin/add-provider", "POST", ADMIN),
        ("/admin/add-provider/{kind}", "GET", ADMIN),
        ("/admin/add-provider/{kind}", "POST", ADMIN),
        ("/admin/authentication/{slug}", "GET", READERS),
        ("/admin/authentication/{slug}/edit", "GET", ADMIN),
        ("/admin/authentication/{slug}/edit", "POST", ADMIN),
        ("/admin/authentication/{slug}/metadata", "GET", ADMIN),
        ("/admin/authentication/{slug}/metadata", "POST", ADMIN),
        ("/admin/authentication/{slug}/test", "GET", READERS),
        ("/admin/authentication/{slug}/check", "GET", ADMIN),
        ("/admin/authentication/{slug}/move", "GET", READERS),
        ("/admin/authentication/{slug}/move", "POST", ADMIN),
        ("/admin/authentication/{slug}/enable", "GET", ADMIN),
        ("/admin/authentication/{slug}/enable", "POST", ADMIN),
        ("/admin/authentication/{slug}/disable", "GET", ADMIN),
        ("/admin/authentication/{slug}/disable", "POST", ADMIN),
        ("/admin/authentication/{slug}/delete", "GET", ADMIN),
        ("/admin/authentication/{slug}/delete", "POST", ADMIN),
        ("/admin/authentication/{slug}/keys", "GET", READERS),
        ("/admin/authentication/{slug}/keys", "POST", ADMIN),
        ("/admin/authentication/{slug}/links", "GET", READERS),
        ("/admin/authentication/{slug}/links", "POST", ADMIN),
        (
            "/admin/authentication/{slug}/links/{id}/revoke",
            "POST",
            ADMIN,
        ),
        (
            "/setup/{token}",
            "GET",
            Everybody("is for whoever was given the link"),
        ),
        (
            "/setup/{token}",
            "POST",
            Everybody("is for whoever was given the link"),
        ),
        (
            "/test-login/{id}",
            "GET",
            Everybody("is for the browser that tried the login"),
        ),
        ("/admin/users/{id}/history", "GET", STAFF),
        ("/admin/users/clear-identifiers", "GET", PEOPLE),
        ("/admin/users/clear-identifiers", "POST", PEOPLE),
        ("/admin/logins", "GET", READERS),
        ("/admin/logins.jsonl", "GET", READERS),
        ("/admin/logins/{id}", "GET", READERS),
        ("/admin/audit", "GET", READERS),
        ("/admin/audit.jsonl", "GET", READERS),
        ("/admin/audit/{id}", "GET", READERS),
        ("/admin/tokens", "GET", READERS),
        ("/admin/tokens/new", "GET", ADMIN),
        ("/admin/tokens/new", "POST", ADMIN),
        ("/admin/tokens/{id}/delete", "GET", ADMIN),
        ("/admin/tokens/{id}/delete", "POST", ADMIN),
        ("/admin/settings", "GET", READERS),
        ("/admin/settings", "POST", ADMIN),
        ("/admin/applications", "GET", READERS),
        ("/admin/forward-auth", "GET", READERS),
        ("/admin/applications/new", "GET", ADMIN),
        ("/admin/applications/new", "POST", ADMIN),
        ("/admin/applications/{slug}", "GET", READERS),
        ("/admin/applications/{slug}/edit/{section}", "GET", ADMIN),
        ("/admin/applications/{slug}/edit/{section}", "POST", ADMIN),
        ("/admin/applications/{slug}/assignments", "GET", READERS),
        ("/admin/applications/{slug}/assignments", "POST", ADMIN),
        ("/admin/applications/{slug}/rotate-secret", "GET", ADMIN),
        ("/admin/applications/{slug}/rotate-secret", "POST", ADMIN),
        ("/admin/applications/{slug}/delete", "GET", ADMIN),
        ("/admin/applications/{slug}/delete", "POST", ADMIN),
        ("/saml/{slug}/login", "GET", Everybody("begins a login")),
        (
            "/saml/{slug}/acs",
            "POST",
            Everybody("takes a signed message"),
        ),
        (
            "/saml/{slug}/slo",
            "GET",
            Everybody("takes a signed message"),
        ),
        (
            "/saml/{slug}/slo",
            "POST",
            Everybody("takes a signed message"),
        ),
        (
            "/saml/{slug}/continue",
            "GET",
            Everybody("ends a login of this browser"),
        ),
        (
            "/saml/{slug}/metadata",
            "GET",
            Everybody("is for identity providers"),
        ),
        ("/oauth/{slug}/login", "GET", Everybody("begins a login")),
        (
            "/oauth/{slug}/callback",
            "GET",
            Everybody("ends a login of this browser"),
        ),
        (
            "/oauth/{slug}/logged-out",
            "GET",
            Everybody("is where one comes back from signing out at a provider"),
        ),
        (
            "/oauth/{slug}/backchannel-logout",
            "POST",
            Everybody("takes a signed word of a provider, and believes nothing else"),
        ),
        (
            "/oidc/logout",
            "GET",
            Everybody("asks, unless an ID token says that it is meant"),
        ),
        (
            "/oidc/logout",
            "POST",
            Everybody("leads to the same by GET"),
        ),
        (
            "/oidc/logout/confirm",
            "POST",
            Everybody("signs out whoever is signed in, with a form's token"),
        ),
        ("/oidc/jwks", "GET", Everybody("holds public keys")),
        (
            "/.well-known/openid-configuration",
            "GET",
            Everybody("says what the provider can do"),
        ),
        (
            "/.well-known/oauth-authorization-server",
            "GET",
            Everybody("says the same under another name"),
        ),
        (
            "/oidc/authorize",
            "GET",
            Everybody("begins a sign-in to an application"),
        ),
        (
            "/oidc/resume",
            "GET",
            Everybody("goes on with a sign-in that has a handle"),
        ),
        (
            "/oidc/consent",
            "POST",
            Everybody("needs a form token of the session, and says so"),
        ),
        ("/oidc/token", "POST", Applications),
        ("/oidc/par", "POST", Applications),
        ("/oidc/introspect", "POST", Applications),
        ("/oidc/revoke", "POST", Applications),
        ("/oidc/userinfo", "GET", Applications),
        (
            "/assets/{file}",
            "GET",
            Everybody("holds what pages are made of"),
        ),
        ("/favicon.ico", "GET", Everybody("is asked for by browsers")),
        ("/robots.txt", "GET", Everybody("keeps search engines out")),
        ("/auth/request", "GET", SignedIn),
        ("/auth/forward", "GET", SignedIn),
        ("/auth/envoy", "GET", SignedIn),
        ("/auth/envoy/", "GET", SignedIn),
        ("/auth/envoy/{*path}", "GET", SignedIn),
        ("/auth/hand-over", "GET", SignedIn),
        (
            "/healthz",
            "GET",
            Everybody("says that the process is up, and no more"),
        ),
        (
            "/readyz",
            "GET",
            Everybody("says that the database answers, and no more"),
        ),
        (
            "/metrics",
            "GET",
            Everybody("is held to addresses by [metrics]"),
        ),
        (
            "/api/docs",
            "GET",
            Everybody("describes the API, nobody's data"),
        ),
    ]
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_test = path.file_stem().is_some_and(|stem| stem == "tests");
        if is_test {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The paths that the code registers.
fn registered() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut files,
    );
    let mut found = BTreeSet::new();
    // The API's list is held against its document.
    files.retain(|file| !file.ends_with("api/routes.rs"));
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for call in text.split(".route(").skip(1) {
            let path = call.trim_start().strip_prefix('"');
            let path = path.and_then(|rest| rest.split('"').next());
            let path =
                path.unwrap_or_else(|| panic!("{}: a path that is no literal", file.display()));
            found.insert(path.to_owned());
        }
    }
    found
}

#[test]
fn every_route_is_accounted_for() {
    let known: BTreeSet<&str> = routes().iter().map(|(path, _, _)| *path).collect();
    let registered = registered();
    assert!(
        registered.contains("/account") && registered.len() > 15,
        "{registered:?}"
    );
    for path in &registered {
        assert!(
            known.contains(path.as_str()),
            "{path} is registered, but nobody has said who may come in"
        );
    }
}

#[tokio::test]
async fn strangers_come_in_where_they_may() {
    let server = Server::sqlite().await;
    Idp::new().register(&server).await;
    for (path, method, open) in routes() {
        let filled = path.replace("{slug}", "okta").replace("{handle}", "x");
        let filled = filled.replace("{token}", "x").replace("{kind}", "oidc");
        let filled = filled.replace("{file}", "x").replace("{id}", "x");
        let filled = filled.replace("{key}", "x");
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = server
            .client
            .request(method.clone(), format!("{}{filled}", server.url));
        let request = request.header("origin", &server.url);
        let request = if method == reqwest::Method::POST {
            request.form(&[("csrf", "x")])
        } else {
            request
        };
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let location = answer.headers().get("location");
        let location = location.map_or("", |to| to.to_str().unwrap()).to_owned();
        let sent_away = status == StatusCode::UNAUTHORIZED
            || (status.is_redirection() && location.starts_with("/login"));
        match open {
            Open::Everybody(reason) => {
                assert!(
                    status != StatusCode::UNAUTHORIZED,
                    "{path}: {reason}: {status}"
                );
                assert!(!status.is_server_error(), "{path}: {status}");
                // The start page is the only one that sends strangers to sign in.
                assert!(path == "/" || !sent_away, "{path}: {reason}: {location}");
            }
            Open::Applications => assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}"),
            Open::SignedIn | Open::Roles(_) => {
                let refused = status == StatusCode::FORBIDDEN || sent_away;
                assert!(refused, "{method} {path}: {status} {location}");
            }
        }
    }
}

/// Each page of the dashboard, as somebody with each of the roles and as somebody
/// with none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dashboard_is_open_to_the_roles_that_it_names() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let everybody = [None, Some("admin"), Some("user-manager"), Some("auditor")];
    for role in everybody {
        let name = role.unwrap_or("nobody");
        let (mut browser, _) = idp.signed_in_with(&server, name, role).await;
        let csrf = browser.csrf("/account").await;
        for (path, method, open) in routes() {
            let Open::Roles(roles) = open else { continue };
            let id = "01937b5c-8f0e-7c1a-9d2e-3f4a5b6c7d8e";
            let filled = path
                .replace("{slug}", "nobodys")
                .replace("{kind}", "oidc")
                .replace("{section}", "general")
                .replace("{id}", id)
                .replace("{key}", id)
                .replace("{user}", id);
            assert!(!filled.contains('{'), "say what {path} is filled with");
            let answer = match method {
                "GET" => browser.click(&filled).await,
                _ => browser.submit(&filled, &[("csrf", &csrf)]).await,
            };
            let admitted = role.is_some_and(|role| roles.contains(&role));
            if admitted {
                assert!(
                    answer.status != 403 && answer.status < 500,
                    "{name}: {method} {path}: {}",
                    answer.status
                );
                assert!(
                    !answer
                        .location
                        .as_deref()
                        .unwrap_or("")
                        .starts_with("/login"),
                    "{name}: {method} {path}"
                );
            } else {
                assert_eq!(answer.status, 403, "{name}: {method} {path}");
                assert!(
                    answer.body.contains("have access to this"),
                    "{}",
                    answer.body
                );
            }
        }
    }
}
