//! The server's loop: accepts, serves, and stops without cutting anybody off.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::front::{Front, Gateway};
use super::{AppError, Core, Running};
use crate::platform::config::Config;
use crate::platform::telemetry::init_metrics;

/// How long everybody may take for what they do.
#[derive(Clone, Copy, Debug)]
struct Times {
    /// A client for the head of a request.
    head: Duration,
    /// A client for the body of a request.
    body: Duration,
    /// Requests that have begun, at the end.
    drain: Duration,
}

const TIMES: Times = Times {
    head: Duration::from_mins(1),
    body: Duration::from_mins(1),
    drain: Duration::from_secs(10),
};

/// How often an HTTP/2 client is asked whether it is still there.
const STILL_THERE: Duration = Duration::from_mins(1);

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
    let forward = super::forward_auth(&config, &core)?;
    let gateway = Gateway {
        router: super::router(&config, &core, Some(metrics.clone()), &forward)?,
        forward: Some(forward),
    };
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
    let (db, in_hand) = (core.directory.db.clone(), Arc::clone(&core.in_hand));
    let news = core.directory.db.clone();
    let following = stop.clone();
    let news = tokio::spawn(async move { news.follow(following).await });
    let jobs = tokio::spawn(super::jobs::run(core.clone(), metrics, stop.clone()));
    let public_url = config.public_url.origin().to_owned();
    let metadata = super::metadata::run(core.clone(), public_url, stop.clone());
    let metadata = tokio::spawn(metadata);
    let courier = super::webhooks::courier(&core);
    let webhooks = super::webhooks::run(core.clone(), courier, stop.clone());
    let webhooks = tokio::spawn(webhooks);
    let kit = super::kit(&config, &core)?;
    let accounts = super::accounts(&config, &core, &kit)?;
    let mail = tokio::spawn(super::mail::run(core.clone(), accounts, stop.clone()));
    let oidc = super::oidc_state(&config, &core, &kit);
    let farewells = tokio::spawn(super::farewells::run(oidc, stop.clone()));
    watch_signals(&stop, core, running)?;
    accept(listener, gateway, stop.clone(), TIMES).await;
    stop.cancel();
    drop(jobs.await);
    if let Err(error) = in_hand.settle_all(&db).await {
        tracing::warn!(%error, "sign-ins that were under way begin again");
    }
    drop(news.await);
    drop(metadata.await);
    drop(webhooks.await);
    drop(mail.await);
    drop(farewells.await);
    Ok(())
}

async fn accept(listener: TcpListener, gateway: Gateway, stop: CancellationToken, times: Times) {
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => connection(stream, peer, gateway.clone(), times, &graceful),
            Err(error) => {
                // Out of file handles, mostly: wait for some to be given back.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    tracing::info!("stopping: no new connections, finishing what has begun");
    if tokio::time::timeout(times.drain, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!(
            "some requests were still running after {} s",
            times.drain.as_secs()
        );
    }
}

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    gateway: Gateway,
    times: Times,
    graceful: &GracefulShutdown,
) {
    drop(stream.set_nodelay(true));
    let has_asked = Arc::new(AtomicBool::new(false));
    let service = Front::new(gateway, peer, Arc::clone(&has_asked), times.body);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(times.head);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(STILL_THERE)
        .max_concurrent_streams(100);
    let serving = builder
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .into_owned();
    let watched = graceful.watch(serving);
    tokio::spawn(async move {
        let silent = async {
            tokio::time::sleep(times.head).await;
            if has_asked.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        // Which of the two protocols a client speaks is found out before either of
        // them has a clock running.
        tokio::select! {
            outcome = watched => if let Err(error) = outcome {
                tracing::debug!(error = %error, "a connection broke off");
            },
            () = silent => tracing::debug!(%peer, "a client connected and asked nothing"),
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
    if let Err(error) = core.directory.fetch_all_metadata().await {
        tracing::error!(%error, "the metadata of the providers is not fetched anew");
    }
    match super::providers::apply_file(core, &config).await {
        Ok(()) => tracing::info!("providers and log level were read again"),
        Err(error) => tracing::error!(%error, "the providers stay as they are"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::routing::post;
    use std::time::Instant;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    const WHOLE: &str = "POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
    const SHORT: Times = Times {
        head: Duration::from_millis(600),
        body: Duration::from_millis(600),
        drain: Duration::from_secs(5),
    };

    async fn client(stop: &CancellationToken, times: Times) -> TcpStream {
        let length = post(async |body: String| body.len().to_string());
        let router = Router::new().fallback(length);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let gateway = Gateway {
            router,
            forward: None,
        };
        tokio::spawn(accept(listener, gateway, stop.clone(), times));
        TcpStream::connect(address).await.unwrap()
    }

    /// Whether something took the short time, and not much longer.
    fn is_short(took: Duration) -> bool {
        took >= Duration::from_millis(550) && took < Duration::from_secs(4)
    }

    #[test]
    fn clients_have_a_minute_and_requests_ten_seconds() {
        assert_eq!(TIMES.head.as_secs(), 60);
        assert_eq!(TIMES.body.as_secs(), 60);
        assert_eq!(TIMES.drain.as_secs(), 10);
    }

    #[tokio::test]
    async fn heads_that_do_not_end_are_cut() {
        for begun in [
            "",
            "PRI * HTTP/2.0\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "G",
            "POST /length HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        ] {
            let stop = CancellationToken::new();
            let mut stream = client(&stop, SHORT).await;
            let since = Instant::now();
            stream.write_all(begun.as_bytes()).await.unwrap();
            drop(stream.read_to_end(&mut Vec::new()).await);
            assert!(
                is_short(since.elapsed()),
                "{begun:?}: {:?}",
                since.elapsed()
            );
        }
    }

    #[tokio::test]
    async fn a_drop_now_and_then_does_not_keep_a_connection_open() {
        let body = "POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n";
        let head = "POST /length HTTP/1.1\r\nHost: x\r\nX-Slow: ";
        for begun in [head, body] {
            let stop = CancellationToken::new();
            let mut stream = client(&stop, SHORT).await;
            stream.write_all(begun.as_bytes()).await.unwrap();
            let since = Instant::now();
            let (mut from, mut to) = stream.split();
            let drops = async {
                while to.write_all(b"x").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            };
            let mut text = Vec::new();
            tokio::select! {
                () = drops => {}
                _ = from.read_to_end(&mut text) => {}
            }
            assert!(
                is_short(since.elapsed()),
                "{begun:?}: {:?}",
                since.elapsed()
            );
            let text = String::from_utf8_lossy(&text);
            assert!(text.is_empty() || text.starts_with("HTTP/1.1 4"), "{text}");
        }
    }

    #[tokio::test]
    async fn who_is_slow_within_the_time_is_answered_and_may_ask_again() {
        let stop = CancellationToken::new();
        let times = Times {
            head: Duration::from_secs(3),
            body: Duration::from_secs(3),
            ..SHORT
        };
        let mut stream = client(&stop, times).await;
        for _ in 0..2 {
            let (head, body) = WHOLE.split_at(WHOLE.len() - 2);
            stream.write_all(head.as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(700)).await;
            stream.write_all(body.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            while !answer.ends_with(b"\r\n\r\n5") {
                answer.push(stream.read_u8().await.unwrap());
            }
            assert!(answer.starts_with(b"HTTP/1.1 200 OK"));
        }
    }

    #[tokio::test]
    async fn a_stop_waits_for_what_has_begun() {
        let stop = CancellationToken::new();
        let times = Times {
            body: Duration::from_secs(4),
            ..SHORT
        };
        let mut stream = client(&stop, times).await;
        let (head, body) = WHOLE.split_at(WHOLE.len() - 2);
        stream.write_all(head.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        stop.cancel();
        tokio::time::sleep(Duration::from_millis(700)).await;
        stream.write_all(body.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
    }
}
