//! Tables of unusual values, those without a slot of their own in the encoder: missing, unseen, rare, clipped and far ones.
//!
//! Evaluation and prediction show counts, since each of their rows matters.
//! Training shows shares, so that training rows and validation rows can be compared: if the values of a field are usual in
//! one and not in the other, the data have changed over time, or the field is an id that is new in every row.

use super::tables::{grouped, table};
use comfy_table::Table;
use deepcross_data::RowReader;
use deepcross_features::{Counts, FieldCounts};

/// The most fields shown: those with the largest shares.
const MAX_LINES: usize = 12;

/// A count of a field: its name, and its place in [`FieldCounts`].
type Kind = (&'static str, fn(&FieldCounts) -> u64);

const KINDS: [Kind; 5] = [
    ("missing", |counts| counts.missing),
    ("unseen", |counts| counts.unseen),
    ("rare", |counts| counts.rare),
    ("clipped", |counts| counts.clipped),
    ("far outside", |counts| counts.far),
];

/// The table of values that the encoder did not learn or that were missing, over one pass.
pub(crate) fn unusual_values(counts: &Counts) -> String {
    let mut fields = unusual([counts]);
    if fields.len() > MAX_LINES {
        sort_by_share(&mut fields);
    }
    let hidden = hide(&mut fields);
    match count_table(&fields) {
        None => "no value is missing, unseen, rare or clipped".to_owned(),
        Some(table) => format!("unusual values\n\n{}{hidden}\n", table.trim_fmt()),
    }
}

/// The same for training rows and, if there are any, validation rows.
pub(crate) fn training_values(train: &RowReader<'_>, valid: Option<&RowReader<'_>>) -> String {
    let mut fields = unusual([train].into_iter().chain(valid).map(RowReader::counts));
    let rows = if valid.is_some() { "training / validation rows" } else { "training rows" };
    if fields.is_empty() {
        return format!("no value of the {rows} is missing, unseen, rare or clipped");
    }
    sort_by_share(&mut fields);
    let hidden = hide(&mut fields);
    let table = share_table(&fields);
    format!("unusual values of the {rows}, in % of all\n\n{}{hidden}", table.trim_fmt())
}

/// Puts the fields with the largest shares first.
fn sort_by_share(fields: &mut [Field<'_>]) {
    fields.sort_by(|a, b| b.largest_share().total_cmp(&a.largest_share()));
}

/// Leaves out the fields that are too many, and says so.
fn hide(fields: &mut Vec<Field<'_>>) -> String {
    let n_hidden = fields.len().saturating_sub(MAX_LINES);
    fields.truncate(MAX_LINES);
    match n_hidden {
        0 => String::new(),
        n => format!("\n and {n} more with smaller shares"),
    }
}

/// A field, and its counts in each pass.
struct Field<'r> {
    name: &'r str,
    passes: Vec<FieldCounts>,
}

impl Field<'_> {
    fn has(&self, (_, count): Kind) -> bool {
        self.passes.iter().any(|counts| count(counts) > 0)
    }

    /// The largest share over all kinds and passes.
    fn largest_share(&self) -> f64 {
        let of_pass = |counts: &FieldCounts| {
            KINDS.iter().map(|(_, count)| share(count(counts), counts.values)).fold(0.0, f64::max)
        };
        self.passes.iter().map(of_pass).fold(0.0, f64::max)
    }
}

/// The fields that have a count above 0, in the order of the encoder.
fn unusual<'r>(passes: impl IntoIterator<Item = &'r Counts>) -> Vec<Field<'r>> {
    let mut fields: Vec<Field<'r>> = Vec::new();
    for counts in passes {
        for (i, (name, &counts)) in counts.iter().enumerate() {
            match fields.get_mut(i) {
                Some(field) => field.passes.push(counts),
                None => fields.push(Field { name, passes: vec![counts] }),
            }
        }
    }
    fields.retain(|field| KINDS.iter().any(|&kind| field.has(kind)));
    fields
}

/// The kinds that at least one field has.
fn shown(fields: &[Field<'_>]) -> Vec<Kind> {
    KINDS.into_iter().filter(|&kind| fields.iter().any(|field| field.has(kind))).collect()
}

/// A table with the columns `first`, and then one for each kind.
fn table_of(first: &[&'static str], kinds: &[Kind]) -> Table {
    table(&first.iter().copied().chain(kinds.iter().map(|(name, _)| *name)).collect::<Vec<_>>())
}

/// The counts of a single pass; `None` if there are none.
fn count_table(fields: &[Field<'_>]) -> Option<Table> {
    let kinds = shown(fields);
    let mut table = table_of(&["field", "values"], &kinds);
    for Field { name, passes } in fields {
        let counts = passes.first()?;
        let cells = kinds.iter().map(|(_, count)| grouped(count(counts)));
        table.add_row([(*name).to_owned(), grouped(counts.values)].into_iter().chain(cells));
    }
    (!fields.is_empty()).then_some(table)
}

/// The shares of all passes.
fn share_table(fields: &[Field<'_>]) -> Table {
    let kinds = shown(fields);
    let mut table = table_of(&["field"], &kinds);
    for field in fields {
        let of_kind = |&kind: &Kind| {
            let (_, count) = kind;
            if !field.has(kind) {
                return "0".to_owned();
            }
            let shares = field.passes.iter().map(|counts| percent(count(counts), counts.values));
            shares.collect::<Vec<_>>().join(" / ")
        };
        table.add_row([field.name.to_owned()].into_iter().chain(kinds.iter().map(of_kind)));
    }
    table
}

fn share(n: u64, of: u64) -> f64 {
    n as f64 / of.max(1) as f64
}

/// A share in percent; a small share is never shown as 0.
fn percent(n: u64, of: u64) -> String {
    match 100.0 * share(n, of) {
        0.0 => "0".to_owned(),
        percent if percent < 0.01 => "<0.01".to_owned(),
        percent => format!("{percent:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn small_shares_differ_from_none() {
        let cases = [
            (0, 5, "0"),
            (0, 0, "0"),
            (1, 1_000_000, "<0.01"),
            (1, 10_000, "0.01"),
            (1, 3, "33.33"),
            (7, 7, "100.00"),
        ];
        for (n, of, expected) in cases {
            assert_eq!(percent(n, of), expected, "{n} of {of}");
        }
    }
}
