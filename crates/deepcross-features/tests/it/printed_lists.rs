//! Lists as programs print them give the ids of the typed list with the same elements.

use deepcross_features::fields::ListFormat;
use deepcross_features::json::JsonWalk;
use deepcross_features::{
    Batch, Cell, CellList, Cells, Encoder, FieldConfig, Fitter, RowFields, Schema, printed_elements,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// A row with a list in its only column.
#[derive(Debug)]
struct Typed(Vec<String>);

impl Cells for Typed {
    fn cell(&self, at: usize) -> Cell<'_> {
        Cell::Text(self.0[at].as_bytes())
    }
}

impl RowFields for Typed {
    fn cell(&self, _column: usize) -> Cell<'_> {
        Cell::List(CellList { cells: self, start: 0, end: self.0.len(), trim: true })
    }
}

/// An element as `repr` of Python prints it.
fn python(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let escaped = text.chars().map(|c| match c {
        '\\' => "\\\\".to_owned(),
        c if c == quote => format!("\\{c}"),
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        c if c.is_control() && u32::from(c) < 256 => format!("\\x{:02x}", u32::from(c)),
        c => c.to_string(),
    });
    format!("{quote}{}{quote}", escaped.collect::<String>())
}

/// An element as JSON, with characters beyond ASCII as `json.dumps` of Python writes them.
fn json(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '\\' | '"' => format!("\\{c}"),
        c if c.is_ascii() && !c.is_control() => c.to_string(),
        c => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// An element of an array as Postgres prints it.
fn postgres(text: &str) -> String {
    let special = |c: char| c.is_whitespace() || matches!(c, '{' | '}' | ',' | '"' | '\\');
    let is_plain =
        !text.is_empty() && !text.contains(special) && !text.eq_ignore_ascii_case("null");
    if is_plain {
        text.to_owned()
    } else {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// A list in each way of printing.
fn printed(elements: &[String]) -> Vec<String> {
    let join = |element: fn(&str) -> String, between: &str| {
        elements.iter().map(|text| element(text)).collect::<Vec<_>>().join(between)
    };
    let comma = if elements.len() == 1 { "," } else { "" };
    let mut printed = vec![
        format!("[{}]", join(python, ", ")),
        format!("({}{comma})", join(python, ", ")),
        format!("[{}]", join(python, " ")),
        format!("[{}]", join(json, ", ")),
        format!("[{}]", join(json, ",")),
    ];
    // The array `{'a'}` of Postgres is the set `{'a'}` of Python; its brackets and colons without quotes are not read.
    if !elements.iter().any(|text| text.contains(['\'', '(', ')', '[', ']', ':'])) {
        printed.push(format!("{{{}}}", join(postgres, ",")));
    }
    if !elements.is_empty() {
        printed.push(format!("{{{}}}", join(python, ", ")));
    }
    let is_bare = |text: &String| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    if elements.iter().all(is_bare) {
        printed.push(format!("[{}]", elements.join(", ")));
        printed.push(format!("[ {} ]", elements.join("  ")));
        let scalars: Vec<_> = elements.iter().map(|text| format!("np.int64({text})")).collect();
        printed.push(format!("[{}]", scalars.join(", ")));
    }
    printed
}

fn encoder(training: &[String]) -> Encoder {
    let field = FieldConfig::multi_hot("tags").list(ListFormat::Printed);
    let schema = Schema::new(vec![field], vec![String::new()]).expect("no problems");
    let mut fitter = Fitter::new(&schema);
    let binding = fitter.bind(&["tags".to_owned()]).expect("the column is there");
    for text in training {
        fitter.observe(&binding, &[text]).expect("a list");
    }
    fitter.finish()
}

fn encoded<R: RowFields + ?Sized>(encoder: &Encoder, row: &R) -> Result<Batch, String> {
    let binding = encoder.bind(&["tags".to_owned()]).expect("the column is there");
    let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
    let result = encoder.encode(&binding, row, &mut batch, &mut counts);
    result.map(|()| batch).map_err(|error| error.to_string())
}

#[test]
fn a_cell_that_is_not_a_list_is_an_error() {
    let encoder = encoder(&["[1, 2]".to_owned()]);
    for text in ["[1, 2", "[[1], [2]]", "{'a': 1}"] {
        let expected = format!(
            "field `tags`, column `tags`: `{text}` is not a list as programs print it, such as `[1, 2]`, \
             `['a', 'b']` or `{{1,2}}`, without lists within it"
        );
        assert_eq!(encoded(&encoder, &[text]), Err(expected));
        let schema = Schema::new(
            vec![FieldConfig::multi_hot("tags").list(ListFormat::Printed)],
            vec![String::new()],
        );
        let mut fitter = Fitter::new(&schema.expect("no problems"));
        let binding = fitter.bind(&["tags".to_owned()]).expect("the column is there");
        assert!(fitter.observe(&binding, &[text]).is_err(), "{text}");
    }
}

#[test]
fn a_typed_list_keeps_the_brackets_of_its_elements() {
    for elements in [&["(500) Days", "Up (2009)"][..], &["(no genres listed)"], &["Up (2009)"]] {
        let texts: Vec<_> = elements.iter().map(|&text| text.to_owned()).collect();
        let printed = printed(&texts)[0].clone();
        let encoder = encoder(std::slice::from_ref(&printed));
        let expected = encoded(&encoder, &[&printed]);
        let json = printed.replace('\'', "\"");
        let array = JsonWalk::new(&json).next().expect("an array");
        let joined = array.spelled('|').expect("strings");
        assert_eq!(encoded(&encoder, &[&*joined]), expected, "{joined}");
        assert_eq!(encoded(&encoder, &Typed(texts)), expected, "{printed}");
    }
}

#[test]
fn empty_lists_are_missing_and_long_ones_are_cut() {
    let schema = |max_length| {
        let field = FieldConfig::multi_hot("tags").list(ListFormat::Printed).max_length(max_length);
        Schema::new(vec![field], vec![String::new()]).expect("no problems")
    };
    let mut fitter = Fitter::new(&schema(2));
    let binding = fitter.bind(&["tags".to_owned()]).expect("the column is there");
    fitter.observe(&binding, &["[5, 6, 7]"]).expect("a list");
    let encoder = fitter.finish();
    let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
    for text in ["[6, 5, 7, 7]", "[]", "", "[None]"] {
        encoder.encode(&binding, &[text], &mut batch, &mut counts).expect("a list");
    }
    let column = batch.columns_mut()[0].sparse_mut();
    assert_eq!(
        (column.ids(), column.offsets()),
        (&[4, 3, 0, 0, 0][..], Some(&[0, 2, 3, 4, 5][..]))
    );
    let counts = *counts.get("tags").expect("a field");
    assert_eq!((counts.values, counts.clipped, counts.missing), (7, 2, 3));
}

proptest! {
    #[test]
    fn printed_lists_are_typed_lists(
        lists in vec(vec("[a-c]{1,2}|[0-9]{1,3}|.{0,6}|['\"\\\\ ,\\[\\](){}a\u{e9}\u{1f600}\n]{0,5}", 0..5), 1..8),
    ) {
        let is_good = |text: &String| !text.contains('|') && !text.trim_matches(' ').is_empty();
        let lists: Vec<Vec<String>> =
            lists.into_iter().map(|list| list.into_iter().filter(is_good).collect()).collect();
        let training: Vec<_> = lists.iter().map(|list| printed(list)[0].clone()).collect();
        let encoder = encoder(&training);
        for list in &lists {
            let trimmed: Vec<_> = list.iter().map(|text| text.trim_matches(' ')).collect();
            let expected = encoded(&encoder, &[&training[lists.iter().position(|l| l == list).unwrap_or(0)]]);
            for text in printed(list) {
                let elements = printed_elements(&text);
                let elements = elements.as_ref().map(|list| list.iter().map(|e| &**e).collect::<Vec<_>>());
                prop_assert_eq!(elements, Some(trimmed.clone()), "{}", text);
                prop_assert_eq!(encoded(&encoder, &[&text]), expected.clone(), "{}", text);
            }
            // The text of a typed list is trimmed as a whole.
            let is_odd = |c: char| c.is_whitespace() || c == '\u{feff}';
            if !list.iter().any(|text| text.contains(is_odd)) {
                prop_assert_eq!(encoded(&encoder, &Typed(trimmed.iter().map(|&t| t.to_owned()).collect())), expected);
            }
        }
    }

    #[test]
    fn any_text_is_a_list_or_not(text in "[\\[\\](){}'\",\\\\ nu0-9a|.]{0,20}|.{0,20}") {
        let elements = printed_elements(&text);
        let encoder = encoder(&["[1]".to_owned()]);
        prop_assert!(elements.is_none() || encoded(&encoder, &[&text]).is_ok(), "{}", text);
    }
}
