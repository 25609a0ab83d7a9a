//! What was put right in public: each correction belongs to the revision that made it, and shows with it and all later
//! ones. None is ever taken away.

mod store;

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::app::{Read, Tx};
use crate::ids::ArticleId;
use crate::problem::Problem;
use crate::text_enum;
use crate::time::UtcTime;

text_enum! {
    /// What a correction does.
    #[schema(example = "correction")]
    pub enum CorrectionKind {
        /// Something was wrong.
        Correction = "correction",
        /// Something could be misread.
        Clarification = "clarification",
        /// Something has happened since.
        Update = "update",
        /// What the article said does not hold.
        Retraction = "retraction",
    }
}

/// Something that was put right, as everyone may read it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CorrectionView {
    /// What it does.
    #[serde(rename = "type")]
    pub kind: CorrectionKind,
    /// What was wrong, and what is right.
    #[schema(example = "ذكرت نسخة سابقة أن اللقاء يوم الخميس، والصحيح يوم الجمعة.")]
    pub text: String,
    /// When.
    pub at: UtcTime,
    /// The revision that made it.
    #[schema(example = 5)]
    pub version: i64,
}

/// Adds a correction to the revision that makes it.
pub(super) fn add(
    tx: &mut Tx<'_>,
    article_id: ArticleId,
    version: i64,
    (kind, text): (CorrectionKind, String),
) -> Result<(), Problem> {
    let row = store::Row { id: tx.next_id(), article_id, version, kind, text, created_at: tx.now };
    store::insert(tx.conn, &row)?;
    Ok(())
}

/// The corrections of these articles, each up to a revision, in order.
pub fn up_to(
    read: &mut Read<'_>,
    versions: &HashMap<ArticleId, i64>,
) -> Result<HashMap<ArticleId, Vec<CorrectionView>>, Problem> {
    let ids: Vec<ArticleId> = versions.keys().copied().collect();
    let rows = if ids.is_empty() { Vec::new() } else { store::of_articles(read.conn, &ids)? };
    let mut found = HashMap::<_, Vec<_>>::new();
    for store::Row { id: _, article_id, version, kind, text, created_at } in rows {
        if versions.get(&article_id).is_some_and(|last| version <= *last) {
            found.entry(article_id).or_default().push(CorrectionView { kind, text, at: created_at, version });
        }
    }
    Ok(found)
}
