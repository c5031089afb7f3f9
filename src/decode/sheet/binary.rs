//! Bytes of binary workbooks, one number or string after another; what is beyond their end is none.

/// What is left of a record.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// The next bytes.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// The next bytes as a number, the lowest first.
    fn number(&mut self, count: usize) -> Option<u64> {
        Some(self.take(count)?.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
    }

    pub fn u8(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    pub fn u16(&mut self) -> Option<u16> {
        Some(self.number(2)? as u16)
    }

    pub fn u32(&mut self) -> Option<u32> {
        Some(self.number(4)? as u32)
    }

    pub fn f64(&mut self) -> Option<f64> {
        Some(f64::from_bits(self.number(8)?))
    }

    /// A number in the short form (MS-XLS 2.5.217, MS-XLSB 2.5.123).
    pub fn rk(&mut self) -> Option<f64> {
        let bits = self.u32()?;
        let number = match bits & 2 {
            0 => f64::from_bits(u64::from(bits & !3) << 32),
            _ => f64::from((bits as i32) >> 2),
        };
        Some(if bits & 1 == 1 { number / 100.0 } else { number })
    }

    /// Text of so many units of UTF-16.
    pub fn wide(&mut self, units: usize) -> Option<String> {
        let bytes = self.take(units.checked_mul(2)?)?;
        Some(encoding_rs::UTF_16LE.decode_without_bom_handling(bytes).0.into_owned())
    }

    /// Text that says its own length (MS-XLSB 2.5.169).
    pub fn wide_string(&mut self) -> Option<String> {
        let units = self.u32()?;
        if units == u32::MAX { Some(String::new()) } else { self.wide(units as usize) }
    }
}
