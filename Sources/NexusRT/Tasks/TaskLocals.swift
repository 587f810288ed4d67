// Task-local values cross a spawn, as they do with `Task {}`. A pooled resident's Swift task is older than the spawn and has
// none, so a body that is to inherit some gets a Swift task of its own, made on the spot. Whether the spawner has any
// is one word of its task, found once per process.

internal import CNexus

@usableFromInline
enum TaskLocals {
  @TaskLocal private static var probe = 0

  /// The index of the word that is zero in a task without task-local values; 0 if it was not found, and then every spawn
  /// makes a Swift task, which is slower and always right.
  static let wordIndex: Int = find()

  /// Binds a value in a task that has none, and looks which word of the task began to point to it.
  ///
  /// The first use must be inside a running task without task-local values: the loop's start-up check sees to that.
  private static func find() -> Int {
    let count = Int(NEXUS_TASK_WORDS)
    var before = [UInt](repeating: 0, count: count)
    var during = before
    var after = before
    guard unsafe nexus_task_copy_words(&before) else { return 0 }
    let wasCopied = $probe.withValue(1) { unsafe nexus_task_copy_words(&during) }
    guard wasCopied, unsafe nexus_task_copy_words(&after) else { return 0 }
    // A task-local's key is the address of its wrapper object.
    let key = unsafe UInt(bitPattern: Unmanaged.passUnretained($probe).toOpaque())
    let index = unsafe nexus_task_find_locals(before, during, key)
    return index != 0 && after[index] == 0 ? index : 0
  }
}

extension LoopState {
  /// Whether a body spawned now must inherit task-local values, or it can not be told.
  @inline(__always)
  func mustInherit() -> Bool {
    guard taskLocalsWord != 0, let task = unsafe currentTask() else { return true }
    return unsafe nexus_task_word(task, taskLocalsWord) != 0
  }
}
