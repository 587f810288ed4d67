internal import NexusRT

/// What a segment's file is about to be asked for, or has done; its header block, which is on the disk before anything
/// else, is not told.
enum DiskStep: Sendable {
  case willWrite(path: String, Range<Int>)
  case didWrite(path: String, Range<Int>)
  case willSync(path: String)
  case didSync(path: String)
}

/// Is called at every step, in the task that takes it. Where it throws before a step, that step fails so. It makes the
/// disk fail, or be slow, in one place: what no file system does when it is told to.
typealias DiskProbe = nonisolated(nonsending) @Sendable (DiskStep) async throws(IOError) -> Void
