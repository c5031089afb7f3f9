//! Seeded synthetic data for benches and tests: Chinese service logs, prose with few digits, tables, trees of small files. No dependencies.
#![allow(dead_code, reason = "every user includes the whole module and calls a part of it")]

pub mod customers;
pub mod tables;
pub mod values;

use std::io::Write;

/// A value that was planted.
pub struct Truth {
    /// The line, from 1.
    pub line: u64,
    /// The detector that must find it.
    pub detector: &'static str,
    /// The value as it stands.
    pub value: String,
}

/// SplitMix64: small, fast, and the same everywhere.
pub struct Rng(pub u64);

impl Rng {
    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len() as u64) as usize]
    }
}

const MESSAGES: [&str; 8] = [
    "用户登录成功",
    "订单创建完成",
    "支付回调处理",
    "库存扣减失败，稍后重试",
    "开始同步会员数据",
    "缓存未命中，回源查询",
    "调用下游服务超时",
    "定时任务执行结束",
];

/// A resident identity number with the right check character.
pub fn resident_id(rng: &mut Rng) -> String {
    let region = *rng.pick(&["110101", "310101", "440301", "330106", "510104", "441900", "620200", "370202"]);
    let (year, month, day) = (1900 + rng.below(100), 1 + rng.below(12), 1 + rng.below(28));
    let body = format!("{region}{year}{month:02}{day:02}{:03}", 1 + rng.below(995));
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.bytes().zip(weights).map(|(b, weight)| u32::from(b - b'0') * weight).sum();
    format!("{body}{}", char::from(b"10X98765432"[(sum % 11) as usize]))
}

/// A mobile number behind a network number in use.
pub fn mobile(rng: &mut Rng) -> String {
    let network =
        *rng.pick(&["130", "135", "138", "139", "150", "158", "166", "176", "186", "189", "192", "199"]);
    format!("{network}{:08}", rng.below(100_000_000))
}

/// A payment card number that passes Luhn.
pub fn bank_card(rng: &mut Rng) -> String {
    let (prefix, length) =
        *rng.pick(&[("622202", 19), ("622848", 19), ("621700", 19), ("625912", 16), ("622588", 16)]);
    let body: String = (prefix.len()..length - 1).map(|_| char::from(b'0' + rng.below(10) as u8)).collect();
    let body = format!("{prefix}{body}");
    let doubled = |d: u32| if d > 4 { 2 * d - 9 } else { 2 * d };
    let digits = body.bytes().rev().map(|b| u32::from(b - b'0')).enumerate();
    let sum: u32 = digits.map(|(i, d)| if i % 2 == 0 { doubled(d) } else { d }).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// At least `bytes` bytes of service log, UTF-8, about one line in a hundred with a planted value.
pub fn logs(seed: u64, bytes: usize, truth: &mut Vec<Truth>) -> Vec<u8> {
    let (mut rng, mut out, mut line) = (Rng(seed), Vec::with_capacity(bytes + 512), 0);
    while out.len() < bytes {
        line += 1;
        log_line(&mut rng, &mut out);
        if rng.below(100) == 0 {
            let (detector, context, value) = match rng.below(3) {
                0 => ("cn-resident-id", " 身份证号：", resident_id(&mut rng)),
                1 => ("cn-mobile", " mobile=", mobile(&mut rng)),
                _ => ("bank-card", " 卡号:", bank_card(&mut rng)),
            };
            out.extend_from_slice(context.as_bytes());
            out.extend_from_slice(value.as_bytes());
            truth.push(Truth { line, detector, value });
        }
        out.push(b'\n');
    }
    out
}

/// A line with the numbers that logs are full of: times, order numbers, trace ids, addresses.
fn log_line(rng: &mut Rng, out: &mut Vec<u8>) {
    let clock = rng.next();
    let (day, hour, minute, second) = (10 + clock % 18, clock >> 8 & 15, clock >> 16 & 31, clock >> 24 & 31);
    let (trace, order, ip) = (rng.next(), rng.below(10_000_000_000), rng.next());
    let message = rng.pick(&MESSAGES);
    // Writing to a Vec cannot fail.
    let _ = write!(
        out,
        "2024-05-{day} {hour:02}:{minute:02}:{second:02}.{:03} INFO [http-nio-8080-exec-{}] c.s.order.OrderService - \
         {message} orderNo=202405{day}{order:010} traceId={trace:016x}{clock:016x} userId={} cost={}ms ip=10.{}.{}.{}",
        clock >> 32 & 511,
        clock >> 40 & 63,
        10_000_000 + order / 100,
        trace & 1023,
        ip & 255,
        ip >> 8 & 255,
        ip >> 16 & 255,
    );
}

/// Chinese prose and source code with few and short digits.
pub fn prose(seed: u64, bytes: usize) -> Vec<u8> {
    const WORDS: [&str; 16] = [
        "我们",
        "在项目中",
        "使用",
        "数据",
        "分类",
        "的方法",
        "，",
        "。",
        "系统",
        "需要",
        "安全",
        "管理",
        "fn main() { ",
        "let total = 42;\n",
        "2024年",
        "\n",
    ];
    let (mut rng, mut out) = (Rng(seed), Vec::with_capacity(bytes + 64));
    while out.len() < bytes {
        out.extend_from_slice(rng.pick(&WORDS).as_bytes());
    }
    out
}

/// Small files of 1 to 8 KB, by turns logs and prose, a hundred to a folder, folders three deep: `each` is given a path
/// below the top, and the content.
pub fn tree(seed: u64, files: u64, truth: &mut Vec<Truth>, mut each: impl FnMut(&str, &[u8])) {
    let mut rng = Rng(seed);
    for file in 0..files {
        // A log ends with the line that reaches its size, and must still stay below 8 KB.
        let (seed, bytes) = (rng.next(), 1024 + rng.below(6700) as usize);
        let (content, kind) = match file % 2 {
            0 => (logs(seed, bytes, truth), "log"),
            _ => (prose(seed, bytes), "txt"),
        };
        let (top, middle, low) = (file / 10_000, file / 1000 % 10, file / 100 % 10);
        each(&format!("{top}/{middle}/{low}/{file}.{kind}"), &content);
    }
}
