//! What an admin has to do, step by step, and the place at which two values
//! differ: what [`explain`](super::explain) wrote, as a page shows it.

/// The sentences of a remedy, one step each.
#[must_use]
pub fn steps(remedy: &str) -> Vec<String> {
    let mut steps = Vec::new();
    let mut start = 0;
    let ends = remedy.match_indices(". ").chain(remedy.match_indices("? "));
    let mut ends: Vec<usize> = ends.map(|(at, _)| at + 1).collect();
    ends.sort_unstable();
    for end in ends {
        let Some((sentence, rest)) = remedy.get(start..).zip(remedy.get(end..)) else {
            continue;
        };
        // "e.g. Okta" is no end of a sentence, nor is a dot in a name.
        let next = rest.trim_start().chars().next();
        let goes_on = next.is_none_or(char::is_lowercase);
        let sentence = sentence.get(..end - start).unwrap_or_default();
        if goes_on || sentence.ends_with("e.g.") || sentence.ends_with("i.e.") {
            continue;
        }
        steps.push(sentence.trim().to_owned());
        start = end;
    }
    let last = remedy.get(start..).unwrap_or_default().trim();
    if !last.is_empty() {
        steps.push(last.to_owned());
    }
    steps
}

/// A value cut where it differs from another one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    /// The same as the other's beginning.
    pub start: String,
    /// What is different.
    pub middle: String,
    /// The same as the other's end.
    pub end: String,
}

/// Cuts `text` where it differs from `other`.
#[must_use]
pub fn marked(text: &str, other: &str) -> Marked {
    let (ours, theirs): (Vec<char>, Vec<char>) = (text.chars().collect(), other.chars().collect());
    let same = |a: &[char], b: &[char]| a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let start = same(&ours, &theirs);
    let backwards = |chars: &[char]| chars.iter().skip(start).rev().copied().collect::<Vec<_>>();
    let end = same(&backwards(&ours), &backwards(&theirs));
    let (head, rest) = ours.split_at_checked(start).unwrap_or((&[], &ours));
    let (middle, tail) = rest
        .split_at_checked(rest.len().saturating_sub(end))
        .unwrap_or((rest, &[]));
    // Two values that have little in common differ as a whole: marks on single
    // letters say nothing.
    let in_common = head.len() + tail.len();
    if in_common * 4 < ours.len().max(theirs.len()) {
        return Marked {
            middle: text.to_owned(),
            ..Marked::default()
        };
    }
    Marked {
        start: head.iter().collect(),
        middle: middle.iter().collect(),
        end: tail.iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sentences_are_steps() {
        let remedy = "Set the audience to https://sso.example.com/saml/okta/metadata. In Okta: \
            Applications, General, e.g. the field \"Audience URI\". Or set allow_sha1 of \
            saml.okta to true.";
        assert_eq!(
            steps(remedy),
            [
                "Set the audience to https://sso.example.com/saml/okta/metadata.",
                "In Okta: Applications, General, e.g. the field \"Audience URI\".",
                "Or set allow_sha1 of saml.okta to true.",
            ]
        );
        assert_eq!(steps("One. step only"), ["One. step only"]);
        assert_eq!(steps(""), [""; 0]);
        assert_eq!(steps("Is it? Then do. "), ["Is it?", "Then do."]);
    }

    #[test]
    fn the_difference_is_marked() {
        let cut = |text, other| {
            let Marked { start, middle, end } = marked(text, other);
            format!("{start}[{middle}]{end}")
        };
        let ours = "https://sso.example.com/saml/okta/acs";
        assert_eq!(
            cut("http://sso.example.com/saml/okta/acs", ours),
            "http[]://sso.example.com/saml/okta/acs"
        );
        assert_eq!(
            cut(ours, "http://sso.example.com/saml/okta/acs"),
            "http[s]://sso.example.com/saml/okta/acs"
        );
        assert_eq!(
            cut("https://sso.example.com/saml/okta/acs/", ours),
            "https://sso.example.com/saml/okta/acs[/]"
        );
        assert_eq!(cut("urn:x", ours), "[urn:x]");
        assert_eq!(cut("Größe", "Grüße"), "Gr[ö]ße");
        assert_eq!(cut("", "a"), "[]");
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in "[abä]{0,8}", other in "[abä]{0,8}", remedy in "[aB. ?ß]{0,30}") {
            let Marked { start, middle, end } = marked(&text, &other);
            prop_assert_eq!(format!("{start}{middle}{end}"), text);
            let squeeze = |s: &str| s.split_whitespace().collect::<String>();
            prop_assert_eq!(squeeze(&steps(&remedy).join(" ")), squeeze(&remedy));
        }
    }
}
