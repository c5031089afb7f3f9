//! How much may come out of one object: archives can hold far more than they should.
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What may be unpacked of one object that is no archive's entry itself.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Objects within objects within objects.
    pub depth: u32,
    /// How many times its own size an object may unpack to, all that is nested in it included.
    pub ratio: u64,
    /// Objects within one object.
    pub entries: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { depth: 10, ratio: 250, entries: 2_000_000 }
    }
}

/// So much may come out of an object however small it is.
const SLACK: u64 = 256 << 20;

/// What is left of the limits while one object is read.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: AtomicU64,
    entries: AtomicU64,
}

impl Budget {
    /// For an object of `size` bytes.
    pub fn new(limits: Limits, size: u64) -> Arc<Self> {
        let bytes = AtomicU64::new(size.saturating_mul(limits.ratio).max(SLACK));
        Arc::new(Budget { bytes, entries: AtomicU64::new(limits.entries) })
    }

    /// Takes one entry of `bytes` known bytes; false when that is too much.
    pub fn take(&self, bytes: u64) -> bool {
        let less = |left: &AtomicU64, by: u64| {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(by)))
                .is_ok_and(|before| before >= by.max(1))
        };
        less(&self.entries, 1) & less(&self.bytes, bytes)
    }

    /// Takes so many bytes that no entry is made of, or only a part.
    pub fn spend(&self, bytes: u64) {
        let spend = |left: u64| Some(left.saturating_sub(bytes));
        let _ = self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend);
    }

    /// Bytes and entries that are left.
    pub fn left(&self) -> (u64, u64) {
        (self.bytes.load(Ordering::Relaxed), self.entries.load(Ordering::Relaxed))
    }

    /// What was exceeded, in words; `None` while nothing is.
    pub fn exceeded(&self) -> Option<&'static str> {
        if self.bytes.load(Ordering::Relaxed) == 0 {
            return Some("unpacks to more than is allowed for its size; --max-ratio allows more");
        }
        let none = self.entries.load(Ordering::Relaxed) == 0;
        none.then_some("holds more objects than are allowed; --max-entries allows more")
    }
}

/// A reader that ends with an error when the budget is spent.
pub(super) struct Limited<R> {
    inner: R,
    budget: Arc<Budget>,
}

impl<R: Read> Limited<R> {
    pub fn new(inner: R, budget: Arc<Budget>) -> Self {
        Limited { inner, budget }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(why) = self.budget.exceeded().filter(|_| !buffer.is_empty()) {
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, why));
        }
        let read = self.inner.read(buffer)?;
        self.budget.spend(read as u64);
        Ok(read)
    }
}
