// expect-error: conformance of 'ByteSlab' to 'Sendable' is unavailable
// A slab of bytes does not leave its thread.
import NexusSlab

func needsSendable<Value: Sendable & ~Copyable>(_ value: consuming Value) {}

func share(_ slab: consuming ByteSlab) { needsSendable(slab) }
