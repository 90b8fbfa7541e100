//! Formats tables and numbers for people.

use comfy_table::{CellAlignment, Table, presets};

pub(crate) use deepcross_profile::number_text::{counted, grouped, metric, percent, short};

/// A table with a header; all columns except the first are aligned to the right.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = text_table(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// A table with a header, all columns aligned to the left.
pub(crate) fn text_table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    table
}

/// Indents the lines of a table or text, and removes blanks at their ends.
pub(crate) fn indented(text: &str) -> String {
    let indented = |line: &str| format!("  {}", line.trim_end()).trim_end().to_owned();
    text.lines().map(indented).collect::<Vec<_>>().join("\n")
}

/// A value of the data for a cell: cut if it is long, with control characters escaped, since they could steer a terminal.
pub(crate) fn shown(value: &str) -> String {
    const MOST: usize = 40;
    let escaped = |c: char| match c.is_control() {
        true => c.escape_debug().to_string(),
        false => c.to_string(),
    };
    match value.char_indices().nth(MOST) {
        Some(_) => value.chars().take(MOST - 1).map(escaped).chain(["…".to_owned()]).collect(),
        None => value.chars().map(escaped).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn values_fit_a_cell_and_cannot_steer_a_terminal() {
        let cases = [
            ("it's \"plain\"", "it's \"plain\"".to_owned()),
            ("a\u{1b}[31mred\n", r"a\u{1b}[31mred\n".to_owned()),
            (&"é".repeat(41), format!("{}…", "é".repeat(39))),
        ];
        for (value, expected) in cases {
            assert_eq!(shown(value), expected);
        }
    }
}
