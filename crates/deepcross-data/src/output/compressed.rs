//! Compresses a file while it is written.

use std::io::{self, Write};
use std::path::Path;

use flate2::write::GzEncoder;

/// The compression of a whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// No compression.
    None,
    /// Gzip, at level 6.
    Gzip,
    /// Zstd, at level 3.
    Zstd,
}

impl Compression {
    /// The ends of names that show a compression, in lower case.
    pub const EXTENSIONS: [&'static str; 2] = ["gz", "zst"];

    /// The ends of names that show a compression or an archive that is not written, in lower case.
    pub const NOT_WRITTEN: [&'static str; 18] = [
        "7z", "bgz", "br", "bz2", "gzip", "lz4", "lzma", "lzo", "rar", "snappy", "sz", "tar",
        "tgz", "tzst", "xz", "z", "zip", "zstd",
    ];

    /// The compression that the end of the name shows: `.gz` or `.zst`, in upper or lower case.
    pub fn of(path: &Path) -> Self {
        let extension = path.extension().unwrap_or_default();
        match () {
            () if extension.eq_ignore_ascii_case("gz") => Self::Gzip,
            () if extension.eq_ignore_ascii_case("zst") => Self::Zstd,
            () => Self::None,
        }
    }
}

/// An output that compresses the bytes written to it, or leaves them plain.
pub(super) enum Compressed<W: Write> {
    Plain(W),
    Gzip(GzEncoder<W>),
    Zstd(zstd::stream::write::Encoder<'static, W>),
}

impl<W: Write> Compressed<W> {
    /// Begins a file, compressed at the default level of the command-line program `gzip` or `zstd`.
    pub(super) fn new(out: W, compression: Compression) -> io::Result<Self> {
        Ok(match compression {
            Compression::None => Self::Plain(out),
            Compression::Gzip => Self::Gzip(GzEncoder::new(out, flate2::Compression::default())),
            Compression::Zstd => {
                let level = zstd::DEFAULT_COMPRESSION_LEVEL;
                let mut encoder = zstd::stream::write::Encoder::new(out, level)?;
                // The checksum lets readers find a cut or a flipped bit.
                encoder.include_checksum(true)?;
                Self::Zstd(encoder)
            }
        })
    }

    /// Writes the rest, and gives back the output.
    pub(super) fn finish(self) -> io::Result<W> {
        let mut out = match self {
            Self::Plain(out) => out,
            Self::Gzip(encoder) => encoder.finish()?,
            Self::Zstd(encoder) => encoder.finish()?,
        };
        out.flush()?;
        Ok(out)
    }
}

impl<W: Write> Write for Compressed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}
