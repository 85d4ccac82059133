//! What operators ask: is the process up, does the database answer, what does
//! it count.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use crate::platform::config;
use crate::platform::storage::Db;
use crate::platform::telemetry::Metrics;
use crate::platform::web::{ClientAddr, Kit};

#[derive(Clone)]
struct Health {
    db: Db,
    settings: config::Metrics,
    metrics: Option<Metrics>,
    kit: Kit,
    /// When a write last went through for somebody who asked.
    written: Arc<Mutex<Option<Instant>>>,
}

/// How long a write that went through stands for those that would: whoever asks
/// often shall not make the disk busy.
const FRESH: Duration = Duration::from_secs(1);

impl Health {
    fn has_written_just_now(&self) -> bool {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.is_some_and(|at| at.elapsed() < FRESH)
    }

    fn note_written(&self) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        *written = Some(Instant::now());
    }
}

impl axum::extract::FromRef<Health> for Kit {
    fn from_ref(health: &Health) -> Self {
        health.kit.clone()
    }
}

pub(super) fn router(
    db: Db,
    settings: config::Metrics,
    metrics: Option<Metrics>,
    kit: &Kit,
) -> Router {
    let health = Health {
        db,
        settings,
        metrics,
        kit: kit.clone(),
        written: Arc::default(),
    };
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(render))
        .with_state(health)
}

async fn healthz() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

/// Reads decide whether requests should come here; where only writes fail,
/// sessions still work, and the answer says so.
async fn readyz(State(health): State<Health>) -> Response {
    if let Err(error) = health.db.ping().await {
        tracing::warn!(%error, "not ready");
        let body = Json(json!({ "status": "unavailable" }));
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            [(header::RETRY_AFTER, "5")],
            body,
        )
            .into_response();
    }
    if health.has_written_just_now() {
        return Json(json!({ "status": "ok" })).into_response();
    }
    match health.db.ping_write().await {
        Ok(()) => {
            health.note_written();
            Json(json!({ "status": "ok" })).into_response()
        }
        Err(error) => {
            tracing::warn!(%error, "degraded: writes fail");
            Json(json!({ "status": "degraded" })).into_response()
        }
    }
}

async fn render(State(health): State<Health>, ClientAddr(client): ClientAddr) -> Response {
    match &health.metrics {
        Some(metrics) if health.settings.admits(client) => {
            let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
            ([(header::CONTENT_TYPE, kind)], metrics.render()).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
