//! Accounts over HTTP: the own one, and everybody's.

mod accounts;
mod factors;
mod invitations;
mod newsroom;
mod recovery;
mod sessions;

pub use accounts::accounts;
pub use factors::{factors, own_factor};
pub use invitations::{acceptance, invitations};
pub use newsroom::newsroom;
pub use recovery::recovery;
pub use sessions::{own_sessions, sessions};

use super::dto::UserView;
use super::model::Account;
use crate::http::Reply;
use crate::problem::Problem;

fn reply(account: Account) -> Result<Reply, Problem> {
    let (id, version, modified) = (account.id, account.version, account.updated_at);
    Ok(Reply::json(&UserView::from(account))?.version(version).modified(modified).about(id))
}
