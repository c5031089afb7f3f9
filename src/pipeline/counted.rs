//! What was counted in one object, field by field, and the verdict on it.
use super::Engine;
use super::findings::{Finding, Found, Spool};
use super::judge::Judge;
use crate::decode::Unit;
use crate::model::map::{ColumnFacts, Field};
use crate::model::{FieldName, Leaning, Seen, Shapes, Tally};
use std::collections::{BTreeMap, HashMap};
use std::io;

/// Counts of one object, or of a part of it; parts add up in any order.
#[derive(Default)]
pub(super) struct Counted {
    /// By field and detector.
    pub tallies: BTreeMap<(u32, usize), Tally>,
    /// The fields by number; none in running text.
    pub fields: Vec<FieldName>,
    /// What the field names say.
    pub leanings: Vec<Vec<Leaning>>,
    /// What was seen of the values, by field.
    pub seen: Vec<Seen>,
    pub found: Spool,
    /// Lines passed, in running text.
    pub lines: u64,
    /// Whether the object has rows, so that its fields are columns.
    pub rows: bool,
    /// Bytes that were scanned.
    pub bytes: u64,
    /// Files that were written in Base64 in the text: their offsets, and what they hold. They are objects of their own.
    pub files: Vec<(u64, Vec<u8>)>,
    /// Bytes of them.
    pub file_bytes: usize,
}

/// Bytes of files in Base64 that are kept of one object.
const MOST_FILE_BYTES: usize = 64 << 20;

impl Counted {
    /// Learns the names of new fields.
    pub fn name(&mut self, fields: &[FieldName], engine: &Engine) {
        for name in &fields[self.fields.len().min(fields.len())..] {
            self.leanings.push(engine.words.of_name(&name.words));
            self.fields.push(name.clone());
        }
    }

    /// Adds the values of the right shape that a scan counted, at `field * detectors + detector`.
    pub fn shapes(&mut self, shaped: &[Shapes], detectors: usize) {
        for (i, &shaped) in shaped.iter().enumerate().filter(|(_, shaped)| shaped.all > 0) {
            let key = ((i / detectors) as u32, i % detectors);
            self.tallies.entry(key).or_default().shaped.merge(shaped);
        }
    }

    /// Keeps a file that was written in Base64; beyond the limit none, but its place, so that it is told.
    pub fn keep_file(&mut self, offset: u64, bytes: Vec<u8>) {
        self.file_bytes = self.file_bytes.saturating_add(bytes.len());
        let fits = self.file_bytes <= MOST_FILE_BYTES;
        if fits {
            self.files.push((offset, bytes));
        } else if self.file_bytes - bytes.len() <= MOST_FILE_BYTES {
            self.files.push((offset, Vec::new()));
        }
    }

    /// What was seen of a field.
    pub fn seen_mut(&mut self, field: u32) -> &mut Seen {
        let field = field as usize;
        if self.seen.len() <= field {
            self.seen.resize(field + 1, Seen::default());
        }
        &mut self.seen[field]
    }

    /// Adds what another part of the same object gave. Lines go on; fields of the same name are the same field,
    /// whatever number each part gave it.
    pub fn append(&mut self, next: Counted) {
        let numbers = self.numbers_of(&next);
        let number = |field: u32| numbers.get(field as usize).copied().unwrap_or(field);
        for ((field, detector), tally) in next.tallies {
            self.tallies.entry((number(field), detector)).or_default().merge(tally);
        }
        for (field, seen) in next.seen.into_iter().enumerate() {
            self.seen_mut(number(field as u32)).merge(seen);
        }
        let lines = self.lines;
        self.found.append(next.found, |found: &mut Found| {
            found.line += lines;
            found.field = number(found.field);
        });
        self.lines += next.lines;
        self.rows |= next.rows;
        self.bytes += next.bytes;
        for (offset, bytes) in next.files {
            self.keep_file(offset, bytes);
        }
    }

    /// The numbers here of the fields there.
    fn numbers_of(&mut self, next: &Counted) -> Vec<u32> {
        let same = self.fields.len().min(next.fields.len());
        if self.fields[..same] == next.fields[..same] {
            self.fields.extend_from_slice(&next.fields[same..]);
            self.leanings.extend_from_slice(&next.leanings[same..]);
            return (0..next.fields.len() as u32).collect();
        }
        let mut known: HashMap<String, u32> =
            self.fields.iter().enumerate().map(|(i, name)| (name.shown.clone(), i as u32)).collect();
        let mut numbers = Vec::new();
        for (i, (name, leanings)) in next.fields.iter().zip(&next.leanings).enumerate() {
            // Columns of one table have the same numbers everywhere; two may have one name.
            let column = self.fields.get(i).filter(|mine| *mine == name).map(|_| i as u32);
            let number = column.or_else(|| known.get(&name.shown).copied()).unwrap_or_else(|| {
                self.fields.push(name.clone());
                self.leanings.push(leanings.clone());
                known.insert(name.shown.clone(), self.fields.len() as u32 - 1);
                self.fields.len() as u32 - 1
            });
            numbers.push(number);
        }
        numbers
    }

    /// Judges the object and hands out the findings that reach the asked confidence, in order.
    ///
    /// # Errors
    /// The spool's, and those of `each`.
    pub fn findings(
        self,
        judge: &Judge<'_>,
        path: &str,
        columns: &[ColumnFacts],
        mut each: impl FnMut(&Finding) -> io::Result<()>,
    ) -> io::Result<Vec<Field>> {
        let verdict = judge.verdict(&self, columns);
        if self.found.is_empty() {
            return Ok(verdict.fields);
        }
        let names: BTreeMap<u32, Option<String>> =
            self.tallies.keys().map(|&(field, _)| (field, judge.field_name(&self, field))).collect();
        self.found.drain(|found| {
            let confidence = verdict.confidence(found.field, found.detector, found.leaning);
            if confidence < judge.min_confidence {
                return Ok(());
            }
            each(&Finding {
                path: path.to_owned(),
                field: names.get(&found.field).cloned().flatten(),
                line: (found.line > 0 && found.unit == Unit::Line).then_some(found.line),
                place: found.unit.place(found.line, found.column),
                row: (found.row > 0).then_some(found.row),
                key: found.key,
                offset: found.offset,
                detector: judge.engine.scanner.detectors()[found.detector].id.clone(),
                masked: found.masked,
                confidence,
                value: found.value,
            })
        })?;
        Ok(verdict.fields)
    }
}
