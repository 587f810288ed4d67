// expect-error: overlapping accesses to 'slab'
// Two changes of one element do not meet.
import NexusSlab

func change(_ slab: inout Slab<Int>, _ key: SlabKey<Int>) {
  _ = slab.update(key) { first in
    _ = slab.update(key) { second in swap(&first, &second) }
  }
}
