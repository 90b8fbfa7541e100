//! A moving window on the bytes of a stream, from the row being read to the bytes that were read ahead.
//!
//! A row stays in the window until the next row is requested, so that reading can go back to the row's second line.
//! Rejected: a `BufRead`, which drops the bytes that it has handed out.

use std::fmt;
use std::io;

use memchr::memchr;

use super::stream::Stream;

/// The fewest bytes that the stream is asked for at once.
const CHUNK: usize = 64 << 10;

/// The byte order mark of UTF-8, which some programs write at the start of a file.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The bytes of a stream that have been read and not yet been left.
pub(crate) struct LineWindow {
    stream: Stream,
    buffer: Vec<u8>,
    /// The bounds of the window in `buffer`.
    start: usize,
    end: usize,
    /// Whether the stream has reported its end.
    ended: bool,
}

impl LineWindow {
    /// A window at the start of `stream`.
    pub(crate) fn new(stream: Stream) -> Self {
        Self { stream, buffer: vec![0; CHUNK], start: 0, end: 0, ended: false }
    }

    /// The bytes of the window.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// The end of the line that begins at byte `from` of the window: the byte after its line feed, or the end of the
    /// stream; `from` itself if no line follows.
    ///
    /// `None` if the end is more than `longest` bytes from the window's start.
    pub(crate) fn line_end(&mut self, from: usize, longest: usize) -> io::Result<Option<usize>> {
        let mut searched = from;
        loop {
            let bytes = self.bytes();
            if let Some(length) = memchr(b'\n', &bytes[searched..]) {
                let end = searched + length + 1;
                return Ok((end <= longest).then_some(end));
            }
            searched = bytes.len();
            if searched > longest {
                return Ok(None);
            }
            if self.ended {
                return Ok(Some(searched));
            }
            self.fill()?;
        }
    }

    /// Moves the start of the window by `n` bytes, which must have been read.
    pub(crate) fn advance(&mut self, n: usize) {
        self.start += n;
    }

    /// Advances past `mark` if the window starts with it.
    pub(crate) fn skip(&mut self, mark: &[u8]) -> io::Result<()> {
        if self.starts_with(mark)? {
            self.advance(mark.len());
        }
        Ok(())
    }

    /// Whether the window starts with `mark`.
    pub(crate) fn starts_with(&mut self, mark: &[u8]) -> io::Result<bool> {
        while self.bytes().len() < mark.len() && mark.starts_with(self.bytes()) && !self.ended {
            self.fill()?;
        }
        Ok(self.bytes().starts_with(mark))
    }

    /// Reads more bytes, or notices the end of the stream.
    fn fill(&mut self) -> io::Result<()> {
        self.make_room();
        let read = loop {
            match self.stream.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.end += read;
        self.ended = read == 0;
        Ok(())
    }

    /// Moves the bytes to the front of the buffer, or doubles the buffer if the move would free little.
    fn make_room(&mut self) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.end < self.buffer.len() {
            return;
        }
        if self.start < self.buffer.len() / 2 {
            self.buffer.resize(2 * self.buffer.len(), 0);
        } else {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
    }
}

impl fmt::Debug for LineWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineWindow").field("ended", &self.ended).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn lines_have_the_same_ends_as_in_the_whole_text() {
        let text: Vec<u8> =
            (0..3000).flat_map(|i| [vec![b'x'; i % 97], vec![b'\n']]).flatten().collect();
        let mut window = LineWindow::new(Box::new(io::Cursor::new(text.clone()).take(u64::MAX)));
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let end = window.line_end(0, 100).unwrap().unwrap();
            assert_eq!(&window.bytes()[..end], line);
            window.advance(end);
        }
        assert_eq!(window.line_end(0, 100).unwrap(), Some(0));
    }

    #[test]
    fn a_line_may_be_as_long_as_allowed() {
        for (longest, expected) in [(3, None), (4, Some(4)), (5, Some(4))] {
            let mut window = LineWindow::new(Box::new(&b"abc\nd"[..]));
            assert_eq!(window.line_end(0, longest).unwrap(), expected, "{longest}");
        }
    }
}
