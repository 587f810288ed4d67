//! tokio's tasks: what spawning, switching and waking cost on a current_thread runtime.

use crate::measure::{timed, Outcome, Tally};
use crate::workload::{runtime, two_tasks, Run};
use std::future::Future;
use std::hint::spin_loop;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::{yield_now, LocalSet};

pub fn workload(name: &str) -> Option<Run> {
    Some(match name {
        "spawn-join" => Box::new(spawn_join),
        "local-spawn-join" => Box::new(local_spawn_join),
        "yield" => Box::new(yields),
        "crowd-first" => Box::new(|count| crowds(count, 0)),
        "crowd-second" => Box::new(|count| crowds(count, 1)),
        "crowd-bytes" => Box::new(crowd_bytes),
        "parked-wake" => Box::new(parked_wakes),
        "wake-by-turns" => Box::new(wakes_by_turns),
        _ => return None,
    })
}

fn spawn_join(count: u64) -> Outcome {
    let runtime = runtime();
    timed(|| {
        runtime.block_on(async {
            let mut tally = Tally::default();
            for message in 0..count {
                tally.add(runtime.spawn(async move { message }).await.expect("a task"));
            }
            tally
        })
    })
}

fn local_spawn_join(count: u64) -> Outcome {
    let runtime = runtime();
    let local = LocalSet::new();
    timed(|| {
        local.block_on(&runtime, async {
            let mut tally = Tally::default();
            for message in 0..count {
                tally.add(tokio::task::spawn_local(async move { message }).await.expect("a task"));
            }
            tally
        })
    })
}

fn yields(count: u64) -> Outcome {
    let side = |first: u64| async move {
        let mut tally = Tally::default();
        for message in (first..count).step_by(2) {
            yield_now().await;
            tally.add(message);
        }
        tally
    };
    two_tasks(side(0), side(1))
}

/// Where tasks that wait leave their wakers.
#[derive(Default)]
struct Gate {
    wakers: Mutex<Vec<Waker>>,
    is_open: AtomicBool,
}

/// Waits until the gate opens.
struct Passage(Arc<Gate>);

impl Future for Passage {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0.is_open.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        self.0.wakers.lock().expect("no panic").push(context.waker().clone());
        Poll::Pending
    }
}

/// Spawns `count` tasks that wait, wakes them all when the last one does, and joins them; `before` times untimed.
fn crowds(count: u64, before: u64) -> Outcome {
    let runtime = runtime();
    for _ in 0..before {
        crowd(&runtime, count, || ());
    }
    timed(|| crowd(&runtime, count, || ()))
}

/// What the crowd takes while all of it waits: bytes in place of ns.
fn crowd_bytes(count: u64) -> Outcome {
    let before = resident_bytes();
    let mut during = 0;
    let tally = crowd(&runtime(), count, || during = resident_bytes());
    Outcome { took: Duration::from_nanos(during.saturating_sub(before)), tally }
}

fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("procfs");
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("a count of pages") * 4096
}

fn crowd(runtime: &Runtime, count: u64, when_all_wait: impl FnOnce()) -> Tally {
    runtime.block_on(async {
        let gate = Arc::new(Gate::default());
        gate.wakers.lock().expect("no panic").reserve(count as usize);
        let mut handles = Vec::with_capacity(count as usize);
        for message in 0..count {
            let passage = Passage(gate.clone());
            handles.push(runtime.spawn(async move {
                passage.await;
                message
            }));
        }
        while gate.wakers.lock().expect("no panic").len() < count as usize {
            yield_now().await;
        }
        when_all_wait();
        gate.is_open.store(true, Ordering::Release);
        gate.wakers.lock().expect("no panic").drain(..).for_each(Waker::wake);
        let mut tally = Tally::default();
        for handle in handles {
            tally.add(handle.await.expect("a task"));
        }
        tally
    })
}

/// A thread wakes a task whose runtime sleeps; from the call to the task's going on. The median, since a machine that is
/// interrupted now and then would decide the mean.
fn parked_wakes(count: u64) -> Outcome {
    let call = Arc::new(Call::default());
    let caller = {
        let call = call.clone();
        thread::spawn(move || (0..count).for_each(|number| call.make(number)))
    };
    let (mut took, tally) = runtime().block_on(async {
        let mut took = Vec::with_capacity(count as usize);
        let mut tally = Tally::default();
        for _ in 0..count {
            let (number, made) = Answer(&call).await;
            took.push(made.elapsed());
            tally.add(number);
        }
        (took, tally)
    });
    caller.join().expect("the caller");
    took.sort();
    Outcome { took: took[took.len() / 2] * count as u32, tally }
}

/// Two runtimes on two threads whose tasks wake each other by turns.
fn wakes_by_turns(count: u64) -> Outcome {
    let ping = Arc::new(Bell::default());
    let pong = Arc::new(Bell::default());
    let other = {
        let (ping, pong) = (ping.clone(), pong.clone());
        thread::spawn(move || {
            runtime().block_on(async {
                let mut tally = Tally::default();
                for _ in (0..count).step_by(2) {
                    let number = Ring(&ping).await;
                    tally.add(number);
                    pong.ring(number + 1);
                }
                tally
            })
        })
    };
    let mut outcome = timed(|| {
        runtime().block_on(async {
            let mut tally = Tally::default();
            for number in (0..count).step_by(2) {
                ping.ring(number);
                tally.add(Ring(&pong).await);
            }
            tally
        })
    });
    outcome.tally += other.join().expect("the other thread");
    outcome
}

/// A number for a task of another thread.
#[derive(Default)]
struct Bell {
    waker: Mutex<Option<Waker>>,
    number: Mutex<Option<u64>>,
}

impl Bell {
    fn ring(&self, number: u64) {
        *self.number.lock().expect("no panic") = Some(number);
        if let Some(waker) = self.waker.lock().expect("no panic").take() {
            waker.wake();
        }
    }
}

/// Waits for the bell.
struct Ring<'a>(&'a Bell);

impl Future for Ring<'_> {
    type Output = u64;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u64> {
        *self.0.waker.lock().expect("no panic") = Some(context.waker().clone());
        match self.0.number.lock().expect("no panic").take() {
            Some(number) => Poll::Ready(number),
            None => Poll::Pending,
        }
    }
}

/// How long the caller waits before it calls: until the runtime sleeps for sure.
const PAUSE: Duration = Duration::from_micros(150);

/// What a thread tells a task, one number after the other.
#[derive(Default)]
struct Call {
    waker: Mutex<Option<Waker>>,
    made: Mutex<Option<(u64, Instant)>>,
}

impl Call {
    fn make(&self, number: u64) {
        let waker = loop {
            match self.waker.lock().expect("no panic").take() {
                Some(waker) => break waker,
                None => spin_loop(),
            }
        };
        let asked = Instant::now();
        while asked.elapsed() < PAUSE {
            spin_loop();
        }
        *self.made.lock().expect("no panic") = Some((number, Instant::now()));
        waker.wake();
    }
}

/// Waits for the next call.
struct Answer<'a>(&'a Call);

impl Future for Answer<'_> {
    type Output = (u64, Instant);

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.0.made.lock().expect("no panic").take() {
            Some(call) => Poll::Ready(call),
            None => {
                *self.0.waker.lock().expect("no panic") = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}
