//! What identity provider and browser do before the clock runs: sign-ins are
//! started, and each gets its own signed response.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward::domain::{Clock, Entropy};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::sign::{Signer, Verifier};
use url::Url;
use url::form_urlencoded::Serializer;

use crate::PEOPLE;
use crate::client::{Connection, Request};
use crate::encrypt::{Content, Wrap, encrypted};
use crate::keys::SigningKey;
use crate::response::{Answer, Signed};
use crate::server::{PUBLIC_URL, Server};

const ENTITY_ID: &str = "https://idp.example.com/metadata";

/// The identity provider.
pub struct Idp {
    key: SigningKey,
    /// The provider whose assertions are encrypted: our certificate in its metadata.
    ours: Vec<u8>,
}

/// Which provider of the gateway a login goes through. Behind each is the same
/// identity provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Through {
    /// Signed assertions in clear.
    Plain,
    /// Signed and encrypted ones (AES-256-GCM, RSA-OAEP).
    Encrypted,
}

impl Through {
    const fn slug(self) -> &'static str {
        match self {
            Self::Plain => "bench",
            Self::Encrypted => "sealed",
        }
    }
}

/// One person about to come in: the response on its way, and the browser's cookie.
pub struct SignIn {
    /// `POST /saml/bench/acs`.
    pub request: Request,
    /// What the browser was given when the sign-in started.
    pub cookie: String,
}

impl Idp {
    /// Makes its key.
    pub fn new() -> Result<Self> {
        let key = SigningKey::generate()?;
        Ok(Self {
            key,
            ours: Vec::new(),
        })
    }

    /// Takes the certificate to encrypt for from the gateway's metadata.
    pub async fn learn(&mut self, server: &Server) -> Result<()> {
        let mut connection = Connection::open(server.address()).await?;
        let path = format!("/saml/{}/metadata", Through::Encrypted.slug());
        let answer = connection.send(&Request::get(&path, None)).await?;
        let text = std::str::from_utf8(answer.body())?;
        let (_, rest) = text
            .split_once("X509Certificate>")
            .context("our metadata has no certificate")?;
        let certificate = rest.split('<').next().unwrap_or_default();
        let certificate: String = certificate.split_whitespace().collect();
        self.ours = STANDARD.decode(certificate)?;
        Ok(())
    }

    /// The metadata, under an entity ID of its own for each number.
    pub fn metadata(&self, number: Option<usize>) -> Result<String> {
        let certificate = self.key.certificate_base64()?;
        let entity_id = number.map_or_else(
            || ENTITY_ID.to_owned(),
            |number| format!("{ENTITY_ID}/{number}"),
        );
        Ok(format!(
            r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity_id}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example.com/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>"#
        ))
    }

    /// The providers as the configuration file takes them; of `others` there is
    /// one each whose metadata stands under the URL.
    pub fn providers_toml(&self, others: &[String]) -> Result<String> {
        let metadata = self.metadata(None)?;
        let head = |slug: &str| {
            format!(
                "[[provider]]\nslug = \"{slug}\"\nkind = \"saml\"\nlabel = \"SSO Login\"\n\
                 allowed_domains = [\"example.com\"]\n\n[provider.saml]\n"
            )
        };
        let mut text = String::new();
        for through in [Through::Plain, Through::Encrypted] {
            let sealed = through == Through::Encrypted;
            let head = head(through.slug());
            writeln!(
                text,
                "{head}require_encryption = {sealed}\nmetadata_xml = '''{metadata}'''\n"
            )?;
        }
        for (number, url) in others.iter().enumerate() {
            let head = head(&format!("other-{number}"));
            writeln!(text, "{head}metadata_url = \"{url}\"\n")?;
        }
        Ok(text)
    }

    /// Starts `count` sign-ins, each in a browser of its own, and answers them
    /// for the persons from number `from` on.
    pub async fn sign_ins(
        &self,
        server: &Server,
        through: Through,
        from: usize,
        count: usize,
    ) -> Result<Vec<SignIn>> {
        let mut connection = Connection::open(server.address()).await?;
        let start = Request::get(&format!("/saml/{}/login", through.slug()), None);
        let mut started = Vec::with_capacity(count);
        for _ in 0..count {
            let answer = connection.send(&start).await?;
            ensure!(answer.status == 302, "login: {}", answer.describe());
            let location = answer.location.context("302 without Location")?;
            started.push((Url::parse(&location)?, answer.cookies));
        }
        // Signing is the costly part: share it between the cores.
        let width = std::thread::available_parallelism()?.get();
        let share = count.div_ceil(width).max(1);
        std::thread::scope(|scope| {
            let threads: Vec<_> = started
                .chunks(share)
                .enumerate()
                .map(|(chunk, part)| {
                    scope.spawn(move || {
                        let numbered = part.iter().enumerate();
                        numbered
                            .map(|(i, (url, cookie))| {
                                self.answer(through, url, cookie, from + chunk * share + i)
                            })
                            .collect::<Result<Vec<_>>>()
                    })
                })
                .collect();
            let mut all = Vec::with_capacity(count);
            for thread in threads {
                let part = thread
                    .join()
                    .map_err(|_| anyhow::anyhow!("a thread panicked"))?;
                all.extend(part?);
            }
            Ok(all)
        })
    }

    /// The response with its assertion encrypted for the gateway.
    fn sealed(&self, response: &str) -> Result<String> {
        const END: &str = "</saml:Assertion>";
        let start = response.find("<saml:Assertion ").context("no assertion")?;
        let (before, rest) = response.split_at(start);
        let (assertion, after) = rest.split_once(END).context("no end of the assertion")?;
        let assertion = format!("{assertion}{END}");
        let (content, wrap) = (Content::Aes256Gcm, Wrap::OaepSha1);
        let sealed = encrypted(&assertion, &self.ours, content, wrap);
        Ok(format!("{before}{sealed}{after}"))
    }

    /// A response that answers a request which nobody made: what it costs to
    /// refuse it and to leave a trace of it is what is measured.
    pub fn stray(&self) -> Result<Request> {
        let mut start = Url::parse("https://idp.example.com/sso")?;
        let request = format!(r#"<r ID="_{}"/>"#, Entropy::System.hex::<20>());
        let mut deflated = Vec::new();
        let mut encoder =
            flate2::read::DeflateEncoder::new(request.as_bytes(), flate2::Compression::fast());
        encoder.read_to_end(&mut deflated)?;
        let query = STANDARD.encode(deflated);
        start.query_pairs_mut().append_pair("SAMLRequest", &query);
        Ok(self.answer(Through::Plain, &start, "", 0)?.request)
    }

    fn answer(&self, through: Through, start: &Url, cookie: &str, number: usize) -> Result<SignIn> {
        let base = format!("{PUBLIC_URL}/saml/{}", through.slug());
        let parameter = |name| start.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v);
        let request_id = request_id(&parameter("SAMLRequest").context("no SAMLRequest")?)?;
        let person = number % PEOPLE;
        let subject = format!("person-{person}");
        let email = format!("person-{person}@example.com");
        let attributes = [
            (
                "http://schemas.microsoft.com/identity/claims/displayname",
                format!("Person {person}"),
            ),
            (
                "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
                "Person".to_owned(),
            ),
            (
                "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
                person.to_string(),
            ),
            (
                "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
                email.clone(),
            ),
            (
                "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
                email.clone(),
            ),
            // Each login finds something to change.
            ("department", format!("Department {number}")),
            ("jobtitle", "Engineer".to_owned()),
        ];
        let attributes: Vec<_> = attributes.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let acs = format!("{base}/acs");
        let mut xml = Answer {
            issuer: ENTITY_ID,
            acs: &acs,
            audience: &format!("{base}/metadata"),
            in_response_to: Some(&request_id),
            now: Clock::System.now(),
            nonce: &Entropy::System.hex::<20>(),
            name_id: &subject,
            name_id_format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
            attributes: &attributes,
            signed: Signed::Assertion,
        }
        .to_xml(&self.key)?;
        if through == Through::Encrypted {
            xml = self.sealed(&xml)?;
        }
        let mut form = Serializer::new(String::new());
        form.append_pair("SAMLResponse", &STANDARD.encode(xml));
        if let Some(relay_state) = parameter("RelayState") {
            form.append_pair("RelayState", &relay_state);
        }
        Ok(SignIn {
            request: Request::post(&acs, &form.finish()),
            cookie: cookie.to_owned(),
        })
    }
}

/// The ID in an `AuthnRequest` of the HTTP-Redirect binding.
fn request_id(message: &str) -> Result<String> {
    let deflated = STANDARD.decode(message)?;
    let mut text = String::new();
    flate2::read::DeflateDecoder::new(deflated.as_slice()).read_to_string(&mut text)?;
    let (_, rest) = text.split_once(" ID=\"").context("the request has no ID")?;
    let (id, _) = rest
        .split_once('"')
        .context("the request's ID has no end")?;
    Ok(id.to_owned())
}

/// How fast one core verifies RSA-2048 signatures: the part of a login that
/// nobody can save.
pub fn rsa_verifications_per_second() -> Result<f64> {
    let key = PKey::from_rsa(Rsa::generate(2048)?)?;
    let text = [7_u8; 1024];
    let mut signer = Signer::new(MessageDigest::sha256(), &key)?;
    let signature = signer.sign_oneshot_to_vec(&text)?;
    per_second(|| {
        let mut verifier = Verifier::new(MessageDigest::sha256(), &key)?;
        ensure!(
            verifier.verify_oneshot(&signature, &text)?,
            "does not verify"
        );
        Ok(())
    })
}

/// How often a second this disk makes a small write durable.
pub fn syncs_per_second(folder: &Path) -> Result<f64> {
    let mut file = File::create(folder.join("sync"))?;
    per_second(|| {
        file.rewind()?;
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        Ok(())
    })
}

/// How often `work` can be done in a second.
fn per_second(mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let (begin, mut count) = (Instant::now(), 0_u32);
    while begin.elapsed() < Duration::from_secs(1) {
        work()?;
        count += 1;
    }
    Ok(f64::from(count) / begin.elapsed().as_secs_f64())
}
