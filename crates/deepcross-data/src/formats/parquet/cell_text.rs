//! Writes a typed value as the text that the same value has in a text file.

use std::io::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType};
use arrow_schema::{DataType, TimeUnit};

/// The separator between the elements of a list: the default of multi-hot fields.
const SEPARATOR: u8 = b'|';

/// The refusal of a value that has no text; holds what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) &'static str);

const PLAIN_ELEMENTS: Refused = Refused("a list whose elements do not contain the separator `|`");

const IN_RANGE: Refused = Refused("a time in the range of years that can be written as text");

/// Whether values of this type are read.
pub(crate) fn is_read(kind: &DataType) -> bool {
    match kind {
        DataType::List(element) | DataType::LargeList(element) => is_plain(element.data_type()),
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

/// Appends the text of a value; a missing value has no text.
///
/// Numbers have the fewest digits from which they can be read back; booleans are 1 and 0, like labels; times are in
/// UTC, as in `2024-02-29T12:30:00`; the elements of a list have `|` between them, and missing elements are left out.
///
/// # Errors
/// If an element of a list contains `|`, or if a time is out of range.
pub(crate) fn write(array: &ArrayRef, at: usize, text: &mut Vec<u8>) -> Result<(), Refused> {
    let elements = match array.data_type() {
        _ if array.is_null(at) => return Ok(()),
        DataType::List(_) => array.as_list::<i32>().value(at),
        DataType::LargeList(_) => array.as_list::<i64>().value(at),
        _ => return write_plain(array, at, text),
    };
    let (start, mut is_exact) = (text.len(), true);
    for element in (0..elements.len()).filter(|element| elements.is_valid(*element)) {
        if text.len() > start {
            text.push(SEPARATOR);
        }
        let before = text.len();
        write_plain(&elements, element, text)?;
        is_exact &= !text[before..].contains(&SEPARATOR);
    }
    if is_exact { Ok(()) } else { Err(PLAIN_ELEMENTS) }
}

fn write_plain(array: &ArrayRef, at: usize, text: &mut Vec<u8>) -> Result<(), Refused> {
    match array.data_type() {
        DataType::Null => {}
        DataType::Boolean => text.push(if array.as_boolean().value(at) { b'1' } else { b'0' }),
        DataType::Utf8 => text.extend(array.as_string::<i32>().value(at).as_bytes()),
        DataType::LargeUtf8 => text.extend(array.as_string::<i64>().value(at).as_bytes()),
        DataType::Utf8View => text.extend(array.as_string_view().value(at).as_bytes()),
        DataType::Binary => text.extend(array.as_binary::<i32>().value(at)),
        DataType::LargeBinary => text.extend(array.as_binary::<i64>().value(at)),
        DataType::BinaryView => text.extend(array.as_binary_view().value(at)),
        DataType::Int8 => number::<Int8Type>(array, at, text),
        DataType::Int16 => number::<Int16Type>(array, at, text),
        DataType::Int32 => number::<Int32Type>(array, at, text),
        DataType::Int64 => number::<Int64Type>(array, at, text),
        DataType::UInt8 => number::<UInt8Type>(array, at, text),
        DataType::UInt16 => number::<UInt16Type>(array, at, text),
        DataType::UInt32 => number::<UInt32Type>(array, at, text),
        DataType::UInt64 => number::<UInt64Type>(array, at, text),
        DataType::Float32 => number::<Float32Type>(array, at, text),
        DataType::Float64 => number::<Float64Type>(array, at, text),
        DataType::Decimal128(..) => {
            text.extend(array.as_primitive::<Decimal128Type>().value_as_string(at).as_bytes());
        }
        DataType::Decimal256(..) => {
            text.extend(array.as_primitive::<Decimal256Type>().value_as_string(at).as_bytes());
        }
        _ => write_time(array, at, text)?,
    }
    Ok(())
}

fn number<T: ArrowPrimitiveType>(array: &ArrayRef, at: usize, text: &mut Vec<u8>)
where
    T::Native: std::fmt::Display,
{
    put(text, format_args!("{}", array.as_primitive::<T>().value(at)));
}

fn write_time(array: &ArrayRef, at: usize, text: &mut Vec<u8>) -> Result<(), Refused> {
    let date = match array.data_type() {
        DataType::Date32 => array.as_primitive::<Date32Type>().value_as_date(at),
        DataType::Date64 => array.as_primitive::<Date64Type>().value_as_date(at),
        _ => {
            let time = match array.data_type() {
                DataType::Timestamp(TimeUnit::Second, _) => {
                    array.as_primitive::<TimestampSecondType>().value_as_datetime(at)
                }
                DataType::Timestamp(TimeUnit::Millisecond, _) => {
                    array.as_primitive::<TimestampMillisecondType>().value_as_datetime(at)
                }
                DataType::Timestamp(TimeUnit::Microsecond, _) => {
                    array.as_primitive::<TimestampMicrosecondType>().value_as_datetime(at)
                }
                DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                    array.as_primitive::<TimestampNanosecondType>().value_as_datetime(at)
                }
                _ => None,
            };
            put(text, format_args!("{:?}", time.ok_or(IN_RANGE)?));
            return Ok(());
        }
    };
    put(text, format_args!("{}", date.ok_or(IN_RANGE)?));
    Ok(())
}

fn put(text: &mut Vec<u8>, value: std::fmt::Arguments<'_>) {
    // Writing to memory does not fail.
    text.write_fmt(value).unwrap_or_default();
}
