//! How both databases go about what readers ask for, with an archive in which they have a choice: no statement reads
//! through the archive, whatever is asked for is rare or common, near or far.

use diesel::connection::SimpleConnection as _;
use khabar::auth::Role;
use khabar::db::Conn;
use serde_json::{Value, json};

use crate::costs::{explained, planned, read_by};
use crate::generate::made;
use crate::support::TestApp;

/// What grows with the archive.
const BIG: [&str; 14] = [
    "articles",
    "revisions",
    "publications",
    "publication_links",
    "article_links",
    "publication_shingles",
    "publication_prints",
    "search_entries",
    "search_index",
    "comments",
    "comment_decisions",
    "readership",
    "events",
    "audit_log",
];
/// What picks out a good part of what there is.
const COARSE: [&str; 3] = ["(language=?)", "(state=?)", "(kind=?)"];
const ARTICLES: u32 = 300;
const COMMENTS: u32 = 300;
/// What a page of twenty may read, with what stands beside it.
const ROWS_MAX: f64 = 250.0;

/// What is against the way in which a statement is gone about.
fn against(conn: &mut Conn, statement: &str, rows_max: f64) -> Option<String> {
    let (text, _) = statement.split_once(" -- binds: ")?;
    let is_planned = ["SELECT", "WITH", "UPDATE", "DELETE"].iter().any(|word| text.starts_with(word));
    if !is_planned || !BIG.iter().any(|name| text.contains(name)) {
        return None;
    }
    match conn {
        Conn::Sqlite(conn) => {
            let plan = planned(conn, text);
            // In the order of an index it stops as soon as it has enough, unless most rows are looked at in vain.
            let sifts = plan.iter().any(|line| line.contains("CORRELATED")) && !text.contains("NOT ");
            let sorts = plan.iter().any(|line| line.contains("TEMP B-TREE FOR ORDER BY"));
            let stops = text.contains("LIMIT") && !sorts && !sifts;
            let reads_all = |line: &&String| {
                let mut words = line.split(' ');
                let is_scan = words.next() == Some("SCAN") || COARSE.iter().any(|end| line.ends_with(end));
                let name = words.next().unwrap_or_default();
                let is_walk = line.contains(" INDEX ") && stops;
                is_scan && BIG.contains(&name) && !is_walk && !line.contains("VIRTUAL TABLE")
            };
            // What was picked out by its ids are few rows, which are put in order by hand.
            let are_few = text.contains(" IN (");
            let sorts = |line: &&String| line.contains("TEMP B-TREE") && !are_few;
            let wrong = plan.iter().find(|line| reads_all(line) || sorts(line));
            wrong.map(|line| format!("{line}\nin\n{}\n{text}", plan.join("\n")))
        }
        Conn::Postgres(conn) => {
            // A table of a few pages is read sooner than an index of it, and hashed: there must be another way, where one page
            // costs as much as another. What it changes is changed already; here it may be undone.
            let settings = ["enable_seqscan = off", "enable_hashjoin = off", "random_page_cost = 1"];
            conn.batch_execute(&format!("BEGIN; SET LOCAL {}", settings.join("; SET LOCAL "))).unwrap();
            let plan = explained(conn, statement);
            conn.batch_execute("ROLLBACK").unwrap();
            let rows = read_by(&plan, &BIG);
            (rows > rows_max || scans(&plan)).then(|| format!("{rows} rows\n{plan:#}\n{statement}"))
        }
    }
}

/// Whether a part of a plan of PostgreSQL reads all of a table that grows.
fn scans(plan: &Value) -> bool {
    let is_big = plan["Relation Name"].as_str().is_some_and(|name| BIG.contains(&name));
    let mut parts = plan["Plans"].as_array().into_iter().flatten();
    (is_big && plan["Node Type"] == "Seq Scan") || parts.any(scans)
}

/// Everything that is wrong with how an answer comes about.
async fn faults(app: &TestApp, path: &str, rows_max: f64) -> Vec<String> {
    let anyone = app.anonymous();
    anyone.get(path).send().await.expect(200);
    let (_, statements) = app.statements_of(anyone.get(path).send()).await;
    let mut conn = app.sql();
    let queries =
        statements.iter().filter(|statement| ["SELECT", "WITH"].iter().any(|word| statement.starts_with(word)));
    let found: Vec<String> = queries.filter_map(|statement| against(&mut conn, statement, rows_max)).collect();
    found.into_iter().map(|fault| format!("{path}: {fault}")).collect()
}

/// What readers ask for, of an archive.
async fn questions(app: &TestApp) -> Vec<String> {
    let anyone = app.anonymous();
    let newest = anyone.get("/api/v1/articles?limit=100").send().await.expect(200);
    let (id, slug, far) = (newest.text("/items/0/id"), newest.text("/items/0/slug"), newest.text("/page/next"));
    let apart = anyone.get("/api/v1/articles?limit=100&language=ar").send().await.expect(200);
    // The number at the end of a name is its rank.
    let named = |list: &str, is_wanted: fn(u32) -> bool| {
        let items = newest.at("/items").as_array().unwrap().iter();
        let slugs = items.flat_map(|item| item[list].as_array().unwrap()).map(|one| one["slug"].as_str().unwrap());
        let rank = |slug: &str| slug.rsplit('-').next().unwrap().parse().unwrap();
        slugs.into_iter().find(|slug| is_wanted(rank(slug))).unwrap().to_owned()
    };
    anyone.post(&format!("/api/v1/articles/{id}/views")).send().await.expect(204);
    khabar::readership::flush(&app.app).await.unwrap();
    let (tag, rare) = (named("tags", |rank| rank == 0), named("tags", |rank| rank > 500));
    let (source, author) = (named("sources", |rank| rank == 0), named("authors", |rank| rank == 0));
    let sections = anyone.get("/api/v1/sections").send().await.expect(200);
    let sections = sections.at("/items").as_array().unwrap().clone();
    let section = |end: &str| {
        let mut slugs = sections.iter().map(|one| one["slug"].as_str().unwrap());
        slugs.find(|slug| slug.ends_with(end)).unwrap().to_owned()
    };
    let (section, closed) = (section("-0"), section("-30"));
    let word = slug.split('-').max_by_key(|word| word.len()).unwrap();
    let lists = [
        String::new(),
        format!("&after={far}"),
        "&language=ar".into(),
        "&language=ar&language=en&sort=datePublished".into(),
        format!("&language=ar&after={}", apart.text("/page/next")),
        "&language=ar&sort=-dateModified".into(),
        "&sort=datePublished".into(),
        "&sort=-dateModified".into(),
        "&publishedUntil=2018-01-01T00:00:00Z".into(),
        format!("&section={section}"),
        format!("&section={closed}"),
        format!("&section={section}&section={closed}"),
        format!("&section={section}&sort=datePublished"),
        format!("&section={closed}&language=ar"),
        format!("&section={section}&publishedUntil=2018-01-01T00:00:00Z"),
        format!("&tag={tag}"),
        format!("&tag={rare}"),
        format!("&tag={rare}&section={section}&source={source}"),
        format!("&notSection={section}"),
        format!("&source={source}"),
        format!("&author={author}"),
        "&sort=mostRead".into(),
        format!("&sort=mostRead&section={section}"),
        "&sort=mostCommented".into(),
    ];
    let lists = lists.map(|list| format!("/api/v1/articles?limit=20{list}"));
    let others = [
        format!("/api/v1/articles/{slug}"),
        format!("/api/v1/articles/{id}"),
        format!("/api/v1/articles/{id}/comments?limit=20&sort=newest"),
        format!("/api/v1/articles/{id}/comments?limit=20&sort=mostReacted&replies=3"),
        format!("/api/v1/articles/{id}/comments?limit=20&tag=featured"),
        format!("/api/v1/articles/{id}/comments?limit=20&tag=pinned&sort=oldest"),
        format!("/api/v1/search?q={word}"),
        "/api/v1/search?q=في&sort=newest".into(),
        format!("/api/v1/search/suggest?q={word}"),
        "/api/v1/sync".into(),
        format!("/feeds/articles/{id}/comments.rss"),
    ];
    lists.into_iter().chain(others).collect()
}

/// What is against the ways in which the statements of a new article are gone about.
async fn of_publishing(app: &TestApp) -> Vec<String> {
    let editor = app.as_(Role::Editor).await;
    let like = app.anonymous().get("/api/v1/articles?limit=1").send().await.expect(200);
    let form = json!({
        "language": "ar", "headline": like.at("/items/0/headline"), "bodyHtml": "<p>نص قصير عن شيء جديد كل الجدة</p>",
        "sectionId": like.at("/items/0/section/id"), "sources": [{ "sourceId": like.at("/items/0/sources/0/sourceId") }],
    });
    let publish = async || {
        let made = editor.post("/api/v1/newsroom/articles").json(&form).send().await.expect(201);
        let publish = format!("/api/v1/newsroom/articles/{}/publish", made.text("/id"));
        editor.post(&publish).if_match("\"1\"").json(&json!({})).send().await.expect(200);
    };
    let ((), statements) = app.statements_of(publish()).await;
    let mut conn = app.sql();
    statements.iter().filter_map(|statement| against(&mut conn, statement, ROWS_MAX)).collect()
}

#[actix_web::test]
async fn nothing_reads_through_the_archive() {
    let app = made(ARTICLES, COMMENTS, 1).await;
    if let conn @ Conn::Postgres(_) = &mut app.sql() {
        conn.batch_execute("ANALYZE").unwrap();
    }
    let mut wrong = Vec::new();
    for path in questions(&app).await {
        // A ranking reads what it ranks, which has a bound of its own.
        let is_page = path.contains("/articles?") && !path.contains("sort=most");
        let rows_max = if is_page { ROWS_MAX } else { f64::INFINITY };
        wrong.extend(faults(&app, &path, rows_max).await);
    }
    wrong.extend(of_publishing(&app).await);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
