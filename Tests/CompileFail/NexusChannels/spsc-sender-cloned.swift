// expect-error: 'clone()'
// A channel for one sender has one.
import NexusChannels

func clones(_ sender: borrowing SPSCBytes.Sender) -> SPSCBytes.Sender { sender.clone() }
