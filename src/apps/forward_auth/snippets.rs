//! What an admin copies into a proxy's configuration, with the real host in it.
//! Every snippet overwrites every identity header: what a client sends by itself must
//! not get through.

use std::fmt::Write as _;

use super::asked::bare;
use super::identity;
use crate::domain::Application;

/// A piece of a proxy's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// The proxy's name in addresses and language files: `nginx`, `traefik`, `caddy`,
    /// `envoy`.
    pub proxy: &'static str,
    /// The proxy's name as its makers write it.
    pub name: &'static str,
    /// The text.
    pub text: String,
}

/// The pieces for an application, under the gateway's origin.
#[must_use]
pub fn of(application: &Application, origin: &str) -> Vec<Snippet> {
    let mut hosts: Vec<&str> = application.hosts.iter().map(String::as_str).collect();
    if hosts.is_empty() {
        hosts.push("app.example.com");
    }
    let names: Vec<String> = identity::names(application)
        .iter()
        .map(|name| title_case(name.as_str()))
        .collect();
    let place = Place {
        slug: application.slug.as_str(),
        hosts: &hosts,
        origin,
        names: &names,
    };
    [
        ("nginx", "nginx", place.nginx()),
        ("traefik", "Traefik", place.traefik()),
        ("caddy", "Caddy", place.caddy()),
        ("envoy", "Envoy", place.envoy()),
    ]
    .into_iter()
    .map(|(proxy, name, text)| Snippet { proxy, name, text })
    .collect()
}

/// `x-auth-request-user` as people write it.
fn title_case(name: &str) -> String {
    let part = |part: &str| {
        let mut chars = part.chars();
        chars.next().map_or_else(String::new, |first| {
            first.to_ascii_uppercase().to_string() + chars.as_str()
        })
    };
    name.split('-').map(part).collect::<Vec<_>>().join("-")
}

struct Place<'a> {
    slug: &'a str,
    hosts: &'a [&'a str],
    origin: &'a str,
    names: &'a [String],
}

impl Place<'_> {
    /// The hosts without their ports, each once.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.hosts.iter().map(|host| bare(host)).collect();
        names.dedup();
        names
    }

    fn nginx(&self) -> String {
        let (mut sets, mut passes) = (String::new(), String::new());
        for name in self.names {
            let variable = format!("dw_{}", name.to_ascii_lowercase().replace('-', "_"));
            let header = name.to_ascii_lowercase().replace('-', "_");
            let _ = writeln!(
                sets,
                "        auth_request_set ${variable} $upstream_http_{header};"
            );
            let _ = writeln!(passes, "        proxy_set_header {name} ${variable};");
        }
        let Self { origin, .. } = self;
        // nginx names no host and looks at no certificate by itself.
        let tls = if origin.starts_with("https:") {
            "        proxy_ssl_server_name on;
        proxy_ssl_verify on;
        proxy_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;
"
        } else {
            ""
        };
        format!(
            "server {{
    server_name {host};
    # listen, ssl_certificate: as before. Names with underscores are dropped unless
    # underscores_in_headers is on; leave it off.

    location / {{
        auth_request /.doorward/check;
        error_page 401 = @doorward_sign_in;
        error_page 403 @doorward_refused;
        auth_request_set $doorward_location $upstream_http_location;
        auth_request_set $doorward_cookie $upstream_http_set_cookie;
        auth_request_set $doorward_caller $upstream_http_x_doorward_caller;
{sets}
        proxy_pass http://127.0.0.1:9000;  # the application
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $http_connection;
        # Each of them is overwritten, also with nothing.
{passes}    }}

    location = /.doorward/check {{
        internal;
        proxy_pass {origin}/auth/request;
{tls}        proxy_pass_request_body off;
        proxy_set_header Content-Length \"\";
        proxy_set_header X-Original-URL $scheme://$http_host$request_uri;
        proxy_set_header X-Original-Method $request_method;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Host \"\";
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_buffer_size 32k;
        proxy_buffers 4 32k;
    }}

    location @doorward_sign_in {{
        internal;
        # Scripts are told, people are led.
        if ($doorward_caller = script) {{
            return 401;
        }}
        add_header Set-Cookie $doorward_cookie always;
        return 302 $doorward_location;
    }}

    # The gateway's own page says who is not admitted, and what to do.
    location @doorward_refused {{
        internal;
        rewrite ^ /auth/forward break;
        proxy_pass {origin};
{tls}        proxy_method GET;
        proxy_pass_request_body off;
        proxy_set_header Content-Length \"\";
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Host $http_host;
        proxy_set_header X-Forwarded-Method $request_method;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Forwarded-Uri $request_uri;
    }}
}}
",
            host = self.names().join(" "),
        )
    }

    fn traefik(&self) -> String {
        let mut list = String::new();
        for name in self.names {
            let _ = writeln!(list, "          - {name}");
        }
        let names = self.names().into_iter();
        let rules: Vec<String> = names.map(|host| format!("Host(`{host}`)")).collect();
        format!(
            "http:
  middlewares:
    doorward:
      forwardAuth:
        address: {origin}/auth/forward
        # Each of them is replaced by the gateway's word, also by an empty one.
        authResponseHeaders:
{list}  routers:
    {slug}:
      rule: {rule}
      middlewares:
        - doorward
      service: {slug}
  services:
    {slug}:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:9000  # the application
",
            origin = self.origin,
            slug = self.slug,
            rule = rules.join(" || "),
        )
    }

    fn caddy(&self) -> String {
        let (mut removed, mut copied) = (String::new(), String::new());
        for name in self.names {
            let _ = writeln!(removed, "\t\trequest_header -{name}");
            let _ = writeln!(copied, "\t\t\t\t{name}");
        }
        let upstream = self.origin;
        format!(
            "{host} {{
\troute {{
\t\t# What the client sends itself goes first; some versions keep it otherwise.
{removed}\t\tforward_auth {upstream} {{
\t\t\turi /auth/forward
\t\t\theader_up Host {{upstream_hostport}}
\t\t\tcopy_headers {{
{copied}\t\t\t}}
\t\t}}
\t\treverse_proxy 127.0.0.1:9000
\t}}
}}
",
            host = self.hosts.join(", "),
        )
    }

    fn envoy(&self) -> String {
        let (mut allowed, mut removed) = (String::new(), String::new());
        for name in self.names {
            let name = name.to_ascii_lowercase();
            let _ = writeln!(allowed, "            - exact: {name}");
            let _ = writeln!(removed, "      - remove: {name}");
        }
        format!(
            "# In the HttpConnectionManager that serves {host}.
# Where clients reach Envoy itself; behind another proxy set xff_num_trusted_hops.
use_remote_address: true
common_http_protocol_options:
  # Remote_User is Remote-User to many an application.
  headers_with_underscores_action: REJECT_REQUEST
early_header_mutation_extensions:
# What a client sends by itself goes first.
- name: envoy.http.early_header_mutation.header_mutation
  typed_config:
    \"@type\": type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation
    mutations:
{removed}http_filters:
# Before the router:
- name: envoy.filters.http.ext_authz
  typed_config:
    \"@type\": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz
    failure_mode_allow: false
    allowed_headers:
      patterns:
      - exact: accept
      - exact: accept-language
      - exact: access-control-request-method
      - exact: cookie
      - exact: origin
      - exact: sec-fetch-mode
      - exact: sec-websocket-key
      - exact: upgrade
      - exact: x-forwarded-proto
      - exact: x-requested-with
    http_service:
      path_prefix: /auth/envoy
      server_uri:
        uri: {origin}
        cluster: doorward
        timeout: 5s
      authorization_response:
        allowed_upstream_headers:
          patterns:
{allowed}        allowed_client_headers:
          patterns:
            - exact: content-security-policy
            - exact: content-type
            - exact: location
            - exact: set-cookie
            - exact: www-authenticate
",
            host = self.names().join(", "),
            origin = self.origin,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Slug;

    #[test]
    fn the_guides_show_what_the_dashboard_shows() {
        let mut wiki = Application::new(Slug::parse("wiki").unwrap(), "Wiki");
        wiki.hosts = vec!["wiki.example.com".to_owned()];
        for snippet in of(&wiki, "https://sso.example.com") {
            let root = env!("CARGO_MANIFEST_DIR");
            let path = format!("{root}/docs/guide/{}.md", snippet.proxy);
            let guide = std::fs::read_to_string(path).unwrap();
            assert!(
                guide.contains(&snippet.text),
                "{}:\n{}",
                snippet.proxy,
                snippet.text
            );
        }
    }

    #[test]
    fn every_host_is_filled_in() {
        let mut wiki = Application::new(Slug::parse("wiki").unwrap(), "Wiki");
        wiki.hosts = ["docs.example.com:8443", "wiki.example.com", "[::1]:81"]
            .map(str::to_owned)
            .into();
        let all = of(&wiki, "https://sso.example.com");
        let text = |proxy: &str| {
            &all.iter()
                .find(|snippet| snippet.proxy == proxy)
                .unwrap()
                .text
        };
        assert!(text("nginx").contains("server_name docs.example.com wiki.example.com [::1];"));
        let rule = "rule: Host(`docs.example.com`) || Host(`wiki.example.com`) || Host(`[::1]`)";
        assert!(text("traefik").contains(rule));
        assert!(text("caddy").starts_with("docs.example.com:8443, wiki.example.com, [::1]:81 {"));
        assert!(text("envoy").contains("serves docs.example.com, wiki.example.com, [::1]."));
    }

    #[test]
    fn each_has_the_host_and_every_header() {
        let mut wiki = Application::new(Slug::parse("wiki").unwrap(), "Wiki");
        wiki.hosts = vec!["wiki.example.com".to_owned()];
        wiki.headers
            .insert("X-Team".to_owned(), "department".to_owned());
        let snippets = of(&wiki, "https://sso.example.com");
        assert_eq!(snippets.len(), 4);
        for snippet in snippets {
            let text = snippet.text.to_ascii_lowercase();
            assert!(text.contains("wiki.example.com"), "{}", snippet.proxy);
            assert!(
                text.contains("https://sso.example.com"),
                "{}",
                snippet.proxy
            );
            for name in identity::names(&wiki) {
                assert!(text.contains(name.as_str()), "{}: {name}", snippet.proxy);
            }
        }
    }
}
