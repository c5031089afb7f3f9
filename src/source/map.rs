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

/// Brings the pages of a part of a mapping into the page table at once: a fault for every few of them takes longer.
/// Does nothing to other memory, and nothing where the system cannot; then they fault in one by one, as ever.
pub fn prepare(part: &[u8]) {
    #[cfg(target_os = "linux")]
    advise(part, libc::MADV_POPULATE_READ);
    #[cfg(not(target_os = "linux"))]
    let _ = part;
}

/// Takes the pages of a part of a mapping out of the page table again, which one thread would else do for the whole file
/// in the end. They stay in the page cache, and come back when they are read again.
pub fn release(part: &[u8]) {
    #[cfg(target_os = "linux")]
    advise(part, libc::MADV_DONTNEED);
    #[cfg(not(target_os = "linux"))]
    let _ = part;
}

/// Gives advice on the pages that lie in `part` as a whole, where all of them lie in one of our mappings.
#[cfg(target_os = "linux")]
fn advise(part: &[u8], advice: libc::c_int) {
    let bytes = part.as_ptr_range();
    let (first, end) = (bytes.start as usize, bytes.end as usize);
    let is_ours = SLOTS.iter().any(|slot| {
        let start = slot.start.load(Ordering::Acquire);
        start > CLAIMED && start <= first && end <= slot.end.load(Ordering::Relaxed)
    });
    // SAFETY: `sysconf` has no preconditions.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
    let (first, end) = (first.next_multiple_of(page), end & !(page - 1));
    if is_ours && first < end {
        // SAFETY: the pages belong to a mapping that is borrowed with `part`, is only read, and holds what the file
        // holds; so dropping them loses nothing. Zero pages that stand for a part cut off become zero pages again.
        unsafe { libc::madvise(first as *mut libc::c_void, end - first, advice) };
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn what_was_released_is_there_when_it_is_read_again() {
        let mut file = tempfile::tempfile().expect("a file can be made");
        let text: Vec<u8> = (0..50_000_u32).flat_map(u32::to_le_bytes).collect();
        file.write_all(&text).expect("a file can be written");
        let mapping = Mapping::new(&file, text.len() as u64).expect("a file can be mapped");
        prepare(mapping.bytes());
        release(&mapping.bytes()[5..90_000]);
        assert_eq!(mapping.bytes(), text);
    }

    #[test]
    fn other_memory_is_left_alone() {
        let other = vec![7_u8; 100_000];
        release(&other);
        assert!(other.iter().all(|b| *b == 7));
    }
}
