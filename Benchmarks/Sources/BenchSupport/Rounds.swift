// Rounds: every benchmark runs once per round, so that a machine that slows down slows all of them.

import Foundation

/// One line of the table: a way of doing something, measured once per round.
public struct Line {
  public let name: String
  public let bar: Bar?
  /// Runs it once and returns the ns that one took.
  let run: () throws -> Double
  var samples: [Double] = []

  public init(_ name: String, bar: Bar? = nil, run: @escaping () throws -> Double) {
    self.name = name
    self.bar = bar
    self.run = run
  }
}

/// Lines that answer the same question.
public struct Group {
  public let title: String
  var lines: [Line]

  public init(_ title: String, _ lines: [Line]) {
    self.title = title
    self.lines = lines
  }
}

extension Group {
  /// Runs the groups, interleaved: one warm-up, then `rounds` times every line of every group.
  ///
  /// Not `inout`: a runtime that is made while a variable of its caller is being changed cannot suspend directly.
  public static func measured(_ groups: [Group], rounds: Int) throws -> [Group] {
    precondition(rounds >= 1)
    var groups = groups
    for round in 0...rounds {
      for group in groups.indices {
        for line in groups[group].lines.indices {
          let sample = try groups[group].lines[line].run()
          if round > 0 { groups[group].lines[line].samples.append(sample) }
        }
      }
    }
    return groups
  }

  public static func printTable(_ groups: [Group]) {
    for group in groups {
      print(row(group.title, "median", "min", ""))
      for line in group.lines {
        let sorted = line.samples.sorted()
        let median = sorted[sorted.count / 2]
        print(row("  " + line.name, text(median), text(sorted[0]), line.bar?.verdict(on: median) ?? ""))
      }
      print()
    }
  }

  private static func row(_ name: String, _ median: String, _ best: String, _ verdict: String) -> String {
    let line = pad(name, 62) + pad(median, 10, right: true) + pad(best, 10, right: true)
    return verdict.isEmpty ? line : line + "  " + verdict
  }

  private static func text(_ value: Double) -> String {
    String(format: value < 1000 ? "%.1f" : "%.0f", value)
  }

  private static func pad(_ text: String, _ width: Int, right: Bool = false) -> String {
    let spaces = String(repeating: " ", count: max(0, width - text.count))
    return right ? spaces + text : text + spaces
  }
}
