//! What the log is told of articles. Never a text: what was withdrawn must not come back from the log.

use serde_json::{Value, json};
use utoipa::ToSchema;

use super::dto::ArticleIn;
use super::model::{ArticleState, Step};
use super::store::Head;
use crate::events::{Change, Kind};
use crate::ids::RecordId;
use crate::text::Language;
use crate::time::UtcTime;

/// What happens to articles.
pub const EVENTS: &[Kind] = &[
    Kind::of::<ArticleEvent>("article.created", "A draft was begun."),
    Kind::of::<ArticleEvent>("article.edited", "A working copy was changed."),
    Kind::of::<ArticleEvent>("article.submitted", "A draft awaits an editor."),
    Kind::of::<ArticleEvent>("article.returned", "An editor gave it back to its writer."),
    Kind::of::<ArticleEvent>("article.approved", "An editor found it fit to be published."),
    Kind::of::<ArticleEvent>("article.published", "Readers see it, or see another version of it."),
    Kind::of::<ArticleEvent>("article.unpublished", "Readers no longer see it."),
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
        Step::Publish => "article.published",
        Step::Unpublish => "article.unpublished",
        Step::Spike => "article.spiked",
        Step::Unspike => "article.unspiked",
    };
    match step {
        Step::Publish | Step::Unpublish => Change::public(topic, head.id, summary(head, sections)),
        _ => Change::newsroom(topic, head.id, summary(head, sections)),
    }
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
