//! What to look for, as data: a detector is one TOML file, and the set of them is what gets compiled.
mod load;

pub use load::{LoadError, parse};

use crate::model::Secret;
use crate::validate::{Validator, Verdict};
use include_dir::{Dir, include_dir};
use serde::Deserialize;
use std::path::Path;

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/detectors");

/// A text in both languages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Name {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// Words near a value, or in the name of its column, that speak for or against the label.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ContextWords {
    /// Words that support the label, and can be the name of such a value.
    pub support: Vec<String>,
    /// Words that support it and are no name of it: 联系人 before a number, but not over an empty column.
    pub hints: Vec<String>,
    /// Words that speak against it.
    pub oppose: Vec<String>,
}

/// A text in which the detector must find `value` (or nothing, where it is a miss).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The text.
    pub text: String,
    /// What must be found, as it stands in the text; left out in a miss.
    #[serde(default)]
    pub value: String,
    /// Why the case is there.
    #[serde(default)]
    pub why: String,
}

/// One kind of personal data: its shape, its check, and how much a match proves.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detector {
    /// The name that maps, findings and `--only` use: lower case, digits, hyphens.
    pub id: String,
    /// The name people read.
    pub name: Name,
    /// The standard or law that defines the number, with its clause.
    pub basis: String,
    /// Regular expressions over the canonical text (full-width forms, dashes and spaces folded to ASCII).
    pub patterns: Vec<String>,
    /// The check to run on the value without its separators; left out, every match passes.
    #[serde(default)]
    pub validator: Option<String>,
    /// The share of random numbers of the right shape that pass.
    pub chance: f64,
    /// The share of random check digits that are right, where there is one: of numbers that are right in all else, so
    /// many pass whatever they are.
    #[serde(default)]
    pub check_chance: Option<f64>,
    /// The lengths, in digits, on which `chance` is measured.
    #[serde(default)]
    pub lengths: Vec<usize>,
    /// How much rarer than chance alone suggests such values are today; 1 where nothing is known.
    #[serde(default = "one")]
    pub prior: f64,
    /// Context words.
    #[serde(default)]
    pub context: ContextWords,
    /// Cases that must be found.
    #[serde(default, rename = "hit")]
    pub hits: Vec<Case>,
    /// Cases in which nothing may be found.
    #[serde(default, rename = "miss")]
    pub misses: Vec<Case>,
    /// The resolved validator.
    #[serde(skip)]
    check: Option<Validator>,
}

fn one() -> f64 {
    1.0
}

impl std::fmt::Debug for Validator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Detector {
    /// The verdict on a value whose separators are gone.
    pub fn check(&self, value: Secret<'_>) -> Verdict {
        match self.check {
            Some(validator) => (validator.check)(value),
            None => Verdict::Pass { family: 0 },
        }
    }

    /// The validator, where there is one.
    pub fn validator(&self) -> Option<Validator> {
        self.check
    }
}

/// The detectors of one scan, in the order of their ids.
#[derive(Clone, Debug)]
pub struct DetectorSet(Vec<Detector>);

impl DetectorSet {
    /// The detectors that come with the program.
    ///
    /// # Errors
    /// A broken file; a test holds that there is none.
    pub fn built_in() -> Result<Self, LoadError> {
        let mut set = DetectorSet(Vec::new());
        for file in BUILT_IN.files().filter(|file| file.path().extension().is_some_and(|e| e == "toml")) {
            set.add(parse(file.path(), file.contents_utf8().unwrap_or_default())?, file.path())?;
        }
        Ok(set)
    }

    /// Adds every `*.toml` of a folder; one with an id already there takes its place.
    ///
    /// # Errors
    /// The folder cannot be read, or a file in it is broken.
    pub fn add_folder(&mut self, folder: &Path) -> Result<(), LoadError> {
        let failed = |e: std::io::Error| LoadError::unreadable(folder, &e);
        let mut paths: Vec<_> = std::fs::read_dir(folder)
            .map_err(failed)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()
            .map_err(failed)?;
        paths.retain(|path| path.extension().is_some_and(|e| e == "toml"));
        paths.sort();
        for path in paths {
            self.add_file(&path)?;
        }
        Ok(())
    }

    /// Adds one file.
    ///
    /// # Errors
    /// It cannot be read or is broken.
    pub fn add_file(&mut self, path: &Path) -> Result<(), LoadError> {
        let text = std::fs::read_to_string(path).map_err(|e| LoadError::unreadable(path, &e))?;
        self.add(parse(path, &text)?, path)
    }

    fn add(&mut self, mut detector: Detector, path: &Path) -> Result<(), LoadError> {
        load::resolve(&mut detector, path)?;
        match self.0.binary_search_by(|known| known.id.cmp(&detector.id)) {
            Ok(at) => self.0[at] = detector,
            Err(at) => self.0.insert(at, detector),
        }
        Ok(())
    }

    /// Keeps only the detectors with these ids.
    ///
    /// # Errors
    /// An id that no detector has.
    pub fn only(mut self, ids: &[String]) -> Result<Self, LoadError> {
        if let Some(id) = ids.iter().find(|id| self.get(id).is_none()) {
            return Err(LoadError::unknown(id, self.0.iter().map(|d| d.id.as_str())));
        }
        self.0.retain(|detector| ids.contains(&detector.id));
        Ok(self)
    }

    /// The detector with this id.
    pub fn get(&self, id: &str) -> Option<&Detector> {
        self.0.iter().find(|detector| detector.id == id)
    }
}

impl std::ops::Deref for DetectorSet {
    type Target = [Detector];

    fn deref(&self) -> &[Detector] {
        &self.0
    }
}
