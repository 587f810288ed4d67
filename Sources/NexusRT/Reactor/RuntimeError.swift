// Why a runtime could not be made, in sentences that say what to do.

internal import Glibc

/// Why `Runtime.init` failed.
public enum RuntimeError: Error, Equatable, CustomStringConvertible {
  /// A runtime is alive on this thread already.
  case runtimeExistsOnThisThread
  /// As many runtimes are alive as a process can have (1,024).
  case tooManyRuntimes
  /// io_uring is switched off on this machine, or for this process.
  case ioUringDisabled(reason: String)
  /// The kernel has no io_uring, or lacks what the runtime needs of it.
  case kernelTooOld(missing: String)
  /// A limit of the process or the machine was reached.
  case limitReached(resource: String, errno: Int32)
  /// The thread could not be bound to a core.
  case cpuRefused(cpu: Int, errno: Int32)
  /// Setting up failed in a way this runtime has no name for.
  case setUpFailed(call: String, errno: Int32)

  public var description: String {
    switch self {
    case .runtimeExistsOnThisThread:
      "a NexusRT runtime is alive on this thread already: a thread has one at most; use that one, or make this one on another thread"
    case .tooManyRuntimes:
      "\(MailboxTable.limit) NexusRT runtimes are alive in this process, the most it can have: end one first"
    case .ioUringDisabled(let reason):
      "io_uring is not available to this process: \(reason)"
    case .kernelTooOld(let missing):
      "this kernel (\(kernelRelease())) lacks \(missing): NexusRT needs Linux 5.11 or later, and is made for 6.1 and later"
    case .limitReached(let resource, let code):
      "out of \(resource) (\(describe(errno: code))): raise the limit, or end what uses them"
    case .cpuRefused(let cpu, let code):
      "the thread could not be bound to cpu \(cpu) (\(describe(errno: code))): this process may use \(availableCPUs().map(String.init).joined(separator: ", "))"
    case .setUpFailed(let call, let code):
      "\(call) failed: \(describe(errno: code))"
    }
  }

  /// The error for a failed io_uring_queue_init_params.
  static func ringSetUp(_ code: Int32) -> RuntimeError {
    switch code {
    case ENOSYS:
      return .kernelTooOld(missing: "io_uring (ENOSYS; a sandbox such as gVisor can be the cause too)")
    case EPERM, EACCES:
      switch disabledSetting() {
      case "2":
        return .ioUringDisabled(
          reason:
            "the sysctl kernel.io_uring_disabled is 2: set it to 0 (sysctl -w kernel.io_uring_disabled=0)")
      case "1":
        return .ioUringDisabled(
          reason:
            "the sysctl kernel.io_uring_disabled is 1: set it to 0, give the process CAP_SYS_ADMIN, or add it to the group in kernel.io_uring_group"
        )
      default:
        return .ioUringDisabled(
          reason:
            "the kernel refused io_uring_setup (\(describe(errno: code))): a seccomp filter is the usual cause; in a container, allow io_uring_setup, io_uring_enter and io_uring_register (docker run --security-opt seccomp=...)"
        )
      }
    case EINVAL: return .kernelTooOld(missing: "the io_uring set-up flags in use")
    case ENOMEM: return .limitReached(resource: "locked memory for the ring (ulimit -l)", errno: code)
    case EMFILE: return .limitReached(resource: "file descriptors of the process (ulimit -n)", errno: code)
    case ENFILE:
      return .limitReached(resource: "file descriptors of the machine (sysctl fs.file-max)", errno: code)
    default: return .setUpFailed(call: "io_uring_setup", errno: code)
    }
  }

  private static func disabledSetting() -> String? {
    guard let file = unsafe fopen("/proc/sys/kernel/io_uring_disabled", "r") else { return nil }
    defer { unsafe fclose(file) }
    let character = unsafe fgetc(file)
    return character < 0 ? nil : String(UnicodeScalar(UInt8(truncatingIfNeeded: character)))
  }
}

/// The errno's name for people, with its number.
func describe(errno code: Int32) -> String {
  guard let text = unsafe strerror(code) else { return "errno \(code)" }
  return unsafe "\(String(cString: text)) (errno \(code))"
}

private func kernelRelease() -> String {
  var names = utsname()
  guard unsafe uname(&names) == 0 else { return "unknown release" }
  return unsafe withUnsafeBytes(of: &names.release) { bytes in
    unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
