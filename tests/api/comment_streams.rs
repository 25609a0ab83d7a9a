//! The stream of one article's comments: what has happened to which, and never a word of it.

use khabar::auth::Role;
use serde_json::{Value, json};

use crate::comments::{address, article, below, say};
use crate::comments_leaks::decide;
use crate::support::stream::Message;
use crate::support::{Answer, Client, TestApp};

/// Stands in everything that is said.
const WORD: &str = "ياقوت";

struct Scene {
    app: TestApp,
    editor: Client,
    reader: Client,
    article: Answer,
    address: String,
}

impl Scene {
    async fn new(rule: Value) -> Self {
        let app = TestApp::new().await;
        let (editor, reader) = (app.as_(Role::Editor).await, app.as_(Role::Reader).await);
        let article = article(&editor, rule).await;
        let address = format!("/api/v1/stream?topics=comments:{}", article.text("/id"));
        Self { app, editor, reader, article, address }
    }

    async fn say(&self, n: usize) -> Answer {
        say(&self.reader, &below(&self.article), &format!("{WORD} {n}"), None).await
    }

    /// The reader's comment with other words.
    async fn edit(&self, comment: &Answer) -> Answer {
        let text = json!({ "text": format!("{WORD} مصحح {}", comment.text("/id")) });
        self.reader.patch(&address(comment)).json(&text).send().await.expect(200)
    }
}

/// What happened to which comment and what became of it; no word of it is told.
#[track_caller]
fn told(news: &[Message]) -> Vec<(String, String, Value)> {
    assert!(!format!("{news:?}").contains(WORD), "the words are read where the comment is");
    let line = |message: &Message| {
        let (target, status) = (message.data["target"].as_str().unwrap(), &message.data["data"]["status"]);
        (message.event.clone(), target.to_owned(), status.clone())
    };
    news.iter().map(line).collect()
}

#[actix_web::test]
async fn all_that_happens_to_what_everyone_reads_is_told_without_a_word_of_it() {
    let scene = Scene::new(json!({ "mode": "open" })).await;
    let mut stream = scene.app.listen(&scene.address, None).await;
    let (one, two) = (scene.say(1).await.expect(201), scene.say(2).await.expect(201));
    scene.edit(&one).await;
    let like = format!("{}/reactions/like", address(&one));
    for method in ["PUT", "PUT", "DELETE", "DELETE"] {
        scene.editor.ask(method, &like).send().await.expect(200);
    }
    decide(&scene.editor, &one, "withhold").await;
    decide(&scene.editor, &one, "approve").await;
    decide(&scene.editor, &one, "reject").await;
    scene.reader.delete(&address(&two)).send().await.expect(204);
    scene.app.relay().await;
    let (first, second, null) = (one.text("/id"), two.text("/id"), Value::Null);
    let line = |event: &str, id: &String, status: &str| (event.to_owned(), id.clone(), json!(status));
    let expected = [
        line("comment.posted", &first, "published"),
        line("comment.posted", &second, "published"),
        line("comment.edited", &first, "published"),
        ("comment.reacted".to_owned(), first.clone(), null.clone()),
        ("comment.reacted".to_owned(), first.clone(), null),
        line("comment.withheld", &first, "withheld"),
        line("comment.approved", &first, "published"),
        line("comment.rejected", &first, "rejected"),
        line("comment.deleted", &second, "deleted"),
    ];
    assert_eq!(told(&stream.news().await), expected);
}

#[actix_web::test]
async fn of_what_is_out_of_sight_the_stream_is_silent() {
    let scene = Scene::new(json!({ "mode": "premoderated" })).await;
    let mut stream = scene.app.listen(&scene.address, None).await;
    let mut waiting = Vec::new();
    for n in 0..4 {
        waiting.push(scene.say(n).await.expect(202));
        scene.edit(&waiting[n]).await;
    }
    decide(&scene.editor, &waiting[0], "withhold").await;
    decide(&scene.editor, &waiting[1], "reject").await;
    for comment in &waiting[..3] {
        scene.reader.delete(&address(comment)).send().await.expect(204);
    }
    scene.app.relay().await;
    assert_eq!(stream.news().await, []);
    decide(&scene.editor, &waiting[3], "approve").await;
    // A change that has to wait takes it from sight, which is told; what follows is not.
    scene.reader.patch(&address(&waiting[3])).json(&json!({ "text": WORD })).send().await.expect(200);
    scene.edit(&waiting[3]).await;
    decide(&scene.editor, &waiting[3], "reject").await;
    scene.app.relay().await;
    let id = waiting[3].text("/id");
    let expected = [("comment.approved", "published"), ("comment.edited", "pending")]
        .map(|(event, status)| (event.to_owned(), id.clone(), json!(status)));
    assert_eq!(told(&stream.news().await), expected);
}

#[actix_web::test]
async fn who_comes_back_is_told_what_happened_meanwhile_once_and_in_order() {
    let scene = Scene::new(json!({ "mode": "open" })).await;
    let mut stream = scene.app.listen(&scene.address, None).await;
    let made = scene.say(1).await.expect(201);
    scene.app.relay().await;
    let seen = stream.news().await;
    assert_eq!(seen.len(), 1);
    drop(stream);
    scene.edit(&made).await;
    scene.editor.put(&format!("{}/reactions/like", address(&made))).send().await.expect(200);
    let elsewhere = article(&scene.editor, json!({ "mode": "open" })).await;
    say(&scene.reader, &below(&elsewhere), WORD, None).await.expect(201);
    decide(&scene.editor, &made, "withhold").await;
    let late = scene.say(2).await.expect(201);
    scene.reader.delete(&address(&late)).send().await.expect(204);
    scene.app.relay().await;
    let meanwhile = ["comment.edited", "comment.reacted", "comment.withheld", "comment.posted", "comment.deleted"];
    // On this node, and on one that was started since.
    for node in [&scene.app, &scene.app.restarted().await] {
        let mut back = node.listen(&scene.address, Some(seen[0].id)).await;
        let news = back.news().await;
        let events: Vec<String> = told(&news).into_iter().map(|line| line.0).collect();
        assert_eq!(events, meanwhile);
        assert!(news.is_sorted_by(|one, next| one.id < next.id));
        let mut again = node.listen(&scene.address, Some(news[4].id)).await;
        assert_eq!(again.news().await, []);
    }
}
