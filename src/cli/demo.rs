//! The demonstration newsroom: the front page of an Arabic news site, made the way a newsroom makes it. A
//! journalist writes the article, an editor approves and publishes it and issues the alerts.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::person::{self, Person};
use super::{Failure, readable};
use crate::alerts;
use crate::alerts::dto::Dispatch;
use crate::app::{App, Tx};
use crate::articles::dto::ArticleIn;
use crate::articles::{self, Draft, Notes, Order, Step};
use crate::auth::Role;
use crate::auth::actions::{DraftAlerts, IssueAlerts, ManageRecords, PublishArticles, WriteArticles};
use crate::http::Expected;
use crate::ids::RecordId;
use crate::problem::Problem;
use crate::records;
use crate::sections::dto::SectionIn;
use crate::sources::dto::SourceIn;
use crate::time::UtcTime;

/// The page, as data.
const PAGE: &str = include_str!("../../tests/fixtures/seed_page.json");
/// When the alerts of the demonstration leave the ticker.
const FAR: &str = "2999-12-31T00:00:00Z";

#[derive(Deserialize)]
struct Page {
    language: String,
    site: PageSite,
    social_links: Vec<PageLink>,
    latest_heading: String,
    breaking: Breaking,
    article: PageArticle,
}

/// A link of which the page shows only the network.
#[derive(Deserialize, Serialize)]
struct PageLink {
    network: String,
}

#[derive(Deserialize)]
struct PageSite {
    name: String,
    timezone: String,
    timezone_label_ar: String,
}

#[derive(Deserialize)]
struct Breaking {
    label: String,
    headlines: Vec<String>,
}

#[derive(Deserialize)]
struct PageArticle {
    published_at: UtcTime,
    title: String,
    image: Image,
    source_line_raw: String,
    source_label: String,
    sources: Vec<PageSource>,
    body_paragraphs: Vec<String>,
}

#[derive(Deserialize)]
struct Image {
    alt: String,
}

#[derive(Deserialize)]
struct PageSource {
    name: String,
    kind: String,
}

/// Loads the demonstration newsroom into an empty database. False when somebody works there already.
pub(super) async fn load(app: &App) -> Result<bool, Failure> {
    if person::is_anybody_here(app).await.map_err(readable)? {
        return Ok(false);
    }
    let page: Page = serde_json::from_str(PAGE)?;
    let people = fill(app, page).await.map_err(readable)?;
    introduce(app, &people);
    Ok(true)
}

/// The people who make the demonstration, at work.
struct Desk<'a> {
    app: &'a App,
    editor: &'a Person,
    journalist: &'a Person,
    language: String,
}

/// What an article is filed under and credits.
struct Catalogue {
    sources: Vec<RecordId>,
    section: RecordId,
}

async fn fill(app: &App, page: Page) -> Result<Vec<Person>, Problem> {
    let mut people = Vec::new();
    for (role, name) in [
        (Role::Admin, "مديرة الموقع"),
        (Role::Editor, "رئيس التحرير"),
        (Role::Journalist, "مراسلة"),
        (Role::Moderator, "مشرف التعليقات"),
        (Role::Reader, "قارئة"),
    ] {
        people.push(Person::hire(app, role, name).await?);
    }
    let [admin, editor, journalist, ..] = people.as_slice() else {
        return Err(Problem::internal("the demonstration lacks people"));
    };
    let Page { language, site, social_links, latest_heading, breaking, article } = page;
    let settings = json!({
        "name": site.name,
        "languages": [language],
        "timeZone": site.timezone,
        "zoneLabels": { (language.clone()): site.timezone_label_ar },
        "latestHeading": { (language.clone()): latest_heading },
        "breakingLabel": { (language.clone()): breaking.label },
        "socialLinks": social_links,
    });
    let desk = Desk { app, editor, journalist, language };
    admin.furnish(app, settings).await?;
    let catalogue = desk.catalogue(&article).await?;
    desk.publish(article, catalogue).await?;
    desk.issue(breaking.headlines).await?;
    Ok(people)
}

impl Desk<'_> {
    /// Makes the sources that the article credits, in order, and a section for it.
    async fn catalogue(&self, article: &PageArticle) -> Result<Catalogue, Problem> {
        let permit = self.editor.permit::<ManageRecords>()?;
        let kind = |kind: &str| if kind == "own_desk" { "own" } else { "agency" };
        let form = |source: &PageSource| json!({ "name": source.name, "kind": kind(&source.kind) });
        let sources: Vec<SourceIn> =
            article.sources.iter().map(|source| serde_json::from_value(form(source))).collect::<Result<_, _>>()?;
        let section: SectionIn = serde_json::from_value(json!({ "name": "العالم", "names": { "en": "World" } }))?;
        self.app
            .write(self.editor.actor(), move |tx| {
                let made: Result<Vec<RecordId>, Problem> =
                    sources.into_iter().map(|form| Ok(records::create(tx, &permit, form)?.id)).collect();
                Ok(Catalogue { sources: made?, section: records::create(tx, &permit, section)?.id })
            })
            .await
    }

    /// Takes the article through the newsroom: written and submitted by one, approved and published by another.
    async fn publish(&self, article: PageArticle, catalogue: Catalogue) -> Result<(), Problem> {
        let date_published = Some(article.published_at);
        let form = self.article_form(article, &catalogue)?;
        let permit = self.journalist.permit::<WriteArticles>()?;
        let order =
            |id, version, step| Order { id, expected: Expected::version(version), step, notes: Notes::default() };
        let id = self
            .app
            .write(self.journalist.actor(), move |tx| {
                let id = articles::create(tx, &permit, Draft::of(form)?)?.id();
                articles::write_step(tx, &permit, order(id, 1, Step::Submit))?;
                Ok(id)
            })
            .await?;
        let permit = self.editor.permit::<PublishArticles>()?;
        self.app
            .write(self.editor.actor(), move |tx| {
                articles::editor_step(tx, &permit, order(id, 2, Step::Approve))?;
                let notes = Notes { date_published, ..Notes::default() };
                articles::editor_step(tx, &permit, Order { notes, ..order(id, 3, Step::Publish) })
            })
            .await?;
        Ok(())
    }

    fn article_form(&self, article: PageArticle, catalogue: &Catalogue) -> Result<ArticleIn, Problem> {
        let PageArticle { title, image, source_line_raw, source_label, body_paragraphs, .. } = article;
        let credit = source_line_raw.trim_start_matches(&source_label).trim_start_matches([' ', '/']);
        let paragraph = |text: &String| json!({ "_type": "block", "children": [{ "_type": "span", "text": text }] });
        Ok(serde_json::from_value(json!({
            "language": self.language,
            "headline": title,
            "body": body_paragraphs.iter().map(paragraph).collect::<Vec<_>>(),
            "sources": catalogue.sources.iter().map(|id| json!({ "sourceId": id })).collect::<Vec<_>>(),
            "creditText": credit,
            "sectionId": catalogue.section,
            "leadMedia": { "alt": image.alt },
        }))?)
    }

    /// Issues the alerts, the last of the ticker first: among equals the newest stands in front.
    async fn issue(&self, headlines: Vec<String>) -> Result<(), Problem> {
        for headline in headlines.into_iter().rev() {
            let (drafting, issuing) = (self.editor.permit::<DraftAlerts>()?, self.editor.permit::<IssueAlerts>()?);
            let form = json!({ "headline": headline, "language": self.language, "expires": FAR });
            let form = serde_json::from_value(form)?;
            let send = move |tx: &mut Tx<'_>| {
                let draft = alerts::draft(tx, &drafting, form)?.alert;
                let place = alerts::Place { id: draft.id, expected: Expected::version(draft.version) };
                alerts::issue(tx, &issuing, &place, Dispatch::default())
            };
            self.app.write(self.editor.actor(), send).await?;
        }
        Ok(())
    }
}

/// Says who can sign in, and what to try.
fn introduce(app: &App, people: &[Person]) {
    let url = &app.config().public_url;
    println!("The demonstration newsroom is open. Its accounts, whose passwords are shown only this once:\n");
    for person in people {
        println!("{person}");
    }
    println!("\nTry:\n");
    println!("curl -s {url}/api/v1/site");
    println!("curl -s {url}/api/v1/alerts");
    println!("curl -s {url}/api/v1/articles");
    println!("curl -s {url}/api/v1/articles/بوتين-يدعو-لمحادثات-أرمينية-أذربيجانية-في-موسكو");
    if let Some(Person { email, password, .. }) = people.iter().find(|person| person.user.role == Role::Journalist) {
        println!(
            "curl -s {url}/api/v1/newsroom/articles -H \"Authorization: Bearer $(curl -s {url}/api/v1/auth/login \
             -H 'Content-Type: application/json' -d '{{\"email\":\"{email}\",\"password\":\"{password}\"}}' \
             | sed -E 's/.*\"accessToken\":\"([^\"]+)\".*/\\1/')\""
        );
    }
    println!();
}
