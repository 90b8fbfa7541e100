//! Decompresses gzip of any number of members, with zeros behind them.
//!
//! Some tapes and object stores pad files with zeros to a full block; `gzip` ignores these zeros.
//! Rejected: `MultiGzDecoder`, which takes them for a damaged member.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use super::compression::Damage;

/// The decoder of the member that is being read; `None` at the end of the stream.
pub(super) struct Members<R>(Option<GzDecoder<R>>);

impl<R: BufRead> Members<R> {
    pub(super) fn new(stream: R) -> Self {
        Self(Some(GzDecoder::new(stream)))
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.0 {
            let n = decoder.read(buffer)?;
            if n > 0 || buffer.is_empty() {
                return Ok(n);
            }
            let Some(ended) = self.0.take() else { break };
            let mut stream = ended.into_inner();
            if !skip_zeros(&mut stream)? {
                check_magic(stream.fill_buf()?)?;
                self.0 = Some(GzDecoder::new(stream));
            }
        }
        Ok(0)
    }
}

/// Moves past zeros; returns whether nothing follows them.
fn skip_zeros(stream: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let bytes = stream.fill_buf()?;
        let (n_bytes, n_zeros) = (bytes.len(), bytes.iter().take_while(|byte| **byte == 0).count());
        stream.consume(n_zeros);
        if n_bytes == 0 || n_zeros < n_bytes {
            return Ok(n_bytes == 0);
        }
    }
}

/// Refuses bytes behind a member that do not begin another one, as far as they show it.
fn check_magic(bytes: &[u8]) -> io::Result<()> {
    let n_bytes = bytes.len().min(MAGIC.len());
    match bytes[..n_bytes] == MAGIC[..n_bytes] {
        true => Ok(()),
        false => {
            Err(io::Error::new(io::ErrorKind::InvalidData, Damage::Followed { method: "gzip" }))
        }
    }
}

/// The first bytes of a member.
const MAGIC: [u8; 2] = [0x1f, 0x8b];
