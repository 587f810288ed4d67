// The bodies of one race or join: tasks that all end before the call that spawned them returns.

/// Two to four bodies, and the wait for their ends.
@usableFromInline
@safe struct BodyGroup {
  private let bodies: InlineArray<4, BodyPointer?>

  @usableFromInline
  init(_ a: BodyPointer, _ b: BodyPointer, _ c: BodyPointer? = nil, _ d: BodyPointer? = nil) {
    unsafe bodies = unsafe [a, b, c, d]
  }

  /// Waits until every body has ended. Once one has, or the caller is cancelled, the others are cancelled.
  ///
  /// - Returns: Which ended first.
  @usableFromInline
  nonisolated(nonsending) func race() async -> Int {
    await end(cancellingAfterSuccess: true)
    return first(withSuccess: true)!
  }

  /// Waits until every body has ended. Once one has failed, or the caller is cancelled, the others are cancelled.
  ///
  /// - Returns: The first error.
  @usableFromInline
  nonisolated(nonsending) func join() async -> (any Error)? {
    await end(cancellingAfterSuccess: false)
    guard let failed = first(withSuccess: false) else { return nil }
    return unsafe bodies[failed]!.pointee.error
  }

  /// Waits until every body has ended. Once one has failed, or succeeded if that matters, the others are cancelled.
  ///
  /// While none was cancelled the caller's own cancellation ends its wait, and is passed on. From then on the wait is for the
  /// bodies alone: they are the caller's, and it does not leave them behind.
  nonisolated(nonsending) private func end(cancellingAfterSuccess: Bool) async {
    var isCancelled = false
    while true {
      if !isCancelled && first(withSuccess: cancellingAfterSuccess) != nil {
        isCancelled = true
        cancelAll()
      }
      if allHaveEnded { return }
      if isCancelled {
        await waitForAnEnd()
      } else {
        let wait = unsafe Wait(local: LoopState.current(for: "race or join"), for: "race or join")
        unsafe setJoiner(wait.slot)
        let wasWoken = await wait.suspend()
        unsafe setJoiner(nil)
        if !wasWoken {
          isCancelled = true
          cancelAll()
        }
      }
    }
  }

  /// Suspends until a body ends, or for no reason. The caller's cancellation does not keep it from suspending.
  nonisolated(nonsending) private func waitForAnEnd() async {
    let loop = unsafe LoopState.current(for: "race or join")
    let slot = unsafe loop.pointee.currentSlot("race or join")
    unsafe setJoiner(slot)
    unsafe await Wait.suspendToTheEnd(slot, loop)
    unsafe setJoiner(nil)
  }

  private func setJoiner(_ slot: SlotPointer?) {
    for index in 0..<4 { unsafe bodies[index]?.pointee.joiner = slot }
  }

  private func cancelAll() {
    for index in 0..<4 {
      if let body = unsafe bodies[index] { unsafe TaskBody.cancel(body) }
    }
  }

  private var allHaveEnded: Bool {
    for index in 0..<4 {
      if let body = unsafe bodies[index], unsafe !body.pointee.isFinished { return false }
    }
    return true
  }

  /// The body that ended first, of all or of those that failed.
  private func first(withSuccess: Bool) -> Int? {
    var earliest: Int?
    for index in 0..<4 {
      guard let body = unsafe bodies[index], unsafe body.pointee.isFinished,
        unsafe withSuccess || body.pointee.outcome == .failure
      else { continue }
      // As a difference: the count of ends may have wrapped round.
      if let other = earliest,
        unsafe Int32(bitPattern: body.pointee.place &- bodies[other]!.pointee.place) > 0
      {
        continue
      }
      earliest = index
    }
    return earliest
  }
}
