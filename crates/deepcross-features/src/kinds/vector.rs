//! Vector fields: a value is a fixed number of numbers, such as the embedding of an image or a text that another model has
//! computed.
//!
//! The width is that of the first vector, unless it is given.
//! A missing value is a vector of zeros, and an indicator tells it from such a vector.
//! Each number is rounded to single precision before all else, so that typed numbers and their texts give the same vector.
//! Rejected: a scale for each number that is learned from the training rows, because directions in the space of an embedding
//! would change their meaning.

use serde::{Deserialize, Serialize};

use crate::batch::column::Column;
use crate::batch::shape::FieldShape;
use crate::counts::FieldCounts;
use crate::description::ValueForm;
use crate::error::FeatureError;
use crate::keys::KeyVisitor;
use crate::kind::{Checked, Encode, Fit, Kind};
use crate::kinds::multi_hot::single_char;
use crate::kinds::vector_text::read_vector;
use crate::problem::Problem;
use crate::raw::cell::CellList;
use crate::raw::value_text::ValueError;

/// The name of the kind.
const NAME: &str = "vector";

/// The most numbers of a vector.
const WIDEST: u32 = 65_536;

/// The keys of a vector field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vector {
    /// The number of numbers, 1 to 65,536; by default, that of the first vector.
    pub width: Option<u32>,
    /// A character that may stand between two numbers, besides blanks, `,`, `;` and `|`.
    pub separator: Option<String>,
    /// Whether a vector is divided by its length, so that only its direction counts; by default not.
    pub normalize: Option<bool>,
}

/// Learns the width.
#[derive(Clone, Debug)]
pub(crate) struct VectorFitter {
    width: Option<u32>,
    separator: Option<char>,
    normalize: bool,
}

/// Writes the numbers of a vector, and whether it is missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct VectorEncoder {
    /// The number of numbers; 0 if the field has seen no vector.
    width: u32,
    separator: Option<char>,
    normalize: bool,
}

impl Kind for Vector {
    type Fitter = VectorFitter;

    fn name(&self) -> &'static str {
        NAME
    }

    fn keys(&mut self, visitor: &mut impl KeyVisitor) {
        visitor.key("width", &mut self.width);
        visitor.key("separator", &mut self.separator);
        visitor.key("normalize", &mut self.normalize);
    }

    fn problems(&self) -> Vec<Problem> {
        let width = self.width.unwrap_or(1);
        let good = (1..=WIDEST).contains(&width);
        let width = Problem::unless(good, "width", "be from 1 to 65536", width);
        let is_good = |text: &String| single_char(text).is_some_and(may_separate);
        let good = self.separator.as_ref().is_none_or(is_good);
        let shown = format!("{:?}", self.separator.as_deref().unwrap_or_default());
        let must = "be one character that no number has";
        let separator = Problem::unless(good, "separator", must, shown);
        width.into_iter().chain(separator).collect()
    }

    fn fitter(&self, _field: &str) -> VectorFitter {
        VectorFitter {
            width: self.width,
            separator: self.separator.as_deref().and_then(single_char),
            normalize: self.normalize.unwrap_or(false),
        }
    }
}

/// Whether a character stands in no number.
fn may_separate(c: char) -> bool {
    !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-' | '+')
}

impl Fit for VectorFitter {
    type Encoder = VectorEncoder;

    const LEARNS_IN_CHECK: bool = true;

    fn accepts_any_text(&self) -> bool {
        false
    }

    fn check(&mut self, text: Option<&str>) -> Result<Checked, ValueError> {
        let found = text.map_or(Ok(0), |text| read_vector(text, self.separator, &mut []))?;
        self.note(found)
    }

    fn check_list(&mut self, list: &CellList<'_>) -> Option<Result<Checked, ValueError>> {
        list.write_numbers(&mut []).map(|found| self.note(found))
    }

    fn finish(self) -> VectorEncoder {
        let Self { width, separator, normalize } = self;
        VectorEncoder { width: width.unwrap_or(0), separator, normalize }
    }
}

impl VectorFitter {
    /// Checks the width of a vector; unless it is given, the first vector decides on it.
    fn note(&mut self, found: usize) -> Result<Checked, ValueError> {
        if found > WIDEST as usize {
            return Err(ValueError::Expected("a vector of at most 65536 numbers"));
        }
        if found > 0 {
            let width = *self.width.get_or_insert(found as u32);
            check_width(found, width)?;
        }
        Ok(Checked::Text)
    }
}

fn check_width(found: usize, width: u32) -> Result<(), ValueError> {
    if found == width as usize { Ok(()) } else { Err(ValueError::Width { found, width }) }
}

impl Encode for VectorEncoder {
    fn restore(&mut self, field: &str) -> Result<(), FeatureError> {
        let good = self.width <= WIDEST && self.separator.is_none_or(may_separate);
        let problem = || format!("field `{field}`: the form of its vectors is out of range");
        if good { Ok(()) } else { Err(FeatureError::State { problem: problem() }) }
    }

    fn shape(&self, name: &str) -> FieldShape {
        FieldShape::embedded(name, self.width as usize + 1)
    }

    fn kind(&self) -> &'static str {
        NAME
    }

    fn describe(&self) -> String {
        let normalized = if self.normalize { "divided by its length, " } else { "" };
        let numbers = if self.width == 1 { "number" } else { "numbers" };
        format!("a vector of {} {numbers}, {normalized}missing: zeros and an indicator", self.width)
    }

    fn form(&self) -> ValueForm {
        ValueForm::Vector
    }

    fn encode(
        &self,
        text: Option<&str>,
        column: &mut Column,
        counts: &mut FieldCounts,
    ) -> Result<(), ValueError> {
        let row = column.dense_mut().push_zeros();
        let (row, indicator) = row.split_at_mut(self.width as usize);
        let found = text.map_or(Ok(0), |text| read_vector(text, self.separator, row))?;
        if found > 0 {
            check_width(found, self.width)?;
        }
        self.end_row((row, indicator), found == 0, counts);
        Ok(())
    }

    fn encode_list(
        &self,
        list: &CellList<'_>,
        column: &mut Column,
        counts: &mut FieldCounts,
    ) -> bool {
        let row = column.dense_mut().push_zeros();
        let (row, indicator) = row.split_at_mut(self.width as usize);
        let found = list.write_numbers(row);
        let Some(found) = found.filter(|n| *n == 0 || *n == row.len()) else { return false };
        self.end_row((row, indicator), found == 0, counts);
        true
    }
}

impl VectorEncoder {
    /// Ends a row whose numbers are written.
    fn end_row(
        &self,
        (row, indicator): (&mut [f32], &mut [f32]),
        is_missing: bool,
        counts: &mut FieldCounts,
    ) {
        if self.normalize {
            normalize(row);
        }
        indicator.fill(if is_missing { 1.0 } else { 0.0 });
        counts.values += 1;
        counts.missing += u64::from(is_missing);
    }
}

/// Divides the numbers by the length of their vector; zeros stay.
fn normalize(row: &mut [f32]) {
    let squares = row.iter().map(|&x| f64::from(x) * f64::from(x));
    let length = squares.sum::<f64>().sqrt();
    if length > 0.0 {
        row.iter_mut().for_each(|x| *x = (f64::from(*x) / length) as f32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(keys: &Vector, texts: &[&str]) -> VectorEncoder {
        let mut fitter = keys.fitter("f");
        for text in texts {
            assert_eq!(fitter.check(Some(text)), Ok(Checked::Text), "{text}");
        }
        fitter.finish()
    }

    fn encode(encoder: &VectorEncoder, text: Option<&str>) -> Result<Vec<f32>, ValueError> {
        let mut column = Column::new(&encoder.shape("f"));
        encoder.encode(text, &mut column, &mut FieldCounts::default())?;
        Ok(column.dense_mut().values().to_vec())
    }

    #[test]
    fn a_missing_vector_has_an_indicator() {
        let encoder = fitted(&Vector::default(), &["1 2"]);
        assert_eq!(encode(&encoder, Some("3 4")), Ok(vec![3.0, 4.0, 0.0]));
        assert_eq!(encode(&encoder, Some("0|0")), Ok(vec![0.0, 0.0, 0.0]));
        for missing in [None, Some("[]"), Some("")] {
            assert_eq!(encode(&encoder, missing), Ok(vec![0.0, 0.0, 1.0]), "{missing:?}");
        }
    }

    #[test]
    fn a_normalized_vector_has_length_1() {
        let keys = Vector { normalize: Some(true), ..Vector::default() };
        let encoder = fitted(&keys, &["1 2"]);
        assert_eq!(encode(&encoder, Some("3 -4")), Ok(vec![0.6, -0.8, 0.0]));
        assert_eq!(encode(&encoder, Some("0 0")), Ok(vec![0.0, 0.0, 0.0]));
        // In single precision, the squares of these would be infinite or 0.
        assert_eq!(
            encode(&encoder, Some("3e38 -3e38")),
            Ok(vec![0.5_f32.sqrt(), -0.5_f32.sqrt(), 0.0])
        );
        assert_eq!(encode(&encoder, Some("3e-38 0")), Ok(vec![1.0, 0.0, 0.0]));
    }

    #[test]
    fn all_vectors_have_one_width() {
        let error = |found, width| Err(ValueError::Width { found, width });
        let mut fitter = Vector::default().fitter("f");
        assert_eq!(fitter.check(Some("[]")), Ok(Checked::Text));
        assert_eq!(fitter.check(Some("1 2")), Ok(Checked::Text));
        assert_eq!(fitter.check(Some("1")), error(1, 2));
        let mut given = Vector { width: Some(3), ..Vector::default() }.fitter("f");
        assert_eq!(given.check(Some("1 2")), error(2, 3));
        let encoder = fitter.finish();
        assert_eq!(encode(&encoder, Some("1 2 3")), error(3, 2).map(|_: Checked| Vec::new()));
        let none = fitted(&Vector::default(), &[]);
        assert_eq!(encode(&none, None), Ok(vec![1.0]));
        assert_eq!(encode(&none, Some("1")), error(1, 0).map(|_: Checked| Vec::new()));
        let wide = "1 ".repeat(WIDEST as usize + 1);
        let too_wide = ValueError::Expected("a vector of at most 65536 numbers");
        assert_eq!(Vector::default().fitter("f").check(Some(&wide)), Err(too_wide));
    }

    #[test]
    fn keys_out_of_range_are_problems() {
        for (keys, path) in [
            (Vector { width: Some(0), ..Vector::default() }, "width"),
            (Vector { width: Some(65_537), ..Vector::default() }, "width"),
            (Vector { separator: Some("e".to_owned()), ..Vector::default() }, "separator"),
            (Vector { separator: Some("::".to_owned()), ..Vector::default() }, "separator"),
        ] {
            let problems = keys.problems();
            assert_eq!(problems.iter().map(|it| &*it.path).collect::<Vec<_>>(), [path], "{keys:?}");
        }
        let keys = Vector { separator: Some(":".to_owned()), ..Vector::default() };
        assert_eq!(keys.problems(), []);
        assert_eq!(encode(&fitted(&keys, &["1:2"]), Some("3:4")), Ok(vec![3.0, 4.0, 0.0]));
    }
}
