// The one place where a task suspends in our loop and where the loop resumes it.
//
// Three ways, in order of speed; `nexus_suspend.h` explains the first two:
//   direct        sets the current task and calls the resume function. The async calling convention is all it
//                 depends on, and two thread-locals that nexus_thread_prepare() proves at start-up.
//   switch        the runtime's exported swift_task_switch towards an executor that only stores the job.
//   continuation  withUnsafeContinuation: public API only.
// The fastest that the start-up check allows is taken; `NEXUS_SUSPENSION=direct|switch|continuation` asks for one.
// A task that runs isolated to some other actor suspends by continuation: the other two would keep that actor occupied
// while the task waits. An actor that has adopted the runtime as its executor is none of those.

public import CNexus
internal import Glibc

@_silgen_name("nexus_suspend_direct")
@usableFromInline
nonisolated(nonsending) func nexusSuspendDirect(_ slot: UnsafeMutablePointer<nexus_suspension>) async

@_silgen_name("nexus_suspend_switch")
nonisolated(nonsending) func nexusSuspendSwitch(
  _ slot: UnsafeMutablePointer<nexus_suspension>, _ identity: UInt, _ implementation: UInt) async

/// How the tasks of a runtime suspend.
public enum SuspensionWay: String, Sendable, CaseIterable {
  case direct
  case `switch`
  case continuation

  init(_ way: nexus_way) {
    switch way {
    case NEXUS_WAY_DIRECT: self = .direct
    case NEXUS_WAY_SWITCH: self = .switch
    default: self = .continuation
    }
  }
}

@usableFromInline
enum Suspension {
  /// Suspends the current task in `slot` until the loop resumes it.
  ///
  /// The slot must be this task's and armed or queued. In between no other suspension of the task may happen.
  @inlinable @inline(__always)
  nonisolated(nonsending) static func suspend(_ slot: SlotPointer, _ loop: LoopPointer) async {
    // Not in the condition: the right side of `&&` is a closure, and has no isolation.
    let isOurs = unsafe isOurs(#isolation, loop)
    if unsafe loop.pointee.way == NEXUS_WAY_DIRECT && isOurs {
      unsafe await nexusSuspendDirect(suspension(of: slot))
    } else {
      unsafe await suspendPortably(slot, loop)
    }
  }

  @inlinable @inline(__always)
  static func suspension(of slot: SlotPointer) -> UnsafeMutablePointer<nexus_suspension> {
    // Sound: `suspension` is the slot's first stored property.
    unsafe UnsafeMutableRawPointer(slot).assumingMemoryBound(to: nexus_suspension.self)
  }

  /// Whether code with this isolation holds no actor but ours.
  @inlinable @inline(__always)
  static func isOurs(_ isolation: (any Actor)?, _ loop: LoopPointer) -> Bool {
    // Sound: a class existential is its object's address and a witness table; nil has address zero.
    let address = unsafe unsafeBitCast(isolation, to: (UInt, UInt).self).0
    return unsafe address == 0 || address == loop.pointee.actorAddress
  }

  /// Whether the actor of this isolation has our executor: then it occupies nothing but the loop's thread.
  private static func hasAdopted(_ isolation: (any Actor)?, _ loop: LoopPointer) -> Bool {
    guard let isolation else { return false }
    // Sound: UnownedSerialExecutor is an executor reference: identity and implementation.
    return unsafe unsafeBitCast(isolation.unownedExecutor, to: (UInt, UInt).self).0
      == loop.pointee.executorAddress
  }

  @usableFromInline @inline(never)
  nonisolated(nonsending) static func suspendPortably(_ slot: SlotPointer, _ loop: LoopPointer) async {
    // Taken here: the right side of `||` is a closure, and has no isolation.
    let isolation = #isolation
    let isOurs = unsafe isOurs(isolation, loop) || hasAdopted(isolation, loop)
    if unsafe loop.pointee.way == NEXUS_WAY_DIRECT && isOurs {
      unsafe await nexusSuspendDirect(suspension(of: slot))
    } else if unsafe loop.pointee.way == NEXUS_WAY_SWITCH && isOurs {
      let (identity, implementation) = ParkingExecutor.words
      unsafe await nexusSuspendSwitch(suspension(of: slot), identity, implementation)
    } else {
      unsafe slot.pointee.isOnItsWay = true
      unsafe await withUnsafeContinuation(isolation: #isolation) {
        (continuation: UnsafeContinuation<Void, Never>) in
        unsafe slot.pointee.isOnItsWay = false
        unsafe slot.pointee.suspension.way = NEXUS_WAY_CONTINUATION
        unsafe slot.pointee.suspension.context = unsafeBitCast(continuation, to: UnsafeMutableRawPointer.self)
      }
    }
  }

  /// Runs the task that is suspended in `slot` until it suspends again or ends.
  /// Only the loop calls this, with no tracked access open. The slot may be gone when it returns.
  @inline(__always)
  static func resume(_ slot: SlotPointer, _ loop: LoopPointer) {
    let suspension = unsafe Suspension.suspension(of: slot)
    if unsafe suspension.pointee.way == NEXUS_WAY_DIRECT {
      unsafe nexus_resume_direct(suspension)
    } else {
      unsafe resumePortably(suspension, loop)
    }
  }

  @inline(never)
  private static func resumePortably(
    _ suspension: UnsafeMutablePointer<nexus_suspension>, _ loop: LoopPointer
  ) {
    let context = unsafe suspension.pointee.context.unsafelyUnwrapped
    unsafe suspension.pointee.context = nil
    if unsafe suspension.pointee.way == NEXUS_WAY_SWITCH {
      // Sound: `context` is the job that ParkingExecutor stored.
      let job = unsafe unsafeBitCast(context, to: UnownedJob.self)
      unsafe job.runSynchronously(
        isolatedTo: loop.pointee.loop.asUnownedSerialExecutor(),
        taskExecutor: loop.pointee.loop.asUnownedTaskExecutor())
    } else {
      // Enqueues the task's job on our executor, or on that of the actor it is isolated to.
      unsafe unsafeBitCast(context, to: UnsafeContinuation<Void, Never>.self).resume()
    }
  }
}

/// Stores the job of a task that switches to it: the parking place of the switch way.
final class ParkingExecutor: SerialExecutor {
  static let shared = ParkingExecutor()

  /// The executor as the two words that swift_task_switch takes.
  static let words: (UInt, UInt) = {
    // Sound: UnownedSerialExecutor is an executor reference: identity and implementation.
    unsafe unsafeBitCast(shared.asUnownedSerialExecutor(), to: (UInt, UInt).self)
  }()

  func enqueue(_ job: consuming ExecutorJob) {
    // Sound: nexus_suspend_switch stored the slot on this thread just before the switch that called us.
    let slot = unsafe nexus_thread_get().pointee.parking.unsafelyUnwrapped
      .assumingMemoryBound(to: nexus_suspension.self)
    unsafe nexus_thread_get().pointee.parking = nil
    unsafe slot.pointee.context = unsafeBitCast(UnownedJob(job), to: UnsafeMutableRawPointer.self)
  }

  func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }
}
