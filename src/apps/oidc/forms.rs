//! Where the forms of a page lead in the end. Browsers hold each redirect after a
//! form to the policy of the page with the form (CSP Level 3 §6.4.1.1), so that the
//! sign-in page has to name the application that waits behind it.

use super::requests::{self, Kind};
use crate::directory::Directory;
use crate::platform::storage::StorageError;
use crate::platform::web::FormAction;

/// Where requests that wait go on.
pub(super) const RESUME: &str = "/oidc/resume";

/// What the sign-in page's forms may do whose person goes on to `rd` afterwards.
/// What is not known changes nothing: the person is told so when they get there.
pub async fn after_sign_in(
    directory: &Directory,
    rd: Option<&str>,
    plain_http: bool,
) -> FormAction {
    let waits = rd.and_then(flow);
    let found = match waits {
        Some(flow) => redirect_uri(directory, flow).await.unwrap_or_default(),
        None => None,
    };
    match found {
        Some(uri) => FormAction::ending_at(&uri, plain_http),
        None => FormAction::Upstream { plain_http },
    }
}

/// The handle in the address of a request that waits.
fn flow(rd: &str) -> Option<String> {
    let query = rd.strip_prefix(RESUME)?.strip_prefix('?')?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let found = pairs.find(|(name, _)| name == "flow");
    found.map(|(_, value)| value.into_owned())
}

/// Where the request that waits is answered. It was found to be the client's
/// before it was kept.
async fn redirect_uri(directory: &Directory, flow: String) -> Result<Option<String>, StorageError> {
    let now = directory.now();
    let kept = directory
        .db
        .look_up(move |tx| {
            let flow = flow.clone();
            Box::pin(async move { requests::find(tx, Kind::Waiting, &flow, now).await })
        })
        .await?;
    let uri = kept.and_then(|kept| kept.params.get("redirect_uri").map(str::to_owned));
    Ok(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_waiting_requests_are_looked_up() {
        assert_eq!(flow("/oidc/resume?flow=abc").as_deref(), Some("abc"));
        assert_eq!(flow("/oidc/resume?x=y&flow=a%2Bb").as_deref(), Some("a+b"));
        for other in [
            "/oidc/resume",
            "/oidc/resume?x=y",
            "/oidc/resumed?flow=a",
            "/account",
        ] {
            assert_eq!(flow(other), None, "{other}");
        }
    }
}
