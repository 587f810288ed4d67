// The loop's side of the kernel: one io_uring, submissions in batches, one enter a turn at most and none when nothing
// is due.

internal import CNexus
internal import CURing
internal import Glibc

/// One ring, used by one thread. It knows slots, not tasks: a completion comes out as the slot that waits for it.
@safe struct Reactor: ~Copyable {
  /// What a submission's user data says. Everything else is the address of the slot that waits.
  enum UserData {
    /// Nobody waits: the completion of a cancellation, whose result the cancelled operation's own tells better.
    static let nobody: UInt64 = 0
    /// The read of the mailbox's eventfd.
    static let wake: UInt64 = 1
    /// The poll of the signalfd.
    static let signal: UInt64 = 2
  }

  /// The ring, at a fixed address as liburing wants it.
  private let ring: UnsafeMutablePointer<io_uring>
  /// Where the kernel puts what it reads from the eventfd. Freed after the ring.
  private let wakeBuffer: UnsafeMutablePointer<UInt64>
  private let wakeDescriptor: Int32
  private var isWakeArmed = false
  /// The descriptor signals are read from; -1 if none are.
  private var signalDescriptor: Int32 = -1
  private var isSignalArmed = false
  /// The signals that have come and were not taken.
  var signals: nexus_signal_set = 0
  /// Operations handed over whose completion has not been seen, the eventfd's read and the signals' poll not counted.
  private(set) var inFlight = 0
  /// What operations with an address keep for the kernel. Freed after the ring.
  var messages = MessagePool()
  /// Stands between the kernel and us in tests: sees every result of a task's operation and may change it.
  var resultFilter: ((Int32) -> Int32)?

  /// Sets up a ring with `entries` submission entries, with the best flags this kernel has.
  init(entries: UInt32, wakeDescriptor: Int32) throws(RuntimeError) {
    unsafe ring = try Reactor.setUpRing(entries: entries)
    self.wakeDescriptor = wakeDescriptor
    unsafe wakeBuffer = .allocate(capacity: 1)
    unsafe wakeBuffer.initialize(to: 0)
    resultFilter = nil
  }

  private static func setUpRing(entries: UInt32) throws(RuntimeError) -> UnsafeMutablePointer<io_uring> {
    let ring = UnsafeMutablePointer<io_uring>.allocate(capacity: 1)
    unsafe ring.initialize(to: io_uring())
    // One thread submits and completes: the kernel then needs no lock of its own (6.0), and runs completions when we
    // ask for them and not in the middle of a task (6.1). Before that: at least no interrupts (5.19).
    let always = curing_setup_clamp
    let attempts: [UInt32] = [
      always | curing_setup_submit_all | curing_setup_single_issuer | curing_setup_defer_taskrun
        | curing_setup_taskrun_flag,
      always | curing_setup_submit_all | curing_setup_coop_taskrun | curing_setup_taskrun_flag,
      always,
    ]
    var code: Int32 = -EINVAL
    var features: UInt32 = 0
    for flags in attempts where code == -EINVAL {
      var parameters = io_uring_params()
      parameters.flags = flags
      code = unsafe io_uring_queue_init_params(entries, ring, &parameters)
      features = parameters.features
    }
    guard code == 0 else {
      unsafe ring.deallocate()
      throw RuntimeError.ringSetUp(-code)
    }
    if let missing = unsafe Reactor.missing(of: ring, features: features) {
      unsafe io_uring_queue_exit(ring)
      unsafe ring.deallocate()
      throw .kernelTooOld(missing: missing)
    }
    return unsafe ring
  }

  deinit {
    assert(inFlight == 0)
    unsafe Reactor.endWakeRead(ring, isWakeArmed ? wakeDescriptor : nil)
    // The ring first: once it is closed the kernel writes to none of our buffers.
    unsafe io_uring_queue_exit(ring)
    unsafe ring.deallocate()
    unsafe wakeBuffer.deallocate()
  }

  /// Has an armed read of the eventfd end before its ring is closed. Kernels cancel what is armed some time after that, and until
  /// then it could take a wake that is meant for the next runtime on the mailbox.
  private static func endWakeRead(_ ring: UnsafeMutablePointer<io_uring>, _ wakeDescriptor: Int32?) {
    guard let wakeDescriptor else { return }
    var one: UInt64 = 1
    var isWritten = false
    while true {
      while let completion = unsafe curing_next_completion(ring) {
        let isWake = unsafe completion.pointee.user_data == UserData.wake
        unsafe curing_consume(ring)
        if isWake { return }
      }
      if !isWritten { isWritten = unsafe write(wakeDescriptor, &one, 8) == 8 }
      let code = unsafe io_uring_submit_and_wait(ring, 1)
      guard code >= 0 || code == -EINTR || code == -EAGAIN || code == -EBUSY else { return }
    }
  }

  /// What this kernel's io_uring lacks of what the runtime uses; nil if nothing.
  private static func missing(of ring: UnsafeMutablePointer<io_uring>, features: UInt32) -> String? {
    if features & curing_feature_ext_arg == 0 {
      return "timeouts of io_uring_enter (IORING_FEAT_EXT_ARG, 5.11)"
    }
    if features & curing_feature_nodrop == 0 {
      return "completions that are never dropped (IORING_FEAT_NODROP, 5.5)"
    }
    guard let probe = unsafe io_uring_get_probe_ring(ring) else {
      return "the probe of io_uring's operations (5.6)"
    }
    defer { unsafe io_uring_free_probe(probe) }
    let needed: [(io_uring_op, String)] = [
      (IORING_OP_OPENAT, "openat"), (IORING_OP_CLOSE, "close"), (IORING_OP_READ, "read"),
      (IORING_OP_WRITE, "write"), (IORING_OP_FSYNC, "fsync"), (IORING_OP_ACCEPT, "accept"),
      (IORING_OP_RECV, "recv"), (IORING_OP_SEND, "send"), (IORING_OP_CONNECT, "connect"),
      (IORING_OP_RECVMSG, "recvmsg"), (IORING_OP_SENDMSG, "sendmsg"),
      (IORING_OP_ASYNC_CANCEL, "async_cancel"), (IORING_OP_POLL_ADD, "poll_add"),
    ]
    for (operation, name) in needed
    where unsafe !curing_offers(probe, Int32(bitPattern: operation.rawValue)) {
      return "io_uring's operation \(name)"
    }
    return nil
  }

  // MARK: Submission

  /// Prepares one operation for `slot`, which must be armed in flight; it is submitted with the next enter.
  /// `prepare` fills the entry. No system call, unless the submission ring is full: then one to make room.
  @inline(__always)
  mutating func prepare(for slot: SlotPointer, _ prepare: (UnsafeMutablePointer<io_uring_sqe>) -> Void) {
    let entry = unsafe nextEntry()
    unsafe prepare(entry)
    unsafe curing_set_user_data(entry, UInt64(UInt(bitPattern: slot)))
    inFlight += 1
  }

  /// Asks the kernel to cancel the operation `slot` waits for. The operation's own completion still comes, and says
  /// whether it was cancelled or done. Submissions keep their order, so a later operation of the slot is not meant.
  mutating func prepareCancel(of slot: SlotPointer) {
    let entry = unsafe nextEntry()
    unsafe curing_prep_cancel(entry, UInt64(UInt(bitPattern: slot)))
    unsafe curing_set_user_data(entry, UserData.nobody)
  }

  private mutating func armWake() {
    guard !isWakeArmed else { return }
    let entry = unsafe nextEntry()
    unsafe curing_prep_read(entry, wakeDescriptor, wakeBuffer, 8, 0)
    unsafe curing_set_user_data(entry, UserData.wake)
    isWakeArmed = true
  }

  /// Begins to wait for signals to read from `descriptor`, which stays open as long as the ring; they are put in `signals`.
  mutating func watchSignals(_ descriptor: Int32) {
    signalDescriptor = descriptor
    armSignals()
  }

  /// A poll and not a read: a signal that is sent to this thread alone must be read by this thread, and a read can be done by
  /// one of the kernel's.
  private mutating func armSignals() {
    let entry = unsafe nextEntry()
    unsafe curing_prep_poll_readable(entry, signalDescriptor)
    unsafe curing_set_user_data(entry, UserData.signal)
    isSignalArmed = true
  }

  private mutating func signalsHaveCome(_ result: Int32) {
    isSignalArmed = false
    signals |= nexus_signals_read(signalDescriptor)
    // What is more than a spurious end of the poll does not go away.
    if result >= 0 || result == -EINTR || result == -EAGAIN { armSignals() }
  }

  private mutating func nextEntry() -> UnsafeMutablePointer<io_uring_sqe> {
    while true {
      if let entry = unsafe curing_get_sqe(ring) { return unsafe entry }
      let code = unsafe io_uring_submit(ring)
      require(
        code >= 0 || code == -EINTR || code == -EAGAIN || code == -EBUSY,
        "NexusRT: io_uring_enter failed to submit: \(describe(errno: -code))")
    }
  }

  // MARK: Completion

  /// Whether a completion may come at any time.
  private var isExpecting: Bool {
    @inline(__always) get { inFlight != 0 || isSignalArmed }
  }

  /// Whether nothing is in the ring, and nothing but the mailbox's eventfd can come out of it.
  @inline(__always)
  var isUnused: Bool { unsafe !isExpecting && curing_unsubmitted(ring) == 0 }

  /// Whether there is anything to ask the kernel for.
  @inline(__always)
  var isDue: Bool {
    if unsafe curing_unsubmitted(ring) != 0 { return true }
    return unsafe isExpecting && curing_enter_is_due(ring)
  }

  /// Whether a completion has come that was not taken yet.
  @inline(__always)
  var hasCompletions: Bool { unsafe isExpecting && curing_next_completion(ring) != nil }

  /// Submits what is prepared and brings completions in, without waiting. One system call.
  mutating func enter() {
    let code = unsafe io_uring_submit_and_get_events(ring)
    check(code)
  }

  /// Submits what is prepared and waits for a completion, for the mailbox's eventfd, or until `timeout` ns have passed
  /// (nil: without limit). One system call.
  mutating func park(timeout: UInt64?) {
    armWake()
    var first: UnsafeMutablePointer<io_uring_cqe>? = nil
    if let timeout {
      var limit = __kernel_timespec(
        tv_sec: Int64(timeout / 1_000_000_000), tv_nsec: Int64(timeout % 1_000_000_000))
      check(unsafe io_uring_submit_and_wait_timeout(ring, &first, 1, &limit, nil))
    } else {
      check(unsafe io_uring_submit_and_wait_timeout(ring, &first, 1, nil, nil))
    }
  }

  private func check(_ code: Int32) {
    // EINTR: a signal. ETIME: the timeout. EAGAIN, EBUSY: the kernel is short of memory or wants completions consumed
    // first; what was not submitted stays in the ring for the next turn.
    require(
      code >= 0 || code == -EINTR || code == -ETIME || code == -EAGAIN || code == -EBUSY,
      "NexusRT: io_uring_enter failed: \(describe(errno: -code))")
  }

  /// The next completed slot, with its result stored; nil when there is none. No system call.
  mutating func nextCompleted() -> SlotPointer? {
    if !isExpecting && !isWakeArmed { return nil }
    while let completion = unsafe curing_next_completion(ring) {
      let data = unsafe completion.pointee.user_data
      let result = unsafe completion.pointee.res
      unsafe curing_consume(ring)
      switch data {
      case UserData.nobody: continue
      case UserData.wake: isWakeArmed = false
      case UserData.signal:
        signalsHaveCome(result)
      default:
        inFlight -= 1
        // Sound: user data that is none of the above is the slot it was prepared for, and slots are never freed.
        let slot = unsafe SlotPointer(bitPattern: UInt(data)).unsafelyUnwrapped
        unsafe slot.pointee.result = resultFilter?(result) ?? result
        return unsafe slot
      }
    }
    return nil
  }
}
