//! The counts of the service, in the text format of Prometheus.
//!
//! A handful of counters and histograms, each behind a lock that is held for nanoseconds.
//! Rejected: a library with a global registry, with which two services in one process would share their counts.

use crate::job_queue::Score;
use deepcross_features::batch::FieldShape;
use deepcross_features::{Counts, FieldCounts};
use deepcross_model::ValueChange;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The upper bounds of the buckets for latencies, in seconds.
const LATENCIES: [f64; 15] =
    [1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
/// The upper bounds of the buckets for probabilities; clicks are rare, so the low buckets are finer.
const SCORES: [f64; 16] =
    [1e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
/// The upper bounds of the buckets for rows per batch.
const BATCHES: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// All counts of a service.
#[derive(Debug)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<(String, u16), Histogram>>,
    scores: Mutex<Histogram>,
    batches: Mutex<Histogram>,
    fields: Mutex<BTreeMap<String, FieldCounts>>,
    /// The numbers of warnings, by field and kind.
    warnings: Mutex<BTreeMap<(String, &'static str), u64>>,
    pub(crate) reloads: AtomicU64,
    pub(crate) reloads_refused: AtomicU64,
}

/// The values that are read at the time of the request, and not counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gauges {
    pub(crate) queue_rows: usize,
    pub(crate) connections: usize,
    pub(crate) fingerprint: u64,
}

/// Counts by bucket.
#[derive(Debug)]
struct Histogram {
    ends: &'static [f64],
    /// One count for each bound, and one for larger values.
    counts: Vec<u64>,
    sum: f64,
}

impl Histogram {
    fn new(ends: &'static [f64]) -> Self {
        Self { ends, counts: vec![0; ends.len() + 1], sum: 0.0 }
    }

    fn add(&mut self, value: f64) {
        self.counts[self.ends.partition_point(|&end| end < value)] += 1;
        self.sum += value;
    }

    /// Appends the lines of the histogram; `labels` is empty or ends with a comma.
    fn write(&self, text: &mut String, name: &str, labels: &str) {
        let ends = self.ends.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
        let mut total = 0;
        for (end, count) in ends.zip(&self.counts) {
            total += count;
            line(text, format_args!("{name}_bucket{{{labels}le=\"{end}\"}} {total}"));
        }
        let labels = labels.trim_end_matches(',');
        let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        line(text, format_args!("{name}_sum{labels} {}", self.sum));
        line(text, format_args!("{name}_count{labels} {total}"));
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            requests: Mutex::default(),
            scores: Mutex::new(Histogram::new(&SCORES)),
            batches: Mutex::new(Histogram::new(&BATCHES)),
            fields: Mutex::default(),
            warnings: Mutex::default(),
            reloads: AtomicU64::new(0),
            reloads_refused: AtomicU64::new(0),
        }
    }

    /// Counts an answered request.
    pub(crate) fn count_request(&self, route: &str, status: u16, time: Duration) {
        let mut requests = lock(&self.requests);
        let entry = requests.entry((route.to_owned(), status));
        entry.or_insert_with(|| Histogram::new(&LATENCIES)).add(time.as_secs_f64());
    }

    /// Counts a scored batch.
    pub(crate) fn count_batch(&self, batch: &[Score]) {
        lock(&self.batches).add(batch.len() as f64);
        let mut scores = lock(&self.scores);
        batch.iter().for_each(|score| scores.add(f64::from(score.probability)));
    }

    /// Counts encoded values.
    pub(crate) fn count_values<'a>(&self, counts: impl Iterator<Item = (&'a str, FieldCounts)>) {
        let mut fields = lock(&self.fields);
        for (name, counts) in counts {
            match fields.get_mut(name) {
                Some(sum) => *sum += counts,
                None => drop(fields.insert(name.to_owned(), counts)),
            }
        }
    }

    /// The counts of all encoded values of these fields.
    pub(crate) fn counts(&self, shapes: &[FieldShape]) -> Counts {
        let (fields, mut counts) = (lock(&self.fields), Counts::new(shapes));
        let of_field = |shape: &FieldShape| fields.get(&shape.name).copied().unwrap_or_default();
        counts.add_in_order(shapes.iter().map(of_field));
        counts
    }

    /// Counts a warning of values that are unlike those of training.
    pub(crate) fn count_warning(&self, change: &ValueChange) {
        let mut warnings = lock(&self.warnings);
        *warnings.entry((change.field.clone(), change.kind.name())).or_default() += 1;
    }

    /// The text that Prometheus reads.
    pub(crate) fn render(&self, gauges: Gauges) -> String {
        let mut text = String::new();
        let t = &mut text;
        let seconds = "deepcross_request_duration_seconds";
        head(
            t,
            seconds,
            "histogram",
            "Seconds from the head of a request to the head of its response.",
        );
        for ((route, status), histogram) in lock(&self.requests).iter() {
            histogram.write(t, seconds, &format!("route=\"{route}\",status=\"{status}\","));
        }
        head(t, "deepcross_score", "histogram", "Probabilities of the scored rows.");
        lock(&self.scores).write(t, "deepcross_score", "");
        head(t, "deepcross_batch_rows", "histogram", "Rows per scored batch.");
        lock(&self.batches).write(t, "deepcross_batch_rows", "");
        self.write_fields(t);
        let warnings = "deepcross_value_warnings_total";
        head(
            t,
            warnings,
            "counter",
            "Warnings that the values of a field are unlike those of training, by field of the model.",
        );
        for ((field, kind), count) in lock(&self.warnings).iter() {
            let field = escape(field);
            line(t, format_args!("{warnings}{{field=\"{field}\",kind=\"{kind}\"}} {count}"));
        }
        head(t, "deepcross_reloads_total", "counter", "Reloads of the model, by result.");
        for (result, count) in [("done", &self.reloads), ("refused", &self.reloads_refused)] {
            let count = count.load(Ordering::Relaxed);
            line(t, format_args!("deepcross_reloads_total{{result=\"{result}\"}} {count}"));
        }
        let Gauges { queue_rows, connections, fingerprint } = gauges;
        head(t, "deepcross_queue_rows", "gauge", "Rows that wait to be scored.");
        line(t, format_args!("deepcross_queue_rows {queue_rows}"));
        head(t, "deepcross_connections", "gauge", "Open connections.");
        line(t, format_args!("deepcross_connections {connections}"));
        head(t, "deepcross_model_info", "gauge", "The served model, by its fingerprint.");
        line(t, format_args!("deepcross_model_info{{fingerprint=\"{fingerprint:016x}\"}} 1"));
        text
    }

    fn write_fields(&self, text: &mut String) {
        let fields = lock(&self.fields);
        head(
            text,
            "deepcross_field_values_total",
            "counter",
            "Encoded values, by field of the model.",
        );
        for (field, counts) in fields.iter() {
            let (field, values) = (escape(field), counts.values);
            line(text, format_args!("deepcross_field_values_total{{field=\"{field}\"}} {values}"));
        }
        let name = "deepcross_field_unusual_values_total";
        head(
            text,
            name,
            "counter",
            "Missing, unseen, rare and clipped values, and numbers far outside of those of training, by field of the model.",
        );
        for (field, counts) in fields.iter() {
            let FieldCounts { missing, unseen, rare, clipped, far, .. } = *counts;
            let kinds = [
                ("missing", missing),
                ("unseen", unseen),
                ("rare", rare),
                ("clipped", clipped),
                ("far", far),
            ];
            for (kind, count) in kinds {
                let field = escape(field);
                line(text, format_args!("{name}{{field=\"{field}\",kind=\"{kind}\"}} {count}"));
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    line(text, format_args!("# HELP {name} {help}\n# TYPE {name} {kind}"));
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{line}");
}

/// Escapes the value of a label.
fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histograms_are_cumulative() {
        let mut histogram = Histogram::new(&[1.0, 2.0]);
        [0.5, 1.0, 1.5, 9.0].into_iter().for_each(|value| histogram.add(value));
        let mut text = String::new();
        histogram.write(&mut text, "h", "a=\"b\",");
        let expected = "h_bucket{a=\"b\",le=\"1\"} 2\nh_bucket{a=\"b\",le=\"2\"} 3\n\
            h_bucket{a=\"b\",le=\"+Inf\"} 4\nh_sum{a=\"b\"} 12\nh_count{a=\"b\"} 4\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn values_are_summed_by_field_and_labels_are_escaped() {
        let metrics = Metrics::new();
        let counts = FieldCounts { values: 3, unseen: 1, ..FieldCounts::default() };
        for _ in 0..2 {
            metrics.count_values([("a\"b", counts)].into_iter());
        }
        let text = metrics.render(Gauges { queue_rows: 7, connections: 1, fingerprint: 255 });
        for line in [
            "deepcross_field_values_total{field=\"a\\\"b\"} 6",
            "deepcross_field_unusual_values_total{field=\"a\\\"b\",kind=\"unseen\"} 2",
            "deepcross_queue_rows 7",
            "deepcross_model_info{fingerprint=\"00000000000000ff\"} 1",
        ] {
            assert!(text.lines().any(|other| other == line), "{line}\n{text}");
        }
    }
}
