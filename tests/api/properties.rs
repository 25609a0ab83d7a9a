//! What holds for whatever comes: random walks over HTTP, the same in each run.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::articles::{ARTICLES, DESK, Desk, paragraph};

/// Numbers that look random and are the same in each run.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len())]
    }
}

const PIECES: [&str; 24] = [
    "أ", "ا", "إ", "آ", "ة", "ه", "ى", "ي", "ک", "ك", "َ", "ّ", "ـ", "\u{200c}", " ", "-", "١", "1", "!", "É", "e", "ß",
    "中", "❤️",
];

#[actix_web::test]
async fn whatever_the_headlines_no_two_articles_of_a_language_share_a_key() {
    let desk = Desk::new().await;
    let mut dice = Dice(7);
    let mut keys: BTreeMap<(String, String), String> = BTreeMap::new();
    for _ in 0..120 {
        let headline: String = (0..=dice.roll(4)).map(|_| *dice.pick(&PIECES)).collect();
        let language = *dice.pick(&["ar", "en"]);
        let mut form = desk.form(&headline);
        form["language"] = json!(language);
        let answer = desk.journalist.post(DESK).json(&form).send().await;
        if answer.status == 422 {
            assert_eq!(answer.errors(), ["/headline blank"], "{headline:?}");
            continue;
        }
        let slug = answer.expect(201).text("/slug");
        assert_eq!(khabar::text::slug::from_title(&slug), slug, "{headline:?}");
        let key = (language.to_owned(), khabar::text::slug::key(&slug));
        let first = keys.insert(key, headline.clone());
        assert_eq!(first, None, "{headline:?} → {slug}");
    }
    assert!(keys.len() > 60);
}

/// RFC 7396, word for word.
fn merged(mut target: Value, patch: &Value) -> Value {
    let Value::Object(members) = patch else { return patch.clone() };
    if !target.is_object() {
        target = json!({});
    }
    for (name, value) in members {
        let object = target.as_object_mut().unwrap();
        if value.is_null() {
            object.remove(name);
        } else {
            let before = object.get(name).cloned().unwrap_or_default();
            object.insert(name.clone(), merged(before, value));
        }
    }
    target
}

/// Without what is absent in one way or another.
fn bare(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().map(|(name, value)| (name.clone(), bare(value)));
            Value::Object(
                kept.filter(|(_, value)| !value.is_null() && *value != json!([]) && *value != json!({})).collect(),
            )
        }
        Value::Array(items) => items.iter().map(bare).collect(),
        other => other.clone(),
    }
}

#[actix_web::test]
async fn a_patch_gives_what_rfc_7396_says() {
    let desk = Desk::new().await;
    let made = desk.draft("خبر").await;
    let path = format!("{DESK}/{}", made.text("/id"));
    let mut dice = Dice(11);
    let mut model = made.json.clone();
    let changes = [
        ("by", vec![json!("غرفة الأخبار"), Value::Null]),
        ("located", vec![json!("موسكو"), json!("باكو"), Value::Null]),
        ("headline", vec![json!("خبر آخر"), json!("ثالث")]),
        ("altIds", vec![json!({ "a": "1", "b": "2" }), json!({ "a": null }), json!({ "c": "3" }), Value::Null]),
        ("seo", vec![json!({ "title": "t" }), json!({ "title": null }), json!({ "description": "d" }), Value::Null]),
        (
            "leadMedia",
            vec![json!({ "alt": "صورة" }), json!({ "caption": "c" }), json!({ "caption": null }), Value::Null],
        ),
        ("sources", vec![json!([{ "sourceId": desk.sources[1] }]), json!([]), Value::Null]),
        ("sectionId", vec![json!(desk.section), Value::Null]),
        (
            "comments",
            vec![json!({ "mode": "closed" }), json!({ "closesAt": "2027-01-01T00:00:00Z" }), json!({ "mode": null })],
        ),
        ("relatedIds", vec![json!([made.text("/id")]), Value::Null]),
    ];
    let mut tag = made.etag();
    for _ in 1..80 {
        let mut patch = json!({});
        for _ in 0..=dice.roll(3) {
            let (name, values) = dice.pick(&changes);
            patch[*name] = dice.pick(values).clone();
        }
        let changed = desk.journalist.patch(&path).if_match(&tag).json(&patch).send().await.expect(200);
        tag = changed.etag();
        model = merged(model, &patch);
        let read = desk.journalist.get(&path).send().await.expect(200);
        assert_eq!(read.json, changed.json);
        for (name, _) in &changes {
            let (read, model) = (bare(&read.json[*name]), bare(&model[*name]));
            let alt_is_never_absent = *name == "leadMedia" && read.get("alt") == Some(&json!(""));
            assert!(
                read == model
                    || alt_is_never_absent
                    || (read.is_null() || read == json!([]) || read == json!({}))
                        && (model.is_null() || model == json!([]) || model == json!({})),
                "{name} after {patch}: {read} instead of {model}"
            );
        }
    }
}

#[actix_web::test]
async fn no_walk_over_the_steps_leaves_the_table_or_shows_what_is_not_published() {
    let desk = Desk::new().await;
    let mut dice = Dice(13);
    let steps = ["edit", "submit", "return", "approve", "publish", "unpublish", "spike", "unspike"];
    for walk in 0..4 {
        let made = desk.draft(&format!("خبر {walk}")).await;
        let id = made.text("/id");
        let (mut state, mut before, mut version) = ("draft".to_owned(), String::new(), 1);
        let mut live: Option<String> = None;
        for n in 0..40 {
            let step = *dice.pick(&steps);
            let tag = format!("\"{version}\"");
            let path = format!("{DESK}/{id}");
            let headline = format!("خبر {walk} {n}");
            let answer = if step == "edit" {
                desk.editor
                    .patch(&path)
                    .if_match(&tag)
                    .json(&json!({ "headline": headline, "body": [paragraph(&headline)] }))
                    .send()
                    .await
            } else {
                desk.editor.post(&format!("{path}/{step}")).if_match(&tag).json(&json!({ "note": "لأن" })).send().await
            };
            let next = match (step, state.as_str()) {
                ("edit", from) if from != "spiked" => Some(state.clone()),
                ("submit", "draft") => Some("submitted".into()),
                ("return", "submitted" | "approved") => Some("draft".into()),
                ("approve", "submitted") => Some("approved".into()),
                ("publish", from) if from != "spiked" => Some("published".into()),
                ("unpublish", "published") => Some("unpublished".into()),
                ("spike", "draft" | "submitted" | "approved" | "unpublished") => Some("spiked".into()),
                ("unspike", "spiked") => Some(before.clone()),
                _ => None,
            };
            let Some(next) = next else {
                assert_eq!(answer.refused(409, "illegal_transition").text("/state"), state);
                continue;
            };
            let done = answer.expect(200);
            version += 1;
            assert_eq!(
                (done.text("/state"), done.at("/version")),
                (next.clone(), &json!(version)),
                "{step} from {state}"
            );
            if step == "spike" {
                before.clone_from(&state);
            }
            match step {
                "publish" => live = Some(done.text("/headline")),
                "unpublish" => live = None,
                _ => {}
            }
            state = next;
            let public = desk.public(&id).await;
            let seen = (public.status == 200).then(|| public.text("/headline"));
            assert_eq!(seen, live, "{step} from {state}");
        }
        let revisions = desk.editor.get(&format!("{DESK}/{id}/revisions?count=true&limit=1")).send().await.expect(200);
        assert_eq!(*revisions.at("/page/total"), json!(version));
    }
}

#[actix_web::test]
async fn a_reader_who_walks_to_and_fro_sees_what_stays_once_and_in_order() {
    let desk = Desk::new().await;
    let mut dice = Dice(17);
    let mut staying = Vec::new();
    for n in 0..12 {
        let id = desk.live(&format!("s{n:02}")).await;
        staying.push(id);
        desk.app.clock.advance(std::time::Duration::from_secs(1));
    }
    staying.reverse();
    let reader = desk.app.anonymous();
    let mut seen: Vec<String> = Vec::new();
    let mut target = format!("{ARTICLES}?limit=3");
    let mut turns = 0;
    loop {
        let page = reader.get(&target).send().await.expect(200);
        let ids: Vec<String> =
            page.at("/items").as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
        if turns == 2 && page.at("/page/prev").is_string() {
            turns += 1;
            let prev = page.text("/page/prev");
            let back = reader.get(&format!("{ARTICLES}?limit=3&before={prev}")).send().await.expect(200);
            let last = back.at("/items").as_array().unwrap().last().unwrap()["id"].clone();
            assert_eq!(last, json!(seen.last().unwrap()), "back to where it came from");
            let next = back.text("/page/next");
            let again = reader.get(&format!("{ARTICLES}?limit=3&after={next}")).send().await.expect(200);
            assert_eq!(again.at("/items/0/id"), page.at("/items/0/id"));
        }
        seen.extend(ids);
        turns += 1;
        let come = desk.live_with(&format!("n{turns}"), json!({ "urgency": 1 + dice.roll(9) })).await;
        desk.app.clock.advance(std::time::Duration::from_secs(1));
        if dice.roll(2) == 0 {
            desk.step(&desk.editor, &come, "unpublish", json!({ "note": "x" })).await.expect(200);
        }
        let Some(next) = page.at("/page/next").as_str() else { break };
        target = format!("{ARTICLES}?limit=3&after={next}");
    }
    assert_eq!(seen, staying);
}
