//! Reads and writes integers in the shortest of three forms.
//!
//! The forms are one value for all, few bits above the least value, and positions in a list of the values that occur.
//! The list shortens the numbers of a column: among 4096 standardized counts there are a few hundred different values,
//! so a position in their list takes few bits instead of 32.
//! Rejected: a general compressor. It finds the same and more, but at a tenth of the speed.

use deepcross_files::Cursor;

use super::bits::{bytes_of, pack, unpack, width_of};
use super::problem::Problem;

const SAME: u8 = 0;
const PACKED: u8 = 1;
const LISTED: u8 = 2;

/// The most values that are listed; a longer list saves nothing, and takes longest to find.
const MOST_LISTED: usize = 2048;

/// The number of places in the hash table of listed values: a power of two, of which at most half are filled.
const PLACES: usize = 2 * MOST_LISTED;

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
    if least == most && forms == Forms::Any {
        out.push(SAME);
        out.extend(least.to_le_bytes());
        return;
    }
    let width = width_of(most - least).max(1);
    let packed = 6 + bytes_of(values.len(), width);
    match List::of(values, width).filter(|list| list.n_bytes(width) < packed) {
        Some(list) => list.write(out, (least, width)),
        None => {
            out.push(PACKED);
            write_packed(out, (least, width), values);
        }
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
            Ok(())
        }
        PACKED => read_packed(cursor, into, n),
        LISTED => read_listed(cursor, into, n),
        form => Err(format!("integers have the unknown form {form}")),
    }
}

fn write_packed(out: &mut Vec<u8>, (least, width): (u32, u32), values: &[u32]) {
    out.extend(least.to_le_bytes());
    out.push(width as u8);
    pack(out, width, values.iter().map(|value| value - least));
}

fn read_packed(cursor: &mut Cursor<'_>, into: &mut Vec<u32>, n: usize) -> Result<(), Problem> {
    let (least, width) = (cursor.u32()?, read_width(cursor)?);
    let bytes = cursor.take(bytes_of(n, width))?;
    unpack(into, bytes, (width, n), |value| least.wrapping_add(value));
    Ok(())
}

fn read_width(cursor: &mut Cursor<'_>) -> Result<u32, Problem> {
    let width = u32::from(cursor.u8()?);
    match width {
        1..=32 => Ok(width),
        _ => Err(format!("integers have {width} bits, but 1 to 32 are expected")),
    }
}

fn read_listed(cursor: &mut Cursor<'_>, into: &mut Vec<u32>, n: usize) -> Result<(), Problem> {
    let n_listed = cursor.u32()? as usize;
    if !(1..=MOST_LISTED).contains(&n_listed) {
        return Err(format!("{n_listed} values are listed, but 1 to {MOST_LISTED} are expected"));
    }
    let mut listed = Vec::new();
    read_packed(cursor, &mut listed, n_listed)?;
    let width = place_width(n_listed);
    let bytes = cursor.take(bytes_of(n, width))?;
    let start = into.len();
    unpack(into, bytes, (width, n), |place| place);
    let most = into[start..].iter().copied().max().unwrap_or(0);
    if most as usize >= n_listed {
        return Err(format!("the position {most} is beyond a list of {n_listed} values"));
    }
    into[start..].iter_mut().for_each(|value| *value = listed[*value as usize]);
    Ok(())
}

/// The number of bits of a position in a list of `n` values.
fn place_width(n: usize) -> u32 {
    width_of(n as u32 - 1).max(1)
}

/// The different values in the order of their first occurrence, and the position of each value in this list.
struct List {
    listed: Vec<u32>,
    places: Vec<u16>,
}

impl List {
    /// `None` if there are too many different values, or if values are too narrow for a list to save anything.
    fn of(values: &[u32], width: u32) -> Option<Self> {
        if width < 3 {
            return None;
        }
        const FREE: u16 = u16::MAX;
        let (mut table, mut listed) = (vec![FREE; PLACES], Vec::new());
        let mut places = Vec::with_capacity(values.len());
        for &value in values {
            let mut at = (value.wrapping_mul(0x9e37_79b1) >> 16) as usize % PLACES;
            while table[at] != FREE && listed[usize::from(table[at])] != value {
                at = (at + 1) % PLACES;
            }
            if table[at] == FREE {
                if listed.len() == MOST_LISTED {
                    return None;
                }
                table[at] = listed.len() as u16;
                listed.push(value);
            }
            places.push(table[at]);
        }
        (!listed.is_empty()).then_some(Self { listed, places })
    }

    fn n_bytes(&self, width: u32) -> u64 {
        let n_listed = self.listed.len();
        10 + bytes_of(n_listed, width) + bytes_of(self.places.len(), place_width(n_listed))
    }

    fn write(&self, out: &mut Vec<u8>, (least, width): (u32, u32)) {
        out.push(LISTED);
        out.extend((self.listed.len() as u32).to_le_bytes());
        write_packed(out, (least, width), &self.listed);
        pack(out, place_width(self.listed.len()), self.places.iter().map(|&place| place.into()));
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
    fn the_shortest_form_is_taken() {
        assert_eq!(check(&[9; 4096], Forms::Any).len(), 5);
        assert_eq!(check(&[9; 4096], Forms::Counted).len(), 6 + 512);
        let narrow: Vec<u32> = (0..4096).map(|i| 1_000_000 + i % 2).collect();
        assert_eq!(check(&narrow, Forms::Any).len(), 6 + 512);
        let few: Vec<u32> = (0..4096).map(|i: u32| (i % 16).wrapping_mul(0x0123_4567)).collect();
        assert!(check(&few, Forms::Any).len() < 2048 + 100);
        let many: Vec<u32> = (0..4096).map(|i: u32| i.wrapping_mul(0x0123_4567)).collect();
        assert_eq!(check(&many, Forms::Any).len(), 6 + 4 * 4096);
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
            bytes in prop::collection::vec(any::<u8>(), 0..100), form in 0_u8..4, n in 0_usize..500,
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
