//! Properties for any data: the order of a file has no effect if the file fits into the shuffle buffer, and no content
//! of a file makes a run panic.

use crate::common::{clicks, config, folder, predictions, trained, with_reader, write};
use deepcross::metrics::UNWEIGHTED;
use deepcross::metrics::ranking::roc_auc;
use deepcross::train::{Files, RunConfig, RunOptions, TrainError, train};
use proptest::prelude::*;

/// An order of the rows of a file, by the column to sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// The order of the log.
    Time,
    /// All rows without a click come first.
    Label,
    /// The order of a log that is split by advertiser.
    Campaign,
}

impl Order {
    /// Sorts the rows below the header; rows with equal keys keep their order.
    fn apply(self, lines: &mut [String]) {
        let column = match self {
            Self::Time => return,
            Self::Label => 0,
            Self::Campaign => 5,
        };
        lines[1..].sort_by_key(|line| line.split('\t').nth(column).map(str::to_owned));
    }
}

/// The AUC, on rows of another sample, of a model trained on 10,000 rows in an order, with a buffer of `buffer` rows.
fn auc_after(order: Order, buffer: usize) -> f64 {
    let config = config(&[
        "train.batch=100",
        "train.epochs=4",
        "train.learning_rate=0.002",
        "train.valid_fraction=0",
        &format!("train.shuffle_buffer={buffer}"),
    ]);
    let (folder, mut lines) = (folder(), clicks(1, 10_000));
    order.apply(&mut lines);
    let model = trained(&config, &[write(&folder, "train.tsv", &lines)], 2);
    let test = [write(&folder, "test.tsv", &clicks(2, 10_000))];
    let labels = with_reader(&model, &config, &test, |reader| {
        let mut batch = reader.new_batch();
        reader.fill(&mut batch, usize::MAX).expect("the rows are valid");
        batch.labels().to_vec()
    });
    let scores = predictions(&model, &config, &test);
    roc_auc(&scores, &labels, UNWEIGHTED)
        .expect("one score for each label")
        .expect("both classes occur")
}

#[test]
fn a_sorted_file_trains_as_well_as_one_in_order_of_time() {
    let expected = auc_after(Order::Time, 10_000);
    assert!(expected > 0.64, "the model learned too little: {expected}");
    for order in [Order::Label, Order::Campaign] {
        let found = auc_after(order, 10_000);
        assert!((found - expected).abs() < 0.02, "by {order:?}: {found}, expected {expected}");
    }
    let unshuffled = auc_after(Order::Label, 1);
    assert!(
        unshuffled < expected - 0.02,
        "the order does not matter even without shuffling: {unshuffled}"
    );
}

/// A run that skips as many errors as it can.
const HOSTILE: &str = r#"
    [data]
    format = "tsv"
    label = "click"
    missing = ["", "?"]

    [[field]]
    name = "query"
    kind = "multi-hot"
    separator = " "

    [[field]]
    name = "age"
    kind = "number"
    transform = "standard"

    [model]
    embedding = 2
    bypass_below = 5
    hidden = [3]

    [train]
    epochs = 1
    batch = 4
    valid_fraction = 0.3
"#;

/// A cell, or bytes that break one: extreme numbers, quotes, line ends, and bytes that are not text.
fn cell() -> impl Strategy<Value = Vec<u8>> {
    let strange = [
        "",
        "?",
        "x y  x",
        "1e400",
        "-1e38",
        "nan",
        "\"",
        "\"a\"\"b\"",
        "\r",
        "\n",
        "\t",
        "\u{feff}",
        "0x1",
        "é",
    ];
    prop_oneof![
        6 => prop::sample::select(vec!["0", "1"]).prop_map(|cell| cell.as_bytes().to_vec()),
        3 => prop::sample::select(strange.to_vec()).prop_map(|cell| cell.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ]
}

/// A file of lines that mostly have three cells.
fn file() -> impl Strategy<Value = Vec<u8>> {
    let n_cells = prop_oneof![9 => Just(3), 1 => 0_usize..6];
    let line = n_cells.prop_flat_map(|n| prop::collection::vec(cell(), n));
    let line = line.prop_map(|cells| cells.join(&b'\t'));
    prop::collection::vec(line, 0..20).prop_map(|lines| lines.join(&b'\n'))
}

fn hostile_config(bad_rows: &str) -> RunConfig {
    let overrides = [format!("data.bad_rows={bad_rows}")];
    RunConfig::parse(HOSTILE, &overrides, "run.toml").expect("the configuration is valid")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_file_gives_a_model_or_an_error(rows in file(), bad_rows in "error|skip") {
        let (folder, config) = (folder(), hostile_config(&bad_rows));
        let path = folder.path().join("clicks.tsv");
        std::fs::write(&path, [b"click\tquery\tage\n", &rows[..]].concat()).unwrap();
        let files = Files::new(vec![path]);
        match train(&config, &files, RunOptions::on_threads(1), &mut |_| ()) {
            Ok(model) => prop_assert_eq!(model.params.find_non_finite(), None),
            Err(TrainError::Data(error)) => {
                prop_assert!(error.to_string().contains("clicks.tsv"), "{}", error);
            }
            Err(error @ TrainError::NotFinite { .. }) => {
                prop_assert!(error.to_string().starts_with("step "), "{}", error);
            }
            // With few rows, no row may be left for validation.
            Err(TrainError::NoneHeldOut { .. } | TrainError::NoValidationRows) => {}
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}
