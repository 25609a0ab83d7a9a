//! A source as clients write and read it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fault::Faults;
use crate::ids::RecordId;
use crate::records::{Kind, Mergeable, Names, Noun, Record, active, check_names, getters};
use crate::text::safe;
use crate::text_enum;
use crate::time::UtcTime;

text_enum! {
    /// What kind of source it is.
    pub enum SourceKind {
        /// The newsroom itself.
        Own = "own",
        /// A news agency, or agencies in general.
        Agency = "agency",
        /// A newspaper or site.
        Publisher = "publisher",
        /// Radio or television.
        Broadcaster = "broadcaster",
        /// A government, court or company.
        Official = "official",
        /// Social media.
        Social = "social",
        /// Anything else.
        Other = "other",
    }
}

/// The longest credit line or terms, in graphemes.
const LINE_MAX: usize = 500;

/// A source as it is written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceIn {
    /// The name in the site's own language.
    #[schema(example = "وكالات")]
    pub name: String,
    /// The name in other languages.
    #[serde(default)]
    #[schema(example = json!({ "en": "Agencies" }))]
    pub names: Names,
    /// The readable part of its address; made from the name when absent.
    #[serde(default)]
    #[schema(example = "وكالات")]
    pub slug: Option<String>,
    /// What kind of source it is.
    pub kind: SourceKind,
    /// Its home page.
    #[serde(default)]
    #[schema(example = "https://agency.example/")]
    pub uri: Option<String>,
    /// How it wants to be credited.
    #[serde(default)]
    #[schema(example = "وكالات")]
    pub credit_line: Option<String>,
    /// What its texts may be used for.
    #[serde(default)]
    #[schema(example = "No archive use after 30 days.")]
    pub usage_terms: Option<String>,
    /// Whether new articles may credit it.
    #[serde(default = "active")]
    #[schema(default = true, example = true)]
    pub is_active: bool,
}

impl Noun for SourceIn {
    type View = SourceView;
    type NewsroomView = NewsroomSourceView;
    const KIND: Kind = Kind::Source;
    const TOPICS: [&'static str; 3] = ["source.created", "source.updated", "source.deleted"];

    fn checked(self) -> Result<Self, Faults> {
        let Self { name, names, slug, kind, uri, credit_line, usage_terms, is_active } = self;
        let mut faults = Faults::new();
        let checked = check_names(&mut faults, &name, &names, slug.as_deref());
        let uri = faults.take("/uri", uri.as_deref().map(safe::url).transpose());
        let credit_line = faults.take("/creditLine", safe::optional_line(credit_line.as_deref(), LINE_MAX));
        let usage_terms = faults.take("/usageTerms", safe::optional_line(usage_terms.as_deref(), LINE_MAX));
        let built = || {
            let (name, names) = checked?;
            Some(Self {
                name,
                names,
                slug,
                kind,
                uri: uri?,
                credit_line: credit_line?,
                usage_terms: usage_terms?,
                is_active,
            })
        };
        faults.finish(built())
    }

    getters!();
}

impl Mergeable for SourceIn {
    const MERGED: &'static str = "source.merged";
}

/// A source as it is read.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceView {
    /// Its id.
    pub id: RecordId,
    /// The readable part of its address.
    #[schema(example = "وكالات")]
    pub slug: String,
    /// The name in the site's own language.
    #[schema(example = "وكالات")]
    pub name: String,
    /// The name in other languages.
    #[schema(example = json!({ "en": "Agencies" }))]
    pub names: Names,
    /// What kind of source it is.
    pub kind: SourceKind,
    /// Its home page.
    #[schema(example = "https://agency.example/")]
    pub uri: Option<String>,
    /// How it wants to be credited.
    #[schema(example = "وكالات")]
    pub credit_line: Option<String>,
    /// What its texts may be used for.
    #[schema(example = "No archive use after 30 days.")]
    pub usage_terms: Option<String>,
    /// Whether new articles may credit it.
    #[schema(example = true)]
    pub is_active: bool,
    /// When it was made.
    pub date_created: UtcTime,
    /// When it was last changed.
    pub date_modified: UtcTime,
}

impl From<Record<SourceIn>> for SourceView {
    fn from(record: Record<SourceIn>) -> Self {
        let Record { id, form, version: _, created_at, updated_at, merged_into: _ } = record;
        let SourceIn { name, names, slug, kind, uri, credit_line, usage_terms, is_active } = form;
        Self {
            id,
            slug: slug.unwrap_or_default(),
            name,
            names,
            kind,
            uri,
            credit_line,
            usage_terms,
            is_active,
            date_created: created_at,
            date_modified: updated_at,
        }
    }
}

/// A source as the newsroom reads it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewsroomSourceView {
    /// What everyone reads.
    #[serde(flatten)]
    pub source: SourceView,
    /// The one that took its place.
    #[schema(example = json!(null))]
    pub merged_into: Option<RecordId>,
}

impl From<Record<SourceIn>> for NewsroomSourceView {
    fn from(record: Record<SourceIn>) -> Self {
        let merged_into = record.merged_into;
        Self { source: record.into(), merged_into }
    }
}
