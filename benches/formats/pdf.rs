//! A PDF of 500 pages in a Chinese font, beside pdftotext writing its text to where nothing is kept.
use crate::generator;
use crate::program::Checked;
use crate::shared::{Bar, Failure, Mode, SEED, Table, count, data};
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Lines on a page.
const LINES: usize = 50;

pub fn rows(table: &Table, mode: Mode) -> Result<(), Failure> {
    let mut truth = Vec::new();
    let logs = generator::logs(SEED, mode.choose(3 << 20, 64 << 10), &mut truth);
    let text = String::from_utf8(logs)?;
    let lines: Vec<&str> = text.lines().collect();
    let path = data(&format!("pages-{SEED}-{}.pdf", lines.len()))?;
    fs::write(&path, file(&lines)?)?;
    let scan = Checked::new(&path, 1, &count(&truth))?;
    let name = format!("{} pages of PDF: pdftotext (s)", lines.len().div_ceil(LINES));
    // It knows no `--version`.
    if Command::new("pdftotext").arg("-v").output().is_ok_and(|output| output.status.success()) {
        table.paired(&name, Bar::Faster(0.5), || scan.time("2"), || pdftotext(&path))
    } else {
        table.missing(&name, "apt-get install poppler-utils poppler-data, or benches/setup");
        Ok(())
    }
}

fn pdftotext(path: &Path) -> Result<f64, Failure> {
    let start = Instant::now();
    let status = Command::new("pdftotext").arg(path).arg("/dev/null").status()?;
    assert!(status.success(), "pdftotext: {status}");
    Ok(start.elapsed().as_secs_f64())
}

/// The lines on pages: a font that is not embedded, its codes in UTF-16, contents packed.
fn file(lines: &[&str]) -> io::Result<Vec<u8>> {
    let count = lines.len().div_ceil(LINES);
    let kids: String = (0..count).map(|page| format!("{} 0 R ", 4 + 2 * page)).collect();
    let font = "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [<< /Type /Font \
        /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> \
        /DW 1000 /W [1 95 500] /FontDescriptor << /Type /FontDescriptor /FontName /STSong-Light /Flags 4 \
        /FontBBox [0 0 1000 1000] /ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >> >>] >>";
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        format!("<< /Type /Pages /Count {count} /MediaBox [0 0 842 595] /Kids [{kids}] >>").into_bytes(),
        font.as_bytes().to_vec(),
    ];
    for (page, lines) in lines.chunks(LINES).enumerate() {
        let content = 5 + 2 * page;
        let resources = "<< /Font << /F1 3 0 R >> >>";
        objects.push(
            format!("<< /Type /Page /Parent 2 0 R /Contents {content} 0 R /Resources {resources} >>")
                .into_bytes(),
        );
        let hex = |line: &str| line.encode_utf16().map(|unit| format!("{unit:04X}")).collect::<String>();
        let shown: String = lines.iter().map(|line| format!("<{}> Tj T*\n", hex(line))).collect();
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(format!("BT /F1 6 Tf 20 580 Td 11 TL\n{shown}ET\n").as_bytes())?;
        let packed = packed.finish()?;
        let head = format!("<< /Length {} /Filter /FlateDecode >>\nstream\n", packed.len());
        objects.push([head.as_bytes(), &packed, b"\nendstream"].concat());
    }
    let (mut out, mut table) =
        (b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n".to_vec(), String::from("0000000000 65535 f \n"));
    for (index, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", out.len());
        writeln!(out, "{} 0 obj", index + 1)?;
        out.extend_from_slice(object);
        out.extend_from_slice(b"\nendobj\n");
    }
    let (count, start) = (objects.len() + 1, out.len());
    write!(
        out,
        "xref\n0 {count}\n{table}trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    )?;
    Ok(out)
}
