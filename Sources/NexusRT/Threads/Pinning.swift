// Which core a thread runs on.

internal import CNexus
internal import Glibc

/// The calling thread bound to one core, and where it might run before.
struct Pinning {
  private var before = nexus_cpu_mask()

  /// - Throws: `RuntimeError.cpuRefused`.
  init(_ cpu: Int) throws(RuntimeError) {
    let code = unsafe nexus_cpu_pin(Int32(clamping: cpu), &before)
    guard code == 0 else { throw .cpuRefused(cpu: cpu, errno: code) }
  }

  /// On the same thread.
  mutating func restore() { unsafe nexus_cpu_unpin(&before) }
}

/// The cores the calling thread may run on, in ascending order: what `Configuration.cpu` and `startThread(cpu:)` can be.
public func availableCPUs() -> [Int] {
  var mask = nexus_cpu_mask()
  guard unsafe nexus_cpu_get(&mask) == 0 else { return [] }
  return (0..<Int(NEXUS_CPU_LIMIT)).filter { unsafe nexus_cpu_is_set(&mask, Int32($0)) }
}
