//! The publication itself: its name, languages and zone, where else it is, what it lets readers do. There is always
//! exactly one. Other rooms ask [`present`] for what they need to know of it.

pub mod dto;
pub mod http;
mod model;
mod store;

use std::sync::Arc;

use serde_json::json;

use crate::app::{Read, Tx};
use crate::auth::Permit;
use crate::auth::actions::{ManageSite, ReadSite};
use crate::events::{Change, Kind, Visibility, fingerprint};
use crate::http::{Expected, Patch};
use crate::problem::Problem;
use dto::SiteIn;

pub use model::{ByLanguage, CommentPolicy, Fallbacks, Feed, FeedKind, Site, SocialLink};

/// What happens to the site.
pub const EVENTS: &[Kind] = &[Kind::of::<dto::SiteEvent>("site.updated", "The site's settings were changed.")];

/// The site as it is now; as it comes, while nobody has changed it.
pub fn present(read: &mut Read<'_>) -> Result<Arc<Site>, Problem> {
    if let Some(site) = read.furnished(|furniture| &furniture.site, &())? {
        return Ok(site);
    }
    let site = Arc::new(kept(read)?);
    read.furnish(|furniture| &furniture.site, (), &site)?;
    Ok(site)
}

fn kept(read: &mut Read<'_>) -> Result<Site, Problem> {
    let Some(row) = store::find(read.conn)? else {
        return Ok(Site::untouched());
    };
    let form: SiteIn = serde_json::from_str(&row.content)?;
    // What was good when it was kept is broken now only by our own doing.
    let site = form.parse().map_err(|faults| Problem::internal(format!("the kept site: {faults:?}")))?;
    Ok(Site { version: row.version, updated_at: Some(row.updated_at), ..site })
}

/// The zone of a name in the IANA time zone database.
pub fn time_zone(name: &str) -> Result<jiff::tz::TimeZone, crate::fault::Fault> {
    dto::parse_zone(name)
}

/// The site as the newsroom sees it.
pub fn read(read: &mut Read<'_>, _: &Permit<ReadSite>) -> Result<Site, Problem> {
    present(read).map(Arc::unwrap_or_clone)
}

/// Changes the site, if it is still as the caller saw it.
pub fn update(
    tx: &mut Tx<'_>,
    _: &Permit<ManageSite>,
    expected: &Expected,
    patch: &Patch<SiteIn>,
) -> Result<Site, Problem> {
    let before = Arc::unwrap_or_clone(present(&mut tx.reading())?);
    expected.check(before.version)?;
    let parsed = patch.apply(&SiteIn::from(before.clone()))?.checked()?;
    let site = Site { version: before.version + 1, updated_at: Some(tx.now), ..parsed };
    let content = serde_json::to_string(&SiteIn::from(site.clone()))?;
    let row = store::Row { content, version: site.version, updated_at: tx.now };
    if store::save(tx.conn, &row, before.version)? == 0 {
        return Err(Problem::stale(kept(&mut tx.reading())?.version));
    }
    tx.record(Change {
        topic: "site.updated",
        kind: "site",
        target: None,
        visibility: Visibility::Public,
        payload: json!({ "name": site.name }),
        before: Some(state(&before)?),
        after: Some(state(&site)?),
        is_routine: false,
    });
    Ok(site)
}

/// The fingerprint of what is kept of the site.
fn state(site: &Site) -> Result<Vec<u8>, Problem> {
    fingerprint(&(site.version, SiteIn::from(site.clone())))
}
