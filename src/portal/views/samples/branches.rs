//! Samples that no folder of the portal has, and the test that none is missing.

use std::path::Path;

use askama::Template;

use super::{branded_kit, logo_kit, pages, plain_kit};
use crate::platform::i18n::Locale;
use crate::platform::web::Page;

/// The pages that applications bring people to.
pub(super) fn of_applications(page: &Page) -> Vec<(String, String)> {
    use crate::apps::oidc::{consent::ConsentPage, logout};
    let hostile = "\"><script>alert(1)</script>";
    let consent = ConsentPage {
        page: page.clone(),
        application: hostile.to_owned(),
        host: "client.example.com".to_owned(),
        account: hostile.to_owned(),
        items: vec![
            "consent-openid",
            "consent-profile",
            "consent-email",
            "consent-groups",
            "consent-phone",
            "consent-offline",
        ],
        flow: "flow".to_owned(),
        csrf: "token".to_owned(),
        switch: "/login?choose=1".to_owned(),
    };
    let mut all = vec![("consent".to_owned(), consent.render().unwrap())];
    for (name, application) in [("named", Some(hostile.to_owned())), ("nameless", None)] {
        let ask = logout::AskPage {
            page: page.clone(),
            name: hostile.to_owned(),
            application,
            client_id: hostile.to_owned(),
            redirect_uri: hostile.to_owned(),
            state: hostile.to_owned(),
            csrf: "token".to_owned(),
        };
        all.push((format!("oidc-logout-{name}"), ask.render().unwrap()));
    }
    all
}

/// Every piece of every template stands on some sample, so that no branch is left
/// untried.
#[tokio::test]
async fn every_branch_of_every_template_has_a_sample() {
    let mut all = String::new();
    for kit in [plain_kit(), branded_kit(), logo_kit()] {
        for (_, html) in pages(&kit, Locale::En).await {
            all.push_str(&html);
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut folders = vec![root];
    let mut missing = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // Letters have tests of their own.
                if !path.ends_with("mail") {
                    folders.push(path);
                }
                continue;
            }
            // Made by handlers of their own, with tests beside them.
            if path.ends_with("forward-auth-refused.html") || path.ends_with("api-docs.html") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for piece in pieces(&text) {
                if piece.len() >= 16 && !all.contains(&piece) {
                    missing.push(format!("{}: {piece}", path.display()));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// What stands between the tags of a template.
fn pieces(template: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (before, tag) = rest.split_at(at);
        found.last_mut().unwrap().push_str(before);
        let end = match tag.as_bytes().get(1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => "#}",
            _ => "{",
        };
        let after = tag.find(end).map_or(tag.len(), |to| to + end.len());
        rest = &tag[after..];
        found.push(String::new());
    }
    found.last_mut().unwrap().push_str(rest);
    found.iter().map(|piece| piece.trim().to_owned()).collect()
}
