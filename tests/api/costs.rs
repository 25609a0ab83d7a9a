//! What a page costs, counted in statements and in the rows that are read for it, never timed.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;
use khabar::auth::Role;
use khabar::db::page::Position;
use khabar::db::{Conn, one_of};
use khabar::time::UtcTime;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::articles::Desk;
use crate::comments::{article, below};
use crate::support::{Answer, TestApp};

/// How many comments the long discussion has, but for one; so many of them answer none, the others the first.
const ALL: usize = 50_000;
const ROOTS: usize = 45_000;

/// The instant of the n-th comment, in microseconds.
fn instant(n: usize) -> i64 {
    1_768_000_000_000_000 + i64::try_from(n).unwrap()
}

/// The id of the n-th comment.
fn id_of(n: usize) -> Uuid {
    Uuid::from_slice(format!("{n:016}").as_bytes()).unwrap()
}

/// An article with a long discussion. Another one has so many comments, of the same hours.
async fn long_discussion(app: &TestApp, elsewhere: usize) -> Answer {
    let (editor, reader) = (app.as_(Role::Editor).await, app.as_(Role::Reader).await);
    let discussed = article(&editor, json!({ "mode": "open" })).await;
    let other = article(&editor, json!({ "mode": "open" })).await;
    fill(app, [&discussed.text("/id"), &other.text("/id")], &reader.id().to_string(), elsewhere);
    discussed
}

/// Fills the discussions of two articles, in the words of either database.
fn fill(app: &TestApp, [article, other]: [&str; 2], author: &str, elsewhere: usize) {
    let mut conn = app.sql();
    let is_sqlite = matches!(conn, Conn::Sqlite(_));
    let blob = |hex: &str| if is_sqlite { format!("x'{hex}'") } else { format!("decode('{hex}', 'hex')") };
    let of = |id: &str| blob(&Uuid::parse_str(id).unwrap().simple().to_string());
    let (article, other, author, nothing) = (of(article), of(other), of(author), blob(""));
    let one = blob(&khabar::text::hex(id_of(1).as_bytes()));
    let (id, finish) = if is_sqlite {
        ("CAST(printf('%016d', n) AS BLOB)", "")
    } else {
        ("convert_to(lpad(n::text, 16, '0'), 'UTF8')", "ANALYZE comments; ANALYZE commenters;")
    };
    let step = |article: &str, [from, to]: [usize; 2], parent: &str, depth: usize| {
        format!(
            "INSERT INTO comments (id, article_id, parent_id, answers_id, depth, author_id, status, text, text_key, \
                 reply_count, listed_count, is_listed, reaction_count, report_count, has_reports, is_reviewed, \
                 is_featured, is_pinned, version, created_at, updated_at) \
             WITH RECURSIVE numbers (n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM numbers WHERE n < {to}) \
             SELECT {id}, {article}, {parent}, {parent}, {depth}, {author}, 'published', 'x', {nothing}, 0, 0, TRUE, \
                 n % 3, 0, FALSE, FALSE, FALSE, FALSE, 1, {base} + n % {ALL}, {base} + n % {ALL} FROM numbers;",
            base = instant(0)
        )
    };
    let replies = ALL - 1 - ROOTS;
    let commands = [
        format!("INSERT INTO commenters (id, user_id, created_at) VALUES ({author}, {author}, 0);"),
        step(&article, [1, ROOTS], "NULL", 0),
        step(&article, [ROOTS + 1, ALL - 1], &one, 1),
        step(&other, [ALL, ALL + elsewhere - 1], "NULL", 0),
        format!("UPDATE comments SET reply_count = {replies}, listed_count = {replies} WHERE id = {one};"),
        format!("UPDATE articles SET comment_count = {ALL} - 1 WHERE id = {article};"),
        finish.to_owned(),
    ];
    conn.batch_execute(&commands.concat()).unwrap();
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    plan: String,
}

/// A statement of PostgreSQL with its values in their places.
pub fn filled(statement: &str) -> String {
    let (text, binds) = statement.split_once(" -- binds: ").unwrap();
    let inside = binds.strip_prefix('[').and_then(|binds| binds.strip_suffix(']')).unwrap();
    let values = values(inside);
    let replaced = |text: String, n: usize| text.replace(&format!("${n}"), &literal(&values[n - 1]));
    // A list of nothing and no bytes look alike.
    (1..=values.len()).rev().fold(text.to_owned(), replaced).replace("ANY(decode('', 'hex'))", "ANY('{}')")
}

/// A value as it stands in the debug form of a statement, as SQL of PostgreSQL.
fn literal(value: &str) -> String {
    let value = value.strip_prefix("Some(").and_then(|value| value.strip_suffix(')')).unwrap_or(value);
    if value == "None" {
        return "NULL".to_owned();
    }
    let blob = |bytes: Vec<u8>| format!("decode('{}', 'hex')", khabar::text::hex(&bytes));
    if let Some(bytes) = value.strip_prefix('[').and_then(|value| value.strip_suffix(']')) {
        let parts = values(bytes);
        let bytes: Option<Vec<u8>> = parts.iter().map(|byte| byte.parse().ok()).collect();
        let array = || format!("ARRAY[{}]", parts.iter().map(|part| literal(part)).collect::<Vec<_>>().join(", "));
        return bytes.map_or_else(array, blob);
    }
    if let Ok(at) = UtcTime::parse(value) {
        return at.micros().to_string();
    }
    if let Some(text) = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) {
        // As it is, not as it is shown.
        return format!("'{}'", text.replace("\\\"", "\"").replace("\\\\", "\\").replace('\'', "''"));
    }
    match Uuid::parse_str(value) {
        Ok(id) => blob(id.as_bytes().to_vec()),
        Err(_) if value.parse::<i64>().is_ok() || value.parse::<bool>().is_ok() => value.to_owned(),
        Err(_) => format!("'{}'", value.to_lowercase()),
    }
}

/// The values of a statement: what stands between commas, but for those within brackets.
fn values(binds: &str) -> Vec<String> {
    let mut values = vec![String::new()];
    let mut depth = 0;
    for part in binds.split_inclusive(", ") {
        let opens = part.matches('[').count();
        let closes = part.matches(']').count();
        depth = depth + opens - closes;
        values.last_mut().unwrap().push_str(part);
        if depth == 0 {
            let whole = values.pop().unwrap();
            values.extend([whole.trim_end_matches(", ").to_owned(), String::new()]);
        }
    }
    values.retain(|value| !value.is_empty());
    values
}

/// How SQLite would go about a statement.
pub fn planned(conn: &mut SqliteConnection, text: &str) -> Vec<String> {
    let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {text}")).load(conn).unwrap();
    steps.into_iter().map(|step| step.detail).collect()
}

/// How PostgreSQL has gone about a statement.
pub fn explained(conn: &mut PgConnection, statement: &str) -> Value {
    let statement = format!("EXPLAIN (ANALYZE, FORMAT JSON) {}", filled(statement));
    let explained: Vec<Plan> =
        diesel::sql_query(&statement).load(conn).unwrap_or_else(|error| panic!("{error}\n{statement}"));
    serde_json::from_str::<Value>(&explained[0].plan).unwrap()[0]["Plan"].take()
}

/// The rows of some tables that all parts of a plan have read. Who wrote them is looked up for each, or once for all.
pub fn read_by(plan: &Value, tables: &[&str]) -> f64 {
    let number = |name: &str| plan[name].as_f64().unwrap_or_default();
    let own = number("Actual Rows") + number("Rows Removed by Filter") + number("Rows Removed by Index Recheck");
    let is_of_these = plan["Relation Name"].as_str().is_some_and(|name| tables.contains(&name));
    let own = if is_of_these { own * number("Actual Loops") } else { 0.0 };
    own + plan["Plans"].as_array().into_iter().flatten().map(|part| read_by(part, tables)).sum::<f64>()
}

/// How many rows a statement reads. SQLite does not tell; there its plan must be one that reads what it answers: an index
/// finds where to begin and gives the order.
#[track_caller]
fn rows_read(app: &TestApp, statement: &str) -> f64 {
    let (text, _) = statement.split_once(" -- binds: ").unwrap();
    match &mut app.sql() {
        Conn::Sqlite(conn) => {
            let plan = planned(conn, text).join("\n");
            assert!(!plan.contains("SCAN comments") && !plan.contains("SCAN reply"), "{plan}");
            // The few first replies are put in order by hand.
            assert!(text.contains("UNION ALL") || !plan.contains("TEMP B-TREE"), "{plan}\n{text}");
            assert!(!text.contains(") < (") || plan.contains("id)<(?,?)"), "the cursor is part of the search\n{plan}");
            assert!(!text.contains(") > (") || plan.contains("id)>(?,?)"), "the cursor is part of the search\n{plan}");
            0.0
        }
        Conn::Postgres(conn) => read_by(&explained(conn, statement), &["comments"]),
    }
}

/// What an answer costs: statements, and the rows that those about comments read.
async fn cost(app: &TestApp, path: &str) -> (Answer, usize, f64) {
    let anyone = app.anonymous();
    anyone.get(path).send().await.expect(200);
    let (answer, statements) = app.statements_of(anyone.get(path).send()).await;
    let about = statements.iter().filter(|statement| statement.contains("commenters") && statement.contains("SELECT"));
    let rows: Vec<f64> = about.map(|statement| rows_read(app, statement)).collect();
    assert!(!rows.is_empty(), "{statements:#?}");
    (answer.expect(200), statements.len(), rows.iter().sum())
}

#[actix_web::test]
async fn page_2000_of_a_long_discussion_costs_what_its_first_page_does() {
    all_pages_cost_the_same(ALL).await;
}

#[actix_web::test]
async fn so_it_does_where_nearly_all_comments_are_in_that_discussion() {
    all_pages_cost_the_same(ALL / 100).await;
}

/// Whatever statistics say of the table: the server plans by them.
async fn all_pages_cost_the_same(elsewhere: usize) {
    let app = TestApp::new().await;
    let article = long_discussion(&app, elsewhere).await;
    let to = below(&article);
    let page_2000 = [
        ("oldest", Position::at(instant(39_980), id_of(39_980))),
        ("newest", Position::at(instant(ROOTS - 39_979), id_of(ROOTS - 39_979))),
        // A third each has 2, 1 and no reactions; the cursor stands deep among the last.
        ("mostReacted", Position::at(0, id_of(ROOTS - 3 * 9_979))),
    ];
    for (sort, position) in page_2000 {
        let cursor = position.seal(&format!("{to}{:?}", [("sort", sort)]));
        for replies in ["", "&replies=3"] {
            let list = format!("{to}?sort={sort}{replies}");
            let (first, statements, rows) = cost(&app, &list).await;
            let (far, statements_far, rows_far) = cost(&app, &format!("{list}&after={cursor}")).await;
            for page in [&first, &far] {
                assert_eq!(page.at("/items").as_array().unwrap().len(), 20, "{list}");
            }
            assert_eq!(statements, statements_far, "{list}");
            // The first page of the oldest has the only one with replies, three of them and one more.
            let slack = if replies.is_empty() { 0.0 } else { 12.0 };
            assert!((rows - rows_far).abs() <= rows * 0.2 + slack, "{list}: {rows} and {rows_far}");
            assert!(rows < 200.0, "{list}: {rows}");
            let plain = cost(&app, &format!("{to}?sort={sort}")).await.1;
            assert_eq!(statements - plain, usize::from(!replies.is_empty()), "replies are one statement more");
        }
    }
    let first = app.anonymous().get(&format!("{to}?sort=oldest&replies=3")).send().await.expect(200);
    assert_eq!(first.at("/items/0/replies/items").as_array().unwrap().len(), 3);
    assert!(first.at("/items/0/replies/next").is_string());
}

#[actix_web::test]
async fn a_feed_reads_as_many_comments_as_it_has() {
    let app = TestApp::new().await;
    let article = long_discussion(&app, ALL).await;
    let (_, _, rows) = cost(&app, &format!("/feeds/articles/{}/comments.rss", article.text("/id"))).await;
    assert!(rows <= 160.0, "{rows}");
}

#[actix_web::test]
async fn comments_are_counted_for_a_list_of_articles_at_once() {
    let desk = Desk::new().await;
    for n in 0..25 {
        desk.live(&format!("خبر {n}")).await;
    }
    let anyone = desk.app.anonymous();
    let statements = async |limit: usize| {
        let path = format!("/api/v1/articles?limit={limit}");
        let (page, statements) = desk.app.statements_of(anyone.get(&path).send()).await;
        let page = page.expect(200);
        assert!(page.at("/items").as_array().unwrap().iter().all(|item| item["commentCount"] == 0));
        statements.len()
    };
    // The furniture is looked up once, and then known.
    statements(1).await;
    assert_eq!(statements(1).await, statements(100).await);
}

#[actix_web::test]
async fn what_readers_ask_for_most_is_prepared_once() {
    let desk = Desk::new().await;
    let id = desk.live("خبر عاجل").await;
    let live = desk.public(&id).await;
    let editor = desk.app.as_(Role::Editor).await;
    let discussed = article(&editor, json!({ "mode": "open" })).await;
    let paths = [
        format!("/api/v1/articles/{}", live.text("/slug")),
        format!("/api/v1/articles/{}", live.text("/id")),
        "/api/v1/articles?limit=20".to_owned(),
        format!("/api/v1/articles?limit=20&section={}", desk.section),
        format!("{}?limit=20", below(&discussed)),
    ];
    let anyone = desk.app.anonymous();
    for path in paths {
        for _ in 0..2 {
            anyone.get(&path).send().await.expect(200);
        }
        assert_eq!(desk.app.prepared_by(anyone.get(&path).send()).await, Vec::<String>::new(), "{path}");
    }
}

diesel::table! {
    listed (id) { id -> Binary, word -> Nullable<Text>, number -> BigInt }
}

#[actix_web::test]
async fn a_list_finds_its_values_whatever_they_are() {
    let app = TestApp::new().await;
    let mut conn = app.sql();
    let binary = if matches!(conn, Conn::Sqlite(_)) { "BLOB" } else { "BYTEA" };
    conn.batch_execute(&format!("CREATE TEMP TABLE listed (id {binary}, word TEXT, number BIGINT)")).unwrap();
    let words = ["", "خبر", "a\"b", "back\\slash", "{brace,comma}", "NULL", "it's", "line\nbreak"];
    for (word, number) in words.into_iter().zip(0_i64..) {
        let id = [u8::try_from(number).unwrap(), 0, 255];
        let row = (listed::id.eq(id.to_vec()), listed::word.eq(word), listed::number.eq(number - 3));
        diesel::insert_into(listed::table).values(row).execute(&mut conn).unwrap();
    }
    let rows = || listed::table.select(listed::number).order(listed::number).into_boxed();
    for (word, number) in words.into_iter().zip(0_i64..) {
        let by_word = rows().filter(one_of(listed::word, [word, "absent"]));
        assert_eq!(by_word.load::<i64>(&mut conn).unwrap(), [number - 3], "{word}");
        let by_id = rows().filter(one_of(listed::id, [vec![u8::try_from(number).unwrap(), 0, 255], vec![]]));
        assert_eq!(by_id.load::<i64>(&mut conn).unwrap(), [number - 3]);
    }
    assert_eq!(rows().filter(one_of(listed::number, [-3_i64, 4, 9])).load::<i64>(&mut conn).unwrap(), [-3, 4]);
    assert!(rows().filter(one_of(listed::word, Vec::<String>::new())).load::<i64>(&mut conn).unwrap().is_empty());
}

#[actix_web::test]
async fn a_second_comment_prepares_no_statement() {
    let app = TestApp::new().await;
    let (editor, reader) = (app.as_(Role::Editor).await, app.as_(Role::Reader).await);
    let below = below(&article(&editor, json!({ "mode": "open" })).await);
    let say = |text: &str, parent: Option<String>, key: Option<&str>| {
        let asked = reader.post(&below).json(&json!({ "text": text, "parentId": parent }));
        match key {
            Some(key) => asked.header("idempotency-key", key),
            None => asked,
        }
    };
    let first = say("أول الكلام في هذا الخبر", None, Some("one")).send().await.expect(201);
    say("رد على أول الكلام هنا", Some(first.text("/id")), None).send().await.expect(201);
    for (text, parent, key) in
        [("ثم قول آخر تماما", None, Some("two")), ("ورد ثان عليه كذلك", Some(first.text("/id")), None)]
    {
        let posted = async { say(text, parent, key).send().await.expect(201) };
        assert_eq!(app.prepared_by(posted).await, Vec::<String>::new());
    }
}

#[actix_web::test]
async fn a_second_article_prepares_no_statement() {
    let desk = Desk::new().await;
    let work = async |headline: &str| {
        let id = desk.live(headline).await;
        desk.edit(&desk.editor, &id, json!({ "subheadline": headline })).await.expect(200);
        desk.publish(&id).await;
    };
    work("الخبر الأول من هنا").await;
    work("ثم الخبر الثاني").await;
    assert_eq!(desk.app.prepared_by(work("وبعدهما خبر ثالث")).await, Vec::<String>::new());
}
