//! Memory of pairs: each user returns to a few ads, and has a liking for some of them.
//!
//! A row of a returning user shows one of the user's own ads.
//! A user likes one in four ads and dislikes the others, by sizes whose mean is 0, so that users who clicked an ad
//! click it again.
//! The liking belongs to the pair alone: neither the user nor the ad tells of it.

use rand::Rng;

use super::campaign::Campaigns;
use super::random::{WorldPart, pair_stream, world_stream};

/// The number of ads that a user returns to.
const OWN: usize = 5;

/// The share of ads that a user likes.
const LIKED: f64 = 0.25;

/// The ads that each user returns to, and the sizes of likings.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    world: u64,
    liking: f64,
    returning: f64,
    own: Vec<[u32; OWN]>,
}

impl Memory {
    /// The memory of `n_users` users; without returning rows, no user has ads of their own.
    pub(crate) fn new(
        world: u64,
        (liking, returning): (f64, f64),
        n_users: usize,
        campaigns: &Campaigns,
    ) -> Self {
        let mut rng = world_stream(world, WorldPart::Memory);
        let n_users = if returning > 0.0 { n_users } else { 0 };
        let own = |_| std::array::from_fn(|_| campaigns.sample(&mut rng) as u32);
        Self { world, liking, returning, own: (0..n_users).map(own).collect() }
    }

    /// The ad that a returning user sees; `None` if the user does not return to one.
    ///
    /// Draws nothing if no user ever returns.
    pub(crate) fn own_campaign(&self, user: usize, rng: &mut impl Rng) -> Option<usize> {
        let own = self.own.get(user)?;
        let is_returning = rng.random::<f64>() < self.returning;
        let place = rng.random_range(0..OWN);
        is_returning.then(|| own[place] as usize)
    }

    /// The effect of the liking of a user for an ad, in logits; its mean over all pairs is 0.
    pub(crate) fn effect(&self, user: usize, campaign: usize) -> f64 {
        if self.liking == 0.0 {
            return 0.0;
        }
        let pair = (user as u64) << 32 | campaign as u64;
        let is_liked = pair_stream(self.world, pair).random::<f64>() < LIKED;
        if is_liked { self.liking } else { -self.liking * LIKED / (1.0 - LIKED) }
    }
}
