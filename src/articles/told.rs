//! What the log is told of articles. Never a text: what was withdrawn must not come back from the log.

use serde_json::{Value, json};
use utoipa::ToSchema;

use super::dto::ArticleIn;
use super::locks::{LockEvent, TakeOverEvent};
use super::model::{ArticleState, Step, Turn};
use super::previews::PreviewEvent;
use super::store::Head;
use super::worklist::dto::AssignedEvent;
use crate::events::{Change, Kind};
use crate::ids::RecordId;
use crate::text::Language;
use crate::time::UtcTime;

/// What happens to articles.
pub const EVENTS: &[Kind] = &[
    Kind::of::<ArticleEvent>("article.created", "A draft was begun."),
    Kind::of::<AssignedEvent>("article.assigned", "Somebody is to work on it, or nobody any more."),
    Kind::of::<ArticleEvent>("article.edited", "A working copy was changed."),
    Kind::of::<RestoredEvent>("article.restored", "A working copy was made what an earlier revision was."),
    Kind::of::<LockEvent>("article.locked", "Somebody begins to write at it, and for a while nobody else can."),
    Kind::of::<LockEvent>("article.unlocked", "Whoever wrote at it gave its lock back."),
    Kind::of::<TakeOverEvent>("article.lock_taken_over", "An editor took its lock from whoever was writing at it."),
    Kind::of::<PreviewEvent>("article.preview_shared", "A link shows it to whoever has it."),
    Kind::of::<PreviewEvent>("article.preview_revoked", "Such a link leads nowhere from now on."),
    Kind::of::<ArticleEvent>("article.submitted", "A draft awaits an editor."),
    Kind::of::<ArticleEvent>("article.returned", "An editor gave it back to its writer."),
    Kind::of::<ArticleEvent>("article.approved", "An editor found it fit to be published."),
    Kind::of::<ArticleEvent>(
        "article.scheduled",
        "A revision will become public at its hour, or when its embargo ends.",
    ),
    Kind::of::<ArticleEvent>("article.unscheduled", "It will not: that was taken back."),
    Kind::of::<ArticleEvent>("article.published", "Readers see it, or see another version of it."),
    Kind::of::<ArticleEvent>("article.corrected", "Readers see another version of it, and what was wrong."),
    Kind::of::<ArticleEvent>("article.unpublished", "Readers no longer see it."),
    Kind::of::<ArticleEvent>("article.killed", "It was taken back for good; who asks for it reads why."),
    Kind::of::<ArticleEvent>("article.discussion_changed", "A moderator says who may comment on it, or no more."),
    Kind::of::<ArticleEvent>("article.spiked", "It was set aside."),
    Kind::of::<ArticleEvent>("article.unspiked", "It was taken up again."),
];

/// What became of an article. Get the article for its texts.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `summary` puts together")]
pub struct ArticleEvent {
    /// The revision.
    #[schema(example = 3)]
    version: i64,
    /// Where it is in its life.
    state: ArticleState,
    /// Its language.
    language: Language,
    /// The sections that list it, and those that did before.
    section_ids: Vec<RecordId>,
    /// The date of publication.
    date_published: Option<UtcTime>,
    /// When what the public sees last changed.
    date_modified: Option<UtcTime>,
    /// When the clock did it, where nobody else has.
    #[schema(required = false)]
    due_at: Option<UtcTime>,
    /// Milliseconds from that instant to this event; readers have seen it since then.
    #[schema(required = false, example = json!(null))]
    late_ms: Option<i64>,
}

/// What became of an article that was taken back to an earlier revision.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `restored` puts together")]
pub struct RestoredEvent {
    /// The article now.
    #[serde(flatten)]
    article: ArticleEvent,
    /// The revision whose texts it has again.
    #[schema(example = 2)]
    restored_version: i64,
}

/// The change that a return to an earlier revision is.
pub(super) fn restored(head: &Head, sections: &[RecordId], version: i64) -> Change {
    let mut payload = summary(head, sections);
    if let Some(members) = payload.as_object_mut() {
        members.insert("restoredVersion".into(), version.into());
    }
    Change::newsroom("article.restored", head.id, payload)
}

/// The sections that list an article.
pub(super) fn sections(form: &ArticleIn) -> Vec<RecordId> {
    form.section_id.into_iter().chain(form.extra_section_ids.iter().copied()).collect()
}

/// The change that a step is. Readers learn of those that show.
pub(super) fn change(step: Step, head: &Head, sections: &[RecordId]) -> Change {
    let topic = match step {
        Step::Edit => "article.edited",
        Step::Submit => "article.submitted",
        Step::Return => "article.returned",
        Step::Approve => "article.approved",
        Step::Publish | Step::Schedule if head.live_version != Some(head.version) => "article.scheduled",
        Step::Schedule | Step::Publish => "article.published",
        Step::Unschedule => "article.unscheduled",
        Step::Correct => "article.corrected",
        Step::Kill => "article.killed",
        Step::Unpublish => "article.unpublished",
        Step::Spike => "article.spiked",
        Step::Unspike => "article.unspiked",
    };
    match topic {
        "article.published" | "article.corrected" | "article.unpublished" => {
            Change::public(topic, head.id, summary(head, sections))
        }
        // One that nobody has seen goes without anybody's knowing.
        "article.killed" if head.date_published.is_some() => Change::public(topic, head.id, summary(head, sections)),
        _ => Change::newsroom(topic, head.id, summary(head, sections)),
    }
}

/// What the clock did at an instant, told at another.
pub(super) fn turned(turn: Turn, head: &Head, sections: &[RecordId], at: UtcTime, now: UtcTime) -> Change {
    let topic = match turn {
        Turn::Appears => "article.published",
        Turn::Ends => "article.unpublished",
    };
    let mut told = summary(head, sections);
    if let Some(told) = told.as_object_mut() {
        told.insert("dueAt".into(), json!(at));
        told.insert("lateMs".into(), json!(i64::try_from(now.since(at).as_millis()).unwrap_or(i64::MAX)));
    }
    Change::public(topic, head.id, told)
}

/// What there is to know of an article.
pub(super) fn summary(head: &Head, sections: &[RecordId]) -> Value {
    json!({
        "version": head.version,
        "state": head.state,
        "language": head.language,
        "sectionIds": sections,
        "datePublished": head.date_published,
        "dateModified": head.date_modified,
    })
}
