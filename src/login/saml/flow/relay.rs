//! The RelayState that turns an IdP-initiated login into an SP-initiated one.

/// The word to configure at an IdP.
pub const INITIATE: &str = "initiate-sp-login";

/// Whether a RelayState asks for an SP-initiated login: the word itself, or the
/// word as a parameter of a URL, percent-encoded up to twice (AD FS does).
#[must_use]
pub fn asks_for_sp_login(relay_state: &str) -> bool {
    let relay_state = relay_state.trim();
    if relay_state.len() > 2048 {
        return false;
    }
    let once = decoded(relay_state);
    let twice = decoded(&once);
    [relay_state, &once, &twice].into_iter().any(has_word)
}

fn has_word(text: &str) -> bool {
    text == INITIATE
        || text
            .split(['?', '&', '=', '#', ';'])
            .skip(1)
            .any(|part| part == INITIATE)
}

fn decoded(text: &str) -> String {
    let value = format!("v={}", text.replace('&', "%26"));
    url::form_urlencoded::parse(value.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_in_its_forms() {
        for yes in [
            "initiate-sp-login",
            " initiate-sp-login ",
            "https://sso.example.com/?RelayState=initiate-sp-login",
            "https://sso.example.com/login?a=b&initiate-sp-login",
            "https%3A%2F%2Fsso.example.com%2F%3FRelayState%3Dinitiate-sp-login",
            "RPID%3Dhttps%253A%252F%252Fsso%26RelayState%3Dinitiate-sp-login",
            "RPID=urn%3Asso&RelayState=initiate-sp-login",
        ] {
            assert!(asks_for_sp_login(yes), "{yes}");
        }
        for no in [
            "",
            "initiate-sp-login2",
            "INITIATE-SP-LOGIN",
            "no-initiate-sp-login",
            "https://evil.example/initiate-sp-login",
            "https://sso.example.com/?x=initiate-sp-login-not",
        ] {
            assert!(!asks_for_sp_login(no), "{no}");
        }
        assert!(!asks_for_sp_login(&format!(
            "{}?x=initiate-sp-login",
            "a".repeat(4000)
        )));
    }
}
