use super::*;
use proptest::prelude::*;

const ONE: &str = "11111111-aaaa-4bbb-8ccc-222222222222";
const OTHER: &str = "99999999-dddd-4eee-8fff-888888888888";

fn settings(issuer: Option<&str>, tenant: Option<&str>, allowed: &[&str]) -> OauthSettings {
    OauthSettings {
        issuer: issuer.map(ToOwned::to_owned),
        tenant: tenant.map(ToOwned::to_owned),
        allowed_tenants: allowed.iter().map(|t| (*t).to_owned()).collect(),
        ..OauthSettings::default()
    }
}

fn rule(kind: ProviderKind, settings: &OauthSettings) -> IssuerRule {
    IssuerRule::of(kind, settings).unwrap().unwrap()
}

fn of_tenant(tenant: &str) -> String {
    format!("https://login.microsoftonline.com/{tenant}/v2.0")
}

#[test]
fn google_has_two_forms() {
    let google = rule(ProviderKind::Google, &OauthSettings::default());
    for (issuer, expected) in [
        ("https://accounts.google.com", true),
        ("accounts.google.com", true),
        ("https://accounts.google.com/", false),
        ("http://accounts.google.com", false),
        ("https://accounts.google.com.attacker.example", false),
        ("https://ACCOUNTS.google.com", false),
        ("//accounts.google.com", false),
        ("", false),
    ] {
        let found = google.check(issuer, None);
        assert_eq!(found.is_ok(), expected, "{issuer}");
        assert_eq!(google.allows_parameter(issuer), expected, "{issuer}");
        if let Ok(name) = found {
            assert_eq!(name, GOOGLE, "one name for both forms");
        }
    }
    let url = google.discovery_url(&OauthSettings::default());
    assert_eq!(
        url,
        "https://accounts.google.com/.well-known/openid-configuration"
    );
}

#[test]
fn others_are_compared_to_the_letter() {
    let set = settings(Some("https://id.example.com/realms/a"), None, &[]);
    let rule = rule(ProviderKind::Oidc, &set);
    assert!(rule.check("https://id.example.com/realms/a", None).is_ok());
    for near in [
        "https://id.example.com/realms/a/",
        "https://id.example.com/realms/b",
        "https://id.example.com",
        "id.example.com/realms/a",
        "https://id.example.com:443/realms/a",
        "https://ID.example.com/realms/a",
    ] {
        assert!(rule.check(near, None).is_err(), "{near}");
    }
    // Discovery may name it with the final slash that the admin left out.
    let slashed = rule.discovered("https://id.example.com/realms/a/").unwrap();
    assert!(
        slashed
            .check("https://id.example.com/realms/a/", None)
            .is_ok()
    );
    assert!(
        slashed
            .check("https://id.example.com/realms/a", None)
            .is_err()
    );
    assert!(rule.discovered("https://id.example.com/realms/b").is_err());
}

#[test]
fn whose_people_come_in_at_microsoft() {
    use ProviderKind::Microsoft;
    // tenant, allowed → who (ONE, OTHER, a private account)
    for (tenant, allowed, expected) in [
        (None, &[][..], [true, true, true]),
        (Some("common"), &[], [true, true, true]),
        (Some("organizations"), &[], [true, true, false]),
        (Some("consumers"), &[], [false, false, true]),
        (Some(ONE), &[], [true, false, false]),
        (Some("common"), &[ONE], [true, false, false]),
        (Some("organizations"), &[ONE, OTHER], [true, true, false]),
        (Some("organizations"), &[CONSUMERS], [false, false, false]),
        (Some("contoso.example"), &[], [false, false, false]),
    ] {
        let rule = rule(Microsoft, &settings(None, tenant, allowed));
        for (who, expected) in [ONE, OTHER, CONSUMERS].into_iter().zip(expected) {
            let found = rule.check(&of_tenant(who), Some(who));
            assert_eq!(
                found.is_ok(),
                expected,
                "{who} at {tenant:?} {allowed:?}: {found:?}"
            );
        }
    }
}

#[test]
fn the_template_is_filled_with_the_tokens_own_tenant() {
    let rule = rule(
        ProviderKind::Microsoft,
        &settings(None, Some("common"), &[]),
    );
    let mixed = rule.check(&of_tenant(ONE), Some(OTHER));
    assert_eq!(
        mixed,
        Err(Mismatch::Issuer {
            expected: of_tenant(OTHER)
        })
    );
    assert_eq!(rule.check(&of_tenant(ONE), None), Err(Mismatch::NoTenant));
    for tenant in ["", "common", TEMPLATE, "../x", "a/b"] {
        let found = rule.check(&of_tenant(tenant), Some(tenant));
        assert_eq!(found, Err(Mismatch::NoTenant), "{tenant}");
    }
    let literal = of_tenant(TEMPLATE);
    assert!(rule.check(&literal, Some(ONE)).is_err());
}

#[test]
fn a_tenant_stands_in_the_settings_or_in_the_issuer() {
    use ProviderKind::Microsoft;
    let local = "http://127.0.0.1:9";
    for (issuer, tenant, expected, one) in [
        (
            None,
            None,
            "https://login.microsoftonline.com/common/v2.0".to_owned(),
            false,
        ),
        (None, Some(ONE), of_tenant(ONE), true),
        (
            Some(format!("{local}/{ONE}/v2.0")),
            None,
            format!("{local}/{ONE}/v2.0"),
            true,
        ),
        (
            Some(format!("{local}/common/v2.0")),
            None,
            format!("{local}/common/v2.0"),
            false,
        ),
        (
            Some(format!("{local}/common/v2.0")),
            Some(ONE),
            format!("{local}/common/v2.0"),
            true,
        ),
        (
            Some(format!("{local}/{{tenantid}}/v2.0")),
            None,
            format!("{local}/common/v2.0"),
            false,
        ),
        (
            Some(format!("{local}/{{tenantid}}/v2.0")),
            Some(ONE),
            format!("{local}/{ONE}/v2.0"),
            true,
        ),
        (
            Some(local.to_owned()),
            Some(ONE),
            format!("{local}/{ONE}/v2.0"),
            true,
        ),
        (
            Some(format!("{local}/contoso.example/v2.0")),
            None,
            format!("{local}/contoso.example/v2.0"),
            false,
        ),
        (Some(local.to_owned()), None, local.to_owned(), false),
    ] {
        let settings = settings(issuer.as_deref(), tenant, &[]);
        let rule = rule(Microsoft, &settings);
        let url = rule.discovery_url(&settings);
        assert_eq!(url, format!("{expected}/.well-known/openid-configuration"));
        assert_eq!(rule.is_one_tenant(), one, "{issuer:?} {tenant:?}");
    }
    let contradiction = settings(Some(&of_tenant(ONE)), Some(OTHER), &[]);
    assert!(IssuerRule::of(Microsoft, &contradiction).is_err());
}

#[test]
fn discovery_gives_a_domain_its_id() {
    use ProviderKind::Microsoft;
    let set = settings(None, Some("contoso.example"), &[]);
    let rule = rule(Microsoft, &set);
    assert!(rule.needs_discovery());
    let found = rule.discovered(&of_tenant(ONE)).unwrap();
    assert!(found.is_one_tenant() && !found.needs_discovery());
    assert!(found.check(&of_tenant(ONE), Some(ONE)).is_ok());
    assert!(found.check(&of_tenant(OTHER), Some(OTHER)).is_err());
    for wrong in [
        of_tenant(TEMPLATE),
        of_tenant("contoso.example"),
        format!("https://attacker.example/{ONE}/v2.0"),
    ] {
        assert!(rule.discovered(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn discovery_cannot_widen_the_choice() {
    use ProviderKind::Microsoft;
    let one = rule(Microsoft, &settings(None, Some(ONE), &[]));
    assert!(one.discovered(&of_tenant(ONE)).is_ok());
    assert!(one.discovered(&of_tenant(OTHER)).is_err());
    let templated = one.discovered(&of_tenant(TEMPLATE)).unwrap();
    assert!(templated.check(&of_tenant(OTHER), Some(OTHER)).is_err());
    let all = rule(Microsoft, &settings(None, None, &[]));
    assert!(all.discovered(&of_tenant(TEMPLATE)).is_ok());
    assert!(
        all.discovered("https://attacker.example/{tenantid}/v2.0")
            .is_err()
    );
}

#[test]
fn the_response_parameter_is_of_the_same_issuer() {
    let one = rule(ProviderKind::Microsoft, &settings(None, Some(ONE), &[]));
    assert!(one.allows_parameter(&of_tenant(ONE)));
    assert!(!one.allows_parameter(&of_tenant(OTHER)));
    let all = rule(ProviderKind::Microsoft, &settings(None, None, &[]));
    assert!(all.allows_parameter(&of_tenant(OTHER)));
    assert!(!all.allows_parameter("https://attacker.example/x/v2.0"));
}

proptest! {
    #[test]
    fn no_other_text_is_the_issuer(issuer in "\\PC{0,60}", tenant in "\\PC{0,40}") {
        let google = rule(ProviderKind::Google, &OauthSettings::default());
        let forms = ["https://accounts.google.com", "accounts.google.com"];
        prop_assert_eq!(google.check(&issuer, Some(&tenant)).is_ok(), forms.contains(&issuer.as_str()));
        let one = rule(ProviderKind::Microsoft, &settings(None, Some(ONE), &[]));
        prop_assert!(one.check(&issuer, Some(&tenant)).is_err());
        prop_assert!(one.check(&of_tenant(&tenant), Some(&tenant)).is_err());
    }

    #[test]
    fn a_pinned_tenant_admits_itself_alone(other: u128) {
        let other = uuid::Uuid::from_u128(other).to_string();
        let one = rule(ProviderKind::Microsoft, &settings(None, Some(ONE), &[]));
        let admitted = one.check(&of_tenant(&other), Some(&other)).is_ok();
        prop_assert_eq!(admitted, other == ONE);
    }
}
