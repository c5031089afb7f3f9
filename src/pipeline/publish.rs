//! Ends an object: judged, its findings written, its place in the map and in the ledger taken.
use super::counted::Counted;
use super::judge::{Estimate, Judge};
use super::sweep::Sweep;
use crate::model::map::{ColumnFacts, Object};
use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;

/// An object's path, and the same with values masked: names hold values, too.
pub(super) struct Place<'n> {
    pub name: &'n str,
    pub shown: Cow<'n, str>,
    /// Where it is, if it is a file: some are opened again by a library of their own.
    pub file: Option<&'n Path>,
    /// How many objects it lies in.
    pub depth: u32,
}

impl Sweep<'_> {
    /// How an object is called.
    pub fn place<'n>(&self, name: &'n str) -> Place<'n> {
        Place { name, shown: self.engine.masked(name), file: None, depth: 0 }
    }

    /// Judges what was counted and writes the findings. `object` is what is known of it beside; it comes back with
    /// its fields, or not at all when there is nothing to say.
    ///
    /// # Errors
    /// The findings cannot be written.
    pub fn publish(
        &self,
        place: &Place<'_>,
        counted: Counted,
        columns: &[ColumnFacts],
        estimate: Option<&Estimate<'_>>,
        object: Object,
    ) -> io::Result<Option<Object>> {
        let options = self.options;
        let path = if options.reveal { place.name } else { &place.shown };
        let judge = Judge {
            engine: self.engine,
            min_confidence: options.min_confidence,
            lang: options.lang,
            estimate,
        };
        let mut lines = Vec::new();
        let write = |lines: &[u8]| options.findings.as_ref().map_or(Ok(()), |file| file.write(lines));
        let fields = counted.findings(&judge, path, columns, |finding| {
            serde_json::to_writer(&mut lines, finding)?;
            lines.push(b'\n');
            if lines.len() > 1 << 20 { write(&std::mem::take(&mut lines)) } else { Ok(()) }
        })?;
        write(&lines)?;
        let matched = fields.iter().flat_map(|field| &field.labels).map(|label| label.matched).sum();
        self.watch.matched.fetch_add(matched, Ordering::Relaxed);
        Ok((!fields.is_empty()).then(|| Object { path: place.shown.to_string(), fields, ..object }))
    }
}

/// What is known of an object that is no table.
pub(super) fn plain(format: &str, encoding: &str, bytes: u64) -> Object {
    let (format, encoding) = (format.into(), encoding.into());
    Object { path: String::new(), format, encoding, bytes, table: None, fields: Vec::new() }
}
