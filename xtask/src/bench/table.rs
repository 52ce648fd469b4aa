//! The table of measurements.

use super::measure::Sample;

/// One workload, measured in both modes.
pub(super) struct Row {
    pub(super) workload: &'static str,
    pub(super) plain: Vec<Sample>,
    pub(super) mirrored: Vec<Sample>,
}

/// The table, as lines of text.
pub(super) fn rendered(rows: &[Row]) -> String {
    let head = ["writes", "unmirrored", "mirrored", "ratio", "p50 µs", "p99 µs"].map(str::to_owned);
    let lines: Vec<[String; 6]> = std::iter::once(head).chain(rows.iter().map(cells)).collect();
    let mut text = String::new();
    for line in &lines {
        for (column, cell) in line.iter().enumerate() {
            let cells = lines.iter().filter_map(|line| line.get(column));
            let width = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
            // The first column is text, the others are numbers.
            if column == 0 {
                text.push_str(&format!("{cell:width$}"));
            } else {
                text.push_str(&format!("  {cell:>width$}"));
            }
        }
        text.push('\n');
    }
    text
}

fn cells(row: &Row) -> [String; 6] {
    let rates = |samples: &[Sample]| samples.iter().map(|one| one.requests_a_second).collect();
    let (plain, mirrored): (Vec<f64>, Vec<f64>) = (rates(&row.plain), rates(&row.mirrored));
    let latency = |pick: fn(&Sample) -> f64| {
        let both = [&row.plain, &row.mirrored];
        both.map(|samples| number(median(samples.iter().map(pick).collect()))).join(" / ")
    };
    [
        row.workload.to_owned(),
        spread(&plain),
        spread(&mirrored),
        format!("{:.2}", median(mirrored) / median(plain)),
        latency(|sample| sample.latency.p50),
        latency(|sample| sample.latency.p99),
    ]
}

/// `1234 (1200-1300)`
fn spread(samples: &[f64]) -> String {
    let lowest = samples.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = samples.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("{} ({}-{})", number(median(samples.to_vec())), number(lowest), number(highest))
}

fn number(value: f64) -> String {
    format!("{value:.0}")
}

/// The middle one, or the mean of the two in the middle; not a number if there are none.
fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    let upper = samples.get(samples.len() / 2);
    let lower = samples.get(samples.len().saturating_sub(1) / 2);
    match (lower, upper) {
        (Some(lower), Some(upper)) => f64::midpoint(*lower, *upper),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use qemu_tests::verdict::Latency;

    use super::*;

    #[test]
    fn medians() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(vec![4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn a_row_shows_medians_spread_and_ratio() {
        let sample = |requests_a_second, p50| Sample {
            requests_a_second,
            latency: Latency { p50, p99: 2.0 * p50, max: 100.0 },
        };
        let row = Row {
            workload: "random",
            plain: vec![sample(1000.0, 5.0), sample(900.0, 7.0), sample(1200.0, 6.0)],
            mirrored: vec![sample(500.0, 10.0)],
        };
        let text = rendered(&[row]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        let line = lines.last().unwrap();
        for part in ["random", "1000 (900-1200)", "500 (500-500)", "0.50", "6 / 10", "12 / 20"] {
            assert!(line.contains(part), "{part} is not in {line}");
        }
        assert!(lines.iter().all(|line| line.chars().count() == lines[0].chars().count()));
    }
}
