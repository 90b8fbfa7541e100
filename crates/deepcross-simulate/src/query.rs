//! Queries, each made to match the bid phrase of the ad in one of four ways.
//!
//! The ad is drawn first, and a query is made for it.
//! Rejected: drawing the query first, which needs an index of all bid phrases for the same joint distribution of columns.

use rand::Rng;

use super::discrete::Discrete;
use super::vocabulary::{Attitude, Vocabulary, WordId};
use super::word_lists::N_TOPICS;

/// The way in which the query matches the bid phrase: the first of these that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchType {
    /// The query is the bid phrase.
    Exact,
    /// The query contains the bid phrase.
    Phrase,
    /// The query contains all words of the bid phrase, in any order and any form.
    Broad,
    /// The words do not match: the ad fits the page for other reasons.
    Contextual,
}

impl MatchType {
    /// All match types, in the order of the click model's tables.
    pub const ALL: [Self; 4] = [Self::Exact, Self::Phrase, Self::Broad, Self::Contextual];

    /// The value in the column `match_type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Phrase => "phrase",
            Self::Broad => "broad",
            Self::Contextual => "contextual",
        }
    }

    /// The match type that `query` really has for `keyword`.
    fn of(query: &[WordId], keyword: &[WordId], vocabulary: &Vocabulary) -> Self {
        let stem = |id: WordId| vocabulary.word(id).stem;
        let asked_for = |id: WordId| query.iter().any(|&asked| stem(asked) == stem(id));
        if query == keyword {
            Self::Exact
        } else if query.windows(keyword.len()).any(|window| window == keyword) {
            Self::Phrase
        } else if keyword.iter().all(|&id| asked_for(id)) {
            Self::Broad
        } else {
            Self::Contextual
        }
    }
}

/// A query as it was meant: misspellings come later and change nothing else.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    /// One to five words.
    pub(crate) words: Vec<WordId>,
    /// The match type for the bid phrase.
    pub(crate) match_type: MatchType,
    /// The attitude of the searcher.
    pub(crate) attitude: Attitude,
}

/// Makes queries.
#[derive(Clone, Debug)]
pub(crate) struct QueryWriter {
    relations: Discrete,
    attitudes: Discrete,
}

/// The attitudes of searchers, in the order of the weights in [`QueryWriter::new`].
const ATTITUDES: [Attitude; 4] =
    [Attitude::Thrifty, Attitude::Premium, Attitude::Curious, Attitude::Plain];

/// The share of contextual queries whose topic is drawn from all topics.
const FOREIGN_SHARE: f64 = 0.2;

/// The share of words that are misspelt.
const MISSPELT_SHARE: f64 = 0.02;

impl QueryWriter {
    /// The writer; the same in all worlds.
    pub(crate) fn new() -> Self {
        Self {
            relations: Discrete::new([0.2, 0.3, 0.3, 0.2]),
            attitudes: Discrete::new([0.36, 0.36, 0.13, 0.15]),
        }
    }

    /// A query after which an ad of `topic` with this `keyword` is shown.
    pub(crate) fn write(
        &self,
        topic: usize,
        keyword: &[WordId],
        vocabulary: &Vocabulary,
        rng: &mut impl Rng,
    ) -> Query {
        let words = match MatchType::ALL[self.relations.sample(rng)] {
            MatchType::Exact => keyword.to_vec(),
            MatchType::Phrase => self.around(keyword.to_vec(), topic, vocabulary, rng),
            MatchType::Broad => {
                self.around(rephrased(keyword, vocabulary, rng), topic, vocabulary, rng)
            }
            MatchType::Contextual => self.free(topic, vocabulary, rng),
        };
        Query {
            // A broad query may happen to be the bid phrase, and so may a free query.
            match_type: MatchType::of(&words, keyword, vocabulary),
            attitude: vocabulary.attitude(&words),
            words,
        }
    }

    /// `core` with up to two words after it, and with a word that shows the attitude of the searcher before it, unless
    /// `core` has such a word.
    fn around(
        &self,
        core: Vec<WordId>,
        topic: usize,
        vocabulary: &Vocabulary,
        rng: &mut impl Rng,
    ) -> Vec<WordId> {
        let mut words = Vec::with_capacity(5);
        if vocabulary.attitude(&core) == Attitude::Plain {
            words.extend(self.attitude_word(vocabulary, rng));
        }
        words.extend(core);
        let n_more = rng.random_range(0..=2);
        words.extend((0..n_more).map(|_| vocabulary.topic_word(topic, rng)));
        words
    }

    /// Words of the topic, or of a topic drawn from all topics, without regard to a bid phrase.
    fn free(&self, topic: usize, vocabulary: &Vocabulary, rng: &mut impl Rng) -> Vec<WordId> {
        let foreign = rng.random_bool(FOREIGN_SHARE);
        let asked_for = if foreign { rng.random_range(0..N_TOPICS) } else { topic };
        let first = vocabulary.topic_word(asked_for, rng);
        self.around(vec![first], asked_for, vocabulary, rng)
    }

    fn attitude_word(&self, vocabulary: &Vocabulary, rng: &mut impl Rng) -> Option<WordId> {
        vocabulary.attitude_word(ATTITUDES[self.attitudes.sample(rng)], rng)
    }
}

/// The words of `keyword` in other forms, and in every second case in the opposite order.
fn rephrased(keyword: &[WordId], vocabulary: &Vocabulary, rng: &mut impl Rng) -> Vec<WordId> {
    let mut words: Vec<WordId> = keyword.iter().map(|&id| vocabulary.other_form(id, rng)).collect();
    if rng.random_bool(0.5) {
        words.reverse();
    }
    words
}

/// The query as it was typed: in some words a letter is missing or doubled, or two letters are swapped.
pub(crate) fn typed(words: &[WordId], vocabulary: &Vocabulary, rng: &mut impl Rng) -> String {
    let mut text = String::with_capacity(48);
    for &id in words {
        if !text.is_empty() {
            text.push(' ');
        }
        let word = &vocabulary.word(id).text;
        if rng.random_bool(MISSPELT_SHARE) {
            text.push_str(&misspelt(word, rng));
        } else {
            text.push_str(word);
        }
    }
    text
}

/// `word` with one typing error after its first letter; `word` is ASCII and has at least three letters.
fn misspelt(word: &str, rng: &mut impl Rng) -> String {
    let mut text = word.to_owned();
    let place = rng.random_range(1..word.len() - 1);
    let letter = text.remove(place);
    match rng.random_range(0..3) {
        0 => {}
        1 => text.insert(place + 1, letter),
        _ => {
            text.insert(place, letter);
            text.insert(place, letter);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::row_stream;

    #[test]
    fn the_match_type_is_the_first_that_applies() {
        let vocabulary = Vocabulary::new(1);
        // Words 0 to 11 are forms of one stem, 12 to 23 of the next.
        let check = |query: &[WordId], keyword: &[WordId], expected| {
            let found = MatchType::of(query, keyword, &vocabulary);
            assert_eq!(found, expected, "{query:?} for {keyword:?}");
        };
        check(&[0, 12], &[0, 12], MatchType::Exact);
        check(&[30, 0, 12], &[0, 12], MatchType::Phrase);
        check(&[0, 12, 30], &[0, 12], MatchType::Phrase);
        check(&[12, 0], &[0, 12], MatchType::Broad);
        check(&[1, 30, 13], &[0, 12], MatchType::Broad);
        check(&[1], &[0], MatchType::Broad);
        check(&[0], &[0, 12], MatchType::Contextual);
        check(&[30], &[0], MatchType::Contextual);
    }

    #[test]
    fn a_typing_error_changes_a_word_by_one_letter() {
        for index in 0..50 {
            let text = misspelt("hotel", &mut row_stream(1, index));
            assert!(text.starts_with('h') && (4..=6).contains(&text.len()), "{text}");
        }
        // The shortest words can be misspelt too.
        misspelt("car", &mut row_stream(1, 0));
    }
}
