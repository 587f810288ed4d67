// What the fault tests share: limits of the process, and the descriptors that use them up.

import CAllocationCounter
import Foundation
import Glibc
@testable import NexusRT
import Testing

/// Whether this is a build with a sanitizer: everything takes many times longer, and the allocator is not the C library's.
let isSanitized = !allocation_count_is_available()

/// Sets how many descriptors the process may have; nil is as many as it is allowed.
func setDescriptorLimit(_ limit: UInt64?) {
  var limits = rlimit()
  unsafe precondition(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0)
  limits.rlim_cur = limit.map { rlim_t($0) } ?? limits.rlim_max
  unsafe precondition(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0)
}

/// Every descriptor that the limit allows, until some are given back.
final class AllDescriptors {
  private var held: [Int32] = []

  init() {
    // Other threads of the process close what they have just opened: until nothing comes free for a while.
    var quiet = 0
    while quiet < 20 {
      let descriptor = dup(2)
      if descriptor >= 0 {
        held.append(descriptor)
        quiet = 0
      } else {
        if errno != EMFILE { failHere("dup failed (errno \(errno))") }
        quiet += 1
        usleep(5_000)
      }
    }
    if held.isEmpty { failHere("no descriptors taken") }
  }

  func giveBack(_ count: Int) { for _ in 0..<count { close(held.removeLast()) } }

  deinit { for descriptor in held { close(descriptor) } }
}

/// What a call of the test was refused with.
func refusal<Failure: Error>(_ body: () throws(Failure) -> Void) -> Failure? {
  do throws(Failure) {
    try body()
    return nil
  } catch { return error }
}

/// Ends an exit test's process for a failure that `expectNoFailure` tells. What a process printed is only to be had of one that
/// exits as is expected.
func failHere(_ text: String) -> Never {
  FileHandle.standardError.write(Data("failed here: \(text)\n".utf8))
  exit(EXIT_SUCCESS)
}

/// Records what `failHere` was told in an exit test's process.
func expectNoFailure(_ result: ExitTest.Result?, sourceLocation: SourceLocation = #_sourceLocation) {
  let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
  if said.contains("failed here: ") { Issue.record("\(said)", sourceLocation: sourceLocation) }
}
