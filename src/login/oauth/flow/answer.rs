//! The authorization response (RFC 6749 §4.1.2): what the browser comes back
//! with.

/// Longest parameter in octets: codes of Microsoft have some 1,500.
const LONGEST: usize = 8 * 1024;

/// What came, each parameter at most once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// Names the sign-in.
    pub state: Option<String>,
    /// To redeem.
    pub code: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
    /// In the provider's words.
    pub error_description: Option<String>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
}

impl Answer {
    /// Reads a query. A parameter that stands twice is an error: each reader
    /// might take another one (RFC 6749 §3.1).
    pub fn read(query: &str) -> Result<Self, &'static str> {
        let mut answer = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let slot = match name.as_ref() {
                "state" => &mut answer.state,
                "code" => &mut answer.code,
                "error" => &mut answer.error,
                "error_description" => &mut answer.error_description,
                "iss" => &mut answer.iss,
                _ => continue,
            };
            if value.len() > LONGEST {
                return Err("A parameter of the answer is longer than any provider's.");
            }
            if slot.replace(value.into_owned()).is_some() {
                return Err("The answer carries a parameter twice.");
            }
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_parameter_once() {
        let answer =
            Answer::read("code=c%2B1&state=s&iss=https%3A%2F%2Fid&session_state=x").unwrap();
        assert_eq!(answer.code.as_deref(), Some("c+1"));
        assert_eq!(answer.iss.as_deref(), Some("https://id"));
        for twice in [
            "code=1&code=2",
            "state=1&state=1",
            "iss=&iss=",
            "error=a&error=b",
        ] {
            assert!(Answer::read(twice).is_err(), "{twice}");
        }
        assert!(Answer::read(&format!("code={}", "x".repeat(LONGEST + 1))).is_err());
        assert_eq!(Answer::read("").unwrap(), Answer::default());
    }
}
