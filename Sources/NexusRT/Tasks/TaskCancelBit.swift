// Whether a Swift task was cancelled, by a look at the bit that says so. The Swift runtime's own answer is an atomic exchange of
// sixteen bytes, which each body that ends would pay for.

internal import CNexus

enum TaskCancelBit {
  /// The bit, found once per process: cancels the running task, and looks what changed in it. A mask of 0: it was not found, and
  /// then the Swift runtime is asked.
  ///
  /// The first use must be inside a running task that nobody needs any more: the loop's start-up check sees to that.
  static let bit: nexus_task_bit = find()

  private static func find() -> nexus_task_bit {
    let count = Int(NEXUS_TASK_WORDS)
    var before = [UInt](repeating: 0, count: count)
    var after = before
    guard unsafe nexus_task_copy_words(&before), let task = unsafe nexus_current_task() else {
      return nexus_task_bit()
    }
    unsafe nexus_task_cancel(task)
    guard unsafe nexus_task_copy_words(&after) else { return nexus_task_bit() }
    return unsafe nexus_task_find_bit(before, after)
  }
}

extension LoopState {
  /// Whether a task of this thread was cancelled, by whomever.
  @inline(__always)
  func wasCancelled(_ task: UnsafeMutableRawPointer) -> Bool {
    if cancelBit.mask == 0 { return unsafe nexus_task_is_cancelled(task) }
    return unsafe nexus_task_word(task, cancelBit.word) & cancelBit.mask != 0
  }
}
