// What a number was measured on: without that it says nothing.

import Foundation

/// The machine and the compiler, a line each.
public func machineDescription() -> [String] {
  let cpu =
    (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?
    .split(separator: "\n").first { $0.hasPrefix("model name") }?
    .split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "unknown processor"
  let count = ProcessInfo.processInfo.processorCount
  let kernel =
    (try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8))?
    .trimmingCharacters(in: .whitespacesAndNewlines) ?? "unknown"
  let virtual =
    (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.contains(" hypervisor") ?? false
  return [
    "processor  \(cpu), \(count) cores\(virtual ? ", virtual machine" : "")",
    "kernel     Linux \(kernel)",
    "compiler   \(compilerVersion())",
  ]
}

/// The version line of the `swift` on PATH, which is what built this unless somebody moved it.
private func compilerVersion() -> String {
  let process = Process()
  let pipe = Pipe()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["swift", "--version"]
  process.standardOutput = pipe
  process.standardError = FileHandle.nullDevice
  guard (try? process.run()) != nil else { return "unknown" }
  let output = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return String(decoding: output, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? "unknown"
}
