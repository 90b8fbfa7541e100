//! Reports what was unusual about rows that were read.

use crate::output::say;
use crate::text::skipped_rows::skipped_lines;
use crate::text::unusual_values::unusual_values;
use deepcross_data::RowReader;

/// Reports unusual values of the rows that were read, and the rows that were left out.
pub(crate) fn say_unusual_values(reader: &RowReader<'_>) {
    say(unusual_values(reader));
    skipped_lines(reader.skipped()).iter().for_each(say);
}
