// expect-error: overlapping accesses to 'slab'
// An element is not removed while somebody looks at it.
import NexusSlab

func remove(_ slab: inout Slab<Int>, _ key: SlabKey<Int>) -> Int? {
  slab.withValue(of: key) { element in
    _ = slab.remove(key)
    return element
  }
}
