//! Sums over the numbered parts of a whole, added as a fixed binary tree.
//!
//! Two parts meet in the node that their numbers share: parts 0 and 1 are added, and so are 2 and 3, then these two sums,
//! and so on; a part that is absent is left out, and does not move the others.
//! So every aligned range of 2, 4, 8, … parts has a sum of its own, whoever adds it up: a thread, or another machine.
//! Rejected: a chain from the first part to the last, of which a range in the middle has no part.

use crate::{Real, vectorised};

/// The largest number of levels of a tree: parts have numbers below 2⁶.
const LEVELS: usize = 6;

/// The number of parts that a tree has room for.
pub const MOST_PARTS: usize = 1 << LEVELS;

/// The number of elements that are added at a time, so that sums in between stay in the cache.
const AT_A_TIME: usize = 256;

/// The numbered parts that are present, with ascending numbers.
#[derive(Clone, Copy, Debug)]
pub struct Parts<T> {
    parts: [(usize, T); MOST_PARTS],
    n: usize,
}

impl<T: Copy> Parts<T> {
    /// No parts; `any` fills the places of absent parts and is not read.
    pub fn none(any: T) -> Self {
        Self { parts: [(0, any); MOST_PARTS], n: 0 }
    }

    /// Adds a part.
    ///
    /// # Panics
    /// If `number` is not above that of the last part, or is not below [`MOST_PARTS`].
    #[inline]
    #[track_caller]
    pub fn push(&mut self, number: usize, part: T) {
        let is_next = self.present().last().is_none_or(|(last, _)| *last < number);
        assert!(is_next && number < MOST_PARTS, "part {number} is not the next of a tree");
        self.parts[self.n] = (number, part);
        self.n += 1;
    }

    /// The sum of all parts, where `join` adds two neighbours; `None` if there are none.
    pub fn fold(&self, join: impl Fn(T, T) -> T) -> Option<T> {
        fold(self.present(), &join)
    }

    #[inline]
    fn present(&self) -> &[(usize, T)] {
        &self.parts[..self.n]
    }
}

/// Parts that are slices of the same length, and the memory to sum them.
#[derive(Clone, Debug)]
pub struct Summands<'a, F> {
    parts: Parts<&'a [F]>,
    scratch: [[F; AT_A_TIME]; LEVELS],
}

impl<F: Real> Default for Summands<'_, F> {
    fn default() -> Self {
        Self { parts: Parts::none(&[]), scratch: [[F::zero(); AT_A_TIME]; LEVELS] }
    }
}

impl<'a, F: Real> Summands<'a, F> {
    /// `out = Σ parts`, element by element, for parts with ascending numbers below [`MOST_PARTS`]; zeros if there are
    /// none.
    ///
    /// # Panics
    /// If a part is not as long as `out`, or the numbers do not ascend.
    #[inline]
    #[track_caller]
    pub fn sum_into(&mut self, out: &mut [F], parts: impl Iterator<Item = (usize, &'a [F])>) {
        self.parts.n = 0;
        for (number, part) in parts {
            assert_eq!(part.len(), out.len(), "parts as long as the sum");
            self.parts.push(number, part);
        }
        // The common cases of a table's row: few of the groups have it.
        match self.parts.present() {
            [] => out.fill(F::zero()),
            [(_, only)] => out.copy_from_slice(only),
            [(_, a), (_, b)] => add_two(out, a, b),
            _ => self.sum_many(out),
        }
    }

    fn sum_many(&mut self, out: &mut [F]) {
        let Self { parts, scratch } = self;
        vectorised(
            #[inline(always)]
            || {
                for (i, out) in out.chunks_mut(AT_A_TIME).enumerate() {
                    sum_into(out, parts.present(), i * AT_A_TIME, scratch);
                }
            },
        );
    }
}

/// The sum of `f64` parts that all are present.
pub fn sum_of_parts(parts: &[f64]) -> f64 {
    match parts {
        [] => 0.0,
        [only] => *only,
        _ => {
            let (left, right) = parts.split_at(parts.len().next_power_of_two() / 2);
            sum_of_parts(left) + sum_of_parts(right)
        }
    }
}

fn fold<T: Copy>(present: &[(usize, T)], join: &impl Fn(T, T) -> T) -> Option<T> {
    match present {
        [] => None,
        [(_, only)] => Some(*only),
        _ => {
            let (left, right) = halves(present);
            Some(join(fold(left, join)?, fold(right, join)?))
        }
    }
}

/// A part with its number.
trait Numbered {
    fn number(&self) -> usize;
}

impl<T> Numbered for (usize, T) {
    fn number(&self) -> usize {
        self.0
    }
}

/// The parts on both sides of the node in which all of them meet; there are at least two.
#[inline(always)]
fn halves<P: Numbered>(present: &[P]) -> (&[P], &[P]) {
    let (first, last) = (present[0].number(), present[present.len() - 1].number());
    let bit = (first ^ last).ilog2();
    present.split_at(present.partition_point(|part| (part.number() >> bit) & 1 == 0))
}

/// Sums the elements from `start` on, as many as `out` has; `scratch` has a row for each level.
fn sum_into<F: Real>(
    out: &mut [F],
    present: &[(usize, &[F])],
    start: usize,
    scratch: &mut [[F; AT_A_TIME]],
) {
    let range = start..start + out.len();
    match present {
        [(_, only)] => out.copy_from_slice(&only[range]),
        [(_, a), (_, b)] => add_two(out, &a[range.clone()], &b[range]),
        _ => {
            let (left, right) = halves(present);
            sum_into(out, left, start, scratch);
            if let [(_, right)] = right {
                return add(out, &right[range]);
            }
            let (sum, scratch) = scratch.split_first_mut().expect("a row for each level");
            let sum = &mut sum[..out.len()];
            sum_into(sum, right, start, scratch);
            add(out, sum);
        }
    }
}

#[inline(always)]
fn add_two<F: Real>(out: &mut [F], a: &[F], b: &[F]) {
    out.iter_mut().zip(a.iter().zip(b)).for_each(|(out, (&a, &b))| *out = a + b);
}

#[inline(always)]
fn add<F: Real>(out: &mut [F], more: &[F]) {
    out.iter_mut().zip(more).for_each(|(out, &more)| *out += more);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The text of the tree over these parts.
    fn text(numbers: &[usize]) -> String {
        let names: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        let present: Vec<_> = numbers.iter().copied().zip(0..numbers.len()).collect();
        fn walk(present: &[(usize, usize)], names: &[String]) -> String {
            match present {
                [] => String::new(),
                [(_, i)] => names[*i].clone(),
                _ => {
                    let (left, right) = halves(present);
                    format!("({}+{})", walk(left, names), walk(right, names))
                }
            }
        }
        walk(&present, &names)
    }

    #[test]
    fn parts_meet_where_their_numbers_say() {
        let cases: [(&[usize], &str); 6] = [
            (&[], ""),
            (&[5], "5"),
            (&[0, 1, 2, 3], "((0+1)+(2+3))"),
            (&[0, 1, 2, 3, 4], "(((0+1)+(2+3))+4)"),
            (&[1, 2, 3], "(1+(2+3))"),
            (&[0, 3, 8, 9, 12], "((0+3)+((8+9)+12))"),
        ];
        for (numbers, expected) in cases {
            assert_eq!(text(numbers), expected);
        }
    }

    proptest! {
        #[test]
        fn sums_are_those_of_the_tree(
            present in prop::collection::btree_map(0_usize..MOST_PARTS, -9.0..9.0_f32, 0..20),
            length in 0_usize..600,
        ) {
            let lists: Vec<(usize, Vec<f32>)> = present
                .iter()
                .map(|(number, x)| (*number, (0..length).map(|i| x + i as f32 / 3.0).collect()))
                .collect();
            let mut out = vec![f32::NAN; length];
            let parts = lists.iter().map(|(number, list)| (*number, &list[..]));
            Summands::default().sum_into(&mut out, parts);
            for (i, &found) in out.iter().enumerate() {
                let mut scalars = Parts::none(0.0);
                lists.iter().for_each(|(number, list)| scalars.push(*number, list[i]));
                prop_assert_eq!(found, scalars.fold(|a, b| a + b).unwrap_or(0.0));
            }
        }

        /// A range that a node of the tree covers has a sum of its own.
        #[test]
        fn an_aligned_range_is_a_part(values in prop::collection::vec(-9.0..9.0_f64, 0..64)) {
            let of_range = |range: std::ops::Range<usize>| {
                sum_of_parts(values.get(range.start.min(values.len())..range.end.min(values.len())).unwrap_or_default())
            };
            let mut quarters = Parts::none(0.0);
            for i in 0..4 {
                if 16 * i < values.len() {
                    quarters.push(i, of_range(16 * i..16 * i + 16));
                }
            }
            prop_assert_eq!(quarters.fold(|a, b| a + b).unwrap_or(0.0), sum_of_parts(&values));
        }
    }

    #[test]
    #[should_panic(expected = "part 3 is not the next")]
    fn numbers_ascend() {
        let mut parts = Parts::none(0.0);
        parts.push(3, 1.0);
        parts.push(3, 1.0);
    }
}
