//! The tensors: their directory in the header, and their raw elements after it.
//!
//! Dense matrices and tables are two lists, as in [`Params`], so that handles keep their meaning.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;

use deepcross_autodiff::Params;
use deepcross_files::Cursor;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::filling::{ALIGNMENT, take_filling};
use super::map::{Map, MappedValues};
use super::{FormatError, Values};

/// The greatest number of tensors in an artifact: 16,384.
///
/// [`Params`] compares each new name with all others, so that a hostile file with more tensors would waste time.
pub const MAX_TENSORS: usize = 1 << 14;

/// The greatest number of elements in a tensor. The bytes of all tensors can still be added up in 64 bits.
const MAX_ELEMENTS: u64 = 1 << 46;

/// The names and shapes of all tensors.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Directory {
    dense: Vec<Entry>,
    tables: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    name: String,
    rows: u64,
    columns: u64,
}

impl Directory {
    /// The directory of `params`.
    pub(super) fn of(params: &Params<f32>) -> Self {
        let matrices =
            params.dense_ids().map(|id| Entry::new(params.dense_name(id), params.dense_shape(id)));
        let statistics = params
            .statistic_ids()
            .map(|id| Entry::new(params.statistic_name(id), (1, params.statistic(id).len())));
        let dense = matrices.chain(statistics).collect();
        let tables = params
            .table_ids()
            .map(|id| Entry::new(params.table_name(id), params.table_shape(id)))
            .collect();
        Self { dense, tables }
    }

    /// Checks the number of tensors, their names and their shapes; the other methods rely on it.
    pub(super) fn check(&self) -> Result<(), FormatError> {
        let (count, limit) = (self.dense.len() + self.tables.len(), MAX_TENSORS);
        if count > limit {
            return Err(FormatError::TooManyTensors { count, limit });
        }
        let mut names = BTreeSet::new();
        for entry in self.entries() {
            entry.n_elements()?;
            if !names.insert(&entry.name) {
                return Err(FormatError::RepeatedTensor { name: entry.name.clone() });
            }
        }
        Ok(())
    }

    /// The number of bytes that the tensors take, each padded to a multiple of [`ALIGNMENT`].
    pub(super) fn length(&self) -> Result<u64, FormatError> {
        self.entries().map(|entry| Ok(entry.length()?.next_multiple_of(ALIGNMENT))).sum()
    }

    /// Reads the weights from the bytes of all tensors, [`length`](Self::length) bytes.
    pub(super) fn read(
        &self,
        cursor: &mut Cursor<'_>,
        values: Values,
    ) -> Result<Params<f32>, FormatError> {
        self.read_with(cursor, values, |params, entry, cursor| {
            params.add_table(&entry.name, entry.read(cursor)?);
            Ok(())
        })
    }

    /// As [`read`](Self::read), but tables stay in the `map`; the cursor walks over its bytes.
    pub(super) fn map(
        &self,
        cursor: &mut Cursor<'_>,
        values: Values,
        map: &Arc<Map>,
    ) -> Result<Params<f32>, FormatError> {
        self.read_with(cursor, values, |params, entry, cursor| {
            let (_, columns) = entry.shape()?;
            let (start, length) = (cursor.position(), entry.length()?);
            cursor.take(length)?;
            take_filling(cursor)?;
            match MappedValues::new(map, start, length) {
                Some(values) => params.add_lent_table(&entry.name, columns, Arc::new(values)),
                None => return Err(entry.shape_error()),
            };
            Ok(())
        })
    }

    fn read_with<'b>(
        &self,
        cursor: &mut Cursor<'b>,
        values: Values,
        add_table: impl Fn(&mut Params<f32>, &Entry, &mut Cursor<'b>) -> Result<(), FormatError>,
    ) -> Result<Params<f32>, FormatError> {
        let mut params = Params::new();
        for entry in &self.dense {
            params.add_dense(&entry.name, entry.read(cursor)?);
        }
        self.tables.iter().try_for_each(|entry| add_table(&mut params, entry, cursor))?;
        check_values(&params, values)?;
        Ok(params)
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.dense.iter().chain(&self.tables)
    }
}

impl Entry {
    fn new(name: &str, (rows, columns): (usize, usize)) -> Self {
        Self { name: name.to_owned(), rows: rows as u64, columns: columns as u64 }
    }

    fn n_elements(&self) -> Result<u64, FormatError> {
        self.rows
            .checked_mul(self.columns)
            .filter(|n_elements| (1..=MAX_ELEMENTS).contains(n_elements))
            .ok_or_else(|| self.shape_error())
    }

    fn length(&self) -> Result<u64, FormatError> {
        Ok(self.n_elements()? * size_of::<f32>() as u64)
    }

    fn read(&self, cursor: &mut Cursor<'_>) -> Result<Array2<f32>, FormatError> {
        let elements = cursor.take(self.length()?)?;
        take_filling(cursor)?;
        let (elements, _) = elements.as_chunks();
        let values = elements.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        Array2::from_shape_vec(self.shape()?, values).map_err(|_| self.shape_error())
    }

    fn shape(&self) -> Result<(usize, usize), FormatError> {
        let size = |size| usize::try_from(size).map_err(|_| self.shape_error());
        Ok((size(self.rows)?, size(self.columns)?))
    }

    fn shape_error(&self) -> FormatError {
        let Self { name, rows, columns } = self;
        FormatError::TensorShape { name: name.clone(), rows: *rows, columns: *columns }
    }
}

/// Refuses numbers that are NaN or infinite, if `values` does not allow them.
pub(super) fn check_values(params: &Params<f32>, values: Values) -> Result<(), FormatError> {
    match params.find_non_finite() {
        Some((name, row, column)) if values == Values::Finite => {
            Err(FormatError::NonFinite { name: name.to_owned(), row, column })
        }
        _ => Ok(()),
    }
}

/// Writes the elements and the padding of each tensor: [`Directory::length`] bytes.
pub(super) fn write(params: &Params<f32>, writer: &mut impl Write) -> io::Result<()> {
    for id in params.dense_ids() {
        write_tensor(params.dense_slice(id), writer)?;
    }
    for id in params.statistic_ids() {
        write_tensor(params.statistic(id), writer)?;
    }
    for id in params.table_ids() {
        write_tensor(params.table_slice(id), writer)?;
    }
    Ok(())
}

fn write_tensor(values: &[f32], writer: &mut impl Write) -> io::Result<()> {
    let mut buffer = [0; 4096];
    for values in values.chunks(buffer.len() / size_of::<f32>()) {
        let (elements, _) = buffer.as_chunks_mut();
        for (bytes, value) in elements.iter_mut().zip(values) {
            *bytes = value.to_le_bytes();
        }
        writer.write_all(&buffer[..size_of_val(values)])?;
    }
    write_filling(size_of_val(values) as u64, writer)
}

/// Writes zeros from `position` to the next multiple of [`ALIGNMENT`].
pub(super) fn write_filling(position: u64, writer: &mut impl Write) -> io::Result<()> {
    let length = position.next_multiple_of(ALIGNMENT) - position;
    writer.write_all(&[0; ALIGNMENT as usize][..length as usize])
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn entry(name: &str, rows: u64, columns: u64) -> Entry {
        Entry { name: name.to_owned(), rows, columns }
    }

    fn params(tables: usize) -> Params<f32> {
        let mut params = Params::new();
        params.add_dense("weight", Array2::from_shape_fn((3, 7), |(i, j)| (7 * i + j) as f32));
        for i in 0..tables {
            params.add_table(format!("table {i}"), array![[i as f32], [-0.0]]);
        }
        params.add_dense("bias", Array2::from_elem((1, 1100), 0.1));
        params
    }

    #[test]
    fn tensors_come_back_in_their_order() {
        let params = params(3);
        let directory = Directory::of(&params);
        let mut bytes = Vec::new();
        write(&params, &mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, directory.length().unwrap());
        assert_eq!(bytes.len(), 128 + 4416 + 3 * 64);

        let reread = directory.read(&mut Cursor::new(&bytes), Values::Finite).unwrap();
        assert_eq!(format!("{reread:?}"), format!("{params:?}"));
    }

    #[test]
    fn statistics_are_matrices_after_all_others() {
        let mut params = params(2);
        params.add_statistic("mean", vec![0.5; 5]);
        let directory = Directory::of(&params);
        let mut bytes = Vec::new();
        write(&params, &mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, directory.length().unwrap());
        let mut reread = directory.read(&mut Cursor::new(&bytes), Values::Finite).unwrap();
        assert_eq!(reread.dense_ids().count(), params.dense_ids().count() + 1);
        reread.last_dense_are_statistics(1);
        assert_eq!(format!("{reread:?}"), format!("{params:?}"));
    }

    #[track_caller]
    fn check_refused(dense: Vec<Entry>, tables: Vec<Entry>, message: &str) {
        let error = Directory { dense, tables }.check().unwrap_err();
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn impossible_directories_are_refused() {
        let twice = "tensor `a`: the name occurs twice, expected each name once";
        check_refused(vec![entry("a", 1, 1), entry("a", 2, 2)], vec![], twice);
        check_refused(vec![entry("a", 1, 1)], vec![entry("a", 1, 1)], twice);

        let expected = "expected at least 1 of each and at most 2^46 elements";
        for (rows, columns) in [(0, 1), (1, 0), (u64::MAX, 2), (1 << 46, 2), (1 << 32, 1 << 32)] {
            let message = format!("tensor `a`: {rows} rows of {columns} columns, {expected}");
            check_refused(vec![entry("a", rows, columns)], vec![], &message);
        }

        let many = (0..=MAX_TENSORS).map(|i| entry(&i.to_string(), 1, 1)).collect();
        check_refused(vec![], many, "there are 16385 tensors, expected at most 16384");
    }

    #[test]
    fn the_length_of_the_largest_directory_does_not_overflow() {
        let tables = (0..MAX_TENSORS).map(|i| entry(&i.to_string(), 1, MAX_ELEMENTS)).collect();
        let directory = Directory { dense: vec![], tables };
        directory.check().unwrap();
        assert_eq!(directory.length(), Ok(1 << 62));
        let error = directory.read(&mut Cursor::new(&[]), Values::Finite).unwrap_err();
        assert_eq!(error, FormatError::Truncated { length: 0, expected: 1 << 48 });
    }

    #[test]
    fn elements_are_checked() {
        let (params, directory) = (params(0), Directory::of(&params(0)));
        let mut bytes = Vec::new();
        write(&params, &mut bytes).unwrap();

        bytes[127] = 1;
        assert_eq!(
            directory.read(&mut Cursor::new(&bytes), Values::Finite).unwrap_err(),
            FormatError::Filling
        );
        bytes[127] = 0;
        bytes[32..36].copy_from_slice(&f32::NAN.to_le_bytes());
        let expected = FormatError::NonFinite { name: "weight".to_owned(), row: 1, column: 1 };
        assert_eq!(directory.read(&mut Cursor::new(&bytes), Values::Finite).unwrap_err(), expected);
    }
}
