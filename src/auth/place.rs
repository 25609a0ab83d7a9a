//! From where people sign in, as keyed hashes: strangers who try a password elsewhere don't shut its owner out there.

use super::store;
use crate::app::{Read, Tx};
use crate::ids::UserId;
use crate::limits::AT_HOME;
use crate::problem::Problem;

/// Whether somebody has signed in there lately.
pub fn is_home(read: &mut Read<'_>, mark: &[u8]) -> Result<bool, Problem> {
    Ok(store::place_used_at(read.conn, mark)?.is_some_and(|at| at > read.now.before(AT_HOME)))
}

/// Notes that somebody signs in there.
pub fn settle(tx: &mut Tx<'_>, mark: &[u8], user: UserId) -> Result<(), Problem> {
    store::settle(tx.conn, mark, user, tx.now)?;
    Ok(())
}

/// Forgets where somebody was at home.
pub fn leave_homes(tx: &mut Tx<'_>, user: UserId) -> Result<(), Problem> {
    store::leave_places(tx.conn, user)?;
    Ok(())
}

/// Forgets where nobody has signed in lately, some at a time.
pub fn forget_homes(tx: &mut Tx<'_>, limit: i64) -> Result<usize, Problem> {
    Ok(store::forget_places(tx.conn, tx.now.before(AT_HOME), limit)?)
}
