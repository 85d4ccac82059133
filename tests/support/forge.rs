//! A forge for SAML responses.
//!
//! Every element is written in exclusive canonical form in the first place:
//! start and end tags, sorted attributes, each namespace declared where it is
//! first used. So the octets to sign are the literal octets, and no
//! canonicalizer is needed, least of all the one under test.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward::domain::Timestamp;

use super::keys::{self, Key};
use super::signature::Signature;

/// Namespace of SAML assertions.
pub const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// Namespace of the SAML protocol.
pub const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// Status of a successful request.
pub const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
/// The bearer confirmation method.
pub const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
/// NameID format: persistent.
pub const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
/// NameID format: e-mail address.
pub const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
/// Attribute name format: URI.
pub const URI_NAME: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri";
/// Attribute name format: basic.
pub const BASIC_NAME: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic";
/// The common prefix of Microsoft's and many others' claim names.
pub const CLAIM: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/";

/// The circumstances of one login: who answers whom, to what, when.
#[derive(Clone)]
pub struct Scene {
    /// The genuine IdP's entity ID.
    pub idp_entity_id: String,
    /// The genuine IdP's key.
    pub idp_key: &'static Key,
    /// The service provider's entity ID.
    pub sp_entity_id: String,
    /// The assertion consumer service's URL.
    pub acs_url: String,
    /// The request that is answered.
    pub request_id: String,
    /// The present moment.
    pub now: Timestamp,
    /// Makes the ids of two scenes differ.
    pub serial: u32,
    /// The person the genuine IdP speaks of.
    pub person: Person,
    /// A URL that nobody may ever fetch.
    pub canary: String,
}

/// A person as an IdP describes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The NameID.
    pub name_id: String,
    /// The e-mail address.
    pub email: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// Department.
    pub department: String,
}

impl Person {
    /// A person called `name` at `example.com`.
    pub fn named(name: &str) -> Self {
        let mut capital = name.to_owned();
        if let Some(first) = capital.get_mut(0..1) {
            first.make_ascii_uppercase();
        }
        Self {
            name_id: format!("00u-{name}"),
            email: format!("{name}@example.com"),
            given_name: capital,
            family_name: "Example".to_owned(),
            department: "Research".to_owned(),
        }
    }
}

impl Scene {
    /// The scene of the library tests.
    pub fn standard() -> Self {
        Self {
            idp_entity_id: "https://idp.example.com/entity".to_owned(),
            idp_key: keys::idp(),
            sp_entity_id: "https://sso.example.com/saml/okta/metadata".to_owned(),
            acs_url: "https://sso.example.com/saml/okta/acs".to_owned(),
            request_id: "_0123456789abcdef0123456789abcdef01234567".to_owned(),
            now: Timestamp::parse_rfc3339("2026-11-21T20:15:30Z").unwrap(),
            serial: 1,
            person: Person::named("alice"),
            canary: "http://127.0.0.1:9/canary".to_owned(),
        }
    }

    /// The moment `seconds` from now, as SAML writes it.
    pub fn at(&self, seconds: i64) -> String {
        self.now.plus_seconds(seconds).rfc3339()
    }

    /// The genuine answer: one assertion, signed.
    pub fn forge(&self) -> Forge {
        let serial = self.serial;
        let person = &self.person;
        let attribute = |name: &str, value: &str| AttributePart {
            name: name.to_owned(),
            friendly_name: None,
            name_format: Some(URI_NAME.to_owned()),
            values: vec![text(value)],
        };
        Forge {
            response: ResponsePart {
                id: format!("_response{serial}"),
                version: "2.0".to_owned(),
                issue_instant: self.at(-1),
                destination: Some(self.acs_url.clone()),
                in_response_to: Some(self.request_id.clone()),
                issuer: Some(self.idp_entity_id.clone()),
                status: status(SUCCESS, "", ""),
                extensions: String::new(),
                tail: String::new(),
            },
            assertion: AssertionPart {
                id: format!("_assertion{serial}"),
                version: "2.0".to_owned(),
                issue_instant: self.at(-1),
                issuer: Some(self.idp_entity_id.clone()),
                issuer_format: None,
                subject: Some(SubjectPart {
                    name_id: Some(NameIdPart {
                        format: Some(PERSISTENT.to_owned()),
                        name_qualifier: None,
                        sp_name_qualifier: None,
                        value: text(&person.name_id),
                    }),
                    extra: String::new(),
                    confirmations: vec![ConfirmationPart {
                        method: BEARER.to_owned(),
                        data: true,
                        address: None,
                        in_response_to: Some(self.request_id.clone()),
                        not_before: None,
                        not_on_or_after: Some(self.at(300)),
                        recipient: Some(self.acs_url.clone()),
                        inner: String::new(),
                    }],
                }),
                conditions: Some(ConditionsPart {
                    not_before: Some(self.at(-300)),
                    not_on_or_after: Some(self.at(300)),
                    audiences: vec![vec![self.sp_entity_id.clone()]],
                    extra: String::new(),
                }),
                authn: Some(AuthnPart {
                    instant: self.at(-10),
                    session_index: Some(format!("_session{serial}")),
                    session_not_on_or_after: None,
                    class_ref: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
                        .to_owned(),
                }),
                attributes: vec![
                    attribute(&format!("{CLAIM}emailaddress"), &person.email),
                    attribute(&format!("{CLAIM}givenname"), &person.given_name),
                    attribute(&format!("{CLAIM}surname"), &person.family_name),
                    attribute("department", &person.department),
                ],
                after_issuer: String::new(),
                tail: String::new(),
                octets: None,
            },
            sign_assertion: Some(Signature::by(self.idp_key)),
            sign_response: None,
        }
    }
}

/// What one response shall be. Fields that end up inside an element hold raw
/// XML, so that an attack can put anything there.
#[derive(Clone)]
pub struct Forge {
    /// The `samlp:Response` itself.
    pub response: ResponsePart,
    /// Its assertion.
    pub assertion: AssertionPart,
    /// How the assertion is signed, if at all.
    pub sign_assertion: Option<Signature>,
    /// How the response is signed, if at all.
    pub sign_response: Option<Signature>,
}

/// The `samlp:Response`.
#[derive(Clone)]
pub struct ResponsePart {
    /// `ID`.
    pub id: String,
    /// `Version`.
    pub version: String,
    /// `IssueInstant`.
    pub issue_instant: String,
    /// `Destination`.
    pub destination: Option<String>,
    /// `InResponseTo`.
    pub in_response_to: Option<String>,
    /// Inside of `saml:Issuer`.
    pub issuer: Option<String>,
    /// The `samlp:Status` element, whole.
    pub status: String,
    /// Inside of `samlp:Extensions`; empty writes none.
    pub extensions: String,
    /// After the assertion.
    pub tail: String,
}

/// The `saml:Assertion`.
#[derive(Clone)]
pub struct AssertionPart {
    /// `ID`.
    pub id: String,
    /// `Version`.
    pub version: String,
    /// `IssueInstant`.
    pub issue_instant: String,
    /// Inside of `saml:Issuer`.
    pub issuer: Option<String>,
    /// `saml:Issuer/@Format`.
    pub issuer_format: Option<String>,
    /// The `saml:Subject`.
    pub subject: Option<SubjectPart>,
    /// The `saml:Conditions`.
    pub conditions: Option<ConditionsPart>,
    /// The `saml:AuthnStatement`.
    pub authn: Option<AuthnPart>,
    /// The attributes, in one `saml:AttributeStatement`.
    pub attributes: Vec<AttributePart>,
    /// After the signature, before the subject.
    pub after_issuer: String,
    /// Before the end tag.
    pub tail: String,
    /// The canonical octets, where the literal ones are not canonical.
    pub octets: Option<fn(&str) -> String>,
}

/// The `saml:Subject`.
#[derive(Clone)]
pub struct SubjectPart {
    /// The `saml:NameID`.
    pub name_id: Option<NameIdPart>,
    /// After the NameID.
    pub extra: String,
    /// The `saml:SubjectConfirmation`s.
    pub confirmations: Vec<ConfirmationPart>,
}

/// The `saml:NameID`.
#[derive(Clone)]
pub struct NameIdPart {
    /// `Format`.
    pub format: Option<String>,
    /// `NameQualifier`.
    pub name_qualifier: Option<String>,
    /// `SPNameQualifier`.
    pub sp_name_qualifier: Option<String>,
    /// Its inside.
    pub value: String,
}

/// One `saml:SubjectConfirmation`.
#[derive(Clone)]
pub struct ConfirmationPart {
    /// `Method`.
    pub method: String,
    /// Whether there is a `saml:SubjectConfirmationData`.
    pub data: bool,
    /// `Address`.
    pub address: Option<String>,
    /// `InResponseTo`.
    pub in_response_to: Option<String>,
    /// `NotBefore`.
    pub not_before: Option<String>,
    /// `NotOnOrAfter`.
    pub not_on_or_after: Option<String>,
    /// `Recipient`.
    pub recipient: Option<String>,
    /// Inside of the data.
    pub inner: String,
}

/// The `saml:Conditions`.
#[derive(Clone)]
pub struct ConditionsPart {
    /// `NotBefore`.
    pub not_before: Option<String>,
    /// `NotOnOrAfter`.
    pub not_on_or_after: Option<String>,
    /// One `saml:AudienceRestriction` per entry.
    pub audiences: Vec<Vec<String>>,
    /// After the restrictions.
    pub extra: String,
}

/// The `saml:AuthnStatement`.
#[derive(Clone)]
pub struct AuthnPart {
    /// `AuthnInstant`.
    pub instant: String,
    /// `SessionIndex`.
    pub session_index: Option<String>,
    /// `SessionNotOnOrAfter`.
    pub session_not_on_or_after: Option<String>,
    /// The `saml:AuthnContextClassRef`.
    pub class_ref: String,
}

/// One `saml:Attribute`.
#[derive(Clone)]
pub struct AttributePart {
    /// `Name`.
    pub name: String,
    /// `FriendlyName`.
    pub friendly_name: Option<String>,
    /// `NameFormat`.
    pub name_format: Option<String>,
    /// The insides of its `saml:AttributeValue`s.
    pub values: Vec<String>,
}

impl Forge {
    /// The whole document.
    pub fn xml(&self) -> String {
        let assertion = self.assertion_xml();
        self.response_around(&assertion)
    }

    /// The document as the browser posts it.
    pub fn base64(&self) -> String {
        encode(self.xml().as_bytes())
    }

    /// The assertion alone, signed if it shall be.
    pub fn assertion_xml(&self) -> String {
        let part = &self.assertion;
        let unsigned = part.xml("");
        let Some(signature) = &self.sign_assertion else {
            return unsigned;
        };
        let octets = part
            .octets
            .map_or_else(|| unsigned.clone(), |f| f(&unsigned));
        part.xml(&signature.over(&part.id, octets.as_bytes()))
    }

    /// The assertion without its signature.
    pub fn bare_assertion(&self) -> String {
        self.assertion.xml("")
    }

    /// The assertion with a signature that is given.
    pub fn assertion_with(&self, signature: &str) -> String {
        self.assertion.xml(signature)
    }

    /// The signature of the assertion, alone.
    pub fn assertion_signature(&self) -> String {
        let signature = self.sign_assertion.as_ref().unwrap();
        signature.over(&self.assertion.id, self.bare_assertion().as_bytes())
    }

    /// The response, signed if it shall be, around whatever stands in place
    /// of the assertion.
    pub fn response_around(&self, body: &str) -> String {
        let unsigned = self.response.xml("", body);
        let Some(signature) = &self.sign_response else {
            return unsigned;
        };
        let octets = self
            .assertion
            .octets
            .map_or_else(|| unsigned.clone(), |f| f(&unsigned));
        self.response
            .xml(&signature.over(&self.response.id, octets.as_bytes()), body)
    }

    /// The response with a signature that is given.
    pub fn response_with(&self, signature: &str, body: &str) -> String {
        self.response.xml(signature, body)
    }

    /// The same answer with the signature on the response instead.
    pub fn signed_response(mut self) -> Self {
        self.sign_response = self.sign_assertion.take();
        self
    }

    /// The same answer with both signed.
    pub fn signed_twice(mut self) -> Self {
        self.sign_response.clone_from(&self.sign_assertion);
        self
    }

    /// The same answer with nothing signed.
    pub fn unsigned(mut self) -> Self {
        self.sign_assertion = None;
        self.sign_response = None;
        self
    }

    /// The same answer, of somebody else: what an attacker would like to say.
    pub fn saying(mut self, name_id: &str) -> Self {
        self.name_id().value = text(name_id);
        let id = format!("{}evil", self.assertion.id);
        self.assertion.id = id;
        for attribute in &mut self.assertion.attributes {
            if attribute.name.ends_with("emailaddress") {
                attribute.values = vec![text(&format!("{name_id}@example.com"))];
            }
        }
        self
    }

    /// The first confirmation.
    pub fn confirmation(&mut self) -> &mut ConfirmationPart {
        &mut self.subject().confirmations[0]
    }

    /// The subject.
    pub fn subject(&mut self) -> &mut SubjectPart {
        self.assertion.subject.as_mut().unwrap()
    }

    /// The NameID.
    pub fn name_id(&mut self) -> &mut NameIdPart {
        self.subject().name_id.as_mut().unwrap()
    }

    /// The conditions.
    pub fn conditions(&mut self) -> &mut ConditionsPart {
        self.assertion.conditions.as_mut().unwrap()
    }

    /// The authentication statement.
    pub fn authn(&mut self) -> &mut AuthnPart {
        self.assertion.authn.as_mut().unwrap()
    }

    /// The assertion's signature.
    pub fn signature(&mut self) -> &mut Signature {
        self.sign_assertion.as_mut().unwrap()
    }
}

impl ResponsePart {
    fn xml(&self, signature: &str, body: &str) -> String {
        let issuer = self.issuer.as_ref().map_or_else(String::new, |issuer| {
            format!("<saml:Issuer xmlns:saml=\"{SAML}\">{issuer}</saml:Issuer>")
        });
        let extensions = if self.extensions.is_empty() {
            String::new()
        } else {
            format!("<samlp:Extensions>{}</samlp:Extensions>", self.extensions)
        };
        element(
            "samlp:Response",
            &[("xmlns:samlp", SAMLP)],
            &[
                ("Destination", self.destination.as_deref()),
                ("ID", Some(&self.id)),
                ("InResponseTo", self.in_response_to.as_deref()),
                ("IssueInstant", Some(&self.issue_instant)),
                ("Version", Some(&self.version)),
            ],
            &format!(
                "{issuer}{signature}{extensions}{}{body}{}",
                self.status, self.tail
            ),
        )
    }
}

impl AssertionPart {
    fn xml(&self, signature: &str) -> String {
        let issuer = self.issuer.as_ref().map_or_else(String::new, |issuer| {
            element(
                "saml:Issuer",
                &[],
                &[("Format", self.issuer_format.as_deref())],
                issuer,
            )
        });
        let subject = self.subject.as_ref().map_or_else(String::new, subject_xml);
        let conditions = self
            .conditions
            .as_ref()
            .map_or_else(String::new, conditions_xml);
        let authn = self.authn.as_ref().map_or_else(String::new, authn_xml);
        let attributes = attributes_xml(&self.attributes);
        element(
            "saml:Assertion",
            &[("xmlns:saml", SAML)],
            &[
                ("ID", Some(&self.id)),
                ("IssueInstant", Some(&self.issue_instant)),
                ("Version", Some(&self.version)),
            ],
            &format!(
                "{issuer}{signature}{}{subject}{conditions}{authn}{attributes}{}",
                self.after_issuer, self.tail
            ),
        )
    }
}

fn subject_xml(subject: &SubjectPart) -> String {
    let name_id = subject
        .name_id
        .as_ref()
        .map_or_else(String::new, name_id_xml);
    let confirmations: String = subject.confirmations.iter().map(confirmation_xml).collect();
    format!(
        "<saml:Subject>{name_id}{}{confirmations}</saml:Subject>",
        subject.extra
    )
}

/// A `saml:NameID` element.
pub fn name_id_xml(name_id: &NameIdPart) -> String {
    element(
        "saml:NameID",
        &[],
        &[
            ("Format", name_id.format.as_deref()),
            ("NameQualifier", name_id.name_qualifier.as_deref()),
            ("SPNameQualifier", name_id.sp_name_qualifier.as_deref()),
        ],
        &name_id.value,
    )
}

fn confirmation_xml(part: &ConfirmationPart) -> String {
    let data = if part.data {
        element(
            "saml:SubjectConfirmationData",
            &[],
            &[
                ("Address", part.address.as_deref()),
                ("InResponseTo", part.in_response_to.as_deref()),
                ("NotBefore", part.not_before.as_deref()),
                ("NotOnOrAfter", part.not_on_or_after.as_deref()),
                ("Recipient", part.recipient.as_deref()),
            ],
            &part.inner,
        )
    } else {
        String::new()
    };
    element(
        "saml:SubjectConfirmation",
        &[],
        &[("Method", Some(&part.method))],
        &data,
    )
}

fn conditions_xml(part: &ConditionsPart) -> String {
    let mut inner = String::new();
    for restriction in &part.audiences {
        inner.push_str("<saml:AudienceRestriction>");
        for audience in restriction {
            inner.push_str(&format!("<saml:Audience>{audience}</saml:Audience>"));
        }
        inner.push_str("</saml:AudienceRestriction>");
    }
    inner.push_str(&part.extra);
    element(
        "saml:Conditions",
        &[],
        &[
            ("NotBefore", part.not_before.as_deref()),
            ("NotOnOrAfter", part.not_on_or_after.as_deref()),
        ],
        &inner,
    )
}

fn authn_xml(part: &AuthnPart) -> String {
    element(
        "saml:AuthnStatement",
        &[],
        &[
            ("AuthnInstant", Some(&part.instant)),
            ("SessionIndex", part.session_index.as_deref()),
            (
                "SessionNotOnOrAfter",
                part.session_not_on_or_after.as_deref(),
            ),
        ],
        &format!(
            "<saml:AuthnContext><saml:AuthnContextClassRef>{}</saml:AuthnContextClassRef>\
             </saml:AuthnContext>",
            part.class_ref
        ),
    )
}

fn attributes_xml(attributes: &[AttributePart]) -> String {
    if attributes.is_empty() {
        return String::new();
    }
    let inner: String = attributes.iter().map(attribute_xml).collect();
    format!("<saml:AttributeStatement>{inner}</saml:AttributeStatement>")
}

fn attribute_xml(part: &AttributePart) -> String {
    let values: String = part
        .values
        .iter()
        .map(|value| format!("<saml:AttributeValue>{value}</saml:AttributeValue>"))
        .collect();
    element(
        "saml:Attribute",
        &[],
        &[
            ("FriendlyName", part.friendly_name.as_deref()),
            ("Name", Some(&part.name)),
            ("NameFormat", part.name_format.as_deref()),
        ],
        &values,
    )
}

/// A `samlp:Status`: the code, the code nested in it if it is not empty, and
/// raw XML after it.
pub fn status(code: &str, nested: &str, extra: &str) -> String {
    let nested = if nested.is_empty() {
        String::new()
    } else {
        format!("<samlp:StatusCode Value=\"{nested}\"></samlp:StatusCode>")
    };
    format!(
        "<samlp:Status><samlp:StatusCode Value=\"{code}\">{nested}</samlp:StatusCode>{extra}\
         </samlp:Status>"
    )
}

/// One element in canonical form: the namespaces and attributes must come in
/// canonical order, which here is the order of their names.
pub fn element(
    name: &str,
    namespaces: &[(&str, &str)],
    attributes: &[(&str, Option<&str>)],
    inner: &str,
) -> String {
    assert!(attributes.is_sorted_by_key(|(name, _)| *name), "{name}");
    let mut out = format!("<{name}");
    for (name, value) in namespaces {
        out.push_str(&format!(" {name}=\"{value}\""));
    }
    for (name, value) in attributes {
        if let Some(value) = value {
            out.push_str(&format!(" {name}=\"{value}\""));
        }
    }
    format!("{out}>{inner}</{name}>")
}

/// Text in canonical form (Canonical XML §2.3).
pub fn text(plain: &str) -> String {
    plain
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\r', "&#xD;")
}

/// The canonical octets of a literal that has comments: without them.
pub fn without_comments(literal: &str) -> String {
    let mut out = String::new();
    let mut rest = literal;
    while let Some((before, after)) = rest.split_once("<!--") {
        out.push_str(before);
        rest = after.split_once("-->").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out
}

/// The canonical octets of a literal that has CDATA sections: their text,
/// escaped.
pub fn with_cdata_expanded(literal: &str) -> String {
    let mut out = String::new();
    let mut rest = literal;
    while let Some((before, after)) = rest.split_once("<![CDATA[") {
        out.push_str(before);
        let (inside, after) = after.split_once("]]>").unwrap_or((after, ""));
        out.push_str(&text(inside));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Base64 as a browser posts it.
pub fn encode(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

/// Metadata of an IdP with the given signing certificates.
pub fn idp_metadata(entity_id: &str, sso_url: &str, certificates: &[&str]) -> String {
    let keys: String = certificates
        .iter()
        .map(|certificate| {
            format!(
                "<md:KeyDescriptor use=\"signing\">\
                 <ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>\
                 <ds:X509Certificate>{certificate}</ds:X509Certificate>\
                 </ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            )
        })
        .collect();
    format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
         entityID=\"{entity_id}\">\
         <md:IDPSSODescriptor protocolSupportEnumeration=\"{SAMLP}\">{keys}\
         <md:NameIDFormat>{PERSISTENT}</md:NameIDFormat>\
         <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
         Location=\"{sso_url}\"/>\
         <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" \
         Location=\"{sso_url}\"/>\
         </md:IDPSSODescriptor></md:EntityDescriptor>"
    )
}
