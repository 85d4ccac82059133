//! Claims into an observation.

use std::collections::{BTreeMap, BTreeSet};

use crate::directory::policy::LoginPolicy;
use crate::directory::reconcile;
use crate::directory::traces::TraceDocument;
use crate::domain::oauth::WriteOnly;
use crate::domain::{Channel, ExternalIdentity, Field, Observation, Profile, Source, Timestamp};
use crate::login::oauth::claims::{self, Claims};
use crate::login::oauth::issuer::IssuerRule;
use crate::login::oauth::photo::Address;
use crate::login::oauth::provider::OauthProvider;
use crate::login::oauth::vouch::{Standing, Vouched, vouch};

use super::trouble::Trouble;

/// What a provider says of a person, verified and weighed.
#[derive(Clone, Debug)]
pub(super) struct Person {
    /// The fields but for the two below.
    pub profile: Profile,
    /// The identifiers that have to be vouched for.
    pub vouched: Vouched,
    /// The issuer, or what stands for it.
    pub issuer: String,
    /// What the issuer calls the person.
    pub subject: String,
    /// The SCIM id, when a claim is named for it.
    pub scim_id: Option<String>,
    /// The internal groups that the values map to, if groups are mapped and
    /// known.
    pub groups: Option<BTreeSet<String>>,
    /// The provider's own session.
    pub session_index: Option<String>,
    /// How the person proved who they are.
    pub context: Option<String>,
    /// When they did, where the provider says so.
    pub proven_at: Option<Timestamp>,
    /// By which methods, where the provider says so (RFC 8176).
    pub amr: Vec<String>,
    /// The claims as they came, for the trace.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// Where the person's picture is.
    pub photo: Option<Address>,
    /// The ID token as it came, where signing out will need it.
    pub id_token: Option<WriteOnly>,
    /// What was left out.
    pub notes: Vec<String>,
}

impl Person {
    /// Reads the claims. `rule` is the issuer's; `issuer` what the person is
    /// remembered under.
    pub fn read(
        provider: &OauthProvider,
        rule: Option<&IssuerRule>,
        issuer: String,
        claims: &Claims,
    ) -> Result<Self, Trouble> {
        let map = &provider.claims;
        let subject = map.subject(claims).ok_or_else(|| Trouble::NoSubject {
            tried: map.subject_names().to_vec(),
        })?;
        let (email, upn) = (
            map.value(Field::Email, claims),
            map.value(Field::Upn, claims),
        );
        let standing = Standing {
            kind: provider.provider.kind,
            settings: &provider.settings,
            is_one_tenant: rule.is_some_and(IssuerRule::is_one_tenant),
        };
        let mut person = Self {
            profile: map.profile(claims),
            vouched: vouch(standing, claims, email.as_deref(), upn.as_deref()),
            issuer,
            subject,
            scim_id: map.scim_id(claims),
            groups: None,
            session_index: claims::text(claims, "sid").filter(|sid| sid.len() <= 512),
            context: claims::text(claims, "acr").filter(|acr| acr.len() <= 512),
            proven_at: claims::moment(claims, "auth_time"),
            amr: claims::methods(claims),
            attributes: claims::shown(claims),
            photo: Address::of(provider, claims),
            id_token: None,
            notes: Vec::new(),
        };
        person.leave_out_what_cannot_be();
        Ok(person)
    }

    /// A value that cannot be what its field is, a name of a thousand letters,
    /// keeps nobody out.
    fn leave_out_what_cannot_be(&mut self) {
        for (field, reason) in reconcile::problems(&self.profile) {
            self.profile.remove(field);
            self.notes
                .push(format!("The value for {field} was left out: it {reason}."));
        }
    }

    /// Maps group values to internal groups, where the provider's map says so.
    pub fn set_groups(&mut self, provider: &OauthProvider, values: &[String]) {
        let map = &provider.provider.group_map;
        if map.is_empty() {
            return;
        }
        let mapped = values.iter().filter_map(|value| map.get(value));
        self.groups = Some(mapped.flatten().cloned().collect());
    }

    /// The identifiers that came, for an admin.
    pub fn identifiers(&self) -> Vec<String> {
        let known = [
            self.vouched.email.as_deref(),
            self.vouched.upn.as_deref(),
            Some(self.subject.as_str()),
        ];
        let mut all: Vec<String> = known.into_iter().flatten().map(ToOwned::to_owned).collect();
        all.dedup();
        all
    }

    /// The observation for the directory.
    pub fn observation(&self, provider: &OauthProvider, policy: &LoginPolicy) -> Observation {
        let slug = provider.provider.slug.clone();
        let channel = Channel::Login {
            provider: slug.clone(),
            source: Source::Oauth,
        };
        let mut profile = self.profile.clone();
        // A UPN that nobody vouches for is not kept either: another channel,
        // whose word counts, might find its owner by it.
        let upn = self.vouched.upn.as_deref();
        let upn = upn.filter(|upn| policy.vouches_for_upn(upn));
        for (field, value) in [
            (Field::Email, self.vouched.email.as_deref()),
            (Field::Upn, upn),
        ] {
            if let Some(value) = value {
                profile.set(field, value);
            }
        }
        let mut observation = Observation::new(channel, profile);
        observation.scim_id.clone_from(&self.scim_id);
        observation.identity = Some(ExternalIdentity {
            provider: slug,
            issuer: self.issuer.clone(),
            subject: self.subject.clone(),
        });
        observation.email_vouched = self.vouched.is_vouched;
        observation.email_may_link = self.vouched.may_link;
        observation.upn_vouched = upn.is_some();
        observation.groups.clone_from(&self.groups);
        observation
    }

    /// The claims as a document, without what is nobody's business.
    pub fn document(&self) -> Option<TraceDocument> {
        let text = serde_json::to_string_pretty(&self.attributes).ok()?;
        Some(TraceDocument::of(&text))
    }
}
