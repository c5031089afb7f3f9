//! The table that all databases hold: how it is written, and where it is kept between runs.
use crate::generator::{Rng, customers::customer};
use crate::shared::{Failure, Mode, SEED, data};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Rows that stand for all the others when the generator is compared with the one that wrote the data.
const FIRST: u64 = 20_000;

/// The table, and what is to be done with it.
pub struct Customers {
    pub mode: Mode,
    pub rows: u64,
    /// What is small is not kept.
    temporary: TempDir,
}

/// The place of one database, and whether its data is already there.
pub struct Place {
    pub folder: PathBuf,
    /// Written when all of the data is there; holds what the data was made from.
    whole: PathBuf,
    made_from: String,
}

impl Customers {
    pub fn new(mode: Mode, rows: u64) -> Result<Self, Failure> {
        // PostgreSQL runs as a user of its own, and must come through.
        let open = fs::Permissions::from_mode(0o755);
        let temporary = tempfile::Builder::new().permissions(open).tempdir()?;
        Ok(Customers { mode, rows, temporary })
    }

    /// Where the database called `name` keeps its data; `version` is that of the program that makes it, and
    /// `definition` the table's in its SQL.
    pub fn place(&self, name: &str, version: &str, definition: &str) -> Result<Place, Failure> {
        let kept = data(&format!("{name}-{SEED}-{}", self.rows))?;
        let folder = self.mode.choose(kept, self.temporary.path().join(name));
        let mut first = Vec::new();
        self.write(FIRST.min(self.rows), |line| first.extend_from_slice(line));
        let sum = first.iter().fold(0_u64, |sum, b| (sum ^ u64::from(*b)).wrapping_mul(0x0100_0000_01B3));
        let made_from = format!("{sum} {} {definition}", version.trim());
        Ok(Place { whole: folder.with_extension("whole"), folder, made_from })
    }

    /// All rows in a file, to be loaded from; it is removed when the caller drops it.
    pub fn file(&self) -> Result<TempDir, Failure> {
        let folder = if self.mode == Mode::Measure {
            // Beside the data: there is room where that is going to be. Under one name: the next run removes what a
            // killed one has left.
            remove(&data("load")?)?;
            tempfile::Builder::new().prefix("load").rand_bytes(0).tempdir_in(data("")?)?
        } else {
            tempfile::tempdir_in(self.temporary.path())?
        };
        let mut file = BufWriter::with_capacity(1 << 20, File::create(file_in(&folder))?);
        let mut outcome = Ok(());
        self.write(self.rows, |line| {
            if outcome.is_ok() {
                outcome = file.write_all(line);
            }
        });
        outcome?;
        file.flush()?;
        Ok(folder)
    }

    fn write(&self, rows: u64, mut each: impl FnMut(&[u8])) {
        let (mut rng, mut line) = (Rng(SEED), Vec::new());
        for id in 1..=rows {
            line.clear();
            customer(&mut rng, id, &mut line);
            each(&line);
        }
    }
}

/// The file in the folder that [`Customers::file`] returns.
pub fn file_in(folder: &TempDir) -> PathBuf {
    folder.path().join("customer.tsv")
}

impl Place {
    /// Whether the data was written to its end, by this generator and this program.
    pub fn is_whole(&self) -> bool {
        fs::read_to_string(&self.whole).ok().as_deref() == Some(&self.made_from) && self.folder.exists()
    }

    /// Removes what is there.
    pub fn clear(&self) -> Result<(), Failure> {
        remove(&self.whole)?;
        remove(&self.folder)
    }

    /// The data is there, to its end.
    pub fn completed(&self) -> Result<(), Failure> {
        Ok(fs::write(&self.whole, &self.made_from)?)
    }
}

fn remove(path: &Path) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => Ok(fs::remove_dir_all(path)?),
        Ok(_) => Ok(fs::remove_file(path)?),
        Err(_) => Ok(()),
    }
}
