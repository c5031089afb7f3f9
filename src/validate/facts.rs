//! The fact tables that validators look into, parsed once.
use std::collections::HashMap;
use std::sync::OnceLock;

/// The tables but the divisions, and the day the program was started (no birth date lies after it).
pub struct Facts {
    /// Card prefixes as (prefix, digits of the card), sorted.
    cards: Vec<(u32, u8)>,
    /// Card lengths possible behind each pair of leading digits, one bit a length.
    card_heads: [u32; 100],
    /// Network numbers of three digits.
    mobiles: [bool; 1000],
    operators: HashMap<&'static str, &'static str>,
    /// Today as yyyymmdd.
    pub today: u32,
}

/// The number of digits of the shortest and longest card prefix in the table.
const PREFIX_DIGITS: std::ops::RangeInclusive<usize> = 5..=10;

impl Facts {
    /// The one instance.
    pub fn get() -> &'static Facts {
        static FACTS: OnceLock<Facts> = OnceLock::new();
        FACTS.get_or_init(Facts::parse)
    }

    fn parse() -> Facts {
        let mut cards: Vec<(u32, u8)> = rows(include_str!("../../detectors/facts/card_bins.csv"))
            .filter_map(|(prefix, rest)| Some((prefix.parse().ok()?, rest.split(',').next()?.parse().ok()?)))
            .collect();
        cards.sort_unstable();
        let mut card_heads = [0; 100];
        for &(prefix, length) in &cards {
            card_heads[(prefix / 10u32.pow(prefix.ilog10() - 1)) as usize] |= 1 << length;
        }
        let operators: HashMap<_, _> =
            rows(include_str!("../../detectors/facts/mobile_prefixes.csv")).collect();
        let mut mobiles = [false; 1000];
        for prefix in operators.keys().filter(|prefix| prefix.len() == 3) {
            mobiles[prefix.parse::<usize>().unwrap_or(0)] = true;
        }
        let now = jiff::ZonedDateTime::now().date();
        let today = now.year() as u32 * 10_000 + now.month() as u32 * 100 + now.day() as u32;
        Facts { cards, card_heads, mobiles, operators, today }
    }

    /// The latest name of a division code ever in force (GB/T 2260); may be empty where only the code is known.
    pub fn division(&self, code: u32) -> Option<&'static str> {
        // Sorted by code. The largest table, for few numbers: read when the first of them comes.
        static DIVISIONS: OnceLock<Vec<(u32, &str)>> = OnceLock::new();
        let divisions = DIVISIONS.get_or_init(|| {
            let mut divisions: Vec<(u32, &str)> = rows(include_str!("../../detectors/facts/divisions.csv"))
                .filter_map(|(code, name)| Some((code.parse().ok()?, name)))
                .collect();
            divisions.sort_by_key(|&(code, _)| code);
            divisions
        });
        // Of the same code twice, the latest name.
        let behind = divisions.partition_point(|&(known, _)| known <= code);
        divisions[..behind].last().filter(|(known, _)| *known == code).map(|&(_, name)| name)
    }

    /// Whether cards of this length may begin with these two digits; cheap, and wrong only by saying yes.
    pub fn card_head(&self, digits: &[u8]) -> bool {
        let head = number(&digits[..2]) as usize;
        self.card_heads[head] & 1 << digits.len() != 0
    }

    /// The issuer prefix of a card number of this very length, if the table has one.
    pub fn card_prefix<'a>(&self, digits: &'a [u8]) -> Option<&'a [u8]> {
        let length = digits.len() as u8;
        PREFIX_DIGITS.filter(|&n| n < digits.len()).map(|n| &digits[..n]).find(|prefix| {
            number_wide(prefix) <= u64::from(u32::MAX)
                && self.cards.binary_search(&(number_wide(prefix) as u32, length)).is_ok()
        })
    }

    /// Who holds the network number that these eleven digits begin with.
    pub fn operator(&self, digits: &[u8]) -> Option<&'static str> {
        let text = std::str::from_utf8(digits).ok()?;
        [4, 3].iter().find_map(|&n| self.operators.get(text.get(..n)?).copied())
    }

    /// Whether the three-digit network number is in use; the four-digit ones are few, see [`Facts::operator`].
    pub fn network(&self, digits: &[u8]) -> bool {
        self.mobiles[number(&digits[..3]) as usize]
    }
}

/// The rows of a table: the first field, and the others.
fn rows(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    text.lines().skip(1).filter_map(|line| line.split_once(','))
}

/// The number that at most nine ASCII digits write.
pub fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |n, b| n * 10 + u32::from(b & 15))
}

fn number_wide(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |n, b| n * 10 + u64::from(b & 15))
}
