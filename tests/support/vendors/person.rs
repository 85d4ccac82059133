//! People with an account at an imitation.

use serde_json::{Map, Value};

use super::TENANT;

/// Somebody with an account at the vendor.
#[derive(Clone, Debug)]
pub struct Person {
    /// The identifier that never changes.
    pub subject: String,
    /// The name to show.
    pub name: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// The e-mail address.
    pub email: String,
    /// The tenant at Microsoft, the `orgId` at Webex.
    pub tenant: String,
    /// Object ids of groups; more than 200 are not sent (Microsoft).
    pub groups: Vec<String>,
    /// A picture and its media type.
    pub picture: Option<(Vec<u8>, &'static str)>,
    /// Claims that replace what the vendor would send; null removes one.
    pub claims: Map<String, Value>,
}

impl Person {
    /// Somebody of this name at this address.
    pub fn new(subject: &str, name: &str, email: &str) -> Self {
        let (given_name, family_name) = name.split_once(' ').unwrap_or((name, ""));
        Self {
            subject: subject.to_owned(),
            name: name.to_owned(),
            given_name: given_name.to_owned(),
            family_name: family_name.to_owned(),
            email: email.to_owned(),
            tenant: TENANT.to_owned(),
            groups: Vec::new(),
            picture: None,
            claims: Map::new(),
        }
    }

    /// Ada, of the company.
    pub fn ada() -> Self {
        Self::new("ada-4711", "Ada Lovelace", "ada@example.com")
    }

    /// The same person with a claim replaced; null removes it.
    pub fn with(mut self, claim: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(claim.to_owned(), value.into());
        self
    }

    /// The same person in another tenant.
    pub fn in_tenant(mut self, tenant: &str) -> Self {
        tenant.clone_into(&mut self.tenant);
        self
    }

    /// The same person under another name.
    pub fn named(mut self, name: &str) -> Self {
        let other = Self::new(&self.subject, name, &self.email);
        self.name = other.name;
        self.given_name = other.given_name;
        self.family_name = other.family_name;
        self
    }
}
