//! Pages that no address leads to by itself: steps, answers to forms, what is shown
//! once, what links open, what stops somebody.

use std::time::Duration;

use fantoccini::Locator;
use serde_json::json;

use super::judge::{Judge, put, unchecked};
use super::{World, sign_in};

impl World {
    async fn at(&self, page: &str) {
        self.browser.open(&self.address(page)).await;
    }

    async fn choose(&self, css: &str) {
        self.browser.click(Locator::Css(css)).await;
    }

    /// What stands in a box that is to be copied.
    async fn copied(&self, id: &str) -> String {
        let css = format!("#c-{id}");
        let found = self.browser.client.find(Locator::Css(&css)).await.unwrap();
        found.text().await.unwrap()
    }

    /// The link for the IdP's admin, its four steps, and test logins.
    pub async fn a_link_for_the_other_side(&self, judge: &mut Judge) {
        let browser = &self.browser;
        self.at("/admin/authentication/{provider}").await;
        unchecked(browser).await;
        browser.fill("#f-recipient", &"Kim ".repeat(40)).await;
        browser.fill("#f-days", "99").await;
        browser.press("Make a link").await;
        browser.shows(&["A link works for 1 to 30 days."]).await;
        judge.look(browser, "setup link, refused").await;
        browser.fill("#f-recipient", "Kim at the other side").await;
        browser.fill("#f-days", "7").await;
        browser.press("Make a link").await;
        browser.shows(&["The set-up link is made"]).await;
        judge.look(browser, "setup link, made").await;
        let link = self.copied("link").await;
        browser.open(&link).await;
        judge.look(browser, "setup, fresh").await;
        self.choose("#f-product option[value=entra-id]").await;
        browser.press("Show the steps for it").await;
        browser.press("I have entered them").await;
        browser.press("Bring other metadata").await;
        browser.press("Read it").await;
        browser
            .shows(&["Give an address, choose a file, or paste the text."])
            .await;
        judge.look(browser, "setup, metadata refused").await;
        browser.press("Begin the test").await;
        self.idp.sign_in(browser, "demo-ada").await;
        browser.arrives_at(&self.address("/test-login/")).await;
        judge.look(browser, "test login, passed").await;
        browser.open(&link).await;
        browser.press("Begin the test").await;
        self.idp.sign_in_for_another(browser, "demo-ada").await;
        browser.arrives_at(&self.address("/test-login/")).await;
        judge.look(browser, "test login, failed").await;
        browser.open(&link).await;
        judge.look(browser, "setup, test failed").await;
        self.at("/admin/authentication/{provider}").await;
        browser.press("Test login").await;
        self.idp.sign_in(browser, "demo-grace").await;
        browser.arrives_at(&self.address("/test-login/")).await;
        self.at("/admin/authentication/{provider}/test").await;
        judge.look(browser, "last test login").await;
        self.at("/admin/authentication/{provider}").await;
        judge.look(browser, "provider with a link").await;
    }

    /// The wizard, the key that it makes, and the pages that its links open.
    pub async fn a_new_colleague(&self, judge: &mut Judge) {
        let browser = &self.browser;
        self.at("/admin/users/new").await;
        unchecked(browser).await;
        browser.press("Next: groups").await;
        judge.look(browser, "wizard, refused").await;
        browser.fill("#f-name", "Mary Somerville").await;
        browser
            .fill("#f-email", "mary.somerville@example.com")
            .await;
        browser.press("Next: groups").await;
        judge.look(browser, "wizard, groups").await;
        browser.press("Next: security key").await;
        self.choose("#f-with_key-yes").await;
        self.choose("#f-kind-card").await;
        browser.press("Next: confirm").await;
        browser.shows(&["Give the card a name."]).await;
        judge.look(browser, "wizard, key").await;
        browser.fill("#f-key_name", "Card 4711").await;
        browser.press("Next: confirm").await;
        judge.look(browser, "wizard, confirm").await;
        browser.press("Add the user").await;
        browser.shows(&["The user is added"]).await;
        judge.look(browser, "wizard, done").await;
        let link = self.copied("link").await;
        browser.press("Go to the user").await;
        let user = browser.client.current_url().await.unwrap().to_string();
        browser.open(&format!("{user}/keys")).await;
        judge.look(browser, "keys").await;
        browser.press("Card 4711").await;
        browser.shows(&["A new link or PIN"]).await;
        judge.look(browser, "key, pending").await;
        browser.press("Activate at the desk").await;
        browser.shows(&["The audit log names you"]).await;
        judge.look(browser, "desk").await;
        browser.open(&link).await;
        judge.look(browser, "passkey link").await;
        browser.open(&format!("{user}/keys")).await;
        browser.press("Card 4711").await;
        browser.press("New PIN").await;
        judge.look(browser, "key, PIN").await;
    }

    /// Forms that come back.
    pub async fn what_was_typed_comes_back(&self, judge: &mut Judge) {
        let browser = &self.browser;
        self.at("/admin/groups/new").await;
        browser.fill("#f-name", "Typed with care").await;
        put(browser, "main input[name=csrf]", "another session's").await;
        browser.press("Save").await;
        browser
            .shows(&["Please send this once more", "Typed with care"])
            .await;
        judge.look(browser, "form of another session").await;
        browser.press("Send again").await;
        browser
            .shows(&["Typed with care", "Nobody is in this group yet."])
            .await;
        browser.fill("#f-user", "charles").await;
        browser.press("Add").await;
        browser.shows(&["Choose one"]).await;
        judge.look(browser, "members, several").await;
        self.at("/admin/users/{user}/profile").await;
        unchecked(browser).await;
        browser.fill("#f-email", "").await;
        browser.fill("#f-upn", &"x".repeat(300)).await;
        browser.press("Save").await;
        browser.shows(&["at most 256 characters"]).await;
        judge.look(browser, "profile, refused").await;
        self.at("/admin/users/{user}/profile").await;
        let path = format!("/api/v1/users/{}", self.user);
        let change = json!({"job_title": "Inventor of everything"});
        self.gateway.send("PATCH", &path, &change).await;
        browser.fill("#f-job_title", "Engineer").await;
        browser.press("Save").await;
        browser.shows(&["Inventor of everything"]).await;
        judge.look(browser, "profile, overtaken").await;
        for (page, button) in [
            ("/admin/add-provider/saml", None),
            ("/admin/applications/new", None),
            ("/admin/webhooks/new", Some("Save")),
            ("/admin/tokens/new", Some("Create token")),
        ] {
            self.at(page).await;
            unchecked(browser).await;
            match button {
                Some(button) => browser.press(button).await,
                None => self.choose("main form .buttons button").await,
            }
            let wrong = browser.client.wait().at_most(Duration::from_secs(10));
            let wrong = wrong.for_element(Locator::Css("[role=alert], .problem"));
            assert!(wrong.await.is_ok(), "{page} takes nothing for something");
            judge.look(browser, &format!("{page}, refused")).await;
        }
    }

    /// What is shown once.
    pub async fn what_is_shown_once(&self, judge: &mut Judge) {
        let browser = &self.browser;
        self.at("/admin/tokens/new").await;
        browser.fill("#f-name", "Nightly report").await;
        self.choose("#scope-1").await;
        browser.press("Create token").await;
        browser.shows(&["Token created"]).await;
        judge.look(browser, "token, made").await;
        self.at("/admin/applications/client/rotate-secret").await;
        browser.press("Make another secret").await;
        browser.shows(&["Copy it now"]).await;
        judge.look(browser, "secret, made").await;
        let person = json!({"email": "katherine@example.com", "name": "Katherine Johnson"});
        let made = self.gateway.send("POST", "/api/v1/users", &person).await;
        let id = made["id"].as_str().unwrap();
        self.at(&format!("/admin/users/{id}/invite")).await;
        self.choose("main form button").await;
        browser.shows(&["/activate/"]).await;
        judge.look(browser, "invitation, made").await;
        let hook = json!({"url": "http://localhost:9/hook", "events": ["user.created"],
            "description": "\"><b>Payroll"});
        let made = self.gateway.send("POST", "/api/v1/webhooks", &hook).await;
        let id = made["id"].as_str().unwrap();
        for page in ["", "/edit", "/secret", "/delete", "/test"] {
            let page = format!("/admin/webhooks/{id}{page}");
            self.at(&page).await;
            judge.look(browser, &page).await;
        }
    }

    /// Applications that ask for somebody.
    pub async fn at_the_door_of_applications(&self, judge: &mut Judge) {
        let browser = &self.browser;
        for (slug, access) in [("partner", "internal"), ("closed", "private")] {
            let client = json!({"slug": slug, "name": "\"><i>Partner's reports", "kind": "oidc",
                "access": access, "first_party": false, "scopes": ["openid", "profile", "email"],
                "redirect_uris": ["https://client.example.com/callback"]});
            let made = self
                .gateway
                .send("POST", "/api/v1/applications", &client)
                .await;
            let ask = format!(
                "/oidc/authorize?response_type=code&client_id={}&scope=openid%20profile%20email\
                 &redirect_uri=https%3A%2F%2Fclient.example.com%2Fcallback&state=s&nonce=n\
                 &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
                 &code_challenge_method=S256",
                made["client_id"].as_str().unwrap()
            );
            self.at(&ask).await;
            judge.look(browser, &format!("application, {access}")).await;
        }
        self.at("/oidc/authorize?client_id=nobody").await;
        judge.look(browser, "application, unknown").await;
        self.at("/auth/forward?app=proxied").await;
        judge.look(browser, "forward-auth, refused").await;
        self.at("/oidc/logout").await;
        judge.look(browser, "sign out of applications").await;
    }

    /// Somebody who has a password and no role; and those who are stopped.
    pub async fn somebody_with_a_password(&self, judge: &mut Judge) {
        let browser = &self.browser;
        let person = json!({"email": "dorothy@example.com", "name": "Dorothy Vaughan",
            "invite": true});
        let made = self.gateway.send("POST", "/api/v1/users", &person).await;
        let link = made["invitation"]["link"].as_str().unwrap().to_owned();
        browser.open(&self.gateway.account()).await;
        browser.press("Sign out").await;
        browser.shows(&["signed out"]).await;
        judge.look(browser, "signed out").await;
        browser.open(&link).await;
        judge.look(browser, "activation").await;
        unchecked(browser).await;
        browser.fill("#password", "short").await;
        browser.press("Activate account").await;
        browser.shows(&["Use at least 12 characters."]).await;
        judge.look(browser, "activation, refused").await;
        let password = "three violet harbours";
        browser.fill("#password", password).await;
        browser.press("Activate account").await;
        browser.shows(&["Your account is ready"]).await;
        judge.look(browser, "sign-in, ready").await;
        browser.open(&link).await;
        judge.look(browser, "activation, used").await;
        self.at("/login?choose=1").await;
        browser.fill("#password-email", "dorothy@example.com").await;
        browser.fill("#password", "not her password").await;
        browser.press("Sign in").await;
        browser
            .shows(&["The address or the password is wrong"])
            .await;
        judge.look(browser, "sign-in, wrong password").await;
        browser.fill("#password", password).await;
        browser.press("Sign in").await;
        browser.arrives_at(&self.gateway.account()).await;
        judge.look(browser, "account with a password").await;
        self.at("/account/password").await;
        judge.look(browser, "password").await;
        unchecked(browser).await;
        browser.fill("#old", "not her password").await;
        browser.fill("#password", "four violet harbours").await;
        browser.press("Save password").await;
        browser.shows(&["This is not your current password."]).await;
        judge.look(browser, "password, refused").await;
        self.at("/admin/users").await;
        judge.look(browser, "no role").await;
        browser.open(&self.gateway.account()).await;
        browser.press("Sign out").await;
        browser.shows(&["signed out"]).await;
        browser.open(&self.gateway.sign_in_page()).await;
        browser.press("SSO Login").await;
        self.idp.sign_in_for_another(browser, "demo-ada").await;
        browser.arrives_at(&self.gateway.url).await;
        judge.look(browser, "sign-in, not verified").await;
        sign_in(&self.gateway, &self.idp, browser).await;
    }
}
