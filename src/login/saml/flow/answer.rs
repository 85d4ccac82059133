//! What is kept of a verified response between the IdP's POST and the
//! browser's own GET.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::directory::policy::LoginPolicy;
use crate::directory::traces::TraceDocument;
use crate::domain::provider::NameIdFormat;
use crate::domain::{Channel, ExternalIdentity, Field, Observation, Profile, Source, Timestamp};
use crate::login::saml::attribute_map::{AttributeError, Mapped, Target};
use crate::login::saml::provider::SamlProvider;
use crate::login::saml::response::{NameId, Verified};

/// A verified response, mapped.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The fields that came.
    pub profile: Profile,
    /// The SCIM id, when the IdP sends one.
    pub scim_id: Option<String>,
    /// The issuer.
    pub issuer: String,
    /// The NameID; none when it is transient.
    pub subject: Option<String>,
    /// The NameID as it was issued, for single logout.
    #[serde(default)]
    pub name_id: Option<NameId>,
    /// The internal groups that the values map to, if groups are mapped.
    pub groups: Option<BTreeSet<String>>,
    /// The IdP's session.
    pub session_index: Option<String>,
    /// The IdP's limit for ours.
    pub session_not_after: Option<i64>,
    /// How the person proved who they are.
    pub context: Option<String>,
    /// When they did, at the IdP.
    #[serde(default)]
    pub proven_at: Option<i64>,
    /// The attributes as they came, for the trace.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// What an admin should know although it did not stand in the way.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The message, redacted, for the trace.
    #[serde(default)]
    pub document: Option<TraceDocument>,
}

impl Answer {
    /// Maps a verified response.
    pub fn of(verified: &Verified, provider: &SamlProvider) -> Result<Self, AttributeError> {
        let pairs = verified
            .attributes
            .iter()
            .map(|a| (a.name.as_str(), a.values.as_slice()));
        let mapped = provider.attributes.map(pairs)?;
        let subject = verified
            .name_id
            .as_ref()
            .filter(|id| id.format.as_deref() != Some(NameIdFormat::Transient.uri()))
            .map(|id| id.value.clone());
        Ok(Self {
            groups: groups(&mapped, provider),
            notes: notes(&mapped, provider),
            scim_id: mapped.scim_id,
            profile: mapped.profile,
            issuer: provider.metadata.entity_id.clone(),
            subject,
            name_id: verified.name_id.clone(),
            session_index: verified.session_index.clone(),
            session_not_after: verified.session_not_on_or_after.map(Timestamp::millis),
            context: verified.authn_context.clone(),
            proven_at: Some(verified.authn_instant.millis()),
            attributes: attributes(verified),
            document: None,
        })
    }

    /// The identifiers that came, for an admin.
    pub fn identifiers(&self) -> Vec<String> {
        let fields = [Field::Email, Field::Upn].map(|field| self.profile.get(field));
        let mut all: Vec<String> = Vec::new();
        for one in fields
            .into_iter()
            .chain([self.subject.as_deref()])
            .flatten()
        {
            if !all.iter().any(|known| known == one) {
                all.push(one.to_owned());
            }
        }
        all
    }

    /// The observation for the directory.
    pub fn observation(&self, provider: &SamlProvider, policy: &LoginPolicy) -> Observation {
        let slug = provider.provider.slug.clone();
        let channel = Channel::Login {
            provider: slug.clone(),
            source: Source::Saml,
        };
        let mut observation = Observation::new(channel, self.profile.clone());
        observation.scim_id.clone_from(&self.scim_id);
        observation.identity = self.subject.as_ref().map(|subject| ExternalIdentity {
            provider: slug,
            issuer: self.issuer.clone(),
            subject: subject.clone(),
        });
        // An IdP vouches for the addresses of the domains that an admin allowed
        // it to speak for; `LoginPolicy::admit` lets no other one in.
        observation.email_vouched = true;
        observation.upn_vouched = self
            .profile
            .get(Field::Upn)
            .is_some_and(|upn| policy.vouches_for_upn(upn));
        observation.groups.clone_from(&self.groups);
        observation
    }
}

/// What was left out, and what an admin asked for and did not come.
fn notes(mapped: &Mapped, provider: &SamlProvider) -> Vec<String> {
    let mut notes = mapped.notes.clone();
    let upn = Target::Field(Field::Upn);
    if provider.attributes.is_configured(upn) && mapped.profile.get(Field::Upn).is_none() {
        let explained = provider.attributes.explain(upn, &mapped.present);
        notes.push(format!("No UPN came. {explained}"));
    }
    notes
}

fn groups(mapped: &Mapped, provider: &SamlProvider) -> Option<BTreeSet<String>> {
    let map = &provider.provider.group_map;
    if map.is_empty() {
        return None;
    }
    let values = mapped.groups.iter().flatten();
    Some(
        values
            .filter_map(|value| map.get(value))
            .flatten()
            .cloned()
            .collect(),
    )
}

/// The attributes by name, for traces.
pub fn attributes(verified: &Verified) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for attribute in &verified.attributes {
        all.entry(attribute.name.clone())
            .or_default()
            .extend(attribute.values.iter().cloned());
    }
    all
}
