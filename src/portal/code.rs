//! A link as a code that a phone's camera reads.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

/// The quiet zone around it in modules (ISO/IEC 18004 §6.3.8).
const QUIET: usize = 4;

/// A code to be drawn: one path, always dark on light, whatever the page's colours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    /// The side in modules, quiet zone included.
    pub side: usize,
    /// The dark modules as the data of an SVG path.
    pub path: String,
}

/// The code for a text; `None` for one that is too long.
#[must_use]
pub fn drawing(text: &str) -> Option<Drawing> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            if run.first() == Some(&Color::Dark) {
                let (left, top, length) = (x + QUIET, y + QUIET, run.len());
                let _ = write!(path, "M{left} {top}h{length}v1h-{length}z");
            }
            x += run.len();
        }
    }
    Some(Drawing {
        side: width + 2 * QUIET,
        path,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The dark modules of a drawing.
    fn modules(drawing: &Drawing) -> Vec<Vec<bool>> {
        let mut found = vec![vec![false; drawing.side]; drawing.side];
        for run in drawing.path.split('M').skip(1) {
            let numbers: Vec<usize> = run
                .split(|c: char| !c.is_ascii_digit())
                .filter_map(|n| n.parse().ok())
                .collect();
            let (x, y, length) = (numbers[0], numbers[1], numbers[2]);
            for dark in &mut found[y][x..x + length] {
                *dark = true;
            }
        }
        found
    }

    #[test]
    fn the_path_has_the_codes_modules() {
        let text =
            "https://sso.example.com/passkeys/activate/AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCde";
        let drawing = drawing(text).unwrap();
        let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
        let drawn = modules(&drawing);
        assert_eq!(drawing.side, code.width() + 8);
        for (y, row) in drawn.iter().enumerate() {
            for (x, dark) in row.iter().enumerate() {
                let inside = |n: usize| (QUIET..drawing.side - QUIET).contains(&n);
                let expected =
                    inside(x) && inside(y) && code[(x - QUIET, y - QUIET)] == Color::Dark;
                assert_eq!(*dark, expected, "{x} {y}");
            }
        }
        assert_eq!(super::drawing(&"x".repeat(4_000)), None);
    }
}
