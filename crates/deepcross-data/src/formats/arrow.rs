//! The columns of Arrow record batches as cells.
//!
//! Numbers are read where they are, without a copy, and a dictionary is not expanded.

use std::fmt;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowDictionaryKeyType, ByteArrayType, ByteViewType, Date32Type, Date64Type, Decimal128Type,
    Decimal256Type, DecimalType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType, BooleanArray, DictionaryArray,
    FixedSizeBinaryArray, FixedSizeListArray, Float32Array, GenericByteArray, GenericByteViewArray,
    GenericListArray, OffsetSizeTrait, PrimitiveArray, RecordBatch,
};
use arrow_schema::{DataType, Field, FieldRef, Schema, TimeUnit};
use deepcross_features::{Cell, CellList, Cells, Instant, LIST_SEPARATOR, blanks};

use crate::config::first_repeated;
use crate::error::DataError;
use crate::input::{Input, MemoryRows, RowChunk, UnreadColumn};
use crate::limits::MOST_FIELDS;
use crate::message::shown;

const PLAIN_ELEMENTS: &str = "a list whose elements do not contain the separator `|`";

const IN_RANGE: &str = "a time in the range of years that can be written as text";

/// The days in the range of years that can be written as text: -262143 to 262142.
const DAYS: std::ops::RangeInclusive<i64> = -96_465_292..=95_026_236;

const SECONDS_OF_DAY: i64 = 24 * 60 * 60;

/// A number of bytes for each byte that [`n_bytes`] counts, which no text exceeds.
///
/// The longest text of a typed value is that of a double number near 10⁻³⁰⁸ with 327 bytes, which counts as 2 bytes
/// with its separator.
const MOST_BYTES_OF_ONE: usize = 200;

/// The rows of a record batch.
pub(crate) struct BatchRows {
    n_rows: usize,
    columns: Vec<Box<dyn Cells>>,
    /// The columns whose cells are as long as their values.
    long: Vec<usize>,
    /// The columns whose cells may be misread.
    checked: Vec<usize>,
}

/// The columns of a schema.
#[derive(Debug, Default)]
pub(crate) struct SchemaColumns {
    /// The names of the columns whose types are read.
    pub(crate) names: Vec<String>,
    /// The positions of these columns in the schema.
    pub(crate) positions: Vec<usize>,
    /// All other columns.
    pub(crate) unread: Vec<UnreadColumn>,
}

impl SchemaColumns {
    /// The columns of a schema, in which no name may occur twice.
    pub(crate) fn of(schema: &Schema) -> Result<Self, String> {
        let (fields, mut columns) = (schema.fields(), Self::default());
        if fields.len() > MOST_FIELDS {
            return Err(format!("it has {} columns, expected at most {MOST_FIELDS}", fields.len()));
        }
        for (position, field) in fields.iter().enumerate() {
            let name = blanks::trim_str(field.name()).to_owned();
            if is_read(field.data_type()) {
                columns.names.push(name);
                columns.positions.push(position);
            } else {
                let kind = shown(field.data_type().to_string().as_bytes());
                columns.unread.push(UnreadColumn { name, kind });
            }
        }
        let named: Vec<_> = columns.names.iter().filter(|name| !name.is_empty()).cloned().collect();
        match first_repeated(&named) {
            None => Ok(columns),
            Some(name) => {
                let name = shown(name.as_bytes());
                Err(format!("it has the column `{name}` twice, expected each name once"))
            }
        }
    }
}

/// The origin of a column of rows that are made from record batches.
#[derive(Clone, Debug)]
pub(crate) enum BatchColumn {
    /// The column at a position in the batch; it may hold UUIDs, which batches have as bytes.
    Array {
        /// The position.
        at: usize,
        /// Whether its bytes are UUIDs.
        is_uuid: bool,
    },
    /// The same text for all rows.
    Constant(Arc<str>),
    /// No value.
    Missing,
}

/// The first column whose type differs between two batches with the same columns.
fn problem_of_types(first: &Schema, other: &Schema) -> Option<String> {
    let mut pairs = first.fields().iter().zip(other.fields());
    let differ = |(first, other): &(&FieldRef, &FieldRef)| {
        let [(first, first_is_list), (other, other_is_list)] =
            [first, other].map(|field| value_type(field.data_type()));
        first_is_list != other_is_list || !have_same_text(first, other)
    };
    let (first, other) = pairs.find(differ)?;
    Some(format!(
        "column `{}` is of type {} in one batch, expected {} as in the first",
        shown(first.name().as_bytes()),
        other.data_type(),
        first.data_type()
    ))
}

/// The type of the values, or of the elements of a list, and whether there are lists.
///
/// The names of elements and the keys of dictionaries do not matter.
fn value_type(kind: &DataType) -> (&DataType, bool) {
    match kind {
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::FixedSizeList(element, _) => (element.data_type(), true),
        DataType::Dictionary(_, value) => (value, false),
        kind => (kind, false),
    }
}

/// Whether the same value has the same text in both types: instants have it whatever the name of their zone.
fn have_same_text(first: &DataType, other: &DataType) -> bool {
    match (first, other) {
        (DataType::Timestamp(a, Some(_)), DataType::Timestamp(b, Some(_))) => a == b,
        _ => first == other,
    }
}

/// Whether values of this type are read.
fn is_read(kind: &DataType) -> bool {
    match kind {
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::FixedSizeList(element, _) => is_plain(element.data_type()),
        DataType::Dictionary(_, value) => is_plain(value),
        DataType::FixedSizeBinary(_) => true,
        kind => is_plain(kind),
    }
}

fn is_plain(kind: &DataType) -> bool {
    match kind {
        DataType::Null
        | DataType::Boolean
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::Float16
        | DataType::Float32
        | DataType::Float64
        | DataType::Decimal128(..)
        | DataType::Decimal256(..)
        | DataType::Date32
        | DataType::Date64
        | DataType::Timestamp(..) => true,
        kind => kind.is_integer(),
    }
}

impl fmt::Debug for BatchRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchRows").field("n_rows", &self.n_rows).finish_non_exhaustive()
    }
}

impl BatchRows {
    /// The rows of a batch with these columns, which must be of types that are read.
    pub(crate) fn new(batch: &RecordBatch, columns: &[BatchColumn]) -> Self {
        let kind = |column: &BatchColumn| match column {
            BatchColumn::Array { at, .. } => batch.column(*at).data_type(),
            BatchColumn::Constant(_) => &DataType::Utf8,
            BatchColumn::Missing => &DataType::Null,
        };
        let of = |is: fn(&DataType) -> bool| {
            let is_kind = |(_, column): &(usize, &BatchColumn)| is(kind(column));
            columns.iter().enumerate().filter(is_kind).map(|(at, _)| at).collect()
        };
        let (long, checked) = (of(is_long), of(is_checked));
        let cells = |origin: &BatchColumn| -> Box<dyn Cells> {
            match origin {
                BatchColumn::Array { at, is_uuid: true } => uuids(batch.column(*at)),
                BatchColumn::Array { at, is_uuid: false } => column(batch.column(*at)),
                BatchColumn::Constant(text) => Box::new(Constant(Arc::clone(text))),
                BatchColumn::Missing => Box::new(Missing),
            }
        };
        let columns = columns.iter().map(cells).collect();
        Self { n_rows: batch.num_rows(), columns, long, checked }
    }
}

impl RowChunk for BatchRows {
    fn n_rows(&self) -> usize {
        self.n_rows
    }

    fn n_cells(&self, _row: usize) -> usize {
        self.columns.len()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        self.columns[column].cell(row)
    }

    fn n_bytes(&self, row: usize) -> usize {
        self.long.iter().map(|&column| n_bytes(self.cell(row, column))).sum()
    }

    /// The texts of typed values in lists are spelled only if the row could be longer.
    fn is_longer(&self, row: usize, limit: usize) -> bool {
        if self.n_bytes(row) <= limit / MOST_BYTES_OF_ONE {
            return false;
        }
        let (mut n_bytes, mut scratch) = (0, Vec::new());
        self.long.iter().any(|&column| {
            n_bytes += spelled_bytes(self.cell(row, column), limit, &mut scratch);
            n_bytes > limit
        })
    }

    fn problem(&self, row: usize) -> Option<(usize, &'static str)> {
        let mut problems = self.checked.iter().map(|&at| (at, problem(self.cell(row, at))));
        problems.find_map(|(at, problem)| Some((at, problem?)))
    }
}

/// About the number of bytes of the text of a cell: a typed value counts as one.
fn n_bytes(cell: Cell<'_>) -> usize {
    match cell {
        Cell::Null => 0,
        Cell::Text(text) => text.len(),
        Cell::List(list) => {
            let elements = list.iter().filter(|element| !matches!(element, Cell::Null));
            elements.map(|element| n_bytes(element) + 1).sum()
        }
        _ => 1,
    }
}

/// The number of bytes of the text of a cell; for a list with more than `limit`, any number above `limit`.
fn spelled_bytes(cell: Cell<'_>, limit: usize, scratch: &mut Vec<u8>) -> usize {
    let Cell::List(list) = cell else { return cell.text(scratch).len() };
    let mut n_bytes = 0;
    for element in list.iter().filter(|element| !matches!(element, Cell::Null)) {
        n_bytes += usize::from(n_bytes > 0) + element.text(scratch).len();
        if n_bytes > limit {
            break;
        }
    }
    n_bytes
}

/// What was expected in place of a cell whose text would be misread.
fn problem(cell: Cell<'_>) -> Option<&'static str> {
    match cell {
        Cell::Day(day) => (!DAYS.contains(&day)).then_some(IN_RANGE),
        Cell::Instant(time) | Cell::LocalTime(time) => {
            (!DAYS.contains(&time.seconds().div_euclid(SECONDS_OF_DAY))).then_some(IN_RANGE)
        }
        Cell::List(list) => list.iter().find_map(|element| match element {
            Cell::Text(text) => text.contains(&LIST_SEPARATOR).then_some(PLAIN_ELEMENTS),
            element => problem(element),
        }),
        _ => None,
    }
}

fn is_long(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_)
        | DataType::List(_)
        | DataType::LargeList(_)
        | DataType::FixedSizeList(..) => true,
        DataType::Dictionary(_, value) => is_long(value),
        _ => false,
    }
}

fn is_checked(kind: &DataType) -> bool {
    match kind {
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => true,
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::FixedSizeList(element, _) => {
            let element = element.data_type();
            is_long(element) || is_checked(element)
        }
        DataType::Dictionary(_, value) => is_checked(value),
        _ => false,
    }
}

/// The cells of a column; those of a type that is not read are missing.
fn column(array: &ArrayRef) -> Box<dyn Cells> {
    match array.data_type() {
        DataType::Boolean => Box::new(Booleans(array.as_boolean().clone())),
        DataType::Int8 => numbers::<Int8Type>(array, |n| Cell::Integer(n.into())),
        DataType::Int16 => numbers::<Int16Type>(array, |n| Cell::Integer(n.into())),
        DataType::Int32 => numbers::<Int32Type>(array, |n| Cell::Integer(n.into())),
        DataType::Int64 => numbers::<Int64Type>(array, Cell::Integer),
        DataType::UInt8 => numbers::<UInt8Type>(array, |n| Cell::Unsigned(n.into())),
        DataType::UInt16 => numbers::<UInt16Type>(array, |n| Cell::Unsigned(n.into())),
        DataType::UInt32 => numbers::<UInt32Type>(array, |n| Cell::Unsigned(n.into())),
        DataType::UInt64 => numbers::<UInt64Type>(array, Cell::Unsigned),
        DataType::Float16 => halves(array),
        DataType::Float32 => numbers::<Float32Type>(array, Cell::Single),
        DataType::Float64 => numbers::<Float64Type>(array, Cell::Double),
        DataType::Utf8 => Box::new(Texts(array.as_string::<i32>().clone())),
        DataType::LargeUtf8 => Box::new(Texts(array.as_string::<i64>().clone())),
        DataType::Utf8View => Box::new(Views(array.as_string_view().clone())),
        DataType::Binary => Box::new(Texts(array.as_binary::<i32>().clone())),
        DataType::LargeBinary => Box::new(Texts(array.as_binary::<i64>().clone())),
        DataType::BinaryView => Box::new(Views(array.as_binary_view().clone())),
        DataType::FixedSizeBinary(_) => Box::new(FixedBytes(array.as_fixed_size_binary().clone())),
        DataType::Decimal128(..) => decimals::<Decimal128Type>(array),
        DataType::Decimal256(..) => decimals::<Decimal256Type>(array),
        DataType::List(_) => lists(array.as_list::<i32>()),
        DataType::LargeList(_) => lists(array.as_list::<i64>()),
        DataType::FixedSizeList(..) => Box::new(FixedLists::of(array.as_fixed_size_list())),
        DataType::Dictionary(key, _) => dictionary(array, key),
        kind => times(array, kind),
    }
}

fn times(array: &ArrayRef, kind: &DataType) -> Box<dyn Cells> {
    const MILLISECONDS_OF_DAY: i64 = 1000 * SECONDS_OF_DAY;
    match kind {
        DataType::Date32 => numbers::<Date32Type>(array, |day| Cell::Day(day.into())),
        DataType::Date64 => {
            numbers::<Date64Type>(array, |time| Cell::Day(time.div_euclid(MILLISECONDS_OF_DAY)))
        }
        DataType::Timestamp(unit, zone) => {
            // A time with a zone is a moment, and the name of the zone says only how clocks should show it.
            let is_instant = zone.is_some();
            match unit {
                TimeUnit::Second => moments::<TimestampSecondType, 1>(array, is_instant),
                TimeUnit::Millisecond => {
                    moments::<TimestampMillisecondType, 1_000>(array, is_instant)
                }
                TimeUnit::Microsecond => {
                    moments::<TimestampMicrosecondType, 1_000_000>(array, is_instant)
                }
                TimeUnit::Nanosecond => {
                    moments::<TimestampNanosecondType, 1_000_000_000>(array, is_instant)
                }
            }
        }
        _ => Box::new(Missing),
    }
}

/// Numbers of parts of a second since 1970-01-01; a second has `PARTS` parts.
fn moments<T: ArrowPrimitiveType<Native = i64>, const PARTS: i64>(
    array: &ArrayRef,
    is_instant: bool,
) -> Box<dyn Cells> {
    let cell = if is_instant { instant::<PARTS> } else { local_time::<PARTS> };
    numbers::<T>(array, cell)
}

fn instant<const PARTS: i64>(time: i64) -> Cell<'static> {
    Cell::Instant(moment(time, PARTS))
}

fn local_time<const PARTS: i64>(time: i64) -> Cell<'static> {
    Cell::LocalTime(moment(time, PARTS))
}

/// The moment that is `time` parts of a second after 1970-01-01; a second has `parts` parts.
fn moment(time: i64, parts: i64) -> Instant {
    let nanoseconds = (time.rem_euclid(parts) * (1_000_000_000 / parts)) as u32;
    Instant::new(time.div_euclid(parts), nanoseconds)
}

/// A column without values.
struct Missing;

impl Cells for Missing {
    fn cell(&self, _at: usize) -> Cell<'_> {
        Cell::Null
    }
}

/// The same text in all rows.
struct Constant(Arc<str>);

impl Cells for Constant {
    fn cell(&self, _at: usize) -> Cell<'_> {
        Cell::Text(self.0.as_bytes())
    }
}

struct Booleans(BooleanArray);

impl Cells for Booleans {
    fn cell(&self, at: usize) -> Cell<'_> {
        if self.0.is_null(at) { Cell::Null } else { Cell::Boolean(self.0.value(at)) }
    }
}

/// Values of a fixed size, and the cell of such a value.
struct Numbers<T: ArrowPrimitiveType>(PrimitiveArray<T>, fn(T::Native) -> Cell<'static>);

fn numbers<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    cell: fn(T::Native) -> Cell<'static>,
) -> Box<dyn Cells> {
    Box::new(Numbers(array.as_primitive::<T>().clone(), cell))
}

impl<T: ArrowPrimitiveType> Cells for Numbers<T> {
    fn cell(&self, at: usize) -> Cell<'_> {
        if self.0.is_null(at) { Cell::Null } else { self.1(self.0.value(at)) }
    }
}

struct Texts<T: ByteArrayType>(GenericByteArray<T>);

impl<T: ByteArrayType> Cells for Texts<T> {
    fn cell(&self, at: usize) -> Cell<'_> {
        if self.0.is_null(at) { Cell::Null } else { Cell::Text(self.0.value(at).as_ref()) }
    }
}

struct Views<T: ByteViewType>(GenericByteViewArray<T>);

impl<T: ByteViewType> Cells for Views<T> {
    fn cell(&self, at: usize) -> Cell<'_> {
        if self.0.is_null(at) { Cell::Null } else { Cell::Text(self.0.value(at).as_ref()) }
    }
}

/// Numbers of half precision, as the single numbers with the same shortest text.
fn halves(array: &ArrayRef) -> Box<dyn Cells> {
    let halves = array.as_primitive::<Float16Type>();
    let singles: Float32Array = halves.unary(|half| shortest(half.to_f32()));
    Box::new(Numbers(singles, Cell::Single))
}

/// The single number that has the fewest digits among those that have the same number of half precision.
///
/// The same number has these digits in text files.
fn shortest(half: f32) -> f32 {
    /// Digits from which any number of half precision can be read back.
    const MOST_DIGITS: usize = 5;
    type Half = <Float16Type as ArrowPrimitiveType>::Native;
    let is_same =
        |single: &f32| Half::from_f32(*single).to_bits() == Half::from_f32(half).to_bits();
    let of_digits = |n: usize| format!("{half:.n$e}").parse().ok().filter(is_same);
    (0..MOST_DIGITS).find_map(of_digits).unwrap_or(half)
}

/// Bytes, as many in each row.
struct FixedBytes(FixedSizeBinaryArray);

impl Cells for FixedBytes {
    fn cell(&self, at: usize) -> Cell<'_> {
        if self.0.is_null(at) { Cell::Null } else { Cell::Text(self.0.value(at)) }
    }
}

/// Values whose texts are made once for all: UUIDs, and decimal numbers, which are wider than any cell.
struct Spelled(Vec<Option<String>>);

/// UUIDs, as in `67e55044-10b1-426f-9247-bb680e5fe0c8`.
fn uuids(array: &ArrayRef) -> Box<dyn Cells> {
    let array = array.as_fixed_size_binary();
    let text = |at| array.is_valid(at).then(|| uuid(array.value(at)));
    Box::new(Spelled((0..array.len()).map(text).collect()))
}

fn uuid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text += &format!("{byte:02x}");
    }
    text
}

/// Whether a column holds UUIDs, as the metadata of its field say.
fn is_uuid(field: &Field) -> bool {
    let name = field.metadata().get("ARROW:extension:name");
    *field.data_type() == DataType::FixedSizeBinary(16)
        && name.is_some_and(|name| name == "arrow.uuid")
}

fn decimals<T: DecimalType + ArrowPrimitiveType>(array: &ArrayRef) -> Box<dyn Cells>
where
    T::Native: ArrowNativeTypeOp,
{
    let array = array.as_primitive::<T>();
    let text = |at| array.is_valid(at).then(|| array.value_as_string(at));
    Box::new(Spelled((0..array.len()).map(text).collect()))
}

impl Cells for Spelled {
    fn cell(&self, at: usize) -> Cell<'_> {
        self.0[at].as_ref().map_or(Cell::Null, |text| Cell::Text(text.as_bytes()))
    }
}

struct Lists<O: OffsetSizeTrait> {
    array: GenericListArray<O>,
    elements: Box<dyn Cells>,
}

fn lists<O: OffsetSizeTrait>(array: &GenericListArray<O>) -> Box<dyn Cells> {
    Box::new(Lists { array: array.clone(), elements: column(array.values()) })
}

impl<O: OffsetSizeTrait> Cells for Lists<O> {
    fn cell(&self, at: usize) -> Cell<'_> {
        if self.array.is_null(at) {
            return Cell::Null;
        }
        let offsets = self.array.value_offsets();
        let [start, end] = [offsets[at], offsets[at + 1]].map(O::as_usize);
        Cell::List(CellList { cells: &*self.elements, start, end, trim: false })
    }
}

struct FixedLists {
    array: FixedSizeListArray,
    elements: Box<dyn Cells>,
}

impl FixedLists {
    fn of(array: &FixedSizeListArray) -> Self {
        Self { array: array.clone(), elements: column(array.values()) }
    }
}

impl Cells for FixedLists {
    fn cell(&self, at: usize) -> Cell<'_> {
        if self.array.is_null(at) {
            return Cell::Null;
        }
        // The width is not negative. In a part of an array, the elements begin with its first row.
        let width = self.array.value_length() as usize;
        let start = at * width;
        Cell::List(CellList { cells: &*self.elements, start, end: start + width, trim: false })
    }
}

struct Dictionary<K: ArrowDictionaryKeyType> {
    array: DictionaryArray<K>,
    values: Box<dyn Cells>,
}

fn dictionary(array: &ArrayRef, key: &DataType) -> Box<dyn Cells> {
    fn of<K: ArrowDictionaryKeyType>(array: &ArrayRef) -> Box<dyn Cells> {
        let array = array.as_dictionary::<K>().clone();
        let values = column(array.values());
        Box::new(Dictionary { array, values })
    }
    match key {
        DataType::Int8 => of::<Int8Type>(array),
        DataType::Int16 => of::<Int16Type>(array),
        DataType::Int32 => of::<Int32Type>(array),
        DataType::Int64 => of::<Int64Type>(array),
        DataType::UInt8 => of::<UInt8Type>(array),
        DataType::UInt16 => of::<UInt16Type>(array),
        DataType::UInt32 => of::<UInt32Type>(array),
        DataType::UInt64 => of::<UInt64Type>(array),
        _ => Box::new(Missing),
    }
}

impl<K: ArrowDictionaryKeyType> Cells for Dictionary<K> {
    fn cell(&self, at: usize) -> Cell<'_> {
        self.array.key(at).map_or(Cell::Null, |key| self.values.cell(key))
    }
}

impl Input {
    /// The rows of Arrow record batches, which all have the columns of the first, of the same types; with the cargo
    /// feature `parquet`.
    ///
    /// Columns whose types are not read are left out.
    /// A dictionary has the type of its values, since the same value must have the same text in all batches.
    /// Numbers are read where they are, and dictionaries are not expanded.
    /// The rows give the same model as the same rows in a Parquet file.
    ///
    /// # Errors
    /// [`DataError::NoFiles`] if `batches` is empty. [`DataError::Columns`] if two batches differ in the names or the types
    /// of their columns.
    pub fn from_batches(batches: &[RecordBatch]) -> Result<Self, DataError> {
        let first = batches.first().ok_or(DataError::NoFiles)?.schema();
        let refused = |problem| DataError::Columns { file: Self::MEMORY.into(), problem };
        let SchemaColumns { names, positions, unread } =
            SchemaColumns::of(&first).map_err(refused)?;
        for batch in batches {
            if SchemaColumns::of(&batch.schema()).map_err(refused)?.names != names {
                return Err(refused("the batches have different columns".to_owned()));
            }
            if let Some(problem) = problem_of_types(&first, &batch.schema()) {
                return Err(refused(problem));
            }
        }
        let column = |&at: &usize| BatchColumn::Array { at, is_uuid: is_uuid(first.field(at)) };
        let columns: Vec<_> = positions.iter().map(column).collect();
        let rows = |batch| -> Arc<dyn RowChunk> { Arc::new(BatchRows::new(batch, &columns)) };
        let chunks = batches.iter().map(rows).collect();
        Ok(Self::in_memory(MemoryRows { header: names, unread, chunks }))
    }
}
