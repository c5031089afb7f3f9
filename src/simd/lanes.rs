//! Sixty-four bytes in registers, and the few questions asked of them: as bit masks, where what is asked must be known to
//! the byte, and as doubts, where it is enough to know whether any byte may be what is looked for.
//!
//! No closures here: they would not have the CPU features of the function they stand in, and are called for
//! every register where they are not inlined.
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// A block of 64 bytes; bit `i` of every mask speaks of byte `i`. A doubt is a byte that is zero where something holds:
/// doubts are combined without going through masks, of which a CPU makes one at a time.
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
    /// Which of the sixteen groups of four bytes are four digits, one bit each.
    ///
    /// # Safety
    /// As above.
    unsafe fn quads(self) -> u64;
    /// The doubt that a byte is in `low..low + len`, going round at 256.
    ///
    /// # Safety
    /// As above.
    unsafe fn outside(self, low: u8, len: u8) -> Self;
    /// The doubt that a byte is `byte`.
    ///
    /// # Safety
    /// As above.
    unsafe fn differs(self, byte: u8) -> Self;
    /// The doubt that both hold.
    ///
    /// # Safety
    /// As above.
    unsafe fn and(self, other: Self) -> Self;
    /// The doubt that either holds.
    ///
    /// # Safety
    /// As above.
    unsafe fn or(self, other: Self) -> Self;
    /// Whether there is a byte without doubt.
    ///
    /// # Safety
    /// As above.
    unsafe fn any(self) -> bool;
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
    unsafe fn quads(self) -> u64 {
        let four = |quad: &[u8]| quad.iter().all(u8::is_ascii_digit);
        self.0.chunks(4).enumerate().fold(0, |mask, (i, quad)| mask | u64::from(four(quad)) << i)
    }
    #[inline(always)]
    unsafe fn outside(self, low: u8, len: u8) -> Self {
        Scalar(self.0.map(|b| b.wrapping_sub(low).saturating_sub(len - 1)))
    }
    #[inline(always)]
    unsafe fn differs(self, byte: u8) -> Self {
        Scalar(self.0.map(|b| b ^ byte))
    }
    #[inline(always)]
    unsafe fn and(self, other: Self) -> Self {
        Scalar(std::array::from_fn(|i| self.0[i] | other.0[i]))
    }
    #[inline(always)]
    unsafe fn or(self, other: Self) -> Self {
        Scalar(std::array::from_fn(|i| self.0[i].min(other.0[i])))
    }
    #[inline(always)]
    unsafe fn any(self) -> bool {
        self.0.contains(&0)
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
            let want = _mm_set1_epi8(byte as i8);
            u64::from(_mm_movemask_epi8(_mm_cmpeq_epi8(self.0[0], want)) as u32)
                | u64::from(_mm_movemask_epi8(_mm_cmpeq_epi8(self.0[1], want)) as u32) << 16
                | u64::from(_mm_movemask_epi8(_mm_cmpeq_epi8(self.0[2], want)) as u32) << 32
                | u64::from(_mm_movemask_epi8(_mm_cmpeq_epi8(self.0[3], want)) as u32) << 48
        }
    }
    #[inline(always)]
    unsafe fn within(self, low: u8, len: u8) -> u64 {
        // SAFETY: SSE2 is part of the x86-64 baseline.
        unsafe { self.outside(low, len).eq(0) }
    }
    #[inline(always)]
    unsafe fn high(self) -> u64 {
        // SAFETY: SSE2 is part of the x86-64 baseline.
        unsafe {
            u64::from(_mm_movemask_epi8(self.0[0]) as u32)
                | u64::from(_mm_movemask_epi8(self.0[1]) as u32) << 16
                | u64::from(_mm_movemask_epi8(self.0[2]) as u32) << 32
                | u64::from(_mm_movemask_epi8(self.0[3]) as u32) << 48
        }
    }
    #[inline(always)]
    unsafe fn quads(self) -> u64 {
        // SAFETY: SSE2 is part of the x86-64 baseline.
        unsafe {
            let (digit, zero) = (self.outside(b'0', 10).0, _mm_setzero_si128());
            u64::from(_mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(digit[0], zero))) as u32)
                | u64::from(_mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(digit[1], zero))) as u32) << 4
                | u64::from(_mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(digit[2], zero))) as u32) << 8
                | u64::from(_mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(digit[3], zero))) as u32) << 12
        }
    }
    #[inline(always)]
    unsafe fn outside(self, low: u8, len: u8) -> Self {
        // SAFETY: SSE2 is part of the x86-64 baseline.
        unsafe {
            let (low, last) = (_mm_set1_epi8(low as i8), _mm_set1_epi8((len - 1) as i8));
            Sse2([
                _mm_subs_epu8(_mm_sub_epi8(self.0[0], low), last),
                _mm_subs_epu8(_mm_sub_epi8(self.0[1], low), last),
                _mm_subs_epu8(_mm_sub_epi8(self.0[2], low), last),
                _mm_subs_epu8(_mm_sub_epi8(self.0[3], low), last),
            ])
        }
    }
    #[inline(always)]
    unsafe fn differs(self, byte: u8) -> Self {
        // SAFETY: SSE2 is part of the x86-64 baseline.
        unsafe {
            let byte = _mm_set1_epi8(byte as i8);
            Sse2([
                _mm_xor_si128(self.0[0], byte),
                _mm_xor_si128(self.0[1], byte),
                _mm_xor_si128(self.0[2], byte),
                _mm_xor_si128(self.0[3], byte),
            ])
        }
    }
    #[inline(always)]
    unsafe fn and(self, other: Self) -> Self {
        // SAFETY: SSE2 is part of the x86-64 baseline.
        unsafe {
            Sse2([
                _mm_or_si128(self.0[0], other.0[0]),
                _mm_or_si128(self.0[1], other.0[1]),
                _mm_or_si128(self.0[2], other.0[2]),
                _mm_or_si128(self.0[3], other.0[3]),
            ])
        }
    }
    #[inline(always)]
    unsafe fn or(self, other: Self) -> Self {
        // SAFETY: SSE2 is part of the x86-64 baseline.
        unsafe {
            Sse2([
                _mm_min_epu8(self.0[0], other.0[0]),
                _mm_min_epu8(self.0[1], other.0[1]),
                _mm_min_epu8(self.0[2], other.0[2]),
                _mm_min_epu8(self.0[3], other.0[3]),
            ])
        }
    }
    #[inline(always)]
    unsafe fn any(self) -> bool {
        // SAFETY: SSE2 is part of the x86-64 baseline.
        unsafe {
            let least = _mm_min_epu8(_mm_min_epu8(_mm_min_epu8(self.0[0], self.0[1]), self.0[2]), self.0[3]);
            _mm_movemask_epi8(_mm_cmpeq_epi8(least, _mm_setzero_si128())) != 0
        }
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
            let want = _mm256_set1_epi8(byte as i8);
            u64::from(_mm256_movemask_epi8(_mm256_cmpeq_epi8(self.0[0], want)) as u32)
                | u64::from(_mm256_movemask_epi8(_mm256_cmpeq_epi8(self.0[1], want)) as u32) << 32
        }
    }
    #[inline(always)]
    unsafe fn within(self, low: u8, len: u8) -> u64 {
        // SAFETY: the caller promises AVX2.
        unsafe { self.outside(low, len).eq(0) }
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
    unsafe fn quads(self) -> u64 {
        // SAFETY: the caller promises AVX2.
        unsafe {
            let (digit, zero) = (self.outside(b'0', 10).0, _mm256_setzero_si256());
            u64::from(_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(digit[0], zero))) as u32)
                | u64::from(_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(digit[1], zero))) as u32)
                    << 8
        }
    }
    #[inline(always)]
    unsafe fn outside(self, low: u8, len: u8) -> Self {
        // SAFETY: the caller promises AVX2.
        unsafe {
            let (low, last) = (_mm256_set1_epi8(low as i8), _mm256_set1_epi8((len - 1) as i8));
            Avx2([
                _mm256_subs_epu8(_mm256_sub_epi8(self.0[0], low), last),
                _mm256_subs_epu8(_mm256_sub_epi8(self.0[1], low), last),
            ])
        }
    }
    #[inline(always)]
    unsafe fn differs(self, byte: u8) -> Self {
        // SAFETY: the caller promises AVX2.
        unsafe {
            let byte = _mm256_set1_epi8(byte as i8);
            Avx2([_mm256_xor_si256(self.0[0], byte), _mm256_xor_si256(self.0[1], byte)])
        }
    }
    #[inline(always)]
    unsafe fn and(self, other: Self) -> Self {
        // SAFETY: the caller promises AVX2.
        unsafe { Avx2([_mm256_or_si256(self.0[0], other.0[0]), _mm256_or_si256(self.0[1], other.0[1])]) }
    }
    #[inline(always)]
    unsafe fn or(self, other: Self) -> Self {
        // SAFETY: the caller promises AVX2.
        unsafe { Avx2([_mm256_min_epu8(self.0[0], other.0[0]), _mm256_min_epu8(self.0[1], other.0[1])]) }
    }
    #[inline(always)]
    unsafe fn any(self) -> bool {
        // SAFETY: the caller promises AVX2.
        unsafe {
            let least = _mm256_min_epu8(self.0[0], self.0[1]);
            _mm256_movemask_epi8(_mm256_cmpeq_epi8(least, _mm256_setzero_si256())) != 0
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
    #[inline(always)]
    unsafe fn quads(self) -> u64 {
        // SAFETY: the caller promises AVX-512F.
        unsafe {
            // A digit and six more than it both begin with the half byte 3. 0x7E: (a ^ c) | (b ^ c).
            let more = _mm512_add_epi8(self.0, _mm512_set1_epi8(6));
            let differs = _mm512_ternarylogic_epi32::<0x7E>(self.0, more, _mm512_set1_epi8(0x30));
            u64::from(_mm512_testn_epi32_mask(differs, _mm512_set1_epi8(0xF0_u8 as i8)))
        }
    }
    #[inline(always)]
    unsafe fn outside(self, low: u8, len: u8) -> Self {
        // SAFETY: the caller promises AVX-512BW.
        unsafe {
            let from_low = _mm512_sub_epi8(self.0, _mm512_set1_epi8(low as i8));
            Avx512(_mm512_subs_epu8(from_low, _mm512_set1_epi8((len - 1) as i8)))
        }
    }
    #[inline(always)]
    unsafe fn differs(self, byte: u8) -> Self {
        // SAFETY: the caller promises AVX-512F.
        Avx512(unsafe { _mm512_xor_si512(self.0, _mm512_set1_epi8(byte as i8)) })
    }
    #[inline(always)]
    unsafe fn and(self, other: Self) -> Self {
        // SAFETY: the caller promises AVX-512F.
        Avx512(unsafe { _mm512_or_si512(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn or(self, other: Self) -> Self {
        // SAFETY: the caller promises AVX-512BW.
        Avx512(unsafe { _mm512_min_epu8(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn any(self) -> bool {
        // SAFETY: the caller promises AVX-512BW.
        unsafe { _mm512_testn_epi8_mask(self.0, self.0) != 0 }
    }
}
