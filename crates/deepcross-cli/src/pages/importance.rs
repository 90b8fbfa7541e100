//! The section of importance on the page of `deepcross evaluate`.

use crate::text::evaluation_text::{names, permuted_rows};
use deepcross_metrics::Interval;
use deepcross_report::{IntervalRow, Plot, Reference, Section, Table};
use deepcross_train::importance::{Importance, ImportanceEstimate, Importances};

/// The loss of log loss and AUC if the values of a field are permuted.
pub(super) fn section(found: &Importances, of: u64) -> Section {
    let mut section = Section::new("Importance").with_note(format!(
        "The loss if the values of a field are permuted among the rows ({}, {} permutations of each field), with 95 % \
         intervals. It shows what this model relies on: if two fields say the same, each may look unimportant.",
        permuted_rows(found, of),
        found.repeats
    ));
    type Of = fn(&Importance) -> Option<ImportanceEstimate>;
    let parts: [(&str, &str, Of); 2] = [
        ("Log loss added", "log loss, in nats", |one| one.log_loss),
        ("AUC lost", "AUC", |one| one.auc),
    ];
    let nothing = Some(Reference { value: 0.0, name: "nothing lost" });
    for (title, axis, of) in parts {
        let rows: Vec<_> =
            found.fields.iter().map(|one| interval_row(names(one), of(one))).collect();
        section.plots.push(Plot::intervals(title, axis, &rows, nothing));
    }
    let header = ["fields", "log loss added", "from", "to", "AUC lost", "from", "to"];
    let mut table = Table::new("Loss by field", &header);
    let cells = |lost: Option<ImportanceEstimate>| {
        [
            |lost: ImportanceEstimate| lost.lost,
            |lost: ImportanceEstimate| lost.low,
            |lost: ImportanceEstimate| lost.high,
        ]
        .map(|number| lost.map_or_else(|| "–".to_owned(), |lost| format!("{:.5}", number(lost))))
    };
    let mut push = |name: String, one: &Importance| {
        table.push([name].into_iter().chain(cells(one.log_loss)).chain(cells(one.auc)));
    };
    found.fields.iter().for_each(|one| push(names(one), one));
    push("all fields together".to_owned(), &found.all);
    section.tables.push(table);
    section
}

fn interval_row(name: String, lost: Option<ImportanceEstimate>) -> IntervalRow {
    let interval = lost.map(|lost| Interval { low: lost.low, high: lost.high });
    IntervalRow { name, estimate: lost.map_or(f64::NAN, |lost| lost.lost), interval }
}
