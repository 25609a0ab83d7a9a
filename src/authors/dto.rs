//! An author as clients write and read it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fault::Faults;
use crate::ids::{RecordId, UserId};
use crate::records::{Kind, Mergeable, Names, Noun, Record, active, check_names, getters};
use crate::text::safe;
use crate::time::UtcTime;

/// The longest job title, in graphemes.
const JOB_TITLE_MAX: usize = 200;
/// The longest biography, in graphemes.
const BIOGRAPHY_MAX: usize = 5000;

/// An author as it is written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthorIn {
    /// The name in the site's own language.
    #[schema(example = "ليلى حداد")]
    pub name: String,
    /// The name in other languages.
    #[serde(default)]
    #[schema(example = json!({ "en": "Layla Haddad" }))]
    pub names: Names,
    /// The readable part of its address; made from the name when absent.
    #[serde(default)]
    #[schema(example = "ليلى-حداد")]
    pub slug: Option<String>,
    /// What the author does in the newsroom.
    #[serde(default)]
    #[schema(example = "مراسلة في موسكو")]
    pub job_title: Option<String>,
    /// A few sentences about the author.
    #[serde(default)]
    #[schema(example = "تغطي روسيا والقوقاز منذ عام 2008.")]
    pub biography: Option<String>,
    /// The author's own page.
    #[serde(default)]
    #[schema(example = "https://haddad.example/")]
    pub uri: Option<String>,
    /// A portrait.
    #[serde(default)]
    #[schema(example = "https://images.example/haddad.jpg")]
    pub image_url: Option<String>,
    /// Where readers may write to; everyone sees it.
    #[serde(default)]
    #[schema(example = "haddad@news.example")]
    pub email: Option<String>,
    /// The author's account, if there is one. Only the newsroom learns of it; no account has two authors.
    #[serde(default)]
    #[schema(example = json!(null))]
    pub user_id: Option<UserId>,
    /// Whether new articles may name the author.
    #[serde(default = "active")]
    #[schema(default = true, example = true)]
    pub is_active: bool,
}

impl Noun for AuthorIn {
    type View = AuthorView;
    type NewsroomView = NewsroomAuthorView;
    const KIND: Kind = Kind::Author;
    const TOPICS: [&'static str; 3] = ["author.created", "author.updated", "author.deleted"];

    fn checked(self) -> Result<Self, Faults> {
        let Self { name, names, slug, job_title, biography, uri, image_url, email, user_id, is_active } = self;
        let mut faults = Faults::new();
        let checked = check_names(&mut faults, &name, &names, slug.as_deref());
        let job_title = faults.take("/jobTitle", safe::optional_line(job_title.as_deref(), JOB_TITLE_MAX));
        let biography = faults.take("/biography", safe::optional_paragraph(biography.as_deref(), BIOGRAPHY_MAX));
        let uri = faults.take("/uri", uri.as_deref().map(safe::url).transpose());
        let image_url = faults.take("/imageUrl", image_url.as_deref().map(safe::url).transpose());
        let email = faults.take("/email", email.as_deref().map(safe::email).transpose());
        let built = || {
            let (name, names) = checked?;
            let (job_title, biography) = (job_title?, biography?);
            let (uri, image_url, email) = (uri?, image_url?, email?);
            Some(Self { name, names, slug, job_title, biography, uri, image_url, email, user_id, is_active })
        };
        faults.finish(built())
    }

    getters!();

    fn user(&self) -> Option<UserId> {
        self.user_id
    }
}

impl Mergeable for AuthorIn {
    const MERGED: &'static str = "author.merged";
}

/// An author as it is read.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthorView {
    /// Its id.
    pub id: RecordId,
    /// The readable part of its address.
    #[schema(example = "ليلى-حداد")]
    pub slug: String,
    /// The name in the site's own language.
    #[schema(example = "ليلى حداد")]
    pub name: String,
    /// The name in other languages.
    #[schema(example = json!({ "en": "Layla Haddad" }))]
    pub names: Names,
    /// What the author does in the newsroom.
    #[schema(example = "مراسلة في موسكو")]
    pub job_title: Option<String>,
    /// A few sentences about the author.
    #[schema(example = "تغطي روسيا والقوقاز منذ عام 2008.")]
    pub biography: Option<String>,
    /// The author's own page.
    #[schema(example = "https://haddad.example/")]
    pub uri: Option<String>,
    /// A portrait.
    #[schema(example = "https://images.example/haddad.jpg")]
    pub image_url: Option<String>,
    /// Where readers may write to.
    #[schema(example = "haddad@news.example")]
    pub email: Option<String>,
    /// Whether new articles may name the author.
    #[schema(example = true)]
    pub is_active: bool,
    /// When it was made.
    pub date_created: UtcTime,
    /// When it was last changed.
    pub date_modified: UtcTime,
}

impl From<Record<AuthorIn>> for AuthorView {
    fn from(record: Record<AuthorIn>) -> Self {
        let Record { id, form, version: _, created_at, updated_at, merged_into: _ } = record;
        let AuthorIn { name, names, slug, job_title, biography, uri, image_url, email, user_id: _, is_active } = form;
        Self {
            id,
            slug: slug.unwrap_or_default(),
            name,
            names,
            job_title,
            biography,
            uri,
            image_url,
            email,
            is_active,
            date_created: created_at,
            date_modified: updated_at,
        }
    }
}

/// An author as the newsroom reads it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewsroomAuthorView {
    /// What everyone reads.
    #[serde(flatten)]
    pub author: AuthorView,
    /// The author's account.
    #[schema(example = json!(null))]
    pub user_id: Option<UserId>,
    /// The one that took its place.
    #[schema(example = json!(null))]
    pub merged_into: Option<RecordId>,
}

impl From<Record<AuthorIn>> for NewsroomAuthorView {
    fn from(record: Record<AuthorIn>) -> Self {
        let merged_into = record.merged_into;
        // The account was let go with the merge.
        let user_id = record.form.user_id.filter(|_| merged_into.is_none());
        Self { author: record.into(), user_id, merged_into }
    }
}
