// expect-error: escaping closure captures 'inout' parameter 'world'
// A task has a way of its own to the world: withWorld.
import NexusRT

nonisolated(nonsending) func hold() async {
  withWorld { world in
    spawnBoxed {
      await yield()
      world.insert(1)
    }
  }
}
