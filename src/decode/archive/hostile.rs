//! Every archive, with every byte changed and cut off at every byte: no decoder may panic, hang or give without end.
use super::super::{Entry, Failure, Output, Piece};
use super::{ar, compressed, sevenz, tar, zip};
use crate::model::coverage::Reason;
use std::io::{Cursor, Read, Write};

/// Made by 7-Zip 16.02 from two files, with LZMA2 and with PPMd.
const SEVEN_ZIPS: [&str; 2] = [
    "377abcaf271c0004834c5fde6d00000000000000200000000000000079cad4a601001ee6898be69cba313338303031333830\
    30300a6e6f7468696e6720686572650a000000813307ae0fd03c16fc9f3f4741070abebb84ababa3d49c0a22f920a6701851\
    b7a4a5b42753ca29989701942fe88f1c5b279a8240a3024000dbfc3c5b5698aceef567d3afb7b2ad0017062301094a00070b\
    01000123030101055d001000000c560a01f4ab31300000",
    "377abcaf271c0004bdcb95736900000000000000200000000000000001d998ef00e5a1472f3e128024aaecd86938f2f5f83b\
    8a1f162b3d53ef25ce97f374000000813307ae0fcffcf06c0febea9e010ee8c4aa4fad5e4d65a82902178c9e42f27b5e2dab\
    97bbba4ce86063407eebbd85ff2a62e3c097a87e5121e2a995d470260a565f29535d5e472617061f01094a00070b01000123\
    030101055d001000000c560a0186f839bb0000",
];
/// More than all of the entries hold.
const ENOUGH: u64 = 1 << 20;

/// Reads all that it is given, as far as the limits would allow.
#[derive(Default)]
struct Reader {
    names: Vec<String>,
    bytes: Vec<u8>,
    told: usize,
}

impl Reader {
    fn read(&mut self, entry: Entry<'_>) -> bool {
        let before = self.bytes.len();
        let failed = match entry {
            Entry::Whole(bytes) => bytes.take(ENOUGH).read_to_end(&mut self.bytes).is_err(),
            Entry::Stream(reader) => reader.take(ENOUGH).read_to_end(&mut self.bytes).is_err(),
        };
        self.told += usize::from(failed);
        self.bytes.len() - before < ENOUGH as usize
    }
}

impl Output for Reader {
    fn piece(&mut self, _: Piece<'_>) -> bool {
        true
    }

    fn entry(&mut self, name: &str, entry: Entry<'_>) -> bool {
        self.names.push(name.into());
        self.read(entry)
    }

    fn unwrapped(&mut self, entry: Entry<'_>) -> bool {
        self.read(entry)
    }

    fn unread(&mut self, _: &str, _: Reason, _: &str) -> bool {
        self.told += 1;
        true
    }

    fn gap(&mut self, _: Reason, _: &str) {
        self.told += 1;
    }

    fn passed(&mut self, bytes: u64) -> bool {
        bytes < ENOUGH
    }
}

type Decode = fn(&[u8], &mut dyn Output) -> Result<(), Failure>;

const TEXT: &str = "手机13800138000\n";

fn compressed_by(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes).expect("packed");
    bytes
}

fn zipped(method: ::zip::CompressionMethod) -> Vec<u8> {
    let mut archive = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = ::zip::write::SimpleFileOptions::default().compression_method(method);
    for name in ["a.txt", "b.txt"] {
        archive.start_file(name, options).expect("an entry");
        archive.write_all(TEXT.as_bytes()).expect("written");
    }
    archive.finish().expect("an archive").into_inner()
}

fn tarred() -> Vec<u8> {
    let mut archive = ::tar::Builder::new(Vec::new());
    for name in ["a.txt".to_owned(), "long/".repeat(40) + "b.txt"] {
        let mut header = ::tar::Header::new_gnu();
        header.set_size(TEXT.len() as u64);
        archive.append_data(&mut header, name, TEXT.as_bytes()).expect("an entry");
    }
    archive.into_inner().expect("an archive")
}

fn hex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(digit).collect()
}

/// Whole archives and what reads them.
fn samples() -> Vec<(&'static str, Vec<u8>, Decode)> {
    use flate2::{Compression, write::GzEncoder};
    let gz = compressed_by(|out| GzEncoder::new(out, Compression::best()).write_all(TEXT.as_bytes()));
    let bz = compressed_by(|out| {
        ::bzip2::write::BzEncoder::new(out, ::bzip2::Compression::best()).write_all(TEXT.as_bytes())
    });
    let zst = ::zstd::encode_all(TEXT.as_bytes(), 3).expect("packed");
    let lz4 = compressed_by(|out| {
        let mut encoder = lz4_flex::frame::FrameEncoder::new(out);
        encoder.write_all(TEXT.as_bytes())?;
        encoder.finish().map_err(std::io::Error::other).map(|_| ())
    });
    let ar = [ar::MAGIC, format!("{:<48}{:<10}`\n{TEXT}", "a.txt/", TEXT.len()).as_bytes()].concat();
    vec![
        ("gzip", gz, |mut bytes, output| compressed::gzip(&mut bytes, output)),
        ("bzip2", bz, |mut bytes, output| compressed::bzip2(&mut bytes, output)),
        ("zstd", zst, |mut bytes, output| compressed::zstd(&mut bytes, output)),
        ("lz4", lz4, |mut bytes, output| compressed::lz4(&mut bytes, output)),
        ("stored", zipped(::zip::CompressionMethod::Stored), zip::zip),
        ("deflated", zipped(::zip::CompressionMethod::Deflated), zip::zip),
        ("zip of bzip2", zipped(::zip::CompressionMethod::Bzip2), zip::zip),
        ("zip of zstd", zipped(::zip::CompressionMethod::Zstd), zip::zip),
        ("tar", tarred(), |mut bytes, output| tar::tar(&mut bytes, output)),
        ("ar", ar, |mut bytes, output| ar::ar(&mut bytes, output)),
        ("7z of LZMA2", hex(SEVEN_ZIPS[0]), sevenz::sevenz),
        ("7z of PPMd", hex(SEVEN_ZIPS[1]), sevenz::sevenz),
    ]
}

#[test]
fn whole_archives_are_read() {
    for (name, bytes, decode) in samples() {
        let mut reader = Reader::default();
        decode(&bytes, &mut reader).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(reader.told, 0, "{name}");
        assert!(String::from_utf8_lossy(&reader.bytes).contains(TEXT), "{name}: {:?}", reader.names);
    }
}

#[test]
fn archives_that_are_cut_off_say_so() {
    for (name, bytes, decode) in samples() {
        for length in 0..bytes.len() {
            let mut reader = Reader::default();
            let outcome = decode(&bytes[..length], &mut reader);
            // Nothing may be lost in nothing at all, and what ends behind an entry looks whole.
            let may_look_whole = length == 0 || matches!(name, "tar" | "ar");
            assert!(
                outcome.is_err() || reader.told > 0 || may_look_whole,
                "{name}: {length} of {}",
                bytes.len()
            );
        }
    }
}

#[test]
fn archives_with_a_byte_changed_are_survived() {
    for (_, bytes, decode) in samples() {
        for at in 0..bytes.len() {
            for change in [0x01, 0x80, 0xFF] {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                // Whatever comes out, it comes to an end.
                let _ = decode(&changed, &mut Reader::default());
                super::self_extracting(&changed);
            }
        }
    }
}
