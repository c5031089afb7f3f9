//! How busy other work kept the machine while a row was measured: a reader of a strange ratio should know.
use std::fs;

/// Clock ticks since the machine started.
pub struct Load {
    all: f64,
    busy: f64,
    own: f64,
}

impl Load {
    /// What the system counts now; nothing where there is no /proc.
    pub fn now() -> Option<Self> {
        let numbers =
            |text: &str| text.split_whitespace().map(|n| n.parse().unwrap_or(0.0)).collect::<Vec<f64>>();
        let stat = fs::read_to_string("/proc/stat").ok()?;
        // user nice system idle iowait irq softirq steal; guests are in user already.
        let cpu = numbers(stat.lines().next()?.strip_prefix("cpu ")?);
        let all = cpu.iter().take(8).sum::<f64>();
        let this = fs::read_to_string("/proc/self/stat").ok()?;
        // utime stime cutime cstime: ours and those of the programs that have ended. The name, which may hold
        // anything, ends in the last parenthesis.
        let own = numbers(this.rsplit_once(')')?.1).get(11..15)?.iter().sum();
        Some(Load { all, busy: all - cpu.get(3)? - cpu.get(4)?, own })
    }

    /// The share of the machine, in percent, that others have used since then.
    pub fn others(&self) -> Option<f64> {
        let now = Load::now()?;
        let (all, busy, own) = (now.all - self.all, now.busy - self.busy, now.own - self.own);
        Some(100.0 * (busy - own).max(0.0) / all.max(1.0))
    }
}
