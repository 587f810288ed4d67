// expect-error: 'runtime' used after consume
// A runtime that was given away has ended.
import NexusRT

func useLate() throws {
  let runtime = try Runtime()
  _ = consume runtime
  try runtime.blockOn {}
}
