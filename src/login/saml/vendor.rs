//! What the settings are called in the consoles of common IdPs.
//!
//! An admin who reads "the audience is wrong" looks for a field called audience
//! and finds none. The vendor is guessed from the metadata, for words only;
//! nothing is decided by it. All of these words stand here and nowhere else.

use url::Url;

use super::metadata::IdpMetadata;
use crate::domain::Field;

/// Who made the IdP, as far as its addresses tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    /// Okta.
    Okta,
    /// Microsoft Entra ID.
    Entra,
    /// Microsoft AD FS.
    AdFs,
    /// Google Workspace.
    Google,
    /// OneLogin.
    OneLogin,
    /// `PingOne` or `PingFederate`.
    Ping,
    /// Keycloak.
    Keycloak,
    /// Akamai Enterprise Application Access.
    Akamai,
    /// Any other.
    Other,
}

/// A setting of this gateway's application at an IdP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Where answers are sent.
    Acs,
    /// For whom answers are.
    Audience,
    /// What starts at the IdP bring along.
    RelayState,
    /// Where the IdP's metadata is to be had.
    Metadata,
    /// Which attributes are sent.
    Attributes,
    /// Who may use the application.
    Assignment,
    /// What answers are signed with, and whether.
    Signing,
    /// Whether answers are encrypted, and for which certificate.
    Encryption,
    /// Whether requests have to be signed.
    RequestSignatures,
    /// The identifier of the person.
    NameId,
}

impl Vendor {
    /// Every vendor, in the order in which people choose; the unknown one last.
    pub const ALL: [Self; 9] = [
        Self::Okta,
        Self::Entra,
        Self::AdFs,
        Self::Google,
        Self::Ping,
        Self::Keycloak,
        Self::OneLogin,
        Self::Akamai,
        Self::Other,
    ];

    /// Its word in forms and in the names of messages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Okta => "okta",
            Self::Entra => "entra-id",
            Self::AdFs => "ad-fs",
            Self::Google => "google-workspace",
            Self::OneLogin => "onelogin",
            Self::Ping => "ping",
            Self::Keycloak => "keycloak",
            Self::Akamai => "akamai",
            Self::Other => "other",
        }
    }

    /// The vendor of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vendor| vendor.word() == word)
    }

    /// What of its own records fills an attribute, where its console names such
    /// sources.
    #[must_use]
    pub const fn source(self, field: Field) -> Option<&'static str> {
        let all: [&'static str; 7] = match self {
            Self::Okta => [
                "user.email",
                "user.firstName",
                "user.lastName",
                "user.displayName",
                "user.login",
                "user.department",
                "user.title",
            ],
            Self::Entra => [
                "user.mail",
                "user.givenname",
                "user.surname",
                "user.displayname",
                "user.userprincipalname",
                "user.department",
                "user.jobtitle",
            ],
            Self::AdFs => [
                "E-Mail-Addresses",
                "Given-Name",
                "Surname",
                "Display-Name",
                "User-Principal-Name",
                "Department",
                "Title",
            ],
            Self::Google
            | Self::OneLogin
            | Self::Ping
            | Self::Keycloak
            | Self::Akamai
            | Self::Other => return None,
        };
        let [email, given, family, name, upn, department, title] = all;
        match field {
            Field::Email => Some(email),
            Field::GivenName => Some(given),
            Field::FamilyName => Some(family),
            Field::Name => Some(name),
            Field::Upn => Some(upn),
            Field::Department => Some(department),
            Field::JobTitle => Some(title),
            _ => None,
        }
    }

    /// Guesses.
    #[must_use]
    pub fn of(metadata: &IdpMetadata) -> Self {
        let addresses = [
            Some(&metadata.entity_id),
            metadata.sso_redirect.as_ref(),
            metadata.sso_post.as_ref(),
        ];
        let mut known = addresses.into_iter().flatten().map(|url| Self::behind(url));
        known
            .find(|vendor| *vendor != Self::Other)
            .unwrap_or(Self::Other)
    }

    fn behind(address: &str) -> Self {
        let Ok(url) = Url::parse(address) else {
            return Self::Other;
        };
        let host = url.host_str().unwrap_or_default();
        let within = |domain: &str| {
            host.strip_suffix(domain)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let path = url.path();
        if ["okta.com", "oktapreview.com", "okta-emea.com"]
            .into_iter()
            .any(within)
        {
            Self::Okta
        } else if [
            "sts.windows.net",
            "login.microsoftonline.com",
            "login.microsoftonline.us",
        ]
        .into_iter()
        .any(within)
        {
            Self::Entra
        } else if within("accounts.google.com") {
            Self::Google
        } else if within("onelogin.com") {
            Self::OneLogin
        } else if [
            "pingone.com",
            "pingone.eu",
            "pingone.ca",
            "pingone.asia",
            "pingidentity.com",
        ]
        .into_iter()
        .any(within)
            || path.ends_with("/SSO.saml2")
        {
            Self::Ping
        } else if within("akamai-access.com") {
            Self::Akamai
        } else if path.starts_with("/adfs/") {
            Self::AdFs
        } else if path.contains("/realms/") {
            Self::Keycloak
        } else {
            Self::Other
        }
    }

    /// What to call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Okta => "Okta",
            Self::Entra => "Microsoft Entra ID",
            Self::AdFs => "AD FS",
            Self::Google => "Google Workspace",
            Self::OneLogin => "OneLogin",
            Self::Ping => "Ping",
            Self::Keycloak => "Keycloak",
            Self::Akamai => "Akamai",
            Self::Other => "the IdP",
        }
    }

    /// What a setting is called there and where it stands.
    #[must_use]
    pub const fn place(self, setting: Setting) -> &'static str {
        match setting {
            Setting::Acs => self.acs(),
            Setting::Audience => self.audience(),
            Setting::RelayState => self.relay_state(),
            Setting::Metadata => self.metadata(),
            Setting::Attributes => self.attributes(),
            Setting::Assignment => self.assignment(),
            Setting::Signing => self.signing(),
            Setting::Encryption => self.encryption(),
            Setting::RequestSignatures => self.request_signatures(),
            Setting::NameId => self.name_id(),
        }
    }

    const fn acs(self) -> &'static str {
        match self {
            Self::Okta => "\"Single sign-on URL\" (General → SAML Settings → Edit)",
            Self::Entra => {
                "\"Reply URL (Assertion Consumer Service URL)\" (Single sign-on → Basic SAML Configuration)"
            }
            Self::AdFs => {
                "the \"SAML Assertion Consumer Endpoint\" (relying party trust → Properties → Endpoints)"
            }
            Self::Google => "\"ACS URL\" (Service provider details)",
            Self::OneLogin => {
                "\"ACS (Consumer) URL\", \"ACS (Consumer) URL Validator\" and \"Recipient\" (Configuration)"
            }
            Self::Ping => "\"ACS URLs\" (PingFederate: \"Assertion Consumer Service URL\")",
            Self::Keycloak => {
                "\"Valid redirect URIs\" and \"Master SAML Processing URL\" (client → Settings)"
            }
            Self::Akamai => "\"ACS URL\" (SAML settings)",
            Self::Other => "the ACS URL (also called reply URL or single sign-on URL)",
        }
    }

    const fn audience(self) -> &'static str {
        match self {
            Self::Okta => "\"Audience URI (SP Entity ID)\" (General → SAML Settings → Edit)",
            Self::Entra => "\"Identifier (Entity ID)\" (Single sign-on → Basic SAML Configuration)",
            Self::AdFs => {
                "the \"Relying party identifiers\" (relying party trust → Properties → Identifiers)"
            }
            Self::Google => "\"Entity ID\" (Service provider details)",
            Self::OneLogin => "\"Audience (EntityID)\" (Configuration)",
            Self::Ping => "\"Entity ID\" (PingFederate: \"Partner's Entity ID\")",
            Self::Keycloak => "\"Client ID\" (client → Settings)",
            Self::Akamai => "\"Entity ID\" (SAML settings)",
            Self::Other => "the entity ID of this application (also called audience or identifier)",
        }
    }

    const fn relay_state(self) -> &'static str {
        match self {
            Self::Okta => "\"Default RelayState\" (General → SAML Settings → Edit)",
            Self::Entra => "\"Relay State (Optional)\" (Single sign-on → Basic SAML Configuration)",
            Self::Google => "\"Start URL\" (Service provider details)",
            Self::OneLogin => "\"RelayState\" (Configuration)",
            Self::Ping => "\"Target Application URL\" (PingFederate: \"Default target URL\")",
            Self::Keycloak => "\"IDP-Initiated SSO Relay State\" (client → Settings)",
            Self::Akamai => "\"Default relay state\" (SAML settings)",
            Self::AdFs | Self::Other => "the default RelayState of this application",
        }
    }

    const fn metadata(self) -> &'static str {
        match self {
            Self::Okta => "\"Metadata URL\" (Sign On)",
            Self::Entra => "\"Federation Metadata XML\" (Single sign-on → SAML Certificates)",
            Self::AdFs => "https://…/FederationMetadata/2007-06/FederationMetadata.xml",
            Self::Google => "\"Download metadata\" (the app's page)",
            Self::OneLogin => "\"SAML Metadata\" (More Actions)",
            Self::Ping => "\"IDP Metadata URL\" (Configuration)",
            Self::Keycloak => {
                "\"SAML 2.0 Identity Provider Metadata\" (Realm settings → Endpoints)"
            }
            Self::Akamai => "\"Download\" (IDP information)",
            Self::Other => "its metadata address or file",
        }
    }

    const fn attributes(self) -> &'static str {
        match self {
            Self::Okta => {
                "\"Attribute Statements\" (Sign On, in older consoles General → SAML Settings)"
            }
            Self::Entra => "\"Attributes & Claims\" (Single sign-on)",
            Self::AdFs => "\"Edit Claim Issuance Policy…\" of the relying party trust",
            Self::Google => "\"SAML attribute mapping\"",
            Self::OneLogin => "\"Parameters\", with \"Include in SAML assertion\" ticked",
            Self::Ping => "\"Attribute Mappings\" (PingFederate: \"Attribute contract\")",
            Self::Keycloak => "the mappers of the client's dedicated scope (Client scopes)",
            Self::Akamai => "\"Attribute mapping\"",
            Self::Other => "the attributes that it releases to this application",
        }
    }

    const fn assignment(self) -> &'static str {
        match self {
            Self::Okta => "\"Assignments\"",
            Self::Entra => "\"Users and groups\" of the enterprise application",
            Self::AdFs => "\"Edit Access Control Policy…\" of the relying party trust",
            Self::Google => "\"User access\"",
            Self::OneLogin => "\"Access\" or \"Users\"",
            Self::Ping => "\"Access\"",
            Self::Akamai => "the directories and groups of \"Authentication\"",
            Self::Keycloak | Self::Other => "the list of those who may use this application",
        }
    }

    const fn signing(self) -> &'static str {
        match self {
            Self::Okta => {
                "\"Assertion Signature\", \"Signature Algorithm\" and \"Digest Algorithm\" (General → SAML Settings → Show Advanced Settings)"
            }
            Self::Entra => {
                "\"Signing Option\" and \"Signing Algorithm\" (SAML Certificates → Edit)"
            }
            Self::AdFs => "the secure hash algorithm (relying party trust → Properties → Advanced)",
            Self::Google => "\"Signed response\" (Service provider details)",
            Self::OneLogin => {
                "\"SAML Signature Algorithm\" (SSO) and \"SAML signature element\" (Configuration)"
            }
            Self::Ping => "\"Sign Assertion\" and its algorithm (Configuration)",
            Self::Keycloak => "\"Sign assertions\" and \"Signature algorithm\" (client → Settings)",
            Self::Akamai => "\"Response signing algorithm\" (SAML settings)",
            Self::Other => "how it signs its answers",
        }
    }

    const fn encryption(self) -> &'static str {
        match self {
            Self::Okta => {
                "\"Assertion Encryption\" (General → SAML Settings → Show Advanced Settings)"
            }
            Self::Entra => "\"Token encryption\" of the enterprise application",
            Self::AdFs => "relying party trust → Properties → Encryption",
            Self::OneLogin => "\"Encrypt assertion\" (Configuration)",
            Self::Keycloak => "\"Encrypt assertions\" (client → Keys)",
            Self::Google | Self::Ping | Self::Akamai | Self::Other => {
                "the encryption certificate of this application"
            }
        }
    }

    const fn request_signatures(self) -> &'static str {
        match self {
            Self::Okta => {
                "\"Signature Certificate\" and \"Signed Requests\" (General → SAML Settings → Show Advanced Settings)"
            }
            Self::Entra => "\"Verification certificates\" (SAML Certificates)",
            Self::AdFs => "relying party trust → Properties → Signature",
            Self::Keycloak => "\"Client signature required\" (client → Keys)",
            Self::Ping => "\"Enforce Signed AuthnRequest\" (Configuration)",
            Self::Google | Self::OneLogin | Self::Akamai | Self::Other => {
                "the certificate with which it checks our requests"
            }
        }
    }

    const fn name_id(self) -> &'static str {
        match self {
            Self::Okta => "\"Name ID format\" (General → SAML Settings → Edit)",
            Self::Entra => "\"Unique User Identifier (Name ID)\" (Attributes & Claims)",
            Self::AdFs => {
                "the rule that issues the outgoing claim type \"Name ID\" (Edit Claim Issuance Policy…)"
            }
            Self::Google => "\"Name ID format\" (Service provider details)",
            Self::OneLogin => "\"SAML nameID format\" (Configuration)",
            Self::Ping => "\"Subject NameID Format\" (Configuration)",
            Self::Keycloak => "\"Name ID format\" (client → Settings)",
            Self::Akamai => "\"NameID format\" (SAML settings)",
            Self::Other => "the NameID format of this application",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::login::saml::metadata;

    #[test]
    fn the_fixtures_are_known_by_their_addresses() {
        for (folder, vendor) in [
            ("okta", Vendor::Okta),
            ("entra-id", Vendor::Entra),
            ("adfs", Vendor::AdFs),
            ("google-workspace", Vendor::Google),
            ("onelogin", Vendor::OneLogin),
            ("pingone", Vendor::Ping),
            ("pingfederate", Vendor::Ping),
            ("keycloak", Vendor::Keycloak),
            ("akamai", Vendor::Akamai),
            ("shibboleth", Vendor::Other),
            ("simplesamlphp", Vendor::Other),
        ] {
            let path = format!(
                "{}/idp-metadata-fixtures/{folder}/metadata.xml",
                env!("CARGO_MANIFEST_DIR")
            );
            let xml = std::fs::read(&path).unwrap();
            let now = Timestamp::parse_rfc3339("2026-11-21T20:15:30Z").unwrap();
            let metadata = metadata::parse(&xml, None, now).unwrap();
            assert_eq!(Vendor::of(&metadata), vendor, "{folder}");
        }
    }

    #[test]
    fn a_name_in_another_domain_is_not_believed() {
        for address in [
            "https://okta.com.evil.example/x",
            "https://notokta.com/x",
            "https://idp.example/?x=okta.com",
            "okta.com",
        ] {
            assert_eq!(Vendor::behind(address), Vendor::Other, "{address}");
        }
    }
}
