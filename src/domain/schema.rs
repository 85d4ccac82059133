//! The vocabulary in JSON Schema: what the API's document says of an id, a
//! slug, a moment and a reference. It stands here so that it is read beside
//! the types that it describes.

use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::ids::EventId;
use super::{ConflictId, GroupId, Reference, Slug, Timestamp, TokenId, TraceId, UserId, WebhookId};

/// A text.
fn text(description: &str, example: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .examples([example])
}

/// One word of a closed list.
pub(crate) fn words(description: &str, all: impl Iterator<Item = &'static str>) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description.trim()))
        .enum_values(Some(all))
        .into()
}

const fn known(format: KnownFormat) -> SchemaFormat {
    SchemaFormat::KnownFormat(format)
}

macro_rules! ids {
    ($($name:ident = $description:literal),+ $(,)?) => {
        $(
            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    text($description, "01937b5c-8f0e-7c1a-9d2e-3f4a5b6c7d8e")
                        .format(Some(known(KnownFormat::Uuid)))
                        .into()
                }
            }

            impl ToSchema for $name {}
        )+
    };
}

ids! {
    UserId = "The id of a user, a UUIDv7 (RFC 9562).",
    GroupId = "The id of a group, a UUIDv7 (RFC 9562).",
    TokenId = "The id of an API token, a UUIDv7 (RFC 9562).",
    TraceId = "The id of a login trace, a UUIDv7 (RFC 9562).",
    EventId = "The id of an audit event, a UUIDv7 (RFC 9562).",
    WebhookId = "The id of a webhook or of one of its messages, a UUIDv7 (RFC 9562).",
    ConflictId = "The id of a refused link, a UUIDv7 (RFC 9562).",
}

impl PartialSchema for Slug {
    fn schema() -> RefOr<Schema> {
        text("A name in URLs. It never changes.", "okta")
            .pattern(Some("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))
            .min_length(Some(1))
            .max_length(Some(63))
            .into()
    }
}

impl ToSchema for Slug {}

impl PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        text("A moment, RFC 3339 in UTC.", "2026-11-21T20:15:30.123Z")
            .format(Some(known(KnownFormat::DateTime)))
            .into()
    }
}

impl ToSchema for Timestamp {}

impl PartialSchema for Reference {
    fn schema() -> RefOr<Schema> {
        text(
            "The short code that a person reads out to the help desk; it finds the log line and the login trace.",
            "K7QF-2M9D",
        )
        .pattern(Some("^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$"))
        .into()
    }
}

impl ToSchema for Reference {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Entropy;

    #[test]
    fn every_reference_has_the_letters_that_its_pattern_allows() {
        let allowed = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        for _ in 0..100 {
            let text = Reference::new(&Entropy::System).to_string();
            assert!(text.replace('-', "").chars().all(|c| allowed.contains(c)));
        }
    }
}
