//! crossbeam-channel: bounded channels between threads; it has no futures.

use crate::measure::{timed, Outcome, Tally};
use crate::workload::{threads_to_task, threads_to_threads, Run, THREADS};
use crossbeam_channel::{bounded, select, Receiver, Sender};
use std::ops::Range;

pub fn workload(name: &str) -> Option<Run> {
    Some(match name {
        "pairs" => Box::new(pairs),
        "thread-to-task-1024" => Box::new(|count| to_this_thread(1, count)),
        "4-threads-to-task-1024" => Box::new(|count| to_this_thread(THREADS, count)),
        "4-to-4-1024" => Box::new(threads),
        "select-4-ready" => Box::new(select_ready),
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

/// The "task" only gives the blocking receiver the same frame as the others have.
fn to_this_thread(senders: u64, count: u64) -> Outcome {
    let (sender, receiver) = bounded(1024);
    threads_to_task(senders, count, sending(sender), async { drain(receiver) })
}

fn threads(count: u64) -> Outcome {
    let (sender, receiver) = bounded(1024);
    let receive = || {
        let receiver = receiver.clone();
        move || drain(receiver)
    };
    threads_to_threads(count, sending(sender), receive)
}

fn drain(receiver: Receiver<u64>) -> Tally {
    let mut tally = Tally::default();
    while let Ok(message) = receiver.recv() {
        tally.add(message);
    }
    tally
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

fn select_ready(count: u64) -> Outcome {
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..4).map(|_| bounded(64)).unzip();
    let [a, b, c, d]: [Receiver<u64>; 4] = receivers.try_into().expect("four");
    let send = |index: usize, message| senders[index].try_send(message).expect("room");
    (0..4).for_each(|index| send(index as usize, index));
    timed(|| {
        let mut tally = Tally::default();
        for next in 4..count + 4 {
            let (index, message) = select! {
                recv(a) -> message => (0, message),
                recv(b) -> message => (1, message),
                recv(c) -> message => (2, message),
                recv(d) -> message => (3, message),
            };
            tally.add(message.expect("an open channel"));
            if next < count {
                send(index, next);
            }
        }
        tally
    })
}
