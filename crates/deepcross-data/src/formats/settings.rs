//! The settings of `[data]` as the format completes them: the label, the columns, and all problems.

use deepcross_features::{Problem, suggest};

use super::file_format::FileFormat;
use crate::config::{DataConfig, Format, LabelConfig, Quote, character_problems, first_repeated};
use crate::limits::MOST_FIELDS;

impl DataConfig {
    /// All problems of the settings; empty if the settings are valid.
    pub fn problems(&self) -> Vec<Problem> {
        let quote = match self.quote {
            Some(Quote::Char(quote)) => Some(quote),
            _ => None,
        };
        let characters = [("quote", quote), ("escape", self.escape), ("comment", self.comment)];
        let mut problems = character_problems(self.delimiter.as_deref(), &characters);
        problems.extend(self.decimal_problem());
        problems.extend(self.column_problems());
        problems.extend(self.module().into_iter().flat_map(|module| self.problems_with(module)));
        problems.extend(self.label.iter().flat_map(LabelConfig::problems));
        problems
    }

    /// The label: the one that `label` sets, else the one of the format, if it has one.
    pub fn label(&self) -> Option<LabelConfig> {
        self.label.clone().or_else(|| self.module()?.label())
    }

    /// The names of the columns if no header holds them: those of `columns`, else those of the format.
    pub fn columns(&self) -> Option<Vec<String>> {
        self.columns.clone().or_else(|| self.module()?.columns())
    }

    /// The lists of columns that a file without a header may have: all columns, all but the label, all but the weight,
    /// and all but both; no list if a header names the columns.
    pub(crate) fn layouts(&self) -> Vec<Vec<String>> {
        let Some(columns) = self.columns() else { return Vec::new() };
        let label = self.label();
        let (label, weight) = (label.as_ref().map(|label| &label.column), self.weight.as_ref());
        let without = |absent: [Option<&String>; 2]| {
            columns.iter().filter(|name| !absent.contains(&Some(*name))).cloned().collect()
        };
        [[None, None], [label, None], [None, weight], [label, weight]].map(without).to_vec()
    }

    /// The problems of keys that have no meaning, or another meaning, with this format.
    pub(crate) fn problems_with(&self, module: &dyn FileFormat) -> Vec<Problem> {
        let problems = module.key_problems(self).into_iter();
        problems.map(|problem| problem.within("data")).collect()
    }

    /// The format that `format` sets.
    fn module(&self) -> Option<&'static dyn FileFormat> {
        self.format.map(Format::module)
    }

    /// The problems of column names that can be found before any file is opened.
    fn column_problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let problem = |key: &str, message: String| Problem::new(format!("data.{key}"), message);
        let label = self.label();
        let label = label.as_ref().map(|label| &label.column);
        if let (Some(label), Some(weight)) = (label, &self.weight)
            && label == weight
        {
            problems.push(problem("weight", format!("must not be the label's column `{label}`")));
        }
        let fixed = self.format.filter(|format| format.module().columns().is_some());
        let Some(columns) = &self.columns() else {
            let is_nameless = self.header == Some(false);
            let message = || "must not be false without `data.columns`".to_owned();
            problems.extend(is_nameless.then(|| problem("header", message())));
            return problems;
        };
        if fixed.is_some() && self.columns.is_some() {
            // The format refuses the names.
            return problems;
        }
        if columns.is_empty() {
            let message = "must name at least one column, but is empty".to_owned();
            problems.push(problem("columns", message));
        }
        if columns.len() > MOST_FIELDS {
            let n = columns.len();
            let message = format!("must name at most {MOST_FIELDS} columns, but has {n}");
            problems.push(problem("columns", message));
        }
        if let Some(name) = first_repeated(columns) {
            let message = format!("must name each column once, but has `{name}` twice");
            problems.push(problem("columns", message));
        }
        for (key, name) in [("label", label), ("weight", self.weight.as_ref())] {
            let Some(name) = name.filter(|name| !columns.contains(name)) else { continue };
            let near = suggest::nearest(name, columns).map(|n| format!(", the nearest is `{n}`"));
            let near = near.unwrap_or_default();
            let columns = match fixed {
                Some(format) => format!("the format `{format}`"),
                None => "`data.columns`".to_owned(),
            };
            problems.push(problem(key, format!("{columns} has no column `{name}`{near}")));
        }
        problems
    }
}
