//! The records of an Avro block (Avro 1.12, "Binary Encoding").
use super::arrays::{decimal, names_its_value};
use super::avro_schema::{Content, Node, Schema};
use super::gather::Gather;

/// Values within values: schemas can contain themselves.
const DEEP: usize = 256;

/// The bytes are not what the schema says.
pub(super) struct Broken;

/// What is left of a block.
pub(super) struct Block<'b> {
    pub rest: &'b [u8],
}

impl<'b> Block<'b> {
    /// A number of variable length, in zigzag.
    pub fn long(&mut self) -> Result<i64, Broken> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok((number >> 1) as i64 ^ -((number & 1) as i64));
            }
        }
        Err(Broken)
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], Broken> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Broken)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Bytes with their length before them.
    pub fn bytes(&mut self) -> Result<&'b [u8], Broken> {
        let length = usize::try_from(self.long()?).map_err(|_| Broken)?;
        self.take(length)
    }

    /// How many elements follow in the next block of an array or map; none at its end.
    pub fn elements(&mut self) -> Result<Option<u64>, Broken> {
        let count = self.long()?;
        if count < 0 {
            // The block's length in bytes, for those who skip it.
            self.long()?;
        }
        Ok((count != 0).then_some(count.unsigned_abs()))
    }
}

/// Reads records.
pub(super) struct Records<'s, 'g, 'o> {
    pub schema: &'s Schema,
    pub gather: &'g mut Gather<'o>,
    pub row: u64,
}

impl Records<'_, '_, '_> {
    /// Reads a value; false when no more are wanted. `field` stands in for the value's own, in maps.
    pub fn value(
        &mut self,
        node: usize,
        block: &mut Block<'_>,
        field: Option<u32>,
        depth: usize,
    ) -> Result<bool, Broken> {
        if depth > DEEP {
            return Err(Broken);
        }
        let (schema, row) = (self.schema, self.row);
        let own = |mine: &u32| field.unwrap_or(*mine);
        let go_on = match &schema.nodes[node] {
            Node::Null => true,
            Node::Boolean => !block.take(1)?.is_empty(),
            Node::Skip => block.long().map(|_| true)?,
            Node::Over(length) => block.take(*length).map(|_| true)?,
            Node::Long(mine) => self.gather.integer(own(mine), row, block.long()?),
            Node::Double(mine) => {
                let bytes = block.take(8)?.try_into().map_err(|_| Broken)?;
                self.gather.real(own(mine), row, f64::from_le_bytes(bytes))
            }
            Node::Bytes(mine, content) => {
                let bytes = block.bytes()?;
                self.content(own(mine), *content, bytes)
            }
            Node::Fixed(mine, length, content) => {
                let bytes = block.take(*length)?;
                self.content(own(mine), *content, bytes)
            }
            Node::Array(element) => return self.array(*element, block, depth),
            Node::Map(path, keys, value) => return self.map((path, *keys, *value), block, depth),
            Node::Union(branches) => {
                let branch = usize::try_from(block.long()?).map_err(|_| Broken)?;
                let branch = *branches.get(branch).ok_or(Broken)?;
                return self.value(branch, block, field, depth + 1);
            }
            Node::Record(members) => {
                for member in members {
                    if !self.value(*member, block, None, depth + 1)? {
                        return Ok(false);
                    }
                }
                true
            }
        };
        Ok(go_on)
    }

    fn content(&mut self, field: u32, content: Content, bytes: &[u8]) -> bool {
        match content {
            Content::Text => self.gather.text(field, self.row, bytes),
            Content::Any => self.gather.bytes(field, self.row, bytes),
            Content::Nothing => true,
            Content::Decimal(scale) => {
                // Two's complement, big endian.
                let Some((pad, bytes)) = sign(bytes) else { return true };
                let mut number = [pad; 16];
                number[16 - bytes.len()..].copy_from_slice(bytes);
                decimal(self.gather, (field, self.row), i128::from_be_bytes(number), scale)
            }
        }
    }

    fn array(&mut self, element: usize, block: &mut Block<'_>, depth: usize) -> Result<bool, Broken> {
        while let Some(count) = block.elements()? {
            for _ in 0..count {
                let before = block.rest.len();
                if !self.value(element, block, None, depth + 1)? {
                    return Ok(false);
                }
                if block.rest.len() == before {
                    // Elements without bytes: there may be any number of them, and nothing in any.
                    break;
                }
            }
        }
        Ok(true)
    }

    fn map(
        &mut self,
        (path, keys, value): (&str, u32, usize),
        block: &mut Block<'_>,
        depth: usize,
    ) -> Result<bool, Broken> {
        while let Some(count) = block.elements()? {
            for _ in 0..count {
                let key = block.bytes()?;
                let named = std::str::from_utf8(key).ok().filter(|key| names_its_value(key));
                let field = match named {
                    Some(key) => Some(self.gather.path(&format!("{path}.{key}"))),
                    None => {
                        self.gather.text(keys, self.row, key);
                        None
                    }
                };
                if !self.value(value, block, field, depth + 1)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

/// The byte that fills a number up, and those of its bytes that fit 16; none where more are in use.
fn sign(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let pad = if bytes.first()? >= &0x80 { 0xFF } else { 0 };
    let more = bytes.len().saturating_sub(16);
    let fits = bytes[..more].iter().all(|byte| *byte == pad);
    fits.then_some((pad, &bytes[more..]))
}
