//! Recognises compressed data and UTF-16 by their first bytes, and turns them into plain UTF-8 while they are read.
//!
//! Rejected: the end of the name, because a name can be wrong and a pipe has no name.
//! Decompressed data are never kept: a small file that swells to gigabytes costs time, not memory.

use std::io::{self, BufReader, Cursor, ErrorKind, Read};

use thiserror::Error;

use super::file_kind::FileKind;
use super::gzip::Members;
use super::stream::Stream;
use super::utf16::{ByteOrder, Utf16};

/// The number of bytes of compressed data that are read at once.
const CHUNK: usize = 64 << 10;

/// The largest window of zstd that is read, as a power of two: the window of its highest level, 128 MiB.
const WINDOW_LOG: u32 = 27;

/// The number of first bytes that show the kind of a stream.
const HEAD: usize = 12;

/// How a stream of bytes is packed, as its first bytes show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // A frame, or a frame that decoders skip, in which programs store their own notes before the data.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

/// A stream of plain text, or the kind of file that is not read.
pub(crate) type Decompressed = Result<Stream, &'static FileKind>;

/// Decompresses `raw` if it is gzip (of any number of members) or zstd (of any number of frames), and turns UTF-16 with
/// a byte order mark into UTF-8.
///
/// Damaged data are an error that holds [`Damage`]; it comes after all bytes that could be decompressed.
pub(crate) fn decompressed(raw: Stream) -> io::Result<Decompressed> {
    let raw = Peeked::new(raw);
    if let Some(error) = raw.error {
        return Err(error);
    }
    let unpacked = match Packing::of(raw.head()) {
        Packing::Plain => raw,
        Packing::Gzip => {
            let decoder = Members::new(BufReader::with_capacity(CHUNK, raw));
            Peeked::new(Box::new(Decoder { decoder, method: "gzip" }))
        }
        Packing::Zstd => {
            let whole = BufReader::with_capacity(CHUNK, raw);
            let mut decoder = zstd::stream::read::Decoder::with_buffer(whole)?;
            decoder.window_log_max(WINDOW_LOG)?;
            Peeked::new(Box::new(Decoder { decoder, method: "zstd" }))
        }
    };
    if let Some(kind) = FileKind::of(unpacked.head()) {
        return Ok(Err(kind));
    }
    Ok(Ok(match ByteOrder::of(unpacked.head()) {
        Some(order) => Box::new(Utf16::new(Box::new(unpacked), order)),
        None => Box::new(unpacked),
    }))
}

/// A stream whose first bytes have been looked at.
struct Peeked {
    head: Cursor<Vec<u8>>,
    /// The error that came after the first bytes.
    error: Option<io::Error>,
    rest: Stream,
}

impl Peeked {
    fn new(mut stream: Stream) -> Self {
        let mut head = Vec::with_capacity(HEAD);
        let error = stream.by_ref().take(HEAD as u64).read_to_end(&mut head).err();
        Self { head: Cursor::new(head), error, rest: stream }
    }

    /// The first bytes.
    fn head(&self) -> &[u8] {
        self.head.get_ref()
    }
}

impl Read for Peeked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.head.read(buffer)? {
            0 => match self.error.take() {
                None => self.rest.read(buffer),
                Some(error) => Err(error),
            },
            n => Ok(n),
        }
    }
}

/// A fault in compressed data or in UTF-16; an [`io::Error`] carries it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Damage {
    /// The data end before they are complete.
    #[error("the {method} data are cut off: the file is not complete")]
    CutOff { method: &'static str },
    /// The data are complete, and bytes follow that are not compressed.
    #[error(
        "the {method} data are complete there, but other bytes follow them; remove these from the file"
    )]
    Followed { method: &'static str },
    /// The decoder would have to keep more of the text than is allowed.
    #[error(
        "the {method} data need more memory than the limit of {} MiB; compress the file with a \
         smaller window",
        1 << (WINDOW_LOG - 20)
    )]
    Window { method: &'static str },
    /// A half of a character, or of a pair of halves.
    #[error("the UTF-16 text has a half of a character there")]
    HalfCharacter,
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
        _ if error.get_ref().is_some_and(|inner| inner.is::<Damage>()) => return error,
        ErrorKind::UnexpectedEof => Damage::CutOff { method },
        _ if error.to_string() == zstd_error(WINDOW_TOO_LARGE) => Damage::Window { method },
        // The first frame was recognised by its first bytes.
        _ if error.to_string() == zstd_error(UNKNOWN_FRAME) => Damage::Followed { method },
        ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::Other => {
            Damage::Corrupt { method, reason: error.to_string() }
        }
        _ => return error,
    };
    io::Error::new(error.kind(), damage)
}

/// The codes of zstd for a frame whose window is larger than allowed, and for bytes that do not begin a frame.
const WINDOW_TOO_LARGE: usize = 16;
const UNKNOWN_FRAME: usize = 10;

/// The message of zstd about an error; its errors reach us as text only.
fn zstd_error(code: usize) -> &'static str {
    zstd::zstd_safe::get_error_name(code.wrapping_neg())
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
    fn compressed_data_are_recognised_by_their_first_bytes() {
        let cases: [(&[u8], Packing); 6] = [
            (b"", Packing::Plain),
            (b"PK,BZh9,\x1f\x8b", Packing::Plain),
            (&gzip(b""), Packing::Gzip),
            (&zstd(b""), Packing::Zstd),
            (b"\x50\x2a\x4d\x18", Packing::Zstd),
            (b"\x28\xb5\x2f", Packing::Plain),
        ];
        for (head, expected) in cases {
            assert_eq!(Packing::of(head), expected, "{head:?}");
        }
    }

    #[test]
    fn zeros_behind_gzip_are_padding() {
        let text = b"a,b\n1,2\n".to_vec();
        for padding in [1, 2, 3, 511, 200_000] {
            let padded = [gzip(&text), vec![0; padding]].concat();
            assert_eq!(read(&padded), (text.clone(), Ok(())), "{padding}");
            let followed = [padded, gzip(b"3,4\n")].concat();
            assert_eq!(read(&followed).0, b"a,b\n1,2\n3,4\n");
        }
        for (packed, method, others) in [
            (gzip(&text), "gzip", &b"\0\0x"[..]),
            (gzip(&text), "gzip", b"a,b"),
            (zstd(&text), "zstd", b"a,b\n"),
        ] {
            let expected = Err(Damage::Followed { method });
            assert_eq!(read(&[packed, others.to_vec()].concat()), (text.clone(), expected));
        }
    }

    #[test]
    fn other_files_are_recognised_in_compressed_ones() {
        for compress in [gzip, zstd, <[u8]>::to_vec] {
            let packed = compress(b"%PDF-1.7 and more");
            let kind = decompressed(Box::new(Cursor::new(packed))).unwrap().err().unwrap();
            assert_eq!(kind.name, "a PDF document");
        }
    }

    #[test]
    fn utf16_is_read_in_compressed_files_too() {
        let text = "a,ä\n1,😀\n".repeat(9000);
        let little: Vec<u8> =
            format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> =
            format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [little, big] {
            for compress in [gzip, zstd, <[u8]>::to_vec] {
                let (read, end) = read(&compress(&bytes));
                assert_eq!(String::from_utf8(read).unwrap(), format!("\u{feff}{text}"));
                assert_eq!(end, Ok(()));
            }
        }
        let halves: [&[u8]; 4] = [
            b"\xff\xfea\0,",
            b"\xff\xfea\0\x3d\xd8",
            b"\xff\xfea\0\x3d\xd8a\0b\0",
            b"\xff\xfea\0\0\xdea\0",
        ];
        for half in halves {
            assert_eq!(read(half), ("\u{feff}a".as_bytes().to_vec(), Err(Damage::HalfCharacter)));
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

    /// Bytes that do not begin like a file of another program, which would be refused as such.
    fn any_text() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(any::<u8>(), 0..3000).prop_map(|bytes| [b"a", &bytes[..]].concat())
    }

    proptest! {
        #[test]
        fn cut_data_give_a_part_of_the_text_and_an_error(
            text in any_text(), share in 0.0..1.0,
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
            text in any_text(), share in 0.0..1.0, bit in 0_u32..8,
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
