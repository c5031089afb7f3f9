//! Noise: how many values pass by chance, and how sure one can be that not all of them did.
use crate::detector::Detector;
use crate::model::{Leaning, Tally};

/// How likely it is, before its values are seen, that a column holds a few values of a kind among many others: what
/// is there by the column's name or silence alone must be so much less likely by chance.
const MIXED: f64 = 0.02;

/// What chance does in one place.
pub(super) struct Noise {
    /// Values that are expected to have passed by chance.
    pub expected: f64,
    /// The best odds that values have with no word of their own beside them.
    pub most: f64,
}

impl Noise {
    pub fn new(tally: &Tally, detector: &Detector, named: Option<Leaning>) -> Self {
        let alike = (tally.passed() - tally.weak.min(tally.passed()), tally.shaped.near);
        Noise::of(tally, detector, named, alike, 0.0)
    }

    /// The same where weak values count, for which more numbers qualify. Those that no word supports have taken their
    /// share of the noise.
    pub fn with_weak(tally: &Tally, detector: &Detector, named: Option<Leaning>) -> Self {
        if tally.weak == 0 {
            return Noise::new(tally, detector, named);
        }
        let passed = tally.passed() + tally.unsupported;
        let near = tally.shaped.near + tally.shaped.near_weak;
        Noise::of(tally, detector, named, (passed, near), tally.unsupported as f64)
    }

    /// `alike` are the values that passed, and those that are right in all but the check digit.
    fn of(tally: &Tally, detector: &Detector, named: Option<Leaning>, alike: (u64, u64), taken: f64) -> Self {
        let (passed, p) = (tally.passed(), detector.chance);
        let candidates = tally.shaped.all.max(passed);
        // Where most pass, there is nothing that they would be hidden among.
        let most = |n: u64, k: u64, p: f64| {
            if 2 * k < n { MIXED * 10f64.powf(-log10_tail(n, k, p)) } else { f64::INFINITY }
        };
        let mut noise = Noise {
            expected: (candidates - passed + 1) as f64 * p / (1.0 - p),
            most: if named.is_some() { most(candidates, passed, p) } else { f64::INFINITY },
        };
        if let Some(q) = detector.check_chance {
            let (passed, near) = alike;
            noise.expected = noise.expected.max(near as f64 * q / (1.0 - q) - taken);
            noise.most = noise.most.min(most(passed + near, passed, q));
        }
        noise
    }
}

/// log10 P(X >= k), X binomial(n, p): Chernoff's bound `-n KL(k/n, p)`, which needs no sum and is never too small.
pub(super) fn log10_tail(n: u64, k: u64, p: f64) -> f64 {
    let (n, share) = (n as f64, k as f64 / n.max(1) as f64);
    if share <= p {
        return 0.0;
    }
    let rest = if share < 1.0 { (1.0 - share) * ((1.0 - share) / (1.0 - p)).ln() } else { 0.0 };
    -n * (share * (share / p).ln() + rest) / std::f64::consts::LN_10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_bound_is_never_below_the_tail() {
        // P(X >= 1), n = 1: p itself.
        assert!((log10_tail(1, 1, 0.1) + 1.0).abs() < 1e-9);
        assert_eq!(log10_tail(100, 5, 0.1), 0.0);
    }
}
