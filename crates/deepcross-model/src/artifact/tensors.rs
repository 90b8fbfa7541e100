//! The tensors: their directory in the header, and their raw elements after it.
//!
//! The tensors of a member are in the order of their [`Params`], so that handles keep their meaning.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;

use deepcross_autodiff::{
    Elements, InputSteps, Int8Weight, LentBytes, MAX_INPUTS, Params, Share, StoredRows, TableId,
};
use deepcross_files::Cursor;
use ndarray::Array2;

use super::filling::{ALIGNMENT, take_filling};
use super::header_bytes::{in_header, read_text, write_text};
use super::map::{Map, MappedBytes, MappedValues};
use super::{FormatError, Values};

/// The greatest number of tensors in an artifact, or in one member of another file: 16,384.
///
/// [`Params`] compares each new name with all others, so that a hostile file with more tensors would waste time.
pub const MAX_TENSORS: usize = 1 << 14;

/// The greatest number of elements in a tensor. The bytes of all tensors can still be added up in 64 bits.
const MAX_ELEMENTS: u64 = 1 << 46;

/// The number of bytes that are written at once.
const BUFFER: usize = 1 << 14;

/// The number of bytes of the integer of the input 0, after the rows and the steps of inputs of a matrix in integers.
const ZERO: u64 = 4;

/// The names, roles and shapes of all tensors, in the order of their elements in the file.
#[derive(Debug)]
pub(super) struct Directory(Vec<Entry>);

/// A tensor. The order of the first two fields is the order of tensors in a file.
#[derive(Debug)]
struct Entry {
    /// The set of weights that the tensor belongs to.
    member: u32,
    role: Role,
    form: Form,
    name: String,
    rows: u64,
    columns: u64,
}

/// The place of a tensor in [`Params`]; the number is its code in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Matrix = 0,
    Statistic = 1,
    Table = 2,
}

/// The form of the elements of a tensor; the number is its code in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    F32 = 0,
    /// Rows of bf16, of a table.
    Bf16 = 1,
    /// Rows of integers of 8 bits with a scale each, of a table or of a matrix, which has the steps of its inputs after
    /// them.
    Int8 = 2,
}

impl Directory {
    /// The directory of these members, with the rows of a share of their tables.
    pub(super) fn of(members: &[&Params<f32>], share: Share) -> Self {
        let entries =
            (0..).zip(members).flat_map(|(member, params)| entries_of(member, params, share));
        Self(entries.collect())
    }

    /// Appends the directory to a header.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend((self.0.len() as u32).to_le_bytes());
        for Entry { member, role, form, name, rows, columns } in &self.0 {
            bytes.extend(member.to_le_bytes());
            bytes.extend([*role as u8, *form as u8]);
            write_text(name, bytes);
            bytes.extend(rows.to_le_bytes());
            bytes.extend(columns.to_le_bytes());
        }
    }

    /// Takes the directory of a file with this number of members from a header of the `program`.
    ///
    /// The number of tensors is checked first, so that a forged header cannot fill the memory with entries.
    pub(super) fn take(
        cursor: &mut Cursor<'_>,
        n_members: usize,
        program: &str,
    ) -> Result<Self, FormatError> {
        let (count, limit) = (in_header(cursor.u32())? as usize, n_members * MAX_TENSORS);
        if count > limit {
            return Err(FormatError::TooManyTensors { count, limit });
        }
        let mut entries = Vec::new();
        for _ in 0..count {
            entries.push(Entry::take(cursor, program)?);
        }
        Ok(Self(entries))
    }

    /// Checks the number of tensors of each member, their order, names and shapes; the other methods rely on it.
    pub(super) fn check(&self, n_members: usize) -> Result<(), FormatError> {
        if !self.0.is_sorted_by_key(|entry| (entry.member, entry.role)) {
            return Err(FormatError::TensorOrder);
        }
        for entries in self.0.chunk_by(|a, b| a.member == b.member) {
            check_member(entries, n_members)?;
        }
        Ok(())
    }

    /// The number of bytes that the tensors take, each padded to a multiple of [`ALIGNMENT`].
    ///
    /// It saturates for several members of 2^62 bytes, which no file has.
    pub(super) fn length(&self) -> Result<u64, FormatError> {
        self.0.iter().try_fold(0, |sum: u64, entry| {
            Ok(sum.saturating_add(entry.length()?.next_multiple_of(ALIGNMENT)))
        })
    }

    /// Reads the members from the bytes of all tensors, [`length`](Self::length) bytes.
    ///
    /// Tables stay in the `map`, if there is one; the cursor walks over its bytes.
    pub(super) fn read(
        &self,
        cursor: &mut Cursor<'_>,
        members: &[Values],
        map: Option<&Arc<Map>>,
    ) -> Result<Vec<Params<f32>>, FormatError> {
        let mut read: Vec<_> = members.iter().map(|_| Params::new()).collect();
        for entry in &self.0 {
            let member = usize::try_from(entry.member).ok().and_then(|at| read.get_mut(at));
            let params = member.ok_or_else(|| entry.member_error(members.len()))?;
            match map {
                Some(map) if entry.role == Role::Table => entry.lend(params, cursor, map)?,
                _ => entry.read_into(params, cursor)?,
            }
        }
        let mut checked = read.iter().zip(members);
        checked.try_for_each(|(params, &values)| check_values(params, values))?;
        Ok(read)
    }
}

/// The tensors of a member: matrices, statistics and tables, each in order of addition.
fn entries_of(member: u32, params: &Params<f32>, share: Share) -> Vec<Entry> {
    let entry = |(role, form), name: &str, (rows, columns): (usize, usize)| Entry {
        member,
        role,
        form,
        name: name.to_owned(),
        rows: rows as u64,
        columns: columns as u64,
    };
    let matrices = params.dense_ids().map(|id| {
        let form = params.int8_weight(id).map_or(Form::F32, |_| Form::Int8);
        entry((Role::Matrix, form), params.dense_name(id), params.dense_shape(id))
    });
    let statistics = params.statistic_ids().map(|id| {
        let shape = (1, params.statistic(id).len());
        entry((Role::Statistic, Form::F32), params.statistic_name(id), shape)
    });
    let tables = params.table_ids().map(|id| {
        let (n_rows, width) = params.table_shape(id);
        let form = Form::of_rows(&params.stored_rows(id));
        entry((Role::Table, form), params.table_name(id), (share.n_rows(n_rows), width))
    });
    matrices.chain(statistics).chain(tables).collect()
}

/// Checks the tensors of one member.
fn check_member(entries: &[Entry], n_members: usize) -> Result<(), FormatError> {
    let (count, limit) = (entries.len(), MAX_TENSORS);
    if count > limit {
        return Err(FormatError::TooManyTensors { count, limit });
    }
    let mut names = BTreeSet::new();
    for entry in entries {
        entry.n_elements()?;
        if entry.member as usize >= n_members {
            return Err(entry.member_error(n_members));
        }
        if !names.insert(&entry.name) {
            return Err(FormatError::RepeatedTensor { name: entry.name.clone() });
        }
    }
    Ok(())
}

impl Role {
    /// The role of a code in a file.
    fn of(code: u8) -> Option<Self> {
        [Self::Matrix, Self::Statistic, Self::Table].into_iter().find(|role| *role as u8 == code)
    }
}

impl Form {
    /// The form of a code in a file, if a tensor of this role can have it.
    fn of(code: u8, role: Role) -> Option<Self> {
        let form = [Self::F32, Self::Bf16, Self::Int8].into_iter().find(|f| *f as u8 == code)?;
        match (form, role) {
            (Self::F32, _)
            | (Self::Bf16 | Self::Int8, Role::Table)
            | (Self::Int8, Role::Matrix) => Some(form),
            _ => None,
        }
    }

    fn of_rows(rows: &StoredRows<'_, f32>) -> Self {
        match rows {
            StoredRows::Full(_) => Self::F32,
            StoredRows::Compact(rows) if rows.elements() == Elements::Bf16 => Self::Bf16,
            StoredRows::Compact(_) => Self::Int8,
        }
    }

    /// The form of compact rows; `None` for numbers as they are.
    fn elements(self) -> Option<Elements> {
        match self {
            Self::F32 => None,
            Self::Bf16 => Some(Elements::Bf16),
            Self::Int8 => Some(Elements::Int8),
        }
    }
}

impl Entry {
    fn take(cursor: &mut Cursor<'_>, program: &str) -> Result<Self, FormatError> {
        let member = in_header(cursor.u32())?;
        let (role, elements) = (in_header(cursor.u8())?, in_header(cursor.u8())?);
        let name = read_text(cursor)?.to_owned();
        let (rows, columns) = (in_header(cursor.u64())?, in_header(cursor.u64())?);
        let known = Role::of(role).and_then(|role| Some((role, Form::of(elements, role)?)));
        match known {
            Some((role, form)) => Ok(Self { member, role, form, name, rows, columns }),
            None => {
                let program = program.to_owned();
                Err(FormatError::UnknownTensor { name, role, elements, program })
            }
        }
    }

    /// The number of elements, which is 0 only for a table: a share of a small one may have no rows.
    fn n_elements(&self) -> Result<u64, FormatError> {
        let is_shape = match (self.role, self.form) {
            (Role::Statistic, _) => self.rows == 1,
            (Role::Matrix, Form::Int8) => self.columns <= MAX_INPUTS as u64,
            _ => true,
        };
        let least_rows = u64::from(self.role == Role::Table);
        self.rows
            .max(least_rows)
            .checked_mul(self.columns)
            .filter(|n_elements| is_shape && (1..=MAX_ELEMENTS).contains(n_elements))
            .map(|_| self.rows * self.columns)
            .ok_or_else(|| self.shape_error())
    }

    fn length(&self) -> Result<u64, FormatError> {
        let n_elements = self.n_elements()?;
        // At most 2⁴⁶ elements, with at least one in each row.
        Ok(match (self.form, self.role) {
            (Form::F32, _) => n_elements * size_of::<f32>() as u64,
            (Form::Bf16, _) => n_elements * 2,
            (Form::Int8, Role::Matrix) => n_elements + 4 * self.rows + 4 * self.columns + ZERO,
            (Form::Int8, _) => n_elements + 4 * self.rows,
        })
    }

    /// Adds the tensor to `params`, with the elements at the cursor.
    fn read_into(
        &self,
        params: &mut Params<f32>,
        cursor: &mut Cursor<'_>,
    ) -> Result<(), FormatError> {
        let elements = cursor.take(self.length()?)?;
        take_filling(cursor)?;
        let (_, columns) = self.shape()?;
        match (self.form.elements(), self.role) {
            (None, _) => {}
            (Some(_), Role::Matrix) => {
                params.add_int8_dense(&self.name, self.int8_weight(elements, columns)?);
                return Ok(());
            }
            (Some(form), _) => {
                let rows: Arc<dyn LentBytes> = Arc::new(elements.to_vec());
                params.add_compact_table(&self.name, columns, (rows, form));
                return Ok(());
            }
        }
        let (elements, _) = elements.as_chunks();
        let values: Vec<f32> = elements.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        if self.role == Role::Statistic {
            params.add_statistic(&self.name, values);
            return Ok(());
        }
        let array =
            Array2::from_shape_vec(self.shape()?, values).map_err(|_| self.shape_error())?;
        if self.role == Role::Table {
            params.add_table(&self.name, array);
        } else {
            params.add_dense(&self.name, array);
        }
        Ok(())
    }

    /// Adds the table to `params`, with its elements left in the map.
    fn lend(
        &self,
        params: &mut Params<f32>,
        cursor: &mut Cursor<'_>,
        map: &Arc<Map>,
    ) -> Result<(), FormatError> {
        let (_, columns) = self.shape()?;
        let (start, length) = (cursor.position(), self.length()?);
        cursor.take(length)?;
        take_filling(cursor)?;
        if let Some(form) = self.form.elements() {
            let rows = MappedBytes::new(map, start, length).ok_or_else(|| self.shape_error())?;
            params.add_compact_table(&self.name, columns, (Arc::new(rows), form));
            return Ok(());
        }
        let values = MappedValues::new(map, start, length).ok_or_else(|| self.shape_error())?;
        params.add_lent_table(&self.name, columns, Arc::new(values));
        Ok(())
    }

    /// The matrix of these bytes: rows of integers, the steps of its inputs, and the integer of the input 0.
    fn int8_weight(&self, bytes: &[u8], columns: usize) -> Result<Int8Weight, FormatError> {
        let end = 4 * columns + ZERO as usize;
        let (rows, end) = bytes.split_at(bytes.len().saturating_sub(end));
        let (numbers, _) = end.as_chunks();
        let Some((zero, steps)) = numbers.split_last() else { return Err(self.shape_error()) };
        let steps: Vec<f32> = steps.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let wrong =
            steps.iter().position(|step| !(*step == 0.0 || step.is_normal() && *step > 0.0));
        if let Some(input) = wrong {
            let (name, step) = (self.name.clone(), steps[input].to_string());
            return Err(FormatError::InputStep { name, input, step });
        }
        let zero = u32::from_le_bytes(*zero);
        let zero = u8::try_from(zero)
            .map_err(|_| FormatError::InputZero { name: self.name.clone(), zero })?;
        Ok(Int8Weight::new(rows.to_vec(), InputSteps::new(steps, zero)))
    }

    fn shape(&self) -> Result<(usize, usize), FormatError> {
        let size = |size| usize::try_from(size).map_err(|_| self.shape_error());
        Ok((size(self.rows)?, size(self.columns)?))
    }

    fn shape_error(&self) -> FormatError {
        let Self { name, rows, columns, .. } = self;
        FormatError::TensorShape { name: name.clone(), rows: *rows, columns: *columns }
    }

    fn member_error(&self, n_members: usize) -> FormatError {
        FormatError::Member { name: self.name.clone(), member: self.member, n_members }
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

/// Gives the rows of a table of a member, in the order of their numbers and as many at a time as it likes, to a function.
///
/// It replaces the rows of [`Params`] where these have only a share of them.
pub type TableRowsOf<'s> = dyn FnMut(usize, TableId, TakeRows<'_>) -> io::Result<()> + 's;

/// Takes the next rows of a table, end to end.
pub type TakeRows<'t> = &'t mut dyn FnMut(&[f32]) -> io::Result<()>;

/// Writes the elements and the padding of each tensor of the member with this number: [`Directory::length`] bytes.
pub(super) fn write(
    (member, params): (usize, &Params<f32>),
    rows_of: &mut TableRowsOf<'_>,
    writer: &mut impl Write,
) -> io::Result<()> {
    for id in params.dense_ids() {
        match params.int8_weight(id) {
            None => write_tensor(writer, |take| take(params.dense_slice(id)))?,
            Some(weight) => {
                let inputs = weight.input_steps();
                let mut end: Vec<_> =
                    inputs.steps().iter().map(|step| step.to_le_bytes()).collect();
                end.push(u32::from(inputs.zero()).to_le_bytes());
                write_bytes(&[weight.rows().bytes(), end.as_flattened()], writer)?;
            }
        }
    }
    for id in params.statistic_ids() {
        write_tensor(writer, |take| take(params.statistic(id)))?;
    }
    for id in params.table_ids() {
        match params.stored_rows(id) {
            StoredRows::Full(_) => write_tensor(writer, |take| rows_of(member, id, take))?,
            StoredRows::Compact(rows) => write_bytes(&[rows.bytes()], writer)?,
        }
    }
    Ok(())
}

/// The rows of a share of a table of `params`, which has all of them.
///
/// # Errors
/// Those of `take`.
pub(super) fn rows_of_share(
    (params, share): (&Params<f32>, Share),
    id: TableId,
    take: TakeRows<'_>,
) -> io::Result<()> {
    let rows = params.table_rows(id).numbered().filter(|(number, _)| share.has(*number));
    rows.map(|(_, row)| row).try_for_each(take)
}

/// Writes the bytes of a tensor, and the padding.
fn write_bytes(parts: &[&[u8]], writer: &mut impl Write) -> io::Result<()> {
    parts.iter().try_for_each(|part| writer.write_all(part))?;
    write_filling(parts.iter().map(|part| part.len() as u64).sum(), writer)
}

/// Writes the elements of a tensor, which `fill` gives in parts, and the padding.
fn write_tensor(
    writer: &mut impl Write,
    fill: impl FnOnce(TakeRows<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(BUFFER);
    let mut length = 0;
    fill(&mut |part| {
        for values in part.chunks(BUFFER / size_of::<f32>()) {
            if buffer.len() + size_of_val(values) > BUFFER {
                writer.write_all(&buffer)?;
                buffer.clear();
            }
            buffer.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            length += size_of_val(values) as u64;
        }
        Ok(())
    })?;
    writer.write_all(&buffer)?;
    write_filling(length, writer)
}

/// Writes zeros from `position` to the next multiple of [`ALIGNMENT`].
pub(super) fn write_filling(position: u64, writer: &mut impl Write) -> io::Result<()> {
    let length = position.next_multiple_of(ALIGNMENT) - position;
    writer.write_all(&[0; ALIGNMENT as usize][..length as usize])
}

#[cfg(test)]
mod tests {
    use super::*;
    use deepcross_testing::peak;
    use ndarray::array;

    fn entry(role: Role, name: &str, rows: u64, columns: u64) -> Entry {
        Entry { member: 0, role, form: Form::F32, name: name.to_owned(), rows, columns }
    }

    /// A matrix and a table in integers, and a table in bf16.
    fn compact() -> Params<f32> {
        let rows = |elements: Elements, n_rows: usize| {
            let mut bytes = Vec::new();
            (0..n_rows).for_each(|row| elements.encode(&mut bytes, &[row as f32, 0.5, -3.0]));
            bytes
        };
        let mut params = Params::new();
        let steps = InputSteps::of_ranges(&[(-1.0, 2.0); 3], &[1.0, 0.5, 2.0]);
        let weight = Int8Weight::new(rows(Elements::Int8, 2), steps);
        params.add_int8_dense("weight", weight);
        params.add_dense("bias", array![[0.5, 0.25]]);
        for (name, elements) in [("ids", Elements::Int8), ("words", Elements::Bf16)] {
            params.add_compact_table(name, 3, (Arc::new(rows(elements, 5)), elements));
        }
        params
    }

    #[test]
    fn compact_tensors_come_back() {
        let params = compact();
        let (bytes, directory) = (elements(&[&params]), Directory::of(&[&params], Share::WHOLE));
        directory.check(1).unwrap();
        // Two rows of 7 bytes, three steps and the integer of 0; two numbers; five rows of 7 and of 6 bytes: each in a line of 64.
        assert_eq!(bytes.len() as u64, directory.length().unwrap());
        assert_eq!(bytes.len(), 4 * 64);
        let reread = directory.read(&mut Cursor::new(&bytes), &[Values::Finite], None).unwrap();
        assert_eq!(elements(&[&reread[0]]), bytes);
        let steps = |params: &Params<f32>| {
            params.dense_ids().find_map(|id| Some(params.int8_weight(id)?.input_steps().clone()))
        };
        assert!(steps(&params).is_some() && steps(&params) == steps(&reread[0]));
        let tables = |params: &Params<f32>| {
            params.table_ids().map(|id| params.table(id)).collect::<Vec<_>>()
        };
        assert_eq!((tables(&reread[0]), reread[0].is_compact()), (tables(&params), true));

        let forged = [
            (14, f32::INFINITY.to_le_bytes(), "the step of its input 0 is inf"),
            (22, (-1.0_f32).to_le_bytes(), "the step of its input 2 is -1"),
            (18, 1e-40_f32.to_le_bytes(), "the step of its input 1 is 0.000"),
            (26, [0, 1, 0, 0], "256 as the integer of the input 0"),
        ];
        for (place, forged, says) in forged {
            let mut bytes = bytes.clone();
            bytes[place..place + 4].copy_from_slice(&forged);
            let error =
                directory.read(&mut Cursor::new(&bytes), &[Values::Finite], None).unwrap_err();
            let error = error.to_string();
            assert!(error.starts_with(&format!("tensor `weight`: {says}")), "{error}");
        }
        let mut bytes = bytes;
        bytes[128..132].copy_from_slice(&f32::NAN.to_le_bytes());
        let error = directory.read(&mut Cursor::new(&bytes), &[Values::Finite], None).unwrap_err();
        assert_eq!(error, FormatError::NonFinite { name: "ids".to_owned(), row: 0, column: 0 });
    }

    fn params(tables: usize) -> Params<f32> {
        let mut params = Params::new();
        params.add_dense("weight", Array2::from_shape_fn((3, 7), |(i, j)| (7 * i + j) as f32));
        params.add_statistic("mean", vec![0.5; 5]);
        for i in 0..tables {
            params.add_table(format!("table {i}"), array![[i as f32], [-0.0]]);
        }
        params.add_dense("bias", Array2::from_elem((1, 1100), 0.1));
        params
    }

    fn elements(members: &[&Params<f32>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut rows_of =
            |i: usize, id, take: TakeRows<'_>| rows_of_share((members[i], Share::WHOLE), id, take);
        for (i, &params) in members.iter().enumerate() {
            write((i, params), &mut rows_of, &mut bytes).unwrap();
        }
        bytes
    }

    #[test]
    fn tensors_come_back_in_their_order() {
        let (first, second) = (params(3), params(0));
        let members = [&first, &second];
        let (bytes, mut header) = (elements(&members), Vec::new());
        Directory::of(&members, Share::WHOLE).write(&mut header);
        let directory = Directory::take(&mut Cursor::new(&header), 2, "").unwrap();
        directory.check(2).unwrap();
        assert_eq!(bytes.len() as u64, directory.length().unwrap());
        assert_eq!(bytes.len(), 128 + 4416 + 64 + 3 * 64 + 128 + 4416 + 64);

        let reread = directory.read(&mut Cursor::new(&bytes), &[Values::Finite; 2], None).unwrap();
        assert_eq!(format!("{reread:?}"), format!("{members:?}"));
    }

    #[track_caller]
    fn check_refused(entries: Vec<Entry>, message: &str) {
        assert_eq!(Directory(entries).check(1).unwrap_err().to_string(), message);
    }

    #[test]
    fn impossible_directories_are_refused() {
        use Role::{Matrix, Statistic, Table};
        let twice = "tensor `a`: the name occurs twice, expected each name once";
        check_refused(vec![entry(Matrix, "a", 1, 1), entry(Matrix, "a", 2, 2)], twice);
        check_refused(vec![entry(Matrix, "a", 1, 1), entry(Table, "a", 1, 1)], twice);

        let expected = "expected at least 1 of each and at most 2^46 elements";
        for (rows, columns) in [(0, 1), (1, 0), (u64::MAX, 2), (1 << 46, 2), (1 << 32, 1 << 32)] {
            let message = format!("tensor `a`: {rows} rows of {columns} columns, {expected}");
            check_refused(vec![entry(Matrix, "a", rows, columns)], &message);
        }
        Directory(vec![entry(Table, "a", 0, 1)]).check(1).unwrap();
        let message = format!("tensor `a`: 0 rows of 0 columns, {expected}");
        check_refused(vec![entry(Table, "a", 0, 0)], &message);
        let message = format!("tensor `a`: 2 rows of 1 columns, {expected}");
        check_refused(vec![entry(Statistic, "a", 2, 1)], &message);

        let many = (0..=MAX_TENSORS).map(|i| entry(Table, &i.to_string(), 1, 1)).collect();
        check_refused(many, "there are 16385 tensors, expected at most 16384");

        let order =
            "the tensors are out of order, expected matrices, statistics and tables of each member";
        check_refused(vec![entry(Table, "a", 1, 1), entry(Matrix, "b", 1, 1)], order);
        let of_another = Entry { member: 1, ..entry(Matrix, "a", 1, 1) };
        check_refused(
            vec![of_another],
            "tensor `a`: is of member 1, but there are 1 members, from 0",
        );
    }

    #[test]
    fn too_many_tensors_are_refused_before_they_are_read() {
        let many = (0..=MAX_TENSORS).map(|i| entry(Role::Table, &i.to_string(), 1, 1)).collect();
        let mut header = Vec::new();
        Directory(many).write(&mut header);
        assert!(Directory::take(&mut Cursor::new(&header), 2, "").is_ok());
        let (taken, held) = peak(|| Directory::take(&mut Cursor::new(&header), 1, ""));
        let error = taken.unwrap_err().to_string();
        assert_eq!(error, "there are 16385 tensors, expected at most 16384");
        assert!(held < 1024, "{held} bytes");
    }

    #[test]
    fn unknown_roles_and_types_are_refused() {
        let mut header = Vec::new();
        Directory::of(&[&params(0)], Share::WHOLE).write(&mut header);
        for (position, what) in [(8, "role 7, type 0"), (9, "role 0, type 7")] {
            let mut forged = header.clone();
            forged[position] = 7;
            let error = Directory::take(&mut Cursor::new(&forged), 1, "deepcross 9.9").unwrap_err();
            let expected = format!(
                "tensor `weight`: has {what}, which this program does not know; it was written by deepcross 9.9"
            );
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn the_length_of_the_largest_directory_does_not_overflow() {
        let tables =
            (0..MAX_TENSORS).map(|i| entry(Role::Table, &i.to_string(), 1, MAX_ELEMENTS)).collect();
        let directory = Directory(tables);
        directory.check(1).unwrap();
        assert_eq!(directory.length(), Ok(1 << 62));
        let error = directory.read(&mut Cursor::new(&[]), &[Values::Finite], None).unwrap_err();
        assert_eq!(error, FormatError::Truncated { length: 0, expected: 1 << 48 });
    }

    #[test]
    fn elements_are_checked() {
        let params = params(0);
        let (directory, mut bytes) =
            (Directory::of(&[&params], Share::WHOLE), elements(&[&params]));
        let read = |bytes: &[u8]| {
            directory.read(&mut Cursor::new(bytes), &[Values::Finite], None).unwrap_err()
        };
        bytes[127] = 1;
        assert_eq!(read(&bytes), FormatError::Filling);
        bytes[127] = 0;
        bytes[32..36].copy_from_slice(&f32::NAN.to_le_bytes());
        let expected = FormatError::NonFinite { name: "weight".to_owned(), row: 1, column: 1 };
        assert_eq!(read(&bytes), expected);
    }
}
