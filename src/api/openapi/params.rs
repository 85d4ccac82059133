//! Parameters that several routes take.

use serde_json::Value;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{AnyOfBuilder, KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{Ref, RefOr, Required, Schema};

use crate::api::paging::{LIMIT, MOST};
use crate::directory::applications::LONGEST_OVERLAP;

fn parameter(
    name: &str,
    place: ParameterIn,
    description: &str,
    schema: impl Into<RefOr<Schema>>,
) -> Parameter {
    let required = match place {
        ParameterIn::Path => Required::True,
        _ => Required::False,
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

fn uuid() -> ObjectBuilder {
    let format = SchemaFormat::KnownFormat(KnownFormat::Uuid);
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(format))
}

fn limit() -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(MOST))
        .default(Some(Value::from(LIMIT)));
    let description = "How many rows a page has at the most.";
    parameter("limit", ParameterIn::Query, description, schema)
}

const CURSOR: &str = "Where the page begins: the `next_cursor` of the page before. It is to be taken as it \
    is; empty for the first page.";

/// What a list takes whose cursors are ids.
pub(in crate::api) struct PageParams;

impl IntoParams for PageParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        // An empty one is the beginning.
        let empty = ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(0));
        let cursor = AnyOfBuilder::new().item(uuid()).item(empty);
        let cursor = Schema::AnyOf(cursor.build());
        vec![
            parameter("cursor", ParameterIn::Query, CURSOR, cursor),
            limit(),
        ]
    }
}

/// What a list takes that is small enough to be read whole.
pub(in crate::api) struct SliceParams;

impl IntoParams for SliceParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let offset = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[0-9]{0,9}$"));
        vec![
            parameter("cursor", ParameterIn::Query, CURSOR, offset),
            limit(),
        ]
    }
}

/// The id in a path.
pub(in crate::api) struct IdParam;

impl IntoParams for IdParam {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![parameter("id", ParameterIn::Path, "The id.", uuid())]
    }
}

/// The provider in a path.
pub(in crate::api) struct SlugParam;

impl IntoParams for SlugParam {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = Ref::from_schema_name("Slug");
        let description = "The name of the provider.";
        vec![parameter("slug", ParameterIn::Path, description, schema)]
    }
}

/// The application in a path.
pub(in crate::api) struct ApplicationParam;

impl IntoParams for ApplicationParam {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = Ref::from_schema_name("Slug");
        let description = "The name of the application.";
        vec![parameter("slug", ParameterIn::Path, description, schema)]
    }
}

/// How long a secret counts beside a new one.
pub(in crate::api) struct OverlapParam;

impl IntoParams for OverlapParam {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(0))
            .maximum(Some(LONGEST_OVERLAP))
            .default(Some(Value::from(0)));
        let description = "Seconds for which the secret so far counts, too.";
        vec![parameter(
            "keep_old_for",
            ParameterIn::Query,
            description,
            schema,
        )]
    }
}

/// The version that is to be changed.
pub(in crate::api) struct IfMatch;

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .examples(["\"7\""]);
        let description = "Changes only this version: the `ETag` of what was read (RFC 9110 §13.1.1). \
             Without it the last one to write wins.";
        vec![parameter(
            "if-match",
            ParameterIn::Header,
            description,
            schema,
        )]
    }
}
