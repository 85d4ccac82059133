//! Pages with scripts of ours that also ask the gateway something.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::kit::Kit;
use super::page::FormAction;

impl Kit {
    /// A page that runs scripts of our own, each an asset with an address of its own,
    /// which may fetch from this gateway.
    pub fn render_with_fetch(
        &self,
        status: StatusCode,
        template: &impl Template,
        form_action: FormAction,
    ) -> Response {
        let mut response = self.render_with_forms(status, template, form_action);
        let headers = response.headers_mut();
        let policy = headers
            .get(header::CONTENT_SECURITY_POLICY)
            .and_then(|policy| policy.to_str().ok())
            .map(|policy| format!("{policy}; script-src 'self'; connect-src 'self'"))
            .and_then(|policy| HeaderValue::from_str(&policy).ok());
        if let Some(policy) = policy {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}
