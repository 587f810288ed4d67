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
