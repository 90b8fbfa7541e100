//! Campaigns: what advertisers bid on, and what their ads say.

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::config::SimulatorConfig;
use super::discrete::Discrete;
use super::random::{WorldPart, world_stream};
use super::vocabulary::{Attitude, Vocabulary, WordId};
use super::word_lists::N_TOPICS;

/// Zipf exponent of the campaigns' impressions.
pub(crate) const CAMPAIGN_EXPONENT: f64 = 1.0;

/// Exponent of the Zipf–Mandelbrot law of the topics.
pub(crate) const TOPIC_EXPONENT: f64 = 1.0;

/// Its offset: under plain Zipf, the first of twelve topics would have a third of the impressions.
pub(crate) const TOPIC_OFFSET: f64 = 3.0;

/// How often a title ends with the generic word of its topic.
const GENERIC_SHARE: f64 = 0.75;

/// One campaign with its one ad.
#[derive(Clone, Debug)]
pub(crate) struct Campaign {
    /// What it sells.
    pub(crate) topic: usize,
    /// The bid phrase: one to three words.
    pub(crate) keyword: Vec<WordId>,
    /// The bid phrase as text.
    pub(crate) keyword_text: String,
    /// The title of the ad as text.
    pub(crate) title_text: String,
    /// Whom the title addresses.
    pub(crate) attitude: Attitude,
    /// Its usual price, as a deviate from what is usual for the topic, mean 0 and variance about 1.
    pub(crate) price_deviate: f64,
    /// How much better or worse than others it draws, in logits.
    pub(crate) quality: f64,
}

/// All campaigns and their shares of the impressions.
#[derive(Clone, Debug)]
pub(crate) struct Campaigns {
    campaigns: Vec<Campaign>,
    popularity: Discrete,
}

impl Campaigns {
    /// The campaigns of a world, the most shown first.
    pub(crate) fn new(config: &SimulatorConfig, vocabulary: &Vocabulary) -> Self {
        let SimulatorConfig { world, campaigns: n_campaigns, campaign_deviation, .. } = *config;
        let mut rng = world_stream(world, WorldPart::Campaigns);
        let popularity = Discrete::zipf(n_campaigns, CAMPAIGN_EXPONENT);
        let campaigns = campaign_topics(&popularity, n_campaigns)
            .into_iter()
            .map(|topic| draw_campaign(topic, campaign_deviation, vocabulary, &mut rng))
            .collect();
        Self { campaigns, popularity }
    }

    /// Number of a campaign, the much shown ones more often.
    pub(crate) fn sample(&self, rng: &mut impl Rng) -> usize {
        self.popularity.sample(rng)
    }

    /// The campaign with this number.
    pub(crate) fn campaign(&self, number: usize) -> &Campaign {
        &self.campaigns[number]
    }
}

/// Gives each campaign, from the most shown on, the topic that is furthest below its share of the
/// impressions.
///
/// Topics drawn at random would let the few greatest campaigns decide which topics exist.
fn campaign_topics(popularity: &Discrete, n_campaigns: usize) -> Vec<usize> {
    let shares = Discrete::zipf_mandelbrot(N_TOPICS, TOPIC_EXPONENT, TOPIC_OFFSET);
    let mut lacking: Vec<f64> = (0..N_TOPICS).map(|topic| shares.probability(topic)).collect();
    let give_topic = |number| {
        let mut neediest = 0;
        for topic in 1..N_TOPICS {
            if lacking[topic] > lacking[neediest] {
                neediest = topic;
            }
        }
        lacking[neediest] -= popularity.probability(number);
        neediest
    };
    (0..n_campaigns).map(give_topic).collect()
}

fn draw_campaign(
    topic: usize,
    deviation: f64,
    vocabulary: &Vocabulary,
    rng: &mut impl Rng,
) -> Campaign {
    let keyword = draw_keyword(topic, vocabulary, rng);
    let attitude = draw_attitude([0.42, 0.42, 0.16], rng);
    let title = draw_title(topic, keyword[keyword.len() - 1], attitude, vocabulary, rng);
    let deviate: f64 = StandardNormal.sample(rng);
    let quality: f64 = StandardNormal.sample(rng);
    Campaign {
        topic,
        keyword_text: vocabulary.text(&keyword),
        title_text: vocabulary.text(&title),
        keyword,
        attitude,
        price_deviate: 0.5 * attitude.sign() + 0.85 * deviate,
        quality: deviation * quality,
    }
}

/// Thrifty, premium or plain, with these probabilities.
pub(crate) fn draw_attitude(probabilities: [f64; 3], rng: &mut impl Rng) -> Attitude {
    let point = rng.random::<f64>();
    if point < probabilities[0] {
        Attitude::Thrifty
    } else if point < probabilities[0] + probabilities[1] {
        Attitude::Premium
    } else {
        Attitude::Plain
    }
}

/// One or two different stems of the topic, in every second keyword with a word of some attitude
/// before them.
fn draw_keyword(topic: usize, vocabulary: &Vocabulary, rng: &mut impl Rng) -> Vec<WordId> {
    let attitude = draw_attitude([0.25, 0.25, 0.5], rng);
    let mut keyword: Vec<WordId> = vocabulary.attitude_word(attitude, rng).into_iter().collect();
    let n_topic_words = rng.random_range(1..=2);
    for _ in 0..n_topic_words {
        let id = vocabulary.topic_word(topic, rng);
        if keyword.iter().all(|&other| vocabulary.word(other).stem != vocabulary.word(id).stem) {
            keyword.push(id);
        }
    }
    keyword
}

/// A word of the ad's attitude, `headword` in some form, and one to three more words of the topic.
fn draw_title(
    topic: usize,
    headword: WordId,
    attitude: Attitude,
    vocabulary: &Vocabulary,
    rng: &mut impl Rng,
) -> Vec<WordId> {
    let mut title: Vec<WordId> = vocabulary.attitude_word(attitude, rng).into_iter().collect();
    title.push(vocabulary.other_form(headword, rng));
    let n_more = rng.random_range(1..=2);
    title.extend((0..n_more).map(|_| vocabulary.topic_word(topic, rng)));
    if rng.random_bool(GENERIC_SHARE) {
        title.push(vocabulary.generic_word(topic));
    }
    title
}
