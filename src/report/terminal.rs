//! The map as tables for a terminal, in Chinese or English.
use crate::detector::DetectorSet;
use crate::model::Lang;
use crate::model::coverage::{Coverage, Exception, Reason, State};
use crate::model::map::{ClassificationMap, Evidence, Field, Interval, Label, Object};
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

/// Ledger rows printed; the map holds them all.
const ROWS: usize = 20;
/// Objects printed; the map holds them all.
const OBJECTS: usize = 100;

/// The whole report; on a terminal, `width` is how many columns it has, and long cells go on below.
pub fn render(map: &ClassificationMap, detectors: &DetectorSet, lang: Lang, width: Option<u16>) -> String {
    let mut text = String::new();
    let found = findings(map, detectors, lang, width);
    if found.is_empty() {
        text += lang.pick("未发现个人信息。\n", "No personal data was found.\n");
    } else {
        text += &found;
    }
    text += "\n";
    text += &coverage(&map.coverage, lang);
    if !map.complete {
        text += lang.pick(
            "\n扫描不完整：上列对象未能读取。\n",
            "\nThe scan is incomplete: see what could not be read above.\n",
        );
    }
    text
}

/// An empty table with a line above, under the headers, and below.
pub fn table(headers: &[&str]) -> Table {
    let line = LineStyle::none().fill('─').junction('─');
    let style = TableStyle::new().top_border(line).header_separator(line).bottom_border(line);
    let mut table = Table::new();
    table.load_style(style).set_header(headers);
    table
}

fn findings(map: &ClassificationMap, detectors: &DetectorSet, lang: Lang, width: Option<u16>) -> String {
    let mut objects = map.objects.iter().filter(|object| telling(object).next().is_some());
    let rows: Vec<[String; 7]> = objects
        .by_ref()
        .take(OBJECTS)
        .flat_map(|object| telling(object).enumerate().map(move |(i, found)| (object, i, found)))
        .map(|(object, i, (field, label))| {
            let path = if i == 0 { object.path.as_str() } else { "" };
            row(path, field, label, detectors, lang)
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let mut headers = lang
        .pick(
            ["位置", "字段", "类型", "命中", "可信度", "脱敏样例", "说明"],
            ["Where", "Field", "Type", "Matched", "Confidence", "Masked sample", "Note"],
        )
        .to_vec();
    // Most maps have no notes; then there is no column for them.
    if rows.iter().all(|row| row[6].is_empty()) {
        headers.pop();
    }
    let mut table = table(&headers);
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    for column in [3, 4] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.add_rows(rows.into_iter().map(|row| row.into_iter().take(headers.len()).collect::<Vec<_>>()));
    let more = objects.count();
    let rest = match more {
        0 => String::new(),
        _ => lang.pick(
            format!("……另有 {more} 个对象，见 map.json\n"),
            format!("… and {more} more objects, see map.json\n"),
        ),
    };
    format!("{table}\n{rest}")
}

/// The labels worth a row: with values that count, or with a name that says what the values do not.
fn telling(object: &Object) -> impl Iterator<Item = (&Field, &Label)> {
    object
        .fields
        .iter()
        .flat_map(|field| field.labels.iter().map(move |label| (field, label)))
        .filter(|(_, label)| label.matched > 0 || label.evidence == Evidence::Name)
}

fn row(path: &str, field: &Field, label: &Label, detectors: &DetectorSet, lang: Lang) -> [String; 7] {
    let known = detectors.get(&label.detector);
    let name = known.map_or(label.detector.as_str(), |d| lang.pick(&d.name.zh, &d.name.en));
    [
        path.to_owned(),
        field.name.clone().unwrap_or_default(),
        name.to_owned(),
        label.matched.to_string(),
        format!("{:.2}", label.confidence),
        label.samples.first().map(|sample| sample.masked.clone()).unwrap_or_default(),
        note(field, label, lang),
    ]
}

/// What should be known at once: a verdict by name alone, values masked already, the bounds for the whole.
fn note(field: &Field, label: &Label, lang: Lang) -> String {
    if label.evidence == Evidence::Name {
        return label.reason.clone();
    }
    let masked = field.seen.filter(|seen| seen.masked > 0).map(|seen| {
        let percent = seen.masked as f64 * 100.0 / (seen.masked + label.matched).max(1) as f64;
        lang.pick(format!("另有 {percent:.0} % 已脱敏"), format!("{percent:.0} % of the values are masked"))
    });
    let whole = label.estimate.map(|Interval { low, high }| {
        lang.pick(format!("全表约 {low}–{high}"), format!("about {low}–{high} in the whole"))
    });
    masked.into_iter().chain(whole).collect::<Vec<_>>().join("; ")
}

fn coverage(coverage: &Coverage, lang: Lang) -> String {
    let Coverage { objects, scanned, partial, skipped, failed, bytes_scanned, .. } = coverage;
    let bytes = indicatif::HumanBytes(*bytes_scanned);
    let mut text = lang.pick(
        format!("覆盖：{objects} 个对象 = 已扫描 {scanned} + 部分 {partial} + 跳过 {skipped} + 失败 {failed}；共 {bytes}\n"),
        format!("Coverage: {objects} objects = {scanned} scanned + {partial} in part + {skipped} skipped + {failed} failed; {bytes}\n"),
    );
    for row in coverage.exceptions.iter().take(ROWS) {
        text += &format!("  {}  {}\n", row.path, why(row, lang));
    }
    if let Some(more) = coverage.exceptions.len().checked_sub(ROWS).filter(|more| *more > 0) {
        text += &lang.pick(
            format!("  ……另有 {more} 行，见 map.json\n"),
            format!("  … and {more} more rows, see map.json\n"),
        );
    }
    text
}

/// A ledger row in words.
fn why(row: &Exception, lang: Lang) -> String {
    let state = match row.state {
        State::Scanned => lang.pick("已扫描", "scanned"),
        State::Partial => lang.pick("部分扫描", "in part"),
        State::Skipped => lang.pick("跳过", "skipped"),
        State::Failed => lang.pick("失败", "failed"),
    };
    let reason = match row.reason {
        Reason::NoDecoder => lang.pick("没有解码器", "no decoder"),
        Reason::Encrypted => lang.pick("已加密", "encrypted"),
        Reason::Malformed => lang.pick("已损坏", "malformed"),
        Reason::Limit => lang.pick("超出限制", "beyond a limit"),
        Reason::Image => lang.pick("图像，未识别文字", "image, not read"),
        Reason::Crashed => lang.pick("解码器崩溃", "the decoder broke down"),
        Reason::SpecialFile => lang.pick("特殊文件", "special file"),
        Reason::Symlink => lang.pick("符号链接", "symbolic link"),
        Reason::LinkLoop => lang.pick("链接成环", "link loop"),
        Reason::PermissionDenied => lang.pick("没有权限", "permission denied"),
        Reason::Vanished => lang.pick("已消失", "vanished"),
        Reason::Truncated => lang.pick("读取时被截短", "became shorter while it was read"),
        Reason::ReadError => lang.pick("读取错误", "read error"),
        Reason::Unreachable => lang.pick("连接不上", "unreachable"),
        Reason::AuthenticationFailed => lang.pick("登录失败", "login failed"),
        Reason::ConnectionLost => lang.pick("连接中断", "connection lost"),
        Reason::TimedOut => lang.pick("超时", "timed out"),
        Reason::TooLarge => lang.pick("值过长", "values too long"),
        Reason::View => lang.pick("视图或外部表", "view or foreign table"),
        Reason::Sampled => lang.pick("抽样", "sampled"),
        Reason::Budget => lang.pick("时间用尽", "out of time"),
        Reason::Interrupted => lang.pick("被中断", "interrupted"),
    };
    let detail = if row.detail.is_empty() { String::new() } else { format!(" ({})", row.detail) };
    format!("{state}: {reason}{detail}")
}
