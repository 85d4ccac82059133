use super::*;
use crate::domain::{Entropy, ProviderKind};
use crate::platform::crypto::MasterKeys;
use serde_json::{Value, json};

const ORIGIN: &str = "https://sso.example.com";

fn provider(kind: &str, oauth: &Value) -> Provider {
    let mut all = json!({ "client_id": "id", "client_secret": "hush" });
    all.as_object_mut()
        .unwrap()
        .extend(oauth.as_object().unwrap().clone());
    serde_json::from_value(json!({ "slug": "acme", "kind": kind, "oauth": all })).unwrap()
}

fn sealer() -> Sealer {
    let keys = MasterKeys::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    Sealer::new(&keys, Entropy::System).unwrap()
}

#[test]
fn presets_need_the_client_alone() {
    for (kind, discovery) in [
        (
            "google",
            Some("https://accounts.google.com/.well-known/openid-configuration"),
        ),
        (
            "microsoft",
            Some("https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration"),
        ),
        ("webex", None),
    ] {
        let ready = compile(&provider(kind, &json!({})), ORIGIN).unwrap();
        assert_eq!(ready.discovery.as_deref(), discovery, "{kind}");
        assert_eq!(
            ready.urls.callback,
            "https://sso.example.com/oauth/acme/callback"
        );
        assert!(!ready.preset.scopes(&ready.settings).is_empty());
    }
}

#[test]
fn with_the_endpoints_set_nothing_is_discovered() {
    let endpoints = json!({
        "authorization_endpoint": "http://127.0.0.1:9/a", "token_endpoint": "http://127.0.0.1:9/t",
        "jwks_uri": "http://127.0.0.1:9/j",
    });
    for kind in ["google", "microsoft", "oauth2"] {
        let ready = compile(&provider(kind, &endpoints), ORIGIN).unwrap();
        assert_eq!(ready.discovery, None, "{kind}");
        assert_eq!(ready.fixed.token.as_deref(), Some("http://127.0.0.1:9/t"));
    }
    let mut by_domain = endpoints.clone();
    by_domain["tenant"] = json!("contoso.example");
    let error = compile(&provider("microsoft", &by_domain), ORIGIN).unwrap_err();
    assert_eq!(error.code, "oauth.tenant_unknown");
    // Some of them set: the rest is discovered.
    let some = json!({ "token_endpoint": "http://127.0.0.1:9/t" });
    let ready = compile(&provider("google", &some), ORIGIN).unwrap();
    assert!(ready.discovery.is_some());
    assert!(compile(&provider("oauth2", &some), ORIGIN).is_err());
}

#[test]
fn the_client_proves_itself_as_the_provider_lists() {
    let listed =
        |methods: &[&str]| -> Vec<String> { methods.iter().map(|m| (*m).to_owned()).collect() };
    let ready = |kind: &str, oauth: &Value| OauthProvider {
        secret: Some(WriteOnly::new("hush")),
        ..compile(&provider(kind, oauth), ORIGIN).unwrap()
    };
    let oidc = ready("oidc", &json!({ "issuer": "https://id.example.com" }));
    let (post, basic) = (ClientAuth::Post, ClientAuth::Basic);
    let both = listed(&["client_secret_basic", "client_secret_post"]);
    assert_eq!(oidc.client_auth(Some(&both)), post);
    assert_eq!(oidc.client_auth(Some(&listed(&["private_key_jwt"]))), basic);
    assert_eq!(oidc.client_auth(None), basic);
    assert_eq!(ready("webex", &json!({})).client_auth(None), post);
    let set = json!({ "issuer": "https://id.example.com", "token_endpoint_auth_method": "client_secret_basic" });
    assert_eq!(ready("oidc", &set).client_auth(Some(&both)), basic);
    let public = OauthProvider {
        secret: None,
        ..oidc
    };
    assert_eq!(public.client_auth(Some(&both)), ClientAuth::None);
}

#[test]
fn a_secret_is_sealed_and_the_mask_keeps_it() {
    let keys = sealer();
    let new = provider("google", &json!({}));
    let sealed = secrets(&new, None, &keys).unwrap();
    assert!(!sealed.contains("hush"));
    assert_eq!(open(&sealed, &keys, &new.slug).unwrap().expose(), "hush");
    // The same again, and the mask, change nothing at all.
    assert_eq!(secrets(&new, Some(&sealed), &keys).unwrap(), sealed);
    let masked = provider("google", &json!({ "client_secret": "********" }));
    assert_eq!(secrets(&masked, Some(&sealed), &keys).unwrap(), sealed);
    assert_eq!(
        secrets(&masked, None, &keys).unwrap_err().code,
        "oauth.secret_missing"
    );
    assert_eq!(
        secrets(&masked, Some(""), &keys).unwrap_err().code,
        "oauth.secret_missing"
    );
    let other = provider("google", &json!({ "client_secret": "other" }));
    let resealed = secrets(&other, Some(&sealed), &keys).unwrap();
    assert_eq!(open(&resealed, &keys, &new.slug).unwrap().expose(), "other");
    let without = provider("oidc", &json!({ "client_secret": null }));
    assert_eq!(secrets(&without, Some(&sealed), &keys).unwrap(), "");
    // A secret fits its own provider alone.
    let elsewhere = Slug::parse("elsewhere").unwrap();
    assert!(open(&sealed, &keys, &elsewhere).is_err());
}

#[test]
fn every_kind_but_saml_is_ours() {
    for kind in ProviderKind::ALL {
        assert_eq!(kind.is_oauth(), *kind != ProviderKind::Saml);
    }
}
