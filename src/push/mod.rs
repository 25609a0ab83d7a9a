//! Breaking alerts on browsers that are closed, by Web Push (RFC 8030, 8291, 8292).
//!
//! This room knows of alerts only what a [`Notice`] says, which whoever issues them writes to the event log. Each one
//! becomes a round over all who have chosen it, page by page, so that a node that takes over from another goes on where
//! that one stood. A message is sent at least once; all of one alert share a topic and a tag, so a reader sees the last.
//! No event and no audit line says who is subscribed, and nobody can ask: a browser knows its own choice.

pub mod dto;
pub mod encryption;
pub mod http;
mod message;
mod model;
mod notice;
mod rounds;
mod sending;
mod store;
pub mod vapid;

use self::dto::{Browser, PushSubscriptionView, Wish};
use self::model::{Aim, fenced, key};
use self::store::Row;
use self::vapid::VapidKey;
use crate::app::{App, Read, Tx};
use crate::auth::kept_secret;
use crate::events;
use crate::fault::{Fault, Faults};
use crate::ids::RecordId;
use crate::problem::{Code, Problem};
use crate::records::{self, Kind};

pub use notice::{Cause, Notice};
pub use rounds::{begin_rounds, forget};
pub use sending::{tell, try_again};

/// The event that asks for a push: a change of this topic with a [`Notice`] as its payload, for the newsroom alone.
pub const REQUESTED: &str = "push.requested";

/// The events that this room reads.
pub const EVENTS: &[events::Kind] = &[events::Kind::of::<Notice>(
    REQUESTED,
    "An alert is pushed to all who have chosen it; a bridge to an app's own push (FCM, APNs) passes the same on.",
)];

/// The name of the key among the secrets, and what it is sealed for.
const KEY_NAME: &str = "vapid";
const KEY_PLACE: &str = "push vapid";

/// Takes in a browser's subscription, or changes what it has chosen.
///
/// # Errors
/// `invalid` for sections that are none; `unavailable` when there are as many subscriptions as may be.
pub fn subscribe(tx: &mut Tx<'_>, browser: Browser, wish: Wish, most: i64) -> Result<PushSubscriptionView, Problem> {
    let Wish { language, topics, regions, sections, max_urgency } = wish;
    let section_ids = chosen(&mut tx.reading(), &sections)?;
    let keys = |words: &[String]| fenced(&words.iter().map(|word| key(word)).collect::<Vec<_>>());
    let fingerprint = browser.fingerprint();
    let Browser { endpoint, p256dh, auth } = browser;
    rounds::take_place(tx)?;
    let row = Row {
        id: tx.next_id(),
        endpoint,
        fingerprint,
        p256dh,
        auth,
        language: language.as_ref().map(ToString::to_string),
        max_urgency: i64::from(max_urgency),
        topic_keys: keys(&topics),
        region_keys: keys(&regions),
        section_ids: fenced(&section_ids),
        created_at: tx.now,
        updated_at: tx.now,
    };
    // Inserted or not, the row is there afterwards, also when the same browser comes twice at once.
    if store::insert(tx.conn, &row)? == 0 {
        store::choose(tx.conn, &row)?;
    } else if store::count(tx.conn)? > most {
        return Err(Problem::new(Code::Unavailable));
    }
    let id = store::id_of(tx.conn, &row.fingerprint)?;
    Ok(PushSubscriptionView { id, language, topics, regions, section_ids, max_urgency })
}

/// Forgets a browser, if it is known.
pub fn unsubscribe(tx: &mut Tx<'_>, browser: &Browser) -> Result<(), Problem> {
    store::delete_by_fingerprint(tx.conn, &browser.fingerprint())?;
    Ok(())
}

/// How many browsers would be told of an alert.
pub fn audience(read: &mut Read<'_>, notice: &Notice) -> Result<i64, Problem> {
    let aim = aim(read, notice)?;
    Ok(store::audience(read.conn, &aim)?)
}

/// The key that messages are signed with. The first who asks makes it, and of two at once the first one's stays.
pub async fn vapid_key(app: &App) -> Result<VapidKey, Problem> {
    let sealed = kept_secret(app, KEY_NAME, || {
        let key = VapidKey::fresh().map_err(Problem::internal)?;
        app.vault().seal(app.ids(), KEY_PLACE, &key.to_bytes())
    });
    let opened = app.vault().open(KEY_PLACE, &sealed.await?);
    let bytes = opened.ok_or_else(|| Problem::internal("the key for pushes was sealed with another jwt_secret"))?;
    VapidKey::from_bytes(&bytes).map_err(Problem::internal)
}

/// What a notice is aimed at.
fn aim(read: &mut Read<'_>, notice: &Notice) -> Result<Aim, Problem> {
    let sections = records::with_ancestors(read, notice.section_ids.clone())?;
    Ok(Aim::new(notice.language.as_str(), notice.peak_urgency, [&notice.topics, &notice.regions], &sections))
}

/// The sections that a reader has chosen. One that is unknown is refused: left out, it could leave none, which is all.
fn chosen(read: &mut Read<'_>, names: &[String]) -> Result<Vec<RecordId>, Problem> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let known = records::known(read, Kind::Section, names)?;
    let mut faults = Faults::new();
    for (at, _) in known.iter().enumerate().filter(|(_, section)| section.is_none()) {
        faults.add(format!("/sections/{at}"), Fault::NotFound);
    }
    let mut ids: Vec<RecordId> = known.into_iter().flatten().collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(faults.finish(Some(ids))?)
}
