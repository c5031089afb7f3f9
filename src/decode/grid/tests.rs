//! Tables as they are found in sheets, and what becomes of their cells.
use super::*;
use crate::decode::{Entry, Output, Piece, Unit};
use crate::model::coverage::Reason;

#[derive(Default)]
struct Taken(Vec<String>);

impl Output for Taken {
    fn piece(&mut self, piece: Piece<'_>) -> bool {
        for (at, cell) in piece.batch.cells.iter().enumerate() {
            let text = &piece.batch.bytes[piece.batch.start_of(at)..cell.end];
            let field = &piece.fields[cell.field as usize];
            let place = piece.unit.place(cell.line, cell.offset).unwrap_or_default();
            let text = String::from_utf8_lossy(text);
            self.0.push(format!("{}[{}] {} {place} = {text}", field.shown, field.words, cell.row));
        }
        true
    }
    fn entry(&mut self, _: &str, _: Entry<'_>) -> bool {
        true
    }
    fn unwrapped(&mut self, _: Entry<'_>) -> bool {
        true
    }
    fn unread(&mut self, _: &str, _: Reason, _: &str) -> bool {
        true
    }
    fn gap(&mut self, _: Reason, _: &str) {}
}

/// What comes out of a table that is written with `|` between its cells.
fn read(table: &str) -> Vec<String> {
    let mut taken = Taken::default();
    let mut cells = Cells::new(&mut taken, Unit::Cell);
    let mut grid = Grid::new("S");
    for (row, line) in table.lines().enumerate() {
        for (column, text) in line.split('|').enumerate() {
            assert!(grid.cell(&mut cells, Spot { row: row as u64 + 1, column: column as u64 }, text.trim()));
        }
    }
    assert!(grid.end(&mut cells) && cells.flush());
    taken.0
}

fn holds(table: &str, expected: &[&str]) {
    let all = read(table);
    for expected in expected {
        assert!(all.iter().any(|one| one == expected), "{expected} is not among {all:#?}");
    }
}

const ID: &str = "110101190001011009";

#[test]
fn a_plain_table() {
    let table = format!("姓名|手机|备注\n王芳|13800138000|\n李伟|13800138001|{ID}");
    assert_eq!(
        read(&table),
        [
            "S!姓名[姓名] 1 A2 = 王芳".to_owned(),
            "S!手机[手机] 1 B2 = 13800138000".to_owned(),
            "S!姓名[姓名] 2 A3 = 李伟".to_owned(),
            "S!手机[手机] 2 B3 = 13800138001".to_owned(),
            format!("S!备注[备注] 2 C3 = {ID}"),
        ]
    );
}

#[test]
fn titles_and_empty_columns() {
    holds(
        "|员工名册\n|制表日期：2024-01-01\n\n||序号|姓名|手机\n||1|王芳|13800138000\n||2|李伟|13800138001",
        &["S!手机[手机] 1 E5 = 13800138000", "S!B[] 0 B1 = 员工名册", "S!序号[序号] 2 C6 = 2"],
    );
    holds("通讯录\n手机号\n13800138000\n13800138001", &["S!手机号[手机号] 1 A3 = 13800138000"]);
}

#[test]
fn headers_of_two_rows() {
    let data = format!("王芳|13800138000|a@b.c|护照|{ID}\n李伟|13800138001|a@b.d|身份证|{ID}");
    let expected = ["S!联系方式 手机[联系方式 手机] 1 B4 = 13800138000", "S!姓名[姓名] 1 A4 = 王芳"];
    holds(&format!("名册\n姓名|联系方式||证件|\n|手机|邮箱|类型|号码\n{data}"), &expected);
    holds(&format!("名册\n基本信息|联系方式||证件|\n姓名|手机|邮箱|类型|号码\n{data}"), &expected[..1]);
}

#[test]
fn forms() {
    let form = format!("员工登记表\n姓名|王芳|性别|女\n身份证号|{ID}|手机|13800138000\n备用|13800138001||");
    let id = format!("S!身份证号[身份证号] 0 B3 = {ID}");
    holds(&form, &[&id, "S!手机[手机] 0 D3 = 13800138000"]);
    holds("Name|Wang\nMobile|13800138000", &["S!Mobile[Mobile] 0 B2 = 13800138000"]);
    holds("手机|13800138000|13800138001", &["S!手机[手机] 0 C1 = 13800138001"]);
    holds("部门|财务\n手机号码：|13800138000", &["S!手机号码[手机号码] 0 B2 = 13800138000"]);
}

#[test]
fn a_form_above_a_table_and_a_footer_below() {
    let table = "订单号|8812|联系电话|13800138000\n客户|某公司|开户行|工行\n\n品名|数量|收货人手机\n\
                 纸|2|13800138001\n笔|3|13800138002\n合计|5|\n审核|制表人电话：|13800138003";
    holds(
        table,
        &[
            "S!联系电话[联系电话] 0 D1 = 13800138000",
            "S!收货人手机[收货人手机] 1 C5 = 13800138001",
            "S!收货人手机[收货人手机] 4 C8 = 制表人电话 13800138003",
        ],
    );
}

#[test]
fn tables_without_header_and_below_each_other() {
    holds("王芳|13800138000\n李伟|13800138001", &["S!B[] 2 B2 = 13800138001"]);
    let rows = "13800138000|a\n".repeat(40);
    holds(
        &format!("手机|品名\n{rows}\n身份证号|品名\n{ID}|b\n{ID}|c"),
        &["S!手机[手机] 40 A41 = 13800138000", &format!("S!身份证号[身份证号] 2 A45 = {ID}")],
    );
}

#[test]
fn hostile_tables() {
    let mut taken = Taken::default();
    let mut cells = Cells::new(&mut taken, Unit::Cell);
    let mut grid = Grid::new(&"长".repeat(1 << 16));
    for row in [u64::MAX, 5, u64::MAX, 0, 1] {
        for column in [u64::MAX, 0, 1 << 40, 7, 7] {
            assert!(grid.cell(&mut cells, Spot { row, column }, "手机号"));
        }
    }
    assert!(grid.end(&mut cells) && cells.flush());
}
