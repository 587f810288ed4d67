//! flume: bounded channels; its futures run on tokio's current_thread runtime.

use crate::measure::{timed, Outcome, Tally};
use crate::workload::{cancel, runtime, threads_to_task, threads_to_threads, two_tasks, Run, THREADS};
use flume::{bounded, Receiver, Sender};
use std::ops::Range;

pub fn workload(name: &str) -> Option<Run> {
    Some(match name {
        "pairs" => Box::new(pairs),
        "ping-pong" => Box::new(|count| ping_pong(1, count)),
        "rendezvous-ping-pong" => Box::new(|count| ping_pong(0, count)),
        "same-thread-64" => Box::new(same_thread),
        "thread-to-task-1024" => Box::new(|count| to_task(1, count)),
        "4-threads-to-task-1024" => Box::new(|count| to_task(THREADS, count)),
        "4-to-4-1024" => Box::new(threads),
        "cancel-40" => Box::new(|count| cancel_among(40, count)),
        "cancel-40000" => Box::new(|count| cancel_among(40_000, count)),
        "oneshot" => Box::new(one_shot),
        _ => return None,
    })
}

fn pairs(count: u64) -> Outcome {
    let (sender, receiver) = bounded(64);
    timed(|| {
        let mut tally = Tally::default();
        for message in 0..count {
            sender.try_send(message).expect("room");
            tally.add(receiver.try_recv().expect("a message"));
        }
        tally
    })
}

fn ping_pong(capacity: usize, count: u64) -> Outcome {
    let (ping, pinged) = bounded(capacity);
    let (pong, ponged) = bounded(capacity);
    two_tasks(
        async move {
            let mut tally = Tally::default();
            for message in (0..count).step_by(2) {
                ping.send_async(message).await.expect("an open channel");
                tally.add(ponged.recv_async().await.expect("an answer"));
            }
            tally
        },
        async move {
            let mut tally = Tally::default();
            while let Ok(message) = pinged.recv_async().await {
                tally.add(message);
                pong.send_async(message + 1).await.expect("an open channel");
            }
            tally
        },
    )
}

fn same_thread(count: u64) -> Outcome {
    let (sender, receiver) = bounded(64);
    two_tasks(
        async move {
            for message in 0..count {
                sender.send_async(message).await.expect("an open channel");
            }
            Tally::default()
        },
        drain(receiver),
    )
}

fn to_task(senders: u64, count: u64) -> Outcome {
    let (sender, receiver) = bounded(1024);
    threads_to_task(senders, count, sending(sender), drain(receiver))
}

async fn drain(receiver: Receiver<u64>) -> Tally {
    let mut tally = Tally::default();
    while let Ok(message) = receiver.recv_async().await {
        tally.add(message);
    }
    tally
}

fn threads(count: u64) -> Outcome {
    let (sender, receiver) = bounded(1024);
    let receive = || {
        let receiver = receiver.clone();
        move || {
            let mut tally = Tally::default();
            while let Ok(message) = receiver.recv() {
                tally.add(message);
            }
            tally
        }
    };
    threads_to_threads(count, sending(sender), receive)
}

/// Makes senders for as many threads as there are.
fn sending(sender: Sender<u64>) -> impl Fn() -> Box<dyn FnOnce(Range<u64>) + Send> {
    move || {
        let sender = sender.clone();
        Box::new(move |messages| {
            for message in messages {
                sender.send(message).expect("an open channel");
            }
        })
    }
}

fn cancel_among(parked: u64, count: u64) -> Outcome {
    let (sender, receiver) = bounded(parked as usize);
    cancel(parked, count, || receiver.recv_async(), |message| sender.try_send(message).expect("room"))
}

fn one_shot(count: u64) -> Outcome {
    let runtime = runtime();
    timed(|| {
        runtime.block_on(async {
            let mut tally = Tally::default();
            for message in 0..count {
                let (sender, receiver) = bounded(1);
                sender.send(message).expect("a receiver");
                tally.add(receiver.recv_async().await.expect("a message"));
            }
            tally
        })
    })
}
