//! Summaries of the numbers of a field: one for each chunk of rows, merged as a fixed binary tree.
//!
//! The summaries of chunks 0 and 1 are merged, and those of chunks 2 and 3, then these two, and so on; a chunk that is
//! absent is left out, and does not move the others.
//! So the bits of the result depend only on the rows and their numbers, and each aligned range of 2, 4, 8, … chunks has
//! a summary of its own, whichever machine makes it.
//! Rejected: a single summary that all rows go into one by one, because a machine could not make its part of it alone.
//!
//! Two neighbours are merged as soon as a chunk after them begins, so that as many summaries are kept as the number of
//! the last chunk has bits.

use std::fmt::Debug;
use std::mem;

/// The number of rows of a chunk.
pub(crate) const CHUNK_ROWS: u64 = 65_536;

/// A summary of numbers that can be merged with the summary of later numbers.
pub(crate) trait Summary: Clone + Debug {
    /// A summary of this kind without numbers; `is_second` says whether its chunk is the second of two neighbours.
    fn empty(&self, is_second: bool) -> Self;

    /// Adds a number, which must be finite.
    fn push(&mut self, x: f64);

    /// Includes the numbers of `later`; `is_second` says whether both together are the second of two neighbours.
    ///
    /// A summary without numbers changes nothing.
    fn merge(&mut self, later: Self, is_second: bool);
}

/// The summaries of the chunks so far.
#[derive(Clone, Debug)]
pub(crate) struct ByChunk<S> {
    /// The number of the chunk that is being summarised.
    chunk: u64,
    current: S,
    /// The summaries of earlier chunks, each with the number of one of its chunks, in ascending order.
    earlier: Vec<(u64, S)>,
}

impl<S: Summary> ByChunk<S> {
    /// No chunks but the first one, which has no numbers yet.
    pub(crate) fn new(first: S) -> Self {
        Self { chunk: 0, current: first, earlier: Vec::new() }
    }

    /// Begins the chunk with this number; without effect unless the number is above that of the last chunk.
    pub(crate) fn begin(&mut self, chunk: u64) {
        if chunk <= self.chunk {
            return;
        }
        let next = self.current.empty(chunk & 1 == 1);
        let mut ended = (self.chunk, mem::replace(&mut self.current, next));
        let above = height(self.chunk, chunk);
        while let Some(first) = self.earlier.pop_if(|first| height(first.0, ended.0) < above) {
            ended = merged(first, ended);
        }
        self.earlier.push(ended);
        self.chunk = chunk;
    }

    /// Adds a number, which must be finite, to the chunk.
    #[inline]
    pub(crate) fn push(&mut self, x: f64) {
        self.current.push(x);
    }

    /// The summary of all chunks.
    pub(crate) fn finish(self) -> S {
        let earlier = self.earlier.into_iter().rev();
        earlier.fold((self.chunk, self.current), |later, first| merged(first, later)).1
    }
}

/// The height of the node in which two different chunks meet; 0 for neighbours.
fn height(a: u64, b: u64) -> u32 {
    (a ^ b).ilog2()
}

/// The summary of two different parts. The chunks of the first have lower numbers than those of the second.
fn merged<S: Summary>((chunk, mut first): (u64, S), (other, later): (u64, S)) -> (u64, S) {
    let node = chunk >> height(chunk, other) >> 1;
    first.merge(later, node & 1 == 1);
    (chunk, first)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The text of a tree over numbers, with the turn of each node.
    #[derive(Clone, Debug, PartialEq)]
    struct Text(String);

    impl Summary for Text {
        fn empty(&self, is_second: bool) -> Self {
            Self(if is_second { "'".to_owned() } else { String::new() })
        }

        fn push(&mut self, x: f64) {
            self.0 += &x.to_string();
        }

        fn merge(&mut self, later: Self, is_second: bool) {
            let turn = if is_second { "'" } else { "" };
            self.0 = format!("{turn}({} {})", self.0, later.0);
        }
    }

    /// The text of the tree of these chunks; a chunk stands there as its number.
    fn text(chunks: &[u64]) -> String {
        let mut by_chunk = ByChunk::new(Text(String::new()));
        for &chunk in chunks {
            by_chunk.begin(chunk);
            assert!(by_chunk.earlier.len() <= 64 - chunk.leading_zeros() as usize);
            by_chunk.push(chunk as f64);
        }
        by_chunk.finish().0
    }

    #[test]
    fn chunks_meet_where_their_numbers_say() {
        for (chunks, expected) in [
            (&[][..], ""),
            (&[0], "0"),
            (&[0, 1, 2, 3], "((0 '1) '(2 '3))"),
            (&[0, 1, 2, 3, 4], "(((0 '1) '(2 '3)) 4)"),
            (&[0, 3, 8, 9, 12], "((0 '3) '((8 '9) 12))"),
            (&[0, 2, 3, 6], "((0 '(2 '3)) 6)"),
        ] {
            assert_eq!(text(chunks), expected);
        }
    }

    #[test]
    fn a_lower_number_belongs_to_the_last_chunk() {
        let mut by_chunk = ByChunk::new(Text(String::new()));
        for chunk in [0, 1, 0, 1] {
            by_chunk.begin(chunk);
            by_chunk.push(chunk as f64);
        }
        assert_eq!(by_chunk.finish().0, "(0 '101)");
    }

    /// The tree of ascending chunks by its definition: chunks are divided at the highest bit in which they differ.
    fn by_definition(chunks: &[u64]) -> String {
        let (first, last) = (chunks[0], chunks[chunks.len() - 1]);
        if first == last {
            return if first % 2 == 1 { format!("'{first}") } else { first.to_string() };
        }
        let height = (0..64).rev().find(|bit| first >> bit & 1 != last >> bit & 1).unwrap_or(0);
        let middle = chunks.iter().filter(|&chunk| chunk >> height & 1 == 0).count();
        let (left, right) = chunks.split_at(middle);
        let turn = if (first >> height) / 2 % 2 == 1 { "'" } else { "" };
        format!("{turn}({} {})", by_definition(left), by_definition(right))
    }

    proptest! {
        #[test]
        fn the_tree_is_that_of_its_definition(
            chunks in prop::collection::btree_set(prop_oneof![1..40_u64, 1..1_u64 << 40], 0..40),
        ) {
            let chunks: Vec<_> = std::iter::once(0).chain(chunks).collect();
            prop_assert_eq!(text(&chunks), by_definition(&chunks));
        }
    }
}
