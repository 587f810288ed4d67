// expect-error: conformance of 'Slot<Element>' to 'Sendable' is unavailable
// A slot does not leave its slab's thread, though its element may.
import NexusSlab

func needsSendable<Value: Sendable & ~Copyable>(_ value: consuming Value) {}

func share(_ slot: consuming Slot<Int>) { needsSendable(slot) }
