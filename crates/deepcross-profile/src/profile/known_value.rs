//! What is found out about a value once, when it enters the table of values.
//!
//! Most rows have a value that was seen before: looking at each value once makes describing about a third faster.

use deepcross_features::NumberForm;

use super::numbers::number_in_any_form;

/// What is known about a value; the default is that of a value that is not valid UTF-8.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    /// Whether the value is valid UTF-8.
    pub(crate) is_text: bool,
    /// The number of characters.
    pub(crate) characters: u32,
    /// The number that the value is.
    pub(crate) number: Option<f64>,
    /// The form of the number.
    pub(crate) form: NumberForm,
}

impl Known {
    /// What is known about a text.
    pub(crate) fn of(text: &str) -> Self {
        let number = number_in_any_form(text);
        Self {
            is_text: true,
            characters: u32::try_from(text.chars().count()).unwrap_or(u32::MAX),
            number: number.map(|(number, _)| number),
            form: number.map(|(_, form)| form).unwrap_or_default(),
        }
    }

    /// The number, if it is plain.
    pub(crate) fn plain_number(&self) -> Option<f64> {
        self.number.filter(|_| self.form == NumberForm::default())
    }
}
