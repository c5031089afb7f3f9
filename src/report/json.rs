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
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    let mut writer = BufWriter::new(&mut file);
    serde_json::to_writer_pretty(&mut writer, map)?;
    writer.write_all(b"\n")?;
    writer.flush()?;
    drop(writer);
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// The JSON schema of the map, generated from its types.
pub fn schema() -> String {
    let schema = schemars::schema_for!(ClassificationMap);
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}
