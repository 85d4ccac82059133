//! The figures, each beside its limit.

use std::io::Write as _;

/// What a figure has to keep to.
#[derive(Clone, Copy)]
pub enum Limit {
    /// At least this.
    AtLeast(f64),
    /// Less than this.
    Under(f64),
}

/// Prints each figure as it is measured.
pub struct Report;

impl Report {
    /// Prints the heading.
    pub fn new(heading: &str) -> Self {
        let _ = writeln!(std::io::stdout(), "\n{heading}\n");
        Self
    }

    /// A figure with a limit.
    pub fn figure(&self, label: &str, value: f64, unit: &str, limit: Limit) {
        let (sign, bound, kept) = match limit {
            Limit::AtLeast(bound) => ("at least", bound, value >= bound),
            Limit::Under(bound) => ("under", bound, value < bound),
        };
        let verdict = if kept { "kept" } else { "MISSED" };
        self.line(
            label,
            value,
            unit,
            &format!("{sign} {} {unit}: {verdict}", number(bound)),
        );
    }

    /// What this machine can do, whatever the gateway does.
    pub fn baseline(&self, label: &str, value: f64, unit: &str) {
        self.line(label, value, unit, "baseline");
    }

    /// A figure without a limit.
    pub fn note(&self, label: &str, value: f64, unit: &str) {
        self.line(label, value, unit, "");
    }

    #[expect(
        clippy::unused_self,
        reason = "a report that prints at once keeps nothing"
    )]
    fn line(&self, label: &str, value: f64, unit: &str, remark: &str) {
        let text = format!("{label:<42} {:>12} {unit:<4} {remark}", number(value));
        // Nobody reads a report whose reader has gone.
        let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
    }
}

fn number(value: f64) -> String {
    if value >= 1000.0 {
        let text = format!("{value:.0}");
        let mut grouped = String::new();
        for (i, digit) in text.chars().enumerate() {
            if i > 0 && (text.len() - i).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        grouped
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.3}")
    }
}
