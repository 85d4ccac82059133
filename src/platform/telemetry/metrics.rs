//! Metrics in Prometheus' text format.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Why there are no metrics.
#[derive(Debug, thiserror::Error)]
#[error("metrics cannot be set up: {0}")]
pub struct MetricsError(#[from] BuildError);

/// Upper bounds, in seconds, of the buckets of every `…_seconds` histogram:
/// from a look-up in memory to a call of an IdP that hangs.
const SECONDS: [f64; 12] = [
    0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];

/// The numbers that the process has counted.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// The page for Prometheus.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Moves what was measured into its buckets. To be called every few
    /// seconds, also when nobody reads: until then each measurement is kept.
    pub fn upkeep(&self) {
        self.0.run_upkeep();
    }
}

/// Starts counting for the whole process.
pub fn init_metrics() -> Result<Metrics, MetricsError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .install_recorder()?;
    metrics::gauge!("doorward_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(Metrics(handle))
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_appear_on_the_page() {
        let metrics = super::init_metrics().unwrap();
        metrics::counter!("doorward_test_total").increment(3);
        metrics::histogram!("doorward_test_seconds").record(0.004);
        metrics.upkeep();
        let page = metrics.render();
        assert!(page.contains("doorward_test_total 3"), "{page}");
        assert!(
            page.contains("doorward_test_seconds_bucket{le=\"0.005\"} 1"),
            "{page}"
        );
        assert!(page.contains("doorward_build_info{version="), "{page}");
    }
}
