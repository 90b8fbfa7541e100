//! The table of the epochs of a run, a line for each epoch as it ends.

use super::tables::metric;
use deepcross_train::EpochReport;

/// Writes the lines of the table, whose columns are as wide as their names.
pub(crate) struct EpochTable {
    /// The name of the training loss.
    loss: &'static str,
    /// Whether there is a column of learning rates.
    has_rates: bool,
    /// Whether the header has been written.
    is_begun: bool,
}

impl EpochTable {
    pub(crate) fn new(loss: &'static str, has_rates: bool) -> Self {
        Self { loss, has_rates, is_begun: false }
    }

    /// The line of an epoch; before the first one, a header with a blank line above it.
    pub(crate) fn lines(&mut self, report: &EpochReport) -> Vec<String> {
        let columns = self.columns(report);
        let names = columns.iter().map(|(name, _)| (*name, (*name).to_owned())).collect();
        let best = if report.best { "  best so far" } else { "" };
        let row = format!("{}{best}", line(columns));
        if std::mem::replace(&mut self.is_begun, true) {
            return vec![row];
        }
        vec![String::new(), line(names), row]
    }

    /// The name and the cell of each column.
    fn columns(&self, report: &EpochReport) -> Vec<(&'static str, String)> {
        let mut columns = vec![
            ("epoch", report.epoch.to_string()),
            (self.loss, format!("{:.4}", report.train_loss)),
        ];
        if let Some(valid) = &report.valid {
            columns.push(("validation log loss", metric(valid.log_loss)));
            columns.push(("validation AUC", metric(valid.auc)));
        }
        if self.has_rates {
            columns.push(("learning rate", format!("{:.2e}", report.learning_rate)));
        }
        columns
    }
}

/// A line of cells, the first aligned to the left, the others to the right, each as wide as the name of its column.
fn line(columns: Vec<(&'static str, String)>) -> String {
    let cell = |(i, (name, cell)): (usize, (&str, String))| match (i, name.chars().count()) {
        (0, width) => format!(" {cell:<width$}"),
        (_, width) => format!("  {cell:>width$}"),
    };
    columns.into_iter().enumerate().map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_below_the_names_of_their_columns() {
        let report = |epoch, train_loss, best| EpochReport {
            epoch,
            train_loss,
            learning_rate: 0.0125,
            valid: None,
            best,
        };
        let mut table = EpochTable::new("log loss", true);
        let lines = [table.lines(&report(1, 0.25, true)), table.lines(&report(10, 0.5, false))];
        let expected = [
            "",
            " epoch  log loss  learning rate",
            " 1        0.2500        1.25e-2  best so far",
            " 10       0.5000        1.25e-2",
        ];
        assert_eq!(lines.concat(), expected);
    }
}
