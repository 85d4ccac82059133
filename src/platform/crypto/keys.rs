//! The master key: 32 random bytes under which everything else is derived.
//!
//! It lies in a file that only the gateway's user can read, or in the
//! environment. Several keys may be given, one a line: the first seals, all of
//! them open, so that a key can be changed without a day on which nothing
//! can be read.

use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::{constant_time_eq, hex, hmac_sha256};
use crate::domain::Entropy;

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text holds no key.
    #[error("holds no key")]
    Empty,
    /// A line is no base64.
    #[error("is no base64; a key is 32 bytes in base64, as `openssl rand -base64 32` makes it")]
    Base64,
    /// A key has another length.
    #[error(
        "is {0} bytes long; a key is 32 bytes in base64, as `openssl rand -base64 32` makes it"
    )]
    Length(usize),
    /// The file is not there.
    #[error("{} does not exist", .0.display())]
    Missing(PathBuf),
    /// The file cannot be read or made.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        error: std::io::Error,
    },
    /// Others than the owner and its group may read the file.
    #[error("{path} can be read by everybody (mode {mode:03o}); run `chmod 600 {path}`", path = path.display())]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// OpenSSL failed.
    #[error("OpenSSL failed: {0}")]
    OpenSsl(#[from] openssl::error::ErrorStack),
}

/// One master key and what is derived from it.
#[derive(Clone)]
pub(super) struct MasterKey {
    secret: Zeroizing<[u8; 32]>,
    fingerprint: String,
}

impl MasterKey {
    fn new(secret: Zeroizing<[u8; 32]>) -> Result<Self, KeyError> {
        let mac = hmac_sha256(secret.as_slice(), b"doorward key fingerprint v1")?;
        // 64 bits tell keys apart and say nothing about them.
        let fingerprint = hex(mac.get(..8).unwrap_or(&mac));
        Ok(Self {
            secret,
            fingerprint,
        })
    }

    /// What the key is called in sealed values and in the database.
    pub(super) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// A key for one purpose (NIST SP 800-108 in its simplest form: one block
    /// of HMAC-SHA256 over the purpose).
    pub(super) fn derive(&self, purpose: &str) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let mac = hmac_sha256(self.secret.as_slice(), purpose.as_bytes())?;
        Ok(Zeroizing::new(mac))
    }
}

/// The master keys: the first one seals and signs, all of them open.
#[derive(Clone)]
pub struct MasterKeys {
    first: MasterKey,
    older: Vec<MasterKey>,
}

impl std::fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MasterKeys")
            .field("fingerprint", &self.first.fingerprint)
            .field("older", &self.older.len())
            .finish_non_exhaustive()
    }
}

impl MasterKeys {
    /// Reads keys from a text: base64, separated by white space; lines that
    /// begin with `#` are comments.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut keys = Vec::new();
        let words = text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
            .flat_map(str::split_whitespace);
        for word in words {
            let bytes = STANDARD
                .decode(word)
                .or_else(|_| STANDARD_NO_PAD.decode(word))
                .or_else(|_| URL_SAFE_NO_PAD.decode(word))
                .map(Zeroizing::new)
                .map_err(|_| KeyError::Base64)?;
            let secret = <[u8; 32]>::try_from(bytes.as_slice())
                .map(Zeroizing::new)
                .map_err(|_| KeyError::Length(bytes.len()))?;
            keys.push(MasterKey::new(secret)?);
        }
        let mut keys = keys.into_iter();
        Ok(Self {
            first: keys.next().ok_or(KeyError::Empty)?,
            older: keys.collect(),
        })
    }

    /// Reads the key file.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let io = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => KeyError::Missing(path.to_owned()),
            _ => KeyError::Io {
                path: path.to_owned(),
                error,
            },
        };
        let found = std::fs::metadata(path).map_err(io)?;
        let mode = found.permissions().mode() & 0o777;
        // The group may read: that is how orchestrators hand out secrets.
        if mode & 0o007 != 0 {
            return Err(KeyError::Mode {
                path: path.to_owned(),
                mode,
            });
        }
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(io)?);
        Self::parse(&text)
    }

    /// Reads the key file, or makes it with a new key. Of several processes
    /// that do so at once, one makes it and all read the same key.
    pub fn load_or_create(path: &Path, entropy: &Entropy) -> Result<Self, KeyError> {
        match Self::load(path) {
            Err(KeyError::Missing(_)) => {}
            other => return other,
        }
        create(path, entropy).map_err(|error| KeyError::Io {
            path: path.to_owned(),
            error,
        })?;
        Self::load(path)
    }

    /// What the key that seals is called: 16 hexadecimal digits, the same on
    /// every replica that has the same key.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        self.first.fingerprint()
    }

    /// Whether one of the keys is the one of that fingerprint.
    #[must_use]
    pub fn knows(&self, fingerprint: &str) -> bool {
        self.all()
            .any(|key| constant_time_eq(key.fingerprint.as_bytes(), fingerprint.as_bytes()))
    }

    /// A key for one purpose, derived from the key that seals. Another purpose
    /// gives an unrelated key.
    pub fn derive(&self, purpose: &str) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        self.first.derive(purpose)
    }

    /// The first key, then the older ones.
    pub(super) fn all(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.first).chain(&self.older)
    }
}

/// Writes a new key beside its place and links it there: a link never
/// replaces what is there already, and a reader never sees half a file.
fn create(path: &Path, entropy: &Entropy) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", entropy.hex::<8>()));
    let draft = PathBuf::from(draft);
    let key = Zeroizing::new(STANDARD.encode(Zeroizing::new(entropy.bytes::<32>()).as_slice()));
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    let written = file
        .write_all(format!("{}\n", key.as_str()).as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| match std::fs::hard_link(&draft, path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        });
    std::fs::remove_file(&draft)?;
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn keys_are_read_in_every_usual_form() {
        let plain = MasterKeys::parse(KEY).unwrap();
        for text in [
            format!("{KEY}\n"),
            KEY.trim_end_matches('=').to_owned(),
            format!("# made on Monday\n  {KEY}  \n"),
        ] {
            assert_eq!(
                MasterKeys::parse(&text).unwrap().fingerprint(),
                plain.fingerprint()
            );
        }
        assert_eq!(plain.fingerprint().len(), 16);
        assert!(!format!("{plain:?}").contains("AAECAw"));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert!(matches!(MasterKeys::parse(" \n"), Err(KeyError::Empty)));
        assert!(matches!(MasterKeys::parse("?!"), Err(KeyError::Base64)));
        assert!(matches!(
            MasterKeys::parse("AAEC"),
            Err(KeyError::Length(3))
        ));
    }

    #[test]
    fn purposes_have_unrelated_keys() {
        let keys = MasterKeys::parse(KEY).unwrap();
        assert_ne!(keys.derive("a").unwrap(), keys.derive("b").unwrap());
        assert_eq!(keys.derive("a").unwrap(), keys.derive("a").unwrap());
    }

    #[test]
    fn a_file_is_made_once_and_for_the_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/doorward.key");
        assert!(matches!(MasterKeys::load(&path), Err(KeyError::Missing(_))));
        let first = MasterKeys::load_or_create(&path, &Entropy::System).unwrap();
        let again = MasterKeys::load_or_create(&path, &Entropy::System).unwrap();
        assert_eq!(first.fingerprint(), again.fingerprint());
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let files = std::fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(files, 1, "no draft stays behind");
    }

    #[test]
    fn several_starts_at_once_agree() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doorward.key");
        let prints: std::collections::BTreeSet<String> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        let keys = MasterKeys::load_or_create(&path, &Entropy::System).unwrap();
                        keys.fingerprint().to_owned()
                    })
                })
                .collect();
            starts.into_iter().map(|s| s.join().unwrap()).collect()
        });
        assert_eq!(prints.len(), 1);
    }

    #[test]
    fn a_file_that_everybody_reads_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doorward.key");
        std::fs::write(&path, KEY).unwrap();
        for (mode, refused) in [(0o644, true), (0o604, true), (0o640, false), (0o400, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let loaded = MasterKeys::load(&path);
            assert_eq!(
                matches!(loaded, Err(KeyError::Mode { .. })),
                refused,
                "{mode:o}"
            );
        }
    }
}
