//! Pairs of columns worth crossing, found by counting and without training a model.
//!
//! A pair is worth a field if the past labels of the rows with the same two values predict the label better than the
//! best additive combination of the two columns does.
//!
//! 1. At most a million labelled rows are kept as ids, in blocks that are spread evenly over the files.
//!    Each row is in one of five parts at random; the last part judges, and the others choose.
//! 2. Each column has the smoothed log-odds of its values, counted on other parts than that of the row.
//!    The best additive combination of two columns is the logistic regression on their two log-odds.
//! 3. The effect of a pair is the sum of the residuals of its other rows, shrunk towards 0 ([`pair_effect`]).
//!    The score of a pair is the gain in log loss by this effect on the choosing rows.
//! 4. The best pair is judged on the rows that did not choose it.
//!    It is kept if it gains more than chance explains; its effect is then known to the pairs that are tried after it.
//!
//! Time and memory do not depend on the number of rows above a million: at most 100 pairs are tried, first on a quarter
//! of a million rows, and the best twelve on all.
//! At most 40 columns are read, those that predict the label best, and the pairs that are tried at once have at most four
//! million rows together.
//! A million simulated rows of twelve columns take about 140 MB on two threads, with the profile before the search.

mod additive;
mod id_rows;
mod pair_effect;
mod renamed;
mod search;

use deepcross_data::Source;
use deepcross_features::FieldConfig;

use crate::error::ProfileError;
use crate::infer::{ColumnKind, FreeNames, InferredFields};
use crate::profile::Profile;
use id_rows::IdRows;
use search::search;

/// The number of combinations of all rows above which they are hashed.
pub(crate) const HASHED: u64 = 1_000_000;

/// The fewest rows of a combination that has an embedding; the counts know all combinations.
const MIN_COUNT: u64 = 5;

/// The smoothings of the click rates of a cross, in clicks.
const SMOOTHINGS: [f64; 2] = [1.0, 10.0];

/// The most columns that are read.
const MOST_COLUMNS: usize = 40;

/// A pair of columns that is worth a field, with the gain on the rows that did not choose it.
#[derive(Clone, Debug, PartialEq)]
pub struct InferredCross {
    /// The field: a cross with counts.
    pub field: FieldConfig,
    /// The most combinations that all rows may have.
    pub n_combinations: u64,
    /// The log loss of the best additive combination of the columns, in nats a row.
    pub additive_loss: f64,
    /// The decrease of the log loss by the pair, in nats a row.
    pub gain: f64,
    /// The standard error of the decrease.
    pub standard_error: f64,
    /// The number of rows on which the gain was measured.
    pub rows: u64,
}

/// What the rows say about columns together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnPairs {
    /// The pairs that are worth a field, the best first.
    pub crosses: Vec<InferredCross>,
    /// Columns whose values go with one another, one to one, in the order of the columns.
    pub renamed: Vec<[String; 2]>,
}

/// Finds the pairs of columns that are worth a field, and columns that are one another renamed.
///
/// The rows of `source` are read once; its label must have the classes of the profile.
///
/// # Errors
/// As [`RawReader::next_row`](deepcross_data::RawReader::next_row).
pub(crate) fn column_pairs(
    source: &Source,
    profile: &Profile,
    fields: &InferredFields,
) -> Result<ColumnPairs, ProfileError> {
    let candidates = (0..profile.columns.len()).filter(|i| is_candidate(fields, profile, *i));
    let candidates = most_telling(profile, candidates.collect());
    if candidates.len() < 2 {
        return Ok(ColumnPairs::default());
    }
    let rows = IdRows::read(source, &candidates, profile.rows.labelled())?;
    let renamed = renamed::pairs(&rows);
    let is_copy = |column: usize| renamed.iter().any(|[_, second]| *second == column);
    let columns: Vec<usize> = (0..rows.columns.len()).filter(|i| !is_copy(*i)).collect();
    let mut names = FreeNames::beside(profile);
    fields.columns.iter().flat_map(|column| &column.fields).for_each(|field| names.take(field));
    let name = |i: usize| rows.columns[i].name.clone();
    let mut crosses = Vec::new();
    for found in search(&rows, &columns) {
        let distinct = found.columns.map(|i| profile.columns[candidates[i]].distinct().n);
        let kept = KeptCells { n: found.n_cells, rows: rows.len() };
        let n_combinations = combinations(kept, profile.rows.labelled(), distinct);
        let columns = found.columns.map(name);
        crosses.push(InferredCross {
            field: names.named(field(&columns, n_combinations)),
            n_combinations,
            additive_loss: found.judged.additive_loss,
            gain: found.judged.gain,
            standard_error: found.judged.standard_error,
            rows: found.judged.rows,
        });
    }
    Ok(ColumnPairs { crosses, renamed: renamed.iter().map(|pair| pair.map(name)).collect() })
}

/// The columns that predict the label best alone, in order; all of them if there are not too many.
fn most_telling(profile: &Profile, mut columns: Vec<usize>) -> Vec<usize> {
    if columns.len() > MOST_COLUMNS {
        let auc = |column: usize| profile.columns[column].label_auc().unwrap_or(0.5);
        let mut ranked: Vec<_> = columns.iter().map(|column| (auc(*column), *column)).collect();
        ranked.sort_by(|(a, i), (b, j)| b.total_cmp(a).then(i.cmp(j)));
        columns = ranked.into_iter().take(MOST_COLUMNS).map(|(_, column)| column).collect();
        columns.sort_unstable();
    }
    columns
}

/// Whether a column may be a part of a cross: it holds ids, or numbers that are also ids.
fn is_candidate(fields: &InferredFields, profile: &Profile, i: usize) -> bool {
    let inferred = &fields.columns[i];
    let has_ids = match inferred.kind {
        ColumnKind::Ids => true,
        ColumnKind::Number(_) => inferred.fields.len() > 1,
        _ => false,
    };
    inferred.left_out.is_none() && has_ids && profile.columns[i].distinct().n > 1
}

/// The different pairs of values in the kept rows.
#[derive(Clone, Copy, Debug)]
struct KeptCells {
    n: usize,
    rows: usize,
}

/// The most combinations that `rows` rows may have, in proportion to those of the kept rows, of two columns with these
/// numbers of values.
fn combinations(kept: KeptCells, rows: u64, distinct: [u64; 2]) -> u64 {
    let in_proportion = kept.n as u128 * u128::from(rows) / kept.rows.max(1) as u128;
    // A missing value is one more.
    let of_columns = distinct.map(|n| u128::from(n) + 1).iter().product();
    in_proportion.min(of_columns) as u64
}

/// The field of a pair.
fn field(columns: &[String; 2], n_combinations: u64) -> FieldConfig {
    let name = format!("{}_x_{}", columns[0], columns[1]);
    let field = FieldConfig::cross(name, [&columns[0], &columns[1]]);
    let field = match n_combinations > HASHED {
        true => field.buckets(HASHED as u32),
        false => field.min_count(MIN_COUNT),
    };
    field.counts(true).smoothing(SMOOTHINGS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_grow_with_the_rows_up_to_those_of_the_columns() {
        // Cells and rows that are kept, all rows, values of the columns, and whether combinations are hashed.
        for (n, kept, rows, distinct, expected, is_hashed) in [
            (5_000, 40_000, 40_000, [100, 100], 5_000, false),
            (400_000, 999_424, 1_500_000, [90_000, 1_000], 600_345, false),
            (400_000, 999_424, 10_000_000, [90_000, 1_000], 4_002_305, true),
            // All combinations are among the rows that are kept.
            (5_000, 999_424, 1_000_000_000, [49, 99], 5_000, false),
        ] {
            let found = combinations(KeptCells { n, rows: kept }, rows, distinct);
            assert_eq!(found, expected, "{n} of {kept}");
            let columns = ["user".to_owned(), "ad".to_owned()];
            let text = toml::to_string(&field(&columns, found)).unwrap();
            assert_eq!(text.contains("buckets = 1000000"), is_hashed, "{text}");
            assert_eq!(text.contains("min_count = 5"), !is_hashed, "{text}");
        }
    }
}
