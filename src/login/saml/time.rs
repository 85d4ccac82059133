//! Times as SAML writes them: UTC, `YYYY-MM-DDThh:mm:ss(.fff…)?Z`, and no
//! other form of `xs:dateTime` (SAML Core §1.3.3).

use crate::domain::Timestamp;

/// Reads a time; `None` when it is none. Fractions beyond milliseconds are
/// cut off; there is no 24:00, no leap second and no year 0.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let (whole, rest) = text.as_bytes().split_at_checked(19)?;
    let [
        y0,
        y1,
        y2,
        y3,
        b'-',
        m0,
        m1,
        b'-',
        d0,
        d1,
        b'T',
        h0,
        h1,
        b':',
        n0,
        n1,
        b':',
        s0,
        s1,
    ] = *whole
    else {
        return None;
    };
    let year = number(&[y0, y1, y2, y3])?;
    let month = number(&[m0, m1])?;
    let day = number(&[d0, d1])?;
    let hour = number(&[h0, h1])?;
    let minute = number(&[n0, n1])?;
    let second = number(&[s0, s1])?;
    let in_range = year >= 1
        && (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour <= 23
        && minute <= 59
        && second <= 59;
    if !in_range {
        return None;
    }
    let millis = match rest {
        [b'Z'] => 0,
        [b'.', fraction @ .., b'Z'] => thousandths(fraction)?,
        _ => return None,
    };
    let seconds = ((days_from_civil(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Some(Timestamp(seconds * 1000 + millis))
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |value, digit| {
        digit
            .is_ascii_digit()
            .then(|| value * 10 + i64::from(digit - b'0'))
    })
}

fn thousandths(fraction: &[u8]) -> Option<i64> {
    let digits = !fraction.is_empty() && fraction.iter().all(u8::is_ascii_digit);
    let digit = |i: usize| fraction.get(i).map_or(0, |d| i64::from(d - b'0'));
    digits.then(|| digit(0) * 100 + digit(1) * 10 + digit(2))
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar, years counted from March so
/// that the leap day comes last.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn agrees_with_rfc_3339_where_both_read() {
        for text in [
            "1970-01-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "0001-01-01T00:00:00Z",
            "2000-02-29T12:34:56.789Z",
            "2024-02-29T23:59:59Z",
            "2026-11-21T20:15:30.1Z",
            "2026-11-21T20:15:30.123456789Z",
            "9999-12-31T23:59:59.999Z",
        ] {
            assert!(parse(text).is_some(), "{text}");
            assert_eq!(parse(text), Timestamp::parse_rfc3339(text), "{text}");
        }
        assert_eq!(
            parse("2026-11-21T20:15:30.1239999999999999999999999Z"),
            Timestamp::parse_rfc3339("2026-11-21T20:15:30.123Z")
        );
    }

    #[test]
    fn other_forms_are_none() {
        for text in [
            "",
            "Z",
            "2026-11-21T20:15:30",
            "2026-11-21T20:15:30+00:00",
            "2026-11-21T20:15:30-00:00",
            "2026-11-21t20:15:30Z",
            "2026-11-21T20:15:30z",
            "2026-11-21 20:15:30Z",
            " 2026-11-21T20:15:30Z",
            "2026-11-21T20:15:30Z ",
            "2026-11-21T20:15:30.Z",
            "2026-11-21T20:15:30,5Z",
            "2026-11-21T20:15:60Z",
            "2016-12-31T23:59:60Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T20:60:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "-2026-11-21T20:15:30Z",
            "+262143-01-01T00:00:00Z",
            "262143-01-01T00:00:00Z",
            "-262143-01-01T00:00:00Z",
            "12026-11-21T20:15:30Z",
            "26-11-21T20:15:30Z",
            "2026-11-21T20:15Z",
            "2026-11-21Z",
            "2026-11-21T20:15:30.1x2Z",
            "2026-11-21T20:15:3\u{660}Z",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_moment_comes_back(millis in -62_135_596_800_000_i64..=253_402_300_799_999) {
            let at = Timestamp(millis);
            prop_assert_eq!(parse(&at.rfc3339()), Some(at));
        }

        #[test]
        fn nothing_panics(text in "[-+0-9TZ:. ]{0,32}|.{0,24}") {
            if let Some(at) = parse(&text) {
                prop_assert_eq!(Some(at), Timestamp::parse_rfc3339(&text));
            }
        }
    }
}
