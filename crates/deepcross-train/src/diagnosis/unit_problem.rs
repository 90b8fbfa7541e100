//! Problems of residual units in training, found from their reports.
//!
//! They are judged and worded here, so that every program judges alike.
//! Gradients are compared with that of the last unit and not with fixed sizes: the size of a good gradient depends on
//! the loss, the rows and the width, but the change of a gradient on its way back through the units does not.

use super::unit_reports::UnitReport;

/// A gradient below this share of that of the last unit has vanished: it is about as large as the rounding errors of
/// `f32`.
const VANISHED: f64 = 1e-6;
/// A gradient of more than this multiple of that of the last unit has exploded.
const EXPLODED: f64 = 1e3;

/// A problem of a residual unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum UnitProblem {
    /// A gradient is NaN or infinite.
    NotFinite,
    /// No ReLU after the addition is active on any row: both paths are cut, no weight before the unit learns, and every
    /// row has the same prediction.
    Cut,
    /// No inner ReLU is active on any row: the unit passes its input on, and of its weights only an outer bias learns.
    Dead,
    /// The gradient of the unit's own weights is exactly 0, and no cut unit after it is the reason.
    NoGradient,
    /// The gradient at the unit's input is less than a millionth of that at the input of the last unit.
    Vanishing,
    /// The gradient at the unit's input is more than a thousand times that at the input of the last unit.
    Exploding,
}

impl UnitProblem {
    /// What is wrong, and what may help.
    pub(crate) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::NotFinite => (
                "a gradient is NaN or infinite",
                "lower `train.learning_rate`, or scale numbers by their `transform`",
            ),
            Self::Cut => (
                "dead: no ReLU after the addition is active, so all rows get the same prediction",
                "lower `train.learning_rate`, or set `model.outer_activation` to identity",
            ),
            Self::Dead => (
                "dead: no inner ReLU is active, so the weights learn nothing",
                "lower `train.learning_rate`, or try another `train.seed`",
            ),
            Self::NoGradient => (
                "the gradient of the weights is 0, so they learn nothing",
                "lower `train.learning_rate`, use fewer units, or ReLU instead of sigmoid or tanh",
            ),
            Self::Vanishing => (
                "the gradient vanishes: it is less than a millionth of the last unit's",
                "use fewer units, ReLU instead of sigmoid or tanh, or set `model.outer_activation` to identity",
            ),
            Self::Exploding => (
                "the gradient explodes: it is more than 1,000 times the last unit's",
                "use fewer units, or lower `train.learning_rate`",
            ),
        }
    }
}

/// The units that have a problem, in order, each with its first [`UnitProblem`].
///
/// `units` are the reports of all units, as in [`Event::Units`](crate::Event::Units).
pub fn unit_problems(units: &[UnitReport]) -> Vec<(usize, UnitProblem)> {
    let judged = units.iter().enumerate();
    let problems = judged.filter_map(|(i, unit)| Some((unit.unit, problem(unit, &units[i..])?)));
    problems.collect()
}

/// The problem of a unit; `from_here` are the reports from this unit to the last one.
fn problem(unit: &UnitReport, from_here: &[UnitReport]) -> Option<UnitProblem> {
    let last = from_here.last().map_or(0.0, |last| last.input_gradient);
    let after_a_cut = from_here.iter().skip(1).any(is_cut);
    let judgements = [
        (UnitProblem::NotFinite, !(unit.input_gradient + unit.weight_gradient).is_finite()),
        (UnitProblem::Cut, is_cut(unit)),
        (UnitProblem::Dead, unit.inner.is_some_and(|relu| relu.active == 0.0)),
        (UnitProblem::NoGradient, unit.weight_gradient == 0.0 && !after_a_cut),
        (UnitProblem::Vanishing, unit.input_gradient < VANISHED * last && !after_a_cut),
        (UnitProblem::Exploding, unit.input_gradient > EXPLODED * last && last > 0.0),
    ];
    judgements.into_iter().find(|(_, is_so)| *is_so).map(|(problem, _)| problem)
}

fn is_cut(unit: &UnitReport) -> bool {
    unit.outer.is_some_and(|relu| relu.active == 0.0)
}

/// The end of an epoch in words; 0 is the start of the run.
pub fn moment(epoch: u32) -> String {
    match epoch {
        0 => "at the start".to_owned(),
        epoch => format!("after epoch {epoch}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::ReluReport;

    const RELU: Option<ReluReport> = Some(ReluReport { active: 0.5, dead: 1, width: 4 });
    const OFF: Option<ReluReport> = Some(ReluReport { active: 0.0, dead: 4, width: 4 });

    /// Reports of (input gradient, weight gradient, inner, outer).
    fn reports(units: &[(f64, f64, Option<ReluReport>, Option<ReluReport>)]) -> Vec<UnitReport> {
        let report = |(unit, &(input_gradient, weight_gradient, inner, outer))| UnitReport {
            unit,
            input_gradient,
            weight_gradient,
            inner,
            outer,
        };
        units.iter().enumerate().map(report).collect()
    }

    #[test]
    fn units_with_problems_are_found() {
        use UnitProblem::*;
        let good = (1.0, 0.5, RELU, RELU);
        let smooth = (1.0, 0.5, None, None);
        let cases: &[(&[_], &[_])] = &[
            (&[], &[]),
            (&[good, smooth, good], &[]),
            (&[(2e-6, 0.5, RELU, RELU), good], &[]),
            (&[(5e-7, 0.5, RELU, RELU), good], &[(0, Vanishing)]),
            (
                &[(5e-10, 0.5, None, None), (1e-7, 0.5, None, None), good],
                &[(0, Vanishing), (1, Vanishing)],
            ),
            (&[(999.0, 0.5, RELU, RELU), good], &[]),
            (&[(1001.0, 0.5, RELU, RELU), good], &[(0, Exploding)]),
            (&[good, (5e-10, 0.5, RELU, RELU)], &[(0, Exploding)]),
            (&[good, (0.0, 0.5, RELU, RELU)], &[]),
            (&[good, (1.0, 0.0, RELU, RELU), good], &[(1, NoGradient)]),
            (&[good, (1.0, 0.5, OFF, RELU)], &[(1, Dead)]),
            (&[(1.0, 0.0, OFF, None), good], &[(0, Dead)]),
            // Smooth activations have no active share, and problems that only follow from another one are not reported.
            (&[(0.0, 0.0, RELU, RELU), (0.0, 0.0, OFF, OFF), good], &[(1, Cut)]),
            (&[(0.0, 0.0, OFF, RELU), (0.0, 0.0, RELU, OFF)], &[(0, Dead), (1, Cut)]),
            (&[(f64::NAN, 0.5, OFF, OFF), good], &[(0, NotFinite)]),
            (&[(1.0, f64::INFINITY, RELU, RELU), good], &[(0, NotFinite)]),
            (&[good, (f64::INFINITY, 0.5, RELU, RELU)], &[(0, Vanishing), (1, NotFinite)]),
        ];
        for (units, expected) in cases {
            assert_eq!(unit_problems(&reports(units)), *expected, "{units:?}");
        }
    }
}
