//! The OpenID provider's side: the same persons, by OpenID Connect. What the
//! browser sees; [`token`] has what the gateway asks.

mod token;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, anyhow};
use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use doorward::domain::{Clock, Entropy};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::pages::{Choices, Idp, Page, Problem};
use crate::people::{self, Person};

pub use token::{jwks, token, userinfo};

/// The one client, by its id here.
pub const CLIENT_ID: &str = "doorward-demo";
/// Seconds for which a code is good.
const CODE: i64 = 60;

/// What is remembered between two requests.
#[derive(Default)]
pub struct Memory(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    codes: HashMap<String, Grant>,
    access: HashMap<String, Grant>,
}

/// What somebody agreed to.
#[derive(Clone)]
struct Grant {
    form: Fields,
    person: Person,
    at: i64,
}

impl Memory {
    fn with<T>(&self, act: impl FnOnce(&mut Remembered) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps a grant under a new code; what nobody came for goes.
    fn code_for(&self, grant: Grant) -> String {
        let code = Entropy::System.base64url::<32>();
        self.with(|all| {
            all.codes.retain(|_, old| grant.at - old.at < CODE);
            all.codes.insert(code.clone(), grant);
        });
        code
    }
}

/// What travels through the forms: the request, who signs in, and what is to go
/// wrong.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    client_id: String,
    redirect_uri: String,
    response_type: String,
    scope: String,
    state: String,
    nonce: String,
    code_challenge: String,
    code_challenge_method: String,
    person: String,
    #[serde(flatten)]
    profile: Person,
    signed: String,
    clock: String,
    answer: String,
    omit_email: String,
    unverified: String,
    wrong_audience: String,
}

impl Fields {
    #[expect(clippy::unused_self, reason = "templates call methods")]
    const fn signed_choices(&self) -> Choices {
        &[
            ("right", "Right"),
            ("other", "By a key that nobody knows"),
            ("none", "None at all"),
        ]
    }

    #[expect(clippy::unused_self, reason = "templates call methods")]
    const fn clock_choices(&self) -> Choices {
        &[
            ("0", "Right"),
            ("-7200", "Two hours slow"),
            ("7200", "Two hours fast"),
        ]
    }

    #[expect(clippy::unused_self, reason = "templates call methods")]
    const fn answer_choices(&self) -> Choices {
        &[
            ("", "Yes, this is the person"),
            ("access_denied", "No: access denied"),
            ("temporarily_unavailable", "No: unavailable at the moment"),
        ]
    }

    /// Whether anything is to go otherwise than usual.
    fn has_options(&self) -> bool {
        let usual = |value: &str, usual: &str| value.is_empty() || value == usual;
        let boxes = [&self.omit_email, &self.unverified, &self.wrong_audience];
        !(usual(&self.signed, "right")
            && usual(&self.clock, "0")
            && self.answer.is_empty()
            && boxes.iter().all(|value| value.is_empty()))
    }

    fn who(&self) -> Result<Person> {
        if self.person.is_empty() {
            return Ok(self.profile.clone());
        }
        people::find(&self.person).with_context(|| format!("there is no person {}", self.person))
    }

    fn has_scope(&self, name: &str) -> bool {
        self.scope.split(' ').any(|scope| scope == name)
    }

    /// Whether an authorization request can be answered (OpenID Connect Core
    /// §3.1.2.2). What fails here is never sent back to the client.
    fn check(&self, idp: &Idp) -> Result<Url> {
        if self.client_id != CLIENT_ID {
            return Err(anyhow!(
                "there is no client {:?}, only {CLIENT_ID}",
                self.client_id
            ));
        }
        if self.redirect_uri != idp.redirect_uri {
            return Err(anyhow!(
                "the redirect URI is {}, and only {} is known here",
                self.redirect_uri,
                idp.redirect_uri
            ));
        }
        if self.response_type != "code" {
            return Err(anyhow!("the response type is not code"));
        }
        if !self.has_scope("openid") {
            return Err(anyhow!("the scope lacks openid"));
        }
        if self.code_challenge_method != "S256" || self.code_challenge.len() != 43 {
            return Err(anyhow!(
                "the request has no code_challenge of the method S256"
            ));
        }
        Ok(Url::parse(&self.redirect_uri)?)
    }
}

#[derive(Template)]
#[template(path = "openid-choose.html", config = "examples/demo-idp/askama.toml")]
struct Choose {
    client: String,
    form: Fields,
    people: Vec<Person>,
    edit_at: &'static str,
}

#[derive(Template)]
#[template(path = "openid-edit.html", config = "examples/demo-idp/askama.toml")]
struct Edit {
    form: Fields,
}

/// `GET /.well-known/openid-configuration` (OpenID Connect Discovery §4).
pub async fn discovery(State(idp): State<Arc<Idp>>) -> axum::Json<serde_json::Value> {
    let base = &idp.base_url;
    axum::Json(json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"),
        "userinfo_endpoint": format!("{base}/userinfo"),
        "jwks_uri": format!("{base}/jwks"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "email"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "claims_supported": ["sub", "name", "given_name", "family_name", "email",
            "email_verified", "preferred_username", "department", "job_title"],
    }))
}

/// `GET /authorize`: who are you today?
pub async fn authorize(State(idp): State<Arc<Idp>>, Query(form): Query<Fields>) -> Page {
    form.check(&idp)?;
    let page = Choose {
        client: idp.redirect_uri.clone(),
        form,
        people: people::people(),
        edit_at: "/authorize/edit",
    };
    Ok(Html(page.render()?))
}

/// `POST /authorize/edit`: a demo person's fields, to change.
pub async fn edit(Form(mut form): Form<Fields>) -> Page {
    form.profile = form.who()?;
    Ok(Html(Edit { form }.render()?))
}

/// `POST /authorize/answer`: back to the client, with a code or an error.
pub async fn answer(
    State(idp): State<Arc<Idp>>,
    Form(form): Form<Fields>,
) -> Result<Response, Problem> {
    let mut back = form.check(&idp)?;
    let at = Clock::System.now().millis() / 1000;
    let (name, value) = if form.answer.is_empty() {
        let person = form.who()?;
        let form = form.clone();
        ("code", idp.memory.code_for(Grant { form, person, at }))
    } else {
        ("error", form.answer.clone())
    };
    back.query_pairs_mut()
        .append_pair(name, &value)
        .append_pair("state", &form.state)
        .append_pair("iss", &idp.base_url);
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, back.as_str())]).into_response())
}

/// This OpenID provider as provider `demo-openid`, open to everybody.
pub fn provider_toml(idp: &Idp) -> String {
    format!(
        "# Written by the demo identity provider at each start.\n[[provider]]\n\
         slug = \"demo-openid\"\nkind = \"oidc\"\nlabel = \"Demo account\"\n\
         allowed_domains = [\"*\"]\n\n\
         [provider.oauth]\nissuer = \"{}\"\nclient_id = \"{CLIENT_ID}\"\n\
         client_secret = \"{}\"\n",
        idp.base_url, idp.client_secret
    )
}
