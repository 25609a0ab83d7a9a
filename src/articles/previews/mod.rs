//! Links that show an article to somebody without an account before it is public. Whoever has one sees one revision, or the
//! working copy as it changes, until the link's time is over or somebody revokes it. Of its token only a hash is kept.

pub mod dto;
mod store;

use std::time::Duration;

use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use self::dto::{PreviewInfo, PreviewLinkIn, PreviewQuery, PreviewView};
use super::delivery::whole;
use super::kept::{check_beat, visible_to, words};
use super::model::ArticleState;
use super::query::OneArticleQuery;
use super::steps::NOTE_MAX;
use super::store::{self as articles, Live};
use crate::app::{Read, Tx};
use crate::auth::actions::WriteArticles;
use crate::auth::{Permit, could_still};
use crate::blocks::Body;
use crate::db::page::{PageRequest, Slice};
use crate::events::{Change, fingerprint};
use crate::fault::{Fault, Faults};
use crate::ids::{ArticleId, PreviewLinkId, PublicationId, token_hash};
use crate::problem::{Code, Problem};
use crate::site;
use crate::text::safe;
use crate::time::UtcTime;

pub(super) use store::Link;

/// How long a link is good when nobody says.
const USUAL: Duration = Duration::from_secs(86_400);
/// How long it may be good.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

/// A link was made or revoked.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `told` puts together")]
pub struct PreviewEvent {
    /// The link.
    link_id: PreviewLinkId,
    /// The revision that it shows; nothing when it follows the working copy.
    #[schema(example = 3)]
    version: Option<i64>,
    /// Until when it is good.
    expires_at: UtcTime,
}

fn told(link: &Link) -> Value {
    json!({ "linkId": link.id, "version": link.version, "expiresAt": link.expires_at })
}

/// The fingerprint of what is kept of a link, but for the hash of its token and the key that made it, which never change.
fn state(link: &Link) -> Result<Vec<u8>, Problem> {
    let Link { id, article_id, version, note, expires_at, revoked_at, created_by, created_at, key_id: _ } = link;
    fingerprint(&(id, article_id, version, note, expires_at, revoked_at, created_by, created_at))
}

/// Makes a link for a token that only its maker will know.
pub fn share(
    tx: &mut Tx<'_>,
    permit: &Permit<WriteArticles>,
    id: ArticleId,
    form: PreviewLinkIn,
    token: &str,
) -> Result<Link, Problem> {
    let head = visible_to(&mut tx.reading(), &permit.user, id)?;
    check_beat(&mut tx.reading(), &permit.user, &head)?;
    if !may_be_shown(head.state) {
        return Err(Problem::new(Code::IllegalTransition).with("state", head.state.as_str()));
    }
    let PreviewLinkIn { version, expires_at, note } = form;
    let mut faults = Faults::new();
    let note = faults.take("/note", safe::optional_paragraph(note.as_deref(), NOTE_MAX)).flatten();
    let expires_at = expires_at.unwrap_or_else(|| tx.now.after(USUAL));
    if expires_at <= tx.now {
        faults.add("/expiresAt", Fault::NotLater);
    }
    if expires_at > tx.now.after(LONGEST) {
        faults.add("/expiresAt", Fault::BadFormat("an instant within 30 days".into()));
    }
    if version.is_some_and(|version| !(1..=head.version).contains(&version)) {
        faults.add("/version", Fault::NotFound);
    }
    faults.finish(Some(()))?;
    let link = Link {
        id: tx.next_id(),
        article_id: id,
        version,
        note,
        expires_at,
        revoked_at: None,
        created_by: permit.user.id,
        created_at: tx.now,
        key_id: permit.user.key(),
    };
    store::insert(tx.conn, &link, &token_hash(token))?;
    tx.restate(id, None, Some(state(&link)?));
    tx.record(Change::newsroom("article.preview_shared", id, told(&link)));
    Ok(link)
}

/// A page of an article's links, the newest first, without their tokens.
pub fn shared(
    read: &mut Read<'_>,
    permit: &Permit<WriteArticles>,
    id: ArticleId,
    page: &PageRequest,
) -> Result<Slice<Link>, Problem> {
    visible_to(read, &permit.user, id)?;
    Ok(store::of_article(read.conn, id, page)?)
}

/// Ends every link of an article at once.
pub(super) fn revoke_all(tx: &mut Tx<'_>, id: ArticleId) -> Result<(), Problem> {
    store::revoke_all(tx.conn, id, tx.now)?;
    Ok(())
}

/// Ends a link at once. One that was revoked stays so.
pub fn revoke(
    tx: &mut Tx<'_>,
    permit: &Permit<WriteArticles>,
    id: ArticleId,
    link: PreviewLinkId,
) -> Result<(), Problem> {
    let head = visible_to(&mut tx.reading(), &permit.user, id)?;
    check_beat(&mut tx.reading(), &permit.user, &head)?;
    let link = store::find(tx.conn, id, link)?.ok_or_else(Problem::not_found)?;
    if store::revoke(tx.conn, link.id, tx.now)? == 1 {
        let revoked = Link { revoked_at: Some(tx.now), ..link.clone() };
        tx.restate(id, Some(state(&link)?), Some(state(&revoked)?));
        tx.record(Change::newsroom("article.preview_revoked", id, told(&link)));
    }
    Ok(())
}

/// What a token shows. A link that is over or revoked, one whose maker may make none any more, one of an article that was given
/// up, and one that never was answer alike.
pub fn preview(
    read: &mut Read<'_>,
    token: &str,
    query: PreviewQuery,
    public_url: &str,
) -> Result<PreviewView, Problem> {
    let link = store::by_hash(read.conn, &token_hash(token), read.now)?.ok_or_else(Problem::not_found)?;
    if !could_still::<WriteArticles>(read, link.created_by, link.key_id)? {
        return Err(Problem::not_found());
    }
    let head = articles::head(read.conn, link.article_id)?.ok_or_else(Problem::not_found)?.at(read.now);
    if !may_be_shown(head.state) {
        return Err(Problem::not_found());
    }
    let version = link.version.unwrap_or(head.version);
    let found = articles::revision(read.conn, head.id, version)?;
    let (row, texts) = found.ok_or_else(Problem::not_found)?;
    let body: Body = serde_json::from_str(&texts.body)?;
    let site = site::present(read)?;
    let form: super::dto::ArticleIn = serde_json::from_str(&texts.content)?;
    let date_published = head.date_published.or(head.ahead.due_at).unwrap_or(read.now);
    let live = Live {
        // No publication: it is shown like one, and none is asked for by this id.
        id: PublicationId::of(Uuid::nil()),
        article_id: head.id,
        version,
        slug: form.slug.unwrap_or(head.slug),
        date_published,
        date_modified: row.created_at.max(date_published),
        word_count: words(&body),
        content: texts.content,
    };
    let wanted = OneArticleQuery { language: None, body: query.body, include: None };
    let article = whole(read, &site, (live, texts.body), &wanted, public_url)?;
    Ok(PreviewView { article, preview: PreviewInfo { version, expires_at: link.expires_at } })
}

/// Whether an article in this state has anything to show before it is public.
const fn may_be_shown(state: ArticleState) -> bool {
    use ArticleState::{Approved, Draft, Killed, Published, Scheduled, Spiked, Submitted, Unpublished};
    match state {
        Draft | Submitted | Approved | Scheduled | Published | Unpublished => true,
        Spiked | Killed => false,
    }
}
