//! Text within binaries, which is scanned where that is asked for.
use crate::program::{CARD, MOBILE, RESIDENT_ID, Scene};

/// Runs of text in four encodings, among bytes that are none.
fn dump() -> Vec<u8> {
    let noise: Vec<u8> = (0..4096_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 27) as u8).collect();
    let gbk = encoding_rs::GBK.encode("手机号码").0.into_owned();
    let wide: Vec<u8> = format!("卡号：{CARD}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    [
        &noise[..],
        format!("身份证号={RESIDENT_ID};").as_bytes(),
        &noise,
        &gbk,
        MOBILE.as_bytes(),
        &noise,
        &wide,
        &noise,
    ]
    .concat()
}

#[test]
fn text_in_binaries_is_scanned_when_asked() {
    let dump = dump();
    let scene = Scene::with(&[("core", &dump)]);
    let run = scene.scan(&[]).ends(3);
    assert!(run.findings.is_empty());
    assert_eq!(run.row("core")["state"], "skipped");

    let run = scene.scan(&["--binary", "--reveal"]).ends(3);
    let row = run.row("core");
    assert_eq!((&row["state"], &row["reason"]), (&"partial".into(), &"no-decoder".into()));
    assert_eq!(row["detail"], "binary: strings only");
    let at = |needle: &[u8]| dump.windows(needle.len()).position(|part| part == needle).expect("there");
    let wide: Vec<u8> = CARD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut found: Vec<_> = run
        .findings
        .iter()
        .map(|f| (f["offset"].as_u64().unwrap_or(0) as usize, f["value"].as_str().unwrap_or("").to_owned()))
        .collect();
    found.sort();
    let expected = [
        (at(RESIDENT_ID.as_bytes()), RESIDENT_ID.to_owned()),
        (at(MOBILE.as_bytes()), MOBILE.to_owned()),
        (at(&wide), CARD.to_owned()),
    ];
    assert_eq!(found, expected);
}

#[test]
fn long_runs_and_their_edges_are_scanned_once() {
    // Runs that cross the windows, among bytes that are no text.
    let mut bytes = Vec::new();
    let mut planted = 0;
    while bytes.len() < 1_500_000 {
        bytes.extend_from_slice(b"\0\x01\x02");
        for _ in 0..(planted % 1500) {
            bytes.extend_from_slice(b"filler text ");
        }
        bytes.extend_from_slice(format!("手机 {MOBILE} ").as_bytes());
        planted += 1;
    }
    let run = Scene::with(&[("a.bin", &bytes)]).scan(&["--binary"]).ends(3);
    assert_eq!(run.findings.len(), planted);
}
