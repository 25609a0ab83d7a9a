//! Streams: what is public, told as it happens, once, in order, and to those who chose it.

use std::collections::HashSet;
use std::time::Duration;

use khabar::auth::{Actor, Role};
use khabar::events::{self, Change, Visibility};
use khabar::ids::AlertId;
use serde_json::{Value, json};

use crate::articles::{Desk, record};
use crate::comments::{article, below, desk, say};
use crate::support::stream::Message;
use crate::support::{Answer, Client, Listener, TestApp};

const ALERTS: &str = "/api/v1/alerts/stream";
const STREAM: &str = "/api/v1/stream";
const NEWSROOM: &str = "/api/v1/newsroom/alerts";

/// Sends an alert out.
async fn issue(editor: &Client, headline: &str) -> Answer {
    let form = json!({ "headline": headline, "language": "ar" });
    let draft = editor.post(NEWSROOM).json(&form).send().await.expect(201);
    step(editor, &draft, "issue", json!({})).await
}

async fn step(editor: &Client, seen: &Answer, step: &str, body: Value) -> Answer {
    let path = format!("{NEWSROOM}/{}/{step}", seen.text("/id"));
    let told = editor.post(&path).if_match(&seen.etag()).json(&body).send().await;
    assert!(matches!(told.status, 200 | 201), "{step}: {:#}", told.json);
    told
}

/// Writes events into the log, as a room does; answers the number of the last.
async fn log(app: &TestApp, visibility: Visibility, topic: &'static str, payloads: Vec<Value>) -> i64 {
    let ids = app.app.clone();
    let written = app.app.write(Actor::operator(), move |tx| {
        for payload in payloads {
            let id: AlertId = ids.ids().next(tx.now);
            tx.record(Change { visibility, ..Change::public(topic, id, payload) });
        }
        Ok(())
    });
    written.await.unwrap();
    app.app.read(events::last).await.unwrap().1
}

/// So many alerts at once, told by their number.
async fn alerts(app: &TestApp, count: usize) -> i64 {
    log(app, Visibility::Public, "alert.issued", (0..count).map(|n| json!({ "headline": n.to_string() })).collect())
        .await
}

fn ids(messages: &[Message]) -> Vec<i64> {
    messages.iter().map(|message| message.id).collect()
}

fn headlines(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.data["data"]["headline"].as_str().unwrap_or_default()).collect()
}

/// What a client is told that comes back.
async fn back(app: &TestApp, target: &str, last_id: i64) -> Vec<Message> {
    let mut listener = app.listen(target, Some(last_id)).await;
    listener.news().await
}

#[actix_web::test]
async fn a_stream_greets_with_a_time_to_come_back_that_differs_for_each() {
    let app = TestApp::new().await;
    let last = alerts(&app, 3).await;
    let mut retries = HashSet::new();
    for _ in 0..20 {
        let mut stream = app.listen(ALERTS, None).await;
        assert_eq!(stream.news().await, []);
        assert_eq!(stream.source.last_id, Some(last), "a place to come back to, before there is any news");
        let retry = stream.source.retry_ms.unwrap();
        assert!((500..=3_000).contains(&retry), "{retry}");
        retries.insert(retry);
        assert!(!stream.is_over());
    }
    assert!(retries.len() > 10, "they do not all come back at once: {retries:?}");
}

#[actix_web::test]
async fn an_alert_is_told_with_everything_that_becomes_of_it() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    issue(&editor, "قبل ذلك").await;
    let mut stream = app.listen(ALERTS, None).await;
    let issued = issue(&editor, "خبر").await;
    let updated = step(&editor, &issued, "update", json!({ "headline": "خبر أدق" })).await;
    step(&editor, &updated, "supersede", json!({ "headline": "خبر أحدث", "language": "ar" })).await;
    let other = issue(&editor, "خطأ").await;
    step(&editor, &other, "retract", json!({ "reason": "غير صحيح" })).await;
    app.relay().await;
    let told = stream.news().await;
    let topics: Vec<&str> = told.iter().map(|message| message.event.as_str()).collect();
    let all = ["issued", "updated", "superseded", "issued", "issued", "retracted"].map(|verb| format!("alert.{verb}"));
    assert_eq!(topics, all);
    let first = told[0].id;
    let numbers: Vec<i64> = (first..).take(told.len()).collect();
    assert_eq!(ids(&told), numbers, "nobody can count the drafts between them");
    for message in &told {
        assert_eq!(message.data["type"], message.event.as_str());
        assert!(message.data.get("seq").is_none(), "what the newsroom counts is nobody's business");
        assert!(message.data["timestamp"].is_string() && message.data["data"].is_object(), "{message:?}");
    }
    assert_eq!(told[0].data["target"], issued.text("/id"));
}

#[actix_web::test]
async fn drafts_and_what_only_the_newsroom_does_are_told_to_nobody() {
    let desk = Desk::new().await;
    let mut streams = Vec::new();
    for target in [ALERTS.into(), STREAM.into(), format!("{STREAM}?topics=alerts,articles")] {
        streams.push(desk.app.listen(&target, None).await);
    }
    let before = desk.app.app.read(events::last).await.unwrap().1;
    let form = json!({ "headline": "مسودة", "language": "ar" });
    let draft = desk.editor.post(NEWSROOM).json(&form).send().await.expect(201);
    step(&desk.editor, &draft, "cancel", json!({})).await;
    let id = desk.in_state("approved").await;
    desk.edit(&desk.editor, &id, json!({ "headline": "عنوان آخر" })).await.expect(200);
    desk.in_state("spiked").await;
    desk.app.as_user(desk.editor.id()).await;
    desk.app.relay().await;
    for stream in &mut streams {
        assert_eq!(stream.news().await, []);
    }
    assert_eq!(back(&desk.app, STREAM, before).await, [], "nor later");
}

#[actix_web::test]
async fn a_stream_brings_the_topics_that_it_was_asked_for() {
    let desk = Desk::new().await;
    let mut of_alerts = desk.app.listen(&format!("{STREAM}?topics=alerts"), None).await;
    let mut of_articles = desk.app.listen(&format!("{STREAM}?topics=articles"), None).await;
    let mut of_both = desk.app.listen(STREAM, None).await;
    let id = desk.live("خبر").await;
    issue(&desk.editor, "عاجل").await;
    desk.step(&desk.editor, &id, "unpublish", json!({ "note": "لأن" })).await.expect(200);
    desk.app.relay().await;
    assert_eq!(of_alerts.topics().await, ["alert.issued"]);
    assert_eq!(of_articles.topics().await, ["article.published", "article.unpublished"]);
    assert_eq!(of_both.topics().await, ["article.published", "alert.issued", "article.unpublished"]);
    for (target, parameter) in [
        ("?topics=weather", "topics"),
        ("?topics=alerts,", "topics"),
        ("?topics=comments", "topics"),
        ("?topics=comments:x", "topics"),
        ("?language=xx-yy-zz-!!", "language"),
        ("?lastEventId=-1", "lastEventId"),
        ("?topic=x", "topic"),
    ] {
        let refused = desk.app.anonymous().get(&format!("{STREAM}{target}")).send().await.refused(400, "bad_parameter");
        assert!(refused.json.to_string().contains(parameter), "{target}: {:#}", refused.json);
    }
    assert_eq!(desk.app.app.hub().streams(), 3, "who was refused has no seat");
}

#[actix_web::test]
async fn comments_are_told_when_everyone_may_read_them() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let (here, there) = (article(&editor, Value::Null).await, article(&editor, Value::Null).await);
    let mut stream = app.listen(&format!("{STREAM}?topics=comments:{}", here.text("/id")), None).await;
    let reader = app.as_(Role::Reader).await;
    let waiting = say(&reader, &below(&here), "سري حتى الآن", None).await.expect(202);
    let refused = say(&reader, &below(&here), "لا", None).await.expect(202);
    say(&editor, &below(&there), "هناك", None).await.expect(201);
    let decide = async |comment: &Answer, verb: &str, body: Value| {
        editor.post(&format!("{}/{verb}", desk(comment))).if_match("\"1\"").json(&body).send().await.expect(200);
    };
    decide(&refused, "reject", json!({ "reason": "offTopic" })).await;
    app.relay().await;
    assert_eq!(stream.news().await, [], "what waits, what is refused and what is elsewhere");
    decide(&waiting, "approve", json!({})).await;
    say(&editor, &below(&here), "أهلا", None).await.expect(201);
    app.relay().await;
    let told = stream.news().await;
    assert_eq!(told.iter().map(|message| &*message.event).collect::<Vec<_>>(), ["comment.approved", "comment.posted"]);
    assert_eq!(told[0].data["target"], waiting.text("/id"));
    assert!(!format!("{told:?}").contains("سري"), "the words are read where the comment is");
}

#[actix_web::test]
async fn alerts_are_chosen_by_language_section_topic_region_and_urgency() {
    let desk = Desk::new().await;
    let below = record(&desk.editor, "sections", json!({ "name": "آسيا", "parentId": desk.section })).await;
    let aside = record(&desk.editor, "sections", json!({ "name": "رياضة" })).await;
    desk.app.relay().await;
    let queries = [
        ("language=ar", "ABC"),
        ("language=en", "D"),
        ("language=ar&language=en", "ABCD"),
        ("section=العالم", "AB"),
        (&format!("section={below}"), "B"),
        ("section=العالم&section=رياضة", "ABC"),
        ("section=العالم&language=en", ""),
        ("topic=ارمينيا", "A"),
        ("region=موسكو", "BC"),
        ("region=موسكو&topic=روسيا", "C"),
        ("maxUrgency=2", "AD"),
    ];
    let mut streams = Vec::new();
    for (query, expected) in queries {
        streams.push((query, expected, desk.app.listen(&format!("{ALERTS}?{query}"), None).await));
    }
    let payloads = vec![
        json!({ "headline": "A", "language": "ar", "urgency": 1, "sectionIds": [desk.section], "topics": ["أرمينيا"] }),
        json!({ "headline": "B", "language": "ar", "urgency": 3, "sectionIds": [below], "regions": ["موسكو"] }),
        json!({ "headline": "C", "language": "ar", "urgency": 9, "sectionIds": [aside], "regions": ["موسكو"], "topics": ["روسيا"] }),
        json!({ "headline": "D", "language": "en", "urgency": 2 }),
    ];
    let last = log(&desk.app, Visibility::Public, "alert.issued", payloads).await;
    desk.app.relay().await;
    for (query, expected, stream) in &mut streams {
        assert_eq!(headlines(&stream.news().await).concat(), *expected, "{query}");
        let again = back(&desk.app, &format!("{ALERTS}?{query}"), last - 4).await;
        assert_eq!(headlines(&again).concat(), *expected, "{query}: the same for those who come back");
    }
}

#[actix_web::test]
async fn who_comes_back_is_told_exactly_what_was_missed() {
    let app = TestApp::new().await;
    let first = alerts(&app, 1).await;
    app.relay().await;
    let mut live = app.listen(ALERTS, None).await;
    let last = alerts(&app, 5).await;
    log(&app, Visibility::Newsroom, "alert.created", vec![json!({})]).await;
    app.relay().await;
    let all: Vec<i64> = (first + 1..=last).collect();
    assert_eq!(ids(&live.news().await), all);
    for missed in 0..=5 {
        let id = last - missed;
        let wanted: Vec<i64> = (id + 1..=last).collect();
        assert_eq!(ids(&back(&app, ALERTS, id).await), wanted, "{missed} by the header");
        let in_query = format!("{ALERTS}?lastEventId={id}");
        assert_eq!(ids(&app.listen(&in_query, None).await.news().await), wanted, "{missed} by the query");
        assert_eq!(ids(&back(&app, &format!("{ALERTS}?lastEventId=0"), id).await), wanted, "the header is newer");
    }
    let mut stream = app.listen(ALERTS, Some(last - 1)).await;
    let more = alerts(&app, 1).await;
    app.relay().await;
    assert_eq!(ids(&stream.news().await), [last, more], "and goes on from there");
}

#[actix_web::test]
async fn what_this_node_no_longer_has_at_hand_comes_from_the_log() {
    let app = TestApp::new().await;
    app.relay().await;
    let begin = app.app.read(events::last).await.unwrap().1;
    let mut last = begin;
    for _ in 0..9 {
        last = alerts(&app, 100).await;
        log(&app, Visibility::Newsroom, "article.edited", vec![json!({}); 20]).await;
        app.relay().await;
    }
    let first = ids(&back(&app, ALERTS, begin).await);
    assert_eq!((first.len(), first[0], first[899]), (900, begin + 1, last));
    assert!(first.is_sorted_by(|a, b| a < b));
    for id in [begin + 50, begin + 330, begin + 480, begin + 600, last - 1] {
        let wanted: Vec<i64> = first.iter().copied().filter(|seq| *seq > id).collect();
        assert_eq!(ids(&back(&app, ALERTS, id).await), wanted, "after {id}");
    }
    for (id, wanted) in [(Some(begin), first.clone()), (None, vec![])] {
        let restarted = app.restarted().await;
        let mut stream = restarted.listen(ALERTS, id).await;
        restarted.relay().await;
        assert_eq!(ids(&stream.news().await), wanted, "the same from a node whose relay comes later than its clients");
    }
}

#[actix_web::test]
async fn who_has_missed_too_much_reads_anew_but_not_for_what_was_not_chosen() {
    let app = TestApp::new().await;
    app.relay().await;
    let begin = app.app.read(events::last).await.unwrap().1;
    let articles = vec![json!({ "language": "ar" }); 1_100];
    log(&app, Visibility::Public, "article.published", articles).await;
    let last = alerts(&app, 1).await;
    app.relay().await;
    let told = back(&app, STREAM, begin).await;
    assert_eq!((told.len(), told[0].reason(), told[0].id), (1, "too_old", last));
    assert_eq!(ids(&back(&app, ALERTS, begin).await), [last]);
}

#[actix_web::test]
async fn a_number_that_nobody_was_given_is_answered_with_resync_and_then_the_news() {
    let app = TestApp::new().await;
    let last = alerts(&app, 3).await;
    for id in ["0x7", "نعم", "-4", "99999999999999999999", "1 2", &(last + 1).to_string()] {
        let asked = app.anonymous().get(ALERTS).header("last-event-id", id).send().await.expect(200);
        let text = String::from_utf8(asked.bytes.to_vec()).unwrap();
        let wanted = format!("id: {last}\nevent: resync\ndata: {{\"reason\":\"unknown\"}}\n\n");
        assert!(text.ends_with(&wanted), "{id}: {text}");
    }
    let mut stream = app.listen(ALERTS, Some(last + 1_000)).await;
    let more = alerts(&app, 2).await;
    app.relay().await;
    let told = stream.news().await;
    assert_eq!(told[0].reason(), "unknown");
    assert_eq!(ids(&told[1..]), [more - 1, more]);
    let empty = app.anonymous().get(ALERTS).header("last-event-id", "").send().await.expect(200);
    assert!(!String::from_utf8_lossy(&empty.bytes).contains("resync"), "nothing said is no number");
}

#[actix_web::test]
async fn what_was_forgotten_is_answered_with_resync() {
    let app = TestApp::with("[events]\nkeep_count = 10").await;
    let begin = alerts(&app, 600).await;
    let last = alerts(&app, 40).await;
    let rule = app.app.config().events.clone();
    app.app.write(Actor::itself(), move |tx| events::forget(tx, &rule)).await.unwrap();
    app.relay().await;
    let told = back(&app, ALERTS, begin).await;
    assert_eq!((told.len(), told[0].reason(), told[0].id), (1, "too_old", last));
    assert_eq!(ids(&back(&app, ALERTS, last - 11).await).len(), 1, "one too far");
    assert_eq!(back(&app, ALERTS, last - 11).await[0].reason(), "too_old");
    assert_eq!(ids(&back(&app, ALERTS, last - 10).await), (last - 9..=last).collect::<Vec<_>>());
}

#[actix_web::test]
async fn events_are_forgotten_when_they_are_older_than_they_are_kept() {
    let app = TestApp::with("[events]\nkeep_days = 1").await;
    let old = alerts(&app, 3).await;
    app.clock.advance(Duration::from_secs(60));
    let newest = alerts(&app, 2).await;
    let left = async || {
        let rule = app.app.config().events.clone();
        app.app.write(Actor::itself(), move |tx| events::forget(tx, &rule)).await.unwrap();
        let public = app.app.read(|read| events::public_after(read, 0, 100)).await.unwrap();
        public.iter().filter_map(|event| event.number).collect::<Vec<_>>()
    };
    app.clock.advance(Duration::from_secs(86_400 - 60));
    assert_eq!(left().await, (1..=newest).collect::<Vec<_>>(), "exactly a day old is not older");
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(left().await, (old + 1..=newest).collect::<Vec<_>>());
}

#[actix_web::test]
async fn a_node_that_could_not_follow_the_log_itself_tells_its_clients() {
    let app = TestApp::with("[events]\nkeep_count = 10").await;
    let mut stream = app.listen(ALERTS, None).await;
    let heard = alerts(&app, 5).await;
    app.relay().await;
    assert_eq!(ids(&stream.news().await).last(), Some(&heard));
    let last = alerts(&app, 30).await;
    let rule = app.app.config().events.clone();
    app.app.write(Actor::itself(), move |tx| events::forget(tx, &rule)).await.unwrap();
    app.relay().await;
    assert_eq!(stream.news().await, []);
    assert!(stream.is_over() && stream.source.last_id == Some(heard));
    let told = back(&app, ALERTS, heard).await;
    assert_eq!((told.len(), told[0].reason(), told[0].id), (1, "too_old", last));
    assert_eq!(ids(&back(&app, ALERTS, last - 1).await), [last]);
}

#[actix_web::test]
async fn who_chose_by_sections_chooses_anew_when_they_move() {
    let desk = Desk::new().await;
    let mut chooser = desk.app.listen(&format!("{ALERTS}?section=العالم"), None).await;
    let mut other = desk.app.listen(ALERTS, None).await;
    let before = alerts(&desk.app, 1).await;
    let moved = record(&desk.editor, "sections", json!({ "name": "آسيا", "parentId": desk.section })).await;
    let payload = json!({ "headline": "بعد", "sectionIds": [moved] });
    log(&desk.app, Visibility::Public, "alert.issued", vec![payload]).await;
    desk.app.relay().await;
    let told = chooser.news().await;
    assert_eq!((told.len(), told[0].reason()), (1, "sections_moved"));
    assert!(chooser.is_over());
    assert_eq!(other.topics().await, ["alert.issued", "alert.issued"]);
    let target = format!("{ALERTS}?section=العالم");
    assert_eq!(headlines(&back(&desk.app, &target, told[0].id).await), ["بعد"], "by the tree of now");
    let away = back(&desk.app, &target, before).await;
    assert_eq!((away.len(), away[0].reason()), (1, "sections_moved"), "who was away meanwhile, too");
}

#[actix_web::test]
async fn a_heartbeat_moves_the_place_on_over_what_nobody_is_told() {
    let app = TestApp::with("[events]\nheartbeat_seconds = 1").await;
    let mut stream = app.listen(ALERTS, None).await;
    assert_eq!(stream.news().await, []);
    let last = log(&app, Visibility::Public, "article.published", vec![json!({}); 30]).await;
    app.relay().await;
    assert_eq!(stream.wait().await, []);
    assert_eq!((stream.source.last_id, stream.source.comments), (Some(last), 1));
    assert_eq!(back(&app, ALERTS, last).await, []);
    let more = alerts(&app, 1).await;
    app.relay().await;
    assert_eq!(ids(&stream.news().await), [more]);
}

#[actix_web::test]
async fn the_headers_let_every_browser_read_and_no_proxy_hold_back() {
    let app = TestApp::new().await;
    for target in [ALERTS, STREAM] {
        let ask = |method: &str| app.anonymous().ask(method, target).header("accept-encoding", "gzip, br, zstd");
        for accept in ["text/event-stream", "*/*", "text/*", "application/json, text/event-stream;q=0.5"] {
            let told = ask("GET").header("accept", accept).header("origin", "https://haya.example").send().await;
            let told = told.expect(200);
            let wanted = [
                ("content-type", Some("text/event-stream")),
                ("cache-control", Some("no-store")),
                ("x-accel-buffering", Some("no")),
                ("content-encoding", None),
                ("content-length", None),
                ("access-control-allow-origin", Some("*")),
            ];
            for (name, value) in wanted {
                assert_eq!(told.header(name), value, "{name}");
            }
            assert!(told.bytes.starts_with(b"retry: "), "{:?}", told.bytes);
        }
        app.anonymous().get(target).header("accept", "image/png").send().await.refused(406, "not_acceptable");
        let head = ask("HEAD").header("accept", "text/event-stream").send().await.expect(200);
        assert_eq!((head.header("content-type"), head.bytes.len()), (Some("text/event-stream"), 0));
        assert_eq!(app.app.hub().streams(), 0, "a look at the head takes no seat");
    }
    let app = TestApp::with("[http]\ncors_origins = [\"https://haya.example\"]").await;
    let from = async |origin: &str| {
        let told = app.anonymous().get(ALERTS).header("origin", origin).send().await;
        told.header("access-control-allow-origin").map(String::from)
    };
    assert_eq!(from("https://haya.example").await.as_deref(), Some("https://haya.example"));
    assert_eq!(from("https://evil.example").await, None);
}

/// Whether a client is only told when to come back: after a refusal, a browser never does.
async fn is_turned_away(app: &TestApp, target: &str) -> bool {
    let told = app.anonymous().get(target).send().await.expect(200);
    let text = String::from_utf8(told.bytes.to_vec()).unwrap();
    let wait: u32 = text.strip_prefix("retry: ").unwrap().trim_end().parse().unwrap_or_default();
    (5_000..15_000).contains(&wait) && text.ends_with("\n\n")
}

#[actix_web::test]
async fn a_full_node_says_so_and_a_seat_is_free_once_its_client_goes() {
    let app = TestApp::with("[events]\nstreams_max = 2").await;
    let first = app.listen(ALERTS, None).await;
    let _second = app.listen(STREAM, None).await;
    assert_eq!(app.app.hub().streams(), 2);
    for target in [ALERTS, STREAM] {
        assert!(is_turned_away(&app, target).await, "{target}");
    }
    app.anonymous().get("/api/v1/alerts").send().await.expect(200);
    drop(first);
    assert_eq!(app.app.hub().streams(), 1);
    app.listen(ALERTS, None).await;
}

#[actix_web::test]
async fn who_does_not_keep_up_loses_the_place_and_nobody_else_does() {
    let app = TestApp::new().await;
    let mut slow = app.listen(ALERTS, None).await;
    let mut quick = app.listen(ALERTS, None).await;
    slow.news().await;
    let begin = app.app.read(events::last).await.unwrap().1;
    let mut heard = Vec::new();
    let mut last = begin;
    for _ in 0..3 {
        last = alerts(&app, 400).await;
        app.relay().await;
        heard.extend(ids(&quick.news().await));
    }
    assert_eq!(heard, (begin + 1..=last).collect::<Vec<_>>());
    let told = slow.news().await;
    assert_eq!((told.len(), told[0].reason(), told[0].id), (1, "too_slow", begin));
    assert!(slow.is_over() && !quick.is_over());
    assert_eq!(app.app.hub().streams(), 1);
    let more = alerts(&app, 1).await;
    app.relay().await;
    assert_eq!(ids(&quick.news().await), [more]);
}

#[actix_web::test]
async fn a_node_that_closes_tells_every_stream_when_to_come_back() {
    let app = TestApp::new().await;
    let mut streams: Vec<Listener> = Vec::new();
    for _ in 0..5 {
        streams.push(app.listen(ALERTS, None).await);
    }
    let last = alerts(&app, 2).await;
    app.relay().await;
    app.app.hub().close();
    for stream in &mut streams {
        assert_eq!(ids(&stream.news().await), [last - 1, last], "what there was to tell comes first");
        assert!(stream.is_over() && stream.source.retry_ms.is_some());
    }
    assert!(is_turned_away(&app, ALERTS).await);
}
