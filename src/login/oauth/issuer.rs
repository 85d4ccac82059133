//! Which issuer a provider's tokens may carry. One text for most providers,
//! two forms of it at Google, and a template at Microsoft that the token's own
//! tenant fills in.

use url::Url;

use crate::domain::oauth::OauthSettings;
use crate::domain::provider::ProviderKind;

/// What stands for the tenant in Microsoft's issuers.
const TEMPLATE: &str = "{tenantid}";
/// The tenant of Microsoft's private accounts.
const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
/// Google's issuer. Its tokens may leave the scheme out.
pub(super) const GOOGLE: &str = "https://accounts.google.com";
/// Microsoft's authority in the public cloud.
const MICROSOFT: &str = "https://login.microsoftonline.com";

/// Which issuers a provider's tokens may carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuerRule {
    /// This one.
    Exact(String),
    /// This one, with or without its scheme.
    WithOrWithoutScheme(String),
    /// The one that the token's tenant makes of the template.
    Tenants(TenantRule),
}

/// Microsoft's issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantRule {
    /// The issuer with `{tenantid}` in it.
    template: String,
    /// Whose people may come in.
    tenants: Tenants,
    /// Of these, only those; empty is all of them.
    allowed: Vec<String>,
}

/// Whose people may come in.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tenants {
    /// Those of the tenant with this id.
    One(String),
    /// Those of the tenant with this domain; discovery says its id.
    OneByDomain(String),
    /// Those of all companies.
    Organizations,
    /// Everybody's.
    All,
}

/// Why an issuer or a tenant is not the right one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// Another issuer.
    Issuer {
        /// What would have been right.
        expected: String,
    },
    /// The token names no tenant.
    NoTenant,
    /// A tenant that may not come in.
    Tenant {
        /// Which may.
        expected: String,
    },
}

impl IssuerRule {
    /// The rule that an admin's settings make; `None` where nothing has an
    /// issuer.
    ///
    /// # Errors
    /// A setting that cannot be, and why.
    pub fn of(
        kind: ProviderKind,
        settings: &OauthSettings,
    ) -> Result<Option<Self>, (&'static str, String)> {
        let issuer = settings.issuer.clone();
        Ok(match kind {
            ProviderKind::Google => Some(Self::WithOrWithoutScheme(
                issuer.unwrap_or_else(|| GOOGLE.to_owned()),
            )),
            ProviderKind::Microsoft => Some(microsoft(settings)?),
            _ => issuer.map(Self::Exact),
        })
    }

    /// Where the issuer describes itself (OpenID Connect Discovery §4).
    #[must_use]
    pub fn discovery_url(&self, settings: &OauthSettings) -> String {
        let base = match self {
            Self::Exact(issuer) | Self::WithOrWithoutScheme(issuer) => issuer.clone(),
            Self::Tenants(rule) => rule.authority(settings),
        };
        let base = base.trim_end_matches('/');
        format!("{base}/.well-known/openid-configuration")
    }

    /// The rule, once the issuer that discovery names is known.
    ///
    /// # Errors
    /// It names another one; with the one that would have been right.
    pub fn discovered(&self, issuer: &str) -> Result<Self, String> {
        let same = |ours: &str| ours.trim_end_matches('/') == issuer.trim_end_matches('/');
        match self {
            Self::Exact(ours) if same(ours) => Ok(Self::Exact(issuer.to_owned())),
            Self::WithOrWithoutScheme(ours) if same(ours) => {
                Ok(Self::WithOrWithoutScheme(issuer.to_owned()))
            }
            Self::Exact(ours) | Self::WithOrWithoutScheme(ours) => Err(ours.clone()),
            Self::Tenants(rule) => rule.discovered(issuer).map(Self::Tenants),
        }
    }

    /// Whether a token may carry this issuer and this tenant (`tid`), and
    /// under which name the issuer is remembered.
    ///
    /// # Errors
    /// See [`Mismatch`].
    pub fn check(&self, issuer: &str, tenant: Option<&str>) -> Result<String, Mismatch> {
        match self {
            Self::Exact(ours) if ours == issuer => Ok(ours.clone()),
            Self::WithOrWithoutScheme(ours) if is_form_of(issuer, ours) => Ok(ours.clone()),
            Self::Exact(ours) | Self::WithOrWithoutScheme(ours) => Err(Mismatch::Issuer {
                expected: ours.clone(),
            }),
            Self::Tenants(rule) => rule.check(issuer, tenant),
        }
    }

    /// Whether an authorization response may carry this `iss` (RFC 9207 §2.4).
    #[must_use]
    pub fn allows_parameter(&self, issuer: &str) -> bool {
        match self {
            Self::Exact(ours) => ours == issuer,
            Self::WithOrWithoutScheme(ours) => is_form_of(issuer, ours),
            Self::Tenants(rule) => {
                rule.tenant_in(issuer)
                    .is_some_and(|tenant| match &rule.tenants {
                        Tenants::One(id) => tenant.eq_ignore_ascii_case(id),
                        _ => true,
                    })
            }
        }
    }

    /// Whether one tenant alone may come in: it is then the admin's own, and
    /// vouches for its people's addresses.
    #[must_use]
    pub fn is_one_tenant(&self) -> bool {
        match self {
            Self::Tenants(rule) => {
                matches!(rule.tenants, Tenants::One(_)) || rule.allowed.len() == 1
            }
            Self::Exact(_) | Self::WithOrWithoutScheme(_) => false,
        }
    }

    /// Whether a tenant's domain has to be looked up by discovery first.
    #[must_use]
    pub const fn needs_discovery(&self) -> bool {
        matches!(
            self,
            Self::Tenants(TenantRule {
                tenants: Tenants::OneByDomain(_),
                ..
            })
        )
    }

    /// The rule in words, for an admin.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Exact(issuer) | Self::WithOrWithoutScheme(issuer) => issuer.clone(),
            Self::Tenants(rule) => rule.words(),
        }
    }
}

fn is_form_of(issuer: &str, ours: &str) -> bool {
    issuer == ours
        || ours
            .split_once("://")
            .is_some_and(|(_, rest)| rest == issuer)
}

fn microsoft(settings: &OauthSettings) -> Result<IssuerRule, (&'static str, String)> {
    let tenant = settings.tenant.as_deref().map(str::trim);
    let base = match settings.issuer.as_deref() {
        None => format!("{MICROSOFT}/{TEMPLATE}/v2.0"),
        Some(issuer) => issuer.trim_end_matches('/').to_owned(),
    };
    let (template, written) = match tenant_segment(&base) {
        Some(segment) => (base.replacen(&segment, TEMPLATE, 1), Some(segment)),
        // An origin alone: the authority, whose path is always the same.
        None if is_origin(&base) && tenant.is_some() => (format!("{base}/{TEMPLATE}/v2.0"), None),
        None => return Ok(IssuerRule::Exact(base)),
    };
    let written = written.filter(|segment| segment != TEMPLATE);
    let several = |name: &str| matches!(name, "common" | "organizations");
    let name = match (tenant, written.as_deref()) {
        (Some(tenant), Some(other)) if !several(other) && !tenant.eq_ignore_ascii_case(other) => {
            let sentence = format!("is `{tenant}`, but the issuer names the tenant `{other}`");
            return Err(("oauth.tenant", sentence));
        }
        (Some(tenant), _) => tenant,
        (None, Some(written)) => written,
        (None, None) => "common",
    };
    let tenants = match name.to_ascii_lowercase().as_str() {
        "common" => Tenants::All,
        "organizations" => Tenants::Organizations,
        "consumers" => Tenants::One(CONSUMERS.to_owned()),
        id if uuid::Uuid::try_parse(id).is_ok() => Tenants::One(id.to_owned()),
        domain => Tenants::OneByDomain(domain.to_owned()),
    };
    Ok(IssuerRule::Tenants(TenantRule {
        template,
        tenants,
        allowed: settings
            .allowed_tenants
            .iter()
            .map(|id| id.to_ascii_lowercase())
            .collect(),
    }))
}

/// The part of an issuer's path that names the tenant: the first one, where
/// others follow or where it cannot be anything else.
fn tenant_segment(issuer: &str) -> Option<String> {
    let (_, rest) = issuer.split_once("://")?;
    let mut parts = rest.split('/').skip(1);
    let first = parts.next().filter(|part| !part.is_empty())?;
    let obvious = matches!(first, TEMPLATE | "common" | "organizations" | "consumers")
        || uuid::Uuid::try_parse(first).is_ok();
    (obvious || parts.next() == Some("v2.0")).then(|| first.to_owned())
}

fn is_origin(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| url.path() == "/")
}

impl TenantRule {
    /// Where the admin's choice of tenants describes itself.
    fn authority(&self, settings: &OauthSettings) -> String {
        let written = settings.issuer.as_deref().map(|i| i.trim_end_matches('/'));
        // As the admin wrote it, where that is an address.
        if let Some(written) = written
            && !written.contains(TEMPLATE)
            && tenant_segment(written).is_some()
        {
            return written.to_owned();
        }
        let name = match &self.tenants {
            Tenants::One(id) => id,
            Tenants::OneByDomain(domain) => domain,
            Tenants::Organizations => "organizations",
            Tenants::All => "common",
        };
        self.template.replace(TEMPLATE, name)
    }

    /// The tenant that an issuer of this template names.
    fn tenant_in<'i>(&self, issuer: &'i str) -> Option<&'i str> {
        let (before, after) = self.template.split_once(TEMPLATE)?;
        let tenant = issuer.strip_prefix(before)?.strip_suffix(after)?;
        (!tenant.is_empty() && !tenant.contains('/')).then_some(tenant)
    }

    fn discovered(&self, issuer: &str) -> Result<Self, String> {
        let named = self.tenant_in(issuer.trim_end_matches('/'));
        let fits = match (&self.tenants, named) {
            (_, None) => false,
            (_, Some(TEMPLATE)) => true,
            (Tenants::One(id), Some(named)) => named.eq_ignore_ascii_case(id),
            (Tenants::OneByDomain(_), Some(named)) => uuid::Uuid::try_parse(named).is_ok(),
            (Tenants::Organizations | Tenants::All, Some(named)) => {
                matches!(named, "common" | "organizations")
            }
        };
        if !fits {
            return Err(self.template.clone());
        }
        let mut rule = self.clone();
        if let (Tenants::OneByDomain(_), Some(named)) = (&self.tenants, named) {
            if named == TEMPLATE {
                return Err(self.template.clone());
            }
            rule.tenants = Tenants::One(named.to_ascii_lowercase());
        }
        Ok(rule)
    }

    fn check(&self, issuer: &str, tenant: Option<&str>) -> Result<String, Mismatch> {
        let tenant = tenant
            .filter(|id| uuid::Uuid::try_parse(id).is_ok())
            .ok_or(Mismatch::NoTenant)?;
        let expected = self.template.replace(TEMPLATE, tenant);
        if issuer != expected {
            return Err(Mismatch::Issuer { expected });
        }
        let tenant = tenant.to_ascii_lowercase();
        let admitted = match &self.tenants {
            Tenants::One(id) => *id == tenant,
            // Its id is not known yet, so nobody is of it.
            Tenants::OneByDomain(_) => false,
            Tenants::Organizations => tenant != CONSUMERS,
            Tenants::All => true,
        };
        if admitted && (self.allowed.is_empty() || self.allowed.contains(&tenant)) {
            Ok(self.template.replace(TEMPLATE, &tenant))
        } else {
            Err(Mismatch::Tenant {
                expected: self.words_of_tenants(),
            })
        }
    }

    fn words_of_tenants(&self) -> String {
        match (&self.tenants, self.allowed.as_slice()) {
            (Tenants::One(id), _) => id.clone(),
            (_, [_, ..]) => self.allowed.join(", "),
            (Tenants::OneByDomain(domain), _) => domain.clone(),
            (Tenants::Organizations, _) => "organizations".to_owned(),
            (Tenants::All, _) => "common".to_owned(),
        }
    }

    fn words(&self) -> String {
        match &self.tenants {
            Tenants::One(id) => self.template.replace(TEMPLATE, id),
            _ => self.template.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
