//! Who had a hand in an article since it was last released.

use diesel::dsl::max;
use diesel::prelude::*;

use crate::articles::model::Step;
use crate::db::schema::revisions;
use crate::db::{Conn, one_of};
use crate::ids::{ArticleId, UserId};

/// What makes the working copy public.
const RELEASES: [Step; 3] = [Step::Publish, Step::Schedule, Step::Correct];

/// The revision that was last released, now or at its hour.
pub(super) fn last_release(conn: &mut Conn, id: ArticleId) -> QueryResult<Option<i64>> {
    let of_article = revisions::table.filter(revisions::article_id.eq(id));
    let releases = of_article.filter(one_of(revisions::action, RELEASES));
    releases.select(max(revisions::version)).first(conn)
}

/// What each person has done to an article after a revision, and when last.
pub(super) fn hands_after(
    conn: &mut Conn,
    id: ArticleId,
    version: i64,
) -> QueryResult<Vec<(Step, UserId, Option<i64>)>> {
    let of_article = revisions::table.filter(revisions::article_id.eq(id));
    of_article
        .filter(revisions::version.gt(version))
        .group_by((revisions::action, revisions::author_id))
        .select((revisions::action, revisions::author_id, max(revisions::version)))
        .load(conn)
}
