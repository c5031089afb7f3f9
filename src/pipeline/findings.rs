//! Findings one by one: held until their object is judged, on disk where they are many, then written as JSON lines.
use crate::decode::Unit;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Mutex;

/// Findings of one object that are held in memory.
const HELD: usize = 100_000;

/// One value found: a line of `--findings`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The object.
    pub path: String,
    /// Column header or JSON path; null in running text.
    pub field: Option<String>,
    /// The line of the value or of its record, from 1; null where there are no lines.
    pub line: Option<u64>,
    /// The data row, from 1; null where there are none, and where a key leads to the row.
    pub row: Option<u64>,
    /// Where the value is in a document, as its reader counts: `C5`, `page 3`, `paragraph 12`, `slide 4`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// In a table of a database: the primary key of the row, each value as a keyed fingerprint (`id=#…`) or, with
    /// `--reveal`, as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Offset of the value's first byte in the object; in a document or a table of a database, in its cell.
    pub offset: u64,
    /// The detector's id.
    pub detector: String,
    /// First two and last two characters.
    pub masked: String,
    /// 0 to 1.
    pub confidence: f64,
    /// The value as it stands, decoded to UTF-8; only with `--reveal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// A finding whose object is not yet judged.
#[derive(Serialize, Deserialize)]
pub(super) struct Found {
    pub field: u32,
    pub line: u64,
    pub unit: Unit,
    pub column: u64,
    pub row: u64,
    pub key: Option<String>,
    pub offset: u64,
    pub detector: usize,
    pub leaning: u8,
    pub masked: String,
    pub value: Option<String>,
}

/// The findings of one object, in order.
#[derive(Default)]
pub(super) struct Spool {
    held: Vec<Found>,
    /// The earlier ones. The file has no name, so it goes with the process.
    spilled: Option<BufWriter<File>>,
    /// The first error of the disk; reported at the end, for then the findings are read back.
    failed: Option<io::Error>,
}

impl Spool {
    pub fn push(&mut self, found: Found) {
        self.held.push(found);
        if self.held.len() >= HELD && self.failed.is_none() {
            self.failed = self.spill().err();
        }
    }

    /// Adds what follows; `adjust` puts its places in terms of the whole.
    pub fn append(&mut self, next: Spool, adjust: impl Fn(&mut Found)) {
        let failed = next.drain(|mut found| {
            adjust(&mut found);
            self.push(found);
            Ok(())
        });
        self.failed = self.failed.take().or(failed.err());
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty() && self.spilled.is_none()
    }

    fn spill(&mut self) -> io::Result<()> {
        if self.spilled.is_none() {
            self.spilled = Some(BufWriter::new(tempfile::tempfile()?));
        }
        if let Some(file) = &mut self.spilled {
            for found in self.held.drain(..) {
                serde_json::to_writer(&mut *file, &found)?;
                file.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    /// Hands the findings out in order.
    pub fn drain(self, mut each: impl FnMut(Found) -> io::Result<()>) -> io::Result<()> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if let Some(spilled) = self.spilled {
            let mut file = spilled.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.rewind()?;
            for line in BufReader::new(file).lines() {
                each(serde_json::from_str(&line?)?)?;
            }
        }
        self.held.into_iter().try_for_each(each)
    }
}

/// The file that `--findings` names, readable by its owner only.
pub struct FindingsFile(Mutex<BufWriter<File>>);

impl FindingsFile {
    /// Creates it, or empties it.
    ///
    /// # Errors
    /// The system's.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        // The mode above is for new files; one that was there keeps its own.
        if file.metadata()?.is_file() {
            file.set_permissions(Permissions::from_mode(0o600))?;
        }
        Ok(FindingsFile(Mutex::new(BufWriter::new(file))))
    }

    pub(super) fn write(&self, lines: &[u8]) -> io::Result<()> {
        self.lock().write_all(lines)
    }

    /// Writes out what is still in memory.
    ///
    /// # Errors
    /// The system's.
    pub fn flush(&self) -> io::Result<()> {
        self.lock().flush()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BufWriter<File>> {
        // A thread that panicked while writing leaves a broken line at worst.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
