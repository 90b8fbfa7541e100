//! Builds Deep Crossing by hand, from tape, layers and optimizer, without the data crates and the trainer.
//!
//! A click is likely if an ad and a user have the same taste, and unlikely otherwise.
//! All ads and all users have the same click rate, so a model that only adds a value of the ad and a value of the user
//! learns nothing: its log loss stays at that of a coin, 0.693.
//!
//! ```text
//! cargo run --release --example deep_crossing_from_parts
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use deepcross::autodiff::{Gradients, Params, Pass, Tape, Var};
use deepcross::layers::fields::{EmbeddingConfig, FieldInput, StackedField, Stacking};
use deepcross::layers::units::{ResidualUnitConfig, Unit};
use deepcross::layers::{Builder, Module, Scoring, ScoringConfig};
use deepcross::optim::{Optimizer, OptimizerConfig, Rule};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const ADS: u32 = 40;
const USERS: u32 = 60;
const ROWS: usize = 256;

struct Model {
    stacking: Stacking,
    units: Vec<Unit>,
    scoring: Scoring,
}

/// Each row's ad, user and click.
struct Clicks {
    ads: Vec<u32>,
    users: Vec<u32>,
    labels: Vec<f32>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for n_units in [0, 2] {
        println!("{n_units} residual units:");
        train(n_units)?;
    }
    Ok(())
}

fn train(n_units: usize) -> Result<(), Box<dyn std::error::Error>> {
    let mut params = Params::new();
    let model = Model::new(&mut Builder::new(&mut params, 2016), n_units);
    let mut optimizer = Optimizer::new(OptimizerConfig::new(Rule::ADAM, 0.01), &params)?;
    let (mut tape, mut gradients) = (Tape::new(), Gradients::new(&params));
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for step in 0..=400 {
        let clicks = Clicks::draw(&mut random);
        let mut pass = tape.record(&params);
        let logits = model.forward(&mut pass, &clicks);
        let loss = pass.log_loss(logits, &clicks.labels, None);
        if step % 100 == 0 {
            println!("  step {step:3}: log loss {:.4}", pass.scalar(loss));
        }
        gradients.clear();
        pass.backward(loss, &mut gradients);
        optimizer.step(&mut params, &mut gradients);
    }
    Ok(())
}

impl Model {
    fn new(builder: &mut Builder<'_, f32>, n_units: usize) -> Self {
        let fields = [("ad", ADS), ("user", USERS)].map(|(name, dimensions)| {
            StackedField::Embedding(
                EmbeddingConfig::new(name, dimensions as usize, 8).init(builder),
            )
        });
        let stacking = Stacking::new(fields.to_vec(), builder.params());
        let width = stacking.width();
        let unit = |i| ResidualUnitConfig::new(format!("unit{i}"), width, 32);
        let units = (0..n_units).map(|i| Unit::Residual(unit(i).init(builder))).collect();
        let scoring = ScoringConfig::new("score", width).init(builder);
        Self { stacking, units, scoring }
    }

    /// The model as the paper draws it, from the bottom up.
    fn forward(&self, pass: &mut Pass<'_, f32>, clicks: &Clicks) -> Var {
        let inputs = [FieldInput::Ids(&clicks.ads), FieldInput::Ids(&clicks.users)];
        let stacked = self.stacking.forward(pass, ROWS, |field| inputs[field]);
        let crossed = self.units.iter().fold(stacked, |x, unit| unit.forward(pass, x));
        self.scoring.forward(pass, crossed)
    }
}

impl Clicks {
    fn draw(random: &mut impl Rng) -> Self {
        let ads: Vec<u32> = (0..ROWS).map(|_| random.random_range(0..ADS)).collect();
        let users: Vec<u32> = (0..ROWS).map(|_| random.random_range(0..USERS)).collect();
        // Odd likes odd and even likes even; one click or miss in ten is by chance.
        let same_taste = ads.iter().zip(&users).map(|(ad, user)| (ad + user) % 2 == 0);
        let labels = same_taste.map(|same| f32::from(same != random.random_bool(0.1))).collect();
        Self { ads, users, labels }
    }
}
