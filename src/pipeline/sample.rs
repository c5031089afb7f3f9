//! Samples of tables that are honest: chunks drawn at random, and bounds for what the whole would give.
use super::Engine;
use super::counted::Counted;
use super::tables::Extent;
use crate::model::map::Interval;
use crate::model::{Holds, Leaning, Table};
use crate::source::database::{Grain, Plan};
use std::collections::BTreeMap;

/// Two standard errors leave out one case in twenty.
const ERRORS: f64 = 1.96;
/// The smallest share that is asked for: less could be nothing at all.
const LEAST_SHARE: f64 = 1e-6;

/// How finely a table must be cut for what is to be read of it.
pub(super) fn grain(extent: Extent, table: &Table) -> Grain {
    match extent {
        Extent::Whole => Grain::Coarse,
        Extent::Share(share) if share >= 1.0 => Grain::Coarse,
        Extent::Share(share) => Grain::Fine(share.max(LEAST_SHARE)),
        Extent::Rows(rows) => match table.rows {
            // As good as the whole, or of a size that the database does not know.
            Some(all) if all > rows => Grain::Fine((rows as f64 / all as f64).max(LEAST_SHARE)),
            Some(_) | None => Grain::Coarse,
        },
        Extent::Time(_) => Grain::Fine(1.0),
    }
}

/// The chunks to read, in the order of reading: all of them in theirs, or a random choice in a random one.
pub(super) fn choose(plan: &Plan, grain: Grain, seed: u64, path: &str) -> Vec<usize> {
    let mut all: Vec<usize> = (0..plan.chunks.len()).collect();
    let Grain::Fine(share) = grain else { return all };
    if plan.kept.is_some() {
        return all;
    }
    // The same seed draws other chunks from every table.
    let mut state = path
        .bytes()
        .fold(seed ^ 0xCBF2_9CE4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01B3));
    for i in (1..all.len()).rev() {
        all.swap(i, (next(&mut state) % (i as u64 + 1)) as usize);
    }
    all.truncate(((all.len() as f64 * share).ceil() as usize).max(1));
    all
}

/// SplitMix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// How much a table promises, for sharing out time: columns whose names promise something, then columns of text.
pub(super) fn worth(engine: &Engine, table: &Table) -> f64 {
    let column = |column: &crate::model::Column| {
        let named =
            engine.words.of_name(&format!("{} {}", column.name, column.comment)).contains(&Leaning::For);
        match (column.holds, named) {
            (Holds::Nothing, _) => 0.0,
            (_, true) => 10.0,
            (Holds::Text | Holds::Json | Holds::Bytes, false) => 1.0,
            (Holds::Number, false) => 0.5,
        }
    };
    table.columns.iter().map(column).sum::<f64>().max(0.1)
}

/// The chunks of a sample as clusters: how much what they gave differs from one to the next.
#[derive(Default)]
pub(super) struct Clusters {
    /// By field and detector: the sum and the sum of squares of the values that passed in each chunk.
    sums: BTreeMap<(u32, usize), (f64, f64)>,
}

impl Clusters {
    /// Adds a chunk to the table's counts.
    pub fn add(&mut self, whole: &mut Counted, chunk: Counted) {
        let before: BTreeMap<_, _> =
            whole.tallies.iter().map(|(&key, tally)| (key, tally.passed())).collect();
        whole.append(chunk);
        for (key, tally) in &whole.tallies {
            let passed = (tally.passed() - before.get(key).copied().unwrap_or(0)) as f64;
            let (sum, squares) = self.sums.entry(*key).or_default();
            *sum += passed;
            *squares += passed * passed;
        }
    }

    /// The bounds for the whole table, when `read` of `all` chunks gave `matched` values: the estimate of a total
    /// from a simple random sample of clusters, with the correction for a finite population (Cochran, Sampling
    /// Techniques, section 9A.2).
    pub fn interval(&self, field: u32, detector: usize, matched: u64, read: usize, all: usize) -> Interval {
        let (sum, squares) = self.sums.get(&(field, detector)).copied().unwrap_or_default();
        let (n, total) = (read.max(1) as f64, all as f64);
        // What passed and is not counted as matched is left out in the same proportion.
        let scale = if sum > 0.0 { matched as f64 / sum } else { 0.0 };
        let mean = sum / n;
        // Chunks that happen to be alike prove less than they seem to, and one chunk proves nothing of the others: they
        // differ at least as much as if values fell where they like.
        let spread = if read > 1 { (squares - n * mean * mean) / (n - 1.0) } else { 0.0 };
        let variance = spread.max(mean);
        let error = ERRORS * total * (variance / n * (1.0 - n / total)).sqrt();
        bounds(matched, scale * total * mean, scale * error)
    }
}

/// The bounds for the whole, when each row was kept with probability `share`.
pub(super) fn thinned(matched: u64, share: f64) -> Interval {
    let count = matched as f64;
    bounds(matched, count / share, ERRORS * (count * (1.0 - share)).sqrt() / share)
}

fn bounds(matched: u64, estimate: f64, error: f64) -> Interval {
    let low = ((estimate - error).floor() as u64).max(matched);
    Interval { low, high: ((estimate + error).ceil() as u64).max(low) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Tally;
    use crate::source::database::Chunk;

    fn plan(chunks: usize) -> Plan {
        Plan { chunks: vec![Chunk::default(); chunks], ..Plan::default() }
    }

    #[test]
    fn a_choice_is_random_and_the_same_for_the_same_seed() {
        let choose = |seed, path| choose(&plan(1000), Grain::Fine(0.1), seed, path);
        assert_eq!(choose(1, "a"), choose(1, "a"));
        assert_ne!(choose(1, "a"), choose(2, "a"));
        assert_ne!(choose(1, "a"), choose(1, "b"));
        let chosen = choose(1, "a");
        assert_eq!(chosen.len(), 100);
        // Not the first ones: about as many from either half.
        let early = chosen.iter().filter(|&&chunk| chunk < 500).count();
        assert!((30..=70).contains(&early), "{early}");
        assert_eq!(super::choose(&plan(5), Grain::Coarse, 1, "a"), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn nineteen_intervals_in_twenty_hold_the_truth() {
        // 400 chunks; what each gives is known, and differs much.
        let gives: Vec<u64> = (0..400).map(|i| if i % 7 == 0 { 90 } else { i % 30 }).collect();
        let truth: u64 = gives.iter().sum();
        let held = (0..400u64).filter(|&seed| {
            let chosen = choose(&plan(400), Grain::Fine(0.1), seed, "t");
            let (mut clusters, mut whole) = (Clusters::default(), Counted::default());
            for chunk in &chosen {
                let mut counted = Counted::default();
                let tally = Tally { passed: [0, gives[*chunk], 0], ..Tally::default() };
                counted.tallies.insert((0, 0), tally);
                clusters.add(&mut whole, counted);
            }
            let matched = whole.tallies[&(0, 0)].passed();
            let Interval { low, high } = clusters.interval(0, 0, matched, chosen.len(), 400);
            (low..=high).contains(&truth)
        });
        let share = held.count() as f64 / 400.0;
        assert!((0.90..=0.99).contains(&share), "{share}");
    }
}
