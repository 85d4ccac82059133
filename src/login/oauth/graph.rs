//! Microsoft Graph, with the person's own access token: the groups that a token
//! has too many of.

use serde_json::Value;
use url::Url;

use super::claims::{Claims, truth};
use super::preset;
use super::upstream::{UpstreamError, What, object_with_token};
use crate::domain::oauth::OauthSettings;
use crate::platform::http::Outbound;

/// Pages that are read at most, of 999 groups each.
const PAGES: usize = 20;

/// Whether the token says that the person's groups do not fit into it: more
/// than 200 are replaced by a pointer, whose address (of an API that has been
/// switched off) is not followed.
#[must_use]
pub fn has_more_groups(claims: &Claims) -> bool {
    let pointer = claims
        .get("_claim_names")
        .and_then(|names| names.get("groups"));
    pointer.is_some() || truth(claims, "hasgroups") == Some(true)
}

/// The object ids of all groups that the person is in, groups in groups
/// included. Needs the scope `GroupMember.Read.All`.
pub async fn groups(
    outbound: &Outbound,
    settings: &OauthSettings,
    access_token: &str,
) -> Result<Vec<String>, UpstreamError> {
    let base = preset::graph(settings);
    let path = "/v1.0/me/transitiveMemberOf/microsoft.graph.group?$select=id&$top=999";
    let mut next = format!("{base}{path}");
    let mut found = Vec::new();
    for _ in 0..PAGES {
        let page = object_with_token(outbound, What::Groups, &next, access_token).await?;
        let listed = page.get("value").and_then(Value::as_array);
        let listed = listed.ok_or(UpstreamError::Incomplete {
            what: What::Groups,
            missing: "value",
        })?;
        let ids = listed.iter().filter_map(|group| group.get("id")?.as_str());
        found.extend(ids.map(ToOwned::to_owned));
        match page.get("@odata.nextLink").and_then(Value::as_str) {
            None => return Ok(found),
            // The token goes nowhere but where it belongs.
            Some(link) if same_origin(link, base) => link.clone_into(&mut next),
            Some(_) => {
                return Err(UpstreamError::malformed(
                    What::Groups,
                    "the next page is elsewhere",
                ));
            }
        }
    }
    Err(UpstreamError::malformed(
        What::Groups,
        "there are too many pages",
    ))
}

fn same_origin(link: &str, base: &str) -> bool {
    match (Url::parse(link), Url::parse(base)) {
        (Ok(link), Ok(base)) => link.origin() == base.origin(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pointer_in_place_of_groups_is_seen() {
        for (value, expected) in [
            (json!({ "_claim_names": { "groups": "src1" } }), true),
            (json!({ "hasgroups": true }), true),
            (json!({ "hasgroups": "true" }), true),
            (json!({ "_claim_names": { "other": "src1" } }), false),
            (json!({ "hasgroups": false, "groups": ["a"] }), false),
            (json!({}), false),
        ] {
            assert_eq!(
                has_more_groups(value.as_object().unwrap()),
                expected,
                "{value}"
            );
        }
    }

    #[test]
    fn the_next_page_is_of_the_same_origin() {
        let base = "https://graph.microsoft.com";
        assert!(same_origin(
            "https://graph.microsoft.com/v1.0/x?$skiptoken=1",
            base
        ));
        for elsewhere in [
            "https://graph.microsoft.com.attacker.example/v1.0/x",
            "http://graph.microsoft.com/v1.0/x",
            "https://graph.microsoft.com:8443/x",
            "/v1.0/x",
        ] {
            assert!(!same_origin(elsewhere, base), "{elsewhere}");
        }
    }
}
