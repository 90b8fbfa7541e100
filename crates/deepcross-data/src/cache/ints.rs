//! Reads and writes integers in one of four forms: one value for all, few bits above the least value, one byte each, or
//! as they are.
//!
//! Few bits make ids 1.6 to 8 times shorter, and cost 1.1 ns a value when they are read; that pays unless a file is
//! read faster than 2 GB/s. One byte is the position in a list of the values that occur; the weights of elements and
//! small whole numbers have few different values, whose bits are far apart. Other values stay as they are.
//! Rejected: positions of fewer bits. They cost 3 ns a value when they were read and 10 to 30 ns when they were written:
//! more than a disk takes for the bytes that they saved.
//! Rejected: a general compressor. It finds the same and more, but at a tenth of the speed.

use deepcross_files::Cursor;

use super::bits::{bytes_of, pack, unpack, width_of};
use super::problem::Problem;

const SAME: u8 = 0;
const PACKED: u8 = 1;
const PLAIN: u8 = 2;
const LISTED: u8 = 3;

/// The most bits that a value is packed to. Packing more saves less than a byte a value.
const MOST_BITS: u32 = 24;

/// The most values of a list, whose positions fit into a byte.
const MOST_LISTED: usize = 256;

/// The forms that may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forms {
    /// All forms. A reader must know from elsewhere how many values there can be.
    Any,
    /// The forms with at least one bit a value, so that the bytes bound the number of values.
    Counted,
}

/// Appends `values`; a reader must know how many.
pub(super) fn write(out: &mut Vec<u8>, values: &[u32], forms: Forms) {
    let least = values.iter().copied().min().unwrap_or(0);
    let most = values.iter().copied().max().unwrap_or(0);
    let width = width_of(most - least).max(1);
    if least == most && forms == Forms::Any {
        out.push(SAME);
        out.extend(least.to_le_bytes());
    } else if let Some((list, places)) = (width > u8::BITS).then(|| listed(values)).flatten() {
        out.extend([LISTED, (list.len() - 1) as u8]);
        out.extend(list.iter().flat_map(|value| value.to_le_bytes()));
        out.extend(places);
    } else if width > MOST_BITS {
        out.push(PLAIN);
        out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    } else {
        out.push(PACKED);
        out.extend(least.to_le_bytes());
        out.push(width as u8);
        pack(out, width, values.iter().map(|value| value - least));
    }
}

/// Reads `n` values and appends them to `into`.
pub(super) fn read(
    cursor: &mut Cursor<'_>,
    into: &mut Vec<u32>,
    n: usize,
    forms: Forms,
) -> Result<(), Problem> {
    match cursor.u8()? {
        SAME if forms == Forms::Any => {
            let value = cursor.u32()?;
            into.resize(into.len() + n, value);
        }
        PACKED => {
            let (least, width) = (cursor.u32()?, read_width(cursor)?);
            let bytes = cursor.take(bytes_of(n, width))?;
            unpack(into, bytes, (width, n), |value| least.wrapping_add(value));
        }
        LISTED => {
            let n_listed = usize::from(cursor.u8()?) + 1;
            let (listed, _) = cursor.take(bytes_of(n_listed, u32::BITS))?.as_chunks();
            let mut list = [0; MOST_LISTED];
            list.iter_mut()
                .zip(listed)
                .for_each(|(value, bytes)| *value = u32::from_le_bytes(*bytes));
            let places = cursor.take(n as u64)?;
            if places.iter().max().is_some_and(|&place| usize::from(place) >= n_listed) {
                return Err(format!("a value is not among the {n_listed} of its list"));
            }
            into.extend(places.iter().map(|&place| list[usize::from(place)]));
        }
        PLAIN => {
            let (values, _) = cursor.take(bytes_of(n, u32::BITS))?.as_chunks();
            into.extend(values.iter().map(|bytes| u32::from_le_bytes(*bytes)));
        }
        form => return Err(format!("integers have the unknown form {form}")),
    }
    Ok(())
}

/// The different values in the order in which they first occur, and the position of each value among them; `None` if
/// there are too many, or if a list would not be shorter than the values.
fn listed(values: &[u32]) -> Option<(Vec<u32>, Vec<u8>)> {
    /// Four times the values, so that few of them meet; a power of two.
    const SLOTS: usize = 4 * MOST_LISTED;
    // A slot holds the position after that of its value, and 0 if it is empty.
    let (mut slots, mut list) = ([0_u16; SLOTS], Vec::new());
    let mut place_of = |value: u32| {
        let mut slot = (value.wrapping_mul(0x9e37_79b1) >> (u32::BITS - SLOTS.ilog2())) as usize;
        loop {
            match slots[slot] {
                0 if list.len() == MOST_LISTED => return None,
                0 => {
                    list.push(value);
                    slots[slot] = list.len() as u16;
                    return Some((list.len() - 1) as u8);
                }
                after if list[usize::from(after) - 1] == value => return Some((after - 1) as u8),
                _ => slot = (slot + 1) % SLOTS,
            }
        }
    };
    let places: Vec<u8> = values.iter().map(|&value| place_of(value)).collect::<Option<_>>()?;
    (2 * list.len() < values.len()).then_some((list, places))
}

fn read_width(cursor: &mut Cursor<'_>) -> Result<u32, Problem> {
    let width = u32::from(cursor.u8()?);
    match width {
        1..=MOST_BITS => Ok(width),
        _ => Err(format!("integers have {width} bits, but 1 to {MOST_BITS} are expected")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(values: &[u32], forms: Forms) -> Vec<u8> {
        let (mut bytes, mut found) = (Vec::new(), vec![7]);
        write(&mut bytes, values, forms);
        let mut cursor = Cursor::new(&bytes);
        read(&mut cursor, &mut found, values.len(), forms).unwrap();
        assert_eq!(cursor.rest().len(), 0);
        assert_eq!(found[1..], *values);
        bytes
    }

    #[test]
    fn each_form_is_chosen_for_its_values() {
        assert_eq!(check(&[9; 4096], Forms::Any).len(), 5);
        assert_eq!(check(&[9; 4096], Forms::Counted).len(), 6 + 512);
        let narrow: Vec<u32> = (0..4096).map(|i| 1_000_000 + i % 2).collect();
        assert_eq!(check(&narrow, Forms::Any).len(), 6 + 512);
        assert_eq!(check(&[0, (1 << 24) - 1], Forms::Any).len(), 6 + 6);
        assert_eq!(check(&[0, 1 << 24], Forms::Any).len(), 1 + 8);
        let wide: Vec<u32> = (0..4096).map(|i: u32| i.wrapping_mul(0x0123_4567)).collect();
        assert_eq!(check(&wide, Forms::Any).len(), 1 + 4 * 4096);
        let few: Vec<u32> = (0..4096).map(|i| wide[i % 256]).collect();
        assert_eq!(check(&few, Forms::Counted).len(), 2 + 4 * 256 + 4096);
        let one_more: Vec<u32> = (0..4096).map(|i| wide[i % 257]).collect();
        assert_eq!(check(&one_more, Forms::Any).len(), 1 + 4 * 4096);
        check(&[], Forms::Any);
        check(&[], Forms::Counted);
        check(&[u32::MAX, 0], Forms::Any);
    }

    proptest! {
        #[test]
        fn values_come_back(
            values in prop::collection::vec(any::<u32>(), 0..300), shift in 0_u32..32, n_repeats in 1_usize..20,
        ) {
            let values: Vec<u32> = values.iter().map(|value| value >> shift).collect();
            check(&values.repeat(n_repeats), Forms::Any);
            check(&values.repeat(n_repeats), Forms::Counted);
        }

        #[test]
        fn arbitrary_bytes_get_an_answer(
            bytes in prop::collection::vec(any::<u8>(), 0..100), form in 0_u8..5, n in 0_usize..500,
        ) {
            let bytes = [&[form][..], &bytes].concat();
            for forms in [Forms::Any, Forms::Counted] {
                let mut found = Vec::new();
                let read = read(&mut Cursor::new(&bytes), &mut found, n, forms);
                prop_assert!(read.is_err() || found.len() == n);
            }
        }
    }
}
