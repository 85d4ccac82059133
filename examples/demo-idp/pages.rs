//! The pages, and what their forms carry.

use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow};
use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward::domain::{Clock, Entropy};
use serde::Deserialize;

use crate::keys::SigningKey;
use crate::openid;
use crate::people::{self, Person};
use crate::request::{self, Source};
use crate::response::{Answer, Signed, attr, text};

/// What all requests share.
pub struct Idp {
    /// Where people reach this IdP, without a trailing slash.
    pub base_url: String,
    /// The service provider's metadata.
    pub service_provider: Source,
    /// The signing key.
    pub key: SigningKey,
    /// Where the OpenID side sends people back to.
    pub redirect_uri: String,
    /// The secret of the OpenID side's one client.
    pub client_secret: String,
    /// What the OpenID side remembers between two requests.
    pub memory: openid::Memory,
}

/// The choices in the forms: value and label.
pub type Choices = &'static [(&'static str, &'static str)];

const NAME_ID: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:";
const NAME_ID_1_1: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:";

/// What travels through the forms: for whom the answer is, who signs in, and
/// what is to go wrong.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    request_id: String,
    acs: String,
    relay_state: String,
    person: String,
    #[serde(flatten)]
    profile: Person,
    signed: String,
    name_id_format: String,
    clock: String,
    status: String,
    omit_email: String,
    wrong_audience: String,
}

impl Fields {
    #[expect(clippy::unused_self, reason = "templates call methods")]
    const fn signed_choices(&self) -> Choices {
        &[
            ("assertion", "Assertion signed"),
            ("response", "Response signed"),
            ("both", "Both signed"),
            ("nothing", "Nothing signed"),
        ]
    }

    #[expect(clippy::unused_self, reason = "templates call methods")]
    const fn name_id_choices(&self) -> Choices {
        &[
            ("persistent", "Persistent"),
            ("email", "E-mail address"),
            ("transient", "Transient"),
            ("unspecified", "Unspecified"),
        ]
    }

    #[expect(clippy::unused_self, reason = "templates call methods")]
    const fn clock_choices(&self) -> Choices {
        &[
            ("0", "Right"),
            ("-3600", "One hour slow"),
            ("3600", "One hour fast"),
        ]
    }

    #[expect(clippy::unused_self, reason = "templates call methods")]
    const fn status_choices(&self) -> Choices {
        &[
            ("Success", "Yes, this is the person"),
            ("RequestDenied", "No: request denied"),
            ("AuthnFailed", "No: sign-in failed"),
        ]
    }

    /// Whether anything is to go otherwise than usual.
    fn has_options(&self) -> bool {
        let usual = |value: &str, usual: &str| value.is_empty() || value == usual;
        !(usual(&self.signed, "assertion")
            && usual(&self.name_id_format, "persistent")
            && usual(&self.clock, "0")
            && usual(&self.status, "Success")
            && self.omit_email.is_empty()
            && self.wrong_audience.is_empty())
    }

    fn who(&self) -> Result<Person> {
        if self.person.is_empty() {
            return Ok(self.profile.clone());
        }
        people::find(&self.person).with_context(|| format!("there is no person {}", self.person))
    }
}

#[derive(Template)]
#[template(path = "home.html", config = "examples/demo-idp/askama.toml")]
struct Home {
    base_url: String,
    sp_metadata: String,
    client_id: &'static str,
    redirect_uri: String,
    people: Vec<Person>,
}

#[derive(Template)]
#[template(path = "choose.html", config = "examples/demo-idp/askama.toml")]
struct Choose {
    audience: String,
    form: Fields,
    people: Vec<Person>,
    edit_at: &'static str,
}

#[derive(Template)]
#[template(path = "edit.html", config = "examples/demo-idp/askama.toml")]
struct Edit {
    form: Fields,
}

#[derive(Template)]
#[template(path = "answer.html", config = "examples/demo-idp/askama.toml")]
struct AnswerPage {
    acs: String,
    relay_state: String,
    response: String,
}

#[derive(Template)]
#[template(path = "error.html", config = "examples/demo-idp/askama.toml")]
struct ErrorPage {
    problem: String,
}

/// Anything that went wrong, as a page that says so.
pub struct Problem(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let problem = format!("{:#}.", self.0);
        let page = ErrorPage { problem }.render();
        (StatusCode::BAD_REQUEST, Html(page.unwrap_or_default())).into_response()
    }
}

/// A page, or why there is none.
pub type Page = Result<Html<String>, Problem>;

/// `GET /`
pub async fn home(State(idp): State<Arc<Idp>>) -> Page {
    let page = Home {
        base_url: idp.base_url.clone(),
        sp_metadata: idp.service_provider.0.clone(),
        client_id: openid::CLIENT_ID,
        redirect_uri: idp.redirect_uri.clone(),
        people: people::people(),
    };
    Ok(Html(page.render()?))
}

/// `GET /metadata`
pub async fn metadata(State(idp): State<Arc<Idp>>) -> Result<Response, Problem> {
    let kind = [(header::CONTENT_TYPE, "application/samlmetadata+xml")];
    Ok((kind, metadata_xml(&idp)?).into_response())
}

/// This IdP as provider `demo`, open to everybody.
pub fn provider_toml(idp: &Idp) -> Result<String> {
    // A literal string: the XML holds no three apostrophes in a row.
    Ok(format!(
        "# Written by the demo identity provider at each start.\n[[provider]]\nslug = \"demo\"\n\
         kind = \"saml\"\nlabel = \"SSO Login\"\nallowed_domains = [\"*\"]\n\n\
         [provider.saml]\nmetadata_xml = '''\n{}'''\n",
        metadata_xml(idp)?
    ))
}

fn metadata_xml(idp: &Idp) -> Result<String> {
    let base = attr(&idp.base_url);
    let certificate = text(&idp.key.certificate_base64()?);
    let format = |name: String| format!("<md:NameIDFormat>{name}</md:NameIDFormat>");
    let formats = [
        format(format!("{NAME_ID}persistent")),
        format(format!("{NAME_ID}transient")),
        format(format!("{NAME_ID_1_1}emailAddress")),
        format(format!("{NAME_ID_1_1}unspecified")),
    ]
    .join("\n    ");
    Ok(format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{base}/metadata">
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol" WantAuthnRequestsSigned="false">
    <md:KeyDescriptor use="signing">
      <ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>
    </md:KeyDescriptor>
    {formats}
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{base}/sso"/>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{base}/sso"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>
"#
    ))
}

/// A message as both bindings carry it.
#[derive(Deserialize)]
pub struct Message {
    #[serde(rename = "SAMLRequest")]
    request: String,
    #[serde(rename = "RelayState", default)]
    relay_state: String,
}

/// `GET /sso`: a request by HTTP-Redirect.
pub async fn sso_redirect(State(idp): State<Arc<Idp>>, Query(message): Query<Message>) -> Page {
    let request = request::from_redirect(&message.request)?;
    choose(&idp, request, message.relay_state).await
}

/// `POST /sso`: a request by HTTP-POST.
pub async fn sso_post(State(idp): State<Arc<Idp>>, Form(message): Form<Message>) -> Page {
    let request = request::from_post(&message.request)?;
    choose(&idp, request, message.relay_state).await
}

async fn choose(idp: &Idp, request: samael::schema::AuthnRequest, relay_state: String) -> Page {
    let service_provider = idp.service_provider.load().await?;
    let issuer = request.issuer.and_then(|issuer| issuer.value);
    if issuer.as_deref() != Some(service_provider.entity_id.as_str()) {
        let issuer = issuer.unwrap_or_default();
        let known = &service_provider.entity_id;
        return Err(
            anyhow!("the request comes from {issuer}, and only {known} is known here").into(),
        );
    }
    let acs = service_provider.acs(request.assertion_consumer_service_url.as_deref())?;
    let page = Choose {
        form: Fields {
            request_id: request.id,
            acs: acs.to_owned(),
            relay_state,
            ..Fields::default()
        },
        audience: service_provider.entity_id,
        people: people::people(),
        edit_at: "/sso/edit",
    };
    Ok(Html(page.render()?))
}

/// `POST /sso/edit`: a demo person's fields, to change.
pub async fn edit(Form(mut form): Form<Fields>) -> Page {
    form.profile = form.who()?;
    Ok(Html(Edit { form }.render()?))
}

/// `POST /sso/answer`: signs, and sends the browser on.
pub async fn answer(State(idp): State<Arc<Idp>>, Form(form): Form<Fields>) -> Page {
    respond(&idp, &form).await
}

/// What an unsolicited response may ask for.
#[derive(Deserialize)]
pub struct Unsolicited {
    #[serde(rename = "RelayState", default)]
    relay_state: String,
    #[serde(default)]
    acs: String,
    person: Option<String>,
}

/// `GET /unsolicited`: a response that nobody asked for.
pub async fn unsolicited(State(idp): State<Arc<Idp>>, Query(query): Query<Unsolicited>) -> Page {
    let form = Fields {
        acs: query.acs,
        relay_state: query.relay_state,
        person: query.person.unwrap_or_else(|| "demo-ada".to_owned()),
        ..Fields::default()
    };
    respond(&idp, &form).await
}

async fn respond(idp: &Idp, form: &Fields) -> Page {
    let service_provider = idp.service_provider.load().await?;
    let acs = service_provider.acs(Some(form.acs.as_str()).filter(|acs| !acs.is_empty()))?;
    let mut person = form.who()?;
    if !form.omit_email.is_empty() {
        person.email.clear();
    }
    let nonce = Entropy::System.hex::<20>();
    let (name_id, format) = match form.name_id_format.as_str() {
        "email" => (person.email.clone(), format!("{NAME_ID_1_1}emailAddress")),
        "transient" => (format!("_t{nonce}"), format!("{NAME_ID}transient")),
        "unspecified" => (person.subject.clone(), format!("{NAME_ID_1_1}unspecified")),
        _ => (person.subject.clone(), format!("{NAME_ID}persistent")),
    };
    let answer = Answer {
        issuer: &format!("{}/metadata", idp.base_url),
        acs,
        audience: if form.wrong_audience.is_empty() {
            &service_provider.entity_id
        } else {
            "https://another-application.example/metadata"
        },
        in_response_to: Some(form.request_id.as_str()).filter(|id| !id.is_empty()),
        now: Clock::System
            .now()
            .plus_seconds(form.clock.parse().unwrap_or(0)),
        nonce: &nonce,
        name_id: &name_id,
        name_id_format: &format,
        attributes: &person.attributes(),
        signed: match form.signed.as_str() {
            "response" => Signed::Response,
            "both" => Signed::Both,
            "nothing" => Signed::Nothing,
            _ => Signed::Assertion,
        },
    };
    let xml = match form.status.as_str() {
        "" | "Success" => answer.to_xml(&idp.key)?,
        other => {
            let status = format!("urn:oasis:names:tc:SAML:2.0:status:{other}");
            answer.refusal(&status, &idp.key)?
        }
    };
    let page = AnswerPage {
        acs: acs.to_owned(),
        relay_state: form.relay_state.clone(),
        response: STANDARD.encode(xml),
    };
    Ok(Html(page.render()?))
}
