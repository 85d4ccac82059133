//! Work for the processor, beside the threads that serve.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinError;

/// Runs work as soon as one of `cores` is free. A panic in it is the error.
///
/// The work cannot be called off, so it keeps its core until it is done, also
/// when whoever asked for it has hung up: else somebody who asks and hangs up
/// would get as many cores as there are.
pub(super) async fn run<T: Send + 'static>(
    cores: &Arc<Semaphore>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    // Nobody closes this semaphore; if somebody did, the work would still be
    // done.
    let core = Arc::clone(cores).acquire_owned().await.ok();
    let worked = tokio::task::spawn_blocking(move || {
        let outcome = work();
        drop(core);
        outcome
    });
    worked.await
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn work_keeps_its_core_when_nobody_waits_for_it() {
        let cores = Arc::new(Semaphore::new(1));
        let (begun, has_begun) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let asked = Arc::clone(&cores);
        let asking = tokio::spawn(async move {
            let work = move || {
                begun.send(()).unwrap();
                may_go_on.recv().unwrap();
            };
            run(&asked, work).await.unwrap();
        });
        let begun = move || has_begun.recv_timeout(Duration::from_secs(10)).unwrap();
        tokio::task::spawn_blocking(begun).await.unwrap();
        asking.abort();
        assert!(asking.await.unwrap_err().is_cancelled());
        assert_eq!(cores.available_permits(), 0, "the work still runs");
        go_on.send(()).unwrap();
        assert_eq!(run(&cores, || 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_panic_gives_the_core_back() {
        let cores = Arc::new(Semaphore::new(1));
        let broken = run(&cores, || -> u8 { panic!("broken") }).await;
        assert!(broken.unwrap_err().is_panic());
        assert_eq!(run(&cores, || 7).await.unwrap(), 7);
    }
}
