//! The one thread that writes SQLite: it takes what has queued up, runs each request in a savepoint of its
//! own, and syncs them all with one commit. Nobody is answered before that commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use diesel::RunQueryDsl as _;
use diesel::result::{Error as QueryError, QueryResult};
use tokio::sync::oneshot;

use super::pool::depth;
use super::{Access, Conn, Error, begin, commit, statement};

/// Requests that may wait; beyond it callers are told to come back.
const QUEUE: usize = 1024;
/// Requests that one commit may carry.
const BATCH: usize = 256;

/// Runs inside the batch, or learns that there is none. It answers how to tell its caller of the commit, and
/// whether the batch still stands.
type Job = Box<dyn FnOnce(Result<&mut Conn, Error>) -> (Answer, bool) + Send>;
type Answer = Box<dyn FnOnce(Result<(), Error>) + Send>;
/// Opens another connection when one has broken.
type Open = Box<dyn Fn() -> Result<Conn, Error> + Send>;

pub(super) struct Writer(SyncSender<Job>);

impl Writer {
    /// Starts the thread; it ends when the last handle is dropped and the queue is empty.
    pub(super) fn start(conn: Conn, open: Open) -> Result<Self, Error> {
        let (send, receive) = sync_channel(QUEUE);
        thread::Builder::new()
            .name("khabar-writer".into())
            .spawn(move || run(&receive, conn, &open))
            .map_err(|error| Error::Away(error.to_string()))?;
        Ok(Self(send))
    }

    pub(super) async fn submit<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + From<QueryError> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let (send, receive) = oneshot::channel();
        let job: Job = Box::new(move |conn| {
            let (outcome, stands) = match conn {
                Ok(conn) => savepoint(conn, work),
                Err(error) => (Err(E::from(error)), false),
            };
            let answer: Answer = Box::new(move |committed| {
                let answer = match committed {
                    Ok(()) => outcome,
                    // A request that failed by itself has nothing that the commit could lose.
                    Err(lost) => outcome.and(Err(E::from(lost))),
                };
                drop(send.send(answer));
            });
            (answer, stands)
        });
        self.0.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Error::Full,
            TrySendError::Disconnected(_) => Error::Away("the writer has stopped".into()),
        })?;
        receive.await.unwrap_or_else(|_| Err(Error::Panicked.into()))
    }
}

/// Runs one request so that its failure, even a panic, undoes its own rows and nobody else's. When even that
/// fails, SQLite has already rolled back the whole batch by itself, as it does on a full disk.
fn savepoint<T, E>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T, E>) -> (Result<T, E>, bool)
where
    E: From<Error> + From<QueryError>,
{
    if let Err(error) = statement("SAVEPOINT request").execute(conn) {
        return (Err(error.into()), false);
    }
    let tried = catch_unwind(AssertUnwindSafe(|| work(conn)));
    let outcome = tried.unwrap_or_else(|_| Err(Error::Panicked.into()));
    match leave(conn, outcome.is_ok()) {
        Ok(()) => (outcome, true),
        Err(error) => (outcome.and(Err(error.into())), false),
    }
}

/// Ends the savepoint of a request, with its rows or without. These are no transactions of Diesel's, which would prepare
/// their three statements for each request.
fn leave(conn: &mut Conn, is_kept: bool) -> QueryResult<()> {
    // Work that panicked in a part of its own has left more open than this knows of.
    if depth(conn) != Some(1) {
        return Err(QueryError::BrokenTransactionManager);
    }
    if !is_kept {
        statement("ROLLBACK TO request").execute(conn)?;
    }
    statement("RELEASE request").execute(conn)?;
    Ok(())
}

fn run(queue: &Receiver<Job>, conn: Conn, open: &Open) {
    let mut idle = Some(conn);
    while let Ok(first) = queue.recv() {
        let jobs = std::iter::once(first).chain(queue.try_iter().take(BATCH - 1));
        let ready = idle.take().map_or_else(open, Ok).and_then(|mut conn| {
            begin(&mut conn, Access::Write)?;
            Ok(conn)
        });
        match ready {
            Ok(conn) => idle = batch(conn, jobs),
            Err(error) => {
                tracing::error!(%error, "can't begin to write");
                jobs.for_each(|job| job(Err(Error::Away(error.to_string()))).0(Ok(())));
            }
        }
    }
}

/// Runs what has queued up, commits it, and tells everybody. A connection that failed is closed, which undoes
/// what it had begun.
fn batch(mut conn: Conn, jobs: impl Iterator<Item = Job>) -> Option<Conn> {
    let mut answers = Vec::new();
    let mut stands = true;
    for job in jobs {
        let conn = if stands { Ok(&mut conn) } else { Err(Error::Away("the batch was lost".into())) };
        let (answer, still) = job(conn);
        stands &= still;
        answers.push(answer);
    }
    let committed = if stands { commit(&mut conn) } else { Err(QueryError::BrokenTransactionManager) };
    if let Err(error) = &committed {
        tracing::error!(%error, "commit failed");
    }
    for answer in answers {
        answer(committed.as_ref().copied().map_err(|error| Error::Away(error.to_string())));
    }
    committed.is_ok().then_some(conn)
}
