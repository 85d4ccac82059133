//! Units of work without their types: what runs them is compiled once, and not
//! for each of the several hundred units that there are.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use super::error::{StorageError, UnitError};
use super::{Tx, Unit};

/// A unit as those see it who run it.
pub(super) trait Work: Send + Sync {
    /// Runs it; `true` when its writes are to be kept. What it answers stays
    /// with it.
    fn run<'t>(&'t self, tx: &'t mut Tx) -> Pin<Box<dyn Future<Output = bool> + Send + 't>>;
}

/// A unit and, when it has run, what it answers.
pub(super) struct Typed<F, T, E> {
    work: F,
    outcome: Mutex<Option<Result<T, E>>>,
}

impl<F, T, E> Typed<F, T, E>
where
    F: for<'t> Fn(&'t mut Tx) -> Unit<'t, T, E> + Send + Sync + 'static,
    T: Send + 'static,
    E: UnitError,
{
    pub(super) fn new(work: F) -> Arc<Self> {
        let outcome = Mutex::new(None);
        Arc::new(Self { work, outcome })
    }

    /// What the unit answered, unless running it came to nothing.
    pub(super) fn outcome(&self, ended: Result<(), StorageError>) -> Result<T, E> {
        ended.map_err(E::from)?;
        let outcome = self.outcome.lock();
        let outcome = outcome.unwrap_or_else(PoisonError::into_inner).take();
        outcome.unwrap_or_else(|| Err(E::from(StorageError::broke_off())))
    }
}

impl<F, T, E> Work for Typed<F, T, E>
where
    F: for<'t> Fn(&'t mut Tx) -> Unit<'t, T, E> + Send + Sync,
    T: Send,
    E: UnitError,
{
    fn run<'t>(&'t self, tx: &'t mut Tx) -> Pin<Box<dyn Future<Output = bool> + Send + 't>> {
        Box::pin(async move {
            let outcome = (self.work)(tx).await;
            let keep = outcome.is_ok();
            *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
            keep
        })
    }
}
