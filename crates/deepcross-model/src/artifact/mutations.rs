//! Tests with thousands of damaged and forged files: each gives a value or an error, and never a panic.
//!
//! Half of the files have correct checksums, so that they reach the decoder after the checks of the frame.
//! `DEEPCROSS_MUTATIONS` sets the number of files.

use std::cell::RefCell;
use std::collections::BTreeMap;

use deepcross_files::Cursor;
use deepcross_testing::{
    CountingAllocator, Mutation, binary_mutations, check_mutations, mutate, number_of_mutations,
    peak,
};
use proptest::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use super::sample::{self, Header};
use super::{FormatError, decode};

/// The allocator of all unit tests of this crate.
#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const DEFAULT_COUNT: u32 = 10_000;

pub(crate) fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    binary_mutations(extreme())
}

/// Values that are most likely to mislead a decoder. bincode announces integers of 2, 4 and 8 bytes by 251 to 253.
fn extreme() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<[u8; 8]>().prop_map(|bytes| [&[253][..], &bytes].concat()),
        Just(vec![253, 255, 255, 255, 255, 255, 255, 255, 127]),
        Just(vec![252, 255, 255, 255, 255]),
        Just(vec![251, 255, 255]),
        Just(f32::NAN.to_le_bytes().to_vec()),
        Just(vec![0; 8]),
    ]
}

/// The header of a file, and its tensors with their padding.
pub(crate) fn parts(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let header = Cursor::new(&bytes[12..]).take_array().map(u64::from_le_bytes).unwrap() as usize;
    let tensors = (28 + header).next_multiple_of(64)..bytes.len() - 8;
    (bytes[28..28 + header].to_vec(), bytes[tensors].to_vec())
}

/// Header and tensors in a valid frame, written here a second time by the definition of the format.
pub(crate) fn frame(header: &[u8], tensors: &[u8]) -> Vec<u8> {
    let mut bytes = b"DEEPCROS\x01\0\0\0".to_vec();
    bytes.extend((header.len() as u64).to_le_bytes());
    bytes.extend(xxh3_64(header).to_le_bytes());
    bytes.extend(header);
    bytes.resize(bytes.len().next_multiple_of(64), 0);
    bytes.extend(tensors);
    bytes.extend(xxh3_64(&bytes).to_le_bytes());
    bytes
}

/// Runs `check` on half as many cases as there are to be files, always the same ones.
pub(crate) fn run<S: Strategy>(strategy: S, check: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    check_mutations(number_of_mutations(DEFAULT_COUNT) / 2, strategy, check);
}

#[test]
fn damaged_files_are_refused() {
    let valid = sample::bytes();
    run(mutations(), |mutations| {
        let bytes = mutate(&valid, &mutations);
        let (answer, held) = peak(|| decode::<Header>(&bytes).is_ok());
        prop_assert_eq!(answer, bytes == valid);
        prop_assert!(held <= most_held(&bytes), "{held} bytes for a file of {}", bytes.len());
        Ok(())
    });
}

#[test]
fn forged_files_give_a_value_or_an_error() {
    let (header, tensors) = parts(&sample::bytes());
    assert_eq!(frame(&header, &tensors), sample::bytes());
    let answers = RefCell::new(BTreeMap::<&str, u32>::new());
    let strategy = (mutations(), prop::option::weighted(0.2, mutations()));
    run(strategy, |(header_mutations, tensor_mutations)| {
        let header = mutate(&header, &header_mutations);
        let tensors = mutate(&tensors, &tensor_mutations.unwrap_or_default());
        let bytes = frame(&header, &tensors);
        let (answer, held) = peak(|| decode::<Header>(&bytes));
        prop_assert!(held <= most_held(&bytes), "{held} bytes for a file of {}", bytes.len());
        *answers.borrow_mut().entry(name(&answer)).or_default() += 1;
        if let Ok((_, members)) = answer {
            prop_assert_eq!(members[0].find_non_finite(), None);
        }
        Ok(())
    });
    let answers = answers.into_inner();
    let all = ["header", "sections", "length", "shape", "weights", "accepted"];
    assert!(
        all.iter().all(|name| answers.contains_key(name)),
        "only these stages were reached: {answers:?}"
    );
}

/// The most memory that a decoder may hold at once: the size of the file, and the mebibyte to which serde limits an
/// allocation for an unchecked length.
fn most_held(bytes: &[u8]) -> usize {
    bytes.len() + (1 << 20)
}

/// The name of the stage that the decoder reached.
fn name<T>(answer: &Result<T, FormatError>) -> &'static str {
    match answer {
        Err(FormatError::Header { .. } | FormatError::OlderForm) => "header",
        Err(FormatError::Section { .. } | FormatError::UnknownSection { .. }) => "sections",
        Err(FormatError::Truncated { .. } | FormatError::TooLong { .. }) => "length",
        Err(FormatError::TensorShape { .. } | FormatError::RepeatedTensor { .. }) => "shape",
        Err(FormatError::NonFinite { .. } | FormatError::Filling) => "weights",
        Err(_) => "other",
        Ok(_) => "accepted",
    }
}
