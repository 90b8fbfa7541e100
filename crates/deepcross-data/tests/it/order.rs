//! Tests of the order in which [`Shuffled`] gives rows.

use deepcross_data::{BadRows, Labels, Partition, RowPlan, RowReader, Shuffled, Source, fit};
use deepcross_features::batch::Column;
use deepcross_features::fields::Transform;
use deepcross_features::{Batch, Encoder, FieldConfig, Schema};
use proptest::prelude::*;

use crate::Files;

const PLAN: RowPlan =
    RowPlan { labels: Labels::Required, partition: Partition::All, bad_rows: BadRows::Error };

/// A file of `n` rows that hold their number, and an encoder that keeps this number.
struct Numbered {
    _files: Files,
    source: Source,
    encoder: Encoder,
}

impl Numbered {
    fn new(n: usize) -> Self {
        let rows = (0..n).map(|i| format!("{},{i},{}\n", i % 2, "v|".repeat(i % 4)));
        let files =
            Files::one(format!("click,number,values\n{}", rows.collect::<String>()).as_bytes());
        let source = files.source("label = 'click'").unwrap();
        let number = FieldConfig::number("number").transform(Transform::Raw);
        let schema = Schema::new(vec![number, FieldConfig::multi_hot("values")], vec![]).unwrap();
        let encoder = fit(&source, &schema, Partition::All, BadRows::Error).unwrap().encoder;
        Self { _files: files, source, encoder }
    }

    fn shuffled(&self, capacity: usize, seed: u64, epoch: u64) -> Shuffled<'_> {
        let reader = RowReader::new(&self.source, &self.encoder, PLAN).unwrap();
        Shuffled::new(reader, capacity, seed, epoch)
    }

    /// The input positions of the rows, in the shuffled order.
    fn order(&self, capacity: usize, seed: u64, epoch: u64) -> Vec<usize> {
        drain(&mut self.shuffled(capacity, seed, epoch), 32)
    }
}

/// Reads batches of `rows` to the end.
fn drain(shuffled: &mut Shuffled<'_>, rows: usize) -> Vec<usize> {
    let (mut batch, mut order) = (shuffled.reader().new_batch(), Vec::new());
    while shuffled.next(&mut batch, rows).unwrap() > 0 {
        order.extend(numbers(&batch));
        batch.clear();
    }
    order
}

/// The row numbers in a batch; checks that its other columns belong to these rows.
fn numbers(batch: &Batch) -> Vec<usize> {
    let [Column::Dense(numbers), Column::Sparse(values)] = batch.columns() else {
        panic!("two fields")
    };
    let numbers: Vec<_> = numbers.values().iter().map(|&number| number as usize).collect();
    let offsets = values.offsets().unwrap();
    for (row, number) in numbers.iter().enumerate() {
        assert_eq!(batch.labels()[row], (number % 2) as f32);
        let n_values = (offsets[row + 1] - offsets[row]) as usize;
        assert_eq!(
            n_values,
            (number % 4).max(1),
            "an empty value takes the slot for missing values"
        );
    }
    numbers
}

#[test]
fn an_order_is_a_function_of_seed_and_epoch() {
    let data = Numbered::new(300);
    for capacity in [50, 1000] {
        let order = data.order(capacity, 1, 0);
        assert_eq!(order, data.order(capacity, 1, 0));
        assert_ne!(order, data.order(capacity, 1, 1));
        assert_ne!(order, data.order(capacity, 2, 0));

        let mut shuffled = data.shuffled(capacity, 1, 7);
        drain(&mut shuffled, 9);
        shuffled.restart(0).unwrap();
        assert_eq!(drain(&mut shuffled, 77), order, "for any size of batches");
    }
}

#[test]
fn rows_that_fit_the_buffer_come_in_uniform_order() {
    // Each of 4 rows stands at each of 4 positions in a quarter of 2,000 orders: chi-squared with
    // 9 degrees of freedom exceeds 27.9 in one of a thousand sets of orders.
    let data = Numbered::new(4);
    let mut met = [[0_i32; 4]; 4];
    for epoch in 0..2000 {
        for (position, row) in data.order(4, 5, epoch).into_iter().enumerate() {
            met[position][row] += 1;
        }
    }
    let chi_squared: f64 = met.iter().flatten().map(|&n| f64::from(n - 500).powi(2) / 500.0).sum();
    assert!(chi_squared < 27.9, "{met:?}");
}

#[test]
fn a_sorted_file_mixes_within_the_reach_of_the_buffer() {
    let (n, capacity) = (4000, 400);
    let order = Numbered::new(n).order(capacity, 11, 0);
    // A row stays `capacity` draws on average once the buffer is full.
    let middle = order.iter().enumerate().filter(|(_, row)| (1000..3000).contains(*row));
    let stays = middle.map(|(position, &row)| (position + capacity - row) as f64);
    let mean = stays.sum::<f64>() / 2000.0;
    assert!((mean - capacity as f64).abs() < 40.0, "{mean}");
    // Runs of a quarter of the buffer are alternately positive and negative, and each hundred rows is mixed.
    for rows in order[capacity..n - capacity].chunks_exact(100) {
        let positive = rows.iter().filter(|row| **row / 100 % 2 == 1).count();
        assert!((25..=75).contains(&positive), "{positive}");
    }
    // Sorted by label: the second half begins before the first half has ended, but not earlier than the buffer reaches.
    let first_of_second_half = order.iter().position(|&row| row >= n / 2).unwrap();
    let last_of_first_half = order.iter().rposition(|&row| row < n / 2).unwrap();
    assert!(first_of_second_half > n / 2 - capacity);
    assert!(last_of_first_half > n / 2 + capacity);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_row_comes_once_and_not_before_the_buffer_reaches_it(
        n in 1_usize..200, capacity in 0_usize..250, rows in 1_usize..50, seed: u64, epoch: u64,
    ) {
        let data = Numbered::new(n);
        let order = drain(&mut data.shuffled(capacity, seed, epoch), rows);
        for (position, &row) in order.iter().enumerate() {
            prop_assert!(row < position + capacity.max(1));
        }
        let mut sorted = order;
        sorted.sort_unstable();
        prop_assert!(sorted.into_iter().eq(0..n));
    }
}
