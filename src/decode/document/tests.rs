//! Documents that are made here, byte by byte, and what becomes of broken ones.
use super::*;
use crate::decode::{Entry, Failure, Output, Piece};
use crate::model::coverage::Reason;
use std::io::{Cursor, Read, Write};

/// What a decoder gave out, as lines.
#[derive(Default)]
struct Taken {
    cells: Vec<String>,
    beside: Vec<String>,
}

impl Output for Taken {
    fn piece(&mut self, piece: Piece<'_>) -> bool {
        for (at, cell) in piece.batch.cells.iter().enumerate() {
            let text = &piece.batch.bytes[piece.batch.start_of(at)..cell.end];
            let field = &piece.fields[cell.field as usize].shown;
            self.cells.push(format!("{field} {}: {}", cell.line, String::from_utf8_lossy(text)));
        }
        true
    }
    fn entry(&mut self, name: &str, entry: Entry<'_>) -> bool {
        let size = match entry {
            Entry::Whole(bytes) => bytes.len(),
            Entry::Stream(reader) => {
                std::io::copy(&mut reader.take(1 << 20), &mut std::io::sink()).unwrap_or(0) as usize
            }
        };
        self.beside.push(format!("{name} {size}"));
        true
    }
    fn unwrapped(&mut self, _: Entry<'_>) -> bool {
        true
    }
    fn unread(&mut self, name: &str, why: Reason, _: &str) -> bool {
        self.beside.push(format!("{name} {why:?}"));
        true
    }
    fn gap(&mut self, why: Reason, _: &str) {
        self.beside.push(format!("{why:?}"));
    }
}

type Decode = fn(&[u8], &mut dyn Output) -> Result<(), Failure>;

fn read(decode: Decode, bytes: &[u8]) -> (Taken, Result<(), Failure>) {
    let mut taken = Taken::default();
    let ended = decode(bytes, &mut taken);
    (taken, ended)
}

fn package(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, text) in parts {
        zip.start_file(*name, stored).expect("a part");
        zip.write_all(text.as_bytes()).expect("written");
    }
    zip.finish().expect("a package").into_inner()
}

fn compound(streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).expect("a file");
    for (name, bytes) in streams {
        file.create_stream(name).expect("a stream").write_all(bytes).expect("written");
    }
    file.flush().expect("written");
    file.into_inner().into_inner()
}

const WORD: &str = "<w:document xmlns:w='w'><w:body><w:p><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr>\
    <w:r><w:t>手机：138</w:t></w:r><w:r w:rsidR='13912345678'><w:t>0013</w:t></w:r><w:r><w:t>8000</w:t></w:r></w:p>\
    <w:p><w:del><w:r><w:delText>13900139</w:delText></w:r><w:r><w:delText>000</w:delText></w:r></w:del>\
    <w:r><w:t>x</w:t><w:tab/><w:t>y</w:t></w:r></w:p></w:body></w:document>";

fn word_file(flags: u16, text: &str) -> Vec<u8> {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let count = (units.len() / 2) as u32;
    let mut stream = vec![0; 0x400];
    let mut put = |at: usize, bytes: &[u8]| stream[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &[0xEC, 0xA5, 0xC1, 0]);
    put(0x0A, &flags.to_le_bytes());
    put(0x4C, &count.to_le_bytes());
    put(0x1A6, &21_u32.to_le_bytes());
    stream.extend(units);
    let mut table = vec![2, 16, 0, 0, 0, 0, 0, 0, 0];
    table.extend(count.to_le_bytes());
    table.extend([0, 0, 0, 4, 0, 0, 0, 0]);
    compound(&[("/WordDocument", &stream), ("/0Table", &table)])
}

fn atom(kind: u16, instance: u16, body: &[u8]) -> Vec<u8> {
    let container = if matches!(kind, 1000 | 1006) { 0xF } else { 0 };
    let mut record = (instance << 4 | container).to_le_bytes().to_vec();
    record.extend(kind.to_le_bytes());
    record.extend((body.len() as u32).to_le_bytes());
    record.extend(body);
    record
}

fn slide_file() -> Vec<u8> {
    let wide: Vec<u8> = "手机\r13800138000".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let stream = [atom(1006, 0, &atom(4000, 0, &wide)), atom(1006, 0, &atom(4008, 0, b"tel\x0B2"))].concat();
    compound(&[("/PowerPoint Document", &stream), ("/Current User", &[0; 20])])
}

#[test]
fn word_text_is_joined_over_runs() {
    let (taken, ended) = read(docx, &package(&[("word/document.xml", WORD), ("word/media/a.png", "xyz")]));
    ended.expect("a document");
    assert_eq!(taken.cells, ["body 1: 手机：13800138000", "deleted 2: 13900139000", "body 2: x\ty"]);
    assert_eq!(taken.beside, ["word/media/a.png 3"]);
}

#[test]
fn what_is_written_twice_is_read_once() {
    let both = "<w:hdr xmlns:w='w' xmlns:mc='m'><w:p><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>one</w:t></w:r>\
        </w:p></w:txbxContent></mc:Choice><mc:Choice><w:r><w:t>two</w:t></w:r></mc:Choice><mc:Fallback><w:r><w:t>three</w:t></w:r>\
        </mc:Fallback></mc:AlternateContent><w:moveFrom><w:r><w:t>gone</w:t></w:r></w:moveFrom></w:p></w:hdr>";
    let (taken, _) = read(docx, &package(&[("word/document.xml", "<w:document/>"), ("word/odd.xml", both)]));
    assert_eq!(taken.cells, ["text boxes 1: one", "deleted 1: gone"]);
}

#[test]
fn broken_parts_are_gaps() {
    let cut = &WORD[..WORD.find("<w:del>").expect("there")];
    let (taken, ended) = read(docx, &package(&[("word/document.xml", cut)]));
    ended.expect("a document");
    assert_eq!((taken.cells.len(), &taken.beside[..]), (1, &["Malformed".to_owned()][..]));
}

#[test]
fn old_word_files() {
    let (taken, ended) =
        read(doc, &word_file(0, "手机：138\r\u{13}HYPERLINK tel\u{14}表\u{15}\u{1E}x\u{B}y\r"));
    ended.expect("a document");
    assert_eq!(taken.cells, ["body 1: 手机：138", "field codes 2: HYPERLINK tel", "body 2: 表-x\ny"]);
    let (taken, ended) = read(doc, &word_file(0x100, "手机"));
    assert!(taken.cells.is_empty() && matches!(ended, Err(Failure::Unread(Reason::Encrypted, _))));
}

#[test]
fn old_slides() {
    let (taken, ended) = read(ppt, &slide_file());
    ended.expect("slides");
    assert_eq!(taken.cells, ["slide 1: 手机", "slide 1: 手机 13800138000", "slide 2: tel\n2"]);
    let user = [&[0; 12][..], &0xF3D1_C4DF_u32.to_le_bytes(), &[0; 4]].concat();
    let locked = compound(&[("/PowerPoint Document", b""), ("/Current User", &user)]);
    assert!(matches!(read(ppt, &locked).1, Err(Failure::Unread(Reason::Encrypted, _))));
}

fn rich(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    rtf(&mut &*bytes, output)
}

const RICH: &[u8] = b"{\\rtf1\\ansicpg936{\\fonttbl{\\f1\\fcharset134 \\'cb\\'ce;}}{\\info{\\title 1380}}\\f1 \\'ca\\'d6\\'bb\\'fa{\\b 138}\\u48?0\
    \\par{\\footnote n}\\trowd\\intbl a\\cell 123456789\\cell\\row\\pard{\\*\\unknown 139}{\\pict 0102}\\bin3 }}} end\\u-10179?\\u-8704?}";

#[test]
fn rich_text() {
    let (taken, ended) = read(rich, RICH);
    ended.expect("a document");
    let expected = [
        "properties!title 0: 1380",
        "body 1: 手机13800",
        "footnotes 1: n",
        "table 1!A 2: a",
        "table 1!B 3: 123456789",
        "body 4: end😀",
    ];
    assert_eq!(taken.cells, expected);
    assert_eq!(taken.beside, ["picture 1 Image"]);
    assert!(read(rich, &RICH[..RICH.len() - 1]).1.is_err(), "cut off");
    assert!(read(rich, &b"{\\rtf ".repeat(100_000)).1.is_err(), "deep");
}

#[test]
fn encrypted_open_documents() {
    let manifest = "<m><file-entry><encryption-data/></file-entry></m>";
    let (_, ended) =
        read(odt, &package(&[("content.xml", "\u{1}\u{2}"), ("META-INF/manifest.xml", manifest)]));
    assert!(matches!(ended, Err(Failure::Unread(Reason::Encrypted, _))));
}

#[test]
fn notes_are_no_part_of_the_number_before_them() {
    let content = "<o:d xmlns:text='t'><text:p>138<text:span>00138000</text:span><text:note><text:note-citation>1</text:note-citation>\
        <text:note-body><text:p>n</text:p></text:note-body></text:note><text:s text:c='2'/>x</text:p></o:d>";
    let (taken, _) = read(odt, &package(&[("content.xml", content)]));
    assert_eq!(taken.cells, ["footnotes 1: n", "body 1: 13800138000  x"]);
}

#[test]
fn pieces_of_a_page_are_put_in_order() {
    let root = "<o><DocRoot>D/d.xml</DocRoot></o>";
    let document = "<o><Pages><Page ID='1' BaseLoc='p.xml'/></Pages></o>";
    let object = |x: u32, y: u32, text: &str| {
        format!(
            "<TextObject Boundary='{x} {y} 9 9' Size='3'><TextCode X='0' Y='0'>{text}</TextCode></TextObject>"
        )
    };
    let page =
        format!("<o>{}{}{}</o>", object(6, 20, "00138000"), object(0, 20, "卡138"), object(0, 10, "电话"));
    let (taken, _) = read(ofd, &package(&[("OFD.xml", root), ("D/d.xml", document), ("D/p.xml", &page)]));
    assert_eq!(taken.cells, ["page 1: 电话", "page 1: 卡13800138000"]);
}

/// Every byte changed, and every length: no decoder panics or hangs, whatever it makes of it.
#[test]
fn broken_bytes_do_no_harm() {
    let slides = package(&[
        ("ppt/presentation.xml", "<p><sldId r:id='a'/></p>"),
        ("ppt/slides/slide1.xml", "<p:sld><a:p><a:t>x</a:t></a:p></p:sld>"),
    ]);
    let book = package(&[
        ("META-INF/container.xml", "<c><rootfile full-path='o.opf'/></c>"),
        ("o.opf", "<p><item id='a' href='a%20b'/><itemref idref='a'/></p>"),
        ("a b", "x"),
    ]);
    let samples: [(Decode, Vec<u8>); 6] = [
        (docx, package(&[("word/document.xml", WORD)])),
        (pptx, slides),
        (epub, book),
        (rich, RICH.to_vec()),
        (doc, word_file(0, "手机\u{7}\u{7}x\r")),
        (ppt, slide_file()),
    ];
    for (decode, sample) in samples {
        // The headers of compound files are full of zeros.
        let step = 1 + sample.len() / 1500;
        for at in (0..sample.len()).step_by(step) {
            for bits in [0x01, 0x80, 0xFF] {
                let mut broken = sample.clone();
                broken[at] ^= bits;
                let _ = read(decode, &broken);
            }
            let _ = read(decode, &sample[..at]);
        }
    }
}

/// The same for the streams of old files, whose places and lengths lie close together.
#[test]
fn broken_headers_do_no_harm() {
    let text = "手机\u{7}\u{7}x\r".repeat(50);
    let whole = word_file(0, &text);
    let mut file = ole::Compound::open(&whole).expect("a file");
    let (stream, table) = (file.stream("/WordDocument"), file.stream("/0Table"));
    for at in (0..0x400).chain(0..table.len()) {
        for byte in [1, 0x7F, 0xFF] {
            let (mut stream, mut table) = (stream.clone(), table.clone());
            stream[at] = byte;
            if let Some(place) = table.get_mut(at) {
                *place = byte;
            }
            let _ = read(doc, &compound(&[("/WordDocument", &stream), ("/0Table", &table)]));
        }
    }
}
