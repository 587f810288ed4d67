// expect-error: 'slot' used after consume
// An element that was taken is not there any more.
import NexusSlab

func use(_ slab: borrowing Slab<Int>) -> Int {
  let slot = slab.insert(1)
  let value = slot.take()
  return value + slot.value
}
