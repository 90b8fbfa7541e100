//! Collects bytes, and compresses and writes them in pieces.

use std::io::Write;

use super::compressed::{Compressed, Compression};
use crate::error::DataError;

/// The number of bytes that are written at once.
const PIECE: usize = 64 << 10;

/// Collects the bytes of a file and writes them.
pub(crate) struct PieceWriter<W: Write> {
    out: Compressed<W>,
    bytes: Vec<u8>,
}

impl<W: Write> PieceWriter<W> {
    pub(crate) fn new(out: W, compression: Compression) -> Result<Self, DataError> {
        let out = Compressed::new(out, compression).map_err(DataError::output)?;
        Ok(Self { out, bytes: Vec::with_capacity(2 * PIECE) })
    }

    /// The bytes that are not written yet, to which the caller appends.
    pub(crate) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Writes the bytes, if there are enough of them.
    pub(crate) fn write_if_full(&mut self) -> Result<(), DataError> {
        if self.bytes.len() >= PIECE { self.write() } else { Ok(()) }
    }

    /// Hands all bytes to the output, unless they are compressed, which would compress them less.
    pub(crate) fn flush(&mut self) -> Result<(), DataError> {
        if let Compressed::Plain(_) = self.out {
            self.write()?;
            self.out.flush().map_err(DataError::output)?;
        }
        Ok(())
    }

    /// Writes the rest, and gives back the output.
    pub(crate) fn finish(mut self) -> Result<W, DataError> {
        self.write()?;
        self.out.finish().map_err(DataError::output)
    }

    fn write(&mut self) -> Result<(), DataError> {
        self.out.write_all(&self.bytes).map_err(DataError::output)?;
        self.bytes.clear();
        // The memory of a long row, or of a group of rows, is not kept.
        self.bytes.shrink_to(2 * PIECE);
        Ok(())
    }
}
