//! The life of an article, as pure rules: states, steps, who may take them, and what publishing asks for.

use sha2::{Digest, Sha256};

use super::dto::ArticleIn;
use crate::auth::{Role, User};
use crate::blocks::Body;
use crate::fault::{Fault, Faults};
use crate::text_enum;
use crate::time::UtcTime;

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
        /// Will be out at its hour.
        Scheduled = "scheduled",
        /// Out.
        Published = "published",
        /// Was out, and was withdrawn.
        Unpublished = "unpublished",
        /// Given up, for now.
        Spiked = "spiked",
        /// Taken back for good.
        Killed = "killed",
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
        /// Make the working copy what the public sees from an instant on.
        Schedule = "schedule",
        /// Take that back before it has come.
        Unschedule = "unschedule",
        /// Make the working copy what the public sees.
        Publish = "publish",
        /// The same, and say what was wrong.
        Correct = "correct",
        /// Withdraw it from the public.
        Unpublish = "unpublish",
        /// Take it back for good, and say why.
        Kill = "kill",
        /// Give it up.
        Spike = "spike",
        /// Take it up again.
        Unspike = "unspike",
    }
}

/// Where an article stands at an instant, as far as the next step depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its state.
    pub state: ArticleState,
    /// The state that a spiked article had.
    pub before: Option<ArticleState>,
    /// Whether a revision of it becomes public by itself later.
    pub planned: bool,
}

/// Where a step leads; `None` when there is no such step from here.
pub const fn after(step: Step, from: Standing) -> Option<ArticleState> {
    use ArticleState::{Approved, Draft, Killed, Published, Scheduled, Spiked, Submitted, Unpublished};
    match (step, from.state) {
        (Step::Edit, Spiked | Killed) => None,
        (Step::Edit, same) => Some(same),
        (Step::Submit, Draft) => Some(Submitted),
        (Step::Return, Submitted | Approved) => Some(Draft),
        (Step::Approve, Submitted) | (Step::Unschedule, Scheduled) => Some(Approved),
        (Step::Schedule, Draft | Submitted | Approved | Scheduled | Unpublished) => Some(Scheduled),
        (Step::Unschedule, Published) if !from.planned => None,
        (Step::Schedule | Step::Unschedule | Step::Correct, Published)
        | (Step::Publish, Draft | Submitted | Approved | Scheduled | Published | Unpublished) => Some(Published),
        (Step::Unpublish, Published) => Some(Unpublished),
        (Step::Kill, Scheduled | Published | Unpublished) => Some(Killed),
        (Step::Spike, Draft | Submitted | Approved | Unpublished) => Some(Spiked),
        (Step::Unspike, Spiked) => from.before,
        _ => None,
    }
}

/// Whether somebody may take a step: an editor any in the sections that they cover, to kill only with the grant; a writer
/// those that concern the own draft, as an editor does elsewhere.
pub fn may(by: &User, writes: bool, step: Step, from: Standing, covers: bool) -> bool {
    match by.role {
        Role::Admin => true,
        Role::Editor if covers => step != Step::Kill || by.may_kill,
        Role::Journalist | Role::Editor if writes => match step {
            Step::Edit | Step::Submit | Step::Spike => from.state == ArticleState::Draft,
            Step::Unspike => from.before == Some(ArticleState::Draft),
            _ => false,
        },
        _ => false,
    }
}

/// The steps that somebody may take from here.
pub fn allowed(by: &User, writes: bool, from: Standing, covers: bool) -> Vec<Step> {
    let open = |step: &Step| after(*step, from).is_some() && may(by, writes, *step, from, covers);
    Step::ALL.iter().copied().filter(open).collect()
}

/// What the clock does to an article by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// A revision becomes public.
    Appears,
    /// What is public has come to its end.
    Ends,
}

/// When the clock next turns, and to what: `due` is when a revision becomes public, `ends` when what is public ends.
/// Of both at once, the revision that becomes public takes the place of what ends.
pub fn next_turn(due: Option<UtcTime>, ends: Option<UtcTime>) -> Option<(UtcTime, Turn)> {
    match (due, ends) {
        (Some(due), Some(ends)) if ends < due => Some((ends, Turn::Ends)),
        (Some(due), _) => Some((due, Turn::Appears)),
        (None, Some(ends)) => Some((ends, Turn::Ends)),
        (None, None) => None,
    }
}

/// Whether somebody may know of a working copy: editors of all, writers of their own.
pub fn may_see(by: &User, writes: bool) -> bool {
    matches!(by.role, Role::Editor | Role::Admin) || writes
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
        let (id, session) = (Id::of(Uuid::from_u128(id)), Id::of(Uuid::nil()));
        let (sections, scopes) = (Vec::new(), None);
        User { id, role, session, sections, may_kill: true, is_sure: true, owes_factor: false, scopes }
    }

    fn at(state: ArticleState) -> Standing {
        let before = (state == ArticleState::Spiked).then_some(ArticleState::Submitted);
        Standing { state, before, planned: state == ArticleState::Scheduled }
    }

    #[test]
    fn every_step_leads_where_the_table_says_and_nowhere_else() {
        // Columns as in `ArticleState::ALL`; a letter is where the step leads, a dot is nowhere.
        let letter = |state: ArticleState| match state {
            ArticleState::Draft => 'd',
            ArticleState::Submitted => 's',
            ArticleState::Approved => 'a',
            ArticleState::Scheduled => 'h',
            ArticleState::Published => 'p',
            ArticleState::Unpublished => 'u',
            ArticleState::Spiked => 'x',
            ArticleState::Killed => 'k',
        };
        let table = [
            (Step::Edit, "dsahpu.."),
            (Step::Submit, "s......."),
            (Step::Return, ".dd....."),
            (Step::Approve, ".a......"),
            (Step::Schedule, "hhhhph.."),
            (Step::Unschedule, "...a...."),
            (Step::Publish, "pppppp.."),
            (Step::Correct, "....p..."),
            (Step::Unpublish, "....u..."),
            (Step::Kill, "...kkk.."),
            (Step::Spike, "xxx..x.."),
            (Step::Unspike, "......s."),
        ];
        assert_eq!(table.len(), Step::ALL.len());
        for (step, row) in table {
            for (from, expected) in ArticleState::ALL.iter().zip(row.chars()) {
                assert_eq!(after(step, at(*from)).map_or('.', letter), expected, "{step} from {from}");
            }
        }
        let planned = Standing { planned: true, ..at(ArticleState::Published) };
        assert_eq!(after(Step::Unschedule, planned), Some(ArticleState::Published));
    }

    #[test]
    fn writers_touch_only_their_own_drafts_and_others_nothing() {
        let owner = user(Role::Journalist, 1);
        let draft = ArticleState::Draft;
        let spiked = Standing { before: Some(draft), ..at(ArticleState::Spiked) };
        assert_eq!(allowed(&owner, true, at(draft), true), [Step::Edit, Step::Submit, Step::Spike]);
        for state in ArticleState::ALL.iter().filter(|state| **state != draft) {
            assert_eq!(allowed(&owner, true, at(*state), true), [], "{state}");
        }
        assert_eq!(allowed(&owner, true, spiked, true), [Step::Unspike]);
        for stranger in [user(Role::Journalist, 2), user(Role::Reader, 1), user(Role::Moderator, 1)] {
            for from in ArticleState::ALL.iter().map(|state| at(*state)).chain([spiked]) {
                assert_eq!(allowed(&stranger, false, from, true), [], "{from:?}");
            }
        }
    }

    #[test]
    fn of_two_turns_the_earlier_comes_first_and_a_new_revision_takes_the_place_of_an_end() {
        let time = |micros: Option<i64>| micros.map(UtcTime::from_micros);
        let cases = [
            (None, None, None),
            (Some(5), None, Some((5, Turn::Appears))),
            (None, Some(5), Some((5, Turn::Ends))),
            (Some(5), Some(4), Some((4, Turn::Ends))),
            (Some(5), Some(5), Some((5, Turn::Appears))),
            (Some(5), Some(6), Some((5, Turn::Appears))),
        ];
        for (due, ends, expected) in cases {
            let expected = expected.map(|(at, turn)| (UtcTime::from_micros(at), turn));
            assert_eq!(next_turn(time(due), time(ends)), expected, "{due:?} {ends:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn only_a_killed_article_has_no_way_on(steps in proptest::collection::vec(0_usize..12, 0..60)) {
            let editor = user(Role::Editor, 1);
            let mut standing = at(ArticleState::Draft);
            for step in steps.into_iter().filter_map(|index| Step::ALL.get(index)) {
                if let Some(state) = after(*step, standing) {
                    let before = (state == ArticleState::Spiked).then_some(standing.state);
                    standing = Standing { state, before, planned: state == ArticleState::Scheduled };
                }
                assert_eq!(standing.before.is_some(), standing.state == ArticleState::Spiked);
                assert_eq!(allowed(&editor, true, standing, true).is_empty(), standing.state == ArticleState::Killed);
            }
        }
    }
}
