// expect-error: 'sender' used after consume
// A sender that was moved into a task is the task's.
import NexusChannels
import NexusRT

func useAfterMove(_ sender: consuming SPSCBytes.Sender) {
  spawnBoxed(sender) { sender in sender.close() }
  _ = sender.capacity
}
