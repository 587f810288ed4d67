// expect-error: 'claim' consumed more than once
// A claim is one place.
import NexusSlab

func write(_ slab: borrowing Slab<Int>) -> Int {
  let claim = slab.claim()
  let first = claim.write(1)
  let second = claim.write(2)
  return first.value + second.value
}
