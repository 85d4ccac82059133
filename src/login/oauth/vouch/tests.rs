use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

use ProviderKind::{Google, Microsoft, Oauth2, Oidc, Webex};

fn claims(value: &Value) -> Claims {
    value.as_object().unwrap().clone()
}

fn weigh(kind: ProviderKind, one: bool, settings: &OauthSettings, value: &Value) -> Vouched {
    let claims = claims(value);
    let standing = Standing {
        kind,
        settings,
        is_one_tenant: one,
    };
    let get = |name: &str| claims.get(name).and_then(Value::as_str);
    vouch(standing, &claims, get("email"), get("upn"))
}

/// (vouched, may link)
fn verdict(kind: ProviderKind, one: bool, settings: &OauthSettings, value: &Value) -> (bool, bool) {
    let found = weigh(kind, one, settings, value);
    (found.is_vouched, found.may_link)
}

const YES: (bool, bool) = (true, true);
const NO: (bool, bool) = (false, false);
const CREATE_ONLY: (bool, bool) = (true, false);

#[test]
fn each_vendor_vouches_by_its_own_rule() {
    let plain = OauthSettings::default();
    let trusting = OauthSettings {
        trust_email: true,
        ..OauthSettings::default()
    };
    let mail = |more: &Value| {
        let mut value = json!({ "email": "ada@example.com" });
        let object = value.as_object_mut().unwrap();
        object.extend(claims(more));
        value
    };
    for (kind, one, settings, more, expected) in [
        (
            Google,
            false,
            &plain,
            json!({"email_verified": true, "hd": "example.com"}),
            YES,
        ),
        (
            Google,
            false,
            &plain,
            json!({"email_verified": "true", "hd": "example.com"}),
            YES,
        ),
        (
            Google,
            false,
            &plain,
            json!({"email_verified": true}),
            CREATE_ONLY,
        ),
        (
            Google,
            false,
            &plain,
            json!({"email_verified": true, "hd": ""}),
            CREATE_ONLY,
        ),
        (
            Google,
            false,
            &plain,
            json!({"email_verified": true, "hd": null}),
            CREATE_ONLY,
        ),
        (Google, false, &plain, json!({"hd": "example.com"}), NO),
        (
            Google,
            false,
            &plain,
            json!({"email_verified": false, "hd": "example.com"}),
            NO,
        ),
        (Google, false, &trusting, json!({"hd": "example.com"}), NO),
        // Microsoft: the domain's owner by xms_edov, else the one tenant.
        (Microsoft, false, &plain, json!({}), NO),
        (
            Microsoft,
            false,
            &plain,
            json!({"email_verified": true}),
            NO,
        ),
        (Microsoft, false, &trusting, json!({}), NO),
        (Microsoft, false, &plain, json!({"xms_edov": true}), YES),
        (Microsoft, false, &plain, json!({"xms_edov": "1"}), YES),
        (Microsoft, false, &plain, json!({"xms_edov": 1}), YES),
        (Microsoft, false, &plain, json!({"xms_edov": false}), NO),
        (Microsoft, true, &plain, json!({}), YES),
        (Microsoft, true, &plain, json!({"xms_edov": true}), YES),
        (Microsoft, true, &plain, json!({"xms_edov": false}), NO),
        (Microsoft, true, &plain, json!({"xms_edov": "0"}), NO),
        (Microsoft, true, &plain, json!({"xms_edov": "perhaps"}), NO),
        (
            Microsoft,
            true,
            &plain,
            json!({"email_verified": false}),
            NO,
        ),
        (Webex, false, &plain, json!({}), YES),
        (Webex, false, &plain, json!({"email_verified": false}), NO),
        (Oidc, false, &plain, json!({}), NO),
        (Oidc, false, &plain, json!({"email_verified": true}), YES),
        (Oidc, false, &plain, json!({"email_verified": "false"}), NO),
        (Oidc, false, &trusting, json!({}), YES),
        (Oidc, false, &trusting, json!({"email_verified": false}), NO),
        (Oauth2, false, &plain, json!({}), NO),
        (Oauth2, false, &plain, json!({"email_verified": true}), YES),
        (Oauth2, false, &trusting, json!({}), YES),
    ] {
        let value = mail(&more);
        assert_eq!(
            verdict(kind, one, settings, &value),
            expected,
            "{kind} one={one} {value}"
        );
    }
}

#[test]
fn gmails_own_addresses_link_without_a_hosted_domain() {
    let plain = OauthSettings::default();
    for (address, expected) in [
        ("ada@gmail.com", YES),
        ("Ada@GMAIL.com", YES),
        ("ada@gmail.com.attacker.example", CREATE_ONLY),
        ("ada@notgmail.com", CREATE_ONLY),
        ("ada@customer.example", CREATE_ONLY),
    ] {
        let value = json!({ "email": address, "email_verified": true });
        assert_eq!(
            verdict(Google, false, &plain, &value),
            expected,
            "{address}"
        );
    }
}

#[test]
fn a_upn_counts_as_an_address_where_an_admin_says_so_and_never_a_guests() {
    let on = OauthSettings {
        upn_as_email: true,
        ..OauthSettings::default()
    };
    let off = OauthSettings::default();
    let upn = "ada@example.com";
    let guest = "ada_home.example#EXT#@example.onmicrosoft.com";
    for (kind, one, settings, value, expected) in [
        (Microsoft, true, &on, json!({"upn": upn}), Some(upn)),
        (Microsoft, true, &off, json!({"upn": upn}), None),
        (Microsoft, false, &on, json!({"upn": upn}), None),
        (Microsoft, true, &on, json!({"upn": guest}), None),
        (
            Microsoft,
            true,
            &on,
            json!({"upn": guest.to_lowercase()}),
            None,
        ),
        (Microsoft, true, &on, json!({"upn": "ada"}), None),
        (
            Microsoft,
            true,
            &on,
            json!({"preferred_username": upn}),
            None,
        ),
        (
            Microsoft,
            true,
            &on,
            json!({"upn": upn, "email": "a.lovelace@example.com"}),
            Some("a.lovelace@example.com"),
        ),
        (
            Microsoft,
            true,
            &on,
            json!({"upn": upn, "email": "x@example.com", "xms_edov": false}),
            Some(upn),
        ),
        (Oidc, false, &on, json!({"upn": upn}), Some(upn)),
        (Oidc, false, &off, json!({"upn": upn}), None),
    ] {
        let found = weigh(kind, one, settings, &value);
        let vouched = found.email.as_deref().filter(|_| found.is_vouched);
        assert_eq!(vouched, expected, "{kind} one={one} {value}");
    }
}

#[test]
fn a_upn_that_nobody_vouches_for_is_not_even_kept() {
    let plain = OauthSettings::default();
    let value = json!({ "upn": "ada@example.com" });
    assert_eq!(
        weigh(Microsoft, true, &plain, &value).upn.as_deref(),
        Some("ada@example.com")
    );
    for kind in [Microsoft, Google, Webex, Oidc, Oauth2] {
        assert_eq!(weigh(kind, false, &plain, &value).upn, None, "{kind}");
    }
}

#[test]
fn what_is_no_address_is_none() {
    let trusting = OauthSettings {
        trust_email: true,
        ..OauthSettings::default()
    };
    for text in [
        "",
        "ada",
        "a@b@example.com",
        "ada@example.com\0",
        "ada @example.com",
    ] {
        let found = weigh(Oidc, false, &trusting, &json!({ "email": text }));
        assert_eq!((found.email, found.is_vouched), (None, false), "{text:?}");
    }
}

fn any_claims() -> impl Strategy<Value = Value> {
    let flag = prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        Just(json!(false)),
        Just(json!("true")),
        Just(json!(1)),
        Just(json!("x")),
    ];
    (flag.clone(), flag, any::<bool>(), any::<bool>()).prop_map(|(verified, edov, hd, upn)| {
        let mut value = json!({ "email": "ada@example.com" });
        if !verified.is_null() {
            value["email_verified"] = verified;
        }
        if !edov.is_null() {
            value["xms_edov"] = edov;
        }
        if hd {
            value["hd"] = json!("example.com");
        }
        if upn {
            value["upn"] = json!("ada@example.com");
        }
        value
    })
}

proptest! {
    /// nOAuth, whatever else a tenant's administrator lets his tokens say.
    #[test]
    fn a_foreign_tenant_vouches_by_nothing_but_edov(value in any_claims(), trust: bool, upn: bool) {
        let settings = OauthSettings { trust_email: trust, upn_as_email: upn, ..OauthSettings::default() };
        let found = weigh(Microsoft, false, &settings, &value);
        let edov = truth(&claims(&value), "xms_edov") == Some(true);
        let denied = truth(&claims(&value), "email_verified") == Some(false);
        prop_assert_eq!(found.is_vouched, edov && !denied);
        prop_assert_eq!(found.upn, None);
    }

    #[test]
    fn whoever_may_link_is_vouched_for(value in any_claims(), one: bool, trust: bool, upn: bool) {
        let settings = OauthSettings { trust_email: trust, upn_as_email: upn, ..OauthSettings::default() };
        for kind in [Google, Microsoft, Webex, Oidc, Oauth2] {
            let found = weigh(kind, one, &settings, &value);
            prop_assert!(found.is_vouched || !found.may_link);
            prop_assert!(found.email.is_some() || !found.is_vouched);
        }
    }
}
