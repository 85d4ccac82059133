//! The sign-ins of the last 24 hours as bars: drawn here, so that no script and no
//! style has to.

use crate::directory::traces::HourOfLogins;
use crate::domain::Timestamp;
use crate::platform::web::Page;
use crate::portal::admin::shell::Moment;

const HOUR: i64 = 3_600_000;
const HOURS: i64 = 24;
/// Of the drawing, in its own units.
const HEIGHT: i64 = 120;
const STEP: i64 = 20;

/// A drawing, the same in words, and the same in numbers.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    /// The bars from the oldest hour to the present one.
    pub(super) bars: Vec<Bar>,
    /// The sum.
    pub(super) succeeded: i64,
    /// The sum of what did not succeed.
    pub(super) others: i64,
    /// What the drawing shows, in a sentence.
    pub(super) words: String,
}

/// An hour.
#[derive(Clone, Debug)]
pub(super) struct Bar {
    /// When it begins.
    pub(super) at: Moment,
    /// How many came in.
    pub(super) succeeded: i64,
    /// How many did not.
    pub(super) others: i64,
    /// Where the bar stands.
    pub(super) x: i64,
    /// Where the part of those who came in begins, and how high it is.
    pub(super) good: (i64, i64),
    /// The same of the others, on top.
    pub(super) bad: (i64, i64),
}

impl Chart {
    /// The chart of the 24 hours that end with the present one.
    pub(super) fn new(page: &Page, hours: &[HourOfLogins], now: Timestamp) -> Self {
        let last = now.millis().div_euclid(HOUR);
        let find = |hour: i64| {
            let mut all = hours.iter();
            all.find(|h| h.begins.millis().div_euclid(HOUR) == hour)
                .map_or((0, 0), |h| (h.succeeded, h.others))
        };
        let counts: Vec<(i64, i64, i64)> = (last - HOURS + 1..=last)
            .map(|hour| (hour, find(hour).0, find(hour).1))
            .collect();
        let most = counts.iter().map(|(_, good, bad)| good + bad).max();
        let most = most.unwrap_or(0).max(1);
        // What is there is seen: at least two units high.
        let height = |count: i64| match count {
            0 => 0,
            count => (count.saturating_mul(HEIGHT) / most).max(2),
        };
        let bars = counts.iter().zip(0..).map(|((hour, good, bad), n)| {
            let (low, high) = (height(*good), height(*bad));
            let at = Timestamp(hour.saturating_mul(HOUR));
            Bar {
                at: Moment::exact(page, at),
                succeeded: *good,
                others: *bad,
                x: n * STEP,
                good: (HEIGHT + 4 - low, low),
                bad: ((HEIGHT + 4 - low - high).max(0), high),
            }
        });
        let bars = bars.collect();
        let succeeded = counts.iter().map(|(_, good, _)| good).sum();
        let others = counts.iter().map(|(_, _, bad)| bad).sum();
        let busiest = counts.iter().max_by_key(|(_, good, bad)| good + bad);
        let words = match busiest.filter(|_| succeeded + others > 0) {
            None => page.t("overview-chart-none"),
            Some((hour, good, bad)) => page.t_with(
                "overview-chart-words",
                &[
                    ("good", &i64::to_string(&succeeded)),
                    ("bad", &i64::to_string(&others)),
                    ("busiest", &page.locale().moment(Timestamp(hour * HOUR))),
                    ("count", &i64::to_string(&(good + bad))),
                ],
            ),
        };
        Self {
            bars,
            succeeded,
            others,
            words,
        }
    }

    /// Whether anybody tried.
    pub(super) const fn is_empty(&self) -> bool {
        self.succeeded + self.others == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::i18n::Locale;
    use crate::platform::web::{Kit, KitSettings};

    #[test]
    fn bars_stand_where_their_hours_are() {
        let origin = url::Url::parse("https://sso.example.com").unwrap();
        let page = Kit::new(KitSettings::new(origin)).page(Locale::En);
        let now = Timestamp(1000 * HOUR + 5);
        let hour = |n: i64, succeeded: i64, others: i64| HourOfLogins {
            begins: Timestamp(n * HOUR),
            succeeded,
            others,
        };
        // The one before the first of the 24 is not shown.
        let hours = [hour(976, 9, 9), hour(977, 30, 10), hour(1000, 1, 0)];
        let chart = Chart::new(&page, &hours, now);
        assert_eq!(chart.bars.len(), 24);
        assert_eq!((chart.succeeded, chart.others), (31, 10));
        let first = &chart.bars[0];
        assert_eq!((first.good, first.bad), ((34, 90), (4, 30)));
        let last = &chart.bars[23];
        assert_eq!((last.x, last.good, last.bad), (460, (121, 3), (121, 0)));
        assert!(chart.words.contains("31") && chart.words.contains("10"));
        assert!(Chart::new(&page, &[], now).is_empty());
    }
}
