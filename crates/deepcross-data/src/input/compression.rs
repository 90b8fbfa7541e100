//! Recognises compressed data by their first bytes, and decompresses them while they are read.
//!
//! Rejected: the end of the name, because a name can be wrong and a pipe has no name.
//! Decompressed data are never kept: a small file that swells to gigabytes costs time, not memory.

use std::io::{self, BufReader, Cursor, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;
use thiserror::Error;

use super::stream::Stream;

/// The number of bytes of compressed data that are read at once.
const CHUNK: usize = 64 << 10;

/// The largest window of zstd that is read, as a power of two: the window of its highest level, 128 MiB.
const WINDOW_LOG: u32 = 27;

/// The number of first bytes that show the kind of a stream.
const HEAD: usize = 10;

/// The kind of a stream of bytes, as its first bytes show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Gzip,
    Zstd,
    /// A compression or an encoding that is not read, with its verb.
    Other(&'static str),
}

impl Kind {
    fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // A frame, or a frame that decoders skip, in which programs store their own notes before the data.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Self::Other("UTF-16 text is"),
            [b'P', b'K', 3, 4, ..] => Self::Other("zip files are"),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Other("xz files are"),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..] => {
                Self::Other("bzip2 files are")
            }
            _ => Self::Plain,
        }
    }
}

/// A decompressed stream, or the kind that is not read, with its verb.
pub(crate) type Decompressed = Result<Stream, &'static str>;

/// Decompresses `raw` if it is gzip (of any number of members) or zstd (of any number of frames).
///
/// Damaged data are an error that holds [`Damage`]; it comes after all bytes that could be decompressed.
pub(crate) fn decompressed(mut raw: Stream) -> io::Result<Decompressed> {
    let mut head = Vec::with_capacity(HEAD);
    raw.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    let kind = Kind::of(&head);
    let whole = Cursor::new(head).chain(raw);
    Ok(Ok(match kind {
        Kind::Plain => Box::new(whole),
        Kind::Gzip => {
            let decoder = MultiGzDecoder::new(BufReader::with_capacity(CHUNK, whole));
            Box::new(Decoder { decoder, method: "gzip" })
        }
        Kind::Zstd => {
            let whole = BufReader::with_capacity(CHUNK, whole);
            let mut decoder = zstd::stream::read::Decoder::with_buffer(whole)?;
            decoder.window_log_max(WINDOW_LOG)?;
            Box::new(Decoder { decoder, method: "zstd" })
        }
        Kind::Other(kind) => return Ok(Err(kind)),
    }))
}

/// A fault in compressed data; an [`io::Error`] carries it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Damage {
    /// The data end before they are complete.
    #[error("the {method} data are cut off: the file is not complete")]
    CutOff { method: &'static str },
    /// The decoder would have to keep more of the text than is allowed.
    #[error(
        "the {method} data need more memory than the limit of {} MiB; compress the file with a \
         smaller window",
        1 << (WINDOW_LOG - 20)
    )]
    Window { method: &'static str },
    /// The data differ from those that were written.
    #[error("the {method} data are damaged ({reason})")]
    Corrupt { method: &'static str, reason: String },
}

/// Decompresses a stream, and distinguishes damaged data from errors of the system.
struct Decoder<R> {
    decoder: R,
    method: &'static str,
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.decoder.read(buffer).map_err(|error| damage(self.method, error))
    }
}

fn damage(method: &'static str, error: io::Error) -> io::Error {
    let damage = match error.kind() {
        _ if error.raw_os_error().is_some() => return error,
        ErrorKind::UnexpectedEof => Damage::CutOff { method },
        _ if error.to_string() == window_too_large() => Damage::Window { method },
        ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::Other => {
            Damage::Corrupt { method, reason: error.to_string() }
        }
        _ => return error,
    };
    io::Error::new(error.kind(), damage)
}

/// The message of zstd about a frame whose window is larger than allowed; its errors reach us as text only.
fn window_too_large() -> &'static str {
    const CODE: usize = 16;
    zstd::zstd_safe::get_error_name(CODE.wrapping_neg())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        // With a checksum, as the program `zstd` writes it.
        let mut encoder = ::zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.include_checksum(true).unwrap();
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// The text that can be read, and the result at its end.
    fn read(bytes: &[u8]) -> (Vec<u8>, Result<(), Damage>) {
        let mut stream = decompressed(Box::new(Cursor::new(bytes.to_vec()))).unwrap().unwrap();
        let mut text = Vec::new();
        let end = stream.read_to_end(&mut text).map(drop);
        let damage = |error: io::Error| error.downcast::<Damage>().expect("the error holds damage");
        (text, end.map_err(damage))
    }

    #[test]
    fn kinds_are_recognised_by_their_first_bytes() {
        let cases: [(&[u8], Kind); 12] = [
            (b"", Kind::Plain),
            (b"PK,BZh9,\x1f\x8b", Kind::Plain),
            (b"BZh9,a\n", Kind::Plain),
            (&gzip(b""), Kind::Gzip),
            (&zstd(b""), Kind::Zstd),
            (b"\x50\x2a\x4d\x18", Kind::Zstd),
            (b"\x28\xb5\x2f", Kind::Plain),
            (b"\xff\xfea\0,\0", Kind::Other("UTF-16 text is")),
            (b"\xfe\xff\0a\0,", Kind::Other("UTF-16 text is")),
            (b"PK\x03\x04", Kind::Other("zip files are")),
            (b"\xfd7zXZ\0", Kind::Other("xz files are")),
            (b"BZh91AY&SY", Kind::Other("bzip2 files are")),
        ];
        for (head, expected) in cases {
            assert_eq!(Kind::of(head), expected, "{head:?}");
        }
    }

    #[test]
    fn all_members_and_frames_are_read() {
        for compress in [gzip, zstd] {
            let parts = [compress(b"a,b\n1"), compress(b""), compress(b",2\n")].concat();
            assert_eq!(read(&parts), (b"a,b\n1,2\n".to_vec(), Ok(())));
        }
        let skipped = [&b"\x50\x2a\x4d\x18\x03\0\0\0abc"[..], &zstd(b"a\n")].concat();
        assert_eq!(read(&skipped), (b"a\n".to_vec(), Ok(())));
    }

    proptest! {
        #[test]
        fn cut_data_give_a_part_of_the_text_and_an_error(
            text in prop::collection::vec(any::<u8>(), 0..3000), share in 0.0..1.0,
        ) {
            for (compress, method, least) in [(gzip as fn(&[u8]) -> _, "gzip", 2), (zstd, "zstd", 4)] {
                let whole = compress(&text);
                let cut = least + ((whole.len() - least) as f64 * share) as usize;
                let (read, end) = read(&whole[..cut]);
                prop_assert!(text.starts_with(&read));
                prop_assert_eq!(end, Err(Damage::CutOff { method }));
            }
        }

        #[test]
        fn a_flipped_bit_never_gives_another_text(
            text in prop::collection::vec(any::<u8>(), 1..3000), share in 0.0..1.0, bit in 0_u32..8,
        ) {
            for compress in [gzip, zstd] {
                let mut bytes = compress(&text);
                // After the first bytes: if one of these is changed, the data count as plain text.
                let at = 4 + ((bytes.len() - 4) as f64 * share) as usize;
                bytes[at] ^= 1_u8 << bit;
                let (read, end) = read(&bytes);
                prop_assert!(end.is_err() || read == text);
            }
        }
    }
}
