// expect-error: overlapping accesses to 'sender'
// One claim at a time.
import NexusChannels

func claimTwice(_ sender: inout SPSCBytes.Sender) throws {
  let one = try sender.tryClaim(8)
  let other = try sender.tryClaim(8)
  one.commit()
  other.commit()
}
