//! Many at once.

use std::sync::Arc;

use serde_json::json;

use super::{begin, come_back, set_up};
use crate::harness::{Browser, Server};
use crate::vendors::{Endpoint, Kind, Person};

on_both! {
    of_two_hundred_logins_none_is_lost
}

/// 200 logins at once of 50 people, most of whom nobody knew before.
async fn of_two_hundred_logins_none_is_lost(server: Server) {
    let vendor = set_up(&server, Kind::Oidc, json!({})).await;
    for n in 0..50 {
        let (subject, email) = (format!("p-{n}"), format!("p-{n}@example.com"));
        vendor.add(Person::new(&subject, "Per Son", &email));
    }
    let (server, vendor) = (Arc::new(server), Arc::new(vendor));
    let mut logins = tokio::task::JoinSet::new();
    for n in 0..200 {
        let (server, vendor) = (Arc::clone(&server), Arc::clone(&vendor));
        logins.spawn(async move {
            let mut browser = Browser::new(&server);
            let location = begin(&mut browser, "it").await;
            let person = format!("p-{}", n % 50);
            let back = vendor.sign_in(&location, &person).await;
            let outcome = come_back(&mut browser, &back).await;
            let email = outcome.user()["email"].clone();
            assert_eq!(email, format!("{person}@example.com"));
        });
    }
    let mut through = 0;
    while let Some(done) = logins.join_next().await {
        done.unwrap();
        through += 1;
    }
    assert_eq!(through, 200);
    assert_eq!(server.api().users().await.len(), 50);
    assert_eq!(vendor.calls(Endpoint::Token).len(), 200);
    assert!(vendor.calls(Endpoint::Discovery).len() <= 2);
    assert!(vendor.calls(Endpoint::Jwks).len() <= 2);
    let traces = server.api().list("/api/v1/logins?outcome=success").await;
    assert_eq!(traces.len(), 200);
}
