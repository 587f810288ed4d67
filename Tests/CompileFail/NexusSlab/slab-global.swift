// expect-error: is not concurrency-safe
// A slab is of one thread, and a global of all.
import NexusSlab

let pool = Slab<Int>(capacity: 4)
