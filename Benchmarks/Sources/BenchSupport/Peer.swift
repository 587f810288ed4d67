// Those we compare with: libraries of other languages, in programs that Scripts/peers.sh builds into .build/peers.

import Foundation

/// Another library's channels.
public struct Peer: Sendable {
  public let name: String
  /// What the program calls it.
  let library: String
  let program: Program

  public static let tokio = Peer(name: "tokio", library: "tokio", program: .rust)
  public static let flume = Peer(name: "flume", library: "flume", program: .rust)
  public static let crossbeam = Peer(name: "crossbeam-channel", library: "crossbeam", program: .rust)
  public static let asyncChannel = Peer(name: "async-channel", library: "async-channel", program: .rust)
  public static let go = Peer(name: "Go", library: "go", program: .go)

  enum Program: String, CaseIterable { case rust, go }
}

extension Peer {
  /// Does the workload once, in a process of its own.
  ///
  /// - Throws: `Unavailable` where there is no such program, or no such workload in it.
  func run(_ workload: Workload) throws -> Outcome {
    guard FileManager.default.isExecutableFile(atPath: program.file.path) else {
      throw Unavailable(program.note("missing") ?? "not built: Scripts/peers.sh does it")
    }
    let process = Process()
    let pipe = Pipe()
    process.executableURL = program.file
    process.arguments = [library, workload.name, "\(workload.count)"]
    process.standardOutput = pipe
    // Not waitUntilExit(), which looks every 50 ms and so would double the time of most.
    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    ended.wait()
    let said = String(decoding: output, as: UTF8.self)
    if process.terminationReason == .exit, process.terminationStatus == 2 { throw Unavailable(nil) }
    let words = said.split(whereSeparator: \.isWhitespace)
    guard process.terminationReason == .exit, process.terminationStatus == 0, words.count == 3,
      let nanoseconds = Double(words[0]), let messages = UInt64(words[1]), let checksum = UInt64(words[2])
    else {
      fail("\(workload.name) by \(name): ended with \(process.terminationStatus), said \"\(said)\"")
    }
    return Outcome(nanoseconds: nanoseconds, messages: messages, checksum: checksum)
  }

  /// What the programs are made of, a line each.
  public static func descriptions() -> [String] {
    Program.allCases.compactMap { $0.note("versions") }.map { "peers      \($0)" }
  }
}

extension Peer.Program {
  /// Beside the package, wherever the benchmark is started from.
  private static let folder = URL(fileURLWithPath: #filePath)
    .appendingPathComponent("../../../../.build/peers").standardized

  var file: URL { Self.folder.appendingPathComponent(rawValue) }

  /// What Scripts/peers.sh left in <program>.<kind>.
  func note(_ kind: String) -> String? {
    let text = try? String(contentsOf: file.appendingPathExtension(kind), encoding: .utf8)
    return text?.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
