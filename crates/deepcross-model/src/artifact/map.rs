//! A file in memory without being read: the system fetches what is looked at, and may forget it again.

use deepcross_autodiff::LentValues;
use memmap2::Mmap;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

/// The bytes of a file.
#[derive(Debug)]
pub(super) struct Map(Mmap);

/// Numbers of a mapped file.
#[derive(Debug)]
pub(super) struct MappedValues {
    map: Arc<Map>,
    bytes: Range<usize>,
}

impl Map {
    /// The bytes of `file`, which was opened to be read; `None` where it cannot be mapped.
    #[expect(unsafe_code, reason = "a file cannot be mapped otherwise")]
    pub(super) fn new(file: &File) -> Option<Self> {
        // SAFETY: the map is only read, as bytes and as `f32`, of which every pattern of bits is a value, and everything
        // that the contents decide was checked once and is kept apart from the map; ids that lead into a table are
        // bounded by shapes from the header, not by what stands in the map.
        // Nobody of ours changes an artifact in place: it is replaced by a rename, which leaves the mapped file as it
        // was. That nobody else does is what the documentation of `artifact::map` asks for.
        unsafe { Mmap::map(file) }.ok().map(Self)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl MappedValues {
    /// The numbers in `length` bytes from `start` on; `None` where they cannot be read where they stand.
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
