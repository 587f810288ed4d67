// expect-success
// What the snippets beside it do wrong, done right. If this does not compile, their errors prove nothing.
import NexusSlab

struct Order: ~Copyable { var price: Int }

struct Node: ~Copyable {
  var next: Slot<Node>?
}

func own() -> Int {
  let slab = Slab<Order>(capacity: 4)
  var slot = slab.insert(Order(price: 1))
  slot.value.price += 1
  let other = slab.claim().write(Order(price: 2))
  return slot.take().price + other.value.price
}

func name() -> Int? {
  var slab = Slab<Order>(growingBy: 4)
  let key = slab.keep(slab.insert(Order(price: 1)))
  slab.update(key) { $0.price += 1 }
  let price = slab.withValue(of: key) { $0.price }
  slab.forEach { _, order in _ = slab.insert(Order(price: order.price)) }
  return slab.remove(key)?.take().price ?? price
}

func outlive() -> Slot<Order> {
  let slab = Slab<Order>(capacity: 1)
  return slab.insert(Order(price: 1))
}

func list(_ slab: borrowing Slab<Node>) -> Slot<Node> {
  slab.insert(Node(next: slab.insert(Node(next: nil))))
}

func bytes() -> Int {
  let slab = ByteSlab(bytesPerSlot: 64, capacity: 2)
  let number = slab.insert(1)
  let text = slab.claim().write("text")
  return number.value + text.value.count
}
