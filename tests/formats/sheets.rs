//! Spreadsheets of XML: what lies beside the cells, and packages made to break their readers.
use crate::program::{CARD, MOBILE, RESIDENT_ID, Run, Scene};
use std::io::{Cursor, Write};
use std::time::{Duration, Instant};
use zip::write::SimpleFileOptions;

/// A zip file of these parts.
pub fn package(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        archive.start_file(*name, SimpleFileOptions::default()).expect("a part");
        archive.write_all(bytes).expect("written");
    }
    archive.finish().expect("a package").into_inner()
}

const WORKBOOK: &str =
    r#"<workbook><sheets><sheet name="表一" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const RELATIONS: &str = r#"<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/>
    <Relationship Id="rId2" Type="x/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#;

/// A workbook with one sheet, and more parts.
fn workbook(sheet: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let mut parts: Vec<(&str, &[u8])> = vec![
        ("xl/workbook.xml", WORKBOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", RELATIONS.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ];
    parts.extend(more);
    package(&parts)
}

/// The finding in a field.
fn at<'r>(run: &'r Run, field: &str) -> &'r serde_json::Value {
    let found = run.findings.iter().find(|finding| finding["field"] == field);
    found.unwrap_or_else(|| panic!("nothing in {field}: {:#?}", run.findings))
}

#[test]
fn what_lies_beside_the_cells() {
    let sheet = "<worksheet><sheetData><row r='1'><c r='A1' t='inlineStr'><is><t>x</t></is></c></row></sheetData>\
                 </worksheet>";
    let relations = "<Relationships><Relationship Id='a' Type='x/threadedComment' Target='../threadedComments/t1.xml'/>\
                     <Relationship Id='b' Type='x/hyperlink' TargetMode='External' Target='tel:13800138000'/>\
                     </Relationships>";
    let threaded =
        format!("<T><threadedComment ref='D4' id='1'><text>手机{MOBILE}</text></threadedComment></T>");
    let definition = format!(
        "<d><cacheFields><cacheField name='手机'><sharedItems><s v='{MOBILE}'/></sharedItems></cacheField>\
         <cacheField name='身份证'><sharedItems/></cacheField></cacheFields></d>"
    );
    let records = format!("<p><r><x v='0'/><s v='{RESIDENT_ID}'/></r></p>");
    let definition_rels = "<Relationships><Relationship Id='rId1' Type='x/pivotCacheRecords' \
                           Target='pivotCacheRecords1.xml'/></Relationships>";
    let external = format!(
        "<externalLink><sheetData><row r='3'><cell r='B3' t='str'><v>{CARD}</v></cell></row>\
                            </sheetData></externalLink>"
    );
    let strings = format!("<sst><si><t>deleted {MOBILE}</t></si></sst>");
    let bytes = workbook(
        sheet,
        &[
            ("xl/sharedStrings.xml", strings.as_bytes()),
            ("xl/worksheets/_rels/sheet1.xml.rels", relations.as_bytes()),
            ("xl/threadedComments/t1.xml", threaded.as_bytes()),
            ("xl/pivotCache/pivotCacheDefinition1.xml", definition.as_bytes()),
            ("xl/pivotCache/_rels/pivotCacheDefinition1.xml.rels", definition_rels.as_bytes()),
            ("xl/pivotCache/pivotCacheRecords1.xml", records.as_bytes()),
            ("xl/externalLinks/externalLink1.xml", external.as_bytes()),
            ("xl/embeddings/note.txt", format!("手机 {MOBILE}").as_bytes()),
            ("xl/media/image1.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
            ("customXml/item1.xml", format!("<a><手机>{MOBILE}</手机></a>").as_bytes()),
        ],
    );
    let run = Scene::with(&[("a.xlsx", &bytes)]).scan(&[]).ends(3);
    assert_eq!(at(&run, "表一!comments")["place"], "D4");
    at(&run, "表一!links");
    at(&run, "pivotcache1!手机");
    assert_eq!(at(&run, "pivotcache1!身份证")["row"], 1);
    assert_eq!(at(&run, "externallink1!B")["place"], "B3");
    at(&run, "shared strings");
    at(&run, "item1!手机");
    assert_eq!(run.of("a.xlsx!xl/embeddings/note.txt").len(), 1);
    assert_eq!(run.row("image1.png")["state"], "skipped");
    assert_eq!(run.findings.len(), 8, "{:#?}", run.findings);
}

#[test]
fn places_that_cannot_be_are_counted_on() {
    let sheet = format!(
        "<worksheet><dimension ref='A1:XFD1048576'/><sheetData>\
         <row r='99999999999999999999'><c r='A99999999999'><v>{MOBILE}</v></c><c r='ZZZZZ1'><v>{MOBILE}</v></c></row>\
         <row><c><v>1.3800138E10</v></c><c t='s'><v>77</v></c><c t='s'><v>-1</v></c><c t='b'><v>1</v></c></row>\
         <row r='0'><c r='' t='d'><v>2024</v></c><c r='A1' t='?'><v>{MOBILE}</v></c></row></sheetData></worksheet>"
    );
    let run = Scene::with(&[("a.xlsx", &workbook(&sheet, &[]))]).scan(&["--reveal"]).ends(0);
    assert_eq!(
        run.findings.iter().filter(|finding| finding["value"] == MOBILE).count(),
        4,
        "{:#?}",
        run.findings
    );
}

#[test]
fn a_long_string_that_many_cells_share_costs_no_minutes() {
    let cells: String =
        (1..=12_000).map(|row| format!("<row r='{row}'><c r='A{row}' t='s'><v>0</v></c></row>")).collect();
    let sheet = format!("<worksheet><sheetData>{cells}</sheetData></worksheet>");
    let strings = format!("<sst><si><t>手机{MOBILE} {}</t></si></sst>", "长 ".repeat(250_000));
    let bytes = workbook(&sheet, &[("xl/sharedStrings.xml", strings.as_bytes())]);
    let scene = Scene::with(&[("a.xlsx", &bytes)]);
    let start = Instant::now();
    let run = scene.scan(&[]).ends(3);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    assert_eq!(run.row("a.xlsx")["reason"], "limit");
    assert!(!run.findings.is_empty());
}

#[test]
fn a_sheet_that_unpacks_to_far_too_much_is_cut() {
    let mut sheet =
        format!("<worksheet><sheetData><row r='1'><c r='A1'><v>{MOBILE}</v></c></row>").into_bytes();
    sheet.resize(300 << 20, b' ');
    let parts: Vec<(&str, &[u8])> =
        vec![("xl/workbook.xml", WORKBOOK.as_bytes()), ("xl/worksheets/sheet1.xml", &sheet)];
    let run = Scene::with(&[("a.xlsx", &package(&parts))]).scan(&[]).ends(3);
    assert_eq!(run.row("a.xlsx")["reason"], "limit");
    assert_eq!(run.row("a.xlsx")["state"], "partial");
    assert_eq!(run.findings.len(), 1);
}

#[test]
fn entities_are_not_expanded() {
    let mut laughs = String::from("<!DOCTYPE w [<!ENTITY a \"13800138000\">");
    for pair in ["ab", "bc", "cd", "de", "ef", "fg", "gh", "hi"].map(|pair| pair.split_at(1)) {
        laughs += &format!("<!ENTITY {} \"{}\">", pair.1, format!("&{};", pair.0).repeat(100));
    }
    let sheet = format!(
        "{laughs}]><worksheet><sheetData><row r='1'><c r='A1' t='str'><v>&i;</v></c>\
         <c r='B1'><v>{MOBILE}</v></c></row></sheetData></worksheet>"
    );
    let run = Scene::with(&[("a.xlsx", &workbook(&sheet, &[]))]).scan(&[]).ends(0);
    assert_eq!(run.findings.len(), 1);
}

/// An OpenDocument spreadsheet with this table.
fn ods(table: &str) -> Vec<u8> {
    let content = format!("<c><table:table table:name='表'>{table}</table:table></c>");
    package(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", content.as_bytes()),
    ])
}

#[test]
fn cells_that_are_repeated_a_million_times() {
    let empty = "<table:table-row table:number-rows-repeated='1048576'>\
                 <table:table-cell table:number-columns-repeated='16384'/></table:table-row>";
    let cell = format!(
        "<table:table-cell table:number-columns-repeated='2'><text:p>{MOBILE}</text:p></table:table-cell>"
    );
    let run = Scene::with(&[
        ("few.ods", &ods(&format!("{empty}<table:table-row>{cell}</table:table-row>{empty}"))),
        (
            "many.ods",
            &ods(&format!(
                "<table:table-row table:number-rows-repeated='99999999999'>{cell}</table:table-row>"
            )),
        ),
    ])
    .scan(&[])
    .ends(3);
    assert_eq!(run.of("few.ods").len(), 2);
    assert_eq!(run.of("few.ods")[1]["place"], "B1048577");
    assert_eq!(run.row("many.ods")["reason"], "limit");
    assert!(run.of("many.ods").len() <= 200_000);
}

#[test]
fn what_an_ods_tells_beside_its_values() {
    let table = format!(
        "<table:table-row><table:table-cell office:value-type='string'><text:p>手机<text:s text:c='3'/></text:p>\
         <office:annotation><dc:date>2024</dc:date><text:p>身份证{RESIDENT_ID}</text:p></office:annotation>\
         </table:table-cell><table:table-cell office:value-type='float' office:value='1.3800138E10'>\
         <text:p>1.38E10</text:p></table:table-cell></table:table-row>\
         <table:shapes><draw:frame><text:p>卡号{CARD}</text:p></draw:frame></table:shapes>"
    );
    let run = Scene::with(&[("a.ods", &ods(&table))]).scan(&["--reveal"]).ends(0);
    assert_eq!(at(&run, "表!comments")["place"], "A1");
    assert_eq!(at(&run, "表!手机")["value"], MOBILE);
    at(&run, "表!shapes");
    let encrypted = package(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        (
            "META-INF/manifest.xml",
            b"<m:manifest><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>",
        ),
        ("content.xml", b"\x01\x02\x03"),
    ]);
    let run = Scene::with(&[("a.ods", &encrypted)]).scan(&[]).ends(3);
    assert_eq!(run.row("a.ods")["reason"], "encrypted");
}

/// Broken in every way that takes one byte or the end; none may crash, and every one is accounted for.
pub fn survives(name: &str, good: &[u8]) {
    let scene = Scene::new();
    for at in (0..good.len()).step_by(good.len() / 60 + 1) {
        scene.write(format!("cut/{at}-{name}"), &good[..at]);
        for bit in [0, 3, 7] {
            let mut broken = good.to_vec();
            broken[at] ^= 1 << bit;
            scene.write(format!("flipped/{at}-{bit}-{name}"), &broken);
        }
        let mut broken = good.to_vec();
        let end = (at + 4).min(good.len());
        broken[at..end].fill(0xFF);
        scene.write(format!("filled/{at}-{name}"), &broken);
    }
    let run = scene.scan(&[]).closes();
    assert!(matches!(run.code, Some(0 | 3)), "{:?} {}", run.code, run.stderr);
    let rows = run.map["coverage"]["exceptions"].as_array().expect("a ledger");
    let crashed: Vec<_> = rows.iter().filter(|row| row["reason"] == "crashed").collect();
    assert!(crashed.is_empty(), "{crashed:#?}");
}

#[test]
fn broken_packages_cost_one_row_each() {
    let sheet = format!(
        "<worksheet><sheetData><row r='1'><c r='A1' t='s'><v>0</v></c><c r='B1'><v>{MOBILE}</v></c></row></sheetData></worksheet>"
    );
    survives("a.xlsx", &workbook(&sheet, &[("xl/sharedStrings.xml", b"<sst><si><t>a</t></si></sst>")]));
    survives(
        "a.ods",
        &ods("<table:table-row><table:table-cell><text:p>1</text:p></table:table-cell></table:table-row>"),
    );
}
