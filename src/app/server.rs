//! The server's loop: accepts, serves, and stops without cutting anybody off.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::{AppError, Core, Running};
use crate::platform::config::Config;
use crate::platform::telemetry::init_metrics;

/// How long a client may take for the head of a request.
const HEAD_TIME: Duration = Duration::from_mins(1);
/// How long requests that have begun may take at the end.
const DRAIN: Duration = Duration::from_secs(10);

/// Runs the gateway until it is told to stop.
///
/// # Errors
/// What keeps it from starting.
pub async fn serve(config: Config, running: Running) -> Result<(), AppError> {
    let core = Core::open(&config).await?;
    super::providers::apply_file(&core, &config).await?;
    let metrics = init_metrics().map_err(|e| AppError::Config {
        key: "metrics",
        problem: e.to_string(),
    })?;
    let router = super::router(&config, &core, Some(metrics.clone()))?;
    let listen = config.server.listen;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|problem| AppError::Listen {
            address: listen.to_string(),
            problem,
        })?;
    let address = listener.local_addr().unwrap_or(listen);
    tracing::info!(%address, public_url = config.public_url.origin(), "listening");
    let stop = CancellationToken::new();
    let jobs = tokio::spawn(super::jobs::run(core.clone(), metrics, stop.clone()));
    watch_signals(&stop, core, running)?;
    accept(listener, router, stop.clone()).await;
    stop.cancel();
    drop(jobs.await);
    Ok(())
}

async fn accept(listener: TcpListener, router: Router, stop: CancellationToken) {
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => connection(stream, peer, router.clone(), &graceful),
            Err(error) => {
                // Out of file handles, mostly: wait for some to be given back.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    tracing::info!("stopping: no new connections, finishing what has begun");
    if tokio::time::timeout(DRAIN, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!(
            "some requests were still running after {} s",
            DRAIN.as_secs()
        );
    }
}

fn connection(stream: TcpStream, peer: SocketAddr, router: Router, graceful: &GracefulShutdown) {
    drop(stream.set_nodelay(true));
    let service = router.map_request(move |mut request: Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.map(axum::body::Body::new)
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(100);
    let serving = builder
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .into_owned();
    let watched = graceful.watch(serving);
    tokio::spawn(async move {
        if let Err(error) = watched.await {
            tracing::debug!(error = %error, "a connection broke off");
        }
    });
}

/// SIGTERM and SIGINT stop; SIGHUP reads providers and the log level again.
fn watch_signals(stop: &CancellationToken, core: Core, running: Running) -> Result<(), AppError> {
    let wrong = |e: std::io::Error| AppError::Config {
        key: "server",
        problem: e.to_string(),
    };
    let mut terminate = signal(SignalKind::terminate()).map_err(wrong)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(wrong)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(wrong)?;
    let stop = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = terminate.recv() => stop.cancel(),
                _ = interrupt.recv() => stop.cancel(),
                _ = hangup.recv() => reload(&core, &running).await,
            }
        }
    });
    Ok(())
}

async fn reload(core: &Core, running: &Running) {
    let config = match Config::load(&running.config_path) {
        Ok((config, _)) => config,
        Err(problems) => {
            tracing::error!(%problems, "the configuration is not good: all stays as it is");
            return;
        }
    };
    if let Err(error) = running.log.set_level(&config.log.level) {
        tracing::error!(%error, "the log level stays as it is");
    }
    match super::providers::apply_file(core, &config).await {
        Ok(()) => tracing::info!("providers and log level were read again"),
        Err(error) => tracing::error!(%error, "the providers stay as they are"),
    }
}
