//! Whether somebody has to sign in before a request goes on, and how the sign-in
//! page is told.

use super::authorize::Step;
use super::forms::RESUME;
use super::hint::{self, HintError};
use super::issue::acr;
use super::request::Refusal;
use crate::directory::DirectoryError;
use crate::domain::Timestamp;
use crate::sessions::current::Current;
use crate::sessions::prompt::{self, Prompt};
use crate::sessions::rows::SignedIn;

/// Why somebody who may be signed in has to sign in all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// Nobody is signed in.
    SignIn,
    /// Whoever is signed in has to prove anew who they are.
    Proof,
    /// Whoever is signed in may want, or need, to be somebody else.
    Choice,
    /// Somebody else signed in than the client expects.
    SomebodyElse,
}

/// Whether somebody proved who they are after this moment: here, or to a provider
/// that was told to ask anew, or that says when it was.
fn is_fresh(signed_in: &SignedIn, since: Timestamp) -> bool {
    let knows = signed_in.provider.is_none() || signed_in.anew || signed_in.proven_at.is_some();
    knows && signed_in.proven() >= since
}

impl Step<'_> {
    /// Whether the person has to sign in before anything else.
    pub(super) async fn needs(
        &self,
        current: Option<&Current>,
    ) -> Result<Option<Needs>, Result<Refusal, DirectoryError>> {
        let hinted = self.hinted().await?;
        let Some(current) = current else {
            return Ok(Some(Needs::SignIn));
        };
        // Signed in for this very request.
        let since = self.handle.as_ref().map(|handle| handle.created_at);
        let signed_in_at = Timestamp(current.signed_in.authenticated_at);
        let is_new = since.is_some_and(|since| signed_in_at >= since);
        let wanted = &self.wish.wanted;
        if hinted.is_some() || !wanted.subjects.is_empty() {
            let application = &self.proven.application;
            let subject = self.state.subjects.of(application, &current.user.id).await;
            let subject = subject.map_err(Err)?;
            let is_expected = hinted.is_none_or(|hinted| hinted == subject)
                && (wanted.subjects.is_empty() || wanted.subjects.contains(&subject));
            if !is_expected {
                let needs = if is_new {
                    Needs::SomebodyElse
                } else {
                    Needs::Choice
                };
                return Ok(Some(needs));
            }
        }
        let prompt = self.wish.prompt;
        if prompt.select_account && !is_new {
            return Ok(Some(Needs::Choice));
        }
        let is_fresh = since.is_some_and(|since| is_fresh(&current.signed_in, since));
        let now = self.state.directory.now();
        let age = now.seconds_since(current.signed_in.proven());
        let max_age = self.wish.max_age;
        let is_old = max_age.is_some_and(|most| age > most || most == 0);
        if (prompt.login || is_old) && !is_fresh {
            return Ok(Some(Needs::Proof));
        }
        if wanted.contexts.is_empty() || wanted.contexts.contains(&acr(&current.signed_in)) {
            return Ok(None);
        }
        if is_new {
            // OpenID Connect Core §5.5.1.1: what is essential and was not reached is
            // a sign-in that failed.
            return Err(Ok(Refusal {
                code: "unmet_authentication_requirements",
                description: "the person did not sign in as the claim acr demands",
            }));
        }
        Ok(Some(Needs::Proof))
    }

    /// The subject of the ID token that names who is expected.
    async fn hinted(&self) -> Result<Option<String>, Result<Refusal, DirectoryError>> {
        let Some(text) = &self.wish.id_token_hint else {
            return Ok(None);
        };
        match hint::subject(self.state, &self.proven.application, text).await {
            Ok(subject) => Ok(Some(subject)),
            Err(HintError::Directory(error)) => Err(Err(error)),
            Err(HintError::Wrong) => Err(Ok(Refusal {
                code: "invalid_request",
                description: "id_token_hint is no ID token of this issuer for the client",
            })),
        }
    }

    /// The sign-in page, from which the browser comes back here.
    pub(super) fn login(&self, handle: &str, needs: Needs) -> String {
        let back = format!("{RESUME}?flow={handle}");
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("rd", &back);
        if needs != Needs::SignIn {
            query.append_pair("choose", "1");
        }
        // The provider may have a session of its own.
        let wish = self.wish;
        let anew = wish.prompt.login || wish.max_age == Some(0);
        let prompt = if anew || needs == Needs::Proof {
            Prompt::Login
        } else if wish.prompt.select_account || needs != Needs::SignIn {
            Prompt::SelectAccount
        } else {
            Prompt::None
        };
        if let Some(word) = prompt.word() {
            query.append_pair(prompt::PARAMETER, word);
        }
        // Other hints than addresses say nothing to the sign-in page, and whoever wants
        // another account is not led back to the same one.
        let counts = needs != Needs::Choice || wish.prompt.select_account;
        let hint = self.wish.login_hint.as_deref().filter(|hint| {
            counts
                && hint.len() <= 254
                && hint.contains('@')
                && !hint.chars().any(crate::domain::address::is_deceptive)
        });
        if let Some(hint) = hint {
            query.append_pair("login_hint", hint);
        }
        format!("/login?{}", query.finish())
    }
}

/// What a client is told whose request cannot go on without a sign-in.
pub(super) const fn login_required(description: &'static str) -> Refusal {
    Refusal {
        code: "login_required",
        description,
    }
}
