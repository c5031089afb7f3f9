//! Reads a detector's TOML and says, where it is broken, in which file, at which key, and what to write instead.
use super::Detector;
use crate::validate;
use std::path::{Path, PathBuf};

/// A detector that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}", path.display())]
pub struct LoadError {
    path: PathBuf,
    what: String,
}

impl LoadError {
    fn new(path: &Path, what: impl Into<String>) -> Self {
        LoadError { path: path.to_owned(), what: what.into() }
    }

    pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        LoadError::new(path, format!("cannot be read: {error}"))
    }

    pub(super) fn unknown<'a>(id: &str, known: impl Iterator<Item = &'a str>) -> Self {
        let known = known.collect::<Vec<_>>().join(", ");
        LoadError::new(Path::new("--only"), format!("no detector `{id}`; there are: {known}"))
    }
}

/// Parses one file.
///
/// # Errors
/// TOML that does not parse, a key that is missing or unknown, a value out of range.
pub fn parse(path: &Path, text: &str) -> Result<Detector, LoadError> {
    let detector: Detector = toml::from_str(text).map_err(|e| {
        LoadError::new(path, format!("{}\nSee detectors/README.md for the keys.", e.to_string().trim_end()))
    })?;
    let bad = |key: &str, want: &str| Err(LoadError::new(path, format!("key `{key}`: {want}")));
    let id_chars = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if detector.id.is_empty() || !detector.id.chars().all(id_chars) {
        return bad("id", "write lower-case letters, digits and hyphens, as in `cn-mobile`");
    }
    if detector.patterns.is_empty() {
        return bad("patterns", "give at least one regular expression");
    }
    if !(detector.chance > 0.0 && detector.chance < 1.0) {
        return bad("chance", "write a share between 0 and 1, as in 0.1 for one in ten");
    }
    if !detector.check_chance.is_none_or(|chance| chance > 0.0 && chance < 1.0) {
        return bad("check_chance", "write a share between 0 and 1, as in 0.1 for one digit in ten");
    }
    if !(detector.prior > 0.0 && detector.prior <= 1.0) {
        return bad("prior", "write a number above 0 and up to 1, or leave it out");
    }
    if detector.hits.is_empty() || detector.misses.is_empty() {
        return bad(
            "hit / miss",
            "give at least one [[hit]] with text and value, and one [[miss]] with text",
        );
    }
    Ok(detector)
}

/// Finds the validator and tries the patterns, so that a scan cannot fail on them later.
pub(super) fn resolve(detector: &mut Detector, path: &Path) -> Result<(), LoadError> {
    if let Some(name) = &detector.validator {
        let Some(validator) = validate::by_name(name) else {
            let names = validate::names().collect::<Vec<_>>().join(", ");
            return Err(LoadError::new(path, format!("key `validator`: no `{name}`; there are: {names}")));
        };
        detector.check = Some(*validator);
    }
    for pattern in &detector.patterns {
        let parsed =
            regex_syntax::parse(pattern).map_err(|e| LoadError::new(path, format!("key `patterns`: {e}")))?;
        let properties = parsed.properties();
        if properties.minimum_len().unwrap_or(0) == 0 {
            return Err(LoadError::new(
                path,
                format!("key `patterns`: `{pattern}` matches the empty text; make something in it mandatory"),
            ));
        }
        if !properties.look_set().is_empty() {
            return Err(LoadError::new(
                path,
                format!(
                    "key `patterns`: `{pattern}` holds ^, $ or \\b; leave them out, boundaries are the scanner's work"
                ),
            ));
        }
        if properties.maximum_len().is_none_or(|n| n > super::super::scan::SPAN) {
            return Err(LoadError::new(
                path,
                format!(
                    "key `patterns`: `{pattern}` can match more than {} bytes; bound its repetitions",
                    super::super::scan::SPAN
                ),
            ));
        }
    }
    Ok(())
}
