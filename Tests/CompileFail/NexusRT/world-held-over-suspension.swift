// expect-error: cannot pass function of type '(inout World) async -> ()'
// The world is lent to a synchronous closure: nothing of it is held over a suspension.
import NexusRT

nonisolated(nonsending) func hold() async {
  withWorld { world in
    await yield()
    world.insert(1)
  }
}
