//! Idle steps in blocks: each has a power of two of steps, first more and more, and then what is left.
//!
//! The moments of a row change most in the first steps after it was met, so that the first blocks are short.

/// The largest block has two to this power of steps, unless more than two to [`MANY`] of them are left.
const LARGEST: u32 = 12;

/// So many of the largest blocks, as a power of two, that longer ones are made.
const MANY: u32 = 8;

/// The number of sizes of blocks: more steps than `u64` has bits for are never left.
pub(super) const SIZES: usize = (u64::BITS - MANY) as usize;

/// The blocks of some steps, as powers of two.
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    left: u64,
    next: u32,
    largest: u32,
}

impl Blocks {
    pub(super) fn of(n_steps: u64) -> Self {
        let power = n_steps.checked_ilog2().unwrap_or(0);
        Self { left: n_steps, next: 0, largest: LARGEST.max(power.saturating_sub(MANY)) }
    }
}

impl Iterator for Blocks {
    type Item = u32;

    #[inline(always)]
    fn next(&mut self) -> Option<u32> {
        let most = self.left.checked_ilog2()?;
        let power = self.next.min(most);
        self.next = (power + 1).min(self.largest);
        self.left -= 1 << power;
        Some(power)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_grow_and_have_all_steps() {
        for n in (0..5000).chain([1 << 20, (1 << 30) + 12345]) {
            let sizes: Vec<u64> = Blocks::of(n).map(|power| 1 << power).collect();
            assert_eq!(sizes.iter().sum::<u64>(), n);
            assert!(sizes.len() as u64 <= 2 * u64::from(LARGEST) + n / (1 << LARGEST), "{n}");
        }
        for n in [u64::MAX, 1 << 53] {
            let powers: Vec<u32> = Blocks::of(n).collect();
            assert!(powers.len() < 1500 && powers.iter().all(|&power| (power as usize) < SIZES));
        }
        let powers = |n| Blocks::of(n).collect::<Vec<_>>();
        assert_eq!(powers(7), [0, 1, 2]);
        assert_eq!(powers(12), [0, 1, 2, 2, 0]);
    }
}
