//! Samples of the pages of passkeys.

use super::*;

fn row(page: &Page, name: &str, kind: &'static str, pending: bool) -> PasskeyRow {
    PasskeyRow {
        name: name.to_owned(),
        kind,
        pending,
        synced: kind == "passkey-kind-passkey",
        since: page.locale().t_count("ago-hours", 3),
        used: (!pending).then(|| page.t("ago-now")),
        place: "/account/passkeys/0199".to_owned(),
    }
}

impl PasskeySection {
    pub(in crate::portal) fn full(page: &Page) -> Self {
        Self {
            rows: vec![
                row(page, "Chrome on Linux", "passkey-kind-passkey", false),
                row(page, "<b>Blue</b> & card", "passkey-kind-card", true),
                row(page, "YubiKey", "passkey-kind-hardware-key", false),
            ],
            on: true,
        }
    }

    pub(in crate::portal) fn empty() -> Self {
        Self {
            rows: Vec::new(),
            on: true,
        }
    }
}

pub(in crate::portal) type Rendered = (String, Result<String, askama::Error>);

/// Every page in each of its states.
pub(in crate::portal) fn all(page: &Page) -> Vec<Rendered> {
    let csrf = || "token".to_owned();
    let hostile = || "\"><script>alert(1)</script>".to_owned();
    let mut all: Vec<Rendered> = Vec::new();
    let mut add = |name: &str, html: Result<String, askama::Error>| {
        all.push((format!("passkeys-{name}"), html));
    };
    for (name, problem) in [
        ("new", None),
        ("new-name", Some("passkey-name-problem")),
        ("new-refused", Some("passkey-add-refused")),
    ] {
        let sample = NewPage {
            page: page.clone(),
            name: hostile(),
            problem,
            csrf: csrf(),
        };
        add(name, sample.render());
    }
    for (name, problem) in [
        ("rename", None),
        ("rename-problem", Some("passkey-name-problem")),
    ] {
        let sample = RenamePage {
            page: page.clone(),
            name: hostile(),
            problem,
            action: "/account/passkeys/0199/rename".to_owned(),
            csrf: csrf(),
        };
        add(name, sample.render());
    }
    let sample = RemovePage {
        page: page.clone(),
        name: hostile(),
        action: "/account/passkeys/0199/remove".to_owned(),
        csrf: csrf(),
    };
    add("remove", sample.render());
    let sample = AgainPage {
        page: page.clone(),
        href: "/login?choose=1&rd=%2Faccount%2Fpasskeys%2Fnew".to_owned(),
    };
    add("again", sample.render());
    let open = OpenKey {
        person: hostile(),
        name: hostile(),
        text: "passkey-activate-smartphone",
        code: crate::portal::code::drawing("https://sso.example.com/passkeys/activate/token"),
        until: page.locale().moment(Timestamp(1_767_225_600_000)),
        action: "/passkeys/activate/token".to_owned(),
        csrf: csrf(),
    };
    let renew = ("/passkeys/activate/token/renew".to_owned(), csrf());
    for (name, link) in [
        ("activate", Link::Open(open)),
        ("activate-expired", Link::Expired(Some(renew))),
        ("activate-expired-no-mail", Link::Expired(None)),
        ("activate-gone", Link::Gone),
    ] {
        let sample = ActivatePage {
            page: page.clone(),
            link,
        };
        add(name, sample.render());
    }
    for (name, problem) in [("pin", None), ("pin-problem", Some("passkey-pin-problem"))] {
        let sample = PinPage {
            page: page.clone(),
            account: hostile(),
            problem,
            csrf: csrf(),
        };
        add(name, sample.render());
    }
    all
}
