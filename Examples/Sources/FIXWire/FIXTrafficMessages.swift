/// An order that executions can be about.
struct TrafficOrder {
  var number = 0
  var symbol = 0
  var isBuy = true
  var quantity = 0
  var filled = 0
  var cents = 0
}

/// The bodies of generated messages: the fields FIX 4.4 volume 2 (Logon, Heartbeat), volume 3 (market data) and
/// volume 4 (orders, executions) require, and those real counterparties send besides.
extension FIXGenerator {
  private static let symbols: [ShortText] = [
    ShortText("AAPL"), ShortText("MSFT"), ShortText("IBM"), ShortText("INTC"), ShortText("ESZ6"),
    ShortText("EUR/USD"), ShortText("SIE.DE"), ShortText("VOD.L"),
  ]

  /// MsgType, SenderCompID, TargetCompID, MsgSeqNum and SendingTime.
  private mutating func header(
    _ messageType: StaticString, from side: Int, milliseconds: Bool = true, to writer: inout FIXWriter
  ) {
    writer.text("35=")
    writer.text(messageType)
    if side == 0 {
      writer.text("\u{1}49=BUY\u{1}56=SELL\u{1}34=")
    } else {
      writer.text("\u{1}49=SELL\u{1}56=BUY\u{1}34=")
    }
    sequence[side] += 1
    writer.number(sequence[side])
    writer.text("\u{1}52=")
    clock.write(to: &writer, milliseconds: milliseconds)
    writer.endField()
  }

  mutating func writeLogon(from side: Int, to writer: inout FIXWriter) {
    header("A", from: side, to: &writer)
    writer.text("98=0\u{1}108=30\u{1}")
  }

  mutating func writeHeartbeat(to writer: inout FIXWriter) {
    header("0", from: random.below(2), to: &writer)
  }

  mutating func writeNewOrder(isBare: Bool, to writer: inout FIXWriter) {
    let order = TrafficOrder(
      number: nextOrder, symbol: random.below(Self.symbols.count), isBuy: random.below(2) == 0,
      quantity: 100 * (1 + random.below(50)), filled: 0, cents: 1000 + random.below(50_000))
    nextOrder += 1
    orders[order.number % 64] = order

    header("D", from: 0, milliseconds: !isBare, to: &writer)
    writer.text("11=")
    writer.number(order.number)
    if !isBare { writer.text("\u{1}1=ACCT7\u{1}21=1\u{1}100=XNAS") }
    writer.text("\u{1}55=")
    writer.short(Self.symbols[order.symbol])
    writer.text(order.isBuy ? "\u{1}54=1\u{1}60=" : "\u{1}54=2\u{1}60=")
    clock.write(to: &writer, milliseconds: !isBare)
    writer.text("\u{1}38=")
    writer.number(order.quantity)
    if isBare {
      writer.text("\u{1}40=1\u{1}")
    } else {
      writer.text("\u{1}40=2\u{1}44=")
      writer.price(order.cents)
      writer.text("\u{1}59=0\u{1}")
    }
  }

  /// A fill, in part or whole, of one of the latest orders, or the acknowledgement of an order not seen yet.
  mutating func writeExecution(to writer: inout FIXWriter) {
    if nextOrder == 1 { return writeNewOrder(isBare: false, to: &writer) }
    let slot = (nextOrder - 1 - random.below(min(nextOrder - 1, 64))) % 64
    var order = orders[slot]
    let isNew = order.filled == 0 && random.below(2) == 0
    let last = isNew ? 0 : min(100 * (1 + random.below(10)), order.quantity - order.filled)
    order.filled += last
    orders[slot] = order
    let isDone = order.filled == order.quantity

    header("8", from: 1, to: &writer)
    writer.text("37=O")
    writer.padded(order.number, digits: 9)
    writer.text("\u{1}11=")
    writer.number(order.number)
    writer.text("\u{1}17=E")
    writer.padded(nextExecution, digits: 9)
    nextExecution += 1
    // An order that is filled already gets its status again (ExecType I), as after a status request.
    if isNew {
      writer.text("\u{1}150=0\u{1}39=0")
    } else if last == 0 {
      writer.text("\u{1}150=I\u{1}39=2")
    } else {
      writer.text(isDone ? "\u{1}150=F\u{1}39=2" : "\u{1}150=F\u{1}39=1")
    }
    writer.text("\u{1}1=ACCT7\u{1}55=")
    writer.short(Self.symbols[order.symbol])
    writer.text(order.isBuy ? "\u{1}54=1\u{1}38=" : "\u{1}54=2\u{1}38=")
    writer.number(order.quantity)
    writer.text("\u{1}40=2\u{1}44=")
    writer.price(order.cents)
    if last > 0 {
      writer.text("\u{1}32=")
      writer.number(last)
      writer.text("\u{1}31=")
      writer.price(order.cents)
    }
    writer.text("\u{1}151=")
    writer.number(order.quantity - order.filled)
    writer.text("\u{1}14=")
    writer.number(order.filled)
    writer.text("\u{1}6=")
    writer.price(order.filled > 0 ? order.cents : 0)
    writer.text("\u{1}60=")
    clock.write(to: &writer)
    writer.endField()
  }

  /// MarketDataSnapshotFullRefresh: the top of a book, bids and offers.
  mutating func writeSnapshot(entries: Int, to writer: inout FIXWriter) {
    header("W", from: 1, to: &writer)
    writer.text("262=MD1\u{1}55=")
    writer.short(Self.symbols[random.below(Self.symbols.count)])
    writer.text("\u{1}268=")
    writer.number(entries)
    let middle = 1000 + random.below(50_000)
    for entry in 0..<entries {
      let isBid = entry % 2 == 0
      writer.text(isBid ? "\u{1}269=0\u{1}270=" : "\u{1}269=1\u{1}270=")
      writer.price(isBid ? middle - entry / 2 - 1 : middle + entry / 2 + 1)
      writer.text("\u{1}271=")
      writer.number(100 * (1 + random.below(90)))
      writer.text("\u{1}290=")
      writer.number(entry / 2 + 1)
    }
    writer.endField()
  }

  /// MarketDataIncrementalRefresh: changes to single price levels.
  mutating func writeIncremental(entries: Int, isBare: Bool, to writer: inout FIXWriter) {
    header("X", from: 1, milliseconds: !isBare, to: &writer)
    if !isBare { writer.text("262=MD1\u{1}") }
    writer.text("268=")
    writer.number(entries)
    for _ in 0..<entries {
      // An entry of the book is new, changed or deleted; a deleted one has a price and no size.
      let action = random.below(3)
      let isDeleted = action == 2
      writer.text(action == 0 ? "\u{1}279=0" : isDeleted ? "\u{1}279=2" : "\u{1}279=1")
      writer.text(random.below(2) == 0 ? "\u{1}269=0\u{1}55=" : "\u{1}269=1\u{1}55=")
      writer.short(Self.symbols[random.below(Self.symbols.count)])
      writer.text("\u{1}270=")
      writer.price(1000 + random.below(50_000))
      if !isDeleted || isBare {
        writer.text("\u{1}271=")
        writer.number(100 * (1 + random.below(90)))
      }
      if !isBare {
        writer.text("\u{1}273=")
        clock.writeTimeOnly(to: &writer)
      }
    }
    writer.endField()
  }
}
