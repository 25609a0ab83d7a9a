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

use crate::app::{App, Read};
use crate::events::{self, Filter, Frame, Missed};
use crate::problem::{Code, Problem};
use crate::records::{self, Kind};

pub use body::{Reason, Stream};

/// Events that one who comes back is told; who has missed more reads anew.
const MISSED_MAX: u32 = 1_000;

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

/// Opens a stream.
///
/// # Errors
/// `unavailable` when the node has as many as it may, or is closing.
pub async fn open(app: &App, wish: Wish) -> Result<Stream, Problem> {
    let Wish { filter, sections, after } = wish;
    let sections = app.read(move |read| chosen(read, &sections)).await?;
    let filter = Arc::new(Filter { sections, ..filter }.folded());
    // Joined before the look back: nothing can fall between the two.
    let joined = app.hub().join(&filter, app.config().events.streams_max);
    let subscription = joined.ok_or_else(|| Problem::new(Code::Unavailable))?;
    let mut stream = Stream::new(app, filter, subscription);
    match after {
        None => {}
        Some(Place::Unknown) => stream.resync(Reason::Unknown),
        Some(Place::After(seq)) => match missed(app, seq, stream.position()).await? {
            Ok(frames) => stream.catch_up(seq, &frames),
            Err(reason) => stream.resync(reason),
        },
    }
    Ok(stream)
}

/// The sections that were asked for, and all below them.
fn chosen(read: &mut Read<'_>, names: &[String]) -> Result<Option<HashSet<crate::ids::RecordId>>, Problem> {
    if names.is_empty() {
        return Ok(None);
    }
    let roots = records::resolve(read, Kind::Section, names)?;
    Ok(Some(records::with_descendants(read, roots)?.into_iter().collect()))
}

/// What came after a number, up to where the stream begins; or why nobody can say.
async fn missed(app: &App, after: i64, up_to: i64) -> Result<Result<Vec<Arc<Frame>>, Reason>, Problem> {
    if let Missed::Frames(frames) = app.hub().missed(after, up_to) {
        // A number ahead of this node may come from another one, which was faster.
        let known = after <= up_to || app.read(events::last).await?.1 >= after;
        return Ok(if known { Ok(frames) } else { Err(Reason::Unknown) });
    }
    let kept = app.read(move |read| {
        let is_kept = events::reaches_back_to(read, after)?;
        Ok(if is_kept { Some(events::public_after(read, after, MISSED_MAX + 1)?) } else { None })
    });
    match kept.await? {
        Some(events) if events.len() <= MISSED_MAX as usize => {
            let before = events.into_iter().filter(|event| event.number.is_some_and(|number| number <= up_to));
            let frames: Result<Vec<Option<Frame>>, Problem> = before.map(Frame::of).collect();
            Ok(Ok(frames?.into_iter().flatten().map(Arc::new).collect()))
        }
        _ => Ok(Err(Reason::TooOld)),
    }
}
