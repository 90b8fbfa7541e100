//! The rows of a table, which are stored in 64 segments: row `r` is in segment `r mod 64`.
//!
//! A segment has room of its own to grow, can belong to one of several machines, and be walked by one of several threads;
//! neighbouring rows, which are often used equally often, are in different segments.
//! All segments lie in one piece of memory, which begins at the start of a line of the cache, so that rows of 64 bytes lie
//! on one line each, and which can have large pages.
//! The values of a row need not be its weights: counts, or the step of its last use, are segments of another type.
//! Rejected: ranges of rows as segments, of which the first has the frequent values of a vocabulary, and the last grows.

use crate::aligned::Aligned;
use crate::prefetch;

/// The number of segments of a table.
pub const SEGMENTS: usize = 1 << SEGMENT_BITS;

const SEGMENT_BITS: u32 = 6;

/// The place of a row: its segment in the highest bits, then its number within the segment.
///
/// Rows in the order of their places are in the order in which they are stored.
#[inline(always)]
pub fn place(row: u32) -> u32 {
    row.rotate_right(SEGMENT_BITS)
}

/// The row at a [`place`].
#[inline(always)]
pub fn row_at(place: u32) -> u32 {
    place.rotate_left(SEGMENT_BITS)
}

/// The segment of a row, and its number within the segment.
#[inline(always)]
pub fn segment(row: u32) -> (usize, usize) {
    ((row as usize) % SEGMENTS, (row as usize) / SEGMENTS)
}

/// The number of rows that a segment of a table with `n_rows` rows has.
fn segment_rows(n_rows: usize, segment: usize) -> usize {
    n_rows.saturating_sub(segment).div_ceil(SEGMENTS)
}

/// The segments of a table that one of several machines stores: those whose number modulo the number of machines is its
/// own.
///
/// So row `r` is stored by machine `r mod n`, and each has nearly as many of the frequent rows of a vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    rank: u32,
    /// The number of machines minus 1, which is a mask, since their number is a power of two.
    mask: u32,
}

impl Default for Share {
    fn default() -> Self {
        Self::WHOLE
    }
}

impl Share {
    /// All segments.
    pub const WHOLE: Self = Self { rank: 0, mask: 0 };

    /// The share of the machine `rank` of `n`.
    ///
    /// # Panics
    /// If `n` is not a power of two up to [`SEGMENTS`], or `rank` is not below `n`.
    #[track_caller]
    pub fn new(rank: usize, n: usize) -> Self {
        assert!(n.is_power_of_two() && n <= SEGMENTS, "{n} shares of {SEGMENTS} segments");
        assert!(rank < n, "share {rank} of {n}");
        Self { rank: rank as u32, mask: n as u32 - 1 }
    }

    /// The number of the machine.
    pub fn rank(self) -> usize {
        self.rank as usize
    }

    /// The number of machines.
    pub fn of(self) -> usize {
        self.mask as usize + 1
    }

    /// The machine that stores a row.
    #[inline(always)]
    pub fn owner(self, row: u32) -> usize {
        (row & self.mask) as usize
    }

    /// Whether this share has a row; a segment has the number of its first row.
    #[inline(always)]
    pub fn has(self, row: u32) -> bool {
        row & self.mask == self.rank
    }

    /// The number of rows that this share has of a table with `n_rows` rows.
    pub fn n_rows(self, n_rows: usize) -> usize {
        n_rows.saturating_sub(self.rank()).div_ceil(self.of())
    }

    /// The position of an own segment among the own segments.
    #[inline(always)]
    fn position(self, segment: usize) -> usize {
        segment >> self.mask.count_ones()
    }
}

/// A table in memory: rows of `width` values in segments, all of them or a [`Share`].
#[derive(Clone, Debug)]
pub struct Segments<T> {
    /// The values of all stored segments, each with the same room, row after row.
    values: Aligned<T>,
    /// The number of rows that each segment has room for.
    room: usize,
    width: usize,
    /// The number of rows of all shares.
    n_rows: usize,
    share: Share,
}

impl<T: Copy + Default> Segments<T> {
    /// A table without rows.
    pub fn new(width: usize) -> Self {
        Self::of_share(width, Share::WHOLE)
    }

    /// A share of a table without rows.
    pub fn of_share(width: usize, share: Share) -> Self {
        Self { values: Aligned::default(), room: 0, width, n_rows: 0, share }
    }

    /// Appends rows until all shares have `n_rows`; `fill` writes each own row, segment after segment, and finds defaults
    /// in it.
    ///
    /// All memory is written here, so that the operating system really assigns it: zeroed memory is assigned page by page
    /// when it is first written, which would happen in the middle of a run.
    /// A table that has grown has room for half as many rows again.
    ///
    /// # Panics
    /// If there are more rows already.
    #[track_caller]
    pub fn grow(&mut self, n_rows: usize, mut fill: impl FnMut(u32, &mut [T])) {
        assert!(n_rows >= self.n_rows, "a table of {} rows grows to {n_rows}", self.n_rows);
        let before = self.n_rows;
        self.make_room(n_rows.div_ceil(SEGMENTS));
        self.n_rows = n_rows;
        let (width, share) = (self.width, self.share);
        let segments = self.segments_mut().into_iter().enumerate();
        for (i, segment) in segments.filter(|(i, _)| share.has(*i as u32)) {
            let first = segment_rows(before, i);
            let rows = segment[first * width..].chunks_exact_mut(width.max(1));
            // Row numbers have 32 bits.
            rows.zip(first..).for_each(|(row, at)| fill((at * SEGMENTS + i) as u32, row));
        }
    }

    /// Makes room for so many rows in each segment.
    fn make_room(&mut self, rows: usize) {
        if rows <= self.room {
            return;
        }
        let room = if self.room == 0 { rows } else { rows.max(self.room + self.room / 2) };
        let mut values = Aligned::default();
        values.resize(SEGMENTS / self.share.of() * room * self.width);
        let mut roomy = Self { values, room, ..*self };
        let segments = roomy.segments_mut().into_iter().zip(self.segments_mut());
        segments.for_each(|(roomy, segment)| roomy.copy_from_slice(segment));
        *self = roomy;
    }

    /// The rows.
    pub fn rows(&self) -> TableRows<'_, T> {
        let Self { values, room, width, n_rows, share } = self;
        let (room, width, n_rows, share) = (Some(*room), *width, *n_rows, *share);
        TableRows { values, room, width, n_rows, share }
    }

    /// The values of each segment, row after row, mutable; those of other shares are empty.
    pub fn segments_mut(&mut self) -> [&mut [T]; SEGMENTS] {
        let Self { values, room, width, n_rows, share } = self;
        let mut rest = &mut values[..];
        std::array::from_fn(|i| {
            if !share.has(i as u32) {
                return &mut [][..];
            }
            let (segment, others) = std::mem::take(&mut rest).split_at_mut(*room * *width);
            rest = others;
            &mut segment[..segment_rows(*n_rows, i) * *width]
        })
    }

    /// The share that is stored here.
    pub fn share(&self) -> Share {
        self.share
    }

    /// Copies all values of a table of the same size and share.
    ///
    /// # Panics
    /// If the other table has another size or share.
    #[track_caller]
    pub fn copy_from(&mut self, other: &Self) {
        let size = |table: &Self| (table.n_rows, table.width, table.share);
        assert_eq!(size(self), size(other), "the sizes of tables");
        if self.room == other.room {
            return self.values.copy_from_slice(&other.values);
        }
        let rows = self.rows_mut().zip(other.rows().iter());
        rows.for_each(|(own, other)| own.copy_from_slice(other));
    }

    /// A row, mutable.
    ///
    /// # Panics
    /// If the table does not have it.
    #[track_caller]
    pub fn row_mut(&mut self, number: u32) -> &mut [T] {
        let start = self.rows().start(number);
        &mut self.values[start..start + self.width]
    }

    /// The own rows in the order of their numbers, mutable.
    pub fn rows_mut(&mut self) -> impl Iterator<Item = &mut [T]> {
        let (n_rows, width) = (self.n_rows, self.width.max(1));
        let mut segments = self.segments_mut().map(|values| values.chunks_exact_mut(width));
        (0..n_rows).filter_map(move |number| segments[number % SEGMENTS].next())
    }
}

/// The rows of a table.
#[derive(Debug)]
pub struct TableRows<'a, T> {
    values: &'a [T],
    /// The number of rows that each segment has room for; `None` if the rows stand end to end in the order of their numbers.
    room: Option<usize>,
    width: usize,
    n_rows: usize,
    share: Share,
}

impl<T> Clone for TableRows<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for TableRows<'_, T> {}

impl<'a, T> TableRows<'a, T> {
    /// Rows that stand end to end in the order of their numbers, as in a file.
    ///
    /// # Panics
    /// If the values are not whole rows.
    #[track_caller]
    pub fn contiguous(values: &'a [T], width: usize) -> Self {
        let n_rows = values.len().checked_div(width).unwrap_or(0);
        assert_eq!(n_rows * width, values.len(), "values of whole rows of {width}");
        Self { values, room: None, width, n_rows, share: Share::WHOLE }
    }

    /// The number of rows of all shares.
    pub fn len(&self) -> usize {
        self.n_rows
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.n_rows == 0
    }

    /// The number of values of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// A row.
    ///
    /// # Panics
    /// If the table does not have it.
    #[inline(always)]
    #[track_caller]
    pub fn row(&self, number: u32) -> &'a [T] {
        &self.values[self.start(number)..][..self.width]
    }

    /// Fetches a row into the cache.
    ///
    /// # Panics
    /// If the table does not have it.
    #[inline(always)]
    #[track_caller]
    pub fn prefetch(&self, number: u32) {
        prefetch(self.values, self.start(number), self.width);
    }

    /// The place of a row among the values.
    #[inline(always)]
    #[track_caller]
    fn start(&self, number: u32) -> usize {
        let is_own = self.share.has(number);
        let number = number as usize;
        assert!(number < self.n_rows, "row {number} of a table of {} rows", self.n_rows);
        assert!(is_own, "row {number} is of another share than {:?}", self.share);
        let of_segment = |room| self.share.position(number % SEGMENTS) * room + number / SEGMENTS;
        self.room.map_or(number, of_segment) * self.width
    }

    /// The own rows in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = &'a [T]> {
        self.numbered().map(|(_, row)| row)
    }

    /// The own rows with their numbers, in the order of these.
    pub fn numbered(self) -> impl Iterator<Item = (u32, &'a [T])> {
        // Row numbers have 32 bits.
        let own = (0..self.n_rows as u32).skip(self.share.rank()).step_by(self.share.of());
        own.map(move |number| (number, self.row(number)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The rows of a table whose values are their own numbers.
    fn fill(width: usize) -> impl Fn(u32, &mut [usize]) {
        move |row, out| out.iter_mut().zip(row as usize * width..).for_each(|(out, i)| *out = i)
    }

    proptest! {
        #[test]
        fn rows_are_the_same_in_segments_and_end_to_end(
            (n_rows, first) in (0_usize..300, 0_usize..300),
            width in 1_usize..4,
        ) {
            let values: Vec<usize> = (0..n_rows * width).collect();
            let mut segments = Segments::new(width);
            // A table that grows has the rows of one that is made at once.
            segments.grow(first.min(n_rows), fill(width));
            segments.grow(n_rows, fill(width));
            let contiguous = TableRows::contiguous(&values, width);
            for rows in [contiguous, segments.rows(), segments.clone().rows()] {
                prop_assert!(rows.iter().eq(values.chunks(width)));
                prop_assert_eq!(rows.len(), n_rows);
            }
            prop_assert!(segments.rows_mut().map(|row| &*row).eq(values.chunks(width)));
            // The copy has been made at once, and has less room.
            let mut copy = Segments::new(width);
            copy.grow(n_rows, |_, _| ());
            copy.copy_from(&segments);
            prop_assert!(copy.rows().iter().eq(values.chunks(width)));
            for row in 0..n_rows {
                prop_assert_eq!(segments.row_mut(row as u32), &values[row * width..][..width]);
            }
            for (i, segment) in segments.segments_mut().into_iter().enumerate() {
                prop_assert_eq!(segment_rows(n_rows, i) * width, segment.len());
            }
        }

        #[test]
        fn shares_have_the_rows_of_the_whole_table(
            (n_rows, first) in (0_usize..300, 0_usize..300),
            bits in 0_u32..7,
        ) {
            let values: Vec<usize> = (0..n_rows * 2).collect();
            let (n, mut met) = (1 << bits, 0);
            for rank in 0..n {
                let share = Share::new(rank, n);
                let mut segments = Segments::of_share(2, share);
                segments.grow(first.min(n_rows), fill(2));
                segments.grow(n_rows, fill(2));
                let mut copy = Segments::of_share(2, share);
                copy.grow(n_rows, |_, _| ());
                copy.copy_from(&segments);
                for (number, row) in copy.rows().numbered() {
                    prop_assert!(share.has(number) && share.owner(number) == rank);
                    prop_assert_eq!(row, &values[number as usize * 2..][..2]);
                    prop_assert_eq!(segments.row_mut(number), row);
                    met += 1;
                }
                let own = || values.chunks(2).skip(rank).step_by(n);
                prop_assert!(segments.rows_mut().map(|row| &*row).eq(own()));
                prop_assert_eq!(own().count(), share.n_rows(n_rows));
                let lengths = segments.segments_mut().map(|segment| segment.len());
                for (i, length) in lengths.into_iter().enumerate() {
                    let expected = if i % n == rank { segment_rows(n_rows, i) * 2 } else { 0 };
                    prop_assert_eq!(length, expected);
                }
            }
            prop_assert_eq!(met, n_rows);
        }

        #[test]
        fn places_are_in_the_order_of_segments(a: u32, b: u32) {
            prop_assert_eq!(row_at(place(a)), a);
            prop_assert_eq!(place(a).cmp(&place(b)), segment(a).cmp(&segment(b)));
        }
    }

    #[test]
    #[should_panic(expected = "row 3 of a table of 3 rows")]
    fn a_row_past_the_table_is_refused() {
        let _ = TableRows::contiguous(&[1.0; 6], 2).row(3);
    }

    #[test]
    #[should_panic(expected = "row 2 is of another share")]
    fn a_row_of_another_share_is_refused() {
        let mut segments = Segments::of_share(1, Share::new(1, 2));
        segments.grow(64, |_, _: &mut [u32]| ());
        let _ = segments.rows().row(2);
    }

    #[test]
    #[should_panic(expected = "row 64 of a table of 64 rows")]
    fn a_row_past_the_segments_is_refused() {
        let mut segments = Segments::new(1);
        segments.grow(64, |_, _: &mut [u32]| ());
        let _ = segments.rows().row(64);
    }
}
