//! Log lines: `[log]`.

use std::io::IsTerminal as _;
use std::sync::Arc;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use crate::platform::config::{Log, LogFormat};

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The level cannot be read.
    #[error("log.level: {0}")]
    Level(#[from] tracing_subscriber::filter::ParseError),
    /// Somebody else has set up logging in this process.
    #[error("logging is set up already")]
    AlreadySet,
    /// The log has gone away.
    #[error("the log cannot be changed any more")]
    Gone,
}

type SetLevel = dyn Fn(EnvFilter) -> Result<(), LogError> + Send + Sync;

/// Changes the level of a running process.
#[derive(Clone)]
pub struct LogHandle(Arc<SetLevel>);

impl std::fmt::Debug for LogHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogHandle").finish_non_exhaustive()
    }
}

impl LogHandle {
    /// Takes over the level of a configuration that was read anew. The format
    /// stays as it was at the start.
    pub fn set_level(&self, level: &str) -> Result<(), LogError> {
        (self.0)(EnvFilter::try_new(level)?)
    }
}

/// Starts logging to standard error for the whole process.
pub fn init_log(config: &Log) -> Result<LogHandle, LogError> {
    let (filter, handle) = reload::Layer::new(EnvFilter::try_new(&config.level)?);
    let lines: Box<dyn Layer<_> + Send + Sync> = match config.format {
        LogFormat::Text => fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal())
            .boxed(),
        LogFormat::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_writer(std::io::stderr)
            .boxed(),
    };
    Registry::default()
        .with(filter)
        .with(lines)
        .try_init()
        .map_err(|_| LogError::AlreadySet)?;
    Ok(LogHandle(Arc::new(move |filter| {
        handle.reload(filter).map_err(|_| LogError::Gone)
    })))
}
