//! Reads and writes the rows of one column of a block.

use deepcross_features::batch::{Column, DenseColumn, ShapeKind, SparseColumn};
use deepcross_files::Cursor;

use super::ints::{self, Forms};
use super::problem::Problem;

/// Appends all rows of a column.
pub(super) fn write(out: &mut Vec<u8>, column: &Column) {
    match column {
        Column::Sparse(column) => match column.offsets() {
            None => ints::write(out, column.ids(), Forms::Any),
            Some(offsets) => write_bags(out, column, offsets),
        },
        Column::Dense(column) => write_numbers(out, column.values()),
    }
}

fn write_bags(out: &mut Vec<u8>, column: &SparseColumn, offsets: &[u32]) {
    let lengths: Vec<u32> = offsets.windows(2).map(|pair| pair[1] - pair[0]).collect();
    ints::write(out, &lengths, Forms::Any);
    out.push(u8::from(!column.weights().is_empty()));
    ints::write(out, column.ids(), Forms::Counted);
    if !column.weights().is_empty() {
        write_numbers(out, column.weights());
    }
}

/// Appends numbers; a reader must know how many.
pub(super) fn write_numbers(out: &mut Vec<u8>, numbers: &[f32]) {
    let bits: Vec<u32> = numbers.iter().map(|number| number.to_bits()).collect();
    ints::write(out, &bits, Forms::Any);
}

/// Reads `n` numbers.
pub(super) fn read_numbers(cursor: &mut Cursor<'_>, n: usize) -> Result<Vec<f32>, Problem> {
    let mut bits = Vec::new();
    ints::read(cursor, &mut bits, n, Forms::Any)?;
    Ok(bits.into_iter().map(f32::from_bits).collect())
}

/// Reads `n_rows` rows of a column of the shape `kind`, and checks that ids are below its dimensions.
pub(super) fn read(
    cursor: &mut Cursor<'_>,
    kind: &ShapeKind,
    n_rows: usize,
) -> Result<Column, Problem> {
    match *kind {
        ShapeKind::Sparse { dimensions, multi_hot: false, .. } => {
            let mut ids = Vec::new();
            ints::read(cursor, &mut ids, n_rows, Forms::Any)?;
            check_ids(&ids, dimensions)?;
            Ok(Column::Sparse(SparseColumn::one_hot(ids)))
        }
        ShapeKind::Sparse { dimensions, multi_hot: true, .. } => {
            read_bags(cursor, dimensions, n_rows).map(Column::Sparse)
        }
        ShapeKind::Dense { width, .. } => read_numbers(cursor, width * n_rows)
            .map(|values| Column::Dense(DenseColumn::new(width, values))),
    }
}

fn read_bags(
    cursor: &mut Cursor<'_>,
    dimensions: usize,
    n_rows: usize,
) -> Result<SparseColumn, Problem> {
    let mut lengths = Vec::new();
    ints::read(cursor, &mut lengths, n_rows, Forms::Any)?;
    let n_ids: u64 = lengths.iter().map(|&length| u64::from(length)).sum();
    let weighted = match cursor.u8()? {
        0 => false,
        1 => true,
        other => return Err(format!("the flag {other} for weights of ids is unknown")),
    };
    // Each id takes at least a bit, so nothing is allocated for more ids than the bytes can hold.
    let most = (8 * cursor.rest().len() as u64).min(u64::from(u32::MAX));
    if n_ids > most {
        return Err(format!("there are {n_ids} ids, but at most {most} are expected"));
    }
    let (mut ids, mut end) = (Vec::new(), 0);
    ints::read(cursor, &mut ids, n_ids as usize, Forms::Counted)?;
    check_ids(&ids, dimensions)?;
    let weights = if weighted { read_numbers(cursor, ids.len())? } else { Vec::new() };
    let mut offsets = Vec::with_capacity(n_rows + 1);
    offsets.push(0);
    offsets.extend(lengths.iter().map(|length| {
        end += length;
        end
    }));
    Ok(SparseColumn::multi_hot(offsets, ids, weights))
}

fn check_ids(ids: &[u32], dimensions: usize) -> Result<(), Problem> {
    match ids.iter().copied().max().filter(|&most| most as usize >= dimensions) {
        None => Ok(()),
        Some(id) => Err(format!("the id {id} is not below {dimensions}")),
    }
}
