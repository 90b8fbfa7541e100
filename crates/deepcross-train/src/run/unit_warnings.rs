//! Finds the problems of residual units that a run has not warned of yet.

use crate::diagnosis::{UnitProblem, UnitReport, unit_problems};
use crate::member_place::MemberPlace;
use crate::warning::Warning;
use std::collections::BTreeSet;

/// The problems of units that were found so far in a run.
#[derive(Debug, Default)]
pub(super) struct UnitWarnings {
    found: BTreeSet<(UnitProblem, usize)>,
}

impl UnitWarnings {
    /// The warnings that are new after this epoch: one for all units with the same problem.
    pub(super) fn after(
        &mut self,
        epoch: u32,
        member: MemberPlace,
        reports: &[UnitReport],
    ) -> Vec<Warning> {
        let mut new = unit_problems(reports);
        new.retain(|&(unit, problem)| self.found.insert((problem, unit)));
        let problems: BTreeSet<UnitProblem> = new.iter().map(|&(_, problem)| problem).collect();
        let warning = |problem| {
            let of_problem = new.iter().filter(|(_, other)| *other == problem);
            let units = of_problem.map(|&(unit, _)| unit).collect();
            Warning::Units { epoch, member, units, problem }
        };
        problems.into_iter().map(warning).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::ReluReport;

    fn reports(gradients: &[f64]) -> Vec<UnitReport> {
        let relus = Some(ReluReport { active: 0.456, dead: 2, width: 8 });
        let report = |(unit, &input_gradient)| UnitReport {
            unit,
            input_gradient,
            weight_gradient: 0.5,
            inner: relus,
            outer: None,
        };
        gradients.iter().enumerate().map(report).collect()
    }

    #[test]
    fn each_problem_is_reported_once_for_all_its_new_units() {
        let mut units = UnitWarnings::default();
        let cases: [(&[f64], &[&str]); 5] = [
            (&[1.0, 1.0, 1.0, 1.0], &[]),
            (&[1e-7, 1e-7, 1.0, 1.0], &["units 0–1 after epoch 1: the gradient vanishes"]),
            (&[1e-7, 1e-7, 1.0, 1.0], &[]),
            (&[1e-7, 1e-7, 1e-7, 1.0], &["unit 2 after epoch 3: the gradient vanishes"]),
            (
                &[f64::NAN, 1e4, 1e-7, 1.0],
                &[
                    "unit 0 after epoch 4: a gradient is NaN",
                    "unit 1 after epoch 4: the gradient explodes",
                ],
            ),
        ];
        for (epoch, (gradients, expected)) in (0..).zip(cases) {
            let warnings =
                units.after(epoch, MemberPlace { number: 1, of: 1 }, &reports(gradients));
            assert_eq!(warnings.len(), expected.len(), "{warnings:?}");
            for (warning, expected) in warnings.iter().zip(expected) {
                let warning = warning.to_string();
                assert!(warning.starts_with(expected), "{warning}");
            }
        }
    }
}
