//! The standard's part: what is asked of an authenticator, and whether its answer holds.
//! No I/O.
//!
//! `webauthn-rs` builds the options and verifies the answers. What it leaves to its
//! caller is done here: the origin is compared to the letter, sign-ins within another
//! site's page are refused, passkeys must be discoverable, and the user handle must be
//! that of the user who has the key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use url::{Host, Url};
use webauthn_rs::prelude::{
    CredentialID, DiscoverableAuthentication, Passkey as Known, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, Uuid, Webauthn, WebauthnBuilder,
    WebauthnError,
};

use super::PasskeyError;
use crate::directory::passkeys::{Credential, KeyKind, Passkey};
use crate::domain::{Field, User, UserId};

/// Longest answer of a browser in octets.
const LONGEST: usize = 64 * 1024;

/// How keys are reached, in the words of the standard (§5.8.4); others are left out.
const TRANSPORTS: [&str; 5] = ["ble", "hybrid", "internal", "nfc", "usb"];

/// This gateway as a relying party.
#[derive(Debug)]
pub struct RelyingParty {
    webauthn: Webauthn,
    origin: String,
}

/// What a browser is asked, and what has to be kept for the answer.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The options for the browser.
    pub options: Value,
    /// The challenge, as the answer will carry it.
    pub challenge: String,
    /// What the answer is compared with.
    pub state: String,
}

/// The answer of an authenticator that is to be judged.
#[derive(Clone, Debug)]
pub struct Answer {
    value: Value,
    /// The challenge that it answers.
    pub challenge: String,
    origin: String,
    /// Whether the page that asked was within another site's.
    is_framed: bool,
    /// By what name the authenticator knows the key, in base64url.
    pub credential_id: String,
}

impl Answer {
    /// Reads what a browser sent, without believing any of it.
    pub fn read(text: &str) -> Result<Self, PasskeyError> {
        let malformed = |what: &str| PasskeyError::Malformed(what.to_owned());
        if text.len() > LONGEST {
            return Err(malformed("too long"));
        }
        let mut value: Value = serde_json::from_str(text).map_err(|_| malformed("no JSON"))?;
        if value.get("type").and_then(Value::as_str) != Some("public-key") {
            return Err(malformed("another type of credential"));
        }
        if let Some(Value::Array(transports)) = value.pointer_mut("/response/transports") {
            transports.retain(|name| name.as_str().is_some_and(|n| TRANSPORTS.contains(&n)));
        }
        let data = value.pointer("/response/clientDataJSON");
        let data = data.and_then(Value::as_str).and_then(decoded);
        let data = data.ok_or_else(|| malformed("no client data"))?;
        let data: Value =
            serde_json::from_slice(&data).map_err(|_| malformed("client data that is no JSON"))?;
        let member = |name: &str| {
            let text = data.get(name).and_then(Value::as_str);
            text.map(ToOwned::to_owned)
                .ok_or_else(|| PasskeyError::Malformed(format!("client data without {name}")))
        };
        let (challenge, origin) = (member("challenge")?, member("origin")?);
        let is_framed = data
            .get("crossOrigin")
            .is_some_and(|is| is != &json!(false))
            || data.get("topOrigin").is_some();
        let id = value.get("rawId").and_then(Value::as_str).and_then(decoded);
        let id = id.filter(|id| !id.is_empty() && id.len() <= 1023);
        let id = id.ok_or_else(|| malformed("no key is named"))?;
        Ok(Self {
            credential_id: URL_SAFE_NO_PAD.encode(id),
            value,
            challenge,
            origin,
            is_framed,
        })
    }

    fn parsed<T: serde::de::DeserializeOwned>(&self) -> Result<T, PasskeyError> {
        serde_json::from_value(self.value.clone())
            .map_err(|error| PasskeyError::Malformed(error.to_string()))
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

impl RelyingParty {
    /// The relying party of an origin; `None` where browsers have no passkeys: in
    /// plain http beyond `localhost`, and at addresses.
    #[must_use]
    pub fn of(origin: &Url, name: Option<&str>) -> Option<Self> {
        let Some(Host::Domain(host)) = origin.host() else {
            return None;
        };
        let is_local = host == "localhost" || host.ends_with(".localhost");
        if origin.scheme() != "https" && !is_local {
            return None;
        }
        let builder = WebauthnBuilder::new(host, origin).ok()?;
        let builder = builder.rp_name(name.unwrap_or(host));
        Some(Self {
            webauthn: builder.build().ok()?,
            origin: origin.origin().ascii_serialization(),
        })
    }

    /// Asks for any passkey of this relying party.
    pub fn ask_for_any(&self) -> Result<Asked, PasskeyError> {
        let asked = self.webauthn.start_discoverable_authentication();
        let (options, state) = asked.map_err(|error| not_verified(&error))?;
        let mut options = text_of(&options)?;
        // Whether the browser waits beside the form or asks at once is the page's
        // choice.
        if let Some(options) = options.as_object_mut() {
            options.remove("mediation");
        }
        Ok(Asked {
            challenge: challenge_of(&options)?,
            options,
            state: text_of(&state)?.to_string(),
        })
    }

    /// The user whom an answer names.
    pub fn named(&self, answer: &Answer) -> Result<UserId, PasskeyError> {
        let parsed: PublicKeyCredential = answer.parsed()?;
        let named = self.webauthn.identify_discoverable_authentication(&parsed);
        let (user, _) =
            named.map_err(|_| PasskeyError::Malformed("no user is named".to_owned()))?;
        UserId::parse(&user.to_string())
            .ok_or_else(|| PasskeyError::Malformed("no user is named".to_owned()))
    }

    /// Judges an answer by the key that it names; what is to be remembered of the key.
    pub fn verify(
        &self,
        answer: &Answer,
        state: &str,
        key: &Passkey,
    ) -> Result<Credential, PasskeyError> {
        self.check_origin(answer)?;
        let parsed: PublicKeyCredential = answer.parsed()?;
        let state: DiscoverableAuthentication = kept(state)?;
        let mut known: Known = kept(key.credential.as_deref().unwrap_or_default())?;
        let result = self
            .webauthn
            .finish_discoverable_authentication_v2(&parsed, state, &known);
        let result = result.map_err(|error| match error {
            WebauthnError::CredentialPossibleCompromise => PasskeyError::CounterRegressed {
                user: key.user.clone(),
                known: key.counter,
            },
            other => explained(&other),
        })?;
        if !result.user_verified() {
            return Err(PasskeyError::UserNotVerified);
        }
        known.update_credential(&result);
        Ok(Credential {
            id: answer.credential_id.clone(),
            text: text_of(&known)?.to_string(),
            counter: i64::from(result.counter()),
            backup_eligible: result.backup_eligible(),
            backed_up: result.backup_state(),
        })
    }

    /// Asks for a new key of a user. Authenticators that hold one of `known` say so
    /// and make none.
    pub fn ask_for_new(
        &self,
        user: &User,
        kind: KeyKind,
        known: &[Passkey],
    ) -> Result<Asked, PasskeyError> {
        let id = Uuid::parse_str(user.id.as_str())
            .map_err(|_| PasskeyError::NotVerified("the user's id is none".to_owned()))?;
        let display = user.display_name();
        let account = [Field::Email, Field::UserName, Field::Upn]
            .into_iter()
            .find_map(|field| user.profile.get(field));
        let exclude: Vec<CredentialID> = known
            .iter()
            .filter_map(|key| key.credential_id.as_deref())
            .filter_map(decoded)
            .collect();
        let asked = self.webauthn.start_passkey_registration(
            id,
            account.unwrap_or(&display),
            &display,
            Some(exclude),
        );
        let (options, state) = asked.map_err(|error| not_verified(&error))?;
        let mut options = text_of(&options)?;
        let challenge = challenge_of(&options)?;
        if let Some(asked) = options.get_mut("publicKey").and_then(Value::as_object_mut) {
            // Found without a user name (§5.4.6), and only by who proves to its holder.
            let mut selection = json!({
                "residentKey": "required",
                "requireResidentKey": true,
                "userVerification": "required",
            });
            if matches!(kind, KeyKind::Card | KeyKind::HardwareKey) {
                attach(
                    &mut selection,
                    "authenticatorAttachment",
                    json!("cross-platform"),
                );
            }
            asked.insert("authenticatorSelection".to_owned(), selection);
            let hints: &[&str] = match kind {
                KeyKind::Passkey => &[],
                KeyKind::Smartphone => &["client-device", "hybrid"],
                KeyKind::Card | KeyKind::HardwareKey => &["security-key"],
            };
            asked.insert("hints".to_owned(), json!(hints));
        }
        Ok(Asked {
            challenge,
            options,
            state: text_of(&state)?.to_string(),
        })
    }

    /// Judges the answer of an authenticator that was asked for a new key.
    pub fn registered(&self, answer: &Answer, state: &str) -> Result<Credential, PasskeyError> {
        self.check_origin(answer)?;
        let kept_rk = ["clientExtensionResults", "extensions"]
            .iter()
            .find_map(|name| answer.value.get(name)?.pointer("/credProps/rk")?.as_bool());
        if kept_rk == Some(false) {
            return Err(PasskeyError::NotKept);
        }
        let parsed: RegisterPublicKeyCredential = answer.parsed()?;
        let state: PasskeyRegistration = kept(state)?;
        let made = self.webauthn.finish_passkey_registration(&parsed, &state);
        let made = made.map_err(|error| explained(&error))?;
        let id = URL_SAFE_NO_PAD.encode(made.cred_id());
        // What is stored is what was attested, not what stands beside it.
        if id != answer.credential_id {
            return Err(PasskeyError::Malformed("another key is named".to_owned()));
        }
        let text = text_of(&made)?;
        let member = |name: &str| text.pointer(&format!("/cred/{name}"));
        let flag = |name: &str| member(name).and_then(Value::as_bool).unwrap_or_default();
        Ok(Credential {
            id,
            counter: member("counter")
                .and_then(Value::as_i64)
                .unwrap_or_default(),
            backup_eligible: flag("backup_eligible"),
            backed_up: flag("backup_state"),
            text: text.to_string(),
        })
    }

    /// The origin of the page that asked, to the letter (§7.1 step 9, §7.2 step 12), and
    /// that no other site had it in a frame: no page of ours may be framed.
    fn check_origin(&self, answer: &Answer) -> Result<(), PasskeyError> {
        if answer.is_framed {
            return Err(PasskeyError::CrossOrigin);
        }
        if answer.origin == self.origin {
            return Ok(());
        }
        Err(PasskeyError::Origin {
            expected: self.origin.clone(),
            received: answer.origin.chars().take(256).collect(),
        })
    }
}

fn attach(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

fn text_of(value: &impl serde::Serialize) -> Result<Value, PasskeyError> {
    serde_json::to_value(value).map_err(|error| PasskeyError::NotVerified(error.to_string()))
}

fn kept<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, PasskeyError> {
    serde_json::from_str(text).map_err(|error| {
        PasskeyError::NotVerified(format!("what was kept cannot be read: {error}"))
    })
}

fn challenge_of(options: &Value) -> Result<String, PasskeyError> {
    let challenge = options.pointer("/publicKey/challenge");
    challenge
        .and_then(Value::as_str)
        .map(ToOwned::to_owned)
        .ok_or_else(|| PasskeyError::NotVerified("there is no challenge".to_owned()))
}

fn not_verified(error: &WebauthnError) -> PasskeyError {
    PasskeyError::NotVerified(error.to_string())
}

fn explained(error: &WebauthnError) -> PasskeyError {
    match error {
        WebauthnError::MismatchedChallenge => PasskeyError::UnknownChallenge,
        WebauthnError::InvalidRPIDHash => PasskeyError::RelyingParty,
        WebauthnError::UserNotVerified => PasskeyError::UserNotVerified,
        WebauthnError::AuthenticationFailure => PasskeyError::Signature,
        WebauthnError::CredentialBackupEligibilityInconsistent
        | WebauthnError::CredentialMayNotBeHardwareBound => PasskeyError::BackupFlags,
        other => not_verified(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_can_be_passkeys() {
        for (origin, can) in [
            ("https://sso.example.com", true),
            ("https://sso.example.com:8443", true),
            ("http://localhost:8080", true),
            ("http://sso.localhost", true),
            ("http://sso.example.com", false),
            ("http://127.0.0.1:8080", false),
            ("https://192.0.2.1", false),
            ("https://[2001:db8::1]", false),
        ] {
            let found = RelyingParty::of(&Url::parse(origin).unwrap(), None);
            assert_eq!(found.is_some(), can, "{origin}");
        }
    }

    #[test]
    fn what_is_no_answer_is_told_apart() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"type":"password"}"#,
            r#"{"type":"public-key","response":{"clientDataJSON":"!"}}"#,
            r#"{"type":"public-key","response":{"clientDataJSON":"e30"}}"#,
            &"x".repeat(LONGEST + 1),
        ] {
            let error = Answer::read(text).unwrap_err();
            assert!(
                matches!(error, PasskeyError::Malformed(_)),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn a_sign_in_asks_for_any_key_of_a_verified_holder() {
        let origin = Url::parse("https://sso.example.com").unwrap();
        let party = RelyingParty::of(&origin, None).unwrap();
        let asked = party.ask_for_any().unwrap();
        let options = &asked.options["publicKey"];
        assert_eq!(options["rpId"], "sso.example.com");
        assert_eq!(options["userVerification"], "required");
        assert_eq!(options["allowCredentials"], json!([]));
        assert!(decoded(&asked.challenge).unwrap().len() >= 16);
        assert_eq!(asked.options.get("mediation"), None);
    }
}
