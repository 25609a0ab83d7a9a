//! Articles as the newsroom reads them: working copies and their revisions.

use serde::Serialize;
use utoipa::ToSchema;

use super::corrections::CorrectionView;
use super::dto::ArticleIn;
use super::kept::{Revision, Saved};
use super::lint::Warning;
use super::locks::LockOwner;
use super::model::{ArticleState, Step};
use super::store::{Ahead, Head, RevisionRow};
use crate::ids::{ArticleId, UserId};
use crate::text::{Direction, hex};
use crate::text_enum;
use crate::time::UtcTime;

text_enum! {
    /// Whether the public may use it (ninjs).
    #[schema(example = "usable")]
    pub enum PubStatus {
        /// It is out.
        Usable = "usable",
        /// It is not.
        Withheld = "withheld",
        /// It was, and must not be used any more.
        Canceled = "canceled",
    }
}

/// A working copy: what may be changed, and where it stands. Lists leave out the body.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewsroomArticleView {
    /// Its id.
    id: ArticleId,
    /// Where it is in its life.
    state: ArticleState,
    /// Whether the public may use it.
    pub_status: PubStatus,
    /// Counts its revisions; the `ETag` is made of it.
    #[schema(example = 3)]
    version: i64,
    /// The revision that the public sees.
    #[schema(example = 3)]
    live_version: Option<i64>,
    /// Whether publishing again would show the public something else.
    #[schema(example = false)]
    has_unpublished_changes: bool,
    /// Who is writing at it now: nobody else may save.
    lock: Option<LockOwner>,
    /// What the caller may do with it now.
    allowed: Vec<Step>,
    /// What to look at before publishing; the site's `lint` says what becomes of each. Lists tell what the fields alone
    /// tell.
    warnings: Vec<Warning>,
    /// What becomes public by itself, and when.
    schedule: Option<PlanView>,
    /// What was put right in public.
    corrections: Vec<CorrectionView>,
    /// What everyone reads in the place of a killed article.
    #[schema(example = json!(null))]
    notice: Option<String>,
    /// Who began it.
    created_by: UserId,
    /// Who is to work on it.
    assigned_to: Option<UserId>,
    /// Who changed it last.
    updated_by: UserId,
    /// When it was begun.
    date_created: UtcTime,
    /// When the working copy was last changed.
    date_updated: UtcTime,
    /// The date of publication.
    date_published: Option<UtcTime>,
    /// When what the public sees last changed.
    date_modified: Option<UtcTime>,
    /// Words of the body.
    #[schema(example = 436)]
    word_count: i64,
    /// Which way the text runs.
    dir: Direction,
    /// What may be changed.
    #[serde(flatten)]
    form: ArticleIn,
}

impl From<Saved> for NewsroomArticleView {
    fn from(saved: Saved) -> Self {
        let Saved { head, form, warnings, allowed, corrections, lock } = saved;
        let Head {
            id,
            language: _,
            slug: _,
            state,
            spiked_from: _,
            version,
            live_version,
            section_id: _,
            created_by,
            updated_by,
            date_published,
            date_modified,
            comment_count: _,
            word_count,
            created_at,
            updated_at,
            notice,
            assigned_to,
            ahead,
        } = head;
        let pub_status = match (state, live_version) {
            (ArticleState::Killed, _) => PubStatus::Canceled,
            (_, Some(_)) => PubStatus::Usable,
            (_, None) => PubStatus::Withheld,
        };
        Self {
            id,
            state,
            pub_status,
            version,
            live_version,
            has_unpublished_changes: live_version.is_some_and(|live| live != version),
            schedule: PlanView::of(ahead),
            corrections,
            notice,
            lock,
            allowed,
            warnings,
            created_by,
            assigned_to,
            updated_by,
            date_created: created_at,
            date_updated: updated_at,
            date_published,
            date_modified,
            word_count,
            dir: form.language.direction(),
            form,
        }
    }
}

/// A revision that becomes public by itself.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanView {
    /// Which one. Later changes of the working copy are not in it.
    #[schema(example = 4)]
    version: i64,
    /// When; after an embargo that is later than what was asked for.
    visible_from: UtcTime,
    /// The instant that was asked for; nothing when only an embargo holds it back.
    publish_at: Option<UtcTime>,
    /// The zone that it was asked for in (IANA).
    #[schema(example = "America/New_York")]
    time_zone: Option<String>,
}

impl PlanView {
    fn of(ahead: Ahead) -> Option<Self> {
        let Ahead { due_version, due_at, due_ends_at: _, publish_at, time_zone, ends_at: _ } = ahead;
        Some(Self { version: due_version?, visible_from: due_at?, publish_at, time_zone })
    }
}

/// One step in the life of an article. Lists leave out the snapshot.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevisionView {
    /// The article.
    article_id: ArticleId,
    /// Its number.
    #[schema(example = 2)]
    version: i64,
    /// The revision before it.
    #[schema(example = 1)]
    parent_version: Option<i64>,
    /// What was done.
    action: Step,
    /// Where the article was then.
    state: ArticleState,
    /// Why, if that was said.
    #[schema(example = "العنوان طويل")]
    note: Option<String>,
    /// Who did it.
    author_id: UserId,
    /// When.
    date_created: UtcTime,
    /// SHA-256 over this revision and `prevHash`, in hexadecimal.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    hash: String,
    /// The hash of the revision before it.
    #[schema(example = "")]
    prev_hash: String,
    /// The article as it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<ArticleIn>,
}

impl From<Revision> for RevisionView {
    fn from(revision: Revision) -> Self {
        let Revision { row, form } = revision;
        let RevisionRow {
            article_id,
            version,
            parent_version,
            action,
            state,
            note,
            author_id,
            created_at,
            prev_hash,
            hash,
        } = row;
        Self {
            article_id,
            version,
            parent_version,
            action,
            state,
            note,
            author_id,
            date_created: created_at,
            hash: hex(&hash),
            prev_hash: hex(&prev_hash),
            snapshot: form,
        }
    }
}
