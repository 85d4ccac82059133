//! What each vendor says of a person, and the ID token that says it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::jwt::{at_hash, unsigned, with_mac};
use super::{CLIENT_ID, Fault, Grant, Issuer, Kind, Person, SigningKey, State};
use crate::support::keys;

/// More group claims than this are replaced by a link.
const MOST_GROUPS: usize = 200;

impl State {
    /// The issuer of tokens for somebody of this tenant.
    pub(crate) fn issuer_of(&self, tenant: &str) -> String {
        let text = match (&self.issuer, self.kind) {
            (Issuer::Text(text), _) => text.clone(),
            (Issuer::Local, Kind::Microsoft) => format!("{}/{{tenantid}}/v2.0", self.url),
            (Issuer::Vendor, Kind::Google) => "https://accounts.google.com".to_owned(),
            (Issuer::Vendor, Kind::Microsoft) => {
                "https://login.microsoftonline.com/{tenantid}/v2.0".to_owned()
            }
            (Issuer::Vendor, Kind::Webex) => "https://webexapis.com/v1".to_owned(),
            (Issuer::Local | Issuer::Vendor, _) => self.url.clone(),
        };
        text.replace("{tenantid}", tenant)
    }

    /// What the vendor says of the person, in the ID token or from userinfo.
    pub(crate) fn profile(&self, person: &Person, scope: &BTreeSet<String>) -> Value {
        let mut claims = match self.kind {
            Kind::Google => self.google(person),
            Kind::Microsoft => microsoft(person),
            Kind::Webex => webex(self, person),
            Kind::OAuth2 | Kind::Oidc => {
                let mut claims = json!({
                    "sub": person.subject, "name": person.name,
                    "given_name": person.given_name, "family_name": person.family_name,
                    "email": person.email, "email_verified": true,
                });
                if person.picture.is_some() {
                    claims["picture"] = json!(self.picture_url(person));
                }
                if !person.groups.is_empty() {
                    claims["groups"] = json!(person.groups);
                }
                claims
            }
        };
        let claims_map = claims.as_object_mut().unwrap();
        if self.kind != Kind::Webex && self.kind != Kind::OAuth2 {
            if !scope.contains("email") {
                claims_map.remove("email");
                claims_map.remove("email_verified");
            }
            if !scope.contains("profile") {
                for name in ["name", "given_name", "family_name", "picture"] {
                    claims_map.remove(name);
                }
            }
        }
        for (name, value) in &person.claims {
            if value.is_null() {
                claims_map.remove(name);
            } else {
                claims_map.insert(name.clone(), value.clone());
            }
        }
        if self.has(&Fault::MissingEmail) {
            for name in ["email", "emails", "email_verified"] {
                claims_map.remove(name);
            }
        }
        if self.has(&Fault::Unverified) {
            claims_map.insert("email_verified".to_owned(), json!(false));
        }
        claims
    }

    fn picture_url(&self, person: &Person) -> String {
        format!("{}/picture/{}", self.url, person.subject)
    }

    fn google(&self, person: &Person) -> Value {
        let mut claims = json!({
            "sub": person.subject, "name": person.name,
            "given_name": person.given_name, "family_name": person.family_name,
            "email": person.email, "email_verified": true, "azp": CLIENT_ID,
        });
        let domain = person.email.rsplit('@').next().unwrap();
        // Consumers have no `hd`, whatever their address.
        if domain != "gmail.com" {
            claims["hd"] = json!(domain);
        }
        if person.picture.is_some() {
            claims["picture"] = json!(self.picture_url(person));
        }
        claims
    }

    /// The ID token for a grant, right or wrong.
    pub(crate) fn id_token(&self, grant: &Grant, person: &Person, access: &str) -> String {
        if self.has(&Fault::NotAJwt) {
            return "not.a.jwt".to_owned();
        }
        let mut claims = self.profile(person, &grant.scope);
        let now = self.now();
        claims["iss"] = json!(self.issuer_of(&person.tenant));
        claims["aud"] = json!(CLIENT_ID);
        claims["iat"] = json!(now);
        claims["exp"] = json!(now + 3600);
        claims["at_hash"] = json!(at_hash(access));
        if self.kind == Kind::Microsoft {
            claims["nbf"] = json!(now);
            claims["ver"] = json!("2.0");
        }
        if let Some(nonce) = &grant.nonce {
            claims["nonce"] = json!(nonce);
        }
        self.spoil(&mut claims, now);
        self.sign(&claims)
    }

    fn spoil(&self, claims: &mut Value, now: i64) {
        for fault in &self.faults {
            match fault {
                Fault::WrongIssuer => claims["iss"] = json!("https://issuer.attacker.example"),
                Fault::WrongAudience => claims["aud"] = json!("another-client"),
                Fault::SeveralAudiences => {
                    claims["aud"] = json!([CLIENT_ID, "another-client"]);
                    claims.as_object_mut().unwrap().remove("azp");
                }
                Fault::WrongAzp => {
                    claims["aud"] = json!([CLIENT_ID, "another-client"]);
                    claims["azp"] = json!("another-client");
                }
                Fault::RightAzp => {
                    claims["aud"] = json!([CLIENT_ID, "another-client"]);
                    claims["azp"] = json!(CLIENT_ID);
                }
                Fault::Expired => {
                    claims["iat"] = json!(now - 7200);
                    claims["exp"] = json!(now - 3600);
                }
                Fault::NoExpiry => {
                    claims.as_object_mut().unwrap().remove("exp");
                }
                Fault::IssuedInFuture => {
                    claims["iat"] = json!(now + 3600);
                    claims["exp"] = json!(now + 7200);
                }
                Fault::NotYetValid => claims["nbf"] = json!(now + 3600),
                Fault::WrongNonce => claims["nonce"] = json!("another-nonce"),
                Fault::NoNonce => {
                    claims.as_object_mut().unwrap().remove("nonce");
                }
                Fault::WrongAtHash => claims["at_hash"] = json!(at_hash("another token")),
                Fault::NoSubject => {
                    claims.as_object_mut().unwrap().remove("sub");
                }
                _ => {}
            }
        }
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let found = self.keys.iter().find(|k| k.algorithm == self.algorithm);
        let key = found.unwrap();
        if self.has(&Fault::AlgNone) {
            return unsigned(claims);
        }
        if self.has(&Fault::HmacWithPublicKey) {
            return with_mac(&key.kid, &key.public_pem(), claims);
        }
        if self.has(&Fault::WrongSignature) {
            let attacker = SigningKey {
                private: match key.algorithm {
                    super::Algorithm::Rs256 => keys::attacker().private.clone(),
                    super::Algorithm::Es256 => SigningKey::new_ec(0).private,
                },
                ..key.clone()
            };
            return attacker.token(Some(&key.kid), claims);
        }
        if self.has(&Fault::UnknownKid) {
            return key.token(Some("nobody-knows-this-key"), claims);
        }
        if self.has(&Fault::NoKid) {
            return key.token(None, claims);
        }
        key.token(Some(&key.kid), claims)
    }
}

/// As work and school accounts have it: no `email_verified` at all.
fn microsoft(person: &Person) -> Value {
    let mut claims = json!({
        // Pairwise: another one for each client.
        "sub": format!("pairwise-{}", person.subject),
        "oid": person.subject, "tid": person.tenant, "name": person.name,
        "preferred_username": person.email, "email": person.email,
    });
    if person.groups.len() > MOST_GROUPS {
        claims["_claim_names"] = json!({ "groups": "src1" });
        claims["_claim_sources"] = json!({ "src1": { "endpoint": format!(
            "https://graph.windows.net/{}/users/{}/getMemberObjects",
            person.tenant, person.subject
        ) } });
    } else if !person.groups.is_empty() {
        claims["groups"] = json!(person.groups);
    }
    claims
}

/// `GET /v1/people/me`: the addresses are a list, and nothing says that they
/// are verified.
fn webex(state: &State, person: &Person) -> Value {
    let mut claims = json!({
        "id": person.subject, "emails": [person.email],
        "phoneNumbers": [{ "type": "work", "value": "+49 30 1234" }],
        "displayName": person.name, "nickName": person.given_name,
        "firstName": person.given_name, "lastName": person.family_name,
        "orgId": person.tenant, "created": "2024-03-01T12:00:00.000Z",
        "status": "active", "type": "person",
    });
    if person.picture.is_some() {
        claims["avatar"] = json!(state.picture_url(person));
    }
    claims
}
