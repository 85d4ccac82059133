//! Bodies that are read key by key, as schemas. The bounds are those of the
//! code that reads them.

use serde_json::{Value, json};
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::api::groups::{LONGEST_DESCRIPTION, READ_ONLY as GROUP_KEYS};
use crate::api::tokens::LONGEST_NAME;
use crate::api::user_shape::READ_ONLY as USER_KEYS;
use crate::directory::edit::{LONGEST_ATTRIBUTE, attribute_names};
use crate::directory::identifiers::MOST as MOST_CLEARED;
use crate::directory::passkeys::{KeyKind, LONGEST_NAME as LONGEST_KEY_NAME};
use crate::directory::reconcile::longest;
use crate::directory::webhooks::{LONGEST_DESCRIPTION as LONGEST_WEBHOOK_DESCRIPTION, LONGEST_URL};
use crate::domain::address::LONGEST_NAME_KEY;
use crate::domain::{Application, Field, Provider, Role, Scope, Status, WebhookEvent};

/// A text that may be `null`: empty.
fn nullable(kind: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::from_iter([kind, Type::Null]))
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

const fn known(format: KnownFormat) -> SchemaFormat {
    SchemaFormat::KnownFormat(format)
}

/// An object that has the keys which it names and no other.
fn closed(description: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(description))
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
}

fn words<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> ObjectBuilder {
    text().enum_values(Some(all.iter().map(|word| name(*word))))
}

fn attributes(field: Field) -> ObjectBuilder {
    let set = nullable(Type::Object)
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
        .description(Some("Keys that are left out stay; `null` takes one away."));
    attribute_names(field).fold(set, |set, name| {
        let value = nullable(Type::String).max_length(Some(LONGEST_ATTRIBUTE));
        set.property(name, value)
    })
}

/// A field of a user.
fn field(field: Field) -> ObjectBuilder {
    let text = nullable(Type::String).max_length(Some(longest(field)));
    match field {
        Field::ExtensionAttributes | Field::CustomAttributes => attributes(field),
        Field::ValidFrom | Field::ValidTo => nullable(Type::String)
            .format(Some(known(KnownFormat::DateTime)))
            .description(Some("Nobody signs in outside the two moments.")),
        Field::Upn | Field::UserName => text.max_length(Some(LONGEST_NAME_KEY)),
        Field::Email => text.format(Some(known(KnownFormat::Email))),
        _ => text,
    }
}

fn user(description: &str, statuses: &[Status]) -> ObjectBuilder {
    let object = Field::ALL.iter().fold(closed(description), |object, f| {
        object.property(f.name(), field(*f))
    });
    let roles = ArrayBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Array, Type::Null]))
        .items(RefOr::<Schema>::from(Ref::from_schema_name(Role::name())));
    object
        .property("status", words(statuses, Status::as_str))
        .property("roles", roles)
}

macro_rules! inputs {
    ($($(#[$doc:meta])* $name:ident($($part:ty),*) = $schema:expr;)+) => {
        $(
            $(#[$doc])*
            pub(in crate::api) struct $name;

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    $schema.into()
                }
            }

            impl ToSchema for $name {
                fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                    $(
                        schemas.push((<$part>::name().into_owned(), <$part>::schema()));
                        <$part>::schemas(schemas);
                    )*
                    let _ = schemas;
                }
            }
        )+
    };
}

inputs! {
    /// The body of `POST /users`.
    UserInput(Role) = user("A new user.", &[Status::Active, Status::Inactive])
        .property("email", text().min_length(Some(1)).format(Some(known(KnownFormat::Email))))
        .property("invite", nullable(Type::Boolean))
        .required("email")
        .examples([json!({"email": "ada@example.com", "name": "Ada Lovelace"})]);

    /// The body of `PATCH /users/{id}`.
    UserPatch(Role) = with_read_only(user("A merge patch of a user.", Status::ALL), &USER_KEYS)
        .property("email", text().min_length(Some(1)).format(Some(known(KnownFormat::Email))))
        .examples([json!({"department": "Engines", "phone": null})]);

    /// The body of `POST /users/clear-identifiers`.
    ClearingInput() = clearing();

    /// The body of `POST /groups`.
    GroupInput() = group("A new group.")
        .required("name")
        .examples([json!({"name": "Engineering"})]);

    /// The body of `PATCH /groups/{id}`.
    GroupPatch() = with_read_only(group("A merge patch of a group."), &GROUP_KEYS)
        .examples([json!({"description": null})]);

    /// The body of `POST /tokens`.
    TokenInput(Scope) = closed("A new token.")
        .property("name", text().min_length(Some(1)).max_length(Some(LONGEST_NAME)))
        .property(
            "scopes",
            ArrayBuilder::new()
                .items(RefOr::<Schema>::from(Ref::from_schema_name(Scope::name())))
                .min_items(Some(1))
                .description(Some("`scim` stands alone.")),
        )
        .property(
            "expires_at",
            nullable(Type::String)
                .format(Some(known(KnownFormat::DateTime)))
                .description(Some("A moment in the future; `null` for a token that lasts.")),
        )
        .required("name")
        .required("scopes")
        .examples([json!({"name": "ci", "scopes": ["users:read"]})]);

    /// The body of `POST /webhooks`.
    WebhookInput(WebhookEvent) = webhook("A new webhook.")
        .required("url")
        .examples([json!({"url": "https://example.com/hook", "events": ["user.created"]})]);

    /// The body of `PATCH /webhooks/{id}`.
    WebhookPatch(WebhookEvent) = webhook("A merge patch of a webhook.")
        .examples([json!({"enabled": false})]);
    /// The body of `POST /users/{id}/passkeys`.
    PasskeyInput(KeyKind) = closed("A key that waits for its person.")
        .property("name", text().min_length(Some(1)).max_length(Some(LONGEST_KEY_NAME)))
        .property("kind", RefOr::<Schema>::from(Ref::from_schema_name(KeyKind::name())))
        .property("mail", nullable(Type::Boolean))
        .required("name")
        .examples([json!({"name": "Blue card", "kind": "card", "mail": true})]);

    /// The body of `PATCH /users/{id}/passkeys/{passkey}`.
    PasskeyPatch() = closed("A merge patch of a passkey.")
        .property("name", text().min_length(Some(1)).max_length(Some(LONGEST_KEY_NAME)))
        .examples([json!({"name": "Phone"})]);

    /// The body of `PATCH /settings`.
    SettingsPatch() = closed("A merge patch of the settings.")
        .property(
            "allowed_domains",
            ArrayBuilder::new()
                .schema_type(SchemaType::from_iter([Type::Array, Type::Null]))
                .items(RefOr::<Schema>::from(Schema::from(text().min_length(Some(1)))))
                .description(Some(
                    "Exact domains, `*.example.com` for the levels below, `*` for all.",
                )),
        )
        .property("home_realm_discovery", nullable(Type::Boolean))
        .property("password_login", nullable(Type::Boolean))
        .property("passkeys", nullable(Type::Boolean))
        .examples([json!({"home_realm_discovery": true})]);

    /// The body of `PUT /providers/{slug}`.
    ProviderReplacement(Provider) = replacement(
        Provider::schema(),
        "A provider whose slug may be left to the path.",
        example_provider(),
    );

    /// The body of `PUT /applications/{slug}`.
    ApplicationReplacement(Application) = replacement(
        Application::schema(),
        "An application whose slug may be left to the path.",
        example_application(),
    );

    /// The body of `PATCH /applications/{slug}`.
    /// [`super::finish`] makes a patch of it.
    ApplicationPatch(Application) = Application::schema();

    /// The body of `PATCH /providers/{slug}`.
    /// [`super::finish`] makes a patch of it.
    ProviderPatch(Provider) = Provider::schema();
}

fn clearing() -> ObjectBuilder {
    let texts = |description: &str, of: ObjectBuilder| {
        ArrayBuilder::new()
            .items(RefOr::<Schema>::from(Schema::from(of)))
            .max_items(Some(MOST_CLEARED))
            .description(Some(description))
    };
    let flag = |description: &str| {
        ObjectBuilder::new()
            .schema_type(Type::Boolean)
            .default(Some(Value::from(false)))
            .description(Some(description))
    };
    let uuid = || text().format(Some(known(KnownFormat::Uuid)));
    closed("Whose UPNs and external ids are cleared: at least one of `users`, `names` and `group`.")
        .property("users", texts("These users.", uuid()))
        .property("names", texts("The users of these e-mail addresses or UPNs.", text().min_length(Some(1))))
        .property("group", uuid().description(Some("The members of this group.")))
        .property("administrators", flag("Administrators among them, too. Nobody is linked to an administrator by address: they need another way in."))
        .property("oneself", flag("Whoever asks, too."))
        .property("dry_run", flag("Only say what would be cleared."))
        .property("digest", text().description(Some("The `digest` of a dry run: clears exactly those people as they were, or nobody.")))
        .examples([json!({"names": ["ada@example.com"], "dry_run": true})])
}

/// What only the gateway writes may stand in a patch as it is: a script may send
/// back what it read.
fn with_read_only(object: ObjectBuilder, keys: &[&str]) -> ObjectBuilder {
    keys.iter().fold(object, |object, key| {
        let any = ObjectBuilder::new()
            .schema_type(SchemaType::any())
            .description(Some("As it was read; it cannot be set."));
        object.property(*key, any)
    })
}

fn group(description: &str) -> ObjectBuilder {
    closed(description)
        .property(
            "name",
            text()
                .min_length(Some(1))
                .max_length(Some(LONGEST_NAME_KEY)),
        )
        .property(
            "description",
            nullable(Type::String).max_length(Some(LONGEST_DESCRIPTION)),
        )
}

fn webhook(description: &str) -> ObjectBuilder {
    closed(description)
        .property(
            "url",
            text()
                .min_length(Some(1))
                .max_length(Some(LONGEST_URL))
                .format(Some(SchemaFormat::Custom("uri".to_owned()))),
        )
        .property(
            "description",
            nullable(Type::String).max_length(Some(LONGEST_WEBHOOK_DESCRIPTION)),
        )
        .property(
            "events",
            ArrayBuilder::new()
                .items(RefOr::<Schema>::from(Ref::from_schema_name(
                    WebhookEvent::name(),
                )))
                .min_items(Some(1))
                .description(Some("What it is told; everything where none are named.")),
        )
        .property("enabled", ObjectBuilder::new().schema_type(Type::Boolean))
}

/// What is named by the path, with or without its slug.
fn replacement(mut schema: RefOr<Schema>, description: &str, example: Value) -> RefOr<Schema> {
    if let RefOr::T(Schema::Object(object)) = &mut schema {
        object.required.retain(|key| key != "slug");
        object.description = Some(description.to_owned());
        object.examples = vec![example];
    }
    schema
}

/// An application in short.
pub(in crate::api) fn example_application() -> Value {
    json!({
        "slug": "wiki",
        "name": "Wiki",
        "kind": "oidc",
        "access": "internal",
        "redirect_uris": ["https://wiki.example.com/callback"]
    })
}

/// A provider in short.
pub(in crate::api) fn example_provider() -> Value {
    json!({
        "slug": "okta",
        "kind": "saml",
        "label": "SSO Login",
        "allowed_domains": ["example.com"],
        "saml": {"metadata_xml": "<EntityDescriptor …/>"}
    })
}
