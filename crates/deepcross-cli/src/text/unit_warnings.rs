//! Reports on the residual units of a run: a warning as soon as a unit has a problem, and a table at the end.

use super::tables::{grouped, table};
use deepcross_train::diagnosis::{ReluReport, UnitProblem, UnitReport, unit_problems};
use std::collections::BTreeSet;

/// The most units in the table; a deeper model shows this many, evenly spaced.
const MAX_LINES: usize = 10;

/// Collects the reports of a run on its units.
#[derive(Default)]
pub(crate) struct UnitWarnings {
    rows: usize,
    epoch: u32,
    /// The epoch of the first report: 0 is the start of the run; a resumed run reports after its next epoch.
    first_epoch: u32,
    first: Vec<UnitReport>,
    last: Vec<UnitReport>,
    reported: BTreeSet<(UnitProblem, usize)>,
}

impl UnitWarnings {
    /// The lines of all warnings that have not been given before: one warning for all units with the same problem.
    pub(crate) fn observe(&mut self, epoch: u32, rows: usize, units: &[UnitReport]) -> Vec<String> {
        if self.first.is_empty() {
            (self.first, self.first_epoch) = (units.to_vec(), epoch);
        }
        self.last = units.to_vec();
        (self.epoch, self.rows) = (epoch, rows);
        let mut new = unit_problems(units);
        new.retain(|&(unit, problem)| self.reported.insert((problem, unit)));
        let kinds: BTreeSet<UnitProblem> = new.iter().map(|&(_, problem)| problem).collect();
        let warning = |problem| {
            let of_kind = new.iter().filter(|(_, other)| *other == problem);
            self.warning(problem, &of_kind.map(|&(unit, _)| unit).collect::<Vec<_>>())
        };
        kinds.into_iter().flat_map(warning).collect()
    }

    fn warning(&self, problem: UnitProblem, units: &[usize]) -> [String; 2] {
        let (names, moment) = (names(units), moment(self.epoch));
        let (what, advice) = words(problem);
        [format!("warning: {names} {moment}: {what}"), format!("  {advice}")]
    }

    /// The table of the units at the start and at the end of the run; `None` if there are none.
    pub(crate) fn table(&self) -> Option<String> {
        let (n, last) = (self.last.len(), self.last.len().checked_sub(1)?);
        let columns = self.columns();
        let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
        let mut table = table(&names);
        let steps = last.min(MAX_LINES - 1);
        for unit in (0..=steps).map(|step| step * last / steps.max(1)) {
            let (first, last) = (&self.first[unit], &self.last[unit]);
            table.add_row(columns.iter().map(|(_, cell)| cell(first, last)));
        }
        let of_all = if n > MAX_LINES { format!("{MAX_LINES} of {n} ") } else { String::new() };
        let rows = grouped(self.rows as u64);
        let (first, moment) = (moment(self.first_epoch), moment(self.epoch));
        let title = format!("{of_all}residual units on {rows} training rows, {first} → {moment}");
        Some(format!("{title}\n\n{}", table.trim_fmt()))
    }

    /// The columns of the table; shares of ReLUs only if there are some.
    fn columns(&self) -> Vec<(&'static str, Cell)> {
        let all: [(_, bool, Cell); 5] = [
            ("unit", true, |first, _| first.unit.to_string()),
            ("gradient at its input", true, |first, last| {
                change(first.input_gradient, last.input_gradient)
            }),
            ("of its weights", true, |first, last| {
                change(first.weight_gradient, last.weight_gradient)
            }),
            ("inner ReLUs active", self.last.iter().any(|unit| unit.inner.is_some()), |_, last| {
                activity(last.inner)
            }),
            ("outer ReLUs active", self.last.iter().any(|unit| unit.outer.is_some()), |_, last| {
                activity(last.outer)
            }),
        ];
        let shown = all.into_iter().filter(|(_, is_shown, _)| *is_shown);
        shown.map(|(name, _, cell)| (name, cell)).collect()
    }
}

/// Formats a cell from the first and the last report of a unit.
type Cell = fn(&UnitReport, &UnitReport) -> String;

fn moment(epoch: u32) -> String {
    if epoch == 0 { "at the start".to_owned() } else { format!("after epoch {epoch}") }
}

/// What is wrong, and what may help, in words.
fn words(problem: UnitProblem) -> (&'static str, &'static str) {
    match problem {
        UnitProblem::NotFinite => (
            "a gradient is NaN or infinite",
            "lower `train.learning_rate`, or scale numbers by their `transform`",
        ),
        UnitProblem::Cut => (
            "dead: no ReLU after the addition is active, so all rows get the same prediction",
            "lower `train.learning_rate`, or set `model.outer_activation` to identity",
        ),
        UnitProblem::Dead => (
            "dead: no inner ReLU is active, so the weights learn nothing",
            "lower `train.learning_rate`, or try another `train.seed`",
        ),
        UnitProblem::NoGradient => (
            "the gradient of the weights is 0, so they learn nothing",
            "lower `train.learning_rate`, use fewer units, or ReLU instead of sigmoid or tanh",
        ),
        UnitProblem::Vanishing => (
            "the gradient vanishes: it is less than a millionth of the last unit's",
            "use fewer units, ReLU instead of sigmoid or tanh, or set `model.outer_activation` to identity",
        ),
        UnitProblem::Exploding => (
            "the gradient explodes: it is more than 1,000 times the last unit's",
            "use fewer units, or lower `train.learning_rate`",
        ),
        _ => ("something is wrong", "lower `train.learning_rate`, or use fewer units"),
    }
}

/// The names of units: of 0, 1, 2, 3 and 7, "units 0–3, 7".
fn names(units: &[usize]) -> String {
    let runs = units.chunk_by(|a, b| a + 1 == *b);
    let name = |run: &[usize]| match run {
        [first, .., last] => format!("{first}–{last}"),
        _ => run.iter().map(usize::to_string).collect(),
    };
    let noun = if units.len() == 1 { "unit" } else { "units" };
    format!("{noun} {}", runs.map(name).collect::<Vec<_>>().join(", "))
}

fn change(first: f64, last: f64) -> String {
    let number = |value| if value == 0.0 { "0".to_owned() } else { format!("{value:.1e}") };
    format!("{} → {}", number(first), number(last))
}

/// The share of active ReLUs, with the dead ones if there are any.
fn activity(relus: Option<ReluReport>) -> String {
    let Some(ReluReport { active, dead, width }) = relus else { return "–".to_owned() };
    let share = format!("{:.0} %", 100.0 * active);
    if dead == 0 { share } else { format!("{share}, {dead} of {width} never") }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn runs_of_units_are_named_by_their_ends() {
        let cases: [(&[usize], _); 4] = [
            (&[3], "unit 3"),
            (&[3, 4], "units 3–4"),
            (&[0, 2], "units 0, 2"),
            (&[0, 1, 2, 3, 7, 9, 10], "units 0–3, 7, 9–10"),
        ];
        for (units, expected) in cases {
            assert_eq!(names(units), expected);
        }
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
            let lines = units.observe(epoch, 10, &reports(gradients));
            let warnings: Vec<_> = lines.iter().step_by(2).collect();
            assert_eq!(warnings.len(), expected.len(), "{lines:?}");
            for (warning, expected) in warnings.into_iter().zip(expected) {
                assert!(warning.starts_with(&format!("warning: {expected}")), "{warning}");
            }
        }
    }

    #[test]
    fn a_table_has_every_unit_of_some_and_some_of_many() {
        for (n, shown) in [
            (1, &[0][..]),
            (3, &[0, 1, 2]),
            (10, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
            (30, &[0, 3, 6, 9, 12, 16, 19, 22, 25, 29]),
        ] {
            let mut units = UnitWarnings::default();
            units.observe(0, 1024, &reports(&vec![0.25; n]));
            units.observe(2, 1024, &reports(&vec![0.0; n]));
            let table = units.table().unwrap();
            let (title, lines) = table.split_once("\n\n").unwrap();
            assert!(
                title.ends_with("on 1,024 training rows, at the start → after epoch 2"),
                "{title}"
            );
            assert_eq!(title.starts_with("10 of 30"), n == 30, "{title}");
            let lines: Vec<_> = lines.lines().skip(1).collect();
            assert_eq!(lines.len(), shown.len(), "{table}");
            assert!(!table.contains("outer"), "no unit has an outer ReLU\n{table}");
            for (line, unit) in lines.iter().zip(shown) {
                let cells: Vec<_> =
                    line.split("  ").map(str::trim).filter(|c| !c.is_empty()).collect();
                let unit = unit.to_string();
                let expected = [&unit, "2.5e-1 → 0", "5.0e-1 → 5.0e-1", "46 %, 2 of 8 never"];
                assert_eq!(cells, expected, "{table}");
            }
        }
        assert_eq!(UnitWarnings::default().table(), None);
    }
}
