//! Spreadsheets of records: Excel 2 to 2003, and binary workbooks.
use super::sheets::{package, survives};
use crate::program::{CARD, MOBILE, RESIDENT_ID, Scene};
use std::io::{Cursor, Write};

/// Records, each a type and its bytes.
fn records(all: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, body) in all {
        bytes.extend(kind.to_le_bytes());
        bytes.extend((body.len() as u16).to_le_bytes());
        bytes.extend(body);
    }
    bytes
}

/// Numbers of two bytes, one after another.
fn words(all: &[u16]) -> Vec<u8> {
    all.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A compound file with one stream.
fn compound(name: &str, stream: &[u8]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).expect("a compound file");
    file.create_stream(name).expect("a stream").write_all(stream).expect("written");
    file.flush().expect("written");
    file.into_inner().into_inner()
}

/// A sheet of Excel 97 with what it has of its own: shared strings that go on in another record in the other width, a
/// formula with text, a note, a shape, a number in the short form.
fn excel_97() -> Vec<u8> {
    let (first, rest) = MOBILE.split_at(5);
    let mut table = vec![1, 0, 0, 0, 2, 0, 0, 0];
    table.extend([2, 0, 1].iter().copied().chain(wide("手机")));
    table.extend([11, 0, 0].iter().chain(first.as_bytes()));
    let mut more = vec![1];
    more.extend(wide(rest));
    let text = format!("身份证{RESIDENT_ID}");
    let length = text.encode_utf16().count() as u16;
    let mut note_text = vec![1];
    note_text.extend(wide(&text));
    let shape_text = [&[0][..], b"card ", CARD.as_bytes()].concat();
    let object = |number| [words(&[0x15, 0x12, 0x19, number]), vec![0; 14]].concat();
    let text_object = |length| [words(&[0, 0, 0, 0, 0, length, 16]), vec![0; 4]].concat();
    let formula_text = [words(&[11]), vec![0], MOBILE.as_bytes().to_vec()].concat();
    let mut multiple = words(&[4, 0]);
    multiple.extend([words(&[0]), (21_i32 << 2 | 2).to_le_bytes().to_vec()].concat());
    multiple.extend([words(&[0]), (7_i32 << 2 | 2).to_le_bytes().to_vec(), words(&[1])].concat());
    records(&[
        (0x809, words(&[0x600, 5, 0, 0, 0, 0, 0, 0])),
        (0x85, [vec![0; 4], words(&[2]), vec![2, 1], wide("隐藏")].concat()),
        (0xFC, table),
        (0x3C, more),
        (0x0A, vec![]),
        (0x809, words(&[0x600, 0x10, 0, 0, 0, 0, 0, 0])),
        (0xFD, words(&[0, 0, 0, 0, 0])),
        (0xFD, words(&[1, 0, 0, 1, 0])),
        (0x203, [words(&[2, 0, 0]), 13_800_138_000_f64.to_le_bytes().to_vec()].concat()),
        (0x06, [words(&[3, 0, 0]), vec![0, 0, 0, 0, 0, 0, 0xFF, 0xFF], vec![0; 8]].concat()),
        (0x207, formula_text),
        (0xBD, multiple),
        (0x5D, object(1)),
        (0x1B6, text_object(length)),
        (0x3C, note_text),
        (0x3C, vec![0; 16]),
        (0x5D, object(2)),
        (0x1B6, text_object(shape_text.len() as u16 - 1)),
        (0x3C, shape_text),
        (0x1C, words(&[6, 1, 0, 1, 0])),
        (0x0A, vec![]),
    ])
}

#[test]
fn a_workbook_of_excel_97() {
    let bytes = compound("Workbook", &excel_97());
    let run = Scene::with(&[("a.xls", &bytes), ("b.et", &bytes)]).scan(&["--reveal"]).ends(0);
    let found: Vec<_> =
        run.of("b.et").iter().map(|f| (f["field"].clone(), f["place"].clone(), f["value"].clone())).collect();
    let is = |field: &str, place: &str, value: &str| (field.into(), place.into(), value.into());
    for expected in [
        is("隐藏!手机", "A2", MOBILE),
        is("隐藏!手机", "A3", MOBILE),
        is("隐藏!手机", "A4", MOBILE),
        is("隐藏!comments", "B7", RESIDENT_ID),
    ] {
        assert!(found.contains(&expected), "{expected:?} is not among {found:#?}");
    }
    assert!(found.iter().any(|(field, _, value)| field == "隐藏!shapes" && value == CARD), "{found:#?}");
    assert_eq!(found.len(), 5, "{found:#?}");
    survives("a.xls", &bytes);
}

#[test]
fn old_workbooks_in_their_code_page() {
    let gbk = |text: &str| -> Vec<u8> {
        // 手机 in GBK; the rest is ASCII.
        text.strip_prefix("手机").map_or_else(
            || text.as_bytes().to_vec(),
            |rest| [&[0xCA, 0xD6, 0xBB, 0xFA], rest.as_bytes()].concat(),
        )
    };
    let label = |row: u16, text: &str| [words(&[row, 0, 0, gbk(text).len() as u16]), gbk(text)].concat();
    let excel_5 = records(&[
        (0x809, words(&[0x500, 5, 0, 0])),
        (0x42, words(&[936])),
        (0x85, [vec![0; 4], words(&[0]), vec![4], gbk("手机")].concat()),
        (0x0A, vec![]),
        (0x809, words(&[0x500, 0x10, 0, 0])),
        (0x204, label(0, "手机")),
        (0x204, label(1, MOBILE)),
        (0x0A, vec![]),
    ]);
    let excel_4 = records(&[
        (0x409, words(&[0, 0x10, 0])),
        (0x42, words(&[936])),
        (0x204, label(0, "手机")),
        (0x204, label(1, MOBILE)),
        (0x0A, vec![]),
    ]);
    let label_2 =
        |row: u16, text: &str| [words(&[row, 0]), vec![0, 0, 0, gbk(text).len() as u8], gbk(text)].concat();
    let excel_2 = records(&[
        (0x09, words(&[2, 0x10])),
        (0x42, words(&[936])),
        (0x04, label_2(0, "手机")),
        (0x04, label_2(1, MOBILE)),
        (0x0A, vec![]),
    ]);
    let run =
        Scene::with(&[("5.xls", &compound("Book", &excel_5)), ("4.xls", &excel_4), ("2.xls", &excel_2)])
            .scan(&[])
            .ends(0);
    for (name, field) in [("5.xls", "手机!手机"), ("4.xls", "Sheet1!手机"), ("2.xls", "Sheet1!手机")]
    {
        let found = run.of(name);
        assert_eq!(found.len(), 1, "{name}: {:#?}", run.findings);
        assert_eq!(found[0]["field"], field);
        assert_eq!(found[0]["place"], "A2");
    }
    survives("2.xls", &excel_2);
}

#[test]
fn a_workbook_with_a_password() {
    let stream = records(&[(0x809, words(&[0x600, 5, 0, 0])), (0x2F, vec![1; 54]), (0xFC, vec![7; 100])]);
    let run = Scene::with(&[("a.xls", &compound("Workbook", &stream))]).scan(&[]).ends(3);
    assert_eq!(run.row("a.xls")["reason"], "encrypted");
}

/// Records of a binary workbook.
fn binary(all: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, body) in all {
        if *kind < 128 {
            bytes.push(*kind as u8);
        } else {
            bytes.extend([*kind as u8 | 0x80, (kind >> 7) as u8]);
        }
        bytes.extend([body.len() as u8 & 0x7F | 0x80, (body.len() >> 7) as u8]);
        bytes.extend(body);
    }
    bytes
}

/// Text that says its length.
fn string(text: &str) -> Vec<u8> {
    [(text.encode_utf16().count() as u32).to_le_bytes().to_vec(), wide(text)].concat()
}

#[test]
fn a_binary_workbook() {
    let cell = |column: u32| [column.to_le_bytes(), [0; 4]].concat();
    let workbook = binary(&[(156, [vec![2, 0, 0, 0, 1, 0, 0, 0], string("rId1"), string("表")].concat())]);
    let strings =
        binary(&[(19, [vec![0], string("手机")].concat()), (19, [vec![0], string(MOBILE)].concat())]);
    let sheet = binary(&[
        (129, vec![]),
        (0, vec![0; 25]),
        (7, [cell(0), 0_u32.to_le_bytes().to_vec()].concat()),
        (6, [cell(1), string("身份证号")].concat()),
        (0, [1_u32.to_le_bytes().to_vec(), vec![0; 20]].concat()),
        (7, [cell(0), 1_u32.to_le_bytes().to_vec()].concat()),
        (8, [cell(1), string(RESIDENT_ID)].concat()),
        (0, [2_u32.to_le_bytes().to_vec(), vec![0; 20]].concat()),
        (5, [cell(0), 13_800_138_000_f64.to_le_bytes().to_vec()].concat()),
        (7, [cell(1), 99_u32.to_le_bytes().to_vec()].concat()),
        (5, cell(1)),
    ]);
    let place = [0_u32, 6, 6, 2, 2].iter().flat_map(|number| number.to_le_bytes()).collect();
    let comments = binary(&[(635, place), (637, [vec![0], string(&format!("卡号{CARD}"))].concat())]);
    let relation = |kind: &str, target: &str| {
        format!("<R><Relationship Id='rId1' Type='x/{kind}' Target='{target}'/></R>").into_bytes()
    };
    let bytes = package(&[
        ("xl/workbook.bin", &workbook),
        ("xl/_rels/workbook.bin.rels", &relation("worksheet", "worksheets/sheet1.bin")),
        ("xl/sharedStrings.bin", &strings),
        ("xl/worksheets/sheet1.bin", &sheet),
        ("xl/worksheets/_rels/sheet1.bin.rels", &relation("comments", "../comments1.bin")),
        ("xl/comments1.bin", &comments),
        ("xl/styles.bin", b"\x01\x02"),
    ]);
    let run = Scene::with(&[("a.xlsb", &bytes)]).scan(&["--reveal"]).ends(0);
    let found: Vec<_> =
        run.findings.iter().map(|f| (&f["field"], &f["place"], &f["row"], &f["value"])).collect();
    assert_eq!(found.len(), 4, "{found:#?}");
    assert!(run.findings.iter().any(|f| f["field"] == "表!手机" && f["place"] == "A3" && f["row"] == 2));
    assert!(run.findings.iter().any(|f| f["field"] == "表!身份证号" && f["place"] == "B2"));
    assert!(run.findings.iter().any(|f| f["field"] == "表!comments" && f["place"] == "C7"));
    survives("a.xlsb", &bytes);
}
