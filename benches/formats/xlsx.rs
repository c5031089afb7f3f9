//! The whole program on a workbook of a million cells, beside calamine that streams the same cells and does nothing with them.
use crate::generator::tables;
use crate::program::{Checked, Map, PANDIAN};
use crate::shared::{Bar, Failure, Mode, SEED, Table, count, data, data_file, peak::watch};
use calamine::{Reader, Xlsx};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{Cursor, Write};
use std::process::{Command, Stdio};
use std::time::Instant;
use zip::write::SimpleFileOptions;

/// What design and README promise.
const LIMIT: f64 = 256.0;
/// Bytes of orders as CSV that make a million cells.
const BYTES: usize = 18_200_000;

pub fn rows(table: &Table, mode: Mode) -> Result<(), Failure> {
    let mut truth = Vec::new();
    let csv = tables::csv(SEED, mode.choose(BYTES, BYTES / 50), &mut truth);
    let (bytes, cells) = workbook(&csv)?;
    let file = data_file(&format!("orders-{SEED}-{}.xlsx", csv.len()), &bytes)?;
    let planted = count(&truth);
    let scan = Checked::new(&file, 1, &planted)?;
    let name = "1 M cells in an xlsx, 1 thread: calamine (s)";
    table.paired(name, Bar::Faster(0.8), || scan.time("1"), || streamed(&bytes, cells))?;
    table.note(&format!("{cells} cells, {:.1} MB", bytes.len() as f64 / 1e6));

    let mut command = Command::new(PANDIAN);
    command.args(["scan", "-q", "-o"]).arg(data("map.json")?).arg(&file);
    let (anonymous, _) = watch(&mut command.stdin(Stdio::null()).spawn()?)?;
    Map::read()?.assert(1, &planted);
    assert!(anonymous < LIMIT, "{anonymous:.0} MB");
    table.row(
        "1 M cells in an xlsx: peak MB beside the limit",
        Bar::AtMost(1.0),
        &[(anonymous, LIMIT)],
        None,
    );
    Ok(())
}

/// Opens the workbook and streams its cells, as is calamine's fastest way.
fn streamed(bytes: &[u8], cells: usize) -> Result<f64, Failure> {
    let start = Instant::now();
    let mut book = Xlsx::new(Cursor::new(bytes))?;
    let mut reader = book.worksheet_cells_reader("orders")?;
    let mut count = 0;
    while let Some(cell) = reader.next_cell()? {
        black_box(cell.get_value());
        count += 1;
    }
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(count, cells, "every value is a cell");
    Ok(seconds)
}

/// A workbook as Excel writes it: every text in the table of shared strings, once. Also how many cells it has.
fn workbook(csv: &[u8]) -> Result<(Vec<u8>, usize), Failure> {
    let (mut sheet, mut strings, mut numbers) = (String::new(), String::new(), HashMap::new());
    let (mut record, mut cells) = (csv::StringRecord::new(), 0);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv);
    let mut row = 0;
    while reader.read_record(&mut record)? {
        row += 1;
        write!(sheet, r#"<row r="{row}" spans="1:20" x14ac:dyDescent="0.25">"#)?;
        for (column, text) in record.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            let next = numbers.len();
            let number = *numbers.entry(text.to_owned()).or_insert_with(|| {
                let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
                strings.extend(["<si><t>", &escaped, "</t></si>"]);
                next
            });
            let letter = char::from(b'A' + column as u8);
            write!(sheet, r#"<c r="{letter}{row}" s="1" t="s"><v>{number}</v></c>"#)?;
            cells += 1;
        }
        sheet.push_str("</row>");
    }
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    let parts = [
        (
            "[Content_Types].xml",
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>".into(),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{package}\"><Relationship Id=\"rId1\" Type=\"{office}/officeDocument\" \
                 Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"orders\" sheetId=\"1\" r:id=\"rId1\"/>\
                 </sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{package}\"><Relationship Id=\"rId1\" Type=\"{office}/worksheet\" \
                 Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" Type=\"{office}/sharedStrings\" \
                 Target=\"sharedStrings.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/sharedStrings.xml",
            format!("<sst xmlns=\"{main}\" uniqueCount=\"{}\">{strings}</sst>", numbers.len()),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!(
                "<worksheet xmlns=\"{main}\"><dimension ref=\"A1:T{row}\"/><sheetData>{sheet}</sheetData></worksheet>"
            ),
        ),
    ];
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive.start_file(name, SimpleFileOptions::default())?;
        archive.write_all(text.as_bytes())?;
    }
    Ok((archive.finish()?.into_inner(), cells))
}
