//! Every page of the portal and of the kit in each of its states, in every
//! language, checked for what all pages owe their readers.
//!
//! With `DOORWARD_PAGES` set to a folder, the pages are also written there, to
//! be looked at.

use std::collections::HashSet;
use std::path::Path;

use askama::Template;
use axum::response::Response;
use http_body_util::BodyExt as _;
use scraper::{Html, Selector};
use url::Url;

use super::*;
use crate::domain::{Reference, Timestamp};
use crate::platform::i18n::Locale;
use crate::platform::web::pages::{NotAdmitted, Relay};
use crate::platform::web::{Accent, Branding, Failure, Kit, KitSettings, Logo, Message, Support};

mod branches;

fn plain_kit() -> Kit {
    Kit::new(KitSettings::new(
        Url::parse("https://sso.example.com").unwrap(),
    ))
}

fn branded_kit() -> Kit {
    let mut settings = KitSettings::new(Url::parse("https://sso.example.com").unwrap());
    settings.branding = Branding {
        name: Some("Northwind & Sons".to_owned()),
        logo: None,
        accent: Accent::parse("#0f766e").unwrap(),
        support: Support::parse("it-help@northwind.example"),
        imprint_url: Url::parse("https://northwind.example/imprint").ok(),
        privacy_url: Url::parse("https://northwind.example/privacy").ok(),
    };
    Kit::new(settings)
}

fn logo_kit() -> Kit {
    let mut settings = KitSettings::new(Url::parse("https://sso.example.com").unwrap());
    let drawing = br##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 180 40"><circle cx="20" cy="20" r="16" fill="#d97706"/><text x="46" y="28" font-family="sans-serif" font-size="24" fill="#d97706">contoso</text></svg>"##;
    settings.branding.logo = Logo::from_bytes(drawing.to_vec());
    settings.branding.name = Some("Contoso".to_owned());
    settings.branding.accent = Accent::parse("#fde68a").unwrap();
    settings.branding.support = Support::parse("Service desk, extension 300");
    Kit::new(settings)
}

fn button(label: &str, slug: &str, last_used: bool) -> ProviderButton {
    ProviderButton {
        label: label.to_owned(),
        href: format!("/saml/{slug}/login?rd=%2Fwiki%3Fa%3D1%26b"),
        last_used,
    }
}

impl LoginPage {
    #[expect(clippy::too_many_lines, reason = "one state after the other")]
    fn samples(page: &Page) -> Vec<(&'static str, Self)> {
        let base = Self {
            page: page.clone(),
            providers: vec![button("SSO Login", "okta", false)],
            email: None,
            passkeys: false,
            rd: None,
            notice: None,
            password: None,
        };
        let several = vec![
            button("Northwind account", "entra", true),
            button("Contractors", "okta", false),
            button(
                "Universität Ålesund – Lehre & Forschung <extern>",
                "uni",
                false,
            ),
        ];
        let mut fresh = several.clone();
        if let Some(first) = fresh.first_mut() {
            first.last_used = false;
        }
        let with_email = Self {
            providers: several.clone(),
            email: Some(EmailForm::default()),
            rd: Some("/wiki?a=1&b=\"2\"".to_owned()),
            ..base.clone()
        };
        let unknown = |value: &str, problem| Self {
            email: Some(EmailForm {
                value: value.to_owned(),
                problem: Some(problem),
            }),
            ..with_email.clone()
        };
        vec![
            ("one", base.clone()),
            (
                "signed-out",
                Self {
                    notice: Some(LoginNotice::SignedOut),
                    ..base.clone()
                },
            ),
            (
                "other-account",
                Self {
                    notice: Some(LoginNotice::OtherAccount),
                    providers: several.clone(),
                    ..base.clone()
                },
            ),
            (
                "several",
                Self {
                    providers: several,
                    ..base.clone()
                },
            ),
            (
                "several-fresh",
                Self {
                    providers: fresh,
                    ..base.clone()
                },
            ),
            ("email", with_email.clone()),
            (
                "passkeys",
                Self {
                    passkeys: true,
                    ..with_email.clone()
                },
            ),
            (
                "passkeys-alone",
                Self {
                    passkeys: true,
                    providers: Vec::new(),
                    ..base.clone()
                },
            ),
            (
                "email-unknown",
                unknown("ada@elsewhere.example", EmailProblem::Unknown),
            ),
            (
                "email-invalid",
                unknown("\"><script>", EmailProblem::Invalid),
            ),
            (
                "none",
                Self {
                    providers: Vec::new(),
                    ..base.clone()
                },
            ),
            (
                "password",
                Self {
                    providers: Vec::new(),
                    password: Some(PasswordForm::default()),
                    notice: Some(LoginNotice::Ready),
                    ..base.clone()
                },
            ),
            (
                "password-below",
                Self {
                    password: Some(PasswordForm::default()),
                    notice: Some(LoginNotice::Activated),
                    ..base.clone()
                },
            ),
            (
                "password-wrong",
                Self {
                    password: Some(PasswordForm {
                        email: "\"><script>alert(1)</script>".to_owned(),
                        problem: Some(page.t("login-password-wrong")),
                        csrf: "token".to_owned(),
                    }),
                    rd: Some("/wiki?a=1&b=\"2\"".to_owned()),
                    ..with_email
                },
            ),
        ]
    }
}

impl AccountPage {
    fn samples(page: &Page) -> Vec<(&'static str, Self)> {
        let field = |id: &str, value: &str, source: Option<&str>| FieldRow {
            label: page.t(id),
            value: value.to_owned(),
            source: source.map(|id| page.t(id)),
        };
        let session = |device: &str, handle: Option<&str>| SessionRow {
            device: device.to_owned(),
            since: page.locale().t_count("ago-hours", 3),
            seen: page.t("ago-now"),
            address: "2001:db8::1f".to_owned(),
            handle: handle.map(str::to_owned),
        };
        let identity = |provider: &str, subject: &str, off: bool| IdentityRow {
            provider: provider.to_owned(),
            subject: subject.to_owned(),
            since: page.locale().moment(Timestamp(1_767_225_600_000)),
            used: page.locale().t_count("ago-hours", 3),
            off,
            unlink: Some("/account/identities/b1946ac9/unlink".to_owned()),
        };
        let tile = |name: &str, logo: Option<&str>| Tile {
            name: name.to_owned(),
            href: "https://wiki.northwind.example/".to_owned(),
            logo: logo.map(str::to_owned),
            letter: name.chars().take(1).collect(),
        };
        let full = Self {
            page: page.clone(),
            name: "Ada Lovelace".to_owned(),
            initials: "AL".to_owned(),
            email: Some("ada.lovelace@northwind.example".to_owned()),
            csrf: "token".to_owned(),
            applications: vec![
                tile("Wiki", None),
                tile("Grafana <dashboards> & alerts of the whole company", None),
                tile("Mail", Some("https://mail.northwind.example/logo.svg")),
            ],
            fields: vec![
                field("field-upn", "ada@northwind.example", Some("source-saml")),
                field(
                    "field-email",
                    "ada.lovelace@northwind.example",
                    Some("source-saml"),
                ),
                field("field-name", "Ada Lovelace", Some("source-scim")),
                field(
                    "field-department",
                    "Analytical Engines & <Looms>",
                    Some("source-saml"),
                ),
                field(
                    "field-job_title",
                    "Principal Mathematician",
                    Some("source-import"),
                ),
                field("field-phone", "+44 20 7946 0018", None),
            ],
            identities: vec![
                identity("Northwind account", "ada@northwind.example", false),
                identity(
                    "Contractors",
                    "f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0",
                    true,
                ),
            ],
            links: vec![LinkButton {
                label: "Google".to_owned(),
                href: "/oauth/google/login?link=token".to_owned(),
            }],
            sessions: vec![
                session("Firefox on Windows", None),
                session("Safari on iPhone", Some("b1946ac9")),
                session("Chrome on Android", Some("591785b7")),
            ],
            password: PasswordRow::Has,
            photo: None,
            passkeys: Some(PasskeySection::full(page)),
            notice: None,
            dashboard: true,
        };
        Self::variants(&full, session("Unknown device", None))
    }

    /// The other states of a full page.
    fn variants(full: &Self, unknown: SessionRow) -> Vec<(&'static str, Self)> {
        let bare = Self {
            photo: Some("/photos/0a1b2c3d".to_owned()),
            passkeys: Some(PasskeySection::empty()),
            name: "0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4c".to_owned(),
            initials: "0".to_owned(),
            email: None,
            applications: Vec::new(),
            fields: Vec::new(),
            identities: Vec::new(),
            links: Vec::new(),
            dashboard: false,
            sessions: vec![unknown],
            password: PasswordRow::None,
            ..full.clone()
        };
        let mut only = full.clone();
        only.password = PasswordRow::Provider("Northwind <account>".to_owned());
        only.identities.truncate(1);
        for identity in &mut only.identities {
            identity.unlink = None;
        }
        let mut all = vec![("full", full.clone()), ("bare", bare), ("only", only)];
        for notice in AccountNotice::ALL {
            assert_eq!(AccountNotice::parse(notice.word()), Some(notice));
            all.push((
                notice.word(),
                Self {
                    notice: Some(notice),
                    ..full.clone()
                },
            ));
        }
        all
    }
}

/// Every page in a language: a name, and its HTML.
async fn pages(kit: &Kit, locale: Locale) -> Vec<(String, String)> {
    let page = kit.page(locale);
    let mut all: Vec<(String, String)> = Vec::new();
    for (name, sample) in LoginPage::samples(&page) {
        all.push((format!("login-{name}"), sample.render().unwrap()));
    }
    for (name, sample) in AccountPage::samples(&page) {
        all.push((format!("account-{name}"), sample.render().unwrap()));
    }
    all.extend(crate::portal::admin::samples(&page));
    all.extend(crate::portal::setup::samples::pages(&page));
    all.extend(crate::portal::tested::samples::pages(&page));
    for (name, html) in crate::portal::passkeys::views::samples::all(&page) {
        all.push((name, html.unwrap()));
    }
    let logout = LogoutPage {
        page: page.clone(),
        name: "Ada <Lovelace>".to_owned(),
        csrf: "token".to_owned(),
    };
    all.push(("logout".to_owned(), logout.render().unwrap()));
    let unlink = UnlinkPage {
        page: page.clone(),
        provider: "Contractors <&>".to_owned(),
        subject: "f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0".to_owned(),
        action: "/account/identities/b1946ac9/unlink".to_owned(),
        csrf: "token".to_owned(),
    };
    all.push(("unlink".to_owned(), unlink.render().unwrap()));
    for (name, html) in crate::portal::accounts::samples(&page) {
        all.push((format!("accounts-{name}"), html));
    }
    let signed_out = SignedOutPage {
        page: page.clone(),
        again: "/login?choose=1".to_owned(),
        also_there: false,
    };
    all.push(("signed-out".to_owned(), signed_out.render().unwrap()));
    let signed_out = SignedOutPage {
        also_there: true,
        ..signed_out
    };
    all.push(("signed-out-there".to_owned(), signed_out.render().unwrap()));
    for message in Message::ALL {
        let reference = Reference::from_row("K7QF-2M9D".to_owned());
        let failure = Failure::new(*message, "code", reference).with_detail("detail");
        let name = format!("error-{}", message.id());
        all.push((
            name.clone(),
            text(kit.failure_page(locale, failure.clone())).await,
        ));
        let failure = failure.with_retry("/login?rd=%2F").with_other_account();
        all.push((
            format!("{name}-both"),
            text(kit.failure_page(locale, failure)).await,
        ));
    }
    let relay = Relay {
        action: "https://idp.example.com/sso".to_owned(),
        fields: vec![("SAMLRequest".to_owned(), "PHNhbWw+".to_owned())],
    };
    all.push((
        "on-the-way".to_owned(),
        text(kit.on_the_way(locale, relay)).await,
    ));
    all.extend(branches::of_applications(&page));
    let refusal = NotAdmitted {
        application: "Payroll".to_owned(),
        account: "ada.lovelace@northwind.example".to_owned(),
        switch: "/login?choose=1".to_owned(),
    };
    all.push((
        "not-admitted".to_owned(),
        text(kit.not_admitted(locale, refusal)).await,
    ));
    all
}

async fn text(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn every_page_is_sound() {
    let folder = std::env::var_os("DOORWARD_PAGES");
    for (brand, kit) in [
        ("plain", plain_kit()),
        ("branded", branded_kit()),
        ("logo", logo_kit()),
    ] {
        for locale in Locale::ALL {
            for (name, html) in pages(&kit, *locale).await {
                check(&format!("{brand} {} {name}", locale.tag()), *locale, &html);
                if let Some(folder) = &folder {
                    let file = format!("{brand}-{}-{name}.html", locale.tag());
                    std::fs::write(Path::new(folder).join(file), &html).unwrap();
                }
            }
        }
        if let Some(folder) = &folder {
            write_assets(&kit, Path::new(folder)).await;
        }
    }
}

/// Writes the assets beside the pages under the addresses that they use.
async fn write_assets(kit: &Kit, folder: &Path) {
    use tower::ServiceExt as _;
    let router = crate::platform::web::secure(axum::Router::new(), kit);
    let page = kit.page(Locale::En);
    let names = [
        "app.css",
        "brand.css",
        "favicon.svg",
        "logo.svg",
        "local-time.js",
        "copy.js",
    ];
    for url in names
        .iter()
        .map(|name| page.asset(name))
        .filter(|url| !url.is_empty())
    {
        let request = axum::http::Request::get(url)
            .body(axum::body::Body::empty())
            .unwrap();
        let body = text(router.clone().oneshot(request).await.unwrap()).await;
        std::fs::create_dir_all(folder.join("assets")).unwrap();
        std::fs::write(folder.join(url.trim_start_matches('/')), body).unwrap();
    }
}

/// What every page owes its readers.
fn check(name: &str, locale: Locale, html: &str) {
    let document = Html::parse_document(html);
    let all = |css: &str| {
        let selector = Selector::parse(css).unwrap();
        document.select(&selector).collect::<Vec<_>>()
    };
    assert!(document.errors.is_empty(), "{name}: {:?}", document.errors);
    for css in [
        "h1",
        "main",
        "title",
        "header",
        "html[lang]",
        "meta[name=viewport]",
    ] {
        assert_eq!(all(css).len(), 1, "{name} needs exactly one {css}");
    }
    assert_eq!(all("html")[0].attr("lang"), Some(locale.tag()), "{name}");
    let title: String = all("title")[0].text().collect();
    let heading: String = all("h1")[0].text().collect();
    assert!(heading.trim().len() > 1 || name.contains("bare"), "{name}");
    assert!(title.contains(" · "), "{name}: {title}");
    assert!(!html.contains('\u{27e6}'), "{name} lacks a text");
    assert!(!html.contains("{{") && !html.contains("{%"), "{name}");

    // Nothing that the policy would refuse.
    assert_eq!(
        all("[style], style, [onclick], [onload]").len(),
        0,
        "{name}"
    );
    for script in all("script") {
        let asset = script
            .attr("src")
            .is_some_and(|s| s.starts_with("/assets/"));
        assert!(
            script.attr("nonce").is_some() || asset,
            "{name}: a script without nonce"
        );
    }
    // No value has become markup.
    for element in all("*") {
        let handler = element
            .value()
            .attrs()
            .find(|(name, _)| name.starts_with("on"));
        assert_eq!(handler, None, "{name}");
    }
    for link in all("link[href], img[src]") {
        let address = link.attr("href").or(link.attr("src")).unwrap();
        // An admin chose the pictures of applications; their servers are not told
        // who looks.
        let chosen = link.attr("referrerpolicy") == Some("no-referrer");
        assert!(
            address.starts_with("/assets/") || address.starts_with("/photos/") || chosen,
            "{name}: {address}"
        );
    }

    // Headings do not skip a level.
    let mut level = 0;
    for heading in all("h1, h2, h3, h4") {
        let next = heading.value().name()[1..].parse::<u32>().unwrap();
        assert!(next <= level + 1, "{name}: h{next} after h{level}");
        level = next;
    }

    let ids: Vec<&str> = all("[id]").iter().filter_map(|e| e.attr("id")).collect();
    let unique: HashSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "{name}: an id stands twice");
    for attribute in ["aria-labelledby", "aria-describedby", "for"] {
        for element in all(&format!("[{attribute}]")) {
            for id in element.attr(attribute).unwrap().split_whitespace() {
                assert!(
                    unique.contains(id),
                    "{name}: {attribute}={id} leads nowhere"
                );
            }
        }
    }
    for input in all("input:not([type=hidden]), select, textarea") {
        let id = input.attr("id").unwrap();
        assert_eq!(all(&format!("label[for={id}]")).len(), 1, "{name}: {id}");
    }
    for control in all("a, button") {
        let label: String = control.text().collect();
        let named = !label.trim().is_empty() || control.attr("aria-label").is_some();
        assert!(named, "{name}: a control without a name");
    }
    // Beside a name a picture says nothing more.
    for image in all("img:not([referrerpolicy], .avatar)") {
        assert!(
            image.attr("alt").is_some_and(|alt| !alt.is_empty()),
            "{name}"
        );
    }
    // The token of a sign-in with a passkey is its challenge, which this browser fetched.
    for form in all("form[method=post]:not([data-passkey=get])") {
        let action = form.attr("action").unwrap();
        let token = form
            .select(&Selector::parse("input[type=hidden][name=csrf]").unwrap())
            .next();
        assert_eq!(token.is_some(), action.starts_with('/'), "{name}: {action}");
    }
}
