//! Memory that is aligned for vectors and for rows of tables, in large pages if it is large.

use crate::large_pages::welcome_large_pages;
use std::fmt;
use std::ops::{Deref, DerefMut};

/// The number of bytes in a line of the cache.
const LINE: usize = 64;

/// Values that begin at the start of a line of the cache, so that no vector of them lies on two lines, and rows of 64
/// bytes lie on one line each.
#[derive(Default)]
pub(crate) struct Aligned<T> {
    /// The greatest number of elements before the first aligned one, and after the last one.
    values: Vec<T>,
    start: usize,
    len: usize,
}

impl<T: fmt::Debug> fmt::Debug for Aligned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Clone> Clone for Aligned<T> {
    /// A copy that is aligned too.
    fn clone(&self) -> Self {
        let mut values = Vec::with_capacity(self.values.len());
        welcome_large_pages(values.spare_capacity_mut());
        let start = Self::first_aligned(&values).min(self.values.len());
        values.extend_from_slice(&self.values[..start]);
        values.extend_from_slice(&self.values[self.start..self.start + self.len]);
        values.extend_from_slice(&self.values[values.len()..]);
        Self { values, start, len: self.len }
    }
}

impl<T> Aligned<T> {
    /// The number of values in a line of the cache.
    const A_LINE: usize = LINE / size_of::<T>();

    /// The first aligned place of a buffer.
    fn first_aligned(values: &[T]) -> usize {
        // `align_offset` may fail to find an alignment; any start is then as good.
        values.as_ptr().align_offset(LINE).min(Self::A_LINE)
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        &self.values[self.start..self.start + self.len]
    }
}

impl<T> DerefMut for Aligned<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.values[self.start..self.start + self.len]
    }
}

impl<T: Copy + Default> Aligned<T> {
    /// Makes room for `len` values; those that were there stay, and any others are for the caller to write.
    pub(crate) fn resize(&mut self, len: usize) {
        let (old, kept) = (self.start, self.len.min(len));
        self.reserve(len + Self::A_LINE);
        self.values.resize(len + Self::A_LINE, T::default());
        self.start = Self::first_aligned(&self.values);
        self.len = len;
        if self.start != old {
            self.values.copy_within(old..old + kept, self.start);
        }
    }

    /// Reserves as much room as `other` has; the values stay.
    pub(crate) fn reserve_like(&mut self, other: &Self) {
        let capacity = other.values.capacity();
        if self.values.capacity() < capacity {
            self.reserve_exact(capacity);
            self.resize(self.len);
        }
    }

    /// Reserves room for `n` values in all, and for some more if the memory grows.
    fn reserve(&mut self, n: usize) {
        let old = self.values.capacity();
        if n > old {
            self.reserve_exact(if old == 0 { n } else { n.max(old + old / 2) });
        }
    }

    fn reserve_exact(&mut self, n: usize) {
        self.values.reserve_exact(n.saturating_sub(self.values.len()));
        welcome_large_pages(self.values.spare_capacity_mut());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is_aligned<T: Copy + Default>(values: &Aligned<T>) {
        assert_eq!(values.as_ptr().align_offset(LINE), 0, "{} values", values.len());
    }

    #[test]
    fn the_first_value_begins_a_line_and_the_first_values_stay() {
        let mut values = Aligned::<f32>::default();
        assert_eq!(*values, [0.0; 0]);
        for len in [1, 16, 1000, 3, 5000, 100_000] {
            let before = values.to_vec();
            values.resize(len);
            let kept = before.len().min(len);
            assert_eq!(values[..kept], before[..kept]);
            values.iter_mut().zip(0_u16..=1000).for_each(|(value, i)| *value = i.into());
            is_aligned(&values);
        }
    }

    #[test]
    fn room_and_copies_keep_the_values() {
        let (mut small, mut large) = (Aligned::<f64>::default(), Aligned::<f64>::default());
        small.resize(3);
        small.copy_from_slice(&[1.0, 2.0, 3.0]);
        large.resize(10_000);
        small.reserve_like(&large);
        for values in [&small, &small.clone()] {
            assert_eq!(**values, [1.0, 2.0, 3.0]);
            is_aligned(values);
        }
    }
}
