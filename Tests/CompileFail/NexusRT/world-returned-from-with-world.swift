// expect-error: missing reinitialization of inout parameter 'world' after consume
// The world cannot leave withWorld, and so cannot be held over a suspension.
import NexusRT

nonisolated(nonsending) func hold() async {
  var world = withWorld { world in return world }
  await yield()
  world.insert(1)
}
