//! Bodies that carry an IdP's metadata: larger than others may be, and with an
//! answer that is heard even when they are larger still.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use http_body_util::BodyExt as _;
use serde_json::{Map, Value};

use super::error::ApiError;
use crate::platform::web::{ApiJson, FieldError, Problem, expect_json};

/// Octets of a body that are taken.
const CAP: usize = 2 * 1024 * 1024;

/// Octets that are read and thrown away beyond that. Whoever is still sending
/// does not hear an answer, so a common mistake, the aggregate of a federation,
/// is heard out first.
const HEARD_OUT: usize = 32 * 1024 * 1024;

/// A JSON object of up to 2 MiB.
#[derive(Debug)]
pub(super) struct LargeJson(pub Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for LargeJson {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        expect_json(request.headers())?;
        let body = read(request.into_body()).await?;
        match ApiJson::<Value>::from_slice(&body)? {
            Value::Object(object) => Ok(Self(object)),
            _ => Err(Problem::invalid("The body must be a JSON object.")
                .with_error(FieldError::at("", "must be an object"))
                .into()),
        }
    }
}

async fn read(mut body: Body) -> Result<Bytes, ApiError> {
    let mut taken = Vec::new();
    let mut length: usize = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::malformed("The body broke off."))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        length = length.saturating_add(data.len());
        if length <= CAP {
            taken.extend_from_slice(&data);
        } else {
            taken = Vec::new();
        }
        if length > HEARD_OUT {
            break;
        }
    }
    if length > CAP {
        return Err(too_large().into());
    }
    Ok(taken.into())
}

fn too_large() -> Problem {
    Problem::invalid(
        "The body is larger than 2 MiB. The metadata of one identity provider is much smaller: \
         if this is the aggregate of a federation, cut out the one EntityDescriptor that is meant.",
    )
    .with_code("request.too_large")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn length(octets: usize) -> Result<usize, String> {
        let chunk = Bytes::from(vec![b' '; 64 * 1024]);
        let chunks = (0..octets / chunk.len()).map(move |_| Ok::<_, std::io::Error>(chunk.clone()));
        let body = Body::from_stream(futures_util::stream::iter(chunks));
        match read(body).await {
            Ok(bytes) => Ok(bytes.len()),
            Err(error) => Err(format!("{error:?}")),
        }
    }

    #[tokio::test]
    async fn what_is_too_large_is_told_so() {
        assert_eq!(length(CAP).await, Ok(CAP));
        for octets in [CAP + 64 * 1024, 2 * HEARD_OUT] {
            assert!(length(octets).await.unwrap_err().contains("too_large"));
        }
    }
}
