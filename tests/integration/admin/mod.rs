//! The dashboard's forms over HTTP, as a browser sends them, on both databases.

mod conflicts;
mod groups;
mod hostile;
mod kept;
mod users;

use scraper::{Html, Selector};
use serde_json::{Value, json};

use crate::harness::{Answer, Browser, Idp, Person, Server};

/// What no page may show as markup.
pub const HOSTILE: &str = "\"><script>alert(1)</script>'";

/// The form that a page sends to `action`, with everything that stands in it.
pub struct Form {
    action: String,
    fields: Vec<(String, String)>,
}

impl Form {
    /// Reads it as a browser does.
    pub fn read(page: &Answer, action: &str) -> Self {
        let html = Html::parse_document(&page.body);
        let all = |css: &str| Selector::parse(css).unwrap();
        let form = html
            .select(&all("main form[method=post]"))
            .find(|form| form.attr("action") == Some(action));
        let form = form.unwrap_or_else(|| panic!("no form to {action} on {}", page.body));
        let mut fields = Vec::new();
        for field in form.select(&all("input[name], textarea[name], select[name]")) {
            let name = field.attr("name").unwrap().to_owned();
            let value = match field.value().name() {
                "textarea" => field.text().collect(),
                "select" => field
                    .select(&all("option[selected]"))
                    .next()
                    .map_or(String::new(), |o| o.attr("value").unwrap().to_owned()),
                _ => field.attr("value").unwrap_or_default().to_owned(),
            };
            let box_off = field.attr("type") == Some("checkbox") && field.attr("checked").is_none();
            if !box_off {
                fields.push((name, value));
            }
        }
        Self {
            action: action.to_owned(),
            fields,
        }
    }

    /// What stands in a field.
    pub fn value(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(n, _)| n == name);
        &found
            .unwrap_or_else(|| panic!("no field {name}: {:?}", self.fields))
            .1
    }

    /// The same with a field filled in anew.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(n, _)| n != name);
        self.and(name, value)
    }

    /// The same with one field more.
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same without a field.
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(n, _)| n != name);
        self
    }

    /// Sends it.
    pub async fn send(&self, browser: &mut Browser) -> Answer {
        let fields: Vec<(&str, &str)> = self
            .fields
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        browser.submit(&self.action, &fields).await
    }

    /// Sends it; the status line of the page to which it leads.
    pub async fn told(&self, browser: &mut Browser) -> String {
        let answer = self.send(browser).await;
        told(browser, answer).await
    }
}

/// Opens a page and reads its form to `action`.
pub async fn form_at(browser: &mut Browser, page: &str, action: &str) -> Form {
    let page = browser.click(page).await;
    assert_eq!(page.status, 200, "{}", page.body);
    Form::read(&page, action)
}

/// Opens a page and reads the form that leads back to it.
pub async fn form(browser: &mut Browser, page: &str) -> Form {
    form_at(browser, page, page).await
}

/// The texts of all elements that a selector finds.
pub fn texts(page: &Answer, css: &str) -> Vec<String> {
    Html::parse_document(&page.body)
        .select(&Selector::parse(css).unwrap())
        .map(|e| e.text().collect::<String>().trim().to_owned())
        .collect()
}

/// The message at a field, which must be tied to it.
#[track_caller]
pub fn problem(page: &Answer, name: &str) -> String {
    let html = Html::parse_document(&page.body);
    let all = |css: &str| Selector::parse(css).unwrap();
    let field = html.select(&all(&format!("[name={name}]"))).next();
    let field = field.unwrap_or_else(|| panic!("no field {name} on {}", page.body));
    assert_eq!(field.attr("aria-invalid"), Some("true"), "{name}");
    let id = field.attr("aria-describedby").unwrap();
    let told = html.select(&all(&format!("[id={id}]"))).next().unwrap();
    told.text().collect::<String>().trim().to_owned()
}

/// The status line after a redirect.
pub async fn told(browser: &mut Browser, answer: Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.body);
    let page = browser.follow(answer).await;
    assert_eq!(page.status, 200, "{}", page.body);
    texts(&page, "[role=status]").join(" ")
}

/// An admin who is signed in, and the identity provider.
pub async fn admin(server: &Server) -> (Idp, Browser, String) {
    let idp = Idp::new();
    idp.register(server).await;
    let (browser, id) = idp.signed_in_with(server, "grace", Some("admin")).await;
    (idp, browser, id)
}

/// Makes a user; the id.
pub async fn user(server: &Server, more: Value) -> String {
    let api = server.api();
    let made = api.expect("POST", "/api/v1/users", Some(&more), 201).await;
    made["id"].as_str().unwrap().to_owned()
}

/// Makes `email`'s user.
pub async fn user_at(server: &Server, email: &str) -> String {
    user(
        server,
        json!({ "email": email, "name": email.split('@').next() }),
    )
    .await
}

/// The user as the API shows it.
pub async fn shown(server: &Server, id: &str) -> Value {
    server.api().get(&format!("/api/v1/users/{id}")).await
}

/// What the audit log has on a target, newest first.
pub async fn audit(server: &Server, target: &str) -> Vec<Value> {
    server
        .api()
        .list(&format!("/api/v1/audit?target={target}"))
        .await
}

/// A person who signs in.
pub fn person(name: &str) -> Person {
    Person::named(name)
}
