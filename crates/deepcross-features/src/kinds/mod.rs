//! The kinds of fields: each is one module with its keys, what learns from training rows, and what encodes rows.
//!
//! A kind is a variant of [`FieldKind`] and of [`KindEncoder`]; all else goes through the traits in [`kind`](crate::kind).

mod bin_edges;
pub(crate) mod bins;
pub(crate) mod bucketized;
pub(crate) mod by_chunk;
pub(crate) mod categorical;
pub(crate) mod cross;
pub(crate) mod missing_number;
pub(crate) mod multi_hot;
pub(crate) mod number;
pub(crate) mod number_form;
pub(crate) mod number_transform;
mod quantiles;
mod seen_numbers;
mod statistics;
pub(crate) mod text;
pub(crate) mod time;
pub(crate) mod utc_offset;
pub(crate) mod vector;
pub(crate) mod vector_text;

use std::fmt::{self, Debug};

use serde::{Deserialize, Serialize};

use crate::companion::CompanionEncoder;
use crate::keys::{KeyVisitor, Names};
use crate::kind::{Checked, Encode, Fit, Kind};
use crate::kinds::bucketized::{Bucketized, BucketizedEncoder};
use crate::kinds::categorical::{Categorical, CategoricalEncoder};
use crate::kinds::cross::Cross;
use crate::kinds::multi_hot::{MultiHot, MultiHotEncoder};
use crate::kinds::number::{Number, NumberEncoder};
use crate::kinds::text::{Text, TextEncoder};
use crate::kinds::time::{Time, TimeEncoder};
use crate::kinds::vector::{Vector, VectorEncoder};
use crate::lookup::LookupFitter;
use crate::raw::cell::CellList;
use crate::raw::value_text::ValueError;

/// The encoding of a field's values, with the keys of its kind.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldKind {
    /// A value is one id (one-hot).
    Categorical(Categorical),
    /// A value is a list of elements, and each element is an id.
    MultiHot(MultiHot),
    /// A value is a text, and each of its tri-letter grams is an id.
    Text(Text),
    /// A value is a number.
    Number(Number),
    /// A value is a number, and the bucket that it falls into is one id.
    Bucketized(Bucketized),
    /// A value is a time, and its hour or weekday is one id.
    Time(Time),
    /// The values of several columns together are one id.
    Cross(Cross),
    /// A value is a vector of numbers.
    Vector(Vector),
}

/// The fitted encoding of a field's values.
///
/// Variants are stored by their position: a new one is the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum KindEncoder {
    Categorical(CategoricalEncoder),
    MultiHot(MultiHotEncoder),
    Text(TextEncoder),
    Number(NumberEncoder),
    Bucketized(BucketizedEncoder),
    Time(TimeEncoder),
    Cross(CategoricalEncoder),
    Companion(CompanionEncoder),
    Vector(VectorEncoder),
}

impl FieldKind {
    /// All kinds with their defaults, in the order in which messages list them.
    pub fn all() -> [Self; 8] {
        [
            Self::Categorical(Categorical::default()),
            Self::MultiHot(MultiHot::default()),
            Self::Text(Text::default()),
            Self::Number(Number::default()),
            Self::Bucketized(Bucketized::default()),
            Self::Time(Time::default()),
            Self::Cross(Cross::default()),
            Self::Vector(Vector::default()),
        ]
    }

    /// The keys of the kind.
    pub(crate) fn kind(&self) -> &dyn Kind {
        match self {
            Self::Categorical(kind) => kind,
            Self::MultiHot(kind) => kind,
            Self::Text(kind) => kind,
            Self::Number(kind) => kind,
            Self::Bucketized(kind) => kind,
            Self::Time(kind) => kind,
            Self::Cross(kind) => kind,
            Self::Vector(kind) => kind,
        }
    }

    /// Visits the keys of the kind.
    pub(crate) fn keys(&mut self, visitor: &mut impl KeyVisitor) {
        match self {
            Self::Categorical(kind) => kind.keys(visitor),
            Self::MultiHot(kind) => kind.keys(visitor),
            Self::Text(kind) => kind.keys(visitor),
            Self::Number(kind) => kind.keys(visitor),
            Self::Bucketized(kind) => kind.keys(visitor),
            Self::Time(kind) => kind.keys(visitor),
            Self::Cross(kind) => kind.keys(visitor),
            Self::Vector(kind) => kind.keys(visitor),
        }
    }

    /// A fitter for the field called `field` before the first row.
    pub(crate) fn fitter(&self, field: &str) -> Box<dyn KindFitter> {
        match self {
            Self::Categorical(kind) => fitter(kind, field, KindEncoder::Categorical),
            Self::MultiHot(kind) => fitter(kind, field, KindEncoder::MultiHot),
            Self::Text(kind) => fitter(kind, field, KindEncoder::Text),
            Self::Number(kind) => fitter(kind, field, KindEncoder::Number),
            Self::Bucketized(kind) => fitter(kind, field, KindEncoder::Bucketized),
            Self::Time(kind) => fitter(kind, field, KindEncoder::Time),
            Self::Cross(kind) => fitter(kind, field, KindEncoder::Cross),
            Self::Vector(kind) => fitter(kind, field, KindEncoder::Vector),
        }
    }

    /// The names of the kind's keys, in order.
    pub fn key_names(&self) -> Vec<&'static str> {
        let mut names = Names::default();
        self.clone().keys(&mut names);
        names.0
    }

    /// The names of the keys of all kinds, each once.
    pub(crate) fn all_key_names() -> impl Iterator<Item = &'static str> {
        let mut names = Vec::new();
        for name in Self::all().iter().flat_map(Self::key_names) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.into_iter()
    }

    /// The name of the kind.
    pub fn name(&self) -> &'static str {
        self.kind().name()
    }
}

impl fmt::Display for FieldKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl KindEncoder {
    /// The encoding of the kind.
    #[inline]
    pub(crate) fn kind(&self) -> &dyn Encode {
        match self {
            Self::Categorical(encoder) => encoder,
            Self::MultiHot(encoder) => encoder,
            Self::Text(encoder) => encoder,
            Self::Number(encoder) => encoder,
            Self::Bucketized(encoder) => encoder,
            Self::Time(encoder) => encoder,
            Self::Cross(encoder) => encoder,
            Self::Companion(encoder) => encoder,
            Self::Vector(encoder) => encoder,
        }
    }

    pub(crate) fn kind_mut(&mut self) -> &mut dyn Encode {
        match self {
            Self::Categorical(encoder) => encoder,
            Self::MultiHot(encoder) => encoder,
            Self::Text(encoder) => encoder,
            Self::Number(encoder) => encoder,
            Self::Bucketized(encoder) => encoder,
            Self::Time(encoder) => encoder,
            Self::Cross(encoder) => encoder,
            Self::Companion(encoder) => encoder,
            Self::Vector(encoder) => encoder,
        }
    }
}

/// A fitter of any kind.
pub(crate) trait KindFitter: Debug + Send + Sync {
    /// As [`Fit::begin_chunk`].
    fn begin_chunk(&mut self, chunk: u64);

    /// As [`Fit::accepts_any_text`].
    fn accepts_any_text(&self) -> bool;

    /// As [`Fit::check`].
    fn check(&mut self, text: Option<&str>) -> Result<Checked, ValueError>;

    /// As [`Fit::check_list`].
    fn check_list(&mut self, list: &CellList<'_>) -> Option<Result<Checked, ValueError>>;

    /// As [`Fit::LEARNS_IN_CHECK`].
    fn learns_in_check(&self) -> bool;

    /// As [`Fit::observe`].
    fn observe(&mut self, text: Option<&str>, positive: bool) -> Result<(), ValueError>;

    /// As [`Fit::lookup`].
    fn lookup(&mut self) -> Option<&mut LookupFitter>;

    /// As [`Fit::has_rounded_ids`].
    fn has_rounded_ids(&self) -> bool;

    /// As [`Fit::has_points_like_thousands`].
    fn has_points_like_thousands(&self) -> bool;

    /// As [`Fit::READS_NUMBERS`].
    fn reads_numbers(&self) -> bool;

    /// As [`Fit::observe_number`].
    fn observe_number(&mut self, number: Option<f64>, positive: bool) -> Result<(), ValueError>;

    /// The encoding that was learned.
    fn finish(self: Box<Self>) -> KindEncoder;

    /// A copy.
    fn boxed(&self) -> Box<dyn KindFitter>;
}

impl Clone for Box<dyn KindFitter> {
    fn clone(&self) -> Self {
        (**self).boxed()
    }
}

/// A fitter and the variant of its encoder.
#[derive(Clone, Debug)]
struct Fitting<F: Fit> {
    fitter: F,
    variant: fn(F::Encoder) -> KindEncoder,
}

impl<F: Fit> KindFitter for Fitting<F> {
    fn begin_chunk(&mut self, chunk: u64) {
        self.fitter.begin_chunk(chunk);
    }

    fn accepts_any_text(&self) -> bool {
        self.fitter.accepts_any_text()
    }

    fn check(&mut self, text: Option<&str>) -> Result<Checked, ValueError> {
        self.fitter.check(text)
    }

    fn check_list(&mut self, list: &CellList<'_>) -> Option<Result<Checked, ValueError>> {
        self.fitter.check_list(list)
    }

    fn learns_in_check(&self) -> bool {
        F::LEARNS_IN_CHECK
    }

    fn observe(&mut self, text: Option<&str>, positive: bool) -> Result<(), ValueError> {
        self.fitter.observe(text, positive)
    }

    fn lookup(&mut self) -> Option<&mut LookupFitter> {
        self.fitter.lookup()
    }

    fn has_rounded_ids(&self) -> bool {
        self.fitter.has_rounded_ids()
    }

    fn has_points_like_thousands(&self) -> bool {
        self.fitter.has_points_like_thousands()
    }

    fn reads_numbers(&self) -> bool {
        F::READS_NUMBERS
    }

    fn observe_number(&mut self, number: Option<f64>, positive: bool) -> Result<(), ValueError> {
        self.fitter.observe_number(number, positive)
    }

    fn finish(self: Box<Self>) -> KindEncoder {
        (self.variant)(self.fitter.finish())
    }

    fn boxed(&self) -> Box<dyn KindFitter> {
        Box::new(self.clone())
    }
}

fn fitter<K: Kind>(
    kind: &K,
    field: &str,
    variant: fn(<K::Fitter as Fit>::Encoder) -> KindEncoder,
) -> Box<dyn KindFitter> {
    Box::new(Fitting { fitter: kind.fitter(field), variant })
}
