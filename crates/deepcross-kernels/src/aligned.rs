//! Memory that is aligned for vectors.

use crate::Real;

/// The number of bytes in a line of the cache.
const LINE: usize = 64;

/// Numbers that begin at the start of a line of the cache, so that no vector lies on two lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aligned<F> {
    /// The greatest number of elements before the first aligned one.
    values: Vec<F>,
    start: usize,
    len: usize,
}

impl<F: Real> Aligned<F> {
    const MORE: usize = LINE / size_of::<F>();

    /// Makes room for `len` numbers, which the caller then writes.
    pub(crate) fn resize(&mut self, len: usize) {
        self.values.resize(len + Self::MORE, F::zero());
        // `align_offset` may fail to find an alignment; any start is then as good.
        self.start = self.values.as_ptr().align_offset(LINE).min(Self::MORE);
        self.len = len;
    }

    /// Reserves as much room as `other` has; the numbers stay.
    pub(crate) fn reserve_like(&mut self, other: &Self) {
        let more = other.values.capacity().saturating_sub(self.values.len());
        self.values.reserve_exact(more);
    }

    pub(crate) fn get(&self) -> &[F] {
        &self.values[self.start..self.start + self.len]
    }

    pub(crate) fn get_mut(&mut self) -> &mut [F] {
        &mut self.values[self.start..self.start + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_begins_a_line() {
        let mut values = Aligned::<f32>::default();
        assert_eq!(values.get(), [0.0; 0]);
        for len in [1, 16, 1000, 3] {
            values.resize(len);
            values.get_mut().fill(1.0);
            assert_eq!(values.get(), vec![1.0; len]);
            assert_eq!(values.get().as_ptr().align_offset(LINE), 0, "{len}");
        }
    }

    #[test]
    fn room_and_copies_keep_the_numbers() {
        let (mut small, mut large) = (Aligned::<f64>::default(), Aligned::<f64>::default());
        small.resize(3);
        small.get_mut().copy_from_slice(&[1.0, 2.0, 3.0]);
        large.resize(10_000);
        small.reserve_like(&large);
        assert_eq!(small.get(), [1.0, 2.0, 3.0]);
        assert_eq!(small.clone().get(), [1.0, 2.0, 3.0]);
    }
}
