//! XXH3-64 of up to 16 bytes, which are held in numbers: the hash of most values of click logs.
//!
//! The functions of `xxhash-rust` read bytes from memory, and a call costs more than the arithmetic of a short value.
//! This is the same hash, written after its specification
//! (<https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md>).
//! Tests compare the two; `xxhash-rust` hashes longer values.

/// The largest number of bytes.
pub(crate) const MOST: usize = 16;

/// Words of the specification's secret for 0, 1 to 3, 4 to 8, and 9 to 16 bytes.
///
/// The specification always combines two words by XOR; each constant here is the result.
const SECRET_0: u64 = 0x8726_f910_5dc2_1ddc;
const SECRET_3: u64 = 0x8727_5a9b;
const SECRET_8: u64 = 0xc73a_b174_c5ec_d5a2;
const SECRET_16: [u64; 2] = [0x6782_737b_ea42_39b9, 0xaf56_bc3b_0996_523a];

const PRIME_MX1: u64 = 0x1656_6791_9e37_79f9;
const PRIME_MX2: u64 = 0x9fb2_1c65_1e98_df25;
const PRIME64_2: u64 = 0xc2b2_ae3d_27d4_eb4f;
const PRIME64_3: u64 = 0x1656_67b1_9e37_79f9;

/// The hash of `len` bytes, which are given as little-endian numbers.
///
/// `first` holds the first eight bytes, with 0 in place of bytes after the end.
/// `last` holds the last eight bytes; it is used only if there are more than eight.
#[inline(always)]
pub(crate) fn xxh3_64(first: u64, last: u64, len: usize, seed: u64) -> u64 {
    debug_assert!(len <= MOST);
    match len {
        0 => avalanche_64(seed ^ SECRET_0),
        1..=3 => {
            let byte = |index: usize| (first as u32 >> (8 * index)) & 0xff;
            let combined = byte(0) << 16 | byte(len / 2) << 24 | byte(len - 1) | (len as u32) << 8;
            avalanche_64(u64::from(combined) ^ SECRET_3.wrapping_add(seed))
        }
        4..=8 => {
            let (start, end) = (first as u32, (first >> (8 * (len - 4))) as u32);
            let seed = seed ^ u64::from((seed as u32).swap_bytes()) << 32;
            let both = u64::from(end).wrapping_add(u64::from(start) << 32);
            mix(both ^ SECRET_8.wrapping_sub(seed), len)
        }
        _ => {
            let first = first ^ SECRET_16[0].wrapping_add(seed);
            let last = last ^ SECRET_16[1].wrapping_sub(seed);
            let product = u128::from(first) * u128::from(last);
            let folded = product as u64 ^ (product >> 64) as u64;
            let sum = (len as u64).wrapping_add(first.swap_bytes());
            avalanche(sum.wrapping_add(last).wrapping_add(folded))
        }
    }
}

fn avalanche(mut hash: u64) -> u64 {
    hash ^= hash >> 37;
    hash = hash.wrapping_mul(PRIME_MX1);
    hash ^ hash >> 32
}

fn avalanche_64(mut hash: u64) -> u64 {
    hash = (hash ^ hash >> 33).wrapping_mul(PRIME64_2);
    hash = (hash ^ hash >> 29).wrapping_mul(PRIME64_3);
    hash ^ hash >> 32
}

fn mix(mut hash: u64, len: usize) -> u64 {
    hash ^= hash.rotate_left(49) ^ hash.rotate_left(24);
    hash = hash.wrapping_mul(PRIME_MX2);
    hash ^= (hash >> 35).wrapping_add(len as u64);
    hash = hash.wrapping_mul(PRIME_MX2);
    hash ^ hash >> 28
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_hash_is_xxh3(bytes: [u8; MOST], seed in prop_oneof![Just(0), any::<u64>()]) {
            for len in 0..=MOST {
                let (mut first, mut last) = ([0; 8], [0; 8]);
                first[..len.min(8)].copy_from_slice(&bytes[..len.min(8)]);
                if len > 8 {
                    last.copy_from_slice(&bytes[len - 8..len]);
                }
                let (first, last) = (u64::from_le_bytes(first), u64::from_le_bytes(last));
                let found = xxh3_64(first, last, len, seed);
                prop_assert_eq!(found, twox_hash::XxHash3_64::oneshot_with_seed(seed, &bytes[..len]));
                prop_assert_eq!(found, xxhash_rust::xxh3::xxh3_64_with_seed(&bytes[..len], seed));
            }
        }
    }
}
