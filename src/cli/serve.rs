//! `doorward serve`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

use super::gateway;
use crate::app::{self, Running};
use crate::platform::telemetry::init_log;

/// Runs the gateway until SIGTERM or SIGINT.
pub(super) fn serve(path: &Path) -> anyhow::Result<ExitCode> {
    let config = gateway::load(path)?;
    let log = init_log(&config.log).context("log")?;
    let running = Running {
        log,
        config_path: path.to_owned(),
    };
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("doorward")
        .build()
        .context("no runtime can be started")?
        .block_on(app::serve(config, running))?;
    Ok(ExitCode::SUCCESS)
}
