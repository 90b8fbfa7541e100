//! The columns that a model reads, for callers that give values by name.

use deepcross_features::{
    Binding, Encoder, FeatureError, FieldDescription, LIST_SEPARATOR, ValueForm, blanks, suggest,
};
use std::collections::{HashMap, HashSet};

/// The columns whose values a prediction needs, for one model.
#[derive(Debug)]
pub struct InputColumns {
    /// The columns, in the order of the fields; a row has its values in this order.
    pub list: Vec<InputColumn>,
    by_name: HashMap<String, usize>,
    /// The columns that are read only in training: a caller may name them, without effect.
    ignored: HashSet<String>,
    /// Whether white space around strings is dropped, as it was in training.
    pub trim: bool,
    /// The binding of the fields to the columns of `list`.
    pub binding: Binding,
}

/// A column and the fields of the model that read it.
#[derive(Debug)]
pub struct InputColumn {
    /// The name.
    pub name: String,
    /// Whether the name needs no escapes in JSON.
    pub is_plain: bool,
    /// The names and kinds of the fields that read the column.
    pub fields: Vec<(String, &'static str)>,
    /// Whether a field reads the column as a number.
    pub is_number: bool,
    /// The separator of list elements; `None` if a list is not a value of the column.
    pub separator: Option<char>,
    /// The accepted values, in words.
    pub accepts: &'static str,
}

impl InputColumns {
    /// The columns that the fields of `encoder` read; `trim` says whether white space around strings is dropped.
    ///
    /// # Errors
    /// As [`Encoder::bind`].
    pub fn new(encoder: &Encoder, trim: bool) -> Result<Self, FeatureError> {
        let names: Vec<String> = encoder.columns().into_iter().map(str::to_owned).collect();
        let binding = encoder.bind(&names)?;
        let fields = encoder.fields();
        let list: Vec<_> = names.iter().map(|name| InputColumn::new(name, &fields)).collect();
        let unread =
            fields.iter().flat_map(|field| &field.columns).filter(|name| !names.contains(name));
        let ignored = unread.cloned().collect();
        let by_name = names.into_iter().enumerate().map(|(index, name)| (name, index)).collect();
        Ok(Self { list, by_name, ignored, trim, binding })
    }

    /// The number of columns.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether the model reads no column.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether values of this name have no effect, since the model reads them only in training.
    pub fn is_ignored(&self, name: &str) -> bool {
        self.ignored.contains(blanks::trim_str(name))
    }

    /// The column of this name, around which white space is dropped as around the names of a header.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).or_else(|| self.by_name.get(blanks::trim_str(name))).copied()
    }

    /// The name that was most likely meant, if one is near.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        // An edit distance grows with the square of the length, and no name is that long.
        let end = name.char_indices().nth(64).map_or(name.len(), |(end, _)| end);
        let known = self.list.iter().map(|column| &column.name);
        suggest::nearest(&name[..end], known)
    }
}

impl InputColumn {
    fn new(name: &str, fields: &[FieldDescription]) -> Self {
        let reads = |field: &&FieldDescription| field.columns.iter().any(|column| column == name);
        let readers: Vec<_> = fields.iter().filter(reads).collect();
        // A cross reads a list as its text.
        let own = readers.iter().filter(|field| field.columns.len() == 1);
        let separators: Vec<_> = own.map(|field| separator(field)).collect();
        let first = separators.first().copied().flatten();
        let separator = first.filter(|_| separators.iter().all(|other| *other == first));
        let is_number = readers.iter().any(|field| field.form == ValueForm::Number);
        let is_time = readers.iter().any(|field| matches!(field.form, ValueForm::Time { .. }));
        let is_vector = readers.iter().any(|field| field.form == ValueForm::Vector);
        let accepts = if is_number {
            "a number, or a string that holds one"
        } else if is_vector {
            "an array of numbers, or a string that holds them"
        } else if separator.is_some() {
            "a string, or an array of strings"
        } else if is_time {
            "a time, as a string or a number"
        } else {
            "a string, number or boolean"
        };
        let fields = readers.iter().map(|field| (field.name.clone(), field.kind)).collect();
        let is_plain = !name.contains(['"', '\\']);
        Self { name: name.to_owned(), is_plain, fields, is_number, separator, accepts }
    }
}

fn separator(field: &FieldDescription) -> Option<char> {
    match field.form {
        ValueForm::List { separator } => Some(separator),
        ValueForm::Vector => Some(char::from(LIST_SEPARATOR)),
        _ => None,
    }
}
