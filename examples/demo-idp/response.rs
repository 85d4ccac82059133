//! SAML responses, written and signed.
//!
//! There is no canonicalizer here, and none is needed: each element is written
//! in the form that exclusive C14N would give it (namespaces declared where
//! they are first used, attributes in order, no empty-element tags), so the
//! octets on the wire are the octets to hash. Being independent of the
//! gateway's own XML code, this also checks it.

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward::domain::Timestamp;

use crate::keys::SigningKey;

const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const EXCLUSIVE_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const XMLDSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

/// How long an assertion is good for, in seconds.
const LIFETIME: i64 = 300;

/// What gets a signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signed {
    /// The assertion: what most identity providers do.
    #[default]
    Assertion,
    /// The response around it.
    Response,
    /// First the assertion, then the response.
    Both,
    /// Nothing: must be refused.
    Nothing,
}

/// All that a response says.
pub struct Answer<'a> {
    /// The IdP's entity ID.
    pub issuer: &'a str,
    /// The assertion consumer service: Destination and Recipient.
    pub acs: &'a str,
    /// The service provider's entity ID.
    pub audience: &'a str,
    /// The request's ID; none in an unsolicited response.
    pub in_response_to: Option<&'a str>,
    /// The time that the IdP believes it is.
    pub now: Timestamp,
    /// 32 or more random characters from which the IDs are made.
    pub nonce: &'a str,
    /// NameID and its format.
    pub name_id: &'a str,
    /// Format URI of the NameID.
    pub name_id_format: &'a str,
    /// Attributes: name and value.
    pub attributes: &'a [(&'a str, &'a str)],
    /// What gets signed.
    pub signed: Signed,
}

impl Answer<'_> {
    /// The response with one assertion, signed.
    pub fn to_xml(&self, key: &SigningKey) -> Result<String> {
        let mut assertion = self.assertion();
        if matches!(self.signed, Signed::Assertion | Signed::Both) {
            assertion = sign(&assertion, &self.id("a"), key)?;
        }
        let success = status("urn:oasis:names:tc:SAML:2.0:status:Success", "");
        let response = self.response(&format!("{success}{assertion}"));
        match self.signed {
            Signed::Response | Signed::Both => sign(&response, &self.id("r"), key),
            Signed::Assertion | Signed::Nothing => Ok(response),
        }
    }

    /// A signed response that says no: a status and no assertion.
    pub fn refusal(&self, second_level: &str, key: &SigningKey) -> Result<String> {
        let inner = format!(r#"<samlp:StatusCode Value="{second_level}"></samlp:StatusCode>"#);
        let status = status("urn:oasis:names:tc:SAML:2.0:status:Responder", &inner);
        sign(&self.response(&status), &self.id("r"), key)
    }

    fn id(&self, kind: &str) -> String {
        format!("_{kind}{}", self.nonce)
    }

    fn response(&self, content: &str) -> String {
        let (id, at) = (self.id("r"), instant(self.now));
        let (acs, issuer) = (attr(self.acs), text(self.issuer));
        let in_response_to = self.in_response_to();
        format!(
            r#"<samlp:Response xmlns:samlp="{PROTOCOL}" Destination="{acs}" ID="{id}"{in_response_to} IssueInstant="{at}" Version="2.0"><saml:Issuer xmlns:saml="{ASSERTION}">{issuer}</saml:Issuer>{content}</samlp:Response>"#
        )
    }

    fn assertion(&self) -> String {
        let (id, at) = (self.id("a"), instant(self.now));
        let before = instant(self.now.plus_seconds(-30));
        let after = instant(self.now.plus_seconds(LIFETIME));
        let (acs, audience) = (attr(self.acs), text(self.audience));
        let (issuer, name_id) = (text(self.issuer), text(self.name_id));
        let format = attr(self.name_id_format);
        let in_response_to = self.in_response_to();
        let attributes: String = self.attributes.iter().map(attribute).collect();
        let statement = if attributes.is_empty() {
            String::new()
        } else {
            format!("<saml:AttributeStatement>{attributes}</saml:AttributeStatement>")
        };
        format!(
            concat!(
                r#"<saml:Assertion xmlns:saml="{ASSERTION}" ID="{id}" IssueInstant="{at}" Version="2.0">"#,
                "<saml:Issuer>{issuer}</saml:Issuer>",
                r#"<saml:Subject><saml:NameID Format="{format}">{name_id}</saml:NameID>"#,
                r#"<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">"#,
                r#"<saml:SubjectConfirmationData{in_response_to} NotOnOrAfter="{after}" Recipient="{acs}">"#,
                "</saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>",
                r#"<saml:Conditions NotBefore="{before}" NotOnOrAfter="{after}">"#,
                "<saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience>",
                "</saml:AudienceRestriction></saml:Conditions>",
                r#"<saml:AuthnStatement AuthnInstant="{at}" SessionIndex="{id}"><saml:AuthnContext>"#,
                "<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
                "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>",
                "{statement}</saml:Assertion>",
            ),
            ASSERTION = ASSERTION,
            id = id,
            at = at,
            issuer = issuer,
            format = format,
            name_id = name_id,
            in_response_to = in_response_to,
            after = after,
            acs = acs,
            before = before,
            audience = audience,
            statement = statement,
        )
    }

    fn in_response_to(&self) -> String {
        self.in_response_to
            .map(|id| format!(r#" InResponseTo="{}""#, attr(id)))
            .unwrap_or_default()
    }
}

fn status(top_level: &str, inner: &str) -> String {
    format!(
        r#"<samlp:Status><samlp:StatusCode Value="{top_level}">{inner}</samlp:StatusCode></samlp:Status>"#
    )
}

fn attribute((name, value): &(&str, &str)) -> String {
    let format = if name.contains(':') { "uri" } else { "basic" };
    format!(
        r#"<saml:Attribute Name="{}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:{format}"><saml:AttributeValue>{}</saml:AttributeValue></saml:Attribute>"#,
        attr(name),
        text(value)
    )
}

/// Puts an enveloped signature over the whole of `element`, whose ID is `id`,
/// behind its Issuer, where the schema wants it.
fn sign(element: &str, id: &str, key: &SigningKey) -> Result<String> {
    let digest = STANDARD.encode(openssl::sha::sha256(element.as_bytes()));
    let signed_info = |namespace: &str| {
        format!(
            concat!(
                "<ds:SignedInfo{}>",
                r#"<ds:CanonicalizationMethod Algorithm="{}"></ds:CanonicalizationMethod>"#,
                r#"<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256">"#,
                r##"</ds:SignatureMethod><ds:Reference URI="#{}"><ds:Transforms>"##,
                r#"<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature">"#,
                r#"</ds:Transform><ds:Transform Algorithm="{}"></ds:Transform></ds:Transforms>"#,
                r#"<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256">"#,
                "</ds:DigestMethod><ds:DigestValue>{}</ds:DigestValue></ds:Reference>",
                "</ds:SignedInfo>",
            ),
            namespace, EXCLUSIVE_C14N, id, EXCLUSIVE_C14N, digest,
        )
    };
    // SignedInfo is canonicalized by itself, so there it carries the namespace
    // that in the document stands on Signature.
    let octets = signed_info(&format!(r#" xmlns:ds="{XMLDSIG}""#));
    let signature = format!(
        r#"<ds:Signature xmlns:ds="{XMLDSIG}">{}<ds:SignatureValue>{}</ds:SignatureValue></ds:Signature>"#,
        signed_info(""),
        key.sign(octets.as_bytes())?
    );
    Ok(element.replacen("</saml:Issuer>", &format!("</saml:Issuer>{signature}"), 1))
}

/// `xs:dateTime` in UTC, whole seconds.
fn instant(at: Timestamp) -> String {
    let text = at.rfc3339();
    format!("{}Z", text.get(..19).unwrap_or(&text))
}

/// A text as C14N writes it. What XML cannot carry is left out.
pub fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars().filter(|c| is_xml(*c)) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#xD;"),
            c => out.push(c),
        }
    }
    out
}

/// An attribute's value as C14N writes it. What XML cannot carry is left out.
pub fn attr(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars().filter(|c| is_xml(*c)) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            c => out.push(c),
        }
    }
    out
}

const fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}
