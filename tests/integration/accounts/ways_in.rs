//! The last way in stays, whatever it is: a provider, a password.

use scraper::{Html, Selector};
use serde_json::json;

use super::{PASSWORD, Place, on_each, sign_in};
use crate::harness::{Answer, Browser, Idp, Person};

on_each!(
    a_password_is_a_way_in,
    the_last_way_in_for_admins_is_not_switched_off,
);

fn unlink(page: &Answer) -> Option<String> {
    let document = Html::parse_document(&page.body);
    let css = Selector::parse("a[href$='/unlink']").unwrap();
    let found = document.select(&css).next();
    found.map(|a| a.attr("href").unwrap().to_owned())
}

/// Somebody with a password who connects a provider can take it off again, while
/// passwords are on.
async fn a_password_is_a_way_in(mut place: Place) {
    let idp = Idp::new();
    idp.register(&place.server).await;
    let grace = Person::named("grace");
    let email = "grace@example.com";
    place.person(email, PASSWORD).await;
    let mut browser = Browser::new(&place.server);
    idp.login(&place.server, &mut browser, &grace).await.user();
    let page = browser.click("/account").await;
    let address = unlink(&page).unwrap_or_else(|| panic!("{}", page.body));
    // With passwords off it is the last one.
    let path = place.server.path("config.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    let off = format!("{config}\n[password_login]\nenabled = false\n");
    std::fs::write(&path, off).unwrap();
    place.server.restart().await;
    let page = browser.click("/account").await;
    assert_eq!(unlink(&page), None, "{}", page.body);
    let csrf = browser.csrf("/account").await;
    let form = [("csrf", csrf.as_str())];
    let kept = browser.submit(&address, &form).await;
    assert_eq!(kept.location.as_deref(), Some("/account?done=last-way-in"));
    std::fs::write(&path, config).unwrap();
    place.server.restart().await;
    let done = browser.submit(&address, &form).await;
    assert_eq!(done.location.as_deref(), Some("/account?done=unlinked"));
    let mut again = Browser::new(&place.server);
    assert_eq!(sign_in(&mut again, email, PASSWORD).await.status, 303);
}

fn version_on(page: &Answer) -> String {
    let html = Html::parse_document(&page.body);
    let version = Selector::parse("input[name=version]").unwrap();
    let version = html.select(&version).next().unwrap();
    version.attr("value").unwrap().to_owned()
}

/// Sends the question that a page asks of the provider, of its newest version.
async fn send(browser: &mut Browser, address: &str) -> Answer {
    let edit = browser.click("/admin/authentication/okta/edit").await;
    let version = version_on(&edit);
    let csrf = browser.csrf("/account").await;
    let form = [("csrf", csrf.as_str()), ("version", version.as_str())];
    browser.submit(address, &form).await
}

/// An admin does not lock all admins out with a click; a second way opens it.
async fn the_last_way_in_for_admins_is_not_switched_off(place: Place) {
    let idp = Idp::new();
    idp.register(&place.server).await;
    let (mut admin, _) = idp
        .signed_in_with(&place.server, "ada", Some("admin"))
        .await;
    let enabled = async || {
        let provider = place.server.api().get("/api/v1/providers/okta").await;
        provider["enabled"] == true
    };
    for what in ["disable", "delete"] {
        let address = format!("/admin/authentication/okta/{what}");
        let page = admin.click(&address).await;
        assert!(
            page.body.contains("the last way in for admins"),
            "{what}: {}",
            page.body
        );
        let refused = send(&mut admin, &address).await;
        assert_eq!(refused.status, 403, "{what}: {}", refused.body);
        assert!(enabled().await, "{what}");
    }
    // An admin with a password.
    let root = place.person("root@example.com", PASSWORD).await;
    let path = format!("/api/v1/users/{}", root["id"].as_str().unwrap());
    let roles = json!({ "roles": ["admin"] });
    let api = place.server.api();
    api.expect("PATCH", &path, Some(&roles), 200).await;
    let address = "/admin/authentication/okta/disable";
    let page = admin.click(address).await;
    assert!(!page.body.contains("the last way in for admins"));
    let done = send(&mut admin, address).await;
    assert!(
        done.location.unwrap().contains("done=provider-disabled"),
        "{}",
        done.body
    );
    assert!(!enabled().await);
}
