// A runtime for one sample: made, warmed up by the sample itself, ended.

import NexusRT

/// Runs `body` in a runtime of its own on this thread, and returns what it returns.
///
/// - Parameter way: How its tasks suspend; nil takes what an ordinary program gets.
func inRuntime(
  _ way: SuspensionWay? = nil, busy: Bool = false,
  _ body: sending nonisolated(nonsending) @escaping () async throws -> Double
) throws -> Double {
  var configuration = Configuration()
  configuration.suspension = way
  let runtime = try Runtime(configuration: configuration)
  if let way, runtime.suspension != way {
    fatalError("asked for \(way), got \(runtime.suspension): \(runtime.suspensionNote ?? "no reason given")")
  }
  return busy ? try runtime.blockOnBusy(body) : try runtime.blockOn(body)
}

/// Whether tasks can suspend this way in this program; the reason, if not.
func reasonAgainst(_ way: SuspensionWay) throws -> String? {
  var configuration = Configuration()
  configuration.suspension = way
  let runtime = try Runtime(configuration: configuration)
  return runtime.suspension == way ? nil : runtime.suspensionNote ?? "no reason given"
}

/// What tasks of one runtime count together. Not Sendable, and need not be.
final class Tally {
  var count = 0
  var sum = 0
}
