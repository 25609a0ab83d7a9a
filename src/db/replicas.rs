//! Copies of a PostgreSQL database that follow it and answer reads in its place.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::OwnedSemaphorePermit;

use super::dialect::Access;
use super::pool::Pool;
use super::{Conn, Location, transaction};

/// How long a copy is left alone that could not be reached.
const AWAY: Duration = Duration::from_secs(5);
/// The same, one that was behind.
const BEHIND: Duration = Duration::from_millis(50);

/// The copies, asked in turn.
pub(super) struct Replicas {
    all: Vec<Arc<Replica>>,
    turn: AtomicUsize,
}

struct Replica {
    pool: Pool,
    rests_until: Mutex<Option<Instant>>,
}

impl Replicas {
    pub(super) fn new(locations: &[Location], connections: usize) -> Self {
        let replica = |location: &Location| {
            Arc::new(Replica { pool: Pool::new(location.clone(), connections), rests_until: Mutex::default() })
        };
        Self { all: locations.iter().map(replica).collect(), turn: AtomicUsize::new(0) }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// What one copy answers, on one snapshot; `None` if none is to be had at once, or if it can't say.
    pub(super) async fn read<T, E, F>(&self, work: F) -> Option<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<Option<T>, E> + Send + 'static,
        E: From<super::Error> + From<super::QueryError>,
    {
        let (replica, permit) = self.pick()?;
        let idle = replica.pool.idle();
        if idle.is_none() {
            // While it is called the others do without it: one that does not answer keeps one reader waiting, and not all.
            replica.rest(AWAY);
        }
        let done = tokio::task::spawn_blocking(move || {
            let answer = replica.read(idle, work);
            drop(permit);
            answer
        });
        done.await.ok().flatten()
    }

    /// The next copy that neither rests nor has all its connections lent.
    fn pick(&self) -> Option<(Arc<Replica>, OwnedSemaphorePermit)> {
        let first = self.turn.fetch_add(1, Ordering::Relaxed).checked_rem(self.all.len())?;
        let in_turn = self.all.iter().cycle().skip(first).take(self.all.len());
        in_turn.filter(|replica| !replica.rests()).find_map(|replica| {
            let permit = replica.pool.permit_at_once()?;
            Some((Arc::clone(replica), permit))
        })
    }
}

impl Replica {
    fn read<T, E>(&self, idle: Option<Conn>, work: impl FnOnce(&mut Conn) -> Result<Option<T>, E>) -> Option<T>
    where
        E: From<super::Error> + From<super::QueryError>,
    {
        let conn = idle.or_else(|| self.call())?;
        match self.pool.lend(conn, |conn| transaction(conn, Access::Read, work)) {
            Ok(None) => {
                self.rest(BEHIND);
                None
            }
            answer => answer.ok().flatten(),
        }
    }

    /// A new connection.
    fn call(&self) -> Option<Conn> {
        let called = self.pool.connect();
        if let Err(error) = &called {
            tracing::warn!(%error, "a replica can't be reached");
        }
        self.rest(if called.is_ok() { Duration::ZERO } else { AWAY });
        called.ok()
    }

    fn rests(&self) -> bool {
        self.resting().is_some_and(|until| Instant::now() < until)
    }

    fn rest(&self, long: Duration) {
        *self.resting() = Instant::now().checked_add(long);
    }

    fn resting(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.rests_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
