/// The input between a file or socket and the framer: filled by its owner, drained message by message.
///
/// One block of page-aligned memory holds the unframed bytes in one piece. The owner fills the free region at
/// its end (`writableRegion`, then `didWrite`), drains, and fills again; a message cut off by the end of a fill
/// waits for the next. The rest is moved to the front only when less than half of the memory is free behind it and
/// it is no longer than what was framed, or when hardly anything is free, so every byte is moved less than twice on
/// average. Nothing is allocated after `init`, but for what a long message with a wrong checksum or data inside damage
/// makes the framer remember: a byte for every 256 of the memory, and 24 for every start in such data.
///
/// A region handed to the kernel stays where it is until `didWrite`; draining in between is allowed.
@safe
public struct StreamBuffer: ~Copyable {
  @usableFromInline let memory: UnsafeMutableRawBufferPointer
  // 0 <= head <= tail <= memory.count; [head, tail) is unframed input.
  @usableFromInline var head = 0
  @usableFromInline var tail = 0
  @usableFromInline var framer: FIXFramer
  @usableFromInline var isFilling = false

  /// What was framed so far.
  public private(set) var counts = FramingCounts()
  /// Whether the owner said that no more input comes.
  public private(set) var isFinal = false

  /// Why `drain` returned.
  public enum Drained: Sendable, Equatable {
    /// All that could be framed was; fill the buffer, or call `finish()` at the end of the input.
    case needsInput
    /// The message closure declined a message. It is still the next one.
    case declined
    /// The input ended and all of it is framed.
    case finished
  }

  /// A buffer of at least `capacity` bytes, and at least twice the largest message.
  ///
  /// - Parameters:
  ///   - capacity: in bytes. 512 KiB stays in the second-level cache and makes the cost of a read small.
  ///   - maximumMessageLength: in bytes; longer messages are rejected.
  public init(
    capacity: Int = 1 << 19, maximumMessageLength: Int = FIXFramer.defaultMaximumMessageLength
  ) {
    framer = FIXFramer(maximumMessageLength: maximumMessageLength)
    // What stands in the memory is only moved or replaced by `writableRegion`.
    framer.keepFindings()
    let pageSize = 4096
    let needed = max(capacity, 2 * framer.requiredCapacity)
    let size = (needed + pageSize - 1) / pageSize * pageSize
    unsafe memory = .allocate(byteCount: size, alignment: pageSize)
  }

  deinit { unsafe memory.deallocate() }

  /// Bytes that are filled and not framed.
  public var unframed: Int { tail - head }

  /// Where to put further input: at least half of the buffer, or an eighth while a long message is waited for.
  ///
  /// The region is valid until `didWrite`, which must follow. Bytes already in the buffer may be drained while
  /// the region is being filled. Amortised O(1) per byte of input.
  @unsafe
  public mutating func writableRegion() -> UnsafeMutableRawBufferPointer {
    precondition(!isFilling, "the region handed out before is still being filled: call didWrite first")
    precondition(!isFinal, "finish() was called: no more input can come")
    let free = unsafe memory.count - tail
    if head == tail {
      framer.inputMoves()
      head = 0
      tail = 0
    } else if unsafe head > 0 && free < memory.count / 2 && (head >= tail - head || free < memory.count / 8) {
      framer.inputMoves()
      // SAFETY: both ranges lie in `memory`; copyMemory allows them to overlap.
      unsafe memory.baseAddress!.copyMemory(from: memory.baseAddress! + head, byteCount: tail - head)
      tail -= head
      head = 0
    }
    isFilling = true
    return unsafe UnsafeMutableRawBufferPointer(rebasing: memory[tail...])
  }

  /// Says that the first `count` bytes of the region are filled; 0 gives the region back unused.
  public mutating func didWrite(_ count: Int) {
    precondition(isFilling, "didWrite without a writableRegion before it")
    precondition(unsafe count >= 0 && count <= memory.count - tail, "more bytes than the region has")
    tail += count
    isFilling = false
  }

  /// Fills the buffer by a closure that returns how many bytes it wrote. Returns that count.
  public mutating func fill<E: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(E) -> Int
  ) throws(E) -> Int {
    let region = unsafe writableRegion()
    let count: Int
    do {
      count = try unsafe body(region)
    } catch {
      didWrite(0)
      throw error
    }
    didWrite(count)
    return count
  }

  /// Says that the input has ended: what is left is framed as far as it goes.
  public mutating func finish() { isFinal = true }

  /// Frames what is there. Messages go to `message`, everything else to `reject`, in the order of the input.
  ///
  /// - Parameters:
  ///   - message: gets the bytes of one message, valid during the call; returns false to decline it (its
  ///     consumer is full): draining stops and the same message comes first next time.
  ///   - reject: gets a fault and its bytes.
  /// - Throws: what a closure throws; the bytes it threw on are passed over, a message is then not counted.
  @inlinable
  public mutating func drain<E: Error>(
    message: (RawSpan) throws(E) -> Bool,
    reject: (FrameReject, RawSpan) throws(E) -> Void
  ) throws(E) -> Drained {
    while true {
      switch nextStep() {
      case .message(let length):
        let start = head
        head += length
        if try unsafe !message(bytes(at: start, count: length)) {
          head = start
          return .declined
        }
        didFrameMessage(length: length)
      case .reject(let fault):
        let start = head
        head += fault.length
        didReject(fault)
        try unsafe reject(fault, bytes(at: start, count: fault.length))
      case .needMore: return .needsInput
      case .end: return .finished
      }
    }
  }

  // MARK: One at a time

  /// Frames what stands first, for an owner that must wait between messages: `framed(_:)` gives the bytes, and
  /// `pass` goes on behind them. A message that was not passed is still the next; a reject must be passed.
  public mutating func frame() -> FIXFramer.Step { nextStep() }

  /// The first `count` unframed bytes, those of the message or reject that `frame()` found.
  @_lifetime(borrow self)
  public func framed(_ count: Int) -> RawSpan {
    precondition(count <= unframed, "no more is framed than there is")
    let span = unsafe bytes(at: head, count: count)
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  /// Goes on behind the message or reject that `frame()` found.
  public mutating func pass(_ step: FIXFramer.Step) {
    switch step {
    case .message(let length):
      head += length
      didFrameMessage(length: length)
    case .reject(let reject):
      head += reject.length
      didReject(reject)
    case .needMore, .end: break
    }
  }

  @usableFromInline
  mutating func nextStep() -> FIXFramer.Step {
    // SAFETY: [0, tail) is initialised, and the span does not leave this call.
    let input = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(memory.baseAddress!), byteCount: tail)
    return framer.next(in: input, at: head, isFinal: isFinal && !isFilling)
  }

  @unsafe @inlinable @_lifetime(borrow self)
  func bytes(at start: Int, count: Int) -> RawSpan {
    // SAFETY: the caller's range lies within [0, tail), which stays as it is while self is borrowed.
    let span = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(memory.baseAddress! + start), byteCount: count)
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  @usableFromInline
  mutating func didFrameMessage(length: Int) { counts.addMessage(length: length) }

  @usableFromInline
  mutating func didReject(_ reject: FrameReject) { counts.add(reject) }
}

// The memory has one owner and goes with it.
extension StreamBuffer: @unchecked Sendable {}
