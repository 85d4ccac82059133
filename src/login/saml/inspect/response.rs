//! What a response claims, and what this gateway would say to it: now, and at
//! the moment at which it was issued.

use std::collections::BTreeMap;

use openssl::pkey::{PKey, Private};
use serde::Serialize;

use super::metadata::CertificateShown;
use crate::directory::policy::LoginPolicy;
use crate::domain::{Field, Timestamp};
use crate::login::explain::Explanation;
use crate::login::saml::SamlError;
use crate::login::saml::certificates::Certificate;
use crate::login::saml::flow::answer::{Answer, attributes};
use crate::login::saml::gate::{ASSERTION, PROTOCOL, check_status, clip, trimmed};
use crate::login::saml::keys::KeyRing;
use crate::login::saml::provider::SamlProvider;
use crate::login::saml::response::{self, Decoded, Demands, Expectations, Verified};
use crate::login::saml::time;
use crate::login::saml::words::{self, Place};
use crate::platform::xml::encryption::XENC_NAMESPACE;
use crate::platform::xml::signature::DSIG_NAMESPACE;
use crate::platform::xml::{Document, Node};

/// More of one kind than this is not shown.
const MOST: usize = 200;

/// A response, explained. All but the verdicts is what it claims.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ResponseShown {
    /// Who sent it.
    pub issuer: Option<String>,
    /// Where it was sent.
    pub destination: Option<String>,
    /// The request that it answers.
    pub in_response_to: Option<String>,
    /// When it was made.
    pub issued_at: Option<Timestamp>,
    /// `Success`, or the IdP's refusal in words.
    pub status: String,
    /// Its signatures.
    pub signatures: Vec<SignatureShown>,
    /// How the assertion is encrypted, if it is.
    pub encryption: Option<String>,
    /// Whether a key of the provider's opened it.
    pub decrypted: Option<bool>,
    /// The identifier of the person.
    pub name_id: Option<String>,
    /// The kind of the identifier.
    pub name_id_format: Option<String>,
    /// Where it may be used.
    pub recipient: Option<String>,
    /// Until when it may be delivered.
    pub deliver_until: Option<Timestamp>,
    /// For whom it is.
    pub audiences: Vec<String>,
    /// From when on it holds.
    pub not_before: Option<Timestamp>,
    /// Until when it holds.
    pub not_on_or_after: Option<Timestamp>,
    /// When the person signed in at the IdP.
    pub authenticated_at: Option<Timestamp>,
    /// How the person signed in at the IdP.
    pub context: Option<String>,
    /// The IdP's session.
    pub session_index: Option<String>,
    /// When that session ends.
    pub session_until: Option<Timestamp>,
    /// What is said of the person.
    pub attributes: Vec<AttributeShown>,
    /// The provider that the verdicts are of.
    pub provider: Option<String>,
    /// What this gateway would say now.
    pub now: Option<Verdict>,
    /// What it would have said at the moment at which it was issued.
    pub when_issued: Option<Verdict>,
}

/// A signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignatureShown {
    /// `response` or `assertion`, or where it stands instead.
    pub of: String,
    /// The URI of the algorithm.
    pub algorithm: Option<String>,
    /// The URI of the digest's algorithm.
    pub digest: Option<String>,
    /// The certificate that came with it, which proves nothing.
    pub certificate: Option<CertificateShown>,
}

/// An attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttributeShown {
    /// Its name.
    pub name: String,
    /// Its values.
    pub values: Vec<String>,
    /// The fields that it fills here, if the provider is known.
    pub fields: Vec<String>,
}

/// What this gateway says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// By this clock.
    pub at: Timestamp,
    /// Whether the person would be let through to the directory.
    pub accepted: bool,
    /// `ok`, or the code of what is wrong.
    pub code: String,
    /// What would happen.
    pub summary: String,
    /// What to change, and where.
    pub remedy: Option<String>,
}

impl ResponseShown {
    /// Explains a response as it is posted. `gateway_domains` are the settings'.
    pub fn of(
        field: &str,
        provider: Option<&SamlProvider>,
        gateway_domains: &[String],
        max_skew_seconds: i64,
        now: Timestamp,
    ) -> Result<Self, SamlError> {
        let decoded = response::decode(field)?;
        let keys: Vec<PKey<Private>> = provider
            .and_then(|p| p.ring.as_ref())
            .map(KeyRing::all)
            .into_iter()
            .flatten()
            .map(|key| key.private.clone())
            .collect();
        let document = decoded.document();
        let root = document.root();
        let mut shown = Self::around(root, provider, now);
        let opened = root
            .child(ASSERTION, "EncryptedAssertion")
            .map(|holder| (encryption(holder), response::open_to_look(holder, &keys)));
        if let Some((how, opened)) = opened {
            shown.encryption = Some(how);
            shown.decrypted = provider.map(|_| opened.is_some());
            if let Some(inner) = &opened {
                shown.signatures.extend(signatures(inner, provider, now));
                if let Some(assertion) = inner.root().child(ASSERTION, "Assertion") {
                    shown.inside(assertion);
                }
            }
        } else if let Some(assertion) = root.child(ASSERTION, "Assertion") {
            shown.inside(assertion);
        }
        if let Some(provider) = provider {
            shown.map(provider);
            let judge = Judge {
                decoded: &decoded,
                provider,
                gateway_domains,
                max_skew_seconds,
                keys: &keys,
                issued_at: shown.issued_at,
            };
            shown.provider = Some(provider.provider.slug.to_string());
            shown.now = Some(judge.at(now));
            shown.when_issued = shown.issued_at.map(|at| judge.at(at));
        }
        Ok(shown)
    }

    /// What stands on the response itself.
    fn around(root: Node<'_>, provider: Option<&SamlProvider>, now: Timestamp) -> Self {
        let status = match check_status(root) {
            Ok(()) => "Success".to_owned(),
            Err(error) => error.to_string(),
        };
        Self {
            issuer: text_of(root, "Issuer"),
            destination: attribute(root, "Destination"),
            in_response_to: attribute(root, "InResponseTo"),
            issued_at: moment(root, "IssueInstant"),
            status,
            signatures: signatures_of(root, provider, now),
            ..Self::default()
        }
    }

    /// What stands in the assertion.
    fn inside(&mut self, assertion: Node<'_>) {
        self.issuer = self.issuer.take().or_else(|| text_of(assertion, "Issuer"));
        self.issued_at = self.issued_at.or_else(|| moment(assertion, "IssueInstant"));
        if let Some(subject) = assertion.child(ASSERTION, "Subject") {
            self.name_id = text_of(subject, "NameID");
            let name_id = subject.child(ASSERTION, "NameID");
            self.name_id_format = name_id.and_then(|n| attribute(n, "Format"));
            let data = subject
                .child(ASSERTION, "SubjectConfirmation")
                .and_then(|c| c.child(ASSERTION, "SubjectConfirmationData"));
            if let Some(data) = data {
                self.recipient = attribute(data, "Recipient");
                self.deliver_until = moment(data, "NotOnOrAfter");
            }
        }
        if let Some(conditions) = assertion.child(ASSERTION, "Conditions") {
            self.not_before = moment(conditions, "NotBefore");
            self.not_on_or_after = moment(conditions, "NotOnOrAfter");
            self.audiences = conditions
                .children_named(ASSERTION, "AudienceRestriction")
                .flat_map(|r| r.children_named(ASSERTION, "Audience"))
                .take(MOST)
                .map(|a| clip(&trimmed(a)))
                .collect();
        }
        if let Some(authn) = assertion.child(ASSERTION, "AuthnStatement") {
            self.authenticated_at = moment(authn, "AuthnInstant");
            self.session_index = attribute(authn, "SessionIndex");
            self.session_until = moment(authn, "SessionNotOnOrAfter");
            self.context = authn
                .child(ASSERTION, "AuthnContext")
                .and_then(|context| text_of(context, "AuthnContextClassRef"));
        }
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let nodes = assertion
            .children_named(ASSERTION, "AttributeStatement")
            .flat_map(|statement| statement.children_named(ASSERTION, "Attribute"));
        for node in nodes.take(MOST) {
            let values = node
                .children_named(ASSERTION, "AttributeValue")
                .take(MOST)
                .map(|value| clip(&trimmed(value)));
            all.entry(attribute(node, "Name").unwrap_or_default())
                .or_default()
                .extend(values);
        }
        self.attributes = all
            .into_iter()
            .map(|(name, values)| AttributeShown {
                name,
                values,
                fields: Vec::new(),
            })
            .collect();
    }

    /// Says which attribute fills what.
    fn map(&mut self, provider: &SamlProvider) {
        let pairs = self
            .attributes
            .iter()
            .map(|a| (a.name.as_str(), a.values.as_slice()));
        let Ok(mapped) = provider.attributes.map(pairs) else {
            return;
        };
        for (target, source) in &mapped.sources {
            let names: Vec<&str> = source.split(", ").collect();
            for attribute in &mut self.attributes {
                let is_source = names.iter().any(|name| {
                    attribute.name == *name
                        || (!name.contains(':') && attribute.name.eq_ignore_ascii_case(name))
                });
                if is_source {
                    attribute.fields.push(target.name().to_owned());
                }
            }
        }
    }
}

/// What a verdict depends on.
struct Judge<'a> {
    decoded: &'a Decoded,
    provider: &'a SamlProvider,
    gateway_domains: &'a [String],
    max_skew_seconds: i64,
    keys: &'a [PKey<Private>],
    issued_at: Option<Timestamp>,
}

impl Judge<'_> {
    /// The verdict by this clock. That the sign-in is under way is taken for
    /// granted: it is what the message says.
    fn at(&self, now: Timestamp) -> Verdict {
        let Some(request) = self.decoded.peek().in_response_to else {
            return Verdict {
                at: now,
                accepted: false,
                code: "saml.unsolicited".to_owned(),
                summary: "It answers no request: a start at the IdP. With the RelayState \
                    initiate-sp-login it is thrown away unread and a new sign-in begins; without, it is refused."
                    .to_owned(),
                remedy: Some(format!(
                    "{}: enter initiate-sp-login.",
                    Place::of(self.provider).at(crate::login::saml::vendor::Setting::RelayState)
                )),
            };
        };
        match self.decoded.verify(&self.expectations(&request, now)) {
            Ok(verified) => self.admit(&verified, now),
            Err(error) => {
                let words = words::explain(&error, &Place::of(self.provider));
                Verdict {
                    at: now,
                    accepted: false,
                    code: error.code().to_owned(),
                    summary: words.summary,
                    remedy: Some(words.remedy),
                }
            }
        }
    }

    fn expectations<'e>(&'e self, request: &'e str, now: Timestamp) -> Expectations<'e> {
        let settings = self.provider.settings();
        Expectations {
            idp_entity_id: &self.provider.metadata.entity_id,
            sp_entity_id: &self.provider.urls.entity_id,
            acs_url: &self.provider.urls.acs,
            in_response_to: request,
            request_issued_at: self.issued_at.unwrap_or(now),
            now,
            max_skew_seconds: self.max_skew_seconds,
            keys: &self.provider.keys,
            allow_sha1: settings.allow_sha1,
            decryption_keys: self.keys,
            demands: Demands::of(settings),
        }
    }

    /// What the provider's own rules say of the person.
    fn admit(&self, verified: &Verified, now: Timestamp) -> Verdict {
        let refused = |code: &str, summary: String, remedy: Option<String>| Verdict {
            at: now,
            accepted: false,
            code: code.to_owned(),
            summary,
            remedy,
        };
        let answer = match Answer::of(verified, self.provider) {
            Ok(answer) => answer,
            Err(error) => return refused(error.code(), error.to_string(), Some(error.remedy())),
        };
        let policy = LoginPolicy::of(&self.provider.provider, self.gateway_domains, true);
        if let Err(refusal) = policy.admit(&answer.observation(self.provider, &policy)) {
            let explanation = Explanation::refused(&refusal);
            let mut summary = explanation.details.summary;
            if answer.profile.get(Field::Email).is_none() {
                let present: Vec<String> = attributes(verified).into_keys().collect();
                let email = crate::login::saml::attribute_map::Target::Field(Field::Email);
                summary = format!(
                    "{summary} {}",
                    self.provider.attributes.explain(email, &present)
                );
            }
            return refused(explanation.code, summary, explanation.details.remedy);
        }
        let who = answer.profile.get(Field::Email).unwrap_or_default();
        Verdict {
            at: now,
            accepted: true,
            code: "ok".to_owned(),
            summary: [
                format!("It is genuine and speaks of {who}. Whether the user may sign in, the directory says."),
                answer.notes.join(" "),
            ]
            .join(" ")
            .trim()
            .to_owned(),
            remedy: None,
        }
    }
}

fn signatures(
    document: &Document,
    provider: Option<&SamlProvider>,
    now: Timestamp,
) -> Vec<SignatureShown> {
    signatures_of(document.root(), provider, now)
}

fn signatures_of(
    root: Node<'_>,
    provider: Option<&SamlProvider>,
    now: Timestamp,
) -> Vec<SignatureShown> {
    let pinned = provider.map(|p| p.metadata.signing_certificates.as_slice());
    root.descendants()
        .filter(|n| n.is(DSIG_NAMESPACE, "Signature"))
        .take(8)
        .map(|node| {
            let of = node.parent().map_or("nothing", |parent| {
                match (parent.namespace(), parent.name()) {
                    (PROTOCOL, "Response") => "response",
                    (ASSERTION, "Assertion") => "assertion",
                    _ => "something else",
                }
            });
            let inner = |name: &str| {
                node.descendants()
                    .find(|n| n.is(DSIG_NAMESPACE, name))
                    .and_then(|n| attribute(n, "Algorithm"))
            };
            let certificate = node
                .descendants()
                .find(|n| n.is(DSIG_NAMESPACE, "X509Certificate"))
                .and_then(|n| Certificate::from_base64(&n.text()).ok());
            SignatureShown {
                of: of.to_owned(),
                algorithm: inner("SignatureMethod"),
                digest: inner("DigestMethod"),
                certificate: certificate.map(|c| CertificateShown::of(&c, pinned, now)),
            }
        })
        .collect()
}

/// The algorithms of what is encrypted.
fn encryption(holder: Node<'_>) -> String {
    let algorithms: Vec<String> = holder
        .descendants()
        .filter(|n| n.is(XENC_NAMESPACE, "EncryptionMethod"))
        .take(4)
        .filter_map(|n| attribute(n, "Algorithm"))
        .collect();
    algorithms.join(", ")
}

fn text_of(parent: Node<'_>, name: &str) -> Option<String> {
    parent.child(ASSERTION, name).map(|n| clip(&trimmed(n)))
}

fn attribute(node: Node<'_>, name: &str) -> Option<String> {
    node.attr(name).map(clip)
}

fn moment(node: Node<'_>, name: &str) -> Option<Timestamp> {
    node.attr(name).and_then(time::parse)
}
