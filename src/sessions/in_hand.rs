//! Answers of identity providers on their way from the provider's POST to the
//! browser's own GET, which mostly takes milliseconds.
//!
//! Where one process serves alone, an answer is held in memory for a moment and
//! never costs the database a write; one whose browser tarries goes to its row
//! ([`sign_in::keep_answer`]), and so does everything when the gateway stops. What is
//! lost with a process that is killed is the answer alone: the sign-in is still
//! under way, and takes the answer when it is sent again.
//!
//! That a message counts once is the database's to say all the same: the unit
//! that takes an answer deletes the row of the sign-in and remembers the message
//! ([`sign_in::take_held`]).

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::sign_in::{self, Kept};
use crate::domain::{Slug, Timestamp};
use crate::platform::storage::{Db, StorageError};

/// How long an answer is held before it goes to the database.
const MOMENT: Duration = Duration::from_secs(2);
/// How many are held at most; more go to the database at once.
const MOST: usize = 1024;

/// An answer in hand.
#[derive(Debug)]
pub struct Held<A> {
    /// The id of the request that it answers.
    pub request: String,
    /// The provider that it came from.
    pub provider: Slug,
    /// The id of the message.
    pub message: String,
    /// Until when the message is remembered.
    pub until: Timestamp,
    /// The one-time code of the second hop.
    pub code: String,
    /// What the message said.
    pub answer: A,
}

impl<A> Held<A> {
    /// The same as its row keeps it.
    #[must_use]
    pub fn kept<'a>(&'a self, outcome: &'a str) -> Kept<'a> {
        Kept {
            provider: &self.provider,
            message: &self.message,
            until: self.until,
            request: &self.request,
            code: &self.code,
            outcome,
        }
    }
}

/// Whether an answer was taken in hand.
#[derive(Debug)]
pub enum Taken<A> {
    /// It is held.
    Held,
    /// The request was answered by another message.
    Answered,
    /// The message came before.
    Replayed,
    /// The database has to keep it.
    Declined(Held<A>),
}

/// The answers in hand.
#[derive(Debug)]
pub struct InHand<A> {
    /// Whether the browser may come back to another process.
    is_shared: bool,
    held: Mutex<Answers<A>>,
}

#[derive(Debug)]
struct Answers<A> {
    by_code: HashMap<String, (Instant, Arc<Held<A>>)>,
    requests: HashSet<String>,
    messages: HashSet<(Slug, String)>,
}

impl<A> InHand<A> {
    /// None in hand yet. Nothing is ever held where other processes serve from the
    /// same database.
    #[must_use]
    pub fn new(db: &Db) -> Self {
        Self {
            is_shared: db.is_shared(),
            held: Mutex::new(Answers {
                by_code: HashMap::new(),
                requests: HashSet::new(),
                messages: HashSet::new(),
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Answers<A>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an answer in hand, if that can be.
    pub fn take(&self, held: Held<A>) -> Taken<A> {
        if self.is_shared {
            return Taken::Declined(held);
        }
        let mut answers = self.lock();
        let message = (held.provider.clone(), held.message.clone());
        if answers.requests.contains(&held.request) {
            return Taken::Answered;
        }
        if answers.messages.contains(&message) {
            return Taken::Replayed;
        }
        if answers.by_code.len() >= MOST {
            return Taken::Declined(held);
        }
        answers.messages.insert(message);
        answers.requests.insert(held.request.clone());
        let code = held.code.clone();
        let since = Instant::now();
        answers.by_code.insert(code, (since, Arc::new(held)));
        Taken::Held
    }

    /// The answer that a code names, if it is in hand.
    #[must_use]
    pub fn find(&self, code: &str) -> Option<Arc<Held<A>>> {
        let answers = self.lock();
        answers.by_code.get(code).map(|(_, held)| Arc::clone(held))
    }

    /// Lets go of an answer that was used, or that the database keeps.
    pub fn let_go(&self, held: &Held<A>) {
        let mut answers = self.lock();
        answers.by_code.remove(&held.code);
        answers.requests.remove(&held.request);
        let message = (held.provider.clone(), held.message.clone());
        answers.messages.remove(&message);
    }

    fn waiting(&self, at_least: Duration) -> Vec<Arc<Held<A>>> {
        let answers = self.lock();
        let waiting = answers.by_code.values();
        waiting
            .filter(|(since, _)| since.elapsed() >= at_least)
            .map(|(_, held)| Arc::clone(held))
            .collect()
    }
}

impl<A: Serialize + Send + Sync + 'static> InHand<A> {
    /// Gives the database what has been held for a moment.
    ///
    /// # Errors
    /// The database takes nothing now: everything stays in hand.
    pub async fn settle(&self, db: &Db) -> Result<(), StorageError> {
        self.give(db, MOMENT).await
    }

    /// Gives the database all of it: the process ends.
    ///
    /// # Errors
    /// As for [`settle`](Self::settle).
    pub async fn settle_all(&self, db: &Db) -> Result<(), StorageError> {
        self.give(db, Duration::ZERO).await
    }

    async fn give(&self, db: &Db, at_least: Duration) -> Result<(), StorageError> {
        let waiting = self.waiting(at_least);
        if waiting.is_empty() {
            return Ok(());
        }
        let given = waiting.clone();
        db.write(move |tx| {
            let given = given.clone();
            Box::pin(async move {
                for held in &given {
                    let outcome = serde_json::to_string(&held.answer)
                        .map_err(|e| StorageError::Statement(e.to_string()))?;
                    // Whoever was faster has used it: then there is no such row.
                    sign_in::keep_answer(tx, &held.kept(&outcome)).await?;
                }
                Ok::<_, StorageError>(())
            })
        })
        .await?;
        for held in waiting {
            self.let_go(&held);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(request: &str, message: &str, code: &str) -> Held<()> {
        Held {
            request: request.to_owned(),
            provider: Slug::parse("okta").unwrap(),
            message: message.to_owned(),
            until: Timestamp(0),
            code: code.to_owned(),
            answer: (),
        }
    }

    async fn in_hand(folder: &tempfile::TempDir) -> InHand<()> {
        let path = folder.path().join("hand.db");
        let db = Db::connect(&format!("sqlite://{}", path.display())).await;
        InHand::new(&db.unwrap())
    }

    #[tokio::test]
    async fn a_message_and_a_request_count_once() {
        let folder = tempfile::tempdir().unwrap();
        let answers = in_hand(&folder).await;
        assert!(matches!(answers.take(held("r", "m", "c")), Taken::Held));
        assert!(matches!(answers.take(held("r", "m", "d")), Taken::Answered));
        assert!(matches!(
            answers.take(held("r2", "m", "d")),
            Taken::Replayed
        ));
        assert!(matches!(
            answers.take(held("r", "m2", "d")),
            Taken::Answered
        ));
        assert!(answers.find("d").is_none());
        let found = answers.find("c").unwrap();
        assert_eq!(found.request, "r");
        answers.let_go(&found);
        assert!(answers.find("c").is_none());
        assert!(answers.waiting(Duration::ZERO).is_empty());
        // From here on the database knows better.
        assert!(matches!(answers.take(held("r", "m", "c")), Taken::Held));
    }

    #[tokio::test]
    async fn no_more_than_so_many() {
        let folder = tempfile::tempdir().unwrap();
        let answers = in_hand(&folder).await;
        for at in 0..MOST {
            let name = at.to_string();
            assert!(matches!(
                answers.take(held(&name, &name, &name)),
                Taken::Held
            ));
        }
        let declined = answers.take(held("r", "m", "c"));
        assert!(matches!(declined, Taken::Declined(held) if held.code == "c"));
        assert!(answers.waiting(Duration::from_mins(1)).is_empty());
        assert_eq!(answers.waiting(Duration::ZERO).len(), MOST);
    }
}
