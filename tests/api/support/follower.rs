//! Clients of a stream with sockets of their own, that come back where they left off as a browser does.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::process::{PATIENCE, until};
use super::stream::{EventSource, Message};

/// How long a look at the socket lasts.
const LOOK: Duration = Duration::from_millis(20);

/// One connection to a stream.
pub struct Feed {
    socket: TcpStream,
    /// What came and is not a whole chunk yet.
    raw: Vec<u8>,
    pub source: EventSource,
    ended: bool,
}

impl Feed {
    /// Asks for a stream; an error when nobody is there or it is refused.
    pub fn open(port: u16, target: &str, last_id: Option<i64>) -> io::Result<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut socket = TcpStream::connect_timeout(&address, PATIENCE)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let place = last_id.map(|id| format!("last-event-id: {id}\r\n")).unwrap_or_default();
        let request = format!("GET {target} HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n{place}\r\n");
        socket.write_all(request.as_bytes())?;
        let mut raw = Vec::new();
        let end = loop {
            if let Some(end) = raw.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            more(&mut socket, &mut raw)?;
        };
        let head = String::from_utf8_lossy(&raw[..end]).to_lowercase();
        raw.drain(..end + 4);
        // One that has an end from the beginning turns its client away.
        if !head.starts_with("http/1.1 200 ") || !head.contains("transfer-encoding: chunked") {
            return Err(io::Error::other(head));
        }
        socket.set_read_timeout(Some(LOOK))?;
        Ok(Self { socket, raw, source: EventSource::default(), ended: false })
    }

    /// What has come, after a short look; an error once it is over.
    pub fn look(&mut self) -> io::Result<Vec<Message>> {
        if self.ended {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let mut text = self.whole_chunks();
        if text.is_empty() && !self.ended {
            match more(&mut self.socket, &mut self.raw) {
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                other => other?,
            }
            text = self.whole_chunks();
        }
        Ok(self.source.read(&text))
    }

    /// Waits for so many events.
    #[track_caller]
    pub fn expect(&mut self, count: usize) -> Vec<Message> {
        let mut told = Vec::new();
        until("the stream tells enough", || {
            told.extend(self.look().unwrap());
            (told.len() >= count).then_some(())
        });
        told
    }

    /// Waits until the server ends it; answers what it said until then, and how long that took.
    #[track_caller]
    pub fn until_the_end(&mut self) -> (Vec<Message>, Duration) {
        let (began, mut told) = (Instant::now(), Vec::new());
        until("the stream ends", || match self.look() {
            Ok(messages) => {
                told.extend(messages);
                None
            }
            Err(_) => Some(()),
        });
        (told, began.elapsed())
    }

    /// The text of the chunks that are here whole (RFC 9112 §7.1).
    fn whole_chunks(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        while let Some(line) = self.raw.windows(2).position(|two| two == b"\r\n") {
            let size = usize::from_str_radix(std::str::from_utf8(&self.raw[..line]).unwrap(), 16).unwrap();
            let (start, end) = (line + 2, line + 2 + size);
            if self.raw.len() < end + 2 {
                break;
            }
            text.extend_from_slice(&self.raw[start..end]);
            self.raw.drain(..end + 2);
            self.ended = size == 0;
        }
        text
    }
}

/// Reads once; an error at the end.
fn more(socket: &mut TcpStream, into: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 8192];
    match socket.read(&mut buffer)? {
        0 => Err(ErrorKind::UnexpectedEof.into()),
        count => {
            into.extend_from_slice(&buffer[..count]);
            Ok(())
        }
    }
}

/// Somebody who follows a stream in a thread, whatever happens to the connection.
pub struct Follower {
    told: Arc<Mutex<Vec<Message>>>,
    connections: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Follower {
    /// Follows from now on. After each event it is asked whether the connection breaks there.
    pub fn start(port: u16, target: &str, breaks: impl FnMut() -> bool + Send + 'static) -> Self {
        let (told, connections, stop) = (Arc::default(), Arc::default(), Arc::default());
        let trail = Trail { port, target: target.into(), told: Arc::clone(&told), last_id: None };
        let (counted, stopped) = (Arc::clone(&connections), Arc::clone(&stop));
        let thread = Some(thread::spawn(move || follow(trail, &counted, &stopped, breaks)));
        let this = Self { told, connections, stop, thread };
        until("the follower is connected", || (this.connections() > 0).then_some(()));
        this
    }

    /// What it was told so far.
    pub fn told(&self) -> Vec<Message> {
        self.told.lock().unwrap().clone()
    }

    /// The numbers of what it was told so far.
    pub fn ids(&self) -> Vec<i64> {
        self.told.lock().unwrap().iter().map(|message| message.id).collect()
    }

    /// How often it had to connect.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.take().map(JoinHandle::join);
    }
}

struct Trail {
    port: u16,
    target: String,
    told: Arc<Mutex<Vec<Message>>>,
    last_id: Option<i64>,
}

fn follow(mut trail: Trail, connections: &AtomicUsize, stop: &AtomicBool, mut breaks: impl FnMut() -> bool) {
    while !stop.load(Ordering::SeqCst) {
        if let Ok(mut feed) = Feed::open(trail.port, &trail.target, trail.last_id) {
            let mut is_greeted = false;
            while !stop.load(Ordering::SeqCst) && trail.hear(&mut feed, &mut breaks).is_ok() {
                if !is_greeted && feed.source.retry_ms.is_some() && trail.last_id.is_some() {
                    is_greeted = true;
                    connections.fetch_add(1, Ordering::SeqCst);
                }
            }
        }
        thread::sleep(LOOK);
    }
}

impl Trail {
    /// Takes what has come; an error where the connection breaks.
    fn hear(&mut self, feed: &mut Feed, breaks: &mut impl FnMut() -> bool) -> io::Result<()> {
        for message in feed.look()? {
            self.last_id = Some(message.id);
            self.told.lock().unwrap().push(message);
            if breaks() {
                return Err(ErrorKind::ConnectionAborted.into());
            }
        }
        self.last_id = feed.source.last_id.or(self.last_id);
        Ok(())
    }
}
