//! Words that speak for or against a label: near a value in text, or in the name of its column.
use crate::detector::DetectorSet;
use crate::model::Leaning;
use aho_corasick::{AhoCorasick, MatchKind};
use std::collections::HashMap;
use std::ops::Range;

/// Bytes of the original text before a value that are searched for words: about 20 Han characters.
pub const BEFORE: usize = 64;
/// Bytes after it. Only words in favour count there, for what follows is mostly the next field's name.
pub const AFTER: usize = 16;
/// Words behind the name of a value that tell of something beside it.
const ABOUT: [&str; 34] = [
    "type", "kind", "category", "status", "state", "flag", "verified", "valid", "name", "address", "addr",
    "time", "date", "at", "count", "cnt", "length", "len", "prefix", "area", "city", "province", "region",
    "carrier", "operator", "model", "brand", "os", "balance", "limit", "level", "bank", "expiry", "relation",
];
const ABOUT_HAN: [&str; 21] = [
    "类型",
    "种类",
    "类别",
    "状态",
    "标志",
    "标识",
    "姓名",
    "名称",
    "地址",
    "时间",
    "日期",
    "次数",
    "长度",
    "归属",
    "型号",
    "品牌",
    "余额",
    "额度",
    "等级",
    "有效期",
    "关系",
];
/// The most tokens that one listed word is split into: `user_id_card_no` holds `id_card_no`.
const TOKENS: usize = 4;

/// The context words of all detectors, ready to be looked up.
pub struct ContextWords {
    han: Option<AhoCorasick>,
    /// By pattern of `han`.
    han_words: Vec<Vec<Meaning>>,
    /// ASCII words, lower case, without separators.
    ascii: HashMap<String, Vec<Meaning>>,
    /// The lengths of the ASCII words that begin with each letter, one bit each: most of what stands before a value
    /// needs no more to be told from a word.
    lengths: [u64; 26],
    detectors: usize,
}

/// What a word says to a detector.
#[derive(Clone, Copy)]
struct Meaning {
    detector: usize,
    leaning: Leaning,
    /// Its place in the detector's list: the words that say most come first.
    place: usize,
    /// Whether the word can be the name of a value: 手机 can, 联系人 is the name of someone who has one.
    names: bool,
}

/// What a piece of text says: where each word ends, and what it means.
type Spoken = Vec<(usize, Meaning)>;

impl ContextWords {
    /// Collects the words.
    pub fn new(detectors: &DetectorSet) -> Self {
        let mut han: HashMap<String, Vec<Meaning>> = HashMap::new();
        let mut ascii: HashMap<String, Vec<Meaning>> = HashMap::new();
        for (i, detector) in detectors.iter().enumerate() {
            let support =
                detector.context.support.iter().enumerate().map(|(at, word)| (at, word, Leaning::For));
            let hints = detector.context.hints.iter().map(|word| (usize::MAX, word, Leaning::For));
            let oppose =
                detector.context.oppose.iter().enumerate().map(|(at, word)| (at, word, Leaning::Against));
            for (place, word, leaning) in support.chain(hints).chain(oppose) {
                let (table, key) = if word.is_ascii() {
                    (&mut ascii, tokens(word).map(|token| word[token].to_ascii_lowercase()).collect())
                } else {
                    (&mut han, word.clone())
                };
                table.entry(key).or_default().push(Meaning {
                    detector: i,
                    leaning,
                    place,
                    names: place < usize::MAX,
                });
            }
        }
        let (patterns, han_words): (Vec<_>, Vec<_>) = han.into_iter().unzip();
        let searcher = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(patterns);
        let mut lengths = [0; 26];
        for word in ascii.keys().filter(|word| !word.is_empty()) {
            lengths[letter(word)] |= length_bit(word);
        }
        ContextWords { han: searcher.ok(), han_words, ascii, lengths, detectors: detectors.len() }
    }

    /// What the text before and after a value says to one detector: the nearest word before it decides;
    /// where there is none, a word in favour right after it.
    pub fn near(&self, before: &str, after: &str, detector: usize) -> Leaning {
        let line = before.rsplit('\n').next().unwrap_or_default();
        let mine = |(_, meaning): &&(usize, Meaning)| meaning.detector == detector;
        if let Some((_, meaning)) = self.spoken(line).iter().rfind(mine) {
            return meaning.leaning;
        }
        let rest = after.split('\n').next().unwrap_or_default();
        match self.spoken(rest).iter().find(mine) {
            Some((_, Meaning { leaning: Leaning::For, .. })) => Leaning::For,
            _ => Leaning::Silent,
        }
    }

    /// What the name of a column says to every detector. Support outweighs, `order_mobile` holds mobiles, but for a
    /// word against at the very end: `contact_id` holds ids.
    pub fn of_name(&self, name: &str) -> Vec<Leaning> {
        let mut leanings = vec![Leaning::Silent; self.detectors];
        let spoken = self.spoken(name);
        for &(_, Meaning { detector, leaning, .. }) in &spoken {
            let known = &mut leanings[detector];
            if *known != Leaning::For {
                *known = leaning;
            }
        }
        let last = name.trim_end().len();
        for (_, meaning) in
            spoken.iter().filter(|(end, meaning)| *end == last && meaning.leaning == Leaning::Against)
        {
            leanings[meaning.detector] = Leaning::Against;
        }
        leanings
    }

    /// The detector that the name of a column suggests first: of those with a word in it the most common one, as
    /// `weight` says, and then the one whose word stands first in its list.
    pub fn suggestion(&self, name: &str, weight: impl Fn(usize) -> f64) -> Option<usize> {
        let support = self.spoken(name).into_iter().filter(|(end, meaning)| {
            meaning.leaning == Leaning::For && meaning.names && !is_about(&name[*end..])
        });
        let support = support.map(|(_, meaning)| meaning);
        let best = support
            .min_by(|a, b| weight(b.detector).total_cmp(&weight(a.detector)).then(a.place.cmp(&b.place)));
        best.map(|meaning| meaning.detector)
    }

    /// All words in `text` in the order of their ends.
    fn spoken(&self, text: &str) -> Spoken {
        let mut spoken = Vec::new();
        if let Some(han) = &self.han {
            for found in han.find_iter(text) {
                let words = &self.han_words[found.pattern().as_usize()];
                spoken.extend(words.iter().map(|&meaning| (found.end(), meaning)));
            }
        }
        // The letters alone, lower case: tokens in a row, without what stands between them, are a part of this.
        let (mut letters, mut ends) = (String::with_capacity(text.len()), Vec::new());
        for token in tokens(text) {
            letters.push_str(&text[token.clone()]);
            ends.push((token.end, letters.len()));
        }
        letters.make_ascii_lowercase();
        let mut start = 0;
        for first in 0..ends.len() {
            for &(end, stop) in ends[first..].iter().take(TOKENS) {
                let joined = &letters[start..stop];
                if self.lengths[letter(joined)] & length_bit(joined) != 0 {
                    let words = self.ascii.get(joined).into_iter().flatten();
                    spoken.extend(words.map(|&meaning| (end, meaning)));
                }
            }
            start = ends[first].1;
        }
        spoken.sort_by_key(|&(end, _)| end);
        spoken
    }
}

/// Which letter a word of lower-case letters begins with.
fn letter(word: &str) -> usize {
    usize::from(word.as_bytes()[0] - b'a')
}

/// The bit of a word's length; lengths beyond the bits share the last.
fn length_bit(word: &str) -> u64 {
    1 << word.len().min(63)
}

/// Whether what follows a word makes the name one of something about the value: `phone_model`, 联系人姓名.
fn is_about(rest: &str) -> bool {
    let han = rest.trim_start_matches(['号', '码', '的']);
    if ABOUT_HAN.iter().any(|word| han.starts_with(word)) {
        return true;
    }
    let next = rest.trim_start_matches(['_', '-']).starts_with(|c: char| c.is_ascii_alphabetic());
    next && tokens(rest)
        .map(|token| rest[token].to_ascii_lowercase())
        .find(|token| !matches!(token.as_str(), "no" | "num" | "number"))
        .is_some_and(|token| ABOUT.contains(&token.as_str()))
}

/// Where the ASCII words of a name are: it is split at everything that is no letter, and before the capitals of
/// camelCase.
fn tokens(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() && !bytes[at].is_ascii_alphabetic() {
            at += 1;
        }
        let start = at;
        while at < bytes.len() && bytes[at].is_ascii_alphabetic() {
            let hump = at > start && bytes[at].is_ascii_uppercase() && bytes[at - 1].is_ascii_lowercase();
            if hump {
                break;
            }
            at += 1;
        }
        (start < at).then_some(start..at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> (ContextWords, usize) {
        let set = DetectorSet::built_in().expect("the detectors that ship load");
        let mobile = set.iter().position(|d| d.id == "cn-mobile").expect("there is one");
        (ContextWords::new(&set), mobile)
    }

    #[test]
    fn the_nearest_word_before_decides() {
        let (words, mobile) = words();
        assert_eq!(words.near("订单号 2, 手机：", "", mobile), Leaning::For);
        assert_eq!(words.near("手机 1, 订单号：", "", mobile), Leaning::Against);
        assert_eq!(words.near("userMobileNo=", "", mobile), Leaning::For);
        assert_eq!(words.near("手机\n", "", mobile), Leaning::Silent);
        assert_eq!(words.near("", "（手机）", mobile), Leaning::For);
        assert_eq!(words.near("", " 订单", mobile), Leaning::Silent);
    }

    #[test]
    fn names_of_something_beside_the_value_suggest_nothing() {
        let (words, mobile) = words();
        for name in [
            "contact_name ",
            "phone_model",
            "mobileVerified",
            "lxr 联系人姓名",
            "手机号码归属地",
            "tel_no_type",
        ] {
            assert_eq!(words.suggestion(name, |_| 1.0), None, "{name}");
        }
        assert_eq!(words.suggestion("contact 联系人", |_| 1.0), None, "a person");
        for name in ["联系方式", "phone_no 手机号", "user_mobile 名称", "手机号（状态正常）", "mobile_aes"]
        {
            assert_eq!(words.suggestion(name, |_| 1.0), Some(mobile), "{name}");
        }
    }

    #[test]
    fn names_are_split_into_whole_words() {
        let (words, mobile) = words();
        for (name, leaning) in [
            ("user_mobile_no", Leaning::For),
            ("lxdh", Leaning::For),
            ("hotel", Leaning::Silent),
            ("orderNo", Leaning::Against),
            ("order_phone", Leaning::For),
            ("收货人手机", Leaning::For),
            ("contact_id ", Leaning::Against),
            ("order_phone 收货人", Leaning::For),
        ] {
            assert_eq!(words.of_name(name)[mobile], leaning, "{name}");
        }
    }
}
