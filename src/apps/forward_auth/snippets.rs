//! What an admin copies into a proxy's configuration, with the real host in it.
//! Every snippet overwrites every identity header: what a client sends by itself must
//! not get through.

use std::fmt::Write as _;

use super::identity;
use crate::domain::Application;

/// A piece of a proxy's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// The proxy's name in addresses and language files: `nginx`, `traefik`, `caddy`,
    /// `envoy`.
    pub proxy: &'static str,
    /// The text.
    pub text: String,
}

/// The pieces for an application, under the gateway's origin.
#[must_use]
pub fn of(application: &Application, origin: &str) -> Vec<Snippet> {
    let host = application
        .hosts
        .first()
        .map_or("app.example.com", String::as_str);
    let names: Vec<String> = identity::names(application)
        .iter()
        .map(|name| title_case(name.as_str()))
        .collect();
    let place = Place {
        host,
        origin,
        names: &names,
    };
    [
        ("nginx", place.nginx()),
        ("traefik", place.traefik()),
        ("caddy", place.caddy()),
        ("envoy", place.envoy()),
    ]
    .into_iter()
    .map(|(proxy, text)| Snippet { proxy, text })
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
    host: &'a str,
    origin: &'a str,
    names: &'a [String],
}

impl Place<'_> {
    fn bare_host(&self) -> &str {
        self.host.split(':').next().unwrap_or(self.host)
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
        format!(
            "server {{
    server_name {host};
    # listen, ssl_certificate: as before. Names with underscores are dropped unless
    # underscores_in_headers is on; leave it off.

    location / {{
        auth_request /.doorward/check;
        error_page 401 = @doorward_sign_in;
        auth_request_set $doorward_location $upstream_http_location;
        auth_request_set $doorward_cookie $upstream_http_set_cookie;
        auth_request_set $doorward_caller $upstream_http_x_doorward_caller;
{sets}
        proxy_pass http://127.0.0.1:9000;  # the application
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $http_connection;
        # Each of them is overwritten, also with nothing.
{passes}    }}

    location = /.doorward/check {{
        internal;
        proxy_pass {origin}/auth/request;
        proxy_pass_request_body off;
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
}}
",
            host = self.bare_host(),
        )
    }

    fn traefik(&self) -> String {
        let mut list = String::new();
        for name in self.names {
            let _ = writeln!(list, "          - {name}");
        }
        format!(
            "http:
  middlewares:
    doorward:
      forwardAuth:
        address: {origin}/auth/forward
        trustForwardHeader: false
        # Each of them is replaced by the gateway's word, also by an empty one.
        authResponseHeaders:
{list}  routers:
    app:
      rule: Host(`{host}`)
      middlewares:
        - doorward
      service: app
",
            origin = self.origin,
            host = self.bare_host(),
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
            host = self.host,
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
            host = self.host,
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
