//! The site as clients write and read it.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{ByLanguage, CommentPolicy, Fallbacks, Feed, HEADLINE_MAX, Site, SocialLink};
use crate::discussion::{DiscussionRules, DiscussionView};
use crate::fault::{Fault, Faults};
use crate::lint::LintRules;
use crate::text::{Language, safe, terms};

/// What became of the site.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what the change says")]
pub struct SiteEvent {
    /// Its name.
    #[schema(example = "هيا")]
    name: String,
}

/// The longest name, in graphemes.
const NAME_MAX: usize = 200;
/// The longest tagline, in graphemes.
const TAGLINE_MAX: usize = 500;
/// Languages that one falls back on at most.
const FALLBACKS_MAX: usize = 10;
/// Words that stand for each other at most.
const SYNONYMS_MAX: usize = 10;
/// The longest label or heading, in graphemes.
const LABEL_MAX: usize = 100;

/// The site as it is written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SiteIn {
    /// Its name.
    #[schema(example = "هيا")]
    pub name: String,
    /// What it says below its name.
    #[serde(default)]
    #[schema(example = "الخبر أولًا")]
    pub tagline: Option<String>,
    /// What it writes in (BCP 47), the default first.
    #[schema(min_items = 1, max_items = 20, example = json!(["ar", "en"]))]
    pub languages: Vec<String>,
    /// Where its clock hangs (IANA).
    #[schema(example = "America/New_York")]
    pub time_zone: String,
    /// By language, what datelines call the zone, where not by its city.
    #[serde(default)]
    #[schema(example = json!({ "ar": "نيويورك" }))]
    pub zone_labels: BTreeMap<String, String>,
    /// By language, what stands above the latest news.
    #[serde(default)]
    #[schema(example = json!({ "ar": "أحدث الأخبار" }))]
    pub latest_heading: BTreeMap<String, String>,
    /// By language, what stands before breaking news.
    #[serde(default)]
    #[schema(example = json!({ "ar": "عاجل" }))]
    pub breaking_label: BTreeMap<String, String>,
    /// Where else it is, in order.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub social_links: Vec<SocialLink>,
    /// Its feeds, in order.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub feeds: Vec<Feed>,
    /// Who may comment, and when it shows.
    #[serde(default = "premoderated")]
    #[schema(default = "premoderated")]
    pub comment_policy: CommentPolicy,
    /// By language, in which others its readers are served what there is not in it, the first choice first. None falls back
    /// on itself.
    #[serde(default)]
    #[schema(example = json!({ "ar-SY": ["ar", "en"] }))]
    pub language_fallbacks: BTreeMap<String, Vec<String>>,
    /// What becomes of articles with something to look at: by its code `off`, `warn` or `refuse`.
    #[serde(default)]
    pub lint: LintRules,
    /// How many characters a headline may have before it is `headline_too_long`.
    #[serde(default = "headline_max")]
    #[schema(minimum = 10, maximum = 300, default = 90, example = 90)]
    pub headline_max: usize,
    /// How its readers talk.
    #[serde(default)]
    pub discussion: DiscussionRules,
    /// Words that search takes for one, two to ten in each line: spellings of a name, a plural beside its singular.
    #[serde(default)]
    #[schema(max_items = 200, example = json!(["أميركا أمريكا", "وزير وزراء"]))]
    pub search_synonyms: Vec<String>,
}

const fn headline_max() -> usize {
    HEADLINE_MAX
}

const fn premoderated() -> CommentPolicy {
    CommentPolicy::Premoderated
}

impl SiteIn {
    /// The site that somebody asks for, or everything that is wrong with it.
    pub fn checked(self) -> Result<Site, Faults> {
        let mut faults = Faults::new();
        check_fallbacks(&mut faults, &self.language_fallbacks);
        match self.parse() {
            Ok(site) => faults.finish(Some(site)),
            Err(others) => Err(Faults(others.0.into_iter().chain(faults.0).collect())),
        }
    }

    /// The site that the form describes, or everything that is wrong with it.
    pub fn parse(self) -> Result<Site, Faults> {
        let Self {
            name,
            tagline,
            languages,
            time_zone,
            zone_labels,
            latest_heading,
            breaking_label,
            social_links,
            feeds,
            comment_policy,
            language_fallbacks,
            lint,
            headline_max,
            discussion,
            search_synonyms,
        } = self;
        let mut faults = Faults::new();
        let name = faults.take("/name", safe::name(&name, NAME_MAX));
        let tagline = faults.take("/tagline", safe::optional_line(tagline.as_deref(), TAGLINE_MAX));
        let languages = parse_languages(&mut faults, "/languages", &languages);
        let language_fallbacks = parse_fallbacks(&mut faults, &language_fallbacks);
        let time_zone = faults.take("/timeZone", parse_zone(&time_zone));
        let zone_labels = parse_texts(&mut faults, "/zoneLabels", &zone_labels);
        let latest_heading = parse_texts(&mut faults, "/latestHeading", &latest_heading);
        let breaking_label = parse_texts(&mut faults, "/breakingLabel", &breaking_label);
        let addresses = social_links.iter().enumerate().filter_map(|(n, link)| Some((n, link.url.as_deref()?)));
        check_urls(&mut faults, "/socialLinks", addresses);
        check_urls(&mut faults, "/feeds", feeds.iter().map(|feed| feed.url.as_str()).enumerate());
        discussion.check(&mut faults, "/discussion");
        let search_synonyms = check_synonyms(&mut faults, &search_synonyms);
        let built = || {
            Some(Site {
                name: name?,
                tagline: tagline?,
                languages,
                time_zone: time_zone?,
                zone_labels,
                latest_heading,
                breaking_label,
                social_links,
                feeds,
                comment_policy,
                language_fallbacks,
                lint,
                headline_max,
                discussion,
                search_synonyms,
                version: 0,
                updated_at: None,
            })
        };
        faults.finish(built())
    }
}

/// Refuses a language that is served where there is nothing in it. What was kept before is served as it always was.
fn check_fallbacks(faults: &mut Faults, fallbacks: &BTreeMap<String, Vec<String>>) {
    let mut seen = Vec::new();
    for (tag, others) in fallbacks {
        // What is no language is refused elsewhere.
        let Ok(language) = Language::parse(tag) else { continue };
        let at = below("/languageFallbacks", tag);
        for (n, other) in others.iter().enumerate() {
            if Language::parse(other).is_ok_and(|other| other == language) {
                faults.add(format!("{at}/{n}"), Fault::Loop);
            }
        }
        if seen.contains(&language) {
            faults.add(at, Fault::Repeated);
        }
        seen.push(language);
    }
}

fn parse_languages(faults: &mut Faults, pointer: &str, tags: &[String]) -> Vec<Language> {
    let mut languages = Vec::new();
    for (n, tag) in tags.iter().enumerate() {
        let once = |language| if languages.contains(&language) { Err(Fault::Repeated) } else { Ok(language) };
        let language = faults.take(format!("{pointer}/{n}"), Language::parse(tag).and_then(once));
        languages.extend(language);
    }
    languages
}

fn parse_fallbacks(faults: &mut Faults, fallbacks: &BTreeMap<String, Vec<String>>) -> Fallbacks {
    let mut parsed = Fallbacks::new();
    for (tag, others) in fallbacks {
        let at = below("/languageFallbacks", tag);
        if others.len() > FALLBACKS_MAX {
            faults.add(at.clone(), Fault::TooLong(FALLBACKS_MAX));
        }
        let others = parse_languages(faults, &at, others);
        parsed.extend(faults.take(at, Language::parse(tag)).map(|language| (language, others)));
    }
    parsed
}

/// The pointer to what a map holds under a key.
fn below(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// The zone of a name in the IANA time zone database.
pub(super) fn parse_zone(name: &str) -> Result<TimeZone, Fault> {
    let zone = TimeZone::get(name).ok().filter(|zone| !zone.is_unknown());
    zone.ok_or(Fault::NotATimeZone)
}

/// Lines of words that stand for each other.
fn check_synonyms(faults: &mut Faults, lines: &[String]) -> Vec<String> {
    let mut checked = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        let at = format!("/searchSynonyms/{n}");
        match terms::words(line).len() {
            0 | 1 => faults.add(at.clone(), Fault::TooShort(2)),
            2..=SYNONYMS_MAX => {}
            _ => faults.add(at.clone(), Fault::TooLong(SYNONYMS_MAX)),
        }
        checked.extend(faults.take(at, safe::line(line, NAME_MAX)));
    }
    checked
}

fn parse_texts(faults: &mut Faults, pointer: &str, texts: &BTreeMap<String, String>) -> ByLanguage {
    let mut parsed = ByLanguage::new();
    for (tag, text) in texts {
        let at = below(pointer, tag);
        let language = faults.take(at.clone(), Language::parse(tag));
        let text = faults.take(at, safe::line(text, LABEL_MAX));
        parsed.extend(language.zip(text));
    }
    parsed
}

fn check_urls<'u>(faults: &mut Faults, pointer: &str, urls: impl Iterator<Item = (usize, &'u str)>) {
    for (n, url) in urls {
        faults.take(format!("{pointer}/{n}/url"), safe::url(url));
    }
}

impl From<Site> for SiteIn {
    fn from(site: Site) -> Self {
        let NewsroomSiteView { site, lint, headline_max, discussion, search_synonyms } = site.into();
        let SiteView {
            name,
            tagline,
            languages,
            time_zone,
            zone_labels,
            latest_heading,
            breaking_label,
            social_links,
            feeds,
            comment_policy,
            language_fallbacks,
            comment_rules: _,
        } = site;
        let tags = |languages: Vec<Language>| languages.iter().map(Language::to_string).collect();
        let texts =
            |texts: ByLanguage| texts.into_iter().map(|(language, text)| (language.to_string(), text)).collect();
        Self {
            name,
            tagline,
            languages: tags(languages),
            time_zone,
            zone_labels: texts(zone_labels),
            latest_heading: texts(latest_heading),
            breaking_label: texts(breaking_label),
            social_links,
            feeds,
            comment_policy,
            language_fallbacks: language_fallbacks
                .into_iter()
                .map(|(language, others)| (language.to_string(), tags(others)))
                .collect(),
            lint,
            headline_max,
            discussion,
            search_synonyms,
        }
    }
}

/// The site as it is read.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SiteView {
    /// Its name.
    #[schema(example = "هيا")]
    pub name: String,
    /// What it says below its name.
    #[schema(example = "الخبر أولًا")]
    pub tagline: Option<String>,
    /// What it writes in (BCP 47), the default first.
    #[schema(example = json!(["ar", "en"]))]
    pub languages: Vec<Language>,
    /// Where its clock hangs (IANA).
    #[schema(example = "America/New_York")]
    pub time_zone: String,
    /// By language, what datelines call the zone, where not by its city.
    #[schema(example = json!({ "ar": "نيويورك" }))]
    pub zone_labels: BTreeMap<Language, String>,
    /// By language, what stands above the latest news.
    #[schema(example = json!({ "ar": "أحدث الأخبار" }))]
    pub latest_heading: BTreeMap<Language, String>,
    /// By language, what stands before breaking news.
    #[schema(example = json!({ "ar": "عاجل" }))]
    pub breaking_label: BTreeMap<Language, String>,
    /// Where else it is, in order.
    pub social_links: Vec<SocialLink>,
    /// Its feeds, in order.
    pub feeds: Vec<Feed>,
    /// Who may comment, and when it shows.
    pub comment_policy: CommentPolicy,
    /// By language, in which others its readers are served what there is not in it, the first choice first.
    #[schema(example = json!({ "ar-SY": ["ar", "en"] }))]
    pub language_fallbacks: BTreeMap<Language, Vec<Language>>,
    /// What readers can do with comments.
    pub comment_rules: DiscussionView,
}

impl From<Site> for SiteView {
    fn from(site: Site) -> Self {
        let Site {
            name,
            tagline,
            languages,
            time_zone,
            zone_labels,
            latest_heading,
            breaking_label,
            social_links,
            feeds,
            comment_policy,
            language_fallbacks,
            lint: _,
            headline_max: _,
            discussion,
            search_synonyms: _,
            version: _,
            updated_at: _,
        } = site;
        Self {
            name,
            tagline,
            languages,
            // Every zone that `parse_zone` takes has a name.
            time_zone: time_zone.iana_name().unwrap_or("UTC").to_owned(),
            zone_labels,
            latest_heading,
            breaking_label,
            social_links,
            feeds,
            comment_policy,
            language_fallbacks,
            comment_rules: (&discussion).into(),
        }
    }
}

/// The site as the newsroom reads it: what everyone may know, and how it is worked there.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewsroomSiteView {
    /// What everyone may know.
    #[serde(flatten)]
    pub site: SiteView,
    /// What becomes of articles with something to look at, by its code.
    pub lint: LintRules,
    /// How many characters a headline may have before it is `headline_too_long`.
    #[schema(example = 90)]
    pub headline_max: usize,
    /// How its readers talk.
    pub discussion: DiscussionRules,
    /// Words that search takes for one.
    #[schema(example = json!(["أميركا أمريكا", "وزير وزراء"]))]
    pub search_synonyms: Vec<String>,
}

impl From<Site> for NewsroomSiteView {
    fn from(site: Site) -> Self {
        let (lint, headline_max, discussion) = (site.lint, site.headline_max, site.discussion.clone());
        let search_synonyms = site.search_synonyms.clone();
        Self { site: site.into(), lint, headline_max, discussion, search_synonyms }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::{Value, json};

    fn parsed(change: &Value) -> Result<Site, Vec<(String, Fault)>> {
        let mut form = json!({ "name": "هيا", "languages": ["ar"], "timeZone": "America/New_York" });
        form.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let form: SiteIn = serde_json::from_value(form).unwrap();
        let faults = |faults: Faults| faults.0.into_iter().map(|error| (error.pointer, error.fault)).collect();
        form.checked().map_err(faults)
    }

    #[test]
    fn what_is_written_is_read_back_in_canonical_form() {
        let site = parsed(&json!({
            "languages": ["AR-sy", "en"],
            "timeZone": "america/new_york",
            "zoneLabels": { "AR": " نيويورك " },
            "socialLinks": [{ "network": "google+" }, { "network": "rss", "url": "https://news.example/rss" }],
        }))
        .unwrap();
        let form = SiteIn::from(site.clone());
        assert_eq!(form.languages, ["ar-SY", "en"]);
        assert_eq!(form.time_zone, "America/New_York");
        assert_eq!(form.comment_policy, CommentPolicy::Premoderated);
        assert_eq!(site.zone_label(&site.language()), Some("نيويورك"));
        assert_eq!(form.parse().unwrap(), site);
    }

    #[test]
    fn languages_may_fall_back_on_each_other_and_what_was_kept_is_read() {
        let fallbacks = json!({ "languageFallbacks": { "ar": ["en"], "en": ["ar"] } });
        assert_eq!(parsed(&fallbacks).unwrap().language_fallbacks.len(), 2, "nobody is led on from there");
        let form = SiteIn {
            language_fallbacks: BTreeMap::from([("ar".into(), vec!["ar".into()])]),
            ..parsed(&json!({})).unwrap().into()
        };
        assert!(form.clone().checked().is_err() && form.parse().is_ok());
    }

    #[test]
    fn the_untouched_site_is_a_good_one() {
        let site = Site::untouched();
        assert_eq!(SiteIn::from(site.clone()).parse().unwrap(), site);
    }

    #[test]
    fn every_bad_field_is_named() {
        let at = |pointer: &str, fault| (pointer.to_owned(), fault);
        let cases = [
            (json!({ "name": " " }), vec![at("/name", Fault::Blank)]),
            (
                json!({ "languages": ["ar", "ar_SY", "AR"] }),
                vec![at("/languages/1", Fault::NotALanguage), at("/languages/2", Fault::Repeated)],
            ),
            (json!({ "timeZone": "Etc/Unknown" }), vec![at("/timeZone", Fault::NotATimeZone)]),
            (json!({ "timeZone": "Mars/Olympus" }), vec![at("/timeZone", Fault::NotATimeZone)]),
            (json!({ "timeZone": "../../etc/passwd" }), vec![at("/timeZone", Fault::NotATimeZone)]),
            (
                json!({ "latestHeading": { "a/b": "أحدث الأخبار", "en": "" } }),
                vec![at("/latestHeading/a~1b", Fault::NotALanguage), at("/latestHeading/en", Fault::Blank)],
            ),
            (
                json!({
                    "socialLinks": [{ "network": "facebook" }, { "network": "rss", "url": "news.example" }],
                    "feeds": [{ "kind": "rss", "url": "javascript:1" }],
                }),
                vec![at("/socialLinks/1/url", Fault::NotAUrl), at("/feeds/0/url", Fault::NotAUrl)],
            ),
            (
                json!({ "languageFallbacks": { "AR": ["en"], "ar": ["fr", "AR"], "en": ["ar", "ar"], "x y": ["x y"] } }),
                vec![
                    at("/languageFallbacks/en/1", Fault::Repeated),
                    at("/languageFallbacks/x y/0", Fault::NotALanguage),
                    at("/languageFallbacks/x y", Fault::NotALanguage),
                    at("/languageFallbacks/ar/1", Fault::Loop),
                    at("/languageFallbacks/ar", Fault::Repeated),
                ],
            ),
        ];
        for (change, expected) in cases {
            assert_eq!(parsed(&change).unwrap_err(), expected, "{change}");
        }
    }
}
