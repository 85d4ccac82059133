//! What an application wants of a sign-in (OpenID Connect Core §3.1.2.1), on its way
//! to the provider: that the person signs in anew, or chooses an account. Every
//! protocol says it in its own words.

/// The query parameter of `/login` and of the starts that carries it.
pub const PARAMETER: &str = "prompt";

/// What is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prompt {
    /// Nothing in particular: whoever is signed in there comes in.
    #[default]
    None,
    /// The person proves anew who they are, signed in there or not.
    Login,
    /// The person chooses among accounts.
    SelectAccount,
}

impl Prompt {
    /// What a word of the standard wants; nothing where it is none of these.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        let known = [Self::Login, Self::SelectAccount];
        let found = known.into_iter().find(|prompt| prompt.word() == Some(word));
        found.unwrap_or_default()
    }

    /// The standard's word.
    #[must_use]
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Login => Some("login"),
            Self::SelectAccount => Some("select_account"),
        }
    }

    /// What the query of a start wants.
    #[must_use]
    pub fn asked(query: &str) -> Self {
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == PARAMETER)
            .map_or(Self::None, |(_, word)| Self::parse(&word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_standard() {
        assert_eq!(Prompt::asked("rd=%2F&prompt=login"), Prompt::Login);
        assert_eq!(
            Prompt::asked("prompt=select_account"),
            Prompt::SelectAccount
        );
        for nothing in [
            "",
            "prompt=",
            "prompt=none",
            "prompt=consent",
            "Prompt=login",
        ] {
            assert_eq!(Prompt::asked(nothing), Prompt::None, "{nothing}");
        }
    }
}
