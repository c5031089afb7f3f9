//! Values come out under their elements, headers and attributes; nothing that is broken stops the reading.
use super::super::{Charset, Format, Input, decode};
use super::*;
use crate::model::Encoding;

/// What a document gives: `field|words|row|line|value`.
fn cells(bytes: &[u8], layout: Layout, encoding: Encoding) -> Vec<String> {
    let format = Format { charset: Charset::Plain(encoding), layout, bom: 0 };
    let mut cells = Vec::new();
    decode(Input::Whole(bytes), &format, &mut |piece| {
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

fn xml(text: &str) -> Vec<String> {
    cells(text.as_bytes(), Layout::Xml, Encoding::Utf8)
}

fn html(text: &str) -> Vec<String> {
    cells(text.as_bytes(), Layout::Html, Encoding::Utf8)
}

#[test]
fn elements_and_attributes_have_paths() {
    let text = "<?xml version=\"1.0\"?>\n<o:orders xmlns:o='x'>\n<order phone='&#49;3'>a<mobile>1&#x33;<![CDATA[8<0]]></mobile>\n\
        <!-- note -->b</order><field name=\"手机\">5</field><p name='k' value=\"6\"/></o:orders>";
    assert_eq!(
        xml(text)[1..],
        [
            "orders.order@phone|phone|0|3|13",
            "orders.order|order|0|3|a",
            "orders.order.mobile|mobile|0|3|138<0",
            "comment||0|4|note",
            "orders.order|order|0|4|b",
            "orders.field@name|name|0|4|手机",
            "orders.field[手机]|field 手机|0|4|5",
            "orders.p@name|name|0|4|k",
            "orders.p[k]@value|p k|0|4|6",
        ]
    );
}

#[test]
fn malformed_documents_go_on() {
    let text = "<a><b>1</c>2</a>3<d x=1 y='2' z>4 < 5 & 6 &bomb;</d";
    assert_eq!(
        xml(text),
        [
            "a.b|b|0|1|1",
            "a.b|b|0|1|2",
            "text||0|1|3",
            "d@x|x|0|1|1",
            "d@y|y|0|1|2",
            "d|d|0|1|4 < 5 & 6 &bomb;</d",
        ]
    );
    let bomb = "<!DOCTYPE a [<!ENTITY b \"13800138000\">\n<!ENTITY c \"&b;&b;\">]>\n<a>&c;</a>";
    let cells = xml(bomb);
    assert_eq!(cells.last().map(String::as_str), Some("a|a|0|3|&c;"));
    assert!(cells[0].contains("13800138000"), "declarations are scanned as they stand");
}

#[test]
fn depth_is_no_danger() {
    let deep = format!("{}1{}<z>2</z>", "<a>".repeat(100_000), "</a>".repeat(100_000));
    let cells = xml(&deep);
    assert_eq!(cells.len(), 2);
    assert_eq!(cells[1], "z|z|0|1|2");
}

#[test]
fn text_of_pages_is_joined_as_browsers_join_it() {
    let text = "<html><style>p{width:13800138000px}</style><script>\nvar a = 1;\n</script>\
        <p>138<b>00</b><span>13</span>8&zwnj;000&nbsp;x<p>手机：<div>1\n2</div><pre>a\nb</pre></html>";
    assert_eq!(
        html(text),
        [
            "script||0|2|var a = 1;",
            "text||0|3|13800138000 x",
            "text||0|3|手机：",
            "text||0|3|手机： 1 2",
            "text||0|4|a",
            "text||0|5|b"
        ]
    );
}

#[test]
fn cells_stand_under_their_headers() {
    let text = "<table><thead><tr><th>姓名</th><th>手机</th></tr></thead><tr><td>王</td><td>1</td></tr>\
        <tr><td colspan=2>x</td></tr><tr><td></td><td>2</td></tr></table><table><tr><th>手机</th><td>3</td></tr></table>";
    assert_eq!(
        html(text)[2..],
        [
            "姓名|姓名|1|1|王",
            "手机|手机|1|1|1",
            "姓名|姓名|2|1|x",
            "手机|手机|3|1|2",
            "td||1|1|手机",
            "td||1|1|手机 3",
        ]
    );
}

#[test]
fn attributes_that_hold_values_are_read_and_others_are_not() {
    let text = "<div class='c' id='13800138000'><input name=mobile value=\"13800138000\"><a href='tel:%2B86138'>x</a>\
        <img src='data:image/png;base64,13800138000' alt='b'><i data-phone='1' onclick=\"call('2')\"></div>";
    assert_eq!(
        html(text),
        [
            "input[mobile]@value|mobile|0|1|13800138000",
            "a@href||0|1|tel:+86138",
            "text||0|1|x",
            "img@alt||0|1|b",
            "i@data-phone|phone|0|1|1",
            "i@onclick||0|1|call('2')",
        ]
    );
}

#[test]
fn gbk_is_read_as_it_stands() {
    let bytes = encoding_rs::GBK
        .encode("<?xml version=\"1.0\" encoding=\"GBK\"?><客户><手机号>1&#25163;</手机号></客户>")
        .0;
    assert_eq!(sniff(&bytes), Some(Layout::Xml));
    assert_eq!(cells(&bytes, Layout::Xml, Encoding::Gb18030)[1..], ["客户.手机号|手机号|0|1|1手"]);
}

#[test]
fn markup_is_told_from_other_texts() {
    for (text, layout) in [
        ("<?xml version='1.0'?><a/>", Layout::Xml),
        ("\n<orders><order>1</order></orders>", Layout::Xml),
        ("<!DOCTYPE html>\n<p>x", Layout::Html),
        ("<table><tr><td>1</td></tr></table>", Layout::Html),
        ("<?xml version='1.0'?><html><p/></html>", Layout::Html),
    ] {
        assert_eq!(sniff(text.as_bytes()), Some(layout), "{text}");
    }
    for text in [
        "<34>Oct 11 22:14:15 host su: x",
        "<a@b.cn> 13800138000",
        "<name> 说：",
        "< a",
        "x <a></a>",
        "<<<<<<< HEAD",
    ] {
        assert_eq!(sniff(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn nothing_makes_it_panic() {
    let text = "<?xml?><!DOCTYPE a[<!ENTITY b 'c'>]><a b='&#x31;' c=d><!--e--><![CDATA[f]]>&amp;g<tr><th>h</th><td colspan=9>i\
        <table><pre>j\n</pre><script>k</script><style>l</style><input name=m value='%41%'/></td></a>";
    for end in 0..text.len() {
        for bit in 0..8 {
            let mut bytes = text.as_bytes().to_vec();
            bytes[end] ^= 1 << bit;
            for layout in [Layout::Xml, Layout::Html] {
                cells(&bytes, layout.clone(), Encoding::Utf8);
                cells(&bytes[..end], layout, Encoding::Gb18030);
            }
            sniff(&bytes);
        }
    }
}
