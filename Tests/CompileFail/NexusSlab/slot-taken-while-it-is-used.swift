// expect-error: overlapping accesses to 'slot'
// An element does not go, or move, while it is being changed.
import NexusSlab

func change(_ value: inout Int, _ body: () -> Void) {}

func take(_ slab: borrowing Slab<Int>) {
  var slot = slab.insert(1)
  change(&slot.value) { slot = slab.insert(2) }
}
