//! The page of a search: the verdict, the best trials, their way up the rungs, and what mattered.

use crate::error::TuneError;
use crate::importance::Importance;
use crate::sentences::{by_name, settings, verdict};
use crate::tuned::Tuned;
use deepcross_metrics::Interval;
use deepcross_profile::number_text::{counted, metric};
use deepcross_report::{
    Figure, IntervalRow, Plot, Reference, Report, Section, Series, Table, YScale,
};
use deepcross_train::pages::footer;

/// The most trials in the table of the best.
const BEST: usize = 20;

pub(crate) fn page(tuned: &Tuned) -> Result<Report, TuneError> {
    let mut report = Report::new("A search for settings");
    let n_trials = tuned.trials().len() as u64;
    report.fact("trials", counted(n_trials, "trial"));
    report.fact("chosen by", format!("the validation {}", by_name(tuned.by)));
    let rungs = tuned.rungs.iter().map(|rung| format!("{} for {}", rung.trials, rung.epochs));
    report.fact("trials and epochs of the rungs", rungs.collect::<Vec<_>>().join(", "));
    report.figures = figures(tuned);
    report.note = verdict(tuned);
    let mut config = Section::new("The configuration of the winner");
    config.text = tuned.winner.config.to_toml()?;
    report.sections = vec![trials(tuned), mattered(&tuned.importance), space(tuned), config];
    report.footer = footer();
    Ok(report)
}

/// The metrics of both sides of the last comparison.
fn figures(tuned: &Tuned) -> Vec<Figure> {
    let Some(comparison) = &tuned.comparison else { return Vec::new() };
    let figure = |name: &str, estimate: deepcross_metrics::inference::SeedEstimate| {
        let interval = Interval { low: estimate.low, high: estimate.high };
        Figure::new(name, Some(estimate.value)).with_interval(Some(interval))
    };
    let (default, winner) = (&comparison.default, &comparison.winner);
    vec![
        figure("test log loss, winner", winner.log_loss),
        figure("test log loss, default", default.log_loss),
        figure("test AUC, winner", winner.auc),
        figure("test AUC, default", default.auc),
    ]
}

/// The best trials, and the scores of those that reached the last rung.
fn trials(tuned: &Tuned) -> Section {
    let mut section = Section::new("Trials").with_note(
        "Scores are validation metrics, higher is better. The best of many looks better than it is, since luck has chosen it \
         too: only the test rows above show what was won.",
    );
    let header = ["trial", "epochs", "score", "log loss", "AUC", "settings"];
    let mut table = Table::new(format!("The best {BEST} at most"), &header);
    let ranking = tuned.ranking();
    for &trial in ranking.iter().take(BEST) {
        let Some(own) = tuned.records.trained(trial) else { continue };
        table.push([
            trial.to_string(),
            own.epochs.to_string(),
            format!("{:.5}", own.score),
            metric(own.log_loss),
            metric(own.auc),
            settings(tuned, trial),
        ]);
    }
    section.tables.push(table);
    section.plots.push(curves(tuned));
    section
}

/// The scores of the best trials after the epochs of each rung.
fn curves(tuned: &Tuned) -> Plot {
    const SHOWN: usize = 8;
    let series = tuned.ranking().into_iter().take(SHOWN).map(|trial| {
        let own = tuned.records.iter().filter(|record| record.trial == trial);
        let points = own.filter_map(|record| {
            let trained = record.outcome.trained()?;
            Some((f64::from(trained.epochs), trained.score))
        });
        Series { name: format!("trial {trial}"), points: points.collect() }
    });
    let series: Vec<_> = series.collect();
    Plot::lines("Scores after each rung", "score", YScale::Linear, &series, None)
}

/// The share of each key, beside that of chance.
fn mattered(all: &[Importance]) -> Section {
    let mut section = Section::new("What mattered").with_note(
        "The share of the differences between the trials of the first rung that goes with the values of a key, and the share \
         that chance gives it, by permuted trials. Keys that act only together with others may show little.",
    );
    if all.is_empty() {
        return section;
    }
    let header = ["key", "share", "by chance", "p"];
    let mut table = Table::new("", &header);
    for Importance { key, share, by_chance, p_value } in all {
        table.push([
            key.clone(),
            format!("{share:.3}"),
            format!("{by_chance:.3}"),
            format!("{p_value:.4}"),
        ]);
    }
    let rows: Vec<_> = all
        .iter()
        .map(|one| IntervalRow {
            name: one.key.clone(),
            estimate: one.share - one.by_chance,
            interval: None,
        })
        .collect();
    let reference = Some(Reference { value: 0.0, name: "chance" });
    section.plots.push(Plot::intervals("Share beyond chance", "share", &rows, reference));
    section.tables.push(table);
    section
}

/// The values of all keys, and the trials that are out.
fn space(tuned: &Tuned) -> Section {
    let mut section = Section::new("Ranges").with_note(match tuned.space.is_inferred {
        true => "The configuration has no ranges: the program chose them.",
        false => "",
    });
    let mut table = Table::new("", &["key", "values"]).of_text();
    for dimension in &tuned.space.dimensions {
        table.push([dimension.key.clone(), dimension.domain.to_string()]);
    }
    section.tables.push(table);
    let out = tuned.out();
    if !out.is_empty() {
        let mut table = Table::new("Trials that are out", &["trial", "reason"]).of_text();
        out.into_iter().for_each(|(trial, reason)| table.push([trial.to_string(), reason]));
        section.tables.push(table);
    }
    section
}
