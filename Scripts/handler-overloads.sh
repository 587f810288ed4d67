#!/usr/bin/env bash
# Writes Sources/NexusRT/World/Handlers/Overloads/*.swift: World.handler for functions that change the first `writes` of
# their resources and read the other `reads`, for all of 0 to 8 together. Whether a parameter is inout is not
# something Swift's generics can abstract over, and parameter packs hold no noncopyable types.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../Sources/NexusRT/World/Handlers"
letters=(A B C D E F G H)

overload() {
  local writes="$1" reads="$2" index letter
  local generics="" parameters="" accesses="" arguments="" at="_" unsafe=""
  ((writes + reads == 0)) || at="at" unsafe="unsafe"
  for ((index = 0; index < writes + reads; index++)); do
    letter="${letters[index]}"
    generics+=", $letter: ~Copyable"
    if ((index < writes)); then
      parameters+=", inout $letter" accesses+=".write($letter.self), "
      arguments+=", &at.at($index, $letter.self).pointee"
    else
      parameters+=", borrowing $letter" accesses+=".read($letter.self), "
      arguments+=", at.at($index, $letter.self).pointee"
    fi
  done
  cat <<END
  @inlinable @inline(__always)
  public mutating func handler<Context: ~Copyable, Event: ~Copyable & ~Escapable$generics, Output: ~Copyable, Failure: Error>(
    owning context: consuming Context = NoContext(),
    _ function: @escaping (borrowing Event$parameters) throws(Failure) -> Output
  ) throws(ResolutionError) -> Handler<Event, Output, Failure> {
    try bind([${accesses%, }], context) { event, $at, _ throws(Failure) in
      $unsafe${unsafe:+ }try function(event$arguments)
    }
  }
END
}

file() {
  local name="$1" first="$2" last="$4" writes reads
  {
    echo "// World.handler for functions that change $3 of their resources. Written by Scripts/handler-overloads.sh."
    echo
    echo "extension World {"
    for ((writes = first; writes <= last; writes++)); do
      for ((reads = 0; reads <= 8 - writes; reads++)); do
        if ((writes == 0 && reads == 0)); then
          cat <<'END'
  /// Makes a handler of a function or closure: looks its resources up, once.
  ///
  /// The function takes an event, then the resources that it changes, `inout`, then those it reads; up to eight in
  /// all. Which they are follows from their types:
  ///
  /// ```swift
  /// func onFill(_ fill: Fill, _ book: inout Book, _ risk: inout Risk, _ limits: Limits, _ audit: Audit?) { ... }
  /// let handler = try world.handler(onFill)
  /// ```
  ///
  /// An optional parameter of a copyable type is nil while the world has no value of that type. `inout Audit?` is the place itself:
  /// to assign nil removes the value, to assign a value inserts one.
  ///
  /// - Parameter context: A value for the handler to own: the parameter of that type gets it, and not a resource of
  ///   the world. Leave it out if there is none.
  /// - Throws: `ResolutionError` if two parameters are the same resource and one of them is `inout`, if the world has
  ///   no value for a parameter, or if no parameter takes the context. It names the parameters.
  /// - Complexity: O(number of resources); about 0.35 us. To make many handlers of one function copy one, or
  ///   stamp them from a template (`template(of:)`).
END
        else
          echo "  /// As above, for $writes resources to change and $reads to read."
        fi
        overload "$writes" "$reads"
        echo
      done
    done
    echo "}"
  } >"$name.swift"
}

mkdir -p Overloads
cd Overloads
rm -f ./*.swift
file Overloads0 0 "none" 0
file Overloads1 1 "one" 1
file Overloads2 2 "two" 2
file Overloads3 3 "three" 3
file Overloads4 4 "four" 4
file Overloads5 5 "five" 5
file Overloads6to8 6 "six to eight" 8
swift format --in-place --configuration ../../../../../.swift-format ./*.swift
