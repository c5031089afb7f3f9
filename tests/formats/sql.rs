//! SQL dumps from outside: fields, rows and lines as the findings tell them, and dumps that are broken or too large.
use crate::program::{CARD, MOBILE, RESIDENT_ID, Run, Scene};

/// Field, row, line and offset of every finding.
fn places(run: &Run) -> Vec<String> {
    let place = |f: &serde_json::Value| {
        format!("{} {} {} {}", f["field"], f["row"], f["line"], f["offset"]).replace('"', "")
    };
    run.findings.iter().map(place).collect()
}

#[test]
fn findings_of_a_dump_name_table_column_and_row() {
    let dump = format!(
        "-- MySQL dump 10.13\n-- Host: db    Database: crm\nCREATE TABLE `客户` (\n  `id` int,\n  `lx` varchar(20) COMMENT '手机号',\n\
         `note` text\n);\nINSERT INTO `客户` VALUES (1,NULL,'it\\'s\\n{CARD}'),\n(2,'{MOBILE}','');\n\
         UPDATE `客户` SET sfzh='{RESIDENT_ID}';\n"
    );
    let scene = Scene::with(&[("dump.txt", dump.as_bytes())]);
    let run = scene.scan(&[]).ends(0);
    let at = |value: &str| dump.find(value).expect("there");
    assert_eq!(
        places(&run),
        [
            format!("crm.客户.note 1 8 {}", at(CARD)),
            format!("crm.客户.lx 2 9 {}", at(MOBILE)),
            format!("statement null 10 {}", at(RESIDENT_ID)),
        ]
    );
    let field = &run.map["objects"][0];
    assert_eq!(field["format"], "sql");
    let seen =
        field["fields"].as_array().expect("fields").iter().find(|f| f["name"] == "crm.客户.lx").expect("lx");
    assert_eq!((&seen["seen"]["values"], &seen["seen"]["nulls"]), (&1.into(), &1.into()));
}

#[test]
fn one_statement_of_many_windows_is_read_from_a_pipe() {
    let mut dump =
        String::from("-- PostgreSQL database dump\nINSERT INTO public.t (id, mobile, note) VALUES ");
    for row in 0..40_000 {
        dump += &format!(
            "({row}, '{}', '{}'), ",
            if row % 1000 == 999 { MOBILE } else { "-" },
            "x".repeat(row % 500)
        );
    }
    // A value that fits no window.
    dump += &format!(
        "(0, '{MOBILE}', '{} {MOBILE} '' {}'), (1, '{MOBILE}', NULL);\n",
        "é".repeat(3 << 20),
        "y ".repeat(5 << 20)
    );
    let run = Scene::new().run(&["-"], dump.as_bytes()).ends(0);
    let of = |field: &str| run.findings.iter().filter(|f| f["field"] == field).count();
    assert_eq!((of("public.t.mobile"), of("public.t.note"), run.findings.len()), (42, 1, 43));
    assert_eq!(run.findings[0]["row"], 1000);
    assert_eq!(run.findings[42]["row"], 40_002);
}

#[test]
fn utf16_and_gbk_dumps_count_in_their_own_bytes() {
    let dump =
        format!("SET NOCOUNT ON\nGO\nINSERT [dbo].[客户] ([姓名], [手机]) VALUES (N'诚', N'{MOBILE}')\nGO\n");
    let utf16: Vec<u8> = dump.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (gbk, _, _) = encoding_rs::GBK.encode(&dump);
    let scene = Scene::with(&[("utf16.sql", &utf16), ("gbk.sql", &gbk)]);
    let run = scene.scan(&[]).ends(0);
    for (name, offset) in [
        ("utf16.sql", dump.split(MOBILE).next().map(|before| before.encode_utf16().count() * 2)),
        ("gbk.sql", gbk.windows(MOBILE.len()).position(|window| window == MOBILE.as_bytes())),
    ] {
        let found = run.of(name);
        assert_eq!(found.len(), 1, "{name}");
        assert_eq!(found[0]["field"], "dbo.客户.手机");
        assert_eq!(found[0]["offset"].as_u64().map(|at| at as usize), offset, "{name}");
    }
}

#[test]
fn what_is_broken_is_still_read() {
    let dump = format!(
        "-- MySQL dump\nCREATE TABLE `t` (`a` int COMMENT 'x\nINSERT INTO `t` VALUES (1,'{MOBILE}'),(2,'{CARD}"
    );
    let scene = Scene::with(&[("cut.sql", dump.as_bytes())]);
    let run = scene.scan(&[]).ends(0);
    assert_eq!(run.findings.len(), 2, "{:#?}", run.findings);
    // Statements that never end are not looked at for ever.
    let hostile = "CREATE TABLE t (a 'x\n".repeat(200_000);
    let scene = Scene::with(&[("hostile.sql", hostile.as_bytes())]);
    assert!(scene.scan(&[]).ends(0).findings.is_empty());
}
