//! The instructions that the loops of this crate use: the widest that the processor has, or those that are asked for.
//!
//! All of them give the same bits, which can be seen by asking for less.

use pulp::Arch;
use std::fmt;
use std::sync::OnceLock;

/// The environment variable that asks for instructions by [`Instructions::name`].
pub const VARIABLE: &str = "DEEPCROSS_INSTRUCTIONS";

/// A set of vector instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Instructions {
    /// Those that every processor of this kind has; sums are fused in software.
    Plain,
    /// AVX2 and FMA, on x86-64.
    Avx2,
    /// AVX-512, on x86-64.
    Avx512,
    /// NEON, on 64-bit ARM.
    Neon,
}

/// A name that stands for no instructions of this processor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownInstructions {
    name: String,
}

impl fmt::Display for UnknownInstructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<_> = available().map(|(known, _)| known.name()).collect();
        let Self { name } = self;
        write!(f, "the environment variable `{VARIABLE}` is `{name}`, ")?;
        write!(f, "expected instructions of this processor: {}", known.join(", "))
    }
}

impl std::error::Error for UnknownInstructions {}

impl Instructions {
    /// The name: `plain`, `avx2`, `avx512` or `neon`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
        }
    }

    /// The instructions that this processor has, the widest first.
    pub fn all() -> Vec<Self> {
        available().map(|(instructions, _)| instructions).collect()
    }

    /// The instructions that are used: the widest, unless the environment asks for others.
    ///
    /// # Errors
    /// [`UnknownInstructions`] if it asks for some that this processor does not have; the widest are used then.
    pub fn in_use() -> Result<Self, UnknownInstructions> {
        chosen().map(|(instructions, _)| instructions)
    }
}

/// The loops' way to the instructions in use.
#[inline]
pub(crate) fn arch() -> Arch {
    static ARCH: OnceLock<Arch> = OnceLock::new();
    *ARCH.get_or_init(|| chosen().map_or_else(|_| Arch::new(), |(_, arch)| arch))
}

fn chosen() -> Result<(Instructions, Arch), UnknownInstructions> {
    let widest = || available().next().unwrap_or((Instructions::Plain, Arch::new()));
    let Some(name) = std::env::var_os(VARIABLE).filter(|name| !name.is_empty()) else {
        return Ok(widest());
    };
    let found = available().find(|(instructions, _)| *instructions.name() == *name);
    found.ok_or_else(|| UnknownInstructions { name: name.to_string_lossy().into_owned() })
}

#[cfg(target_arch = "x86_64")]
fn available() -> impl Iterator<Item = (Instructions, Arch)> {
    let wide = pulp::x86::V4::try_new().map(|simd| (Instructions::Avx512, Arch::V4(simd)));
    let usual = pulp::x86::V3::try_new().map(|simd| (Instructions::Avx2, Arch::V3(simd)));
    wide.into_iter().chain(usual).chain([(Instructions::Plain, Arch::Scalar)])
}

#[cfg(target_arch = "aarch64")]
fn available() -> impl Iterator<Item = (Instructions, Arch)> {
    let usual = pulp::aarch64::Neon::try_new().map(|simd| (Instructions::Neon, Arch::Neon(simd)));
    usual.into_iter().chain([(Instructions::Plain, Arch::Scalar)])
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn available() -> impl Iterator<Item = (Instructions, Arch)> {
    std::iter::once((Instructions::Plain, Arch::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_processor_has_plain_loops() {
        assert_eq!(Instructions::all().last(), Some(&Instructions::Plain));
        let problem = UnknownInstructions { name: "mmx".to_owned() }.to_string();
        assert!(problem.contains("`DEEPCROSS_INSTRUCTIONS` is `mmx`"), "{problem}");
        assert!(problem.ends_with("plain"), "{problem}");
    }
}
