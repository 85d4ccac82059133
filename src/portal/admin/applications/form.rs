//! From an application to what stands in its forms, and back.

use std::collections::BTreeMap;

use crate::domain::Application;
use crate::domain::application::{
    AccessRule, ApplicationKind, ClientAuthMethod, GrantType, PathAccess, PathRule, SCOPES,
    SigningAlg, SubjectType,
};
use crate::platform::web::Page;
use crate::portal::admin::typed::Typed;

/// The parts in which an application is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Name, addresses, who may use it.
    General,
    /// What an OpenID client has.
    Openid,
    /// Which claims it is given.
    Claims,
    /// What forward-auth needs.
    Forward,
}

impl Part {
    /// Every part.
    pub(super) const ALL: [Self; 4] = [Self::General, Self::Openid, Self::Claims, Self::Forward];

    /// Its word in addresses and in the language files.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Openid => "openid",
            Self::Claims => "claims",
            Self::Forward => "forward",
        }
    }

    /// The part of that word.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.word() == word)
    }

    /// Whether applications of this kind have the part.
    pub(super) const fn belongs_to(self, kind: ApplicationKind) -> bool {
        match self {
            Self::General => true,
            Self::Openid | Self::Claims => matches!(kind, ApplicationKind::Oidc),
            Self::Forward => matches!(kind, ApplicationKind::ForwardAuth),
        }
    }
}

fn pairs(map: &BTreeMap<String, String>) -> String {
    let lines = map.iter().map(|(name, field)| format!("{name} = {field}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// What stands in the form of a part.
pub(super) fn filled(part: Part, application: &Application, version: i64) -> Typed {
    let flag = |on: bool| if on { "1" } else { "" };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let a = application;
    let typed = Typed::default().with("version", version.to_string());
    match part {
        Part::General => typed
            .with("name", a.name.as_str())
            .with("access", a.access.as_str())
            .with("enabled", flag(a.enabled))
            .with("launch_url", text(&a.launch_url))
            .with("logo_url", text(&a.logo_url)),
        Part::Openid => {
            let mut typed = typed
                .with("redirect_uris", a.redirect_uris.join("\n"))
                .with(
                    "post_logout_redirect_uris",
                    a.post_logout_redirect_uris.join("\n"),
                )
                .with("confidential", flag(a.confidential))
                .with("require_pkce", flag(a.require_pkce))
                .with(
                    "require_pushed_authorization_requests",
                    flag(a.require_pushed_authorization_requests),
                )
                .with("first_party", flag(a.first_party))
                .with("code_lifetime", a.code_lifetime.to_string())
                .with(
                    "id_token_signed_response_alg",
                    a.id_token_signed_response_alg.as_str(),
                )
                .with(
                    "userinfo_signed_response_alg",
                    a.userinfo_signed_response_alg
                        .map_or("", SigningAlg::as_str),
                )
                .with(
                    "token_endpoint_auth_method",
                    a.token_endpoint_auth_method
                        .map_or("", ClientAuthMethod::as_str),
                )
                .with(
                    "jwks",
                    a.jwks
                        .as_ref()
                        .map_or_else(String::new, ToString::to_string),
                )
                .with("jwks_uri", text(&a.jwks_uri))
                .with("subject_type", a.subject_type.as_str())
                .with("sector_identifier", text(&a.sector_identifier))
                .with("backchannel_logout_uri", text(&a.backchannel_logout_uri));
            for grant in &a.grant_types {
                typed = typed.with("grant_types", grant.as_str());
            }
            typed
        }
        Part::Claims => {
            let mut typed = typed.with("claims", pairs(&a.claims));
            for scope in &a.scopes {
                typed = typed.with("scopes", scope.as_str());
            }
            typed
        }
        Part::Forward => {
            let rules = a.path_rules.iter();
            let rules = rules.map(|rule| format!("{} = {}", rule.path, rule.access));
            let clients: Vec<&str> = a.bearer_clients.iter().map(String::as_str).collect();
            typed
                .with("hosts", a.hosts.join("\n"))
                .with("path_rules", rules.collect::<Vec<_>>().join("\n"))
                .with("headers", pairs(&a.headers))
                .with("group_separator", a.group_separator.as_str())
                .with("allow_cors_preflight", flag(a.allow_cors_preflight))
                .with("bearer_clients", clients.join("\n"))
        }
    }
}

fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

/// Lines of `name = value`; a line that is none is refused.
fn read_pairs(typed: &mut Typed, page: &Page, field: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in lines(typed.value(field)) {
        let Some((name, value)) = line.split_once('=') else {
            let line: String = line.chars().take(80).collect();
            typed.refuse(
                field,
                page.t_with("application-pair-wrong", &[("line", &line)]),
            );
            continue;
        };
        let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
        if found.iter().any(|(other, _)| *other == name) {
            typed.refuse(
                field,
                page.t_with("application-pair-twice", &[("name", &name)]),
            );
        }
        found.push((name, value));
    }
    found
}

/// A word of a closed list; what is none of them did not come from our form.
fn word<T>(typed: &mut Typed, page: &Page, field: &str, read: fn(&str) -> Option<T>) -> Option<T> {
    let word = read(typed.value(field));
    if word.is_none() {
        typed.refuse(field, page.t("form-required"));
    }
    word
}

/// The same where nothing may be chosen.
fn opt_word<T>(
    typed: &mut Typed,
    page: &Page,
    field: &str,
    read: fn(&str) -> Option<T>,
) -> Option<T> {
    if typed.value(field).is_empty() {
        return None;
    }
    word(typed, page, field, read)
}

/// Puts what was typed into an application. What is wrong with it is said at the
/// fields.
pub(super) fn apply(part: Part, typed: &mut Typed, page: &Page, application: &mut Application) {
    let a = application;
    match part {
        Part::General => {
            a.name = typed.required(page, "name", 120).unwrap_or_default();
            if let Some(access) = word(typed, page, "access", AccessRule::parse) {
                a.access = access;
            }
            a.enabled = typed.is("enabled", "1");
            a.launch_url = typed.line(page, "launch_url", 2048);
            a.logo_url = typed.line(page, "logo_url", 2048);
        }
        Part::Openid => openid(typed, page, a),
        Part::Claims => {
            a.claims = read_pairs(typed, page, "claims").into_iter().collect();
            a.scopes = typed
                .values("scopes")
                .filter(|scope| SCOPES.contains(scope))
                .map(str::to_owned)
                .collect();
        }
        Part::Forward => {
            a.hosts = lines(typed.value("hosts"));
            a.headers = read_pairs(typed, page, "headers").into_iter().collect();
            let mut rules = Vec::new();
            for (path, access) in read_pairs(typed, page, "path_rules") {
                if let Some(access) = PathAccess::parse(&access) {
                    rules.push(PathRule { path, access });
                } else {
                    let text = page.t_with("application-rule-wrong", &[("rule", &access)]);
                    typed.refuse("path_rules", text);
                }
            }
            a.path_rules = rules;
            a.group_separator = typed.value("group_separator").to_owned();
            a.allow_cors_preflight = typed.is("allow_cors_preflight", "1");
            a.bearer_clients = lines(typed.value("bearer_clients")).into_iter().collect();
        }
    }
    say(typed, a);
}

fn openid(typed: &mut Typed, page: &Page, a: &mut Application) {
    a.redirect_uris = lines(typed.value("redirect_uris"));
    a.post_logout_redirect_uris = lines(typed.value("post_logout_redirect_uris"));
    a.confidential = typed.is("confidential", "1");
    a.require_pkce = typed.is("require_pkce", "1");
    a.require_pushed_authorization_requests =
        typed.is("require_pushed_authorization_requests", "1");
    a.first_party = typed.is("first_party", "1");
    match typed.value("code_lifetime").trim().parse() {
        Ok(seconds) => a.code_lifetime = seconds,
        Err(_) => typed.refuse("code_lifetime", page.t("application-no-number")),
    }
    let field = "id_token_signed_response_alg";
    if let Some(alg) = word(typed, page, field, SigningAlg::parse) {
        a.id_token_signed_response_alg = alg;
    }
    let field = "userinfo_signed_response_alg";
    a.userinfo_signed_response_alg = opt_word(typed, page, field, SigningAlg::parse);
    let field = "token_endpoint_auth_method";
    a.token_endpoint_auth_method = opt_word(typed, page, field, ClientAuthMethod::parse);
    if let Some(subject) = word(typed, page, "subject_type", SubjectType::parse) {
        a.subject_type = subject;
    }
    a.sector_identifier = typed.line(page, "sector_identifier", 255);
    a.backchannel_logout_uri = typed.line(page, "backchannel_logout_uri", 2048);
    a.jwks_uri = typed.line(page, "jwks_uri", 2048);
    a.grant_types = typed
        .values("grant_types")
        .filter_map(GrantType::parse)
        .collect();
    let jwks = typed.value("jwks").trim().to_owned();
    a.jwks = None;
    if !jwks.is_empty() {
        match serde_json::from_str(&jwks) {
            Ok(set) => a.jwks = Some(set),
            Err(_) => typed.refuse("jwks", page.t("application-no-json")),
        }
    }
}

/// Says what is wrong with an application at the fields of its forms.
pub(super) fn say(typed: &mut Typed, application: &Application) {
    for mistake in application.mistakes() {
        let mut places = mistake.pointer.split('/').skip(1);
        let field = places.next().unwrap_or_default().to_owned();
        let problem = match places.next() {
            // Which line, or which of the pairs.
            Some(inner) => {
                let which = inner.parse::<usize>().map_or_else(
                    |_| inner.replace("~1", "/").replace("~0", "~"),
                    |line| (line + 1).to_string(),
                );
                format!("{which}: {}", mistake.detail)
            }
            None => mistake.detail,
        };
        typed.refuse(&field, problem);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::i18n::Locale;
    use crate::platform::web::{Kit, KitSettings};

    fn page() -> Page {
        let origin = url::Url::parse("https://sso.example.com").unwrap();
        Kit::new(KitSettings::new(origin)).page(Locale::En)
    }

    /// A form that is sent back as it was shown changes nothing.
    #[test]
    fn forms_come_back_as_they_were() {
        for kind in ApplicationKind::ALL {
            let before = crate::portal::admin::applications::sample(*kind);
            for part in Part::ALL.into_iter().filter(|part| part.belongs_to(*kind)) {
                let mut after = before.clone();
                let mut typed = filled(part, &before, 7);
                apply(part, &mut typed, &page(), &mut after);
                assert_eq!(after, before, "{kind} {}", part.word());
                assert!(typed.is_sound(), "{kind} {}: {typed:?}", part.word());
                assert_eq!(typed.version(), 7);
            }
        }
    }

    #[test]
    fn mistakes_stand_at_their_fields() {
        let mut application = crate::portal::admin::applications::sample(ApplicationKind::Oidc);
        let mut typed = filled(Part::Openid, &application, 1);
        typed = Typed::default()
            .with(
                "redirect_uris",
                "https://a.example/cb\nhttps://b.example/#x",
            )
            .with("code_lifetime", "soon")
            .with("jwks", "{")
            .with(
                "id_token_signed_response_alg",
                typed.value("id_token_signed_response_alg"),
            )
            .with("subject_type", "everything");
        apply(Part::Openid, &mut typed, &page(), &mut application);
        for field in [
            "redirect_uris",
            "code_lifetime",
            "jwks",
            "subject_type",
            "grant_types",
        ] {
            assert!(typed.problem(field).is_some(), "{field}: {typed:?}");
        }
        assert!(typed.problem("redirect_uris").unwrap().starts_with("2: "));

        let mut typed = Typed::default()
            .with("claims", "x\nsub = email\ny = nothing\ny = email")
            .with("scopes", "openid");
        apply(Part::Claims, &mut typed, &page(), &mut application);
        assert!(typed.problem("claims").is_some());
        let mut forward = crate::portal::admin::applications::sample(ApplicationKind::ForwardAuth);
        let mut typed = Typed::default()
            .with("hosts", "")
            .with("path_rules", "/x = perhaps")
            .with("headers", "Host = email")
            .with("group_separator", "<");
        apply(Part::Forward, &mut typed, &page(), &mut forward);
        for field in ["hosts", "path_rules", "headers", "group_separator"] {
            assert!(typed.problem(field).is_some(), "{field}: {typed:?}");
        }
    }
}
