//! `/me`: who is signed in at this browser.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::user_shape::UserShape;
use super::{Answer, ApiState, ok, users};
use crate::domain::{Slug, Timestamp};
use crate::platform::web::Problem;
use crate::sessions::current::{MaybeCurrent, NoOne};

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
pub(super) async fn show(
    State(state): State<ApiState>,
    MaybeCurrent(current): MaybeCurrent,
) -> Answer {
    let current = current.map_err(|nobody| match nobody {
        NoOne::SignedOut => {
            Problem::unauthenticated().with_detail("Nobody is signed in at this browser.")
        }
        NoOne::Unavailable(cause) => state.kit.unavailable(cause),
    })?;
    Ok(ok(Me {
        user: users::shape(&state, current.user).await?,
        provider: current.signed_in.provider,
        session: Session {
            signed_in_at: Timestamp(current.signed_in.authenticated_at),
            expires_at: current.expires_at,
        },
    }))
}
