//! Broken files: whatever a byte becomes, a reader ends, and does not fall.
use super::{avro, dbf, ipc, orc, parquet};
use crate::decode::{Entry, Failure, Output, Piece};
use crate::model::coverage::Reason;
use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::Compression;
use ::parquet::file::properties::WriterProperties;
use arrow::array::{ArrayRef, Int64Array, ListArray, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;
use arrow::ipc::CompressionType;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

type Reader = fn(&[u8], &mut dyn Output) -> Result<(), Failure>;

/// Notes the cells.
#[derive(Default)]
struct Seen {
    cells: Vec<(String, u64, String)>,
    gaps: Vec<Reason>,
}

impl Output for Seen {
    fn piece(&mut self, piece: Piece<'_>) -> bool {
        for (at, cell) in piece.batch.cells.iter().enumerate() {
            let text = &piece.batch.bytes[piece.batch.start_of(at)..cell.end];
            let name = piece.fields[cell.field as usize].shown.clone();
            self.cells.push((name, cell.row, String::from_utf8_lossy(text).into_owned()));
        }
        true
    }

    fn entry(&mut self, _: &str, _: Entry<'_>) -> bool {
        true
    }

    fn unwrapped(&mut self, _: Entry<'_>) -> bool {
        true
    }

    fn unread(&mut self, _: &str, _: Reason, _: &str) -> bool {
        true
    }

    fn gap(&mut self, why: Reason, _: &str) {
        self.gaps.push(why);
    }
}

fn read(reader: Reader, bytes: &[u8]) -> (Seen, Result<(), Failure>) {
    let mut seen = Seen::default();
    let outcome = reader(bytes, &mut seen);
    (seen, outcome)
}

fn table() -> RecordBatch {
    let numbers: ArrayRef =
        Arc::new(Int64Array::from(vec![Some(13_800_138_000), None, Some(13_900_139_000)]));
    let text: ArrayRef = Arc::new(StringArray::from(vec!["客户甲", "{\"a\":\"1\"}", "客户丙"]));
    let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>([
        Some(vec![Some(1), None]),
        None,
        Some(vec![Some(3)]),
    ]));
    RecordBatch::try_from_iter([("mobile", numbers), ("name", text), ("list", lists)]).expect("a table")
}

fn parquet_file(codec: Compression) -> Vec<u8> {
    let mut bytes = Vec::new();
    let properties = WriterProperties::builder().set_compression(codec).build();
    let mut writer = ArrowWriter::try_new(&mut bytes, table().schema(), Some(properties)).expect("a writer");
    writer.write(&table()).expect("written");
    writer.close().expect("closed");
    bytes
}

fn arrow_file(codec: Option<CompressionType>) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(codec).expect("a codec");
    let mut writer =
        FileWriter::try_new_with_options(Vec::new(), &table().schema(), options).expect("a writer");
    writer.write(&table()).expect("written");
    writer.finish().expect("finished");
    writer.into_inner().expect("bytes")
}

fn arrow_stream() -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &table().schema()).expect("a writer");
    writer.write(&table()).expect("written");
    writer.finish().expect("finished");
    writer.into_inner().expect("bytes")
}

fn orc_file() -> Vec<u8> {
    let mut bytes = Vec::new();
    let flat = table().project(&[0, 1]).expect("columns");
    let mut writer =
        orc_rust::ArrowWriterBuilder::new(&mut bytes, flat.schema()).try_build().expect("a writer");
    writer.write(&flat).expect("written");
    writer.close().expect("closed");
    bytes
}

/// Length and text.
fn avro_text(text: &str) -> Vec<u8> {
    let mut bytes = avro_number(text.len() as i64);
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

fn avro_number(number: i64) -> Vec<u8> {
    let mut rest = ((number << 1) ^ (number >> 63)) as u64;
    let mut bytes = Vec::new();
    while rest >= 0x80 {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes
}

fn avro_file(schema: &str, count: i64, records: &[u8]) -> Vec<u8> {
    let sync = [7; 16];
    let parts: [&[u8]; 9] = [
        b"Obj\x01",
        &avro_number(1),
        &avro_text("avro.schema"),
        &avro_text(schema),
        &avro_number(0),
        &sync,
        &avro_number(count),
        &avro_number(records.len() as i64),
        records,
    ];
    [&parts.concat()[..], &sync].concat()
}

const PERSON: &str = r#"{"type":"record","name":"P","fields":[{"name":"mobile","type":["null","long"]},
    {"name":"tags","type":{"type":"array","items":"string"}},{"name":"boss","type":["null","P"]}]}"#;

fn avro_people() -> Vec<u8> {
    let record = [
        avro_number(1),
        avro_number(13_800_138_000),
        avro_number(1),
        avro_text("客户甲"),
        avro_number(0),
        avro_number(0),
    ]
    .concat();
    avro_file(PERSON, 2, &[&record[..], &record].concat())
}

fn avro_read(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    avro::read(&mut &*bytes, output)
}

fn dbf_read(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    dbf::read(&mut &*bytes, output)
}

fn dbf_file() -> Vec<u8> {
    let mut bytes = vec![3, 124, 5, 13, 2, 0, 0, 0, 65, 0, 12, 0];
    bytes.resize(32, 0);
    bytes.extend_from_slice(b"MOBILE\0\0\0\0\0C\0\0\0\0\x0B");
    bytes.resize(64, 0);
    bytes.extend_from_slice(b"\x0D 13800138000*13900139000\x1A");
    bytes
}

fn files() -> Vec<(&'static str, Reader, Vec<u8>)> {
    vec![
        ("parquet", parquet::read, parquet_file(Compression::UNCOMPRESSED)),
        ("parquet, snappy", parquet::read, parquet_file(Compression::SNAPPY)),
        ("arrow", ipc::file, arrow_file(None)),
        ("arrow, zstd", ipc::file, arrow_file(Some(CompressionType::ZSTD))),
        ("arrow, lz4", ipc::file, arrow_file(Some(CompressionType::LZ4_FRAME))),
        ("arrow stream", ipc::stream, arrow_stream()),
        ("orc", orc::read, orc_file()),
        ("avro", avro_read, avro_people()),
        ("dbf", dbf_read, dbf_file()),
    ]
}

#[test]
fn every_format_gives_its_values_with_their_rows() {
    for (name, reader, bytes) in files() {
        let (seen, outcome) = read(reader, &bytes);
        assert!(outcome.is_ok() && seen.gaps.is_empty(), "{name}: {outcome:?} {:?}", seen.gaps);
        let mobiles: Vec<_> =
            seen.cells.iter().filter(|(field, ..)| field.eq_ignore_ascii_case("mobile")).collect();
        assert_eq!(mobiles[0].2, "13800138000", "{name}");
        assert_eq!((mobiles[0].1, mobiles.len()), (1, 2), "{name}");
        if name.starts_with("arrow") || name.starts_with("parquet") {
            let list: Vec<_> = seen.cells.iter().filter(|(field, ..)| field == "list[]").collect();
            assert_eq!(list.iter().map(|cell| cell.1).collect::<Vec<_>>(), [1, 3], "{name}");
            assert!(seen.cells.contains(&("name$.a".into(), 2, "1".into())), "{name}: {:?}", seen.cells);
        }
    }
}

#[test]
fn a_broken_byte_anywhere_breaks_no_reader() {
    // Libraries that panic are caught, and not listened to.
    let aloud = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut fallen = Vec::new();
    for (name, reader, bytes) in files() {
        for at in 0..bytes.len() {
            for change in [0x01, 0x80, 0xFF] {
                let mut broken = bytes.clone();
                broken[at] ^= change;
                if catch_unwind(AssertUnwindSafe(|| read(reader, &broken))).is_err() {
                    fallen.push((name, at, change));
                }
            }
            let cut = &bytes[..at];
            if catch_unwind(AssertUnwindSafe(|| read(reader, cut))).is_err() {
                fallen.push((name, at, 0));
            }
        }
    }
    std::panic::set_hook(aloud);
    assert!(fallen.is_empty(), "{} of them: {:?}", fallen.len(), &fallen[..fallen.len().min(40)]);
}

#[test]
fn what_is_cut_off_is_told() {
    for (name, reader, bytes) in files() {
        let (seen, outcome) = read(reader, &bytes[..bytes.len() / 2]);
        assert!(outcome.is_err() || !seen.gaps.is_empty(), "{name}");
    }
}

#[test]
fn encrypted_files_are_told_as_such() {
    let mut bytes = parquet_file(Compression::UNCOMPRESSED);
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(b"PARE");
    bytes[..4].copy_from_slice(b"PARE");
    let (_, outcome) = read(parquet::read, &bytes);
    assert!(matches!(outcome, Err(Failure::Unread(Reason::Encrypted, _))), "{outcome:?}");
    let mut bytes = dbf_file();
    bytes[15] = 1;
    let (_, outcome) = read(dbf_read, &bytes);
    assert!(matches!(outcome, Err(Failure::Unread(Reason::Encrypted, _))), "{outcome:?}");
}

#[test]
fn avro_bombs_end() {
    // An array of 2^60 nulls, 2^60 records of nothing, a type that holds itself.
    let nulls =
        avro_file(r#"{"type":"array","items":"null"}"#, 1, &[avro_number(1 << 60), avro_number(0)].concat());
    let (seen, outcome) = read(avro_read, &nulls);
    assert!(outcome.is_ok() && seen.cells.is_empty(), "{outcome:?}");
    let nothing = avro_file(r#""null""#, i64::MAX, b"");
    assert!(read(avro_read, &nothing).1.is_ok());
    let itself = r#"{"type":"record","name":"A","fields":[{"name":"a","type":"A"}]}"#;
    let (seen, _) = read(avro_read, &avro_file(itself, 1, b"x"));
    assert_eq!(seen.gaps, [Reason::Malformed]);
    let deep = "[".repeat(100_000);
    assert!(read(avro_read, &avro_file(&deep, 1, b"x")).1.is_err());
}

#[test]
fn text_is_no_table() {
    for text in
        ["PAR1,PAR2\n1,2\n", "ORCHARD: 13800138000\n", "\x03 13800138000 and more text than a header has"]
    {
        assert!(!parquet::is_one(text.as_bytes()) && !orc::is_one(text.as_bytes()), "{text}");
        assert!(!dbf::is_one(text.as_bytes()) && !ipc::is_stream(text.as_bytes()), "{text}");
    }
}
