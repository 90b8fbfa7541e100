//! The table of the residual units of a run, at its start and at its end.

use super::tables::{grouped, table};
use deepcross_train::MemberPlace;
use deepcross_train::diagnosis::{ReluReport, UnitReport, moment};

/// The most units in the table; a deeper model shows this many, evenly spaced.
const MAX_LINES: usize = 10;

/// Collects the reports of a run on its units.
#[derive(Default)]
pub(crate) struct UnitTable {
    rows: usize,
    /// The end of their name, if there are several members.
    of_member: String,
    epoch: u32,
    /// The epoch of the first report: 0 is the start of the run; a resumed run reports after its next epoch.
    first_epoch: u32,
    first: Vec<UnitReport>,
    last: Vec<UnitReport>,
}

impl UnitTable {
    /// Takes the reports of an epoch.
    pub(crate) fn observe(
        &mut self,
        epoch: u32,
        member: MemberPlace,
        rows: usize,
        units: &[UnitReport],
    ) {
        if self.first.is_empty() {
            (self.first, self.first_epoch) = (units.to_vec(), epoch);
        }
        self.last = units.to_vec();
        (self.epoch, self.rows, self.of_member) = (epoch, rows, member.of_several());
    }

    /// The table of the units at the start and at the end of the run; `None` if there are none.
    pub(crate) fn text(&self) -> Option<String> {
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
        let of_member = &self.of_member;
        let title = format!(
            "{of_all}residual units{of_member} on {rows} training rows, {first} → {moment}"
        );
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
    fn a_table_has_every_unit_of_some_and_some_of_many() {
        for (n, shown) in [
            (1, &[0][..]),
            (3, &[0, 1, 2]),
            (10, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
            (30, &[0, 3, 6, 9, 12, 16, 19, 22, 25, 29]),
        ] {
            let mut units = UnitTable::default();
            let member = MemberPlace { number: 1, of: n };
            units.observe(0, member, 1024, &reports(&vec![0.25; n]));
            units.observe(2, member, 1024, &reports(&vec![0.0; n]));
            let table = units.text().unwrap();
            let (title, lines) = table.split_once("\n\n").unwrap();
            assert!(
                title.ends_with("on 1,024 training rows, at the start → after epoch 2"),
                "{title}"
            );
            assert_eq!(title.starts_with("10 of 30"), n == 30, "{title}");
            assert_eq!(title.contains(&format!("of member 1 of {n} on")), n > 1, "{title}");
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
        assert_eq!(UnitTable::default().text(), None);
    }
}
