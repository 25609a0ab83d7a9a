//! The steps in the life of an article: each is one transaction that changes its state and makes a revision.

use super::beat::Beat;
use super::corrections::{self, CorrectionKind};
use super::dto::{ArticleIn, CorrectionIn, KillIn, NoteIn, PublishIn, ScheduleIn};
use super::eyes;
use super::kept::{Saved, advance, begin, read_texts, save, saved_as_looked};
use super::kin;
use super::lint::{self, Prints, Warning};
use super::model::{ArticleState, Step};
use super::names::{ids, refusal};
use super::previews;
use super::search;
use super::store::{self, Ahead, Head, NewPublication, Texts};
use super::told::{change, sections};
use super::turns::{self, plan, store as schedule};
use crate::app::Tx;
use crate::auth::actions::{KillArticles, PublishArticles, WriteArticles};
use crate::auth::{Permit, User};
use crate::blocks::Body;
use crate::fault::{Fault, Faults};
use crate::http::Expected;
use crate::ids::ArticleId;
use crate::problem::Problem;
use crate::records::{self, References};
use crate::site;
use crate::text::{safe, slug};
use crate::time::UtcTime;

/// The longest note, in graphemes.
pub(super) const NOTE_MAX: usize = 5_000;

/// What somebody says with a step.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// Why.
    pub note: Option<String>,
    /// The date of publication of an older story.
    pub date_published: Option<UtcTime>,
    /// Whether a reader would call it no change.
    pub minor: bool,
    /// When it is to become public: an instant, or a local time in the zone beside it or the site's.
    pub publish_at: Option<(String, Option<String>)>,
    /// What was wrong, for everyone to read.
    pub correction: Option<(CorrectionKind, String)>,
    /// What everyone reads in its place.
    pub notice: Option<String>,
}

impl From<NoteIn> for Notes {
    fn from(NoteIn { note }: NoteIn) -> Self {
        Self { note, ..Self::default() }
    }
}

impl From<PublishIn> for Notes {
    fn from(PublishIn { note, date_published, minor }: PublishIn) -> Self {
        Self { note, date_published, minor, ..Self::default() }
    }
}

impl From<ScheduleIn> for Notes {
    fn from(ScheduleIn { publish_at, time_zone, note }: ScheduleIn) -> Self {
        Self { note, publish_at: Some((publish_at, time_zone)), ..Self::default() }
    }
}

impl From<CorrectionIn> for Notes {
    fn from(CorrectionIn { kind, text, minor, note }: CorrectionIn) -> Self {
        Self { note, minor, correction: Some((kind, text)), ..Self::default() }
    }
}

impl From<KillIn> for Notes {
    fn from(KillIn { notice, note }: KillIn) -> Self {
        Self { note, notice: Some(notice), ..Self::default() }
    }
}

impl Notes {
    /// Whether anybody is told what changes, or that it is next to nothing.
    const fn tell(&self) -> bool {
        self.minor || self.note.is_some() || self.correction.is_some()
    }

    /// The same with its texts tidied, or everything that is wrong with them.
    fn checked(self, step: Step) -> Result<Self, Problem> {
        let mut faults = Faults::new();
        let Self { note, date_published, minor, publish_at, correction, notice } = self;
        let note = faults.take("/note", safe::optional_paragraph(note.as_deref(), NOTE_MAX)).flatten();
        if matches!(step, Step::Return | Step::Unpublish) && note.is_none() && faults.0.is_empty() {
            faults.add("/note", Fault::Required);
        }
        let correction =
            correction.and_then(|(kind, text)| Some((kind, faults.take("/text", safe::paragraph(&text, NOTE_MAX))?)));
        let notice = notice.and_then(|text| faults.take("/notice", safe::paragraph(&text, NOTE_MAX)));
        let notes = Self { note, date_published, minor, publish_at, correction, notice };
        faults.finish(Some(notes)).map_err(Problem::from)
    }
}

/// The article, the version it must have, and what is to be done with it.
#[derive(Clone, Debug)]
pub struct Order {
    /// The article.
    pub id: ArticleId,
    /// The versions that the caller has seen.
    pub expected: Expected,
    /// What to do.
    pub step: Step,
    /// What is said with it.
    pub notes: Notes,
}

/// Takes a step that writers may take with their own articles.
pub fn write_step(tx: &mut Tx<'_>, permit: &Permit<WriteArticles>, order: Order) -> Result<Saved, Problem> {
    step(tx, &permit.user, order)
}

/// Takes a step that is the editors'.
pub fn editor_step(tx: &mut Tx<'_>, permit: &Permit<PublishArticles>, order: Order) -> Result<Saved, Problem> {
    step(tx, &permit.user, order)
}

/// Takes an article back for good.
pub fn kill(tx: &mut Tx<'_>, permit: &Permit<KillArticles>, order: Order) -> Result<Saved, Problem> {
    step(tx, &permit.user, order)
}

/// Takes a step that the caller may take.
pub(super) fn step(tx: &mut Tx<'_>, by: &User, order: Order) -> Result<Saved, Problem> {
    let Order { id, expected, step, notes } = order;
    let (head, next) = begin(tx, by, id, &expected, step)?;
    let notes = notes.checked(step)?;
    let texts = store::texts(tx.conn, id)?;
    let (form, body) = read_texts(&texts)?;
    let seen = if step == Step::Kill { turns::seen(tx, &head)? } else { head.live_version };
    let (from, was_live, frozen) = (head.state, head.live_version, turns::frozen(tx, &head, seen)?);
    // Who works in a section that it leaves has a say.
    let mut listed = frozen.sections(was_live.into_iter().chain(head.ahead.due_version));
    if is_public(step) {
        Beat::of(&mut tx.reading(), by)?.check(&listed)?;
    }
    listed.extend(sections(&form));
    listed.sort_unstable();
    listed.dedup();
    eyes::check(tx, by, &head, &listed, step)?;
    let mut head = advance(tx, by, head, next);
    let references = records::references(&mut tx.reading(), &ids(&form))?;
    let (mut of_act, mut looked) = (Vec::new(), None);
    match step {
        Step::Publish | Step::Schedule | Step::Correct => {
            Beat::of(&mut tx.reading(), by)?.check(&sections(&form))?;
            (of_act, looked) = pass(tx, &mut head, (&form, &body), &notes, (&texts, &references))?;
        }
        Step::Unschedule => unschedule(tx, &mut head)?,
        // Meanwhile another may have taken its place among the translations.
        Step::Unspike => kin::rejoin(tx, id, &form)?,
        Step::Unpublish | Step::Kill => {
            withdraw(tx, &mut head)?;
            // What is withdrawn is not passed around in private either.
            previews::revoke_all(tx, id)?;
            head.notice.clone_from(&notes.notice);
        }
        _ => {}
    }
    head.spiked_from = (next == ArticleState::Spiked).then_some(from);
    if let Some(correction) = notes.correction {
        corrections::add(tx, id, head.version, correction)?;
    }
    save(tx, &head, step, notes.note, &texts)?;
    tx.record(match seen {
        // What readers learn is where it was and is public: not where the working copy is, nor what was planned.
        Some(version) if head.live_version.is_none() => {
            change(step, &frozen.in_language(version, head.clone()), &frozen.sections([version]))
        }
        _ if head.live_version == Some(head.version) => {
            let mut shown = frozen.sections(was_live);
            shown.extend(sections(&form));
            shown.sort_unstable();
            shown.dedup();
            change(step, &head, &shown)
        }
        _ => change(step, &head, &listed),
    });
    let mut saved = saved_as_looked(&mut tx.reading(), by, head, (form, body), (&references, looked))?;
    saved.warnings.extend(of_act);
    Ok(saved)
}

/// Whether a step changes what readers see, now or at its hour.
const fn is_public(step: Step) -> bool {
    matches!(step, Step::Publish | Step::Schedule | Step::Correct | Step::Unschedule | Step::Unpublish | Step::Kill)
}

/// Releases a working copy that is fit for it. Gives what is to be looked at in the act, and what in the copy where that is
/// still the same: with another hour, another day may be that of a dateline.
fn pass(
    tx: &mut Tx<'_>,
    head: &mut Head,
    (form, body): (&ArticleIn, &Body),
    notes: &Notes,
    (texts, references): (&Texts, &References),
) -> Result<(Vec<Warning>, Option<Vec<Warning>>), Problem> {
    let was_planned = head.ahead.due_at.is_some();
    let prints = Prints::of(body);
    let (of_act, found) = lint::gate(tx, head, (form, body, &prints), references, notes.tell())?;
    release(tx, head, (form, body, &prints), notes, texts)?;
    let is_same = !was_planned && head.ahead.due_at.is_none();
    Ok((of_act, is_same.then_some(found)))
}

/// Freezes the working copy as what the public sees from its hour on: now, at the instant that was asked for, or when its
/// embargo ends, whichever comes last. It takes the place of what was planned before.
fn release(
    tx: &mut Tx<'_>,
    head: &mut Head,
    (form, body, prints): (&ArticleIn, &Body, &Prints),
    notes: &Notes,
    texts: &Texts,
) -> Result<(), Problem> {
    if notes.date_published.is_some_and(|date| date > tx.now) {
        return Err(Problem::field("/datePublished", Fault::NotPast));
    }
    let asked = asked(tx, notes)?;
    let embargo = form.embargoed_until.filter(|until| *until > tx.now);
    if notes.date_published.is_some() && embargo.is_some() {
        return Err(Problem::field("/datePublished", Fault::Excludes("embargoedUntil".into())));
    }
    if notes.minor && embargo.is_some() {
        return Err(Problem::field("/minor", Fault::Excludes("embargoedUntil".into())));
    }
    if notes.correction.is_some() && embargo.is_some() {
        return Err(Problem::field("/embargoedUntil", Fault::NotPast));
    }
    let visible_from = asked.as_ref().map_or(tx.now, |(at, _)| *at).max(embargo.unwrap_or(tx.now));
    if form.expires.is_some_and(|expires| expires <= visible_from) {
        return Err(Problem::field("/expires", Fault::NotLater));
    }
    let was_due = head.ahead.due_at;
    schedule::drop_planned(tx.conn, head.id, head.ahead.ends_at, tx.now)?;
    schedule::end(tx.conn, head.id, visible_from)?;
    let (date_published, date_modified) = dates(head, notes, visible_from);
    let ahead = if visible_from > tx.now {
        let (publish_at, time_zone) = asked.unzip();
        let due = (Some(head.version), Some(visible_from));
        let ends_at = head.ahead.ends_at;
        Ahead { due_version: due.0, due_at: due.1, due_ends_at: form.expires, publish_at, time_zone, ends_at }
    } else {
        head.date_published = Some(date_published);
        head.date_modified = Some(date_modified);
        head.live_version = Some(head.version);
        Ahead { ends_at: form.expires, ..Ahead::default() }
    };
    head.ahead = ahead;
    head.state = if head.live_version.is_some() { ArticleState::Published } else { ArticleState::Scheduled };
    let new = NewPublication {
        id: tx.next_id(),
        slug_key: slug::key(&head.slug),
        headline_hash: lint::headline_hash(form),
        visible_from,
        visible_until: form.expires,
        date_published,
        date_modified,
        head,
        texts,
    };
    store::publish(tx.conn, &new, &ids(form)).map_err(refusal)?;
    kin::freeze(tx, new.id, form)?;
    lint::imprint(tx, new.id, new.head.id, prints)?;
    search::index(tx, &new, (form, body))?;
    plan(tx, head, was_due)
}

/// The dates of publication and of the last change, as they are once a publication is visible.
fn dates(head: &Head, notes: &Notes, visible_from: UtcTime) -> (UtcTime, UtcTime) {
    let date_published = notes.date_published.or(head.date_published).unwrap_or(visible_from);
    let date_modified = match head.date_modified {
        _ if head.date_published.is_none() => date_published,
        Some(date) if notes.minor => date.max(date_published),
        _ => visible_from,
    };
    (date_published, date_modified)
}

/// The instant that was asked for, which lies ahead, and the zone that it was asked for in.
fn asked(tx: &mut Tx<'_>, notes: &Notes) -> Result<Option<(UtcTime, String)>, Problem> {
    let Some((text, zone)) = &notes.publish_at else { return Ok(None) };
    let zone = match zone {
        Some(name) => site::time_zone(name).map_err(|fault| Problem::field("/timeZone", fault))?,
        None => site::present(&mut tx.reading())?.time_zone.clone(),
    };
    let at = UtcTime::parse_in(text, &zone).map_err(|fault| Problem::field("/publishAt", fault))?;
    if at <= tx.now {
        return Err(Problem::field("/publishAt", Fault::NotLater));
    }
    Ok(Some((at, zone.iana_name().unwrap_or("UTC").to_owned())))
}

/// Takes back what is planned. What is public stays.
fn unschedule(tx: &mut Tx<'_>, head: &mut Head) -> Result<(), Problem> {
    let was_due = head.ahead.due_at;
    schedule::drop_planned(tx.conn, head.id, head.ahead.ends_at, tx.now)?;
    head.ahead = Ahead { ends_at: head.ahead.ends_at, ..Ahead::default() };
    plan(tx, head, was_due)
}

/// Ends what is public, and takes back what is planned.
fn withdraw(tx: &mut Tx<'_>, head: &mut Head) -> Result<(), Problem> {
    let was_due = head.ahead.due_at;
    schedule::drop_planned(tx.conn, head.id, head.ahead.ends_at, tx.now)?;
    schedule::end(tx.conn, head.id, tx.now)?;
    head.live_version = None;
    head.ahead = Ahead::default();
    plan(tx, head, was_due)
}
