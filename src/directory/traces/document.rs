//! The message that a trace keeps: text, capped and packed, since there are
//! many of them and they are seldom read.

use std::cell::RefCell;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest text that is kept, in bytes; what is longer is cut.
pub const LONGEST: usize = 32 * 1024;

thread_local! {
    /// What packs: some 300 KiB, which cost more to have and to clear than most
    /// messages cost to pack.
    static PACKER: RefCell<Compress> = RefCell::new(Compress::new(Compression::fast(), false));
}

fn pack(octets: &[u8]) -> Vec<u8> {
    PACKER.with_borrow_mut(|packer| {
        packer.reset();
        let mut rest = octets;
        let mut packed = Vec::with_capacity(2048);
        loop {
            let before = packer.total_in();
            match packer.compress_vec(rest, &mut packed, FlushCompress::Finish) {
                Ok(Status::StreamEnd) => return packed,
                Ok(Status::Ok | Status::BufError) => packed.reserve(2048),
                // Packing into memory does not fail.
                Err(_) => return Vec::new(),
            }
            let taken = usize::try_from(packer.total_in() - before).unwrap_or(usize::MAX);
            rest = rest.get(taken..).unwrap_or_default();
        }
    })
}

/// A message as a trace keeps it. Whoever makes one has taken the secrets out.
#[derive(Clone, PartialEq, Eq)]
pub struct TraceDocument(Vec<u8>);

impl TraceDocument {
    /// Packs a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut end = text.len().min(LONGEST);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let (kept, rest) = text.split_at(end);
        if rest.is_empty() {
            return Self(pack(kept.as_bytes()));
        }
        let more = format!("… ({} more characters)", rest.chars().count());
        Self(pack(format!("{kept}{more}").as_bytes()))
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> String {
        // Nothing that was packed here is longer.
        let cap = LONGEST as u64 + 128;
        let mut octets = Vec::with_capacity(4096);
        match DeflateDecoder::new(self.0.as_slice())
            .take(cap)
            .read_to_end(&mut octets)
        {
            Ok(_) => String::from_utf8_lossy(&octets).into_owned(),
            Err(_) => String::new(),
        }
    }

    pub(super) fn octets(&self) -> &[u8] {
        &self.0
    }

    pub(super) const fn from_row(octets: Vec<u8>) -> Self {
        Self(octets)
    }
}

impl From<&str> for TraceDocument {
    fn from(text: &str) -> Self {
        Self::of(text)
    }
}

impl From<String> for TraceDocument {
    fn from(text: String) -> Self {
        Self::of(&text)
    }
}

impl std::fmt::Debug for TraceDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TraceDocument").field(&self.text()).finish()
    }
}

/// As it is kept on the way from one request to the next.
impl Serialize for TraceDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for TraceDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let octets = STANDARD.decode(text).map_err(serde::de::Error::custom)?;
        Ok(Self(octets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back() {
        let long = "ä<x>".repeat(5_000);
        for text in ["", "<Response/>", "Größe 🔑", &long] {
            let kept = TraceDocument::of(text);
            assert_eq!(kept.text(), text);
            let json = serde_json::to_string(&kept).unwrap();
            let back: TraceDocument = serde_json::from_str(&json).unwrap();
            assert_eq!(back, kept);
        }
        assert!(TraceDocument::of(&long).octets().len() < 2_000, "packed");
    }

    #[test]
    fn what_cannot_be_packed_is_kept() {
        for length in [0, 1, 1_000, LONGEST + 128] {
            let noise = crate::domain::Entropy::System;
            let octets: Vec<u8> = std::iter::repeat_with(|| noise.bytes::<32>())
                .flatten()
                .take(length)
                .collect();
            let mut back = Vec::new();
            DeflateDecoder::new(pack(&octets).as_slice())
                .read_to_end(&mut back)
                .unwrap();
            assert_eq!(back, octets);
        }
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        let text = TraceDocument::of(&"ä".repeat(LONGEST)).text();
        assert!(text.starts_with("ääää"), "{}", text.len());
        let end = format!("ä… ({} more characters)", LONGEST / 2);
        assert!(text.ends_with(&end), "{}", &text[LONGEST - 10..]);
        assert_eq!(TraceDocument::from_row(vec![0xff; 9]).text(), "");
    }
}
