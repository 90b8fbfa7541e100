//! Shuffling all rows as a whole: all orders are equally likely.

use std::path::Path;

use deepcross_data::{BadRows, Labels, Partition, RowPlan, RowReader, Shuffled, Source, fit};
use deepcross_features::{Encoder, FieldConfig, Schema};

use crate::Files;

const PLAN: RowPlan =
    RowPlan { labels: Labels::Ignored, partition: Partition::All, bad_rows: BadRows::Error };

/// Rows numbered from 0.
struct World {
    files: Files,
    source: Source,
    encoder: Encoder,
    n_rows: usize,
}

impl World {
    fn new(n_rows: usize) -> Self {
        let rows: String = (0..n_rows).map(|row| format!("{row}\n")).collect();
        let files = Files::one(format!("a\n{rows}").as_bytes());
        let source = files.source("").unwrap();
        let number = FieldConfig::number("a").transform(deepcross_features::fields::Transform::Raw);
        let schema = Schema::new(vec![number], Vec::new()).unwrap();
        let encoder = fit(&source, &schema, Partition::All, BadRows::Error).unwrap().encoder;
        Self { files, source, encoder, n_rows }
    }

    fn folder(&self) -> &Path {
        self.files.paths[0].parent().unwrap()
    }

    fn shuffled(&self, capacity: usize) -> Shuffled<'_> {
        let reader = RowReader::new(&self.source, &self.encoder, PLAN).unwrap();
        let shuffled = Shuffled::new(reader, capacity, 11, 0);
        shuffled.as_a_whole(self.n_rows as u64, self.folder().to_owned())
    }

    /// The order of an epoch.
    fn order(&self, shuffled: &mut Shuffled<'_>, epoch: u64, rows: usize) -> Vec<usize> {
        shuffled.restart(epoch).unwrap();
        let mut batch = self.encoder.new_batch();
        while shuffled.next(&mut batch, rows).unwrap() > 0 {}
        let deepcross_features::batch::Column::Dense(column) = &batch.columns()[0] else {
            panic!("numbers")
        };
        column.values().iter().map(|&value| value as usize).collect()
    }
}

#[test]
fn each_row_comes_once_for_any_number_of_rows_at_a_time() {
    let world = World::new(9001);
    for capacity in [64, 1000, 9000, 10_000] {
        let mut shuffled = world.shuffled(capacity);
        let order = world.order(&mut shuffled, 1, 100);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..9001).collect::<Vec<_>>(), "{capacity}");
        assert_eq!(world.order(&mut shuffled, 1, 7), order, "{capacity}");
        let another = world.order(&mut shuffled, 2, 100);
        let same = another.iter().zip(&order).filter(|(one, other)| one == other).count();
        assert!(same < 10, "{capacity}: {same} rows have the same place as before");
    }
}

/// Compares the counts of all 120 orders of five rows over 24,000 epochs: χ² has 119 degrees of freedom.
#[test]
fn all_orders_of_few_rows_are_equally_likely() {
    let world = World::new(5);
    for capacity in [1, 2, 5] {
        let (mut shuffled, mut counts) = (world.shuffled(capacity), vec![0_u32; 3125]);
        let n_epochs = 24_000;
        for epoch in 0..n_epochs {
            let order = world.order(&mut shuffled, epoch, 5);
            counts[order.iter().fold(0, |code, row| 5 * code + row)] += 1;
        }
        let met = counts.iter().filter(|count| **count > 0).count();
        assert_eq!(met, 120, "capacity {capacity}");
        let expected = n_epochs as f64 / 120.0;
        let chi: f64 = counts
            .iter()
            .filter(|count| **count > 0)
            .map(|&count| (f64::from(count) - expected).powi(2) / expected)
            .sum();
        // Five standard deviations above the mean, and as many below.
        let spread = 5.0 * (2.0 * 119.0_f64).sqrt();
        assert!((119.0 - spread..119.0 + spread).contains(&chi), "capacity {capacity}: {chi}");
    }
}

/// Checks that the new place of a row is independent of its old place: all pairs of tenths are equally frequent.
#[test]
fn a_row_comes_from_anywhere_in_a_file_much_larger_than_the_buffer() {
    const PARTS: usize = 10;
    let world = World::new(5000);
    let (mut shuffled, mut counts) = (world.shuffled(100), vec![0_u32; PARTS * PARTS]);
    let n_epochs = 40;
    let mut neighbours = 0;
    for epoch in 0..n_epochs {
        let order = world.order(&mut shuffled, epoch, 1000);
        for (place, row) in order.iter().enumerate() {
            counts[place * PARTS / 5000 * PARTS + row * PARTS / 5000] += 1;
        }
        neighbours += order.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) <= 10).count();
    }
    let expected = (5000 * n_epochs) as f64 / (PARTS * PARTS) as f64;
    let chi: f64 =
        counts.iter().map(|&count| (f64::from(count) - expected).powi(2) / expected).sum();
    // Each row and each place is used once, which leaves 81 degrees of freedom.
    assert!(chi < 81.0 + 5.0 * (2.0 * 81.0_f64).sqrt(), "{chi}");
    // Two consecutive rows were within ten rows of each other in the file with a probability of about 20 / 5000.
    let expected = 4999.0 * n_epochs as f64 * 20.0 / 5000.0;
    assert!((neighbours as f64 - expected).abs() < 6.0 * expected.sqrt(), "{neighbours}");
}
