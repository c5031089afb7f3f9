//! One anchored automaton for all detectors, and what it tells before any text is seen: how to trigger each.
use super::SPAN;
use crate::detector::Detector;
use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::util::{primitives::StateID, start, syntax};
use regex_automata::{Anchored, MatchKind};
use regex_syntax::hir::literal;
use std::collections::{HashMap, HashSet};

/// How the places where a detector might match are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Every match holds a run of at least this many digits, or digits with separators between.
    Digits(u32),
    /// Every match holds one of those, or letters and digits mixed: six digits behind a capital letter, a capital letter
    /// behind eight digits.
    Mixed(u32),
    /// Every match begins with one of these.
    Literals(Vec<String>),
    /// There is no cheap trigger: every character is tried.
    Always,
}

/// Shorter runs of digits are everywhere, so they are no trigger.
const SHORTEST_RUN: u32 = 6;
/// Runs from this length on are found at the speed of memory; shorter ones slow the whole scan down.
const SHORTEST_FAST_RUN: u32 = 11;
/// The longest run of digits that is told from a longer one.
pub(super) const LONGEST_RUN: u32 = 32;

impl Trigger {
    /// The shortest run of digits it asks for, if it asks for any.
    pub(super) fn run(&self) -> Option<u32> {
        match self {
            Trigger::Digits(run) | Trigger::Mixed(run) => Some(*run),
            Trigger::Literals(_) | Trigger::Always => None,
        }
    }
}

/// What the automaton would make of a run of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// No pattern begins with it.
    Impossible,
    /// Exactly these detectors (one bit each) match it, and nothing longer.
    Exact(u64),
    /// It depends on more than length and first digits.
    Walk,
}

/// The compiled patterns. Immutable and shared; walking it needs no cache.
pub(super) struct Automaton {
    dfa: dense::DFA<Vec<u32>>,
    start: StateID,
}

impl Automaton {
    /// Compiles the patterns of all detectors; pattern `i` of the automaton is detector `i`.
    pub fn new(detectors: &[Detector]) -> Result<Self, Box<dense::BuildError>> {
        let alternatives: Vec<String> =
            detectors.iter().map(|d| format!("(?:{})", d.patterns.join(")|(?:"))).collect();
        let dfa = dense::Builder::new()
            .configure(
                // The scanner walks by itself, where it has no use for states that can be skipped ahead from.
                dense::Config::new()
                    .match_kind(MatchKind::All)
                    .start_kind(StartKind::Anchored)
                    .accelerate(false),
            )
            .syntax(syntax::Config::new().unicode(true).utf8(true))
            .build_many(&alternatives)
            .map_err(Box::new)?;
        // No pattern looks around (the loader sees to it), so there is one start state, without fail.
        let start = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).unwrap_or_default();
        Ok(Automaton { dfa, start })
    }

    pub fn start(&self) -> StateID {
        self.start
    }

    #[inline(always)]
    pub fn next(&self, state: StateID, byte: u8) -> StateID {
        self.dfa.next_state(state, byte)
    }

    pub fn at_end(&self, state: StateID) -> StateID {
        self.dfa.next_eoi_state(state)
    }

    #[inline(always)]
    pub fn is_special(&self, state: StateID) -> bool {
        self.dfa.is_special_state(state)
    }

    pub fn is_dead(&self, state: StateID) -> bool {
        self.dfa.is_dead_state(state)
    }

    /// The detectors that match up to the byte before the one that led here.
    pub fn matches(&self, state: StateID) -> impl Iterator<Item = usize> + '_ {
        let count = if self.dfa.is_match_state(state) { self.dfa.match_len(state) } else { 0 };
        (0..count).map(move |i| self.dfa.match_pattern(state, i).as_usize())
    }

    fn accepts(&self, state: StateID) -> bool {
        self.dfa.is_match_state(self.at_end(state))
    }

    /// Whether a pattern can begin with each byte.
    pub fn first_bytes(&self) -> [bool; 256] {
        std::array::from_fn(|b| !self.is_dead(self.next(self.start, b as u8)))
    }

    /// The bytes that a match may hold behind its first, or begin with.
    pub fn passable(&self) -> [bool; 256] {
        let mut passable = [false; 256];
        let (mut seen, mut work) = (HashSet::from([self.start]), vec![self.start]);
        while let Some(state) = work.pop() {
            let mut previous = None;
            for byte in 0..=255u8 {
                let next = self.next(state, byte);
                // Neighbours mostly go the same way.
                if let Some((same, goes_on)) = previous
                    && same == next
                {
                    passable[usize::from(byte)] |= goes_on;
                    continue;
                }
                let goes_on = !self.is_dead(next) && (self.accepts(next) || self.goes_on(next));
                passable[usize::from(byte)] |= goes_on;
                previous = Some((next, goes_on));
                if goes_on && seen.insert(next) {
                    work.push(next);
                }
            }
        }
        passable
    }

    /// Whether any byte leads on. The automaton tells of a match one byte late, so a state that only tells is no way on.
    fn goes_on(&self, state: StateID) -> bool {
        (0..=255u8).any(|b| !self.is_dead(self.next(state, b)))
    }

    /// What can be said of a run of digits by its length and first two digits alone.
    pub fn runs(&self) -> Vec<[Run; 100]> {
        let mut table = vec![[Run::Impossible; 100]; LONGEST_RUN as usize + 1];
        let (mut known, mut columns) = (HashMap::new(), HashMap::new());
        for head in 0..100u8 {
            let two = self.next(self.next(self.start, b'0' + head / 10), b'0' + head % 10);
            // Most pairs of digits lead to the same few states.
            let column = columns.entry(two).or_insert_with(|| self.runs_behind(two, &mut known));
            for (row, run) in table[2..].iter_mut().zip(column) {
                row[usize::from(head)] = *run;
            }
        }
        table
    }

    /// The same for the digits that led to `two`, by the length from two on.
    fn runs_behind(&self, two: StateID, known: &mut HashMap<StateID, Run>) -> Vec<Run> {
        let mut states = vec![two];
        let step = |_| {
            let mut ends =
                states.iter().map(|&state| *known.entry(state).or_insert_with(|| self.run_to(state)));
            let first = ends.next().unwrap_or(Run::Impossible);
            let run = if ends.all(|end| end == first) { first } else { Run::Walk };
            let digits = states.iter().flat_map(|&state| (b'0'..=b'9').map(move |b| self.next(state, b)));
            let mut next: Vec<StateID> = digits.filter(|&state| !self.is_dead(state)).collect();
            next.sort_unstable();
            next.dedup();
            states = next;
            run
        };
        (2..=LONGEST_RUN).map(step).collect()
    }

    /// What a run of digits is that led to `state` and ends there.
    fn run_to(&self, state: StateID) -> Run {
        let mut ways: Vec<StateID> =
            (0..=255u8).filter(|b| !b.is_ascii_digit()).map(|b| self.next(state, b)).collect();
        ways.dedup();
        let leads = |next| !self.is_dead(next) && (self.goes_on(next) || self.accepts(next));
        let goes_on = ways.into_iter().any(leads);
        let matches = self.matches(self.at_end(state));
        let detectors = matches.map(|d| if d < 64 { 1 << d } else { u64::MAX }).fold(0, |all, one| all | one);
        match detectors {
            _ if goes_on => Run::Walk,
            0 => Run::Impossible,
            // A detector beyond the bits of the mask.
            u64::MAX => Run::Walk,
            detectors => Run::Exact(detectors),
        }
    }

    /// The shortest run of digits that every match holds, leaving out matches that hold what `seen_anyway` by the kernel.
    /// Walks all paths of the automaton; the classes of the last bytes and the longest run are all that need to be
    /// remembered.
    fn least_run(&self, seen_anyway: fn(&History) -> bool) -> u32 {
        let mut seen = HashSet::new();
        let mut work = vec![(self.start, [Class::Other; HISTORY], 0u32)];
        let mut least = LONGEST_RUN;
        while let Some((state, history, longest)) = work.pop() {
            if self.accepts(state) {
                least = least.min(longest);
            }
            let mut previous = None;
            for byte in 0..=255u8 {
                let (next, class) = (self.next(state, byte), Class::of(byte));
                // Neighbours mostly go the same way, so that it is gone once and not for every digit.
                if self.is_dead(next) || previous.replace((next, class)) == Some((next, class)) {
                    continue;
                }
                let mut recent = history;
                recent.rotate_left(1);
                recent[HISTORY - 1] = class;
                if seen_anyway(&recent) {
                    continue;
                }
                let run = if class == Class::Digit { longest.max(run_of(&recent, longest)) } else { longest };
                // One word, for there are many and hashing them takes most of the time.
                let key = recent.iter().fold(u64::from(next.as_u32()), |key, class| key << 2 | *class as u64);
                if seen.insert(key << 6 | u64::from(run)) {
                    work.push((next, recent, run));
                }
            }
        }
        least
    }
}

/// How many bytes the longest form takes that the kernel sees.
const HISTORY: usize = 9;

type History = [Class; HISTORY];

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Class {
    Digit,
    Separator,
    Capital,
    Other,
}

impl Class {
    fn of(byte: u8) -> Self {
        match byte {
            b'0'..=b'9' => Class::Digit,
            b' ' | b'-' | b'.' => Class::Separator,
            b'A'..=b'Z' => Class::Capital,
            _ => Class::Other,
        }
    }
}

/// The length of the run that ends the history. A run that fills it is one longer than the longest so far:
/// the longest of a path grows by one at a time, and only in such a run.
fn run_of(recent: &History, longest: u32) -> u32 {
    match recent.iter().rev().take_while(|&&class| class == Class::Digit).count() {
        HISTORY => (longest + 1).min(LONGEST_RUN),
        run => run as u32,
    }
}

/// The separated forms of [`crate::simd`].
fn is_separated(recent: &History) -> bool {
    use Class::{Digit as D, Separator as S};
    recent[1..] == [D, D, D, S, D, D, D, D] || recent[2..] == [D, S, D, S, D, S, D]
}

/// The same, and the mixed ones.
fn is_separated_or_mixed(recent: &History) -> bool {
    use Class::{Capital as C, Digit as D};
    is_separated(recent) || recent[2..] == [C, D, D, D, D, D, D] || *recent == [D, D, D, D, D, D, D, D, C]
}

/// The cheapest trigger that no match of the detector can do without.
pub(super) fn trigger(detector: &Detector) -> Result<Trigger, Box<dense::BuildError>> {
    let automaton = Automaton::new(std::slice::from_ref(detector))?;
    // The scanner begins at digits and the signs before a country code; what begins with letters is not seen there.
    let first = automaton.first_bytes();
    let begins = |at: fn(u8) -> bool| (0..=255u8).all(|b| !first[usize::from(b)] || at(b));
    let at_digits = begins(|b| b.is_ascii_digit() || b"+(".contains(&b));
    let run = if at_digits { automaton.least_run(is_separated) } else { 0 };
    if run >= SHORTEST_FAST_RUN {
        return Ok(Trigger::Digits(run));
    }
    if begins(|b| b.is_ascii_digit() || b.is_ascii_uppercase()) {
        let mixed = automaton.least_run(is_separated_or_mixed);
        if mixed >= SHORTEST_FAST_RUN {
            return Ok(Trigger::Mixed(mixed));
        }
    }
    if run >= SHORTEST_RUN {
        return Ok(Trigger::Digits(run));
    }
    let mut prefixes = literal::Seq::empty();
    for pattern in &detector.patterns {
        if let Ok(hir) = regex_syntax::parse(pattern) {
            prefixes.union(&mut literal::Extractor::new().limit_class(16).extract(&hir));
        }
    }
    let literals: Option<Vec<String>> = prefixes.literals().and_then(|all| {
        let text = |l: &literal::Literal| String::from_utf8(l.as_bytes().to_vec()).ok();
        all.iter().map(text).map(|l| l.filter(|l| l.len() >= 2 && l.len() <= SPAN)).collect()
    });
    Ok(literals.filter(|all| !all.is_empty()).map_or(Trigger::Always, Trigger::Literals))
}
