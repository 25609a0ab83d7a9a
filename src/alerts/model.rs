//! The life of a breaking alert. Pure: the instant that decides is handed in.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::dto::AlertIn;
use crate::fault::Fault;
use crate::ids::{AlertId, ArticleId, RecordId, UserId};
use crate::text_enum;
use crate::time::UtcTime;

/// How long an alert runs when nobody says.
const RUNS: Duration = Duration::from_secs(24 * 3600);
/// How long the same headline is not sent again.
pub(super) const ECHO: Duration = Duration::from_secs(600);

text_enum! {
    /// What people have decided about an alert. The clock does the rest, see [`AlertState`].
    pub enum Kept {
        /// Being written.
        Draft = "draft",
        /// Issued.
        Active = "active",
        /// Taken back.
        Retracted = "retracted",
        /// Replaced by another.
        Superseded = "superseded",
        /// Given up before anyone saw it.
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// Where an alert stands at an instant.
    #[schema(example = "active")]
    pub enum AlertState {
        /// Being written.
        Draft = "draft",
        /// Issued; its start is ahead.
        Scheduled = "scheduled",
        /// In the ticker.
        Active = "active",
        /// Its time is over.
        Expired = "expired",
        /// Taken back.
        Retracted = "retracted",
        /// Replaced by another.
        Superseded = "superseded",
        /// Given up before anyone saw it.
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// How loud an alert is.
    #[schema(example = "urgent")]
    pub enum AlertLevel {
        /// Urgency 1.
        Flash = "flash",
        /// Urgency 2 and 3.
        Urgent = "urgent",
        /// Urgency 4 and 5.
        Bulletin = "bulletin",
        /// Urgency 6 to 9.
        Update = "update",
    }
}

text_enum! {
    /// What can be done to an alert.
    pub enum Action {
        /// Change the draft.
        Edit = "edit",
        /// Stand by the draft, as a second pair of eyes.
        Approve = "approve",
        /// Send it out, now or at its start.
        Issue = "issue",
        /// Send it out at a later instant.
        Schedule = "schedule",
        /// Change what was issued.
        Update = "update",
        /// Take it back.
        Retract = "retract",
        /// Replace it.
        Supersede = "supersede",
        /// Give it up before anyone sees it.
        Cancel = "cancel",
    }
}

impl AlertState {
    /// The whole table of transitions. What readers have seen can't be cancelled, only retracted or superseded,
    /// also when its time is over: they may still believe it.
    pub const fn allowed(self) -> &'static [Action] {
        match self {
            Self::Draft => &[Action::Edit, Action::Approve, Action::Issue, Action::Schedule, Action::Cancel],
            Self::Scheduled => &[Action::Update, Action::Cancel],
            Self::Active => &[Action::Update, Action::Retract, Action::Supersede],
            Self::Expired => &[Action::Retract, Action::Supersede],
            Self::Retracted | Self::Superseded | Self::Cancelled => &[],
        }
    }
}

/// Whether an urgency is the one that takes two people.
pub const fn is_flash(urgency: u8) -> bool {
    matches!(AlertLevel::of(urgency), AlertLevel::Flash)
}

/// Whether a form tells readers something that the other did not, or louder.
pub fn says_anew(before: &AlertIn, after: &AlertIn) -> bool {
    before.headline != after.headline
        || before.body != after.body
        || is_flash(after.urgency) != is_flash(before.urgency)
}

impl AlertLevel {
    /// The level of an urgency from 1 to 9.
    pub const fn of(urgency: u8) -> Self {
        match urgency {
            0..=1 => Self::Flash,
            2..=3 => Self::Urgent,
            4..=5 => Self::Bulletin,
            _ => Self::Update,
        }
    }
}

/// Why an alert was taken back, and when.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AlertRetraction {
    /// The reason.
    #[schema(example = "نفى الكرملين الخبر.")]
    pub reason: String,
    /// What readers should know instead.
    #[schema(example = "لم يُحدَّد موعد للمحادثات بعد.")]
    pub text: Option<String>,
    /// When.
    pub at: UtcTime,
}

/// That somebody stands by a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Approval {
    /// Who.
    pub user_id: UserId,
    /// When.
    pub at: UtcTime,
}

/// What the clock makes of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Its start has come.
    Starts,
    /// Its time is over.
    Ends,
}

/// A source that an alert credits.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AlertSource {
    /// Its id.
    pub source_id: RecordId,
    /// The readable part of its address.
    #[schema(example = "وكالات")]
    pub slug: String,
    /// Its name in the alert's language, or in the site's own.
    #[schema(example = "وكالات")]
    pub name: String,
}

/// A breaking alert.
#[derive(Clone, Debug)]
pub struct Alert {
    /// Its id.
    pub id: AlertId,
    /// What was decided about it.
    pub kept: Kept,
    /// What it says. Once issued, `starts_at` and `expires` are set.
    pub form: AlertIn,
    /// When it was issued.
    pub issued_at: Option<UtcTime>,
    /// The alert that it replaces.
    pub supersedes: Option<AlertId>,
    /// The alert that replaces it.
    pub superseded_by: Option<AlertId>,
    /// Why it was taken back.
    pub retraction: Option<AlertRetraction>,
    /// Why it was cancelled. Never public.
    pub note: Option<String>,
    /// Who stands by the draft as it is.
    pub approvals: Vec<Approval>,
    /// Why a flash went out without a second pair of eyes. Never public.
    pub override_reason: Option<String>,
    /// When the clock next makes it something else, until that is told.
    pub next_at: Option<UtcTime>,
    /// The highest urgency that it has had since it was issued.
    pub peak_urgency: u8,
    /// How many of its changes readers do not know of.
    pub quiet_changes: i64,
    /// Whether it came to its story only with an article, which readers learn of with that.
    pub quiet_story: bool,
    /// Who drafted it.
    pub created_by: UserId,
    /// Counts its changes.
    pub version: i64,
    /// When it was drafted.
    pub created_at: UtcTime,
    /// When somebody last changed it.
    pub updated_at: UtcTime,
}

impl Alert {
    /// A first draft.
    pub const fn draft(id: AlertId, form: AlertIn, created_by: UserId, now: UtcTime) -> Self {
        Self {
            id,
            kept: Kept::Draft,
            peak_urgency: form.urgency,
            quiet_changes: 0,
            quiet_story: false,
            form,
            issued_at: None,
            supersedes: None,
            superseded_by: None,
            retraction: None,
            note: None,
            approvals: Vec::new(),
            override_reason: None,
            next_at: None,
            created_by,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// The same alert, sent out: from its start, or else from now; until its expiry, or else for a day.
    ///
    /// # Errors
    /// `not_later` when it would expire before anyone could see it.
    pub fn issued(mut self, now: UtcTime, expires: Option<UtcTime>) -> Result<Self, Fault> {
        let start = self.form.starts_at.unwrap_or(now);
        let visible_from = start.max(now);
        let expires = expires.or(self.form.expires).unwrap_or_else(|| visible_from.after(RUNS));
        if expires <= visible_from {
            return Err(Fault::NotLater);
        }
        self.kept = Kept::Active;
        self.form.starts_at = Some(start);
        self.form.expires = Some(expires);
        self.issued_at = Some(now);
        self.peak_urgency = self.form.urgency;
        self.next_at = self.turns_at(now);
        Ok(self)
    }

    /// The same alert with another form. Once issued, it stays as loud as it ever was to those who choose by urgency;
    /// nobody has approved what it says now.
    #[must_use]
    pub fn says(self, form: AlertIn) -> Self {
        let peak_urgency = if self.issued_at.is_some() { self.peak_urgency.min(form.urgency) } else { form.urgency };
        let is_news = says_anew(&self.form, &form);
        let approvals = if is_news { Vec::new() } else { self.approvals };
        Self { form, approvals, peak_urgency, ..self }
    }

    /// When the clock next makes it something else. A start that was told is not told again, whatever another node's
    /// clock says.
    pub fn turns_at(&self, now: UtcTime) -> Option<UtcTime> {
        let start = self.form.starts_at.filter(|start| *start > now);
        let is_told = self.next_at.is_some() && self.next_at != start;
        match self.kept {
            Kept::Active => start.filter(|_| !is_told).or(self.form.expires),
            _ => None,
        }
    }

    /// What the clock has made of it and nobody was told yet, and when it turns again after that.
    pub fn turn(&self, now: UtcTime) -> Option<(Turn, Option<UtcTime>)> {
        let due = self.next_at.filter(|at| *at <= now)?;
        if self.form.expires == Some(due) { Some((Turn::Ends, None)) } else { Some((Turn::Starts, self.form.expires)) }
    }

    /// Where it stands at an instant.
    pub fn state(&self, now: UtcTime) -> AlertState {
        match self.kept {
            Kept::Draft => AlertState::Draft,
            Kept::Active if self.form.starts_at.is_some_and(|start| start > now) => AlertState::Scheduled,
            Kept::Active if self.form.expires.is_some_and(|end| end <= now) => AlertState::Expired,
            Kept::Active => AlertState::Active,
            Kept::Retracted => AlertState::Retracted,
            Kept::Superseded => AlertState::Superseded,
            Kept::Cancelled => AlertState::Cancelled,
        }
    }

    /// Whether readers may know of it: whether it was in the ticker, now or earlier.
    pub fn is_public(&self, now: UtcTime) -> bool {
        !matches!(self.state(now), AlertState::Draft | AlertState::Scheduled | AlertState::Cancelled)
    }

    /// Whether somebody in the newsroom may see it: others' drafts, also cancelled ones, are for those who issue.
    pub fn is_shown_to(&self, user: UserId, issues: bool) -> bool {
        issues || self.created_by == user || self.issued_at.is_some()
    }

    /// When it last became something else, by hand or by the clock.
    pub fn changed_at(&self, now: UtcTime) -> UtcTime {
        let by_the_clock = match self.kept {
            Kept::Active => [self.form.starts_at, self.form.expires],
            _ => [None, None],
        };
        let passed = by_the_clock.into_iter().flatten().filter(|at| *at <= now);
        passed.fold(self.updated_at, UtcTime::max)
    }
}

/// An alert at an instant, with what it refers to.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The alert.
    pub alert: Alert,
    /// Where it stands.
    pub state: AlertState,
    /// Its sources, in its own language.
    pub sources: Vec<AlertSource>,
    /// Its article, if the one who looks may know of it.
    pub article_id: Option<ArticleId>,
    /// When it last became something else.
    pub changed_at: UtcTime,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    const NOW: UtcTime = UtcTime::from_micros(1_602_232_200_000_000);
    const HOUR: Duration = Duration::from_secs(3600);

    fn drafted(times: &serde_json::Value) -> Alert {
        let mut form = json!({ "headline": "عاجل", "language": "ar" });
        form.as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
        Alert::draft(AlertId::of(Uuid::nil()), serde_json::from_value(form).unwrap(), UserId::of(Uuid::nil()), NOW)
    }

    #[test]
    fn every_state_allows_these_actions_and_no_others() {
        use Action::{Approve, Cancel, Edit, Issue, Retract, Schedule, Supersede, Update};
        for state in AlertState::ALL {
            for action in Action::ALL {
                let expected = matches!(
                    (state, action),
                    (AlertState::Draft, Edit | Approve | Issue | Schedule | Cancel)
                        | (AlertState::Scheduled, Update | Cancel)
                        | (AlertState::Active, Update | Retract | Supersede)
                        | (AlertState::Expired, Retract | Supersede)
                );
                assert_eq!(state.allowed().contains(action), expected, "{state} {action}");
            }
        }
    }

    #[test]
    fn the_clock_decides_at_the_very_instant() {
        let alert = drafted(&json!({ "startsAt": NOW.after(HOUR) })).issued(NOW, None).unwrap();
        let (start, end) = (NOW.after(HOUR), NOW.after(HOUR + RUNS));
        let tick = Duration::from_micros(1);
        let cases = [
            (NOW, AlertState::Scheduled, false, NOW),
            (start.before(tick), AlertState::Scheduled, false, NOW),
            (start, AlertState::Active, true, start),
            (end.before(tick), AlertState::Active, true, start),
            (end, AlertState::Expired, true, end),
        ];
        for (now, state, is_public, changed_at) in cases {
            assert_eq!((alert.state(now), alert.is_public(now), alert.changed_at(now)), (state, is_public, changed_at));
        }
    }

    #[test]
    fn an_alert_runs_for_a_day_unless_somebody_says_otherwise() {
        let (early, late) = (NOW.before(HOUR), NOW.after(HOUR));
        let cases = [
            (json!({}), None, Ok(NOW.after(RUNS))),
            (json!({ "startsAt": late }), None, Ok(late.after(RUNS))),
            (json!({ "startsAt": early.before(RUNS) }), None, Ok(NOW.after(RUNS))),
            (json!({ "expires": late }), None, Ok(late)),
            (json!({ "expires": early }), Some(late), Ok(late)),
            (json!({ "expires": early }), None, Err(Fault::NotLater)),
            (json!({ "startsAt": late }), Some(late), Err(Fault::NotLater)),
        ];
        for (times, expires, expected) in cases {
            let issued = drafted(&times).issued(NOW, expires).map(|alert| alert.form.expires.unwrap());
            assert_eq!(issued, expected, "{times}");
        }
    }

    #[test]
    fn the_clock_turns_an_alert_twice_and_each_turn_is_told_once() {
        let times = json!({ "startsAt": NOW.after(HOUR), "expires": NOW.after(2 * HOUR) });
        let mut alert = drafted(&times).issued(NOW, None).unwrap();
        assert_eq!((alert.next_at, alert.turn(NOW)), (Some(NOW.after(HOUR)), None));
        let (turn, next) = alert.turn(NOW.after(3 * HOUR)).unwrap();
        assert_eq!((turn, next), (Turn::Starts, Some(NOW.after(2 * HOUR))));
        alert.next_at = next;
        assert_eq!(alert.turns_at(NOW), Some(NOW.after(2 * HOUR)), "by a clock that is behind it is told all the same");
        assert_eq!(alert.turn(NOW.after(3 * HOUR)), Some((Turn::Ends, None)));
        let retracted = Alert { kept: Kept::Retracted, ..alert };
        assert_eq!(retracted.turns_at(NOW), None);
    }

    #[test]
    fn what_is_said_anew_has_nobodys_approval_and_stays_as_loud_as_it_was() {
        let one = Approval { user_id: UserId::of(Uuid::nil()), at: NOW };
        let approved = || Alert { approvals: vec![one.clone()], ..drafted(&json!({ "urgency": 2 })) };
        let form = |fields| drafted(&fields).form;
        for (fields, kept) in [
            (json!({ "urgency": 2 }), true),
            (json!({ "urgency": 3, "link": "https://a.example/" }), true),
            (json!({ "urgency": 1 }), false),
            (json!({ "urgency": 2, "headline": "آخر" }), false),
            (json!({ "urgency": 2, "body": "نص" }), false),
        ] {
            assert_eq!(!approved().says(form(fields.clone())).approvals.is_empty(), kept, "{fields}");
        }
        let quiet = approved().issued(NOW, None).unwrap().says(form(json!({ "urgency": 7 })));
        assert_eq!((quiet.form.urgency, quiet.peak_urgency), (7, 2));
    }

    #[test]
    fn levels_follow_the_urgency() {
        let levels = (1..=9).map(|urgency| AlertLevel::of(urgency).as_str());
        let expected = ["flash", "urgent", "urgent", "bulletin", "bulletin", "update", "update", "update", "update"];
        assert!(levels.eq(expected));
    }
}
