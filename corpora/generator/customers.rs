//! Rows of a customer table as shops and banks keep them, one line each.
use super::{Rng, bank_card, mobile, resident_id};
use std::io::Write;

pub(super) const SURNAMES: [&str; 12] =
    ["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "欧阳", "司马"];
pub(super) const GIVEN: [&str; 16] =
    ["伟", "芳", "娜", "秀英", "敏", "静", "丽", "强", "磊", "洋", "艳", "勇", "军", "杰", "子涵", "浩然"];
pub(super) const MAIL: [&str; 5] = ["qq.com", "163.com", "126.com", "sina.com.cn", "example.com"];
pub(super) const DISTRICTS: [&str; 6] = [
    "北京市朝阳区",
    "上海市浦东新区",
    "广东省深圳市南山区",
    "浙江省杭州市西湖区",
    "四川省成都市武侯区",
    "山东省青岛市市南区",
];
pub(super) const ROADS: [&str; 6] =
    ["建国路", "世纪大道", "科技园南路", "文三路", "天府大道中段", "香港中路"];
const CHANNELS: [&str; 4] = ["app", "wechat", "web", "store"];
pub(super) const REMARKS: [&str; 6] = [
    "客户要求周末配送，电话联系",
    "老客户，已开通会员",
    "发票抬头与收货人一致",
    "",
    "第二次回访，满意",
    "换货处理中，等待仓库确认",
];

/// What the columns of [`customer`] are called, in order.
pub const CUSTOMER: [&str; 12] = [
    "id", "name", "mobile", "id_no", "card", "email", "address", "amount", "created", "order_no", "profile",
    "remark",
];

/// Adds a row: its cells, a tab between any two, and a line feed. The columns `mobile`, `id_no` and `card`, and
/// `$.contact.mobile` in `profile`, hold a valid value in every row; no cell needs escaping.
pub fn customer(rng: &mut Rng, id: u64, out: &mut Vec<u8>) {
    let (surname, given) = (rng.pick(&SURNAMES), rng.pick(&GIVEN));
    let (phone, person, card, contact) = (mobile(rng), resident_id(rng), bank_card(rng), mobile(rng));
    let (user, domain) = (rng.next() >> 32, rng.pick(&MAIL));
    let (district, road, house) = (rng.pick(&DISTRICTS), rng.pick(&ROADS), rng.next());
    let (amount, clock, order) = (rng.below(10_000_000), rng.next(), rng.below(10_000_000_000));
    let (month, day) = (1 + clock % 12, 1 + (clock >> 8) % 28);
    let (hour, minute, second) = ((clock >> 16) % 24, (clock >> 24) % 60, (clock >> 32) % 60);
    let (channel, level, remark) = (rng.pick(&CHANNELS), 1 + clock % 5, rng.pick(&REMARKS));
    // Writing to a Vec cannot fail.
    let _ = writeln!(
        out,
        "{id}\t{surname}{given}\t{phone}\t{person}\t{card}\tu{user}@{domain}\t\
         {district}{road}{}号{}栋{}单元{}\t{}.{:02}\t2024-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}\t\
         2024{month:02}{day:02}{order:010}\t\
         {{\"level\": {level}, \"channel\": \"{channel}\", \"contact\": {{\"name\": \"{surname}{given}\", \
         \"mobile\": \"{contact}\"}}, \"tags\": [\"{channel}\", \"L{level}\"]}}\t{remark}",
        1 + house % 300,
        1 + (house >> 16) % 30,
        1 + (house >> 24) % 6,
        101 + (house >> 32) % 2900,
        amount / 100,
        amount % 100,
    );
}
