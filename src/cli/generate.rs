//! An archive of invented articles and comments, to measure with: ten years of a newsroom, each article made the way a
//! newsroom makes it. The same numbers make the same archive.

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::person::{self, Person};
use super::prose::Prose;
use super::{Failure, readable, tell};
use crate::app::{App, Tx};
use crate::articles::dto::ArticleIn;
use crate::articles::{self, Draft, Notes, Order, Step};
use crate::auth::actions::{ManageRecords, PostComment, PublishArticles, WriteArticles};
use crate::auth::{Actor, Permit, Role, User, Viewer};
use crate::authors::dto::AuthorIn;
use crate::comments::dto::CommentIn;
use crate::comments::{self, Speaker, Submission};
use crate::http::Expected;
use crate::ids::{ArticleId, CommentId, RecordId};
use crate::problem::Problem;
use crate::records::{self, Noun};
use crate::sections::dto::SectionIn;
use crate::sources::dto::SourceIn;
use crate::tags::dto::TagIn;
use crate::time::{SetClock, UtcTime};
use crate::users::model::NewAccount;
use crate::{events, users};

/// When the first article is published: 1 January 2016, 00:00 UTC.
pub(super) const FIRST: UtcTime = UtcTime::from_micros(1_451_606_400_000_000);
/// When nothing more is published: 1 January 2026, 00:00 UTC.
const LAST: UtcTime = UtcTime::from_micros(1_767_225_600_000_000);
/// How long readers comment after that, in microseconds: a week.
const TALK: i64 = 7 * 86_400_000_000;
/// Articles or comments of one transaction.
const BATCH: u32 = 200;
/// How many there are of each; one less than a power of two, so that every rank is drawn.
const SECTIONS: u32 = 31;
const TAGS: u32 = 1_023;
const SOURCES: u32 = 63;
const AUTHORS: u32 = 63;
const READERS: u32 = 127;
/// After how many it is told how far the work is.
const TOLD: u32 = 20_000;

/// How large the archive is, and which one of that size.
#[derive(clap::Args, Debug)]
pub(super) struct Size {
    /// How many articles.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    articles: u32,
    /// How many comments, most of them on the newest articles.
    #[arg(long, default_value_t = 0)]
    comments: u32,
    /// Which archive of that size; the same number makes the same one.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// What articles are filed under, and who gives them.
struct Catalogue {
    sections: Vec<RecordId>,
    tags: Vec<RecordId>,
    sources: Vec<RecordId>,
    authors: Vec<RecordId>,
}

/// The archive in the making.
struct Archive<'a> {
    app: &'a App,
    clock: &'a SetClock,
    prose: Prose,
    editor: Person,
}

/// Fills an empty database. False when somebody works there already.
pub(super) async fn load(app: &App, clock: &SetClock, size: &Size) -> Result<bool, Failure> {
    if person::is_anybody_here(app).await.map_err(readable)? {
        return Ok(false);
    }
    let people = fill(app, clock, size).await.map_err(readable)?;
    tell(&format!("There are {} articles and {} comments.", size.articles, size.comments))?;
    tell("These work here; their passwords are shown only this once:\n")?;
    people.iter().try_for_each(|person| tell(&person.to_string()))?;
    Ok(true)
}

async fn fill(app: &App, clock: &SetClock, size: &Size) -> Result<[Person; 2], Problem> {
    let admin = Person::hire(app, Role::Admin, "مديرة الموقع").await?;
    let editor = Person::hire(app, Role::Editor, "رئيس التحرير").await?;
    let settings = json!({ "name": "أرشيف", "languages": ["ar"], "commentPolicy": "open" });
    admin.furnish(app, settings).await?;
    let archive = Archive { app, clock, prose: Prose::new(size.seed), editor };
    let catalogue = archive.catalogue().await?;
    let articles = archive.publish(size.articles, &catalogue).await?;
    if size.comments > 0 {
        archive.discuss(size.comments, &articles).await?;
    }
    Ok([admin, archive.editor])
}

/// An instant of the n-th of so many that follow each other evenly.
fn instant(from: UtcTime, micros: i64, n: u32, of: u32) -> UtcTime {
    UtcTime::from_micros(from.micros() + micros / i64::from(of) * i64::from(n))
}

/// Forgets what a newsroom that was at work all that time had forgotten.
fn sweep(tx: &mut Tx<'_>, app: &App) -> Result<(), Problem> {
    events::forget(tx, &app.config().events)?;
    Ok(())
}

fn told(done: u32, all: u32, what: &str) {
    if done.is_multiple_of(TOLD) {
        eprintln!("{done} of {all} {what}");
    }
}

impl Archive<'_> {
    async fn catalogue(&self) -> Result<Catalogue, Problem> {
        let named = |kind: &str, n: u32| format!("{kind} {} {n}", self.prose.words(1));
        let named = |kind: &str, count: u32| (0..count).map(|n| json!({ "name": named(kind, n) })).collect();
        let agencies = (0..SOURCES).map(|n| json!({ "name": format!("وكالة {n}"), "kind": "agency" })).collect();
        Ok(Catalogue {
            sections: self.make::<SectionIn>(named("قسم", SECTIONS)).await?,
            tags: self.make::<TagIn>(named("وسم", TAGS)).await?,
            sources: self.make::<SourceIn>(agencies).await?,
            authors: self.make::<AuthorIn>(named("كاتب", AUTHORS)).await?,
        })
    }

    async fn make<N: Noun + DeserializeOwned>(&self, forms: Vec<Value>) -> Result<Vec<RecordId>, Problem> {
        let permit = self.editor.permit::<ManageRecords>()?;
        let forms: Vec<N> = forms.into_iter().map(serde_json::from_value).collect::<Result<_, _>>()?;
        let make = move |tx: &mut Tx<'_>| {
            forms.into_iter().map(|form| Ok(records::create(tx, &permit, form)?.id)).collect::<Result<_, Problem>>()
        };
        self.app.write(self.editor.actor(), make).await
    }

    /// Publishes so many articles, the oldest first.
    async fn publish(&self, all: u32, catalogue: &Catalogue) -> Result<Vec<ArticleId>, Problem> {
        let mut published = Vec::new();
        for first in (0..all).step_by(BATCH as usize) {
            let end = all.min(first.saturating_add(BATCH));
            let at = |n| instant(FIRST, LAST.micros() - FIRST.micros(), n, all);
            let drafts: Result<Vec<(UtcTime, Draft)>, Problem> =
                (first..end).map(|n| Ok((at(n), Draft::of(self.article(n, all, catalogue)?)?))).collect();
            let (app, drafts) = (self.app.clone(), drafts?);
            let (writing, publishing) =
                (self.editor.permit::<WriteArticles>()?, self.editor.permit::<PublishArticles>()?);
            self.clock.set(at(end));
            let work = move |tx: &mut Tx<'_>| {
                let mut made = Vec::new();
                for (at, draft) in drafts {
                    tx.now = at;
                    let id = articles::create(tx, &writing, draft)?.id();
                    let (expected, notes) = (Expected::version(1), Notes::default());
                    articles::editor_step(tx, &publishing, Order { id, expected, step: Step::Publish, notes })?;
                    made.push(id);
                }
                sweep(tx, &app)?;
                Ok(made)
            };
            published.extend(self.app.write(self.editor.actor(), work).await?);
            told(end, all, "articles");
        }
        Ok(published)
    }

    /// The n-th article of all.
    fn article(&self, n: u32, all: u32, catalogue: &Catalogue) -> Result<ArticleIn, Problem> {
        let Catalogue { sections, tags, sources, authors } = catalogue;
        let prose = &self.prose;
        let of = |ids: &[RecordId], rank: u32| ids.get(rank as usize).copied();
        let some = |ids: &[RecordId], bound: u32, count: u32| {
            let mut some: Vec<RecordId> = (0..count).filter_map(|_| of(ids, prose.rank(bound))).collect();
            some.sort_unstable();
            some.dedup();
            some
        };
        // The last section is closed early: its newest articles are old.
        let section =
            Some(prose.rank(SECTIONS)).filter(|rank| *rank < SECTIONS - 1 || n < all / 50).unwrap_or_default();
        let paragraph = |text: String| json!({ "_type": "block", "children": [{ "_type": "span", "text": text }] });
        let credits = some(sources, SOURCES, prose.between(1, 3));
        Ok(serde_json::from_value(json!({
            "language": "ar",
            "headline": prose.words(prose.between(6, 11)),
            "abstract": prose.words(prose.between(15, 30)),
            "body": prose.paragraphs(prose.length()).into_iter().map(paragraph).collect::<Vec<_>>(),
            "sources": credits.into_iter().map(|id| json!({ "sourceId": id })).collect::<Vec<_>>(),
            "authors": [{ "authorId": of(authors, prose.rank(AUTHORS)), "role": "writer" }],
            "sectionId": of(sections, section),
            "tagIds": some(tags, TAGS, prose.between(1, 5)),
            "leadMedia": { "contentUrl": format!("https://cdn.example/{n}.jpg"), "alt": prose.words(5) },
        }))?)
    }

    /// Lets readers comment, most of them on the newest articles; each third answers another one.
    async fn discuss(&self, all: u32, articles: &[ArticleId]) -> Result<(), Problem> {
        let readers = self.readers().await?;
        let count = u32::try_from(articles.len()).unwrap_or(u32::MAX);
        let prose = &self.prose;
        let mut latest: HashMap<ArticleId, CommentId> = HashMap::new();
        for first in (0..all).step_by(BATCH as usize) {
            let end = all.min(first.saturating_add(BATCH));
            let remarks: Vec<Remark> = (first..end)
                .filter_map(|n| {
                    let article = *articles.iter().rev().nth(prose.rank(count) as usize)?;
                    let by = readers.get(prose.rank(READERS) as usize)?.clone();
                    let (text, is_answer) = (prose.words(prose.between(8, 40)), prose.below(3) == 0);
                    Some(Remark { at: instant(LAST, TALK, n, all), article, by, text, is_answer })
                })
                .collect();
            self.clock.set(instant(LAST, TALK, end, all));
            let app = self.app.clone();
            let work = move |tx: &mut Tx<'_>| {
                for remark in remarks {
                    remark.post(tx, &app, &mut latest)?;
                }
                sweep(tx, &app)?;
                Ok(latest)
            };
            latest = self.app.write(Actor::operator(), work).await?;
            told(end, all, "comments");
        }
        Ok(())
    }

    /// Those who comment. Nobody signs in as one of them.
    async fn readers(&self) -> Result<Vec<User>, Problem> {
        let account = |n: u32, password: &str| {
            let (email, name) = (format!("reader{n}@demo.khabar.example"), format!("قارئ {n}"));
            NewAccount::parse(&email, &name, Role::Reader, password)
        };
        let password = person::password();
        let hash = users::hash(self.app, account(0, &password)?.1).await?;
        let accounts: Result<Vec<NewAccount>, Problem> = (0..READERS).map(|n| Ok(account(n, &password)?.0)).collect();
        let accounts = accounts?;
        let make = move |tx: &mut Tx<'_>| {
            let one = |account| Ok(person::signed_in(&users::create(tx, account, &hash)?));
            accounts.into_iter().map(one).collect::<Result<Vec<User>, Problem>>()
        };
        self.app.write(Actor::operator(), make).await
    }
}

/// What a reader says.
struct Remark {
    at: UtcTime,
    article: ArticleId,
    by: User,
    text: String,
    is_answer: bool,
}

impl Remark {
    fn post(self, tx: &mut Tx<'_>, app: &App, latest: &mut HashMap<ArticleId, CommentId>) -> Result<(), Problem> {
        let Self { at, article, by, text, is_answer } = self;
        let permit: Permit<PostComment> = Permit::ask(&Viewer::User(by))?;
        let parent_id = latest.get(&article).copied().filter(|_| is_answer);
        tx.now = at;
        let draft = CommentIn { text, parent_id, guest: None }.into();
        let submission = Submission { article: &article.to_string(), draft, opinion: None };
        let posted = comments::post(tx, app, &Speaker::Account(permit), submission)?;
        if posted.comment.is_visible() {
            latest.insert(article, posted.comment.id());
        }
        Ok(())
    }
}
