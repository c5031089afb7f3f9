//! Rows come out under their columns, however the dump is cut into windows.
use super::super::{Charset, Format, Input, Layout, decode};
use super::*;
use std::io::{self, Read};

/// What a dump gives: `field row line value`.
fn cells(text: &[u8], encoding: Encoding, input: Input<'_>) -> Vec<String> {
    let layout = Layout::Sql { backslash: has_backslashes(text) };
    let format = Format { charset: Charset::Plain(encoding), layout, bom: 0 };
    let mut cells = Vec::new();
    decode(input, &format, &mut |piece| {
        let mut start = 0;
        for cell in piece.batch.cells {
            let value = encoding.decoder().decode_without_bom_handling(&piece.batch.bytes[start..cell.end]).0;
            let field = &piece.fields[cell.field as usize];
            cells.push(format!("{}|{}|{}|{}|{value}", field.shown, field.words, cell.row, cell.line));
            start = cell.end + 1;
        }
        true
    })
    .expect("read");
    cells
}

fn values(text: &str) -> Vec<String> {
    let all = cells(text.as_bytes(), Encoding::Utf8, Input::Whole(text.as_bytes()));
    all.into_iter().filter(|cell| !cell.starts_with("statement|")).collect()
}

/// Gives a few bytes at a time.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(self.0.len()).min(buffer.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

#[test]
fn mysql_rows_have_their_columns_and_comments() {
    let text = "-- MySQL dump 10.13\n-- Host: localhost    Database: crm\n/*!40101 SET NAMES utf8 */;\n\
        CREATE TABLE `customer` (\n  `id` int NOT NULL,\n  `mobile` varchar(20) DEFAULT NULL COMMENT '手机号',\n\
        `note` text,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB COMMENT='x;y';\n\
        INSERT INTO `customer` VALUES (1,'13800138000','it\\'s, (ok)'),(2,NULL,_binary 'a\\\\'),(3,0x3133,'');\n\
        INSERT INTO customer (mobile, id) VALUES ('1', 4);\n";
    assert_eq!(
        values(text),
        [
            "crm.customer.id|id|1|10|1",
            "crm.customer.mobile|mobile 手机号|1|10|13800138000",
            "crm.customer.note|note|1|10|it's, (ok)",
            "crm.customer.id|id|2|10|2",
            "crm.customer.mobile|mobile 手机号|2|10|",
            "crm.customer.note|note|2|10|a\\",
            "crm.customer.id|id|3|10|3",
            "crm.customer.mobile|mobile 手机号|3|10|13",
            "crm.customer.note|note|3|10|",
            "crm.customer.mobile|mobile 手机号|4|11|1",
            "crm.customer.id|id|4|11|4",
        ]
    );
}

#[test]
fn copy_is_read_with_its_escapes() {
    let text = "-- PostgreSQL database dump\nCREATE TABLE public.t (\n id integer,\n \"手机\" text -- note\n);\n\
        COMMENT ON COLUMN public.t.id IS 'the ''id''';\nCOPY public.t (id, \"手机\") FROM stdin;\n\
        1\ta\\tb\\\\c\n\\N\t\n\\.\n\nSELECT 1;\nINSERT INTO public.t VALUES (3, E'a\\'b');\n";
    assert_eq!(
        values(text),
        [
            "public.t.id|id the 'id'|1|8|1",
            "public.t.手机|手机|1|8|a\tb\\c",
            "public.t.id|id the 'id'|2|9|",
            "public.t.手机|手机|2|9|",
            "public.t.id|id the 'id'|3|13|3",
            "public.t.手机|手机|3|13|a'b",
        ]
    );
}

#[test]
fn other_databases_write_values_in_their_own_ways() {
    let text = "SET IDENTITY_INSERT [dbo].[客户] ON\nGO\n\
        INSERT [dbo].[客户] ([id], [a]]b], [t]) VALUES (1, N'C:\\', CAST(N'2020-01-01T00:00:00' AS DateTime))\nGO\n\
        Insert into CRM.\"T\" (A,B) values (to_date('2020-01-01','YYYY'),q'[it's]' || 'x');\n\
        INSERT INTO t VALUES(unistr('a''b'),replace('x\\ny','\\n',char(10)),X'3133',-1.5e3,ARRAY['a','b']);\n";
    assert_eq!(
        values(text),
        [
            "dbo.客户.id|id|1|3|1",
            "dbo.客户.a]b|a]b|1|3|C:\\",
            "dbo.客户.t|t|1|3|2020-01-01T00:00:00",
            "CRM.T.A|A|1|5|2020-01-01 YYYY",
            "CRM.T.B|B|1|5|it'sx",
            "t.1||1|6|a'b",
            "t.2||1|6|x\\ny \\n",
            "t.3||1|6|13",
            "t.4||1|6|-1.5e3",
            "t.5||1|6|a b",
        ]
    );
}

#[test]
fn halves_of_characters_are_no_escapes() {
    // The second byte of 誠 in GBK, of 功 in Big5, is a backslash.
    for (encoding, name) in [(Encoding::Gb18030, "誠"), (Encoding::Big5, "功")] {
        let text = format!("-- MySQL dump\nINSERT INTO `t{name}` VALUES ('{name}','a\\'{name}');\n");
        let bytes = encoding.decoder().encode(&text).0.into_owned();
        assert!(bytes.windows(2).any(|pair| pair[0] >= 0x80 && pair[1] == b'\\'));
        let all = cells(&bytes, encoding, Input::Whole(&bytes));
        assert_eq!(all[1..], [format!("t{name}.1||1|2|{name}"), format!("t{name}.2||1|2|a'{name}")]);
    }
}

#[test]
fn windows_change_nothing() {
    let mut text =
        String::from("-- MySQL dump\nCREATE TABLE `t` (`id` int, `note` text);\nINSERT INTO `t` VALUES ");
    for row in 0..60_000 {
        text += &format!("({row},'a''b\\'c{}'),\n", "x".repeat(row % 300));
    }
    text += &format!("(0,'{}end');\n-- end\n", "it''s ".repeat(1_500_000));
    assert!(text.len() > 3 * WINDOW);
    let bytes = text.as_bytes();
    let whole = cells(bytes, Encoding::Utf8, Input::Whole(bytes));
    let stream = cells(bytes, Encoding::Utf8, Input::Stream(&mut Drip(bytes, 70_001)));
    assert_eq!(whole.len(), 2 * 60_001 + 3);
    assert_eq!(whole[..120_002], stream[..120_002]);
    assert_eq!(stream.last().map(String::as_str), Some("statement||0|60004|-- end"));
}

#[test]
fn a_dump_that_is_cut_or_broken_goes_on_as_text() {
    let text = "-- MySQL dump\nCREATE TABLE `t` (`id` int COMMENT 'a');\nINSERT INTO `t` VALUES (1,'a\\'b'),(2,q'[x]');\n\
        COPY t (a) FROM stdin;\n1\t2\n\\.\nEXEC sp_addextendedproperty 'a', 'b';";
    for end in 0..text.len() {
        cells(text.as_bytes(), Encoding::Utf8, Input::Whole(&text.as_bytes()[..end]));
        for bit in 0..8 {
            let mut bytes = text.as_bytes().to_vec();
            bytes[end] ^= 1 << bit;
            for encoding in [Encoding::Utf8, Encoding::Gb18030] {
                cells(&bytes, encoding, Input::Whole(&bytes));
            }
        }
    }
}

#[test]
fn dumps_are_told_from_other_texts() {
    for text in [
        "INSERT INTO t VALUES (1);\n",
        "/* x */\ninsert into `t` (a)\nvalues (1);\n",
        "BEGIN;\nCOPY public.t (a) FROM stdin;\n1\n\\.\n",
        "prompt Importing table t...\nset feedback off\ninsert into T (A)\nvalues (1);\n",
        "create table t (a int);\n",
        "INSERT ALL\n  INTO t VALUES (1)\nSELECT * FROM dual;\n",
    ] {
        assert!(is_dump(text.as_bytes()), "{text}");
    }
    for text in [
        "2024-05-13 INSERT INTO t VALUES (1)\n",
        "insert coin\n",
        "# Title\nCREATE a TABLE of contents\n",
        "name,insert into\n1,2\n",
        "-- a lua comment\nlocal x = 'INSERT INTO t VALUES (1)'\n",
        "use strict;\nmy $sql = \"INSERT INTO t\";\n",
    ] {
        assert!(!is_dump(text.as_bytes()), "{text}");
    }
}
