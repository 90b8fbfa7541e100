//! The click model: the terms of the logit of a click, with their sizes.
//!
//! The documentation of the crate has the whole formula.
//! All sizes are in logits.
//! Each factor of an interaction also has a small main effect.
//! Rejected: pure products of centred factors, which would leave a learner no first trace to follow; real clicks do.

use deepcross_random::StandardNormal;
use rand::Rng;

use super::campaign::Campaign;
use super::query::Query;
use super::random::{WorldPart, world_stream};
use super::user::{Device, User};
use super::vocabulary::Attitude;
use super::word_lists::{N_TOPICS, TRAITS, Traits};

/// The effect of each position on the page, from the top.
pub(crate) const POSITION: [f64; 4] = [0.65, 0.0, -0.6, -1.2];

/// The factor of [`POSITION`] on each device: small screens show little below the top.
pub(crate) const POSITION_ON_DEVICE: [f64; 3] = [0.6, 1.5, 0.9];

/// The effect of each match type.
pub(crate) const MATCH_TYPE: [f64; 4] = [0.5, 0.15, -0.15, -0.7];

/// The effect of each device.
pub(crate) const DEVICE: [f64; 3] = [0.1, -0.1, 0.0];

/// The amplitude of the effect of the hour, whose peak is at 20.
pub(crate) const HOUR: f64 = 0.15;

/// The effect of a query that only asks for knowledge.
pub(crate) const CURIOUS: f64 = -0.6;

/// The effect of a query for quality; a query for a low price has the opposite.
pub(crate) const QUERY_ATTITUDE: f64 = 0.25;

/// The effect of an ad that offers quality; one that offers a low price has the opposite.
pub(crate) const AD_ATTITUDE: f64 = -0.25;

/// The effect of one standard deviation of (logarithmic) price.
pub(crate) const PRICE: f64 = -0.2;

/// The effect of each trait of a topic.
pub(crate) const TRAIT: f64 = 0.3;

/// The standard deviation of the part of a topic's effect that its traits do not give.
pub(crate) const TOPIC_DEVIATION: f64 = 0.1;

/// The effect if the ad and the query have the same attitude; the opposite effect if their attitudes are opposite.
pub(crate) const ATTITUDES_MEET: f64 = 0.6;

/// The effect of one standard deviation of price on searchers who want quality; the opposite effect on those who want to
/// save.
pub(crate) const PRICE_FOR_ATTITUDE: f64 = 0.4;

/// The effect of one standard deviation of age on each device: young people click on telephones.
pub(crate) const AGE_ON_DEVICE: [f64; 3] = [0.45, -0.6, 0.4];

/// The effect of a topic that is sought on the way, on each device; a topic that is sought at a desk has the opposite.
pub(crate) const ON_THE_GO_ON_DEVICE: [f64; 3] = [-0.4, 0.5, 0.0];

/// The effect of a topic for leisure on each device, at night, in the morning, in the afternoon and in the evening; a
/// topic for office hours has the opposite.
pub(crate) const LEISURE_ON_DEVICE_AT: [[f64; 4]; 3] =
    [[0.2, -0.6, -0.5, 0.5], [-0.4, 0.5, 0.4, -0.2], [-0.2, 0.1, -0.4, 0.7]];

/// The effect of a topic for mid-life at the age of 45.
///
/// 25 years before and after that age the effect is the opposite; in between it is a wave.
pub(crate) const MID_LIFE_AT_AGE: f64 = 0.5;

/// The circumstances of one impression.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Impression<'a> {
    pub(crate) campaign: &'a Campaign,
    pub(crate) user: &'a User,
    pub(crate) query: &'a Query,
    pub(crate) device: Device,
    /// The position on the page, from 0 at the top.
    pub(crate) position: usize,
    /// The hour of the day, 0 to 23.
    pub(crate) hour: u8,
    /// The standardised logarithm of the price.
    pub(crate) price_score: f64,
}

impl Impression<'_> {
    fn traits(&self) -> &Traits {
        &TRAITS[self.campaign.topic]
    }

    fn age(&self) -> f64 {
        f64::from(self.user.age)
    }
}

/// The click model of a world, without its intercept.
#[derive(Clone, Debug)]
pub(crate) struct ClickModel {
    topics: [f64; N_TOPICS],
}

impl ClickModel {
    /// The effects of a world.
    pub(crate) fn new(world: u64) -> Self {
        let mut rng = world_stream(world, WorldPart::ClickModel);
        let topics = TRAITS.map(|traits| {
            let deviate: f64 = rng.sample(StandardNormal);
            TRAIT * (traits.leisure + traits.on_the_go + traits.mid_life)
                + TOPIC_DEVIATION * deviate
        });
        Self { topics }
    }

    /// The logit of a click, without the intercept.
    pub(crate) fn logit(&self, shown: &Impression<'_>) -> f64 {
        self.topics[shown.campaign.topic]
            + main_effects(shown)
            + page_effects(shown)
            + crossed_effects(shown)
    }
}

/// The effects of the campaign, the user, the attitudes and the price.
fn main_effects(shown: &Impression<'_>) -> f64 {
    let curious = if shown.query.attitude == Attitude::Curious { CURIOUS } else { 0.0 };
    shown.campaign.quality
        + shown.user.inclination
        + QUERY_ATTITUDE * shown.query.attitude.sign()
        + AD_ATTITUDE * shown.campaign.attitude.sign()
        + PRICE * shown.price_score
        + curious
}

/// The effects of the position, the match type, the device and the hour.
fn page_effects(shown: &Impression<'_>) -> f64 {
    let device = shown.device as usize;
    let hours_from_peak = f64::from(shown.hour) - 20.0;
    POSITION[shown.position] * POSITION_ON_DEVICE[device]
        + MATCH_TYPE[shown.query.match_type as usize]
        + DEVICE[device]
        + HOUR * libm::cos(hours_from_peak * std::f64::consts::TAU / 24.0)
}

/// The interactions, which are not sums of effects of single fields.
fn crossed_effects(shown: &Impression<'_>) -> f64 {
    let device = shown.device as usize;
    let searcher = shown.query.attitude.sign();
    let part_of_day = usize::from(shown.hour / 6);
    let wave = libm::cos((shown.age() - 45.0) * std::f64::consts::PI / 25.0);
    ATTITUDES_MEET * searcher * shown.campaign.attitude.sign()
        + PRICE_FOR_ATTITUDE * searcher * shown.price_score
        + AGE_ON_DEVICE[device] * (shown.age() - 47.5) / 18.5
        + ON_THE_GO_ON_DEVICE[device] * shown.traits().on_the_go
        + LEISURE_ON_DEVICE_AT[device][part_of_day] * shown.traits().leisure
        + MID_LIFE_AT_AGE * wave * shown.traits().mid_life
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::MatchType;

    /// The crossed effects of one impression, whose price is one deviation above the usual one.
    fn crossed(
        (query, ad): (Attitude, Attitude),
        device: Device,
        hour: u8,
        age: u8,
        topic: usize,
    ) -> f64 {
        let campaign = Campaign {
            topic,
            keyword: Vec::new(),
            keyword_text: String::new(),
            title_text: String::new(),
            attitude: ad,
            price_deviate: 0.0,
            quality: 0.0,
        };
        let user = User { age, habit: device, inclination: 0.0 };
        let query = Query { words: Vec::new(), match_type: MatchType::Exact, attitude: query };
        let (campaign, user, query) = (&campaign, &user, &query);
        let shown =
            Impression { campaign, user, query, device, position: 0, hour, price_score: 1.0 };
        crossed_effects(&shown)
    }

    #[test]
    fn crossed_effects_are_not_sums_of_effects_of_single_fields() {
        use Attitude::{Plain, Premium, Thrifty};
        use Device::{Desktop, Mobile};
        // The part of the effect of two fields that is not a sum of effects of one field each.
        let check = |name: &str, corners: [f64; 4], expected: f64| {
            let left = corners[0] - corners[1] - corners[2] + corners[3];
            assert!((left - expected).abs() < 1e-12, "{name}: {left}, not {expected}");
        };
        let attitudes = |query, ad| crossed((query, ad), Desktop, 12, 45, 0);
        let corners = [
            attitudes(Premium, Premium),
            attitudes(Premium, Thrifty),
            attitudes(Thrifty, Premium),
            attitudes(Thrifty, Thrifty),
        ];
        check("query and ad", corners, 4.0 * ATTITUDES_MEET);
        // Topics 2 and 3 differ only in `on_the_go`; the ages 20 and 70 are one wave apart.
        let topics = |device, topic| crossed((Plain, Plain), device, 12, 45, topic);
        let corners =
            [topics(Desktop, 3), topics(Desktop, 2), topics(Mobile, 3), topics(Mobile, 2)];
        check("topic and device", corners, 2.0 * (ON_THE_GO_ON_DEVICE[1] - ON_THE_GO_ON_DEVICE[0]));
        let ages = |device, age| crossed((Plain, Plain), device, 12, age, 0);
        let corners = [ages(Desktop, 70), ages(Desktop, 20), ages(Mobile, 70), ages(Mobile, 20)];
        check("age and device", corners, 50.0 / 18.5 * (AGE_ON_DEVICE[0] - AGE_ON_DEVICE[1]));
    }

    #[test]
    fn three_fields_act_together() {
        let of_two = |topic| {
            let at =
                |device, hour| crossed((Attitude::Plain, Attitude::Plain), device, hour, 45, topic);
            at(Device::Desktop, 9) - at(Device::Desktop, 21) - at(Device::Mobile, 9)
                + at(Device::Mobile, 21)
        };
        // Topic 0 is for leisure, topic 2 for office hours.
        let expected = 2.0 * (-0.6 - 0.5 - 0.5 - 0.2);
        assert!((of_two(0) - of_two(2) - expected).abs() < 1e-12);
    }
}
