//! The values of rows in the memory of a caller, checked, and read as cells.
//!
//! Values are read through raw pointers when they are encoded: no reference to the caller's memory outlives the encoding
//! of a value, so that a buffer of results may even overlap them.
#![expect(unsafe_code, reason = "the values behind the pointers of a caller are read")]

use std::ffi::{CStr, c_char, c_void};
use std::fmt::{self, Display};

use deepcross_features::{Cell, RowFields, blanks};
use deepcross_model::scoring::InputColumns;

use crate::border::{array, check_array, product, reference};
use crate::status::{Failure, Status};

/// Rows of texts, row after row.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    /// The names of the columns, in any order, each ending with a zero byte. Each column of the model must be there once.
    /// NULL: the columns are those of `deepcross_model_columns`, in that order.
    pub names: *const *const c_char,
    /// The number of columns.
    pub n_columns: usize,
    /// The number of rows.
    pub n_rows: usize,
    /// `n_rows` times `n_columns` texts in UTF-8, row after row. A NULL is a missing value. An empty text is missing if
    /// the configuration of the training says so, as it does by default.
    pub values: *const *const c_char,
    /// The number of bytes of each text. NULL: each text ends with a zero byte.
    pub lengths: *const usize,
}

/// The type of the values of a column.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// `double`. A NaN is a value, which a field of numbers refuses; `validity` says what is missing.
    F64 = 1,
    /// `float`, as for `double`.
    F32 = 2,
    /// `int64_t`.
    I64 = 3,
    /// `int32_t`.
    I32 = 4,
    /// `uint64_t`.
    U64 = 5,
    /// `uint8_t`, or `bool`: 0 is false and every other byte is true.
    Bool = 6,
    /// Texts in UTF-8 behind pointers, `const char *` each; a NULL is a missing value. `offsets` has a `size_t` for each,
    /// its number of bytes, or is NULL if each ends with a zero byte.
    Strings = 7,
    /// Texts in UTF-8 in one buffer, as Arrow's `utf8`: `offsets` has an `int32_t` for the start of each in `values`, and
    /// one for the end of the last.
    Utf8 = 8,
    /// The same with `int64_t`, as Arrow's `large_utf8`.
    LargeUtf8 = 9,
}

/// The form of the marks that say which values are there.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// All values are there; `validity` is not read.
    All = 0,
    /// A byte for each value: 0 if it is missing.
    Bytes = 1,
    /// A bit for each value, from the lowest bit of the first byte on, as in Arrow: 0 if it is missing.
    Bits = 2,
}

/// A column of typed values.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The name of the column, which ends with a zero byte. NULL: the column stands where the model has it in
    /// `deepcross_model_columns`, which is possible if all columns are given so.
    pub name: *const c_char,
    /// A `deepcross_column_type`.
    pub value_type: u32,
    /// A `deepcross_validity`: the form of `validity`.
    pub validity_form: u32,
    /// The values, one for each row; for texts in one buffer, their bytes.
    pub values: *const c_void,
    /// The number of bytes behind `values`.
    pub values_size: usize,
    /// For texts, as the type says; not read for other types.
    pub offsets: *const c_void,
    /// The number of bytes behind `offsets`.
    pub offsets_size: usize,
    /// The marks of the values that are there.
    pub validity: *const u8,
    /// The number of bytes behind `validity`.
    pub validity_size: usize,
    /// The position of the first row in `values` (in `offsets` for texts in one buffer) and in `validity`.
    pub first: usize,
}

/// Typed columns, all with the same number of rows.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    /// The columns.
    pub columns: *const Column,
    /// The number of columns.
    pub n_columns: usize,
    /// The number of rows.
    pub n_rows: usize,
}

/// The values of a column, checked.
#[derive(Clone, Copy, Debug)]
enum Values {
    None,
    F64(*const f64),
    F32(*const f32),
    I64(*const i64),
    I32(*const i32),
    U64(*const u64),
    Bool(*const u8),
    /// Texts that end with a zero byte.
    Texts(*const *const c_char),
    /// Texts with their lengths.
    SizedTexts(*const *const c_char, *const usize),
    Utf8(*const u8, *const i32),
    LargeUtf8(*const u8, *const i64),
}

/// The marks of the values that are there.
#[derive(Clone, Copy, Debug)]
enum Marks {
    All,
    Bytes(*const u8),
    Bits(*const u8),
}

/// A column of the model with the values that a caller gives for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    values: Values,
    marks: Marks,
    /// The position of the value of the first row.
    first: usize,
    /// The positions from one row to the next; 0 if all rows share a value.
    step: usize,
    /// Whether white space around texts is dropped.
    trim: bool,
}

/// A row of a caller, for an encoder: the columns are those of the model, in its order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlotRow<'a> {
    slots: &'a [Slot],
    at: usize,
}

impl<'a> SlotRow<'a> {
    pub(crate) fn new(slots: &'a [Slot], at: usize) -> Self {
        Self { slots, at }
    }
}

impl RowFields for SlotRow<'_> {
    #[inline]
    fn cell(&self, column: usize) -> Cell<'_> {
        // SAFETY: `SlotList` checked the memory that its slots lead to for all rows, and the caller promises that it lives
        // and does not change during the call in which rows are encoded.
        self.slots.get(column).map_or(Cell::Null, |slot| unsafe { slot.cell(self.at) })
    }
}

impl Slot {
    /// The slot of a column that no call has given: it has no value.
    const NONE: Self =
        Self { values: Values::None, marks: Marks::All, first: 0, step: 0, trim: false };

    /// The value of a row.
    ///
    /// # Safety
    /// The row exists, and the memory of the caller is there.
    #[inline]
    unsafe fn cell<'a>(&self, row: usize) -> Cell<'a> {
        let at = self.first + row * self.step;
        // SAFETY: the value at this position exists, which was checked for the last row, and the pointers are aligned.
        unsafe {
            let is_there = match self.marks {
                Marks::All => true,
                Marks::Bytes(bytes) => bytes.add(at).read() != 0,
                Marks::Bits(bits) => bits.add(at / 8).read() >> (at % 8) & 1 == 1,
            };
            if !is_there {
                return Cell::Null;
            }
            match self.values {
                Values::None => Cell::Null,
                Values::F64(numbers) => Cell::Double(numbers.add(at).read()),
                Values::F32(numbers) => Cell::Single(numbers.add(at).read()),
                Values::I64(numbers) => Cell::Integer(numbers.add(at).read()),
                Values::I32(numbers) => Cell::Integer(numbers.add(at).read().into()),
                Values::U64(numbers) => Cell::Unsigned(numbers.add(at).read()),
                Values::Bool(bytes) => Cell::Boolean(bytes.add(at).read() != 0),
                Values::Texts(texts) => {
                    let text = texts.add(at).read();
                    if text.is_null() {
                        return Cell::Null;
                    }
                    self.text(CStr::from_ptr(text).to_bytes())
                }
                Values::SizedTexts(texts, lengths) => {
                    let text = texts.add(at).read();
                    if text.is_null() {
                        return Cell::Null;
                    }
                    let length = lengths.add(at).read();
                    self.text(std::slice::from_raw_parts(text.cast(), length))
                }
                Values::Utf8(bytes, offsets) => {
                    let (start, end) = (offsets.add(at).read(), offsets.add(at + 1).read());
                    self.text_between(bytes, start as usize, end as usize)
                }
                Values::LargeUtf8(bytes, offsets) => {
                    let (start, end) = (offsets.add(at).read(), offsets.add(at + 1).read());
                    self.text_between(bytes, start as usize, end as usize)
                }
            }
        }
    }

    #[inline]
    fn text<'a>(&self, text: &'a [u8]) -> Cell<'a> {
        Cell::Text(if self.trim { blanks::trim(text) } else { text })
    }

    /// The text of these bytes.
    ///
    /// # Safety
    /// The bytes exist, and the end is not before the start.
    #[inline]
    unsafe fn text_between<'a>(&self, bytes: *const u8, start: usize, end: usize) -> Cell<'a> {
        if start == end {
            return Cell::Text(&[]);
        }
        // SAFETY: the promise of the caller.
        self.text(unsafe { std::slice::from_raw_parts(bytes.add(start), end - start) })
    }
}

/// The slots of a call, and which column of the model is at each position of the call before.
///
/// Callers nearly always give the same columns in the same order. One comparison then saves looking a name up.
#[derive(Debug, Default)]
pub(crate) struct SlotList {
    /// A slot for each column of the model. One that this call has not put is that of another call, and must not be read.
    slots: Vec<Slot>,
    /// For each slot, the call that put it.
    calls: Vec<u64>,
    call: u64,
    n_put: usize,
    order: Vec<usize>,
}

impl SlotList {
    /// Begins a call.
    pub(crate) fn begin(&mut self, columns: &InputColumns) {
        self.slots.resize(columns.len(), Slot::NONE);
        self.calls.resize(columns.len(), 0);
        (self.call, self.n_put) = (self.call + 1, 0);
    }

    /// The slots, after the call has put each of them.
    pub(crate) fn all(&self) -> &[Slot] {
        assert_eq!(self.n_put, self.slots.len(), "a call gives all columns");
        &self.slots
    }

    /// Puts the slot of a column; returns whether the call has already put it.
    #[inline]
    fn put(&mut self, column: usize, slot: Slot) -> bool {
        if self.calls[column] == self.call {
            return true;
        }
        (self.slots[column], self.calls[column]) = (slot, self.call);
        self.n_put += 1;
        false
    }

    /// Takes rows of texts.
    ///
    /// # Safety
    /// The pointers of `rows` lead to what its documentation says, or are NULL or not aligned.
    pub(crate) unsafe fn take_rows(
        &mut self,
        rows: &Rows,
        columns: &InputColumns,
    ) -> Result<(), Failure> {
        let &Rows { names, n_columns, n_rows, values, lengths } = rows;
        let n_values = product(n_rows, n_columns, "rows.values")?;
        check_array(values, n_values, "rows.values")?;
        let texts = match lengths.is_null() {
            true => Values::Texts(values),
            false => {
                // SAFETY: the caller promises the lengths.
                unsafe { check_lengths(lengths, 0..n_values, "rows.lengths") }?;
                Values::SizedTexts(values, lengths)
            }
        };
        let slot = |first| Slot {
            values: texts,
            marks: Marks::All,
            first,
            step: n_columns,
            trim: columns.trim,
        };
        if names.is_null() {
            return self.take_positions("rows.n_columns", n_columns, columns, |at| Ok(slot(at)));
        }
        // SAFETY: the caller promises the names.
        let names = unsafe { array(names, n_columns, "rows.names") }?;
        for (at, &name) in names.iter().enumerate() {
            let place = || format!("rows.names[{at}]");
            // SAFETY: as above.
            unsafe { self.take_name((at, &place), name, columns, slot(at)) }?;
        }
        self.finish("rows.names", columns)
    }

    /// Takes typed columns, with a value for each row.
    ///
    /// # Safety
    /// The pointers of `columns` lead to what its documentation says, or are NULL or not aligned.
    pub(crate) unsafe fn take_columns(
        &mut self,
        given: &Columns,
        name: &str,
        columns: &InputColumns,
    ) -> Result<(), Failure> {
        // SAFETY: the caller promises the columns.
        let list =
            unsafe { array(given.columns, given.n_columns, format_args!("{name}.columns")) }?;
        let slot = |at: usize| {
            // SAFETY: as above.
            unsafe { list[at].slot(given.n_rows, columns.trim, ColumnPlace { of: name, at }) }
        };
        if list.iter().all(|column| column.name.is_null()) {
            return self.take_positions(
                format_args!("{name}.n_columns"),
                list.len(),
                columns,
                slot,
            );
        }
        // SAFETY: as above.
        unsafe { self.take_named(given, name, 0, false, columns) }?;
        self.finish(format_args!("{name}.columns"), columns)
    }

    /// Takes typed columns that have a name; further ones may follow. `is_shared` says that their only row stands for all.
    ///
    /// # Safety
    /// As for [`take_columns`](Self::take_columns).
    pub(crate) unsafe fn take_named(
        &mut self,
        given: &Columns,
        name: &str,
        before: usize,
        is_shared: bool,
        columns: &InputColumns,
    ) -> Result<(), Failure> {
        // SAFETY: the caller promises the columns.
        let list =
            unsafe { array(given.columns, given.n_columns, format_args!("{name}.columns")) }?;
        for (at, column) in list.iter().enumerate() {
            // SAFETY: as above.
            let mut slot =
                unsafe { column.slot(given.n_rows, columns.trim, ColumnPlace { of: name, at }) }?;
            if is_shared {
                slot.step = 0;
            }
            let place = || format!("{}.name", ColumnPlace { of: name, at });
            // SAFETY: as above.
            unsafe { self.take_name((before + at, &place), column.name, columns, slot) }?;
        }
        Ok(())
    }

    /// The positions of the columns that were taken so far, in ascending order.
    pub(crate) fn taken(&self) -> impl Iterator<Item = usize> {
        let calls = self.calls.iter().enumerate();
        calls.filter(|(_, call)| **call == self.call).map(|(column, _)| column)
    }

    /// Ends a call by names: all columns must be there. `name` is that of the parameter.
    pub(crate) fn finish(&self, name: impl Display, columns: &InputColumns) -> Result<(), Failure> {
        let absent = self.calls.iter().position(|call| *call != self.call);
        let Some(absent) = absent else { return Ok(()) };
        let (column, more) = (&columns.list[absent].name, self.slots.len() - self.n_put - 1);
        let more = if more == 0 { String::new() } else { format!(" and {more} others") };
        let message = format!(
            "`{name}`: the column `{column}`{more} is not given, which the model reads; for rows without a value, give \
             it with missing values"
        );
        Err(Failure::new(Status::AbsentColumn, message))
    }

    /// Takes the columns of the model in its order.
    fn take_positions(
        &mut self,
        name: impl Display,
        n_columns: usize,
        columns: &InputColumns,
        slot: impl Fn(usize) -> Result<Slot, Failure>,
    ) -> Result<(), Failure> {
        if n_columns != columns.len() {
            let message = format!(
                "`{name}`: {n_columns}, expected {}, the number of columns of the model, since the columns have no names",
                columns.len()
            );
            return Err(Failure::new(Status::WrongLength, message));
        }
        for at in 0..n_columns {
            self.put(at, slot(at)?);
        }
        Ok(())
    }

    /// Puts a slot where the column of this name is; `place` shows the parameter.
    ///
    /// # Safety
    /// The pointer is NULL or leads to a text.
    unsafe fn take_name(
        &mut self,
        (at, place): (usize, &dyn Fn() -> String),
        name: *const c_char,
        columns: &InputColumns,
        slot: Slot,
    ) -> Result<(), Failure> {
        if name.is_null() {
            let message = format!("`{}`: is NULL, expected the name of a column", place());
            return Err(Failure::new(Status::NullPointer, message));
        }
        // SAFETY: the promise of the caller.
        let is_expected =
            |column: &usize| unsafe { is_text(name, columns.list[*column].name.as_bytes()) };
        let expected = self.order.get(at).copied().filter(is_expected);
        let column = match expected {
            Some(column) => column,
            // SAFETY: as above.
            None => match position(unsafe { CStr::from_ptr(name) }.to_bytes(), columns, place)? {
                Some(column) => column,
                None => return Ok(()),
            },
        };
        if at < self.order.len() {
            self.order[at] = column;
        } else if at == self.order.len() && at < columns.len() {
            self.order.push(column);
        }
        if self.put(column, slot) {
            let name = &columns.list[column].name;
            let message =
                format!("`{}`: the column `{}` is given twice", place(), shown(name.as_bytes()));
            return Err(Failure::new(Status::DuplicateColumn, message));
        }
        Ok(())
    }
}

/// Whether a text that ends with a zero byte is this one. Its length is not looked for, which takes longer.
///
/// # Safety
/// The pointer leads to bytes that end with a zero byte.
#[inline]
unsafe fn is_text(pointer: *const c_char, text: &[u8]) -> bool {
    let pointer: *const u8 = pointer.cast();
    // SAFETY: all bytes before this one are other than zero, so that it belongs to the text.
    let byte = |at: usize| unsafe { pointer.add(at).read() };
    text.iter().enumerate().all(|(at, &own)| own != 0 && byte(at) == own) && byte(text.len()) == 0
}

/// The place of a column in messages, which is only written if there is one.
#[derive(Clone, Copy, Debug)]
struct ColumnPlace<'a> {
    of: &'a str,
    at: usize,
}

impl fmt::Display for ColumnPlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.columns[{}]", self.of, self.at)
    }
}

/// A name in messages: valid UTF-8, and not longer than a line.
fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).chars().take(64).collect()
}

/// The position of the column of this name; `None` for one that is read in training alone.
#[cold]
fn position(
    name: &[u8],
    columns: &InputColumns,
    place: &dyn Fn() -> String,
) -> Result<Option<usize>, Failure> {
    let Ok(name) = std::str::from_utf8(name) else {
        let message = format!("`{}`: `{}` is not valid UTF-8", place(), shown(name));
        return Err(Failure::new(Status::BadUtf8, message));
    };
    if let Some(column) = columns.position(name) {
        return Ok(Some(column));
    }
    if columns.is_ignored(name) {
        return Ok(None);
    }
    let hint = match columns.nearest(name) {
        Some(nearest) => format!("the nearest column is `{nearest}`"),
        None => "deepcross_model_columns lists the columns".to_owned(),
    };
    let message =
        format!("`{}`: the model reads no column `{}`; {hint}", place(), shown(name.as_bytes()));
    Err(Failure::new(Status::UnknownColumn, message))
}

/// Checks that no text is longer than memory can be.
///
/// # Safety
/// The pointer is not aligned, or leads to lengths at these positions.
unsafe fn check_lengths(
    lengths: *const usize,
    range: std::ops::Range<usize>,
    name: impl Display + Copy,
) -> Result<(), Failure> {
    check_array(lengths, range.end, name)?;
    for at in range {
        // SAFETY: the promise of the caller.
        let length = unsafe { lengths.add(at).read() };
        if length > isize::MAX.unsigned_abs() {
            let message = format!("`{name}[{at}]`: {length}, which no text can have as its length");
            return Err(Failure::new(Status::WrongLength, message));
        }
    }
    Ok(())
}

impl Column {
    /// The checked values of a column; `place` shows it in messages.
    ///
    /// # Safety
    /// The pointers lead to what the documentation of the fields says, or are NULL or not aligned.
    unsafe fn slot(
        &self,
        n_rows: usize,
        trim: bool,
        place: ColumnPlace<'_>,
    ) -> Result<Slot, Failure> {
        let Some(end) = self.first.checked_add(n_rows) else {
            let message = format!("`{place}.first`: {} is beyond all rows", self.first);
            return Err(Failure::new(Status::WrongLength, message));
        };
        // SAFETY: the promise of the caller.
        let values = unsafe { self.checked_values(end, n_rows, place) }?;
        let marks = self.marks(end, n_rows, place)?;
        Ok(Slot { values, marks, first: self.first, step: 1, trim })
    }

    fn marks(&self, end: usize, n_rows: usize, place: ColumnPlace<'_>) -> Result<Marks, Failure> {
        let (bytes, size) = (self.validity, self.validity_size);
        match self.validity_form {
            form if form == Validity::All as u32 => Ok(Marks::All),
            form if form == Validity::Bytes as u32 => {
                values(bytes.cast(), size, end, n_rows, format_args!("{place}.validity"))
                    .map(Marks::Bytes)
            }
            form if form == Validity::Bits as u32 => values(
                bytes.cast(),
                size,
                end.div_ceil(8),
                n_rows,
                format_args!("{place}.validity"),
            )
            .map(Marks::Bits),
            form => Err(Failure::new(
                Status::WrongConstant,
                format!("`{place}.validity_form`: {form}, expected a deepcross_validity"),
            )),
        }
    }

    /// # Safety
    /// As for [`slot`](Self::slot).
    unsafe fn checked_values(
        &self,
        end: usize,
        n: usize,
        place: ColumnPlace<'_>,
    ) -> Result<Values, Failure> {
        let (pointer, size) = (self.values, self.values_size);
        let name = format_args!("{place}.values");
        let is = |expected: ColumnType| self.value_type == expected as u32;
        Ok(match () {
            () if is(ColumnType::F64) => Values::F64(values(pointer, size, end, n, name)?),
            () if is(ColumnType::F32) => Values::F32(values(pointer, size, end, n, name)?),
            () if is(ColumnType::I64) => Values::I64(values(pointer, size, end, n, name)?),
            () if is(ColumnType::I32) => Values::I32(values(pointer, size, end, n, name)?),
            () if is(ColumnType::U64) => Values::U64(values(pointer, size, end, n, name)?),
            () if is(ColumnType::Bool) => Values::Bool(values(pointer, size, end, n, name)?),
            () if is(ColumnType::Strings) => {
                let texts = values(pointer, size, end, n, name)?;
                if self.offsets.is_null() {
                    return Ok(Values::Texts(texts));
                }
                let lengths = self.offsets(end, n, place)?;
                // SAFETY: the promise of the caller; the size was checked.
                unsafe {
                    check_lengths(lengths, self.first..end, format_args!("{place}.offsets"))
                }?;
                Values::SizedTexts(texts, lengths)
            }
            () if is(ColumnType::Utf8) => {
                let offsets = self.offsets::<i32>(end.saturating_add(1), n, place)?;
                // SAFETY: as above.
                unsafe { self.check_offsets(offsets, n, place) }?;
                Values::Utf8(pointer.cast(), offsets)
            }
            () if is(ColumnType::LargeUtf8) => {
                let offsets = self.offsets::<i64>(end.saturating_add(1), n, place)?;
                // SAFETY: as above.
                unsafe { self.check_offsets(offsets, n, place) }?;
                Values::LargeUtf8(pointer.cast(), offsets)
            }
            () => {
                let message = format!(
                    "`{place}.value_type`: {}, expected a deepcross_column_type",
                    self.value_type
                );
                return Err(Failure::new(Status::WrongConstant, message));
            }
        })
    }

    fn offsets<T>(
        &self,
        end: usize,
        n_rows: usize,
        place: ColumnPlace<'_>,
    ) -> Result<*const T, Failure> {
        values(self.offsets, self.offsets_size, end, n_rows, format_args!("{place}.offsets"))
    }

    /// Checks that the texts between offsets lie in the buffer of their bytes.
    ///
    /// # Safety
    /// If there are rows, there are `n_rows` offsets from the first one on, and one more.
    unsafe fn check_offsets<T: Copy + Into<i64>>(
        &self,
        offsets: *const T,
        n_rows: usize,
        place: ColumnPlace<'_>,
    ) -> Result<(), Failure> {
        if n_rows == 0 {
            return Ok(());
        }
        let mut last = 0_i64;
        for at in self.first..=self.first + n_rows {
            // SAFETY: the promise of the caller.
            let offset: i64 = unsafe { offsets.add(at).read() }.into();
            if offset < last {
                let message = format!(
                    "`{place}.offsets[{at}]`: {offset}, expected at least {last}, since offsets do not go back"
                );
                return Err(Failure::new(Status::WrongLength, message));
            }
            last = offset;
        }
        if u64::try_from(last).is_ok_and(|last| last > self.values_size as u64) {
            let message = format!(
                "`{place}.values_size`: {} bytes, but the texts end at the byte {last}",
                self.values_size
            );
            return Err(Failure::new(Status::WrongLength, message));
        }
        check_array(self.values.cast::<u8>(), self.values_size, format_args!("{place}.values"))
    }
}

/// Checks a pointer to `size` bytes that hold `end` values.
fn values<T>(
    pointer: *const c_void,
    size: usize,
    end: usize,
    n_rows: usize,
    name: impl Display + Copy,
) -> Result<*const T, Failure> {
    let pointer: *const T = pointer.cast();
    if n_rows == 0 {
        return Ok(pointer);
    }
    check_array(pointer, end, name)?;
    let needed = product(end, size_of::<T>(), name)?;
    if size < needed {
        let message = format!(
            "`{name}_size`: {size} bytes, expected at least {needed}: {end} values of {} bytes",
            size_of::<T>()
        );
        return Err(Failure::new(Status::WrongLength, message));
    }
    Ok(pointer)
}

/// The parameters behind a pointer.
///
/// # Safety
/// The pointer is NULL, or not aligned, or leads to a value.
pub(crate) unsafe fn given<T: Copy>(pointer: *const T, name: &str) -> Result<T, Failure> {
    // SAFETY: the promise of the caller.
    unsafe { reference(pointer, name) }.copied()
}
