//! Stands in for a value where it must not be shown: the same value, the same mark, under a key.
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::io;
use std::path::Path;

/// Bytes of a mark that are shown: enough to tell any two rows of a table apart.
const SHOWN: usize = 8;
/// The shortest key that is taken from a file, in bytes.
const SHORTEST_KEY: usize = 16;

/// Makes marks (HMAC-SHA-256, RFC 2104). Without the key a mark says nothing: a plain digest of a mobile number
/// could be looked up in a list of all of them.
#[derive(Clone)]
pub struct Fingerprint(Hmac<Sha256>);

impl Fingerprint {
    /// Under a key of this run's own; marks of other runs differ.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn random() -> io::Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Self::with(&key))
    }

    /// Under the key in a file, so that marks can be compared between runs.
    ///
    /// # Errors
    /// It cannot be read, or is too short to be a key.
    pub fn from_file(path: &Path) -> io::Result<Self> {
        let key = std::fs::read(path)?;
        if key.len() < SHORTEST_KEY {
            let text = format!(
                "a key has at least {SHORTEST_KEY} bytes; make one with: head -c 32 /dev/urandom > FILE"
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        Ok(Self::with(&key))
    }

    /// For where no mark is ever shown.
    pub(super) fn unkeyed() -> Self {
        Self::with(&[])
    }

    fn with(key: &[u8]) -> Self {
        Fingerprint(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
    }

    /// The mark of a value.
    pub fn of(&self, value: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(value);
        mac.finalize().into_bytes().iter().take(SHOWN).map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_decides_the_mark() {
        // RFC 4231, test case 2.
        assert_eq!(Fingerprint::with(b"Jefe").of(b"what do ya want for nothing?"), "5bdcc146bf60754e");
        let (one, two) = (Fingerprint::random().expect("random"), Fingerprint::random().expect("random"));
        assert_eq!(one.of(b"1"), one.of(b"1"));
        assert_ne!(one.of(b"1"), two.of(b"1"));
    }
}
