//! The Rust peers: `<program> <library> <workload> <count>` does the workload with the library and prints
//! `<ns per operation> <messages> <checksum>`. Benchmarks/README.md says what the workloads are.
//! Leaves with status 2 where the library has no such workload.

mod measure;
mod on_async_channel;
mod on_crossbeam;
mod on_flume;
mod on_tokio;
mod on_tokio_tasks;
mod workload;

use std::process::exit;

/// One of the messages: the values 0..<count are sent, each once.
type Message = u64;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (library, workload, count) = match &arguments[..] {
        [library, workload, count] => (library, workload, count),
        _ => usage("three arguments are needed"),
    };
    let count: u64 = match count.parse() {
        // Four threads share the messages, and two tasks send them by turns.
        Ok(count) if count >= 4 && count % 4 == 0 => count,
        _ => usage("the count is a multiple of 4"),
    };
    let run = match library.as_str() {
        "tokio" => on_tokio::workload(workload).or_else(|| on_tokio_tasks::workload(workload)),
        "flume" => on_flume::workload(workload),
        "crossbeam" => on_crossbeam::workload(workload),
        "async-channel" => on_async_channel::workload(workload),
        _ => None,
    };
    let run = run.unwrap_or_else(|| exit(2));
    // Warms caches and the allocator up.
    run((count / 32 * 4).max(4));
    let outcome = run(count);
    println!(
        "{:.3} {} {}",
        outcome.took.as_nanos() as f64 / count as f64,
        outcome.tally.messages,
        outcome.tally.checksum
    );
}

fn usage(problem: &str) -> ! {
    eprintln!("{problem}; usage: peers <library> <workload> <count>");
    exit(1)
}
