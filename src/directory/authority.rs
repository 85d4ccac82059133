//! Whose word counts, field by field: SCIM beats directory sync beats login
//! beats import beats manual. Pure.

use crate::domain::{Field, Source, User};

/// How much a kind of channel's word weighs.
#[must_use]
pub const fn rank(source: Source) -> u8 {
    match source {
        Source::Scim => 5,
        Source::GoogleGroups | Source::Entra => 4,
        Source::Saml | Source::Oauth => 3,
        Source::Import | Source::Sftp => 2,
        Source::Manual => 1,
    }
}

/// Who keeps a field against a channel, if anybody: the field's owner, when its
/// word weighs more. A field that is empty is anybody's.
#[must_use]
pub fn kept_by(user: &User, field: Field, source: Source) -> Option<Source> {
    user.profile.get(field)?;
    user.owners
        .get(&field)
        .copied()
        .filter(|owner| rank(*owner) > rank(source))
}
