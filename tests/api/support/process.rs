//! The real program: its own process, a folder of its own, a socket on this machine.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use khabar::db::Conn;
use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;
use ureq::http::{HeaderMap, Request};

use super::database::Database;

/// The longest that anything here waits.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// How often it looks.
const PAUSE: Duration = Duration::from_millis(5);
/// A password that every role may have.
pub const PASSWORD: &str = "قهوة سادة كل صباح 42";

/// Waits until something is so, but not for ever.
#[track_caller]
pub fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, what, look)
}

/// Waits so long that something is so.
#[track_caller]
pub fn within<T>(patience: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < patience, "waited too long until {what}");
        std::thread::sleep(PAUSE);
    }
}

/// Where a Khabar lives: its working folder, its database and its settings.
pub struct Home {
    folder: Rc<TempDir>,
    database: Rc<Database>,
    settings: Vec<(String, String)>,
}

impl Home {
    /// With a database that is migrated.
    pub fn new() -> Self {
        Self::on(Rc::new(Database::fresh()))
    }

    /// With a database that has no table.
    pub fn empty() -> Self {
        Self::on(Rc::new(Database::empty()))
    }

    pub fn on(database: Rc<Database>) -> Self {
        let settings = [("KHABAR_HTTP__WORKERS", "2"), ("KHABAR_DATABASE_CONNECTIONS", "8"), ("KHABAR_LOG", "warn")];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let url = database.url();
        Self { folder: tempfile::tempdir().unwrap().into(), database, settings }.set("DATABASE_URL", &url)
    }

    /// Another node on the same database, with the same secret if one was set.
    pub fn neighbour(&self) -> Self {
        let settings = self.settings.clone();
        Self { folder: tempfile::tempdir().unwrap().into(), database: Rc::clone(&self.database), settings }
    }

    /// With another setting, as the environment names it.
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.into(), value.into()));
        self
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A connection to the database, past the program.
    pub fn sql(&self) -> Conn {
        self.database.connect()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_khabar"));
        for (name, _) in std::env::vars() {
            if name.starts_with("KHABAR_") || name.ends_with("DATABASE_URL") || name.starts_with("PG") {
                command.env_remove(name);
            }
        }
        command.envs(self.settings.clone()).args(arguments).current_dir(self.path()).stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// Runs a command that reads this.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // One that fails early does not read it.
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        Ran::of(child.wait_with_output().unwrap())
    }

    /// Makes an account at the command line.
    pub fn account(&self, role: &str) -> String {
        let email = format!("{role}@khabar.example");
        let arguments = ["user", "create", "--email", &email, "--name", "One", "--role", role, "--password-stdin"];
        self.run_with(&arguments, &format!("{PASSWORD}\n")).succeeds();
        email
    }

    /// Starts the server and waits until it is ready.
    pub fn serve(&self) -> Server {
        self.serve_with(&["serve"])
    }

    pub fn serve_with(&self, arguments: &[&str]) -> Server {
        for _ in 0..5 {
            let server = self.spawn(arguments);
            if let Some(server) = server.ready() {
                return server;
            }
        }
        panic!("the server does not start");
    }

    /// Starts the server where its clients know it to be, and waits until it is ready.
    pub fn serve_at(&self, port: u16) -> Server {
        self.spawn_at(&["serve"], port).ready().expect("the port is ours")
    }

    /// Starts the server, without waiting for it.
    pub fn spawn(&self, arguments: &[&str]) -> Server {
        self.spawn_at(arguments, free_port())
    }

    fn spawn_at(&self, arguments: &[&str], port: u16) -> Server {
        let log = |name: &str| std::fs::File::create(self.path().join(format!("{port}.{name}"))).unwrap();
        let mut command = self.command(arguments);
        command.env("KHABAR_BIND", format!("127.0.0.1:{port}"));
        // A token is good at another port too.
        if !self.settings.iter().any(|(name, _)| name == "KHABAR_PUBLIC_URL") {
            command.env("KHABAR_PUBLIC_URL", "http://khabar.test");
        }
        let child = command.stdout(log("out")).stderr(log("err")).spawn().unwrap();
        Server { child, port, folder: Rc::clone(&self.folder), _database: Rc::clone(&self.database) }
    }
}

/// A port that stays free until a server of ours takes it. It is none of those that the system gives to clients: one
/// that connects from there to there has reached itself.
pub fn free_port() -> u16 {
    let mut bytes = [0; 2];
    until("a port is free", || {
        getrandom::fill(&mut bytes).unwrap();
        let port = 20_000 + u16::from_be_bytes(bytes) % 12_000;
        TcpListener::bind(("127.0.0.1", port)).is_ok().then_some(port)
    })
}

/// What a command said.
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    #[track_caller]
    pub fn succeeds(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.out, self.err);
        self
    }

    /// Refuses with this in its message, and without a panic.
    #[track_caller]
    pub fn refuses(self, why: &str) -> Self {
        assert!(matches!(self.code, Some(1 | 2)), "{:?}: {}\n{}", self.code, self.out, self.err);
        assert!(self.err.contains(why) && !self.err.contains("panicked"), "wanted {why:?} in\n{}", self.err);
        self
    }
}

/// A running server; it is gone when this is dropped.
pub struct Server {
    child: Child,
    port: u16,
    folder: Rc<TempDir>,
    /// Both stay as long as the process does.
    _database: Rc<Database>,
}

impl Server {
    /// Waits until requests are served; nothing when somebody else took the port.
    pub fn ready(mut self) -> Option<Self> {
        let came = until("the server is ready", || {
            if self.child.try_wait().unwrap().is_some() {
                return Some(false);
            }
            let told = self.ask().send("GET", "/health/ready", &[], None);
            told.is_ok_and(|told| told.status == 200).then_some(true)
        });
        assert!(came || self.err().contains("can't listen"), "the server ended: {}", self.err());
        came.then_some(self)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it has written to the standard output.
    pub fn out(&self) -> String {
        std::fs::read_to_string(self.folder.path().join(format!("{}.out", self.port))).unwrap()
    }

    /// What it has written to the standard error.
    pub fn err(&self) -> String {
        std::fs::read_to_string(self.folder.path().join(format!("{}.err", self.port))).unwrap()
    }

    /// Somebody who is not signed in.
    pub fn ask(&self) -> Asker {
        let config =
            Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).max_redirects(0);
        Asker { agent: config.build().into(), url: self.url(), token: None }
    }

    /// Somebody who signs in with the password of the tests.
    pub fn sign_in(&self, email: &str) -> Asker {
        let answer = self.ask().post("/api/v1/auth/login", &[], &json!({ "email": email, "password": PASSWORD }));
        let token = answer.expect(200).json["accessToken"].as_str().unwrap().to_owned();
        self.ask().with_token(token)
    }

    /// A bare connection.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends bytes as they are and reads all that comes until the server closes.
    pub fn send(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // A server that has seen enough closes early.
        drop(stream.write_all(bytes));
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer));
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Ends the process as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the process to stop.
    pub fn terminate(&self) {
        let line = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
    }

    /// Waits for the end of the process.
    pub fn ended(&mut self) -> ExitStatus {
        until("the process ends", || self.child.try_wait().unwrap())
    }

    pub fn is_listening(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Somebody with an HTTP client.
#[derive(Clone)]
pub struct Asker {
    agent: Agent,
    url: String,
    token: Option<String>,
}

impl Asker {
    pub fn with_token(self, token: String) -> Self {
        Self { token: Some(token), ..self }
    }

    /// The same by way of somewhere else, such as a proxy.
    pub fn at(self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self }
    }

    /// The token.
    pub fn token(&self) -> String {
        self.token.clone().unwrap()
    }

    pub fn get(&self, path: &str) -> Told {
        self.get_with(path, &[])
    }

    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Told {
        self.send("GET", path, headers, None).unwrap()
    }

    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Told {
        self.send("POST", path, headers, Some(body)).unwrap()
    }

    pub fn patch(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Told {
        self.send("PATCH", path, headers, Some(body)).unwrap()
    }

    /// Sends a request; an error when the connection broke.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Told, ureq::Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut response = match body {
            None => self.agent.run(request.body(()).unwrap())?,
            Some(body) => {
                let request = request.header("content-type", "application/json");
                self.agent.run(request.body(body.to_string()).unwrap())?
            }
        };
        let bytes = response.body_mut().read_to_vec()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let line = format!("{method} {path}");
        Ok(Told { status, headers, json: serde_json::from_slice(&bytes).unwrap_or_default(), bytes, line })
    }
}

/// What came back.
#[derive(Debug)]
pub struct Told {
    pub status: u16,
    pub headers: HeaderMap,
    /// The body; null where it is no JSON.
    pub json: Value,
    pub bytes: Vec<u8>,
    line: String,
}

impl Told {
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}\n{:#}", self.line, self.json);
        self
    }

    /// It is a refusal in our form.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        let this = self.expect(status);
        assert_eq!(this.header("content-type"), "application/problem+json", "{}", this.line);
        assert_eq!(this.json["code"], code, "{}\n{:#}", this.line, this.json);
        this
    }

    /// A header's values; empty where there is none.
    pub fn header(&self, name: &str) -> String {
        let values = self.headers.get_all(name).iter().map(|value| value.to_str().unwrap());
        values.collect::<Vec<_>>().join(", ")
    }
}
