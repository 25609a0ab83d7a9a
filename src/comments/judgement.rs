//! What our own rules make of what somebody is about to say, with all that they go by. The same look is taken twice where
//! the newsroom has a service of its own: before it is asked, and when the comment is written.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::dto::CommentEditIn;
use super::external::{AuthorKind, Question};
use super::pipeline::{self, CROWD, Case, Rule, Verdict};
use super::sanctions::{self, Standing};
use super::store::{self, Said};
use super::wording::{Draft, Gist, Wording};
use super::words::{self, Prepared};
use super::{Speaker, guests, model, own};
use crate::app::{App, Read, Tx};
use crate::articles::{self, Discussion};
use crate::http::Patch;
use crate::ids::{CommentId, CommenterId};
use crate::limits::Origin;
use crate::problem::{Code, Problem};

/// How long somebody's comments are remembered when the next one is looked at.
const LATELY: Duration = Duration::from_secs(86_400);
/// How many of them are.
const RECENT_MAX: i64 = 20;
/// How long it is remembered that somebody has written from somewhere, when others do.
const JUST_NOW: Duration = Duration::from_secs(60);

/// What somebody is about to say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remark<'a> {
    pub author: CommenterId,
    pub is_moderator: bool,
    pub is_premoderated: bool,
    pub answers: Option<CommentId>,
    /// What it says now, where it is to say something else.
    pub but: Option<CommentId>,
    pub wording: &'a Wording,
}

/// What a verdict depends on beside the database: this node's word lists, and where the request comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beside<'a> {
    pub words: &'a Prepared,
    pub origin: Option<Origin>,
}

impl<'c> Beside<'c> {
    /// As it is for a transaction.
    pub fn of(tx: &Tx<'c>) -> Self {
        Self { words: tx.words, origin: tx.by.origin }
    }
}

/// What becomes of a text, seen beside what its writer and others have said lately.
pub(super) fn judge(
    read: &mut Read<'_>,
    beside: Beside<'_>,
    about: &Discussion,
    remark: &Remark<'_>,
) -> Result<Verdict, Problem> {
    let Remark { author, is_moderator, is_premoderated, answers, but, wording } = *remark;
    let since = read.now.before(LATELY);
    let mut recent = store::recent(read.conn, author, since, RECENT_MAX)?;
    recent.retain(|said| Some(said.id) != but);
    let again =
        |said: &&Said| (said.article_id, said.answers_id, &said.text_key) == (about.article, answers, &wording.key);
    if let Some(first) = recent.iter().find(again) {
        return Err(Problem::new(Code::Duplicate).with("existing", first.id.to_string()));
    }
    let recent: Vec<Arc<Gist>> =
        recent.iter().map(|said| beside.words.gist(&said.text_key, || Gist::of(&said.text))).collect();
    let hold_first = i64::from(about.rules.hold_first);
    let crowd = i64::try_from(CROWD).unwrap_or(i64::MAX);
    let seen = words::present(read, beside.words)?.look(&wording.text);
    Ok(pipeline::judge(&Case {
        wording,
        rules: &about.rules,
        mode: about.mode,
        is_moderator,
        is_premoderated,
        seen: seen.as_ref(),
        published: store::count_published(read.conn, author, hold_first)?,
        recent: &recent,
        elsewhere: store::others_saying(read.conn, &wording.key, author, since, RECENT_MAX)?.len(),
        crowd: match &beside.origin {
            Some(from) => {
                let just_now = read.now.before(JUST_NOW);
                store::others_from(read.conn, from.as_bytes(), author, just_now, crowd)?.len()
            }
            None => 0,
        },
    }))
}

/// Where somebody is about to say something: who, and from where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker<'a> {
    pub app: &'a App,
    pub origin: Option<Origin>,
    pub speaker: &'a Speaker,
}

/// What the service is asked about a new comment: nothing, where our own rules would not publish it.
///
/// # Errors
/// It would not be taken.
pub(super) fn of_new(
    read: &mut Read<'_>,
    asker: Asker<'_>,
    id_or_slug: &str,
    draft: &Draft,
) -> Result<Option<Question>, Problem> {
    let about = articles::discussion(read, id_or_slug)?;
    guests::check_taken(asker.speaker, &about)?;
    if !model::is_open(about.mode, about.closes_at, read.now) {
        return Err(Problem::new(Code::CommentsClosed));
    }
    let wording = draft.wording.clone().map_err(|fault| Problem::field("/text", fault))?;
    foresee(read, asker, &about, (wording, draft.parent_id), None)
}

/// What the service is asked about a comment that is to say something else.
///
/// # Errors
/// It may not.
pub(super) fn of_edit(
    read: &mut Read<'_>,
    asker: Asker<'_>,
    id: CommentId,
    patch: &Patch<CommentEditIn>,
) -> Result<Option<Question>, Problem> {
    let (comment, about, wording) = own::rewording(read, asker.speaker, id, patch)?;
    if wording.text == comment.row.text {
        return Ok(None);
    }
    foresee(read, asker, &about, (wording, comment.row.answers_id), Some(id))
}

fn foresee(
    read: &mut Read<'_>,
    asker: Asker<'_>,
    about: &Discussion,
    (wording, answers): (Wording, Option<CommentId>),
    but: Option<CommentId>,
) -> Result<Option<Question>, Problem> {
    let Asker { app, origin, speaker } = asker;
    let known = speaker.commenter();
    let standing = known.map(|known| sanctions::check(read, known)).transpose()?;
    let is_premoderated = standing.is_some_and(|Standing { is_premoderated }| is_premoderated);
    // Whoever is not known yet has said nothing.
    let author = known.unwrap_or_else(|| CommenterId::of(Uuid::nil()));
    let is_moderator = speaker.is_moderator();
    let remark = Remark { author, is_moderator, is_premoderated, answers, but, wording: &wording };
    let verdict = judge(read, Beside { words: app.words(), origin }, about, &remark)?;
    if verdict.rule != Rule::Passed {
        return Ok(None);
    }
    let author = match speaker {
        Speaker::Account(_) => AuthorKind::Account,
        Speaker::Guest(_) | Speaker::Stranger => AuthorKind::Guest,
    };
    let (language, article) = (about.language.clone(), about.article);
    Ok(Some(Question { text: wording.text, language, article, author, is_edit: but.is_some() }))
}
