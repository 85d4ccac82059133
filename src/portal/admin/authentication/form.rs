//! A provider as a form, and a form as a provider.

use std::collections::BTreeMap;

use crate::domain::oauth::{MASK, OauthSettings, WriteOnly};
use crate::domain::provider::{NameIdFormat, RequestBinding, SamlSettings};
use crate::domain::{Field, Provider};
use crate::login::kinds::Mistakes;
use crate::platform::web::Page;
use crate::portal::admin::typed::Typed;
use crate::portal::brought::as_sentence;

/// Characters of a field of several lines.
const LONGEST: usize = 20_000;
/// The start of the names of the fields of the attribute table.
pub(super) const NAMES: &str = "names-";
/// What stands between a group's value and our groups.
const ARROW: &str = "=>";

/// The texts of OAuth's settings: name, and where they stand.
type TextOf = fn(&mut OauthSettings) -> &mut Option<String>;

/// The optional texts of OAuth's settings.
pub(super) const OAUTH_TEXTS: [(&str, TextOf); 9] = [
    ("issuer", |oauth| &mut oauth.issuer),
    ("tenant", |oauth| &mut oauth.tenant),
    ("hosted_domain", |oauth| &mut oauth.hosted_domain),
    ("organization", |oauth| &mut oauth.organization),
    ("authorization_endpoint", |oauth| {
        &mut oauth.authorization_endpoint
    }),
    ("token_endpoint", |oauth| &mut oauth.token_endpoint),
    ("userinfo_endpoint", |oauth| &mut oauth.userinfo_endpoint),
    ("jwks_uri", |oauth| &mut oauth.jwks_uri),
    ("end_session_endpoint", |oauth| {
        &mut oauth.end_session_endpoint
    }),
];

/// The rows of the attribute table: our names, in the order in which people read
/// them.
pub(super) fn targets(provider: &Provider) -> Vec<&'static str> {
    let mut all: Vec<&'static str> = Vec::new();
    if provider.kind.is_oauth() {
        all.push("sub");
    }
    all.extend(Field::ALL.iter().map(|field| field.name()));
    all.extend(["groups", "scim_id"]);
    all
}

fn switch(typed: Typed, name: &str, is_on: bool) -> Typed {
    if is_on { typed.with(name, "on") } else { typed }
}

/// What stands in the form of a provider.
pub(super) fn typed_of(provider: &Provider) -> Typed {
    let mut typed = Typed::default()
        .with("slug", provider.slug.as_str())
        .with("label", &provider.label)
        .with("allowed_domains", provider.allowed_domains.join("\n"));
    typed = switch(typed, "jit", provider.jit);
    typed = switch(typed, "link_by_email", provider.link_by_email);
    for field in &provider.sync_fields {
        typed = typed.with("sync_fields", field.name());
    }
    let groups = provider.group_map.iter();
    let groups = groups.map(|(value, names)| format!("{value} {ARROW} {}", names.join("; ")));
    typed = typed.with("group_map", groups.collect::<Vec<_>>().join("\n"));
    let (typed, names) = match (&provider.saml, &provider.oauth) {
        (Some(saml), _) => (saml_of(typed, saml), Some(&saml.attributes)),
        (None, Some(oauth)) => (oauth_of(typed, oauth), Some(&oauth.claims)),
        (None, None) => (typed, None),
    };
    let mut typed = typed;
    for (field, names) in names.into_iter().flatten() {
        typed = typed.with(&format!("{NAMES}{field}"), names.join("\n"));
    }
    typed
}

fn saml_of(typed: Typed, saml: &SamlSettings) -> Typed {
    let mut typed = typed
        .with("request_binding", saml.request_binding.as_str())
        .with(
            "name_id_format",
            saml.name_id_format.map_or("", NameIdFormat::as_str),
        )
        .with(
            "requested_authn_context",
            saml.requested_authn_context.join("\n"),
        );
    for (name, is_on) in [
        ("sign_requests", saml.sign_requests),
        ("require_encryption", saml.require_encryption),
        ("force_authn", saml.force_authn),
        ("allow_sha1", saml.allow_sha1),
        ("local_logout", saml.local_logout),
    ] {
        typed = switch(typed, name, is_on);
    }
    typed
}

fn oauth_of(typed: Typed, oauth: &OauthSettings) -> Typed {
    let mut typed = typed
        .with("client_id", &oauth.client_id)
        .with("scopes", oauth.scopes.join(" "))
        .with("allowed_tenants", oauth.allowed_tenants.join("\n"));
    let mut copy = oauth.clone();
    for (name, text) in OAUTH_TEXTS {
        typed = typed.with(name, text(&mut copy).clone().unwrap_or_default());
    }
    typed = switch(typed, "upn_as_email", oauth.upn_as_email);
    typed = switch(typed, "single_logout", oauth.single_logout);
    switch(typed, "trust_email", oauth.trust_email)
}

/// A field of several lines; commas end a line too where `commas` says so.
fn lines(page: &Page, typed: &mut Typed, name: &str, commas: bool) -> Vec<String> {
    let text = typed.value(name).to_owned();
    if text.chars().count() > LONGEST {
        let longest = LONGEST.to_string();
        typed.refuse(name, page.t_with("form-too-long", &[("most", &longest)]));
        return Vec::new();
    }
    if text
        .chars()
        .any(|c| c.is_control() && c != '\n' && c != '\t')
    {
        typed.refuse(name, page.t("form-hidden"));
        return Vec::new();
    }
    let cut = |c: char| c == '\n' || commas && matches!(c, ',' | ' ' | '\t');
    let parts = text
        .split(cut)
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts.map(ToOwned::to_owned).collect()
}

/// The provider that a form describes, on the ground of the one that is there.
pub(super) fn provider_of(page: &Page, typed: &mut Typed, mut provider: Provider) -> Provider {
    provider.label = typed.required(page, "label", 80).unwrap_or_default();
    provider.allowed_domains = lines(page, typed, "allowed_domains", true);
    provider.jit = typed.is("jit", "on");
    provider.link_by_email = typed.is("link_by_email", "on");
    provider.sync_fields = Field::ALL
        .iter()
        .copied()
        .filter(|field| typed.is("sync_fields", field.name()))
        .collect();
    provider.group_map = groups(page, typed);
    let names = names(page, typed, &targets(&provider));
    if let Some(saml) = provider.saml.as_mut() {
        saml.attributes = names.clone();
        saml.request_binding =
            RequestBinding::parse(typed.value("request_binding")).unwrap_or_default();
        saml.name_id_format = NameIdFormat::parse(typed.value("name_id_format"));
        saml.requested_authn_context = lines(page, typed, "requested_authn_context", false);
        saml.sign_requests = typed.is("sign_requests", "on");
        saml.require_encryption = typed.is("require_encryption", "on");
        saml.force_authn = typed.is("force_authn", "on");
        saml.allow_sha1 = typed.is("allow_sha1", "on");
        saml.local_logout = typed.is("local_logout", "on");
    }
    if let Some(oauth) = provider.oauth.as_mut() {
        oauth.claims = names;
        oauth.client_id = typed.required(page, "client_id", 512).unwrap_or_default();
        oauth.scopes = lines(page, typed, "scopes", true);
        oauth.allowed_tenants = lines(page, typed, "allowed_tenants", true);
        for (name, text) in OAUTH_TEXTS {
            *text(oauth) = typed.line(page, name, 2048);
        }
        oauth.upn_as_email = typed.is("upn_as_email", "on");
        oauth.trust_email = typed.is("trust_email", "on");
        oauth.single_logout = typed.is("single_logout", "on");
        secret(page, typed, oauth);
    }
    provider
}

/// A secret that is left empty stays as it is.
fn secret(page: &Page, typed: &mut Typed, oauth: &mut OauthSettings) {
    if let Some(text) = typed.line(page, "client_secret", 2048) {
        oauth.client_secret = Some(WriteOnly::new(text));
    } else if oauth.client_secret.is_some() {
        oauth.client_secret = Some(WriteOnly::new(MASK));
    }
}

fn groups(page: &Page, typed: &mut Typed) -> BTreeMap<String, Vec<String>> {
    let mut map: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in lines(page, typed, "group_map", false) {
        let Some((value, names)) = line.split_once(ARROW) else {
            typed.refuse(
                "group_map",
                page.t_with("provider-groups-wrong", &[("line", &line)]),
            );
            continue;
        };
        let names = names
            .split(';')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        let names: Vec<String> = names.map(ToOwned::to_owned).collect();
        let value = value.trim().to_owned();
        if value.is_empty() || names.is_empty() || map.contains_key(&value) {
            typed.refuse(
                "group_map",
                page.t_with("provider-groups-wrong", &[("line", &line)]),
            );
        }
        map.insert(value, names);
    }
    map
}

fn names(page: &Page, typed: &mut Typed, targets: &[&str]) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for target in targets {
        let names = lines(page, typed, &format!("{NAMES}{target}"), false);
        if !names.is_empty() {
            all.insert((*target).to_owned(), names);
        }
    }
    all
}

/// Puts what is wrong with a provider to its fields.
pub(super) fn refuse(typed: &mut Typed, mistakes: &Mistakes) {
    for mistake in &mistakes.all {
        let parts: Vec<&str> = mistake.key.split('.').collect();
        let name = match parts.as_slice() {
            ["saml", "attributes", field, ..] | ["oauth", "claims", field, ..] => {
                format!("{NAMES}{field}")
            }
            ["saml" | "oauth", setting, ..] | [setting, ..] => (*setting).to_owned(),
            [] => String::new(),
        };
        typed.refuse(&name, as_sentence(&mistake.sentence));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ProviderKind, Slug};
    use crate::platform::i18n::Locale;
    use crate::platform::web::{Kit, KitSettings};

    fn page() -> Page {
        let origin = url::Url::parse("https://sso.example.com").unwrap();
        Kit::new(KitSettings::new(origin)).page(Locale::En)
    }

    fn blank(kind: ProviderKind) -> Provider {
        Provider::blank(Slug::parse("it").unwrap(), kind, "SSO Login")
    }

    #[test]
    fn a_form_that_is_sent_back_unchanged_changes_nothing() {
        let page = page();
        let mut saml = blank(ProviderKind::Saml);
        saml.allowed_domains = vec!["example.com".to_owned(), "*.example.com".to_owned()];
        saml.group_map.insert(
            "CN=a,OU=b".to_owned(),
            vec!["A & B".to_owned(), "C".to_owned()],
        );
        saml.jit = false;
        saml.sync_fields = vec![Field::Name, Field::JobTitle];
        let settings = saml.saml.as_mut().unwrap();
        settings.metadata_xml = Some("<x/>".to_owned());
        settings.sign_requests = true;
        settings.local_logout = true;
        settings.name_id_format = Some(NameIdFormat::Persistent);
        settings.request_binding = RequestBinding::Post;
        settings.attributes.insert(
            "upn".to_owned(),
            vec!["a b".to_owned(), "urn:oid:1".to_owned()],
        );
        let mut oauth = blank(ProviderKind::Oidc);
        let settings = oauth.oauth.as_mut().unwrap();
        settings.client_id = "id".to_owned();
        settings.client_secret = Some(WriteOnly::new(MASK));
        settings.issuer = Some("https://issuer.example.com".to_owned());
        settings.scopes = vec!["openid".to_owned(), "email".to_owned()];
        settings
            .claims
            .insert("sub".to_owned(), vec!["uid".to_owned()]);
        settings.trust_email = true;
        settings.single_logout = true;
        settings.end_session_endpoint = Some("https://issuer.example.com/end".to_owned());
        for provider in [saml, oauth] {
            let mut typed = typed_of(&provider);
            let again = provider_of(&page, &mut typed, provider.clone());
            assert!(typed.is_sound(), "{typed:?}");
            assert_eq!(again, provider);
            assert!(!format!("{typed:?}").contains(MASK));
        }
    }

    #[test]
    fn what_is_wrong_stands_at_its_field() {
        let page = page();
        let long = "x".repeat(LONGEST + 1);
        for (name, value) in [
            ("label", ""),
            ("label", "a\u{202e}b"),
            ("allowed_domains", long.as_str()),
            ("allowed_domains", "a\u{0}b"),
            ("group_map", "no arrow"),
            ("group_map", "x => "),
            ("group_map", "x => A\nx => B"),
            ("names-upn", "a\u{7}"),
        ] {
            let mut typed = Typed::default().with(name, value);
            if name != "label" {
                typed = typed.with("label", "SSO");
            }
            provider_of(&page, &mut typed, blank(ProviderKind::Saml));
            assert!(typed.problem(name).is_some(), "{name}: {value:.20}");
            assert_eq!(typed.value(name), value);
        }
        let mut typed = Typed::default().with("label", "SSO");
        provider_of(&page, &mut typed, blank(ProviderKind::Google));
        assert!(typed.problem("client_id").is_some());
    }

    #[test]
    fn mistakes_find_their_fields() {
        use crate::login::kinds::Mistake;
        let mut typed = Typed::default();
        let mistake = |key: &str| Mistake {
            key: key.to_owned(),
            sentence: "is wrong".to_owned(),
        };
        let all = vec![
            mistake("allowed_domains.3"),
            mistake("saml.attributes.upn"),
            mistake("oauth.issuer"),
            mistake("saml.metadata_url"),
        ];
        refuse(&mut typed, &Mistakes { all, code: None });
        for name in ["allowed_domains", "names-upn", "issuer", "metadata_url"] {
            assert_eq!(typed.problem(name), Some("Is wrong."), "{name}");
        }
    }
}
