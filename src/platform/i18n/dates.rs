//! Moments in words.

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};

use super::Locale;
use crate::domain::Timestamp;

impl Locale {
    /// A moment for people, in UTC: `21 November 2026, 20:15 UTC`.
    ///
    /// Without script nobody tells the server where the viewer lives, so the
    /// zone is written out rather than guessed.
    #[must_use]
    pub fn moment(self, at: Timestamp) -> String {
        let Some(at) = DateTime::<Utc>::from_timestamp_millis(at.millis()) else {
            return String::new();
        };
        let month = self.t(MONTHS
            .get(at.month0() as usize)
            .copied()
            .unwrap_or("month-january"));
        self.t_with(
            "moment",
            &[
                ("day", &at.day().to_string()),
                ("month", &month),
                ("year", &at.year().to_string()),
                ("time", &format!("{:02}:{:02}", at.hour(), at.minute())),
            ],
        )
    }

    /// A moment seen from `now`: "just now", "5 minutes ago", "3 hours ago";
    /// from a day on the moment itself.
    #[must_use]
    pub fn since(self, at: Timestamp, now: Timestamp) -> String {
        let seconds = now.seconds_since(at);
        let minutes = usize::try_from(seconds / 60).unwrap_or(0);
        match seconds {
            ..60 => self.t("ago-now"),
            60..3600 => self.t_count("ago-minutes", minutes),
            3600..86_400 => self.t_count("ago-hours", minutes / 60),
            _ => self.moment(at),
        }
    }
}

const MONTHS: [&str; 12] = [
    "month-january",
    "month-february",
    "month-march",
    "month-april",
    "month-may",
    "month-june",
    "month-july",
    "month-august",
    "month-september",
    "month-october",
    "month-november",
    "month-december",
];
