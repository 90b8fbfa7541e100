//! Checks of the cache of encoded rows.

use deepcross_data::RowReader;
use deepcross_data::cache::Cache;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::file::{Written, judge};
use crate::rows::{POOL, check_batch, encode};
use crate::sums::{number, put, range};
use crate::world::World;

const HEAD: usize = 28;
const TAIL: usize = 24;

/// The number of parts that are read: a forged file may have many empty parts.
const MOST_PARTS: usize = 8;

/// Checks a cache as it is, and with all of its checksums corrected.
pub fn cache(bytes: &[u8]) {
    check(bytes);
    if let Some(sealed) = sealed(bytes) {
        check(&sealed);
    }
}

/// Checks that a cache gives rows of the encoder, the same on several threads, or an error.
fn check(bytes: &[u8]) {
    let (world, file) = (World::get(), Written::new(bytes));
    let cache = match Cache::open(&file.path()) {
        Ok(cache) => cache,
        Err(error) => return judge(&error, &file),
    };
    let is_whole = cache.verify().is_ok();
    for part in 0..cache.n_parts().min(MOST_PARTS) {
        let reader = || RowReader::of_cache(&world.trained.encoder, cache.rows(part), false);
        let here = encode(reader(), 3);
        check_batch(&here, &world.trained.encoder);
        if here.ended.is_none() {
            assert_eq!(here.batch.n_rows() as u64, cache.rows(part).n_rows_of_part());
        }
        assert!(here.ended.is_some() || is_whole || cache.n_parts() > 1);
        assert_eq!(here, POOL.install(|| encode(reader(), 1000)));
    }
}

/// The file with corrected checksums, as far as its parts can be found.
fn sealed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = bytes.to_vec();
    let end = bytes.len().checked_sub(TAIL)?;
    let (n_about, start) = (number(&bytes, 12, 8)?, number(&bytes, end, 8)?);
    let about = xxh3_64(&bytes[range(&bytes, HEAD, n_about)?]);
    put(&mut bytes, 20, about);
    range(&bytes, start, end.checked_sub(start)?)?;
    let (mut at, mut block) = (start + 4, HEAD + n_about);
    for _ in 0..number(&bytes, start, 4)? {
        let Some(n_blocks) = number(&bytes, at, 8) else { break };
        at += 8;
        for _ in 0..n_blocks {
            let Some(n_bytes) = number(&bytes[..end], at + 28, 8).and(number(&bytes, at, 4)) else {
                break;
            };
            let Some(place) = range(&bytes, block, n_bytes) else { break };
            let hash = xxh3_64(&bytes[place]);
            put(&mut bytes, at + 28, hash);
            (at, block) = (at + 36, block + n_bytes);
        }
    }
    let mut sum = Xxh3::new();
    sum.update(&bytes[..HEAD]);
    sum.update(&bytes[start..end]);
    put(&mut bytes, end + 8, sum.digest());
    Some(bytes)
}
