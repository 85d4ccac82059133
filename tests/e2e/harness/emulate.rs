//! What a browser pretends to be: its width and its colour scheme.

use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};

use super::browser::Browser;

/// A command of the `DevTools` protocol, which chromedriver passes on.
#[derive(Debug)]
struct DevTools(Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(
        &self,
        base_url: &url::Url,
        session_id: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        let session = session_id.unwrap_or_default();
        base_url.join(&format!("session/{session}/goog/cdp/execute"))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.0.to_string()))
    }
}

impl Browser {
    async fn dev_tools(&self, command: &str, parameters: Value) {
        let command = DevTools(json!({ "cmd": command, "params": parameters }));
        self.client.issue_cmd(command).await.unwrap();
    }

    /// A window of this width, in a colour scheme.
    pub async fn looks(&self, width: u32, scheme: &str) {
        let size = json!({
            "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500,
        });
        self.dev_tools("Emulation.setDeviceMetricsOverride", size)
            .await;
        // Colours that are on their way to others are nobody's.
        let media = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        self.dev_tools("Emulation.setEmulatedMedia", media).await;
    }
}

impl Browser {
    /// Asks for pages in this language.
    pub async fn speaks(&self, language: &str) {
        let headers = json!({ "headers": { "Accept-Language": language } });
        self.dev_tools("Network.enable", json!({})).await;
        self.dev_tools("Network.setExtraHTTPHeaders", headers).await;
    }

    /// Saves a picture of the whole page at this width.
    pub async fn picture(&self, width: u32, file: &std::path::Path) {
        let height = "return Math.max(document.documentElement.scrollHeight, 900)";
        let height = self.client.execute(height, vec![]).await.unwrap();
        let size = |height: &Value| {
            json!({ "width": width, "height": height, "deviceScaleFactor": 1,
                "mobile": width < 500 })
        };
        let resize = "Emulation.setDeviceMetricsOverride";
        self.dev_tools(resize, size(&height)).await;
        let png = self.client.screenshot().await.unwrap();
        std::fs::write(file, png).unwrap();
        self.dev_tools(resize, size(&json!(900))).await;
    }
}
