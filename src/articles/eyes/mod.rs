//! Two pairs of eyes: where a section asks for them, nobody alone brings to the public what nobody else has seen.

mod store;

use super::model::Step;
use super::store::Head;
use crate::app::Tx;
use crate::auth::User;
use crate::ids::{RecordId, UserId};
use crate::problem::{Code, Problem};
use crate::records;
use crate::sections::dto::SectionIn;

/// What was done, by whom, at which version last.
type Hand = (Step, UserId, i64);

/// Refuses the step of somebody who alone has written what it brings nearer to the public, where a section that lists the
/// article or its public version, or one above it, wants two people.
///
/// # Errors
/// `approval_required`.
pub(super) fn check(tx: &mut Tx<'_>, by: &User, head: &Head, listed: &[RecordId], step: Step) -> Result<(), Problem> {
    if !matches!(step, Step::Approve | Step::Schedule | Step::Publish | Step::Correct) || !is_wanted(tx, listed)? {
        return Ok(());
    }
    let released = store::last_release(tx.conn, head.id)?.unwrap_or_default();
    let hands = store::hands_after(tx.conn, head.id, released)?;
    let hands: Vec<Hand> = hands.into_iter().map(|(step, who, at)| (step, who, at.unwrap_or_default())).collect();
    if is_alone(by.id, &hands, step) { Err(Problem::new(Code::ApprovalRequired)) } else { Ok(()) }
}

/// Whether one of these sections, or one above it, asks for two people.
fn is_wanted(tx: &mut Tx<'_>, listed: &[RecordId]) -> Result<bool, Problem> {
    let listed = records::with_ancestors(&mut tx.reading(), listed.to_vec())?;
    for reference in records::references(&mut tx.reading(), &listed)?.values() {
        if reference.record::<SectionIn>()?.form.four_eyes {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether somebody alone has written the text, and nobody else has approved it as it is. To approve it takes somebody
/// else in any case.
fn is_alone(who: UserId, hands: &[Hand], step: Step) -> bool {
    let wrote = |(done, ..): &&Hand| *done == Step::Edit;
    let mut writers = hands.iter().filter(wrote).map(|(_, writer, _)| *writer).peekable();
    if writers.peek().is_none() || writers.any(|writer| writer != who) {
        return false;
    }
    let last = hands.iter().filter(wrote).map(|(.., at)| *at).max().unwrap_or_default();
    let approved = |(done, approver, at): &Hand| *done == Step::Approve && *approver != who && *at > last;
    step == Step::Approve || !hands.iter().any(approved)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ids::Id;

    fn person(n: u128) -> UserId {
        Id::of(Uuid::from_u128(n))
    }

    #[test]
    fn one_who_wrote_alone_needs_another_s_approval_of_what_was_written_last() {
        let [me, other] = [person(1), person(2)];
        let cases: [(&[Hand], bool, bool); 7] = [
            (&[], false, false),
            (&[(Step::Edit, me, 1)], true, true),
            (&[(Step::Edit, other, 1)], false, false),
            (&[(Step::Edit, me, 3), (Step::Edit, other, 1)], false, false),
            (&[(Step::Edit, me, 1), (Step::Submit, me, 2), (Step::Approve, other, 3)], true, false),
            (&[(Step::Edit, me, 4), (Step::Approve, other, 3)], true, true),
            (&[(Step::Edit, me, 1), (Step::Approve, me, 3)], true, true),
        ];
        for (hands, approve, publish) in cases {
            assert_eq!(is_alone(me, hands, Step::Approve), approve, "approve {hands:?}");
            assert_eq!(is_alone(me, hands, Step::Publish), publish, "publish {hands:?}");
        }
    }
}
