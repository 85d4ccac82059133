//! Who may use an application.

use super::{StoredApplication, assignments, by_slug};
use crate::directory::policy;
use crate::directory::{Directory, DirectoryError};
use crate::domain::application::AccessRule;
use crate::domain::{Application, Field, Slug, Status, Timestamp, User};
use crate::platform::storage::{StorageError, Tx, params};

/// Why somebody may not use an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// The application is switched off.
    #[error("the application is switched off")]
    Disabled,
    /// The user is deactivated, has not signed in yet, or is outside the validity.
    #[error("the user is not active")]
    NotActive,
    /// Guests do not get in.
    #[error("the application is not open to guests")]
    Guest,
    /// Neither the user nor a group of the user's is assigned.
    #[error("neither the user nor one of the user's groups is assigned to the application")]
    NotAssigned,
}

impl NotAdmitted {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Disabled => "application.disabled",
            Self::NotActive => "application.user_not_active",
            Self::Guest => "application.guest",
            Self::NotAssigned => "application.not_assigned",
        }
    }
}

/// Whether a person belongs to another organisation. Entra ID writes `#EXT#` into
/// the user principal names of the guests that it invites.
#[must_use]
pub fn is_guest(user: &User) -> bool {
    [Field::Upn, Field::UserName]
        .into_iter()
        .filter_map(|field| user.profile.get(field))
        .any(|name| name.to_ascii_uppercase().contains("#EXT#"))
}

/// Decides, once it is known whether the user is assigned, directly or by a
/// group.
pub fn admit(
    application: &Application,
    user: &User,
    is_assigned: bool,
    now: Timestamp,
    enforce_validity: bool,
) -> Result<(), NotAdmitted> {
    if !application.enabled {
        return Err(NotAdmitted::Disabled);
    }
    if user.status != Status::Active || policy::may_sign_in(user, now, enforce_validity).is_err() {
        return Err(NotAdmitted::NotActive);
    }
    match application.access {
        AccessRule::Internal if is_guest(user) => Err(NotAdmitted::Guest),
        AccessRule::Public | AccessRule::Internal => Ok(()),
        AccessRule::Private if is_assigned => Ok(()),
        AccessRule::Private => Err(NotAdmitted::NotAssigned),
    }
}

/// Whether the user may use the application now, inside a unit.
pub async fn may_use(
    tx: &mut Tx,
    application: &Application,
    user: &User,
    now: Timestamp,
    enforce_validity: bool,
) -> Result<Result<(), NotAdmitted>, StorageError> {
    // Assignments are looked up only where they count.
    let is_assigned = application.access == AccessRule::Private
        && assignments::is_assigned(tx, &application.slug, &user.id).await?;
    Ok(admit(application, user, is_assigned, now, enforce_validity))
}

/// Ends what an application holds for people who may not use it any more, so that
/// it does not come back with the next assignment. Only an application for those
/// who are assigned looks at assignments.
pub(super) async fn end_what_is_lost(
    tx: &mut Tx,
    application: &Application,
) -> Result<(), StorageError> {
    const SQL: &str = "DELETE FROM oidc_grants WHERE application = $1 \
        AND user_id NOT IN (SELECT user_id FROM application_users WHERE application = $1) \
        AND user_id NOT IN (SELECT m.user_id FROM application_groups g \
        JOIN group_members m ON m.group_id = g.group_id WHERE g.application = $1)";
    if application.access != AccessRule::Private {
        return Ok(());
    }
    let ended = tx.execute(SQL, params![&application.slug]).await?;
    if ended > 0 {
        tracing::info!(application = %application.slug, ended, "sign-ins lost their access");
    }
    Ok(())
}

impl Directory {
    /// The application with this slug, and whether the user may use it now.
    pub async fn admission(
        &self,
        slug: &Slug,
        user: &User,
    ) -> Result<(StoredApplication, Result<(), NotAdmitted>), DirectoryError> {
        let (slug, user) = (slug.clone(), user.clone());
        let (now, enforce) = (self.now(), self.enforce_validity);
        self.db
            .read(move |tx| {
                let (slug, user) = (slug.clone(), user.clone());
                Box::pin(async move {
                    let stored = by_slug(tx, &slug).await?;
                    let stored = stored.ok_or(DirectoryError::NotFound("application"))?;
                    let may = may_use(tx, &stored.application, &user, now, enforce).await?;
                    Ok::<_, DirectoryError>((stored, may))
                })
            })
            .await
    }

    /// The applications that the user may use, by name.
    pub async fn applications_of(&self, user: &User) -> Result<Vec<Application>, DirectoryError> {
        let (user, now, enforce) = (user.clone(), self.now(), self.enforce_validity);
        Ok(self
            .db
            .read(move |tx| {
                let user = user.clone();
                Box::pin(async move {
                    let assigned = assignments::of_user(tx, &user.id).await?;
                    let all = super::all(tx).await?.into_iter();
                    let open = all.map(|stored| stored.application).filter(|application| {
                        let is_assigned = assigned.contains(&application.slug);
                        admit(application, &user, is_assigned, now, enforce).is_ok()
                    });
                    Ok::<_, StorageError>(open.collect())
                })
            })
            .await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::application::ApplicationKind;
    use crate::domain::{Entropy, Profile, Source, UserId};

    fn user(status: Status, upn: &str) -> User {
        let now = Timestamp(1_700_000_000_000);
        User {
            id: UserId::new(now, &Entropy::System),
            profile: Profile::default().with(Field::Upn, upn),
            email_verified: true,
            status,
            roles: std::collections::BTreeSet::new(),
            scim_id: None,
            source: Source::Saml,
            owners: std::collections::BTreeMap::new(),
            created_at: now,
            updated_at: now,
            last_login_at: None,
            version: 1,
        }
    }

    #[test]
    fn who_may_use_what() {
        use NotAdmitted::{Disabled, Guest, NotActive, NotAssigned};
        let now = Timestamp(1_700_000_000_000);
        let ada = user(Status::Active, "ada@example.com");
        let guest = user(Status::Active, "bob_other.org#ext#@example.onmicrosoft.com");
        let pending = user(Status::Pending, "new@example.com");
        let gone = user(Status::Inactive, "gone@example.com");
        let mut app = Application::new(Slug::parse("app").unwrap(), "App");
        app.kind = ApplicationKind::Link;
        for (rule, who, assigned, expected) in [
            (AccessRule::Public, &ada, false, Ok(())),
            (AccessRule::Public, &guest, false, Ok(())),
            (AccessRule::Public, &pending, false, Err(NotActive)),
            (AccessRule::Public, &gone, true, Err(NotActive)),
            (AccessRule::Internal, &ada, false, Ok(())),
            (AccessRule::Internal, &guest, false, Err(Guest)),
            (AccessRule::Internal, &guest, true, Err(Guest)),
            (AccessRule::Internal, &pending, true, Err(NotActive)),
            (AccessRule::Private, &ada, false, Err(NotAssigned)),
            (AccessRule::Private, &ada, true, Ok(())),
            (AccessRule::Private, &guest, true, Ok(())),
            (AccessRule::Private, &gone, true, Err(NotActive)),
        ] {
            app.access = rule;
            assert_eq!(admit(&app, who, assigned, now, true), expected, "{rule}");
        }
        app.enabled = false;
        assert_eq!(admit(&app, &ada, true, now, true), Err(Disabled));
        let mut expired = ada;
        expired
            .profile
            .set(Field::ValidTo, "2001-01-01T00:00:00Z".to_owned());
        app.enabled = true;
        assert_eq!(admit(&app, &expired, true, now, true), Err(NotActive));
        assert_eq!(admit(&app, &expired, true, now, false), Ok(()));
    }
}
