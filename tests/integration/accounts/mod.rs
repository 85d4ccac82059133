//! People who sign in here: passwords, links, mails.

mod applications;
mod keys;
mod links;
mod mail_server;
mod mails;
mod passwords;
mod secure;
mod secure_server;
mod sign_in;
mod switch;
mod ways_in;

use serde_json::{Value, json};

use crate::harness::{Answer, Browser, Server};
use mail_server::MailServer;

/// A good password.
const PASSWORD: &str = "correct horse battery staple";

/// A gateway, its mail server, on one of the two databases.
struct Place {
    server: Server,
    mail: MailServer,
}

impl Place {
    async fn sqlite() -> Self {
        Self::on("sqlite://data/doorward.db", "").await
    }

    async fn postgres() -> Self {
        Self::on(&crate::harness::database_of_its_own().await, "").await
    }

    /// With more configuration.
    async fn on(database: &str, more: &str) -> Self {
        let mail = MailServer::start().await;
        let more = format!("{}{more}", mail.config());
        let server = Server::start(database, &more).await;
        Self { server, mail }
    }

    /// Makes a user; what the API answers.
    async fn user(&self, email: &str, more: &Value) -> Value {
        let mut body = json!({ "email": email, "name": "Grace Hopper" });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let api = self.server.api();
        api.expect("POST", "/api/v1/users", Some(&body), 201).await
    }

    /// Makes a user with a password, by the way that people take.
    async fn person(&self, email: &str, password: &str) -> Value {
        let user = self.user(email, &json!({ "invite": true })).await;
        let link = self.mail.wait_for(email, 1).await.link("/activate/");
        let mut browser = Browser::new(&self.server);
        let done = use_link(&mut browser, &link, password).await;
        assert_eq!(
            (done.status, done.location.as_deref()),
            (303, Some("/login?done=ready"))
        );
        user
    }

    async fn status(&self, user: &Value) -> String {
        let path = format!("/api/v1/users/{}", user["id"].as_str().unwrap());
        let user = self.server.api().get(&path).await;
        user["status"].as_str().unwrap().to_owned()
    }
}

/// Presses the button of a link's page.
async fn use_link(browser: &mut Browser, link: &str, password: &str) -> Answer {
    let csrf = browser.csrf(link).await;
    browser
        .submit(link, &[("csrf", &csrf), ("password", password)])
        .await
}

/// Sends the password form.
async fn sign_in(browser: &mut Browser, email: &str, password: &str) -> Answer {
    let csrf = browser.csrf("/login?choose=1").await;
    let form = [
        ("csrf", csrf.as_str()),
        ("email", email),
        ("password", password),
    ];
    browser.submit("/login/password", &form).await
}

/// Whether a browser is signed in.
async fn is_in(browser: &mut Browser) -> bool {
    browser.visit("/account").await.status == 200
}

/// A test on both databases.
macro_rules! on_each {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::Place::sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::Place::postgres().await).await;
            })+
        }
    };
}
use on_each;
