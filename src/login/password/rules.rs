//! Which passwords are taken: long ones that nobody guesses from what is known of
//! the person. No kinds of characters are asked for (NIST SP 800-63B §3.1.1.2).

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// Fewest characters.
pub const SHORTEST: usize = 12;
/// Most octets.
pub const LONGEST: usize = 1024;
/// Fewest different characters.
const DIFFERENT: usize = 5;
/// What must be left, in characters, when all that is easily guessed is taken out.
const LEFT: usize = 4;

/// Words with which the passwords begin that people choose most.
const COMMON: [&str; 40] = [
    "password",
    "passwort",
    "passw",
    "kennwort",
    "geheim",
    "hallo",
    "welcome",
    "willkommen",
    "letmein",
    "iloveyou",
    "ichliebedich",
    "qwertyuiop",
    "qwertzuiop",
    "qwerty",
    "qwertz",
    "asdfghjkl",
    "asdf",
    "yxcvbnm",
    "zxcvbnm",
    "admin",
    "administrator",
    "secret",
    "changeme",
    "default",
    "login",
    "master",
    "dragon",
    "monkey",
    "football",
    "baseball",
    "sunshine",
    "princess",
    "schatz",
    "superman",
    "batman",
    "starwars",
    "trustno",
    "test",
    "user",
    "doorward",
];

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// There is none.
    Missing,
    /// It is too short.
    Short,
    /// It is too long.
    Long,
    /// It holds what cannot be typed.
    Control,
    /// It is easily guessed: a few characters again and again, a row of the
    /// keyboard, a common word with a number.
    Common,
    /// It is the person's name or address, or the organisation's name.
    Personal,
}

impl Weakness {
    /// The message's id.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Missing => "password-missing",
            Self::Short => "password-short",
            Self::Long => "password-long",
            Self::Control => "password-control",
            Self::Common => "password-common",
            Self::Personal => "password-personal",
        }
    }

    /// A sentence for whoever sits at the machine.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Missing => "the password is empty",
            Self::Short => "the password has fewer than 12 characters",
            Self::Long => "the password has more than 1024 octets",
            Self::Control => "the password holds control characters",
            Self::Common => "the password is easily guessed",
            Self::Personal => "the password is made of the person's or the organisation's names",
        }
    }
}

/// A password as it is hashed and compared: as RFC 8265 §4.2 has it, every blank
/// an ASCII one, composed (NFC), so that it does not matter which keyboard it is
/// typed on. `None` for what no password can be.
#[must_use]
pub fn prepared(text: &str) -> Option<Zeroizing<String>> {
    if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
        return None;
    }
    let blank = |c: char| if c.is_whitespace() { ' ' } else { c };
    let prepared: String = text.chars().map(blank).nfc().collect();
    Some(Zeroizing::new(prepared))
}

/// Checks a new password; `known` is what is known of the person: name, address,
/// the organisation's name.
///
/// # Errors
/// Why it is not taken.
pub fn check(text: &str, known: &[&str]) -> Result<Zeroizing<String>, Weakness> {
    if text.is_empty() {
        return Err(Weakness::Missing);
    }
    if text.len() > LONGEST {
        return Err(Weakness::Long);
    }
    let prepared = prepared(text).ok_or(Weakness::Control)?;
    if prepared.chars().count() < SHORTEST {
        return Err(Weakness::Short);
    }
    let folded: String = prepared.to_lowercase();
    let different: std::collections::BTreeSet<char> = folded.chars().collect();
    if different.len() < DIFFERENT || left(&folded, &[]) < LEFT {
        return Err(Weakness::Common);
    }
    let words = words_of(known);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if left(&folded, &words) < LEFT {
        return Err(Weakness::Personal);
    }
    Ok(prepared)
}

/// The words of names and addresses, the longest first.
fn words_of(known: &[&str]) -> Vec<String> {
    let mut words: Vec<String> = known
        .iter()
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| word.chars().count() >= 3)
        .map(str::to_lowercase)
        .collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words
}

/// How much is left of a password, in letters (two digits count as one), when
/// common words, the given words and rows of characters are taken out.
fn left(folded: &str, words: &[&str]) -> usize {
    let mut rest: Vec<char> = folded.chars().collect();
    let mut plain: Vec<char> = rest.iter().copied().map(unmasked).collect();
    for word in words.iter().chain(COMMON.iter()) {
        let word: Vec<char> = word.chars().collect();
        take_out(&word, &mut rest, &mut plain);
    }
    let rest: String = rest.into_iter().collect();
    let rest = without_rows(&rest);
    let letters = rest.chars().filter(|c| c.is_alphabetic()).count();
    let digits = rest.chars().filter(char::is_ascii_digit).count();
    letters + digits / 2
}

/// Blanks a word out wherever it stands, as it is or with signs for letters.
fn take_out(word: &[char], rest: &mut [char], plain: &mut [char]) {
    for at in 0..rest.len() {
        let range = at..at + word.len();
        let stands = [&*rest, &*plain]
            .iter()
            .any(|form| form.get(range.clone()) == Some(word));
        if stands {
            for form in [&mut *rest, &mut *plain] {
                if let Some(place) = form.get_mut(range.clone()) {
                    place.fill(' ');
                }
            }
        }
    }
}

/// A letter for the sign that people write in its place.
const fn unmasked(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        c => c,
    }
}

/// The text without rows of three and more: 12345, abcd, 4321, aaaa.
fn without_rows(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut kept = String::new();
    let mut at = 0;
    while at < chars.len() {
        let length = chars.get(at..).map_or(1, row);
        if length < 3 {
            kept.extend(chars.get(at));
            at += 1;
        } else {
            kept.push(' ');
            at += length;
        }
    }
    kept
}

/// How many characters at the beginning go up, down or nowhere by the same step.
fn row(chars: &[char]) -> usize {
    let step = |pair: &[char]| match *pair {
        [a, b] if a.is_alphanumeric() && b.is_alphanumeric() => {
            Some(i64::from(u32::from(b)) - i64::from(u32::from(a)))
        }
        _ => None,
    };
    let mut steps = chars.windows(2).map(step);
    let Some(first) = steps.next().flatten().filter(|step| step.abs() <= 1) else {
        return 1;
    };
    2 + steps.take_while(|step| *step == Some(first)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 3] = [
        "Ada Lovelace",
        "ada.lovelace@northwind.example",
        "Northwind",
    ];

    #[test]
    fn what_is_taken() {
        for good in [
            "correct horse battery staple",
            "Tr0ub4dor&3-is-fine",
            "Str0ng-Passw0rd!",
            "żółta łódka płynie",
            "東京都庁舎前駅で待ち合わせよう",
            "ada likes engines a lot",
            "x7#Lm2!qPz9@",
            "the quick brown fox",
            "    padded  words    ",
        ] {
            assert!(
                check(good, &KNOWN).is_ok(),
                "{good}: {:?}",
                check(good, &KNOWN)
            );
        }
        assert!(check(&"äb cd ef".repeat(100), &KNOWN).is_ok());
    }

    #[test]
    fn what_is_not_taken() {
        use Weakness::{Common, Control, Long, Missing, Personal, Short};
        for (bad, why) in [
            ("", Missing),
            ("short", Short),
            ("elevenchars", Short),
            ("a\u{0}bcdefghijklmn", Control),
            ("line\nbreak and more", Control),
            ("aaaaaaaaaaaaaaaa", Common),
            ("abababababababab", Common),
            ("123456789012345", Common),
            ("abcdefghijklmnop", Common),
            ("password1234", Common),
            ("Passw0rd2024!!", Common),
            ("P@$$w0rd1234", Common),
            ("qwertyuiop123", Common),
            ("Willkommen123!", Common),
            ("admin-admin-admin", Common),
            ("doorward12345", Common),
            ("AdaLovelace1843", Personal),
            ("lovelace.ada99", Personal),
            ("Northwind2024!", Personal),
            ("northwind-example-ada", Personal),
        ] {
            assert_eq!(check(bad, &KNOWN).map(|_| ()), Err(why), "{bad}");
        }
        assert_eq!(check(&"ab cd ".repeat(200), &KNOWN).map(|_| ()), Err(Long));
    }

    #[test]
    fn keyboards_differ_and_passwords_do_not() {
        // U+0061 U+0308 and U+00E4; a no-break space and a blank.
        assert_eq!(
            prepared("za\u{308}hlwerk").unwrap(),
            prepared("z\u{e4}hlwerk").unwrap()
        );
        assert_eq!(prepared("a\u{a0}b").unwrap(), prepared("a b").unwrap());
        // Case counts, and so does the compatibility form.
        assert_ne!(prepared("Abc").unwrap(), prepared("abc").unwrap());
        assert_ne!(prepared("\u{fb01}").unwrap(), prepared("fi").unwrap());
        for none in ["", "\u{7}", &"a".repeat(LONGEST + 1)] {
            assert!(prepared(none).is_none());
        }
    }
}
