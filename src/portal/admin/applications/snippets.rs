//! What to write into a reverse proxy's configuration, with the real hosts
//! filled in. An application is found by its host; the proxy hands on what the
//! gateway answers, and drops what a client sent under the same names.

use std::fmt::Write as _;

use crate::domain::Application;

/// What is written for one proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snippet {
    /// A word for the page's own use.
    pub(super) id: &'static str,
    /// The proxy.
    pub(super) proxy: &'static str,
    /// The configuration.
    pub(super) text: String,
}

/// The identity headers that every answer carries.
const HEADERS: [&str; 9] = [
    "Remote-User",
    "Remote-Email",
    "Remote-Name",
    "Remote-Groups",
    "X-Auth-Request-User",
    "X-Auth-Request-Email",
    "X-Auth-Request-Preferred-Username",
    "X-Auth-Request-Groups",
    "X-Doorward-Assertion",
];

/// The configuration for each proxy.
pub(super) fn snippets(application: &Application, origin: &str) -> Vec<Snippet> {
    let headers: Vec<&str> = HEADERS
        .into_iter()
        .chain(application.headers.keys().map(String::as_str))
        .collect();
    let host = application
        .hosts
        .first()
        .map_or("app.example.com", String::as_str);
    let bare = host.split(':').next().unwrap_or(host);
    let snippet = |id, proxy, text| Snippet { id, proxy, text };
    vec![
        snippet("nginx", "nginx", nginx(application, origin, &headers)),
        snippet(
            "traefik",
            "Traefik",
            traefik(application, bare, origin, &headers),
        ),
        snippet("caddy", "Caddy", caddy(application, origin, &headers)),
        snippet("envoy", "Envoy", envoy(bare, origin, &headers)),
    ]
}

/// A header's name as nginx calls its variable.
fn variable(header: &str) -> String {
    header.to_ascii_lowercase().replace('-', "_")
}

fn nginx(application: &Application, origin: &str, headers: &[&str]) -> String {
    let names: Vec<&str> = application
        .hosts
        .iter()
        .map(|host| host.split(':').next().unwrap_or(host))
        .collect();
    let mut text = format!(
        "server {{\n    listen 443 ssl;\n    server_name {};\n\n    \
         location = /doorward-auth {{\n        internal;\n        \
         proxy_pass {origin}/auth/request;\n        \
         proxy_pass_request_body off;\n        \
         proxy_set_header Content-Length \"\";\n        \
         proxy_set_header X-Original-URL $scheme://$http_host$request_uri;\n        \
         proxy_set_header X-Original-Method $request_method;\n        \
         proxy_set_header X-Forwarded-For $remote_addr;\n    }}\n\n    \
         location / {{\n        auth_request /doorward-auth;\n        \
         auth_request_set $doorward_location $upstream_http_location;\n        \
         error_page 401 =302 $doorward_location;\n",
        names.join(" ")
    );
    for header in headers {
        let name = variable(header);
        let _ = writeln!(
            text,
            "        auth_request_set $doorward_{name} $upstream_http_{name};\n        \
             proxy_set_header {header} $doorward_{name};"
        );
    }
    text.push_str("        proxy_set_header Host $http_host;\n        proxy_pass http://127.0.0.1:3000;\n    }\n}\n");
    text
}

fn traefik(application: &Application, host: &str, origin: &str, headers: &[&str]) -> String {
    let slug = &application.slug;
    let rules: Vec<String> = application
        .hosts
        .iter()
        .map(|host| format!("Host(`{}`)", host.split(':').next().unwrap_or(host)))
        .collect();
    let rule = if rules.is_empty() {
        format!("Host(`{host}`)")
    } else {
        rules.join(" || ")
    };
    let mut text = format!(
        "http:\n  middlewares:\n    doorward:\n      forwardAuth:\n        \
         address: {origin}/auth/forward\n        authResponseHeaders:\n"
    );
    for header in headers {
        let _ = writeln!(text, "          - {header}");
    }
    let _ = writeln!(
        text,
        "  routers:\n    {slug}:\n      rule: {rule}\n      middlewares: [doorward]\n      \
         service: {slug}\n  services:\n    {slug}:\n      loadBalancer:\n        servers:\n          \
         - url: http://127.0.0.1:3000"
    );
    text
}

fn caddy(application: &Application, origin: &str, headers: &[&str]) -> String {
    format!(
        "{} {{\n    forward_auth {origin} {{\n        uri /auth/forward\n        \
         copy_headers {}\n    }}\n    reverse_proxy 127.0.0.1:3000\n}}\n",
        application.hosts.join(", "),
        headers.join(" ")
    )
}

fn envoy(host: &str, origin: &str, headers: &[&str]) -> String {
    let authority = origin.split("://").nth(1).unwrap_or(origin);
    let mut text = format!(
        "# for {host}; the cluster `doorward` leads to {authority}\nhttp_filters:\n  \
         - name: envoy.filters.http.ext_authz\n    typed_config:\n      \
         \"@type\": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz\n      \
         failure_mode_allow: false\n      http_service:\n        path_prefix: /auth/envoy\n        \
         server_uri:\n          uri: {origin}\n          cluster: doorward\n          timeout: 2s\n        \
         authorization_request:\n          allowed_headers:\n            patterns:\n              \
         - exact: cookie\n              - exact: accept\n              \
         - exact: x-requested-with\n              - prefix: sec-fetch-\n              \
         - prefix: x-forwarded-\n        authorization_response:\n          \
         allowed_upstream_headers:\n            patterns:\n"
    );
    for header in headers {
        let _ = writeln!(
            text,
            "              - exact: {}",
            header.to_ascii_lowercase()
        );
    }
    text.push_str(
        "          allowed_client_headers:\n            patterns:\n              \
         - exact: location\n              - exact: set-cookie\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::application::ApplicationKind;

    #[test]
    fn the_real_hosts_are_filled_in() {
        let mut application =
            crate::portal::admin::applications::sample(ApplicationKind::ForwardAuth);
        application.hosts = vec![
            "wiki.example.com".to_owned(),
            "docs.example.com:8443".to_owned(),
        ];
        let all = snippets(&application, "https://sso.example.com");
        let text = |id: &str| &all.iter().find(|snippet| snippet.id == id).unwrap().text;
        assert!(text("nginx").contains("server_name wiki.example.com docs.example.com;"));
        assert!(text("nginx").contains("proxy_pass https://sso.example.com/auth/request;"));
        assert!(text("nginx").contains("proxy_set_header X-Department $doorward_x_department;"));
        assert!(
            text("traefik").contains("rule: Host(`wiki.example.com`) || Host(`docs.example.com`)")
        );
        assert!(text("traefik").contains("address: https://sso.example.com/auth/forward"));
        assert!(text("caddy").starts_with("wiki.example.com, docs.example.com:8443 {"));
        assert!(text("envoy").contains("path_prefix: /auth/envoy"));
        for snippet in &all {
            for header in ["Remote-User", "X-Doorward-Assertion", "X-Department"] {
                let text = snippet.text.to_lowercase();
                assert!(
                    text.contains(&header.to_lowercase()),
                    "{}: {header}",
                    snippet.proxy
                );
            }
        }
    }
}
