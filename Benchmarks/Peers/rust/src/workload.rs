//! What the libraries' workloads have in common: who runs where.

use crate::measure::{timed, Outcome, Tally};
use crate::Message;
use std::fmt::Debug;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::ptr::null;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use std::thread;
use std::time::Instant;
use tokio::runtime::{Builder, Runtime};

pub type Run = Box<dyn Fn(u64) -> Outcome>;

/// Threads of a side where it has several.
pub const THREADS: u64 = 4;

/// A runtime that runs its tasks on the thread that blocks on it. Without timers and I/O: nothing here needs them.
pub fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime")
}

/// Two tasks on this thread.
pub fn two_tasks<A, B>(one: A, other: B) -> Outcome
where
    A: Future<Output = Tally> + Send + 'static,
    B: Future<Output = Tally> + Send + 'static,
{
    let runtime = runtime();
    timed(|| {
        runtime.block_on(async {
            let one = runtime.spawn(one);
            let other = runtime.spawn(other);
            let mut tally = one.await.expect("the first task");
            tally += other.await.expect("the second task");
            tally
        })
    })
}

/// `senders` threads that share the messages, and a task on this thread.
pub fn threads_to_task<S, R>(senders: u64, count: u64, send: impl Fn() -> S, receive: R) -> Outcome
where
    S: FnOnce(Range<Message>) + Send + 'static,
    R: Future<Output = Tally>,
{
    let runtime = runtime();
    let sends: Vec<S> = (0..senders).map(|_| send()).collect();
    // The receiver ends when the last sender does.
    drop(send);
    timed(|| {
        let threads = start(sends, count);
        let tally = runtime.block_on(receive);
        threads.into_iter().for_each(|thread| thread.join().expect("a sender"));
        tally
    })
}

/// Four threads that share the messages, and four that receive them.
pub fn threads_to_threads<S, R>(count: u64, send: impl Fn() -> S, receive: impl Fn() -> R) -> Outcome
where
    S: FnOnce(Range<Message>) + Send + 'static,
    R: FnOnce() -> Tally + Send + 'static,
{
    let sends: Vec<S> = (0..THREADS).map(|_| send()).collect();
    let receives: Vec<R> = (0..THREADS).map(|_| receive()).collect();
    drop(send);
    timed(|| {
        let receivers: Vec<_> = receives.into_iter().map(thread::spawn).collect();
        let senders = start(sends, count);
        let mut tally = Tally::default();
        senders.into_iter().for_each(|thread| thread.join().expect("a sender"));
        receivers.into_iter().for_each(|thread| tally += thread.join().expect("a receiver"));
        tally
    })
}

/// A thread for each of `sends`; the nth sends the nth share of the messages.
fn start<S>(sends: Vec<S>, count: u64) -> Vec<thread::JoinHandle<()>>
where
    S: FnOnce(Range<Message>) + Send + 'static,
{
    let share = count / sends.len() as u64;
    let shares = (0..).map(|index| index * share..(index + 1) * share);
    sends.into_iter().zip(shares).map(|(send, share)| thread::spawn(move || send(share))).collect()
}

/// `parked` futures wait on a channel; `count` times one of them, chosen at random, is dropped and a new one
/// polled. Then, untimed, each gets a message: no place in the queue may be lost. The channel has room for all.
pub fn cancel<F, E>(parked: u64, count: u64, receive: impl Fn() -> F, send: impl Fn(Message)) -> Outcome
where
    F: Future<Output = Result<Message, E>> + Unpin,
    E: Debug,
{
    let waker = no_op_waker();
    let mut context = Context::from_waker(&waker);
    let mut waiting = || {
        let mut future = receive();
        assert!(Pin::new(&mut future).poll(&mut context).is_pending(), "received what was not sent");
        future
    };
    let mut futures: Vec<F> = (0..parked).map(|_| waiting()).collect();
    let mut random = Random(1);
    let start = Instant::now();
    for _ in 0..count {
        let victim = random.below(parked) as usize;
        futures[victim] = waiting();
    }
    let took = start.elapsed();

    (0..parked).for_each(send);
    let mut tally = Tally::default();
    for future in &mut futures {
        match Pin::new(future).poll(&mut context) {
            Poll::Ready(message) => tally.add(message.expect("an open channel")),
            Poll::Pending => panic!("a receiver was forgotten"),
        }
    }
    Outcome { took, tally }
}

/// The generator all sides choose their victims with.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// `Waker::noop` is younger than Debian's compiler.
fn no_op_waker() -> Waker {
    const TABLE: RawWakerVTable =
        RawWakerVTable::new(|_| RawWaker::new(null(), &TABLE), |_| {}, |_| {}, |_| {});
    // Sound: none of the functions looks at the pointer.
    unsafe { Waker::from_raw(RawWaker::new(null(), &TABLE)) }
}
