//! Compiles an algorithm over [`super::lanes::Lanes`] for every kind of register, and chooses among them once.

/// Gives the module that uses it `best`, the fastest of its algorithm that this machine can run, and `implementations`, all of
/// those, the slowest first. The algorithm is an `unsafe fn` over `L: Lanes` that needs what `L` needs of the CPU.
macro_rules! dispatch {
    (fn($($name:ident: $type:ty),+) $(-> $returned:ty)? = $($run:ident)::+) => {
        type Pass = fn($($type),+) $(-> $returned)?;

        fn best() -> Pass {
            static BEST: std::sync::OnceLock<Pass> = std::sync::OnceLock::new();
            *BEST.get_or_init(|| implementations().pop().map_or(scalar as Pass, |(_, pass)| pass))
        }

        /// The portable twin: the reference for the others, and the fallback.
        fn scalar($($name: $type),+) $(-> $returned)? {
            // SAFETY: `Scalar` needs no CPU feature.
            unsafe { $($run)::+::<$crate::simd::lanes::Scalar>($($name),+) }
        }

        #[cfg(target_arch = "x86_64")]
        fn sse2($($name: $type),+) $(-> $returned)? {
            // SAFETY: SSE2 is part of the x86-64 baseline.
            unsafe { $($run)::+::<$crate::simd::lanes::Sse2>($($name),+) }
        }

        #[cfg(target_arch = "x86_64")]
        fn avx2($($name: $type),+) $(-> $returned)? {
            #[target_feature(enable = "avx2,popcnt,bmi1,bmi2")]
            fn inner($($name: $type),+) $(-> $returned)? {
                // SAFETY: the caller of `inner` has the features.
                unsafe { $($run)::+::<$crate::simd::lanes::Avx2>($($name),+) }
            }
            // SAFETY: `implementations` hands this function out only where the CPU has the features.
            unsafe { inner($($name),+) }
        }

        #[cfg(target_arch = "x86_64")]
        fn avx512($($name: $type),+) $(-> $returned)? {
            #[target_feature(enable = "avx512bw,avx512f,popcnt,bmi1,bmi2")]
            fn inner($($name: $type),+) $(-> $returned)? {
                // SAFETY: the caller of `inner` has the features.
                unsafe { $($run)::+::<$crate::simd::lanes::Avx512>($($name),+) }
            }
            // SAFETY: `implementations` hands this function out only where the CPU has the features.
            unsafe { inner($($name),+) }
        }

        /// Every implementation this machine can run, by name, the slowest first.
        fn implementations() -> Vec<(&'static str, Pass)> {
            let mut all: Vec<(&'static str, Pass)> = vec![("scalar", scalar)];
            #[cfg(target_arch = "x86_64")]
            {
                all.push(("sse2", sse2));
                let bits = is_x86_feature_detected!("popcnt")
                    && is_x86_feature_detected!("bmi1")
                    && is_x86_feature_detected!("bmi2");
                if bits && is_x86_feature_detected!("avx2") {
                    all.push(("avx2", avx2));
                }
                if bits && is_x86_feature_detected!("avx512bw") {
                    all.push(("avx512bw", avx512));
                }
            }
            all
        }
    };
}

pub(super) use dispatch;
