//! One stream: what its client gets, chunk by chunk.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::unfold;
use tokio::time::Instant;

use crate::app::App;
use crate::events::{Filter, Frame, News, Subscription};
use crate::text_enum;

/// How long a client waits before it comes back, in milliseconds: at least, and how far they are spread out.
const RETRY_MS: u32 = 500;
const SPREAD_MS: u32 = 2_500;

/// How long one waits that was turned away, in milliseconds: at least, and how far they are spread out.
const LATER_MS: u32 = 5_000;
const LATER_SPREAD_MS: u32 = 10_000;

/// All that a client gets for whom there is no room: when to come back. After a refusal, browsers never do.
pub fn turned_away(app: &App) -> String {
    format!("retry: {}\n\n", LATER_MS + app.ids().below(LATER_SPREAD_MS))
}

text_enum! {
    /// Why a client has to read anew.
    pub enum Reason {
        /// What it missed is no longer in the log, or is too much to tell one by one.
        TooOld = "too_old",
        /// It did not take what was sent fast enough.
        TooSlow = "too_slow",
        /// It names an event that never was.
        Unknown = "unknown",
        /// The tree of sections that it chose from has changed.
        SectionsMoved = "sections_moved",
    }
}

/// A stream in the making, and then under way.
#[derive(Debug)]
pub struct Stream {
    filter: Arc<Filter>,
    subscription: Subscription,
    /// The number of the last event that was looked at.
    position: i64,
    /// What goes out before anything is waited for.
    pending: VecDeque<Bytes>,
    ended: bool,
    /// The longest silence.
    silence: Duration,
    /// How long this client shall wait before it comes back, in milliseconds; each another while.
    retry_ms: u32,
}

impl Stream {
    pub(super) fn new(app: &App, filter: Arc<Filter>, subscription: Subscription) -> Self {
        let retry_ms = RETRY_MS + app.ids().below(SPREAD_MS);
        let greeting = Bytes::from(format!("retry: {retry_ms}\n\n"));
        let (position, silence) = (subscription.position, app.config().events.heartbeat());
        Self { filter, subscription, position, pending: VecDeque::from([greeting]), ended: false, silence, retry_ms }
    }

    /// Gives a client that was never here its place, so that it can come back even before it is told anything.
    pub(super) fn begin(&mut self) {
        self.pending.push_back(format!("id: {}\n\n", self.position).into());
    }

    /// The number of the last event before the first that it will hear.
    pub(super) const fn position(&self) -> i64 {
        self.position
    }

    /// Whether an event is one that the client chose.
    pub(super) fn lets_pass(&self, frame: &Frame) -> bool {
        self.filter.lets_pass(&frame.route)
    }

    /// Whether the sections that the client chose by are others from an event on.
    pub(super) fn has_lost_sections(&self, frame: &Frame) -> bool {
        self.filter.sections.is_some() && frame.route.moves_sections()
    }

    /// Tells what was missed after a number.
    pub(super) fn catch_up(&mut self, after: i64, frames: &[Arc<Frame>]) {
        self.pending.extend(frames.iter().map(|frame| frame.bytes.clone()));
        self.position = self.position.max(after);
    }

    /// Tells the client to read anew; from here on it is told everything.
    pub(super) fn resync(&mut self, reason: Reason) {
        let text = format!("id: {}\nevent: resync\ndata: {{\"reason\":\"{reason}\"}}\n\n", self.position);
        self.pending.push_back(text.into());
    }

    /// What is sent, until the client goes, the node closes or the stream has lost its place.
    pub fn chunks(self) -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> {
        unfold(self, |mut stream| async move {
            let chunk = stream.next().await?;
            Some((Ok(chunk), stream))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        let deadline = Instant::now() + self.silence;
        loop {
            if let Some(chunk) = self.pending.pop_front() {
                return Some(chunk);
            }
            if self.ended {
                return None;
            }
            match self.subscription.next(deadline).await {
                News::Frame(frame) => self.hear(&frame),
                // An id without data moves the client's place on and is otherwise not heard: who comes back after a
                // quiet night need not look through all that others were told.
                News::Quiet => self.pending.push_back(format!(":\nid: {}\n\n", self.position).into()),
                News::Lost => self.end(Reason::TooSlow),
                News::Closing => {
                    self.pending.push_back(format!("retry: {}\n\n", self.retry_ms).into());
                    self.ended = true;
                }
            }
        }
    }

    fn hear(&mut self, frame: &Frame) {
        if frame.number <= self.position {
            return;
        }
        self.position = frame.number;
        if self.has_lost_sections(frame) {
            self.end(Reason::SectionsMoved);
        } else if self.lets_pass(frame) {
            self.pending.push_back(frame.bytes.clone());
        }
    }

    fn end(&mut self, reason: Reason) {
        self.resync(reason);
        self.ended = true;
    }
}
