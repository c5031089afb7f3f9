//! Evidence against chance: how many of the values that passed would have passed anyway.
//!
//! Of `n` values of a detector's shape, `k` pass. Those that failed are no such values, so they tell
//! how much noise there is: noise passes at the detector's chance rate `p`, hence
//! `E = (n - k + 1) p / (1 - p)` of the `k` are expected to be noise (the 1 keeps a single value from
//! looking certain). Numbers that are right in all but the check digit are noise of another kind: ids that are counted
//! up through a card issuer's range pass one time in ten, so their number over nine is expected, if that is more.
//! Noise is taken to sit where the context speaks against the label first, then
//! where it is silent, and only last where it speaks for it. In each of the three groups the share of
//! noise gives the odds that a value is real; the context multiplies them.
use super::noise::{Noise, log10_tail};
use crate::detector::Detector;
use crate::model::{Lang, Leaning, Seen, Tally};

/// What a context word is worth: it multiplies or divides the odds.
const CONTEXT_ODDS: f64 = 30.0;
/// Values that all belong to this many families, or fewer, may be a counter running through them.
const FEW_FAMILIES: u32 = 2;
/// How many values it takes before few families are strange.
const MANY_VALUES: u64 = 50;

/// A chance rate above this means that there is no checksum.
const UNCHECKED: f64 = 0.02;
/// How many of the 64 hash bits of [`Tally::values`] different values fill.
const MANY_DIFFERENT: u32 = 24;

/// The verdict on one detector in one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// Confidence of the values in each group, by [`Leaning`].
    pub confidence: [f64; 3],
    /// Values expected to have passed by chance.
    pub expected: f64,
    /// log10 of the probability that chance lets at least as many pass; an upper bound.
    pub log10_chance: f64,
    /// Whether the values look like a counter: many, and all of one or two families.
    pub sequential: bool,
}

impl Judgement {
    /// Judges a tally. `named` is what the name of the column says; there is none in running text.
    pub fn new(tally: &Tally, detector: &Detector, named: Option<Leaning>) -> Self {
        let passed = tally.passed();
        let candidates = tally.shaped.all.max(passed);
        let p = detector.chance;
        let noises = [Noise::new(tally, detector, named), Noise::with_weak(tally, detector, named)];
        // A counter does not pass a checksum, so only detectors without one can be taken in by it.
        let sequential = p > UNCHECKED
            && passed >= MANY_VALUES
            && tally.families.count_ones() <= FEW_FAMILIES
            && tally.values.count_ones() >= MANY_DIFFERENT;
        let (mut taken, mut confidence) = (0.0, [0.0; 3]);
        for leaning in [Leaning::Against, Leaning::Silent, Leaning::For] {
            let group = tally.passed[leaning as usize] as f64;
            if group == 0.0 {
                continue;
            }
            let noise = &noises[usize::from(leaning == Leaning::For)];
            let left = (noise.expected - taken).max(p / (1.0 - p));
            let share = (left / group).clamp(1e-12, 1.0);
            taken += group;
            let mut odds = (1.0 - share) / share * detector.prior;
            if sequential {
                odds = odds.min(0.25);
            }
            odds *= match leaning {
                Leaning::Against => 1.0 / CONTEXT_ODDS,
                Leaning::Silent => 1.0,
                Leaning::For => CONTEXT_ODDS,
            };
            // Words right beside a value speak for that value, a column's name for all that is in it.
            if leaning != Leaning::For || named == Some(Leaning::For) {
                odds = odds.min(noise.most);
            }
            confidence[leaning as usize] = odds / (1.0 + odds);
        }
        let log10_chance = log10_tail(candidates, passed, p);
        Judgement { confidence, expected: candidates as f64 * p, log10_chance, sequential }
    }

    /// Values in the groups that reach `min`, and their mean confidence; the best confidence where none does.
    pub fn matched(&self, tally: &Tally, min: f64) -> (u64, f64) {
        let groups = self.confidence.iter().zip(tally.passed).filter(|(c, k)| **c >= min && *k > 0);
        let (count, sum) = groups.fold((0, 0.0), |(n, sum), (c, k)| (n + k, sum + c * k as f64));
        if count == 0 {
            return (0, self.confidence.iter().copied().fold(0.0, f64::max));
        }
        (count, sum / count as f64)
    }
}

/// The verdict in words, with the numbers it rests on.
pub fn reason(judgement: &Judgement, tally: &Tally, seen: Option<&Seen>, lang: Lang) -> String {
    let (passed, shaped) = (tally.passed(), tally.shaped.all.max(tally.passed()));
    let expected =
        if judgement.expected < 0.05 { "<0.1".into() } else { format!("{:.1}", judgement.expected) };
    let [against, _, support] = tally.passed;
    let near = tally.shaped.near;
    let mut words = lang.pick(
        format!("形状相符 {shaped} 个，通过校验 {passed} 个，随机预期 {expected} 个"),
        format!("{passed} of {shaped} numbers of this shape pass; chance alone would pass {expected}"),
    );
    if near > 0 {
        words += &lang.pick(
            format!("；另有 {near} 个只差校验码"),
            format!("; {near} more lack only the right check digit"),
        );
    }
    if support > 0 {
        words +=
            &lang.pick(format!("；{support} 个有佐证词"), format!("; {support} beside a supporting word"));
    }
    if against > 0 {
        words +=
            &lang.pick(format!("；{against} 个有反证词"), format!("; {against} beside an opposing word"));
    }
    if judgement.sequential {
        words += lang.pick("；号段过于集中，像流水号", "; all of one or two prefixes, like a counter");
    }
    if let Some(masked) = seen.and_then(|seen| share(seen.masked, passed)) {
        words += &lang.pick(
            format!("；另有已脱敏的值，占 {masked}，明文占其余"),
            format!("; {masked} are masked, the rest is in the clear"),
        );
    }
    words
}

/// The verdict on a column whose values say nothing, in words.
pub fn name_only(seen: &Seen, lang: Lang) -> String {
    let all = seen.values + seen.binary;
    let of = |part: u64| share(part, all - part.min(all));
    let (masked, hashed, binary) = (of(seen.masked), of(seen.hashed), of(seen.binary));
    let mut words = lang.pick("仅列名或注释".to_owned(), "by name or comment only".to_owned());
    if all == 0 {
        words += lang.pick("；没有值", "; it holds no values");
    }
    if let Some(share) = masked {
        words += &lang.pick(format!("；{share} 的值已脱敏"), format!("; {share} of the values are masked"));
    }
    if let Some(share) = hashed {
        words += &lang.pick(
            format!("；{share} 的值是摘要（假名化）"),
            format!("; {share} of the values are digests: pseudonymised"),
        );
    }
    if let Some(share) = binary {
        words += &lang.pick(
            format!("；{share} 的值是二进制，可能已加密"),
            format!("; {share} of the values are bytes and no text, perhaps encrypted"),
        );
    }
    words
}

/// `part` as a share of itself and the rest, in percent; `None` where it is nothing.
fn share(part: u64, rest: u64) -> Option<String> {
    let percent = part as f64 * 100.0 / (part + rest).max(1) as f64;
    let digits = if percent < 1.0 || percent > 99.0 && percent < 100.0 { 2 } else { 0 };
    (part > 0).then(|| format!("{percent:.digits$} %"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detector::DetectorSet;
    use crate::model::Shapes;

    fn judge(id: &str, shaped: u64, passed: [u64; 3], families: u64) -> Judgement {
        let set = DetectorSet::built_in().expect("the detectors that ship load");
        let shaped = Shapes { all: shaped, ..Shapes::default() };
        let tally = Tally { shaped, passed, families, values: u64::MAX, ..Tally::default() };
        Judgement::new(&tally, set.get(id).expect("there is one"), None)
    }

    #[test]
    fn numbers_in_an_issuers_range_pass_luhn_one_time_in_ten() {
        let set = DetectorSet::built_in().expect("the detectors that ship load");
        let card = set.get("bank-card").expect("there is one");
        let judge = |passed: u64, near: u64, weak: u64, near_weak: u64, named| {
            let shaped = Shapes { all: 3000, near, near_weak };
            let passed = if named == Leaning::For { [0, 0, passed] } else { [0, passed, 0] };
            let tally = Tally { shaped, passed, weak, ..Tally::default() };
            Judgement::new(&tally, card, Some(named)).confidence.into_iter().fold(0.0, f64::max)
        };
        assert!(judge(300, 2700, 0, 0, Leaning::Silent) < 0.1, "a counter");
        assert!(judge(9, 59, 0, 0, Leaning::Silent) < 0.5, "snowflake ids");
        assert!(judge(10, 59, 0, 0, Leaning::For) < 0.5, "serial numbers under the name of cards");
        assert!(judge(70, 40, 66, 620, Leaning::For) < 0.5, "the same, with international prefixes");
        assert!(judge(90, 3, 0, 0, Leaning::Silent) > 0.9, "a few cards among other numbers");
        assert!(judge(90, 3, 85, 10, Leaning::For) > 0.9, "a few international cards");
    }

    #[test]
    fn one_lucky_number_in_a_column_is_chance() {
        let set = DetectorSet::built_in().expect("the detectors that ship load");
        let shaped = Shapes { all: 1000, ..Shapes::default() };
        let tally = Tally { shaped, passed: [0, 0, 1], ..Tally::default() };
        let id = set.get("cn-resident-id").expect("there is one");
        assert!(Judgement::new(&tally, id, Some(Leaning::For)).confidence[2] < 0.5);
        assert!(
            Judgement::new(&tally, id, Some(Leaning::Silent)).confidence[2] > 0.9,
            "a word right beside it"
        );
    }

    #[test]
    fn a_million_order_numbers_are_no_cards() {
        let verdict = judge("bank-card", 1_000_000, [0, 1200, 0], u64::MAX);
        assert!(verdict.confidence[1] < 0.1, "{verdict:?}");
        let verdict = judge("bank-card", 40, [0, 40, 0], u64::MAX);
        assert!(verdict.confidence[1] > 0.99 && verdict.log10_chance < -100.0, "{verdict:?}");
    }

    #[test]
    fn context_keeps_real_values_among_noise() {
        let verdict = judge("cn-mobile", 10_000, [600, 30, 500], u64::MAX);
        assert!(verdict.confidence[0] < 0.1 && verdict.confidence[2] > 0.99, "{verdict:?}");
    }

    #[test]
    fn a_single_value_is_judged_by_its_checksum_and_its_words() {
        assert!(judge("cn-resident-id", 1, [1, 0, 0], 1).confidence[0] > 0.99);
        assert!(judge("cn-mobile", 1, [0, 1, 0], 1).confidence[1] > 0.9);
        assert!(judge("cn-mobile", 1, [1, 0, 0], 1).confidence[0] < 0.5);
        assert!(judge("cn-resident-id-15", 1, [0, 1, 0], 1).confidence[1] < 0.5);
        assert!(judge("cn-resident-id-15", 1, [0, 0, 1], 1).confidence[2] > 0.8);
        assert!(judge("cn-resident-id-15", 50, [0, 50, 0], u64::MAX).confidence[1] > 0.9);
    }

    #[test]
    fn a_counter_is_no_column_of_mobiles() {
        let verdict = judge("cn-mobile", 300, [0, 300, 0], 1);
        assert!(verdict.sequential && verdict.confidence[1] < 0.5, "{verdict:?}");
    }
}
