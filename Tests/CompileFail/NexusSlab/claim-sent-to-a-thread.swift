// expect-error: sending 'claim' risks causing data races
// A claim is not sent away from a slab that is used on.
import NexusSlab

func start<Value: ~Copyable>(
  _ value: consuming sending Value, _ body: @escaping @Sendable (consuming Value) -> Void
) {}

func send() -> Int {
  let slab = ByteSlab(bytesPerSlot: 64, capacity: 4)
  let claim = slab.claim()
  start(claim) { claim in print(claim.write(1).value) }
  return slab.insert(2).value
}
