//! Single logout, from both sides, over both bindings.

mod attacks;
mod from_idp;
mod from_us;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::hash::MessageDigest;
use openssl::sign::{Signer, Verifier};
use serde_json::{Value, json};

use crate::harness::{Answer, Browser, Idp, Outcome, Person, Server, now};
use crate::support::forge::{PERSISTENT, SAML, SAMLP, encode, text};
use crate::support::keys::Key;
use crate::support::signature::{RSA_SHA256, Signature};

/// Where the IdP takes logout requests and where it takes answers.
pub const SLO: &str = "https://idp.example.com/slo?tenant=1";
pub const SLO_ANSWERS: &str = "https://idp.example.com/slo/answers";

/// How the IdP's metadata offers single logout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    Both,
    PostOnly,
    None,
}

/// A provider whose IdP offers single logout.
pub async fn provider(server: &Server, idp: &Idp, offer: Offer) -> Value {
    let service = |binding: &str| {
        format!(
            "<md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:{binding}\" \
             Location=\"{}\" ResponseLocation=\"{SLO_ANSWERS}\"/>",
            SLO.replace('&', "&amp;")
        )
    };
    let services = match offer {
        Offer::Both => service("HTTP-Redirect") + &service("HTTP-POST"),
        Offer::PostOnly => service("HTTP-POST"),
        Offer::None => String::new(),
    };
    let metadata = idp
        .metadata()
        .replace("<md:NameIDFormat>", &format!("{services}<md:NameIDFormat>"));
    let settings = json!({ "saml": { "metadata_xml": metadata } });
    idp.register_with(server, settings).await
}

/// A person who signs in with this session of the IdP's.
pub async fn signs_in(
    server: &Server,
    idp: &Idp,
    browser: &mut Browser,
    name: &str,
    session: &str,
) -> Outcome {
    idp.login_as(server, browser, &Person::named(name), |forge| {
        forge.authn().session_index = Some(text(session));
        let name_id = forge.name_id();
        name_id.name_qualifier = Some("https://idp.example.com/entity".to_owned());
    })
    .await
}

/// A `LogoutRequest` of an IdP, as it should be until somebody changes it.
#[derive(Clone, Debug)]
pub struct Request {
    pub id: String,
    pub issuer: String,
    pub destination: Option<String>,
    pub issued: i64,
    pub not_on_or_after: Option<i64>,
    /// The element that says who.
    pub who: String,
    pub indexes: Vec<String>,
    pub extensions: String,
}

/// A NameID as the forge's assertions have it.
pub fn name_id(name: &str) -> String {
    format!(
        "<saml:NameID xmlns:saml=\"{SAML}\" Format=\"{PERSISTENT}\" \
         NameQualifier=\"https://idp.example.com/entity\">{}</saml:NameID>",
        text(&format!("00u-{name}"))
    )
}

impl Request {
    pub fn about(server: &Server, idp: &Idp, name: &str) -> Self {
        static SERIAL: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);
        let serial = SERIAL.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Self {
            id: format!("_logout{serial}"),
            issuer: idp.entity_id.clone(),
            destination: Some(format!("{}/saml/{}/slo", server.url, idp.slug)),
            issued: 0,
            not_on_or_after: Some(300),
            who: name_id(name),
            indexes: Vec::new(),
            extensions: String::new(),
        }
    }

    pub fn of(mut self, index: &str) -> Self {
        self.indexes.push(index.to_owned());
        self
    }

    /// The document with this after its issuer, in canonical form.
    pub fn with(&self, signature: &str) -> String {
        let at = |seconds: i64| now().plus_seconds(seconds).rfc3339();
        let attribute = |name: &str, value: Option<String>| {
            value.map_or_else(String::new, |value| format!(" {name}=\"{value}\""))
        };
        let indexes: String = self
            .indexes
            .iter()
            .map(|index| format!("<samlp:SessionIndex>{}</samlp:SessionIndex>", text(index)))
            .collect();
        let extensions = match self.extensions.as_str() {
            "" => String::new(),
            inside => format!("<samlp:Extensions>{inside}</samlp:Extensions>"),
        };
        format!(
            "<samlp:LogoutRequest xmlns:samlp=\"{SAMLP}\"{} ID=\"{}\" IssueInstant=\"{}\"{} \
             Version=\"2.0\"><saml:Issuer xmlns:saml=\"{SAML}\">{}</saml:Issuer>{signature}\
             {extensions}{}{indexes}</samlp:LogoutRequest>",
            attribute("Destination", self.destination.clone()),
            self.id,
            at(self.issued),
            attribute("NotOnOrAfter", self.not_on_or_after.map(at)),
            self.issuer,
            self.who,
        )
    }

    /// The document with an enveloped signature.
    pub fn signed(&self, key: &'static Key) -> String {
        let bare = self.with("");
        Self::with_frozen(&bare, &Signature::by(key).over(&self.id, bare.as_bytes()))
    }

    /// The signature put into the octets that it was made over.
    pub fn with_frozen(bare: &str, signature: &str) -> String {
        let end = "</saml:Issuer>";
        bare.replacen(end, &format!("{end}{signature}"), 1)
    }
}

/// A query of HTTP-Redirect, signed over its octets.
pub fn query(
    parameter: &str,
    xml: &str,
    relay_state: Option<&str>,
    key: Option<&'static Key>,
) -> String {
    use std::io::Write as _;
    let mut deflate =
        flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    deflate.write_all(xml.as_bytes()).unwrap();
    let packed = STANDARD.encode(deflate.finish().unwrap());
    // As ASP.NET does it: lower-case percent-encoding. The octets count.
    let encoded = |text: &str| -> String {
        url::form_urlencoded::byte_serialize(text.as_bytes())
            .collect::<String>()
            .replace("%2B", "%2b")
            .replace("%2F", "%2f")
            .replace("%3D", "%3d")
    };
    let mut query = format!("{parameter}={}", encoded(&packed));
    if let Some(state) = relay_state {
        query += &format!("&RelayState={}", encoded(state));
    }
    if let Some(key) = key {
        query += &format!("&SigAlg={}", encoded(RSA_SHA256));
        let mut signer = Signer::new(MessageDigest::sha256(), &key.private).unwrap();
        let value = signer.sign_oneshot_to_vec(query.as_bytes()).unwrap();
        query += &format!("&Signature={}", encoded(&STANDARD.encode(value)));
    }
    query
}

/// A message of ours as it arrives at the IdP.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub xml: String,
    pub relay_state: Option<String>,
}

impl Arrived {
    pub fn attribute(&self, name: &str) -> String {
        let mark = format!(" {name}=\"");
        let at = self
            .xml
            .find(&mark)
            .unwrap_or_else(|| panic!("{name}: {}", self.xml));
        let rest = &self.xml[at + mark.len()..];
        rest.split('"').next().unwrap().to_owned()
    }
}

/// The gateway's certificate for a provider.
async fn certificate(server: &Server, slug: &str) -> openssl::x509::X509 {
    let der = super::encryption::published(server, slug, "signing")
        .await
        .remove(0);
    openssl::x509::X509::from_der(&der).unwrap()
}

/// Reads a message of ours that goes by HTTP-Redirect, its signature verified.
pub async fn redirected(server: &Server, answer: &Answer, to: &str, parameter: &str) -> Arrived {
    let location = answer
        .location
        .as_deref()
        .unwrap_or_else(|| panic!("{answer:?}"));
    let mark = if to.contains('?') { '&' } else { '?' };
    let rest = location.strip_prefix(&format!("{to}{mark}"));
    let rest = rest.unwrap_or_else(|| panic!("{location} is not at {to}"));
    let (signed, value) = rest.split_once("&Signature=").unwrap();
    let decoded = |text: &str| -> String {
        url::form_urlencoded::parse(format!("v={text}").as_bytes())
            .next()
            .unwrap()
            .1
            .into_owned()
    };
    let key = certificate(server, "okta").await.public_key().unwrap();
    let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
    let value = STANDARD.decode(decoded(value)).unwrap();
    assert!(verifier.verify_oneshot(&value, signed.as_bytes()).unwrap());
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(signed.as_bytes())
        .into_owned()
        .collect();
    let find = |name: &str| {
        pairs
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.clone())
    };
    let packed = STANDARD.decode(find(parameter).unwrap()).unwrap();
    let mut xml = String::new();
    let mut inflate = flate2::read::DeflateDecoder::new(&packed[..]);
    std::io::Read::read_to_string(&mut inflate, &mut xml).unwrap();
    Arrived {
        xml,
        relay_state: find("RelayState"),
    }
}

/// Reads a message of ours that goes by HTTP-POST, its signature verified.
pub async fn posted(server: &Server, answer: &Answer, to: &str, parameter: &str) -> Arrived {
    use doorward::platform::xml::Document;
    use doorward::platform::xml::signature::{Signature as Read, VerifyKey};
    assert_eq!(answer.status, 200, "{}", answer.body);
    let page = scraper::Html::parse_document(&answer.body);
    let select = |what: &str| scraper::Selector::parse(what).unwrap();
    let form = page.select(&select("form#relay")).next().unwrap();
    assert_eq!(form.value().attr("action"), Some(to));
    let field = |name: &str| {
        let selector = select(&format!("input[name={name}]"));
        let input = page.select(&selector).next();
        input.map(|input| input.value().attr("value").unwrap().to_owned())
    };
    let octets = STANDARD.decode(field(parameter).unwrap()).unwrap();
    let xml = String::from_utf8(octets).unwrap();
    let document = Document::parse(&xml).unwrap();
    let node = document
        .elements()
        .find(|n| n.name() == "Signature")
        .unwrap();
    let key = certificate(server, "okta").await;
    let key = VerifyKey::from_certificate(&key).unwrap();
    Read::read(node, false).unwrap().verify(&[key]).unwrap();
    Arrived {
        xml: xml.clone(),
        relay_state: field("RelayState"),
    }
}

/// Base64 as a browser posts it.
pub fn packed(xml: &str) -> String {
    encode(xml.as_bytes())
}
