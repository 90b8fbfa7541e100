//! A warm encoder allocates nothing.

use deepcross_features::{Cell, FieldConfig, Fitter, RowFields};
use deepcross_testing::{CountingAllocator, allocations};

use crate::common::{fit, header, schema_of};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn warm_encoding_and_moving_allocate_nothing() {
    let training = [["0.25", "a|b", "x"], ["-17", "a:2|c|d|a", "y"], ["?", "", "never"]];
    let (encoder, _) = fit(&training.map(|row| row.map(str::to_owned)));
    let binding = encoder.bind(&header()).expect("all columns are there");
    let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
    let mut moved = encoder.new_batch();
    let mut pass = || {
        batch.clear();
        moved.clear();
        for row in &training {
            encoder.encode(&binding, row, &mut batch, &mut counts).expect("a good row");
        }
        moved.append(&batch, 0..2);
        moved.push_row_from(&batch, 2);
    };
    assert!(allocations(&mut pass) > 0, "a cold pass allocates");
    assert_eq!(allocations(&mut pass), 0);
}

/// A row of whole numbers.
struct Typed(i64);

impl RowFields for Typed {
    fn cell(&self, column: usize) -> Cell<'_> {
        Cell::Integer(self.0 + column as i64)
    }
}

#[test]
fn rows_of_typed_cells_are_encoded_together_with_one_memory_for_their_texts() {
    let fields = [
        FieldConfig::categorical("word"),
        FieldConfig::multi_hot("list").buckets(50),
        FieldConfig::cross("cross", ["list", "word"]).buckets(100).counts(true),
    ];
    let rows: Vec<_> = (0..3200).map(|i| Typed(100 + i % 9)).collect();
    let mut fitter = Fitter::new(&schema_of(fields.to_vec()));
    let binding = fitter.bind(&header()).expect("all columns are there");
    rows.iter().for_each(|row| fitter.observe(&binding, row).expect("a good row"));
    let encoder = fitter.finish();
    let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
    let mut pass = |n_rows: usize| {
        batch.clear();
        allocations(|| {
            assert!(encoder.encode_rows(&binding, &rows[..n_rows], &mut batch, &mut counts));
        })
    };
    pass(rows.len());
    assert_eq!(pass(rows.len()), pass(64));
}
