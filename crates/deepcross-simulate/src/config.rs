//! The settings of a simulation.

use serde::{Deserialize, Serialize};

/// Settings of a [`Simulator`](super::Simulator).
///
/// Simulations that differ only in `seed` are samples of one world, such as a training and a test file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SimulatorConfig {
    /// The seed of the rows; default 1.
    pub seed: u64,
    /// The seed of the world: of the campaigns, the users and the click model; default 1.
    pub world: u64,
    /// The number of campaigns; default 30,000, from 1 to 10,000,000.
    pub campaigns: usize,
    /// The standard deviation of the quality of campaigns, in logits; default 0.3, from 0 to 3.
    pub campaign_deviation: f64,
    /// The number of users; default 20,000, from 1 to 10,000,000.
    pub users: usize,
    /// The number of rows in a day; default 10,000, at least 1.
    pub rows_per_day: u64,
    /// The liking of a user for an ad, in logits: see the documentation of the crate; default 0, from 0 to 10.
    pub liking: f64,
    /// The share of rows with one of the five ads that the user returns to; default 0, from 0 to 1.
    pub returning: f64,
    /// The share of clicks; default 0.09, from 0.001 to 0.5.
    pub click_rate: f64,
}

impl Default for SimulatorConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            world: 1,
            campaigns: 30_000,
            campaign_deviation: 0.3,
            users: 20_000,
            rows_per_day: 10_000,
            liking: 0.0,
            returning: 0.0,
            click_rate: 0.09,
        }
    }
}

/// The most campaigns, and the most users.
const MOST: usize = 10_000_000;

impl SimulatorConfig {
    /// The problems of the settings, each as a sentence; empty if the settings are valid.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (key, value) in [("campaigns", self.campaigns), ("users", self.users)] {
            if !(1..=MOST).contains(&value) {
                problems.push(format!("`{key}`: must be from 1 to {MOST}, but is {value}."));
            }
        }
        if !(0.0..=3.0).contains(&self.campaign_deviation) {
            let value = self.campaign_deviation;
            problems.push(format!("`campaign_deviation`: must be from 0 to 3, but is {value}."));
        }
        for (key, value, most) in
            [("liking", self.liking, 10.0), ("returning", self.returning, 1.0)]
        {
            if !(0.0..=most).contains(&value) {
                problems.push(format!("`{key}`: must be from 0 to {most}, but is {value}."));
            }
        }
        if self.rows_per_day == 0 {
            problems.push("`rows_per_day`: must be at least 1, but is 0.".to_owned());
        }
        if !(0.001..=0.5).contains(&self.click_rate) {
            let value = self.click_rate;
            problems.push(format!("`click_rate`: must be from 0.001 to 0.5, but is {value}."));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_are_reported() {
        let check = |config: SimulatorConfig, keys: &[&str]| {
            let problems = config.problems();
            assert_eq!(problems.len(), keys.len(), "{problems:?}");
            for (problem, key) in problems.iter().zip(keys) {
                assert!(problem.starts_with(&format!("`{key}`: must be")), "{problem}");
            }
        };
        let default = SimulatorConfig::default();
        check(default.clone(), &[]);
        check(SimulatorConfig { click_rate: f64::NAN, ..default.clone() }, &["click_rate"]);
        check(
            SimulatorConfig { campaign_deviation: -0.1, ..default.clone() },
            &["campaign_deviation"],
        );
        check(
            SimulatorConfig { liking: -1.0, returning: 1.5, ..default.clone() },
            &["liking", "returning"],
        );
        check(SimulatorConfig { users: MOST + 1, ..default.clone() }, &["users"]);
        check(
            SimulatorConfig { campaigns: 0, users: 0, rows_per_day: 0, click_rate: 0.6, ..default },
            &["campaigns", "users", "rows_per_day", "click_rate"],
        );
    }

    #[test]
    fn settings_survive_toml() {
        let config = SimulatorConfig { seed: 7, click_rate: 0.05, ..SimulatorConfig::default() };
        let text = toml::to_string(&config).expect("the settings are plain values");
        assert_eq!(toml::from_str(&text), Ok(config));
        assert_eq!(toml::from_str("seed = 1"), Ok(SimulatorConfig::default()));
    }
}
