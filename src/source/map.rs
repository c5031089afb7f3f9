//! Maps files, and survives one that shrinks under the map: the only file outside `simd/` with unsafe code.
//!
//! Reading a page behind the end of a mapped file raises SIGBUS, which would kill a night's scan. The
//! handler here puts zero pages in place of the rest of that mapping, notes that it was torn, and lets
//! the read go on. Nothing is unwound: the scan ends as usual, and the object becomes "partial".
#![allow(unsafe_code)]

use memmap2::{Advice, Mmap, MmapOptions};
use std::fs::File;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Mappings that can be watched at a time; beyond, files are read instead.
const WATCHED: usize = 256;
/// Marks a slot that is being filled.
const CLAIMED: usize = 1;

struct Slot {
    /// First address, or 0 when free.
    start: AtomicUsize,
    end: AtomicUsize,
    torn: AtomicBool,
}

static SLOTS: [Slot; WATCHED] =
    [const { Slot { start: AtomicUsize::new(0), end: AtomicUsize::new(0), torn: AtomicBool::new(false) } };
        WATCHED];

/// A mapped file that may shrink.
pub struct Mapping {
    map: Mmap,
    slot: &'static Slot,
}

impl Mapping {
    /// Maps the first `length` bytes; `None` where the system or the table of watched mappings says no.
    pub(super) fn new(file: &File, length: u64) -> Option<Self> {
        static HANDLER: Once = Once::new();
        HANDLER.call_once(install);
        let slot = SLOTS.iter().find(|slot| {
            slot.start.compare_exchange(0, CLAIMED, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        })?;
        // SAFETY: another process may write to the file. The bytes are only ever read as plain bytes, by code
        // that holds for any bytes and for bytes that change, and a file that shrinks is handled below.
        let map = unsafe { MmapOptions::new().len(usize::try_from(length).ok()?).map(file) };
        let Ok(map) = map else {
            slot.start.store(0, Ordering::Release);
            return None;
        };
        let start = map.as_ptr() as usize;
        slot.torn.store(false, Ordering::Relaxed);
        slot.end.store(start + map.len(), Ordering::Relaxed);
        slot.start.store(start, Ordering::Release);
        // Advice only: where it is refused, the scan is as right without.
        let _ = map.advise(Advice::Sequential);
        Some(Mapping { map, slot })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.map
    }

    pub(super) fn was_torn(&self) -> bool {
        self.slot.torn.load(Ordering::Acquire)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        self.slot.start.store(0, Ordering::Release);
    }
}

fn install() {
    // SAFETY: `on_bus_error` does only what a signal handler may: atomics, mmap, sigaction.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_bus_error as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER;
        libc::sigemptyset(&raw mut action.sa_mask);
        libc::sigaction(libc::SIGBUS, &raw const action, std::ptr::null_mut());
    }
}

extern "C" fn on_bus_error(_: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: the kernel hands a valid `info` to a handler installed with SA_SIGINFO.
    let address = unsafe { (*info).si_addr() } as usize;
    let hit = SLOTS.iter().find(|slot| {
        let start = slot.start.load(Ordering::Acquire);
        start > CLAIMED && (start..slot.end.load(Ordering::Relaxed)).contains(&address)
    });
    // SAFETY: the range lies within a live mapping of ours, from the page that failed to its end; what
    // replaces it is readable memory. Without a slot the default action is put back, and the fault recurs.
    unsafe {
        let page = address & !(libc::sysconf(libc::_SC_PAGESIZE) as usize - 1);
        let replaced = hit.is_some_and(|slot| {
            slot.torn.store(true, Ordering::Release);
            let length = slot.end.load(Ordering::Relaxed) - page;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
            libc::mmap(page as *mut libc::c_void, length, libc::PROT_READ, flags, -1, 0) != libc::MAP_FAILED
        });
        if !replaced {
            libc::signal(libc::SIGBUS, libc::SIG_DFL);
        }
    }
}
