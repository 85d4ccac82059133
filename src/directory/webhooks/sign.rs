//! Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp` and
//! `webhook-signature` (`v1`, HMAC with SHA-256).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;

use crate::domain::Timestamp;

/// What every secret starts with.
pub const PREFIX: &str = "whsec_";

/// The value of `webhook-signature`: one signature for each secret that counts.
pub fn signature(
    secrets: &[impl AsRef<[u8]>],
    message: &str,
    at: Timestamp,
    body: &str,
) -> Result<String, ErrorStack> {
    let content = format!("{message}.{}.{body}", seconds(at));
    let mut all = Vec::with_capacity(secrets.len());
    for secret in secrets {
        let key = PKey::hmac(secret.as_ref())?;
        let mut signer = Signer::new(MessageDigest::sha256(), &key)?;
        let value = signer.sign_oneshot_to_vec(content.as_bytes())?;
        all.push(format!("v1,{}", STANDARD.encode(value)));
    }
    Ok(all.join(" "))
}

/// The value of `webhook-timestamp`.
#[must_use]
pub const fn seconds(at: Timestamp) -> i64 {
    at.millis() / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's libraries.
    #[test]
    fn the_known_example() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let value = signature(
            &[secret],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            Timestamp(1_614_265_330_000),
            "{\"test\": 2432232314}",
        );
        assert_eq!(
            value.unwrap(),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }
}
