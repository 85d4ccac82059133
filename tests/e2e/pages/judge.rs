//! What every page owes whoever opens it, asked of the page that the browser shows.
//!
//! With `DOORWARD_PICTURES` set to a folder, pictures of each page are left there, to
//! be looked at.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::browser::Browser;
use crate::harness::setting;

/// Octets that a page may bring along with everything that it loads.
const HEAVIEST: u64 = 60_000;

/// The widths of a desk and of a phone.
const WIDTHS: [u32; 2] = [1280, 390];

/// Sees what is wrong with pages.
pub struct Judge {
    axe: String,
    pictures: Option<PathBuf>,
    /// The looks at pages so far.
    seen: usize,
    /// What was found.
    pub wrong: Vec<String>,
}

impl Judge {
    /// Has seen nothing yet.
    pub fn new() -> Self {
        let axe = Path::new(&setting("DOORWARD_TEST_AXE")).join("node_modules/axe-core/axe.min.js");
        let pictures = std::env::var_os("DOORWARD_PICTURES").map(PathBuf::from);
        if let Some(folder) = &pictures {
            fs::create_dir_all(folder).unwrap();
        }
        Self {
            axe: fs::read_to_string(axe).unwrap(),
            pictures,
            seen: 0,
            wrong: Vec::new(),
        }
    }

    /// The width at which the next page is to be loaded: every other one at a
    /// phone's.
    pub fn next_width(&self) -> u32 {
        WIDTHS[self.seen % 2]
    }

    /// Judges the page that the browser shows, at both widths and in both schemes.
    pub async fn look(&mut self, browser: &Browser, name: &str) {
        settled(browser).await;
        let load = self.load(browser).await;
        self.note(name, "", load);
        let first = self.next_width();
        let other = if first == 1280 { 390 } else { 1280 };
        // What axe-core finds beside contrast does not hang on the colours.
        for (width, scheme, rules) in [
            (first, "light", ALL),
            (first, "dark", CONTRAST),
            (other, "dark", CONTRAST),
            (other, "light", ALL),
        ] {
            browser.looks(width, scheme).await;
            let found = self.faults(browser, rules).await;
            self.note(name, &format!(" at {width}, {scheme}"), found);
            if let Some(folder) = &self.pictures {
                let plain: String = name
                    .chars()
                    .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
                    .collect();
                let file = format!("{:03}{plain:.60}-{width}-{scheme}.png", self.seen);
                browser.picture(width, &folder.join(file)).await;
            }
        }
        self.seen += 1;
        browser.looks(self.next_width(), "light").await;
    }

    fn note(&mut self, name: &str, when: &str, found: Vec<String>) {
        let all = found.into_iter().map(|f| format!("{name}{when}: {f}"));
        self.wrong.extend(all);
        if let Some(folder) = &self.pictures {
            fs::write(folder.join("wrong.txt"), self.wrong.join("\n")).unwrap();
        }
    }

    /// What axe-core finds on the page, and what is wider than the window.
    pub async fn faults(&self, browser: &Browser, rules: &str) -> Vec<String> {
        let run = format!(
            "const done = arguments[arguments.length - 1];\
            axe.run(document, {rules}).then(r => done(r.violations.map(v => v.id + ': ' + \
            v.nodes.map(n => n.html + ' (' + n.failureSummary + ')').join(' | '))), \
            e => done(['axe: ' + e]));"
        );
        let library = format!("if (!window.axe) {{ {} }}", self.axe);
        let found = run_whole(browser, &library, &run).await;
        let mut found: Vec<String> = serde_json::from_value(found).unwrap();
        found.extend(too_wide(browser).await);
        found
    }

    /// What is seen of a page as it was loaded: things that moved after they were
    /// shown, its weight, and what does not show that it has the focus.
    async fn load(&self, browser: &Browser) -> Vec<String> {
        const SCRIPT: &str = "const done = arguments[arguments.length - 1]; \
            let moved = 0; const what = []; \
            const add = (list) => list.forEach(e => { if (!e.hadRecentInput) { \
              moved += e.value; e.sources.forEach(s => what.push(s.node && s.node.outerHTML \
              ? s.node.outerHTML.slice(0, 80) : '')); } }); \
            const watch = new PerformanceObserver(list => add(list.getEntries())); \
            watch.observe({type: 'layout-shift', buffered: true}); \
            requestAnimationFrame(() => setTimeout(() => { add(watch.takeRecords()); \
              const loaded = [...performance.getEntriesByType('navigation'), \
                ...performance.getEntriesByType('resource')]; \
              const sum = (key) => loaded.reduce((all, one) => all + one[key], 0); \
              const unseen = []; \
              for (const e of document.querySelectorAll('a[href], button, input, select, \
                textarea, summary, [tabindex=\"0\"]')) { \
                if (!e.checkVisibility()) continue; \
                e.focus({focusVisible: true, preventScroll: true}); \
                if (document.activeElement !== e) continue; \
                const s = getComputedStyle(e); \
                if (s.outlineStyle === 'none' || parseFloat(s.outlineWidth) < 2) \
                  unseen.push(e.outerHTML.slice(0, 120)); } \
              if (document.activeElement) document.activeElement.blur(); \
              scrollTo(0, 0); \
              done({moved, what, octets: sum('encodedBodySize'), unseen}); }, 30));";
        let seen = run_whole(browser, "", SCRIPT).await;
        let mut found = Vec::new();
        if seen["moved"].as_f64().unwrap() > 0.0 {
            found.push(format!(
                "moves as it loads: {} {}",
                seen["moved"], seen["what"]
            ));
        }
        let octets = seen["octets"].as_u64().unwrap();
        if !(1..=HEAVIEST).contains(&octets) {
            found.push(format!("weighs {octets} octets"));
        }
        for unseen in seen["unseen"].as_array().unwrap() {
            found.push(format!("the focus is not seen: {unseen}"));
        }
        found
    }
}

/// Waits for what the last click has brought.
async fn settled(browser: &Browser) {
    tokio::time::sleep(Duration::from_millis(200)).await;
    let ready = "return document.readyState === 'complete'";
    for _ in 0..100 {
        if browser
            .client
            .execute(ready, vec![])
            .await
            .is_ok_and(|is| is == json!(true))
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Runs a script that answers later. A page that takes the place of this one takes
/// the script along: then it is run there.
async fn run_whole(browser: &Browser, first: &str, script: &str) -> Value {
    let mut tries = 0;
    loop {
        drop(browser.client.execute(first, vec![]).await);
        match browser.client.execute_async(script, vec![]).await {
            Ok(found) => return found,
            Err(error) => {
                tries += 1;
                let at = browser.client.current_url().await;
                assert!(tries < 3, "a script broke off at {at:?}: {error}");
                settled(browser).await;
            }
        }
    }
}

/// All that WCAG 2.2 AA asks for and axe-core can see.
pub const ALL: &str = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', \
    'best-practice']}";

/// What hangs on the colours.
const CONTRAST: &str = "{runOnly: {type: 'rule', values: ['color-contrast', \
    'link-in-text-block']}}";

/// What is wider than the window.
pub async fn too_wide(browser: &Browser) -> Vec<String> {
    let wide = "const w = document.documentElement.clientWidth; \
        return [...document.querySelectorAll('body *')].filter(e => \
        document.documentElement.scrollWidth > w && e.getBoundingClientRect().right > w + 1)\
        .map(e => 'too wide: ' + e.outerHTML.slice(0, 120));";
    let wide = browser.client.execute(wide, vec![]).await.unwrap();
    let wide: Vec<String> = serde_json::from_value(wide).unwrap();
    wide.into_iter().take(3).collect()
}

/// Lets a form be sent although the browser sees that it is wrong, as any other
/// client would.
pub async fn unchecked(browser: &Browser) {
    let script = "document.querySelectorAll('form').forEach(f => { f.noValidate = true; });";
    browser.client.execute(script, vec![]).await.unwrap();
}

/// Puts a value into a field that people cannot reach.
pub async fn put(browser: &Browser, css: &str, value: &str) {
    let script =
        "document.querySelectorAll(arguments[0]).forEach(f => { f.value = arguments[1]; });";
    let arguments: Vec<Value> = vec![json!(css), json!(value)];
    browser.client.execute(script, arguments).await.unwrap();
}
