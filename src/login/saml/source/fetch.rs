//! One request for metadata, and what comes of it.

use chrono::DateTime;
use reqwest::Method;
use reqwest::header::{
    ACCEPT, DATE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LAST_MODIFIED,
};

use super::{Client, SourceError, interval};
use crate::directory::provider_metadata::{GoodCopy, Lease};
use crate::domain::Timestamp;
use crate::login::saml::metadata::{self, IdpMetadata};
use crate::platform::http::{FetchError, Fetched};

/// SAML Metadata, appendix A; servers that know no such type send XML.
const TYPES: &str =
    "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1";
/// Longer names of a copy are not kept.
const LONGEST_VALIDATOR: usize = 256;

/// What a server answered.
pub(super) struct Answer {
    /// The document; none where it is the copy that we have.
    pub document: Option<Box<Document>>,
    /// The server's own time.
    pub date: Option<Timestamp>,
}

/// A document that can be used.
pub(super) struct Document {
    text: String,
    etag: Option<String>,
    last_modified: Option<String>,
    /// What it says.
    pub metadata: IdpMetadata,
}

impl Document {
    /// The copy to keep.
    pub fn copy(self, url: &str, now: Timestamp) -> GoodCopy {
        let (cache, until) = (self.metadata.cache_duration, self.metadata.valid_until);
        GoodCopy {
            url: url.to_owned(),
            document: self.text,
            entity_id: self.metadata.entity_id,
            valid_until: until,
            etag: self.etag,
            last_modified: self.last_modified,
            next_at: now.plus_seconds(interval(cache, until, now)),
        }
    }

    /// The text as it came.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Client {
    /// Asks for the metadata at an address. With a lease only for another
    /// document than the copy that it speaks of (RFC 9110 §13.1).
    pub(super) async fn fetch(
        &self,
        url: &str,
        select: Option<&str>,
        lease: Option<&Lease>,
    ) -> Result<Answer, SourceError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(TYPES));
        let condition = |name: HeaderName, value: Option<&String>, headers: &mut HeaderMap| {
            if let Some(value) = value.and_then(|v| HeaderValue::from_str(v).ok()) {
                headers.insert(name, value);
            }
        };
        let copy = lease.filter(|lease| lease.entity_id.is_some());
        if let Some(copy) = copy {
            condition(IF_NONE_MATCH, copy.etag.as_ref(), &mut headers);
            condition(IF_MODIFIED_SINCE, copy.last_modified.as_ref(), &mut headers);
        }
        let fetched = self
            .outbound
            .send(Method::GET, url, headers, Vec::new(), metadata::LARGEST)
            .await?;
        let date = fetched.headers.get(DATE).and_then(|v| v.to_str().ok());
        let date = date
            .and_then(|text| DateTime::parse_from_rfc2822(text).ok())
            .map(|at| Timestamp(at.timestamp_millis()));
        let document = match (fetched.status, copy) {
            (304, Some(_)) => None,
            (200..300, _) => Some(Box::new(self.read(fetched, select).await?)),
            (status, _) => {
                let host = fetched.url.host_str().unwrap_or("?").to_owned();
                return Err(FetchError::Status { host, status }.into());
            }
        };
        Ok(Answer { document, date })
    }

    /// Reads a document beside the threads that serve, and few at once.
    async fn read(&self, fetched: Fetched, select: Option<&str>) -> Result<Document, SourceError> {
        let (select, now) = (select.map(str::to_owned), self.clock.now());
        let host = fetched.url.host_str().unwrap_or("?").to_owned();
        let broken = |problem: String| FetchError::Broken {
            host: host.clone(),
            problem,
        };
        let permit = self.readers.acquire().await;
        let permit = permit.map_err(|error| broken(error.to_string()))?;
        let read = tokio::task::spawn_blocking(move || {
            let metadata = metadata::parse(&fetched.body, select.as_deref(), now)?;
            let kept = |name: HeaderName| {
                let value = fetched.headers.get(name)?.to_str().ok()?;
                (value.len() <= LONGEST_VALIDATOR).then(|| value.to_owned())
            };
            Ok(Document {
                etag: kept(ETAG),
                last_modified: kept(LAST_MODIFIED),
                text: String::from_utf8_lossy(&fetched.body).into_owned(),
                metadata,
            })
        });
        let read = read.await;
        drop(permit);
        let read = read.map_err(|error| broken(error.to_string()))?;
        read.map_err(|error| SourceError::Document { host, error })
    }
}
