//! Lines that belong to no transaction: calls that were refused, and calls that changed nothing. They wait here, and a job
//! writes them in batches, so that nobody who is refused takes the database from those who are not.
//!
//! However many come, only so many are written: every call of somebody who is signed in has a line of its own, up to a
//! number; what goes beyond, and all that strangers do, is summed up; and what is too varied even for that is counted.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::model::Outcome;
use crate::auth::{Caller, Deed};
use crate::time::UtcTime;

/// Lines of their own that one account gets in a batch.
const OF_ONE_MAX: usize = 20;
/// Lines of their own in a batch.
const OWN_MAX: usize = 100;
/// Sums in a batch.
const SUMS_MAX: usize = 100;
/// Sums in a batch up to which strangers get more, so that nobody is hidden behind them who is known.
const STRANGERS_MAX: usize = SUMS_MAX / 4 * 3;
/// Sums in a batch up to which each account whose password is tried, and each key that goes astray, has one of its own; others then share one.
const NAMED_MAX: usize = SUMS_MAX / 2;
/// A try at the password of an account, which is the target.
pub const SIGN_IN: &str = "user.sign_in";
/// A good key that came from where it may not be used, which is the target.
pub const KEY_USE: &str = "api_key.use";

/// A call that left no line in a transaction.
#[derive(Clone, Debug)]
pub struct Call {
    /// When it was answered, the first of them where several are summed up.
    pub at: UtcTime,
    /// Who called.
    pub actor: Option<Caller>,
    /// What was asked for.
    pub deed: Arc<Deed>,
    /// The thing that it was asked for, where it is the same in all of them.
    pub target: Option<Uuid>,
    /// What became of it.
    pub outcome: Outcome,
    /// The status of the answer.
    pub status: u16,
    /// The problem's code.
    pub code: Option<&'static str>,
    /// The request, the first of them where several are summed up.
    pub request_id: String,
    /// How many such calls there were.
    pub times: i64,
}

/// What calls that are summed up have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Likeness {
    actor: Option<Caller>,
    action: String,
    outcome: Outcome,
    status: u16,
    code: Option<&'static str>,
    /// Whose password it was that was tried, or which key.
    victim: Option<Uuid>,
}

impl Likeness {
    fn of(call: &Call) -> Self {
        Self {
            actor: call.actor,
            action: call.deed.action.clone(),
            outcome: call.outcome,
            status: call.status,
            code: call.code,
            victim: call.target.filter(|_| [SIGN_IN, KEY_USE].contains(&&*call.deed.action)),
        }
    }
}

/// What waits.
#[derive(Debug, Default)]
struct Batch {
    own: Vec<Call>,
    sums: HashMap<Likeness, Call>,
    dropped: i64,
}

impl Batch {
    fn add(&mut self, call: Call) {
        if call.times == 1 && self.has_room_for(&call) {
            self.own.push(call);
            return;
        }
        let mut likeness = Likeness::of(&call);
        if self.sums.len() >= NAMED_MAX && !self.sums.contains_key(&likeness) {
            likeness.victim = None;
        }
        let room = if call.actor.is_some() { SUMS_MAX } else { STRANGERS_MAX };
        if let Some(sum) = self.sums.get_mut(&likeness) {
            sum.times += call.times;
            sum.target = sum.target.filter(|target| call.target == Some(*target));
        } else if self.sums.len() < room {
            self.sums.insert(likeness, call);
        } else {
            self.dropped += call.times;
        }
    }

    /// What was only to be read takes no room from what was to be changed.
    fn has_room_for(&self, call: &Call) -> bool {
        if call.deed.method == "GET" {
            return false;
        }
        let Some(Caller { user, .. }) = call.actor else { return false };
        let of_one = self.own.iter().filter(|other| other.actor.is_some_and(|other| other.user == user)).count();
        self.own.len() < OWN_MAX && of_one < OF_ONE_MAX
    }
}

/// Lines that wait to be written. There is no end of calls, but there is one of these.
#[derive(Debug, Default)]
pub struct Waiting(Mutex<Batch>);

impl Waiting {
    /// Takes note of a call.
    pub fn add(&self, call: Call) {
        self.batch().add(call);
    }

    /// Hands over what waits, in its order, and how many calls there were beyond.
    pub(super) fn take(&self) -> (Vec<Call>, i64) {
        let Batch { own, sums, dropped } = std::mem::take(&mut *self.batch());
        let mut calls: Vec<Call> = own.into_iter().chain(sums.into_values()).collect();
        calls.sort_by_key(|call| call.at);
        (calls, dropped)
    }

    /// Takes back what could not be written, as far as there is room.
    pub(super) fn take_back(&self, calls: Vec<Call>, dropped: i64) {
        let mut batch = self.batch();
        batch.dropped += dropped;
        for call in calls {
            batch.add(call);
        }
    }

    fn batch(&self) -> MutexGuard<'_, Batch> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;
    use crate::auth::Role;
    use crate::ids::{Ids, SystemEntropy, UserId};

    fn call(actor: Option<UserId>, verb: usize, target: Option<Uuid>) -> Call {
        let action = format!("article.verb{verb}");
        let deed = Deed::new("POST".into(), "/a/{id}".into(), action, target);
        Call {
            at: UtcTime::from_micros(i64::try_from(verb).unwrap_or_default()),
            actor: actor.map(|user| Caller { user, role: Role::Reader, key: None }),
            deed: Arc::new(deed),
            target,
            outcome: Outcome::Refused,
            status: 403,
            code: Some("forbidden"),
            request_id: "one".into(),
            times: 1,
        }
    }

    fn somebody() -> UserId {
        Ids::new(SystemEntropy).next(UtcTime::from_micros(0))
    }

    #[test]
    fn strangers_are_summed_up() {
        let waiting = Waiting::default();
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for n in 0..1000 {
            waiting.add(call(None, 0, Some(one)));
            waiting.add(call(None, 1, Some(if n == 500 { other } else { one })));
        }
        let (calls, dropped) = waiting.take();
        assert_eq!((calls.len(), dropped), (2, 0));
        assert_eq!((calls[0].times, calls[0].target), (1000, Some(one)));
        assert_eq!((calls[1].times, calls[1].target), (1000, None), "of several things none is named");
        assert!(waiting.take().0.is_empty(), "nothing is handed over twice");
    }

    #[test]
    fn each_account_whose_password_is_tried_is_named() {
        let waiting = Waiting::default();
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for target in [one, other, one] {
            let deed = Arc::new(Deed::new("POST".into(), "/a".into(), SIGN_IN.into(), None));
            waiting.add(Call { deed, ..call(None, 0, Some(target)) });
        }
        let mut told: Vec<_> = waiting.take().0.iter().map(|call| (call.target, call.times)).collect();
        told.sort_unstable();
        assert_eq!(told, [(Some(one), 2), (Some(other), 1)]);
        for n in 0..1_000 {
            let deed = Arc::new(Deed::new("POST".into(), "/a".into(), SIGN_IN.into(), None));
            waiting.add(Call { deed, ..call(None, 0, Some(Uuid::from_u128(n))) });
        }
        waiting.add(call(None, 7, None));
        let (calls, dropped) = waiting.take();
        assert_eq!((calls.len(), dropped), (NAMED_MAX + 2, 0), "however many are tried, there is room for other calls");
    }

    #[test]
    fn an_account_has_lines_of_its_own_up_to_a_number() {
        let waiting = Waiting::default();
        let (noisy, quiet) = (somebody(), somebody());
        for _ in 0..1000 {
            waiting.add(call(Some(noisy), 0, None));
        }
        waiting.add(call(Some(quiet), 0, None));
        let (calls, dropped) = waiting.take();
        let of = |who: UserId| calls.iter().filter(|call| call.actor.is_some_and(|caller| caller.user == who)).count();
        assert_eq!((of(noisy), of(quiet), dropped), (OF_ONE_MAX + 1, 1, 0));
        assert_eq!(calls.iter().map(|call| call.times).sum::<i64>(), 1001);
    }

    #[test]
    fn strangers_hide_nobody_who_is_known() {
        let waiting = Waiting::default();
        for n in 0..1_000 {
            waiting.add(call(None, n, None));
        }
        let reader = somebody();
        let deed = Arc::new(Deed::new("GET".into(), "/a/{id}".into(), "article.read".into(), None));
        for _ in 0..3 {
            waiting.add(Call { deed: Arc::clone(&deed), ..call(Some(reader), 0, None) });
        }
        let (calls, dropped) = waiting.take();
        assert_eq!(
            (calls.len(), dropped),
            (STRANGERS_MAX + 1, 1_000 - i64::try_from(STRANGERS_MAX).unwrap_or_default())
        );
        let theirs: Vec<_> = calls.iter().filter(|call| call.actor.is_some()).collect();
        assert_eq!((theirs.len(), theirs[0].times), (1, 3), "what is only read is summed up");
    }

    #[test]
    fn whatever_comes_a_batch_is_bounded_and_counts_them_all() {
        let waiting = Waiting::default();
        for n in 0..5_000 {
            waiting.add(call(None, n, None));
            waiting.add(call(Some(somebody()), n, None));
        }
        let (calls, dropped) = waiting.take();
        assert_eq!(calls.len(), OWN_MAX + SUMS_MAX);
        assert_eq!(calls.iter().map(|call| call.times).sum::<i64>() + dropped, 10_000);
        waiting.take_back(calls, dropped);
        let (calls, dropped) = waiting.take();
        assert_eq!((calls.len(), dropped), (OWN_MAX + SUMS_MAX, 9_800), "what was taken back is all there");
    }
}
