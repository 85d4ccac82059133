//! The dashboard's pages on what is recorded and set up: login traces, the audit
//! log, histories, tokens, settings, clearing of identifiers, applications.

mod applications;
mod identifiers;
mod keeping;
mod logins;

use scraper::{Html, Selector};

use crate::harness::{Answer, Browser, Idp, Person, Server};

/// What an attacker puts wherever a text can be put.
pub const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";

/// The attributes of the elements that a selector finds.
pub fn all(page: &Answer, css: &str, attribute: &str) -> Vec<String> {
    Html::parse_document(&page.body)
        .select(&Selector::parse(css).unwrap())
        .map(|element| element.attr(attribute).unwrap_or_default().to_owned())
        .collect()
}

/// The text of the elements that a selector finds, blanks squeezed.
pub fn texts(page: &Answer, css: &str) -> Vec<String> {
    Html::parse_document(&page.body)
        .select(&Selector::parse(css).unwrap())
        .map(|element| {
            let text: String = element.text().collect();
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .collect()
}

/// What a form on a page would send, with some fields filled in otherwise.
pub fn form(page: &Answer, action: &str, with: &[(&str, &str)]) -> Vec<(String, String)> {
    let document = Html::parse_document(&page.body);
    let forms = Selector::parse(&format!("form[method=post][action='{action}']")).unwrap();
    let form = document.select(&forms).next();
    let form = form.unwrap_or_else(|| panic!("no form to {action} on {}", page.body));
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut put = |name: Option<&str>, value: String| {
        if let Some(name) = name.filter(|name| !with.iter().any(|(n, _)| n == name)) {
            fields.push((name.to_owned(), value));
        }
    };
    for input in form.select(&Selector::parse("input").unwrap()) {
        let is_box = input.attr("type") == Some("checkbox");
        if !is_box || input.attr("checked").is_some() {
            put(
                input.attr("name"),
                input.attr("value").unwrap_or_default().to_owned(),
            );
        }
    }
    for area in form.select(&Selector::parse("textarea").unwrap()) {
        let text: String = area.text().collect();
        put(area.attr("name"), text);
    }
    for select in form.select(&Selector::parse("select").unwrap()) {
        let chosen = Selector::parse("option[selected]").unwrap();
        let first = Selector::parse("option").unwrap();
        let option = select
            .select(&chosen)
            .next()
            .or(select.select(&first).next());
        let value = option.and_then(|o| o.attr("value")).unwrap_or_default();
        put(select.attr("name"), value.to_owned());
    }
    fields.extend(with.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
    fields
}

/// Fills a form in and sends it.
pub async fn send(
    browser: &mut Browser,
    page: &Answer,
    action: &str,
    with: &[(&str, &str)],
) -> Answer {
    let fields = form(page, action, with);
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    browser.submit(action, &fields).await
}

/// Nothing that somebody wrote runs on the page, and nothing is broken by it.
#[track_caller]
pub fn harmless(page: &Answer) {
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
    assert!(!page.body.contains("<img src=x"), "{}", page.body);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
}

/// A page that must be there.
pub async fn open(browser: &mut Browser, address: &str) -> Answer {
    let page = browser.click(address).await;
    assert_eq!(page.status, 200, "{address}: {}", page.body);
    harmless(&page);
    page
}

/// A gateway with its IdP, and an admin at a browser.
pub async fn with_admin(server: &Server) -> (Idp, Browser, String) {
    let idp = Idp::new();
    idp.register(server).await;
    let (browser, id) = idp.signed_in_with(server, "root", Some("admin")).await;
    (idp, browser, id)
}

/// Somebody who signs in with texts of an attacker.
pub fn hostile_person() -> Person {
    let mut person = Person::named("eve");
    person.given_name = HOSTILE.to_owned();
    person.department = person.given_name.clone();
    person
}
