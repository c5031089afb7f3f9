//! From the kernel's triggers to the places where a number may begin: plain runs, separated and full-width digits, words of
//! letters and digits.
use super::automaton::{LONGEST_RUN, Run, Trigger};
use super::digits::end_of_digits;
use super::{PASS, Pass, REACH, SEPARATORS, Scanner, Scratch, boundary, symbol, wide_digits};
use crate::model::Encoding;
use crate::simd::{self, Kind, Spec};

/// No value of letters and digits is longer.
const LONGEST_WORD: usize = 24;
/// How far before a number its country code can begin: `+86 (0)`.
const LEAD_IN: usize = 8;

fn is_number(trigger: &Trigger) -> bool {
    trigger.run().is_some()
}

impl Scanner {
    /// Detectors that are triggered by digits.
    pub(super) fn numbers(&self, pass: &Pass<'_>, from: usize, to: usize, run: u32, scratch: &mut Scratch) {
        let hay = pass.batch.bytes;
        let spec = Spec { run, wide: wide_digits(pass.batch.encoding), mixed: self.mixed };
        let mut events = std::mem::take(&mut scratch.events);
        let (mut tried, mut word) = (from, None);
        for start in (from..to).step_by(PASS) {
            events.clear();
            simd::triggers(hay, start, (start + PASS).min(to), spec, &mut events);
            for event in &events {
                let at = start + event.at();
                match event.kind() {
                    Kind::Run => self.plain(pass, at + 1 - run as usize, run as usize, scratch),
                    Kind::Soft => tried = self.separated(pass, at, tried, scratch),
                    Kind::Mixed => word = self.mixed(pass, at, word, scratch),
                }
            }
        }
        scratch.events = events;
    }

    /// A run of at least `run` digits that begins at `start`.
    #[inline]
    fn plain(&self, pass: &Pass<'_>, start: usize, run: usize, scratch: &mut Scratch) {
        let (hay, encoding) = (pass.batch.bytes, pass.batch.encoding);
        let end = end_of_digits(hay, start + run);
        let real = boundary::real_start(hay, start, encoding);
        let Some(row) =
            end.checked_sub(real).filter(|&length| length >= 2).and_then(|length| self.runs.get(length))
        else {
            return;
        };
        let run = row[usize::from(hay[real] & 15) * 10 + usize::from(hay[real + 1] & 15)];
        if run == Run::Impossible {
            return;
        }
        if real == start && start > 0 && matches!(hay[start - 1], b' ' | b'-' | b')' | b'+' | b'(') {
            self.lead_in(pass, start, scratch);
        }
        let Run::Exact(mut detectors) = run else {
            return self.attempt(pass, real, is_number, scratch);
        };
        if boundary::may_end(hay, end, encoding) && self.may_start(hay, real, encoding) {
            while detectors != 0 {
                let detector = detectors.trailing_zeros() as usize;
                detectors &= detectors - 1;
                if is_number(&self.triggers[detector]) {
                    self.judge(real..end, &hay[real..end], detector, scratch);
                }
            }
        }
    }

    #[inline]
    pub(super) fn may_start(&self, hay: &[u8], at: usize, encoding: Encoding) -> bool {
        let introduces = |word: &[u8]| {
            let mut lower = [0; boundary::LONGEST_WORD];
            let lower = &mut lower[..word.len()];
            lower.copy_from_slice(word);
            lower.make_ascii_lowercase();
            self.introductions.contains(&*lower)
        };
        boundary::may_start(hay, at, encoding, introduces)
    }

    /// Tries what stands right before a number and may belong to it: `+86 `, `(86)`.
    fn lead_in(&self, pass: &Pass<'_>, number: usize, scratch: &mut Scratch) {
        let hay = pass.batch.bytes;
        let floor = number.saturating_sub(LEAD_IN);
        let part = |b: &u8| b.is_ascii_digit() || b" -+()".contains(b);
        let mut at = number - hay[floor..number].iter().rev().take_while(|b| part(b)).count();
        while at < number {
            let fresh = at == 0 || !hay[at - 1].is_ascii_digit() || !hay[at].is_ascii_digit();
            if fresh && self.first[usize::from(hay[at])] {
                self.attempt(pass, at, is_number, scratch);
            }
            at += 1;
        }
    }

    /// Digits with separators, or full-width ones, seen at `at`: tries every group that begins since
    /// `tried` and is no plain run. Returns where the next call may begin.
    fn separated(&self, pass: &Pass<'_>, at: usize, tried: usize, scratch: &mut Scratch) -> usize {
        let (hay, encoding) = (pass.batch.bytes, pass.batch.encoding);
        let floor = tried.max(at.saturating_sub(REACH));
        let part = |b: &u8| b.is_ascii_digit() || b" -.+()".contains(b);
        let mut start = at - hay[floor.min(at)..at].iter().rev().take_while(|b| part(b)).count();
        if start > 0 && hay[start - 1] >= 0x80 {
            start = self.wide_start(hay, start, floor.min(at), encoding);
        }
        let mut after_digit = start > 0 && hay[start - 1].is_ascii_digit();
        while start <= at {
            let symbol = symbol::symbol(hay, start, encoding);
            let is_digit = symbol.ascii().is_some_and(|b| b.is_ascii_digit());
            let begins = symbol.ascii().is_some_and(|b| self.first[usize::from(b)]);
            if begins && start >= floor && !(is_digit && after_digit) && !self.is_plain(hay, start) {
                self.attempt(pass, start, is_number, scratch);
            }
            after_digit = is_digit;
            start = symbol.next;
        }
        tried.max(at + 1)
    }

    /// Letters and digits mixed, seen at `at`: tries the word they stand in, unless it is `last`. Returns where it begins.
    fn mixed(&self, pass: &Pass<'_>, at: usize, last: Option<usize>, scratch: &mut Scratch) -> Option<usize> {
        let (hay, encoding) = (pass.batch.bytes, pass.batch.encoding);
        let floor = at.saturating_sub(LONGEST_WORD);
        let length = hay[floor..at].iter().rev().take_while(|b| b.is_ascii_alphanumeric()).count();
        let mut start = at - length;
        if encoding != Encoding::Utf8 && start > 0 && hay[start - 1] >= 0x80 {
            // A letter can be the tail of a character.
            let character = symbol::start_of_char(hay, start, encoding);
            start = if character < start { symbol::symbol(hay, character, encoding).next } else { start };
        }
        if length < LONGEST_WORD && last != Some(start) {
            self.attempt(pass, start, |trigger| matches!(trigger, Trigger::Mixed(_)), scratch);
        }
        Some(start)
    }

    /// How far back the digits and separators before `at` go, where some of them are not ASCII.
    fn wide_start(&self, hay: &[u8], at: usize, floor: usize, encoding: Encoding) -> usize {
        if encoding != Encoding::Utf8 {
            // Characters can only be told from the front.
            return symbol::boundary_before(hay, floor, encoding);
        }
        let mut start = at;
        while start > floor {
            let previous = symbol::start_of_char(hay, start - 1, encoding);
            let symbol = symbol::symbol(hay, previous, encoding);
            let is_part = symbol.ascii().is_some_and(|b| b.is_ascii_digit() || SEPARATORS.contains(&b));
            if !is_part && !symbol.bytes().is_empty() {
                break;
            }
            start = previous;
        }
        start
    }

    /// Whether a run begins at `at` that is long enough to be found as such.
    fn is_plain(&self, hay: &[u8], at: usize) -> bool {
        let run = self.run.unwrap_or(LONGEST_RUN) as usize;
        hay.get(at..at + run).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
    }
}
