//! The running Khabar: the database, the clock and what else every room needs, behind two doors.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use uuid::Uuid;

use crate::aside::Aside;
use crate::audit::{self, Waiting};
use crate::auth::{self, Actor, Hasher, Tokens, Vault};
use crate::cache::{Cache, Facet};
use crate::comments::words::Prepared;
use crate::config::{Config, Secret};
use crate::db::{self, Conn, Db};
use crate::events::{self, Change, Hub};
use crate::furniture::{Furniture, Surroundings};
use crate::ids::{Id, Ids};
use crate::limits::Limits;
use crate::mail::{Mailer, NoMailer};
use crate::oidc::Provider;
use crate::outbound::{NoClient, Outbound};
use crate::problem::Problem;
use crate::readership::Tally;
use crate::time::{Clock, UtcTime};
use crate::users;

/// What may be made ready or wait for that, for each processor: in all about as much as may wait for the writer of SQLite.
const WAITING: usize = 512;

/// Everything that a request may need. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    config: Config,
    db: Db,
    clock: Arc<dyn Clock>,
    ids: Ids,
    tokens: Tokens,
    hasher: Hasher,
    aside: Aside,
    hub: Arc<Hub>,
    vault: Arc<Vault>,
    outbound: Outbound,
    mailer: Mailer,
    oidc: Provider,
    waiting: Waiting,
    words: Prepared,
    tally: Tally,
    furniture: Furniture,
    limits: Limits,
    cache: Cache,
}

/// What is missing for anything to run.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// Requests can't leave.
    #[error(transparent)]
    Outbound(#[from] NoClient),
    /// Letters can't leave.
    #[error(transparent)]
    Mail(#[from] NoMailer),
    /// What is sealed does not open.
    #[error(
        "the addresses and secrets in this database are sealed with another jwt_secret: set that one as \
         KHABAR_JWT_SECRET, or as KHABAR_JWT_SECRET_BEFORE to go on with the new one. If it is lost, \
         `khabar forget-sealed` gives up what was sealed with it, and every account that needs an address"
    )]
    Sealed,
    /// The database did not do what is done first.
    #[error("{0}")]
    Database(Problem),
}

impl App {
    /// Puts the parts together and opens what is sealed.
    pub async fn open(config: Config, db: Db, clock: Arc<dyn Clock>, ids: Ids) -> Result<Self, NotReady> {
        let app = Self::sealed(config, db, clock, ids)?;
        if !auth::unlock(&app).await.map_err(NotReady::Database)? {
            return Err(NotReady::Sealed);
        }
        users::seal_addresses(&app).await.map_err(NotReady::Database)?;
        Ok(app)
    }

    /// Puts the parts together. Nothing that is sealed opens.
    pub fn sealed(config: Config, db: Db, clock: Arc<dyn Clock>, ids: Ids) -> Result<Self, NotReady> {
        let (secret, before) = (config.jwt_secret.expose(), config.jwt_secret_before.as_ref().map(Secret::expose));
        let tokens = Tokens::new(secret, before, &config.public_url, config.auth.access_minutes);
        let vault = Arc::new(Vault::new(secret, before));
        let limits = Limits::new(config.limits.clone(), Arc::clone(&vault));
        let cache = Cache::new(config.http.cache_bytes, config.http.shared_seconds);
        let (outbound, mailer) = (Outbound::new(&config.outbound)?, Mailer::new(&config.mail)?);
        let (hasher, aside) = (Hasher::new(), Aside::new(WAITING));
        let (hub, oidc) = (Arc::default(), Provider::default());
        let (waiting, words, tally, furniture) = <(Waiting, Prepared, Tally, Furniture)>::default();
        Ok(Self(Arc::new(Inner {
            config,
            db,
            clock,
            ids,
            tokens,
            hasher,
            aside,
            hub,
            vault,
            outbound,
            mailer,
            oidc,
            waiting,
            words,
            tally,
            furniture,
            limits,
            cache,
        })))
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The present instant.
    pub fn now(&self) -> UtcTime {
        self.0.clock.now()
    }

    /// Makes ids and secrets.
    pub fn ids(&self) -> &Ids {
        &self.0.ids
    }

    /// Signs and reads access tokens.
    pub fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    /// Since when somebody must have proved who they are for what is grave.
    pub fn sure_since(&self) -> UtcTime {
        match self.config().auth.step_up_minutes {
            0 => UtcTime::from_micros(i64::MIN),
            minutes => self.now().before(Duration::from_secs(u64::from(minutes) * 60)),
        }
    }

    /// Hashes passwords, a few at a time.
    pub fn hasher(&self) -> &Hasher {
        &self.0.hasher
    }

    /// Where what takes a processor for a while has its turn.
    pub fn aside(&self) -> &Aside {
        &self.0.aside
    }

    /// Where this node's streams wait for news.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.0.hub
    }

    /// Seals the secrets that must be kept.
    pub fn vault(&self) -> &Vault {
        &self.0.vault
    }

    /// Sends requests to addresses that other people chose.
    pub fn outbound(&self) -> &Outbound {
        &self.0.outbound
    }

    /// Posts letters.
    pub fn mailer(&self) -> &Mailer {
        &self.0.mailer
    }

    /// The provider that signs staff in, as this node knows it.
    pub fn oidc(&self) -> &Provider {
        &self.0.oidc
    }

    /// How often one account and one address may do what costs others.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// The word lists as this node has them.
    pub fn words(&self) -> &Prepared {
        &self.0.words
    }

    /// Views that wait to be written down.
    pub fn tally(&self) -> &Tally {
        &self.0.tally
    }

    /// Answers that are alike for everyone.
    pub fn cache(&self) -> &Cache {
        &self.0.cache
    }

    /// Where lines of the audit log wait that belong to no transaction.
    pub fn waiting(&self) -> &Waiting {
        &self.0.waiting
    }

    /// Passes on what other nodes tell, until it is told to stop.
    pub fn listen(&self, told: impl Fn(bool) -> bool + Send + 'static) {
        self.0.db.listen(told);
    }

    /// Reads from one consistent snapshot.
    pub async fn read<T, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&mut Read<'_>) -> Result<T, Problem> + Send + 'static,
    {
        let (work, found) = reading(work);
        self.read_any(work).await?;
        left(found).await
    }

    async fn read_any(&self, work: Reading) -> Result<(), Problem> {
        let app = self.clone();
        self.0.db.read(move |conn| work(&mut app.reading(conn, &app.around()))).await
    }

    /// The same beside the worker that asks, for what would keep its other callers waiting.
    pub async fn read_aside<T, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&mut Read<'_>) -> Result<T, Problem> + Send + 'static,
    {
        let (work, found) = reading(work);
        let app = self.clone();
        self.0.db.read_aside(move |conn| work(&mut app.reading(conn, &app.around()))).await?;
        left(found).await
    }

    /// Reads from a replica, if one is at hand that knows all that this node does. `None` if there is none, or if it does not
    /// find what is asked for: the database itself may.
    pub async fn read_replica<T, F>(&self, work: &F) -> Option<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Read<'_>) -> Result<T, Problem> + Clone + Send + 'static,
    {
        if !self.0.db.has_replicas() {
            return None;
        }
        let (work, found) = reading(work.clone());
        self.ask_replica(work).await?;
        left(found).await.ok()
    }

    async fn ask_replica(&self, work: Reading) -> Option<()> {
        let (app, known) = (self.clone(), self.hub().known());
        let read = move |conn: &mut Conn| {
            let around = app.around();
            let mut read = app.reading(conn, &around);
            if events::last(&mut read)?.0 < known {
                return Ok(None);
            }
            work(&mut read).map(Some).inspect_err(|problem| tracing::debug!(%problem, "not answered by a replica"))
        };
        self.0.db.read_replica(read).await
    }

    /// A snapshot that begins now, whenever it was asked for.
    fn reading<'c>(&'c self, conn: &'c mut Conn, around: &'c Surroundings<'c>) -> Read<'c> {
        Read { conn, now: self.now(), around, vault: &self.0.vault }
    }

    fn around(&self) -> Surroundings<'_> {
        Surroundings::of_snapshot(&self.0.furniture)
    }

    /// Makes changes in one transaction, with the events and audit lines that it records; answers after the commit.
    pub async fn write<T, F>(&self, actor: Actor, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, Problem> + Send + 'static,
    {
        let (leave, made) = oneshot::channel();
        let work = move |tx: &mut Tx<'_>| {
            let value = work(tx)?;
            drop(leave.send(value));
            Ok(())
        };
        self.write_any(actor, Box::new(work)).await?;
        left(made).await
    }

    async fn write_any(&self, actor: Actor, work: Writing) -> Result<(), Problem> {
        let app = self.clone();
        let deed = actor.deed.clone();
        let written = self.0.db.write(move |conn| {
            let now = app.now();
            let around = &Surroundings::of_transaction(conn, &app.0.furniture);
            let (ids, vault, words) = (app.ids(), app.vault(), &app.0.words);
            let mut tx =
                Tx { conn, now, by: &actor, vault, words, around, ids, changes: Vec::new(), states: HashMap::new() };
            work(&mut tx)?;
            let Tx { changes, conn, .. } = tx;
            audit::append(conn, app.ids(), now, &actor, &changes)?;
            let mark = around.are_changed().then(|| Id::of(ids.label(now)));
            let last = events::append(conn, now, &changes, mark)?;
            Ok::<_, Problem>(last.map(|last| (last, touched(&changes))))
        });
        if let Some((last, touched)) = written.await? {
            self.hub().learn(last);
            self.cache().touch(&touched);
            deed.inspect(|deed| deed.note());
            self.hub().nudge();
        }
        Ok(())
    }
}

/// Work without the type of what it makes, so that all that surrounds it is compiled once and not for each.
type Reading = Box<dyn FnOnce(&mut Read<'_>) -> Result<(), Problem> + Send>;
/// The same, of work that makes changes.
type Writing = Box<dyn FnOnce(&mut Tx<'_>) -> Result<(), Problem> + Send>;

/// Work that leaves what it finds elsewhere.
fn reading<T, F>(work: F) -> (Reading, oneshot::Receiver<T>)
where
    T: Send + 'static,
    F: FnOnce(&mut Read<'_>) -> Result<T, Problem> + Send + 'static,
{
    let (leave, found) = oneshot::channel();
    let work = move |read: &mut Read<'_>| {
        let value = work(read)?;
        drop(leave.send(value));
        Ok(())
    };
    (Box::new(work), found)
}

/// What work that went well has left.
async fn left<T>(made: oneshot::Receiver<T>) -> Result<T, Problem> {
    made.await.map_err(|_| Problem::internal("the work left nothing"))
}

/// What changes touch of what is public.
fn touched(changes: &[Change]) -> Vec<Facet> {
    let each = |change: &Change| Facet::touched(change.topic, change.visibility, &change.payload);
    changes.iter().flat_map(each).collect()
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("App")
    }
}

/// A snapshot to read from.
pub struct Read<'c> {
    /// The connection.
    pub conn: &'c mut Conn,
    /// The instant that decides what is visible.
    pub now: UtcTime,
    /// What every page has around its articles.
    pub(crate) around: &'c Surroundings<'c>,
    /// Opens what is kept sealed.
    pub vault: &'c Vault,
}

/// A transaction in the making.
pub struct Tx<'c> {
    /// The connection.
    pub conn: &'c mut Conn,
    /// The instant of the change.
    pub now: UtcTime,
    /// Who makes it.
    pub by: &'c Actor,
    /// Opens what is kept sealed.
    pub vault: &'c Vault,
    /// The word lists as this node has them.
    pub words: &'c Prepared,
    around: &'c Surroundings<'c>,
    ids: &'c Ids,
    changes: Vec<Change>,
    /// How things looked before they were last written in this transaction, and how they look now.
    states: HashMap<Uuid, States>,
}

/// The fingerprints of what was kept of something, and of what is kept now.
type States = (Option<Vec<u8>>, Option<Vec<u8>>);

impl Tx<'_> {
    /// A fresh id.
    pub fn next_id<K>(&self) -> Id<K> {
        self.ids.next(self.now)
    }

    /// Seals what must be kept and read again, for one place.
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, Problem> {
        self.vault.seal(self.ids, place, plain)
    }

    /// Notes the fingerprints of what was kept of something and of what is kept now, for the changes of it that are
    /// recorded from here on.
    pub fn restate<K>(&mut self, target: Id<K>, before: Option<Vec<u8>>, after: Option<Vec<u8>>) {
        self.states.insert(target.uuid(), (before, after));
    }

    /// Notes a change for the event log and the audit log.
    pub fn record(&mut self, change: Change) {
        if touched(std::slice::from_ref(&change)).iter().any(|facet| facet.is_furniture()) {
            self.around.change();
        }
        let known = change.target.and_then(|target| self.states.get(&target)).cloned();
        self.changes.push(match known {
            Some((before, after)) if change.before.is_none() && change.after.is_none() => change.hashes(before, after),
            _ => change,
        });
    }

    /// Says that this call, if it goes well, is no news for the audit log: a lease that goes on.
    pub fn is_routine(&self) {
        if let Some(deed) = &self.by.deed {
            deed.note();
        }
    }

    /// Makes a part of the changes whole or not at all, within the same transaction.
    pub fn attempt<T>(&mut self, work: impl FnOnce(&mut Tx<'_>) -> Result<T, Problem>) -> Result<T, Problem> {
        let (now, by, ids, vault, words, around) = (self.now, self.by, self.ids, self.vault, self.words, self.around);
        let before = self.changes.len();
        let (mut changes, mut states) = (std::mem::take(&mut self.changes), self.states.clone());
        let done = db::part(self.conn, |conn| {
            let (so_far, known) = (std::mem::take(&mut changes), std::mem::take(&mut states));
            let mut tx = Tx { conn, now, by, vault, words, around, ids, changes: so_far, states: known };
            let value = work(&mut tx);
            (changes, states) = (tx.changes, tx.states);
            value
        });
        if done.is_ok() {
            self.states = states;
        } else {
            changes.truncate(before);
        }
        self.changes = changes;
        done
    }

    /// The same transaction, to read from.
    pub fn reading(&mut self) -> Read<'_> {
        Read { conn: self.conn, now: self.now, around: self.around, vault: self.vault }
    }
}
