//! Overlaps: of two values that share bytes, the one less likely by chance stays.
use crate::detector::DetectorSet;
use crate::model::Hit;
use std::cmp::Ordering;

/// Drops every hit that overlaps a stronger one. `hits` come back in the order of their starts.
///
/// Being dropped does not depend on whether the stronger hit is itself dropped. That keeps the
/// outcome local, so that a buffer may be cut anywhere.
pub(super) fn settle(hits: &mut Vec<Hit>, detectors: &DetectorSet, longest: usize) {
    hits.sort_unstable_by_key(|hit| (hit.start, hit.end, hit.detector));
    let weaker = |i: usize| {
        let hit = &hits[i];
        let before = hits[..i].iter().rev().take_while(|h| h.start + longest > hit.start);
        let after = hits[i + 1..].iter().take_while(|h| h.start < hit.end);
        before.chain(after).any(|h| h.end > hit.start && rank(h, hit, detectors) == Ordering::Greater)
    };
    if hits.len() < 2 || hits.windows(2).all(|pair| pair[0].end <= pair[1].start) {
        return;
    }
    let keep: Vec<bool> = (0..hits.len()).map(|i| !weaker(i)).collect();
    let mut keep = keep.into_iter();
    hits.retain(|_| keep.next().unwrap_or(true));
}

/// Strong before weak, rare before common, long before short, early before late.
fn rank(a: &Hit, b: &Hit, detectors: &DetectorSet) -> Ordering {
    let chance = |hit: &Hit| detectors[hit.detector].chance;
    b.weak
        .cmp(&a.weak)
        .then(chance(b).total_cmp(&chance(a)))
        .then((a.end - a.start).cmp(&(b.end - b.start)))
        .then(b.start.cmp(&a.start))
        .then(b.detector.cmp(&a.detector))
}
