//! Orders as a shop exports them: delimited columns in quotes, and a JSON document on every line.
use super::customers::{DISTRICTS, GIVEN, MAIL, REMARKS, ROADS, SURNAMES};
use super::{Rng, Truth, bank_card, mobile, resident_id};
use std::io::Write;

/// The columns of [`csv`], in order.
const COLUMNS: &str = "\"order_no\",\"status\",\"amount\",\"discount\",\"currency\",\"created\",\"paid\",\"channel\",\
    \"buyer\",\"mobile\",\"id_no\",\"card\",\"email\",\"district\",\"address\",\"sku\",\"quantity\",\"tracking\",\
    \"trace\",\"remark\"\r\n";
const STATES: [&str; 5] = ["PAID", "SHIPPED", "COMPLETED", "REFUNDED", "CLOSED"];
const CHANNELS: [&str; 4] = ["app", "wechat", "web", "store"];

/// One order.
struct Order {
    number: u64,
    clock: u64,
    amount: u64,
    buyer: String,
    mobile: String,
    /// Given by one buyer in ten: goods from abroad ask for it.
    id_no: String,
    /// The same: cards are seldom seen by a shop.
    card: String,
    address: String,
    remark: &'static str,
    random: u64,
}

impl Order {
    fn new(rng: &mut Rng, line: u64, truth: &mut Vec<Truth>) -> Self {
        let mut some = |detector, value: Option<String>| {
            let planted = value.iter().map(|value| Truth { line, detector, value: value.clone() });
            truth.extend(planted);
            value.unwrap_or_default()
        };
        let mobile = some("cn-mobile", Some(mobile(rng)));
        let id_no = some("cn-resident-id", (rng.below(10) == 0).then(|| resident_id(rng)));
        let card = some("bank-card", (rng.below(10) == 0).then(|| bank_card(rng)));
        let house = rng.next();
        let address = format!(
            "{}{}号{}栋{}单元{}",
            rng.pick(&ROADS),
            1 + house % 300,
            1 + (house >> 16) % 30,
            1 + (house >> 24) % 6,
            101 + (house >> 32) % 2900
        );
        Order {
            number: rng.below(10_000_000_000),
            clock: rng.next(),
            amount: rng.below(10_000_000),
            buyer: format!("{}{}", rng.pick(&SURNAMES), rng.pick(&GIVEN)),
            mobile,
            id_no,
            card,
            address,
            remark: REMARKS[rng.below(REMARKS.len() as u64) as usize],
            random: rng.next(),
        }
    }

    fn time(&self, shift: u32) -> String {
        let clock = self.clock.rotate_right(shift);
        let (month, day) = (1 + clock % 12, 1 + (clock >> 8) % 28);
        let (hour, minute, second) = ((clock >> 16) % 24, (clock >> 24) % 60, (clock >> 32) % 60);
        format!("2024-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }

    fn state(&self) -> &'static str {
        STATES[(self.random % 5) as usize]
    }

    fn channel(&self) -> &'static str {
        CHANNELS[(self.random >> 8 & 3) as usize]
    }

    fn mail(&self) -> &'static str {
        MAIL[(self.random >> 10) as usize % MAIL.len()]
    }

    fn district(&self) -> &'static str {
        DISTRICTS[(self.random >> 16) as usize % DISTRICTS.len()]
    }
}

/// At least `bytes` bytes of orders as CSV, UTF-8, in twenty columns of which every one is quoted; one remark in a hundred
/// holds quotes, and one goes over two lines.
pub fn csv(seed: u64, bytes: usize, truth: &mut Vec<Truth>) -> Vec<u8> {
    let (mut rng, mut out, mut line) = (Rng(seed), Vec::with_capacity(bytes + 1024), 1);
    out.extend_from_slice(COLUMNS.as_bytes());
    while out.len() < bytes {
        line += 1;
        let order = Order::new(&mut rng, line, truth);
        let remark = match rng.below(100) {
            0 => "说明：\"\"易碎\"\"，轻放",
            1 => {
                line += 1;
                "请放门口\n不要打电话"
            }
            _ => order.remark,
        };
        // Writing to a Vec cannot fail.
        let _ = write!(
            out,
            "\"2024{:014}\",\"{}\",\"{}.{:02}\",\"{}.00\",\"CNY\",\"{}\",\"{}\",\"{}\",\"{}\",\"{}\",\"{}\",\"{}\",\
             \"u{}@{}\",\"{}\",\"{}\",\"SKU-{:06}\",\"{}\",\"SF{:013}\",\"{:016x}{:016x}\",\"{remark}\"\r\n",
            order.number,
            order.state(),
            order.amount / 100,
            order.amount % 100,
            order.random >> 24 & 31,
            order.time(0),
            order.time(7),
            order.channel(),
            order.buyer,
            order.mobile,
            order.id_no,
            order.card,
            order.random >> 40,
            order.mail(),
            order.district(),
            order.address,
            order.random >> 20 & 0xFFFF,
            1 + (order.random >> 32 & 7),
            order.clock >> 20 & 0xFFF_FFFF_FFFF,
            order.random,
            order.clock,
        );
    }
    out
}

/// At least `bytes` bytes of orders as JSON Lines, UTF-8: an object on every line, with objects and arrays in it.
pub fn json_lines(seed: u64, bytes: usize, truth: &mut Vec<Truth>) -> Vec<u8> {
    let (mut rng, mut out, mut line) = (Rng(seed), Vec::with_capacity(bytes + 1024), 0);
    while out.len() < bytes {
        line += 1;
        let order = Order::new(&mut rng, line, truth);
        let optional = |value: &str| if value.is_empty() { "null".into() } else { format!("\"{value}\"") };
        let remark = if rng.below(50) == 0 { "说明：\\\"易碎\\\"\\n轻放" } else { order.remark };
        // Writing to a Vec cannot fail.
        let _ = writeln!(
            out,
            "{{\"order_no\":\"2024{:014}\",\"status\":\"{}\",\"amount\":{}.{:02},\"currency\":\"CNY\",\"created\":\"{}\",\
             \"paid\":true,\"channel\":\"{}\",\"buyer\":{{\"name\":\"{}\",\"mobile\":\"{}\",\"id_no\":{},\
             \"email\":\"u{}@{}\",\"address\":{{\"district\":\"{}\",\"street\":\"{}\"}}}},\"card\":{},\"items\":[\
             {{\"sku\":\"SKU-{:06}\",\"quantity\":{},\"price\":{}.5}},{{\"sku\":\"SKU-{:06}\",\"quantity\":{},\
             \"price\":{}.0}}],\"tracking\":\"SF{:013}\",\"trace\":\"{:016x}{:016x}\",\"remark\":\"{remark}\"}}",
            order.number,
            order.state(),
            order.amount / 100,
            order.amount % 100,
            order.time(0),
            order.channel(),
            order.buyer,
            order.mobile,
            optional(&order.id_no),
            order.random >> 40,
            order.mail(),
            order.district(),
            order.address,
            optional(&order.card),
            order.random >> 20 & 0xFFFF,
            1 + (order.random >> 32 & 7),
            order.random >> 48,
            order.random >> 30 & 0xFFFF,
            1 + (order.random >> 36 & 7),
            order.random >> 50,
            order.clock >> 20 & 0xFFF_FFFF_FFFF,
            order.random,
            order.clock,
        );
    }
    out
}
