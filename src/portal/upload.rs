//! Forms that may carry a file: read as browsers send them, with and without one.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{FromRequest as _, Multipart, RawForm, Request};
use axum::http::{StatusCode, header};

/// Octets of a form: metadata may have 2 MiB, and grows in the encoding of forms.
pub(in crate::portal) const CAP: usize = 7 * 1024 * 1024;
/// Octets of metadata that is brought as a document.
const LARGEST: usize = 2 * 1024 * 1024;
/// The most fields of one form.
const MOST_FIELDS: usize = 500;

/// What was sent.
#[derive(Clone, Debug, Default)]
pub(in crate::portal) struct Sent {
    fields: BTreeMap<String, Vec<String>>,
    /// The text of the file, if one was chosen.
    pub(in crate::portal) file: Option<Result<String, NotText>>,
}

/// A file that is no text, or too much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::portal) enum NotText {
    /// Larger than any metadata.
    TooLarge,
    /// No UTF-8 text.
    Binary,
}

impl Sent {
    /// A field's first value, without outer blanks.
    pub(in crate::portal) fn text(&self, name: &str) -> &str {
        let values = self.fields.get(name);
        values
            .and_then(|all| all.first())
            .map_or("", |text| text.trim())
    }

    fn add(&mut self, name: &str, value: &str) {
        if self.fields.values().map(Vec::len).sum::<usize>() < MOST_FIELDS {
            // Browsers send line ends as CRLF.
            let value = value.replace("\r\n", "\n");
            self.fields.entry(name.to_owned()).or_default().push(value);
        }
    }

    /// Reads a form of either encoding.
    ///
    /// # Errors
    /// The status for a body that is no form.
    pub(in crate::portal) async fn read(request: Request<Body>) -> Result<Self, StatusCode> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.starts_with("multipart/form-data") {
            Self::read_parts(request).await
        } else {
            Self::read_plain(request).await
        }
    }

    async fn read_plain(request: Request<Body>) -> Result<Self, StatusCode> {
        let form = RawForm::from_request(request, &()).await;
        let RawForm(octets) = form.map_err(|rejection| {
            use axum::response::IntoResponse as _;
            rejection.into_response().status()
        })?;
        let mut sent = Self::default();
        for (name, value) in url::form_urlencoded::parse(&octets).take(MOST_FIELDS) {
            sent.add(&name, &value);
        }
        Ok(sent)
    }

    async fn read_parts(request: Request<Body>) -> Result<Self, StatusCode> {
        let parts = Multipart::from_request(request, &()).await;
        let mut parts = parts.map_err(|_| StatusCode::BAD_REQUEST)?;
        let mut sent = Self::default();
        while let Some(part) = parts.next_field().await.map_err(|error| error.status())? {
            let name = part.name().unwrap_or_default().to_owned();
            let is_file = part.file_name().is_some();
            let octets = part.bytes().await.map_err(|error| error.status())?;
            if !is_file {
                sent.add(&name, &String::from_utf8_lossy(&octets));
            } else if name == "file" && !octets.is_empty() {
                sent.file = Some(text_of(&octets));
            }
        }
        Ok(sent)
    }
}

fn text_of(octets: &[u8]) -> Result<String, NotText> {
    if octets.len() > LARGEST {
        return Err(NotText::TooLarge);
    }
    let text = std::str::from_utf8(octets).map_err(|_| NotText::Binary)?;
    Ok(text.to_owned())
}
