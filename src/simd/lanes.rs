//! Sixty-four bytes in registers, and the few questions asked of them, each answered as a bit mask.
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// A block of 64 bytes; bit `i` of every mask speaks of byte `i`.
pub(super) trait Lanes: Copy {
    /// Loads 64 bytes.
    ///
    /// # Safety
    /// 64 bytes must be readable at `at`, and the CPU must have what the type needs.
    unsafe fn load(at: *const u8) -> Self;
    /// Tells the CPU that `at` will be loaded soon; any address will do.
    ///
    /// # Safety
    /// The CPU must have what the type needs.
    #[inline(always)]
    unsafe fn announce(at: *const u8) {
        // SAFETY: SSE is part of the x86-64 baseline, and a prefetch never faults.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(at.cast());
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = at;
    }
    /// Bytes equal to `byte`.
    ///
    /// # Safety
    /// The CPU must have what the type needs.
    unsafe fn eq(self, byte: u8) -> u64;
    /// Bytes in `low..low + len`.
    ///
    /// # Safety
    /// The CPU must have what the type needs.
    unsafe fn within(self, low: u8, len: u8) -> u64;
    /// Bytes of 0x80 and above.
    ///
    /// # Safety
    /// The CPU must have what the type needs.
    unsafe fn high(self) -> u64;
}

/// One byte at a time.
#[derive(Clone, Copy)]
pub(super) struct Scalar([u8; 64]);

impl Scalar {
    fn mask(self, is: impl Fn(u8) -> bool) -> u64 {
        self.0.iter().enumerate().fold(0, |mask, (i, &b)| mask | u64::from(is(b)) << i)
    }
}

impl Lanes for Scalar {
    #[inline(always)]
    unsafe fn load(at: *const u8) -> Self {
        // SAFETY: the caller promises 64 readable bytes.
        Scalar(unsafe { at.cast::<[u8; 64]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn eq(self, byte: u8) -> u64 {
        self.mask(|b| b == byte)
    }
    #[inline(always)]
    unsafe fn within(self, low: u8, len: u8) -> u64 {
        self.mask(|b| b.wrapping_sub(low) < len)
    }
    #[inline(always)]
    unsafe fn high(self) -> u64 {
        self.mask(|b| b >= 0x80)
    }
}

/// Four 16-byte registers.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Sse2([__m128i; 4]);

#[cfg(target_arch = "x86_64")]
impl Sse2 {
    #[inline(always)]
    unsafe fn mask(self, is: impl Fn(__m128i) -> __m128i) -> u64 {
        let mut mask = 0;
        for (i, &lane) in self.0.iter().enumerate() {
            // SAFETY: SSE2 is part of the x86-64 baseline.
            mask |= u64::from(unsafe { _mm_movemask_epi8(is(lane)) } as u32) << (16 * i);
        }
        mask
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for Sse2 {
    #[inline(always)]
    unsafe fn load(at: *const u8) -> Self {
        // SAFETY: the caller promises 64 readable bytes.
        Sse2(std::array::from_fn(|i| unsafe { _mm_loadu_si128(at.add(16 * i).cast()) }))
    }
    #[inline(always)]
    unsafe fn eq(self, byte: u8) -> u64 {
        // SAFETY: SSE2 is part of the x86-64 baseline.
        unsafe { self.mask(|v| _mm_cmpeq_epi8(v, _mm_set1_epi8(byte as i8))) }
    }
    #[inline(always)]
    unsafe fn within(self, low: u8, len: u8) -> u64 {
        // SAFETY: SSE2 is part of the x86-64 baseline.
        unsafe {
            self.mask(|v| {
                let from_low = _mm_sub_epi8(v, _mm_set1_epi8(low as i8));
                let capped = _mm_min_epu8(from_low, _mm_set1_epi8((len - 1) as i8));
                _mm_cmpeq_epi8(capped, from_low)
            })
        }
    }
    #[inline(always)]
    unsafe fn high(self) -> u64 {
        // SAFETY: SSE2 is part of the x86-64 baseline.
        unsafe { self.mask(|v| v) }
    }
}

/// Two 32-byte registers.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Avx2([__m256i; 2]);

#[cfg(target_arch = "x86_64")]
impl Lanes for Avx2 {
    #[inline(always)]
    unsafe fn load(at: *const u8) -> Self {
        // SAFETY: the caller promises 64 readable bytes and AVX2.
        unsafe { Avx2([_mm256_loadu_si256(at.cast()), _mm256_loadu_si256(at.add(32).cast())]) }
    }
    #[inline(always)]
    unsafe fn eq(self, byte: u8) -> u64 {
        // SAFETY: the caller promises AVX2.
        unsafe {
            let want = _mm256_set1_epi8(byte as i8);
            let [low, high] = self.0.map(|v| _mm256_movemask_epi8(_mm256_cmpeq_epi8(v, want)));
            u64::from(low as u32) | u64::from(high as u32) << 32
        }
    }
    #[inline(always)]
    unsafe fn within(self, low: u8, len: u8) -> u64 {
        // SAFETY: the caller promises AVX2.
        unsafe {
            let (low, last) = (_mm256_set1_epi8(low as i8), _mm256_set1_epi8((len - 1) as i8));
            let [low, high] = self.0.map(|v| {
                let from_low = _mm256_sub_epi8(v, low);
                _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(from_low, last), from_low))
            });
            u64::from(low as u32) | u64::from(high as u32) << 32
        }
    }
    #[inline(always)]
    unsafe fn high(self) -> u64 {
        // SAFETY: the caller promises AVX2.
        unsafe {
            let [low, high] = self.0.map(|v| _mm256_movemask_epi8(v));
            u64::from(low as u32) | u64::from(high as u32) << 32
        }
    }
}

/// One 64-byte register, whose comparisons answer in masks of their own.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Avx512(__m512i);

#[cfg(target_arch = "x86_64")]
impl Lanes for Avx512 {
    #[inline(always)]
    unsafe fn load(at: *const u8) -> Self {
        // SAFETY: the caller promises 64 readable bytes and AVX-512F.
        Avx512(unsafe { _mm512_loadu_si512(at.cast()) })
    }
    #[inline(always)]
    unsafe fn eq(self, byte: u8) -> u64 {
        // SAFETY: the caller promises AVX-512BW.
        unsafe { _mm512_cmpeq_epi8_mask(self.0, _mm512_set1_epi8(byte as i8)) }
    }
    #[inline(always)]
    unsafe fn within(self, low: u8, len: u8) -> u64 {
        // SAFETY: the caller promises AVX-512BW.
        unsafe {
            let from_low = _mm512_sub_epi8(self.0, _mm512_set1_epi8(low as i8));
            _mm512_cmplt_epu8_mask(from_low, _mm512_set1_epi8(len as i8))
        }
    }
    #[inline(always)]
    unsafe fn high(self) -> u64 {
        // SAFETY: the caller promises AVX-512BW.
        unsafe { _mm512_movepi8_mask(self.0) }
    }
}
