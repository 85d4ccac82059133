//! Stylesheet, icon and logo, under addresses that carry the hash of their
//! content: such an address may be cached for ever, because other content has
//! another address.

use std::fmt::Write as _;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

use super::branding::{Branding, Logo};
use super::error::Message;
use super::kit::Kit;
use crate::platform::i18n::Locale;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/assets"]
struct Embedded;

/// Everything that is served under `/assets/`.
#[derive(Debug)]
pub(super) struct Assets(Vec<Asset>);

#[derive(Debug)]
struct Asset {
    /// The plain name: `app.css`.
    name: String,
    /// The name with its hash: `app.1f2e3d4c5b6a7988.css`.
    file: String,
    url: String,
    etag: HeaderValue,
    kind: &'static str,
    bytes: Bytes,
}

impl Assets {
    /// The embedded files, the stylesheet with the organisation's colours, and
    /// its logo.
    pub(super) fn new(branding: &Branding) -> Self {
        let mut all: Vec<Asset> = Embedded::iter()
            .filter_map(|name| {
                let file = Embedded::get(&name)?;
                Some(Asset::new(name.into_owned(), file.data.into_owned()))
            })
            .collect();
        let colours = branding.accent.stylesheet().into_bytes();
        all.push(Asset::new("brand.css".to_owned(), colours));
        if let Some(Logo::Image { bytes, extension }) = &branding.logo {
            all.push(Asset::new(format!("logo.{extension}"), bytes.clone()));
        }
        Self(all)
    }

    /// The address of an asset by its plain name; empty when there is none.
    pub(super) fn url(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|asset| asset.name == name)
            .map_or("", |asset| &asset.url)
    }
}

impl Asset {
    fn new(name: String, bytes: Vec<u8>) -> Self {
        let hash = sha256(&bytes);
        let short = hash.get(..16).unwrap_or(&hash);
        let file = match name.rsplit_once('.') {
            Some((stem, extension)) => format!("{stem}.{short}.{extension}"),
            None => format!("{name}.{short}"),
        };
        Self {
            kind: kind_of(&name),
            url: format!("/assets/{file}"),
            etag: HeaderValue::from_str(&format!("\"{hash}\""))
                .unwrap_or(HeaderValue::from_static("\"\"")),
            bytes: bytes.into(),
            name,
            file,
        }
    }
}

fn kind_of(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        Some("ico") => "image/x-icon",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// SHA-256 in hexadecimal.
fn sha256(bytes: &[u8]) -> String {
    openssl::sha::sha256(bytes)
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Serves `/assets/{file}` and the addresses that browsers ask for unasked.
pub(super) fn router(kit: &Kit) -> Router {
    Router::new()
        .route("/assets/{file}", get(serve))
        .route("/favicon.ico", get(icon))
        .route("/robots.txt", get(robots))
        .with_state(kit.clone())
}

async fn serve(
    State(kit): State<Kit>,
    locale: Locale,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Response {
    match kit.assets().0.iter().find(|asset| asset.file == file) {
        Some(asset) => answer(asset, &headers, "public, max-age=31536000, immutable"),
        None => kit.failure_page(locale, kit.failure(Message::NotFound, "web.not_found")),
    }
}

async fn icon(State(kit): State<Kit>, headers: HeaderMap) -> Response {
    match kit
        .assets()
        .0
        .iter()
        .find(|asset| asset.name == "favicon.svg")
    {
        Some(asset) => answer(asset, &headers, "public, max-age=86400"),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// There is nothing here for search engines.
async fn robots() -> Response {
    (
        [
            (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
            (header::CACHE_CONTROL, "public, max-age=86400"),
        ],
        "User-agent: *\nDisallow: /\n",
    )
        .into_response()
}

fn answer(asset: &Asset, headers: &HeaderMap, caching: &'static str) -> Response {
    let unchanged = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == "*" || tag.as_bytes() == asset.etag.as_bytes());
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let kind = HeaderValue::from_static(asset.kind);
        ([(header::CONTENT_TYPE, kind)], asset.bytes.clone()).into_response()
    };
    let fields = response.headers_mut();
    fields.insert(header::ETAG, asset.etag.clone());
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if asset.kind == "image/svg+xml" {
        // A drawing may carry styles of its own, and nothing that acts.
        let policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
        fields.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(policy),
        );
    }
    response
}
