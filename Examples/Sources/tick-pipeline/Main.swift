// tick-pipeline [ticks of each source] [milliseconds]: runs the pipeline and prints what went through it.

@main
enum Main {
  static func main() throws {
    let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
    let ticks = numbers.first ?? 250_000
    let limit = numbers.dropFirst().first ?? 10_000
    let pipeline = TickPipeline(ticksPerSource: ticks, limit: .milliseconds(limit), archive: "/dev/null")
    let counts = try pipeline.run()
    print(counts)
    if !counts.isSound { fatalError("these do not add up") }
  }
}
