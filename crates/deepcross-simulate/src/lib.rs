#![doc = include_str!("../README.md")]
//!
//! # Worlds and seeds
//!
//! A [`Simulator`] draws rows of one **world**: its words, its campaigns, its users, and the reasons for their clicks.
//! [`SimulatorConfig::world`] chooses the world and [`SimulatorConfig::seed`] chooses the rows, so that two seeds give a
//! training and a test file of the same world.
//! A row depends only on the settings and on its index: the first rows of a longer file are the shorter file, and rows
//! can be drawn in any order or in parallel.
//! Nothing drifts: time changes the hour of the day and nothing else.
//!
//! # How a row is drawn
//!
//! 1. The **hour** follows from the index: a day has [`SimulatorConfig::rows_per_day`] rows, most of them in the
//!    evening.
//! 2. A **campaign** is drawn by Zipf's law (exponent 1.0) from [`SimulatorConfig::campaigns`].
//!    It has one of twelve topics, a bid phrase (the keyword), one ad (the title), an attitude (thrifty, premium or
//!    plain), a usual price and a quality.
//! 3. A **user** is drawn by a Zipf–Mandelbrot law (exponent 1.0, offset 20), with an age and a habitual device.
//! 4. A **query** is made around the bid phrase: the phrase itself, the phrase with more words around it, its words in
//!    other forms and another order, or free words of the topic (one time in five, of any topic).
//!    Words follow Zipf's law (exponent 1.2) over about 200 forms of a topic.
//!    A word that shows an attitude (`cheap`, `luxury`, `review`) is often in front, and one word in fifty is misspelt.
//! 5. The **match type** is the one that the query really has; a **position** on the page and a price around the
//!    campaign's usual price are drawn.
//! 6. The **click** is drawn with the probability below.
//!
//! # The probability of a click
//!
//! The logit of the probability is a sum; all sizes are in logits.
//! `q` and `a` are the attitudes of the query and of the ad: −1 for thrifty, +1 for premium, 0 otherwise.
//! `leisure`, `on_the_go` and `mid_life` are traits of the topic, −1 or +1.
//! `z` is the standardised logarithm of the price: price = 40 · exp(0.6 z).
//!
//! | term | size | fields |
//! |---|---|---|
//! | intercept | set so that [`SimulatorConfig::click_rate`] is met | – |
//! | quality of the campaign | N(0, d²), d = [`SimulatorConfig::campaign_deviation`] | campaign |
//! | inclination of the user | N(0, 0.15²) | user |
//! | topic | 0.3 (leisure + on_the_go + mid_life) + N(0, 0.1²) | words |
//! | attitudes | 0.25 q − 0.25 a; −0.6 for a query that seeks knowledge | words |
//! | price | −0.2 z | price |
//! | match type | 0.5 exact, 0.15 phrase, −0.15 broad, −0.7 contextual | match type |
//! | device | 0.1 desktop, −0.1 mobile, 0 tablet | device |
//! | hour | 0.15 cos(2π (hour − 20) / 24) | hour |
//! | position × device | (0.65, 0, −0.6, −1.2) × (0.6 desktop, 1.5 mobile, 0.9 tablet) | two |
//! | attitude × attitude | 0.6 q a | words of query and title |
//! | attitude × price | 0.4 q z | words of query, price |
//! | age × device | (age − 47.5) / 18.5 × (0.45, −0.6, 0.4) | two |
//! | topic × device | on_the_go × (−0.4, 0.5, 0) | words, device |
//! | topic × age | 0.5 mid_life cos(π (age − 45) / 25) | words, age: not monotone |
//! | user × ad | 0 by default; with [`SimulatorConfig::liking`] l, +l for one in four pairs, −l / 3 for the others | user, campaign |
//! | topic × device × part of day | leisure × a table of −0.6 to 0.7 | words, device, hour |
//!
//! The topic is not a column: it must be read from the words, each of which belongs to one topic.
//!
//! # Memory
//!
//! With [`SimulatorConfig::returning`], this share of the rows shows one of five ads that the user returns to, and with
//! [`SimulatorConfig::liking`], each pair of a user and an ad has an effect of its own: users who clicked an ad click it
//! again.
//! No other column tells of this effect, so that only a memory of the pair can.
//!
//! # Reasons
//!
//! Words, devices, hours and numbers carry the interactions, because they are frequent enough to learn from.
//! The effects of single campaigns and users are small, because most of them are rare.
//! Real campaigns differ more: in a world with a greater [`SimulatorConfig::campaign_deviation`] there is more to learn
//! about single campaigns.
//! Each interacting trait also has a main effect, because a learner finds the products of centred factors only late.
//! Rejected: a first version without main effects, with an effect drawn for each pair of topic and device, and an age
//! effect drawn for each topic.
//! With 300,000 rows and no weight decay, an embedding network closed less than a fifth of the gap between an additive
//! model and the truth.
//!
//! # What can be reached
//!
//! In the default world, with 300,000 rows of seed 1 for training and 100,000 rows of seed 2 for testing, the best
//! possible AUC is 0.827 (log loss 0.2385, against 0.3032 for the base rate alone).
//! An additive model of all columns reaches 0.733 (scikit-learn's `LogisticRegression`, C = 0.05, on one-hot fields and
//! texts, words, and numbers both plain and in bins); the click rate of the campaign alone reaches 0.644.
//! Half of the test rows (three quarters of the distinct queries) have a query that is not in the training file.

mod campaign;
mod click_model;
mod config;
mod discrete;
mod memory;
mod query;
mod random;
mod row;
mod user;
mod vocabulary;
mod word_lists;
mod world;

use std::io::{self, Write};

pub use config::SimulatorConfig;
pub use query::MatchType;
pub use row::{HEADER, SimulatedRow};
pub use user::Device;

use random::row_stream;
use world::World;

/// Draws rows of one world.
///
/// ```
/// use deepcross_simulate::{Simulator, SimulatorConfig};
///
/// # fn main() -> Result<(), Vec<String>> {
/// let simulator = Simulator::new(&SimulatorConfig { seed: 2, ..SimulatorConfig::default() })?;
/// let clicks = simulator.rows().take(1000).filter(|row| row.click).count();
/// assert!((40..200).contains(&clicks));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Simulator {
    world: World,
    seed: u64,
    rows_per_day: u64,
}

/// The numbers of rows and clicks in a file that was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimulationSummary {
    /// The number of rows.
    pub rows: u64,
    /// The number of rows with a click.
    pub clicks: u64,
    /// The sum of the true probabilities: the expected number of clicks.
    pub expected_clicks: f64,
}

impl Simulator {
    /// Builds the world, in some ten milliseconds and some ten megabytes at the default sizes.
    ///
    /// # Errors
    /// All of [`SimulatorConfig::problems`].
    pub fn new(config: &SimulatorConfig) -> Result<Self, Vec<String>> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(problems);
        }
        let SimulatorConfig { seed, rows_per_day, .. } = *config;
        Ok(Self { world: World::new(config), seed, rows_per_day })
    }

    /// The row with this `index`, which depends only on the settings and on the index.
    ///
    /// Costs one allocation, for the query.
    pub fn row(&self, index: u64) -> SimulatedRow<'_> {
        let part_of_day = (index % self.rows_per_day) as f64 / self.rows_per_day as f64;
        self.world.row(part_of_day, row_stream(self.seed, index))
    }

    /// The rows from index 0 on, in order of time, without an end.
    pub fn rows(&self) -> impl Iterator<Item = SimulatedRow<'_>> {
        (0..).map(|index| self.row(index))
    }

    /// Writes [`HEADER`] and the first `n_rows` rows to `out`, and their true probabilities to `truth`, as one column
    /// called `probability`.
    ///
    /// Both are written in many small pieces and are not flushed: pass buffered writers.
    ///
    /// # Errors
    /// If `out` or `truth` cannot be written to.
    pub fn write_tsv(
        &self,
        out: &mut dyn Write,
        mut truth: Option<&mut dyn Write>,
        n_rows: u64,
    ) -> io::Result<SimulationSummary> {
        writeln!(out, "{}", HEADER.join("\t"))?;
        if let Some(truth) = &mut truth {
            writeln!(truth, "probability")?;
        }
        let mut summary = SimulationSummary { rows: n_rows, clicks: 0, expected_clicks: 0.0 };
        for index in 0..n_rows {
            let row = self.row(index);
            row.write_tsv(out)?;
            if let Some(truth) = &mut truth {
                writeln!(truth, "{}", row.probability)?;
            }
            summary.clicks += u64::from(row.click);
            summary.expected_clicks += row.probability;
        }
        Ok(summary)
    }
}

#[cfg(test)]
mod tests;
