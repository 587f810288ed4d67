// expect-error: 'world' used after consume
// A world has one owner; given to a runtime it is that one's.
import NexusRT

func use() throws -> Int {
  let world = World()
  let runtime = try Runtime(world: world)
  try runtime.blockOn {}
  return world.count
}
