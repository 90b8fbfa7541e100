//! `deepcross inspect --neighbours`: shows the values whose embeddings are nearest to that of one value.

use crate::call_error::CallError;
use crate::output;
use crate::text::tables::{counted, grouped, percent, shown, table};
use anyhow::Result;
use deepcross_model::TrainedModel;
use deepcross_model::neighbours::{
    Neighbour, NeighbourError, TrainingCounts, neighbours, training_counts,
};

/// Prints the values nearest to that of `FIELD=VALUE`.
///
/// # Errors
/// [`CallError`] if there are none.
pub(crate) fn print(trained: &TrainedModel, asked: &str, top: usize) -> Result<()> {
    let problem = |text: String| CallError::with_message(format!("`--neighbours {asked}`: {text}"));
    let names = trained.model.field_names();
    let (field, value) = split(asked, names).ok_or_else(|| problem(FORM.to_owned()))?;
    let found = neighbours(trained, field, value, top)
        .map_err(|error| problem(format!("{error}{}", hint(trained, &error))))?;
    let index = names.iter().position(|name| name == field);
    let own = index.and_then(|index| training_counts(trained, index, value));
    let own = own.map_or_else(String::new, |own| format!(", met in {}", counted(own.rows, "row")));
    let n = counted(found.len() as u64, "value");
    let value = shown(value);
    let whose = match trained.members().len() {
        1 => String::new(),
        n_members => format!(" of the first of {n_members} members"),
    };
    let title =
        format!("{field} = {value}{own}: the nearest {n} by the cosine of embeddings{whose}");
    output::print(format_args!("{title}\n\n{}", as_table(&found).trim_fmt()))
}

const FORM: &str = "must be the name of a field and one of its values, as in `job=nurse`; a name with `=` may stand \
                    in quotes, as in '\"a=b\"=nurse'";

/// The field and the value of `FIELD=VALUE`, in which both may have further `=`.
///
/// The field is in quotes, or it is the first part that is the name of a field, or else all before the first `=`.
fn split<'a>(asked: &'a str, names: &[String]) -> Option<(&'a str, &'a str)> {
    if let Some((field, value)) = asked.strip_prefix('"').and_then(|rest| rest.split_once("\"=")) {
        return Some((field, value));
    }
    let mut parts = asked.match_indices('=').map(|(at, _)| (&asked[..at], &asked[at + 1..]));
    let first = parts.clone().next()?;
    Some(parts.find(|(field, _)| names.iter().any(|name| name == field)).unwrap_or(first))
}

fn as_table(found: &[Neighbour]) -> comfy_table::Table {
    let has_counts = found.iter().any(|neighbour| neighbour.training_counts.is_some());
    let header = ["value", "similarity", "rows in training", "positive"];
    let mut table = table(if has_counts { &header } else { &header[..2] });
    for Neighbour { value, similarity, training_counts } in found {
        let none = TrainingCounts { rows: 0, positives: 0 };
        let TrainingCounts { rows, positives } = training_counts.unwrap_or(none);
        let counts = [grouped(rows), percent(positives, rows)];
        let cells = [shown(value), format!("{similarity:.4}")];
        table.add_row(cells.into_iter().chain(counts.into_iter().filter(|_| has_counts)));
    }
    table
}

/// A hint with the known name that was most likely meant.
fn hint(trained: &TrainedModel, error: &NeighbourError) -> String {
    let nearest = error.nearest(trained);
    nearest.map_or_else(String::new, |known| format!("; the nearest is `{}`", shown(&known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_may_have_equals_signs() {
        let names = ["job", "a", "a=b", "c=d"].map(str::to_owned);
        for (asked, expected) in [
            ("job=nurse", Some(("job", "nurse"))),
            ("job=x=y", Some(("job", "x=y"))),
            ("c=d=x", Some(("c=d", "x"))),
            ("a=b=x", Some(("a", "b=x"))),
            ("\"a=b\"=x", Some(("a=b", "x"))),
            ("none=x", Some(("none", "x"))),
            ("job", None),
        ] {
            assert_eq!(split(asked, &names), expected, "{asked}");
        }
    }
}
