// expect-error: 'slot' used after consume
// An element that the slab keeps has no slot beside its key.
import NexusSlab

func keep(_ slab: inout Slab<Int>) -> Int {
  let slot = slab.insert(1)
  let key = slab.keep(slot)
  return (slab.withValue(of: key) { $0 } ?? 0) + slot.value
}
