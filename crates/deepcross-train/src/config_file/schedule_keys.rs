//! The keys of `[train]` that say how learning rates change.

use super::train_config::{Schedule, TrainConfig};
use deepcross_features::Problem;

impl TrainConfig {
    /// The keys of the schedule that are out of range or have no meaning.
    pub(crate) fn schedule_problems(&self) -> Vec<Problem> {
        use Schedule::{Cosine, Plateau, Step};
        let within = |name, value: Option<f64>, good: bool, range: &str| {
            Problem::unless(good, name, &format!("be in {range}"), value.unwrap_or_default())
        };
        let (factor, minimum) = (self.decay_factor, self.decay_minimum);
        let good_factor = factor.is_none_or(|factor| factor > 0.0 && factor < 1.0);
        let good_minimum = minimum.is_none_or(|minimum| (0.0..1.0).contains(&minimum));
        let mut problems: Vec<_> = [
            within("decay_factor", factor, good_factor, "(0, 1)"),
            within("decay_minimum", minimum, good_minimum, "[0, 1)"),
        ]
        .into_iter()
        .flatten()
        .collect();
        let counts = [("decay_every", self.decay_every), ("decay_patience", self.decay_patience)];
        let zeros = counts.iter().filter(|(_, count)| *count == Some(0));
        problems
            .extend(zeros.filter_map(|(key, _)| Problem::unless(false, key, "be at least 1", 0)));
        let keys: [(&str, bool, &[Schedule], &str); 4] = [
            ("decay_factor", factor.is_some(), &[Step, Plateau], "`step` and `plateau`"),
            ("decay_every", self.decay_every.is_some(), &[Step], "`step`"),
            ("decay_patience", self.decay_patience.is_some(), &[Plateau], "`plateau`"),
            (
                "decay_minimum",
                minimum.is_some(),
                &[Cosine, Step, Plateau],
                "`cosine`, `step` and `plateau`",
            ),
        ];
        let misplaced = keys.iter().filter(|(_, set, of, _)| *set && !of.contains(&self.schedule));
        problems.extend(misplaced.map(|(key, _, _, names)| {
            Problem::new(*key, format!("has a meaning only with the `schedule` {names}"))
        }));
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_name_key_and_range() {
        for (text, problem) in [
            (
                "schedule = 'step'\ndecay_factor = 1",
                "`train.decay_factor`: must be in (0, 1), but is 1",
            ),
            (
                "schedule = 'plateau'\ndecay_patience = 0",
                "`train.decay_patience`: must be at least 1, but is 0",
            ),
            (
                "schedule = 'cosine'\ndecay_minimum = -1",
                "`train.decay_minimum`: must be in [0, 1), but is -1",
            ),
            (
                "decay_every = 2",
                "`train.decay_every`: has a meaning only with the `schedule` `step`",
            ),
        ] {
            let config: TrainConfig = toml::from_str(text).expect("a well-formed section");
            assert_eq!(
                config.problems().iter().map(Problem::to_string).collect::<Vec<_>>(),
                [problem]
            );
        }
    }
}
