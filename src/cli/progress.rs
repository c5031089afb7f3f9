//! The progress bar: objects, bytes, rate, time left, findings so far. Silent where there is no terminal.
use crate::model::Lang;
use crate::pipeline::Watch;
use crate::source::{Walk, visit};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A bar that draws itself until it is dropped.
pub(super) struct Progress {
    finished: Arc<AtomicBool>,
    painter: Option<JoinHandle<()>>,
}

impl Progress {
    /// Starts to draw, if standard error is a terminal.
    pub fn start(walk: &Walk, watch: Arc<Watch>, lang: Lang) -> Self {
        let finished = Arc::new(AtomicBool::new(false));
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if bar.is_hidden() {
            return Progress { finished, painter: None };
        }
        let total = census(walk.clone(), finished.clone());
        let done = finished.clone();
        let painter = std::thread::spawn(move || {
            while !done.load(Ordering::Relaxed) {
                let (objects, matched) =
                    (watch.objects.load(Ordering::Relaxed), watch.matched.load(Ordering::Relaxed));
                let bytes = watch.bytes.load(Ordering::Relaxed);
                let all = total.load(Ordering::Relaxed) + watch.expected.load(Ordering::Relaxed);
                // A total that is not known, or that the estimate of a database fell short of, tells no time left.
                bar.set_style(if all > bytes { style() } else { without_end() });
                bar.set_length(all.max(1));
                bar.set_position(bytes);
                bar.set_message(lang.pick(
                    format!("{objects} 个对象，命中 {matched}"),
                    format!("{objects} objects, {matched} matched"),
                ));
                std::thread::sleep(Duration::from_millis(100));
            }
            bar.finish_and_clear();
        });
        Progress { finished, painter: Some(painter) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finished.store(true, Ordering::Relaxed);
        if let Some(painter) = self.painter.take() {
            // A painter that panicked has nothing left to tidy.
            let _ = painter.join();
        }
    }
}

fn style() -> ProgressStyle {
    let template = "{bar:30} {percent:>3}% {bytes}/{total_bytes} {binary_bytes_per_sec} ETA {eta}  {msg}";
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn without_end() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {bytes} {binary_bytes_per_sec}  {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// Adds up the sizes of what will be scanned, ahead of the scan: without a total there is no time left.
fn census(mut walk: Walk, finished: Arc<AtomicBool>) -> Arc<AtomicU64> {
    let total = Arc::new(AtomicU64::new(0));
    let sum = total.clone();
    walk.jobs = 1;
    std::thread::spawn(move || {
        visit(&walk, || {
            |found| {
                let size = found.ok().and_then(|file| file.path.metadata().ok()).map_or(0, |meta| meta.len());
                sum.fetch_add(size, Ordering::Relaxed);
                !finished.load(Ordering::Relaxed)
            }
        });
    });
    total
}
