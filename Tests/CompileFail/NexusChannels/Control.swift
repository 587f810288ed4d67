// expect-success
// What the other files forbid has a form that is allowed: one claim after the other, a sender moved into a task.
import NexusChannels
import NexusRT

func claimsInTurn(_ sender: inout SPSCBytes.Sender) throws {
  try sender.tryClaim(8).commit()
  try sender.tryClaim(8).commit()
}

func clones(_ sender: borrowing MPSCBytes.Sender) -> MPSCBytes.Sender { sender.clone() }

func moved(_ sender: consuming SPSCBytes.Sender) {
  spawnBoxed(sender) { sender in
    var sender = sender
    try await sender.claim(8).commit()
  }
}

func operationsInTurn(_ sender: inout SPSC.Sender<Int>, _ receiver: inout SPSC.Receiver<Int>) throws {
  try sender.tryReserve().send(1)
  try sender.trySend(2)
  var one = receiver.receiving()
  _ = try one.poll(waking: .none)
  var other = receiver.receiving()
  _ = try other.poll(waking: .none)
}

func futuresAtATime(_ receiver: borrowing MPMC.Receiver<Int>, _ sender: borrowing MPMC.Sender<Int>) {
  _ = trySelect(receiver.receiving(), receiver.receiving(), sender.sending(1))
}

final class NotSendable { var value = 0 }

func localOfAnything() { _ = Local.channel(of: NotSendable.self, capacity: 1) }
