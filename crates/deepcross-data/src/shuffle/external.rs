//! Shuffles all rows as a whole, however many there are, within a bounded memory.
//!
//! Rows are dealt at random to heaps that each fit into memory, through a file, and then each heap is shuffled
//! separately (Rao 1961, Sandelius 1962).
//! Each row is in each heap with the same probability, independently of all other rows, and all orders within a heap
//! are equally likely. So all orders of all rows are equally likely, as far as the random numbers are random.
//! The cost is two passes over encoded rows, of which one is a write.
//!
//! Rejected: reading blocks of rows in a random order through a buffer. It writes nothing, but the rows of a block stay
//! near each other in every epoch, so the order is mixed but not random.
//! Rejected: looking up rows one by one in a random order. The order is random, but each row costs the read of a block.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use deepcross_features::Batch;
use deepcross_features::batch::FieldShape;
use rand_chacha::ChaCha8Rng;

use crate::cache::{BLOCK_ROWS, read_block, write_block};
use crate::encode::{Recorded, RowReader, gather};
use crate::error::DataError;
use crate::random::below;

/// Shuffles rows through heaps.
#[derive(Debug)]
pub(crate) struct ExternalShuffle {
    /// The folder for the file of the heaps, which has no name there.
    folder: PathBuf,
    /// The number of rows that are dealt at a time.
    capacity: usize,
    n_heaps: usize,
    /// The rows that are being dealt; later the rows of a heap.
    rows: Batch,
    /// The heap of each row that is being dealt; later the positions of the rows of a heap, in their shuffled order.
    places: Vec<usize>,
    /// The number of rows of the heap that were handed out.
    done: usize,
    heaps: Option<Heaps>,
}

/// The rows that were dealt.
#[derive(Debug, Default)]
struct Heaps {
    /// `None` if one heap holds all rows, in memory.
    file: Option<File>,
    /// For each heap, the position and the length of each of its blocks in the file.
    blocks: Vec<Vec<(u64, u64)>>,
    end: u64,
    /// The number of the next heap.
    next: usize,
}

impl ExternalShuffle {
    /// A shuffle of about `n_rows` rows, of which about `capacity` are held at a time; `rows` is an empty batch.
    pub(crate) fn new(rows: Batch, (n_rows, capacity): (u64, usize), folder: PathBuf) -> Self {
        // A tenth more heaps than needed, since heaps differ in size.
        let n_heaps = match n_rows > capacity as u64 {
            true => (1.1 * n_rows as f64 / capacity as f64).ceil() as usize,
            false => 1,
        };
        let (places, done, heaps) = (Vec::new(), 0, None);
        Self { folder, capacity, n_heaps, rows, places, done, heaps }
    }

    /// Starts again.
    pub(crate) fn restart(&mut self) {
        self.rows.clear();
        self.places.clear();
        (self.done, self.heaps) = (0, None);
    }

    /// Appends up to `n` of the rows of `reader` to `batch`, and returns the number of rows, which is below `n` only at
    /// the end.
    pub(crate) fn next(
        &mut self,
        reader: &mut RowReader<'_>,
        random: &mut ChaCha8Rng,
        (batch, n): (&mut Batch, usize),
    ) -> Result<usize, DataError> {
        if self.heaps.is_none() {
            self.deal(reader, random)?;
        }
        let mut n_drawn = 0;
        while n_drawn < n {
            if self.done == self.places.len() && !self.next_heap(reader.shapes(), random)? {
                break;
            }
            let end = self.places.len().min(self.done + n - n_drawn);
            gather(batch, &self.rows, &self.places[self.done..end]);
            n_drawn += end - self.done;
            self.done = end;
        }
        Ok(n_drawn)
    }

    /// Reads all rows and deals them to heaps.
    fn deal(
        &mut self,
        reader: &mut RowReader<'_>,
        random: &mut ChaCha8Rng,
    ) -> Result<(), DataError> {
        let mut heaps = Heaps { blocks: vec![Vec::new(); self.n_heaps], ..Heaps::default() };
        if self.n_heaps > 1 {
            let file = tempfile::tempfile_in(&self.folder);
            heaps.file = Some(file.map_err(|source| self.unwritable(source))?);
        }
        let (mut scratch, mut bytes) = (reader.new_batch(), Vec::new());
        loop {
            let room = self.capacity.saturating_sub(self.rows.n_rows()).max(1);
            let wanted = if heaps.file.is_some() { room } else { BLOCK_ROWS };
            let read = reader.fill(&mut self.rows, wanted.min(BLOCK_ROWS))?;
            if heaps.file.is_some() && (self.rows.n_rows() >= self.capacity || read == 0) {
                let n_rows = self.rows.n_rows();
                self.places.clear();
                self.places.extend((0..n_rows).map(|_| below(random, self.n_heaps)));
                heaps
                    .store((&self.rows, &self.places), &mut scratch, &mut bytes)
                    .map_err(|source| self.unwritable(source))?;
                self.rows.clear();
            }
            if read == 0 {
                break;
            }
        }
        self.places.clear();
        self.heaps = Some(heaps);
        Ok(())
    }

    /// Takes the rows of the next heap, in a random order; false if there is no further heap.
    fn next_heap(
        &mut self,
        shapes: &[FieldShape],
        random: &mut ChaCha8Rng,
    ) -> Result<bool, DataError> {
        let unreadable = |source| DataError::Unreadable { file: self.folder.clone(), source };
        let Some(heaps) = self.heaps.as_mut().filter(|heaps| heaps.next < heaps.blocks.len())
        else {
            return Ok(false);
        };
        heaps.load(&mut self.rows, shapes).map_err(unreadable)?;
        heaps.next += 1;
        self.places.clear();
        self.places.extend(0..self.rows.n_rows());
        for last in (1..self.places.len()).rev() {
            self.places.swap(last, below(random, last + 1));
        }
        self.done = 0;
        Ok(true)
    }

    fn unwritable(&self, source: io::Error) -> DataError {
        DataError::Unwritable { file: self.folder.clone(), source }
    }
}

impl Heaps {
    /// Appends each row to its heap.
    fn store(
        &mut self,
        (rows, heap_of): (&Batch, &[usize]),
        scratch: &mut Batch,
        bytes: &mut Vec<u8>,
    ) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut of_heap = vec![Vec::new(); self.blocks.len()];
        heap_of.iter().enumerate().for_each(|(row, &heap)| of_heap[heap].push(row));
        for (blocks, rows_of_heap) in self.blocks.iter_mut().zip(&of_heap) {
            for chosen in rows_of_heap.chunks(BLOCK_ROWS) {
                scratch.clear();
                bytes.clear();
                gather(scratch, rows, chosen);
                write_block(bytes, scratch, &Recorded::default());
                file.write_all(bytes)?;
                blocks.push((self.end, bytes.len() as u64));
                self.end += bytes.len() as u64;
            }
        }
        Ok(())
    }

    /// Reads the rows of the next heap, which replace those in `rows`; without a file, `rows` holds them already.
    fn load(&mut self, rows: &mut Batch, shapes: &[FieldShape]) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut bytes = Vec::new();
        rows.clear();
        for &(start, n_bytes) in &self.blocks[self.next] {
            file.seek(SeekFrom::Start(start))?;
            bytes.clear();
            Read::take(&mut *file, n_bytes).read_to_end(&mut bytes)?;
            let block = read_block(&bytes, shapes).map_err(io::Error::other)?;
            rows.append(&block, 0..block.n_rows());
        }
        Ok(())
    }
}
