//! The headers of a tar archive (POSIX.1-2017, pax, "ustar Interchange Format"), and what extends them.

/// Bytes of a block; a header is one.
pub(super) const BLOCK: usize = 512;

/// A header: the fields that lead to content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub name: Vec<u8>,
    pub size: u64,
    /// `0`: a file; see [`super::tar`].
    pub kind: u8,
    /// Old GNU: where the pieces of a sparse file belong, its full size, and whether more pieces follow.
    pub pieces: Vec<(u64, u64)>,
    pub full_size: u64,
    pub more_pieces: bool,
}

impl Header {
    /// Reads a block; `None` where it is no header.
    pub fn read(block: &[u8; BLOCK]) -> Option<Self> {
        if !has_checksum(block) {
            return None;
        }
        let (name, kind) = (text(&block[..100]), block[156]);
        // Only POSIX has a prefix; GNU keeps other things there ("ustar  ").
        let prefix = if block[257..].starts_with(b"ustar\0") { text(&block[345..500]) } else { &[] };
        let name = if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() };
        let sparse = kind == b'S';
        Some(Header {
            name,
            size: number(&block[124..136])?,
            kind,
            pieces: if sparse { pieces(&block[386..482]) } else { Vec::new() },
            full_size: if sparse { number(&block[483..495])? } else { 0 },
            more_pieces: sparse && block[482] != 0,
        })
    }
}

/// Whether the block says truly what its bytes add up to, its checksum counted as blanks; some old programs add them
/// up as signed.
fn has_checksum(block: &[u8; BLOCK]) -> bool {
    let Some(stated) = number(&block[148..156]) else { return false };
    let byte = |(at, byte): (usize, &u8)| if (148..156).contains(&at) { b' ' } else { *byte };
    let unsigned: u64 = block.iter().enumerate().map(|at| u64::from(byte(at))).sum();
    let signed: i64 = block.iter().enumerate().map(|at| i64::from(byte(at) as i8)).sum();
    stated == unsigned || i64::try_from(stated) == Ok(signed)
}

/// Pairs of offset and length, up to the first empty one.
pub(super) fn pieces(fields: &[u8]) -> Vec<(u64, u64)> {
    let pair = |pair: &[u8]| Some((number(&pair[..12])?, number(&pair[12..24])?));
    fields.chunks_exact(24).take_while(|pair| pair[0] != 0).map_while(pair).collect()
}

/// What stands before the first zero.
fn text(field: &[u8]) -> &[u8] {
    &field[..memchr::memchr(0, field).unwrap_or(field.len())]
}

/// Octal digits, or, where the first bit is set, a binary number (GNU).
fn number(field: &[u8]) -> Option<u64> {
    let (&first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        return rest.iter().try_fold(u64::from(first & 0x7F), |number, byte| {
            Some(number.checked_mul(256)? | u64::from(*byte))
        });
    }
    let digits = text(field).trim_ascii();
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = (b'0'..=b'7').contains(digit).then(|| u64::from(digit - b'0'))?;
        number.checked_mul(8)?.checked_add(digit)
    })
}

/// What the records of a pax header say of the entry that follows: the last record of a name holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Extended {
    pub path: Option<Vec<u8>>,
    pub size: Option<u64>,
    /// Sparse files of GNU tar: version 1.0 has the pieces before the content, the older ones have them here.
    pub sparse_name: Option<Vec<u8>>,
    pub sparse_size: Option<u64>,
    pub is_sparse_1_0: bool,
    pub pieces: Vec<(u64, u64)>,
    offset: Option<u64>,
}

impl Extended {
    /// Reads records: `25 path=…\n`, the number being the length of all of it.
    pub fn read(&mut self, mut records: &[u8]) {
        while let Some(space) = memchr::memchr(b' ', records) {
            let length = decimal(&records[..space]).and_then(|length| usize::try_from(length).ok());
            let Some(record) =
                length.filter(|length| *length > space).and_then(|len| records.get(space + 1..len))
            else {
                return;
            };
            records = &records[space + 1 + record.len()..];
            let record = record.strip_suffix(b"\n").unwrap_or(record);
            if let Some(equals) = memchr::memchr(b'=', record) {
                self.take(&record[..equals], &record[equals + 1..]);
            }
        }
    }

    fn take(&mut self, key: &[u8], value: &[u8]) {
        match key {
            b"path" => self.path = Some(value.to_vec()),
            b"size" => self.size = decimal(value),
            b"GNU.sparse.major" => self.is_sparse_1_0 = value == b"1",
            b"GNU.sparse.name" => self.sparse_name = Some(value.to_vec()),
            b"GNU.sparse.realsize" | b"GNU.sparse.size" => self.sparse_size = decimal(value),
            b"GNU.sparse.offset" => self.offset = decimal(value),
            b"GNU.sparse.numbytes" => self.pieces.extend(self.offset.take().zip(decimal(value))),
            b"GNU.sparse.map" => {
                let numbers: Vec<u64> = value.split(|byte| *byte == b',').map_while(decimal).collect();
                self.pieces = numbers.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
            }
            _ => {}
        }
    }
}

/// A decimal number.
pub(super) fn decimal(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_binary() {
        assert_eq!(number(b"0000644\0"), Some(0o644));
        assert_eq!(number(b"   644 \0"), Some(0o644));
        assert_eq!(number(b"\x80\0\0\0\0\0\0\0\0\0\x01\x02"), Some(258));
        assert_eq!(number(b"\x80\0\0\0\0\0\0\x07"), Some(7));
        assert_eq!(number(&[0xFF; 12]), None, "negative, or larger than anything");
        assert_eq!(number(b"0000689\0"), None);
    }

    #[test]
    fn any_block_is_a_header_or_none() {
        let mut state = 1_u64;
        for _ in 0..20_000 {
            let mut block = [0; BLOCK];
            for byte in &mut block {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *byte = (state >> 56) as u8;
            }
            assert_eq!(Header::read(&block), None);
        }
    }

    #[test]
    fn pax_records_say_what_follows() {
        let mut extended = Extended::default();
        extended.read("15 path=客户\n12 size=345\n6 x=y\n".as_bytes());
        assert_eq!(extended.path.as_deref(), Some("客户".as_bytes()));
        assert_eq!(extended.size, Some(345));
        for broken in ["99 path=a\n", "x path=a\n", "1 a=b", "0 a=b", " ", ""] {
            let mut extended = Extended::default();
            extended.read(broken.as_bytes());
            assert_eq!(extended, Extended::default(), "{broken}");
        }
    }
}
