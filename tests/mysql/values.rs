//! Values of every character set, and values too long for memory.
use super::{access, found, open, rows_of, text};
use crate::servers::mysql::{Base, server};
use pandian::source::database::{Grain, LONGEST_VALUE};
use std::process::Command;
use std::sync::atomic::AtomicBool;

/// Set in a run of one test by itself: the URL it is about.
const ALONE: &str = "PANDIAN_TEST_ALONE";

/// Runs the named test of this file in a process of its own.
pub fn alone(test: &str, url: &str, more: impl FnOnce(&mut Command)) {
    let mut command = Command::new(std::env::current_exe().expect("a path"));
    command.args(["--exact", test, "--nocapture"]).env(ALONE, url);
    more(&mut command);
    let output = command.output().expect("the test runs");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && shown.contains("1 passed"),
        "{shown}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The URL, in a process that [`alone`] started.
pub fn url_alone() -> Option<String> {
    std::env::var(ALONE).ok()
}

#[test]
fn every_character_set_arrives_right() {
    let base = Base::with(
        "charsets",
        "CREATE TABLE t (id INT PRIMARY KEY, g VARCHAR(20) CHARACTER SET gbk, b VARCHAR(20) CHARACTER SET big5,
            u VARCHAR(20) CHARACTER SET ucs2, l3 VARCHAR(20) CHARACTER SET utf8mb3, m VARCHAR(20),
            gbk_in_latin1 VARCHAR(40) CHARACTER SET latin1, utf8_in_latin1 TEXT CHARACTER SET latin1,
            e ENUM('男', '女') CHARACTER SET gbk, l LONGTEXT CHARACTER SET gbk, ml MEDIUMTEXT CHARACTER SET latin1);
         INSERT INTO t VALUES (1, '张三', '張三', '张三', '张三', '𠮷三', _binary 0xD5C5C8FD, _binary 0xE5BCA0E4B889, '女',
            '张三', _binary 0xD5C5C8FD)",
    );
    let rows = rows_of(&base.url(), "t", Grain::Coarse);
    let row: Vec<String> = rows[0].iter().map(text).collect();
    assert_eq!(row[1..6], ["张三", "張三", "张三", "张三", "𠮷三"]);
    assert_eq!(rows[0][6].as_deref(), Some(&[0xD5, 0xC5, 0xC8, 0xFD][..]), "GBK behind a wrong SET NAMES");
    assert_eq!(row[7..10], ["张三", "女", "张三"]);
    assert_eq!(rows[0][10].as_deref(), Some(&[0xD5, 0xC5, 0xC8, 0xFD][..]));
}

#[test]
fn numbers_json_and_bytes_arrive_as_text() {
    let base = Base::with(
        "kinds",
        "CREATE TABLE t (id BIGINT PRIMARY KEY, n DECIMAL(20, 0), d DOUBLE, z BIGINT(20) UNSIGNED ZEROFILL, j JSON,
            bin BINARY(4), vb VARBINARY(9), bl BLOB, card DOUBLE, half DOUBLE);
         INSERT INTO t VALUES (-1, 110101190001011009, 13800138000, 13800138000, '{\"手机\": \"13800138000\"}',
            0x00FF0001, 0xFF, 0xD5C5, 6222020000000007, -1.5)",
    );
    let rows = rows_of(&base.url(), "t", Grain::Coarse);
    let row: Vec<String> = rows[0].iter().map(text).collect();
    assert_eq!(row[..4], ["-1", "110101190001011009", "13800138000", "00000000013800138000"]);
    assert_eq!(row[4], "{\"手机\": \"13800138000\"}");
    assert_eq!(row[8..], ["6222020000000007", "-1.5"], "a double of sixteen digits is exact, and written so");
    assert_eq!(rows[0][5..8], [Some(vec![0, 255, 0, 1]), Some(vec![255]), Some(vec![0xD5, 0xC5])]);
}

#[test]
fn a_value_of_200_megabytes_is_cut_and_memory_stays_flat() {
    let Some(url) = url_alone() else {
        let packet: u64 = server().ask("SELECT @@max_allowed_packet").parse().expect("a number");
        assert!(packet >= 256 << 20, "the server must be started with --max-allowed-packet=256M or more");
        let base = Base::with(
            "huge",
            "SET SESSION sql_mode = ''; CREATE TABLE t (id INT PRIMARY KEY, a LONGTEXT, b LONGBLOB, c LONGTEXT CHARACTER SET gbk);
             INSERT INTO t VALUES (1, REPEAT('身', 70000000), NULL, NULL);
             INSERT INTO t VALUES (2, 'short', REPEAT('x', 200000000), NULL);
             INSERT INTO t VALUES (3, NULL, NULL, REPEAT('份', 9000000))",
        );
        return alone(
            "mysql::values::a_value_of_200_megabytes_is_cut_and_memory_stays_flat",
            &base.url(),
            |_| {},
        );
    };
    let (database, access) = (open(&url), access());
    let found = found(&*database, &access, "t");
    let plan = database.plan(&found, &access, Grain::Coarse).expect("a plan");
    let mut reader = database.connect("", &access).expect("a connection");
    let mut cells = Vec::new();
    for chunk in &plan.chunks {
        let read = reader.read(chunk, &AtomicBool::new(false), &mut |rows| {
            for row in 0..rows.len() {
                cells.extend((1..4).map(|column| rows.cell(row, column).map(<[u8]>::len)));
                let longest = rows.cell(row, 1).filter(|cell| cell.len() > 9);
                assert!(longest.is_none_or(|cell| cell.starts_with("身身".as_bytes())));
            }
            true
        });
        read.expect("rows");
    }
    let cut = Some(LONGEST_VALUE);
    assert_eq!(cells, [cut, None, None, Some(5), cut, None, None, None, cut]);
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().expect("kB");
    assert!(peak < 128 << 10, "{} MB", peak >> 10);
}
