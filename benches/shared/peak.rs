//! The most memory that a program held while it ran.
use super::Failure;
use std::fs;
use std::process::Child;
use std::thread;
use std::time::Duration;

const MB: f64 = 1e6;

/// The greatest RssAnon and VmHWM seen while the program ran, in MB. The system keeps no peak of anonymous memory alone,
/// so it is sampled.
pub fn watch(child: &mut Child) -> Result<(f64, f64), Failure> {
    let status = format!("/proc/{}/status", child.id());
    let (mut anonymous, mut resident) = (0_f64, 0_f64);
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or(0.0)
                * 1024.0
                / MB
        };
        anonymous = anonymous.max(field("RssAnon:") + field("RssShmem:"));
        resident = resident.max(field("VmHWM:"));
        if let Some(status) = child.try_wait()? {
            assert!(status.success(), "pandian: {status}");
            return Ok((anonymous, resident));
        }
        thread::sleep(Duration::from_millis(1));
    }
}
