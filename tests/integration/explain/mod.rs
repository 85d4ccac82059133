//! A gateway that explains itself: one test per sentence.
//!
//! Each test sets up something that goes wrong in practice, signs in twice, in
//! English and in German, and reads what the admin finds under the reference of
//! the page, and the whole of the page.

mod addresses;
mod browser;
mod flood;
mod idp;
mod inspect;
mod keys;
mod people;
mod time;

use serde_json::Value;

use crate::harness::{Answer, Browser, Forge, Idp, Person, Server};

/// What an admin and a person are told.
pub struct Told {
    /// The name of the set-up, for the table in the guide.
    pub case: &'static str,
    /// The stable code.
    pub code: &'static str,
    /// `failed` or `refused`.
    pub outcome: &'static str,
    /// Who has to change something.
    pub side: &'static str,
    /// What stands in the summary, all of it.
    pub summary: Vec<String>,
    /// What stands in the remedy, all of it.
    pub remedy: Vec<String>,
    /// What was expected, if anything was compared.
    pub expected: Option<String>,
    /// What came; `None` when the test does not say.
    pub received: Option<Vec<String>>,
    /// The name of the person's sentence in the language files.
    pub page: &'static str,
}

impl Told {
    /// A failure with nothing compared.
    pub fn failed(case: &'static str, code: &'static str, side: &'static str) -> Self {
        Self {
            case,
            code,
            outcome: "failed",
            side,
            summary: Vec::new(),
            remedy: Vec::new(),
            expected: None,
            received: None,
            page: "not-verified",
        }
    }

    /// A decision of ours.
    pub fn refused(case: &'static str, code: &'static str, side: &'static str) -> Self {
        Self {
            outcome: "refused",
            ..Self::failed(case, code, side)
        }
    }

    /// With words of the summary.
    pub fn saying(mut self, words: &[&str]) -> Self {
        self.summary = words.iter().map(|w| (*w).to_owned()).collect();
        self
    }

    /// With words of the remedy.
    pub fn advising(mut self, words: &[&str]) -> Self {
        self.remedy = words.iter().map(|w| (*w).to_owned()).collect();
        self
    }

    /// With what was compared.
    pub fn comparing(mut self, expected: Option<&str>, received: &[&str]) -> Self {
        self.expected = expected.map(ToOwned::to_owned);
        self.received = Some(received.iter().map(|r| (*r).to_owned()).collect());
        self
    }

    /// With the person's sentence.
    pub fn on_page(mut self, page: &'static str) -> Self {
        self.page = page;
        self
    }

    /// Looks at the trace and the page; the trace.
    pub async fn check(&self, server: &Server, page: &Answer, language: &str) -> Value {
        let case = self.case;
        let reference = page
            .reference()
            .unwrap_or_else(|| panic!("{case}: no reference:\n{}", page.body));
        let path = format!("/api/v1/logins?reference={reference}");
        let found = server.api().list(&path).await;
        assert_eq!(found.len(), 1, "{case}: {found:?}");
        let trace = found[0].clone();
        assert_eq!(trace["code"], self.code, "{case}: {trace:#}");
        assert_eq!(trace["outcome"], self.outcome, "{case}: {trace:#}");
        assert_eq!(trace["side"], self.side, "{case}: {trace:#}");
        assert_eq!(trace["kind"], "saml", "{case}");
        for (key, words) in [("summary", &self.summary), ("remedy", &self.remedy)] {
            let text = trace[key].as_str().unwrap_or_default();
            let sentence = text.ends_with('.') && text.len() > 20;
            assert!(sentence, "{case}: the {key} is no sentence: {trace:#}");
            for word in words {
                assert!(text.contains(word), "{case}: no {word:?} in {text:?}");
            }
        }
        assert_eq!(
            trace["expected"].as_str(),
            self.expected.as_deref(),
            "{case}: {trace:#}"
        );
        if let Some(received) = &self.received {
            assert_eq!(trace["received"], serde_json::json!(received), "{case}");
        }
        let id = trace["id"].as_str().unwrap();
        let alone = server.api().get(&format!("/api/v1/logins/{id}")).await;
        assert_eq!(alone, trace, "{case}: one trace, told twice");
        self.check_page(page, language);
        if language == "en" {
            println_row(self, &trace);
        }
        trace
    }

    /// The page says its sentence and nothing else.
    fn check_page(&self, page: &Answer, language: &str) {
        let case = self.case;
        let html = scraper::Html::parse_document(&page.body);
        let selector = scraper::Selector::parse("main section.card, section.card").unwrap();
        let card = html.select(&selector).next().unwrap();
        let mut rest = squeezed(&card.text().collect::<Vec<_>>().join(" "));
        let said = rest.clone();
        let id = |part: &str| text(language, &format!("error-{}-{part}", self.page));
        for part in [id("title"), id("text"), id("next")] {
            assert!(rest.contains(&part), "{case}: no {part:?} in {rest:?}");
            rest = rest.replacen(&part, "", 1);
        }
        for part in [
            text(language, "error-retry"),
            text(language, "error-home"),
            text(language, "error-reference-label"),
            text(language, "error-reference-hint"),
            page.reference().unwrap(),
        ] {
            rest = rest.replacen(&part, "", 1);
        }
        assert_eq!(squeezed(&rest), "", "{case}: the page says more");
        let lower = said.to_lowercase();
        for jargon in [
            "assertion",
            "saml ",
            "token",
            "audience",
            "certificate",
            "xml",
        ] {
            assert!(!lower.contains(jargon), "{case}: the page says {jargon:?}");
        }
    }
}

/// A row of the table in the guide: `cargo test -- explain --nocapture`.
fn println_row(told: &Told, trace: &Value) {
    let text = |key: &str| trace[key].as_str().unwrap_or_default().to_owned();
    eprintln!(
        "TABLE | {} | `{}`: {} **{}** {} | {} {} {} |",
        told.case,
        text("code"),
        text("summary"),
        text("side"),
        text("remedy"),
        self::text("en", &format!("error-{}-title", told.page)) + ".",
        self::text("en", &format!("error-{}-text", told.page)),
        self::text("en", &format!("error-{}-next", told.page)),
    );
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text of the language files.
pub fn text(language: &str, id: &str) -> String {
    let path = format!(
        "{}/locales/{language}/errors.ftl",
        env!("CARGO_MANIFEST_DIR")
    );
    let file = std::fs::read_to_string(path).unwrap();
    let begin = format!("{id} = ");
    file.lines()
        .find_map(|line| line.strip_prefix(&begin))
        .unwrap_or_else(|| panic!("no {id} in {language}"))
        .to_owned()
}

/// A browser that speaks a language.
pub fn browser(server: &Server, language: &str) -> Browser {
    let mut browser = Browser::new(server);
    browser.language = language.to_owned();
    browser
}

/// The IdP as Okta would be, so that the words are Okta's.
pub fn okta() -> Idp {
    let mut idp = Idp::new();
    idp.entity_id = "http://www.okta.com/exk1example".to_owned();
    idp.sso_url = "https://example.okta.com/app/doorward/exk1example/sso/saml".to_owned();
    idp
}

/// A login with a changed answer, in both languages; the last trace.
pub async fn login(
    server: &Server,
    idp: &Idp,
    person: &Person,
    change: impl Fn(&mut Forge),
    told: &Told,
) -> Value {
    let mut trace = Value::Null;
    for language in ["en", "de"] {
        let mut browser = browser(server, language);
        let outcome = idp.login_as(server, &mut browser, person, &change).await;
        outcome.refused();
        assert_eq!(outcome.last.status, 403, "{}", told.case);
        trace = told.check(server, &outcome.last, language).await;
    }
    trace
}
