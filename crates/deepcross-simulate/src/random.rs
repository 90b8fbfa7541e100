//! Named random streams.
//!
//! The world and the rows have different keys, so that the world `1` and the rows of seed `1` share no numbers.
//! Within a key, each purpose (or each row) has its own stream number of ChaCha, so that each can be drawn without the
//! others and in any order.
//! Rejected: one generator that is passed from purpose to purpose, which fixes the order.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// A part of the world, which is drawn once from a stream for this part.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WorldPart {
    /// The popularity of the words.
    Vocabulary,
    /// The campaigns and their ads.
    Campaigns,
    /// The users.
    Users,
    /// The effects of the click model.
    ClickModel,
    /// The ads that users return to.
    Memory,
}

/// The stream of one part of the world `world`.
pub(crate) fn world_stream(world: u64, part: WorldPart) -> ChaCha8Rng {
    keyed(world, *b"world   ", part as u64)
}

/// The stream of row `index` of the rows with this `seed`.
pub(crate) fn row_stream(seed: u64, index: u64) -> ChaCha8Rng {
    keyed(seed, *b"rows    ", index)
}

/// The stream of trial row `index`; the trial rows set the intercept of the world `world`.
pub(crate) fn trial_stream(world: u64, index: u64) -> ChaCha8Rng {
    keyed(world, *b"trial   ", index)
}

/// The stream of a pair of a user and a campaign in the world `world`.
pub(crate) fn pair_stream(world: u64, pair: u64) -> ChaCha8Rng {
    keyed(world, *b"pairs   ", pair)
}

fn keyed(seed: u64, purpose: [u8; 8], stream: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&purpose);
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(stream);
    rng
}

#[cfg(test)]
mod tests {
    use rand::RngCore;

    use super::*;

    #[test]
    fn streams_differ_by_seed_purpose_and_number() {
        let mut first_numbers = [
            world_stream(1, WorldPart::Vocabulary).next_u64(),
            world_stream(1, WorldPart::Campaigns).next_u64(),
            world_stream(2, WorldPart::Vocabulary).next_u64(),
            row_stream(1, 0).next_u64(),
            row_stream(1, 1).next_u64(),
            row_stream(2, 0).next_u64(),
            trial_stream(1, 0).next_u64(),
            pair_stream(1, 0).next_u64(),
        ];
        first_numbers.sort_unstable();
        assert!(first_numbers.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
