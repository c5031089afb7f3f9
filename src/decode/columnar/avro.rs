//! Avro object container files: a schema, then blocks of records (Avro 1.12, "Object Container Files").
use super::avro_block::{Block, Records};
use super::avro_schema::Schema;
use super::gather::Gather;
use crate::decode::{Failure, Output};
use crate::model::coverage::Reason;
use std::io::{self, BufRead, BufReader, Read};

/// A block, packed or unpacked, is this large at most; writers make them of some 64 kB.
const MOST: u64 = 256 << 20;
/// Bytes of header: the schema and whatever else a writer put there.
const HEADER: u64 = 16 << 20;
/// Memory for the dictionary of an xz stream, in kB.
const XZ_MEMORY: u32 = 256 << 10;

/// Reads a container file.
pub fn read(reader: &mut dyn Read, output: &mut dyn Output) -> Result<(), Failure> {
    let mut reader = BufReader::with_capacity(64 << 10, reader);
    let header = Header::read(&mut reader)?;
    let mut schema = Schema::default();
    let root =
        schema.compile(&header.schema).ok_or_else(|| Failure::malformed("its schema makes no sense"))?;
    let fields = schema.fields.clone();
    let mut gather = Gather::new(output, usize::MAX >> 16, fields);
    let mut records = Records { schema: &schema, gather: &mut gather, row: 0 };
    let ended = blocks(&mut reader, &header, &mut records, root);
    gather.flush();
    ended
}

fn blocks(
    reader: &mut impl BufRead,
    header: &Header,
    records: &mut Records<'_, '_, '_>,
    root: usize,
) -> Result<(), Failure> {
    let mut packed = Vec::new();
    while !reader.fill_buf()?.is_empty() {
        let count = long(reader)?;
        let length =
            u64::try_from(long(reader)?).map_err(|_| Failure::malformed("a block without length"))?;
        let rows = records.row.saturating_add(count.unsigned_abs());
        packed.clear();
        if length > MOST {
            io::copy(&mut reader.take(length), &mut io::sink())?;
            records.gather.output.gap(Reason::Limit, "a block of more than 256 MB");
        } else if reader.take(length).read_to_end(&mut packed)? as u64 != length {
            return Err(Failure::malformed("a block is cut off"));
        }
        let mut sync = [0; 16];
        reader.read_exact(&mut sync).map_err(|_| Failure::malformed("a block is cut off"))?;
        match header.codec.unpack(&packed) {
            Ok(block) => {
                if !block_of(records, root, &block, count.unsigned_abs()) {
                    return Ok(());
                }
            }
            Err(Failure::Unread(reason, detail)) => records.gather.output.gap(reason, &detail),
            Err(failure) => return Err(failure),
        }
        if sync != header.sync {
            return Err(Failure::malformed("a block does not end where it should"));
        }
        records.row = rows;
    }
    Ok(())
}

/// Reads the records of a block; false when no more are wanted.
fn block_of(records: &mut Records<'_, '_, '_>, root: usize, block: &[u8], count: u64) -> bool {
    let mut block = Block { rest: block };
    for _ in 0..count {
        // Records without bytes hold nothing, however many there are.
        if block.rest.is_empty() {
            break;
        }
        records.row += 1;
        match records.value(root, &mut block, None, 0) {
            Ok(true) => {}
            Ok(false) => return false,
            Err(_) => {
                records.gather.output.gap(Reason::Malformed, "a record is broken");
                break;
            }
        }
    }
    records.gather.goes_on()
}

/// What a file tells before its blocks.
struct Header {
    schema: serde_json::Value,
    codec: Codec,
    sync: [u8; 16],
}

impl Header {
    fn read(reader: &mut impl BufRead) -> Result<Self, Failure> {
        let mut reader = reader.take(HEADER);
        let cut = |_: io::Error| Failure::malformed("its header is cut off");
        let mut magic = [0; 4];
        reader.read_exact(&mut magic).map_err(cut)?;
        let (mut schema, mut codec) = (None, Codec::Null);
        loop {
            let count = long(&mut reader)?;
            if count == 0 {
                break;
            }
            if count < 0 {
                long(&mut reader)?;
            }
            for _ in 0..count.unsigned_abs() {
                let (key, value) = (bytes(&mut reader)?, bytes(&mut reader)?);
                match key.as_slice() {
                    b"avro.schema" => schema = serde_json::from_slice(&value).ok(),
                    b"avro.codec" => codec = Codec::named(&value)?,
                    _ => {}
                }
            }
        }
        let mut sync = [0; 16];
        reader.read_exact(&mut sync).map_err(cut)?;
        let schema = schema.ok_or_else(|| Failure::malformed("it has no schema"))?;
        Ok(Header { schema, codec, sync })
    }
}

/// A number of variable length, in zigzag.
fn long(reader: &mut impl Read) -> Result<i64, Failure> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let mut byte = [0];
        reader.read_exact(&mut byte).map_err(|_| Failure::malformed("it is cut off"))?;
        number |= u64::from(byte[0] & 0x7F) << shift;
        if byte[0] < 0x80 {
            return Ok((number >> 1) as i64 ^ -((number & 1) as i64));
        }
    }
    Err(Failure::malformed("a number without end"))
}

fn bytes(reader: &mut impl Read) -> Result<Vec<u8>, Failure> {
    let length = u64::try_from(long(reader)?).map_err(|_| Failure::malformed("a length below zero"))?;
    let mut bytes = Vec::new();
    if reader.take(length).read_to_end(&mut bytes)? as u64 != length {
        return Err(Failure::malformed("its header is cut off"));
    }
    Ok(bytes)
}

/// How the blocks are compressed.
#[derive(Clone, Copy)]
enum Codec {
    Null,
    Deflate,
    Snappy,
    Zstandard,
    Bzip2,
    Xz,
}

impl Codec {
    fn named(name: &[u8]) -> Result<Self, Failure> {
        Ok(match name {
            b"null" => Codec::Null,
            b"deflate" => Codec::Deflate,
            b"snappy" => Codec::Snappy,
            b"zstandard" => Codec::Zstandard,
            b"bzip2" => Codec::Bzip2,
            b"xz" => Codec::Xz,
            _ => {
                let detail = "blocks are compressed in an unknown way".to_owned();
                return Err(Failure::Unread(Reason::NoDecoder, detail));
            }
        })
    }

    /// A block's records.
    fn unpack(self, packed: &[u8]) -> Result<Vec<u8>, Failure> {
        let broken = || Failure::malformed("a block cannot be unpacked");
        let limit = || Failure::Unread(Reason::Limit, "a block unpacks to more than 256 MB".to_owned());
        let reader: Box<dyn Read + '_> = match self {
            Codec::Null => Box::new(packed),
            Codec::Deflate => Box::new(flate2::read::DeflateDecoder::new(packed)),
            Codec::Zstandard => Box::new(zstd::stream::read::Decoder::new(packed)?),
            Codec::Bzip2 => Box::new(bzip2::read::BzDecoder::new(packed)),
            Codec::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(packed, false, XZ_MEMORY)),
            Codec::Snappy => {
                // A checksum of four bytes ends the block.
                let packed = packed.get(..packed.len().saturating_sub(4)).unwrap_or_default();
                let length = snap::raw::decompress_len(packed).map_err(|_| broken())?;
                if length as u64 > MOST {
                    return Err(limit());
                }
                return snap::raw::Decoder::new().decompress_vec(packed).map_err(|_| broken());
            }
        };
        let mut block = Vec::new();
        reader.take(MOST + 1).read_to_end(&mut block).map_err(|_| broken())?;
        if block.len() as u64 > MOST { Err(limit()) } else { Ok(block) }
    }
}
