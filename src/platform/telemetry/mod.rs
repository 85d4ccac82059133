//! What the process says about itself: log lines on standard error, and
//! metrics for `GET /metrics`.
//!
//! Nothing secret is ever logged: no token, cookie, password, assertion.
//! Modules log with `tracing`'s macros and count with those of `metrics`; who
//! listens is decided here.

mod log;
mod metrics;

pub use log::{LogError, LogHandle, init_log};
pub use metrics::{Metrics, MetricsError, init_metrics};
