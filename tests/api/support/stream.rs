//! Streams as their clients read them: the bytes of a body, and what an `EventSource` makes of them.

use std::pin::Pin;
use std::task::Poll;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::web::{Bytes, BytesMut};
use futures_util::future::poll_fn;
use serde_json::Value;
use tokio::task::unconstrained;

/// What a body has to say before it would wait, and whether it is at its end.
async fn available(body: &mut BoxBody) -> (Bytes, bool) {
    let mut bytes = BytesMut::new();
    // Unconstrained: the runtime would have it wait after so many chunks, to be fair to tasks that are not there.
    let ended = unconstrained(poll_fn(|context| {
        loop {
            match Pin::new(&mut *body).poll_next(context) {
                Poll::Ready(Some(chunk)) => bytes.extend_from_slice(&chunk.unwrap()),
                Poll::Ready(None) => return Poll::Ready(true),
                Poll::Pending => return Poll::Ready(false),
            }
        }
    }))
    .await;
    (bytes.freeze(), ended)
}

/// What a body has to say before it would wait.
pub async fn so_far(body: impl MessageBody + 'static) -> Bytes {
    available(&mut body.boxed()).await.0
}

/// One event, as a page's script gets it.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub id: i64,
    pub event: String,
    pub data: Value,
}

impl Message {
    /// What a `resync` says.
    pub fn reason(&self) -> &str {
        assert_eq!(self.event, "resync");
        self.data["reason"].as_str().unwrap()
    }
}

/// Reads `text/event-stream` (WHATWG HTML §9.2.6), in whatever pieces it comes.
#[derive(Debug, Default)]
pub struct EventSource {
    unread: Vec<u8>,
    id: Option<i64>,
    event: String,
    data: String,
    /// Where it would come back, as `Last-Event-ID`.
    pub last_id: Option<i64>,
    /// How long it would wait before that.
    pub retry_ms: Option<u64>,
    /// Lines that are for nobody.
    pub comments: usize,
}

impl EventSource {
    /// The events that are whole by now.
    pub fn read(&mut self, bytes: &[u8]) -> Vec<Message> {
        self.unread.extend_from_slice(bytes);
        let mut messages = Vec::new();
        while let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.unread.drain(..=end).collect();
            messages.extend(self.line(std::str::from_utf8(&line[..end]).unwrap()));
        }
        messages
    }

    fn line(&mut self, line: &str) -> Option<Message> {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" if line.is_empty() => return self.dispatch(),
            "" => self.comments += 1,
            "id" => self.id = Some(value.parse().unwrap()),
            "event" => value.clone_into(&mut self.event),
            "data" => self.data.push_str(value),
            "retry" => self.retry_ms = Some(value.parse().unwrap()),
            _ => panic!("no such field: {line}"),
        }
        None
    }

    fn dispatch(&mut self) -> Option<Message> {
        self.last_id = self.id;
        let (event, data) = (std::mem::take(&mut self.event), std::mem::take(&mut self.data));
        let data = serde_json::from_str(Some(data).filter(|data| !data.is_empty())?.as_str()).unwrap();
        Some(Message { id: self.last_id?, event, data })
    }
}

/// A stream of a Khabar in the same process, kept open.
pub struct Listener {
    pub source: EventSource,
    body: BoxBody,
    ended: bool,
}

impl Listener {
    pub(super) fn new(body: BoxBody) -> Self {
        Self { source: EventSource::default(), body, ended: false }
    }

    /// What it has been told since the last call.
    pub async fn news(&mut self) -> Vec<Message> {
        if self.ended {
            return Vec::new();
        }
        let (bytes, ended) = available(&mut self.body).await;
        self.ended = ended;
        self.source.read(&bytes)
    }

    /// The kinds of events that it has been told since the last call.
    pub async fn topics(&mut self) -> Vec<String> {
        self.news().await.into_iter().map(|message| message.event).collect()
    }

    /// Waits for whatever comes next, heartbeats too.
    pub async fn wait(&mut self) -> Vec<Message> {
        let chunk = poll_fn(|context| Pin::new(&mut self.body).poll_next(context)).await;
        self.source.read(&chunk.expect("not at its end").unwrap())
    }

    /// Whether it was found at its end.
    pub fn is_over(&self) -> bool {
        self.ended
    }
}
