//! The vocabulary: the words of queries and ads.
//!
//! Word forms are made of stems and endings (`hotel`, `hotels`, `hotelhub`), so that a form that is not in the training
//! data shares most of its tri-letter grams with forms that are.
//! Rejected: words of random letters, in which a text encoder would have nothing to find.

use rand::Rng;

use super::discrete::Discrete;
use super::random::{WorldPart, world_stream};
use super::word_lists::{
    CURIOUS, ENDINGS, GENERIC, N_TOPICS, PREMIUM, STEMS, STEMS_PER_TOPIC, THRIFTY,
};

/// The exponent of Zipf's law of the words of a topic and of the attitude words.
pub(crate) const WORD_EXPONENT: f64 = 1.2;

/// The number of words that have the stem of a topic; they come first in the vocabulary.
const N_TOPIC_WORDS: usize = N_TOPICS * STEMS_PER_TOPIC * ENDINGS.len();

/// The position of a word in the vocabulary.
pub(crate) type WordId = u16;

/// The wish of a searcher, or the offer of an ad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attitude {
    /// A low price.
    Thrifty,
    /// High quality.
    Premium,
    /// Knowledge; ads never have it.
    Curious,
    /// None of these.
    Plain,
}

impl Attitude {
    /// The factor in the products of the click model: −1 for thrifty, +1 for premium, 0 otherwise.
    pub(crate) fn sign(self) -> f64 {
        match self {
            Self::Thrifty => -1.0,
            Self::Premium => 1.0,
            Self::Curious | Self::Plain => 0.0,
        }
    }
}

/// One word form.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    /// The word in lower-case ASCII letters.
    pub(crate) text: String,
    /// The number of the stem, which is equal for all forms of the stem.
    pub(crate) stem: u16,
    /// The attitude that the word shows; [`Attitude::Plain`] for the words of a topic.
    pub(crate) attitude: Attitude,
}

/// A group of words with their popularity.
#[derive(Clone, Debug)]
struct Group {
    by_rank: Vec<WordId>,
    popularity: Discrete,
}

impl Group {
    fn new(by_rank: Vec<WordId>) -> Self {
        let popularity = Discrete::zipf(by_rank.len(), WORD_EXPONENT);
        Self { by_rank, popularity }
    }

    fn sample(&self, rng: &mut impl Rng) -> WordId {
        self.by_rank[self.popularity.sample(rng)]
    }
}

/// All words, by topic and by attitude.
#[derive(Clone, Debug)]
pub(crate) struct Vocabulary {
    words: Vec<Word>,
    topics: Vec<Group>,
    thrifty: Group,
    premium: Group,
    curious: Group,
    first_generic: WordId,
}

impl Vocabulary {
    /// The words of a world: all worlds have the same texts, but their popularity differs.
    pub(crate) fn new(world: u64) -> Self {
        let mut rng = world_stream(world, WorldPart::Vocabulary);
        let mut words = Vec::new();
        let topics = (0..N_TOPICS).map(|topic| topic_group(&mut words, topic, &mut rng)).collect();
        let thrifty = attitude_group(&mut words, &THRIFTY, Attitude::Thrifty);
        let premium = attitude_group(&mut words, &PREMIUM, Attitude::Premium);
        let curious = attitude_group(&mut words, &CURIOUS, Attitude::Curious);
        let first_generic = words.len() as WordId;
        words.extend(GENERIC.iter().zip(first_generic..).map(|(text, stem)| Word {
            text: (*text).to_owned(),
            stem,
            attitude: Attitude::Plain,
        }));
        Self { words, topics, thrifty, premium, curious, first_generic }
    }

    /// The word `id`.
    pub(crate) fn word(&self, id: WordId) -> &Word {
        &self.words[usize::from(id)]
    }

    /// A random word of `topic`, drawn by the words' popularity.
    pub(crate) fn topic_word(&self, topic: usize, rng: &mut impl Rng) -> WordId {
        self.topics[topic].sample(rng)
    }

    /// The word that ads of `topic` may end with.
    pub(crate) fn generic_word(&self, topic: usize) -> WordId {
        self.first_generic + topic as WordId
    }

    /// A random word that shows `attitude`; `None` for [`Attitude::Plain`], which no word shows.
    pub(crate) fn attitude_word(&self, attitude: Attitude, rng: &mut impl Rng) -> Option<WordId> {
        match attitude {
            Attitude::Thrifty => Some(self.thrifty.sample(rng)),
            Attitude::Premium => Some(self.premium.sample(rng)),
            Attitude::Curious => Some(self.curious.sample(rng)),
            Attitude::Plain => None,
        }
    }

    /// A random form of the stem of `id`; words without a stem of a topic have one form only.
    pub(crate) fn other_form(&self, id: WordId, rng: &mut impl Rng) -> WordId {
        if usize::from(id) >= N_TOPIC_WORDS {
            return id;
        }
        // The forms of a stem are adjacent, in the order of the endings.
        let n_forms = ENDINGS.len() as WordId;
        id - id % n_forms + rng.random_range(0..n_forms)
    }

    /// The attitude of a text: that of the first word that is not plain.
    pub(crate) fn attitude(&self, words: &[WordId]) -> Attitude {
        let mut attitudes = words.iter().map(|&id| self.word(id).attitude);
        attitudes.find(|&attitude| attitude != Attitude::Plain).unwrap_or(Attitude::Plain)
    }

    /// The words with single spaces between them.
    pub(crate) fn text(&self, words: &[WordId]) -> String {
        let texts: Vec<&str> = words.iter().map(|&id| self.word(id).text.as_str()).collect();
        texts.join(" ")
    }
}

/// Adds the word forms of `topic` in a random ranking, in which plain stems and plurals tend to come first.
fn topic_group(words: &mut Vec<Word>, topic: usize, rng: &mut impl Rng) -> Group {
    let mut ranked = Vec::with_capacity(STEMS_PER_TOPIC * ENDINGS.len());
    for (stem_idx, stem) in STEMS[topic].iter().enumerate() {
        for (ending_idx, ending) in ENDINGS.iter().enumerate() {
            let lead = [0.0, 0.2].get(ending_idx).copied().unwrap_or(0.5);
            ranked.push((rng.random::<f64>() + lead, words.len() as WordId));
            words.push(Word {
                text: format!("{stem}{ending}"),
                stem: (topic * STEMS_PER_TOPIC + stem_idx) as u16,
                attitude: Attitude::Plain,
            });
        }
    }
    ranked.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    Group::new(ranked.into_iter().map(|(_, id)| id).collect())
}

/// Adds the words of one attitude, the most popular first; each word is the only form of its stem.
fn attitude_group(words: &mut Vec<Word>, texts: &[&str], attitude: Attitude) -> Group {
    let first = words.len() as WordId;
    for text in texts {
        // The stems of topics have lower numbers, because there are more words than stems.
        words.push(Word { text: (*text).to_owned(), stem: words.len() as u16, attitude });
    }
    Group::new((first..words.len() as WordId).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::random::row_stream;

    #[test]
    fn words_are_distinct_and_long_enough_to_be_misspelt() {
        let vocabulary = Vocabulary::new(1);
        let mut texts = HashSet::new();
        for Word { text, .. } in &vocabulary.words {
            assert!(
                text.len() >= 3 && text.bytes().all(|byte| byte.is_ascii_lowercase()),
                "{text}"
            );
            assert!(texts.insert(text.as_str()), "{text} comes twice");
        }
        assert!((2_000..5_000).contains(&texts.len()), "{} words", texts.len());
    }

    #[test]
    fn other_forms_keep_the_stem() {
        let vocabulary = Vocabulary::new(1);
        for index in 0..vocabulary.words.len() as WordId {
            let other = vocabulary.other_form(index, &mut row_stream(1, u64::from(index)));
            assert_eq!(vocabulary.word(other).stem, vocabulary.word(index).stem);
        }
    }

    #[test]
    fn the_attitude_of_a_text_is_that_of_its_first_word_with_one() {
        let vocabulary = Vocabulary::new(1);
        let mut rng = row_stream(1, 0);
        let plain = vocabulary.topic_word(0, &mut rng);
        let mut shown = |attitude| vocabulary.attitude_word(attitude, &mut rng).unwrap_or(plain);
        let (thrifty, premium) = (shown(Attitude::Thrifty), shown(Attitude::Premium));
        let check = |words: &[WordId], attitude| assert_eq!(vocabulary.attitude(words), attitude);
        check(&[], Attitude::Plain);
        check(&[plain], Attitude::Plain);
        check(&[plain, thrifty, premium], Attitude::Thrifty);
        check(&[premium, plain, thrifty], Attitude::Premium);
    }
}
