//! How busy other work kept the machine while a row was measured: a reader of a strange ratio should know.
use std::collections::BTreeMap;
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
        Some(Load { all, busy: all - cpu.get(3)? - cpu.get(4)?, own: own() })
    }

    /// The share of the machine, in percent, that others have used since then.
    pub fn others(&self) -> Option<f64> {
        let now = Load::now()?;
        let (all, busy, own) = (now.all - self.all, now.busy - self.busy, now.own - self.own);
        Some(100.0 * (busy - own).max(0.0) / all.max(1.0))
    }
}

/// The ticks of this process and of all that descend from it: servers run as long as it does.
fn own() -> f64 {
    let processes: BTreeMap<u32, (u32, f64)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let id = path.file_name()?.to_str()?.parse().ok()?;
            let stat = fs::read_to_string(path.join("stat")).ok()?;
            // The name, which may hold anything, ends in the last parenthesis.
            let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
            // utime stime cutime cstime: its own, and those of the programs it has seen end.
            let ticks = fields.get(11..15)?.iter().filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
            Some((id, (fields.get(1)?.parse().ok()?, ticks)))
        })
        .collect();
    let is_own = |mut id: u32| {
        while id != std::process::id() {
            match processes.get(&id) {
                Some(&(parent, _)) if parent != id => id = parent,
                _ => return false,
            }
        }
        true
    };
    processes.iter().filter(|(id, _)| is_own(**id)).map(|(_, (_, ticks))| ticks).sum()
}
