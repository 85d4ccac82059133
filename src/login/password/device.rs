//! The device cookie: this browser has signed in to that account before.
//!
//! While strangers guess at an account, its owner comes in all the same, from a
//! browser that they used before: its tries are counted apart (OWASP's "device
//! cookies"). The cookie opens nothing by itself.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::{Entropy, UserId};
use crate::platform::crypto::{constant_time_eq, hmac_sha256};

/// People of one browser that are remembered.
const MOST: usize = 5;
/// Characters of the random part of an entry.
const NONCE: usize = 22;
/// Characters of an entry: the random part, and the MAC over it, the user and the
/// password's epoch.
const ENTRY: usize = NONCE + 43;

/// The entries of a cookie; what is none of ours is left out.
fn entries(cookie: &str) -> impl Iterator<Item = &str> {
    let is_ours = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    cookie
        .split('.')
        .filter(move |entry| entry.len() == ENTRY && entry.bytes().all(is_ours))
        .take(MOST)
}

fn mac(key: &[u8], nonce: &str, user: &UserId, epoch: &str) -> Option<String> {
    let text = format!("{nonce}\0{user}\0{epoch}");
    let mac = hmac_sha256(key, text.as_bytes()).ok()?;
    Some(URL_SAFE_NO_PAD.encode(mac))
}

/// The name of the device, when the cookie proves that the user has signed in in
/// this browser since the password was set.
#[must_use]
pub fn known<'c>(key: &[u8], cookie: &'c str, user: &UserId, epoch: &str) -> Option<&'c str> {
    entries(cookie).find_map(|entry| {
        let (nonce, presented) = entry.split_at_checked(NONCE)?;
        let expected = mac(key, nonce, user, epoch)?;
        constant_time_eq(expected.as_bytes(), presented.as_bytes()).then_some(nonce)
    })
}

/// The cookie's value after the user has signed in: a new entry before those of
/// others.
#[must_use]
pub fn after(
    key: &[u8],
    cookie: Option<&str>,
    user: &UserId,
    epoch: &str,
    entropy: &Entropy,
) -> Option<String> {
    let nonce = entropy.base64url::<16>();
    let mac_now = mac(key, &nonce, user, epoch)?;
    let mut all = vec![format!("{nonce}{mac_now}")];
    let others = entries(cookie.unwrap_or_default())
        .filter(|entry| known(key, entry, user, epoch).is_none())
        .take(MOST - 1);
    all.extend(others.map(str::to_owned));
    Some(all.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    #[test]
    fn an_entry_is_for_one_user_and_one_password() {
        let entropy = Entropy::System;
        let key = entropy.bytes::<32>();
        let users: Vec<UserId> = (0..8)
            .map(|n| UserId::new(Timestamp(n), &entropy))
            .collect();
        let one = after(&key, None, &users[0], "e1", &entropy).unwrap();
        assert!(known(&key, &one, &users[0], "e1").is_some());
        assert!(known(&key, &one, &users[1], "e1").is_none());
        assert!(known(&key, &one, &users[0], "e2").is_none());
        assert!(known(&entropy.bytes::<32>(), &one, &users[0], "e1").is_none());
        // Signing in again does not make a second entry.
        let again = after(&key, Some(&one), &users[0], "e1", &entropy).unwrap();
        assert_eq!(again.len(), ENTRY);
        // The oldest goes when there are too many.
        let mut cookie = None;
        for user in &users {
            cookie = after(&key, cookie.as_deref(), user, "e", &entropy);
        }
        let cookie = cookie.unwrap();
        assert_eq!(entries(&cookie).count(), MOST);
        assert!(known(&key, &cookie, &users[7], "e").is_some());
        assert!(known(&key, &cookie, &users[0], "e").is_none());
        for garbage in [
            "",
            ".",
            "....",
            &"a".repeat(ENTRY),
            &one[1..],
            "ä.ö",
            &one.repeat(500),
        ] {
            assert!(known(&key, garbage, &users[0], "e1").is_none() || garbage.starts_with(&one));
        }
    }
}
