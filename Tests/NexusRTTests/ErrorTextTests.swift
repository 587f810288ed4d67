// Every error says what is wrong and what to do about it.

import Glibc
@testable import NexusRT
import Testing

@Suite struct ErrorTextTests {
  @Test(arguments: [
    (RuntimeError.runtimeExistsOnThisThread, ["alive on this thread", "use that one"]),
    (.tooManyRuntimes, ["1023", "end one first"]),
    (.ioUringDisabled(reason: "the reason"), ["io_uring is not available", "the reason"]),
    (.kernelTooOld(missing: "a feature"), ["this kernel (", "lacks a feature", "Linux 5.11 or later"]),
    (
      .limitReached(resource: "file descriptors", errno: EMFILE),
      ["out of file descriptors", "Too many open files", "raise the limit"]
    ),
    (.setUpFailed(call: "io_uring_setup", errno: EFAULT), ["io_uring_setup failed", "Bad address"]),
  ]) func description_namesCauseAndRemedy(error: RuntimeError, parts: [String]) {
    for part in parts { #expect("\(error)".contains(part)) }
  }

  @Test(arguments: [
    (ENOSYS, ["lacks io_uring", "gVisor"]),
    (EINVAL, ["set-up flags"]),
    (ENOMEM, ["locked memory", "ulimit -l"]),
    (EMFILE, ["ulimit -n"]),
    (ENFILE, ["fs.file-max"]),
    (EFAULT, ["io_uring_setup failed", "errno \(EFAULT)"]),
  ]) func setUpError_isTranslated(code: Int32, parts: [String]) {
    for part in parts { #expect("\(RuntimeError.ringSetUp(code))".contains(part)) }
  }

  @Test(arguments: [EPERM, EACCES]) func refusal_namesWhatForbidsIt(code: Int32) {
    let text = "\(RuntimeError.ringSetUp(code))"
    #expect(text.contains("io_uring is not available"))
    #expect(text.contains("kernel.io_uring_disabled") || text.contains("seccomp"))
  }

  @Test func ioError_namesItsOperation() {
    #expect("\(IOError(operation: "read", code: EBADF))" == "read failed: Bad file descriptor (errno 9)")
    #expect("\(IOError(operation: "read", code: ECANCELED))" == "read was cancelled")
  }
}
