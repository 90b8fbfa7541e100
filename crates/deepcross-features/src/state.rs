//! The stored form of a fitted encoder.
//!
//! These types are made for files and change only with a new version, so that encoders can change freely.
//! A new kind of field, or a new option of a kind, is a new variant at the end of its enum.
//! Variants are stored by their position, so that older files keep their meaning.
//! The types contain no hash map: equal encoders give equal bytes.
//! [`Encoder::from_state`](crate::Encoder::from_state) checks a decoded state before it is used.

use serde::{Deserialize, Serialize};

/// A stored encoder: the values that mean "missing", and its fields in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EncoderState {
    /// The raw values (after trimming) that mean "missing".
    pub missing: Vec<String>,
    /// The fields, in order.
    pub fields: Vec<FieldState>,
}

/// A stored field of an encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldState {
    pub(crate) name: String,
    pub(crate) column: String,
    pub(crate) kind: KindState,
}

impl FieldState {
    /// The field's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum KindState {
    Categorical(CategoricalState),
    MultiHot(MultiHotState),
    Number(NumberState),
    Text(TextState),
    List(ListState),
    ClippedNumber(ClippedNumberState),
    Bucketized(BucketizedState),
    Time(TimeState),
    Cross(CrossState),
    Companion(CompanionState),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CategoricalState {
    pub(crate) lookup: LookupState,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MultiHotState {
    pub(crate) lookup: LookupState,
    pub(crate) separator: char,
    pub(crate) pooling: PoolingState,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum PoolingState {
    Sum,
    Mean,
    SqrtN,
}

/// A multi-hot field with weighted elements or a maximum length; a field with neither is a [`MultiHotState`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ListState {
    pub(crate) multi_hot: MultiHotState,
    pub(crate) weighted: bool,
    pub(crate) max_length: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TextState {
    pub(crate) lookup: LookupState,
    pub(crate) grams: GramsState,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum GramsState {
    Counts,
    Binary,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum LookupState {
    Vocabulary(VocabularyState),
    Hash(HashState),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct VocabularyState {
    /// All values, end to end.
    pub(crate) text: String,
    /// The length of each value in bytes; most take one byte in a variable-length encoding.
    pub(crate) lengths: Vec<u64>,
    /// 32 bits of the hash of each dropped value, ascending.
    pub(crate) rare: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct HashState {
    pub(crate) buckets: u32,
    pub(crate) seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct NumberState {
    pub(crate) transform: TransformState,
    pub(crate) missing: MissingState,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum TransformState {
    Raw,
    MinMax { min: f64, max: f64 },
    Standard { mean: f64, deviation: f64 },
    Log1p,
    SignedLog,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum MissingState {
    Mean(f64),
    Indicator,
    Value(f64),
}

/// A number that is first moved into a range; a number without a range is a [`NumberState`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ClippedNumberState {
    pub(crate) number: NumberState,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum BucketizedState {
    /// The numbers at which a new bucket begins, ascending.
    Cuts(Vec<f64>),
    LogSquare(LookupState),
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TimeState {
    pub(crate) part: TimePartState,
    pub(crate) format: TimeFormatState,
    pub(crate) offset_minutes: i16,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum TimePartState {
    Hour,
    Weekday,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum TimeFormatState {
    Unix,
    UnixMs,
    DateTime,
    Yymmddhh,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CrossState {
    /// The column of the second value.
    pub(crate) second: String,
    pub(crate) hash: HashState,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CompanionState {
    pub(crate) keys: CompanionKeysState,
    /// The rows and positive rows of the missing value and of each key.
    pub(crate) tallies: Vec<(u64, u64)>,
    pub(crate) smoothing: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum CompanionKeysState {
    Values {
        /// All values, end to end.
        text: String,
        /// The length of each value in bytes.
        lengths: Vec<u64>,
    },
    Hash(HashState),
}
