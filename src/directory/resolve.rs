//! Who is who. Pure: it is given the users that each identifier names, and
//! decides.
//!
//! The order is the same for every channel: SCIM id, then the provider's
//! external id, then UPN, then e-mail; else a new user. A login attaches itself
//! to a user whom it has not known so far only on an identifier that its
//! provider vouches for, and never to an administrator.

use super::error::LinkConflict;
use super::policy::LoginPolicy;
use crate::domain::user::words;
use crate::domain::{Observation, Role, User, UserId};
use serde::{Deserialize, Serialize};

words!(
    /// The identifier that found the user.
    Matched {
        /// The SCIM id.
        ScimId = "scim_id",
        /// The NameID or subject at the provider.
        ExternalId = "external_id",
        /// The UPN.
        Upn = "upn",
        /// The e-mail address.
        Email = "email",
    }
);

/// The users that the identifiers of an observation name.
#[derive(Clone, Debug, Default)]
pub struct Candidates {
    /// By SCIM id.
    pub scim_id: Option<User>,
    /// By external identity.
    pub external_id: Option<User>,
    /// By UPN.
    pub upn: Option<User>,
    /// By e-mail address.
    pub email: Option<User>,
    /// By user name. It finds nobody, but it may be taken.
    pub user_name: Option<User>,
    /// Those found by UPN or address who have an identity of the observing
    /// provider and issuer, under whatever subject. Asked for only where the
    /// policy wants one subject per user.
    pub known_to_provider: Vec<UserId>,
}

/// Whom an observation speaks of.
#[derive(Clone, Debug)]
pub enum Resolution {
    /// Somebody who is here already.
    Existing {
        /// The user.
        user: Box<User>,
        /// What found the user; `None` when the channel named the user.
        matched_by: Option<Matched>,
        /// Whether the observation's external identity is new to the user.
        attach: bool,
    },
    /// Nobody who is here.
    Nobody,
}

/// Decides whom an observation speaks of. `policy` is given for logins, and
/// says what a login may attach itself to.
pub fn resolve(
    observation: &Observation,
    candidates: Candidates,
    policy: Option<&LoginPolicy>,
) -> Result<Resolution, LinkConflict> {
    let Candidates {
        scim_id,
        external_id,
        upn,
        email,
        user_name: _,
        known_to_provider,
    } = candidates;
    // A UPN that the provider does not vouch for finds nobody whom the address
    // finds as well; alone it is a conflict, not a way in.
    let same_as_email = |user: &User| email.as_ref().is_some_and(|other| other.id == user.id);
    let upn =
        upn.filter(|user| observation.upn_vouched || policy.is_none() || !same_as_email(user));
    let found = scim_id
        .map(|user| (user, Matched::ScimId))
        .or_else(|| external_id.clone().map(|user| (user, Matched::ExternalId)))
        .or_else(|| upn.map(|user| (user, Matched::Upn)))
        .or_else(|| email.map(|user| (user, Matched::Email)));
    let Some((user, matched_by)) = found else {
        return Ok(Resolution::Nobody);
    };
    let known = external_id
        .as_ref()
        .is_some_and(|known| known.id == user.id);
    // An identity that is somebody else's stays there, as a UPN does.
    let attach = observation.identity.is_some() && external_id.is_none();
    if !known && let Some(policy) = policy {
        let knows_another = known_to_provider.contains(&user.id);
        may_attach(observation, &user, matched_by, knows_another, policy)?;
    }
    Ok(Resolution::Existing {
        user: Box::new(user),
        matched_by: Some(matched_by),
        attach,
    })
}

fn may_attach(
    observation: &Observation,
    user: &User,
    matched_by: Matched,
    knows_another: bool,
    policy: &LoginPolicy,
) -> Result<(), LinkConflict> {
    let id = || user.id.clone();
    let vouched = match matched_by {
        Matched::ScimId | Matched::ExternalId => true,
        Matched::Upn => observation.upn_vouched,
        Matched::Email if !policy.link_by_email => return Err(LinkConflict::LinkingOff(id())),
        Matched::Email => observation.email_vouched && observation.email_may_link,
    };
    if !vouched {
        return Err(LinkConflict::NotVouched(id()));
    }
    if user.has_role(Role::Admin) {
        return Err(LinkConflict::Administrator(id()));
    }
    if policy.one_subject_per_user && knows_another && matched_by != Matched::ScimId {
        return Err(LinkConflict::OtherSubject(id()));
    }
    Ok(())
}
