//! The demo persons, and what the forms of the demo IdP carry.

use serde::Deserialize;

/// Somebody who can sign in here, as the form shows and returns them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Person {
    /// The identifier that never changes: the NameID, unless it is transient
    /// or the address.
    pub subject: String,
    /// The name to show.
    pub name: String,
    /// Given name; not sent when empty, like every field.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// User principal name.
    pub upn: String,
    /// E-mail address.
    pub email: String,
    /// Department.
    pub department: String,
    /// Job title.
    pub job_title: String,
}

/// The persons on offer. They come from several domains, one of them
/// internationalised, so that `allowed_domains` can be tried out.
pub fn people() -> Vec<Person> {
    [
        ["Ada", "Lovelace", "ada@example.com", "Research", "Analyst"],
        [
            "Grace",
            "Hopper",
            "grace@example.com",
            "Engineering",
            "Head of Compilers",
        ],
        [
            "Alan",
            "Turing",
            "alan@labs.example.com",
            "Labs",
            "Researcher",
        ],
        [
            "Zoë",
            "Königsmann",
            "zoe@xn--bcher-kva.example",
            "Vertrieb",
            "Buchhändlerin",
        ],
        [
            "Minh Anh",
            "Nguyễn",
            "minh.anh@example.org",
            "Finance",
            "Accountant",
        ],
        [
            "Sam",
            "Partner",
            "sam@partner.example",
            "External",
            "Consultant",
        ],
    ]
    .map(
        |[given_name, family_name, email, department, job_title]| Person {
            subject: format!("demo-{}", email.split('@').next().unwrap_or_default()),
            name: format!("{given_name} {family_name}"),
            given_name: given_name.to_owned(),
            family_name: family_name.to_owned(),
            upn: email.to_owned(),
            email: email.to_owned(),
            department: department.to_owned(),
            job_title: job_title.to_owned(),
        },
    )
    .into()
}

/// The demo person whose subject is `subject`.
pub fn find(subject: &str) -> Option<Person> {
    people()
        .into_iter()
        .find(|person| person.subject == subject)
}

impl Person {
    /// The first letters of given and family name.
    pub fn initials(&self) -> String {
        [&self.given_name, &self.family_name]
            .iter()
            .filter_map(|name| name.chars().next())
            .collect()
    }

    /// The attributes that are sent, under the names that Entra ID and AD FS
    /// use; empty ones are left out.
    pub fn attributes(&self) -> Vec<(&'static str, &str)> {
        [
            (
                "http://schemas.microsoft.com/identity/claims/displayname",
                &self.name,
            ),
            (
                "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
                &self.given_name,
            ),
            (
                "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
                &self.family_name,
            ),
            (
                "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
                &self.upn,
            ),
            (
                "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
                &self.email,
            ),
            ("department", &self.department),
            ("jobtitle", &self.job_title),
        ]
        .into_iter()
        .filter(|(_, value)| !value.trim().is_empty())
        .map(|(name, value)| (name, value.trim()))
        .collect()
    }
}
