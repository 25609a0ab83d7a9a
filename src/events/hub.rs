//! Where the streams of this node wait for news: one sender, the frames of the last while for those who come back, and
//! the place up to which the log has been carried here.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, broadcast, watch};
use tokio::time::{Instant, timeout, timeout_at};

use super::{Filter, Frame, Route};

/// Frames that a stream may be behind before it has lost its place.
const BEHIND_MAX: usize = 1024;
/// Frames that are kept for those who come back, so that they do not all ask the database.
pub(super) const RECENT: u32 = 512;

/// The streams of one node, and what they are told.
pub struct Hub {
    inner: Mutex<Inner>,
    /// The number of the last event that was carried here, public or not.
    carried: watch::Sender<i64>,
    /// The number of the last event that this node knows of: one that it wrote itself is known before it is carried here.
    known: AtomicI64,
    nudge: Notify,
    seats: Arc<Mutex<Seats>>,
}

/// What each open stream lets pass.
#[derive(Debug, Default)]
struct Seats {
    taken: HashMap<u64, Arc<Filter>>,
    next: u64,
}

struct Inner {
    /// Gone once the node is closing.
    live: Option<broadcast::Sender<Arc<Frame>>>,
    /// The number of the last event that was carried here; nothing was while it is `None`.
    carried: Option<i64>,
    /// Every frame after the public number `recent_from`.
    recent: VecDeque<Arc<Frame>>,
    recent_from: i64,
}

impl Inner {
    /// The public number up to which streams were told.
    fn told(&self) -> i64 {
        self.recent.back().map_or(self.recent_from, |frame| frame.number)
    }

    /// Begins anew after a public number, since what lies before it was forgotten before it came here. Every stream
    /// ends, and its client learns what that means when it comes back.
    fn lose(&mut self, from: i64) {
        self.live = self.live.as_ref().map(|_| broadcast::Sender::new(BEHIND_MAX));
        self.recent.clear();
        self.recent_from = from;
    }
}

/// What somebody who comes back has missed.
#[derive(Clone, Debug)]
pub enum Missed {
    /// Exactly these.
    Frames(Vec<Arc<Frame>>),
    /// More than is kept here; the log has the rest.
    Older,
}

/// What a stream hears.
#[derive(Clone, Debug)]
pub enum News {
    /// An event.
    Frame(Arc<Frame>),
    /// Nothing until the deadline.
    Quiet,
    /// More than it could take; its place is lost.
    Lost,
    /// It is time to come back: the node is closing, or could not follow the log itself.
    Closing,
}

impl Default for Hub {
    fn default() -> Self {
        let inner = Inner {
            live: Some(broadcast::Sender::new(BEHIND_MAX)),
            carried: None,
            recent: VecDeque::new(),
            recent_from: 0,
        };
        Self {
            inner: Mutex::new(inner),
            carried: watch::Sender::new(0),
            known: AtomicI64::new(0),
            nudge: Notify::new(),
            seats: Arc::default(),
        }
    }
}

impl Hub {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    /// Notes that this node knows of an event, and of all before it: before it acts on what that says.
    pub fn learn(&self, seq: i64) {
        self.known.fetch_max(seq, Ordering::SeqCst);
    }

    /// The number of the last event that this node knows of.
    pub fn known(&self) -> i64 {
        self.known.load(Ordering::SeqCst)
    }

    /// Says that the log may have grown.
    pub fn nudge(&self) {
        self.nudge.notify_one();
    }

    /// Waits for a nudge, but not longer than this.
    pub(super) async fn nudged(&self, at_most: Duration) {
        drop(timeout(at_most, self.nudge.notified()).await);
    }

    /// The number of the last event that was carried here, public or not, and what tells of the next ones.
    pub fn positions(&self) -> watch::Receiver<i64> {
        self.carried.subscribe()
    }

    /// The number of the last event that was carried here; `None` before the first.
    pub(super) fn carried(&self) -> Option<i64> {
        self.inner().carried
    }

    /// Begins with the frames of the last while, after a public number, and with all up to an event carried.
    pub(super) fn begin(&self, carried: i64, recent_from: i64, recent: Vec<Frame>) {
        let mut inner = self.inner();
        if inner.carried.is_none() {
            (inner.carried, inner.recent_from) = (Some(carried), recent_from);
            inner.recent = recent.into_iter().map(Arc::new).collect();
        }
    }

    /// Carries frames here, in order, and all events up to a number. What was carried before falls away.
    pub(super) fn carry(&self, frames: Vec<Frame>, to: i64) {
        let mut inner = self.inner();
        let told = inner.told();
        for frame in frames.into_iter().filter(|frame| frame.number > told).map(Arc::new) {
            if frame.number > inner.told() + 1 {
                inner.lose(frame.number - 1);
            }
            if inner.recent.len() >= RECENT as usize
                && let Some(oldest) = inner.recent.pop_front()
            {
                inner.recent_from = oldest.number;
            }
            inner.recent.push_back(Arc::clone(&frame));
            if let Some(live) = &inner.live {
                // Nobody listens: nobody is told.
                drop(live.send(frame));
            }
        }
        let carried = inner.carried.map_or(to, |known| known.max(to));
        inner.carried = Some(carried);
        drop(inner);
        self.carried.send_if_modified(|known| std::mem::replace(known, carried) != carried);
    }

    /// Whether anything was carried here yet.
    pub fn has_begun(&self) -> bool {
        self.carried().is_some()
    }

    /// Joins the streams, from here on; `None` when the node is closing or has so many already.
    pub fn join(&self, streams_max: usize) -> Option<Subscription> {
        let inner = self.inner();
        let frames = inner.live.as_ref()?.subscribe();
        let mut seats = lock(&self.seats);
        if seats.taken.len() >= streams_max {
            return None;
        }
        let number = seats.next;
        seats.next += 1;
        seats.taken.insert(number, Arc::default());
        let seat = Seat { number, seats: Arc::clone(&self.seats) };
        Some(Subscription { frames, position: inner.told(), seat })
    }

    /// What came after a public number, up to another one.
    pub fn missed(&self, after: i64, up_to: i64) -> Missed {
        let inner = self.inner();
        if after < inner.recent_from || inner.carried.is_none() {
            return Missed::Older;
        }
        let between = |frame: &&Arc<Frame>| frame.number > after && frame.number <= up_to;
        Missed::Frames(inner.recent.iter().filter(between).cloned().collect())
    }

    /// Streams that are open on this node.
    pub fn streams(&self) -> usize {
        lock(&self.seats).taken.len()
    }

    /// Open streams that would let something pass.
    pub fn audience(&self, route: &Route) -> usize {
        lock(&self.seats).taken.values().filter(|filter| filter.lets_pass(route)).count()
    }

    /// Ends every stream, once it has sent what it has, and takes no new one.
    pub fn close(&self) {
        self.inner().live = None;
    }
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("carried", &self.carried()).field("streams", &self.streams()).finish()
    }
}

/// A stream's seat; the node counts it while it lasts.
#[derive(Debug)]
pub struct Subscription {
    frames: broadcast::Receiver<Arc<Frame>>,
    /// The public number of the last event before the first that it hears.
    pub position: i64,
    /// Given back when it is dropped.
    seat: Seat,
}

struct Seat {
    number: u64,
    seats: Arc<Mutex<Seats>>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        lock(&self.seats).taken.remove(&self.number);
    }
}

impl std::fmt::Debug for Seat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Seat({})", self.number)
    }
}

/// What a panic elsewhere left half done is whole here: each change is one insertion or removal.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Subscription {
    /// Says what it lets pass, for those who ask whom something would reach.
    pub fn choose(&self, filter: &Arc<Filter>) {
        lock(&self.seat.seats).taken.insert(self.seat.number, Arc::clone(filter));
    }

    /// The next news, or that there was none until the deadline.
    pub async fn next(&mut self, deadline: Instant) -> News {
        match timeout_at(deadline, self.frames.recv()).await {
            Ok(Ok(frame)) => News::Frame(frame),
            Ok(Err(RecvError::Lagged(_))) => News::Lost,
            Ok(Err(RecvError::Closed)) => News::Closing,
            Err(_) => News::Quiet,
        }
    }
}
