//! Samples of the wizard's pages and of a user's keys.

use super::*;
use crate::domain::Timestamp;

const HOSTILE: &str = "\"><script>alert(1)</script>";

fn wizard(page: &Page, step: Step, typed: Typed) -> WizardPage {
    WizardPage {
        page: page.clone(),
        shell: Shell::sample(page, super::super::SECTION),
        step,
        typed,
        groups: vec![
            ("0199-1".to_owned(), "Engineering".to_owned()),
            ("0199-2".to_owned(), HOSTILE.to_owned()),
        ],
        more_groups: true,
        summary: vec![
            (page.t("field-name"), HOSTILE.to_owned()),
            (page.t("new-groups"), "Engineering, Sales".to_owned()),
        ],
        effects: vec![page.t("new-effect-pending"), page.t("new-effect-link")],
        keys: true,
        mail: true,
    }
}

fn row(page: &Page, shell: &Shell, state: &str, tone: &'static str) -> KeyRow {
    KeyRow {
        name: HOSTILE.to_owned(),
        kind: page.t("passkey-kind-card"),
        state: page.t(&format!("key-state-{state}")),
        tone,
        since: shell.time(page, Timestamp(1_767_225_600_000)),
        used: (state == "active").then(|| shell.time(page, Timestamp(1_767_225_600_000))),
        place: "/admin/users/1/keys/0199".to_owned(),
    }
}

/// Every page in each of its states.
#[expect(clippy::too_many_lines, reason = "one state after the other")]
pub(in crate::portal::admin) fn all(page: &Page) -> Vec<(String, String)> {
    let shell = Shell::sample(page, super::super::SECTION);
    let filled = || {
        Typed::default()
            .with("name", HOSTILE)
            .with("email", "ada@northwind.example")
            .with("group", "0199-1")
            .with("group", "0199-9")
            .with("with_key", "yes")
            .with("kind", "card")
            .with("key_name", HOSTILE)
    };
    let mut all = Vec::new();
    let mut add = |name: &str, html: Result<String, askama::Error>| {
        all.push((format!("admin-new-{name}"), html.unwrap()));
    };
    for step in Step::ALL {
        add(step.word(), wizard(page, step, filled()).render());
        let mut wrong = filled();
        for name in ["email", "group", "kind", "key_name", "invite"] {
            wrong.refuse(name, page.t("form-required"));
        }
        add(
            &format!("{}-wrong", step.word()),
            wizard(page, step, wrong).render(),
        );
    }
    let mut bare = wizard(page, Step::Groups, Typed::default());
    bare.groups.clear();
    add("groups-none", bare.render());
    let off = WizardPage {
        keys: false,
        mail: false,
        ..wizard(page, Step::Key, Typed::default())
    };
    add("key-off", off.render());
    let link = "https://sso.example.com/passkeys/activate/token".to_owned();
    let told = ToldPage {
        page: page.clone(),
        shell: shell.clone(),
        title: page.t("new-told-title"),
        name: HOSTILE.to_owned(),
        said: vec![page.t("new-told-pending")],
        link: Some((link.clone(), crate::portal::code::drawing(&link))),
        account_link: Some(link),
        pin: None,
        pin_page: "https://sso.example.com/passkeys/pin".to_owned(),
        desk: Some("/admin/users/1/keys/0199/desk".to_owned()),
        back: "/admin/users/1".to_owned(),
    };
    add("told", told.render());
    let pin = ToldPage {
        link: None,
        account_link: None,
        pin: Some("1234 5678".to_owned()),
        desk: None,
        ..told
    };
    add("told-pin", pin.render());
    let mailed = ToldPage {
        pin: None,
        said: vec![page.t_with(
            "new-told-mailed",
            &[("email", HOSTILE), ("until", "2026-01-01")],
        )],
        ..pin.clone()
    };
    add("told-mailed", mailed.render());
    for (name, may_write) in [("keys", true), ("keys-read", false)] {
        let keys = KeysPage {
            page: page.clone(),
            shell: shell.clone(),
            name: HOSTILE.to_owned(),
            back: "/admin/users/1".to_owned(),
            rows: vec![
                row(page, &shell, "active", "good"),
                row(page, &shell, "pending", "off"),
                row(page, &shell, "revoked", "plain"),
            ],
            typed: Typed::default(),
            may_write,
            mail: true,
        };
        add(name, keys.render());
        let none = KeysPage {
            rows: Vec::new(),
            ..keys
        };
        add(&format!("{name}-none"), none.render());
    }
    for (name, pending, may_write) in [
        ("pending", true, true),
        ("active", false, true),
        ("read", false, false),
    ] {
        let key = KeyPage {
            page: page.clone(),
            shell: shell.clone(),
            person: HOSTILE.to_owned(),
            back: "/admin/users/1/keys".to_owned(),
            row: row(page, &shell, "pending", "off"),
            pending,
            facts: vec![(page.t("key-link-until"), page.t("key-none"))],
            typed: Typed::default().with("name", HOSTILE),
            may_write,
            mail: true,
        };
        add(&format!("one-{name}"), key.render());
    }
    for (name, problem) in [("desk", None), ("desk-problem", Some("desk-known"))] {
        let desk = DeskPage {
            page: page.clone(),
            shell: shell.clone(),
            person: HOSTILE.to_owned(),
            name: HOSTILE.to_owned(),
            text: "desk-card",
            back: "/admin/users/1/keys/0199".to_owned(),
            action: "/admin/users/1/keys/0199/desk".to_owned(),
            problem,
        };
        add(name, desk.render());
    }
    all
}
