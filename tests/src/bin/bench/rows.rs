//! Rows of numbers, as a table and as JSON.

use std::time::Duration;

use serde::Serialize;

/// All that was measured.
#[derive(Default)]
pub(crate) struct Rows(Vec<Row>);

#[derive(Serialize)]
struct Row {
    what: String,
    value: f64,
    unit: &'static str,
    budget: Option<f64>,
}

impl Rows {
    /// Adds a time in a unit that suits its budget.
    pub(crate) fn time(&mut self, what: impl Into<String>, value: Duration, budget: Option<Duration>) {
        let scale = budget.unwrap_or(value);
        let (unit, divisor) = match scale.as_nanos() {
            0..2_000 => ("ns", 1.0),
            2_000..2_000_000 => ("µs", 1e3),
            _ => ("ms", 1e6),
        };
        let in_unit = |time: Duration| time.as_nanos() as f64 / divisor;
        self.number(what, in_unit(value), unit, budget.map(in_unit));
    }

    /// Adds a number.
    pub(crate) fn number(&mut self, what: impl Into<String>, value: f64, unit: &'static str, budget: Option<f64>) {
        self.0.push(Row { what: what.into(), value, unit, budget });
    }

    /// Returns everything as a table.
    pub(crate) fn to_table(&self) -> String {
        let width = self.0.iter().map(|row| row.what.chars().count()).max().unwrap_or_default();
        let line = |row: &Row| {
            let budget = row.budget.map_or_else(String::new, |budget| {
                let word = if row.value <= budget { "within" } else { "OVER" };
                format!("   {word} {budget:.0}")
            });
            format!("{:width$}  {:>10.2} {:3}{budget}\n", row.what, row.value, row.unit)
        };
        self.0.iter().map(line).collect()
    }

    /// Returns everything as JSON.
    pub(crate) fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(&self.0)
    }
}

/// Returns the value below which `share` of the times lie.
pub(crate) fn quantile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    times.get((last as f64 * share).round() as usize).copied().unwrap_or_default()
}
