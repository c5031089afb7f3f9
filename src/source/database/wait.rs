//! The one place where asynchronous code is waited for: drivers are asynchronous, the rest of the program is not.
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// How long a silent server is waited for before an interrupt is looked at again.
const WAIT: Duration = Duration::from_millis(200);

/// A runtime for one connection, on the thread that uses it.
///
/// # Errors
/// The system's: no more threads or handles.
pub(super) fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Waits for `future`, or until `stop` is set: then the answer is `None`.
pub(super) async fn unless_stopped<T>(future: impl Future<Output = T>, stop: &AtomicBool) -> Option<T> {
    let mut future = std::pin::pin!(future);
    loop {
        if stop.load(Ordering::Relaxed) {
            return None;
        }
        if let Ok(done) = tokio::time::timeout(WAIT, &mut future).await {
            return Some(done);
        }
    }
}
