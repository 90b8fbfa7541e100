//! Users: their activity, their ages, their devices and their inclination to click.

use deepcross_random::StandardNormal;
use rand::Rng;

use super::discrete::Discrete;
use super::random::{WorldPart, world_stream};

/// The exponent of the Zipf–Mandelbrot law of the users' activity.
pub(crate) const USER_EXPONENT: f64 = 1.0;

/// The offset of that law: under plain Zipf, one person would make 9 % of all searches.
pub(crate) const USER_OFFSET: f64 = 20.0;

/// The standard deviation of the users' inclination to click, in logits.
pub(crate) const USER_DEVIATION: f64 = 0.15;

/// The share of searches that a user makes on the habitual device.
const HABIT: f64 = 0.75;

/// The device that a page is shown on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Device {
    /// A desktop or portable computer.
    Desktop,
    /// A telephone.
    Mobile,
    /// A tablet.
    Tablet,
}

impl Device {
    /// All devices, in the order of the click model's tables.
    pub const ALL: [Self; 3] = [Self::Desktop, Self::Mobile, Self::Tablet];

    /// The value in the column `device`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::Mobile => "mobile",
            Self::Tablet => "tablet",
        }
    }
}

/// One user.
#[derive(Clone, Debug)]
pub(crate) struct User {
    /// The age in years, from 16 to 79.
    pub(crate) age: u8,
    /// The habitual device.
    pub(crate) habit: Device,
    /// The effect of the user on clicks, in logits.
    pub(crate) inclination: f64,
}

/// All users and their activity.
#[derive(Clone, Debug)]
pub(crate) struct Users {
    users: Vec<User>,
    activity: Discrete,
    devices: Discrete,
}

impl Users {
    /// The `n_users` users of a world.
    pub(crate) fn new(world: u64, n_users: usize) -> Self {
        let mut rng = world_stream(world, WorldPart::Users);
        let devices = Discrete::new([0.45, 0.35, 0.2]);
        let users = (0..n_users).map(|_| draw_user(&devices, &mut rng)).collect();
        let activity = Discrete::zipf_mandelbrot(n_users, USER_EXPONENT, USER_OFFSET);
        Self { users, activity, devices }
    }

    /// The number of a random user, drawn by the users' activity.
    pub(crate) fn sample(&self, rng: &mut impl Rng) -> usize {
        self.activity.sample(rng)
    }

    /// The user with this number.
    pub(crate) fn user(&self, number: usize) -> &User {
        &self.users[number]
    }

    /// The device of one search of `user`.
    pub(crate) fn device(&self, user: &User, rng: &mut impl Rng) -> Device {
        if rng.random_bool(HABIT) { user.habit } else { Device::ALL[self.devices.sample(rng)] }
    }
}

fn draw_user(devices: &Discrete, rng: &mut impl Rng) -> User {
    let deviate: f64 = rng.sample(StandardNormal);
    User {
        age: rng.random_range(16..80),
        habit: Device::ALL[devices.sample(rng)],
        inclination: USER_DEVIATION * deviate,
    }
}
