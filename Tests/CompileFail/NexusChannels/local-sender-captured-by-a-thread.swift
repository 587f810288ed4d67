// expect-error: capture of 'sender' with non-Sendable type 'Local.Sender<Int>'
// A local sender does not leave its thread.
import NexusChannels

func capture(_ sender: borrowing Local.Sender<Int>, _ start: (@escaping @Sendable () -> Void) -> Void) {
  let sender = sender.clone()
  start { try? sender.trySend(1) }
}
