// expect-error: conformance of 'Local.Sender<Element>' to 'Sendable' is unavailable
// A local sender does not leave its thread.
import NexusChannels

func needsSendable<Value: Sendable & ~Copyable>(_ value: consuming Value) {}

func send(_ sender: consuming Local.Sender<Int>) { needsSendable(sender) }
