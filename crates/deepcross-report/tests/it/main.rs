//! Tests of the whole page: it is well-formed and complete, refers to nothing outside, and stays intact with hostile text.

use deepcross_metrics::{Interval, ScoredRows};
use deepcross_report::{
    Figure, IntervalRow, Plot, Reference, Report, Section, Series, Table, YScale,
};
use roxmltree::{Document, Node, ParsingOptions};
use std::num::NonZeroUsize;

const HOSTILE: &str =
    "</script><script src=\"http://x.y/z.js\">alert('&')</script>]]>\0\u{1b}\u{ffff}";

fn line(name: &str) -> Series {
    Series { name: name.to_owned(), points: vec![(1.0, 0.5), (2.0, f64::NAN), (3.0, 0.25)] }
}

fn estimate(name: &str) -> IntervalRow {
    let interval = Some(Interval { low: 0.8, high: 1.1 });
    IntervalRow { name: name.to_owned(), estimate: 0.9, interval }
}

/// A page with every plot, in which each text is `text`.
fn page(text: &str) -> String {
    let mut scored = ScoredRows::default();
    for n in 0..200_u32 {
        let score = f64::from(n * 37 % 200) / 250.0;
        scored.push(score, u8::from(n % 7 < n / 40), 1).expect("the rows are good");
    }
    let ranked = scored.into_ranked();
    let bins =
        ranked.reliability(NonZeroUsize::MIN.saturating_add(9), 0.95).expect("probabilities");
    let mut section = Section::new(text).with_note(text);
    section.plots = vec![
        Plot::roc(&ranked.roc_curve(100).expect("both classes are there")),
        Plot::precision_recall(&ranked.precision_recall_curve(100).expect("positives"), Some(0.3)),
        Plot::reliability(&bins),
        Plot::scores(&ranked.spread(20, 0.01)),
        Plot::lines(text, text, YScale::Linear, &[line(text), line("b")], Some(3.0)),
        Plot::lines("gradients", "norm", YScale::Logarithmic, &vec![line(text); 30], None),
        Plot::lines("active", "share", YScale::Unit, &[], None),
        Plot::reliabilities(&[(text, &bins), ("after", &bins[3..])]),
        Plot::calibration_curve(&[(0.0, 0.1), (0.5, 0.25), (1.0, 0.9)]),
        Plot::rocs(&[line(text), line("b")]),
        Plot::precision_recalls(&vec![line(text); 30], None),
        Plot::intervals(text, text, &[estimate(text)], Some(Reference { value: 1.0, name: text })),
    ];
    let mut table = Table::new(text, &[text, "n"]);
    table.push([text.to_owned(), text.to_owned()]);
    section.tables.push(table);
    text.clone_into(&mut section.text);
    let interval = ranked.intervals(0.95).expect("a good level").auc;
    let mut report = Report::new(text);
    report.fact(text, text);
    report.figures = vec![
        Figure::new(text, ranked.auc()).with_interval(interval).with_note(text),
        Figure::new("undefined", None),
    ];
    report.sections = vec![section, Section::new("left out")];
    text.clone_into(&mut report.footer);
    report.to_string()
}

fn parsed(page: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(page, options).unwrap_or_else(|error| panic!("{error}\n{page}"))
}

fn child<'a>(node: &Node<'a, '_>, name: &str) -> &'a str {
    let child =
        node.children().find(|child| child.has_tag_name(("http://www.w3.org/2000/svg", name)));
    child.and_then(|child| child.text()).unwrap_or_default()
}

#[test]
fn every_plot_is_there_and_describes_itself() {
    let page = page("text");
    let document = parsed(&page);
    let plots: Vec<_> =
        document.descendants().filter(|node| node.tag_name().name() == "svg").collect();
    assert_eq!(plots.len(), 12);
    for plot in &plots {
        assert_eq!(plot.attribute("role"), Some("img"));
        assert!(plot.attribute("viewBox").is_some());
        assert!(!child(plot, "title").is_empty());
        let ticks = plot.descendants().filter(|node| node.attribute("class") == Some("tick"));
        assert!(ticks.count() >= 3, "{}", child(plot, "title"));
    }
    let titles: Vec<_> = plots.iter().map(|plot| child(plot, "title")).collect();
    let expected = ["ROC curve", "Precision–recall curve", "Reliability", "Scores by class"];
    assert_eq!(titles[..4], expected);
    assert!(child(&plots[0], "desc").contains("at a false positive rate of 0.1"));
    let described = child(plots.last().expect("twelve"), "desc");
    assert!(described.contains("text: 0.9000, 0.8000 to 1.1000."), "{described}");
    // Of thirty lines, eight are drawn.
    let lines = plots[5]
        .children()
        .filter(|node| node.attribute("class").is_some_and(|class| class.starts_with("l s")));
    assert_eq!(lines.count(), 8);
    assert!(!page.contains("NaN") && !page.contains("inf"), "{page}");
    assert!(!page.contains("left out"), "a section without content has no heading");
}

#[test]
fn nothing_refers_to_the_outside() {
    let page = page("text");
    for node in parsed(&page).descendants() {
        for attribute in node.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            assert!(
                !["src", "href", "srcset", "data", "action", "style"].contains(&name),
                "{name}"
            );
            assert!(!name.starts_with("on") && !value.contains("url("), "{name} {value}");
            assert!(!value.contains("http:") && !value.contains("https:"), "{name} {value}");
        }
        let tag = node.tag_name().name();
        assert!(!["script", "link", "img", "iframe", "object", "base"].contains(&tag), "{tag}");
        let text = node.text().unwrap_or_default();
        assert!(!["url(", "@import", "http"].iter().any(|word| text.contains(word)), "{text}");
    }
}

#[test]
fn hostile_text_stays_text() {
    let (hostile, plain) = (page(HOSTILE), page("text"));
    let shape = |page: &str| {
        let document = parsed(page);
        let elements = document.descendants().filter(Node::is_element);
        elements.map(|node| node.tag_name().name().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(shape(&hostile), shape(&plain));
    assert!(!hostile.contains("<script"));
    assert!(hostile.contains("&lt;/script&gt;"));
}
