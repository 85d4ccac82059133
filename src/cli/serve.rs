//! `doorward serve`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

use super::gateway;
use crate::app::{self, Running};
use crate::platform::config::Config;
use crate::platform::telemetry::init_log;

pub(super) fn serve(path: &Path) -> anyhow::Result<ExitCode> {
    let (config, warnings) = Config::load(path).map_err(gateway::unusable)?;
    let log = init_log(&config.log)?;
    for warning in warnings {
        tracing::warn!(key = warning.key, "{warning}");
    }
    let running = Running {
        log,
        config_path: path.to_owned(),
    };
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("no runtime can be started")?
        .block_on(app::serve(config, running))?;
    Ok(ExitCode::SUCCESS)
}
