//! A small identity provider for trying Doorward out, and for its tests: by SAML
//! 2.0, and by OpenID Connect. **Not for production**: it asks for no password and lets anybody in
//! as anybody, and lets one break its answers on purpose.

mod keys;
mod openid;
mod pages;
mod people;
mod request;
mod response;

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use axum::routing::{get, post};
use clap::Parser;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::keys::SigningKey;
use crate::pages::Idp;
use crate::request::Source;

/// A small identity provider (SAML 2.0 and OpenID Connect) for trying Doorward out. Not for production.
#[derive(Parser)]
#[command(name = "demo-idp")]
struct Arguments {
    /// Address and port to listen on.
    #[arg(long, default_value = "127.0.0.1:8081")]
    listen: String,
    /// Where browsers reach it; http:// and the address by default.
    #[arg(long)]
    base_url: Option<String>,
    /// Folder of its key, certificate and client secret, made at the first start.
    #[arg(long, default_value = "data/demo-idp")]
    data: PathBuf,
    /// Metadata of the service provider: a URL or a file, read at each sign-in.
    #[arg(long, default_value = "http://localhost:8080/saml/demo/metadata")]
    sp_metadata: String,
    /// Where the OpenID side sends people back to.
    #[arg(
        long,
        default_value = "http://localhost:8080/oauth/demo-openid/callback"
    )]
    redirect_uri: String,
    /// Writes its OpenID side as provider `demo-openid` to this file, for
    /// `doorward provider apply`.
    #[arg(long)]
    write_openid_provider: Option<PathBuf>,
    /// Writes itself as provider `demo` to this file, for `doorward provider apply`.
    #[arg(long)]
    write_provider: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let listener = tokio::net::TcpListener::bind(&arguments.listen)
        .await
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let base_url = match arguments.base_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("http://{}", listener.local_addr()?),
    };
    let idp = Idp {
        base_url,
        service_provider: Source(arguments.sp_metadata),
        key: SigningKey::load_or_create(&arguments.data)?,
        redirect_uri: arguments.redirect_uri,
        client_secret: keys::client_secret(&arguments.data)?,
        memory: openid::Memory::default(),
    };
    if let Some(file) = arguments.write_openid_provider {
        keys::write_private(&file, openid::provider_toml(&idp).as_bytes())
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    if let Some(file) = arguments.write_provider {
        std::fs::write(&file, pages::provider_toml(&idp)?)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    writeln!(
        std::io::stdout(),
        "Demo identity provider (not for production) on {}",
        idp.base_url
    )?;
    axum::serve(listener, router(idp)).await?;
    Ok(())
}

fn router(idp: Idp) -> Router {
    let policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; \
                  frame-ancestors 'none'; base-uri 'none'";
    let css = [(CONTENT_TYPE, "text/css; charset=utf-8")];
    let js = [(CONTENT_TYPE, "text/javascript; charset=utf-8")];
    Router::new()
        .route("/", get(pages::home))
        .route("/metadata", get(pages::metadata))
        .route("/sso", get(pages::sso_redirect).post(pages::sso_post))
        .route("/sso/edit", post(pages::edit))
        .route("/sso/answer", post(pages::answer))
        .route("/unsolicited", get(pages::unsolicited))
        .route("/.well-known/openid-configuration", get(openid::discovery))
        .route("/authorize", get(openid::authorize))
        .route("/authorize/edit", post(openid::edit))
        .route("/authorize/answer", post(openid::answer))
        .route("/token", post(openid::token))
        .route("/userinfo", get(openid::userinfo))
        .route("/jwks", get(openid::jwks))
        .route(
            "/assets/style.css",
            get(move || async move { (css, include_str!("assets/style.css")) }),
        )
        .route(
            "/assets/post.js",
            get(move || async move { (js, include_str!("assets/post.js")) }),
        )
        .layer(SetResponseHeaderLayer::overriding(
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(policy),
        ))
        .layer(SetResponseHeaderLayer::overriding(
            CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
        .with_state(Arc::new(idp))
}
