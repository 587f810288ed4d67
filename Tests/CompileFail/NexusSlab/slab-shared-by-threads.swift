// expect-error: conformance of 'Slab<Element>' to 'Sendable' is unavailable
// A slab does not leave its thread.
import NexusSlab

func needsSendable<Value: Sendable & ~Copyable>(_ value: consuming Value) {}

func share(_ slab: consuming Slab<Int>) { needsSendable(slab) }
