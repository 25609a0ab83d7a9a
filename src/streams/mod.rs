//! Streams: what is public, told as it happens, to everyone who listens (Server-Sent Events, WHATWG HTML §9.2).
//!
//! A stream begins where its client left off: exactly what was missed comes from the log, or one `resync` when that is
//! gone. Then it follows the hub. A frame is rendered once and shared; a stream that can't keep up loses its place and
//! ends with `resync`, and never slows another.

mod body;
pub mod dto;
pub mod http;

use std::collections::HashSet;
use std::sync::Arc;

use crate::app::App;
use crate::events::{self, Filter, Frame, Missed};
use crate::problem::Problem;
use crate::records;

pub use body::{Reason, Stream, turned_away};

/// Events that are looked through for one who comes back.
const SPAN_MAX: i64 = 10_000;
/// Events that one who comes back is told; who has missed more reads anew.
const MISSED_MAX: usize = 1_000;
/// Events that are read at once.
const BATCH: u32 = 500;

/// What a client of a stream wants.
#[derive(Clone, Debug)]
pub struct Wish {
    /// What passes, but for the sections.
    pub filter: Filter,
    /// The sections, by id or slug; with all below them.
    pub sections: Vec<String>,
    /// The public number of the last event that the client has.
    pub after: Option<Place>,
}

/// Where a client says that it left off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// After the event with this number.
    After(i64),
    /// Nowhere that we know of.
    Unknown,
}

/// Opens a stream; `None` when the node has as many as it may, or is closing.
pub async fn open(app: &App, wish: Wish) -> Result<Option<Stream>, Problem> {
    let Wish { filter, sections, after } = wish;
    if !app.hub().has_begun() {
        // The relay has only just started: without this the stream would begin before the end of the log.
        events::relay::catch_up(app).await?;
    }
    // Joined before the look back and before the sections are read: nothing can fall between.
    let Some(subscription) = app.hub().join(app.config().events.streams_max) else { return Ok(None) };
    let sections = match sections.as_slice() {
        [] => None,
        _ => app.read(move |read| records::sections(read, &sections)).await?.map(HashSet::from_iter),
    };
    let filter = Arc::new(Filter { sections, ..filter }.folded());
    subscription.choose(&filter);
    let mut stream = Stream::new(app, filter, subscription);
    match after {
        None => stream.begin(),
        Some(Place::Unknown) => stream.resync(Reason::Unknown),
        Some(Place::After(number)) => match missed(app, number, &stream).await? {
            Ok(frames) => stream.catch_up(number, &frames),
            Err(reason) => stream.resync(reason),
        },
    }
    Ok(Some(stream))
}

/// What a stream would have told after a number, up to where it begins; or why nobody can say.
async fn missed(app: &App, after: i64, stream: &Stream) -> Result<Result<Vec<Arc<Frame>>, Reason>, Problem> {
    let up_to = stream.position();
    if let Missed::Frames(frames) = app.hub().missed(after, up_to) {
        // A number ahead of this node may come from another one, which was faster.
        let known = after <= up_to || app.read(events::last).await?.1 >= after;
        return Ok(if known { wanted(stream, frames) } else { Err(Reason::Unknown) });
    }
    if up_to - after > SPAN_MAX {
        return Ok(Err(Reason::TooOld));
    }
    let mut told = Vec::new();
    let mut from = after;
    while from < up_to {
        let events = app.read(move |read| events::public_after(read, from, BATCH)).await?;
        // Numbers have no gap: one that is not there was forgotten.
        let is_next = events.first().is_some_and(|event| event.number == Some(from + 1));
        let Some(last) = events.last().and_then(|event| event.number).filter(|_| is_next) else {
            return Ok(Err(Reason::TooOld));
        };
        from = last;
        let frames: Result<Vec<_>, Problem> = events.into_iter().map(Frame::of).collect();
        let until_here = frames?.into_iter().flatten().filter(|frame| frame.number <= up_to).map(Arc::new);
        match wanted(stream, until_here) {
            Ok(frames) if told.len() + frames.len() <= MISSED_MAX => told.extend(frames),
            Ok(_) => return Ok(Err(Reason::TooOld)),
            Err(reason) => return Ok(Err(reason)),
        }
        // Others on this thread have waited.
        tokio::task::yield_now().await;
    }
    Ok(Ok(told))
}

/// Those of the frames that a stream lets pass, unless its sections have moved among them: what it would have told by
/// the tree of then, nobody knows.
fn wanted(stream: &Stream, frames: impl IntoIterator<Item = Arc<Frame>>) -> Result<Vec<Arc<Frame>>, Reason> {
    let mut passed = Vec::new();
    for frame in frames {
        if stream.has_lost_sections(&frame) {
            return Err(Reason::SectionsMoved);
        }
        if stream.lets_pass(&frame) {
            passed.push(frame);
        }
    }
    Ok(passed)
}
