//! Allowances that all replicas count together.

use doorward::platform::storage::StorageError;
use doorward::platform::throttle::{self, Allowance};

use crate::place::Place;

on_both!(
    an_allowance_is_used_up_and_fills_up_again,
    of_many_who_take_at_once_only_the_allowed_get,
);

/// Such as tries to sign in to one account.
const FEW: Allowance = Allowance {
    burst: 5,
    interval: 60_000,
};

async fn take(place: &Place, key: &str) -> Result<(), u64> {
    let (key, now) = (key.to_owned(), place.now());
    let taken: Result<_, StorageError> = place
        .db
        .write(move |tx| {
            let key = key.clone();
            Box::pin(async move { throttle::take(tx, &key, FEW, now).await })
        })
        .await;
    taken.unwrap()
}

async fn sweep(place: &Place) {
    let now = place.now();
    let swept: Result<(), StorageError> = place
        .db
        .write(move |tx| Box::pin(async move { throttle::sweep(tx, now).await }))
        .await;
    swept.unwrap();
}

async fn an_allowance_is_used_up_and_fills_up_again(place: Place) {
    for _ in 0..FEW.burst {
        assert_eq!(take(&place, "account:ada").await, Ok(()));
    }
    for _ in 0..3 {
        // Asking in vain costs nothing.
        assert_eq!(take(&place, "account:ada").await, Err(60));
    }
    assert_eq!(take(&place, "account:grace").await, Ok(()));
    place.wait(20);
    assert_eq!(take(&place, "account:ada").await, Err(40));
    place.wait(40);
    assert_eq!(take(&place, "account:ada").await, Ok(()));
    assert_eq!(take(&place, "account:ada").await, Err(60));
    sweep(&place).await;
    assert_eq!(place.count("SELECT COUNT(*) FROM throttles").await, 1);
    place.wait(5 * 60);
    sweep(&place).await;
    assert_eq!(place.count("SELECT COUNT(*) FROM throttles").await, 0);
    for _ in 0..FEW.burst {
        assert_eq!(take(&place, "account:ada").await, Ok(()));
    }
    assert!(take(&place, "account:ada").await.is_err());
}

async fn of_many_who_take_at_once_only_the_allowed_get(place: Place) {
    let tries: Vec<_> = (0..40)
        .map(|_| {
            let place = place.clone();
            tokio::spawn(async move { take(&place, "account:ada").await })
        })
        .collect();
    let mut got = 0;
    for one in tries {
        got += i64::from(one.await.unwrap().is_ok());
    }
    assert_eq!(got, FEW.burst);
}
