//! The world: everything that is the same for all rows.

use deepcross_random::StandardNormal;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::campaign::Campaigns;
use super::click_model::{ClickModel, Impression};
use super::config::SimulatorConfig;
use super::discrete::Discrete;
use super::memory::Memory;
use super::query::{Query, QueryWriter, typed};
use super::random::trial_stream;
use super::row::SimulatedRow;
use super::user::{Device, Users};
use super::vocabulary::Vocabulary;

/// The price at a price score of 0.
const USUAL_PRICE: f64 = 40.0;

/// The standard deviation of the logarithm of the price.
const PRICE_DEVIATION: f64 = 0.6;

/// The weight of each hour of the day: the relative number of its searches.
const TRAFFIC: [f64; 24] = [
    2.0, 1.4, 1.0, 0.9, 1.0, 1.5, 2.4, 3.4, 4.2, 4.8, 5.1, 5.3, 5.2, 5.1, 5.0, 5.0, 5.1, 5.3, 5.7,
    6.3, 6.6, 6.2, 4.9, 3.2,
];

/// The share of ads at each position.
const POSITION_SHARES: [f64; 4] = [0.4, 0.3, 0.2, 0.1];

/// The number of trial rows that the intercept is set by: the click rate is met to about a thirtieth of its value.
const N_TRIALS: u64 = 8_192;

/// A row as numbers, without its click.
struct Draw {
    campaign: usize,
    user: usize,
    query: Query,
    device: Device,
    position: usize,
    hour: u8,
    price: f64,
}

/// The campaigns, the users, the words and the click model.
#[derive(Clone, Debug)]
pub(crate) struct World {
    vocabulary: Vocabulary,
    campaigns: Campaigns,
    users: Users,
    queries: QueryWriter,
    positions: Discrete,
    traffic: Discrete,
    click_model: ClickModel,
    memory: Memory,
    intercept: f64,
}

impl World {
    /// The world of a configuration without problems.
    pub(crate) fn new(config: &SimulatorConfig) -> Self {
        let vocabulary = Vocabulary::new(config.world);
        let campaigns = Campaigns::new(config, &vocabulary);
        let sizes = (config.liking, config.returning);
        let mut world = Self {
            memory: Memory::new(config.world, sizes, config.users, &campaigns),
            campaigns,
            users: Users::new(config.world, config.users),
            queries: QueryWriter::new(),
            positions: Discrete::new(POSITION_SHARES),
            traffic: Discrete::new(TRAFFIC),
            click_model: ClickModel::new(config.world),
            intercept: 0.0,
            vocabulary,
        };
        world.intercept = world.intercept_for(config.click_rate, config.world);
        world
    }

    /// The row at this part of the day (0 to 1), drawn with `rng`.
    pub(crate) fn row(&self, part_of_day: f64, mut rng: ChaCha8Rng) -> SimulatedRow<'_> {
        let draw = self.draw(part_of_day, &mut rng);
        let probability_of = |draw: &Draw| sigmoid(self.intercept + self.logit(draw));
        let probability = probability_of(&draw);
        let position = draw.position;
        let draw = Draw { position: 0, ..draw };
        let probability_at_top = probability_of(&draw);
        let campaign = self.campaigns.campaign(draw.campaign);
        SimulatedRow {
            click: rng.random::<f64>() < probability,
            query: typed(&draw.query.words, &self.vocabulary, &mut rng),
            keyword: &campaign.keyword_text,
            title: &campaign.title_text,
            match_type: draw.query.match_type,
            campaign: draw.campaign as u32,
            position: position as u8 + 1,
            user: draw.user as u32,
            device: draw.device,
            hour: draw.hour,
            age: self.users.user(draw.user).age,
            price: draw.price,
            probability,
            probability_at_top,
        }
    }

    fn draw(&self, part_of_day: f64, rng: &mut ChaCha8Rng) -> Draw {
        let any = self.campaigns.sample(rng);
        let user = self.users.sample(rng);
        let number = self.memory.own_campaign(user, rng).unwrap_or(any);
        let campaign = self.campaigns.campaign(number);
        let deviate: f64 = rng.sample(StandardNormal);
        let price_score = campaign.price_deviate + 0.25 * deviate;
        Draw {
            campaign: number,
            user,
            query: self.queries.write(campaign.topic, &campaign.keyword, &self.vocabulary, rng),
            device: self.users.device(self.users.user(user), rng),
            position: self.positions.sample(rng),
            hour: self.traffic.outcome_at(part_of_day) as u8,
            price: rounded_to_cents(USUAL_PRICE * libm::exp(PRICE_DEVIATION * price_score)),
        }
    }

    /// The logit of the click of `draw`, without the intercept.
    fn logit(&self, draw: &Draw) -> f64 {
        let liking = self.memory.effect(draw.user, draw.campaign);
        let others = self.click_model.logit(&Impression {
            campaign: self.campaigns.campaign(draw.campaign),
            user: self.users.user(draw.user),
            query: &draw.query,
            device: draw.device,
            position: draw.position,
            hour: draw.hour,
            price_score: libm::log(draw.price / USUAL_PRICE) / PRICE_DEVIATION,
        });
        others + liking
    }

    /// The intercept for which the mean probability of trial rows is `click_rate`, found by bisection.
    fn intercept_for(&self, click_rate: f64, world: u64) -> f64 {
        let trial = |index: u64| {
            let mut rng = trial_stream(world, index);
            let part_of_day = index as f64 / N_TRIALS as f64;
            self.logit(&self.draw(part_of_day, &mut rng))
        };
        let logits: Vec<f64> = (0..N_TRIALS).map(trial).collect();
        let (mut low, mut high) = (-20.0, 20.0);
        for _ in 0..40 {
            let middle = 0.5 * (low + high);
            let clicks: f64 = logits.iter().map(|logit| sigmoid(middle + logit)).sum();
            if clicks < click_rate * N_TRIALS as f64 {
                low = middle;
            } else {
                high = middle;
            }
        }
        0.5 * (low + high)
    }
}

fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-logit))
}

fn rounded_to_cents(price: f64) -> f64 {
    (price * 100.0).round().max(1.0) / 100.0
}
