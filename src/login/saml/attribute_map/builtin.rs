//! The names that IdPs use without being asked.

use super::Target;
use crate::domain::Field;

/// Entra sends this instead of the groups when there are more than 150.
pub(super) const GROUPS_LINK: &str = "http://schemas.microsoft.com/claims/groups.link";

/// The built-in names of a target, in the order in which they are tried.
pub(super) fn names(target: Target) -> Vec<&'static str> {
    match target {
        Target::Field(field) => field_names(field).to_vec(),
        Target::Groups => vec![
            "http://schemas.xmlsoap.org/claims/Group",
            "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
            "groups",
            "memberOf",
        ],
        // Nobody sends one without being told to.
        Target::ScimId => Vec::new(),
    }
}

/// For the sets of numbered attributes: what stands before the number, and how
/// many there are.
pub(super) const fn numbered(target: Target) -> Option<(&'static str, usize)> {
    match target {
        Target::Field(Field::ExtensionAttributes) => Some(("extensionAttribute", 10)),
        Target::Field(Field::CustomAttributes) => Some(("spCustomAttribute", 5)),
        _ => None,
    }
}

const fn field_names(field: Field) -> &'static [&'static str] {
    match field {
        Field::Upn => &[
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
            "http://schemas.xmlsoap.org/claims/UPN",
            // eduPersonPrincipalName, uid
            "urn:oid:1.3.6.1.4.1.5923.1.1.1.6",
            "urn:oid:0.9.2342.19200300.100.1.1",
            "upn",
            "userPrincipalName",
            "login",
        ],
        Field::Email => &[
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
            // mail
            "urn:oid:0.9.2342.19200300.100.1.3",
            "http://schemas.xmlsoap.org/claims/EmailAddress",
            // emailAddress of PKCS #9
            "urn:oid:1.2.840.113549.1.9.1",
            "email",
            "mail",
        ],
        Field::Name => &[
            "http://schemas.microsoft.com/identity/claims/displayname",
            // displayName
            "urn:oid:2.16.840.1.113730.3.1.241",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
            "http://schemas.xmlsoap.org/claims/CommonName",
            // cn
            "urn:oid:2.5.4.3",
            "displayName",
            "name",
            "cn",
        ],
        Field::GivenName => &[
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
            "urn:oid:2.5.4.42",
            "givenName",
            "firstName",
        ],
        Field::FamilyName => &[
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
            "urn:oid:2.5.4.4",
            "surname",
            "sn",
            "lastName",
        ],
        Field::Department => &["department", "urn:oid:2.5.4.11"],
        Field::JobTitle => &["jobtitle", "jobTitle", "title", "urn:oid:2.5.4.12"],
        Field::CostCenter => &["costcenters", "costcenter"],
        Field::ExtensionAttributes => &[
            "extensionAttribute1",
            "extensionAttribute2",
            "extensionAttribute3",
            "extensionAttribute4",
            "extensionAttribute5",
            "extensionAttribute6",
            "extensionAttribute7",
            "extensionAttribute8",
            "extensionAttribute9",
            "extensionAttribute10",
        ],
        Field::UserName
        | Field::Phone
        | Field::Mobile
        | Field::Language
        | Field::CustomAttributes
        | Field::PhotoUrl
        | Field::ValidFrom
        | Field::ValidTo => &[],
    }
}
