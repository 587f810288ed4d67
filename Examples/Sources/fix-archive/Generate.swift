internal import ArgumentParser
internal import FIXWire

/// `generate`: FIX traffic for people without a capture.
struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes conformant FIX 4.4 traffic: logons, orders, executions, market data, heartbeats.",
    discussion: """
      The same seed and profile give the same bytes.

      Exit codes: 0 success; 1 writing failed; 64 wrong usage.
      """
  )

  @Option(help: "How many messages.")
  var messages: Int

  @Option(help: "What the random choices follow from.")
  var seed: UInt64 = 1

  @Option(help: "What the traffic is made of; small is about 100 bytes a message.")
  var profile: Profile = .mixed

  @Option(name: [.short, .long], help: "The file to write, replaced if it exists; - is standard output.")
  var output = "-"

  func validate() throws {
    if messages < 0 { throw ValidationError("--messages must not be negative.") }
  }

  func run() throws {
    var generator = FIXGenerator(seed: seed, profile: profile.traffic)
    var output = try BulkOutput(output)
    var left = messages
    while left > 0 {
      let region = try unsafe output.reserve(FIXGenerator.maximumMessageLength)
      let (bytes, count) = unsafe generator.fill(region, limit: left)
      output.didFill(bytes)
      left -= count
    }
    try output.flush()
  }
}

/// The generator's profiles as an argument.
enum Profile: String, CaseIterable, ExpressibleByArgument {
  case small
  case orders
  case marketData = "market-data"
  case mixed

  var traffic: FIXGenerator.Profile {
    switch self {
    case .small: .small
    case .orders: .orders
    case .marketData: .marketData
    case .mixed: .mixed
    }
  }
}
