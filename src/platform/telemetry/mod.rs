//! (module telemetry)
