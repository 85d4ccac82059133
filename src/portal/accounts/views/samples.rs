//! Each page in each of its states.

use askama::Template;

use super::*;
use crate::domain::Timestamp;
use crate::platform::web::Page;

const HOSTILE: &str = "\"><script>alert(1)</script>@northwind.example";

/// Every page: a name, and its HTML.
#[expect(clippy::too_many_lines, reason = "one state after the other")]
pub fn all(page: &Page) -> Vec<(&'static str, String)> {
    let until = page.locale().moment(Timestamp(1_767_225_600_000));
    let link = LinkPage {
        page: page.clone(),
        purpose: "activate",
        email: "ada.lovelace@northwind.example".to_owned(),
        until: until.clone(),
        with_password: true,
        problem: None,
        action: "/activate/token".to_owned(),
        csrf: "token".to_owned(),
    };
    let weak = LinkPage {
        problem: Some("password-personal"),
        email: HOSTILE.to_owned(),
        ..link.clone()
    };
    let without = LinkPage {
        with_password: false,
        ..link.clone()
    };
    let reset_link = LinkPage {
        purpose: "reset",
        ..link.clone()
    };
    let over = |state: &'static str, renew: bool| LinkOverPage {
        page: page.clone(),
        state,
        text: page.t(&format!("link-{state}-text")),
        renew: renew.then(|| ("/activate/token/renew".to_owned(), "token".to_owned())),
    };
    let told = |title: &str, text: &str| ToldPage {
        page: page.clone(),
        title: page.t(title),
        text: page.t(text),
    };
    let reset = ResetPage {
        page: page.clone(),
        can_mail: true,
        email: String::new(),
        problem: None,
        csrf: "token".to_owned(),
    };
    let wrong = ResetPage {
        email: HOSTILE.to_owned(),
        problem: Some(page.locale().t_count("reset-wait", 3)),
        ..reset.clone()
    };
    let no_mail = ResetPage {
        can_mail: false,
        ..reset.clone()
    };
    let password = PasswordPage {
        page: page.clone(),
        email: "ada.lovelace@northwind.example".to_owned(),
        replaces: true,
        old_problem: None,
        problem: None,
        csrf: "token".to_owned(),
    };
    let first = PasswordPage {
        replaces: false,
        ..password.clone()
    };
    let both = PasswordPage {
        old_problem: Some("password-old-wrong"),
        problem: Some("password-common"),
        ..password.clone()
    };
    let way_in = WayInPage {
        page: page.clone(),
        email: HOSTILE.to_owned(),
        until,
        action: "/login/local/token".to_owned(),
        problem: Some(page.locale().t_count("login-password-wait", 1)),
        csrf: "token".to_owned(),
    };
    let again = AgainPage { page: page.clone() };
    vec![
        ("activate", link.render().unwrap()),
        ("activate-weak", weak.render().unwrap()),
        ("activate-without", without.render().unwrap()),
        ("reset-link", reset_link.render().unwrap()),
        ("expired", over("expired", true).render().unwrap()),
        ("expired-no-mail", over("expired", false).render().unwrap()),
        ("used", over("used", false).render().unwrap()),
        ("unknown", over("unknown", false).render().unwrap()),
        (
            "sent",
            told("reset-sent-title", "reset-sent-text")
                .render()
                .unwrap(),
        ),
        (
            "renewed",
            told("link-renewed-title", "link-renewed-text")
                .render()
                .unwrap(),
        ),
        ("reset", reset.render().unwrap()),
        ("reset-wrong", wrong.render().unwrap()),
        ("reset-no-mail", no_mail.render().unwrap()),
        ("password", password.render().unwrap()),
        ("password-first", first.render().unwrap()),
        ("password-both", both.render().unwrap()),
        ("way-in", way_in.render().unwrap()),
        ("again", again.render().unwrap()),
    ]
}
