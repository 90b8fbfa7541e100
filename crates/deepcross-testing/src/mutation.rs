//! Mutations of bytes: what damage, or a forger, makes of a file.
//!
//! Strategies and [`mutate_at_random`] draw from fixed seeds only if their caller does.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use rand::Rng;

use crate::property::Search;

/// A change of some bytes; places are drawn for files of any length.
#[derive(Clone, Debug)]
pub enum Mutation {
    /// Flips a bit.
    Flip {
        /// The byte.
        at: Index,
        /// The bit of it, from 0 to 7.
        bit: u8,
    },
    /// Writes over the bytes that are there.
    Overwrite {
        /// The first byte.
        at: Index,
        /// The new bytes.
        with: Vec<u8>,
    },
    /// Inserts bytes.
    Insert {
        /// The byte before which they are inserted, or the end.
        at: Index,
        /// The bytes.
        new: Vec<u8>,
    },
    /// Deletes bytes.
    Delete {
        /// The first byte.
        at: Index,
        /// The number of bytes.
        length: usize,
    },
    /// Repeats bytes in place.
    Repeat {
        /// The first byte.
        at: Index,
        /// The number of bytes.
        length: usize,
        /// The number of copies that are added.
        times: usize,
    },
    /// Inserts a copy of some bytes elsewhere.
    Splice {
        /// The first byte.
        from: Index,
        /// The number of bytes.
        length: usize,
        /// The byte before which the copy is inserted.
        to: Index,
    },
    /// Cuts off the end.
    Truncate {
        /// The new length.
        length: Index,
    },
}

impl Mutation {
    /// Changes the bytes.
    ///
    /// Bytes that are there are not found in an empty file, which therefore only takes insertions.
    pub fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Insert { at, new } => {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, new.iter().copied());
            }
            _ if bytes.is_empty() => {}
            Self::Flip { at, bit } => *at.get_mut(bytes) ^= 1 << bit,
            Self::Overwrite { at, with } => {
                let at = at.index(bytes.len());
                bytes.iter_mut().skip(at).zip(with).for_each(|(byte, new)| *byte = *new);
            }
            Self::Delete { at, length } => drop(bytes.drain(part(at, *length, bytes.len()))),
            Self::Repeat { at, length, times } => {
                let part = part(at, *length, bytes.len());
                let copies = bytes[part.clone()].repeat(*times);
                bytes.splice(part.start..part.start, copies);
            }
            Self::Splice { from, length, to } => {
                let copy = bytes[part(from, *length, bytes.len())].to_vec();
                let to = to.index(bytes.len());
                bytes.splice(to..to, copy);
            }
            Self::Truncate { length } => bytes.truncate(length.index(bytes.len())),
        }
    }
}

/// Up to `length` places of `all`, of which there is at least one.
fn part(start: &Index, length: usize, all: usize) -> std::ops::Range<usize> {
    let start = start.index(all);
    start..(start + length).min(all)
}

/// Bytes after some mutations, one after another.
pub fn mutate(bytes: &[u8], mutations: &[Mutation]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    mutations.iter().for_each(|mutation| mutation.apply(&mut bytes));
    bytes
}

/// One to three mutations of a binary file: a flipped bit, an `extreme` value, a cut, a copy elsewhere.
///
/// Values are extreme if they are likely to mislead the decoder of the format.
pub fn binary_mutations(
    extreme: impl Strategy<Value = Vec<u8>>,
) -> impl Strategy<Value = Vec<Mutation>> {
    let mutation = prop_oneof![
        (any::<Index>(), 0u8..8).prop_map(|(at, bit)| Mutation::Flip { at, bit }),
        (any::<Index>(), extreme).prop_map(|(at, with)| Mutation::Overwrite { at, with }),
        any::<Index>().prop_map(|length| Mutation::Truncate { length }),
        (any::<Index>(), 1usize..80, any::<Index>())
            .prop_map(|(from, length, to)| Mutation::Splice { from, length, to }),
    ];
    prop::collection::vec(mutation, 1..4)
}

/// Up to four mutations of a text: most often one of the `pieces` is inserted, which mean something in its format.
pub fn text_mutations(pieces: &'static [&'static [u8]]) -> impl Strategy<Value = Vec<Mutation>> {
    let at = any::<Index>;
    let piece = select(pieces).prop_map(<[u8]>::to_vec);
    let other = prop::collection::vec(any::<u8>(), 1..30);
    let mutation = prop_oneof![
        4 => (at(), 0u8..8).prop_map(|(at, bit)| Mutation::Flip { at, bit }),
        6 => (at(), piece).prop_map(|(at, new)| Mutation::Insert { at, new }),
        1 => (at(), other).prop_map(|(at, new)| Mutation::Insert { at, new }),
        2 => (at(), 1usize..30).prop_map(|(at, length)| Mutation::Delete { at, length }),
        2 => (at(), 1usize..60, 1usize..12)
            .prop_map(|(at, length, times)| Mutation::Repeat { at, length, times }),
        1 => at().prop_map(|length| Mutation::Truncate { length }),
    ];
    prop::collection::vec(mutation, 0..5)
}

/// Bytes after one to three changes: a bit, one of the `special` bytes, a cut, some random bytes, a copy elsewhere.
///
/// Special bytes are those that mean something in the format. For thousands of files this is faster than a strategy,
/// which remembers how to shrink each.
pub fn mutate_at_random(bytes: &[u8], special: &[u8], random: &mut impl Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(0..bytes.len().max(1)).min(bytes.len().saturating_sub(1));
        match random.random_range(0..5) {
            _ if bytes.is_empty() => {}
            0 => bytes[at] ^= 1 << random.random_range(0..8),
            1 => bytes[at] = special[random.random_range(0..special.len())],
            2 => bytes.truncate(at),
            3 => {
                let end = bytes.len().min(at + random.random_range(1..9));
                random.fill(&mut bytes[at..end]);
            }
            _ => {
                let end = bytes.len().min(at + random.random_range(1..80));
                let copy = bytes[at..end].to_vec();
                let to = random.random_range(0..bytes.len());
                bytes.splice(to..to, copy);
            }
        }
    }
    bytes
}

/// The number of mutated files that a test reads: what the variable `DEEPCROSS_MUTATIONS` says, or else `default`.
///
/// # Panics
/// If the variable is not a number.
pub fn number_of_mutations(default: u32) -> u32 {
    std::env::var("DEEPCROSS_MUTATIONS")
        .map_or(default, |count| count.parse().expect("DEEPCROSS_MUTATIONS is a number of files"))
}

/// Runs `check` on `count` files, always the same ones.
///
/// # Panics
/// If `check` fails for one of them; the message has a file that is as short as could be found.
pub fn check_mutations<S: Strategy>(
    count: u32,
    strategy: S,
    check: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    Search::fixed(count).holds(strategy, check).unwrap();
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    /// The place `n` of `length`.
    fn at(n: usize, length: usize) -> Index {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        loop {
            let tree = any::<Index>().new_tree(&mut runner).unwrap();
            let index = proptest::strategy::ValueTree::current(&tree);
            if index.index(length) == n {
                return index;
            }
        }
    }

    #[test]
    fn each_mutation_changes_what_it_says() {
        let text = b"abcd";
        let cases: [(Mutation, &[u8]); 7] = [
            (Mutation::Flip { at: at(1, 4), bit: 0 }, b"accd"),
            (Mutation::Overwrite { at: at(2, 4), with: b"xyz".to_vec() }, b"abxy"),
            (Mutation::Insert { at: at(4, 5), new: b"x".to_vec() }, b"abcdx"),
            (Mutation::Delete { at: at(1, 4), length: 2 }, b"ad"),
            (Mutation::Repeat { at: at(2, 4), length: 9, times: 2 }, b"abcdcdcd"),
            (Mutation::Splice { from: at(0, 4), length: 2, to: at(3, 4) }, b"abcabd"),
            (Mutation::Truncate { length: at(3, 4) }, b"abc"),
        ];
        for (mutation, expected) in cases {
            assert_eq!(mutate(text, std::slice::from_ref(&mutation)), expected, "{mutation:?}");
            let grown = matches!(mutation, Mutation::Insert { .. });
            assert_eq!(mutate(b"", &[mutation]).is_empty(), !grown);
        }
    }

    #[test]
    fn files_of_any_length_are_mutated() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        for length in 0..200 {
            let bytes = vec![7; length % 5];
            let longest = bytes.len() + 3 * 79;
            assert!(mutate_at_random(&bytes, b",", &mut random).len() <= longest);
        }
        assert_eq!(mutate_at_random(b"", b",", &mut random), b"");
        let strategy =
            (binary_mutations(Just(vec![0xff; 9])), text_mutations(&[b",", b"\n"]), 0usize..4);
        check_mutations(300, strategy, |(binary, text, length)| {
            mutate(&mutate(&vec![7; length], &binary), &text);
            Ok(())
        });
    }

    #[test]
    #[should_panic = "minimal failing input"]
    fn a_failure_is_reported() {
        let strategy = binary_mutations(Just(vec![1]));
        check_mutations(300, strategy, |mutations| {
            prop_assert_eq!(mutate(b"text", &mutations), b"text");
            Ok(())
        });
    }
}
