//! A file that is mapped into memory: the system loads pages on access, and may evict them again.

use deepcross_autodiff::{LentBytes, LentValues};
use memmap2::Mmap;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

/// The mapped bytes of a file.
#[derive(Debug)]
pub(super) struct Map(Mmap);

/// The numbers in a range of a mapped file.
#[derive(Debug)]
pub(super) struct MappedValues {
    map: Arc<Map>,
    bytes: Range<usize>,
}

impl Map {
    /// Maps `file`, which was opened for reading; `None` if it cannot be mapped.
    #[expect(unsafe_code, reason = "a file cannot be mapped otherwise")]
    pub(super) fn new(file: &File) -> Option<Self> {
        // SAFETY: the map is only read, as bytes and as `f32`, for which every pattern of bits is a value. Everything
        // that depends on the contents was checked once and is kept outside of the map: ids that lead into a table are
        // bounded by shapes from the header, not by bytes in the map. No code of ours changes an artifact in place: a
        // rename replaces it and leaves the mapped file as it was. The documentation of `artifact::map` demands the
        // same of all other programs.
        unsafe { Mmap::map(file) }.ok().map(Self)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The bytes in a range of a mapped file.
#[derive(Debug)]
pub(super) struct MappedBytes {
    map: Arc<Map>,
    bytes: Range<usize>,
}

impl MappedBytes {
    /// `length` bytes from `start`; `None` if the file ends before.
    pub(super) fn new(map: &Arc<Map>, start: u64, length: u64) -> Option<Self> {
        let start = usize::try_from(start).ok()?;
        let bytes = start..start.checked_add(usize::try_from(length).ok()?)?;
        map.bytes().get(bytes.clone())?;
        Some(Self { map: Arc::clone(map), bytes })
    }
}

impl LentBytes for MappedBytes {
    fn bytes(&self) -> &[u8] {
        &self.map.bytes()[self.bytes.clone()]
    }
}

impl MappedValues {
    /// The numbers in `length` bytes from `start`; `None` if they cannot be read in place.
    pub(super) fn new(map: &Arc<Map>, start: u64, length: u64) -> Option<Self> {
        let start = usize::try_from(start).ok()?;
        let bytes = start..start.checked_add(usize::try_from(length).ok()?)?;
        bytemuck::try_cast_slice::<u8, f32>(map.bytes().get(bytes.clone())?).ok()?;
        cfg!(target_endian = "little").then(|| Self { map: Arc::clone(map), bytes })
    }
}

impl LentValues<f32> for MappedValues {
    fn values(&self) -> &[f32] {
        bytemuck::cast_slice(&self.map.bytes()[self.bytes.clone()])
    }
}
