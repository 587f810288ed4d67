// expect-error: 'first' used after consume
// A slot has one owner.
import NexusSlab

func copy(_ slab: borrowing Slab<Int>) -> Int {
  let first = slab.insert(1)
  let second = first
  return first.value + second.value
}
