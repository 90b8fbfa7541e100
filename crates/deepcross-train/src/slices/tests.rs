use super::*;
use deepcross_metrics::Summary;
use proptest::prelude::*;

/// A value, a number, a prediction, a label and a weight.
type Row = (Option<u8>, f32, f32, bool, f32);

fn sliced(rows: &[Row], weighted: bool, plan: SlicePlan) -> (Slices, Summary) {
    let column = |name: &str, form| SliceColumn { name: name.to_owned(), form };
    let columns = [column("value", SliceForm::Values), column("number", SliceForm::Numbers)];
    let mut sliced = SlicedRows::new(&columns, vec![String::new()], plan);
    let mut evaluation = Evaluation::default();
    for &(value, number, probability, label, weight) in rows {
        let value = value.map_or_else(String::new, |value| format!("v{value}"));
        let number = if number < 0.0 { String::new() } else { number.to_string() };
        sliced.columns[0].push(value.as_bytes(), &sliced.missing, &plan);
        sliced.columns[1].push(number.as_bytes(), &sliced.missing, &plan);
        sliced.probabilities.push(probability);
        sliced.labels.push(f32::from(u8::from(label)));
        if weighted {
            sliced.weights.push(weight);
        }
        let weight = if weighted { weight } else { 1.0 };
        evaluation.push(probability, label, weight).expect("a good row");
    }
    (sliced.finish().expect("a good plan"), evaluation.finish().summary)
}

fn any_row() -> impl Strategy<Value = Row> {
    let value = prop::option::weighted(0.9, 0_u8..12);
    (value, -2.0_f32..9.0, 0.01_f32..0.99, any::<bool>(), 0.5_f32..2.0)
}

proptest! {
    #[test]
    fn slices_add_up_to_all_rows(
        rows in prop::collection::vec(any_row(), 1..150),
        weighted in any::<bool>(),
        min_rows in 0_u64..20,
        max_values in 0_usize..10,
    ) {
        let plan = SlicePlan { min_rows, max_values, ..SlicePlan::default() };
        let (slices, whole) = sliced(&rows, weighted, plan);
        prop_assert_eq!(slices.columns.len(), 2);
        for column in &slices.columns {
            let all = || column.slices.iter().map(|slice| &slice.summary);
            prop_assert_eq!(all().map(|slice| slice.rows).sum::<u64>(), whole.rows);
            prop_assert_eq!(all().map(|slice| slice.positives).sum::<u64>(), whole.positives);
            let loss: f64 = all().filter_map(|s| Some(s.log_loss? * s.weight)).sum();
            let expected = whole.log_loss.expect("rows have weight") * whole.weight;
            prop_assert!((loss - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{} {}", loss, expected);
            let few = column.slices.iter().filter(|slice| slice.summary.rows < min_rows);
            prop_assert!(few.count() <= 1, "only the slice of other values may have few rows");
        }
    }
}

fn names(column: &ColumnSlices) -> Vec<String> {
    column.slices.iter().map(|slice| format!("{} {}", slice.value, slice.summary.rows)).collect()
}

#[test]
fn values_are_ordered_by_rows_and_ranges_by_their_numbers() {
    let row = |value, number| (value, number, 0.5, true, 1.0);
    let mut rows = vec![row(Some(3), 7.0); 5];
    rows.extend(vec![row(Some(1), 2.0); 8]);
    rows.extend(vec![row(None, -1.0); 4]);
    rows.extend([row(Some(7), 1.0), row(Some(8), 1.5), row(Some(9), 9.0)]);
    let ranges = NonZeroUsize::MIN.saturating_add(1);
    let plan = SlicePlan { min_rows: 2, ranges, ..SlicePlan::default() };
    let (slices, _) = sliced(&rows, false, plan);
    assert_eq!(names(&slices.columns[0]), ["v1 8", "v3 5", "(missing) 4", "(other: 3) 3"]);
    assert_eq!(names(&slices.columns[1]), ["1 to 1.5 2", "2 to 9 14", "(missing) 4"]);
    let (slices, _) = sliced(&rows, false, SlicePlan { max_values: 1, ..plan });
    assert_eq!(names(&slices.columns[0]), ["v3 5", "(missing) 4", "(other: more than 0) 11"]);
    // Most numbers are 0, which is a range; the few numbers above it are in other ranges.
    let zeros = |n: u16| row(Some(1), if n < 80 { 0.0 } else { f32::from(n) });
    let rows: Vec<Row> = (0..100).map(zeros).collect();
    let ranges = NonZeroUsize::MIN.saturating_add(9);
    let (slices, _) = sliced(&rows, false, SlicePlan { ranges, ..plan });
    assert_eq!(names(&slices.columns[1]), ["0 80", "80 to 89 10", "90 to 99 10"]);
    let (slices, whole) = sliced(&[], false, plan);
    assert_eq!((slices.worst().len(), whole.rows), (0, 0));
}

/// A number from 0 to 1 that looks random.
fn uniform(state: &mut u64) -> f32 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 40) as f32 / (1_u64 << 24) as f32
}

#[test]
fn chance_has_no_cost_and_a_slice_with_wrong_predictions_comes_first() {
    let mut state = 3;
    let mut rows = Vec::new();
    for n in 0..40_000 {
        let value = (n % 200) as u8;
        let predicted = 0.005 + 0.1 * uniform(&mut state);
        let rate = if value == 77 { 4.0 * predicted } else { predicted };
        rows.push((Some(value), 1.0, predicted, uniform(&mut state) < rate, 1.0));
    }
    let (slices, whole) = sliced(&rows, false, SlicePlan::default());
    let worst = slices.worst();
    assert_eq!((worst[0].0, worst[0].1.value.to_string()), ("value", "v77".to_owned()));
    assert!(worst[0].1.cost > 0.0 && worst[1].1.cost == 0.0, "{:?} {:?}", worst[0], worst[1]);
    // No shift of the predictions of a slice saves as much as the whole loss of its rows.
    assert!(worst[0].1.cost < worst[0].1.summary.log_loss.unwrap() * 200.0 / whole.weight);
}

#[test]
fn labels_have_the_interval_of_wilson() {
    let row = |label| (Some(1), 1.0, 0.5, label, 1.0);
    let rows: Vec<Row> = (0..10).map(|n| row(n < 8)).collect();
    let (slices, _) = sliced(&rows, false, SlicePlan { min_rows: 1, ..SlicePlan::default() });
    let interval = slices.columns[0].slices[0].base_rate_interval.expect("ten rows");
    assert!((interval.low - 0.490_162_471_536_641_8).abs() < 1e-12, "{interval:?}");
    assert!((interval.high - 0.943_317_848_545_624_8).abs() < 1e-12, "{interval:?}");
}
