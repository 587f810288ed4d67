// expect-error: risks causing data races
// A slab's slot is not captured by what runs elsewhere.
import NexusSlab

func capture() -> Int {
  let slab = Slab<Int>(capacity: 4)
  let slot = slab.insert(1)
  Task.detached { print(slot.value) }
  return slab.count
}
