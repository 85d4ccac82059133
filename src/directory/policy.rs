//! Who may come in: domains, just-in-time provisioning, validity.

use super::error::{DomainList, Refusal};
use crate::domain::{Field, Observation, Provider, Status, Timestamp, User, address};

/// What a provider and the gateway's settings say about logins.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct LoginPolicy {
    /// The provider's domain patterns; an empty list admits nobody.
    pub allowed_domains: Vec<String>,
    /// The gateway's own domain patterns; both lists must admit.
    pub gateway_domains: Vec<String>,
    /// Whether a first login creates the user.
    pub jit: bool,
    /// The fields that every login refreshes.
    pub sync_fields: Vec<Field>,
    /// Whether a login may attach itself to a user found by e-mail.
    pub link_by_email: bool,
    /// Whether the same address with another subject of the same provider is
    /// refused (OpenID Connect) or attached (SAML, where the NameID may change
    /// its format).
    pub one_subject_per_user: bool,
    /// Whether `valid_from` and `valid_to` are enforced.
    pub enforce_validity: bool,
}

impl LoginPolicy {
    /// The policy of a provider.
    #[must_use]
    pub fn of(provider: &Provider, gateway_domains: &[String], enforce_validity: bool) -> Self {
        Self {
            allowed_domains: provider.allowed_domains.clone(),
            gateway_domains: gateway_domains.to_vec(),
            jit: provider.jit,
            sync_fields: provider.sync_fields.clone(),
            link_by_email: provider.link_by_email,
            one_subject_per_user: provider.kind.is_oauth(),
            enforce_validity,
        }
    }

    /// Whether the observation may come in at all, before anybody is looked
    /// up: an address that the channel vouches for, within the domains.
    pub fn admit(&self, observation: &Observation) -> Result<(), Refusal> {
        let address = observation
            .profile
            .get(Field::Email)
            .ok_or(Refusal::NoAddress)?;
        if !address::is_allowed(address, &self.allowed_domains) {
            return Err(Refusal::DomainNotAllowed {
                address: address.to_owned(),
                allowed: self.allowed_domains.clone(),
                list: DomainList::Provider,
            });
        }
        if !address::is_allowed(address, &self.gateway_domains) {
            return Err(Refusal::DomainNotAllowed {
                address: address.to_owned(),
                allowed: self.gateway_domains.clone(),
                list: DomainList::Settings,
            });
        }
        if observation.email_vouched {
            Ok(())
        } else {
            Err(Refusal::NoAddress)
        }
    }

    /// Whether whoever is created now will be found again at the next login.
    /// Where an address names nobody, something else has to: a NameID or subject
    /// that lasts, a UPN that the provider vouches for, a SCIM id.
    pub fn finds_again(&self, observation: &Observation) -> Result<(), Refusal> {
        let has_upn = observation.upn_vouched && observation.profile.get(Field::Upn).is_some();
        let has_id = observation.identity.is_some() || observation.scim_id.is_some();
        if self.link_by_email || has_id || has_upn {
            Ok(())
        } else {
            Err(Refusal::NoLastingIdentifier)
        }
    }

    /// Whether the provider vouches for a UPN: one that looks like an address
    /// must lie within the allowed domains.
    #[must_use]
    pub fn vouches_for_upn(&self, upn: &str) -> bool {
        !upn.contains('@') || address::is_allowed(upn, &self.allowed_domains)
    }
}

/// Whether a user may be signed in at `now`.
pub fn may_sign_in(user: &User, now: Timestamp, enforce_validity: bool) -> Result<(), Refusal> {
    if user.status == Status::Inactive {
        return Err(Refusal::Inactive(user.id.clone()));
    }
    if !enforce_validity {
        return Ok(());
    }
    match user.validity() {
        (Some(from), _) if now < from => Err(Refusal::NotYetValid {
            user: user.id.clone(),
            from: from.rfc3339(),
        }),
        (_, Some(until)) if now > until => Err(Refusal::Expired {
            user: user.id.clone(),
            until: until.rfc3339(),
        }),
        _ => Ok(()),
    }
}
