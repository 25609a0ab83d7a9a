//! The program in a process of its own, as its users start it, and what the system knows of it.
#![allow(dead_code, reason = "a measurement takes what it needs of this")]

pub mod bare;
pub mod load;

use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ureq::Agent;

pub const PASSWORD: &str = "قهوة سادة كل صباح 42";
/// The longest that a server may take to start.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Ticks of the system's clock in a second, by which it counts what a process has worked.
const TICKS: u64 = 100;

/// The word after a word of the command line.
pub fn word<'a>(arguments: &'a [String], name: &str) -> Option<&'a String> {
    arguments.iter().position(|word| word == name).and_then(|at| arguments.get(at + 1))
}

/// The number after a word of the command line.
pub fn number(arguments: &[String], name: &str, otherwise: u64) -> u64 {
    word(arguments, name).map_or(otherwise, |word| word.parse().unwrap_or_else(|_| panic!("{name} takes a number")))
}

/// A port that is free now, below those that the system gives to clients.
fn free_port() -> u16 {
    (20_000..32_000).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}

/// The address of the account of a role.
pub fn email(role: &str) -> String {
    format!("{role}@khabar.example")
}

/// The program in a folder of its own, with nobody's settings but these.
pub struct Program {
    folder: PathBuf,
    settings: Vec<(&'static str, String)>,
}

impl Program {
    pub fn new(folder: &Path, settings: &[(&'static str, &str)]) -> Self {
        let settings = settings.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { folder: folder.to_owned(), settings }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_khabar"));
        let names = std::env::vars().map(|(name, _)| name);
        names.filter(|name| name.starts_with("KHABAR_") || name == "DATABASE_URL").for_each(|name| {
            command.env_remove(name);
        });
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.args(arguments).current_dir(&self.folder);
        command
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) {
        assert!(self.command(arguments).status().unwrap().success(), "{arguments:?}");
    }

    /// Makes an account with a role.
    pub fn hire(&self, role: &str) {
        let account = ["user", "create", "--role", role, "--email", &email(role), "--name", "One", "--password-stdin"];
        let mut making = self.command(&account).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        writeln!(making.stdin.take().unwrap(), "{PASSWORD}").unwrap();
        assert!(making.wait().unwrap().success());
    }

    /// Starts it and waits until it answers; what it tells goes there.
    pub fn serve(&self, log: impl Into<Stdio>) -> Server {
        let mut command = self.command(&["serve"]);
        command.stderr(log);
        Server::start("/health/ready", |port| {
            command.env("KHABAR_BIND", format!("127.0.0.1:{port}"));
            command
        })
    }
}

/// A server in a process of its own.
pub struct Server {
    child: Child,
    pub port: u16,
}

impl Server {
    /// Starts a command that is told a free port, and waits until a path is answered.
    pub fn start(path: &str, command: impl FnOnce(u16) -> Command) -> Self {
        let port = free_port();
        let server = Self { child: command(port).spawn().unwrap(), port };
        let began = Instant::now();
        while ureq::get(format!("{}{path}", server.url())).call().is_err() {
            assert!(began.elapsed() < PATIENCE, "the server does not start");
            std::thread::sleep(Duration::from_millis(5));
        }
        server
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Memory that it holds, in KiB, with the pages of the program's file that the system has at hand for it.
    pub fn memory(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most of it that it has held, in KiB.
    pub fn peak_memory(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// Memory of its own, in KiB.
    pub fn own_memory(&self) -> u64 {
        self.status("RssAnon:")
    }

    fn status(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
    }

    /// Time that it has worked.
    pub fn work(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
        Duration::from_millis(1_000 / TICKS * fields.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Somebody of the newsroom who is signed in, and takes no refusal.
pub struct Desk {
    agent: Agent,
    url: String,
    authorization: String,
}

impl Desk {
    pub fn sign_in(server: &Server, role: &str) -> Self {
        let agent = Agent::new_with_config(Agent::config_builder().http_status_as_error(false).build());
        let mut this = Self { agent, url: server.url(), authorization: String::new() };
        let told = this.post("/auth/login", None, &json!({ "email": email(role), "password": PASSWORD }));
        this.authorization = format!("Bearer {}", told["accessToken"].as_str().unwrap());
        this
    }

    pub fn post(&self, path: &str, if_match: Option<&str>, body: &Value) -> Value {
        let mut request = self.agent.post(format!("{}/api/v1{path}", self.url));
        if let Some(tag) = if_match {
            request = request.header("if-match", tag);
        }
        if !self.authorization.is_empty() {
            request = request.header("authorization", &self.authorization);
        }
        let mut answer = request.send_json(body).unwrap();
        let told = answer.body_mut().read_json().unwrap_or_default();
        assert!(answer.status().is_success(), "{path}: {told}");
        told
    }
}
