//! Pictures of people: fetched when they are new, made anew at a small size,
//! and kept here, so that no browser asks a vendor for them and no octet of
//! theirs reaches one. All of it after the login, and nothing waits for it.

use std::io::Cursor;
use std::sync::Arc;

use axum::http::Method;
use image::codecs::jpeg::JpegEncoder;
use image::{ImageFormat, ImageReader, Limits};
use tokio::sync::Semaphore;

use super::claims::{Claims, text};
use super::preset;
use super::provider::OauthProvider;
use super::upstream::{UpstreamError, What, bearer};
use crate::directory::photos::{Known, NewPhoto};
use crate::directory::{Directory, DirectoryError};
use crate::domain::provider::ProviderKind;
use crate::domain::{Channel, Source, UserId};
use crate::platform::crypto::sha256_hex;
use crate::platform::http::{Fetched, Outbound};

/// Octets of a picture that are read at most.
const LARGEST: usize = 4 * 1024 * 1024;
/// Width and height of a picture that is decoded at most.
const WIDEST: u32 = 4096;
/// Octets that decoding may take.
const MEMORY: u64 = 96 * 1024 * 1024;
/// Width and height of what is kept at most.
const KEPT: u32 = 256;
/// JPEG's quality of what is kept.
const QUALITY: u8 = 85;
/// Seconds after which Microsoft is asked again: its pictures have no address
/// that would change with them.
const AGAIN: i64 = 7 * 24 * 3600;
/// Pictures in the making at once.
const AT_ONCE: usize = 2;

/// Fetches pictures beside the logins.
#[derive(Clone, Debug)]
pub struct Photographer {
    directory: Directory,
    outbound: Outbound,
    origin: String,
    places: Arc<Semaphore>,
}

/// Why there is no new picture.
#[derive(Debug, thiserror::Error)]
enum PhotoError {
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error("the picture cannot be read: {0}")]
    Picture(String),
}

/// Where a person's picture is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// Anybody may fetch it (Google).
    Public(String),
    /// The person's own token opens it (Microsoft Graph).
    WithToken(String),
}

impl Address {
    /// Where a provider has a person's picture, if it is one that gives them.
    #[must_use]
    pub fn of(provider: &OauthProvider, claims: &Claims) -> Option<Self> {
        match provider.provider.kind {
            ProviderKind::Google => text(claims, "picture").map(Self::Public),
            ProviderKind::Microsoft => {
                let graph = preset::graph(&provider.settings);
                Some(Self::WithToken(format!("{graph}/v1.0/me/photo/$value")))
            }
            _ => None,
        }
    }
}

impl Photographer {
    /// One for this gateway.
    #[must_use]
    pub fn new(directory: Directory, outbound: Outbound, origin: &str) -> Self {
        Self {
            directory,
            outbound,
            origin: origin.to_owned(),
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Brings a person's picture up to date in the background. Where many sign
    /// in at once some have to wait for their next login.
    pub fn send_out(
        &self,
        provider: Arc<OauthProvider>,
        user: UserId,
        address: Address,
        access_token: String,
    ) {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return;
        };
        let this = self.clone();
        tokio::spawn(async move {
            let updated = this.update(&provider, &user, address, &access_token).await;
            if let Err(error) = updated {
                let provider = provider.provider.slug.as_str();
                tracing::debug!(provider, %error, "a picture could not be brought up to date");
            }
            drop(place);
        });
    }

    async fn update(
        &self,
        provider: &OauthProvider,
        user: &UserId,
        address: Address,
        access_token: &str,
    ) -> Result<(), PhotoError> {
        let known = self.directory.known_photo(user).await?;
        let (fetched, source) = match &address {
            Address::Public(url) => {
                let source = sha256_hex(url.as_bytes());
                if known.is_some_and(|known| known.source == source) {
                    return Ok(());
                }
                (self.fetch(url, None).await?, source)
            }
            Address::WithToken(url) => {
                let now = self.directory.now();
                let is_recent = |known: &Known| now.seconds_since(known.checked_at) < AGAIN;
                if known.as_ref().is_some_and(is_recent) {
                    return Ok(());
                }
                let fetched = self.fetch(url, Some(access_token)).await?;
                let source = fetched.as_ref().map(|f| sha256_hex(&f.body));
                let source = source.unwrap_or_default();
                if known.is_some_and(|known| known.source == source) {
                    return Ok(self.directory.photo_unchanged(user).await?);
                }
                (fetched, source)
            }
        };
        let octets = match fetched {
            None => None,
            Some(fetched) => Some(made_anew(fetched.body).await?),
        };
        let photo = NewPhoto {
            user: user.clone(),
            source,
            octets,
            origin: self.origin.clone(),
        };
        let channel = Channel::Login {
            provider: provider.provider.slug.clone(),
            source: Source::Oauth,
        };
        Ok(self.directory.keep_photo(photo, channel).await?)
    }

    /// The picture; `None` where there is none.
    async fn fetch(
        &self,
        url: &str,
        access_token: Option<&str>,
    ) -> Result<Option<Fetched>, UpstreamError> {
        let what = What::Picture;
        let headers = match access_token {
            Some(token) => bearer(token, "image/*")
                .ok_or_else(|| UpstreamError::malformed(what, "the token is no header value"))?,
            None => axum::http::HeaderMap::new(),
        };
        let fetched = self
            .outbound
            .send(Method::GET, url, headers, Vec::new(), LARGEST)
            .await
            .map_err(|problem| UpstreamError::Fetch { what, problem })?;
        match fetched.status {
            200 => Ok(Some(fetched)),
            404 => Ok(None),
            status => Err(UpstreamError::Status { what, status }),
        }
    }
}

async fn made_anew(octets: Vec<u8>) -> Result<Vec<u8>, PhotoError> {
    let made = tokio::task::spawn_blocking(move || small(octets)).await;
    made.map_err(|panic| PhotoError::Picture(panic.to_string()))?
        .map_err(PhotoError::Picture)
}

/// The picture as a JPEG of at most 256 by 256 pixels, made of its pixels alone:
/// no metadata, no place where it was taken, nothing hidden behind its end.
fn small(octets: Vec<u8>) -> Result<Vec<u8>, String> {
    let mut reader = ImageReader::new(Cursor::new(octets))
        .with_guessed_format()
        .map_err(|e| e.to_string())?;
    match reader.format() {
        Some(ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP) => {}
        _ => return Err("it is neither JPEG nor PNG nor WebP".to_owned()),
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(WIDEST);
    limits.max_image_height = Some(WIDEST);
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let picture = reader.decode().map_err(|e| e.to_string())?;
    let picture = if picture.width() > KEPT || picture.height() > KEPT {
        picture.thumbnail(KEPT, KEPT)
    } else {
        picture
    };
    let mut made = Vec::new();
    picture
        .to_rgb8()
        .write_with_encoder(JpegEncoder::new_with_quality(&mut made, QUALITY))
        .map_err(|e| e.to_string())?;
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, Rgb, RgbImage};

    fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let pixels = RgbImage::from_pixel(width, height, Rgb([200, 30, 60]));
        let mut octets = Cursor::new(Vec::new());
        let picture = DynamicImage::ImageRgb8(pixels);
        picture.write_to(&mut octets, format).unwrap();
        octets.into_inner()
    }

    fn size(octets: &[u8]) -> (u32, u32) {
        let format = image::guess_format(octets).unwrap();
        assert_eq!(format, ImageFormat::Jpeg);
        let picture = image::load_from_memory(octets).unwrap();
        (picture.width(), picture.height())
    }

    #[test]
    fn a_picture_is_made_small_and_anew() {
        use ImageFormat::{Jpeg, Png, WebP};
        for (width, height, format, expected) in [
            (1024, 1024, Jpeg, (256, 256)),
            (1000, 500, Png, (256, 128)),
            (40, 40, WebP, (40, 40)),
            (1, 4096, Png, (1, 256)),
        ] {
            let made = small(picture(width, height, format)).unwrap();
            assert_eq!(size(&made), expected, "{width}x{height} {format:?}");
        }
        // What hides behind the picture's end is gone.
        let mut tail = picture(10, 10, Jpeg);
        tail.extend(b"<script>alert(1)</script>");
        let made = small(tail).unwrap();
        assert!(!made.windows(8).any(|w| w == b"<script>"));
    }

    #[test]
    fn what_is_no_picture_or_too_large_is_refused() {
        let png = picture(64, 64, ImageFormat::Png);
        for bad in [
            Vec::new(),
            b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
            b"GIF89a\x01\x00\x01\x00".to_vec(),
            png[..png.len() / 2].to_vec(),
            picture(5000, 1, ImageFormat::Png),
            picture(1, 5000, ImageFormat::Png),
        ] {
            assert!(small(bad.clone()).is_err(), "{} octets", bad.len());
        }
        // A header that promises more than there is memory for.
        let mut bomb = png;
        bomb[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
        assert!(small(bomb).is_err());
    }
}
