//! PDF: pages, forms and attached files are read; what cannot be is told; what goes against it costs one object.
use super::{damage, decode};
use crate::program::{CARD, MOBILE, RESIDENT_ID, Run, Scene};
use std::io::Write;
use std::time::Instant;

const FONT: &str = "/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>";

fn stream(content: &[u8], more: &str) -> Vec<u8> {
    let head = format!("<< /Length {} {more} >>\nstream\n", content.len());
    [head.as_bytes(), content, b"\nendstream"].concat()
}

fn packed(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).expect("memory");
    encoder.finish().expect("memory")
}

/// A file of these objects; the first is the catalog.
fn file(objects: &[Vec<u8>], trailer: &str) -> Vec<u8> {
    let (mut out, mut table) =
        (b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n".to_vec(), String::from("0000000000 65535 f \n"));
    for (index, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", out.len());
        out.extend(format!("{} 0 obj\n", index + 1).bytes().chain(object.iter().copied()));
        out.extend(b"\nendobj\n");
    }
    let (count, start) = (objects.len() + 1, out.len());
    let end = format!(
        "xref\n0 {count}\n{table}trailer\n<< /Size {count} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n"
    );
    out.extend(end.bytes());
    out
}

/// A page of its own: its content is object 4, `more` begins at 5.
fn page(content: Vec<u8>, catalog: &str, resources: &str, more: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut objects = vec![
        format!("<< /Type /Catalog /Pages 2 0 R {catalog} >>").into_bytes(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << {FONT} {resources} >> >>")
            .into_bytes(),
        content,
    ];
    objects.extend_from_slice(more);
    objects
}

fn text(lines: &[&str]) -> Vec<u8> {
    let lines: String = lines.iter().map(|line| format!("({line}) Tj T*\n")).collect();
    format!("BT /F1 10 Tf 40 800 Td 14 TL\n{lines}ET\n").into_bytes()
}

fn simple() -> Vec<u8> {
    file(&page(stream(&text(&[&format!("mobile {MOBILE}")]), ""), "", "", &[]), "")
}

fn scan(bytes: &[u8], more: &[&str], code: i32) -> Run {
    let good = simple();
    let scene = Scene::with(&[("a.pdf", bytes), ("good.pdf", &good)]);
    let run = scene.scan(&[&["--reveal", "--jobs", "1"], more].concat()).ends(code);
    assert_eq!(
        run.of("good.pdf").len(),
        1,
        "the other file is read, whatever becomes of the first: {}",
        run.map
    );
    run
}

#[test]
fn pages_are_read_with_their_numbers() {
    let lines = [format!("ID card {RESIDENT_ID}"), format!("bank card {CARD}")];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let run = scan(&file(&page(stream(&text(&lines), ""), "", "", &[]), ""), &[], 0);
    let found = run.of("a.pdf");
    assert_eq!(found.len(), 2, "{:?}", run.findings);
    assert!(found.iter().all(|finding| finding["place"] == "page 1" && finding["field"] == "text"));
    assert_eq!(run.map["objects"][0]["format"], "pdf");
}

#[test]
fn forms_and_attached_files_are_read() {
    let form = "/AcroForm << /Fields [5 0 R] >> /Names << /EmbeddedFiles << /Names [(x) 6 0 R] >> >>";
    let more = [
        format!("<< /FT /Tx /T (tel) /TU <FEFF624B673A53F7> /V ({MOBILE}) >>").into_bytes(),
        b"<< /Type /Filespec /F (inner.pdf) /EF << /F 7 0 R >> >>".to_vec(),
        stream(&simple(), "/Type /EmbeddedFile"),
    ];
    let run = scan(&file(&page(stream(b"", ""), form, "", &more), ""), &[], 0);
    assert_eq!(run.of("a.pdf")[0]["field"], "tel", "{:?}", run.findings);
    assert_eq!(run.of("a.pdf!inner.pdf")[0]["place"], "page 1");
}

#[test]
fn what_cannot_be_read_is_told() {
    let image = stream(
        b"x",
        "/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray",
    );
    let scanned = page(stream(b"q 595 0 0 842 0 0 cm /I Do Q", ""), "", "/XObject << /I 5 0 R >>", &[image]);
    let row = |bytes: &[u8]| {
        let run = scan(bytes, &[], 3);
        let row = run.row("a.pdf");
        (
            row["reason"].as_str().expect("a reason").to_owned(),
            row["detail"].as_str().expect("a detail").to_owned(),
        )
    };
    assert_eq!(row(&file(&scanned, "")), ("image".into(), "page 1: pictures, whose text is not read".into()));
    let lock = "/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <00> /U <00> >> /ID [<00> <00>]"
        .replace("<00>", &format!("<{}>", "00".repeat(32)));
    assert_eq!(row(&file(&page(stream(b"", ""), "", "", &[]), &lock)).0, "encrypted");
    let missing = String::from_utf8_lossy(&simple()).replace("/Count 1", "/Count 3");
    assert_eq!(row(missing.as_bytes()), ("malformed".into(), "2 pages are missing".into()));
    assert_eq!(row(b"%PDF-1.7\nnothing but a head").0, "malformed");
    let whole = simple();
    assert_eq!(row(&whole[..whole.len() - 60]), ("malformed".into(), "its end is missing".into()));
}

#[test]
fn bombs_cost_one_object() {
    let begun = Instant::now();
    // A page that unpacks to 1.5 GB, packed twice.
    let bomb = packed(&packed(&vec![b' '; 1_500 << 20]));
    let bomb = stream(&bomb, "/Filter [/FlateDecode /FlateDecode]");
    let run = scan(&file(&page(bomb, "", "", &[]), ""), &["--decode-memory", "256"], 3);
    assert_eq!(run.row("a.pdf")["reason"], "limit", "{}", run.row("a.pdf"));
    // Forms that draw the next one ten times.
    let draws = |next: usize| {
        let resources = format!(
            "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << {FONT} /XObject << /A {next} 0 R >> >>"
        );
        stream(&b"/A Do ".repeat(10), &resources)
    };
    let forms: Vec<_> = (6..16).map(draws).collect();
    let run = scan(&file(&page(stream(b"/A Do", ""), "", "/XObject << /A 5 0 R >>", &forms), ""), &[], 3);
    assert_eq!(run.row("a.pdf")["reason"], "limit", "{}", run.row("a.pdf"));
    // Arrays within arrays.
    let nested = [b"[".repeat(2_000_000), b" 0 Tj".to_vec()].concat();
    scan(&file(&page(stream(&nested, ""), "", "", &[]), ""), &[], 0);
    let nested = file(
        &page(stream(b"", ""), "/Lang 5 0 R /Outlines 5 0 R /AcroForm 5 0 R", "", &[b"[".repeat(2_000_000)]),
        "",
    );
    let scene = Scene::with(&[("a.pdf", &nested), ("good.pdf", &simple())]);
    assert_eq!(scene.run(&[scene.data().to_str().expect("UTF-8")], b"").closes().of("good.pdf").len(), 1);
    assert!(begun.elapsed().as_secs() < 100);
}

#[test]
fn many_empty_pages_are_no_harm() {
    let count = 100_000;
    let kids: String = (0..count).map(|n| format!("{} 0 R ", n + 3)).collect();
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        format!("<< /Type /Pages /Count {count} /Kids [{kids}] >>").into_bytes(),
    ];
    objects.resize(count + 2, b"<< /Type /Page >>".to_vec());
    scan(&file(&objects, ""), &[], 0);
}

#[test]
fn broken_files_are_no_harm() {
    let more = [format!("<< /FT /Tx /T (tel) /V ({MOBILE}) >>").into_bytes()];
    let packed = packed(&text(&["one", "two"]));
    let whole = file(
        &page(stream(&packed, "/Filter /FlateDecode"), "/AcroForm << /Fields [5 0 R] >>", "", &more),
        "/Info 5 0 R",
    );
    assert!(decode("pdf", &whole).is_ok());
    damage("pdf", &whole, 3);
}
