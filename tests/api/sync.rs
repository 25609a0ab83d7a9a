//! Sync: an app that was away holds what the API answers, after one call.

use std::collections::BTreeMap;
use std::time::Duration;

use khabar::auth::{Actor, Role};
use serde_json::{Value, json};

use crate::articles::{ARTICLES, Desk, record, with};
use crate::properties::Dice;
use crate::support::{Answer, Client, TestApp};

const SYNC: &str = "/api/v1/sync";
const ALERTS: &str = "/api/v1/newsroom/alerts";

async fn sync(app: &TestApp, query: &str, cursor: &str) -> Answer {
    let cursor = if cursor.is_empty() { String::new() } else { format!("&cursor={cursor}") };
    app.anonymous().get(&format!("{SYNC}?{query}{cursor}")).send().await
}

async fn act(who: &Client, alert: &str, step: &str, body: Value) -> Answer {
    let path = format!("{ALERTS}/{alert}");
    let etag = who.get(&path).send().await.expect(200).etag();
    who.post(&format!("{path}/{step}")).if_match(&etag).json(&body).send().await
}

async fn issue(who: &Client, form: &Value) -> String {
    let made = who.post(ALERTS).json(form).send().await.expect(201).text("/id");
    act(who, &made, "issue", json!({})).await.expect(200);
    made
}

fn alert(headline: &str) -> Value {
    json!({ "headline": headline, "language": "ar" })
}

/// Everything that an answer says is to be changed.
fn is_empty(answer: &Answer) -> bool {
    let lists = ["/articles/upserted", "/articles/removed", "/alerts/upserted", "/alerts/removed", "/counts"];
    lists.iter().all(|list| answer.at(list) == &json!([]))
}

#[actix_web::test]
async fn a_first_answer_has_the_news_and_the_next_one_only_what_changed() {
    let desk = Desk::new().await;
    let old = desk.live("قديم").await;
    desk.app.clock.advance(Duration::from_secs(60));
    let new = desk.live("جديد").await;
    let ticker = issue(&desk.editor, &alert("عاجل")).await;
    desk.draft("مسودة").await;
    let first = sync(&desk.app, "limit=1", "").await.expect(200);
    assert_eq!((first.at("/reset"), first.at("/more")), (&json!(true), &json!(false)));
    assert_eq!(list(first.at("/articles/upserted")).iter().map(id).collect::<Vec<_>>(), [new]);
    assert_eq!(first.text("/alerts/upserted/0/id"), ticker);
    let again = sync(&desk.app, "limit=1", &first.text("/cursor")).await.expect(200);
    assert!(is_empty(&again) && again.at("/reset") == &json!(false), "{:#}", again.json);
    desk.step(&desk.editor, &old, "unpublish", json!({ "note": "x" })).await.expect(200);
    let changed = sync(&desk.app, "limit=1", &again.text("/cursor")).await.expect(200);
    assert_eq!(changed.at("/articles/removed"), &json!([old]));
    assert!(!changed.json.to_string().contains("قديم"), "what is gone is told by its id alone");
}

#[actix_web::test]
async fn a_client_that_was_offline_for_a_retraction_shows_no_stale_alert_after_one_call() {
    let desk = Desk::new().await;
    let id = issue(&desk.editor, &alert("وفاة")).await;
    let held = sync(&desk.app, "", "").await.expect(200);
    act(&desk.editor, &id, "update", json!({ "headline": "وفاة الرئيس" })).await.expect(200);
    act(&desk.editor, &id, "retract", json!({ "reason": "خبر كاذب" })).await.expect(200);
    let told = sync(&desk.app, "", &held.text("/cursor")).await.expect(200);
    assert_eq!(told.at("/alerts/upserted"), &json!([]));
    assert_eq!((told.text("/alerts/removed/0/id"), told.text("/alerts/removed/0/state")), (id, "retracted".into()));
    assert_eq!(told.text("/alerts/removed/0/retraction/reason"), "خبر كاذب");
}

#[actix_web::test]
async fn the_clock_alone_takes_an_alert_out_of_every_app() {
    let desk = Desk::new().await;
    let times = json!({ "startsAt": "2026-01-15T13:00:00Z", "expires": "2026-01-15T14:00:00Z" });
    let id = issue(&desk.editor, &with(alert("قمة"), times)).await;
    let mut cursor = sync(&desk.app, "", "").await.expect(200).text("/cursor");
    for (instant, upserted, removed) in [
        ("2026-01-15T12:59:59.999999Z", 0, 0),
        ("2026-01-15T13:00:00Z", 1, 0),
        ("2026-01-15T13:30:00Z", 0, 0),
        ("2026-01-15T14:00:00Z", 0, 1),
        ("2026-01-15T15:00:00Z", 0, 0),
    ] {
        desk.app.clock.set(instant);
        let told = sync(&desk.app, "", &cursor).await.expect(200);
        let count = |list: &str| told.at(list).as_array().unwrap().len();
        assert_eq!((count("/alerts/upserted"), count("/alerts/removed")), (upserted, removed), "{instant}");
        assert!(told.json.to_string().contains(&id) == (upserted + removed > 0));
        cursor = told.text("/cursor");
    }
}

#[actix_web::test]
async fn who_keeps_one_section_is_told_what_leaves_it() {
    let desk = Desk::new().await;
    let sport = record(&desk.editor, "sections", json!({ "name": "رياضة" })).await;
    let id = desk.live("خبر").await;
    let world = format!("section={}", desk.section);
    let cursor = sync(&desk.app, &world, "").await.expect(200).text("/cursor");
    desk.edit(&desk.editor, &id, json!({ "sectionId": sport })).await.expect(200);
    let told = sync(&desk.app, &world, &cursor).await.expect(200);
    assert!(is_empty(&told), "an edit is no publication");
    desk.publish(&id).await;
    let told = sync(&desk.app, &world, &cursor).await.expect(200);
    assert_eq!((told.at("/articles/removed"), told.at("/articles/upserted")), (&json!([id]), &json!([])));
    let other = format!("section={sport}");
    sync(&desk.app, &other, &cursor).await.refused(400, "bad_cursor");
    sync(&desk.app, "", "abc").await.refused(400, "bad_cursor");
    sync(&desk.app, "limit=501", "").await.refused(400, "bad_parameter");
}

#[actix_web::test]
async fn whoever_holds_a_record_that_was_merged_begins_anew() {
    let desk = Desk::new().await;
    let [one, other] = ["موسكو", "موسكو العاصمة"].map(|name| json!({ "name": name, "kind": "place" }));
    let one = record(&desk.editor, "tags", one).await;
    let other = record(&desk.editor, "tags", other).await;
    let id = desk.live("خبر").await;
    desk.edit(&desk.editor, &id, json!({ "tagIds": [one] })).await.expect(200);
    desk.publish(&id).await;
    let cursor = sync(&desk.app, "", "").await.expect(200).text("/cursor");
    let path = format!("/api/v1/newsroom/tags/{one}");
    let etag = desk.editor.get(&path).send().await.expect(200).etag();
    let into = json!({ "into": other });
    desk.editor.post(&format!("{path}/merge")).if_match(&etag).json(&into).send().await.expect(200);
    let told = sync(&desk.app, "", &cursor).await.expect(200);
    assert_eq!((told.at("/reset"), told.at("/articles/upserted/0/tagIds")), (&json!(true), &json!([other])));
    assert!(is_empty(&sync(&desk.app, "", &told.text("/cursor")).await.expect(200)));
}

#[actix_web::test]
async fn who_was_away_for_longer_than_the_log_begins_anew() {
    let desk = Desk::new().await;
    let cursor = sync(&desk.app, "", "").await.expect(200).text("/cursor");
    desk.live("خبر أول").await;
    desk.app.clock.advance(Duration::from_secs(1));
    desk.live("خبر").await;
    let mut rule = desk.app.app.config().events.clone();
    rule.keep_count = 1;
    let forget = move |tx: &mut khabar::app::Tx<'_>| khabar::events::forget(tx, &rule);
    assert!(desk.app.app.write(Actor::itself(), forget).await.unwrap() > 1);
    let told = sync(&desk.app, "", &cursor).await.expect(200);
    assert_eq!((told.at("/reset"), told.at("/articles/upserted/0/headline")), (&json!(true), &json!("خبر")));
}

#[actix_web::test]
async fn nothing_of_the_newsrooms_work_shows_in_a_cursor() {
    let desk = Desk::new().await;
    let published = desk.live("منشور").await;
    let before = sync(&desk.app, "", "").await.expect(200);
    let draft = desk.draft("مسودة").await.text("/id");
    desk.step(&desk.editor, &draft, "submit", json!({})).await.expect(200);
    desk.edit(&desk.editor, &published, json!({ "headline": "أدق" })).await.expect(200);
    desk.editor.post(ALERTS).json(&alert("عاجل")).send().await.expect(201);
    assert!(desk.app.events().len() > 3, "there was much to tell inside");
    let after = sync(&desk.app, "", "").await.expect(200);
    assert_eq!((before.bytes, before.headers.get("etag")), (after.bytes, after.headers.get("etag")));
}

/// What an app holds.
#[derive(Default)]
struct Replica {
    query: String,
    cursor: String,
    articles: BTreeMap<String, Value>,
    alerts: BTreeMap<String, Value>,
    calls: usize,
    resets: usize,
}

fn id(item: &Value) -> String {
    item["id"].as_str().unwrap().to_owned()
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

impl Replica {
    fn of(query: String) -> Self {
        Self { query, ..Self::default() }
    }

    /// Does what it is told, until there is no more.
    async fn catch_up(&mut self, app: &TestApp) {
        loop {
            let told = sync(app, &format!("limit=500&{}", self.query), &self.cursor).await.expect(200);
            self.calls += 1;
            if told.json["reset"] == true {
                self.articles.clear();
                self.alerts.clear();
                self.resets += 1;
            }
            for article in list(&told.json["articles"]["upserted"]) {
                self.articles.insert(id(article), article.clone());
            }
            for gone in list(&told.json["articles"]["removed"]) {
                self.articles.remove(gone.as_str().unwrap());
            }
            for count in list(&told.json["counts"]) {
                let article = self.articles.get_mut(count["articleId"].as_str().unwrap()).expect("held");
                article["commentCount"] = count["commentCount"].clone();
            }
            for alert in list(&told.json["alerts"]["upserted"]) {
                self.alerts.insert(id(alert), alert.clone());
            }
            for gone in list(&told.json["alerts"]["removed"]) {
                self.alerts.remove(&id(gone));
            }
            self.cursor = told.text("/cursor");
            if told.json["more"] == false {
                return;
            }
        }
    }

    /// It holds what everyone reads now.
    async fn check(&self, app: &TestApp, at: usize) {
        let names = "fields=id,version,headline,slug,datePublished,dateModified,commentCount,creditText,wordCount";
        let page =
            app.anonymous().get(&format!("{ARTICLES}?limit=100&{names}&{}", self.query)).send().await.expect(200);
        let shown: BTreeMap<String, Value> = list(&page.json["items"]).iter().map(|a| (id(a), a.clone())).collect();
        assert!(
            shown.keys().eq(self.articles.keys()),
            "{} {at}: {:?} {:?}",
            self.query,
            shown.keys(),
            self.articles.keys()
        );
        for (id, article) in &shown {
            for name in ["version", "headline", "slug", "datePublished", "dateModified", "commentCount"] {
                assert_eq!(article[name], self.articles[id][name], "{} {at} {id} {name}", self.query);
            }
        }
        let languages: Vec<&str> = self.query.split('&').filter(|part| part.starts_with("language=")).collect();
        let page =
            app.anonymous().get(&format!("/api/v1/alerts?limit=100&{}", languages.join("&"))).send().await.expect(200);
        let shown: BTreeMap<String, Value> = list(&page.json["items"]).iter().map(|a| (id(a), a.clone())).collect();
        assert_eq!(shown, self.alerts, "{} {at}", self.query);
    }
}

/// A newsroom at work.
struct Walk {
    desk: Desk,
    moderator: Client,
    sections: [String; 2],
    articles: Vec<String>,
    alerts: Vec<String>,
    comments: Vec<String>,
    dice: Dice,
}

impl Walk {
    async fn new(seed: u64) -> Self {
        let desk = Desk::new().await;
        let child = json!({ "name": "القوقاز", "parentId": desk.section });
        let sections = [
            record(&desk.editor, "sections", child).await,
            record(&desk.editor, "sections", json!({ "name": "رياضة" })).await,
        ];
        let moderator = desk.app.as_(Role::Moderator).await;
        let dice = Dice(seed);
        Self { desk, moderator, sections, articles: Vec::new(), alerts: Vec::new(), comments: Vec::new(), dice }
    }

    /// Something happens; what the present state does not allow is refused, and that is fine too.
    async fn step(&mut self, n: usize) {
        let Self { desk, moderator, sections, articles, alerts, comments, dice } = self;
        let language = *dice.pick(&["ar", "en"]);
        match dice.roll(14) {
            0 | 1 => {
                let fields = json!({ "language": language, "sectionId": dice.pick(sections) });
                articles.push(desk.live_with(&format!("خبر {n}"), fields).await);
            }
            2 if !articles.is_empty() => {
                let (article, section) = (dice.pick(articles).clone(), dice.pick(sections).clone());
                let patch = json!({ "headline": format!("أدق {n}"), "sectionId": section });
                desk.edit(&desk.editor, &article, patch).await;
            }
            3 | 4 if !articles.is_empty() => {
                let article = dice.pick(articles).clone();
                desk.step(&desk.editor, &article, "publish", json!({})).await;
            }
            5 if !articles.is_empty() => {
                let article = dice.pick(articles).clone();
                desk.step(&desk.editor, &article, "unpublish", json!({ "note": "x" })).await;
            }
            6 | 7 => {
                let start = desk.app.clock_in(dice.roll(200));
                let end = desk.app.clock_in(200 + dice.roll(400));
                let fields = json!({ "startsAt": start, "expires": end, "sourceIds": [desk.sources[0]], "articleId": articles.last() });
                let form = with(json!({ "headline": format!("عاجل {n}"), "language": language }), fields);
                alerts.push(issue(&desk.editor, &form).await);
            }
            8 if !alerts.is_empty() => {
                let (alert, step) = (dice.pick(alerts).clone(), *dice.pick(&["update", "retract", "cancel"]));
                let body =
                    if step == "update" { json!({ "body": format!("{n}") }) } else { json!({ "reason": "خطأ" }) };
                act(&desk.editor, &alert, step, if step == "cancel" { json!({}) } else { body }).await;
            }
            9 if !alerts.is_empty() => {
                let alert = dice.pick(alerts).clone();
                let form = json!({ "headline": format!("بديل {n}"), "language": language });
                let made = act(&desk.editor, &alert, "supersede", form).await;
                alerts.extend(Some(made).filter(|made| made.status == 201).map(|made| made.text("/id")));
            }
            10 if !articles.is_empty() => {
                let path = format!("{ARTICLES}/{}/comments", dice.pick(articles));
                let made = moderator.post(&path).json(&json!({ "text": "رأي" })).send().await;
                comments.extend(Some(made).filter(|made| made.status == 201).map(|made| made.text("/id")));
            }
            11 if !comments.is_empty() => {
                let path = format!("/api/v1/newsroom/comments/{}/reject", dice.pick(comments));
                moderator.post(&path).if_match("\"1\"").json(&json!({ "reason": "spam" })).send().await;
            }
            13 if !alerts.is_empty() => {
                let alert = dice.pick(alerts).clone();
                let begun = act(&desk.editor, &alert, "article", json!({})).await;
                articles.extend(Some(begun).filter(|begun| begun.status == 201).map(|begun| begun.text("/id")));
            }
            12 => {
                let path = format!("/api/v1/newsroom/sources/{}", desk.sources[0]);
                let etag = desk.editor.get(&path).send().await.expect(200).etag();
                let name = json!({ "name": format!("وكالات {n}") });
                desk.editor.patch(&path).if_match(&etag).json(&name).send().await.expect(200);
            }
            _ => {}
        }
        desk.app.clock.advance(Duration::from_secs(u64::try_from(dice.roll(60)).unwrap()));
    }
}

#[actix_web::test]
async fn after_any_edits_and_any_absence_an_app_holds_what_the_api_answers() {
    let mut walk = Walk::new(11).await;
    let queries = [
        String::new(),
        "language=ar".into(),
        format!("section={}", walk.desk.section),
        format!("language=en&section={}&section={}", walk.sections[0], walk.sections[1]),
    ];
    let mut replicas: Vec<Replica> = queries.into_iter().map(Replica::of).collect();
    for n in 0..220 {
        walk.step(n).await;
        for replica in &mut replicas {
            if walk.dice.roll(6) == 0 || n == 219 {
                replica.catch_up(&walk.desk.app).await;
                replica.check(&walk.desk.app, n).await;
            }
        }
    }
    assert!(replicas.iter().all(|replica| replica.calls > 15 && replica.resets == 1), "they were told changes");
    assert!(walk.articles.len() > 15 && walk.alerts.len() > 15 && walk.comments.len() > 3);
}
