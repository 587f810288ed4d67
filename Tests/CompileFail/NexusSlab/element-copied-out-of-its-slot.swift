// expect-error: cannot be consumed
// What is noncopyable leaves its slot by `take` only.
import NexusSlab

struct Order: ~Copyable { var price: Int }

func copy(_ slot: borrowing Slot<Order>) -> Order { slot.value }
