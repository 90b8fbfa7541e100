//! Uses a `Scorer` inside a service: one scorer for all threads, a session for each thread, and values that arrive by
//! name.
//!
//! Here threads call the scorer; in a service, its request handlers do.
//! For a ready-made HTTP service, use `deepcross serve` or the crate `deepcross-serve`.
//!
//! ```text
//! cargo run --release --example embed_in_service
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use deepcross::features::{Binding, FeatureError};
use deepcross::model::scoring::Session;
use deepcross::model::{Scorer, TrainedModel};
use deepcross::train::{Files, RunConfig, RunOptions, train};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

const CONFIG: &str = r#"
[data]
label = "click"

[[field]]
name = "ad"
kind = "categorical"

[[field]]
name = "age"
kind = "number"

[model]
embedding = 4
hidden = [8]
bypass_below = 0

[train]
epochs = 20
batch = 16
learning_rate = 0.01
"#;

/// The state that all threads of the service share: it never changes, and a new model gets a new state.
struct Model {
    scorer: Scorer,
    /// The columns in the order of a row's values, and where the model finds them.
    columns: Vec<String>,
    binding: Binding,
}

impl Model {
    fn load(path: &Path) -> Result<Self, Box<dyn Error>> {
        let scorer = Scorer::new(TrainedModel::load(path)?);
        let columns: Vec<_> = scorer.encoder().columns().into_iter().map(str::to_owned).collect();
        let binding = scorer.encoder().bind(&columns)?;
        Ok(Self { scorer, columns, binding })
    }

    /// Returns probabilities for rows of values by name; a column that a row does not name is missing.
    ///
    /// Each thread has its own session: once it has grown to the size of a batch, scoring allocates nothing.
    fn score<'s>(
        &self,
        session: &'s mut Session,
        rows: &[BTreeMap<&str, &str>],
    ) -> Result<&'s [f32], FeatureError> {
        for row in rows {
            let value = |name: &String| row.get(name.as_str()).copied().unwrap_or_default();
            let values: Vec<_> = self.columns.iter().map(value).collect();
            self.scorer.push(session, &self.binding, &values)?;
        }
        Ok(self.scorer.score(session))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let artifact = folder.path().join("model.dcx");
    write_model(folder.path(), &artifact)?;

    let model = Arc::new(Model::load(&artifact)?);
    let handlers = ["shoes", "socks"].map(|ad| {
        let model = Arc::clone(&model);
        std::thread::spawn(move || {
            let mut session = model.scorer.session();
            let rows = [BTreeMap::from([("ad", ad), ("age", "30")]), BTreeMap::from([("ad", ad)])];
            let scored = model.score(&mut session, &rows).map(<[f32]>::to_vec);
            let missing = session.counts().get("age").map_or(0, |counts| counts.missing);
            (ad, scored, missing)
        })
    });
    for handler in handlers {
        let (ad, scored, missing) = handler.join().expect("scoring does not panic");
        println!("{ad}: {:.4?}, ages missing: {missing}", scored?);
    }
    Ok(())
}

/// Trains a small model on rows in which shoes are clicked and socks are not.
fn write_model(folder: &Path, artifact: &Path) -> Result<(), Box<dyn Error>> {
    let mut rows = "click,ad,age\n".to_owned();
    for i in 0..400 {
        let ad = ["shoes", "socks"][i % 2];
        writeln!(rows, "{},{ad},{}", u8::from(ad == "shoes"), 18 + i % 60)?;
    }
    let data = folder.join("clicks.csv");
    std::fs::write(&data, rows)?;
    let config = RunConfig::parse(CONFIG, &[], "run.toml")?;
    train(&config, &Files::new(vec![data]), RunOptions::on_threads(2), &mut |_| ())?
        .save(artifact)?;
    Ok(())
}
