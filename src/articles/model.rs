//! The life of an article, as pure rules: states, steps, who may take them, and what publishing asks for.

use sha2::{Digest, Sha256};

use super::dto::ArticleIn;
use crate::auth::{Role, User};
use crate::blocks::Body;
use crate::fault::{Fault, Faults};
use crate::ids::UserId;
use crate::text_enum;

text_enum! {
    /// Where an article is in its life.
    #[schema(example = "published")]
    pub enum ArticleState {
        /// Being written.
        Draft = "draft",
        /// Waiting for an editor.
        Submitted = "submitted",
        /// Good to go.
        Approved = "approved",
        /// Out.
        Published = "published",
        /// Was out, and was withdrawn.
        Unpublished = "unpublished",
        /// Given up, for now.
        Spiked = "spiked",
    }
}

text_enum! {
    /// Something that is done to an article.
    #[schema(example = "publish")]
    pub enum Step {
        /// Change the working copy.
        Edit = "edit",
        /// Hand it to the editors.
        Submit = "submit",
        /// Hand it back to its writer.
        Return = "return",
        /// Say that it is good to go.
        Approve = "approve",
        /// Make the working copy what the public sees.
        Publish = "publish",
        /// Withdraw it from the public.
        Unpublish = "unpublish",
        /// Give it up.
        Spike = "spike",
        /// Take it up again.
        Unspike = "unspike",
    }
}

/// Where a step leads from a state; `None` when there is no such step. `before` is the state that a spiked
/// article had.
pub const fn after(step: Step, from: ArticleState, before: Option<ArticleState>) -> Option<ArticleState> {
    use ArticleState::{Approved, Draft, Published, Spiked, Submitted, Unpublished};
    match (step, from) {
        (Step::Edit, Spiked) => None,
        (Step::Edit, same) => Some(same),
        (Step::Submit, Draft) => Some(Submitted),
        (Step::Return, Submitted | Approved) => Some(Draft),
        (Step::Approve, Submitted) => Some(Approved),
        (Step::Publish, Draft | Submitted | Approved | Published | Unpublished) => Some(Published),
        (Step::Unpublish, Published) => Some(Unpublished),
        (Step::Spike, Draft | Submitted | Approved | Unpublished) => Some(Spiked),
        (Step::Unspike, Spiked) => before,
        _ => None,
    }
}

/// Whether somebody may take a step: an editor any, a writer those that concern the own draft.
pub fn may(by: &User, owner: UserId, step: Step, from: ArticleState, before: Option<ArticleState>) -> bool {
    let draft = from == ArticleState::Draft;
    match by.role {
        Role::Editor | Role::Admin => true,
        Role::Journalist if by.id == owner => match step {
            Step::Edit | Step::Submit | Step::Spike => draft,
            Step::Unspike => before == Some(ArticleState::Draft),
            _ => false,
        },
        _ => false,
    }
}

/// The steps that somebody may take from here.
pub fn allowed(by: &User, owner: UserId, from: ArticleState, before: Option<ArticleState>) -> Vec<Step> {
    let open = |step: &Step| after(*step, from, before).is_some() && may(by, owner, *step, from, before);
    Step::ALL.iter().copied().filter(open).collect()
}

/// Whether somebody may know of a working copy: editors of all, writers of their own.
pub fn may_see(by: &User, owner: UserId) -> bool {
    matches!(by.role, Role::Editor | Role::Admin) || by.id == owner
}

/// What a published article must have, beyond the headline and language that every draft has.
pub fn publishable(form: &ArticleIn, body: &Body) -> Result<(), Faults> {
    let mut faults = Faults::new();
    if body.is_empty() {
        faults.add("/body", Fault::Required);
    }
    if form.sources.is_empty() {
        faults.add("/sources", Fault::Required);
    }
    if form.section_id.is_none() {
        faults.add("/sectionId", Fault::Required);
    }
    faults.finish(Some(()))
}

/// What an editor should look at before publishing. These are hints, never refusals. `source_names` are the
/// credited sources' names in order.
pub fn warnings(form: &ArticleIn, source_names: &[String]) -> Vec<&'static str> {
    let mut found = Vec::new();
    if let Some(media) = &form.lead_media {
        if media.alt.is_empty() {
            found.push("no_alt_text");
        } else if media.alt == form.headline {
            found.push("alt_equals_headline");
        }
    }
    if let Some(credit) = &form.credit_text
        && source_names.iter().any(|name| !credit.contains(name.as_str()))
    {
        found.push("source_not_credited");
    }
    found
}

/// One link of the chain of revisions: whoever changes a stored revision breaks every later one.
pub fn chain(previous: &[u8], parts: &[&str]) -> Vec<u8> {
    let start = Sha256::new().chain_update(previous);
    let link = parts.iter().fold(start, |hash, part| hash.chain_update(part.len().to_be_bytes()).chain_update(part));
    link.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ids::Id;
    use uuid::Uuid;

    fn user(role: Role, id: u128) -> User {
        User { id: Id::of(Uuid::from_u128(id)), role, session: Id::of(Uuid::nil()) }
    }

    #[test]
    fn every_step_leads_where_the_table_says_and_nowhere_else() {
        use ArticleState::{Approved, Draft, Published, Spiked, Submitted, Unpublished};
        // Columns: draft, submitted, approved, published, unpublished, spiked (from submitted).
        let table: [(Step, [Option<ArticleState>; 6]); 8] = [
            (Step::Edit, [Some(Draft), Some(Submitted), Some(Approved), Some(Published), Some(Unpublished), None]),
            (Step::Submit, [Some(Submitted), None, None, None, None, None]),
            (Step::Return, [None, Some(Draft), Some(Draft), None, None, None]),
            (Step::Approve, [None, Some(Approved), None, None, None, None]),
            (
                Step::Publish,
                [Some(Published), Some(Published), Some(Published), Some(Published), Some(Published), None],
            ),
            (Step::Unpublish, [None, None, None, Some(Unpublished), None, None]),
            (Step::Spike, [Some(Spiked), Some(Spiked), Some(Spiked), None, Some(Spiked), None]),
            (Step::Unspike, [None, None, None, None, None, Some(Submitted)]),
        ];
        assert_eq!(table.len(), Step::ALL.len());
        for (step, row) in table {
            for (from, expected) in ArticleState::ALL.iter().zip(row) {
                let before = (*from == Spiked).then_some(Submitted);
                assert_eq!(after(step, *from, before), expected, "{step} from {from}");
            }
        }
    }

    #[test]
    fn writers_touch_only_their_own_drafts_and_others_nothing() {
        let owner = user(Role::Journalist, 1);
        let draft = ArticleState::Draft;
        assert_eq!(allowed(&owner, owner.id, draft, None), [Step::Edit, Step::Submit, Step::Spike]);
        for state in ArticleState::ALL.iter().filter(|state| **state != draft) {
            assert_eq!(allowed(&owner, owner.id, *state, None), [], "{state}");
        }
        assert_eq!(allowed(&owner, owner.id, ArticleState::Spiked, Some(draft)), [Step::Unspike]);
        for stranger in [user(Role::Journalist, 2), user(Role::Reader, 1), user(Role::Moderator, 1)] {
            for state in ArticleState::ALL {
                assert_eq!(allowed(&stranger, owner.id, *state, Some(draft)).len(), usize::from(false), "{state}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn no_walk_ends_in_a_state_without_a_way_out(steps in proptest::collection::vec(0_usize..8, 0..60)) {
            let editor = user(Role::Editor, 1);
            let (mut state, mut before) = (ArticleState::Draft, None);
            for step in steps.into_iter().filter_map(|index| Step::ALL.get(index)) {
                if let Some(next) = after(*step, state, before) {
                    before = (next == ArticleState::Spiked).then_some(state);
                    state = next;
                }
                assert_eq!(before.is_some(), state == ArticleState::Spiked);
                assert!(!allowed(&editor, editor.id, state, before).is_empty());
            }
        }
    }
}
