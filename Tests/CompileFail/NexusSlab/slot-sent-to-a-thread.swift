// expect-error: sending 'slot' risks causing data races
// A slot is not sent away from a slab that is used on.
import NexusSlab

func start<Value: ~Copyable>(
  _ value: consuming sending Value, _ body: @escaping @Sendable (consuming Value) -> Void
) {}

func send() -> Int {
  let slab = Slab<Int>(capacity: 4)
  let slot = slab.insert(1)
  start(slot) { slot in print(slot.value) }
  return slab.count
}
