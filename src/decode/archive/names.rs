//! The names of entries: their encoding, which few archives tell, and what is no part of a name.
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, Encoding, GB18030};

/// Bytes of names that the encoding is guessed from; beyond, a guess gets no better.
const SAMPLE: usize = 4096;

/// Reads the names of one archive, all of which one program wrote.
pub(super) struct Names {
    detector: EncodingDetector,
    fed: usize,
}

impl Names {
    pub fn new() -> Self {
        Names { detector: EncodingDetector::new(Iso2022JpDetection::Deny), fed: 0 }
    }

    /// Lets names that are no UTF-8 tell their encoding, before the first is read.
    pub fn learn(&mut self, raw: &[u8]) {
        if self.fed < SAMPLE && std::str::from_utf8(raw).is_err() {
            self.detector.feed(raw, false);
            self.detector.feed(b"\n", false);
            self.fed += raw.len();
        }
    }

    /// A name as it can be shown.
    pub fn read(&mut self, raw: &[u8]) -> String {
        match std::str::from_utf8(raw) {
            Ok(text) => shown(text),
            Err(_) => {
                self.learn(raw);
                shown(&self.decoded(raw))
            }
        }
    }

    fn decoded(&self, raw: &[u8]) -> String {
        let guess = self.detector.guess(None, Utf8Detection::Deny);
        let whole = |encoding: &'static Encoding| {
            encoding.decode_without_bom_handling_and_without_replacement(raw).map(|text| text.into_owned())
        };
        let order = if guess == BIG5 { [BIG5, GB18030] } else { [GB18030, BIG5] };
        let text = order.into_iter().find_map(whole);
        text.unwrap_or_else(|| String::from_utf8_lossy(raw).into_owned())
    }
}

/// Without what would break a line or a terminal.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_the_encoding_that_they_are_in() {
        for text in ["客户资料/身份证.txt", "报表\\二〇二四年.csv", "a.txt"] {
            assert_eq!(Names::new().read(&GB18030.encode(text).0), text);
            assert_eq!(Names::new().read(text.as_bytes()), text);
        }
        let text = "客戶資料與聯絡電話/身分證字號登記表.txt";
        assert_eq!(Names::new().read(&BIG5.encode(text).0), text);
        assert_eq!(Names::new().read(b"\xFF\xFF.txt"), "\u{FFFD}\u{FFFD}.txt");
        assert_eq!(Names::new().read(b"a\x1B[2Jb\n"), "a\u{FFFD}[2Jb\u{FFFD}");
    }
}
