//! The one colour that an organisation chooses, and the colours that follow
//! from it so that text stays readable on any choice (WCAG 2.2 §1.4.3, §1.4.11).

/// An accent colour, `#rrggbb` or `#rgb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accent([u8; 3]);

/// The page's own colours, against which contrast is measured: in each scheme
/// the one of page and card that is nearer to the text.
const LIGHT_PAGE: Accent = Accent([0xf4, 0xf5, 0xf7]);
const DARK_PAGE: Accent = Accent([0x1b, 0x1d, 0x23]);
const WHITE: Accent = Accent([0xff, 0xff, 0xff]);
// On every colour either white or black reaches 4.5:1; no softer pair does.
const BLACK: Accent = Accent([0, 0, 0]);

impl Default for Accent {
    fn default() -> Self {
        Self([0x2b, 0x59, 0xc3])
    }
}

impl Accent {
    /// Reads `#rrggbb` or `#rgb`; `None` when it is neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        let nibbles: Vec<u8> = digits
            .chars()
            .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
            .collect::<Option<_>>()?;
        match *nibbles.as_slice() {
            [r, g, b] => Some(Self([r * 17, g * 17, b * 17])),
            [r1, r2, g1, g2, b1, b2] => Some(Self([r1 * 16 + r2, g1 * 16 + g2, b1 * 16 + b2])),
            _ => None,
        }
    }

    /// The custom properties that carry the colour, for both schemes.
    #[must_use]
    pub fn stylesheet(self) -> String {
        let scheme = |page: Self| {
            // The label must stand out from the button and a link from the
            // page (4.5:1). A pale button keeps its colour and gets an edge
            // that stands out (3:1).
            let label = if self.contrast(WHITE) >= 4.5 {
                WHITE
            } else {
                BLACK
            };
            let edge = self.away_from(page, 3.0);
            let text = self.away_from(page, 4.5);
            format!("--accent:{self};--on-accent:{label};--accent-edge:{edge};--accent-text:{text}")
        };
        format!(
            ":root{{{}}}@media(prefers-color-scheme:dark){{:root{{{}}}}}\n",
            scheme(LIGHT_PAGE),
            scheme(DARK_PAGE)
        )
    }

    /// The nearest mixture with black (on a light page) or white (on a dark one)
    /// that reaches the contrast.
    fn away_from(self, page: Self, wanted: f64) -> Self {
        let pole = if page.luminance() > 0.5 { BLACK } else { WHITE };
        (0..=20_u8)
            .map(|step| self.mix(pole, f64::from(step) / 20.0))
            .find(|colour| colour.contrast(page) >= wanted)
            .unwrap_or(pole)
    }

    fn mix(self, other: Self, share: f64) -> Self {
        let channel = |a: u8, b: u8| {
            let value = f64::from(a) * (1.0 - share) + f64::from(b) * share;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a mean of two bytes is a byte"
            )]
            let byte = value.round() as u8;
            byte
        };
        let ([r1, g1, b1], [r2, g2, b2]) = (self.0, other.0);
        Self([channel(r1, r2), channel(g1, g2), channel(b1, b2)])
    }

    /// Relative luminance (WCAG 2.2).
    fn luminance(self) -> f64 {
        let linear = |byte: u8| {
            let c = f64::from(byte) / 255.0;
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        let [r, g, b] = self.0;
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    /// Contrast ratio (WCAG 2.2), 1 to 21.
    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }
}

impl std::fmt::Display for Accent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [r, g, b] = self.0;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_lengths_and_nothing_else() {
        assert_eq!(Accent::parse("#0a8"), Some(Accent([0, 0xaa, 0x88])));
        assert_eq!(Accent::parse("#00AA88"), Accent::parse("#0a8"));
        for wrong in [
            "", "#", "0a8", "#0a", "#0a8f", "#gggggg", "red", "#0a8;}", "#12345é",
        ] {
            assert_eq!(Accent::parse(wrong), None, "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_choice_stays_readable(rgb: [u8; 3]) {
            let accent = Accent(rgb);
            let white = accent.contrast(WHITE);
            proptest::prop_assert!(white >= 4.5 || accent.contrast(BLACK) >= 4.5);
            for page in [LIGHT_PAGE, DARK_PAGE] {
                proptest::prop_assert!(accent.away_from(page, 3.0).contrast(page) >= 3.0);
                proptest::prop_assert!(accent.away_from(page, 4.5).contrast(page) >= 4.5);
            }
        }
    }
}
