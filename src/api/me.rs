//! `/me`: who is signed in at this browser.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse as _;
use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use super::user_shape::UserShape;
use super::{Answer, ApiState, ok};
use crate::domain::{Slug, Timestamp};
use crate::platform::web::Problem;
use crate::sessions::cache::Live;
use crate::sessions::current::{MaybeLive, NoOne};

/// Who is signed in, and until when.
#[derive(Serialize, ToSchema)]
struct Me {
    #[serde(flatten)]
    user: UserShape,
    /// The provider of this session; `null` for a local way in.
    #[schema(required)]
    provider: Option<Slug>,
    session: Session,
}

/// A browser session.
#[derive(Serialize, ToSchema)]
struct Session {
    signed_in_at: Timestamp,
    /// When it ends at the latest; without use it may end before.
    expires_at: Timestamp,
}

/// Shows who is signed in at this browser. A token does not open it.
#[utoipa::path(
    get,
    path = "/me",
    tag = "Session",
    responses(
        (status = 200, description = "The user, and the session.", body = Me),
    ),
    security(("session" = [])),
)]
pub(super) async fn show(State(state): State<ApiState>, MaybeLive(live): MaybeLive) -> Answer {
    let live = live.map_err(|nobody| match nobody {
        NoOne::SignedOut => {
            Problem::unauthenticated().with_detail("Nobody is signed in at this browser.")
        }
        NoOne::Unavailable(cause) => state.kit.unavailable(cause),
    })?;
    // The same until the session or its user changes: then all that is kept goes.
    let written = live.kept::<Body>().or_else(|| {
        let body = Body(serde_json::to_vec(&me(&live)).ok()?.into());
        live.keep(body.clone());
        Some(body)
    });
    let Some(body) = written else {
        return Ok(ok(me(&live)));
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], body.0).into_response())
}

/// An answer that was written before.
#[derive(Clone)]
struct Body(Bytes);

fn me(live: &Live) -> Me {
    Me {
        user: UserShape::new(live.person.user.clone(), live.person.belongings.clone()),
        provider: live.signed_in.provider.clone(),
        session: Session {
            signed_in_at: Timestamp(live.signed_in.authenticated_at),
            expires_at: live.expires_at,
        },
    }
}
