//! A receiver of webhooks on this machine: it notes what it gets and answers as it is told.

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::Value;

/// The longest that it waits for a request.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request that came.
#[derive(Clone, Debug)]
pub struct Got {
    pub path: String,
    /// By their names in small letters.
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Got {
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers))
    }

    /// The number of a public event, as its message is named.
    #[track_caller]
    pub fn seq(&self) -> i64 {
        self.header("webhook-id")
            .strip_prefix("evt_")
            .and_then(|number| number.parse().ok())
            .expect("evt_ and a number")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

struct Shared {
    got: Mutex<Vec<Got>>,
    /// The next answers; the last one stays.
    answers: Mutex<VecDeque<String>>,
    /// Whether it keeps its answers to itself.
    held: (Mutex<bool>, Condvar),
    closing: AtomicBool,
}

/// A receiver; it is gone when this is dropped.
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Receiver {
    /// Answers 204 until it is told otherwise.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            got: Mutex::default(),
            answers: Mutex::default(),
            held: Default::default(),
            closing: AtomicBool::new(false),
        });
        let this = Self { address, shared: Arc::clone(&shared) };
        this.answers(&[(204, "", "")]);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if shared.closing.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || drop(receive(&stream, &shared)));
            }
        });
        this
    }

    /// Its address, with something in it that no log may show.
    pub fn url(&self) -> String {
        format!("http://{}/hooks?key=hidden", self.address)
    }

    /// Answers with these statuses, header lines and bodies, one after the other, and then always with the last.
    pub fn answers(&self, answers: &[(u16, &str, &str)]) {
        let text = |(status, headers, body): &(u16, &str, &str)| {
            let length = if *status == 204 { String::new() } else { format!("content-length: {}\r\n", body.len()) };
            format!("HTTP/1.1 {status} x\r\nconnection: close\r\n{length}{headers}\r\n{body}")
        };
        *self.shared.answers.lock().unwrap() = answers.iter().map(text).collect();
    }

    /// Keeps its answers to itself, or gives all that it owes.
    pub fn hold(&self, holds: bool) {
        let (held, changed) = &self.shared.held;
        *held.lock().unwrap() = holds;
        changed.notify_all();
    }

    /// Waits until a request has come.
    pub async fn asked(&self) {
        while self.shared.got.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    }

    /// What came since the last look.
    pub fn got(&self) -> Vec<Got> {
        std::mem::take(&mut *self.shared.got.lock().unwrap())
    }

    /// The one request that came since the last look.
    #[track_caller]
    pub fn got_one(&self) -> Got {
        let mut got = self.got();
        assert_eq!(got.len(), 1, "{got:?}");
        got.remove(0)
    }

    /// The types of the events that came since the last look.
    pub fn types(&self) -> Vec<String> {
        self.got().iter().map(|got| got.json()["type"].as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        self.hold(false);
        drop(TcpStream::connect(self.address));
    }
}

fn receive(stream: &TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            // Whoever sent it is dead.
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    shared.got.lock().unwrap().push(Got { path, headers, body });
    let (held, changed) = &shared.held;
    drop(changed.wait_while(held.lock().unwrap(), |holds| *holds));
    let answer = {
        let mut answers = shared.answers.lock().unwrap();
        if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
    };
    let mut stream = stream;
    stream.write_all(answer.unwrap_or_default().as_bytes())
}
