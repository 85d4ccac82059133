//! Shutting one user out, letting one in again, deletion, signing out: each asks
//! once and says what it will do.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::SECTION;
use super::person::{self, find};
use crate::directory::DirectoryError;
use crate::domain::{Status, User};
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::shell::{ConfirmPage, done, told};
use crate::portal::admin::staff::{Staff, WriteUsers};
use crate::portal::admin::typed::Posted;

/// What is done to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Deactivate,
    Reactivate,
    Delete,
    SignOut,
}

impl Deed {
    const fn word(self) -> &'static str {
        match self {
            Self::Deactivate => "deactivate",
            Self::Reactivate => "reactivate",
            Self::Delete => "delete",
            Self::SignOut => "sign-out",
        }
    }

    /// Whether nobody does it to themselves.
    const fn is_for_others(self) -> bool {
        matches!(self, Self::Deactivate | Self::Delete)
    }

    /// Whether there is nothing left to do.
    fn is_done(self, user: &User) -> bool {
        match self {
            Self::Deactivate => user.status == Status::Inactive,
            Self::Reactivate => user.status != Status::Inactive,
            Self::Delete | Self::SignOut => false,
        }
    }
}

macro_rules! deeds {
    ($($ask:ident, $act:ident = $deed:ident;)+) => {
        $(
            /// Asks.
            pub(super) async fn $ask(
                State(state): State<PortalState>,
                staff: Staff<WriteUsers>,
                Path(id): Path<String>,
            ) -> Response {
                ask(&state, &staff, &id, Deed::$deed).await
            }

            /// Does it.
            pub(super) async fn $act(
                State(state): State<PortalState>,
                Path(id): Path<String>,
                Posted { staff, .. }: Posted<WriteUsers>,
            ) -> Response {
                act(&state, &staff, &id, Deed::$deed).await
            }
        )+
    };
}

deeds! {
    ask_deactivate, deactivate = Deactivate;
    ask_reactivate, reactivate = Reactivate;
    ask_delete, delete = Delete;
    ask_sign_out, sign_out = SignOut;
}

async fn ask(state: &PortalState, staff: &Staff<WriteUsers>, id: &str, deed: Deed) -> Response {
    let user = match find(state, staff.locale, id).await {
        Ok(user) => user,
        Err(response) => return *response,
    };
    let back = person::path(&user.id);
    if deed.is_done(&user) {
        return told(&back, &format!("user-{}-already", deed.word()));
    }
    let (page, shell) = staff.frame(state, &SECTION);
    let effects = match effects(state, &page, &user, deed).await {
        Ok(effects) => effects,
        Err(error) => return state.failed(staff.locale, &error, &back),
    };
    let oneself = user.id == staff.current.user.id;
    let name = user.display_name();
    let word = deed.word();
    let question = ConfirmPage {
        title: page.t_with(&format!("users-{word}-title"), &[("name", &name)]),
        effects,
        refusal: (oneself && deed.is_for_others()).then(|| page.t("users-not-oneself")),
        button: page.t(&format!("users-{word}")),
        danger: deed == Deed::Delete,
        action: format!("{back}/{word}"),
        hidden: Vec::new(),
        cancel: back,
        page,
        shell,
    };
    state.show(StatusCode::OK, &question)
}

async fn effects(
    state: &PortalState,
    page: &Page,
    user: &User,
    deed: Deed,
) -> Result<Vec<String>, DirectoryError> {
    let mut said = vec![page.t(&format!("users-{}-text", deed.word()))];
    match deed {
        Deed::Reactivate => {}
        Deed::SignOut => said.extend(
            person::ends(state, page, &user.id)
                .await?
                .into_iter()
                .take(1),
        ),
        Deed::Deactivate | Deed::Delete => said.extend(person::ends(state, page, &user.id).await?),
    }
    Ok(said)
}

async fn act(state: &PortalState, staff: &Staff<WriteUsers>, id: &str, deed: Deed) -> Response {
    let user = match find(state, staff.locale, id).await {
        Ok(user) => user,
        // Sent twice: the first has done it.
        Err(_) if deed == Deed::Delete => return told(SECTION.path, "user-gone"),
        Err(response) => return *response,
    };
    let back = person::path(&user.id);
    if deed.is_for_others() && user.id == staff.current.user.id {
        return told(&back, "user-not-oneself");
    }
    let (directory, actor) = (&state.directory, staff.actor());
    let outcome = match deed {
        Deed::Deactivate => directory.deactivate(&user.id, actor).await.map(|_| ()),
        Deed::Reactivate => directory.reactivate(&user.id, actor).await.map(|_| ()),
        Deed::Delete => directory.delete_user(&user.id, actor).await,
        Deed::SignOut => {
            let ended = directory.sign_out_everywhere(&user.id, actor).await;
            ended.map(|_| ())
        }
    };
    match outcome {
        Ok(()) if deed == Deed::Delete => done(SECTION.path, "user-delete"),
        Ok(()) => done(&back, &format!("user-{}", deed.word())),
        Err(error) => person::not_done(state, staff.locale, &error, &user.id),
    }
}
