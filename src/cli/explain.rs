//! `pandian explain`: what each detector makes of a value, step by step.
use super::{COMPLETE, Failure, SetArgs, print};
use crate::detector::Detector;
use crate::model::{Lang, Secret};
use crate::pipeline::Engine;
use regex_automata::{Anchored, Input, meta::Regex};
use std::fmt::Write;

pub(super) fn run(value: &str, set: &SetArgs, lang: Lang) -> Result<u8, Failure> {
    let engine = Engine::new(set.load()?)?;
    let canonical = crate::scan::canonical(value);
    let mut text = String::new();
    for detector in engine.scanner.detectors().iter() {
        writeln!(text, "{}  {}", detector.id, lang.pick(&detector.name.zh, &detector.name.en))?;
        if fits(detector, &canonical)? {
            step(&mut text, true, lang.pick("形状相符", "shape fits"))?;
            let compact = crate::scan::without_separators(&canonical);
            for taken in
                detector.validator().map(|v| (v.explain)(Secret::new(compact.as_bytes()))).unwrap_or_default()
            {
                step(&mut text, taken.passed, lang.pick(&taken.zh, &taken.en))?;
            }
        } else {
            step(
                &mut text,
                false,
                lang.pick(
                    "形状不符（位数、字符或分隔方式）",
                    "shape does not fit (length, characters or grouping)",
                ),
            )?;
        }
        verdict(&mut text, &engine, detector, value, lang)?;
    }
    print(&text)?;
    Ok(COMPLETE)
}

fn step(text: &mut String, passed: bool, words: &str) -> std::fmt::Result {
    writeln!(text, "  {} {words}", if passed { '✓' } else { '✗' })
}

fn fits(detector: &Detector, canonical: &str) -> Result<bool, Failure> {
    let pattern = format!("(?:{})", detector.patterns.join(")|(?:"));
    let whole = Regex::new(&format!("(?:{pattern})\\z"))?;
    Ok(whole.is_match(Input::new(canonical).anchored(Anchored::Yes)))
}

/// What a scan would say of the value standing alone: boundaries, overlaps and evidence included.
fn verdict(
    text: &mut String,
    engine: &Engine,
    detector: &Detector,
    value: &str,
    lang: Lang,
) -> std::fmt::Result {
    let found = engine.find(value, 0.0).into_iter().find(|finding| finding.detector == detector.id);
    match found {
        Some(found) => writeln!(
            text,
            "  → {} {:.2}",
            lang.pick("单独出现时可信度", "confidence when it stands alone:"),
            found.confidence
        ),
        None => writeln!(text, "  → {}", lang.pick("不报告", "not reported")),
    }
}
