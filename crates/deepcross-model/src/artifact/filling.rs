//! The padding of header and tensors: zeros up to a multiple of [`ALIGNMENT`].

use deepcross_files::Cursor;

use super::FormatError;

/// Header and tensors are padded to multiples of this many bytes: a cache line, and the widest vector register.
pub(super) const ALIGNMENT: u64 = 64;

/// Moves the cursor to the next multiple of [`ALIGNMENT`], over zeros only.
pub(super) fn take_filling(cursor: &mut Cursor<'_>) -> Result<(), FormatError> {
    let position = cursor.position();
    let filling = cursor.take(position.next_multiple_of(ALIGNMENT) - position)?;
    if filling.iter().all(|&byte| byte == 0) { Ok(()) } else { Err(FormatError::Filling) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filling_is_taken_within_the_bounds_of_the_bytes() {
        let bytes = [&[1, 2, 3][..], &[0; 61], &[4, 5]].concat();
        let mut cursor = Cursor::new(&bytes);
        cursor.take(3).unwrap();
        assert_eq!(take_filling(&mut cursor), Ok(()));
        assert_eq!(take_filling(&mut cursor), Ok(()), "there is nothing to fill");
        assert_eq!(cursor.take(1), Ok(&[4][..]));

        let truncated = |expected| FormatError::Truncated { length: 66, expected };
        let missing = |length| {
            let mut cursor = cursor;
            FormatError::from(cursor.take(length).unwrap_err())
        };
        assert_eq!(missing(u64::MAX), truncated(u64::MAX));
        assert_eq!(missing(4), truncated(69));
        assert_eq!(take_filling(&mut cursor), Err(truncated(128)));
        assert_eq!(cursor.take(1), Ok(&[5][..]));
    }

    #[test]
    fn filling_must_be_zero() {
        let mut bytes = [0; 64];
        bytes[63] = 1;
        assert_eq!(take_filling(&mut Cursor::new(&bytes)), Ok(()), "position 0 is a multiple");
        let mut cursor = Cursor::new(&bytes);
        cursor.take(10).unwrap();
        assert_eq!(take_filling(&mut cursor), Err(FormatError::Filling));
    }
}
