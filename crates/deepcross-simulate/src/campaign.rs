//! Campaigns: their bid phrases, their ads and their shares of the impressions.

use deepcross_random::StandardNormal;
use rand::Rng;

use super::config::SimulatorConfig;
use super::discrete::Discrete;
use super::random::{WorldPart, world_stream};
use super::vocabulary::{Attitude, Vocabulary, WordId};
use super::word_lists::N_TOPICS;

/// The exponent of Zipf's law of the campaigns' impressions.
pub(crate) const CAMPAIGN_EXPONENT: f64 = 1.0;

/// The exponent of the Zipf–Mandelbrot law of the topics.
pub(crate) const TOPIC_EXPONENT: f64 = 1.0;

/// The offset of that law: under plain Zipf, the first of twelve topics would have a third of the impressions.
pub(crate) const TOPIC_OFFSET: f64 = 3.0;

/// The share of titles that end with the generic word of their topic.
const GENERIC_SHARE: f64 = 0.75;

/// One campaign with its one ad.
#[derive(Clone, Debug)]
pub(crate) struct Campaign {
    /// The topic of what the campaign sells.
    pub(crate) topic: usize,
    /// The bid phrase: one to three words.
    pub(crate) keyword: Vec<WordId>,
    /// The bid phrase as text.
    pub(crate) keyword_text: String,
    /// The title of the ad as text.
    pub(crate) title_text: String,
    /// The attitude of the searchers that the title addresses.
    pub(crate) attitude: Attitude,
    /// The usual price of the campaign, as a deviate from the usual price of the topic: mean 0 and variance about 1.
    pub(crate) price_deviate: f64,
    /// The effect of the campaign on clicks, in logits.
    pub(crate) quality: f64,
}

/// All campaigns and their shares of the impressions.
#[derive(Clone, Debug)]
pub(crate) struct Campaigns {
    campaigns: Vec<Campaign>,
    popularity: Discrete,
}

impl Campaigns {
    /// The campaigns of a world, in descending order of their impressions.
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

    /// The number of a random campaign, drawn by the campaigns' shares of the impressions.
    pub(crate) fn sample(&self, rng: &mut impl Rng) -> usize {
        self.popularity.sample(rng)
    }

    /// The campaign with this number.
    pub(crate) fn campaign(&self, number: usize) -> &Campaign {
        &self.campaigns[number]
    }
}

/// The topic of each campaign: from the most shown campaign on, the topic that is furthest below its share of the
/// impressions.
///
/// Rejected: random topics, because the few largest campaigns would decide which topics exist.
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
    let deviate: f64 = rng.sample(StandardNormal);
    let quality: f64 = rng.sample(StandardNormal);
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

/// An attitude: thrifty, premium or plain, with these probabilities.
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

/// A bid phrase: words of one or two different stems of the topic; in every second phrase a word that shows an attitude
/// comes first.
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

/// A title: a word that shows the attitude of the ad, `headword` in some form, and one to three more words of the topic.
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
