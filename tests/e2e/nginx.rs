//! An application behind nginx on a host of its own, where no cookie of the gateway's
//! arrives: `127.0.0.1`, while the gateway is `localhost`.

use serde_json::json;

use crate::harness::browser::Browser;
use crate::harness::gateway::{Database, Gateway};
use crate::harness::idp::Demo;
use crate::harness::process::free_port;
use crate::harness::setting;
use crate::proxy_process::{Kind, Proxy};

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_and_out_of_an_application_on_another_host() {
    let trusting = "trusted_proxies = [\"127.0.0.1/32\"]\n";
    let gateway = Gateway::start_behind(Database::Sqlite, trusting).await;
    let idp = Demo::start(&gateway).await;
    let file = idp.provider_file();
    gateway.run(&["provider", "apply", file.to_str().unwrap()]);
    let port = free_port();
    let host = format!("127.0.0.1:{port}");
    let wiki = json!({
        "slug": "wiki", "name": "Wiki", "kind": "forward_auth", "access": "internal",
        "hosts": [host],
    });
    gateway.send("POST", "/api/v1/applications", &wiki).await;
    let (kind, hosts) = (Kind::named("nginx"), [format!("127.0.0.1:{port}")]);
    let binary = setting(kind.setting());
    let nginx = Proxy::start(kind, &binary, &gateway.url, (port, &hosts)).await;
    let page = format!("http://127.0.0.1:{}/page", nginx.port);

    let browser = Browser::start("nginx-hand-over").await;
    browser.open(&page).await;
    idp.sign_in(&browser, "demo-ada").await;
    browser.arrives_at(&page).await;
    // What the application was sent; the name comes percent-encoded.
    browser.shows(&["Remote-Name: Ada Lovelace"]).await;
    // Over with the session: the application's own cookie opens nothing any more.
    let ada = gateway.user("ada@example.com").await;
    let path = format!("/api/v1/users/{}/sessions", ada["id"].as_str().unwrap());
    gateway
        .send("DELETE", &path, &serde_json::Value::Null)
        .await;
    browser.open(&page).await;
    idp.sign_in(&browser, "demo-ada").await;
    browser.arrives_at(&page).await;
    browser.shows(&["Remote-Name: Ada Lovelace"]).await;
    browser.close().await;
}
