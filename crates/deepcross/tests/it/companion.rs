//! Tests of companion counts on labels that are pure noise: the counts must not help to predict them, and a leak would.

use deepcross::autodiff::Params;
use deepcross::data::{BadRows, Division, Labels, Partition, RowPlan, RowReader, Source, fit};
use deepcross::features::Encoder;
use deepcross::metrics::Summary;
use deepcross::model::{Model, Predictor};
use deepcross::train::{Engine, EvaluateOptions, RunConfig, evaluate};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::common::{folder, write};

/// Only the most frequent value has an id of its own, so the model can only learn from the counts.
const CONFIG: &str = r#"
    [data]
    label = "click"

    [[field]]
    name = "ad"
    kind = "categorical"
    top = 1
    counts = true

    [model]
    bypass_below = 10
    hidden = [8]

    [train]
    learning_rate = 0.01
"#;

const ROWS: u64 = 8000;
const EPOCHS: usize = 5;

/// Rows of 3000 ads, with random clicks.
fn noise() -> Vec<String> {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let row = |_| {
        let (ad, click) = (random.random_range(0..3000), random.random_bool(0.3));
        format!("{ad},{}", u8::from(click))
    };
    let rows: Vec<_> = (0..ROWS).map(row).collect();
    [vec!["ad,click".to_owned()], rows].concat()
}

/// The metrics on held-out rows of a model whose counts leak, or do not.
///
/// A careless implementation leaks: it counts all rows, including the label of the row itself.
fn on_held_out_rows(order: &str, leaking: bool) -> Summary {
    let folder = folder();
    let file = write(&folder, "noise.csv", &noise());
    let order = (order == "time").then(|| "data.order=time".to_owned());
    let config =
        RunConfig::parse(CONFIG, order.as_slice(), "run.toml").expect("the configuration is valid");
    let source = Source::open(&[file], &config.data).expect("the file exists");
    let division = Division::by_row(0.5, 1);
    let train = Partition::Train(division);
    let fitted_on = if leaking { Partition::All } else { train };
    let schema = config.schema().expect("the fields are valid");
    let fitted = fit(&source, &schema, fitted_on, BadRows::Error).expect("the rows are valid");
    let reader = reader(&source, &fitted.encoder, train);
    let reader = if leaking { reader } else { reader.with_history(fitted.history) };
    let engine = trained(&config, &fitted.encoder, reader);
    let predictor = Predictor::new(engine.model(), engine.params());
    let mut held_out = self::reader(&source, &fitted.encoder, Partition::Valid(division));
    let found = evaluate(predictor, &mut held_out, EvaluateOptions::default());
    found.expect("the rows are valid").summary
}

fn reader<'e>(source: &Source, encoder: &'e Encoder, partition: Partition) -> RowReader<'e> {
    let plan = RowPlan { labels: Labels::Required, partition, bad_rows: BadRows::Error };
    RowReader::new(source, encoder, plan).expect("the columns are there")
}

fn trained(config: &RunConfig, encoder: &Encoder, mut reader: RowReader<'_>) -> Engine {
    let spec = config.model.check().expect("the model is valid");
    let mut params = Params::new();
    let model =
        Model::new(&spec, encoder.shapes(), &mut params, 1).expect("the model fits into memory");
    let optimizer = config.train.optimizer_config();
    let mut engine = Engine::new(model, params, optimizer, 2, 1).expect("the settings are valid");
    let mut batch = encoder.new_batch();
    for _ in 0..EPOCHS {
        while reader.fill(&mut batch, 100).expect("the rows are valid") > 0 {
            engine.step(&batch).expect("the loss is finite");
            batch.clear();
        }
        reader.restart().expect("the file exists");
    }
    engine
}

#[test]
fn on_noise_companion_counts_bring_nothing_and_a_leak_would() {
    // The standard deviation of the AUC of noise on 4000 rows of which 30 % are positive is 0.010.
    let is_chance = |auc: Option<f64>| auc.is_some_and(|auc| (auc - 0.5).abs() < 0.04);
    for order in ["any", "time"] {
        let summary = on_held_out_rows(order, false);
        assert!(is_chance(summary.auc), "order = {order}: {summary:?}");
        let leaking = on_held_out_rows(order, true);
        assert!(leaking.auc.is_some_and(|auc| auc > 0.7), "order = {order}: {leaking:?}");
        assert!(leaking.log_loss < summary.log_loss, "{leaking:?} {summary:?}");
    }
}
