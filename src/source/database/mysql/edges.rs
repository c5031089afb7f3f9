//! Where a table's key is cut, so that each range holds about as many rows, though keys may lie in clusters.

/// The most times a range is halved while clusters are looked for: each costs two estimates. Numbers of 64 bits with
/// a cluster at one end take 40 of them.
const HALVINGS: usize = 160;
/// A range with a row for every so many keys is even enough.
const DENSE: f64 = 1.5;
/// A range that came of so many halvings into like halves is even enough, too.
const LIKE: u32 = 3;

/// A range of keys, without its end, and the rows that are expected in it.
struct Range {
    low: i128,
    high: i128,
    rows: f64,
    /// How many times in a row its halves were alike.
    alike: u32,
}

impl Range {
    fn width(&self) -> f64 {
        (self.high - self.low) as f64
    }

    fn may_hide_clusters(&self) -> bool {
        self.width() > self.rows * DENSE && self.alike < LIKE
    }
}

/// Cuts the keys from `low` to `high` into at most so many pieces; the answer is the edges between them, in order.
/// `estimate` says how many rows lie from one key to before another, where the server can tell.
pub(super) fn edges(
    (low, high): (i128, i128),
    rows: u64,
    pieces: u64,
    mut estimate: impl FnMut(i128, i128) -> Option<f64>,
) -> Vec<i128> {
    let mut ranges = vec![Range { low, high: high + 1, rows: rows.max(1) as f64, alike: 0 }];
    let enough = rows as f64 / pieces.max(1) as f64;
    for _ in 0..HALVINGS {
        let halved = |(_, range): &(usize, &Range)| range.rows > enough && range.may_hide_clusters();
        let largest = ranges.iter().enumerate().filter(halved).max_by(|a, b| a.1.rows.total_cmp(&b.1.rows));
        let Some((at, range)) = largest else { break };
        let (low, high) = (range.low, range.high);
        let middle = low + (high - low) / 2;
        let (Some(left), Some(right)) = (estimate(low, middle), estimate(middle, high)) else { break };
        let alike = if (left - right).abs() < (left + right) / 4.0 { range.alike + 1 } else { 0 };
        let half = |low, high, rows| Range { low, high, rows, alike };
        ranges.splice(at..=at, [half(low, middle, left), half(middle, high, right)]);
    }
    quantiles(&ranges, pieces)
}

/// The keys below which each share of the rows lies, rows within a range being spread evenly.
fn quantiles(ranges: &[Range], pieces: u64) -> Vec<i128> {
    let Some((first, last)) = ranges.first().zip(ranges.last()) else { return Vec::new() };
    let pieces = i128::from(pieces).min(last.high - first.low) as u64;
    let share = ranges.iter().map(|range| range.rows).sum::<f64>() / pieces as f64;
    let mut edges: Vec<i128> = Vec::new();
    let (mut before, mut at) = (0.0, 0);
    for piece in 1..pieces {
        let wanted = share * piece as f64;
        while at + 1 < ranges.len() && before + ranges[at].rows < wanted {
            before += ranges[at].rows;
            at += 1;
        }
        let range = &ranges[at];
        let part = ((wanted - before) / range.rows.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
        let edge = range.low + (range.width() * part) as i128;
        if edge > first.low && edge < last.high && edges.last().is_none_or(|&last| edge > last) {
            edges.push(edge);
        }
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cuts these keys; answers how many lie in each piece.
    fn counts(keys: &[i128], pieces: u64) -> Vec<usize> {
        let count = |low, high| keys.iter().filter(|key| (low..high).contains(*key)).count();
        let (low, high) = (*keys.iter().min().expect("keys"), *keys.iter().max().expect("keys"));
        let edges = edges((low, high), keys.len() as u64, pieces, |low, high| Some(count(low, high) as f64));
        assert!(edges.is_sorted() && edges.iter().all(|&edge| edge > low && edge <= high), "{edges:?}");
        let all: Vec<i128> = [low].into_iter().chain(edges).chain([high + 1]).collect();
        all.windows(2).map(|pair| count(pair[0], pair[1])).collect()
    }

    #[test]
    fn even_keys_are_cut_evenly() {
        let keys: Vec<i128> = (1..=10_000).collect();
        assert_eq!(counts(&keys, 5), [2000; 5]);
        assert_eq!(counts(&keys[..3], 5).iter().sum::<usize>(), 3);
        assert_eq!(counts(&[7], 5), [1]);
    }

    #[test]
    fn little_is_asked_about_keys_that_lie_evenly() {
        let mut asked = 0;
        let estimate = |low, high| {
            asked += 2;
            Some((high - low) as f64 / 1e9)
        };
        edges((0, 1_000_000_000_000_000), 1_000_000, 500, estimate);
        assert!(asked < 40, "{asked}");
    }

    #[test]
    fn clusters_are_found() {
        let old = 1..=5000;
        let new = (0..5000).map(|i| 1_800_000_000_000_000_000 + i * 4_194_304);
        let keys: Vec<i128> = old.chain(new).chain([i128::from(u64::MAX)]).collect();
        let counts = counts(&keys, 10);
        assert!(counts.len() >= 9 && counts.iter().all(|&count| count < 2000), "{counts:?}");
    }

    #[test]
    fn the_widest_keys_do_not_overflow() {
        for bounds in [(0, i128::from(u64::MAX)), (i128::from(i64::MIN), i128::from(i64::MAX))] {
            assert_eq!(edges(bounds, 40_000_000, 20_000, |_, _| None).len(), 19_999);
        }
    }
}
