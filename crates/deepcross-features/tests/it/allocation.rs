//! A warm encoder allocates nothing.

use deepcross_testing::{CountingAllocator, allocations};

use crate::common::{fit, header};

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
