//! Sixty-four bytes in registers, and the few questions asked of them, answered in bit masks.
//!
//! No closures here: they would not have the CPU features of the function they stand in, and are called for
//! every register where they are not inlined.
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
    /// The CPU must have what the type needs, as for all that follow.
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
    /// As above.
    unsafe fn eq(self, byte: u8) -> u64;
    /// Bytes in `low..low + len`.
    ///
    /// # Safety
    /// As above.
    unsafe fn within(self, low: u8, len: u8) -> u64;
    /// Bytes of 0x80 and above.
    ///
    /// # Safety
    /// As above.
    unsafe fn high(self) -> u64;
    /// Bytes of 0x80 and above, and those before the digits but `/` and line feeds: what may separate digits.
    ///
    /// # Safety
    /// As above.
    unsafe fn apart(self) -> u64;
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
    #[inline(always)]
    unsafe fn apart(self) -> u64 {
        self.mask(|b| (b as i8) < 0x2F && b != b'\n')
    }
}

/// Four 16-byte registers.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Sse2([__m128i; 4]);

#[cfg(target_arch = "x86_64")]
impl Lanes for Sse2 {
    #[inline(always)]
    unsafe fn load(at: *const u8) -> Self {
        // SAFETY: the caller promises 64 readable bytes; SSE2 is part of the x86-64 baseline.
        unsafe {
            Sse2([
                _mm_loadu_si128(at.cast()),
                _mm_loadu_si128(at.add(16).cast()),
                _mm_loadu_si128(at.add(32).cast()),
                _mm_loadu_si128(at.add(48).cast()),
            ])
        }
    }
    #[inline(always)]
    unsafe fn eq(self, byte: u8) -> u64 {
        // SAFETY: SSE2 is part of the x86-64 baseline.
        unsafe {
            let [a, b, c, d] = self.0;
            let want = _mm_set1_epi8(byte as i8);
            Sse2([
                _mm_cmpeq_epi8(a, want),
                _mm_cmpeq_epi8(b, want),
                _mm_cmpeq_epi8(c, want),
                _mm_cmpeq_epi8(d, want),
            ])
            .high()
        }
    }
    #[inline(always)]
    unsafe fn within(self, low: u8, len: u8) -> u64 {
        // SAFETY: SSE2 is part of the x86-64 baseline.
        unsafe {
            let [a, b, c, d] = self.0;
            let (low, last) = (_mm_set1_epi8(low as i8), _mm_set1_epi8((len - 1) as i8));
            Sse2([
                _mm_subs_epu8(_mm_sub_epi8(a, low), last),
                _mm_subs_epu8(_mm_sub_epi8(b, low), last),
                _mm_subs_epu8(_mm_sub_epi8(c, low), last),
                _mm_subs_epu8(_mm_sub_epi8(d, low), last),
            ])
            .eq(0)
        }
    }
    #[inline(always)]
    unsafe fn high(self) -> u64 {
        // SAFETY: SSE2 is part of the x86-64 baseline.
        unsafe {
            let [a, b, c, d] = self.0;
            u64::from(_mm_movemask_epi8(a) as u32)
                | u64::from(_mm_movemask_epi8(b) as u32) << 16
                | u64::from(_mm_movemask_epi8(c) as u32) << 32
                | u64::from(_mm_movemask_epi8(d) as u32) << 48
        }
    }
    #[inline(always)]
    unsafe fn apart(self) -> u64 {
        // SAFETY: SSE2 is part of the x86-64 baseline.
        let low = unsafe {
            let ([a, b, c, d], limit) = (self.0, _mm_set1_epi8(0x2F));
            Sse2([
                _mm_cmplt_epi8(a, limit),
                _mm_cmplt_epi8(b, limit),
                _mm_cmplt_epi8(c, limit),
                _mm_cmplt_epi8(d, limit),
            ])
            .high()
        };
        // SAFETY: as above.
        low & !unsafe { self.eq(b'\n') }
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
        // SAFETY: the caller promises 64 readable bytes; the caller promises AVX2.
        unsafe { Avx2([_mm256_loadu_si256(at.cast()), _mm256_loadu_si256(at.add(32).cast())]) }
    }
    #[inline(always)]
    unsafe fn eq(self, byte: u8) -> u64 {
        // SAFETY: the caller promises AVX2.
        unsafe {
            let ([a, b], want) = (self.0, _mm256_set1_epi8(byte as i8));
            Avx2([_mm256_cmpeq_epi8(a, want), _mm256_cmpeq_epi8(b, want)]).high()
        }
    }
    #[inline(always)]
    unsafe fn within(self, low: u8, len: u8) -> u64 {
        // SAFETY: the caller promises AVX2.
        unsafe {
            let (low, last) = (_mm256_set1_epi8(low as i8), _mm256_set1_epi8((len - 1) as i8));
            Avx2([
                _mm256_subs_epu8(_mm256_sub_epi8(self.0[0], low), last),
                _mm256_subs_epu8(_mm256_sub_epi8(self.0[1], low), last),
            ])
            .eq(0)
        }
    }
    #[inline(always)]
    unsafe fn high(self) -> u64 {
        // SAFETY: the caller promises AVX2.
        unsafe {
            u64::from(_mm256_movemask_epi8(self.0[0]) as u32)
                | u64::from(_mm256_movemask_epi8(self.0[1]) as u32) << 32
        }
    }
    #[inline(always)]
    unsafe fn apart(self) -> u64 {
        // SAFETY: the caller promises AVX2.
        let low = unsafe {
            let ([a, b], limit) = (self.0, _mm256_set1_epi8(0x2F));
            Avx2([_mm256_cmpgt_epi8(limit, a), _mm256_cmpgt_epi8(limit, b)]).high()
        };
        // SAFETY: as above.
        low & !unsafe { self.eq(b'\n') }
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
    #[inline(always)]
    unsafe fn apart(self) -> u64 {
        // SAFETY: the caller promises AVX-512BW.
        unsafe {
            let low = _mm512_cmplt_epi8_mask(self.0, _mm512_set1_epi8(0x2F));
            _mm512_mask_cmpneq_epi8_mask(low, self.0, _mm512_set1_epi8(b'\n' as i8))
        }
    }
}
