//! A long walk through everything that happens to comments, by many clients at once on two nodes: at its end whatever is
//! counted is what counting the rows gives, and whoever asked to be forgotten has left no word.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use diesel::prelude::*;
use futures_util::future::{join, join_all};
use khabar::auth::Role;
use khabar::db::schema::{comment_reactions, comment_reports, comment_revisions, commenters, comments, users};
use khabar::privacy;
use serde_json::json;
use uuid::Uuid;

use crate::comments::{address, article, below, counted, desk};
use crate::guests::HEADER;
use crate::moderation::{QUEUE, recount};
use crate::privacy::reader;
use crate::reactions;
use crate::support::client::Asked;
use crate::support::{Answer, Client, TestApp};
use crate::writes::PASSWORD;

const ROUNDS: usize = 88;
/// Who acts at once.
const AT_ONCE: usize = 12;
/// How many readers and guests there are at any time, and in how many discussions.
const READERS: usize = 6;
const GUESTS: usize = 2;
const ARTICLES: usize = 2;
const KINDS: [&str; 2] = ["like", "sad"];

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// Who writes.
#[derive(Clone, Copy, Debug)]
enum Voice {
    Editor,
    Reader(usize),
    Guest(usize),
}

/// One thing to do; a comment is named by its place among those that are known.
#[derive(Debug)]
enum Act {
    Post { by: Voice, article: usize, parent: Option<usize> },
    Decide { step: &'static str, about: usize },
    Edit(usize),
    Delete(usize),
    React { by: usize, to: usize, kind: &'static str, on: bool },
    Report { by: usize, about: usize },
    Erase(usize),
}

/// A comment as the walk knows it.
struct Known {
    posted: Answer,
    by: Voice,
    /// With what a guest proves to be its writer.
    token: Option<String>,
    article: usize,
    version: i64,
}

/// A reader, on each node.
struct Reader {
    at: [Client; 2],
    is_erased: bool,
}

struct Walk {
    nodes: [TestApp; 2],
    editor: [Client; 2],
    readers: Vec<Reader>,
    guests: [Option<String>; GUESTS],
    articles: Vec<Answer>,
    known: Vec<Known>,
    /// The hash of the password that every reader has.
    hash: String,
    /// The reactions that the answers so far leave: reader, comment, kind.
    pressed: HashSet<(usize, usize, &'static str)>,
    sent: usize,
    dice: Dice,
}

impl Walk {
    async fn start(seed: u64) -> Self {
        let app = TestApp::new().await;
        reactions::rules(&app, json!({ "guests": true, "reactions": KINDS })).await;
        let other = app.restarted().await;
        let editor = app.as_(Role::Editor).await;
        let mut articles = Vec::new();
        for _ in 0..ARTICLES {
            articles.push(article(&editor, json!({ "mode": "open" })).await);
        }
        let one = reader(&app).await;
        let hash = users::table.find(one.id()).select(users::password_hash).first(&mut app.sql()).unwrap();
        let editor = [editor.clone(), other.as_user(editor.id()).await];
        let mut walk = Self {
            nodes: [app, other],
            editor,
            readers: Vec::new(),
            guests: [const { None }; GUESTS],
            articles,
            known: Vec::new(),
            hash,
            pressed: HashSet::new(),
            sent: 0,
            dice: Dice(seed),
        };
        for _ in 0..READERS {
            walk.welcome().await;
        }
        walk
    }

    /// Somebody new, with the password.
    async fn welcome(&mut self) {
        let [app, other] = &self.nodes;
        let here = app.as_(Role::Reader).await;
        let theirs = diesel::update(users::table.find(here.id()));
        theirs.set(users::password_hash.eq(&self.hash)).execute(&mut app.sql()).unwrap();
        let there = other.as_user(here.id()).await;
        self.readers.push(Reader { at: [here, there], is_erased: false });
    }

    fn next(&mut self) -> Act {
        let dice = &mut self.dice;
        let (choice, any) = (dice.roll(100), dice.roll(self.known.len().max(1)));
        let living = self.readers.len() - READERS + dice.roll(READERS);
        let (guest, article, kind, on) =
            (dice.roll(GUESTS), dice.roll(ARTICLES), KINDS[dice.roll(KINDS.len())], dice.roll(3) > 0);
        let by = [Voice::Editor, Voice::Reader(living), Voice::Reader(living), Voice::Guest(guest)][dice.roll(4)];
        match choice {
            _ if self.known.is_empty() => Act::Post { by: Voice::Editor, article, parent: None },
            0..10 => Act::Post { by, article, parent: None },
            10..30 => Act::Post { by, article: self.known[any].article, parent: Some(any) },
            30..44 => Act::Decide { step: "approve", about: any },
            44..52 => Act::Decide { step: "reject", about: any },
            52..57 => Act::Decide { step: "withhold", about: any },
            57..65 => Act::Edit(any),
            65..69 => Act::Delete(any),
            69..86 => Act::React { by: living, to: any, kind, on },
            86..98 => Act::Report { by: living, about: any },
            _ => Act::Erase(living),
        }
    }

    async fn send(&self, act: &Act, node: usize) -> Answer {
        match *act {
            Act::Post { by, article, parent } => {
                let parent = parent.map(|parent| self.known[parent].posted.text("/id"));
                let mut form = json!({ "text": format!("قول {}", Uuid::now_v7()), "parentId": parent });
                let token = if let Voice::Guest(n) = by { self.guests[n].as_deref() } else { None };
                if matches!(by, Voice::Guest(_)) && token.is_none() {
                    form["guest"] = json!({ "name": "ضيف", "email": "daif@example.org" });
                }
                let ask = self.voice(by, node).post(&below(&self.articles[article])).json(&form);
                token.into_iter().fold(ask, |ask, token| ask.header(HEADER, token)).send().await
            }
            Act::Decide { step, about } => {
                let Known { posted, version, .. } = &self.known[about];
                let body = if step == "approve" { json!({}) } else { json!({ "reason": "offTopic" }) };
                let ask = self.editor[node].post(&format!("{}/{step}", desk(posted)));
                ask.if_match(&format!("\"{version}\"")).json(&body).send().await
            }
            Act::Edit(n) | Act::Delete(n) => {
                let Known { posted, by, token, .. } = &self.known[n];
                let (method, form) = if matches!(act, Act::Edit(_)) {
                    ("PATCH", Some(json!({ "text": format!("قول آخر {}", Uuid::now_v7()) })))
                } else {
                    ("DELETE", None)
                };
                let ask = self.voice(*by, node).ask(method, &address(posted));
                let ask = token.iter().fold(ask, |ask, token| ask.header(HEADER, token));
                form.iter().fold(ask, Asked::json).send().await
            }
            Act::React { by, to, kind, on } => {
                let path = format!("{}/reactions/{kind}", address(&self.known[to].posted));
                self.readers[by].at[node].ask(if on { "PUT" } else { "DELETE" }, &path).send().await
            }
            Act::Report { by, about } => {
                let form = json!({ "reason": "spam", "note": format!("بلاغ {by}") });
                let path = format!("{}/reports", address(&self.known[about].posted));
                self.readers[by].at[node].post(&path).json(&form).send().await
            }
            Act::Erase(n) => {
                let form = json!({ "currentPassword": PASSWORD });
                self.readers[n].at[node].delete("/api/v1/me").json(&form).send().await
            }
        }
    }

    fn voice(&self, by: Voice, node: usize) -> Client {
        match by {
            Voice::Editor => self.editor[node].clone(),
            Voice::Reader(n) => self.readers[n].at[node].clone(),
            Voice::Guest(_) => self.nodes[node].anonymous(),
        }
    }

    /// Learns from an answer what has happened. Who is erased meanwhile is nobody any more.
    fn note(&mut self, act: &Act, answer: Answer) {
        match (act, answer.status) {
            (Act::Post { by, article, .. }, 201 | 202) => {
                let told = answer.json["guestToken"].as_str().map(String::from);
                let token = if let Voice::Guest(n) = by {
                    self.guests[*n] = told.or_else(|| self.guests[*n].clone());
                    self.guests[*n].clone()
                } else {
                    None
                };
                self.known.push(Known { posted: answer, by: *by, token, article: *article, version: 1 });
            }
            // Guests are forgotten with their last word.
            (Act::Post { by: Voice::Guest(n), .. }, 401) => self.guests[*n] = None,
            (Act::React { by, to, kind, on: true }, 200) => _ = self.pressed.insert((*by, *to, kind)),
            (Act::React { by, to, kind, on: false }, 200) => _ = self.pressed.remove(&(*by, *to, kind)),
            (Act::Erase(n), 204) => self.readers[*n].is_erased = true,
            (Act::Decide { .. }, 200 | 409 | 412)
            | (Act::Post { parent: Some(_), .. }, 401 | 422)
            | (Act::Post { .. } | Act::Erase(_), 401)
            | (Act::Edit(_), 200 | 401 | 409)
            | (Act::Delete(_), 204 | 401)
            | (Act::React { .. }, 401 | 404)
            | (Act::Report { .. }, 200 | 201 | 401 | 404 | 422) => {}
            _ => panic!("{act:?}: {}\n{:#}", answer.status, answer.json),
        }
    }

    /// A round of acts at once. No two of one reader press and release the same: which came first, no answer would say.
    async fn round(&mut self) {
        let mut touched = HashSet::new();
        let mut acts: Vec<Act> = (0..AT_ONCE).map(|_| self.next()).collect();
        acts.retain(|act| !matches!(act, Act::React { by, to, kind, .. } if !touched.insert((*by, *to, *kind))));
        let answers = join_all(acts.iter().enumerate().map(|(node, act)| self.send(act, node % 2))).await;
        self.sent += acts.len();
        for (act, answer) in acts.iter().zip(answers) {
            self.note(act, answer);
        }
        let gone = self.readers.iter().rev().take(READERS).filter(|reader| reader.is_erased).count();
        for _ in 0..gone {
            self.welcome().await;
        }
        self.look_again();
        self.nodes[0].clock.advance(Duration::from_micros(1));
    }

    /// Reads which versions there are by now.
    fn look_again(&mut self) {
        let all = comments::table.select((comments::id, comments::version));
        let versions: HashMap<Vec<u8>, i64> = all.load(&mut self.nodes[0].sql()).unwrap().into_iter().collect();
        for known in &mut self.known {
            known.version = versions[&bytes(&known.posted.text("/id"))];
        }
    }
}

fn bytes(id: &str) -> Vec<u8> {
    Uuid::parse_str(id).unwrap().as_bytes().to_vec()
}

/// Id, parent, article, status, and whether it is shown.
type Row = (Vec<u8>, Option<Vec<u8>>, Vec<u8>, String, bool);

/// What counting the rows gives.
struct Rows {
    comments: Vec<Row>,
    reactions: HashMap<Vec<u8>, HashMap<String, i64>>,
    /// The open ones.
    reports: HashMap<Vec<u8>, i64>,
}

impl Rows {
    fn of(app: &TestApp) -> Self {
        let mut conn = app.sql();
        let about = (comments::parent_id, comments::article_id, comments::status, comments::is_listed);
        let columns = (comments::id, about.0, about.1, about.2, about.3);
        let comments = comments::table.select(columns).load(&mut conn).unwrap();
        let (mut reactions, mut reports) = (HashMap::<_, HashMap<String, i64>>::new(), HashMap::new());
        let kinds = comment_reactions::table.select((comment_reactions::comment_id, comment_reactions::kind));
        for (comment, kind) in kinds.load::<(Vec<u8>, String)>(&mut conn).unwrap() {
            *reactions.entry(comment).or_default().entry(kind).or_default() += 1;
        }
        let open = comment_reports::table.filter(comment_reports::closed_at.is_null());
        for comment in open.select(comment_reports::comment_id).load::<Vec<u8>>(&mut conn).unwrap() {
            *reports.entry(comment).or_default() += 1;
        }
        Self { comments, reactions, reports }
    }

    fn published(&self, which: impl Fn(&Vec<u8>, Option<&Vec<u8>>) -> bool) -> i64 {
        let published = self.comments.iter().filter(|row| row.3 == "published");
        i64::try_from(published.filter(|row| which(&row.2, row.1.as_ref())).count()).unwrap()
    }
}

impl Walk {
    /// Whatever the API counts is what is there.
    async fn check_counts(&self) {
        let (app, rows) = (&self.nodes[0], Rows::of(&self.nodes[0]));
        recount(app);
        reactions::recount(app);
        for article in &self.articles {
            let id = bytes(&article.text("/id"));
            assert_eq!(counted(app, article).await, rows.published(|place, _| *place == id), "commentCount");
        }
        for (id, .., is_listed) in &rows.comments {
            let path = format!("/{}", Uuid::from_slice(id).unwrap());
            let seen = self.editor[1].get(&(QUEUE.to_owned() + &path)).send().await.expect(200);
            let replies = rows.published(|_, parent| parent == Some(id));
            let reports = rows.reports.get(id).copied().unwrap_or_default();
            let reactions = json!(rows.reactions.get(id).cloned().unwrap_or_default());
            assert_eq!(*seen.at("/reportCount"), json!(reports), "{:#}", seen.json);
            assert_eq!(*seen.at("/reactions"), reactions);
            let read = app.anonymous().get(&format!("/api/v1/comments{path}")).send().await;
            assert_eq!(read.status, if *is_listed { 200 } else { 404 });
            if *is_listed {
                let shown = if seen.text("/status") == "published" { reactions } else { json!({}) };
                assert_eq!((read.at("/replyCount"), read.at("/reactions")), (&json!(replies), &shown));
            }
        }
        let queues = self.editor[0].get(&format!("{QUEUE}/counts")).send().await.expect(200);
        let of = |status: &str| rows.comments.iter().filter(|row| row.3 == status).count();
        for (queue, expected) in
            [("pending", of("pending")), ("withheld", of("withheld")), ("reported", rows.reports.len())]
        {
            assert_eq!(*queues.at(&format!("/{queue}/count")), json!(expected), "{queue}");
        }
    }

    /// Everything that was answered is there, but for what readers have said with one touch who are gone.
    fn check_nothing_lost(&self) {
        let kept: HashSet<Vec<u8>> = Rows::of(&self.nodes[0]).comments.into_iter().map(|row| row.0).collect();
        let posted: HashSet<Vec<u8>> = self.known.iter().map(|known| bytes(&known.posted.text("/id"))).collect();
        assert_eq!(kept, posted);
        let columns = (comment_reactions::author_id, comment_reactions::comment_id, comment_reactions::kind);
        let rows: HashSet<(Vec<u8>, Vec<u8>, String)> =
            comment_reactions::table.select(columns).load(&mut self.nodes[0].sql()).unwrap().into_iter().collect();
        let staying = self.pressed.iter().filter(|(by, ..)| !self.readers[*by].is_erased);
        let pressed = staying.map(|(by, to, kind)| {
            let id = self.readers[*by].at[0].id().uuid().as_bytes().to_vec();
            (id, bytes(&self.known[*to].posted.text("/id")), (*kind).to_owned())
        });
        assert!(pressed.into_iter().all(|one| rows.contains(&one)));
    }

    /// Who asked to be forgotten is nobody, and has said nothing.
    fn check_forgotten(&self) {
        let mut conn = self.nodes[0].sql();
        for erased in self.readers.iter().filter(|reader| reader.is_erased).map(|reader| reader.at[0].id()) {
            let id = erased.uuid().as_bytes().to_vec();
            let account = commenters::table.filter(commenters::user_id.eq(&id)).count().get_result::<i64>(&mut conn);
            assert_eq!(account.unwrap(), 0, "no one who comments is this account");
            let theirs = comments::table.filter(comments::author_id.eq(&id));
            let words: Vec<(String, String)> =
                theirs.select((comments::status, comments::text)).load(&mut conn).unwrap();
            assert!(words.iter().all(|row| *row == ("deleted".into(), String::new())), "{words:?}");
            let earlier =
                comment_revisions::table.inner_join(comments::table.on(comments::id.eq(comment_revisions::comment_id)));
            let earlier = earlier.filter(comments::author_id.eq(&id)).count().get_result::<i64>(&mut conn);
            assert_eq!(earlier.unwrap(), 0, "nor what was said before");
            let touches = comment_reactions::table.filter(comment_reactions::author_id.eq(&id));
            assert_eq!(touches.count().get_result::<i64>(&mut conn).unwrap(), 0, "nor with one touch");
            let notes = comment_reports::table.filter(comment_reports::author_id.eq(&id));
            let notes = notes.filter(comment_reports::note.is_not_null()).count().get_result::<i64>(&mut conn);
            assert_eq!(notes.unwrap(), 0, "nor in a report");
        }
    }
}

#[actix_web::test]
async fn counts_stay_exact_whatever_everybody_does_at_once_on_two_nodes() {
    let mut walk = Walk::start(11).await;
    let mut etag = walk.articles[0].etag();
    let newsroom = format!("/api/v1/newsroom/articles/{}", walk.articles[0].text("/id"));
    for round in 0..ROUNDS {
        // An editor works on the article meanwhile.
        let patch = json!({ "alternativeHeadline": format!("{round}") });
        let revision = walk.editor[0].patch(&newsroom).if_match(&etag).json(&patch).send();
        let (revised, ()) = join(revision, walk.round()).await;
        etag = revised.expect(200).etag();
        if round % 12 == 0 {
            recount(&walk.nodes[0]);
            reactions::recount(&walk.nodes[0]);
        }
    }
    let [one, other] = &walk.nodes;
    let (a, b) = join(privacy::run(one.app.clone()), privacy::run(other.app.clone())).await;
    a.and(b).unwrap();
    let erased = walk.readers.iter().filter(|reader| reader.is_erased).count();
    assert!(walk.sent > 1_000, "{}", walk.sent);
    let there = [walk.known.len() > 200, walk.pressed.len() > 20, erased > 8, walk.readers.len() > READERS + 8];
    assert_eq!(there, [true; 4], "the walk went somewhere");
    walk.check_nothing_lost();
    walk.check_forgotten();
    walk.check_counts().await;
}
