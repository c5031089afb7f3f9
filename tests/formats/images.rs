//! Pictures: what is said of them is read, and that they are not read is told.
use super::damage;
use crate::program::{MOBILE, RESIDENT_ID, Scene};

/// A PNG with a text chunk; nobody looks at the checksums.
fn png(text: &str) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], content: &[u8]| {
        [&(content.len() as u32).to_be_bytes()[..], kind, content, &[0; 4]].concat()
    };
    let text = chunk(b"tEXt", &[b"Description\0", text.as_bytes()].concat());
    [b"\x89PNG\r\n\x1A\n".to_vec(), chunk(b"IHDR", &[0; 13]), text, chunk(b"IEND", b"")].concat()
}

/// A JPEG with an Exif block, a comment, and XMP.
fn jpeg() -> Vec<u8> {
    let segment = |kind: u8, content: &[u8]| {
        [&[0xFF, kind][..], &(content.len() as u16 + 2).to_be_bytes(), content].concat()
    };
    let artist = format!("ID {RESIDENT_ID}\0");
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x3B\x01\x02\0".to_vec();
    exif.extend((artist.len() as u32).to_le_bytes());
    exif.extend(26_u32.to_le_bytes());
    exif.extend([0; 4]);
    exif.extend(artist.as_bytes());
    let xmp = format!("<x:xmpmeta><dc:title>手机 {MOBILE}</dc:title></x:xmpmeta>");
    let comment = format!("mobile {MOBILE}");
    let parts = [segment(0xE1, &exif), segment(0xFE, comment.as_bytes()), segment(0xE1, xmp.as_bytes())];
    [b"\xFF\xD8".to_vec(), parts.concat(), segment(0xDA, &[0; 8]), vec![0xFF, 0xD9]].concat()
}

#[test]
fn what_is_said_of_a_picture_is_found_and_the_rest_is_a_gap() {
    let (png, jpeg) = (png(&format!("mobile {MOBILE}")), jpeg());
    let scene =
        Scene::with(&[("a.png", &png), ("b.jpg", &jpeg), ("c.bmp", b"BM\x3A\0\0\0\0\0\0\0\x36\0\0\0\x28")]);
    let run = scene.scan(&["--reveal"]).ends(3);
    assert_eq!(run.of("a.png")[0]["field"], "Description", "{:?}", run.findings);
    let fields: Vec<_> = run.of("b.jpg").iter().map(|finding| finding["field"].clone()).collect();
    assert_eq!(fields, ["Artist", "Comment", "title"], "{:?}", run.findings);
    for (name, state) in [("a.png", "partial"), ("b.jpg", "partial"), ("c.bmp", "skipped")] {
        assert_eq!(run.row(name)["reason"], "image");
        assert_eq!(run.row(name)["state"], state, "{name}");
    }
}

#[test]
fn broken_pictures_are_no_harm() {
    damage("png", &png("mobile"), 1);
    damage("jpeg", &jpeg(), 1);
    let mut webp = b"RIFF\0\0\0\0WEBPVP8X\x02\0\0\0abEXIF\x0A\0\0\0II*\0\x08\0\0\0\x01\0".to_vec();
    webp.extend([0xFF; 40]);
    damage("webp", &webp, 1);
    damage("gif", b"GIF89a\x01\0\x01\0\0\0\0\x21\xFE\x03abc\0\x2C\0\0\0\0\x01\0\x01\0\0\x02\x01\0\0\x3B", 1);
    damage(
        "tiff",
        &[&b"II*\0\x08\0\0\0\x02\0"[..], &[0x69, 0x87, 4, 0, 1, 0, 0, 0, 8, 0, 0, 0], &[0; 20]].concat(),
        1,
    );
    damage("heif", b"\0\0\0\x18ftypheic\0\0\0\0Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x0E\0\x02\0\0\0\x02ab", 1);
}
