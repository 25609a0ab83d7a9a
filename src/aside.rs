//! What takes a processor for a while and needs no database, done beside the workers that ask for it: no more at once than there
//! are processors.

use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::sync::Semaphore;

use crate::problem::{Code, Problem};

/// Too much waits for a turn already.
#[derive(Clone, Copy, Debug)]
pub struct Busy;

impl From<Busy> for Problem {
    fn from(Busy: Busy) -> Self {
        Self { cause: Some("too much waits for a processor".into()), ..Self::new(Code::Unavailable) }
    }
}

/// Turns for work of one kind.
#[derive(Debug)]
pub struct Aside {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Aside {
    /// As many turns as the machine has processors; so much in all may be done or wait for each, beyond it callers are told to
    /// come back.
    pub fn new(for_each: usize) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self { running: Arc::new(Semaphore::new(cores)), waiting: Arc::new(Semaphore::new(cores * for_each)) }
    }

    /// Does something in its turn.
    ///
    /// # Errors
    /// Too much waits already, or the work panicked.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let _place = self.waiting.try_acquire().map_err(|_| Busy)?;
        let turn = Arc::clone(&self.running).acquire_owned().await.map_err(|_| Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let value = work();
            drop(turn);
            value
        });
        done.await.map_err(|_| Busy)
    }
}
