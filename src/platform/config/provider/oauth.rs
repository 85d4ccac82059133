//! What can be wrong with the `oauth` settings of a provider.

use super::{check_field_names, check_outbound_url};
use crate::domain::address::domain_key;
use crate::domain::oauth::{ClientAuth, OauthSettings, WriteOnly};
use crate::domain::provider::ProviderKind;
use crate::platform::config::problem::Problems;

/// Longest client id and secret in octets.
const LONGEST: usize = 4096;

/// Notes what is wrong beyond the types.
pub(super) fn check_oauth(
    kind: ProviderKind,
    oauth: &OauthSettings,
    allow_private_networks: bool,
    problems: &mut Problems,
) {
    check_client(kind, oauth, problems);
    check_addresses(oauth, allow_private_networks, problems);
    check_needs(kind, oauth, problems);
    check_uses(kind, oauth, problems);
    check_scopes(kind, oauth, problems);
    check_field_names(
        "oauth.claims",
        &oauth.claims,
        &["sub", "groups", "scim_id"],
        problems,
    );
}

fn check_client(kind: ProviderKind, oauth: &OauthSettings, problems: &mut Problems) {
    let printable =
        |text: &str| text.len() <= LONGEST && text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if oauth.client_id.trim().is_empty() {
        let sentence = "is missing; the provider gives it when the gateway is registered there";
        problems.add("oauth.client_id", sentence);
    } else if !printable(&oauth.client_id) {
        problems.add("oauth.client_id", "must be printable ASCII (RFC 6749 §2.2)");
    }
    let secret = oauth.client_secret.as_ref().map(WriteOnly::expose);
    let without = oauth.token_endpoint_auth_method == Some(ClientAuth::None);
    match secret {
        Some(_) if without => problems.add(
            "oauth.token_endpoint_auth_method",
            "is `none`, but there is a client_secret; one of them is too many",
        ),
        Some("") => problems.add("oauth.client_secret", "must not be empty"),
        Some(text) if !printable(text) => problems.add(
            "oauth.client_secret",
            "must be printable ASCII (RFC 6749 §2.3.1)",
        ),
        None if kind.needs_secret() && !without => problems.add(
            "oauth.client_secret",
            format!("is missing; providers of kind `{kind}` know their clients by a secret"),
        ),
        None if matches!(
            oauth.token_endpoint_auth_method,
            Some(ClientAuth::Basic | ClientAuth::Post)
        ) =>
        {
            problems.add(
                "oauth.client_secret",
                "is missing; token_endpoint_auth_method asks for it",
            );
        }
        _ => {}
    }
}

fn check_addresses(oauth: &OauthSettings, allow_private_networks: bool, problems: &mut Problems) {
    for (name, address) in [
        ("issuer", &oauth.issuer),
        ("authorization_endpoint", &oauth.authorization_endpoint),
        ("token_endpoint", &oauth.token_endpoint),
        ("userinfo_endpoint", &oauth.userinfo_endpoint),
        ("jwks_uri", &oauth.jwks_uri),
        ("graph_endpoint", &oauth.graph_endpoint),
        ("end_session_endpoint", &oauth.end_session_endpoint),
    ] {
        let Some(address) = address else { continue };
        let key = format!("oauth.{name}");
        // A template is a URL once the tenant is filled in.
        let filled = address.replace("{tenantid}", "tenant");
        if let Err(sentence) = check_outbound_url(&filled, allow_private_networks) {
            problems.add(key, sentence);
            continue;
        }
        let Ok(url) = url::Url::parse(&filled) else {
            continue;
        };
        let plain = url.query().is_none() && url.fragment().is_none();
        if !url.username().is_empty() || url.password().is_some() {
            problems.add(key, "must not hold a user name or a password");
        } else if matches!(name, "issuer" | "graph_endpoint") && !plain {
            problems.add(key, "must have neither a query nor a fragment");
        } else if url.fragment().is_some() {
            problems.add(key, "must not have a fragment (RFC 6749 §3.1)");
        }
    }
}

/// What a kind cannot do without.
fn check_needs(kind: ProviderKind, oauth: &OauthSettings, problems: &mut Problems) {
    if kind == ProviderKind::Oidc && oauth.issuer.is_none() {
        let sentence = "is missing; an OpenID provider is known by its issuer";
        problems.add("oauth.issuer", sentence);
    }
    if kind == ProviderKind::Oauth2 {
        for (name, address) in [
            ("authorization_endpoint", &oauth.authorization_endpoint),
            ("token_endpoint", &oauth.token_endpoint),
            ("userinfo_endpoint", &oauth.userinfo_endpoint),
        ] {
            if address.is_none() {
                let sentence = "is missing; plain OAuth 2.0 has no discovery";
                problems.add(format!("oauth.{name}"), sentence);
            }
        }
    }
}

/// What would have no effect: an admin who sets it expects one.
fn check_uses(kind: ProviderKind, oauth: &OauthSettings, problems: &mut Problems) {
    let microsoft = kind == ProviderKind::Microsoft;
    let has_id_token = kind.has_id_token();
    for (set, usable, name, whose) in [
        (oauth.tenant.is_some(), microsoft, "tenant", "`microsoft`"),
        (
            !oauth.allowed_tenants.is_empty(),
            microsoft,
            "allowed_tenants",
            "`microsoft`",
        ),
        (
            oauth.graph_endpoint.is_some(),
            microsoft,
            "graph_endpoint",
            "`microsoft`",
        ),
        (
            oauth.organization.is_some(),
            kind == ProviderKind::Webex,
            "organization",
            "`webex`",
        ),
        (
            oauth.hosted_domain.is_some(),
            matches!(kind, ProviderKind::Google | ProviderKind::Oidc),
            "hosted_domain",
            "`google`",
        ),
        (
            oauth.single_logout,
            has_id_token,
            "single_logout",
            "those with ID tokens (`oidc` is any OpenID provider)",
        ),
        (
            oauth.end_session_endpoint.is_some(),
            has_id_token,
            "end_session_endpoint",
            "those with ID tokens (`oidc` is any OpenID provider)",
        ),
        (
            oauth.jwks_uri.is_some(),
            has_id_token,
            "jwks_uri",
            "those with ID tokens (`oidc` is any OpenID provider)",
        ),
    ] {
        if set && !usable {
            problems.add(
                format!("oauth.{name}"),
                format!("has no effect in a provider of kind `{kind}`; it is for {whose}"),
            );
        }
    }
    if let Some(domain) = &oauth.hosted_domain
        && domain_key(domain).is_none()
    {
        problems.add("oauth.hosted_domain", format!("`{domain}` is no domain"));
    }
    if let Some(tenant) = &oauth.tenant
        && (tenant.contains('/') || domain_key(tenant).is_none())
    {
        problems.add(
            "oauth.tenant",
            format!("`{tenant}` is no tenant; write its id, its domain, organizations or common"),
        );
    }
    for (index, tenant) in oauth.allowed_tenants.iter().enumerate() {
        if uuid::Uuid::try_parse(tenant).is_err() {
            problems.add(
                format!("oauth.allowed_tenants.{index}"),
                format!("`{tenant}` is no tenant id; Microsoft writes it as a UUID"),
            );
        }
    }
}

fn check_scopes(kind: ProviderKind, oauth: &OauthSettings, problems: &mut Problems) {
    for (index, scope) in oauth.scopes.iter().enumerate() {
        // RFC 6749 §3.3.
        let ok = !scope.is_empty()
            && scope
                .bytes()
                .all(|b| b == 0x21 || (0x23..=0x5b).contains(&b) || (0x5d..=0x7e).contains(&b));
        if !ok {
            problems.add(
                format!("oauth.scopes.{index}"),
                format!("{scope:?} is no scope (RFC 6749 §3.3)"),
            );
        }
    }
    let openid = oauth.scopes.iter().any(|scope| scope == "openid");
    if kind.has_id_token() && !oauth.scopes.is_empty() && !openid {
        problems.add(
            "oauth.scopes",
            "must name `openid`: without it the provider sends no ID token",
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::Provider;
    use crate::platform::config::{Problems, providers_from_file};

    fn read(text: &str) -> Result<Vec<Provider>, Problems> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret.txt"), "hush\r\n").unwrap();
        let path = folder.path().join("providers.toml");
        std::fs::write(&path, text).unwrap();
        providers_from_file(&path, false)
    }

    #[test]
    fn a_table_is_read_with_its_secret_from_a_file() {
        let text = "[[provider]]\nslug = \"google\"\nkind = \"google\"\n[provider.oauth]\n\
                    client_id = \"id\"\nclient_secret_file = \"secret.txt\"\n\
                    scopes = \"openid email\"\n[provider.oauth.claims]\nname = \"nick\"\n";
        let providers = read(text).unwrap();
        let oauth = providers[0].oauth.clone().unwrap();
        assert_eq!(oauth.client_secret.unwrap().expose(), "hush");
        assert_eq!(oauth.scopes, ["openid", "email"]);
        assert_eq!(oauth.claims["name"], ["nick"]);
    }

    #[test]
    fn every_problem_is_told_and_no_secret_is() {
        let text = "[[provider]]\nslug = \"a\"\nkind = \"microsoft\"\n[provider.oauth]\n\
                    client_secret = \"hush-hush\"\nclient_secret_file = \"secret.txt\"\n\
                    tenant = \"a b\"\nissuer = \"http://id.example.com\"\n\
                    [[provider]]\nslug = \"b\"\nkind = \"oidc\"\n[provider.oauth]\n\
                    client_id = \"i\"\nclient_secret_file = \"none.txt\"\nclaims = 3\n";
        let found = read(text).unwrap_err().to_string();
        for key in [
            "provider[a].oauth.client_secret_file: stands beside client_secret",
            "provider[a].oauth.client_id: is missing",
            "provider[a].oauth.tenant: `a b` is no tenant",
            "provider[a].oauth.issuer: must begin with https://",
            "provider[b].oauth.client_secret_file: ",
            "provider[b].oauth.claims: ",
            "provider[b].oauth.issuer: is missing",
        ] {
            assert!(found.contains(key), "{key} in\n{found}");
        }
        assert!(!found.contains("hush"), "{found}");
    }
}
