//! tokio: bounded mpsc and oneshot, tasks on a current_thread runtime.

use crate::measure::{timed, Outcome, Tally};
use crate::workload::{runtime, threads_to_task, two_tasks, Run, THREADS};
use tokio::sync::{mpsc, oneshot};

pub fn workload(name: &str) -> Option<Run> {
    Some(match name {
        "pairs" => Box::new(pairs),
        "ping-pong" => Box::new(ping_pong),
        "same-thread-64" => Box::new(same_thread),
        "thread-to-task-1024" => Box::new(|count| to_task(1, count)),
        "4-threads-to-task-1024" => Box::new(|count| to_task(THREADS, count)),
        "select-4-ready" => Box::new(select),
        "oneshot" => Box::new(one_shot),
        _ => return None,
    })
}

fn pairs(count: u64) -> Outcome {
    let (sender, mut receiver) = mpsc::channel(64);
    timed(|| {
        let mut tally = Tally::default();
        for message in 0..count {
            sender.try_send(message).expect("room");
            tally.add(receiver.try_recv().expect("a message"));
        }
        tally
    })
}

fn ping_pong(count: u64) -> Outcome {
    let (ping, mut pinged) = mpsc::channel(1);
    let (pong, mut ponged) = mpsc::channel(1);
    two_tasks(
        async move {
            let mut tally = Tally::default();
            for message in (0..count).step_by(2) {
                ping.send(message).await.expect("an open channel");
                tally.add(ponged.recv().await.expect("an answer"));
            }
            tally
        },
        async move {
            let mut tally = Tally::default();
            while let Some(message) = pinged.recv().await {
                tally.add(message);
                pong.send(message + 1).await.expect("an open channel");
            }
            tally
        },
    )
}

fn same_thread(count: u64) -> Outcome {
    let (sender, receiver) = mpsc::channel(64);
    two_tasks(
        async move {
            for message in 0..count {
                sender.send(message).await.expect("an open channel");
            }
            Tally::default()
        },
        drain(receiver),
    )
}

fn to_task(senders: u64, count: u64) -> Outcome {
    let (sender, receiver) = mpsc::channel(1024);
    let send = move || {
        let sender = sender.clone();
        move |messages| {
            for message in messages {
                sender.blocking_send(message).expect("an open channel");
            }
        }
    };
    threads_to_task(senders, count, send, drain(receiver))
}

async fn drain(mut receiver: mpsc::Receiver<u64>) -> Tally {
    let mut tally = Tally::default();
    while let Some(message) = receiver.recv().await {
        tally.add(message);
    }
    tally
}

fn select(count: u64) -> Outcome {
    let (senders, mut receivers): (Vec<_>, Vec<_>) = (0..4).map(|_| mpsc::channel(64)).unzip();
    let (mut d, mut c) = (receivers.pop().unwrap(), receivers.pop().unwrap());
    let (mut b, mut a) = (receivers.pop().unwrap(), receivers.pop().unwrap());
    let send = |index: usize, message| senders[index].try_send(message).expect("room");
    (0..4).for_each(|index| send(index as usize, index));
    let runtime = runtime();
    timed(|| {
        runtime.block_on(async {
            let mut tally = Tally::default();
            for next in 4..count + 4 {
                let (index, message) = tokio::select! {
                    message = a.recv() => (0, message),
                    message = b.recv() => (1, message),
                    message = c.recv() => (2, message),
                    message = d.recv() => (3, message),
                };
                tally.add(message.expect("an open channel"));
                if next < count {
                    send(index, next);
                }
            }
            tally
        })
    })
}

fn one_shot(count: u64) -> Outcome {
    let runtime = runtime();
    timed(|| {
        runtime.block_on(async {
            let mut tally = Tally::default();
            for message in 0..count {
                let (sender, receiver) = oneshot::channel();
                sender.send(message).expect("a receiver");
                tally.add(receiver.await.expect("a message"));
            }
            tally
        })
    })
}
