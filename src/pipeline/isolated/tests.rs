//! Processes that crash, hang, or say what they should not.
use super::frames::{self, Tag};
use super::{Process, Task};
use crate::decode::{Entry, Failure, Output, Piece};
use crate::model::coverage::Reason;
use crate::model::{Batch, Cell, Encoding, FieldName};

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// Notes what comes.
#[derive(Default)]
struct Notes {
    said: Vec<String>,
    enough: usize,
}

impl Notes {
    fn note(&mut self, what: String) -> bool {
        self.said.push(what);
        self.enough == 0 || self.said.len() < self.enough
    }
}

impl Output for Notes {
    fn piece(&mut self, piece: Piece<'_>) -> bool {
        let text = String::from_utf8_lossy(piece.batch.bytes).into_owned();
        self.note(format!("{text:?} in {:?}", piece.fields))
    }

    fn entry(&mut self, name: &str, entry: Entry<'_>) -> bool {
        let mut content = Vec::new();
        let Entry::Stream(reader) = entry else { panic!("a stream") };
        let read = reader.read_to_end(&mut content).map_err(|error| error.kind());
        self.note(format!("{name}: {} {read:?}", String::from_utf8_lossy(&content)))
    }

    fn unwrapped(&mut self, entry: Entry<'_>) -> bool {
        self.entry("unwrapped", entry)
    }

    fn unread(&mut self, name: &str, why: Reason, detail: &str) -> bool {
        self.note(format!("{name} unread: {why:?} {detail}"))
    }

    fn gap(&mut self, why: Reason, detail: &str) {
        self.note(format!("gap: {why:?} {detail}"));
    }
}

fn ask(script: &str, notes: &mut Notes) -> (Result<(), Failure>, bool) {
    let process = Process::start(Path::new("/bin/sh"), &["-c".into(), script.into()]).expect("a shell");
    let stop = AtomicBool::new(false);
    let task = Task { bytes: b"an object", file: None, stop: &stop };
    let (outcome, process) = process.decode(&task, Duration::from_millis(300), notes);
    (outcome, process.is_some())
}

fn reason(script: &str) -> (Reason, String) {
    match ask(script, &mut Notes::default()) {
        (Err(Failure::Unread(reason, detail)), false) => (reason, detail),
        other => panic!("{script}: {other:?}"),
    }
}

/// A shell command that reads a request and prints frames.
fn prints(frames: &[(Tag, Vec<u8>)]) -> String {
    let mut all = Vec::new();
    for (tag, content) in frames {
        frames::write(&mut all, *tag, content).expect("memory");
    }
    let octal: String = all.iter().map(|byte| format!("\\{byte:03o}")).collect();
    // One byte, eight of a length, and the object.
    format!("head -c 18 >/dev/null; printf '{octal}'; exec sleep 100")
}

#[test]
fn a_process_that_breaks_down_is_an_answer() {
    assert_eq!(reason("kill -SEGV $$").0, Reason::Crashed);
    assert_eq!(reason("exit 0").0, Reason::Crashed);
    assert_eq!(reason("head -c 18 >/dev/null; exit 3").0, Reason::Crashed);
    assert_eq!(reason("kill -XCPU $$").0, Reason::TimedOut);
    assert_eq!(reason("echo memory allocation of 9 bytes failed >&2; kill -ABRT $$").0, Reason::Limit);
    assert_eq!(reason("echo has overflowed its stack >&2; kill -ABRT $$").0, Reason::Crashed);
    let (reason, detail) = reason("echo 13800138000 >&2; kill -ABRT $$");
    assert!(reason == Reason::Crashed && !detail.contains("138"), "{detail}");
    assert!(Process::start(Path::new("/nonexistent"), &[]).is_err());
}

#[test]
fn a_process_that_hangs_is_ended() {
    let begun = Instant::now();
    assert_eq!(reason("exec sleep 100").0, Reason::TimedOut);
    // Says something now and then, and never comes to an end.
    let gap = prints(&[(Tag::Gap, frames::why(Reason::Image, ""))]);
    let endless = gap.replace("exec sleep 100", "sleep 0.2");
    assert_eq!(reason(&format!("while :; do {endless}; done")).0, Reason::TimedOut);
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn an_interrupt_is_no_failure_of_the_object() {
    let process =
        Process::start(Path::new("/bin/sh"), &["-c".into(), "exec sleep 100".into()]).expect("a shell");
    let stop = AtomicBool::new(true);
    let task = Task { bytes: b"an object", file: None, stop: &stop };
    let (outcome, process) = process.decode(&task, Duration::from_secs(50), &mut Notes::default());
    assert!(outcome.is_ok() && process.is_none());
}

#[test]
fn nonsense_is_no_harm() {
    let names = (Tag::Names, frames::names(&[FieldName::plain("a")]));
    let piece = |cells: &[[u32; 2]], bytes: &[u8]| {
        let mut content = vec![0, 0, 0];
        for number in [0, bytes.len() as u64, 0, 0] {
            content.extend(number.to_le_bytes());
        }
        content.extend((cells.len() as u32).to_le_bytes());
        for [end, field] in cells {
            content.extend(end.to_le_bytes());
            content.extend(field.to_le_bytes());
            content.extend([0; 24]);
        }
        content.extend(bytes);
        (Tag::Piece, content)
    };
    let ends = (Tag::End, vec![0]);
    let (outcome, goes_on) = ask(
        &prints(&[names.clone(), piece(&[[1, 0], [3, 0]], b"a\0b\0"), ends.clone()]),
        &mut Notes::default(),
    );
    assert!(outcome.is_ok() && goes_on, "{outcome:?}");
    for bad in [
        vec![piece(&[[1, 0]], b"a\0")],
        vec![names.clone(), piece(&[[2, 0]], b"a\0")],
        vec![names.clone(), piece(&[[3, 0], [1, 0]], b"a\0b\0")],
        vec![names.clone(), piece(&[[u32::MAX, 0]], b"a\0")],
        vec![(Tag::Piece, vec![])],
        vec![(Tag::Names, vec![255, 255, 255, 255])],
        vec![(Tag::Chunk, vec![])],
        vec![(Tag::Gap, vec![77])],
        vec![(Tag::Entry, frames::name("x")), names],
        vec![(Tag::End, vec![])],
    ] {
        assert_eq!(reason(&prints(&bad)).0, Reason::Crashed, "{bad:?}");
    }
    assert_eq!(reason("head -c 18 >/dev/null; yes").0, Reason::Crashed);
    assert_eq!(reason(r"head -c 18 >/dev/null; printf '\001\377\377\377\377'; yes").0, Reason::Crashed);
}

#[test]
fn what_is_said_arrives() {
    let fields = [FieldName::plain("手机号"), FieldName::path("$.a.b")];
    let cells = [Cell { end: 1, field: 1, row: 2, line: 3, offset: 4 }];
    let counted = &crate::decode::Counter::default();
    let escapes = crate::decode::Escapes::None;
    let origin =
        crate::decode::Origin { base: 0, line: 0, window: &[], transcribed: false, escapes, counted };
    let batch = Batch::of_cells(b"a\0", &cells, Encoding::Utf8);
    let unit = crate::decode::Unit::Page;
    let piece = frames::piece(&Piece { batch, body: 0..2, origin, fields: &fields, keys: None, unit });
    let broken = std::io::Error::from(std::io::ErrorKind::InvalidData);
    let script = prints(&[
        (Tag::Names, frames::names(&fields)),
        (Tag::Piece, piece),
        (Tag::Entry, frames::name("x.txt")),
        (Tag::Chunk, b"one ".to_vec()),
        (Tag::Chunk, b"two".to_vec()),
        (Tag::EntryEnd, vec![]),
        (Tag::Unwrapped, vec![]),
        (Tag::EntryEnd, frames::error(&broken)),
        (Tag::Unread, [frames::name("y"), frames::why(Reason::Encrypted, "")].concat()),
        (Tag::End, frames::outcome(&Some(Err(Failure::malformed("no head"))))),
    ]);
    let mut notes = Notes::default();
    let (outcome, goes_on) = ask(&script, &mut notes);
    assert!(matches!(outcome, Err(Failure::Unread(Reason::Malformed, why)) if why == "no head") && goes_on);
    assert!(notes.said[0].starts_with("\"a\\0\" in [FieldName { shown: \"手机号\""), "{:?}", notes.said);
    let rest = ["x.txt: one two Ok(7)", "unwrapped:  Err(InvalidData)", "y unread: Encrypted "];
    assert_eq!(notes.said[1..], rest);
    // Where no more is wanted, that is all.
    let mut notes = Notes { enough: 2, ..Notes::default() };
    let (outcome, goes_on) = ask(&script, &mut notes);
    assert!(outcome.is_ok() && !goes_on && notes.said.len() == 2, "{:?}", notes.said);
}
