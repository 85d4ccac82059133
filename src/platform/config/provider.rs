//! `[[provider]]` tables: the providers that a file manages, in the shape of
//! the API, and `saml.metadata_file` and `oauth.client_secret_file` besides,
//! which the API has no use for.

mod oauth;

use std::collections::BTreeMap;
use std::path::Path;

use figment::value::{Dict, Value};

use super::collect::{Collector, Overrides};
use super::problem::{Problems, nearest};
use super::{source, tables};
use crate::domain::address::DomainPattern;
use crate::domain::provider::{ProviderKind, SamlSettings};
use crate::domain::{Field, Provider};

/// More than any single IdP's metadata; federations' aggregates are larger,
/// and are better given by `metadata_url`.
const MAX_METADATA_BYTES: u64 = 16 * 1024 * 1024;

/// Reads the providers of a file for `doorward provider apply`: a TOML file
/// that holds `[[provider]]` tables and nothing else.
///
/// # Errors
///
/// Everything that is wrong with it, not only the first.
pub fn providers_from_file(
    path: &Path,
    allow_private_networks: bool,
) -> Result<Vec<Provider>, Problems> {
    let text = source::read_file(path, &[])?;
    let name = path.display().to_string();
    let mut tree = source::parse_toml(&name, &text).map_err(|problem| Problems(vec![problem]))?;
    let mut collector = Collector::new(Overrides::new());
    let base = path.parent().unwrap_or_else(|| Path::new(""));
    let listed = tree.remove("provider");
    if listed.is_none() {
        collector.problems.add(name, "holds no [[provider]] table");
    }
    let providers = read_all(listed, base, &mut collector);
    for key in tree.keys() {
        collector.problems.add(
            key.as_str(),
            "only [[provider]] tables may stand in this file",
        );
    }
    let mut problems = collector.problems;
    check_all(&providers, allow_private_networks, &mut problems);
    if problems.is_empty() {
        Ok(providers)
    } else {
        Err(problems)
    }
}

/// Reads every table; those that are no provider are left out, with findings.
pub(super) fn read_all(
    listed: Option<Value>,
    base: &Path,
    collector: &mut Collector,
) -> Vec<Provider> {
    let Some(listed) = listed else {
        return Vec::new();
    };
    let Some(items) = tables(listed) else {
        collector
            .problems
            .add("provider", "must be a list of tables; write [[provider]]");
        return Vec::new();
    };
    let mut providers = Vec::with_capacity(items.len());
    for (index, mut item) in items.into_iter().enumerate() {
        let key = key_of(&item, index);
        if let Value::Dict(_, table) = &mut item {
            load_metadata_file(&key, table, base, &mut collector.problems);
            load_secret_file(&key, table, base, &mut collector.problems);
        }
        providers.extend(collector.read::<Provider>(&[key], item));
    }
    providers
}

/// How findings call a provider: by its slug, else by its place in the file.
fn key_of(item: &Value, index: usize) -> String {
    match item.find_ref("slug").and_then(Value::as_str) {
        Some(slug) => format!("provider[{slug}]"),
        None => format!("provider[#{}]", index + 1),
    }
}

/// Replaces `saml.metadata_file` by the text of that file.
fn load_metadata_file(key: &str, table: &mut Dict, base: &Path, problems: &mut Problems) {
    let Some(Value::Dict(_, saml)) = table.get_mut("saml") else {
        return;
    };
    let Some(file) = saml.remove("metadata_file") else {
        return;
    };
    let key = format!("{key}.saml.metadata_file");
    let Some(file) = file.as_str() else {
        problems.add(key, "expected the path of a file");
        return;
    };
    if saml.contains_key("metadata_xml") {
        problems.add(key, "stands beside metadata_xml; one of them is too many");
        return;
    }
    let path = base.join(file);
    let text = match std::fs::metadata(&path) {
        Ok(found) if found.len() > MAX_METADATA_BYTES => {
            Err("is larger than 16 MiB; give its address in metadata_url".to_owned())
        }
        Ok(_) => std::fs::read_to_string(&path).map_err(|e| format!("cannot be read: {e}")),
        Err(error) => Err(format!("cannot be read: {error}")),
    };
    match text {
        Ok(text) => {
            saml.insert("metadata_xml".to_owned(), Value::from(text.as_str()));
        }
        Err(sentence) => problems.add(key, format!("{} {sentence}", path.display())),
    }
}

/// Replaces `oauth.client_secret_file` by the text of that file, without the
/// line's end.
fn load_secret_file(key: &str, table: &mut Dict, base: &Path, problems: &mut Problems) {
    let Some(Value::Dict(_, oauth)) = table.get_mut("oauth") else {
        return;
    };
    let Some(file) = oauth.remove("client_secret_file") else {
        return;
    };
    let key = format!("{key}.oauth.client_secret_file");
    let Some(file) = file.as_str() else {
        problems.add(key, "expected the path of a file");
        return;
    };
    if oauth.contains_key("client_secret") {
        problems.add(key, "stands beside client_secret; one of them is too many");
        return;
    }
    let path = base.join(file);
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let secret = text.trim_end_matches(['\r', '\n']);
            oauth.insert("client_secret".to_owned(), Value::from(secret));
        }
        Err(error) => problems.add(key, format!("{} cannot be read: {error}", path.display())),
    }
}

/// Checks providers one by one and against each other.
pub(super) fn check_all(
    providers: &[Provider],
    allow_private_networks: bool,
    problems: &mut Problems,
) {
    for (index, provider) in providers.iter().enumerate() {
        let key = format!("provider[{}]", provider.slug);
        let earlier = providers.iter().take(index);
        if earlier.clone().any(|other| other.slug == provider.slug) {
            problems.add(
                format!("{key}.slug"),
                "stands twice; a slug names one provider",
            );
        }
        for problem in provider_problems(provider, allow_private_networks).0 {
            problems.add(format!("{key}.{}", problem.key), problem.sentence);
        }
    }
}

/// What is wrong with a provider beyond its types, each finding with its key
/// in the shape of the API. The metadata itself is not looked into.
#[must_use]
pub fn provider_problems(provider: &Provider, allow_private_networks: bool) -> Problems {
    let mut problems = Problems::default();
    let label = provider.label.trim();
    if label.is_empty() || label.chars().count() > 80 || label.chars().any(char::is_control) {
        problems.add("label", "must have 1 to 80 characters");
    }
    check_domains("allowed_domains", &provider.allowed_domains, &mut problems);
    for (value, groups) in &provider.group_map {
        if groups.iter().any(|group| group.trim().is_empty()) {
            problems.add(format!("group_map.{value}"), "names an empty group");
        }
    }
    match (provider.kind, &provider.saml) {
        (ProviderKind::Saml, Some(saml)) => {
            // A draft is described later; switched on it has to be described now.
            if saml.is_blank() && provider.enabled {
                problems.add(
                    "saml",
                    "needs the IdP's metadata: metadata_xml or, in a file, metadata_file; without it \
                     a provider can only be a draft, with enabled = false",
                );
            }
            check_saml(saml, allow_private_networks, &mut problems);
        }
        (ProviderKind::Saml, None) => {
            problems.add("saml", "is missing; a provider of kind `saml` needs it");
        }
        (kind, Some(_)) => problems.add(
            "saml",
            format!("stands in a provider of kind `{kind}`, which has no use for it"),
        ),
        (_, None) => {}
    }
    match (provider.kind, &provider.oauth) {
        (ProviderKind::Saml, Some(_)) => problems.add(
            "oauth",
            "stands in a provider of kind `saml`, which has no use for it",
        ),
        (ProviderKind::Saml, None) => {}
        (kind, Some(oauth)) => {
            oauth::check_oauth(kind, oauth, allow_private_networks, &mut problems);
        }
        (kind, None) => problems.add(
            "oauth",
            format!("is missing; a provider of kind `{kind}` needs it"),
        ),
    }
    problems
}

/// Notes the patterns that are none.
pub(super) fn check_domains(key: &str, patterns: &[String], problems: &mut Problems) {
    for (index, pattern) in patterns.iter().enumerate() {
        if DomainPattern::parse(pattern).is_none() {
            problems.add(
                format!("{key}.{index}"),
                format!(
                    "`{pattern}` is no domain pattern; write example.com, *.example.com (the \
                     levels below) or *"
                ),
            );
        }
    }
}

fn check_saml(saml: &SamlSettings, allow_private_networks: bool, problems: &mut Problems) {
    if let Some(address) = &saml.metadata_url
        && let Err(sentence) = check_outbound_url(address, allow_private_networks)
    {
        problems.add("saml.metadata_url", sentence);
    }
    check_field_names(
        "saml.attributes",
        &saml.attributes,
        &["groups", "scim_id"],
        problems,
    );
    for (index, class) in saml.requested_authn_context.iter().enumerate() {
        if class.trim().is_empty() {
            problems.add(
                format!("saml.requested_authn_context.{index}"),
                "must not be empty",
            );
        }
    }
}

/// Checks a map of our fields to another one's names for them.
fn check_field_names(
    place: &str,
    map: &BTreeMap<String, Vec<String>>,
    more: &[&'static str],
    problems: &mut Problems,
) {
    let fields = || {
        let names = Field::ALL.iter().map(|field| field.name());
        names.chain(more.iter().copied())
    };
    let what = place.rsplit('.').next().unwrap_or(place);
    for (field, names) in map {
        let key = format!("{place}.{field}");
        if !fields().any(|known| known == field) {
            let hint = nearest(field, fields())
                .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            problems.add(key, format!("is no field of the directory{hint}"));
        } else if names.is_empty() || names.iter().any(|name| name.trim().is_empty()) {
            problems.add(
                key,
                format!("must name the {what} to try, none of them empty"),
            );
        }
    }
}

/// An address that we are to fetch: https, or http where private networks are
/// allowed. Whether it may be reached is decided when it is.
fn check_outbound_url(address: &str, allow_private_networks: bool) -> Result<(), String> {
    let url = url::Url::parse(address).map_err(|e| format!("is no URL ({e})"))?;
    match url.scheme() {
        "https" => Ok(()),
        "http" if allow_private_networks => Ok(()),
        "http" => Err(
            "must begin with https:// (plain http needs [security] allow_private_networks)"
                .to_owned(),
        ),
        _ => Err("must begin with https://".to_owned()),
    }
}
