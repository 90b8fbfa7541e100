//! Fits an encoder in one streaming pass over the rows.

use deepcross_features::{Encoder, FieldConfig, Fitter, History, Schema};

use super::positive_blocks::PositiveBlocks;
use super::raw_reader::RawReader;
use super::row_filter::RowFilter;
use super::split_survey::SplitReport;
use crate::config::BadRows;
use crate::error::DataError;
use crate::source::{AbsentLabels, Partition, Skipped, Source};

/// A fitted encoder, with the counts of the rows that it was fitted on.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The encoder.
    pub encoder: Encoder,
    /// The companion counts of the rows that the encoder was fitted on, for
    /// [`RowReader::with_history`](crate::RowReader::with_history).
    pub history: History,
    /// The number of rows that the encoder was fitted on.
    pub rows: u64,
    /// The number of positive rows among them; 0 if `[data]` names no label.
    pub positives: u64,
    /// How the share of positive rows changes along these rows.
    pub blocks: PositiveBlocks,
    /// The bad rows, which the encoder has not seen.
    pub skipped: Skipped,
    /// The comparison of the rows that the encoder was fitted on with those that are held out, if any are.
    pub split: Option<SplitReport>,
    /// The values of the label that `[data]` names and no row had, if there are any.
    pub absent_labels: Option<AbsentLabels>,
    /// The negative label of the rows, 0 or −1; `None` if `[data]` names the classes.
    pub negative_label: Option<i8>,
    /// The fields whose ids are floating-point numbers above 2⁵³, which a program may have rounded.
    pub rounded_ids: Vec<String>,
    /// The fields of numbers with points like those of thousands, although decimals follow a comma.
    pub points_like_thousands: Vec<String>,
}

/// Fits the encoder of `schema` on the rows of `partition`, which are read once.
///
/// If `[data]` names a label or a weight, these are checked as well, so that the encoder learns only from rows that can
/// be trained on.
///
/// # Errors
/// As [`RawReader::next_row`]. Also if the header lacks a column, if there is no row, or if none of the values that are
/// named for a class of the label occurs. A bad row is an error if `bad_rows` is `error`.
pub fn fit(
    source: &Source,
    schema: &Schema,
    partition: Partition,
    bad_rows: BadRows,
) -> Result<Fitted, DataError> {
    let source = &source.with_fields(schema.fields().iter().flat_map(FieldConfig::columns));
    let mut fitter = Fitter::with_counts_from(schema, source.config().order.into());
    let binding = source.bind(|header| fitter.bind(header))?;
    let mut reader = RawReader::new(source, RowFilter::labelled(source, partition)?, bad_rows)?;
    if partition != Partition::All {
        reader =
            reader.comparing_sets(source, schema.fields().iter().flat_map(FieldConfig::columns));
    }
    let (mut rows, mut positives, mut blocks) = (0, 0, PositiveBlocks::default());
    while let Some((row, target)) = reader.next_labelled()? {
        let positive = target.label == Some(1.0);
        match fitter.observe_labelled(&binding, &row, positive) {
            Ok(()) => {
                rows += 1;
                positives += u64::from(positive);
                blocks.push(positive);
            }
            Err(error) => {
                let error = DataError::in_row(error, || row.place());
                reader.skip(error)?;
            }
        }
    }
    let (skipped, split) = (reader.skipped().clone(), reader.split_report());
    if rows == 0 {
        let file = source.first_file();
        return Err(match split.map_or(0, |split| split.valid.rows) {
            rows if rows > 0 && skipped.rows == 0 => DataError::AllHeldOut { file, rows },
            _ => DataError::NoRows { file, skipped: skipped.rows },
        });
    }
    let absent_labels = reader.absent_labels(source.first_file())?;
    let rounded_ids = fitter.fields_with_rounded_ids().map(str::to_owned).collect();
    let points_like_thousands = fitter.fields_with_points_like_thousands().map(str::to_owned);
    let points_like_thousands = points_like_thousands.collect();
    let (encoder, history) = fitter.finish_for_training();
    Ok(Fitted {
        encoder,
        history,
        rows,
        positives,
        blocks,
        skipped,
        split,
        absent_labels,
        negative_label: source.negative_label(),
        rounded_ids,
        points_like_thousands,
    })
}

#[cfg(test)]
mod tests {
    use deepcross_features::fields::TopBy;

    use super::*;
    use crate::DataConfig;

    #[test]
    fn the_encoder_learns_which_rows_are_positive() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.csv");
        std::fs::write(&file, "ad,click\nshoes,0\nshoes,0\nhats,1\nbags,0\n").unwrap();
        let config: DataConfig = toml::from_str("label = \"click\"").unwrap();
        let source = Source::open(&[file], &config).unwrap();
        for (top_by, kept) in [(TopBy::Count, "shoes"), (TopBy::Positives, "hats")] {
            let field = FieldConfig::categorical("ad").top(1).top_by(top_by);
            let schema = Schema::new(vec![field], Vec::new()).unwrap();
            let fitted = fit(&source, &schema, Partition::All, BadRows::Error).unwrap();
            assert_eq!(fitted.encoder.value(0, 3), Some(kept));
        }
    }
}
