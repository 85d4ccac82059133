//! Connecting identity providers: test logins, drafts, set-up links, the pages of
//! the dashboard.

mod drafts;
mod pages;
mod setup;
mod testing;

use scraper::{Html, Selector};

use crate::harness::{Answer, Browser, Idp, Server};

/// The values of an attribute of all elements that a selector finds.
pub fn all(page: &Answer, css: &str, attribute: &str) -> Vec<String> {
    Html::parse_document(&page.body)
        .select(&Selector::parse(css).unwrap())
        .filter_map(|element| element.attr(attribute).map(ToOwned::to_owned))
        .collect()
}

/// The text of a page's elements that a selector finds.
pub fn texts(page: &Answer, css: &str) -> Vec<String> {
    Html::parse_document(&page.body)
        .select(&Selector::parse(css).unwrap())
        .map(|element| {
            let text: String = element.text().collect();
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .collect()
}

/// An admin who is signed in through the ordinary IdP, and that IdP.
pub async fn admin(server: &Server) -> (Browser, Idp) {
    let idp = Idp::new();
    idp.register(server).await;
    let (browser, _) = idp.signed_in_with(server, "root", Some("admin")).await;
    (browser, idp)
}

/// Where the provider's page begins a test.
pub async fn test_of(browser: &mut Browser, slug: &str) -> String {
    let page = browser
        .click(&format!("/admin/authentication/{slug}"))
        .await;
    assert_eq!(page.status, 200, "{}", page.body);
    all(&page, "a.button", "href")
        .into_iter()
        .find(|href| href.contains("/login?test="))
        .unwrap_or_else(|| panic!("no test on {}", page.body))
}

/// The hidden fields of the form that goes to an address.
pub fn hidden(page: &Answer, action: &str) -> Vec<(String, String)> {
    let css = format!("form[action=\"{action}\"] input[type=hidden]");
    Html::parse_document(&page.body)
        .select(&Selector::parse(&css).unwrap())
        .map(|field| {
            let text = |name| field.attr(name).unwrap_or_default().to_owned();
            (text("name"), text("value"))
        })
        .collect()
}

/// Sends a form that stands on a page, with its hidden fields.
pub async fn send(
    browser: &mut Browser,
    page: &Answer,
    action: &str,
    fields: &[(&str, &str)],
) -> Answer {
    let hidden = hidden(page, action);
    assert!(!hidden.is_empty(), "no form to {action} on {}", page.body);
    let mut form: Vec<(&str, &str)> = fields.to_vec();
    for (name, value) in &hidden {
        if !fields.iter().any(|(given, _)| given == name) {
            form.push((name, value));
        }
    }
    browser.submit(action, &form).await
}
