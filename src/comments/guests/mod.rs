//! Who has something to say: an account, or a guest, who has a name and a token and perhaps an address, which is sealed
//! and shown to nobody.

mod store;

use super::dto::GuestIn;
use crate::app::{App, Tx};
use crate::articles::Discussion;
use crate::auth::Permit;
use crate::auth::actions::{ModerateComments, PostComment};
use crate::fault::{Fault, Faults};
use crate::ids::{CommentId, CommenterId};
use crate::problem::{Code, Problem};
use crate::site::CommentPolicy;
use crate::text::{arabic, safe};
use crate::users;
use crate::users::model::Email;

/// The longest name of a guest, in graphemes.
const NAME_MAX: usize = 60;

/// Whoever speaks.
#[derive(Debug)]
pub enum Speaker {
    /// Somebody who is signed in.
    Account(Permit<PostComment>),
    /// A guest who was here before.
    Guest(CommenterId),
    /// Nobody that is known.
    Stranger,
}

impl Speaker {
    /// Under which id they comment, once they have.
    pub fn commenter(&self) -> Option<CommenterId> {
        match self {
            Self::Account(permit) => Some(permit.user.commenter()),
            Self::Guest(id) => Some(*id),
            Self::Stranger => None,
        }
    }

    /// Whether they decide about comments.
    pub fn is_moderator(&self) -> bool {
        match self {
            Self::Account(permit) => permit.also::<ModerateComments>(),
            Self::Guest(_) | Self::Stranger => false,
        }
    }
}

/// A guest as one introduces oneself.
#[derive(Clone, Debug)]
pub(super) struct Guest {
    name: String,
    email: Option<Email>,
}

/// Who speaks, with all that must be known before they do.
#[derive(Clone, Debug)]
pub(super) enum Introduced {
    /// Somebody who is signed in.
    Account(CommenterId),
    /// A guest who was here before.
    Guest(CommenterId),
    /// A guest who was not.
    New(Guest),
}

/// Refuses those without an account where they may not comment.
pub(super) fn check_taken(speaker: &Speaker, about: &Discussion) -> Result<(), Problem> {
    let are_taken = about.rules.guests && about.mode != CommentPolicy::MembersOnly;
    match speaker {
        Speaker::Guest(_) | Speaker::Stranger if !are_taken => Err(Problem::new(Code::Unauthenticated)),
        _ => Ok(()),
    }
}

/// Reads who speaks, and notes what is wrong with that: only a new guest introduces oneself.
pub(super) fn introduced(
    tx: &mut Tx<'_>,
    speaker: &Speaker,
    form: Option<GuestIn>,
    faults: &mut Faults,
) -> Result<Option<Introduced>, Problem> {
    let known = match speaker {
        Speaker::Account(permit) => Introduced::Account(permit.user.commenter()),
        Speaker::Guest(id) if store::hold_guest(tx.conn, *id)? => Introduced::Guest(*id),
        // Erased, or gone with the last comment.
        Speaker::Guest(_) => return Err(Problem::new(Code::Unauthenticated)),
        Speaker::Stranger => {
            let Some(form) = form else {
                faults.add("/guest", Fault::Required);
                return Ok(None);
            };
            return Ok(parsed(tx, form, faults)?.map(Introduced::New));
        }
    };
    if form.is_some() {
        let other = if matches!(known, Introduced::Guest(_)) { "Khabar-Guest" } else { "Authorization" };
        faults.add("/guest", Fault::Excludes(other.into()));
    }
    Ok(Some(known))
}

fn parsed(tx: &mut Tx<'_>, form: GuestIn, faults: &mut Faults) -> Result<Option<Guest>, Problem> {
    let GuestIn { name, email } = form;
    let name = faults.take("/guest/name", safe::name(&name, NAME_MAX));
    let email = faults.take("/guest/email", email.as_deref().map(Email::parse).transpose());
    let (Some(name), Some(email)) = (name, email) else { return Ok(None) };
    let key = likeness(&name);
    // Nobody passes for a colleague.
    if users::staff_names(&mut tx.reading())?.iter().any(|staff| likeness(staff) == key) {
        faults.add("/guest/name", Fault::Taken);
        return Ok(None);
    }
    Ok(Some(Guest { name, email }))
}

/// What of a name a reader takes in: its letters and digits, however they are spelled and spaced.
fn likeness(name: &str) -> String {
    let folded = arabic::fold(name);
    let letters: String = folded.chars().filter(|c| c.is_alphanumeric()).collect();
    if letters.is_empty() { folded } else { letters }
}

impl Introduced {
    /// Makes them one of those who comment, if they are not yet; under which id.
    pub fn enter(self, tx: &mut Tx<'_>, app: &App) -> Result<CommenterId, Problem> {
        match self {
            Self::Account(id) => {
                enter_account(tx, id)?;
                Ok(id)
            }
            Self::Guest(id) => Ok(id),
            Self::New(Guest { name, email }) => {
                let id: CommenterId = tx.next_id();
                let seal = |email: Email| app.vault().seal(app.ids(), &place(id), email.as_str().as_bytes());
                let email = email.map(seal).transpose()?;
                store::insert(tx.conn, id, &name, email.as_deref(), tx.now)?;
                Ok(id)
            }
        }
    }

    /// Whether a guest is here for the first time.
    pub const fn is_new(&self) -> bool {
        matches!(self, Self::New(_))
    }
}

/// Makes an account one of those who comment, if it is not yet. Who is erased meanwhile says nothing more.
pub(super) fn enter_account(tx: &mut Tx<'_>, id: CommenterId) -> Result<(), Problem> {
    // Nearly always they have spoken before.
    if store::hold_account(tx.conn, id)? {
        return Ok(());
    }
    super::store::introduce(tx.conn, id, tx.now)?;
    if store::hold_account(tx.conn, id)? { Ok(()) } else { Err(Problem::new(Code::Unauthenticated)) }
}

/// Keeps somebody from saying anything else until the transaction ends; false when they are nobody, or were forgotten. It
/// comes before the comments, as when something new is said, so that no two wait for each other.
pub(super) fn hold(tx: &mut Tx<'_>, speaker: &Speaker) -> Result<bool, Problem> {
    Ok(match speaker {
        Speaker::Account(permit) => store::hold_account(tx.conn, permit.user.commenter())?,
        Speaker::Guest(id) => store::hold_guest(tx.conn, *id)?,
        Speaker::Stranger => false,
    })
}

/// Where a guest's address is kept, for the vault.
fn place(id: CommenterId) -> String {
    format!("guest {id}")
}

/// Forgets the name and the address of a guest who has taken back the last word.
pub(super) fn forget_if_silent(tx: &mut Tx<'_>, id: CommenterId) -> Result<(), Problem> {
    store::forget_if_silent(tx.conn, id)?;
    Ok(())
}

/// A comment as it was posted, and for a new guest the token, which is told once.
#[derive(Debug)]
pub struct Posted {
    /// The comment.
    pub comment: super::Comment,
    /// The token.
    pub guest_token: Option<String>,
}

impl Posted {
    /// The comment's id.
    pub const fn id(&self) -> CommentId {
        self.comment.id()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_like_another_however_it_is_spelled() {
        for (one, other) in [("سارة حداد", "ساره  حـداد"), ("Sara Haddad", "sara.haddad"), ("أحمد", "احمد")]
        {
            assert_eq!(likeness(one), likeness(other), "{one}");
        }
        assert_ne!(likeness("سارة"), likeness("سار"));
        assert_ne!(likeness("★"), likeness("☆"));
    }
}
