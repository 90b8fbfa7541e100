//! Thousands of damaged and forged caches: each gives an error or the rows that it was written with, never a panic.
//!
//! Half of them have correct checksums, so that they reach the decoder; the rows that it accepts must be rows of the
//! encoder.
//! `DEEPCROSS_MUTATIONS` sets the number of caches.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use deepcross_features::batch::FieldShape;
use deepcross_features::{Batch, Encoder, FieldConfig, Schema};
use deepcross_testing::{Mutation, binary_mutations, check_mutations, mutate, number_of_mutations};
use proptest::prelude::*;
use tempfile::TempDir;
use xxhash_rust::xxh3::xxh3_64;

use super::block;
use super::file::{self, BlockPlace, Cache};
use super::side_counts::BothSides;
use super::write::CacheWriter;
use crate::error::DataError;
use crate::{BadRows, Division, Labels, Partition, RowPlan, RowReader, Side, Source, fit};

const DEFAULT_COUNT: u32 = 10_000;

const PLAN: RowPlan =
    RowPlan { labels: Labels::Required, partition: Partition::All, bad_rows: BadRows::Skip };

fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    binary_mutations(extreme())
}

/// Values that are most likely to lead a decoder astray.
fn extreme() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(|bytes| bytes.to_vec()),
        Just(vec![255; 4]),
        Just(vec![255; 8]),
        Just(vec![0; 8]),
        Just(f32::NAN.to_le_bytes().to_vec()),
        (0u8..4).prop_map(|form| vec![form]),
    ]
}

/// A small cache with all kinds of columns, counts and bad rows.
struct World {
    folder: TempDir,
    encoder: Encoder,
    valid: Vec<u8>,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("x.csv");
        let row = |i: u32| match i % 17 {
            3 => format!("1,a{i},many,x,1\n"),
            4 => format!("maybe,a{i},1,x,1\n"),
            5 => format!("0,,,,{}\n", 1 + i % 2),
            _ => format!("{},a{},{},x{}|y|x{},1\n", i % 2, i % 9, i % 30, i % 7, i % 5),
        };
        let rows: String = (0..100).map(row).collect();
        std::fs::write(&text, format!("click,ad,number,tags,importance\n{rows}")).unwrap();
        let config = toml::from_str("label = 'click'\nweight = 'importance'").unwrap();
        let source = Source::open(&[text], &config).unwrap();
        let list = FieldConfig::multi_hot("tags").separator('|');
        let ad = FieldConfig::categorical("ad").counts(true);
        let fields = vec![ad, FieldConfig::number("number"), list];
        let schema = Schema::new(fields, vec![String::new()]).unwrap();
        let encoder = fit(&source, &schema, Partition::All, BadRows::Skip).unwrap().encoder;
        let path = folder.path().join("valid.dcc");
        let mut writer = CacheWriter::create(&path, b"about").unwrap();
        let reader = || RowReader::new(&source, &encoder, PLAN).unwrap();
        let division = Division::by_row(0.3, 1);
        writer.write_split_part(reader(), division).unwrap();
        writer.write_part(reader()).unwrap();
        writer.finish().unwrap();
        let valid = std::fs::read(&path).unwrap();
        Self { folder, encoder, valid }
    }

    /// All rows of a cache with these bytes, and a summary of the skipped rows and the counts of each part.
    fn rows(&self, bytes: &[u8]) -> Result<(Batch, Vec<String>), DataError> {
        let path = self.folder.path().join("mutated.dcc");
        std::fs::write(&path, bytes).unwrap();
        let cache = Cache::open(Path::new(&path))?;
        let (mut batch, mut messages) = (self.encoder.new_batch(), Vec::new());
        let parts = (0..cache.n_parts()).map(|part| cache.rows(part));
        let held_out = cache.rows(0).side(Side::Valid).range(3..u64::MAX);
        for rows in parts.chain([held_out]) {
            let reader = RowReader::of_cache(&self.encoder, rows, false);
            let mut reader = reader.with_negative_rate(0.9, 1);
            while reader.fill(&mut batch, 100)? > 0 {}
            messages.push(format!("{:?} {:?}", reader.skipped(), reader.counts()));
        }
        Ok((batch, messages))
    }

    /// The bytes of the first block.
    fn block(&self) -> Vec<u8> {
        let cache = Cache::open(&self.folder.path().join("valid.dcc")).unwrap();
        let mut bytes = Vec::new();
        cache.read(0, 0, &mut bytes).unwrap();
        bytes
    }
}

/// A cache of one block in a valid frame, with the counts that the block has if it can be read, or else with these.
fn frame(block: &[u8], shapes: &[FieldShape], unread: BothSides) -> Vec<u8> {
    let head = file::head(b"about");
    let (start, n_bytes) = (head.len() as u64, block.len() as u32);
    let read = block::read(block, shapes);
    let counts = read.map_or(unread, |block| block.counts(usize::MAX));
    let place = BlockPlace { start, n_bytes, counts, hash: xxh3_64(block) };
    let tail = file::tail(&head, &[vec![place]], start + u64::from(n_bytes));
    [head, block.to_vec(), tail].concat()
}

/// Runs `check` on half of the number of mutations, always the same ones.
fn run<S: Strategy>(strategy: S, check: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    check_mutations(number_of_mutations(DEFAULT_COUNT) / 2, strategy, check);
}

#[test]
fn damaged_caches_are_refused() {
    let world = World::new();
    let expected = world.rows(&world.valid).unwrap();
    assert!(expected.0.n_rows() > 130 && expected.1[0].contains("many"), "{:?}", expected.1);
    run(mutations(), |mutations| {
        let bytes = mutate(&world.valid, &mutations);
        match world.rows(&bytes) {
            Ok(rows) => prop_assert!(bytes == world.valid && rows == expected),
            Err(error) => prop_assert!(bytes != world.valid, "{}", error),
        }
        Ok(())
    });
}

#[test]
fn every_cut_and_every_flipped_bit_is_found() {
    let world = World::new();
    for length in 0..world.valid.len() {
        assert!(world.rows(&world.valid[..length]).is_err(), "{length} bytes");
        let mut flipped = world.valid.clone();
        flipped[length] ^= 1 << (length % 8);
        assert!(world.rows(&flipped).is_err(), "bit in byte {length}");
    }
}

#[test]
fn forged_caches_give_rows_of_the_encoder_or_an_error() {
    let world = World::new();
    let (block, answers) = (world.block(), RefCell::new(BTreeMap::<&str, u32>::new()));
    let shapes = world.encoder.shapes();
    let counts = block::read(&block, shapes).unwrap().counts(usize::MAX);
    assert!(world.rows(&frame(&block, shapes, counts)).is_ok());
    run(mutations(), |mutations| {
        let block = mutate(&block, &mutations);
        let answer = world.rows(&frame(&block, shapes, counts));
        *answers.borrow_mut().entry(name(&answer)).or_default() += 1;
        if let Ok((batch, _)) = answer {
            prop_assert_eq!(batch.check(world.encoder.shapes()), Ok(()));
        }
        Ok(())
    });
    let answers = answers.into_inner();
    let all = ["field", "bytes", "rows", "accepted"];
    assert!(all.iter().all(|name| answers.contains_key(name)), "got no further than {answers:?}");
}

/// The kind of answer, which shows how far the decoder came.
fn name<T>(answer: &Result<T, DataError>) -> &'static str {
    let Err(error) = answer else { return "accepted" };
    let message = error.to_string();
    if message.contains("field `") {
        "field"
    } else if message.contains("bytes are") {
        "bytes"
    } else if message.contains("row") {
        "rows"
    } else {
        "other"
    }
}
