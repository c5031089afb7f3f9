//! `map.json`, written whole or not at all, for its owner's eyes only.
use crate::model::map::ClassificationMap;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Writes the map to a temporary file beside `path` and renames it, so that a full disk leaves no half map.
/// The file is readable by its owner only.
///
/// # Errors
/// The system's.
pub fn write(map: &ClassificationMap, path: &Path) -> io::Result<()> {
    if path.metadata().is_ok_and(|meta| !meta.is_file()) {
        // A pipe or a device is written to; renaming would put a file in its place.
        return put(map, &mut std::fs::OpenOptions::new().write(true).open(path)?);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    put(map, &mut file)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

fn put(map: &ClassificationMap, to: &mut impl Write) -> io::Result<()> {
    let mut writer = BufWriter::new(to);
    serde_json::to_writer_pretty(&mut writer, map)?;
    writer.write_all(b"\n")?;
    writer.flush()
}

/// The JSON schema of the map, generated from its types.
pub fn schema() -> String {
    let schema = schemars::schema_for!(ClassificationMap);
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}
