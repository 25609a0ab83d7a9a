//! A browser's own `EventSource` follows the alerts of another origin, whatever becomes of the server.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;
use tempfile::TempDir;

use super::streams::{ALERTS, issue};
use crate::postgres::say;
use crate::support::database;
use crate::support::process::{Home, free_port, until};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The browser of this machine.
fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let files = std::env::split_paths(&path).flat_map(|folder| NAMES.map(|name| folder.join(name)));
    files.into_iter().find(|file| file.is_file())
}

/// What the page does: it follows, and tells us one thing after the other.
fn page(api: &str) -> String {
    format!(
        "<!doctype html><meta charset=utf-8><script>
        let said = Promise.resolve();
        const tell = what => said = said.then(() => fetch('/told', {{ method: 'POST', body: JSON.stringify(what) }}));
        const stream = new EventSource('{api}{ALERTS}');
        stream.onopen = () => tell({{ open: true }});
        stream.onerror = () => tell({{ error: stream.readyState }});
        stream.addEventListener('resync', event => tell({{ resync: event.data }}));
        stream.addEventListener('alert.issued', event => tell({{
            id: Number(event.lastEventId), headline: JSON.parse(event.data).data.headline,
        }}));
        </script>"
    )
}

/// The site that the page comes from.
struct Site {
    port: u16,
    told: Arc<Mutex<Vec<Value>>>,
}

impl Site {
    fn open(page: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, told) = (listener.local_addr().unwrap().port(), Arc::<Mutex<Vec<Value>>>::default());
        let heard = Arc::clone(&told);
        // It ends with the process of the tests.
        thread::spawn(move || listener.incoming().flatten().for_each(|visit| drop(answer(visit, &page, &heard))));
        Self { port, told }
    }

    /// What the page told about alerts: their numbers and headlines.
    fn alerts(&self) -> Vec<(i64, String)> {
        let told = self.told.lock().unwrap();
        let alert = |one: &Value| Some((one["id"].as_i64()?, one["headline"].as_str()?.to_owned()));
        told.iter().filter_map(alert).collect()
    }

    /// How often the page told this.
    fn count(&self, name: &str) -> usize {
        self.told.lock().unwrap().iter().filter(|one| one.get(name).is_some()).count()
    }
}

fn answer(visit: TcpStream, page: &str, told: &Mutex<Vec<Value>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(visit);
    let (mut line, mut length) = (String::new(), 0);
    reader.read_line(&mut line)?;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        match header.trim().to_lowercase().split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().unwrap(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (status, text) = match line.split(' ').nth(1) {
        Some("/") => ("200 OK", page),
        Some("/told") => {
            told.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
            ("200 OK", "")
        }
        _ => ("404 Not Found", ""),
    };
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {}\r\n", text.len());
    reader.get_mut().write_all(format!("{head}connection: close\r\n\r\n{text}").as_bytes())
}

/// A browser without a window, and all its processes; they are gone when this is dropped.
struct Browser {
    child: Child,
    _folder: TempDir,
}

impl Browser {
    /// The program, with a profile of its own.
    fn program(program: PathBuf, folder: &TempDir) -> Command {
        let profile = format!("--user-data-dir={}", folder.path().display());
        let mut command = Command::new(program);
        // It refuses its sandbox to root, and what it opens is ours.
        command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]);
        command.args(["--disable-background-networking", "--disable-component-update", &profile]);
        command.env("HOME", folder.path()).stdin(Stdio::null());
        command
    }

    fn visit(program: PathBuf, url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Self::program(program, &folder);
        command.args(["--remote-debugging-port=0", url]).process_group(0);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { child, _folder: folder }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let group = format!("kill -KILL -{}", self.child.id());
        drop(Command::new("sh").args(["-c", &group]).status());
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The browser to test with, if there is one; whoever insists on one is told where there is none.
fn browser(wanted_for: &str) -> Option<PathBuf> {
    if database::server().is_some() {
        return None; // The browser does not know which database it is; once is enough.
    }
    let found = installed();
    if found.is_none() {
        let required = std::env::var("TEST_REQUIRE_BROWSER").is_ok_and(|value| value == "1");
        assert!(!required, "TEST_REQUIRE_BROWSER=1, but no browser is installed");
        say(&format!("SKIPPED: no Chromium is installed, so no browser has {wanted_for}"));
    }
    found
}

#[test]
fn a_browser_shows_the_documentation_under_the_rules_of_its_page() {
    let Some(program) = browser("read the documentation") else { return };
    let server = Home::new().serve();
    let folder = tempfile::tempdir().unwrap();
    // With an operation opened, which draws most of what there is to draw.
    let url = format!("{}/docs/#/sources/read_source", server.url());
    let output = Browser::program(program, &folder)
        .args(["--enable-logging=stderr", "--virtual-time-budget=30000", "--dump-dom", &url])
        .output()
        .unwrap();
    let [page, log] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    for drawn in ["operations-sources-read_source", "/api/v1/articles", "Try it out", "logo_small_svg"] {
        assert!(page.contains(drawn), "{drawn} is not on the page: {} bytes\n{log}", page.len());
    }
    let is_refused = |line: &&str| ["Security Policy", "Refused", "Uncaught"].iter().any(|word| line.contains(word));
    let complaints: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).filter(is_refused).collect();
    assert_eq!(complaints, [""; 0], "the page asks for what it is not allowed");
}

#[test]
fn a_browser_sees_each_alert_once_over_restarts_of_the_server() {
    let Some(program) = browser("followed the alerts") else { return };
    let home = Home::new();
    let email = home.account("editor");
    let port = free_port();
    let mut server = home.serve_at(port);
    let editor = server.sign_in(&email);
    issue(&editor, "قبل المتصفح");
    let site = Site::open(page(&server.url()));
    let _browser = Browser::visit(program, &format!("http://127.0.0.1:{}/", site.port));
    until("the page follows", || (site.count("open") == 1).then_some(()));
    let mut expected = Vec::new();
    for round in 1..=2 {
        let say = |editor: &_, when: &str, expected: &mut Vec<String>| {
            expected.push(format!("{when} {round}"));
            issue(editor, expected.last().unwrap());
        };
        say(&editor, "أول", &mut expected);
        say(&editor, "ثان", &mut expected);
        until("the page has both", || (site.alerts().len() == expected.len()).then_some(()));
        if round == 1 {
            server.terminate();
            assert_eq!(server.ended().code(), Some(0));
        } else {
            server.kill();
        }
        // Another node issues one while the browser's is away.
        say(&home.serve().ask().with_token(editor.token()), "أثناء الانقطاع", &mut expected);
        server = home.serve_at(port);
        say(&editor, "بعد العودة", &mut expected);
        until("the page has come back", || (site.alerts().len() >= expected.len()).then_some(()));
    }
    let (ids, headlines): (Vec<i64>, Vec<String>) = site.alerts().into_iter().unzip();
    assert_eq!(headlines, expected);
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    assert_eq!((site.count("open"), site.count("resync")), (3, 0), "{:?}", site.told.lock().unwrap());
}
