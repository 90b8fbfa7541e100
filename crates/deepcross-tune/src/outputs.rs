//! What a search leaves: the winner's configuration and model, a table of all trials, a page, and an object of JSON.

use crate::error::TuneError;
use crate::page::page;
use crate::record::Outcome;
use crate::sentences::verdict;
use crate::space::Dimension;
use crate::tuned::Tuned;
use deepcross_files::{AtomicFile, FileError, TemporaryNames, resolved};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// The winner's configuration.
pub const WINNER_CONFIG: &str = "winner.toml";
/// The winner's model.
pub const WINNER_MODEL: &str = "winner.dcx";
/// The table of trials.
pub const TABLE: &str = "trials.csv";
/// The page.
pub const PAGE: &str = "report.html";

/// The result as one object, for other programs.
///
/// # Errors
/// If the configuration of the winner cannot be written.
pub fn json(tuned: &Tuned) -> Result<Value, TuneError> {
    let out = |(trial, reason): (usize, String)| json!({ "trial": trial, "reason": reason });
    let range = |Dimension { key, domain }: &Dimension| (key.clone(), json!(domain));
    Ok(json!({
        "winner": tuned.winner.number,
        "settings": tuned.records.latest(tuned.winner.number).map(|record| &record.settings),
        "config": tuned.winner.config.to_toml()?,
        "chosen_by": tuned.by,
        "verdict": tuned.verdict,
        "sentence": verdict(tuned),
        "comparison": tuned.comparison,
        "cut_short": tuned.is_cut_short,
        "ranges": tuned.space.dimensions.iter().map(range).collect::<Map<_, _>>(),
        "ranges_chosen": tuned.space.is_inferred,
        "rungs": tuned.rungs,
        "trials": tuned.records.iter().collect::<Vec<_>>(),
        "ranking": tuned.ranking(),
        "out": tuned.out().into_iter().map(out).collect::<Vec<_>>(),
        "importance": tuned.importance,
    }))
}

/// Writes all files; `model` is that of the winner.
pub(crate) fn write(tuned: &Tuned, folder: &Path, model: &Path) -> Result<(), TuneError> {
    let put = |name: &str, text: &str| put(&folder.join(name), text.as_bytes());
    put(WINNER_CONFIG, &winner_config(tuned)?)?;
    put(TABLE, &table(tuned))?;
    put(PAGE, &page(tuned)?.to_string())?;
    let bytes = std::fs::read(model).map_err(TuneError::of_file(model))?;
    self::put(&folder.join(WINNER_MODEL), &bytes)
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), TuneError> {
    let names = TemporaryNames::new(".deepcross-", "");
    let mut file = AtomicFile::create(&resolved(path), &names)?;
    let written = file.writer().write_all(bytes);
    written.map_err(|source| FileError::Unwritable { path: path.to_owned(), source })?;
    file.finish()?;
    Ok(())
}

/// The configuration of the winner, after comments that name its settings.
fn winner_config(tuned: &Tuned) -> Result<String, TuneError> {
    let verdict = verdict(tuned).replace('\n', " ");
    let mut text = format!("# Trial {} of `deepcross tune`: {verdict}\n", tuned.winner.number);
    for setting in &tuned.winner.settings {
        // Writing to a string does not fail.
        let value = setting.value.to_string().replace('\n', " ");
        let _ = writeln!(text, "# {} = {value}", setting.key);
    }
    Ok(text + "\n" + &tuned.winner.config.to_toml()?)
}

/// A line for each trial and rung, as CSV.
fn table(tuned: &Tuned) -> String {
    let keys: Vec<_> = tuned.space.dimensions.iter().map(|dimension| &dimension.key).collect();
    let columns = [
        "trial",
        "rung",
        "epochs",
        "kept_epoch",
        "score",
        "log_loss",
        "auc",
        "seconds",
        "reason_out",
    ];
    let header = columns.into_iter().map(str::to_owned).chain(keys.iter().map(|key| quoted(key)));
    let mut lines = vec![header.collect::<Vec<_>>().join(",")];
    for record in tuned.records.iter() {
        let number =
            |number: Option<f64>| number.map_or_else(String::new, |number| number.to_string());
        let metrics = match &record.outcome {
            Outcome::Failed(_) => vec![String::new(); 5],
            Outcome::Trained(own) => vec![
                own.epochs.to_string(),
                own.kept_epoch.to_string(),
                own.score.to_string(),
                number(own.log_loss),
                number(own.auc),
            ],
        };
        let reason = tuned.records.reason_out(record.trial).unwrap_or_default();
        let settings =
            keys.iter().map(|key| quoted(record.settings.get(*key).map_or("", String::as_str)));
        let cells = [record.trial.to_string(), record.rung.to_string()].into_iter().chain(metrics);
        let cells =
            cells.chain([format!("{:.3}", record.seconds), quoted(&reason)]).chain(settings);
        lines.push(cells.collect::<Vec<_>>().join(","));
    }
    lines.join("\n") + "\n"
}

fn quoted(text: &str) -> String {
    match text.contains([',', '"', '\n']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}
