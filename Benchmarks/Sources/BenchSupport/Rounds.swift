// Rounds: every benchmark runs once per round, so that a machine that slows down slows all of them.

import Foundation

/// One line of the table: a way of doing something, measured once per round.
public struct Line {
  public let name: String
  public let bar: Bar?
  /// Runs it once and returns the ns that one took.
  let run: () throws -> Double
  var samples: [Double] = []
  /// Set once it turned out that it cannot be run.
  var unavailable: Unavailable?

  public init(_ name: String, bar: Bar? = nil, run: @escaping () throws -> Double) {
    self.name = name
    self.bar = bar
    self.run = run
  }
}

extension Line {
  var median: Double? { samples.isEmpty ? nil : samples.sorted()[samples.count / 2] }
}

/// Thrown by a line that cannot be run here.
public struct Unavailable: Error {
  /// What is printed in place of its numbers; nil leaves the line out.
  let reason: String?

  public init(_ reason: String?) { self.reason = reason }
}

/// Lines that answer the same question.
public struct Group {
  public let title: String
  var lines: [Line]
  /// So many lines are our own; those after them are compared with the first.
  let ours: Int

  public init(_ title: String, _ lines: [Line]) {
    self.init(title, ours: lines, peers: [])
  }

  public init(_ title: String, ours: [Line], peers: [Line]) {
    self.title = title
    lines = ours + peers
    self.ours = ours.count
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
        for line in groups[group].lines.indices where groups[group].lines[line].unavailable == nil {
          do {
            let sample = try groups[group].lines[line].run()
            if round > 0 { groups[group].lines[line].samples.append(sample) }
          } catch let error as Unavailable {
            groups[group].lines[line].unavailable = error
          }
        }
      }
    }
    return groups
  }

  public static func printTable(_ groups: [Group]) {
    for group in groups {
      print(row(group.title, "median", "min", ""))
      let ours = group.ours > 0 ? group.lines[0].median : nil
      for (index, line) in group.lines.enumerated() {
        let name = "  " + line.name
        guard let median = line.median, let least = line.samples.min() else {
          if let reason = line.unavailable?.reason { print(pad(name, nameWidth) + "  " + reason) }
          continue
        }
        let bar = line.bar?.resolved { name in group.lines.first { $0.name == name }?.median }
        var remark = bar?.verdict(on: median) ?? ""
        if let origin = line.bar?.origin, !remark.isEmpty { remark += ", \(origin)" }
        if index >= group.ours, let ours {
          remark = String(format: "%.1f times ours", median / ours)
        }
        print(row(name, text(median), text(least), remark))
      }
      print()
    }
  }

  private static let nameWidth = 62

  private static func row(_ name: String, _ median: String, _ best: String, _ verdict: String) -> String {
    let line = pad(name, nameWidth) + pad(median, 10, right: true) + pad(best, 10, right: true)
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
