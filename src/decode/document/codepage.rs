//! Code pages and character sets of Windows, by their numbers.
use encoding_rs::Encoding;

/// The encoding with the number of a Windows code page.
pub fn of_number(number: i64) -> Option<&'static Encoding> {
    let label = match number {
        936 | 54936 | 20936 => "gb18030",
        950 => "big5",
        932 => "shift_jis",
        949 | 1361 => "euc-kr",
        874 => "windows-874",
        1250..=1258 => return Encoding::for_label(format!("windows-{number}").as_bytes()),
        10000 => "macintosh",
        866 => "ibm866",
        65001 => "utf-8",
        _ => return None,
    };
    Encoding::for_label(label.as_bytes())
}

/// The encoding of a font's character set ([MS-WMF] 2.1.1.5); none for those that leave it to the document.
pub fn of_charset(charset: i64) -> Option<&'static Encoding> {
    of_number(match charset {
        77 => 10000,
        128 => 932,
        129 | 130 => 949,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178 => 1256,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        _ => return None,
    })
}

/// The code page of a language ([MS-LCID]); Western where it is not known.
pub fn of_language(language: u16) -> &'static Encoding {
    let page = match language {
        0x0804 | 0x1004 | 0x0004 => 936,
        0x0404 | 0x0C04 | 0x1404 => 950,
        0x0411 => 932,
        0x0412 => 949,
        0x0419 | 0x0422 => 1251,
        _ => 1252,
    };
    of_number(page).unwrap_or(encoding_rs::WINDOWS_1252)
}
