//! Editors who are bound to some sections, and those who may take articles back for good.

use khabar::auth::Role;
use serde_json::{Value, json};

use crate::articles::{DESK, Desk, record, said, with};
use crate::properties::Dice;
use crate::support::Client;

const USERS: &str = "/api/v1/newsroom/users";

async fn grant(desk: &Desk, who: &Client, grants: Value) -> crate::support::Answer {
    let path = format!("{USERS}/{}", who.id());
    let tag = desk.admin.get(&path).send().await.expect(200).etag();
    desk.admin.patch(&path).if_match(&tag).json(&grants).send().await
}

/// A tree of sections: each one's parent has a smaller number.
struct Tree {
    ids: Vec<String>,
    parents: Vec<Option<usize>>,
}

impl Tree {
    async fn grow(desk: &Desk, dice: &mut Dice, size: usize) -> Self {
        let mut tree = Self { ids: Vec::new(), parents: Vec::new() };
        for n in 0..size {
            let parent = if n == 0 || dice.roll(3) == 0 { None } else { Some(dice.roll(n)) };
            let form = json!({ "name": format!("قسم {n}"), "parentId": parent.map(|at: usize| tree.ids[at].clone()) });
            tree.ids.push(record(&desk.editor, "sections", form).await);
            tree.parents.push(parent);
        }
        tree
    }

    /// Whether a section is one of these or lies below one.
    fn is_below(&self, mut section: usize, granted: &[usize]) -> bool {
        loop {
            if granted.contains(&section) {
                return true;
            }
            let Some(parent) = self.parents[section] else { return false };
            section = parent;
        }
    }
}

#[actix_web::test]
async fn an_editor_does_in_the_granted_sections_what_editors_do_and_nothing_elsewhere() {
    let desk = Desk::new().await;
    let mut dice = Dice(11);
    let tree = Tree::grow(&desk, &mut dice, 9).await;
    let bound = desk.app.as_(Role::Editor).await;
    let (mut done, mut refused) = (0, 0);
    for _ in 0..60 {
        let granted: Vec<usize> = (0..=dice.roll(3)).map(|_| dice.roll(9)).collect();
        let ids: Vec<&String> = granted.iter().map(|at| &tree.ids[*at]).collect();
        grant(&desk, &bound, json!({ "sectionIds": ids })).await.expect(200);
        let (section, extra) = (dice.roll(9), dice.roll(9));
        let filed = json!({ "sectionId": tree.ids[section], "extraSectionIds": if extra == section { vec![] } else { vec![&tree.ids[extra]] } });
        let form = with(desk.form("خبر"), filed);
        let id = desk.journalist.post(DESK).json(&form).send().await.expect(201).text("/id");
        let path = format!("{DESK}/{id}");
        desk.journalist.post(&format!("{path}/submit")).if_match("\"1\"").json(&json!({})).send().await.expect(200);
        let (covers, covers_all) =
            (tree.is_below(section, &granted), tree.is_below(section, &granted) && tree.is_below(extra, &granted));
        let seen = bound.get(&path).send().await.expect(200);
        assert_eq!(seen.at("/allowed") == &json!([]), !covers, "{:#}", seen.at("/allowed"));
        let goal = dice.roll(9);
        for (step, may) in [
            ("edit", covers),
            ("move", covers && tree.is_below(goal, &granted)),
            ("approve", covers),
            ("publish", covers_all),
        ] {
            let tag = desk.editor.get(&path).send().await.expect(200).etag();
            let answer = match step {
                "edit" => bound.patch(&path).if_match(&tag).json(&json!({ "by": "محرر" })).send().await,
                // Moved only to see whether it may be: back to where it was.
                "move" if goal != section && goal != extra && (extra == section || tree.is_below(extra, &granted)) => {
                    let moved =
                        bound.patch(&path).if_match(&tag).json(&json!({ "sectionId": tree.ids[goal] })).send().await;
                    let tag = desk.editor.get(&path).send().await.expect(200).etag();
                    let back = json!({ "sectionId": tree.ids[section] });
                    desk.editor.patch(&path).if_match(&tag).json(&back).send().await.expect(200);
                    moved
                }
                "move" => continue,
                step => bound.post(&format!("{path}/{step}")).if_match(&tag).json(&json!({})).send().await,
            };
            if may {
                answer.expect(200);
                done += 1;
            } else {
                answer.refused(403, "forbidden");
                refused += 1;
            }
        }
    }
    assert!(done > 30 && refused > 30, "{done} {refused}");
}

#[actix_web::test]
async fn outside_of_the_granted_sections_an_editor_is_a_writer() {
    let desk = Desk::new().await;
    let sport = record(&desk.editor, "sections", json!({ "name": "رياضة" })).await;
    let bound = desk.app.as_(Role::Editor).await;
    grant(&desk, &bound, json!({ "sectionIds": [sport] })).await.expect(200);
    let id = bound.post(DESK).json(&desk.form("خبر")).send().await.expect(201).text("/id");
    let seen = bound.get(&format!("{DESK}/{id}")).send().await.expect(200);
    assert_eq!(seen.at("/allowed"), &json!(["edit", "submit", "spike"]));
    desk.edit(&bound, &id, json!({ "headline": "خبر آخر" })).await.expect(200);
    let refused = desk.step(&bound, &id, "publish", json!({})).await.refused(403, "forbidden");
    assert_eq!(refused.at("/sectionIds"), &json!([desk.section]));
    let items = json!([{ "id": id, "version": 2, "action": "publish" }]);
    let several = bound.post(&format!("{DESK}/bulk")).json(&json!({ "items": items })).send().await.expect(200);
    assert_eq!(several.at("/items/0/status"), &json!(403));
    // A role that is not an editor's is bound by nothing of this.
    grant(&desk, &bound, json!({ "role": "admin" })).await.expect(200);
    desk.step(&bound, &id, "publish", json!({})).await.expect(200);
}

#[actix_web::test]
async fn a_section_that_has_gone_keeps_nobody_from_being_shut_out() {
    let desk = Desk::new().await;
    let sport = record(&desk.editor, "sections", json!({ "name": "رياضة" })).await;
    let bound = desk.app.as_(Role::Editor).await;
    grant(&desk, &bound, json!({ "sectionIds": [sport] })).await.expect(200);
    let one = format!("/api/v1/newsroom/sections/{sport}");
    let tag = desk.editor.get(&one).send().await.expect(200).etag();
    desk.editor.delete(&one).if_match(&tag).send().await.expect(204);
    let more = json!({ "sectionIds": [sport, "0192f3a4-5b6c-7d8e-9f01-23456789abcd"] });
    assert_eq!(grant(&desk, &bound, more).await.refused(422, "invalid").errors(), ["/sectionIds/1 not_found"]);
    grant(&desk, &bound, json!({ "role": "reader" })).await.expect(200);
    grant(&desk, &bound, json!({ "isActive": false })).await.expect(200);
}

#[actix_web::test]
async fn to_kill_takes_the_grant_and_grants_are_the_administrators() {
    let desk = Desk::new().await;
    let bound = desk.app.as_(Role::Editor).await;
    let id = desk.live("خبر").await;
    grant(&desk, &bound, json!({ "mayKill": false })).await.expect(200);
    let refused = desk.step(&bound, &id, "kill", said("kill")).await.refused(403, "forbidden");
    assert_eq!(refused.text("/permission"), "article.kill");
    let seen = bound.get(&format!("{DESK}/{id}")).send().await.expect(200);
    assert!(!seen.at("/allowed").to_string().contains("kill"));
    desk.app.events();
    desk.app.audit();
    let granted = grant(&desk, &bound, json!({ "mayKill": true })).await.expect(200);
    assert_eq!(granted.at("/mayKill"), &json!(true));
    desk.app.assert_events(&["user.updated"]);
    assert_eq!(desk.app.audit()[0].payload["mayKill"], json!(true));
    assert_eq!(bound.get("/api/v1/me").send().await.expect(200).at("/mayKill"), &json!(true));
    let own = bound.patch("/api/v1/me").json(&json!({ "sectionIds": [] })).send().await.refused(422, "invalid");
    assert_eq!(own.errors(), ["/sectionIds unknown_field"]);
    desk.step(&bound, &id, "kill", said("kill")).await.expect(200);
    let refused = grant(&desk, &bound, json!({ "mayKill": null })).await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/mayKill required"]);
    let nowhere = json!({ "sectionIds": [desk.section, desk.sources[0], "0192f3a4-5b6c-7d8e-9f01-23456789abcd"] });
    let refused = grant(&desk, &bound, nowhere).await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/sectionIds/1 not_found", "/sectionIds/2 not_found"]);
}

#[actix_web::test]
async fn who_is_bound_is_unbound_by_an_empty_list_and_by_nothing_less() {
    let desk = Desk::new().await;
    let sport = record(&desk.editor, "sections", json!({ "name": "رياضة" })).await;
    let bound = desk.app.as_(Role::Editor).await;
    grant(&desk, &bound, json!({ "sectionIds": [sport] })).await.expect(200);
    let refused = grant(&desk, &bound, json!({ "sectionIds": null })).await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/sectionIds required"]);
    let renamed = grant(&desk, &bound, json!({ "name": "محررة" })).await.expect(200);
    assert_eq!(renamed.at("/sectionIds"), &json!([sport]));
    let free = grant(&desk, &bound, json!({ "sectionIds": [] })).await.expect(200);
    assert_eq!(free.at("/sectionIds"), &json!([]));
    let id = desk.in_state("submitted").await;
    desk.step(&bound, &id, "publish", json!({})).await.expect(200);
}

#[actix_web::test]
async fn nobody_moves_the_bounds_that_hold_them() {
    let desk = Desk::new().await;
    let sport = record(&desk.editor, "sections", json!({ "name": "رياضة" })).await;
    let bound = desk.app.as_(Role::Editor).await;
    grant(&desk, &bound, json!({ "sectionIds": [sport] })).await.expect(200);
    let path = format!("/api/v1/newsroom/sections/{}", desk.section);
    let change = async |who: &Client, patch: Value| {
        let tag = desk.admin.get(&path).send().await.expect(200).etag();
        who.patch(&path).if_match(&tag).json(&patch).send().await
    };
    for patch in [json!({ "parentId": sport }), json!({ "fourEyes": true })] {
        for who in [&bound, &desk.editor] {
            change(who, patch.clone()).await.refused(403, "forbidden");
        }
    }
    change(&bound, json!({ "description": "أخبار" })).await.expect(200);
    change(&desk.admin, json!({ "parentId": sport, "fourEyes": true })).await.expect(200);
    change(&desk.admin, json!({ "parentId": null, "fourEyes": false })).await.expect(200);
    // What is public and filed nowhere any more is not anybody's either.
    let id = desk.live("خبر").await;
    desk.edit(&desk.editor, &id, json!({ "sectionId": null })).await.expect(200);
    desk.step(&bound, &id, "unpublish", json!({ "note": "x" })).await.refused(403, "forbidden");
    // What is scheduled elsewhere is not theirs, wherever the working copy has gone since.
    let id = desk.draft("مجدول").await.text("/id");
    desk.step(&desk.editor, &id, "schedule", said("schedule")).await.expect(200);
    desk.edit(&desk.editor, &id, json!({ "sectionId": sport })).await.expect(200);
    desk.step(&bound, &id, "unschedule", json!({})).await.refused(403, "forbidden");
    // Nor is a lock taken over by one who is a writer there.
    let own = bound.post(DESK).json(&desk.form("لي")).send().await.expect(201).text("/id");
    desk.editor.post(&format!("{DESK}/{own}/lock")).json(&json!({})).send().await.expect(201);
    let over = bound.post(&format!("{DESK}/{own}/lock")).json(&json!({ "takeOver": true }));
    over.send().await.refused(403, "forbidden");
    // Nor is a colleague's draft shown around from there.
    let id = desk.draft("مسودة").await.text("/id");
    bound.post(&format!("{DESK}/{id}/preview-links")).json(&json!({})).send().await.refused(403, "forbidden");
    desk.edit(&desk.editor, &id, json!({ "sectionId": sport })).await.expect(200);
    bound.post(&format!("{DESK}/{id}/preview-links")).json(&json!({})).send().await.expect(201);
}
