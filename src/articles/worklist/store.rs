//! The only SQL for the desk's lists.

use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::articles::model::ArticleState;
use crate::articles::store::Head;
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::{article_links, article_locks, articles};
use crate::db::{Conn, one_of};
use crate::ids::{ArticleId, RecordId, UserId};
use crate::keyset;
use crate::time::UtcTime;

/// Which working copies the desk wants.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// Begun by somebody, or theirs to do.
    pub hands: Option<UserId>,
    pub created_by: Option<UserId>,
    pub assigned_to: Option<UserId>,
    pub locked: Option<bool>,
    pub locked_by: Option<UserId>,
    pub states: Vec<ArticleState>,
    pub languages: Vec<String>,
    pub sections: Option<Vec<RecordId>>,
    /// With one of these names above it.
    pub authors: Option<Vec<RecordId>>,
    pub changed_since: Option<UtcTime>,
    /// The instant that decides in which state they are.
    pub now: UtcTime,
    /// Whether the clock has [turned](has_turned) any since it was kept.
    pub turned: bool,
}

/// Whether the clock has turned any article since it was kept. Each change and a job note that, so that it is so for moments.
pub(super) fn has_turned(conn: &mut Conn, now: UtcTime) -> QueryResult<bool> {
    use diesel::dsl::exists;
    let came = exists(articles::table.filter(articles::due_at.le(now)));
    let ended = exists(articles::table.filter(articles::ends_at.le(now)));
    diesel::select(came.or(ended)).get_result(conn)
}

/// Whether an article that the clock may have turned since it was kept is in one of these states at an instant. No index
/// finds that: it is asked only while there are such articles.
macro_rules! in_states {
    ($states:expr, $now:expr) => {{
        use diesel::dsl::not;
        let (states, now): (&[ArticleState], UtcTime) = ($states, $now);
        let came = || articles::due_at.is_not_null().and(articles::due_at.assume_not_null().le(now));
        let ended = || articles::ends_at.is_not_null().and(articles::ends_at.assume_not_null().le(now));
        let went = || articles::due_ends_at.is_not_null().and(articles::due_ends_at.assume_not_null().le(now));
        let is_wanted = |state| states.contains(&state).into_sql::<Bool>();
        let kept = one_of(articles::state, states).and(not(came())).and(not(ended()));
        let published = is_wanted(ArticleState::Published).and(came()).and(not(went()));
        let waits = articles::due_at.is_not_null().and(not(came()));
        let scheduled = is_wanted(ArticleState::Scheduled).and(ended()).and(waits);
        let gone = came().and(went()).or(ended().and(articles::due_at.is_null()));
        let unpublished = is_wanted(ArticleState::Unpublished).and(gone);
        kept.or(published).or(scheduled).or(unpublished)
    }};
}

/// The articles that are wanted, as a query to go on with.
macro_rules! filtered {
    ($wanted:expr, $states:expr) => {{
        let wanted: &Wanted = $wanted;
        let states: &[ArticleState] = $states;
        let mut query = articles::table.into_boxed();
        if let Some(who) = wanted.hands {
            query = query.filter(articles::created_by.eq(who).or(articles::assigned_to.assume_not_null().eq(who)));
        }
        if let Some(who) = wanted.created_by {
            query = query.filter(articles::created_by.eq(who));
        }
        if let Some(who) = wanted.assigned_to {
            query = query.filter(articles::assigned_to.eq(who));
        }
        // Lists of ids, not a look for each article: few are locked, and few are one author's.
        let locks = || article_locks::table.filter(article_locks::expires_at.gt(wanted.now));
        query = match wanted.locked {
            Some(true) => query.filter(articles::id.eq_any(locks().select(article_locks::article_id))),
            Some(false) => query.filter(articles::id.ne_all(locks().select(article_locks::article_id))),
            None => query,
        };
        if let Some(who) = wanted.locked_by {
            let own = locks().filter(article_locks::user_id.eq(who));
            query = query.filter(articles::id.eq_any(own.select(article_locks::article_id)));
        }
        query = match states {
            [] => query,
            _ if wanted.turned => query.filter(in_states!(states, wanted.now)),
            _ => query.filter(one_of(articles::state, states)),
        };
        if !wanted.languages.is_empty() {
            query = query.filter(one_of(articles::language, &wanted.languages));
        }
        if let Some(sections) = &wanted.sections {
            query = query.filter(one_of(articles::section_id, sections.iter().copied()));
        }
        if let Some(authors) = &wanted.authors {
            let named = article_links::table.filter(one_of(article_links::target_id, authors));
            query = query.filter(articles::id.eq_any(named.select(article_links::article_id)));
        }
        if let Some(since) = wanted.changed_since {
            query = query.filter(articles::updated_at.ge(since));
        }
        query
    }};
}

pub(super) fn page(conn: &mut Conn, wanted: &Wanted, page: &PageRequest) -> QueryResult<Slice<(Head, String)>> {
    let all = || filtered!(wanted, &wanted.states);
    let query = keyset!(all(), page, articles::updated_at => number, articles::id, true);
    let rows = query.select((Head::as_select(), articles::content)).load::<(Head, String)>(conn)?;
    let mut slice = page.cut(rows, |(head, _): &(Head, String)| Position::at(head.updated_at.micros(), head.id.uuid()));
    if page.count {
        slice.total = Some(all().count().get_result(conn)?);
    }
    Ok(slice)
}

/// How many there are in one state.
pub(super) fn count(conn: &mut Conn, wanted: &Wanted, state: ArticleState) -> QueryResult<i64> {
    filtered!(wanted, &[state]).count().get_result(conn)
}

/// Gives an article to somebody to work on, or to nobody; 0 when it has changed since it was read.
pub(super) fn assign(conn: &mut Conn, id: ArticleId, version: i64, to: Option<UserId>) -> QueryResult<usize> {
    let as_read = articles::table.find(id).filter(articles::version.eq(version));
    diesel::update(as_read).set(articles::assigned_to.eq(to)).execute(conn)
}
