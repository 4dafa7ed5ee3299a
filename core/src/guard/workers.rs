//! Threads on which scanners run, so that one that never returns holds up nothing but itself.
//!
//! The runtime's own blocking pool would not do: it is waited for at shutdown. These threads are not: a scanner
//! that hangs cannot be ended, only left behind.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// As many threads at most.
const LIMIT: usize = 64;

type Job = Box<dyn FnOnce() + Send>;

/// A pool that grows while all its threads are busy, and whose idle threads end with it.
#[derive(Clone, Default)]
pub(super) struct Workers(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    idle: Vec<Sender<Task>>,
    threads: usize,
}

/// A job, and the way back into the pool for who did it: a thread that held its own sender would wait for ever.
struct Task {
    job: Job,
    back: Sender<Task>,
}

impl Workers {
    /// Runs a job on a thread of its own. Returns whether there was one.
    pub(super) fn run(&self, job: impl FnOnce() + Send + 'static) -> bool {
        let mut job: Job = Box::new(job);
        while let Some(worker) = with(&self.0, |state| state.idle.pop()) {
            match worker.send(Task { job, back: worker.clone() }) {
                Ok(()) => return true,
                Err(unsent) => job = unsent.0.job,
            }
        }
        self.start(job)
    }

    fn start(&self, job: Job) -> bool {
        let free = with(&self.0, |state| {
            let free = state.threads < LIMIT;
            state.threads += usize::from(free);
            free
        });
        if !free {
            return false;
        }
        let (tx, rx) = channel();
        let pool = Arc::downgrade(&self.0);
        let run = move || rx.iter().for_each(|task: Task| perform(task, &pool));
        let started = std::thread::Builder::new().name("scanner".to_owned()).spawn(run).is_ok();
        if !started {
            with(&self.0, |state| state.threads -= 1);
            return false;
        }
        tx.send(Task { job, back: tx.clone() }).is_ok()
    }
}

fn perform(task: Task, pool: &Weak<Mutex<State>>) {
    if catch_unwind(AssertUnwindSafe(task.job)).is_err() {
        tracing::error!("A scanner's worker panicked.");
    }
    if let Some(pool) = pool.upgrade() {
        with(&pool, |state| state.idle.push(task.back));
    }
}

fn with<T>(state: &Mutex<State>, work: impl FnOnce(&mut State) -> T) -> T {
    work(&mut state.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_used_again_and_one_that_hangs_is_left_behind() {
        let pool = Workers::default();
        let (hold, held) = channel::<()>();
        assert!(pool.run(move || assert!(held.recv().is_err())));
        for _ in 0..3 {
            let (tx, rx) = channel();
            assert!(pool.run(move || tx.send(()).expect("heard")));
            rx.recv().expect("the job ran");
            while with(&pool.0, |state| state.idle.is_empty()) {
                std::thread::yield_now();
            }
        }
        assert_eq!(with(&pool.0, |state| state.threads), 2);
        drop(hold);
    }

    #[test]
    fn there_is_a_last_thread() {
        let pool = Workers::default();
        let (hold, held) = channel::<()>();
        let held = Arc::new(Mutex::new(held));
        let started = (0..LIMIT + 1).filter(|_| {
            let held = held.clone();
            pool.run(move || assert!(held.lock().is_ok_and(|held| held.recv().is_err())))
        });
        assert_eq!(started.count(), LIMIT);
        drop(hold);
    }

    #[test]
    fn a_panic_does_not_end_a_thread() {
        let pool = Workers::default();
        assert!(pool.run(|| panic!("in a job")));
        while with(&pool.0, |state| state.idle.is_empty()) {
            std::thread::yield_now();
        }
        assert_eq!(with(&pool.0, |state| state.threads), 1);
    }
}
