//! From counts to labels: evidence against chance, and where there are no values, what a name says.
use super::Engine;
use super::counted::Counted;
use crate::classify::evidence::{Judgement, name_only, reason};
use crate::model::map::{ColumnFacts, ContextCounts, Evidence, Field, Interval, Label};
use crate::model::{Lang, Seen, Tally};
use std::collections::BTreeMap;

/// What a label that rests on a name alone can be worth at most.
const NAME_CONFIDENCE: f64 = 0.3;

/// What the labels of an object depend on beside its counts.
pub(super) struct Judge<'a> {
    pub engine: &'a Engine,
    /// The confidence from which a value counts as matched.
    pub min_confidence: f64,
    pub lang: Lang,
    /// Where only a part was read: from a field, a detector and its matched values to the bounds for the whole.
    pub estimate: Option<&'a Estimate<'a>>,
}

/// The bounds for the whole, from what a part gave.
pub(super) type Estimate<'a> = dyn Fn(u32, usize, u64) -> Interval + 'a;

/// The labels of an object, and what its findings are worth.
pub(super) struct Verdict {
    pub fields: Vec<Field>,
    /// By field and detector: the confidence of a finding, by its leaning.
    confidences: BTreeMap<(u32, usize), [f64; 3]>,
}

impl Verdict {
    /// What a finding is worth.
    pub fn confidence(&self, field: u32, detector: usize, leaning: u8) -> f64 {
        let known = self.confidences.get(&(field, detector));
        rounded(known.map_or(0.0, |by_leaning| by_leaning[usize::from(leaning)]))
    }
}

impl Judge<'_> {
    /// The verdict on an object; `columns` are those of a table.
    pub fn verdict(&self, counted: &Counted, columns: &[ColumnFacts]) -> Verdict {
        let mut confidences = BTreeMap::new();
        let mut labels: BTreeMap<u32, Vec<Label>> = BTreeMap::new();
        for (&(field, detector), tally) in counted.tallies.iter().filter(|(_, tally)| tally.passed() > 0) {
            let named = counted.leanings.get(field as usize).map(|leanings| leanings[detector]);
            let judgement = Judgement::new(tally, &self.engine.scanner.detectors()[detector], named);
            let seen = counted.seen.get(field as usize);
            labels.entry(field).or_default().push(self.label(field, detector, tally, &judgement, seen));
            confidences.insert((field, detector), judgement.confidence);
        }
        for field in 0..counted.fields.len() as u32 {
            let known = labels.get(&field).map_or(&[][..], Vec::as_slice);
            if known.iter().all(|label| label.matched == 0)
                && let Some(label) = self.by_name(counted, field)
            {
                labels.entry(field).or_default().push(label);
            }
        }
        let mut fields: Vec<(u32, Field)> = labels
            .into_iter()
            .map(|(field, labels)| {
                let column = columns.get(field as usize).cloned();
                let seen = counted.seen.get(field as usize).copied();
                (field, Field { name: self.field_name(counted, field), column, seen, labels })
            })
            .collect();
        // The paths in a JSON column are numbered as they are met, which depends on who reads what first.
        let is_path = |field: &u32| !columns.is_empty() && *field as usize >= columns.len();
        fields.sort_by(|(a, one), (b, two)| match (is_path(a), is_path(b)) {
            (true, true) => one.name.cmp(&two.name),
            _ => a.cmp(b),
        });
        Verdict { fields: fields.into_iter().map(|(_, field)| field).collect(), confidences }
    }

    fn label(
        &self,
        field: u32,
        detector: usize,
        tally: &Tally,
        judgement: &Judgement,
        seen: Option<&Seen>,
    ) -> Label {
        let (matched, confidence) = judgement.matched(tally, self.min_confidence);
        Label {
            detector: self.engine.scanner.detectors()[detector].id.clone(),
            evidence: Evidence::Values,
            confidence: rounded(confidence),
            matched,
            passed: tally.passed(),
            candidates: tally.shaped.all.max(tally.passed()),
            distinct: (tally.distinct.estimate() as u64).min(tally.passed()),
            estimate: self.estimate.map(|estimate| estimate(field, detector, matched)),
            expected_by_chance: rounded(judgement.expected),
            log10_chance: rounded(judgement.log10_chance),
            context: ContextCounts { supporting: tally.passed[2], opposing: tally.passed[0] },
            reason: reason(judgement, tally, seen, self.lang),
            samples: tally.samples.iter().cloned().map(Into::into).collect(),
        }
    }

    /// The label that the name of a column gives it where its values cannot speak: there are none, or they are
    /// masked, digests or bytes.
    fn by_name(&self, counted: &Counted, field: u32) -> Option<Label> {
        let seen = counted.seen.get(field as usize).copied().unwrap_or_default();
        let hidden = seen.masked + seen.hashed + seen.binary;
        if hidden * 2 < seen.values + seen.binary {
            return None;
        }
        let detectors = self.engine.scanner.detectors();
        let words = &counted.fields[field as usize].words;
        let detector = self.engine.words.suggestion(words, |detector| detectors[detector].prior)?;
        Some(Label {
            detector: detectors[detector].id.clone(),
            evidence: Evidence::Name,
            confidence: NAME_CONFIDENCE,
            matched: 0,
            passed: 0,
            candidates: 0,
            distinct: 0,
            estimate: None,
            expected_by_chance: 0.0,
            log10_chance: 0.0,
            context: ContextCounts { supporting: 0, opposing: 0 },
            reason: name_only(&seen, self.lang),
            samples: Vec::new(),
        })
    }

    /// A column without a name is called by its number; text has no fields.
    pub fn field_name(&self, counted: &Counted, field: u32) -> Option<String> {
        let name = counted.fields.get(field as usize).map(|name| &name.shown).filter(|name| !name.is_empty());
        let number = field + 1;
        let numbered = || self.lang.pick(format!("第{number}列"), format!("column {number}"));
        name.cloned().or_else(|| counted.rows.then(numbered))
    }
}

/// Four digits are more than any of these figures can promise.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}
