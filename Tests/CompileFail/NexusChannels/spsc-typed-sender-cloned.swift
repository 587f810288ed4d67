// expect-error: 'clone'
// A channel for one sender has one.
import NexusChannels

func clones(_ sender: borrowing SPSC.Sender<Int>) -> SPSC.Sender<Int> { sender.clone() }
