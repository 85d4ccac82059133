//! A browser, as far as cookies and fetch metadata go: it keeps cookies as
//! RFC 6265bis says, sends none that are `SameSite=Lax` with a POST from
//! another site, and follows no redirect by itself.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::Server;

/// A cookie in the jar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The attributes as they were set, in lower case.
    pub attributes: Vec<String>,
    path: String,
}

/// Where a request comes from, as `Sec-Fetch-Site` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The address bar or a bookmark.
    Nowhere,
    /// One of the gateway's own pages.
    Ourselves,
    /// Another site.
    Elsewhere,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status; 0 when the connection was cut off while a large body was
    /// still on its way, as servers may.
    pub status: u16,
    /// `Location`, as sent.
    pub location: Option<String>,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// How long it took.
    pub took: Duration,
    /// The address that answered.
    pub url: String,
    from: From,
}

impl Answer {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// The names of the cookies that it sets.
    pub fn sets(&self) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(name, _)| name == "set-cookie")
            .filter_map(|(_, value)| value.split('=').next())
            .collect()
    }

    /// Whether it is a redirect.
    pub fn is_redirect(&self) -> bool {
        (300..400).contains(&self.status) && self.location.is_some()
    }

    /// The reference id on the page.
    pub fn reference(&self) -> Option<String> {
        let letters: Vec<char> = self.body.chars().collect();
        let code = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        letters.windows(11).find_map(|w| {
            let framed = !code(w[0]) && w[0] != '-' && !code(w[10]) && w[10] != '-';
            let fits = framed
                && w[1..5].iter().all(|c| code(*c))
                && w[5] == '-'
                && w[6..10].iter().all(|c| code(*c));
            fits.then(|| w[1..10].iter().collect())
        })
    }
}

/// One browser with its cookies.
#[derive(Clone)]
pub struct Browser {
    client: reqwest::Client,
    origin: String,
    /// The cookie jar.
    pub jar: Vec<Cookie>,
    /// `Accept-Language`.
    pub language: String,
}

impl Browser {
    /// A fresh browser that will visit this gateway.
    pub fn new(server: &Server) -> Self {
        Self {
            client: server.client.clone(),
            origin: server.url.clone(),
            jar: Vec::new(),
            language: "en".to_owned(),
        }
    }

    fn absolute(&self, address: &str) -> String {
        if address.starts_with('/') {
            format!("{}{address}", self.origin)
        } else {
            address.to_owned()
        }
    }

    /// Types an address.
    pub async fn visit(&mut self, address: &str) -> Answer {
        self.send(Method::GET, address, None, From::Nowhere).await
    }

    /// Follows a link on one of the gateway's pages.
    pub async fn click(&mut self, address: &str) -> Answer {
        self.send(Method::GET, address, None, From::Ourselves).await
    }

    /// Follows a link on another site.
    pub async fn click_elsewhere(&mut self, address: &str) -> Answer {
        self.send(Method::GET, address, None, From::Elsewhere).await
    }

    /// The form token of a page.
    pub async fn csrf(&mut self, address: &str) -> String {
        let page = self.click(address).await;
        let field = "name=\"csrf\" value=\"";
        let rest = page.body.split_once(field);
        let (_, rest) = rest.unwrap_or_else(|| panic!("no form on {}", page.body));
        rest.split('"').next().unwrap().to_owned()
    }

    /// Sends a form that stands on one of the gateway's pages.
    pub async fn submit(&mut self, address: &str, form: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, address, Some(encode(form)), From::Ourselves)
            .await
    }

    /// Sends a form that stands on another site: what every IdP does.
    pub async fn submit_elsewhere(&mut self, address: &str, form: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, address, Some(encode(form)), From::Elsewhere)
            .await
    }

    /// The same with a body that is given as it is.
    pub async fn submit_raw(&mut self, address: &str, body: String) -> Answer {
        self.send(Method::POST, address, Some(body), From::Elsewhere)
            .await
    }

    /// Follows redirects until there are none, or one that leads elsewhere.
    pub async fn follow(&mut self, answer: Answer) -> Answer {
        let mut answer = answer;
        for _ in 0..10 {
            let Some(location) = answer.location.clone().filter(|_| answer.is_redirect()) else {
                return answer;
            };
            let next = url::Url::parse(&answer.url)
                .unwrap()
                .join(&location)
                .unwrap();
            if next.origin().ascii_serialization() != self.origin {
                return answer;
            }
            // A redirect keeps the site that began the chain.
            answer = self
                .send(Method::GET, next.as_str(), None, answer.from)
                .await;
        }
        panic!("redirects without end, the last to {:?}", answer.location);
    }

    async fn send(
        &mut self,
        method: Method,
        address: &str,
        form: Option<String>,
        from: From,
    ) -> Answer {
        let url = self.absolute(address);
        let mut request = self
            .client
            .request(method.clone(), &url)
            .header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
            .header("accept-language", &self.language)
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document")
            .header("sec-fetch-user", "?1")
            .header(
                "sec-fetch-site",
                match from {
                    From::Nowhere => "none",
                    From::Ourselves => "same-origin",
                    From::Elsewhere => "cross-site",
                },
            );
        if method == Method::POST {
            request = request.header(
                "origin",
                match from {
                    From::Elsewhere => "https://idp.example.com",
                    From::Nowhere | From::Ourselves => self.origin.as_str(),
                },
            );
        }
        let cookies = self.cookies_for(&url, &method, from);
        if !cookies.is_empty() {
            request = request.header("cookie", cookies);
        }
        let large = form.as_ref().is_some_and(|form| form.len() > 300_000);
        if let Some(form) = form {
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form);
        }
        let start = Instant::now();
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if large && !error.is_timeout() && !error.is_connect() => {
                return Answer {
                    status: 0,
                    location: None,
                    headers: Vec::new(),
                    body: String::new(),
                    took: start.elapsed(),
                    url,
                    from,
                };
            }
            Err(error) => panic!("{url}: {error:?}"),
        };
        let status = answer.status().as_u16();
        let headers: Vec<(String, String)> = answer
            .headers()
            .iter()
            .map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect();
        let body = answer.text().await.unwrap_or_default();
        let took = start.elapsed();
        for (name, value) in &headers {
            if name == "set-cookie" {
                self.keep(value);
            }
        }
        Answer {
            status,
            location: headers
                .iter()
                .find(|(name, _)| name == "location")
                .map(|(_, value)| value.clone()),
            headers,
            body,
            took,
            url,
            from,
        }
    }

    /// The `Cookie` header for a navigation at the top level.
    fn cookies_for(&self, url: &str, method: &Method, from: From) -> String {
        let path = url::Url::parse(url).unwrap().path().to_owned();
        self.jar
            .iter()
            .filter(|cookie| {
                let inside = cookie.path == "/"
                    || path == cookie.path
                    || path.starts_with(&format!("{}/", cookie.path.trim_end_matches('/')));
                inside && (from != From::Elsewhere || cookie.crosses(method))
            })
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect::<Vec<_>>()
            .join("; ")
    }

    /// Puts a cookie into the jar, as an attacker on a neighbouring host could.
    pub fn plant(&mut self, header: &str) {
        self.keep(header);
    }

    fn keep(&mut self, header: &str) {
        let mut parts = header.split(';').map(str::trim);
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let attributes: Vec<String> = parts.map(str::to_lowercase).collect();
        let find = |key: &str| {
            attributes
                .iter()
                .find_map(|a| a.strip_prefix(key).map(ToOwned::to_owned))
        };
        let path = find("path=").unwrap_or_else(|| "/".to_owned());
        let gone = find("max-age=").is_some_and(|age| age.parse::<i64>().is_ok_and(|age| age <= 0))
            || find("expires=").is_some_and(|date| date.contains(" 1970 "));
        self.jar
            .retain(|cookie| cookie.name != name || cookie.path != path);
        if !gone && !value.is_empty() {
            self.jar.push(Cookie {
                name: name.to_owned(),
                value: value.to_owned(),
                attributes,
                path,
            });
        }
    }

    /// The value of the session cookie.
    pub fn session(&self) -> Option<String> {
        self.jar
            .iter()
            .find(|cookie| cookie.name == "doorward")
            .map(|cookie| cookie.value.clone())
    }

    /// Who is signed in, as a page's script asks.
    pub async fn me(&mut self) -> Option<Value> {
        let url = self.absolute("/api/v1/me");
        let answer = self
            .client
            .get(&url)
            .header("accept", "application/json")
            .header("sec-fetch-site", "same-origin")
            .header("sec-fetch-mode", "cors")
            .header("sec-fetch-dest", "empty")
            .header(
                "cookie",
                self.cookies_for(&url, &Method::GET, From::Ourselves),
            )
            .send()
            .await
            .unwrap();
        match answer.status() {
            StatusCode::OK => Some(answer.json().await.unwrap()),
            StatusCode::UNAUTHORIZED => None,
            other => panic!("GET /api/v1/me: {other}"),
        }
    }
}

impl Cookie {
    /// Whether it goes along when another site navigates here.
    fn crosses(&self, method: &Method) -> bool {
        let site = self
            .attributes
            .iter()
            .find_map(|a| a.strip_prefix("samesite="))
            .unwrap_or("lax");
        match site {
            "none" => true,
            "strict" => false,
            _ => *method == Method::GET || *method == Method::HEAD,
        }
    }
}

/// A form as browsers encode it.
pub fn encode(form: &[(&str, &str)]) -> String {
    serde_urlencoded::to_string(form).unwrap()
}
