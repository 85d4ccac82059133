//! What forward-auth would answer, asked beforehand: which application an address
//! belongs to, which rule counts there, who gets in, and with which headers. Nothing
//! is written, and no assertion is signed.

use axum::http::HeaderMap;

use super::hand_over::{shares_cookie, target};
use super::identity;
use super::paths::{self, Place};
use crate::directory::applications::access::{self, NotAdmitted};
use crate::directory::{Directory, DirectoryError, applications, groups, users};
use crate::domain::application::{ApplicationKind, PathAccess, PathRule};
use crate::domain::{Application, User};
use crate::platform::web::Kit;

/// Which rule counts at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// This one.
    Path(PathRule),
    /// None fits, so the application's access rule counts.
    Access,
    /// The path can be read in more than one way, so that it is open to nobody else.
    Doubtful,
}

/// What is answered to somebody.
#[derive(Clone, Debug)]
pub enum Answer {
    /// They pass, with these headers. The assertion is left empty.
    Pass(HeaderMap),
    /// They are sent to sign in, and scripts are told `401`.
    SignIn,
    /// They are refused, for this reason.
    Refused(Option<NotAdmitted>),
}

/// An address that belongs to an application.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The application.
    pub application: Application,
    /// The rule that counts.
    pub rule: Rule,
    /// What it says.
    pub access: PathAccess,
    /// Whether the gateway's own cookie reaches the host; else it gets one of its
    /// own, by a one-time code.
    pub shares_cookie: bool,
    /// Whoever is not signed in.
    pub stranger: Answer,
    /// The person that was named.
    pub person: Option<(User, Answer)>,
}

/// What comes of an address.
#[derive(Clone, Debug)]
pub enum Found {
    /// It is no address of a web page.
    NoAddress,
    /// No application behind forward-auth has this host.
    NoApplication(String),
    /// An application has it.
    Application(Box<Trial>),
}

/// Tries an address out, for whoever is not signed in and for one person.
pub async fn run(
    kit: &Kit,
    directory: &Directory,
    address: &str,
    person: Option<&User>,
) -> Result<Found, DirectoryError> {
    let Some((url, host)) = target(address) else {
        return Ok(Found::NoAddress);
    };
    let Some(application) = by_host(directory, &host).await? else {
        return Ok(Found::NoApplication(host));
    };
    // As it was typed: the proxy passes on what the browser sent, dots and all.
    let path = path_of(address).unwrap_or_else(|| url.path().to_owned());
    let rule = match paths::place(&application.path_rules, &path) {
        Place::Ruled(rule) => Rule::Path(rule.clone()),
        Place::Doubtful if !application.path_rules.is_empty() => Rule::Doubtful,
        Place::Unruled | Place::Doubtful => Rule::Access,
    };
    let access = if application.enabled {
        paths::access(&application.path_rules, &path)
    } else {
        PathAccess::SignedIn
    };
    let stranger = match access {
        PathAccess::Deny => Answer::Refused(None),
        PathAccess::Anonymous => Answer::Pass(identity::nobody(&application)),
        PathAccess::SignedIn => Answer::SignIn,
    };
    let person = match person {
        Some(user) => {
            let answer = of_person(directory, &application, access, user).await?;
            Some((user.clone(), answer))
        }
        None => None,
    };
    Ok(Found::Application(Box::new(Trial {
        application,
        rule,
        access,
        shares_cookie: shares_cookie(&host, kit.public_origin(), kit.cookie_domain()),
        stranger,
        person,
    })))
}

async fn by_host(directory: &Directory, host: &str) -> Result<Option<Application>, DirectoryError> {
    let host = host.to_owned();
    let found = directory.db.read(move |tx| {
        let host = host.clone();
        Box::pin(async move { Ok::<_, DirectoryError>(applications::by_host(tx, &host).await?) })
    });
    let found = found.await?.map(|stored| stored.application);
    Ok(found.filter(|application| application.kind == ApplicationKind::ForwardAuth))
}

/// The path of an address, without what a browser makes of it.
fn path_of(address: &str) -> Option<String> {
    let (_, rest) = address.split_once("://")?;
    let at = rest.find(['/', '?', '#'])?;
    let path = rest.get(at..)?.split(['?', '#']).next()?;
    Some(if path.is_empty() { "/" } else { path }.to_owned())
}

async fn of_person(
    directory: &Directory,
    application: &Application,
    access: PathAccess,
    user: &User,
) -> Result<Answer, DirectoryError> {
    if access == PathAccess::Deny {
        return Ok(Answer::Refused(None));
    }
    let (application, user) = (application.clone(), user.clone());
    let (now, enforce) = (directory.now(), directory.enforce_validity);
    directory
        .db
        .read(move |tx| {
            let (application, user) = (application.clone(), user.clone());
            Box::pin(async move {
                let may = access::may_use(tx, &application, &user, now, enforce).await?;
                Ok(match may {
                    Ok(()) => {
                        let of = groups::of_users(tx, std::slice::from_ref(&user.id)).await?;
                        let of = of.into_values().next().unwrap_or_default();
                        Answer::Pass(identity::of(&application, &user, &of))
                    }
                    Err(_) if access == PathAccess::Anonymous => {
                        Answer::Pass(identity::nobody(&application))
                    }
                    Err(why) => Answer::Refused(Some(why)),
                })
            })
        })
        .await
}

/// The person that an admin names: by id, address, user name or UPN.
pub async fn person(directory: &Directory, name: &str) -> Result<Option<User>, DirectoryError> {
    let name = name.trim().to_owned();
    directory
        .db
        .read(move |tx| {
            let name = name.clone();
            Box::pin(async move {
                if let Some(id) = crate::domain::UserId::parse(&name)
                    && let Some(user) = users::by_id(tx, &id).await?
                {
                    return Ok(Some(user));
                }
                if let Some(user) = users::by_email(tx, &name).await? {
                    return Ok(Some(user));
                }
                if let Some(user) = users::by_user_name(tx, &name).await? {
                    return Ok(Some(user));
                }
                Ok::<_, DirectoryError>(users::by_upn(tx, &name).await?)
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_looked_at_as_it_was_typed() {
        for (address, expected) in [
            ("https://wiki.example.com", None),
            ("https://wiki.example.com/", Some("/")),
            ("https://wiki.example.com?x", Some("/")),
            ("https://wiki.example.com/a/../b?c#d", Some("/a/../b")),
            ("https://wiki.example.com/%2e%2e/b", Some("/%2e%2e/b")),
        ] {
            assert_eq!(path_of(address).as_deref(), expected, "{address}");
        }
    }
}
