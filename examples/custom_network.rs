//! Defines a kind of model outside of the workspace, and trains, stores, loads and scores it like any other.
//!
//! ```text
//! cargo run --release --example custom_network
//! ```
//!
//! The network is a gated cross network (GDCN: Wang et al., CIKM 2023), `x ← x₀ ⊙ (W x + b) ⊙ σ(G x) + x`,
//! over the stacked input x₀ of the fields: a gate decides how much of each product of columns gets through.

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use deepcross::autodiff::{DenseId, Params, Pass, Real, Var};
use deepcross::features::batch::FieldShape;
use deepcross::features::{Batch, Fitter, Problem};
use deepcross::layers::units::UnitVars;
use deepcross::layers::{
    Activation, Builder, Linear, LinearConfig, Module, Scoring, ScoringConfig,
};
use deepcross::model::config::StackingSpec;
use deepcross::model::{
    Kinds, Model, ModelSpec, Network, Scorer, StackedInput, TrainedModel, TrainingSummary,
};
use deepcross::optim::{OptimizerConfig, Rule};
use deepcross::simulate::{HEADER, SimulatedRow, Simulator, SimulatorConfig};
use deepcross::train::{Engine, RunConfig};
use serde::{Deserialize, Serialize};
use std::error::Error;

const CONFIG: &str = include_str!("simulated.toml");

/// The numbers that the network is built from; a file of the model stores them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct GatedCrossSpec {
    #[serde(flatten)]
    stacking: StackingSpec,
    depth: usize,
}

/// The layers, which hold handles into the weights.
#[derive(Clone, Debug)]
struct GatedCross {
    stacked_input: StackedInput,
    /// `W x + b` and `σ(G x)` of each layer.
    layers: Vec<[Linear; 2]>,
    scoring: Scoring,
}

impl Network for GatedCross {
    const KIND: &'static str = "gated-cross";
    type Spec = GatedCrossSpec;

    fn problems(spec: &GatedCrossSpec) -> Vec<Problem> {
        let mut problems = spec.stacking.problems();
        if spec.depth == 0 {
            problems.push(Problem::new("model.depth", "must be at least 1, but is 0"));
        }
        problems
    }

    fn n_parameters(spec: &GatedCrossSpec, shapes: &[FieldShape]) -> Option<usize> {
        let (embeddings, width) = spec.stacking.size(shapes)?;
        let layer = width.checked_mul(2)?.checked_add(1)?.checked_mul(width)?;
        let crossed = layer.checked_mul(spec.depth)?;
        embeddings.checked_add(crossed)?.checked_add(width.checked_add(1)?)
    }

    fn build<F: Real>(
        spec: &GatedCrossSpec,
        shapes: &[FieldShape],
        builder: &mut Builder<'_, F>,
    ) -> Self {
        let mut stacked_input = spec.stacking.build(shapes, builder);
        let width = stacked_input.width();
        let mut layers = Vec::new();
        for i in 0..spec.depth {
            let cross = LinearConfig::new(format!("cross{i}"), width, width).init(builder);
            let gate = LinearConfig {
                bias: false,
                activation: Activation::Sigmoid,
                ..LinearConfig::new(format!("gate{i}"), width, width)
            };
            layers.push([cross, gate.init(builder)]);
            stacked_input.push_built(format!("gated cross layer {i}"), width, builder);
        }
        let scoring = ScoringConfig::new("scoring", width).init(builder);
        stacked_input.push_built("scoring", 1, builder);
        Self { stacked_input, layers, scoring }
    }

    fn stacked_input(&self) -> &StackedInput {
        &self.stacked_input
    }

    fn forward_stacked<F: Real>(
        &self,
        pass: &mut Pass<'_, F>,
        stacked: Var,
        observe: &mut dyn FnMut(Var, UnitVars),
    ) -> Var {
        let crossed = self.layers.iter().fold(stacked, |x, layer| {
            let [cross, gate] = layer.map(|linear| linear.forward(pass, x));
            let gated = pass.mul(cross, gate);
            let product = pass.mul(stacked, gated);
            let out = pass.add(product, x);
            observe(x, UnitVars { inner: gated, out });
            out
        });
        self.scoring.forward(pass, crossed)
    }

    fn bias(&self) -> Option<DenseId> {
        self.scoring.linear.bias
    }
}

/// Simulated rows as their values, the click first.
fn rows(seed: u64, n: usize) -> Result<Vec<Vec<String>>, Box<dyn Error>> {
    let world = SimulatorConfig { seed, ..SimulatorConfig::default() };
    let simulator = Simulator::new(&world).map_err(|all| all.join("\n"))?;
    let line = |row: SimulatedRow<'_>| -> Result<Vec<String>, Box<dyn Error>> {
        let mut line = Vec::new();
        row.write_tsv(&mut line)?;
        let text = String::from_utf8(line)?;
        Ok(text.trim_end_matches('\n').split('\t').map(str::to_owned).collect())
    };
    simulator.rows().take(n).map(line).collect()
}

/// Trains a model on simulated rows.
fn train() -> Result<TrainedModel, Box<dyn Error>> {
    let config = RunConfig::parse(CONFIG, &[], "simulated.toml")?;
    let rows = rows(1, 20_000)?;
    let mut fitter = Fitter::new(&config.schema()?);
    let binding = fitter.bind(&HEADER.map(String::from))?;
    for row in &rows {
        fitter.observe(&binding, &row[..])?;
    }
    let encoder = fitter.finish();

    let spec = GatedCrossSpec { stacking: StackingSpec::new(&config.model), depth: 2 };
    let (spec, mut params) = (ModelSpec::of::<GatedCross>(spec), Params::new());
    let model = Model::new(&spec, encoder.shapes(), &mut params, 1)?;
    for layer in model.layers().iter().rev().take(3).rev() {
        println!("{}: {} weights", layer.name, layer.n_parameters);
    }

    let optimizer = OptimizerConfig::new(Rule::ADAM, 3e-3);
    let mut engine = Engine::new(model, params, optimizer, 8, 1)?;
    let mut counts = encoder.new_counts();
    for epoch in 1..=3 {
        let mut losses = Vec::new();
        for rows in rows.chunks(256) {
            let mut batch: Batch = encoder.new_batch();
            for row in rows {
                encoder.encode(&binding, &row[..], &mut batch, &mut counts)?;
                batch.labels_mut().push(if row[0] == "1" { 1.0 } else { 0.0 });
            }
            losses.push(engine.step(&batch)?);
        }
        let mean = losses.iter().sum::<f64>() / losses.len() as f64;
        println!("epoch {epoch}: log loss {mean:.4}");
    }
    let training = TrainingSummary { rows: 20_000, steps: engine.n_steps(), ..Default::default() };
    let ((model, params), config) = (engine.into_parts(), config.to_toml()?);
    let (other_members, counts, calibrator) = (Vec::new(), Vec::new(), None);
    Ok(TrainedModel {
        config,
        encoder,
        spec,
        model,
        params,
        other_members,
        training,
        counts,
        calibrator,
    })
}

/// Scores rows of another seed.
fn scores(scorer: &Scorer) -> Result<Vec<f32>, Box<dyn Error>> {
    let binding = scorer.encoder().bind(&HEADER.map(String::from))?;
    let mut session = scorer.session();
    for row in rows(2, 1000)? {
        scorer.push(&mut session, &binding, &row[..])?;
    }
    Ok(scorer.score(&mut session).to_vec())
}

fn main() -> Result<(), Box<dyn Error>> {
    let before = Scorer::new(train()?);
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("gated.dcx");
    before.trained().save(&file)?;

    let error = TrainedModel::load(&file).map(drop).expect_err("the kind is not a built-in one");
    println!("without the kind: {error}");
    let kinds = Kinds::standard().with::<GatedCross>();
    let after = Scorer::new(TrainedModel::load_with(&file, &kinds)?);
    println!("depth in the file: {:?}", after.trained().spec.get::<GatedCross>().map(|s| s.depth));
    if scores(&before)? != scores(&after)? {
        return Err("the loaded network has other scores".into());
    }
    println!("the loaded network has the same scores to the bit");
    Ok(())
}
