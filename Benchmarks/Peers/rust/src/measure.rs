//! What a run found, and the time it took.

use crate::Message;
use std::ops::AddAssign;
use std::time::{Duration, Instant};

/// What was received.
#[derive(Clone, Copy, Default)]
pub struct Tally {
    pub messages: u64,
    pub checksum: u64,
}

impl Tally {
    pub fn add(&mut self, message: Message) {
        self.messages += 1;
        self.checksum = self.checksum.wrapping_add(message);
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.messages += other.messages;
        self.checksum = self.checksum.wrapping_add(other.checksum);
    }
}

pub struct Outcome {
    pub took: Duration,
    pub tally: Tally,
}

/// Runs `work` and takes its time.
pub fn timed(work: impl FnOnce() -> Tally) -> Outcome {
    let start = Instant::now();
    let tally = work();
    Outcome { took: start.elapsed(), tally }
}
