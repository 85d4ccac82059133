//! The applications behind forward-auth, at hand: by host and by slug.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};

use super::asked::Asked;
use crate::directory::{Directory, DirectoryError};
use crate::domain::Application;
use crate::domain::application::ApplicationKind;
use crate::platform::storage::{Change, Follower};

/// All of them as they stood together.
#[derive(Default)]
struct All {
    by_host: HashMap<String, Arc<Application>>,
    by_slug: HashMap<String, Arc<Application>>,
}

impl All {
    fn of(applications: impl Iterator<Item = Application>) -> Self {
        let mut all = Self::default();
        for application in applications {
            if application.kind != ApplicationKind::ForwardAuth {
                continue;
            }
            let application = Arc::new(application);
            for host in &application.hosts {
                all.by_host.insert(host.clone(), Arc::clone(&application));
            }
            let slug = application.slug.as_str().to_owned();
            all.by_slug.insert(slug, application);
        }
        all
    }

    fn find(&self, asked: &Asked) -> Option<Arc<Application>> {
        match (asked.slug, &asked.host) {
            (Some(slug), _) => self.by_slug.get(slug).cloned(),
            (None, Some(host)) => self.by_host.get(host).cloned(),
            (None, None) => None,
        }
    }
}

/// What is found, and the state of things that it belongs to.
#[derive(Clone)]
pub struct Found {
    /// The application; `None` where none has this host or slug.
    pub application: Option<Arc<Application>>,
    /// Grows with every change of any application.
    pub edition: u64,
}

/// The applications at hand. Clones share them.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    directory: Directory,
    edition: AtomicU64,
    held: RwLock<Option<(u64, Arc<All>)>>,
}

struct Ear(Weak<Inner>);

impl Follower for Ear {
    fn changed(&self, changes: &[Change]) {
        let concerns =
            |change: &Change| matches!(change, Change::Applications | Change::Everything);
        if let Some(inner) = self.0.upgrade()
            && changes.iter().any(concerns)
        {
            inner.edition.fetch_add(1, Ordering::AcqRel);
        }
    }
}

impl Registry {
    /// Those of a directory.
    #[must_use]
    pub fn new(directory: Directory) -> Self {
        let inner = Arc::new(Inner {
            edition: AtomicU64::new(1),
            held: RwLock::default(),
            directory,
        });
        let changes = inner.directory.db.changes();
        changes.add(Arc::new(Ear(Arc::downgrade(&inner))));
        Self(inner)
    }

    /// The application of a question, if that is known without asking.
    #[must_use]
    pub fn at_hand(&self, asked: &Asked) -> Option<Found> {
        let (edition, all) = self.known()?;
        Some(Found {
            application: all.find(asked),
            edition,
        })
    }

    fn known(&self) -> Option<(u64, Arc<All>)> {
        let inner = &self.0;
        let held = inner.held.read().unwrap_or_else(PoisonError::into_inner);
        let (edition, all) = held.as_ref()?;
        let is_true = *edition == inner.edition.load(Ordering::Acquire)
            && inner.directory.db.changes().is_current();
        is_true.then(|| (*edition, Arc::clone(all)))
    }

    /// The application of a question.
    pub async fn find(&self, asked: &Asked<'_>) -> Result<Found, DirectoryError> {
        if let Some(found) = self.at_hand(asked) {
            return Ok(found);
        }
        let (edition, all) = self.load().await?;
        Ok(Found {
            application: all.find(asked),
            edition,
        })
    }

    /// Whether a host belongs to one of them.
    pub async fn by_host(&self, host: &str) -> Result<Option<Arc<Application>>, DirectoryError> {
        let all = match self.known() {
            Some((_, all)) => all,
            None => self.load().await?.1,
        };
        Ok(all.by_host.get(host).cloned())
    }

    async fn load(&self) -> Result<(u64, Arc<All>), DirectoryError> {
        // What changes from here on belongs to the next edition.
        let edition = self.0.edition.load(Ordering::Acquire);
        let stored = self.0.directory.applications().await?;
        let all = All::of(stored.into_iter().map(|stored| stored.application));
        let all = Arc::new(all);
        let mut held = self.0.held.write().unwrap_or_else(PoisonError::into_inner);
        *held = Some((edition, Arc::clone(&all)));
        Ok((edition, all))
    }
}
