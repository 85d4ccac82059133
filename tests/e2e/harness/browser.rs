//! Chromium, driven through chromedriver.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::process::{Process, free_port, signal};

/// How long a page may take to show what it should.
const PATIENCE: Duration = Duration::from_secs(30);

/// Browsers at a time: a browser keeps a core busy, and tests that starve each
/// other fail by the clock.
static PLACES: Semaphore = Semaphore::const_new(2);

/// One browser with a profile of its own, as one person's computer has it.
pub struct Browser {
    /// The driver's session, for what the methods here do not cover.
    pub client: Client,
    name: String,
    // The process goes before the folder with its log.
    _driver: Process,
    folder: TempDir,
    _place: SemaphorePermit<'static>,
}

impl Browser {
    /// Starts a browser; `name` is used for pictures of failures.
    pub async fn start(name: &str) -> Self {
        Self::with_script(name, true).await
    }

    /// Starts a browser in which pages cannot run scripts.
    pub async fn without_script(name: &str) -> Self {
        Self::with_script(name, false).await
    }

    async fn with_script(name: &str, script: bool) -> Self {
        let place = PLACES.acquire().await.unwrap();
        let folder = TempDir::with_prefix("doorward-browser-").unwrap();
        let port = free_port();
        let mut driver = Process::start(
            "chromedriver",
            Command::new(find(&["chromedriver", "chromium.chromedriver"]))
                .arg(format!("--port={port}"))
                // Chromium's own lock and socket files go there too.
                .env("TMPDIR", folder.path()),
            &folder.path().join("chromedriver.log"),
        );
        driver
            .answers(&format!("http://127.0.0.1:{port}/status"))
            .await;
        let client = ClientBuilder::native()
            .capabilities(capabilities(folder.path(), script))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap_or_else(|error| panic!("no browser: {error}"));
        Self {
            client,
            name: name.to_owned(),
            folder,
            _driver: driver,
            _place: place,
        }
    }

    /// Opens a page.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Clicks the button or link that says `label`.
    pub async fn press(&self, label: &str) {
        let path = format!(
            "(//button | //a | //summary)[normalize-space(.)={label:?} or @aria-label={label:?}]"
        );
        self.click(Locator::XPath(&path)).await;
    }

    /// Clicks an element once it is there.
    pub async fn click(&self, locator: Locator<'_>) {
        self.with(locator, async |element| element.click().await)
            .await;
    }

    /// Writes into a field of a form, in place of what stands there.
    pub async fn fill(&self, css: &str, text: &str) {
        let write = async |element: Element| {
            element.clear().await?;
            element.send_keys(text).await
        };
        self.with(Locator::Css(css), write).await;
    }

    /// Does something with an element once it is there. A page that is being left
    /// may still give away its own.
    async fn with(&self, locator: Locator<'_>, act: impl AsyncFn(Element) -> Result<(), CmdError>) {
        let begin = Instant::now();
        loop {
            let found = self.client.wait().at_most(PATIENCE);
            let done = match found.for_element(locator).await {
                Ok(element) => act(element).await,
                Err(error) => Err(error),
            };
            match done {
                Ok(()) => return,
                Err(error) if is_patient(&error) && begin.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(error) => self.fail(&format!("no {locator:?}: {error}")).await,
            }
        }
    }

    /// Waits until the page's address starts with `prefix`.
    pub async fn arrives_at(&self, prefix: &str) {
        let begin = Instant::now();
        loop {
            let at = self.client.current_url().await.unwrap().to_string();
            if at.starts_with(prefix) {
                return;
            }
            if begin.elapsed() > PATIENCE {
                self.fail(&format!("at {at}, not at {prefix}")).await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Opens a page that must send this browser elsewhere, because nobody is
    /// signed in.
    pub async fn is_turned_away_from(&self, url: &str) {
        self.open(url).await;
        let at = self.client.current_url().await.unwrap().to_string();
        if at.starts_with(url) {
            self.fail("this browser is still signed in").await;
        }
    }

    /// Waits until the page shows all of `texts`.
    pub async fn shows(&self, texts: &[&str]) {
        let begin = Instant::now();
        loop {
            let page = self.text().await;
            let missing: Vec<_> = texts.iter().filter(|text| !page.contains(**text)).collect();
            if missing.is_empty() {
                return;
            }
            if begin.elapsed() > PATIENCE {
                self.fail(&format!("the page does not show {missing:?}"))
                    .await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The text of the page; empty while there is none.
    pub async fn text(&self) -> String {
        let body = self.client.find(Locator::Css("body")).await;
        match body {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Ends the browser. A test that fails does without.
    pub async fn close(self) {
        self.client.clone().close().await.unwrap();
    }

    /// Saves what the browser shows, and fails.
    async fn fail(&self, reason: &str) -> ! {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e");
        fs::create_dir_all(&folder).unwrap();
        let picture = folder.join(format!("{}.png", self.name));
        if let Ok(png) = self.client.screenshot().await {
            fs::write(&picture, png).unwrap();
        }
        let url = self.client.current_url().await.map(|url| url.to_string());
        let text = self.text().await;
        let picture = picture.display();
        panic!("{reason}\nat {url:?}, picture in {picture}, which shows:\n{text}");
    }
}

/// Whether it may come right by itself. An element that never came has been waited for.
const fn is_patient(error: &CmdError) -> bool {
    !matches!(error, CmdError::WaitTimeout)
}

impl Drop for Browser {
    fn drop(&mut self) {
        // After a failure Chromium outlives its driver. Its processes are known
        // by the profile's folder, which is this test's alone.
        let profile = profile(self.folder.path());
        let own = profile.to_string_lossy();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let pid = entry.file_name().to_string_lossy().parse();
            if let (true, Ok(pid)) = (String::from_utf8_lossy(&command).contains(&*own), pid) {
                signal("-KILL", pid);
            }
        }
    }
}

fn profile(folder: &Path) -> PathBuf {
    folder.join("profile")
}

fn capabilities(folder: &Path, script: bool) -> Capabilities {
    let arguments = [
        "--headless".to_owned(),
        // Chromium's sandbox does not work for root, which CI often is.
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--disable-quic".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--lang=en".to_owned(),
        "--window-size=1280,1000".to_owned(),
        format!("--user-data-dir={}", profile(folder).display()),
    ];
    let mut preferences = json!({ "intl.accept_languages": "en" });
    if !script {
        preferences["profile.default_content_setting_values.javascript"] = json!(2);
    }
    let options = json!({
        "binary": find(&["chromium", "chromium-browser", "google-chrome"]),
        "args": arguments,
        "prefs": preferences,
    });
    let mut capabilities = Capabilities::new();
    capabilities.insert("goog:chromeOptions".to_owned(), options);
    capabilities.insert("timeouts".to_owned(), json!({ "script": 12_000 }));
    capabilities
}

/// The first of `names` that is installed.
fn find(names: &[&str]) -> PathBuf {
    [
        "/usr/bin",
        "/usr/local/bin",
        "/snap/bin",
        "/opt/homebrew/bin",
    ]
    .iter()
    .flat_map(|folder| names.iter().map(move |name| Path::new(folder).join(name)))
    .find(|path| path.exists())
    .unwrap_or_else(|| panic!("there is no {names:?} here: run the tests with `make test`"))
}
