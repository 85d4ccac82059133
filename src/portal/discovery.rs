//! Home-realm discovery: from an e-mail address to the provider of its domain.

use crate::domain::Provider;
use crate::domain::address::{DomainPattern, domain_of};

use super::views::EmailProblem;

/// The provider that an address belongs to. The closest pattern wins: the
/// domain itself, then the longest `*.parent`, then `*`; of equals the first
/// in the admin's order.
pub fn provider_for<'p>(
    address: &str,
    providers: &'p [Provider],
) -> Result<&'p Provider, EmailProblem> {
    let domain = domain_of(address.trim()).ok_or(EmailProblem::Invalid)?;
    let closeness = |provider: &Provider| {
        provider
            .allowed_domains
            .iter()
            .filter_map(|text| DomainPattern::parse(text))
            .filter(|pattern| pattern.matches(&domain))
            .map(|pattern| match pattern {
                DomainPattern::Exact(_) => usize::MAX,
                DomainPattern::Below(parent) => parent.len(),
                DomainPattern::Any => 0,
            })
            .max()
    };
    let mut best: Option<(usize, &Provider)> = None;
    for provider in providers {
        if let Some(close) = closeness(provider)
            && best.is_none_or(|(top, _)| close > top)
        {
            best = Some((close, provider));
        }
    }
    best.map(|(_, provider)| provider)
        .ok_or(EmailProblem::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(slug: &str, domains: &[&str]) -> Provider {
        serde_json::from_value(serde_json::json!({
            "slug": slug, "kind": "saml", "allowed_domains": domains,
        }))
        .unwrap()
    }

    #[test]
    fn the_closest_domain_wins() {
        let providers = [
            provider("any", &["*"]),
            provider("corp", &["*.example.com", "Example.COM"]),
            provider("lab", &["*.lab.example.com"]),
            provider("lab-too", &["*.lab.example.com"]),
            provider("books", &["xn--bcher-kva.example"]),
            provider("nobody", &[]),
        ];
        let found = |address: &str| {
            provider_for(address, &providers)
                .map(|p| p.slug.as_str())
                .map_err(EmailProblem::id)
        };
        assert_eq!(found("ada@example.com"), Ok("corp"));
        assert_eq!(found(" Ada@EXAMPLE.com "), Ok("corp"));
        assert_eq!(found("ada@hq.example.com"), Ok("corp"));
        assert_eq!(found("ada@one.lab.example.com"), Ok("lab"));
        assert_eq!(found("ada@lab.example.com"), Ok("corp"));
        assert_eq!(found("ada@bücher.example"), Ok("books"));
        assert_eq!(found("ada@elsewhere.org"), Ok("any"));
        assert_eq!(found("ada"), Err("login-email-invalid"));
        assert_eq!(found(""), Err("login-email-invalid"));
        assert_eq!(
            provider_for("ada@elsewhere.org", providers.get(1..).unwrap()),
            Err(EmailProblem::Unknown)
        );
    }
}
