//! Tests of the simulated files as a whole.

use std::collections::HashSet;

use super::*;

fn simulator(seed: u64, world: u64) -> Simulator {
    let config = SimulatorConfig { seed, world, ..SimulatorConfig::default() };
    Simulator::new(&config).expect("the defaults have no problems")
}

/// The data file and the truth file.
fn files(simulator: &Simulator, n_rows: u64) -> (String, String) {
    let (mut out, mut truth) = (Vec::new(), Vec::new());
    simulator.write_tsv(&mut out, Some(&mut truth), n_rows).expect("memory takes all writes");
    let text = |bytes| String::from_utf8(bytes).expect("words are ASCII");
    (text(out), text(truth))
}

/// The AUC of the true probabilities against the clicks; ties are too rare to matter.
fn best_auc<'a>(rows: impl Iterator<Item = SimulatedRow<'a>>) -> f64 {
    let mut scored: Vec<(f64, bool)> = rows.map(|row| (row.probability, row.click)).collect();
    scored.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut negatives, mut pairs_in_order) = (0_u64, 0_u64);
    for (_, click) in &scored {
        if *click {
            pairs_in_order += negatives;
        } else {
            negatives += 1;
        }
    }
    let positives = scored.len() as u64 - negatives;
    pairs_in_order as f64 / (positives * negatives) as f64
}

#[test]
fn the_same_settings_give_the_same_files() {
    assert_eq!(files(&simulator(1, 1), 500), files(&simulator(1, 1), 500));
    assert_ne!(files(&simulator(1, 1), 500), files(&simulator(2, 1), 500));
    assert_ne!(files(&simulator(1, 1), 500), files(&simulator(1, 2), 500));
}

/// Published results depend on these files: if the rows change, all results change.
#[test]
fn the_first_rows_of_the_default_world_do_not_change() {
    let (data, _) = files(&simulator(1, 1), 3);
    let expected = [
        "0\tfinest lenderzone mortgages\tfinest lender\tdiscount lendermart lender mortgage finance\tbroad\tc645\t1\tu114\tdesktop\t0\t48\t23.71",
        "0\tbespoke lodgeline suitcase resort\tbespoke lodge\tcheap lodgezone ticket travel\tbroad\tc19710\t1\tu488\tdesktop\t0\t47\t43.39",
        "0\tmortgage\tmortgage\tmortgagehub dividendzone interests finance\texact\tc5\t1\tu2381\tdesktop\t0\t66\t51.80",
    ];
    assert!(data.lines().skip(1).eq(expected), "{data}");
}

#[test]
fn a_longer_file_begins_with_the_shorter_one() {
    let simulator = simulator(1, 1);
    let (short, short_truth) = files(&simulator, 300);
    let (long, long_truth) = files(&simulator, 400);
    assert!(long.starts_with(&short) && long_truth.starts_with(&short_truth));
    assert_eq!((short.lines().count(), long.lines().count()), (301, 401));
}

#[test]
fn rows_can_be_drawn_in_any_order() {
    let simulator = simulator(3, 1);
    let in_order: Vec<SimulatedRow<'_>> = simulator.rows().take(100).collect();
    for index in (0..100).rev() {
        assert_eq!(simulator.row(index), in_order[index as usize]);
    }
}

#[test]
fn two_seeds_show_one_world() {
    let (train, test) = (simulator(1, 1), simulator(2, 1));
    let shown_first = |simulator: &Simulator| {
        let row = simulator.rows().find(|row| row.campaign == 0);
        row.map(|row| (row.keyword.to_owned(), row.title.to_owned()))
    };
    assert!(shown_first(&train).is_some());
    assert_eq!(shown_first(&train), shown_first(&test));
}

#[test]
fn each_line_has_a_valid_value_for_each_column() {
    let simulator = simulator(1, 1);
    let (data, truth) = files(&simulator, 5_000);
    assert_eq!(data.lines().next(), Some(HEADER.join("\t").as_str()));
    for (line, probability) in data.lines().zip(truth.lines()).skip(1) {
        let values: Vec<&str> = line.split('\t').collect();
        assert_eq!(values.len(), HEADER.len(), "{line}");
        assert!(values.iter().all(|value| !value.is_empty() && value.trim() == *value), "{line}");
        assert!((1..=5).contains(&values[1].split(' ').count()), "{line}");
        let probability: f64 = probability.parse().expect("the truth is a number");
        assert!(probability > 0.0 && probability < 1.0, "{line}");
    }
}

#[test]
fn the_truth_file_gives_each_probability_to_the_bit() {
    let simulator = simulator(1, 1);
    let (_, truth) = files(&simulator, 200);
    let written = truth.lines().skip(1).map(|line| line.parse::<f64>().ok());
    assert!(written.eq(simulator.rows().take(200).map(|row| Some(row.probability))));
}

#[test]
fn clicks_are_as_frequent_as_the_truth_says() {
    let check = |world, click_rate: f64| {
        let config = SimulatorConfig { world, click_rate, ..SimulatorConfig::default() };
        let simulator = Simulator::new(&config).expect("the settings have no problems");
        let n_rows = 50_000;
        let summary =
            simulator.write_tsv(&mut io::sink(), None, n_rows).expect("the sink takes all writes");
        let expected = summary.expected_clicks / n_rows as f64;
        let found = summary.clicks as f64 / n_rows as f64;
        assert!((found - expected).abs() < 0.004, "world {world}: {found}, not {expected}");
        assert!((expected - click_rate).abs() < 0.005, "world {world}: {expected}");
    };
    check(1, 0.09);
    check(2, 0.02);
    check(3, 0.1);
}

#[test]
fn the_best_possible_auc_leaves_room_on_both_sides() {
    for world in 1..=3 {
        let auc = best_auc(simulator(1, world).rows().take(100_000));
        assert!((0.79..0.85).contains(&auc), "world {world}: {auc}");
    }
}

#[test]
fn much_of_a_test_file_is_new() {
    let (train, test) = (simulator(1, 1), simulator(2, 1));
    let mut known = HashSet::new();
    let mut campaigns = HashSet::new();
    for row in train.rows().take(300_000) {
        campaigns.insert(row.campaign);
        known.insert(row.query);
    }
    let unseen = test.rows().take(100_000).filter(|row| !known.contains(&row.query)).count();
    assert!((30_000..70_000).contains(&unseen), "{unseen} of 100,000 queries are unseen");
    assert!(campaigns.len() >= 20_000, "{} campaigns", campaigns.len());
}

#[test]
fn campaigns_follow_zipfs_law() {
    let mut counts = [0_u32; 100];
    for row in simulator(1, 1).rows().take(100_000) {
        if let Some(count) = counts.get_mut(row.campaign as usize) {
            *count += 1;
        }
    }
    // With 30,000 campaigns the first has 1 / 10.9 of the impressions.
    let check = |rank: usize, expected: f64| {
        let share = f64::from(counts[rank - 1]) / 100_000.0;
        assert!((share / expected - 1.0).abs() < 0.2, "rank {rank}: {share}, not {expected}");
    };
    check(1, 0.0922);
    check(10, 0.00922);
    check(100, 0.000_922);
}

#[test]
fn rows_come_in_order_of_time() {
    let hours: Vec<u8> = simulator(1, 1).rows().take(10_001).map(|row| row.hour).collect();
    assert!(hours[..10_000].is_sorted());
    assert_eq!((hours[0], hours[9_999], hours[10_000]), (0, 23, 0));
}

#[test]
fn invalid_settings_build_no_simulator() {
    let config = SimulatorConfig { campaigns: 0, users: 0, ..SimulatorConfig::default() };
    assert_eq!(Simulator::new(&config).err(), Some(config.problems()));
}

#[test]
fn campaigns_differ_by_the_campaign_deviation() {
    let of_deviation = |campaign_deviation| {
        let config = SimulatorConfig { campaign_deviation, ..SimulatorConfig::default() };
        Simulator::new(&config).expect("the settings have no problems")
    };
    let (alike, unlike) = (of_deviation(0.3), of_deviation(0.9));
    let mut met = HashSet::new();
    let mut differences = Vec::new();
    for (one, other) in alike.rows().zip(unlike.rows()).take(20_000) {
        let SimulatedRow { click, probability, probability_at_top, .. } = one;
        let expected = SimulatedRow { click, probability, probability_at_top, ..other.clone() };
        assert_eq!(one, expected, "only clicks and their probabilities may differ");
        if met.insert(one.campaign) {
            differences.push(logit(other.probability) - logit(one.probability));
        }
    }
    let n = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / n;
    let variance = differences.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
    assert!((variance.sqrt() - 0.6).abs() < 0.03, "{} over {n} campaigns", variance.sqrt());
}

#[test]
fn an_ad_at_the_top_has_the_effect_of_position_1() {
    let simulator = Simulator::new(&SimulatorConfig::default()).expect("no problems");
    for row in simulator.rows().take(2000) {
        let on_device = match row.device {
            Device::Desktop => 0.6,
            Device::Mobile => 1.5,
            Device::Tablet => 0.9,
        };
        let of_position = [0.65, 0.0, -0.6, -1.2][usize::from(row.position) - 1];
        let gain = logit(row.probability_at_top) - logit(row.probability);
        assert!((gain - on_device * (0.65 - of_position)).abs() < 1e-9, "{row:?}");
    }
}

fn logit(probability: f64) -> f64 {
    (probability / (1.0 - probability)).ln()
}
