//! From bytes to validated values: triggers, then the automaton round each, then the validator.
mod automaton;
mod boundary;
mod digits;
mod guise;
mod numbers;
mod settle;
mod shapes;
mod symbol;

pub use automaton::Trigger;
pub use guise::{Guise, guise, has_stars};

use crate::detector::DetectorSet;
use crate::model::{Batch, Encoding, Hit, MARGIN, Secret, Shapes};
use crate::simd::{Event, WideDigits};
use crate::validate::Verdict;
use aho_corasick::AhoCorasick;
use automaton::{Automaton, Run};
use rayon::prelude::*;
use shapes::Lack;
use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// The longest match of a pattern, in bytes of canonical text.
pub const SPAN: usize = 96;
/// The longest match in original bytes: what is longer is cut off.
const REACH: usize = 160;
const _: () = assert!(2 * REACH + symbol::SYNC <= MARGIN, "a margin must hold two matches and a boundary");
/// Bytes between two trigger passes: what was triggered is still in the nearest cache when it is looked at.
const PASS: usize = 32 * 1024;
/// What may stand inside a value and is no part of it.
const SEPARATORS: &[u8] = b" -.+()";

/// Detectors that cannot be compiled together, in practice because they are too large.
#[derive(Debug, thiserror::Error)]
#[error("the detectors do not compile: {0}; make their patterns smaller, or use fewer with --only")]
pub struct CompileError(#[from] Box<regex_automata::dfa::dense::BuildError>);

/// All detectors, compiled. Immutable: share it between threads, and give each a [`Scratch`].
///
/// ```
/// use pandian::{Batch, DetectorSet, Encoding, Scanner, Scratch};
///
/// let scanner = Scanner::new(DetectorSet::built_in()?)?;
/// let text = Batch::text("手机13800138000".as_bytes(), Encoding::Utf8);
/// let hits = scanner.scan(&text, 0..text.bytes.len(), &mut Scratch::default()).to_vec();
/// assert_eq!(&text.bytes[hits[0].start..hits[0].end], b"13800138000");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Scanner {
    detectors: Arc<DetectorSet>,
    automaton: Automaton,
    triggers: Vec<Trigger>,
    /// The shortest run of digits any detector asks for; `None` when none is triggered by digits.
    run: Option<u32>,
    /// Whether any asks for letters and digits mixed.
    mixed: bool,
    runs: Vec<[Run; 100]>,
    first: [bool; 256],
    /// ASCII context words, which may touch a number: `tel13800138000`.
    introductions: HashSet<Vec<u8>>,
    literals: Vec<(Encoding, AhoCorasick)>,
    always: bool,
    /// The bytes that a match may go on over.
    passable: OnceLock<[bool; 256]>,
}

/// The mutable half of a scan, one per thread: buffers that are reused, and the counts of the last scan.
#[derive(Default)]
pub struct Scratch {
    events: Vec<Event>,
    hits: Vec<Hit>,
    /// Values of the right shape: start, length, detector, and what they lack.
    shapes: Vec<(usize, u32, u32, Lack)>,
    /// Values of the right shape in the last scan, passed or not, at `field * detectors + detector`.
    pub shaped: Vec<Shapes>,
}

/// What stays the same while a body is scanned.
struct Pass<'a> {
    batch: &'a Batch<'a>,
    body: Range<usize>,
}

impl Scanner {
    /// Compiles the detectors.
    ///
    /// # Errors
    /// The automaton would be too large.
    pub fn new(detectors: DetectorSet) -> Result<Self, CompileError> {
        // Half of a program's start is spent here, and the two halves of this need nothing of one another.
        let triggers = || detectors.par_iter().map(automaton::trigger).collect::<Result<Vec<_>, _>>();
        let (automaton, triggers) = rayon::join(|| Automaton::new(&detectors), triggers);
        let (automaton, triggers) = (automaton?, triggers?);
        let run = triggers.iter().filter_map(Trigger::run).min();
        let mixed = triggers.iter().any(|trigger| matches!(trigger, Trigger::Mixed(_)));
        let ascii = detectors
            .iter()
            .flat_map(|d| d.context.support.iter().chain(&d.context.hints))
            .filter(|word| word.is_ascii());
        Ok(Scanner {
            runs: automaton.runs(),
            first: automaton.first_bytes(),
            introductions: ascii.map(|word| word.to_ascii_lowercase().into_bytes()).collect(),
            literals: literal_searchers(&triggers),
            always: triggers.contains(&Trigger::Always),
            passable: OnceLock::new(),
            detectors: Arc::new(detectors),
            automaton,
            triggers,
            run,
            mixed,
        })
    }

    /// The detectors, in the order that [`Hit::detector`] counts in.
    pub fn detectors(&self) -> &Arc<DetectorSet> {
        &self.detectors
    }

    /// How each detector is triggered, in the same order.
    pub fn triggers(&self) -> &[Trigger] {
        &self.triggers
    }

    /// Whether cells can be told apart by `bytes` alone: no value holds any, and all detectors are triggered by digits.
    pub fn stops_at(&self, bytes: &[u8]) -> bool {
        let passable = self.passable.get_or_init(|| self.automaton.passable());
        self.literals.is_empty() && !self.always && bytes.iter().all(|b| !passable[usize::from(*b)])
    }

    /// The validated values that begin in `body`, overlaps settled, in the order of their starts.
    ///
    /// `batch` should reach [`MARGIN`] bytes beyond `body` on either side, where there is more of the
    /// object; then the bodies may be cut anywhere. The counts of shapes are left in `scratch`.
    pub fn scan<'s>(&self, batch: &Batch<'_>, body: Range<usize>, scratch: &'s mut Scratch) -> &'s [Hit] {
        let fields = batch.fields();
        scratch.hits.clear();
        scratch.shaped.clear();
        scratch.shaped.resize(fields * self.detectors.len(), Shapes::default());
        scratch.shapes.clear();
        // What begins before the body may overlap what begins in it.
        let (from, to) = (body.start.saturating_sub(REACH), (body.end + REACH).min(batch.bytes.len()));
        let pass = Pass { batch, body };
        if let Some(run) = self.run {
            self.numbers(&pass, from, to, run, scratch);
        }
        self.others(&pass, from, to, scratch);
        self.count_shapes(&pass, scratch);
        settle::settle(&mut scratch.hits, &self.detectors, REACH);
        scratch.hits.dedup();
        scratch.hits.retain(|hit| pass.body.contains(&hit.start));
        &scratch.hits
    }

    /// Detectors that are triggered by literals, or not at all.
    fn others(&self, pass: &Pass<'_>, from: usize, to: usize, scratch: &mut Scratch) {
        let (hay, encoding) = (pass.batch.bytes, pass.batch.encoding);
        for (_, searcher) in self.literals.iter().filter(|(of, _)| *of == encoding) {
            for found in searcher.find_overlapping_iter(&hay[from..to]) {
                let at = from + found.start();
                self.attempt(pass, at, |t| matches!(t, Trigger::Literals(_)), scratch);
            }
        }
        if self.always {
            let mut at = symbol::start_of_char(hay, from, encoding);
            while at < to {
                self.attempt(pass, at, |t| *t == Trigger::Always, scratch);
                at = symbol::symbol(hay, at, encoding).next;
            }
        }
    }

    /// Walks the automaton from `start`, and takes every match that ends on a boundary.
    fn attempt(&self, pass: &Pass<'_>, start: usize, mine: impl Fn(&Trigger) -> bool, scratch: &mut Scratch) {
        let (hay, encoding) = (pass.batch.bytes, pass.batch.encoding);
        let bounded = hay[start].is_ascii_alphanumeric() || hay[start] >= 0x80;
        if bounded && !self.may_start(hay, start, encoding) {
            return;
        }
        let (mut state, mut at) = (self.automaton.start(), start);
        let limit = hay.len().min(start + REACH);
        while at < limit {
            let symbol = symbol::symbol(hay, at, encoding);
            for (i, &byte) in symbol.bytes().iter().enumerate() {
                state = self.automaton.next(state, byte);
                if self.automaton.is_special(state) {
                    if self.automaton.is_dead(state) {
                        return;
                    }
                    if i == 0 {
                        self.matched(pass, start, at, state, &mine, scratch);
                    }
                }
            }
            at = symbol.next;
        }
        self.matched(pass, start, at, self.automaton.at_end(state), &mine, scratch);
    }

    fn matched(
        &self,
        pass: &Pass<'_>,
        start: usize,
        end: usize,
        state: regex_automata::util::primitives::StateID,
        mine: &impl Fn(&Trigger) -> bool,
        scratch: &mut Scratch,
    ) {
        let mut ends_well = None;
        for detector in self.automaton.matches(state).filter(|&d| mine(&self.triggers[d])) {
            let (hay, encoding) = (pass.batch.bytes, pass.batch.encoding);
            if *ends_well.get_or_insert_with(|| boundary::may_end(hay, end, encoding)) {
                self.shaped(pass, start..end, detector, scratch);
            }
        }
    }

    /// A match of a detector's patterns.
    fn shaped(&self, pass: &Pass<'_>, span: Range<usize>, detector: usize, scratch: &mut Scratch) {
        let raw = &pass.batch.bytes[span.clone()];
        if raw.iter().all(u8::is_ascii_alphanumeric) {
            return self.judge(span, raw, detector, scratch);
        }
        let mut value = [0; SPAN];
        let length = compact(pass.batch, span.clone(), &mut value);
        self.judge(span, &value[..length], detector, scratch);
    }

    /// Notes a value of the right shape, and keeps it if it passes.
    #[inline]
    fn judge(&self, span: Range<usize>, value: &[u8], detector: usize, scratch: &mut Scratch) {
        let verdict = self.detectors[detector].check(Secret::new(value));
        scratch.shapes.push((span.start, span.len() as u32, detector as u32, Lack::of(verdict)));
        let (weak, family) = match verdict {
            Verdict::Pass { family } => (false, family),
            Verdict::Weak { family } => (true, family),
            Verdict::Near { .. } | Verdict::Fail => return,
        };
        scratch.hits.push(Hit { start: span.start, end: span.end, detector, weak, family });
    }
}

/// The text of a few bytes round `at`, which is the start of a character: from `floor` or a little later, up to `at`.
pub fn text_before(bytes: &[u8], floor: usize, at: usize, encoding: Encoding) -> Cow<'_, str> {
    let start = symbol::start_of_char(bytes, floor, encoding);
    decoded(&bytes[start..at], encoding)
}

/// `bytes` as UTF-8, with U+FFFD for what is broken.
pub fn decoded(bytes: &[u8], encoding: Encoding) -> Cow<'_, str> {
    encoding.decoder().decode_without_bom_handling(bytes).0
}

/// The canonical form of a text: full-width forms, dashes and spaces folded to ASCII. What patterns are written for.
pub fn canonical(text: &str) -> String {
    let (mut at, mut folded) = (0, Vec::new());
    while at < text.len() {
        let symbol = symbol::symbol(text.as_bytes(), at, Encoding::Utf8);
        folded.extend_from_slice(symbol.bytes());
        at = symbol.next;
    }
    String::from_utf8_lossy(&folded).into_owned()
}

/// A canonical text as validators see it.
pub fn without_separators(canonical: &str) -> String {
    canonical.chars().filter(|c| !c.is_ascii() || !SEPARATORS.contains(&(*c as u8))).collect()
}

/// Writes the canonical text of `span` to `out` without its separators; returns the length.
fn compact(batch: &Batch<'_>, span: Range<usize>, out: &mut [u8; SPAN]) -> usize {
    let (mut at, mut length) = (span.start, 0);
    while at < span.end {
        let symbol = symbol::symbol(batch.bytes, at, batch.encoding);
        let kept = symbol.bytes().iter().filter(|b| !SEPARATORS.contains(b));
        for (slot, &byte) in out[length..].iter_mut().zip(kept) {
            *slot = byte;
            length += 1;
        }
        at = symbol.next;
    }
    length
}

/// One searcher for each encoding that writes the literals in its own way.
fn literal_searchers(triggers: &[Trigger]) -> Vec<(Encoding, AhoCorasick)> {
    let literals: Vec<&String> =
        triggers.iter().flat_map(|t| if let Trigger::Literals(l) = t { l.as_slice() } else { &[] }).collect();
    if literals.is_empty() {
        return Vec::new();
    }
    [Encoding::Utf8, Encoding::Gb18030, Encoding::Big5]
        .into_iter()
        .filter_map(|encoding| {
            let encoded = literals.iter().map(|l| encoding.decoder().encode(l).0.into_owned());
            Some((encoding, AhoCorasick::new(encoded).ok()?))
        })
        .collect()
}

fn wide_digits(encoding: Encoding) -> WideDigits {
    match encoding {
        Encoding::Utf8 => WideDigits { mid: 0xBC, low: 0x90, width: 3 },
        Encoding::Gb18030 => WideDigits { mid: 0xA3, low: 0xB0, width: 2 },
        Encoding::Big5 => WideDigits { mid: 0xA2, low: 0xAF, width: 2 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::OnceLock;

    fn scanner() -> &'static Scanner {
        static SCANNER: OnceLock<Scanner> = OnceLock::new();
        SCANNER.get_or_init(|| {
            let built_in = DetectorSet::built_in().expect("the detectors that ship load");
            Scanner::new(built_in).expect("the detectors that ship compile")
        })
    }

    fn scan(bytes: &[u8], body: Range<usize>) -> (Vec<Hit>, Vec<Shapes>) {
        let mut scratch = Scratch::default();
        let hits = scanner().scan(&Batch::text(bytes, Encoding::Utf8), body, &mut scratch).to_vec();
        (hits, scratch.shaped)
    }

    #[test]
    fn digit_detectors_are_triggered_by_digits() {
        for (detector, trigger) in scanner().detectors().iter().zip(scanner().triggers()) {
            let is_fast = matches!(trigger, Trigger::Digits(11..) | Trigger::Mixed(11..));
            assert!(is_fast, "{}: {trigger:?}", detector.id);
        }
    }

    fn soup() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[0-9]{1,20}",
            "[ .\\-+():,号x\n]",
            Just("110101190001011009".to_owned()),
            Just("１１０１０１１９０００１０１１００９".to_owned()),
            Just("+86 138 0000 0000".to_owned()),
            Just("6222 0200 0000 0007".to_owned()),
            Just("4 4 0 3 0 1 1 9 0 1 0 2 0 3 0 0 4 6".to_owned()),
            Just("(86)13800138000".to_owned()),
        ];
        prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn cutting_changes_nothing(text in soup(), cut in 0usize..400) {
            let (bytes, cut) = (text.as_bytes(), cut.min(text.len()));
            let (whole, shapes) = scan(bytes, 0..bytes.len());
            let ((mut parts, mut sum), (right, more)) = (scan(bytes, 0..cut), scan(bytes, cut..bytes.len()));
            parts.extend(right);
            prop_assert_eq!(whole, parts);
            sum.iter_mut().zip(more).for_each(|(a, b)| a.merge(b));
            prop_assert_eq!(shapes, sum);
        }
    }
}
